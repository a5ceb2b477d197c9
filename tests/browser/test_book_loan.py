"""Another domain on the same screens: a reader borrows a book and brings it back, from the desk to the receipt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Page, expect

from engine import access, database, history, instances, records
from engine.worker import Worker
from tests import library as libraries
from tests.library import Library

Visitor = Callable[..., Page]
Camera = Callable[[Page, str], Path]


def test_a_reader_borrows_a_book_and_brings_it_back(
    visitor: Visitor, library: Library, move: Callable[..., datetime], photographed: Camera
) -> None:
    reader = library.readers[4]
    desk, stacks = visitor("thuthu"), visitor("nguoikho", phone=True)

    # The reader asks; the table allows it.
    desk.goto("/stations/counter")
    desk.locator("#scan").fill(reader["shown_code"])
    desk.locator("#scan").press("Enter")
    desk.get_by_role("button", name="Mở hồ sơ cho người này").click()
    desk.locator("[name='books.0.title']").fill("Dế mèn phiêu lưu ký")
    desk.locator("[name=by_post][value=false]").check()
    submit(desk, "Đóng dấu thẻ bạn đọc")

    # Two people work at the same time: one fetches, one stamps; only then can the book be handed over.
    desk.locator("[type=checkbox][name=stamped]").check()
    submit(desk)
    stacks.goto("/stations/stacks")
    stacks.locator(".queue-row").click()
    expect(stacks.get_by_role("heading", level=1)).to_have_text("Lấy sách trong kho")
    photographed(stacks, "fetch")
    stacks.locator("[name=found][value=true]").check()
    stacks.locator("[name=place]").fill("VH-3")
    submit(stacks)
    worked_on(desk, "Giao sách")
    desk.locator("[name=condition]").select_option("good")
    photographed(desk, "lend")
    submit(desk)

    # Eight days later the book comes back, is inspected, rests, and goes on the shelf.
    with database.transaction() as connection:
        (case,) = instances.find(connection, access.SYSTEM, process="loan")
    move(days=8)
    Worker().settle()
    libraries.returned(library, case.instance_id, reader=4)
    Worker().settle()
    desk = visitor("thuthu")  # yesterday's sign-in has run out
    worked_on(desk, "Kiểm tra sách trả")
    submit(desk)
    move(hours=25)
    Worker().settle()
    desk, stacks = visitor("thuthu"), visitor("nguoikho", phone=True)
    stacks.goto("/stations/stacks")
    stacks.locator(".queue-row").click()
    stacks.locator("[name=place]").fill("VH-3")
    submit(stacks)
    worked_on(desk, "In biên nhận")
    desk.locator("[name=handed][value=true]").check()
    submit(desk)

    lead = visitor("truong")
    lead.goto(f"/cases/{case.instance_id}")
    expect(lead.locator("main")).to_contain_text(reader["name"])
    photographed(lead, "case")
    lead.goto(f"/cases/{case.instance_id}/documents/receipt")
    expect(lead.locator("main")).to_contain_text("Dế mèn phiêu lưu ký")
    photographed(lead, "receipt")
    with database.transaction() as connection:
        assert instances.state_of(connection, case.instance_id).outcome == "ended_returned"
        assert [one.kind for one in records.of(connection, case.instance_id)] == ["loan"]
        by = {
            row.element: row.actor_name for row in history.of(connection, case.instance_id) if row.actor_name
        }
    assert by["fetch"] == by["shelve"] == "Lê Văn Kho"
    assert by["lend"] == by["receipt"] == "Nguyễn Thị Sách"


def worked_on(page: Page, heading: str) -> None:
    """The next task of the desk is opened from its queue."""
    page.goto("/stations/counter")
    page.locator(".queue-row").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def submit(page: Page, following: str | None = None) -> None:
    """Press the form's button once the draft is kept; the screen says that it is done, or shows what follows."""
    kept = page.locator("[data-draft-state]")
    if kept.count():
        expect(kept).not_to_have_attribute("data-state", "unsaved")
        expect(kept).not_to_have_attribute("data-state", "saving")
    page.locator("[data-submit]").click()
    if following is not None:
        expect(page.get_by_role("heading", level=1)).to_have_text(following)
    else:
        expect(page.get_by_text("Đã xong").first).to_be_visible()
