"""The ledger of stock: what comes in, goes out and is given is booked by lot, once, and never below nothing."""

from __future__ import annotations

import re
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


# --- transfers, returns, entries taken back ---------------------------------------------------------------


def test_what_expires_first_is_proposed_first_and_nothing_that_may_not_be_used(stock: Ledger) -> None:
    for lot, expires_on in (
        ("LATE", "2021-12-31"),
        ("SOON", "2021-08-31"),
        ("GONE", "2021-07-25"),
        ("HELD", "2021-08-01"),
    ):
        stock.receive(10, lot=lot, expires_on=expires_on)
    stock.call("hold_lot", "store", product=AZ, lot="HELD", reason="reaction")
    told = stock.call("propose", product=AZ, doses=25, unit_code="kho-219")
    assert [(line["lot"], line["doses"]) for line in told["lines"]] == [("SOON", 10), ("LATE", 10)]
    assert told["short"] == 5


def test_a_lot_may_be_used_until_the_end_of_its_last_day(stock: Ledger, move: Move) -> None:
    stock.receive(10, expires_on="2021-07-26")
    line = [{"product": AZ, "lot": LOT, "doses": 1}]
    move(hours=14)  # 23:00 in Ha Noi
    stock.call("issue", "store", to_unit="diem-1", lines=line)
    move(hours=1)
    with refused("LOT_EXPIRED"):
        stock.call("issue", "store", to_unit="diem-1", lines=line)


def test_receipt_and_difference_are_what_was_issued_and_explained_in_one_of_four_ways(stock: Ledger) -> None:
    ways = {"lost": (8, 0, 2), "damaged": (8, 0, 2), "sent_wrong": (8, 2, 0), "counted_wrong": (10, 0, 0)}
    for number, (how, (at_site, back, wasted)) in enumerate(ways.items()):
        lot = f"L{number}"
        stock.receive(10, lot=lot)
        sent = stock.call(
            "issue", "store", to_unit="diem-1", lines=[{"product": AZ, "lot": lot, "doses": 10}]
        )
        counted = [{"product": AZ, "lot": lot, "doses": 8}]
        told = stock.call("receive_transfer", transfer_id=sent["transfer_id"], lines=counted, temperature=5)
        assert [one["difference"] for one in told["discrepancies"]] == [-2]
        stock.call("resolve", transfer_id=sent["transfer_id"], how=how, reason="counted again")
        shelf, sender = stock.shelf(lot=lot), stock.shelf("store", lot)
        assert (shelf.store, sender.store, shelf.wasted_closed, sender.transit) == (at_site, back, wasted, 0)


def test_a_transfer_is_received_once_and_its_temperature_is_judged_by_its_product(stock: Ledger) -> None:
    stock.receive(10)
    lines = [{"product": AZ, "lot": LOT, "doses": 10}]
    sent = stock.call("issue", "store", to_unit="diem-1", lines=lines)["transfer_id"]
    assert stock.call("receive_transfer", transfer_id=sent, lines=lines, temperature=9.5)[
        "temperature_outside"
    ]
    with refused("TRANSFER_RECEIVED"):
        stock.call("receive_transfer", transfer_id=sent, lines=lines, temperature=5)
    with refused("TRANSFER_UNKNOWN"):
        stock.call("receive_transfer", transfer_id="404", lines=lines)


def test_no_more_goes_back_than_was_issued(stock: Ledger) -> None:
    stock.receive(10)
    stock.supply(6)
    stock.receive(10, where="site")
    with refused("RETURN_TOO_MANY"):
        stock.call("return_doses", product=AZ, lot=LOT, doses=7, reason="left over")
    first = stock.call("return_doses", product=AZ, lot=LOT, doses=4, reason="left over")
    assert first["to_unit"] == "kho-219"
    with refused("RETURN_TOO_MANY"):
        stock.call("return_doses", product=AZ, lot=LOT, doses=3, reason="left over")
    assert (stock.shelf("store").store, stock.shelf().store) == (8, 12)
    stock.call("cancel_entry", event_id=first["event_id"], reason="wrong lot")
    assert (stock.shelf("store").store, stock.shelf().store) == (4, 16)
    stock.call("return_doses", product=AZ, lot=LOT, doses=6, reason="left over")


def test_a_wrong_entry_is_taken_back_once_and_only_while_its_doses_are_there(stock: Ledger) -> None:
    wrong = stock.receive(100, where="site")["event_id"]
    stock.give()
    with refused("STOCK_SHORT"):
        stock.call("cancel_entry", event_id=wrong, reason="ten, not a hundred")
    stock.receive(10, where="site")
    stock.call("cancel_entry", event_id=wrong, reason="ten, not a hundred")
    assert stock.shelf().store == 9
    with refused("ALREADY_CANCELLED"):
        stock.call("cancel_entry", event_id=wrong, reason="again")
    with refused("ENTRY_UNKNOWN"):
        stock.call("cancel_entry", "other", event_id=wrong, reason="not mine")


def test_a_dose_taken_back_is_in_the_store_again_and_covers_one_that_is_owed(stock: Ledger) -> None:
    stock.receive(1, where="site")
    stock.give(reference="wrong person")
    assert stock.give(reference="owed")["reconciled"] is False
    stock.call("cancel_dose", reference="wrong person", reason="entered twice")
    assert (stock.shelf().store, stock.shelf().injected, stock.shelf().unreconciled) == (0, 1, 0)
    assert stock.give(reference="wrong person")["reconciled"] is False  # the reference is free again
    with refused("DOSE_UNKNOWN"):
        stock.call("cancel_dose", reference="nobody", reason="?")


def test_the_supplier_is_the_nearest_store_above_and_a_store_has_one_further_up(stock: Ledger) -> None:
    assert stock.call("supplier")["unit_code"] == "kho-219"
    assert stock.call("supplier", unit_code="kho-219")["unit_code"] == "kho-24"
    with refused("NO_STORE"):
        stock.call("supplier", unit_code="kho-24")


# --- vials and the end of the day -------------------------------------------------------------------------


def test_a_dose_from_a_vial_open_for_too_long_is_flagged(stock: Ledger, move: Move) -> None:
    stock.receive(20, where="site")
    opened = stock.call("open_vial", product=AZ, lot=LOT)
    assert (opened["doses"], opened["use_until"]) == (10, "2021-07-26T08:00:00+00:00")
    move(hours=6)
    assert stock.give()["stock_flags"] == []
    move(minutes=1)
    assert stock.give()["stock_flags"] == ["vial_too_old"]
    stock.call("open_vial", product=AZ, lot=LOT)
    assert stock.give()["stock_flags"] == []


def counted(left: int, wasted: int = 0, **more: Any) -> list[Json]:
    return [{"product": AZ, "lot": LOT, "doses_left": left, "doses_wasted": wasted, **more}]


def test_a_day_that_balances_is_closed_with_its_waste_and_gain_booked_once(stock: Ledger, move: Move) -> None:
    stock.receive(30, where="site")
    stock.call("open_vial", product=AZ, lot=LOT)
    for _ in range(11):
        move(minutes=2)
        stock.give()
    for _ in range(2):
        told = stock.call("close_day", on="2021-07-26", counts=counted(18, 2, vials_opened=2, gained=1))
        assert told == {
            "balanced": True,
            "differences": [],
            "unreconciled": 0,
            "reconciled": True,
            "unit_code": "diem-1",
        }
    day = stock.ask("daily", unit_code="diem-1", on="2021-07-26")
    said = {
        name: day[name]
        for name in ("opening", "received", "vials_opened", "injected", "wasted_open", "gained", "closing")
    }
    assert said == {
        "opening": 0, "received": 30, "vials_opened": 2, "injected": 11, "wasted_open": 2, "gained": 1, "closing": 18
    }  # fmt: skip


def test_a_difference_is_told_and_booked_only_with_a_reason(stock: Ledger) -> None:
    stock.receive(30, where="site")
    told = stock.call("close_day", on="2021-07-26", counts=counted(27))
    assert not told["balanced"]
    assert told["differences"] == [
        {"product": AZ, "lot": LOT, "expected": 30, "counted": 27, "difference": -3}
    ]
    assert stock.shelf().store == 30
    assert stock.call("close_day", on="2021-07-26", counts=counted(27), reason="a vial fell")["balanced"]
    assert (stock.shelf().store, stock.shelf().wasted_closed) == (27, 3)


def test_a_lot_nobody_counted_and_a_dose_owed_keep_a_day_from_balancing(stock: Ledger) -> None:
    stock.receive(5, where="site", lot="OTHER")
    stock.give()
    told = stock.call("close_day", on="2021-07-26", counts=counted(0), tolerance=0)
    assert (told["balanced"], told["unreconciled"], told["reconciled"]) == (False, 1, False)
    assert [(one["lot"], one["counted"]) for one in told["differences"]] == [(LOT, 0), ("OTHER", None)]


def test_a_day_closed_late_is_judged_by_what_was_there_that_evening(stock: Ledger, move: Move) -> None:
    stock.receive(10, where="site")
    stock.give()
    move(days=1)
    stock.give()
    assert stock.call("close_day", on="2021-07-26", counts=counted(7, 2))["balanced"]
    assert stock.ask("daily", unit_code="diem-1", on="2021-07-26")["closing"] == 7
    assert stock.ask("daily", unit_code="diem-1", on="2021-07-27")["closing"] == 6


def test_what_is_entered_as_of_then_happened_then_and_was_entered_now(stock: Ledger, move: Move) -> None:
    stock.receive(10, where="site")
    then = clock.now()
    entered = move(days=2)
    context = Context(
        "1-99-x", then, stock.connection, access.SYSTEM, stock.units["site"], settings.current()
    )
    task = catalogue.current().service_task("stock.post_dose")
    task.call({"product": AZ, "lot": LOT, "given_at": None, "reference": "paper"}, context)
    event = tables.stock_event
    row = stock.connection.execute(select(event).where(event.c.key == "1-99-x")).one()
    assert (row.occurred_at, row.recorded_at) == (then, entered)
    assert stock.ask("daily", unit_code="diem-1", on="2021-07-26")["injected"] == 1


# --- what is told -----------------------------------------------------------------------------------------


def test_the_figures_of_units_below_add_up_to_those_of_the_unit(stock: Ledger, move: Move) -> None:
    stock.receive(100)
    stock.supply(40)
    stock.give()
    move(days=1)
    stock.give()
    stock.give(lot="UNKNOWN")
    below = {one["unit_code"]: one for one in stock.ask("below", unit_code="219", on="2021-07-27")["units"]}
    assert (below["kho-219"]["closing"], below["diem-1"]["opening"], below["diem-1"]["closing"]) == (
        60,
        39,
        38,
    )
    assert (below["diem-1"]["injected"], below["diem-1"]["unreconciled"]) == (2, 1)
    whole = stock.ask("daily", unit_code="24", on="2021-07-27")
    for name in ("opening", "closing", "injected", "unreconciled"):
        assert whole[name] == sum(one[name] for one in below.values())
    yesterday = stock.ask("daily", unit_code="diem-1", on="2021-07-26")
    assert (yesterday["closing"], yesterday["unreconciled"], yesterday["moved_in"]) == (39, 0, 40)


def test_a_lot_is_followed_through_the_stores_with_every_expiry_and_hold(stock: Ledger) -> None:
    stock.receive(100)
    stock.supply(40)
    stock.call("amend_expiry", "store", product=AZ, lot=LOT, expires_on="2022-02-28", reason="extended")
    stock.call("hold_lot", product=AZ, lot=LOT, reason="reaction")
    told = stock.ask("by_lot", lot=LOT)
    assert {one["unit_code"]: one["left"] for one in told["units"]} == {"kho-219": 60, "diem-1": 40}
    assert [(one["kind"], one["doses"]) for one in told["movements"]] == [
        ("arrived", 40), ("issued", -40), ("received", 100)
    ]  # fmt: skip
    (known,) = told["known_as"]
    assert [one["reason"] for one in known["expiries"]] == ["first receipt", "extended"]
    assert [one["reason"] for one in known["holds"]] == ["reaction"]
    assert [lot["state"] for lot in stock.ask("at_unit", unit_code="diem-1")["lots"]] == ["held"]
    assert [one["id"] for one in stock.ask("find_lots", text="abv")["found"]] == [LOT]


def test_values_nobody_has_confirmed_are_marked(stock: Ledger) -> None:
    known = {one["product"]: one for one in stock.ask("products")["products"]}
    assert known[AZ]["unverified"] == ["doses_per_vial"]
    assert stock.call("product", product="something new")["unverified"]


def test_no_code_changes_or_deletes_what_the_ledger_has_written() -> None:
    for path in sorted((settings.CHECKOUT / "integrations" / "stock").glob("*.py")):
        source = re.sub(r"\s+", " ", path.read_text("utf-8").lower())
        for table in ("stock_event", "stock_line", "stock_lot_expiry"):
            for verb in (
                f"update {table}",
                f"delete from {table}",
                f"update(tables.{table}",
                f"delete(tables.{table}",
            ):
                assert not re.search(rf"{re.escape(verb)}\b", source), f"{path.name}: {verb}"
        assert "delete(" not in source, path.name
