"""Doses given: always posted, from the store where there is stock, else owed; what does not fit is flagged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert

from engine import clock, database, units
from engine.catalogue import Context, Json
from engine.errors import BusinessError
from engine.units import Unit
from integrations.stock import entries, ledger, lots, moments, places, postings, products, tables, thresholds
from integrations.stock.entries import Account, Key, Kind, Line, Shelf
from integrations.stock.lots import Lot

NOT_IN_STORE = "not_in_store"


def post_dose(inputs: Json, context: Context) -> Json:
    """Post one dose given at the case's unit. Never refuses; the same reference, or the same job, counts once.

    `stock_flags` says what does not fit: lot_unknown, lot_expired, lot_held, vial_too_old, not_in_store.
    `reconciled` is false while the dose is owed; `is_low` is true for the dose that crosses the threshold.
    """
    connection, unit = context.transaction(), places.of(inputs, context)
    given_at = moments.read(inputs.get("given_at"), context.now)
    key = entries.key_of(unit, inputs["product"], inputs["lot"])
    shelves = postings.lock(connection, [(key, unit.path)])
    known = _known(connection, unit, key, given_at, inputs["reference"])
    flags, before = _flags(known.lot, _expiry(inputs, known.lot), given_at), shelves[key].store
    if known.opened_at is not None and given_at - known.opened_at > products.of(key.product).keeps:
        flags.append("vial_too_old")
    covered_at = known.covered_at
    if not known.is_given:
        covered_at = _post(connection, inputs["reference"], shelves, key, unit, given_at, context, flags)
    if covered_at != given_at and NOT_IN_STORE not in flags:
        flags.append(NOT_IN_STORE)
    left = known.left + shelves[key].store - before
    is_low = thresholds.crossed(connection, key, known.threshold, known.low_since, left, context.now)
    return {
        "stock_flags": flags, "reconciled": covered_at is not None, "left": left, "threshold": known.threshold,
        "is_low": is_low, "expiry_known": known.lot.expires_on.isoformat() if known.lot.expires_on else None,
    }  # fmt: skip


def cancel_dose(inputs: Json, context: Context) -> Json:
    """Take back a dose that was entered by mistake; what it took returns to the store, or is no longer owed.

    BusinessError DOSE_UNKNOWN when no dose has the reference. A dose taken back before stays so.
    """
    connection = context.transaction()
    dose = _dose(connection, inputs["reference"])
    if dose is None:
        raise BusinessError("DOSE_UNKNOWN", inputs["reference"])
    if dose.cancelled_by is None:
        unit, key = units.by_id(connection, dose.unit_id), Key(dose.unit_id, dose.product, dose.lot)
        shelves = postings.lock(connection, [(key, unit.path)])
        dose = _dose(connection, inputs["reference"]) or dose  # as it is now that the shelf is held
        if dose.cancelled_by is None:
            _take_back(connection, dose, key, shelves, inputs["reason"], context, unit)
    return {"cancelled": True, "left": thresholds.left(connection, dose.unit_id, dose.product)}


def open_vial(inputs: Json, context: Context) -> Json:
    """Note that a vial was opened, and until when its doses may be used. Takes nothing from the store by itself."""
    connection, unit = context.transaction(), places.of(inputs, context)
    product = products.of(inputs["product"])
    key = entries.key_of(unit, product.key, inputs["lot"])
    opened_at = moments.read(inputs.get("at"), context.now)
    doses = int(inputs.get("doses") or product.doses_per_vial)
    found = lots.of(connection, unit, product.key, inputs["lot"], opened_at)
    note_vials(connection, key, unit, opened_at, doses, context, context.job_id)
    return {
        "vial_id": context.job_id, "use_until": (opened_at + product.keeps).isoformat(), "doses": doses,
        "stock_flags": _flags(found, found.expires_on, opened_at),
    }  # fmt: skip


def note_vials(
    connection: Connection, key: Key, unit: Unit, at: datetime, doses: int, context: Context, job: str,
    reason: str | None = None, count: int = 1,
) -> None:  # fmt: skip
    """Add vials opened at a moment, once for a job."""
    shelves = postings.lock(connection, [(key, unit.path)])
    happened = entries.event(
        context, Kind.VIAL_OPENED, unit, at, reason, details={**key._asdict(), "vials": count}
    )
    figures = {(key, moments.local_day(at)): {"vials_opened": count}}
    if postings.record(connection, shelves, replace(happened, key=job), (), figures) is None:
        return
    connection.execute(
        insert(tables.stock_vial),
        [
            {**key._asdict(), "key": f"{job}-{number}", "doses": doses, "opened_at": at,
             "recorded_at": clock.now(), "instance_id": context.instance_id}
            for number in range(count)
        ],
    )  # fmt: skip


def _post(
    connection: Connection, reference: str, shelves: dict[Key, Shelf], key: Key, unit: Unit, given_at: datetime,
    context: Context, flags: list[str],
) -> datetime | None:  # fmt: skip
    """Since when the dose is covered by stock; None while it is owed."""
    covered = ledger.lowest(connection, shelves[key], given_at) > 0
    if not covered:
        flags.append(NOT_IN_STORE)
    happened = entries.event(
        context, Kind.INJECTED, unit, given_at, details={"reference": reference, "flags": flags}
    )
    lines = [
        Line(key, unit.path, Account.STORE if covered else Account.UNRECONCILED, -1, given_at),
        Line(key, unit.path, Account.INJECTED, 1, given_at),
    ]
    event_id = postings.record(connection, shelves, happened, lines, reference=reference)
    if event_id is not None and not covered:  # what came in later may cover it at once
        ledger.settle(connection, shelves, event_id, happened, lines)
    if event_id is not None and covered:
        return given_at
    dose = _dose(connection, reference)
    return None if dose is None else dose.covered_at


def _take_back(
    connection: Connection,
    dose: Any,
    key: Key,
    shelves: dict[Key, Shelf],
    reason: str,
    context: Context,
    unit: Unit,
) -> None:
    happened = entries.event(
        context, Kind.REVERSED, unit, dose.given_at, reason, of=Kind.INJECTED, reverses=dose.event_id,
        details={"reference": dose.reference},
    )  # fmt: skip
    path, given_at = shelves[key].path, dose.given_at
    came_from = Account.UNRECONCILED if dose.covered_by or dose.covered_at is None else Account.STORE
    lines = [
        Line(key, path, Account.INJECTED, -1, given_at),
        Line(key, path, came_from, 1, given_at),
    ]
    if dose.covered_by is not None:  # the stock that covered it later is there again
        lines += [
            Line(key, path, Account.UNRECONCILED, -1, dose.covered_at),
            Line(key, path, Account.STORE, 1, dose.covered_at),
        ]
    event_id = postings.record(connection, shelves, happened, lines)
    if event_id is None:
        return
    connection.execute(
        update(tables.stock_dose)
        .where(tables.stock_dose.c.event_id == dose.event_id)
        .values(cancelled_by=event_id)
    )
    ledger.settle(connection, shelves, event_id, happened, lines)


def _flags(found: Lot, expires_on: date | None, at: datetime) -> list[str]:
    flags = [] if found.is_known else ["lot_unknown"]
    if expires_on is not None and moments.local_day(at) > expires_on:
        flags.append("lot_expired")
    return [*flags, "lot_held"] if found.held_because is not None else flags


def _expiry(inputs: Json, found: Lot) -> date | None:
    """The expiry known to the ledger; that on the label when the ledger knows none."""
    told = inputs.get("expires_on")
    return found.expires_on or (date.fromisoformat(told) if told else None)


@dataclass(frozen=True, slots=True)
class _Known:
    """What was known when the dose was posted, read after its shelf was locked."""

    lot: Lot
    opened_at: datetime | None  # the vial opened last before the dose, within a day
    is_given: bool  # a standing dose has the reference
    covered_at: datetime | None
    left: int
    threshold: int | None
    low_since: datetime | None


_KNOWN = """
select lot.expires_on, lot.lot is not null, hold.reason, vial.opened_at, dose.event_id is not null, dose.covered_at,
    (select coalesce(sum(store), 0) from stock_shelf where unit_id = %(unit_id)s and product = %(product)s),
    threshold.doses, threshold.low_since
from (values (1)) as one
left join stock_lot as lot on lot.product = %(product)s and lot.lot = %(lot)s
left join lateral (
    select reason from stock_hold where product = %(product)s and lot = %(lot)s and held_at <= %(at)s
        and (freed_at is null or freed_at > %(at)s) and starts_with(%(path)s, unit_path)
    order by held_at limit 1) as hold on true
left join lateral (
    select opened_at from stock_vial where unit_id = %(unit_id)s and product = %(product)s and lot = %(lot)s
        and opened_at <= %(at)s and opened_at > %(since)s
    order by opened_at desc limit 1) as vial on true
left join stock_dose as dose on dose.reference = %(reference)s and dose.cancelled_by is null
left join stock_threshold as threshold on threshold.unit_id = %(unit_id)s and threshold.product = %(product)s
"""


def _known(connection: Connection, unit: Unit, key: Key, at: datetime, reference: str) -> _Known:
    row = database.driver(connection).execute(
        _KNOWN,
        {**key._asdict(), "path": unit.path, "at": at, "since": at - timedelta(days=1), "reference": reference},
    ).fetchone()  # fmt: skip
    assert row is not None
    expires_on, is_known, held_because, opened_at, is_given, covered_at, left, threshold, low_since = row
    lot = Lot(key.product, key.lot, is_known, expires_on, held_because)
    return _Known(lot, opened_at, is_given, covered_at, int(left), threshold, low_since)


def _dose(connection: Connection, reference: str) -> Any:
    """The dose with a reference: the one that holds, else the one taken back last."""
    table = tables.stock_dose
    query = select(table).where(table.c.reference == reference)
    return connection.execute(
        query.order_by(table.c.cancelled_by.is_not(None), table.c.event_id.desc()).limit(1)
    ).one_or_none()
