"""Roles given and taken back by a case; both run in the step's own transaction."""

from __future__ import annotations

from datetime import datetime

from engine import accounts, delegations, units
from engine.access import SYSTEM, Actor
from engine.catalogue import Context, Json
from engine.errors import BusinessError, NotAllowed, NotFound
from engine.units import Unit


def assign(inputs: Json, context: Context) -> Json:
    """`assigned`: each person with the roles given, for this case, at its unit or the one named below it.

    BusinessError ACCOUNT_UNKNOWN for nobody, or somebody whose account is suspended or over; ROLE_NOT_YOURS for a
    role whoever takes the step may not give there.
    """
    connection, by = context.transaction(), context.actor or SYSTEM
    unit = _unit(inputs, context)
    since = datetime.fromisoformat(inputs["from"]) if inputs.get("from") else None
    until = datetime.fromisoformat(inputs["until"])
    assigned = []
    for entry in inputs["people"]:
        who = _account(entry, context)
        for role in entry["roles"]:
            try:
                delegations.require_grantable(by, role, unit)
            except NotAllowed as refused:
                raise BusinessError("ROLE_NOT_YOURS", refused.sentence()) from refused
            accounts.grant(
                connection, int(who.account_id or 0), role, unit,
                by=by, from_at=since, until_at=until, granted_for=int(context.instance_id or 0),
            )  # fmt: skip
        assigned.append(
            {
                "account_id": str(who.account_id), "sign_in": who.sign_in, "name": who.name,
                "roles": list(entry["roles"]),
            }
        )  # fmt: skip
    return {"assigned": assigned}


def release(_: Json, context: Context) -> Json:
    """`released`: how many roles given by this case ended now."""
    by = context.actor or SYSTEM
    return {"released": accounts.release(context.transaction(), int(context.instance_id or 0), by)}


def _unit(inputs: Json, context: Context) -> Unit:
    """The case's own unit, or the one named below it."""
    own, code = context.unit, inputs.get("unit_code")
    if own is not None and not code:
        return own
    try:
        unit = units.by_code(context.transaction(), code or "")
    except NotFound as unknown:
        raise BusinessError("ROLE_NOT_YOURS", unknown.sentence()) from unknown
    if own is not None and not unit.path.startswith(own.path):
        raise BusinessError("ROLE_NOT_YOURS", unit.name)
    return unit


def _account(entry: Json, context: Context) -> Actor:
    connection = context.transaction()
    try:
        if entry.get("account_id"):
            return accounts.actor(connection, _number(entry["account_id"]))
        return accounts.by_sign_in(connection, (entry.get("sign_in") or "").strip().lower())
    except NotFound as unknown:
        raise BusinessError("ACCOUNT_UNKNOWN", str(entry.get("sign_in") or "")) from unknown


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else 0
