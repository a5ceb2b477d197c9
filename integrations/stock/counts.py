"""The count at the end of a day: what the table found against what is booked, and what follows from it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from engine.catalogue import Context, Json
from engine.units import Unit
from integrations.stock import doses, entries, ledger, moments, places, postings, products, tables
from integrations.stock.entries import Account, Event, Key, Kind, Line, Shelf


def close_day(inputs: Json, context: Context) -> Json:
    """Compare what was counted of each lot with what is booked at the end of a day, and book what explains it.

    Counts are totals of the day: vials, waste and gain noted before are not booked again. A difference within
    the product's tolerance is booked as a loss or gain; a larger one is given back, and booked only when the
    call comes with a `reason`. `balanced`: nothing differs, every lot was counted, no dose is owed.
    """
    connection, unit = context.transaction(), places.of(inputs, context)
    on = date.fromisoformat(inputs["on"])
    at, reason = moments.end_of(on, context.now), inputs.get("reason")
    counts = {entries.key_of(unit, one["product"], one["lot"]): one for one in inputs["counts"]}
    shelves = postings.lock(connection, ((key, unit.path) for key in counts))
    differences: list[Json] = []
    for number, (key, shelf) in enumerate(shelves.items()):
        counter = _Counter(connection, context, unit, shelf, at, f"#{number}")
        counter.book(counts[key], on)
        differs = int(counts[key]["doses_left"]) - counter.expected()
        allowed = int(inputs.get("tolerance", products.of(key.product).tolerance))
        if differs and (reason or abs(differs) <= allowed):
            counter.correct(differs, reason or "count")
        left = int(counts[key]["doses_left"]) - counter.expected()
        if left:
            differences.append(_difference(key, counter.expected(), counts[key]["doses_left"], left))
    differences += _uncounted(connection, unit, set(counts), on)
    owed = _owed(connection, unit)
    return {
        "balanced": not differences and owed == 0,
        "differences": differences,
        "unreconciled": owed,
        "reconciled": owed == 0,
        "unit_code": unit.code,
    }


class _Counter:
    """Books what a count says of one locked shelf."""

    def __init__(
        self, connection: Connection, context: Context, unit: Unit, shelf: Shelf, at: datetime, part: str
    ) -> None:
        self.connection, self.context, self.unit = connection, context, unit
        self.shelf, self.at, self.part = shelf, at, part

    def expected(self) -> int:
        """What should be there: what was in store at that moment, less what was owed."""
        return ledger.balance(self.connection, self.shelf, self.at)

    def book(self, count: Json, on: date) -> None:
        """The day's vials, gain and waste, as far as they are not booked yet."""
        day = _day(self.connection, self.shelf.key, on)
        vials = int(count.get("vials_opened") or 0) - (day.vials_opened if day else 0)
        if vials > 0:
            per_vial = products.of(self.shelf.key.product).doses_per_vial
            doses.note_vials(
                self.connection, self.shelf.key, self.unit, self.at, per_vial, self.context,
                f"{self.context.job_id}{self.part}-vials", "count", vials,
            )  # fmt: skip
        gained = int(count.get("gained") or 0) - (day.gained if day else 0)
        if gained > 0:
            self._post(
                Kind.GAINED, Account.GAIN, Account.STORE, gained, count.get("gain_reason") or "count", "-gain"
            )
        wasted = int(count["doses_wasted"]) - (day.wasted_open if day else 0)
        self._lose(Account.WASTED_OPEN, wasted, "open_vial", "-waste")

    def correct(self, differs: int, reason: str) -> None:
        """Book what the count found more or less than it should have."""
        if differs > 0:
            self._post(Kind.GAINED, Account.GAIN, Account.STORE, differs, reason, "-more")
        else:
            self._lose(Account.WASTED_CLOSED, -differs, reason, "-less")

    def _lose(self, account: Account, wanted: int, reason: str, part: str) -> None:
        """As much as the store has; the rest stays a difference."""
        lost = min(wanted, ledger.lowest(self.connection, self.shelf, self.at))
        if lost > 0:
            self._post(Kind.WASTED, Account.STORE, account, lost, reason, part)

    def _post(
        self, kind: Kind, source: Account, target: Account, number: int, reason: str, part: str
    ) -> None:
        happened: Event = entries.event(
            self.context, kind, self.unit, self.at, reason, part=f"{self.part}{part}"
        )
        key, path = self.shelf.key, self.unit.path
        lines = [Line(key, path, source, -number, self.at), Line(key, path, target, number, self.at)]
        ledger.write(self.connection, {key: self.shelf}, happened, lines)


def _day(connection: Connection, key: Key, on: date) -> Any:
    day = tables.stock_day
    return connection.execute(
        select(day).where(
            day.c.unit_id == key.unit_id,
            day.c.local_on == on,
            day.c.product == key.product,
            day.c.lot == key.lot,
        )
    ).one_or_none()


def _uncounted(connection: Connection, unit: Unit, counted: set[Key], on: date) -> list[Json]:
    """Lots that should be there and were not counted."""
    shelf = tables.stock_shelf
    rows = connection.execute(
        select(shelf.c.unit_id, shelf.c.product, shelf.c.lot, shelf.c.store)
        .where(shelf.c.unit_id == unit.id, shelf.c.store > 0)
        .order_by(shelf.c.product, shelf.c.lot)
    )
    return [
        _difference(Key(*row[:3]), row.store, None, -row.store)
        for row in rows
        if Key(*row[:3]) not in counted
    ]


def _owed(connection: Connection, unit: Unit) -> int:
    """Doses given at the unit that no stock covers yet."""
    shelf = tables.stock_shelf
    return -int(
        connection.scalar(select(func.sum(shelf.c.unreconciled)).where(shelf.c.unit_id == unit.id)) or 0
    )


def _difference(key: Key, expected: int, counted: int | None, differs: int) -> Json:
    return {
        "product": key.product, "lot": key.lot, "expected": expected, "counted": counted, "difference": differs
    }  # fmt: skip
