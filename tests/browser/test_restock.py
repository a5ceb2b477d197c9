"""A site is restocked on the screens of those who do it: asked on a phone, approved, sent, counted on arrival."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy
from playwright.sync_api import Page, expect

from engine import access, catalogue, clock, database, settings, units
from engine.catalogue import Context
from tests import foundings
from tests.browser.test_lists_and_sessions import enter, opens, submit
from tests.processes import bundles
from tests.processes import clinic as clinics
from tests.processes.clinic import Clinic

Visitor = Callable[..., Page]
Camera = Callable[[Page, str], Path]
AZ = "astrazeneca"


@pytest.fixture
def library(database: sqlalchemy.Engine, move: Callable[..., datetime]) -> Clinic:
    """In place of the library: a district whose store holds two lots, and a keeper for it."""
    return foundings.once(founded)


def founded() -> Clinic:
    clinic = foundings.once(clinics.founded)
    with database.transaction() as connection:
        store = units.create(connection, "kho-219", "store", "Kho huyện Việt Yên", clinic.units["219"])
        clinics._account(connection, "store_keeper", "thukho", store)
        if "district_officer" not in clinic.staff:
            clinics._account(connection, "district_officer", "district_officer", clinic.units["219"])
    for key in ("restock", "stock_entry"):
        clinic.publish(bundles.bundle(key))
    with database.transaction() as connection:
        for lot, expires_on, doses in (("ABV5811", "2021-12-31", 500), ("ABV4602", "2021-09-30", 60)):
            context = Context(f"in-{lot}", clock.now(), connection, access.SYSTEM, store, settings.current())
            catalogue.current().service_task("stock.receive").call(
                {"product": AZ, "lot": lot, "expires_on": expires_on, "doses": doses, "source": "manufacturer"},
                context,
            )  # fmt: skip
    return clinic


def whole(page: Page) -> Page:
    """The window as high as its page: the bars that stay in sight then cover nothing."""
    size = page.viewport_size or {"width": 360, "height": 740}
    page.set_viewport_size({"width": size["width"], "height": 3000})
    return page


def test_from_the_request_to_the_count_on_arrival(
    library: Clinic, visitor: Visitor, photographed: Camera
) -> None:
    lead = enter(visitor(phone=True), "site_lead")
    lead.goto("/start/restock?at=requested")
    lead.locator("[name=product]").select_option(AZ)
    lead.locator("[name=doses_wanted]").fill("100")
    lead.locator("[name=restock_reason][value=planned_session]").check()
    photographed(whole(lead), "asked")
    submit(lead)

    office = enter(visitor(language="en"), "district_officer")
    opens(office, "supply_station", "Approve the request")
    office.locator("[name=restock_decision][value=approve]").check()
    expect(office.locator("[name=doses_approved]")).to_have_value("100")
    photographed(whole(office), "approved")
    submit(office)

    keeper = enter(visitor(), "thukho")
    opens(keeper, "depot_station", "Xuất kho")
    keeper.locator("[name=sending_decision][value=sent]").check()
    expect(keeper.locator("[name='sent_lots.0.lot']")).to_have_value("ABV4602")
    keeper.locator("[name='sent_lots.0.doses']").fill("6000")
    keeper.locator("[name=other_lot_reason]").fill("Gõ nhầm")
    photographed(whole(keeper), "sends_too_many")
    submit(keeper)
    opens(keeper, "depot_station", "Xuất kho")
    expect(keeper.locator("main")).to_contain_text("Trong kho không đủ")
    expect(keeper.locator("main")).to_contain_text("ABV4602 · 30/09/2021 · 60 / 60")
    keeper.locator("[name=sending_decision][value=sent]").check()
    expect(keeper.locator("[name='sent_lots.1.lot']")).to_have_value("ABV5811")
    photographed(whole(keeper), "sends_again")
    submit(keeper)

    opens(lead, "restock_station", "Nhận vắc xin")
    expect(lead.locator("[name='counted_lots.1.doses']")).to_have_value("40")
    lead.locator("[name='counted_lots.1.doses']").fill("38")
    lead.locator("[name=arrival_temperature]").fill("5,5")
    lead.locator("[name=arrival_condition][value=good]").check()
    photographed(whole(lead), "arrived")
    submit(lead)

    opens(office, "supply_station", "Explain the difference")
    office.locator("[name=explained_by][value=lost]").check()
    office.locator("[name=explained_reason]").fill("Both counted again")
    photographed(whole(office), "explained")
    submit(office)


def test_a_keeper_enters_what_came(library: Clinic, visitor: Visitor, photographed: Camera) -> None:
    keeper = enter(visitor(phone=True), "thukho")
    keeper.goto("/start/stock_entry")
    keeper.locator("[name=entry_kind][value=received]").check()
    expect(keeper.locator("[name=lot]")).to_be_visible()
    keeper.locator("[name=product]").select_option(AZ)
    keeper.locator("[name=lot]").fill("ABV9000")
    keeper.locator("[name=doses]").fill("1000")
    keeper.locator("[name=expires_on]").fill("31/12/2021")
    keeper.locator("[name=received_from][value=manufacturer]").check()
    photographed(whole(keeper), "entry")
    submit(keeper)
    keeper.goto("/stations/stock_entry_station")
    photographed(whole(keeper), "station")
