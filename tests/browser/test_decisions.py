"""Why it was decided so, where people look: one sentence for who works with it, the table for who checks it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine import database
from engine.definitions import deployment
from tests import library as libraries
from tests.book_loan import bundles
from tests.library import Library

Visitor = Callable[..., Page]
Camera = Callable[[Page, str], Path]


@pytest.mark.parametrize(
    ("phone", "language", "sentence", "how", "broke"),
    [
        (False, "vi", "Từ chối: quy tắc 1, Nợ quá 50 000 đồng",
         "Đúng một quy tắc khớp (UNIQUE): quy tắc 1.", "không khớp: "),
        (True, "en", "Refuse: rule 1, Owes more than 50 000 dong",
         "Exactly one rule matched (UNIQUE): rule 1.", "does not match: "),
    ],
    ids=["desktop-vi", "phone-en"],
)  # fmt: skip
def test_a_case_shows_why_it_was_refused_with_the_row_that_decided_marked(
    visitor: Visitor,
    library: Library,
    photographed: Camera,
    phone: bool,
    language: str,
    sentence: str,
    how: str,
    broke: str,
) -> None:
    case = libraries.started(library, debt=60_000)
    page = visitor("truong", phone=phone, language=language)
    page.goto(f"/cases/{case}")
    shown = page.locator("#why ~ .decision").first
    expect(shown.locator("> summary")).to_contain_text(sentence)
    expect(shown.locator("> .decision-how")).to_have_text(how)
    table = shown.locator("> .table-frame table")
    decided = table.locator("tbody tr.is-decided")
    expect(decided).to_have_count(1)
    expect(decided.locator("th")).to_contain_text("Quyết định" if language == "vi" else "Decided")
    others = table.locator("tbody tr.is-failed")
    expect(others).to_have_count(4)
    for row in others.all():  # each at one cell, told in words too
        expect(row.locator("td.is-broke")).to_have_count(1)
        expect(row.locator("td.is-broke .visually-hidden")).to_have_text(broke)
    expect(table.locator("thead th").nth(3)).to_contain_text("60.000" if language == "vi" else "60,000")
    assert page.evaluate(
        "document.documentElement.scrollWidth <= innerWidth"
    )  # the table scrolls, not the page
    photographed(page, "refused")
    page.evaluate("document.querySelectorAll('.decision details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")  # nor with everything open
    photographed(page, "opened")


def test_a_case_is_explained_by_the_table_of_its_own_version_after_a_new_one_came(
    visitor: Visitor, library: Library, move: Callable[..., object]
) -> None:
    case = libraries.started(library, debt=60_000)
    move(minutes=1)
    table = bundles.bundle().files["limits.dmn"].replace(b"50000", b"40000")
    publish(library, {"limits.dmn": table})
    page = visitor("truong")
    page.goto(f"/cases/{case}")
    shown = page.locator("#why ~ .decision").first
    expect(shown.locator("tr.is-decided")).to_contain_text("> 50.000")
    expect(shown.locator("> .decision-source")).to_contain_text("phiên bản 1")
    expect(shown.locator("> .decision-source")).to_contain_text("Hồ sơ mới theo phiên bản khác từ")


def test_who_works_at_a_step_is_told_the_conclusion_its_form_reads(
    visitor: Visitor, library: Library, photographed: Camera
) -> None:
    case = libraries.started(library, books=[{"title": f"Tập {number}"} for number in range(7)])
    page = visitor("truong")
    page.goto(f"/tasks/{libraries.waiting(library, case, 'truong')['grant']}")
    told = page.locator(".task-concluded")
    expect(told).to_contain_text("Phải xin ý kiến: quy tắc 3, Bạn đọc mượn hơn 5 quyển")
    photographed(page, "asked")
    told.get_by_role("link").click()
    expect(page.locator("#why")).to_be_in_viewport()

    other = libraries.started(library)
    page = visitor("nguoikho")
    page.goto(f"/tasks/{libraries.waiting(library, other, 'nguoikho')['fetch']}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Lấy sách trong kho")
    expect(page.locator(".task-concluded")).to_have_count(0)  # this form reads nothing that was decided


def publish(library: Library, changes: dict[str, bytes]) -> None:
    made = bundles.bundle().changed(changes)
    with database.transaction() as connection:
        number = deployment.submit(connection, made.files, library.staff["soan"], "Đổi", ("loan", "repair"))
        deployment.approve(connection, number, library.staff["duyet"], "Đã đọc")
