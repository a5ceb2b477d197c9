"""Double entry by manufacturer's lot: what happened is added, never changed, and no store was ever below zero.

An event has lines whose doses add up to nothing for each lot. The shelf of a lot at a unit is locked before
its lines are judged, shelves always in the order of their keys; so two that take from one shelf wait for each
other and never deadlock. What a store owes for doses given before they were received is cleared, the oldest
first, as soon as there is stock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from engine import database, units
from engine.errors import BusinessError
from integrations.stock import days, tables
from integrations.stock.entries import Account, Event, Key, Kind, Line, Shelf

SHORT = "STOCK_SHORT"


def add(connection: Connection, happened: Event) -> int | None:
    """Add the event; None when this job has added it before."""
    values = {
        "key": happened.key, "kind": happened.kind, "unit_id": happened.unit.id, "unit_path": happened.unit.path,
        "other_unit_id": happened.other.id if happened.other else None, "occurred_at": happened.at,
        "recorded_at": happened.recorded_at, "instance_id": happened.instance_id, "reason": happened.reason,
        "transfer_id": happened.transfer_id, "reverses": happened.reverses, "cause_id": happened.cause_id,
        "details": msgspec.json.encode(happened.details).decode() if happened.details else None,
    }  # fmt: skip
    row = database.driver(connection).execute(_ADD, values).fetchone()
    return None if row is None else int(row[0])


def lock(connection: Connection, places: Iterable[tuple[Key, str]]) -> dict[Key, Shelf]:
    """The shelves, made where there are none, held until the transaction ends."""
    wanted = dict(sorted(places))
    raw = database.driver(connection)
    keys = [[key[part] for key in wanted] for part in range(3)]
    if len(wanted) > 1:
        raw.execute(_MAKE, [*keys, list(wanted.values())])
    rows = raw.execute(_LOCK, keys).fetchall()
    if len(rows) < len(wanted):
        raw.execute(_MAKE, [*keys, list(wanted.values())])
        rows = raw.execute(_LOCK, keys).fetchall()
    return {Key(*row[:3]): Shelf(Key(*row[:3]), *row[3:]) for row in rows}


def post(connection: Connection, happened: Event, lines: Sequence[Line]) -> int | None:
    """Add an event with its lines; None when this job has posted it before.

    BusinessError STOCK_SHORT when a store would have had less than nothing at any moment.
    """
    event_id = add(connection, happened)
    if event_id is None:
        return None
    shelves = lock(connection, ((line.key, line.path) for line in lines))
    write(connection, shelves, event_id, happened, lines)
    return event_id


def write(
    connection: Connection, shelves: dict[Key, Shelf], event_id: int, happened: Event, lines: Sequence[Line]
) -> None:
    """Add the lines of an event whose shelves are locked, and clear what is owed where stock came in."""
    if not lines:
        return
    _require_balanced(lines)
    for key, at, doses in _taken(lines):
        if lowest(connection, shelves[key], at) + doses < 0:
            raise BusinessError(SHORT, f"{key.lot}: {max(0, lowest(connection, shelves[key], at))}")
    _store(connection, shelves, event_id, lines, days.of(happened, lines))
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
    if raw.execute("select 1 from stock_event where reverses = %s", (event_id,)).fetchone():
        raise BusinessError("ALREADY_CANCELLED", str(event_id))
    rows = raw.execute(_LINES_OF, (event_id,)).fetchall()
    kind = Kind(raw.execute("select kind from stock_event where event_id = %s", (event_id,)).fetchone()[0])  # type: ignore[index]
    lines = [
        Line(Key(unit_id, product, lot), path, Account(account), -doses, at, transfer_id)
        for unit_id, product, lot, path, account, doses, at, transfer_id in rows
    ]
    added = add(connection, replace(happened, kind=Kind.REVERSED, reverses=event_id))
    if added is not None:
        shelves = lock(connection, ((line.key, line.path) for line in lines))
        write(connection, shelves, added, replace(happened, kind=kind, reverses=event_id), lines)
    return added


# --- what is written --------------------------------------------------------------------------------------

_ADD = """
insert into stock_event (key, kind, unit_id, unit_path, other_unit_id, occurred_at, recorded_at, instance_id, reason,
    transfer_id, reverses, cause_id, details)
values (%(key)s, %(kind)s, %(unit_id)s, %(unit_path)s, %(other_unit_id)s, %(occurred_at)s, %(recorded_at)s,
    %(instance_id)s, %(reason)s, %(transfer_id)s, %(reverses)s, %(cause_id)s, %(details)s::jsonb)
on conflict (key) do nothing returning event_id
"""
_MAKE = """
insert into stock_shelf (unit_id, product, lot, unit_path)
select * from unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) as wanted (unit_id, product, lot, path)
on conflict do nothing
"""
_LOCK = """
select unit_id, product, lot, unit_path, store, unreconciled, last_at from stock_shelf
where (unit_id, product, lot) in (select * from unnest(%s::bigint[], %s::text[], %s::text[]))
order by unit_id, product collate "C", lot collate "C" for update
"""
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


def _store(
    connection: Connection,
    shelves: dict[Key, Shelf],
    event_id: int,
    lines: Sequence[Line],
    figures: days.Figures,
) -> None:
    connection.execute(
        insert(tables.stock_line),
        [
            {**line.key._asdict(), "event_id": event_id, "line_no": number, "unit_path": line.path,
             "account": line.account.value, "transfer_id": line.transfer_id, "doses": line.doses,
             "occurred_at": line.at}
            for number, line in enumerate(lines)
        ],
    )  # fmt: skip
    table = tables.stock_shelf
    for key in sorted({line.key for line in lines}):
        changes = dict.fromkeys(Account, 0)
        for line in lines:
            if line.key == key:
                changes[line.account] += line.doses
        shelf = shelves[key]
        moments = [line.at for line in lines if line.key == key and line.account is Account.STORE]
        shelf.store += changes[Account.STORE]
        shelf.unreconciled += changes[Account.UNRECONCILED]
        shelf.last_at = max(filter(None, [shelf.last_at, *moments]), default=None)
        columns: dict[str, Any] = {
            account.value: table.c[account.value] + doses for account, doses in changes.items() if doses
        }
        connection.execute(
            update(table)
            .where(tuple_(table.c.unit_id, table.c.product, table.c.lot) == key)
            .values({**columns, "last_at": shelf.last_at})
        )
    for (key, on), counted in sorted(figures.items(), key=lambda item: item[0]):
        days.add(connection, key, shelves[key].path, on, counted)


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
        reverses=None, details={},
    )  # fmt: skip
    event_id = add(connection, cleared)
    assert event_id is not None
    lines = [
        Line(shelf.key, shelf.path, account, doses, at)
        for at, count in Counter(moments).items()
        for account, doses in ((Account.STORE, -count), (Account.UNRECONCILED, count))
    ]
    _store(connection, shelves, event_id, lines, days.of(cleared, lines))
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
