"""What a process may know of the tree of units: one by its code, the one of a kind above it, those that match."""

from __future__ import annotations

from sqlalchemy import or_, select

from engine import tables, units
from engine.catalogue import Context, Json
from engine.errors import BusinessError, NotFound
from engine.units import Unit

MOST_FOUND = 30


def unit(inputs: Json, context: Context) -> Json:
    """The unit with a code, or the case's own. BusinessError UNIT_UNKNOWN when there is none."""
    return described(_chosen(inputs, context))


def above(inputs: Json, context: Context) -> Json:
    """The nearest unit of a kind at or above a unit (the case's own, when no code is given).

    BusinessError UNIT_UNKNOWN when no unit of that kind covers it.
    """
    chosen = _chosen(inputs, context)
    for path in reversed(units.ancestors(chosen.path)[1:]):
        found = units.by_path(context.transaction(), path)
        if found.kind == inputs["kind"]:
            return described(found)
    raise BusinessError("UNIT_UNKNOWN", f"{inputs['kind']} / {chosen.code}")


def find(inputs: Json, context: Context) -> Json:
    """`found`: active units whose code or name matches, of the kinds named, each as `unit` gives it."""
    table = tables.unit
    text = inputs["text"].strip()
    query = select(table.c.code).where(
        table.c.is_active, or_(table.c.code == text, table.c.name.icontains(text, autoescape=True))
    )
    if inputs.get("kinds"):
        query = query.where(table.c.kind.in_(inputs["kinds"]))
    codes = context.transaction().scalars(
        query.order_by((table.c.code == text).desc(), table.c.path).limit(MOST_FOUND)
    )
    return {"found": [described(units.by_code(context.transaction(), code)) for code in codes]}


def described(one: Unit) -> Json:
    """A unit as forms and pages show it: `id` is its code."""
    return {
        "id": one.code, "unit_code": one.code, "code": one.code, "kind": one.kind, "name": one.name,
        "label": one.name, "path": one.path, "is_active": one.is_active,
    }  # fmt: skip


def _chosen(inputs: Json, context: Context) -> Unit:
    code = inputs.get("unit_code")
    if not code:
        if context.unit is None:
            raise BusinessError("UNIT_UNKNOWN", "–")
        return context.unit
    try:
        return units.by_code(context.transaction(), code)
    except NotFound as unknown:
        raise BusinessError("UNIT_UNKNOWN", code) from unknown
