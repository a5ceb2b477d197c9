"""People without an account on the book loan's screens: a reader asks for a book, comes back by a code, collects it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine import access, database, history, instances, settings, tables, user_tasks
from engine.ids import InstanceId
from tests import library as libraries
from tests.book_loan.integrations.counter import queries as counter
from tests.library import Library

Visitor = Callable[..., Page]
Camera = Callable[[Page, str], Path]
Judge = Callable[[Page], None]
WRONG = "Không có mã nào như vậy"


@pytest.fixture(autouse=True)
def published(library: Library) -> None:
    counter.taken.clear()
    libraries.published(library, "wish")


def ask(page: Page, name: str, born: str, title: str) -> str:
    """The start form filled in and sent; the code that is shown."""
    page.locator("[name=reader_name]").fill(name)
    page.locator("[name=born_on]").fill(born)
    page.locator("[name=title]").fill(title)
    page.locator("[data-submit]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Đã nhận")
    return page.locator(".code-large").inner_text()


def enter(page: Page, code: str, born: str) -> None:
    page.locator("#code").fill(code)
    page.locator("#proof").fill(born)
    page.locator("form:has(#code) button").click()


def wishes() -> list[InstanceId]:
    with database.transaction() as connection:
        found = instances.find(connection, access.SYSTEM, process="wish")
    return [one.instance_id for one in found]


def found_on_the_shelf(library: Library, case: InstanceId) -> None:
    libraries.done(library, case, "thuthu", "look_for", found=True)


def test_a_reader_asks_for_books_for_two_and_collects_one(
    visitor: Visitor,
    library: Library,
    move: Callable[..., datetime],
    photographed: Camera,
    accessible: Judge,
) -> None:
    phone = visitor(phone=True)
    phone.goto("/public")
    expect(phone.locator(".unit-way")).to_have_count(2)
    accessible(phone)
    photographed(phone, "units")
    phone.get_by_role("link", name="Chi nhánh Hồ Gươm").click()
    accessible(phone)
    photographed(phone, "form")
    phone.locator("[name=phone]").fill("0912 345 678")
    first = ask(phone, "Đặng Thùy Dương", "14/3/1961", "Số đỏ")
    accessible(phone)
    photographed(phone, "begun")

    # The next of the family: what is shared is there already, what is not is empty.
    phone.get_by_role("link", name="Làm cho người tiếp theo").click()
    expect(phone.locator("[name=phone]")).to_have_value("0912345678")
    expect(phone.locator("[name=reader_name]")).to_have_value("")
    accessible(phone)
    photographed(phone, "next")
    second = ask(phone, "Đặng Văn Con", "1/6/1990", "Dế mèn")
    assert first != second
    phone.get_by_role("link", name="Xem tình trạng").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Đặng Văn Con")
    phone.get_by_role("button", name="Đặng Thùy Dương").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Đặng Thùy Dương")
    expect(phone.locator("main")).to_contain_text("Thư viện đang tìm quyển “Số đỏ”.")
    accessible(phone)
    photographed(phone, "mine")
    phone.get_by_role("button", name="Rời trang").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Xem bằng mã")
    accessible(phone)
    photographed(phone, "code")

    # Another day, another device.
    found_on_the_shelf(library, wishes()[1])
    move(hours=5)
    desk = visitor(language="en")
    desk.goto("/my")
    enter(desk, first.lower(), "15/3/1961")
    expect(desk.locator("#said")).to_contain_text("no such code")
    accessible(desk)
    photographed(desk, "wrong")
    enter(desk, first.replace("-", " ").lower(), "14.03.1961")
    expect(desk.locator("main")).to_contain_text("The book was found.")
    accessible(desk)
    photographed(desk, "found")
    desk.get_by_role("link", name="Choose an hour").click()
    accessible(desk)
    photographed(desk, "hours")
    desk.locator("[name=hour]").select_option(counter.HOURS[1])
    desk.locator("[data-submit]").click()
    expect(desk.locator("main")).to_contain_text("27/07/2021 09:00")
    desk.get_by_role("link", name="Slip for collecting a book").click()
    expect(desk.locator(".sheet svg.qr")).to_be_visible()
    expect(desk.locator(".sheet")).to_contain_text(first)
    accessible(desk)
    photographed(desk, "slip")
    desk.emulate_media(media="print")
    photographed(desk, "slip-print")

    with database.transaction() as connection:
        rows = history.of(connection, wishes()[1])
        looks = connection.execute(tables.lookup.select()).all()
    by = {row.element: (row.actor_name, row.details.get("by")) for row in rows}
    assert by["asked"] == by["choose_hour"] == (None, "bearer")
    assert by["look_for"] == ("Nguyễn Thị Sách", None)
    assert {(row.actor_id, row.what) for row in looks} >= {(None, "bearer")}
    lead = visitor("truong")
    lead.goto(f"/cases/{wishes()[1]}")
    expect(lead.locator(".timeline")).to_contain_text("Người dân")
    lead.get_by_role("button", name="Cho biết lại mã").click()
    expect(lead.locator("#toasts")).to_contain_text(first)
    with database.transaction() as connection:
        looks = connection.execute(tables.lookup.select()).all()
    assert (library.staff["truong"].account_id, "code") in {(row.actor_id, row.what) for row in looks}


def test_without_scripts_it_goes_the_same_way(visitor: Visitor, library: Library) -> None:
    plain = visitor(phone=True, scripts=False)
    plain.goto("/public/wish?at=chi-nhanh-2")
    plain.locator("[data-submit]").click()
    expect(plain.locator("#faults")).to_be_visible()
    code = ask(plain, "Lý Thị Hòa", "2/3/1970", "Tắt đèn")
    found_on_the_shelf_of_the_other = wishes()[0]
    libraries.done(library, found_on_the_shelf_of_the_other, "thuthu3", "look_for", found=True)
    plain.context.clear_cookies()
    plain.goto("/my")
    enter(plain, code, "2/3/1970")
    plain.get_by_role("link", name="Chọn giờ đến lấy").click()
    plain.locator("[name=hour]").select_option(counter.HOURS[0])
    plain.locator("[data-submit]").click()
    expect(plain.locator("main")).to_contain_text("27/07/2021 08:00")


def test_a_page_sent_again_begins_nothing_new(visitor: Visitor, library: Library) -> None:
    page = visitor(phone=True)
    page.goto("/public/wish?at=chi-nhanh-1")
    lost = page.evaluate(
        """async () => {
        const form = document.querySelector("form[data-form]"), body = new URLSearchParams(new FormData(form));
        body.set("reader_name", "Mai Văn Phúc"); body.set("born_on", "3/4/1980"); body.set("title", "Số đỏ");
        const sent = () => fetch(form.action, { method: "POST", body, redirect: "manual" });
        await Promise.all([sent(), sent(), sent()]);
    }"""
    )
    assert lost is None
    assert len(wishes()) == 1
    code = ask(page, "Mai Văn Phúc", "3/4/1980", "Số đỏ")  # the answer was lost on the way: sent once more
    assert len(wishes()) == 1
    page.go_back()  # and back again: the same answers are the same case
    assert ask(page, "Mai Văn Phúc", "3/4/1980", "Số đỏ") == code
    assert len(wishes()) == 1


def test_an_hour_that_somebody_else_took_is_chosen_anew(visitor: Visitor, library: Library) -> None:
    page = visitor(phone=True)
    page.goto("/public/wish?at=chi-nhanh-1")
    ask(page, "Mai Văn Phúc", "3/4/1980", "Số đỏ")
    found_on_the_shelf(library, wishes()[0])
    page.goto("/my")
    page.get_by_role("link", name="Chọn giờ đến lấy").click()
    page.locator("[name=hour]").select_option(counter.HOURS[0])
    counter.taken.add(counter.HOURS[0])
    page.locator("[data-submit]").click()
    expect(page.locator("#faults")).to_contain_text("có người khác lấy mất")
    expect(page.locator("[name=hour] option")).to_have_count(3)


def test_what_was_done_meanwhile_is_said_and_not_done_again(visitor: Visitor, library: Library) -> None:
    page = visitor(phone=True)
    page.goto("/public/wish?at=chi-nhanh-1")
    ask(page, "Mai Văn Phúc", "3/4/1980", "Số đỏ")
    case = wishes()[0]
    found_on_the_shelf(library, case)
    page.goto("/my")
    page.get_by_role("link", name="Chọn giờ đến lấy").click()
    with database.transaction() as connection:
        (task,) = user_tasks.queue(connection, access.SYSTEM, instance_id=case)
        user_tasks.complete(connection, task.id, access.SYSTEM, {"hour": counter.HOURS[2]})
    page.locator("[name=hour]").select_option(counter.HOURS[0])
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.locator("[data-submit]").click()
    assert answered.value.status == 409
    expect(page.get_by_role("heading", level=1)).to_have_text("Tình trạng đã thay đổi")
    with database.transaction() as connection:
        assert instances.state_of(connection, case).variables["hour"] == counter.HOURS[2]


def test_who_comes_with_their_own_code_sees_what_was_before(
    visitor: Visitor, library: Library, photographed: Camera, accessible: Judge
) -> None:
    page = visitor(phone=True)
    page.goto("/public/wish?at=chi-nhanh-1")
    code = ask(page, "Mai Văn Phúc", "3/4/1980", "Số đỏ")
    case = wishes()[0]
    found_on_the_shelf(library, case)
    with database.transaction() as connection:
        (task,) = user_tasks.queue(connection, access.SYSTEM, instance_id=case)
        user_tasks.complete(connection, task.id, access.SYSTEM, {"hour": counter.HOURS[0]})
        own = str(instances.state_of(connection, case).variables["reader_code"])
    libraries.done(library, case, "thuthu", "hand_over", handed=True)
    page.goto("/my")
    expect(page.locator(".my-case")).to_contain_text("Bạn đã lấy sách")
    expect(page.locator("main")).not_to_contain_text("Những lần trước")
    page.get_by_role("button", name="Rời trang").click()
    enter(page, own, "3/4/1980")
    expect(page.get_by_role("heading", level=1)).to_have_text("Mai Văn Phúc")
    expect(page.locator("section", has_text="Những lần trước").first).to_contain_text("Số đỏ")
    expect(page.locator("main")).not_to_contain_text(code)
    accessible(page)
    photographed(page, "earlier")


def test_nobody_gets_at_the_case_of_another(visitor: Visitor, library: Library) -> None:
    mine, other = visitor(phone=True), visitor()
    mine.goto("/public/wish?at=chi-nhanh-1")
    code = ask(mine, "Mai Văn Phúc", "3/4/1980", "Số đỏ")
    case = wishes()[0]
    found_on_the_shelf(library, case)
    with database.transaction() as connection:
        (task,) = user_tasks.queue(connection, access.SYSTEM, instance_id=case)
    other.goto(f"/my/tasks/{task.id}")
    expect(other.get_by_role("heading", level=1)).to_have_text("Xem bằng mã")
    for wrong in (("00000000", "3/4/1980"), (code, "4/4/1980"), ("ABC", ""), ("", "3/4/1980")):
        enter(other, *wrong)
        expect(other.locator("#said")).to_contain_text(WRONG)
    other.goto("/public/wish?at=chi-nhanh-1")
    ask(other, "Lý Thị Hòa", "2/3/1970", "Tắt đèn")
    assert other.goto(f"/my/tasks/{task.id}").status == 404
    assert other.goto(f"/my/cases/{case}/documents/slip").status == 404
    assert other.goto(f"/cases/{case}").url.endswith(f"/sign-in?next=/cases/{case}")
    # A post without the page's own guard, or with the guard of another browser, does nothing.
    guard = mine.locator("[name=csrf]").first.input_value()
    for fields in ({}, {"csrf": guard}):
        assert other.request.post("/my/leave", form=fields).status == 403
    answer = other.request.post("/my", form={"csrf": guard, "code": code, "proof": "3/4/1980"})
    assert answer.status == 403
    assert "Mai Văn Phúc" not in answer.text()


def test_too_much_from_one_connection_is_told_and_loses_nothing(visitor: Visitor, library: Library) -> None:
    page = visitor(phone=True)
    with settings.using(replace(settings.current(), public_starts_per_hour=1)):
        page.goto("/public/wish?at=chi-nhanh-1")
        ask(page, "Mai Văn Phúc", "3/4/1980", "Số đỏ")
        page.goto("/public/wish?at=chi-nhanh-1")
        page.locator("[name=reader_name]").fill("Lý Thị Hòa")
        page.locator("[name=born_on]").fill("2/3/1970")
        page.locator("[name=title]").fill("Tắt đèn")
        page.locator("[data-submit]").click()
        expect(page.locator("#sheet .notice")).to_contain_text("Chưa có gì được gửi")
        expect(page.locator("[name=title]")).to_have_value("Tắt đèn")
    page.locator("[data-submit]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Đã nhận")
    assert len(wishes()) == 2


def test_a_session_left_alone_ends(visitor: Visitor, library: Library, move: Callable[..., datetime]) -> None:
    page = visitor(phone=True)
    page.goto("/public/wish?at=chi-nhanh-1")
    ask(page, "Mai Văn Phúc", "3/4/1980", "Số đỏ")
    move(minutes=31)
    page.goto("/my/begun")
    expect(page.get_by_role("heading", level=1)).to_have_text("Xem bằng mã")
    expect(page.locator("#toasts")).to_contain_text("đã hết hạn")
