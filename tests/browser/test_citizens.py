"""A family and one phone: register without an account, come back by a code, change the hour, print the slip."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy
from playwright.sync_api import Page, expect

from engine.worker import Worker
from tests import foundings
from tests.processes import district as districts
from tests.processes.district import District

Visitor = Callable[..., Page]
Camera = Callable[[Page, str], Path]
Judge = Callable[[Page], None]


@pytest.fixture
def library(database: sqlalchemy.Engine, move: Callable[..., datetime]) -> District:
    """In place of the library: a district whose round takes registrations, with a session tomorrow."""
    return foundings.once(_registering)


def _registering() -> District:
    district = foundings.once(districts.founded)
    round_id = district.opens_round("ample").knows("round_id")
    district.plans(round_id, audience="public", per_table_hour=3)
    return district


def register(page: Page, name: str, born: str, relation: str) -> str:
    """The form filled in by hand and sent; the code that is shown."""
    page.locator(f"[name=relation][value={relation}]").check()
    page.locator("[name=full_name]").fill(name)
    page.locator("[name=born_on]").fill(born)
    page.locator("[name=sex][value=female]").check()
    page.locator("[name=occupation]").select_option("freelance_worker")
    page.locator("[type=checkbox][name=data_consent]").check()
    page.locator("[data-submit]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Đã nhận")
    Worker().settle()
    return page.locator(".code-large").inner_text()


def enter(page: Page, code: str, born: str) -> None:
    page.locator("#code").fill(code)
    page.locator("#proof").fill(born)
    page.locator("form:has(#code) button").click()


def test_the_public_looks_up_units_and_no_people(visitor: Visitor, library: District) -> None:
    library.person("Vũ Thị Mai")
    page = visitor(phone=True)
    page.goto("/public/application?at=xa-1")
    fields = {"csrf": page.locator("[name=csrf]").first.input_value(), "text": "Mai"}
    page.set_extra_http_headers({"hx-request": "true"})
    refused = page.request.post("/lookups/people.find", form=fields, headers={"hx-request": "true"})
    assert refused.status == 401
    assert "Mai" not in refused.text()
    found = page.request.post(
        "/lookups/units.find", form={**fields, "text": "xa-1"}, headers={"hx-request": "true"}
    )
    assert (found.status, "xa-1" in found.text()) == (200, True)
    stranger = visitor().request.post("/lookups/units.find", form=fields, headers={"hx-request": "true"})
    assert stranger.status == 401


def test_a_parent_registers_herself_and_her_mother_and_comes_back(
    visitor: Visitor, library: District, photographed: Camera, accessible: Judge
) -> None:
    phone = visitor(phone=True)
    phone.goto("/public/application")
    expect(phone.locator(".unit-way")).to_have_count(
        2
    )  # country, province, district: one each, not asked about
    accessible(phone)
    photographed(phone, "communes")
    phone.get_by_role("link", name="Đơn vị xa-1").click()
    phone.locator("#f-phones-add").click()
    phone.locator("[name='phones.0']").fill("0987 654 321")
    accessible(phone)
    photographed(phone, "form")
    mine = register(phone, "Vũ Thị Mai", "12/4/1985", "self")
    accessible(phone)
    photographed(phone, "begun")
    phone.get_by_role("link", name="Làm cho người tiếp theo").click()
    expect(phone.locator("[name='phones.0']")).to_have_value("0987654321")
    hers = register(phone, "Vũ Thị Bà", "2/9/1951", "family")
    assert mine != hers

    # In the evening, on the same phone: both codes, one after the other.
    phone.context.clear_cookies()
    phone.goto("/my")
    enter(phone, hers, "2/9/1951")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Vũ Thị Bà")
    phone.get_by_text("Thêm người trong gia đình").click()
    enter(phone, mine, "12/4/1985")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Vũ Thị Mai")
    expect(phone.locator(".my-case")).to_have_count(2)  # what she sent, and her place in the round
    accessible(phone)
    photographed(phone, "mine")

    # Her mother chooses an hour, and changes it.
    phone.get_by_role("button", name="Vũ Thị Bà").click()
    phone.locator(".my-case").first.locator(".button-main").click()
    phone.locator("[name=wanted][value=choose_hour]").check()
    hours = phone.locator("[name=hour_wanted] option")
    expect(hours).to_have_count(3)
    accessible(phone)
    photographed(phone, "hours")
    phone.locator("[name=hour_wanted]").select_option(index=1)
    phone.locator("[data-submit]").click()
    Worker().settle()
    phone.goto("/my")
    expect(phone.locator("main")).to_contain_text("27/07/2021 08:00")
    photographed(phone, "appointment")
    phone.locator(".my-case").first.locator(".button-main").click()
    phone.locator("[name=change_wanted][value=move]").check()
    expect(phone.locator("[name=hour_wanted] option")).to_have_count(3)
    phone.locator("[name=hour_wanted]").select_option(index=2)
    phone.locator("[data-submit]").click()
    Worker().settle()
    phone.goto("/my")
    expect(phone.locator("main")).to_contain_text("27/07/2021 09:00")

    phone.get_by_role("link", name="Phiếu hẹn").click()
    expect(phone.locator(".sheet svg.qr")).to_be_visible()
    expect(phone.locator(".sheet")).to_contain_text("27/07/2021 09:00")
    accessible(phone)
    photographed(phone, "slip")
    phone.emulate_media(media="print")
    phone.set_viewport_size({"width": 560, "height": 794})
    photographed(phone, "slip-a5")
