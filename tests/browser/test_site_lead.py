"""The person in charge of a site runs a session on a phone: prepared, found safe, opened, paused, closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from playwright.sync_api import Page, expect

from tests import foundings
from tests.browser.test_lists_and_sessions import enter, kept, opens, submit
from tests.browser.test_site_day import answered
from tests.processes import district as districts
from tests.processes.district import SAFE, District, passed

Visitor = Callable[..., Page]
Camera = Callable[[Page, str], Path]
Judge = Callable[[Page], None]
STATION = "session_station"


@pytest.fixture
def library(database: sqlalchemy.Engine, move: Callable[..., datetime]) -> District:
    """In place of the library: a district with its offices and sites, sixty doses in the refrigerator."""
    made = foundings.once(districts.founded)
    lot = {"product": "astrazeneca", "lot": "ABV5300", "expires_on": "2021-11-30", "doses": 60}
    made.serves("stock.receive", source="opening_count", **lot)
    return made


def runs(page: Page, **answers: Any) -> None:
    opens(page, STATION, "Điều hành buổi tiêm")
    answered(page, answers)
    submit(page)


def test_a_session_is_prepared_found_safe_opened_paused_and_closed(
    library: District, visitor: Visitor, photographed: Camera, accessible: Judge
) -> None:
    session = library.plans(None)
    passed(timedelta(hours=22))
    page = enter(visitor(phone=True), "site_lead")

    opens(page, STATION, "Chuẩn bị")
    answered(page, {"prepare_then": "ready", "anaphylaxis_box": True, "fridge_temperature": 5.2})
    kept(page)
    if not page.locator("[name='vials_counted.0.lot']").count():
        page.locator("#f-vials_counted-add").click()
    answered(page, {
        "vials_counted.0.product": "astrazeneca", "vials_counted.0.lot": "ABV5300", "vials_counted.0.vials": 6,
    })  # fmt: skip
    photographed(page, "prepare")
    submit(page)

    opens(page, STATION, "an toàn")
    answered(page, SAFE | {"criterion_4": "fail"})
    photographed(page, "safety")
    accessible(page)
    submit(page)
    opens(page, STATION, "Khắc phục")
    answered(page, {"fixed_how": "Đã bổ sung adrenalin"})
    submit(page)
    assert library.serves("sessions.session", session_id=session.knows("session_id"))["state"] == "ready"
    opens(page, STATION, "an toàn")
    answered(page, SAFE)
    submit(page)
    assert library.serves("sessions.session", session_id=session.knows("session_id"))["state"] == "open"

    runs(page, run_step="pause", run_reason="Chờ thêm bơm kim tiêm")
    page.goto("/day")
    expect(page.locator("#block-sessions")).to_contain_text("Tạm dừng")
    photographed(page, "day")
    runs(page, run_step="resume")
    runs(page, run_step="close")
    opens(page, STATION, "Đối chiếu")
    kept(page)
    if not page.locator("[name='counts.0.lot']").count():
        page.locator("#f-counts-add").click()
    answered(page, {
        "counts.0.product": "astrazeneca", "counts.0.lot": "ABV5300", "counts.0.vials_opened": 0,
        "counts.0.doses_left": 60, "counts.0.doses_wasted": 0,
    })  # fmt: skip
    photographed(page, "close")
    submit(page)
    assert session.ended() == "ended_closed"
