"""What comes into stores and leaves them: receipts, transfers between them, returns, losses, gains, corrections."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from engine import units
from engine.catalogue import Context, Json
from engine.errors import BusinessError
from engine.units import Unit
from integrations.stock import entries, ledger, lots, moments, places, postings, products, tables, thresholds
from integrations.stock.entries import Account, Kind, Line

SOURCES = {
    "manufacturer": Account.MANUFACTURER,
    "donor": Account.DONOR,
    "opening_count": Account.MANUFACTURER,
}


def receive(inputs: Json, context: Context) -> Json:
    """Doses from the manufacturer or a donor come into the store; doses given before are covered by them."""
    connection, unit = context.transaction(), places.of(inputs, context)
    at = moments.read(inputs.get("at"), context.now)
    told = date.fromisoformat(inputs["expires_on"]) if inputs.get("expires_on") else None
    holds = lots.know(connection, inputs["product"], inputs["lot"], told, context, unit)
    flags = ["expiry_differs"] if told is not None and holds != told else []
    if products.of(inputs["product"]).is_too_warm_or_cold(inputs.get("temperature")):
        flags.append("temperature_outside")
    happened = entries.event(
        context, Kind.RECEIVED, unit, at, inputs["source"],
        details={"temperature": inputs.get("temperature"), "flags": flags},
    )  # fmt: skip
    posted = ledger.post(
        connection, happened, _pair(unit, inputs, SOURCES[inputs["source"]], Account.STORE, at)
    )
    return {"event_id": _said(posted), "stock_flags": flags, **_now(connection, unit, inputs)}


def issue(inputs: Json, context: Context) -> Json:
    """Send doses from a store to a unit; they are in transit until they are received there.

    BusinessError STOCK_SHORT, LOT_HELD, LOT_EXPIRED: then nothing is sent.
    """
    connection, unit = context.transaction(), places.of(inputs, context)
    to, at = places.of(inputs, context, "to_unit"), moments.read(inputs.get("at"), context.now)
    wanted = summed(inputs["lines"])
    for product, lot in wanted:
        lots.require_usable(connection, unit, product, lot, context.now)
    happened = entries.event(context, Kind.ISSUED, unit, at, inputs.get("reason"), other=to)
    lines = [
        line
        for (product, lot), doses in wanted.items()
        for line in (
            Line(entries.key_of(unit, product, lot), unit.path, Account.STORE, -doses, at),
            Line(entries.key_of(unit, product, lot), unit.path, Account.TRANSIT, doses, at),
        )
    ]
    event_id = ledger.post(connection, happened, lines)
    if event_id is None:
        return {"transfer_id": str(postings.posted(connection, context.job_id))}
    connection.execute(
        insert(tables.stock_transfer).values(
            transfer_id=event_id, from_unit_id=unit.id, to_unit_id=to.id, state="under_way", issued_at=at
        )
    )
    connection.execute(
        insert(tables.stock_transfer_line),
        [
            {"transfer_id": event_id, "product": product, "lot": lot, "issued": doses, "transit": doses}
            for (product, lot), doses in wanted.items()
        ],
    )
    return {"transfer_id": str(event_id)}


def propose(inputs: Json, context: Context) -> Json:
    """Which lots to send: those that expire first first, of what may be used. `short` is what is missing."""
    connection, unit = context.transaction(), places.of(inputs, context)
    shelf, lot = tables.stock_shelf, tables.stock_lot
    rows = connection.execute(
        select(shelf.c.lot, shelf.c.store, lot.c.expires_on)
        .join(lot, (lot.c.product == shelf.c.product) & (lot.c.lot == shelf.c.lot), isouter=True)
        .where(shelf.c.unit_id == unit.id, shelf.c.product == inputs["product"], shelf.c.store > 0)
        .order_by(lot.c.expires_on.asc().nulls_last(), shelf.c.lot)
    ).all()
    lines: list[Json] = []
    wanted = int(inputs["doses"])
    for row in rows:
        found = lots.of(connection, unit, inputs["product"], row.lot, context.now)
        if wanted <= 0 or found.held_because is not None or found.is_expired(context.now):
            continue
        taken = min(wanted, row.store)
        wanted -= taken
        expires_on = row.expires_on.isoformat() if row.expires_on else None
        lines.append(
            {"product": inputs["product"], "lot": row.lot, "expires_on": expires_on, "doses": taken,
             "in_store": row.store, "rank": len(lines) + 1}
        )  # fmt: skip
    return {"lines": lines, "short": max(0, wanted), "unit_code": unit.code}


def write_off(inputs: Json, context: Context) -> Json:
    """Doses are lost: unopened, or in opened vials. BusinessError STOCK_SHORT when the store does not have them."""
    connection, unit = context.transaction(), places.of(inputs, context)
    at = moments.read(inputs.get("at"), context.now)
    account = Account.WASTED_OPEN if inputs.get("opened") else Account.WASTED_CLOSED
    happened = entries.event(context, Kind.WASTED, unit, at, inputs["reason"])
    posted = ledger.post(connection, happened, _pair(unit, inputs, Account.STORE, account, at))
    return {"event_id": _said(posted), **_now(connection, unit, inputs)}


def gain(inputs: Json, context: Context) -> Json:
    """Doses beyond what the label promises, or found: booked with their reason."""
    connection, unit = context.transaction(), places.of(inputs, context)
    at = moments.read(inputs.get("at"), context.now)
    happened = entries.event(context, Kind.GAINED, unit, at, inputs["reason"])
    posted = ledger.post(connection, happened, _pair(unit, inputs, Account.GAIN, Account.STORE, at))
    return {"event_id": _said(posted), **_now(connection, unit, inputs)}


def return_doses(inputs: Json, context: Context) -> Json:
    """Doses go back from a unit into the store that issued them (nhập lại).

    BusinessError RETURN_TOO_MANY beyond what that store has issued to the unit of the lot and not got back.
    """
    connection = context.transaction()
    unit = places.of(inputs, context, "from_unit")
    to = (
        places.named(connection, inputs["to_unit"])
        if inputs.get("to_unit")
        else places.supplying(connection, unit)
    )
    product, lot, doses, at = (
        inputs["product"],
        inputs["lot"],
        int(inputs["doses"]),
        moments.read(inputs.get("at"), context.now),
    )
    lots.require_usable(connection, unit, product, lot, context.now)
    here, there = entries.key_of(unit, product, lot), entries.key_of(to, product, lot)
    happened = entries.event(context, Kind.RETURNED, unit, at, inputs["reason"], other=to)
    event_id = postings.posted(connection, context.job_id)
    if event_id is None:
        shelves = postings.lock(connection, [(here, unit.path), (there, to.path)])
        may_return = returnable(connection, unit, to, product, lot)
        if doses > may_return:
            raise BusinessError("RETURN_TOO_MANY", f"{lot}: {may_return}")
        lines = [
            Line(here, unit.path, Account.STORE, -doses, at),
            Line(there, to.path, Account.STORE, doses, at),
        ]
        event_id = ledger.write(connection, shelves, happened, lines)
    return {"event_id": _said(event_id), "to_unit": to.code, **_now(connection, unit, inputs)}


def returnable(connection: Connection, unit: Unit, store: Unit, product: str, lot: str) -> int:
    """What a store has issued to a unit of a lot and not got back."""
    transfer, line, event = tables.stock_transfer, tables.stock_transfer_line, tables.stock_event
    issued = connection.scalar(
        select(func.coalesce(func.sum(line.c.issued), 0))
        .join(transfer, transfer.c.transfer_id == line.c.transfer_id)
        .where(
            transfer.c.from_unit_id == store.id, transfer.c.to_unit_id == unit.id,
            line.c.product == product, line.c.lot == lot,
        )
    )  # fmt: skip
    posted = tables.stock_line
    reversals = event.alias()
    returned = connection.scalar(
        select(func.coalesce(func.sum(posted.c.doses), 0))
        .join(event, event.c.event_id == posted.c.event_id)
        .where(
            event.c.kind == Kind.RETURNED, event.c.unit_id == unit.id, event.c.other_unit_id == store.id,
            posted.c.unit_id == store.id, posted.c.product == product, posted.c.lot == lot,
            ~select(reversals.c.event_id).where(reversals.c.reverses == event.c.event_id).exists(),
        )
    )  # fmt: skip
    return int(issued or 0) - int(returned or 0)


def cancel_entry(inputs: Json, context: Context) -> Json:
    """Take back a receipt, loss, gain or return that was entered wrongly, by an event of the opposite sign.

    BusinessError ENTRY_UNKNOWN for anything else, ALREADY_CANCELLED, STOCK_SHORT when what came in has gone out.
    """
    connection = context.transaction()
    event = tables.stock_event
    row = connection.execute(select(event).where(event.c.event_id == int(inputs["event_id"]))).one_or_none()
    if row is None or row.kind not in (Kind.RECEIVED, Kind.WASTED, Kind.GAINED, Kind.RETURNED):
        raise BusinessError("ENTRY_UNKNOWN", inputs["event_id"])
    unit = units.by_id(connection, row.unit_id)
    if context.unit is not None and not unit.path.startswith(context.unit.path):
        raise BusinessError("ENTRY_UNKNOWN", inputs["event_id"])
    happened = entries.event(context, Kind(row.kind), unit, row.occurred_at, inputs["reason"])
    return {"cancelled_by": _said(ledger.reverse(connection, row.event_id, happened))}


def _pair(unit: Unit, inputs: Json, source: Account, target: Account, at: Any) -> list[Line]:
    key, doses = entries.key_of(unit, inputs["product"], inputs["lot"]), int(inputs["doses"])
    return [Line(key, unit.path, source, -doses, at), Line(key, unit.path, target, doses, at)]


def summed(lines: list[Json]) -> dict[tuple[str, str], int]:
    """The doses of each lot, lots named twice added up."""
    summed: dict[tuple[str, str], int] = {}
    for line in lines:
        place = (line["product"], line["lot"])
        summed[place] = summed.get(place, 0) + int(line["doses"])
    return {place: doses for place, doses in summed.items() if doses > 0}


def _now(connection: Connection, unit: Unit, inputs: Json) -> Json:
    return {"left": thresholds.left(connection, unit.id, inputs["product"]), "unit_code": unit.code}


def _said(event_id: int | None) -> str | None:
    return None if event_id is None else str(event_id)
