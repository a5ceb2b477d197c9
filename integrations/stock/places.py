"""Whose stock is meant: the case's unit, or another one named; and which store supplies a place."""

from __future__ import annotations

from sqlalchemy import Connection, select

from engine import tables, units
from engine.catalogue import Context, Json
from engine.errors import BusinessError, NotFound
from engine.units import Unit

STORES = ("store", "military_store")


def of(inputs: Json, context: Context, name: str = "unit_code") -> Unit:
    """The unit named in the inputs, else that of the case. BusinessError UNIT_UNKNOWN for an unknown code."""
    code = inputs.get(name)
    if code:
        return named(context.transaction(), code)
    if context.unit is None:
        raise BusinessError("UNIT_UNKNOWN", "–")
    return context.unit


def named(connection: Connection, code: str) -> Unit:
    """The unit with a code, or BusinessError UNIT_UNKNOWN."""
    try:
        return units.by_code(connection, code)
    except NotFound as unknown:
        raise BusinessError("UNIT_UNKNOWN", code) from unknown


def supplier(inputs: Json, context: Context) -> Json:
    """The store that supplies a place: the nearest active one directly under a unit above it.

    A store is supplied by a store further up. BusinessError NO_STORE when there is none.
    """
    store = supplying(context.transaction(), of(inputs, context))
    return {"unit_code": store.code, "name": store.name, "kind": store.kind}


def supplying(connection: Connection, place: Unit) -> Unit:
    """The store that supplies a place, or BusinessError NO_STORE."""
    above = units.ancestors(place.path)[1:-1]
    for path in reversed(above[:-1] if place.kind in STORES else above):
        parent = units.by_path(connection, path)
        found = connection.scalar(
            select(tables.unit.c.code)
            .where(
                tables.unit.c.parent_id == parent.id,
                tables.unit.c.kind.in_(STORES),
                tables.unit.c.is_active,
            )
            .order_by(tables.unit.c.code)
            .limit(1)
        )
        if found is not None:
            return units.by_code(connection, found)
    raise BusinessError("NO_STORE", place.code)
