"""Typing a finished paper list: line, Enter, line; what is wrong stays to be mended, what is sent twice counts once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine import clock, database, settings
from engine.definitions import bundle, deployment
from tests import library as libraries
from tests.library import BOOKS, Library

Visitor = Callable[..., Page]
Camera = Callable[[Page, str], Path]
SHEET = "/lines/stay?at=came_in"


@pytest.fixture
def library(library: Library, move: Callable[..., datetime]) -> Library:
    """The library in the evening, its reading room's process in force."""
    libraries.published(library, "stay")
    move(hours=11)
    return library


def typed(page: Page, reader: dict[str, str], at: str) -> None:
    page.locator("[name=reader_id]").fill(reader["shown_code"])
    page.locator("[name=came_at]").fill(at)
    page.locator("[name=came_at]").press("Enter")


def test_lines_are_typed_one_after_another_by_keyboard(
    visitor: Visitor, library: Library, photographed: Camera
) -> None:
    page = visitor("thuthu")
    page.goto(SHEET)
    expect(page.locator("[name=reader_id]")).to_be_focused()
    page.locator("[name=shelf]").fill("VH")
    for number, reader in enumerate(library.readers[:5], start=1):
        typed(page, reader, f"08:{number:02}")
        expect(page.get_by_role("heading", level=2).first).to_contain_text("Đã ghi")
        expect(page.locator(".lines-entered li")).to_have_count(number)
        expect(page.locator("[name=page]")).to_have_value(str(number + 1))
        expect(page.locator("[name=shelf]")).to_have_value("VH")
        expect(page.locator("[name=reader_id]")).to_be_focused()
    photographed(page, "lines")


def test_a_line_that_is_wrong_stays_with_what_was_typed(
    visitor: Visitor, library: Library, photographed: Camera
) -> None:
    page = visitor("thuthu", phone=True, language="en")
    page.goto(SHEET)
    typed(page, library.readers[0], "25:99")
    expect(page.locator("[name=came_at]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[name=reader_id]")).to_have_value(library.readers[0]["shown_code"])
    photographed(page, "wrong")
    page.locator("[name=came_at]").fill("08:10")
    page.locator("[name=came_at]").press("Enter")
    expect(page.locator(".lines-entered li")).to_have_count(1)


def test_a_line_is_asked_by_the_form_of_its_hour(
    visitor: Visitor, library: Library, move: Callable[..., datetime]
) -> None:
    held = bundle.read(BOOKS / "processes" / "stay", BOOKS / "forms")
    stricter = held.files["forms/seat.json"].replace(b'"came_at", "page"]', b'"came_at", "page", "remark"]')
    with database.transaction() as connection:
        changed = held.changed({"forms/seat.json": stricter, "scenarios/stays.yaml": None}).files
        submitted = deployment.submit(connection, changed, library.staff["soan"], "Phải ghi chú")
        deployment.approve(connection, submitted, library.staff["duyet"], "Đã đọc kỹ")
    move(hours=1)
    now = clock.now().astimezone(settings.current().zone_info)
    page = visitor("thuthu")
    page.goto(SHEET)
    typed(page, library.readers[0], f"{now - timedelta(hours=3):%H:%M}")
    expect(page.locator(".lines-entered li")).to_have_count(1)
    typed(page, library.readers[1], f"{now:%H:%M}")
    expect(page.locator("[name=remark]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".lines-entered li")).to_have_count(1)


def test_without_scripts_a_line_is_entered_too_and_back_enters_it_once(
    visitor: Visitor, library: Library
) -> None:
    page = visitor("thuthu", scripts=False)
    page.goto(SHEET)
    typed(page, library.readers[0], "08:10")
    expect(page.locator(".lines-entered li")).to_have_count(1)
    page.go_back()
    typed(page, library.readers[0], "08:10")
    expect(page.locator(".lines-entered li")).to_have_count(1)


def test_somebody_who_may_not_begin_it_gets_no_sheet(visitor: Visitor, library: Library) -> None:
    page = visitor("nguoikho")
    answer = page.goto(SHEET)
    assert answer is not None and answer.status == 403
