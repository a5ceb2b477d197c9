"""Double entry by manufacturer's lot: what happened is added, never changed, and no store was ever below zero.

An event has lines whose doses add up to nothing for each lot. The shelf of a lot at a unit is locked before
its lines are judged, shelves always in the order of their keys; so two that take from one shelf wait for each
other and never deadlock. What a store owes for doses given before they were received is cleared, the oldest
first, as soon as there is stock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from engine import database, units
from engine.errors import BusinessError
from integrations.stock import postings
from integrations.stock.entries import Account, Event, Key, Kind, Line, Shelf

SHORT = "STOCK_SHORT"


def post(connection: Connection, happened: Event, lines: Sequence[Line]) -> int | None:
    """Add an event with its lines; None when this job has posted it before.

    BusinessError STOCK_SHORT when a store would have had less than nothing at any moment.
    """
    return write(
        connection, postings.lock(connection, ((line.key, line.path) for line in lines)), happened, lines
    )


def write(
    connection: Connection, shelves: dict[Key, Shelf], happened: Event, lines: Sequence[Line]
) -> int | None:
    """As `post`, when the shelves are locked already; what is owed is cleared where stock came in."""
    if not fits(connection, shelves, happened, lines):
        return None
    event_id = postings.record(connection, shelves, happened, lines)
    if event_id is not None:
        settle(connection, shelves, event_id, happened, lines)
    return event_id


def fits(connection: Connection, shelves: dict[Key, Shelf], happened: Event, lines: Sequence[Line]) -> bool:
    """Whether the stores have what the lines take; False when they have not because this job took it before.

    BusinessError STOCK_SHORT otherwise.
    """
    _require_balanced(lines)
    for key, at, doses in _taken(lines):
        least = lowest(connection, shelves[key], at)
        if least + doses < 0:
            if postings.posted(connection, happened.key) is not None:
                return False
            raise BusinessError(SHORT, f"{key.lot}: {max(0, least)}")
    return True


def settle(
    connection: Connection, shelves: dict[Key, Shelf], event_id: int, happened: Event, lines: Sequence[Line]
) -> None:
    """Clear what is owed on the shelves the lines touched; forget that there was little where there is enough."""
    for key in sorted({line.key for line in lines}):
        if shelves[key].store > 0 and shelves[key].unreconciled < 0:
            _clear(connection, shelves, event_id, happened, shelves[key])
    for unit_id, product in sorted({(one.unit_id, one.product) for one in _gaining(lines)}):
        database.driver(connection).execute(_ENOUGH_AGAIN, (unit_id, product))


def lowest(connection: Connection, shelf: Shelf, at: datetime) -> int:
    """The least that was in store from a moment on: what can be taken out at that moment."""
    if shelf.last_at is None or shelf.last_at <= at:
        return shelf.store
    return min(doses for _, doses in _course(connection, shelf, at))


def balance(connection: Connection, shelf: Shelf, at: datetime) -> int:
    """What was in store just after a moment, less what was owed then."""
    row = database.driver(connection).execute(_SINCE, (*shelf.key, at)).fetchone()
    return shelf.store + shelf.unreconciled - int(row[0] if row else 0)


def reverse(connection: Connection, event_id: int, happened: Event) -> int | None:
    """Take an event back: the same lines with the opposite sign, at the same moments.

    BusinessError STOCK_SHORT when what it brought in has gone out since, ALREADY_CANCELLED when it was taken
    back before.
    """
    raw = database.driver(connection)
    before = raw.execute("select key from stock_event where reverses = %s", (event_id,)).fetchone()
    if before is not None and before[0] != happened.key:
        raise BusinessError("ALREADY_CANCELLED", str(event_id))
    rows = raw.execute(_LINES_OF, (event_id,)).fetchall()
    kind = Kind(raw.execute("select kind from stock_event where event_id = %s", (event_id,)).fetchone()[0])  # type: ignore[index]
    lines = [
        Line(Key(unit_id, product, lot), path, Account(account), -doses, at, transfer_id)
        for unit_id, product, lot, path, account, doses, at, transfer_id in rows
    ]
    return post(connection, replace(happened, kind=Kind.REVERSED, of=kind, reverses=event_id), lines)


# --- what is written --------------------------------------------------------------------------------------

_LINES_OF = """
select unit_id, product, lot, unit_path, account, doses, occurred_at, transfer_id from stock_line
where event_id = %s order by line_no
"""
_OWED = """
select event_id, given_at from stock_dose
where unit_id = %s and product = %s and lot = %s and covered_at is null and cancelled_by is null
order by given_at, event_id limit %s
"""
_COVER = """
update stock_dose as dose set covered_at = known.at, covered_by = %s
from unnest(%s::bigint[], %s::timestamptz[]) as known (event_id, at) where dose.event_id = known.event_id
"""
_ENOUGH_AGAIN = """
update stock_threshold as threshold set low_since = null
where unit_id = %s and product = %s and low_since is not null and doses < (
    select sum(store) from stock_shelf as shelf
    where shelf.unit_id = threshold.unit_id and shelf.product = threshold.product)
"""
_SINCE = """
select coalesce(sum(doses), 0) from stock_line
where unit_id = %s and product = %s and lot = %s and account in ('store', 'unreconciled') and occurred_at > %s
"""
_COURSE = """
select occurred_at, sum(doses) from stock_line
where unit_id = %s and product = %s and lot = %s and account = 'store' and occurred_at > %s
group by occurred_at order by occurred_at
"""


def _clear(
    connection: Connection, shelves: dict[Key, Shelf], cause_id: int, happened: Event, shelf: Shelf
) -> None:
    """Cover doses that were given before they were received, the oldest first, each as early as there was stock."""
    raw = database.driver(connection)
    owed = raw.execute(_OWED, (*shelf.key, shelf.store)).fetchall()
    if not owed:
        return
    moments = clearings([given_at for _, given_at in owed], _course(connection, shelf, owed[0][1]))
    if not moments:
        return
    cleared = replace(
        happened, key=f"{happened.key}#{cause_id}-{shelf.key.unit_id}-{shelf.key.lot}", kind=Kind.CLEARED,
        unit=units.by_id(connection, shelf.key.unit_id), at=moments[-1], cause_id=cause_id, other=None,
        reverses=None, of=None, details={},
    )  # fmt: skip
    lines = [
        Line(shelf.key, shelf.path, account, doses, at)
        for at, count in Counter(moments).items()
        for account, doses in ((Account.STORE, -count), (Account.UNRECONCILED, count))
    ]
    event_id = postings.record(connection, shelves, cleared, lines)
    raw.execute(_COVER, (event_id, [dose for dose, _ in owed[: len(moments)]], moments))


def clearings(given: Sequence[datetime], course: Sequence[tuple[datetime, int]]) -> list[datetime]:
    """When each of the doses given, the oldest first, can be taken from the store without it ever being short.

    The course says how much was in store after each moment. Fewer moments than doses: there is no more.
    """
    least: list[int] = []
    for _, doses in reversed(course):
        least.insert(0, min(doses, least[0]) if least else doses)
    moments: list[datetime] = []
    place = 0
    for number, at in enumerate(given, start=1):
        while place + 1 < len(course) and course[place + 1][0] <= at:
            place += 1
        while place < len(course) and least[place] < number:
            place += 1
        if place == len(course):
            break
        moments.append(max(at, course[place][0]))
    return moments


def _taken(lines: Sequence[Line]) -> Iterator[tuple[Key, datetime, int]]:
    """What goes out of stores, by shelf and moment; what the event itself brings in counts."""
    totals: dict[tuple[Key, datetime], int] = {}
    for line in lines:
        if line.account is Account.STORE:
            totals[line.key, line.at] = totals.get((line.key, line.at), 0) + line.doses
    yield from ((key, at, doses) for (key, at), doses in totals.items() if doses < 0)


def _gaining(lines: Sequence[Line]) -> set[Key]:
    """The shelves that doses come to."""
    return {line.key for line in lines if line.account is Account.STORE and line.doses > 0}


def _course(connection: Connection, shelf: Shelf, since: datetime) -> list[tuple[datetime, int]]:
    """How much was in store from a moment on: after it, and after each later moment at which that changed."""
    changes = database.driver(connection).execute(_COURSE, (*shelf.key, since)).fetchall()
    doses = shelf.store - sum(int(change) for _, change in changes)
    course = [(since, doses)]
    for at, change in changes:
        doses += int(change)
        course.append((at, doses))
    return course


def _require_balanced(lines: Sequence[Line]) -> None:
    totals: dict[tuple[str, str, datetime], int] = {}
    for line in lines:
        place = (line.key.product, line.key.lot, line.at)
        totals[place] = totals.get(place, 0) + line.doses
    if any(totals.values()):
        raise RuntimeError("the lines of an event must add up to nothing for each lot and moment")
