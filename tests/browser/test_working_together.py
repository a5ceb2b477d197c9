"""People work on one case together: they comment it, hand tasks over, and give up what will not follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine import database, instances, stuck, user_tasks
from engine.access import SYSTEM
from engine.worker import Worker
from tests import library as libraries
from tests.book_loan import bundles
from tests.library import Library

Visitor = Callable[..., Page]
Camera = Callable[[Page, str], Path]
Move = Callable[..., datetime]

LONG = (
    "Bạn đọc hẹn chiều quay lại lấy sách, nhờ để sẵn ở quầy số 2.\n"
    + "https://example.org/"
    + "rat-dai-" * 30
)
ONE_CARD = """
process: card
owner: process_owner
subject: {variable: reader_id, once: "= reader_id"}
start: {roles: [librarian]}
inputs: [reader_id]
lanes: {desk: {role: librarian}}
forms: [asked]
service_levels: {sign: P1D}
flow:
  - {start: asks, form: asked}
  - {user: sign, lane: desk}
"""
ASKED = {
    "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": False,
    "required": ["reader_id"], "properties": {"reader_id": {"type": "string"}},
}  # fmt: skip


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_a_comment_is_written_on_the_case_and_read_at_the_task_without_scripts(
    visitor: Visitor, library: Library, photographed: Camera, phone: bool
) -> None:
    case = libraries.started(library)
    page = visitor("thuthu", phone=phone, scripts=False)
    page.goto(f"/cases/{case}")
    section = page.locator("#comments")
    expect(section).to_contain_text("Chưa có ghi chú nào")
    section.get_by_role("button", name="Gửi ghi chú").click()
    expect(section.locator(".fault")).to_contain_text("Viết nội dung")
    page.locator("#comment").fill(LONG)
    section.get_by_role("button", name="Gửi ghi chú").click()
    expect(section.locator(".comment")).to_contain_text("quầy số 2")
    expect(section).to_contain_text("Nguyễn Thị Sách")
    photographed(page, "case")
    page.goto(f"/tasks/{libraries.waiting(library, case, 'thuthu')['stamp_card']}")
    expect(page.locator(".comment")).to_contain_text("quầy số 2")
    photographed(page, "task")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
        "nothing is wider than the screen"
    )
    page.get_by_role("link", name="Viết ghi chú ở trang hồ sơ").click()
    expect(page.locator("#comments .comment")).to_have_count(1)


def test_what_is_too_long_stays_in_its_field(visitor: Visitor, library: Library) -> None:
    case = libraries.started(library)
    page = visitor("thuthu", language="en")
    page.goto(f"/cases/{case}")
    page.locator("#comment").evaluate(
        "field => { field.removeAttribute('maxlength'); field.value = 'a'.repeat(1001) }"
    )
    page.locator("#comments").get_by_role("button", name="Send the comment").click()
    expect(page.locator("#comment-fault")).to_contain_text("at most 1000")
    expect(page.locator("#comment")).to_have_value("a" * 1001)


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_a_task_is_handed_over_to_a_colleague_at_the_same_place(
    visitor: Visitor, library: Library, photographed: Camera, phone: bool
) -> None:
    case = libraries.started(library)
    task = libraries.waiting(library, case, "thuthu")["stamp_card"]
    page = visitor("thuthu", phone=phone, scripts=False)
    page.goto(f"/tasks/{task}")
    page.get_by_text("Chuyển cho người khác").click()
    expect(page.locator("#to option")).to_have_text(
        ["Chọn người nhận", "Trần Văn Bìa"]
    )  # not who works elsewhere
    page.locator("#to").select_option("Trần Văn Bìa")
    photographed(page, "form")
    page.get_by_role("button", name="Chuyển việc").click()
    expect(page.locator("#toasts")).to_contain_text("Đã chuyển việc cho Trần Văn Bìa")
    with database.transaction() as connection:
        assert user_tasks.task(connection, task).claimed_name == "Trần Văn Bìa"
    page.goto(f"/cases/{case}")
    expect(page.locator(".timeline")).to_contain_text("Chuyển việc cho Trần Văn Bìa: Đóng dấu thẻ")


def test_a_case_that_lacks_a_step_is_let_go_with_a_reason(
    visitor: Visitor, library: Library, move: Move, photographed: Camera
) -> None:
    case = libraries.lent(library)
    libraries.returned(library, case)
    libraries.done(library, case, "thuthu", "inspect", damaged_titles=[])
    move(days=46)
    Worker().settle()
    page = visitor("truong")
    page.goto("/stuck?reason=not_followed")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.goto(f"/cases/{case}")
    photographed(page, "missed")
    page.get_by_text("Không cần làm nữa").first.click()
    page.get_by_label("Lý do").first.fill("Bạn đọc đã chuyển đi nơi khác")
    page.locator(".missed").get_by_role("button", name="Không cần làm nữa").click()
    expect(page.locator("#toasts")).to_contain_text("không cần làm")
    expect(page.locator(".timeline")).to_contain_text("Bạn đọc đã chuyển đi nơi khác")
    with database.transaction() as connection:
        assert stuck.expected(connection, case) == []
    page.goto("/stuck?reason=not_followed")
    expect(page.locator("tbody tr")).to_have_count(0)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_second_case_about_the_same_leads_to_the_open_one(
    visitor: Visitor, library: Library, photographed: Camera, language: str
) -> None:
    libraries.brought_into_force(library, bundles.small(ONE_CARD, asked=ASKED))
    with database.transaction() as connection:
        first = instances.start(connection, "card", library.units["branch"], {"reader_id": "R1"}, SYSTEM)
    page = visitor("thuthu", language=language, phone=language == "vi")
    page.goto("/start/card")
    page.locator("[name=reader_id]").fill("R1")
    page.locator("[data-submit]").click()
    notice = page.locator(".notice", has_text="hồ sơ đang mở" if language == "vi" else "open case")
    expect(notice).to_be_visible()
    expect(page.locator("[name=reader_id]")).to_have_value("R1")
    photographed(page, language)
    notice.get_by_role("link").click()
    expect(page).to_have_url(f"/cases/{first}")
