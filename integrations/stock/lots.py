"""What may be used of a lot: until which day, and where it is held. An expiry is amended with a reason, never lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Row, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from engine import clock
from engine.catalogue import Context, Json
from engine.errors import BusinessError
from engine.units import Unit
from integrations.stock import moments, places, tables

FIRST = "first receipt"  # the reason of an expiry that came with the lot


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot as a unit may use it at a moment. `expires_on` is the last day of use, None when nobody has said."""

    product: str
    lot: str
    is_known: bool
    expires_on: date | None
    held_because: str | None

    def is_expired(self, at: datetime) -> bool:
        return self.expires_on is not None and moments.local_day(at) > self.expires_on


def of(connection: Connection, unit: Unit, product: str, lot: str, at: datetime) -> Lot:
    """The lot, known or not, with the hold that covered the unit at the moment."""
    table, hold = tables.stock_lot, tables.stock_hold
    known = connection.execute(
        select(table.c.expires_on).where(table.c.product == product, table.c.lot == lot)
    ).one_or_none()
    reason = connection.scalar(
        select(hold.c.reason)
        .where(
            hold.c.product == product, hold.c.lot == lot, hold.c.held_at <= at,
            or_(hold.c.freed_at.is_(None), hold.c.freed_at > at),
            func.starts_with(unit.path, hold.c.unit_path),
        )
        .order_by(hold.c.held_at)
        .limit(1)
    )  # fmt: skip
    return Lot(product, lot, known is not None, known.expires_on if known else None, reason)


def require_usable(connection: Connection, unit: Unit, product: str, lot: str, at: datetime) -> None:
    """BusinessError LOT_HELD or LOT_EXPIRED when the lot may go nowhere but to loss."""
    found = of(connection, unit, product, lot, at)
    if found.held_because is not None:
        raise BusinessError("LOT_HELD", f"{lot}: {found.held_because}")
    if found.is_expired(at):
        raise BusinessError("LOT_EXPIRED", f"{lot}: {found.expires_on:%d/%m/%Y}")


def know(
    connection: Connection, product: str, lot: str, expires_on: date | None, context: Context, unit: Unit
) -> date | None:
    """Note a lot that has come in; the expiry that holds, which a receipt never changes once it is known."""
    table = tables.stock_lot
    connection.execute(
        insert(table)
        .values(product=product, lot=lot, expires_on=None, known_since=context.now)
        .on_conflict_do_nothing()
    )
    holds = connection.scalar(
        select(table.c.expires_on).where(table.c.product == product, table.c.lot == lot).with_for_update()
    )
    if holds is None and expires_on is not None:
        _amend(connection, product, lot, expires_on, FIRST, context, unit, f"{context.job_id}-{lot}")
        return expires_on
    return holds


def hold_lot(inputs: Json, context: Context) -> Json:
    """Keep a lot from being used at the case's unit (or the one named) and below, from now on."""
    connection, unit = context.transaction(), places.of(inputs, context)
    connection.execute(
        insert(tables.stock_hold)
        .values(
            key=context.job_id, product=inputs["product"], lot=inputs["lot"], unit_path=unit.path,
            reason=inputs["reason"], held_at=context.now, instance_id=context.instance_id,
        )
        .on_conflict_do_nothing()
    )  # fmt: skip
    return {"held": True, "unit_code": unit.code}


def free_lot(inputs: Json, context: Context) -> Json:
    """Free what is held of a lot at the case's unit and below; a hold from above stays."""
    connection, unit = context.transaction(), places.of(inputs, context)
    hold = tables.stock_hold
    freed = connection.execute(
        update(hold)
        .where(
            and_(hold.c.product == inputs["product"], hold.c.lot == inputs["lot"], hold.c.freed_at.is_(None)),
            hold.c.unit_path.startswith(unit.path, autoescape=True),
        )
        .values(freed_at=context.now, freed_reason=inputs["reason"], freed_by=context.instance_id)
    ).rowcount
    still = of(connection, unit, inputs["product"], inputs["lot"], context.now).held_because is not None
    return {"freed": freed, "still_held": still}


def amend_expiry(inputs: Json, context: Context) -> Json:
    """Give a lot another expiry, with the reason. BusinessError LOT_UNKNOWN when no such lot came in."""
    connection, unit = context.transaction(), places.of(inputs, context)
    table = tables.stock_lot
    before = connection.execute(
        select(table.c.expires_on)
        .where(table.c.product == inputs["product"], table.c.lot == inputs["lot"])
        .with_for_update()
    ).one_or_none()
    if before is None:
        raise BusinessError("LOT_UNKNOWN", inputs["lot"])
    expires_on = date.fromisoformat(inputs["expires_on"])
    _amend(
        connection, inputs["product"], inputs["lot"], expires_on, inputs["reason"], context, unit, context.job_id
    )  # fmt: skip
    was = before.expires_on.isoformat() if before.expires_on else None
    return {"expires_on": expires_on.isoformat(), "expired_on_before": was}


def expiries(connection: Connection, product: str, lot: str) -> Sequence[Row[tuple[object, ...]]]:
    """Every expiry the lot has had, the first one first."""
    table = tables.stock_lot_expiry
    return connection.execute(
        select(table).where(table.c.product == product, table.c.lot == lot).order_by(table.c.recorded_at)
    ).all()


def _amend(
    connection: Connection, product: str, lot: str, expires_on: date, reason: str, context: Context, unit: Unit,
    key: str,
) -> None:  # fmt: skip
    connection.execute(
        insert(tables.stock_lot_expiry)
        .values(
            key=key, product=product, lot=lot, expires_on=expires_on, reason=reason, recorded_at=clock.now(),
            unit_path=unit.path, instance_id=context.instance_id,
        )
        .on_conflict_do_nothing()
    )  # fmt: skip
    table = tables.stock_lot
    connection.execute(
        update(table).where(table.c.product == product, table.c.lot == lot).values(expires_on=expires_on)
    )
