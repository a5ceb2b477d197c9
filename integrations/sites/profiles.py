"""A site's profile: confirm a new version, read the current one, list what the public may see."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select, update

from engine import spellings, tables
from engine.catalogue import Context, Json
from engine.errors import BusinessError, Finding, Invalid, NotFound
from engine.units import Unit
from engine.units import by_code as unit_by_code
from integrations.sites.tables import site_profile

KEPT = (
    "place", "address", "latitude", "longitude", "table_count", "person_in_charge", "telephone", "open_days",
    "opens_at", "closes_at", "audience", "notice",
)  # fmt: skip
STAFF = "staff"  # a site that only its own staff are to find
MOST_LISTED = 500


def publish(inputs: Json, context: Context) -> Json:
    """Make this the profile of the case's unit; the versions before it are kept.

    Invalid for an opening that ends before it begins, or half a position.
    """
    _refuse_contradictions(inputs)
    unit, connection = _unit(inputs, context), context.transaction()
    table = site_profile
    connection.execute(
        select(tables.unit.c.unit_id).where(tables.unit.c.unit_id == unit.id).with_for_update()
    )
    before = connection.scalar(select(func.max(table.c.version)).where(table.c.unit_id == unit.id)) or 0
    connection.execute(update(table).where(table.c.unit_id == unit.id).values(is_current=0))
    chosen = {name: inputs.get(name) for name in KEPT}
    key = spellings.plain(" ".join((unit.name, inputs["place"], inputs.get("address") or "")))
    connection.execute(
        table.insert().values(
            unit_id=unit.id, version=before + 1, unit_path=unit.path, is_current=1, search_key=key,
            published_at=context.now, instance_id=context.instance_id,
            **{**chosen, "address": chosen["address"] or "", "open_days": chosen["open_days"] or []},
        )
    )  # fmt: skip
    return {"profile_version": before + 1}


def current(inputs: Json, context: Context) -> Json:
    """`profile`: what the site says of itself now; null before the first confirmation."""
    unit = _unit(inputs, context)
    rows = _current(context.transaction(), site_profile.c.unit_id == unit.id)
    return {"unit_name": unit.name, "profile": _described(rows[0]) if rows else None}


def site(inputs: Json, context: Context) -> Json:
    """One site as everybody may see it; NotFound when it shows itself to its own staff only."""
    found = _shown(context.transaction(), site_profile.c.unit_path == _unit(inputs, context).path)
    if not found:
        raise NotFound("unit_not_found", unit=inputs["unit_code"])
    return found[0]


def public(inputs: Json, context: Context) -> Json:
    """`sites`: those that show themselves to everybody, below a unit and matching a text, in tree order."""
    connection = context.transaction()
    where: list[ColumnElement[bool]] = []
    if inputs.get("unit_code"):
        below = _unit(inputs, context).path
        where.append(site_profile.c.unit_path.startswith(below, autoescape=True))
    words = spellings.plain(inputs.get("text") or "").split()[:8]
    where += [site_profile.c.search_key.contains(word, autoescape=True) for word in words]
    most = min(inputs.get("limit", MOST_LISTED), MOST_LISTED)
    found = _shown(connection, *where, most=most + 1)
    return {"sites": found[:most], "is_cut": len(found) > most}


def _shown(connection: Connection, *where: ColumnElement[bool], most: int = 1) -> list[Json]:
    rows = _current(connection, site_profile.c.audience != STAFF, *where, most=most)
    return [_described(row) for row in rows]


def _current(connection: Connection, *where: ColumnElement[bool], most: int = 1) -> list[Row[Any]]:
    table, unit = site_profile, tables.unit
    query = (
        select(table, unit.c.code, unit.c.name, unit.c.kind)
        .join(unit, unit.c.unit_id == table.c.unit_id)
        .where(table.c.is_current == 1, unit.c.is_active, *where)
        .order_by(table.c.unit_path)
        .limit(most)
    )
    return list(connection.execute(query))


def _described(row: Row[Any]) -> Json:
    found = row._mapping
    codes = [code for code in found["unit_path"].split("/") if code]
    return {
        "id": found["code"], "label": found["name"], "unit_code": found["code"], "name": found["name"],
        "kind": found["kind"], "unit_path": found["unit_path"],
        "province_code": codes[1] if len(codes) > 2 else None,
        **{name: found[name] for name in KEPT},
        "version": found["version"], "published_at": found["published_at"].isoformat(),
    }  # fmt: skip


def _unit(inputs: Json, context: Context) -> Unit:
    code = inputs.get("unit_code")
    if code:
        return unit_by_code(context.transaction(), code)
    if context.unit is None:
        raise BusinessError("UNIT_UNKNOWN", "–")
    return context.unit


def _refuse_contradictions(inputs: Json) -> None:
    findings = []
    opens, closes = inputs.get("opens_at"), inputs.get("closes_at")
    if opens and closes and closes <= opens:
        findings.append(
            Finding("declared_value", {"expected": f"> {opens}", "found": closes}, pointer="/closes_at")
        )
    if (inputs.get("latitude") is None) != (inputs.get("longitude") is None):
        expected = {"expected": "latitude, longitude", "found": "–"}
        findings.append(Finding("declared_value", expected, pointer="/longitude"))
    if findings:
        raise Invalid(findings)
