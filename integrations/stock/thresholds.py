"""How much of a product a unit has left, and whether it has just become too little; said once, until there is more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from engine.catalogue import Context, Json
from integrations.stock import places, tables
from integrations.stock.entries import Key


def left(connection: Connection, unit_id: int, product: str) -> int:
    """Doses of the product on hand at the unit, over all lots."""
    shelf = tables.stock_shelf
    query = select(func.coalesce(func.sum(shelf.c.store), 0))
    return int(connection.scalar(query.where(shelf.c.unit_id == unit_id, shelf.c.product == product)) or 0)


def crossed(
    connection: Connection, key: Key, limit: int | None, low_since: datetime | None, doses: int, at: datetime
) -> bool:
    """Whether the threshold is crossed just now. The ledger forgets that once there is more."""
    if limit is None or doses > limit or low_since is not None:
        return False
    table = tables.stock_threshold
    mine = (table.c.unit_id == key.unit_id, table.c.product == key.product, table.c.low_since.is_(None))
    return connection.execute(update(table).where(*mine).values(low_since=at)).rowcount == 1


def left_of(inputs: Json, context: Context) -> Json:
    """What is left of a product at the case's unit (or the one named), and the threshold, if one is set."""
    connection, unit = context.transaction(), places.of(inputs, context)
    table = tables.stock_threshold
    known = select(table.c.doses).where(table.c.unit_id == unit.id, table.c.product == inputs["product"])
    return {"left": left(connection, unit.id, inputs["product"]), "threshold": connection.scalar(known)}


def set_threshold(inputs: Json, context: Context) -> Json:
    """Say from how few doses of a product on the case's unit (or the one named) is to be told."""
    connection, unit = context.transaction(), places.of(inputs, context)
    table = tables.stock_threshold
    connection.execute(
        insert(table)
        .values(unit_id=unit.id, product=inputs["product"], doses=inputs["doses"], low_since=None)
        .on_conflict_do_update(
            index_elements=list(table.primary_key), set_={"doses": inputs["doses"], "low_since": None}
        )
    )
    return {"threshold": inputs["doses"], "left": left(connection, unit.id, inputs["product"])}
