"""The campaign's own screens: a list is proposed and approved, a session planned, an invitation answered on a phone."""

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
from tests.processes.clinic import PASSWORD
from tests.processes.district import District

Visitor = Callable[..., Page]
Camera = Callable[[Page, str], Path]
Judge = Callable[[Page], None]


@pytest.fixture
def library(database: sqlalchemy.Engine, move: Callable[..., datetime]) -> District:
    """In place of the library: a district with its offices and sites."""
    return foundings.once(districts.founded)


def enter(page: Page, sign_in: str) -> Page:
    page.goto("/sign-in")
    page.locator("#sign_in").fill(sign_in)
    page.locator("#password").fill(PASSWORD)
    page.locator("form[action='/sign-in'] button").click()
    return page


def kept(page: Page) -> None:
    """Wait until what was typed is kept, and the form is drawn as it asks for more."""
    state = page.locator("[data-draft-state]")
    if state.count():
        expect(state).not_to_have_attribute("data-state", "unsaved")
        expect(state).not_to_have_attribute("data-state", "saving")


def submit(page: Page) -> None:
    """Press the form's button once what was typed is kept; the worker does what follows."""
    kept(page)
    with page.expect_navigation():
        page.locator("[data-submit]").click()
    Worker().settle()


def opens(page: Page, station: str, task: str) -> None:
    """The only task of a station."""
    page.goto(f"/stations/{station}")
    page.locator("main").get_by_role("link", name=task).first.click()
    expect(page.locator("[data-submit]")).to_be_visible()


def test_from_a_proposed_list_to_an_answer_on_a_phone(
    library: District, visitor: Visitor, photographed: Camera, accessible: Judge
) -> None:
    district, person = library, library.person("Nguyễn Minh Anh")
    district.opens_round()
    code = district.asks("people.person", person_id=person)["shown_code"]

    commune = enter(visitor(), "commune_officer")
    commune.goto("/start/nomination")
    commune.locator("[name=round_id]").fill("Đợt 4")
    commune.locator("[name='people.0.person_id']").fill(code)
    commune.locator("[name='people.0.priority_group']").select_option("9")
    accessible(commune)
    photographed(commune, "proposed")
    submit(commune)

    office = enter(visitor(language="en"), "district_officer")
    opens(office, "review_station", "Approve the list")
    expect(office.locator("main")).to_contain_text("Nguyễn Minh Anh")
    office.locator("[name=review_outcome][value=approve]").check()
    accessible(office)
    photographed(office, "reviewed")
    submit(office)
    assert len(district.cases("registration", person)) == 1

    lead = enter(visitor(phone=True), "site_lead")
    lead.goto("/start/session")
    lead.locator("[name=session_on]").fill("27/7/2021")
    lead.locator("[name=round_id]").fill("Đợt 4")
    accessible(lead)
    photographed(lead, "planned")
    submit(lead)
    opens(lead, "session_station", "Mời người trong danh sách")
    expect(lead.locator("[name=stands_hours]")).to_have_value("12")  # as the round says
    lead.locator("[name=invite_count]").fill("1")
    photographed(lead, "invites")
    submit(lead)

    phone = visitor(phone=True)
    phone.goto("/my")
    phone.locator("#code").fill(code)
    phone.locator("#proof").fill("2/3/1990")
    phone.locator("form:has(#code) button").click()
    expect(phone.locator("main")).to_contain_text("Bạn được mời tiêm")
    accessible(phone)
    photographed(phone, "invited")
    phone.get_by_role("link", name="Trả lời lời mời").click()
    expect(phone.locator("main")).to_contain_text("27/07/2021 07:30")
    phone.locator("[name=answer][value=other_hour]").check()
    hour = phone.locator("[name=hour_wanted]")
    expect(hour).to_be_visible()
    hour.select_option(index=2)
    accessible(phone)
    photographed(phone, "another_hour")
    submit(phone)
    phone.goto("/my")
    expect(phone.locator("main")).to_contain_text("Bạn có hẹn tiêm lúc 27/07/2021 08:00")
    phone.get_by_role("link", name="Phiếu hẹn tiêm chủng").click()
    expect(phone.locator(".sheet")).to_contain_text("Nguyễn Minh Anh")
    photographed(phone, "slip")
