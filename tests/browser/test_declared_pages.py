"""Declared pages: everybody finds a branch, a head librarian follows the day, and goes one level down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import library as libraries
from tests.library import Library

Visitor = Callable[..., Page]
Camera = Callable[[Page, str], Path]
Move = Callable[..., datetime]


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_somebody_who_is_not_signed_in_finds_a_branch(
    visitor: Visitor, photographed: Camera, accessible: Callable[[Page], None], phone: bool, language: str
) -> None:
    page = visitor(phone=phone, language=language)
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        {"vi": "Thư viện của thành phố", "en": "The city's library"}[language]
    )
    photographed(page, "front")
    accessible(page)
    page.get_by_role("link", name={"vi": "Tìm chi nhánh", "en": "Find a branch"}[language]).click()
    expect(page.locator(".block-cards > li")).to_have_count(2)
    expect(page.locator(".map-dot")).to_have_count(2)
    expect(page.locator(".map-list a")).to_have_count(2)
    photographed(page, "branches")
    accessible(page)
    page.locator("#filter-text").fill("bo song")
    page.locator(".filters button").click()
    expect(page.locator(".block-cards > li")).to_have_count(1)
    page.locator(".block-cards a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Chi nhánh Bờ Sông")
    expect(page.locator(".figure-value").first).to_have_text("3")


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_day_of_a_branch_is_seen_at_a_glance(
    visitor: Visitor,
    library: Library,
    move: Move,
    photographed: Camera,
    accessible: Callable[[Page], None],
    phone: bool,
) -> None:
    libraries.started(library, reader=1)
    move(minutes=40)  # both tasks of the loan are late
    page = visitor("truong", phone=phone)
    page.goto("/")
    page.get_by_role("link", name="Bên dưới").first.click()
    expect(page.locator(".block-table tbody tr")).to_have_count(2)
    expect(page.locator(".block-table tbody tr").first).to_contain_text("Chi nhánh Hồ Gươm")
    photographed(page, "below")
    accessible(page)
    page.get_by_role("link", name="Chi nhánh Hồ Gươm").click()
    expect(page).to_have_url("/day?unit=chi-nhanh-1")
    expect(page.locator("#block-numbers")).to_contain_text("1.234")
    expect(page.locator("#block-numbers")).to_contain_text("40 phút")
    expect(page.locator("#block-damage")).to_contain_text("Chưa lấy được số liệu")  # the others stand
    expect(page.locator("#block-trouble")).to_contain_text("2 quá hạn")
    expect(page.locator("#block-hours tr")).to_have_count(6)
    expect(page.locator("#block-most tbody tr")).to_have_count(4)
    photographed(page, "day")
    accessible(page)


def test_a_page_refreshes_itself(visitor: Visitor, library: Library, move: Move) -> None:
    page = visitor("truong")
    page.clock.install()
    page.goto("/day?unit=chi-nhanh-1")
    expect(page.locator(".as-of")).to_contain_text("09:00")
    move(minutes=5)
    page.clock.run_for(11_000)
    expect(page.locator(".as-of")).to_contain_text("09:05")
