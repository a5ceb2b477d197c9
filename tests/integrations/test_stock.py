"""The ledger of stock: what comes in, goes out and is given is booked by lot, once, and never below nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import Connection, func, select

from engine import access, catalogue, clock, settings, units
from engine.catalogue import Context, Json
from engine.errors import BusinessError, NotAllowed
from engine.units import Unit
from integrations.stock import entries, tables

AZ, LOT = "astrazeneca", "ABV5300"
Move = Callable[..., datetime]


@dataclass
class Ledger:
    """The service tasks of stock asked by a case at the site, each time by another job."""

    connection: Connection
    units: dict[str, Unit]
    jobs: int = 0

    def call(self, name: str, where: str | None = None, job: str | None = None, **inputs: Any) -> Json:
        self.jobs += 1
        context = Context(
            job or f"1-{self.jobs}-x", clock.now(), self.connection, access.SYSTEM, self.units[where or "site"],
            settings.current(),
        )  # fmt: skip
        with self.connection.begin_nested():
            return catalogue.current().service_task(f"stock.{name}").call(inputs, context)

    def ask(self, name: str, actor: access.Actor = access.SYSTEM, **inputs: Any) -> Json:
        return catalogue.ask(self.connection, f"stock.{name}", inputs, actor)

    def receive(self, doses: int, lot: str = LOT, where: str = "store", **more: Any) -> Json:
        given = {
            "product": AZ,
            "lot": lot,
            "doses": doses,
            "source": "manufacturer",
            "expires_on": "2021-11-30",
        }
        return self.call("receive", where, **(given | more))

    def supply(self, doses: int, lot: str = LOT, **more: Any) -> Json:
        """Doses from the store to the site, received as sent."""
        lines = [{"product": AZ, "lot": lot, "doses": doses}]
        sent = self.call("issue", "store", to_unit="diem-1", lines=lines)
        return self.call(
            "receive_transfer", transfer_id=sent["transfer_id"], lines=lines, temperature=5, **more
        )

    def give(
        self, lot: str = LOT, given_at: datetime | None = None, reference: str | None = None, **more: Any
    ) -> Json:
        reference = reference or f"dose-{self.jobs}"
        moment = (given_at or clock.now()).isoformat()
        return self.call("post_dose", product=AZ, lot=lot, given_at=moment, reference=reference, **more)

    def shelf(self, where: str = "site", lot: str = LOT) -> Any:
        table = tables.stock_shelf
        return self.connection.execute(
            select(table).where(table.c.unit_id == self.units[where].id, table.c.lot == lot)
        ).one()


@pytest.fixture
def stock(connection: sqlalchemy.Connection, move: Move) -> Ledger:
    province = units.create(connection, "24", "province", "Tỉnh Bắc Giang")
    district = units.create(connection, "219", "district", "Huyện Việt Yên", province)
    made = {
        "province": province,
        "district": district,
        "province_store": units.create(connection, "kho-24", "store", "Kho tỉnh", province),
        "store": units.create(connection, "kho-219", "store", "Kho huyện", district),
        "site": units.create(connection, "diem-1", "site", "Điểm tiêm 1", district),
        "other": units.create(connection, "diem-2", "site", "Điểm tiêm 2", district),
    }
    return Ledger(connection, made)


def refused(code: str) -> Any:
    return pytest.raises(BusinessError, match=code)


def test_what_is_received_issued_and_given_is_where_it_should_be(stock: Ledger, move: Move) -> None:
    stock.receive(100)
    stock.supply(40)
    move(hours=1)
    given = stock.give()
    assert given == {
        "stock_flags": [], "reconciled": True, "left": 39, "threshold": None, "is_low": False,
        "expiry_known": "2021-11-30",
    }  # fmt: skip
    assert (stock.shelf("store").store, stock.shelf("store").transit) == (60, 0)
    assert (stock.shelf().store, stock.shelf().injected) == (39, 1)


def test_a_dose_without_stock_is_posted_owed_and_covered_when_stock_is_entered(
    stock: Ledger, move: Move
) -> None:
    given = stock.give(expires_on="2021-11-30")
    assert given["stock_flags"] == ["lot_unknown", "not_in_store"]
    assert not given["reconciled"]
    assert stock.shelf().unreconciled == -1
    stock.receive(10)
    move(hours=1)
    stock.supply(5)
    assert (stock.shelf().store, stock.shelf().unreconciled, stock.shelf().injected) == (4, 0, 1)
    kinds = stock.connection.scalars(
        select(tables.stock_event.c.kind).order_by(tables.stock_event.c.event_id)
    )
    assert list(kinds)[-1] == entries.Kind.CLEARED


def test_a_store_cannot_issue_what_it_does_not_have(stock: Ledger) -> None:
    stock.receive(10)
    with refused("STOCK_SHORT"):
        stock.call("issue", "store", to_unit="diem-1", lines=[{"product": AZ, "lot": LOT, "doses": 11}])
    assert stock.shelf("store").store == 10


def test_a_back_dated_loss_is_held_to_what_was_there_from_its_moment_on(stock: Ledger, move: Move) -> None:
    morning = clock.now()
    stock.receive(10, where="site")
    move(hours=1)
    stock.call("write_off", product=AZ, lot=LOT, doses=8, reason="broken")
    move(hours=1)
    stock.receive(10, where="site")
    back = (morning + timedelta(minutes=30)).isoformat()
    with refused("STOCK_SHORT"):
        stock.call("write_off", product=AZ, lot=LOT, doses=3, reason="broken", at=back)
    stock.call("write_off", product=AZ, lot=LOT, doses=2, reason="broken", at=back)
    assert stock.shelf().store == 10


def test_the_same_job_and_the_same_reference_count_once(stock: Ledger) -> None:
    stock.receive(10, where="site")
    stock.give(reference="a")
    stock.give(reference="a")
    for _ in range(2):
        stock.call("gain", job="1-77-gain", product=AZ, lot=LOT, doses=2, reason="low dead space")
    assert (stock.shelf().store, stock.shelf().injected) == (11, 1)


def test_a_held_or_expired_lot_goes_nowhere_but_to_loss_and_a_dose_of_it_is_flagged(
    stock: Ledger, move: Move
) -> None:
    stock.receive(10)
    stock.receive(10, where="site")
    lines = [{"product": AZ, "lot": LOT, "doses": 1}]
    stock.call("hold_lot", "district", product=AZ, lot=LOT, reason="reaction")
    with refused("LOT_HELD"):
        stock.call("issue", "store", to_unit="diem-1", lines=lines)
    move(minutes=1)
    assert stock.give()["stock_flags"] == ["lot_held"]
    assert stock.call("free_lot", "district", product=AZ, lot=LOT, reason="cleared") == {
        "freed": 1,
        "still_held": False,
    }
    move(days=200)
    with refused("LOT_EXPIRED"):
        stock.call("issue", "store", to_unit="diem-1", lines=lines)
    assert stock.give()["stock_flags"] == ["lot_expired"]
    stock.call(
        "amend_expiry", product=AZ, lot=LOT, expires_on="2022-02-28", reason="extended by three months"
    )
    assert stock.give()["stock_flags"] == []
    stock.call("write_off", "store", product=AZ, lot=LOT, doses=10, reason="expired")


def test_the_dose_that_crosses_the_threshold_says_so_and_no_other(stock: Ledger) -> None:
    stock.receive(4, where="site")
    stock.call("set_threshold", product=AZ, doses=2)
    assert [stock.give()["is_low"] for _ in range(4)] == [False, True, False, False]
    stock.receive(3, where="site")
    assert [stock.give()["is_low"] for _ in range(3)] == [True, False, False]


def test_only_those_who_work_or_see_there_may_ask(stock: Ledger) -> None:
    stock.receive(4, where="site")
    stranger = access.Actor(
        None,
        "x",
        "x",
        grants=(access.Grant("store_keeper", stock.units["other"].id, stock.units["other"].path),),
    )
    with pytest.raises(NotAllowed):
        stock.ask("at_unit", stranger, unit_code="diem-1")
    assert stock.ask("by_lot", stranger, lot=LOT)["movements"] == []
    assert stock.ask("public_daily", stranger, unit_code="diem-1", on="2021-07-26")["received"] == 4
    assert stock.connection.scalar(select(func.count()).select_from(tables.stock_line)) == 2


def test_everybody_may_know_what_each_place_received_injected_and_has_left_today(stock: Ledger) -> None:
    stock.receive(100)
    stock.supply(60)
    stock.give()
    visitor = access.Actor(None, "visitor", "Visitor")
    found = {one["unit_code"]: one for one in stock.ask("public_today", visitor)["units"]}
    assert found["diem-1"] == {"unit_code": "diem-1", "received": 60, "injected": 1, "left": 59}
    assert found["kho-219"] == {"unit_code": "kho-219", "received": 100, "injected": 0, "left": 40}
    below = stock.ask("public_today", visitor, unit_code="diem-1")["units"]
    assert [one["unit_code"] for one in below] == ["diem-1"]
    assert not {"lots", "wasted"} & set(found["diem-1"])
