"""Accounts of volunteers: made from a list, signed in to by slip, switched on one device, suspended in the evening."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from engine import accounts, database, user_tasks
from tests import library as libraries
from tests.browser.conftest import PHONE
from tests.library import Library

Visitor = Callable[..., Page]
Camera = Callable[[Page, str], Path]
PIN, OTHER_PIN = "274913", "508264"
OWN = "một mật khẩu riêng"
GIVEN = ("An", "Bình", "Chi", "Dũng", "Giang", "Hà", "Khánh", "Lan")
TWO = "An Nguyễn Văn;an;librarian;chi-nhanh-1;;31/07/2021\nBình Lê Thị;binh;librarian;chi-nhanh-1;;31/07/2021"
CSV = "name,roles\nĐỗ Thị Yến,librarian\n,librarian\n"
BAD = {  # line → (what stands there, what it should say)
    4: ("Trần Thị Sai Vai Trò;;Giám đốc;chi-nhanh-1;vi;31/07/2021", "Thủ thư"),
    9: ("Lê Văn Sai Đơn Vị;;Thủ thư;chi-nhanh-9;vi;31/07/2021", "chi-nhanh-1"),
    17: ("Phạm Sai Ngày;;Thủ thư;chi-nhanh-1;vi;31/02/2021", "31/07/2021"),
}


def volunteers(mended: bool = False) -> str:
    """Thirty lines, three of them bad."""
    lines = ["Họ và tên;Tên đăng nhập;Vai trò;Đơn vị;Ngôn ngữ;Đến ngày"]
    for number in range(2, 32):
        name = f"Nguyễn Văn {GIVEN[number % 8]} {chr(63 + number)}"
        line = f"{name};;Thủ thư;chi-nhanh-1;vi;31/07/2021"
        if number in BAD:
            line = BAD[number][0]
            if mended:
                line = (
                    line.replace("Giám đốc", "Thủ thư")
                    .replace("chi-nhanh-9", "chi-nhanh-1")
                    .replace("31/02", "31/07")
                )
        lines.append(line)
    return "\n".join(lines)


def slips_of(page: Page) -> dict[str, tuple[str, str]]:
    """Sign-in name and password by name, from the slips on a page."""
    expect(page.locator(".slip").first).to_be_visible()
    return {
        slip.locator("strong").inner_text(): (
            slip.locator("[data-sign-in]").inner_text(),
            slip.locator("[data-password]").inner_text(),
        )
        for slip in page.locator(".slip").all()
    }


def sign_in(page: Page, name: str, password: str) -> None:
    page.goto("/sign-in")
    page.locator("#sign_in").fill(name)
    page.locator("#password").fill(password)
    page.locator("form[action='/sign-in'] button").click()


def first_day(page: Page, name: str, password: str, pin: str) -> None:
    """The first sign-in by slip: a password of one's own, then a PIN for this device."""
    sign_in(page, name, password)
    expect(page).to_have_url(re.compile("/password"))
    page.locator("#new").fill(OWN)
    page.locator("#again").fill(OWN)
    page.locator("form[action='/password'] button").click()
    expect(page).to_have_url(re.compile("/pin"))
    page.locator("#pin").fill(pin)
    page.locator("#again").fill(pin)
    page.locator("form[action='/pin'] button").click()
    expect(page.locator("#toasts")).to_contain_text("PIN")


def test_a_list_with_bad_rows_is_mended_and_slips_are_printed_once(
    visitor: Visitor, library: Library, photographed: Camera, accessible: Callable[[Page], None]
) -> None:
    page = visitor("quantri")
    page.goto("/accounts")
    photographed(page, "accounts")
    accessible(page)
    page.get_by_role("link", name="Thêm từ danh sách").click()
    photographed(page, "empty")
    accessible(page)
    page.locator("#list").fill(volunteers())
    page.get_by_role("button", name="Xem trước").click()
    expect(page.locator("#found")).to_have_text("27 tài khoản mới, 0 đã có, 3 dòng cần sửa")
    bad = page.locator("[data-state=bad]")
    expect(bad).to_have_count(3)
    expect(bad.nth(0)).to_contain_text("Vai trò “Giám đốc” không có")
    expect(bad.nth(1)).to_contain_text("Không có đơn vị chi-nhanh-9")
    expect(bad.nth(2)).to_contain_text("31/02/2021")
    photographed(page, "bad_rows")
    accessible(page)
    page.get_by_role("button", name="Tạo 27 tài khoản đúng, giữ lại 3 dòng để sửa").click()
    expect(page.locator(".slip")).to_have_count(27)
    expect(page.locator("#list")).to_have_value(re.compile("Giám đốc"))
    photographed(page, "slips")
    accessible(page)
    page.emulate_media(media="print")
    photographed(page, "slips_on_paper")
    page.emulate_media(media="screen")

    page.locator("#list").fill(volunteers(mended=True))  # the whole list again: nobody is doubled
    page.get_by_role("button", name="Xem trước").click()
    expect(page.locator("#found")).to_have_text("3 tài khoản mới, 27 đã có, 0 dòng cần sửa")
    page.get_by_role("button", name="Tạo 3 tài khoản").click()
    expect(page.locator(".slip")).to_have_count(3)
    page.goto("/account-list")
    page.locator("#list").fill(volunteers(mended=True))
    page.get_by_role("button", name="Xem trước").click()
    expect(page.locator("#found")).to_have_text("0 tài khoản mới, 30 đã có, 0 dòng cần sửa")
    expect(page.get_by_role("button", name="In lại phiếu cho 30 người")).to_be_visible()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_volunteers_switch_on_one_device_and_are_suspended_in_the_evening(
    visitor: Visitor,
    library: Library,
    photographed: Camera,
    accessible: Callable[[Page], None],
    language: str,
    move: Any,
) -> None:
    lead = visitor("truong", language=language)
    lead.goto("/account-list")
    lead.locator("#list").fill(TWO)
    lead.locator("form[action='/account-list'] button").click()
    lead.locator("form[action='/account-list/make'] button").click()
    slips = slips_of(lead)
    case = libraries.started(library)
    task_id = libraries.waiting(library, case, "thuthu")["stamp_card"]

    device = visitor(phone=True, language=language)
    sign_in(device, *slips["An Nguyễn Văn"])
    photographed(device, "password")
    accessible(device)
    first_day(device, *slips["An Nguyễn Văn"], PIN)
    device.goto(f"/tasks/{task_id}")
    device.locator("[type=checkbox][name=stamped]").check()
    expect(device.locator("[data-draft-state]")).to_have_attribute("data-state", "saved")

    device.context.clear_cookies(name="tiemchung_session")  # the second one comes to the same device
    first_day(device, *slips["Bình Lê Thị"], OTHER_PIN)
    device.locator("[data-menu] summary").click()
    photographed(device, "menu")
    accessible(device)
    device.locator("form[action='/lock'] button").click()
    expect(device).to_have_url(re.compile("/switch"))
    photographed(device, "switch")
    accessible(device)
    device.get_by_text("An Nguyễn Văn").click()
    expect(device.locator("#pin")).to_be_focused()
    device.keyboard.type(PIN)  # six digits go on by themselves
    expect(device.locator(".menu-who strong")).to_have_text("An Nguyễn Văn")
    device.goto(f"/tasks/{task_id}")
    expect(device.locator("[type=checkbox][name=stamped]")).to_be_checked()  # An's own draft

    move(minutes=11)  # nobody touches the device
    device.reload()
    expect(device).to_have_url(re.compile("/switch"))
    for left in ("2", "1"):
        device.get_by_text("Bình Lê Thị").click()
        device.locator("#pin").fill("000111")
        expect(device.locator("#reason")).to_contain_text(left)
    photographed(device, "wrong_pin")
    accessible(device)
    device.get_by_text("Bình Lê Thị").click()
    expect(device.locator("#pin")).to_be_focused()
    device.keyboard.type(OTHER_PIN)
    expect(device.locator(".menu-who strong")).to_have_text("Bình Lê Thị")
    expect(device).to_have_url(re.compile("/$"))  # not An's page
    device.goto(f"/tasks/{task_id}")
    expect(device.locator("[data-submit]")).to_have_count(0)
    expect(device.locator("[type=checkbox][name=stamped]:checked:enabled")).to_have_count(0)

    lead.goto("/accounts")
    photographed(lead, "evening")
    accessible(lead)
    lead.locator("form[action='/temporary-accounts/suspend'] button").click()
    lead.locator("dialog[open] [value=yes]").click()
    expect(lead.locator("#toasts")).to_contain_text("2")
    device.reload()
    expect(device).to_have_url(re.compile("/sign-in"))
    sign_in(device, "binh", OWN)
    expect(device.locator("#reason")).to_be_visible()
    photographed(device, "suspended")
    accessible(device)
    lead.get_by_role("link", name="An Nguyễn Văn").click()
    photographed(lead, "account")
    accessible(lead)
    lead.set_viewport_size(PHONE)
    photographed(lead, "account_on_a_phone")
    accessible(lead)
    with database.transaction() as connection:
        held = user_tasks.task(connection, task_id)
        assert held.claimed_by is None, "what a suspended person had in hand is everybody's again"
        assert [one.sign_in for one in accounts.holding(connection, "librarian", library.units["branch"].path)] == [
            "thuthu", "thuthu2",
        ]  # fmt: skip


def test_accounts_work_without_scripts(visitor: Visitor, library: Library, photographed: Camera) -> None:
    page = visitor("truong", scripts=False, phone=True)
    page.goto("/account-list")
    page.locator("#file").set_input_files(
        {
            "name": "list.csv",
            "mimeType": "text/csv",
            "buffer": CSV.encode(),
        }
    )
    page.locator("form[action='/account-list'] button").click()
    photographed(page, "bad_rows")
    page.locator("form[action='/account-list/make'] button").click()
    (name, password) = slips_of(page)["Đỗ Thị Yến"]
    assert name == "yendt"
    photographed(page, "slips")
    page.goto("/accounts")
    page.locator("#text").fill("yen")
    page.locator("form.filters button").click()
    expect(page.locator("[data-account]")).to_have_count(1)
    photographed(page, "found")
    page.get_by_role("link", name="Đỗ Thị Yến").click()
    page.get_by_text("Giao thêm vai trò").click()
    page.locator("#role").select_option("stacker")
    page.get_by_role("button", name="Giao vai trò").click()
    expect(page.locator("main")).to_contain_text("Đã giao vai trò Nhân viên kho")
    other = visitor(scripts=False, phone=True)
    sign_in(other, name, password)
    other.goto("/stations/counter")
    expect(other).to_have_url(re.compile("/password"))  # nothing goes before changing it
