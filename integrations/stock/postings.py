"""How an event is written: shelves locked in the order of their keys, then everything in one statement, once for a job.

A post costs two round trips, whatever it moves: the lock, and the event with its lines, balances and day's figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from engine import database
from integrations.stock import days
from integrations.stock.entries import Account, Event, Key, Line, Shelf

FIGURES = (
    "store", "received", "moved_in", "moved_out", "returned_in", "returned_out", "vials_opened", "injected",
    "wasted_closed", "wasted_open", "gained", "unreconciled",
)  # fmt: skip


def lock(connection: Connection, places: Iterable[tuple[Key, str]]) -> dict[Key, Shelf]:
    """The shelves, made where there are none, held until the transaction ends."""
    wanted = dict(sorted(places))
    raw = database.driver(connection)
    keys = [[key[part] for key in wanted] for part in range(3)]
    if len(wanted) > 1:  # make first, so that nobody who holds one shelf has to wait for another to be made
        raw.execute(_MAKE, [*keys, list(wanted.values())])
    rows = raw.execute(_LOCK, keys).fetchall()
    if len(rows) < len(wanted):
        raw.execute(_MAKE, [*keys, list(wanted.values())])
        rows = raw.execute(_LOCK, keys).fetchall()
    return {Key(*row[:3]): Shelf(Key(*row[:3]), *row[3:]) for row in rows}


def posted(connection: Connection, key: str) -> int | None:
    """The event a job has posted, if it has."""
    row = database.driver(connection).execute(_POSTED, (key,)).fetchone()
    return None if row is None else int(row[0])


def record(
    connection: Connection,
    shelves: dict[Key, Shelf],
    happened: Event,
    lines: Sequence[Line],
    more: days.Figures | None = None,
    reference: str | None = None,
) -> int | None:
    """Add the event, its lines and what follows from them; the locked shelves move with it.

    None, and nothing is written, when this job has posted before or a standing dose has the reference. `more` are
    figures of the day that no line gives. Lines of account transit that name no transfer are of the one begun here;
    with a `reference` the event is a dose given, whose first line says what covered it.
    """
    figures = days.of(happened, lines) | (more or {})
    arguments = {
        **_event(happened), "reference": reference, **_lines(lines), **_shelves(lines), **_days(figures, shelves),
    }  # fmt: skip
    row = database.driver(connection).execute(_RECORD, arguments).fetchone()
    if row is None:
        return None
    for line in lines:
        shelf = shelves[line.key]
        if line.account is Account.STORE:
            shelf.store += line.doses
            shelf.last_at = line.at if shelf.last_at is None else max(shelf.last_at, line.at)
        elif line.account is Account.UNRECONCILED:
            shelf.unreconciled += line.doses
    return int(row[0])


_POSTED = "select event_id from stock_event where key = %s"
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
_CHANGES = ", ".join(f"{one} = shelf.{one} + change.{one}" for one in Account)
_ADDED = ", ".join(f"{one} = stock_day.{one} + excluded.{one}" for one in FIGURES)
_RECORD = f"""
with event as (
    insert into stock_event (key, kind, unit_id, unit_path, other_unit_id, occurred_at, recorded_at, instance_id,
        reason, transfer_id, reverses, cause_id, details)
    select %(key)s, %(kind)s, %(unit_id)s, %(unit_path)s, %(other_unit_id)s::bigint, %(occurred_at)s, %(recorded_at)s,
        %(instance_id)s::bigint, %(reason)s::text, %(transfer_id)s::bigint, %(reverses)s::bigint, %(cause_id)s::bigint,
        %(details)s::jsonb
    where not exists (select 1 from stock_dose where reference = %(reference)s::text and cancelled_by is null)
    on conflict (key) do nothing returning event_id
), line as (
    insert into stock_line (event_id, line_no, unit_id, unit_path, product, lot, account, transfer_id, doses,
        occurred_at)
    select event.event_id, line.number, line.unit_id, line.path, line.product, line.lot, line.account,
        case when line.account = 'transit' then coalesce(line.transfer_id, event.event_id) end, line.doses, line.at
    from event, unnest(%(l_unit)s::bigint[], %(l_path)s::text[], %(l_product)s::text[], %(l_lot)s::text[],
        %(l_account)s::text[], %(l_transfer)s::bigint[], %(l_doses)s::int[], %(l_at)s::timestamptz[])
        with ordinality as line (unit_id, path, product, lot, account, transfer_id, doses, at, number)
), shelf as (
    update stock_shelf as shelf set {_CHANGES}, last_at = greatest(shelf.last_at, change.at)
    from event, unnest(%(s_unit)s::bigint[], %(s_product)s::text[], %(s_lot)s::text[], %(s_at)s::timestamptz[],
        {", ".join(f"%(s_{one})s::int[]" for one in Account)})
        as change (unit_id, product, lot, at, {", ".join(Account)})
    where shelf.unit_id = change.unit_id and shelf.product = change.product and shelf.lot = change.lot
), day as (
    insert into stock_day (unit_id, local_on, product, lot, unit_path, {", ".join(FIGURES)})
    select counted.* from event, unnest(%(d_unit)s::bigint[], %(d_on)s::date[], %(d_product)s::text[],
        %(d_lot)s::text[], %(d_path)s::text[], {", ".join(f"%(d_{one})s::int[]" for one in FIGURES)})
        as counted (unit_id, local_on, product, lot, unit_path, {", ".join(FIGURES)})
    on conflict (unit_id, local_on, product, lot) do update set {_ADDED}
), dose as (
    insert into stock_dose (event_id, reference, unit_id, product, lot, given_at, covered_at)
    select event_id, %(reference)s, %(unit_id)s, (%(l_product)s::text[])[1], (%(l_lot)s::text[])[1], %(occurred_at)s,
        case when (%(l_account)s::text[])[1] = 'store' then %(occurred_at)s end
    from event where %(reference)s::text is not null
)
select event_id from event
"""


def _event(happened: Event) -> dict[str, Any]:
    return {
        "key": happened.key, "kind": happened.kind.value, "unit_id": happened.unit.id,
        "unit_path": happened.unit.path, "other_unit_id": happened.other.id if happened.other else None,
        "occurred_at": happened.at, "recorded_at": happened.recorded_at, "instance_id": happened.instance_id,
        "reason": happened.reason, "transfer_id": happened.transfer_id, "reverses": happened.reverses,
        "cause_id": happened.cause_id,
        "details": msgspec.json.encode(happened.details).decode() if happened.details else None,
    }  # fmt: skip


def _lines(lines: Sequence[Line]) -> dict[str, list[Any]]:
    return {
        "l_unit": [line.key.unit_id for line in lines], "l_path": [line.path for line in lines],
        "l_product": [line.key.product for line in lines], "l_lot": [line.key.lot for line in lines],
        "l_account": [line.account.value for line in lines], "l_transfer": [line.transfer_id for line in lines],
        "l_doses": [line.doses for line in lines], "l_at": [line.at for line in lines],
    }  # fmt: skip


def _shelves(lines: Sequence[Line]) -> dict[str, list[Any]]:
    """What the lines change of each shelf: every account, and the moment of the latest change of the store."""
    keys = sorted({line.key for line in lines})
    changes = {key: dict.fromkeys(Account, 0) for key in keys}
    latest: dict[Key, Any] = dict.fromkeys(keys)
    for line in lines:
        changes[line.key][line.account] += line.doses
        if line.account is Account.STORE:
            latest[line.key] = line.at if latest[line.key] is None else max(latest[line.key], line.at)
    return {
        "s_unit": [key.unit_id for key in keys], "s_product": [key.product for key in keys],
        "s_lot": [key.lot for key in keys], "s_at": [latest[key] for key in keys],
        **{f"s_{one}": [changes[key][one] for key in keys] for one in Account},
    }  # fmt: skip


def _days(figures: days.Figures, shelves: dict[Key, Shelf]) -> dict[str, list[Any]]:
    places = sorted(figures)
    return {
        "d_unit": [key.unit_id for key, _ in places], "d_on": [on for _, on in places],
        "d_product": [key.product for key, _ in places], "d_lot": [key.lot for key, _ in places],
        "d_path": [shelves[key].path for key, _ in places],
        **{f"d_{one}": [figures[place].get(one, 0) for place in places] for one in FIGURES},
    }  # fmt: skip
