"""Whatever is booked in whatever order, back-dated or taken back: no store is short, every dose stands, all adds up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, text

from engine import access, catalogue, clock, units
from engine import settings as engine_settings
from engine.catalogue import Context, Json
from engine.errors import BusinessError
from integrations.stock import ledger
from tests.database_fixtures import MORNING

PRODUCT = "astrazeneca"
LOTS, STORES, SITES = ("L1", "L2"), ("kho-24", "kho-219"), ("diem-1", "diem-2")
PLACES = (*STORES, *SITES)
ACCOUNTS = "store transit injected wasted_closed wasted_open unreconciled manufacturer donor gain".split()
doses = st.integers(1, 6)
back = st.sampled_from([0, 0, 0, 1, 5, 30, 90])  # minutes


class Stock(RuleBasedStateMachine):
    """A few stores and sites; beside the ledger, a plain count of what must be true of it."""

    connection: Connection

    @initialize()
    def found(self) -> None:
        self.begun = self.connection.begin_nested()
        clock.move(MORNING - clock.now())
        province = units.create(self.connection, "24", "province", "Tỉnh")
        district = units.create(self.connection, "219", "district", "Huyện", province)
        parents = {"kho-24": province, "kho-219": district, "diem-1": district, "diem-2": district}
        self.units = {
            code: units.create(self.connection, code, "store" if code in STORES else "site", code, parent)
            for code, parent in parents.items()
        }
        self.jobs = 0
        self.given: dict[str, tuple[str, str]] = {}  # standing doses, by reference
        self.entries: list[str] = []
        self.sent: list[tuple[str, list[Json]]] = []
        self.arrived: list[str] = []
        for store in STORES:
            for lot in LOTS:
                self.receive(lot, store, 12, 45, donor=False)

    def teardown(self) -> None:
        if hasattr(self, "begun"):
            self.begun.rollback()

    # --- what is done -------------------------------------------------------------------------------------

    @rule(
        lot=st.sampled_from(LOTS),
        place=st.sampled_from(PLACES),
        number=doses,
        minutes=back,
        donor=st.booleans(),
    )
    def receive(self, lot: str, place: str, number: int, minutes: int, donor: bool) -> None:
        source = "donor" if donor else "manufacturer"
        told = self.call("receive", place, lot=lot, doses=number, source=source, at=self.ago(minutes))
        self.entries.append(told["event_id"])

    @rule(lot=st.sampled_from(LOTS), place=st.sampled_from(SITES), minutes=back)
    def give(self, lot: str, place: str, minutes: int) -> None:
        reference = f"dose-{self.jobs}"
        covered = self.lowest(place, lot, minutes) > 0
        told = self.call("post_dose", place, lot=lot, given_at=self.ago(minutes), reference=reference)
        assert ("not_in_store" in told["stock_flags"]) != covered
        self.given[reference] = (place, lot)

    @precondition(lambda self: self.given)
    @rule(data=st.data())
    def take_dose_back(self, data: st.DataObject) -> None:
        reference = data.draw(st.sampled_from(sorted(self.given)))
        self.call(
            "cancel_dose", self.given.pop(reference)[0], product=None, reference=reference, reason="mistake"
        )

    @rule(
        lot=st.sampled_from(LOTS),
        place=st.sampled_from(PLACES),
        number=doses,
        minutes=back,
        opened=st.booleans(),
    )
    def lose(self, lot: str, place: str, number: int, minutes: int, opened: bool) -> None:
        fits = number <= self.lowest(place, lot, minutes)
        told = self.tried(
            "write_off",
            place,
            fits,
            lot=lot,
            doses=number,
            reason="broken",
            opened=opened,
            at=self.ago(minutes),
        )
        self.entries += [told["event_id"]] if told else []

    @rule(lot=st.sampled_from(LOTS), place=st.sampled_from(PLACES), number=doses, minutes=back)
    def gain(self, lot: str, place: str, number: int, minutes: int) -> None:
        told = self.call("gain", place, lot=lot, doses=number, reason="eleventh dose", at=self.ago(minutes))
        self.entries.append(told["event_id"])

    @rule(
        store=st.sampled_from(STORES),
        site=st.sampled_from(PLACES),
        numbers=st.tuples(doses, doses),
        minutes=back,
    )
    def send(self, store: str, site: str, numbers: tuple[int, int], minutes: int) -> None:
        if store == site:
            return
        lines = [
            {"product": PRODUCT, "lot": lot, "doses": number}
            for lot, number in zip(LOTS, numbers, strict=True)
        ]
        fits = all(self.lowest(store, line["lot"], minutes) >= line["doses"] for line in lines)
        told = self.tried("issue", store, fits, product=None, to_unit=site, lines=lines, at=self.ago(minutes))
        if told:
            self.sent.append((told["transfer_id"], lines))

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def arrive(self, data: st.DataObject) -> None:
        transfer_id, lines = self.sent.pop(data.draw(st.integers(0, len(self.sent) - 1)))
        off = data.draw(st.lists(st.sampled_from([0, 0, -2, -1, 1]), min_size=2, max_size=2))
        counted = [
            {**line, "doses": max(0, line["doses"] + more)} for line, more in zip(lines, off, strict=True)
        ]
        told = self.call("receive_transfer", "diem-1", product=None, transfer_id=transfer_id, lines=counted)
        differences = {one["lot"]: one["difference"] for one in told["discrepancies"]}
        for line, one in zip(lines, counted, strict=True):
            assert one["doses"] - differences.get(line["lot"], 0) == line["doses"], (
                "receipt + difference = issue"
            )
        if differences:
            self.arrived.append(transfer_id)

    @precondition(lambda self: self.arrived)
    @rule(how=st.sampled_from(["lost", "damaged", "sent_wrong", "counted_wrong"]), data=st.data())
    def resolve(self, how: str, data: st.DataObject) -> None:
        transfer_id = data.draw(st.sampled_from(self.arrived))
        try:
            self.call(
                "resolve", "diem-1", product=None, transfer_id=transfer_id, how=how, reason="counted again"
            )
            self.arrived.remove(transfer_id)
        except BusinessError as short:
            assert short.code == ledger.SHORT

    @rule(site=st.sampled_from(SITES), store=st.sampled_from(STORES), lot=st.sampled_from(LOTS), number=doses)
    def send_back(self, site: str, store: str, lot: str, number: int) -> None:
        try:
            told = self.call("return_doses", site, lot=lot, doses=number, reason="left over", to_unit=store)
            self.entries.append(told["event_id"])
        except BusinessError as refusal:
            assert refusal.code in (ledger.SHORT, "RETURN_TOO_MANY")

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        event_id = data.draw(st.sampled_from(self.entries))
        try:
            self.call("cancel_entry", None, product=None, event_id=event_id, reason="entered wrongly")
            self.entries.remove(event_id)
        except BusinessError as refusal:
            assert refusal.code == ledger.SHORT

    @rule(site=st.sampled_from(SITES), lot=st.sampled_from(LOTS), left=st.integers(0, 8), wasted=st.integers(0, 3),
          gained=st.integers(0, 2), reason=st.sampled_from([None, "counted twice"]))  # fmt: skip
    def count(self, site: str, lot: str, left: int, wasted: int, gained: int, reason: str | None) -> None:
        counts = [
            {"product": PRODUCT, "lot": lot, "doses_left": left, "doses_wasted": wasted, "gained": gained}
        ]
        at_once = clock.now() < MORNING + timedelta(hours=12)
        told = self.call("close_day", site, product=None, counts=counts, on="2021-07-26", reason=reason)
        if told["balanced"] and at_once:
            assert self.row(
                "select sum(store), sum(unreconciled) from stock_shelf where unit_path like :p",
                p=f"%/{site}/",
            ) == (left, 0)

    @rule(minutes=st.integers(1, 45))
    def wait(self, minutes: int) -> None:
        clock.move(timedelta(minutes=minutes))

    # --- what must be true --------------------------------------------------------------------------------

    @invariant()
    def no_store_was_ever_short(self) -> None:
        assert self.lowest_ever("store", "unit_id") >= 0

    @invariant()
    def no_transfer_ever_delivered_more_than_it_had(self) -> None:
        assert self.lowest_ever("transit", "transfer_id") >= 0

    @invariant()
    def every_lot_adds_up_at_every_moment(self) -> None:
        for group in ("product, lot, occurred_at", "event_id, product, lot"):
            wrong = f"select 1 from stock_line group by {group} having sum(doses) <> 0"
            assert self.row(f"select count(*) from ({wrong}) as wrong")[0] == 0
        inside, outside = self.row(
            "select sum(store + transit + injected + wasted_closed + wasted_open + unreconciled),"
            " -sum(manufacturer + donor + gain) from stock_shelf"
        )
        assert inside == outside

    @invariant()
    def the_shelves_are_the_sum_of_the_lines(self) -> None:
        sums = ", ".join(
            f"coalesce(sum(doses) filter (where account = '{one}'), 0) as {one}" for one in ACCOUNTS
        )
        differs = " or ".join(f"shelf.{one} <> coalesce(line.{one}, 0)" for one in ACCOUNTS)
        assert self.row(
            f"select count(*) from stock_shelf as shelf left join (select unit_id, product, lot, {sums} from stock_line"
            f" group by unit_id, product, lot) as line using (unit_id, product, lot) where {differs}"
        )[0] == 0  # fmt: skip
        assert self.row("select coalesce(sum(transit), 0) from stock_shelf") == self.row(
            "select coalesce(sum(transit), 0) from stock_transfer_line"
        )

    @invariant()
    def the_days_are_the_sum_of_the_lines(self) -> None:
        same = ("store", "injected", "wasted_closed", "wasted_open", "unreconciled")
        figures = dict(zip(same, same, strict=True)) | {
            "received": "-manufacturer - donor",
            "gained": "-gain",
        }
        for figure, of_shelf in figures.items():
            assert self.row(f"select coalesce(sum({figure}), 0) from stock_day") == self.row(
                f"select coalesce(sum({of_shelf}), 0) from stock_shelf"
            ), figure
        said = "received + moved_in - moved_out + returned_in - returned_out + gained"
        gone = "injected - wasted_closed - wasted_open - unreconciled - store"
        assert self.row(f"select coalesce(sum({said} - {gone}), 0) from stock_day")[0] == 0

    @invariant()
    def every_dose_given_is_booked_and_owed_only_while_there_is_none(self) -> None:
        assert self.row("select coalesce(sum(injected), 0) from stock_shelf")[0] == len(self.given)
        assert self.row("select count(*) from stock_dose where cancelled_by is null")[0] == len(self.given)
        owed = self.row("select count(*) from stock_dose where cancelled_by is null and covered_at is null")[
            0
        ]
        assert owed == -self.row("select coalesce(sum(unreconciled), 0) from stock_shelf")[0]
        assert self.row("select count(*) from stock_shelf where unreconciled < 0 and store > 0")[0] == 0

    # --- how ----------------------------------------------------------------------------------------------

    def call(self, task: str, place: str | None, **inputs: Any) -> Json:
        self.jobs += 1
        unit = self.units[place] if place else None
        context = Context(
            f"1-{self.jobs}-x", clock.now(), self.connection, access.SYSTEM, unit, engine_settings.current()
        )
        given = {"product": PRODUCT} | inputs
        with self.connection.begin_nested():
            return (
                catalogue.current()
                .service_task(f"stock.{task}")
                .call({name: value for name, value in given.items() if value is not None}, context)
            )

    def tried(self, task: str, place: str, fits: bool, **inputs: Any) -> Json | None:
        """The answer; refused for want of stock exactly when it does not fit."""
        try:
            told = self.call(task, place, **inputs)
        except BusinessError as refusal:
            assert refusal.code == ledger.SHORT
            assert not fits
            return None
        assert fits
        return told

    def ago(self, minutes: int) -> str:
        return (clock.now() - timedelta(minutes=minutes)).isoformat()

    def lowest(self, place: str, lot: str, minutes: int) -> int:
        """The least in store from a moment on, counted by hand."""
        at = clock.now() - timedelta(minutes=minutes)
        rows = self.connection.execute(
            text(
                "select occurred_at, doses from stock_line where unit_id = :u and lot = :l and account = 'store'"
            ),
            {"u": self.units[place].id, "l": lot},
        ).all()
        moments = {at, *(row.occurred_at for row in rows if row.occurred_at > at)}
        return min(sum(row.doses for row in rows if row.occurred_at <= moment) for moment in moments)

    def lowest_ever(self, account: str, place: str) -> int:
        """The least that was in an account of a place after any moment."""
        course = (
            f"select sum(sum(doses)) over (partition by {place}, product, lot order by occurred_at) as running"
            f" from stock_line where account = '{account}' group by {place}, product, lot, occurred_at"
        )
        return int(self.row(f"select min(running) from ({course}) as course")[0] or 0)

    def row(self, query: str, **parameters: Any) -> tuple[Any, ...]:
        return tuple(self.connection.execute(text(query), parameters).one())


@pytest.mark.usefixtures("move")
def test_the_ledger_keeps_its_promises(connection: sqlalchemy.Connection) -> None:
    class Held(Stock):
        pass

    Held.connection = connection
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Held,
        settings=settings(
            max_examples=30,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )
