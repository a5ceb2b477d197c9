"""Doses given: always posted, from the store where there is stock, else owed; what does not fit is flagged."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from engine import units
from engine.catalogue import Context, Json
from engine.errors import BusinessError
from engine.units import Unit
from integrations.stock import days, entries, ledger, lots, moments, places, products, tables, thresholds
from integrations.stock.entries import Account, Key, Kind, Line
from integrations.stock.lots import Lot

NOT_IN_STORE = "not_in_store"


def post_dose(inputs: Json, context: Context) -> Json:
    """Post one dose given at the case's unit. Never refuses; the same reference, or the same job, counts once.

    `stock_flags` says what does not fit: lot_unknown, lot_expired, lot_held, vial_too_old, not_in_store.
    `reconciled` is false while the dose is owed; `is_low` is true for the dose that crosses the threshold.
    """
    connection, unit = context.transaction(), places.of(inputs, context)
    product, lot = inputs["product"], inputs["lot"]
    given_at = moments.read(inputs.get("given_at"), context.now)
    key = entries.key_of(unit, product, lot)
    found = lots.of(connection, unit, product, lot, given_at)
    flags = _flags(found, _expiry(inputs, found), given_at) + _vial_flags(connection, key, given_at)
    shelf = ledger.lock(connection, [(key, unit.path)])[key]
    known = _dose(connection, inputs["reference"])
    is_new = known is None or known.cancelled_by is not None
    covered_at = known.covered_at if known and not is_new else given_at
    if is_new and ledger.lowest(connection, shelf, given_at) <= 0:
        covered_at = None
    if covered_at != given_at:
        flags.append(NOT_IN_STORE)
    if is_new:
        _post(connection, inputs["reference"], shelf, unit, given_at, covered_at is not None, context, flags)
        if covered_at is None and shelf.store > 0:  # perhaps what came in later has covered it already
            covered_at = _dose(connection, inputs["reference"]).covered_at
    left = thresholds.left(connection, unit.id, product)
    limit, is_low = thresholds.crossed(connection, unit.id, product, left, context.now)
    return {
        "stock_flags": flags, "reconciled": covered_at is not None, "left": left, "threshold": limit, "is_low": is_low,
        "expiry_known": found.expires_on.isoformat() if found.expires_on else None,
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
        shelves = ledger.lock(connection, [(key, unit.path)])
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
    shelf = ledger.lock(connection, [(key, unit.path)])[key]
    happened = entries.event(
        context, Kind.VIAL_OPENED, unit, at, reason, details={**key._asdict(), "vials": count}
    )
    happened = replace(happened, key=job)
    if ledger.add(connection, happened) is None:
        return
    connection.execute(
        insert(tables.stock_vial),
        [
            {**key._asdict(), "key": f"{job}-{number}", "doses": doses, "opened_at": at,
             "recorded_at": context.now, "instance_id": context.instance_id}
            for number in range(count)
        ],
    )  # fmt: skip
    days.add(connection, key, shelf.path, moments.local_day(at), {"vials_opened": count})


def _post(
    connection: Connection, reference: str, shelf: entries.Shelf, unit: Unit, given_at: datetime, covered: bool,
    context: Context, flags: list[str],
) -> None:  # fmt: skip
    happened = entries.event(
        context, Kind.INJECTED, unit, given_at, details={"reference": reference, "flags": flags}
    )
    event_id, key = ledger.add(connection, happened), shelf.key
    if event_id is None:
        return
    source = Account.STORE if covered else Account.UNRECONCILED
    lines = [
        Line(key, unit.path, source, -1, given_at),
        Line(key, unit.path, Account.INJECTED, 1, given_at),
    ]
    connection.execute(
        insert(tables.stock_dose).values(
            **key._asdict(), reference=reference, event_id=event_id, given_at=given_at,
            covered_at=given_at if covered else None,
        )
    )  # fmt: skip
    ledger.write(connection, {key: shelf}, event_id, happened, lines)


def _take_back(
    connection: Connection, dose: Any, key: Key, shelves: dict[Key, entries.Shelf], reason: str, context: Context,
    unit: Unit,
) -> None:  # fmt: skip
    happened = entries.event(
        context, Kind.INJECTED, unit, dose.given_at, reason, reverses=dose.event_id,
        details={"reference": dose.reference},
    )  # fmt: skip
    event_id = ledger.add(connection, replace(happened, kind=Kind.REVERSED))
    if event_id is None:
        return
    connection.execute(
        update(tables.stock_dose)
        .where(tables.stock_dose.c.event_id == dose.event_id)
        .values(cancelled_by=event_id)
    )
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
    ledger.write(connection, shelves, event_id, happened, lines)


def _flags(found: Lot, expires_on: date | None, at: datetime) -> list[str]:
    flags = [] if found.is_known else ["lot_unknown"]
    if expires_on is not None and moments.local_day(at) > expires_on:
        flags.append("lot_expired")
    return [*flags, "lot_held"] if found.held_because is not None else flags


def _expiry(inputs: Json, found: Lot) -> date | None:
    """The expiry known to the ledger; that on the label when the ledger knows none."""
    told = inputs.get("expires_on")
    return found.expires_on or (date.fromisoformat(told) if told else None)


def _vial_flags(connection: Connection, key: Key, given_at: datetime) -> list[str]:
    """Whether the vial opened last before the dose had been open for too long; nothing when none was noted."""
    vial = tables.stock_vial
    opened_at = connection.scalar(
        select(func.max(vial.c.opened_at)).where(
            vial.c.unit_id == key.unit_id, vial.c.product == key.product, vial.c.lot == key.lot,
            vial.c.opened_at <= given_at, vial.c.opened_at > given_at - timedelta(days=1),
        )
    )  # fmt: skip
    is_old = opened_at is not None and given_at - opened_at > products.of(key.product).keeps
    return ["vial_too_old"] if is_old else []


def _dose(connection: Connection, reference: str) -> Any:
    """The dose with a reference: the one that holds, else the one taken back last."""
    table = tables.stock_dose
    query = select(table).where(table.c.reference == reference)
    return connection.execute(
        query.order_by(table.c.cancelled_by.is_not(None), table.c.event_id.desc()).limit(1)
    ).one_or_none()
