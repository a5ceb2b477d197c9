"""Who may be put on duty and who is: names, sign-in names and roles; nothing else of an account."""

from __future__ import annotations

from sqlalchemy import or_, select

from engine import access, accounts, tables, units
from engine.access import SYSTEM, Permission
from engine.catalogue import Context, Json
from engine.errors import NotFound
from engine.units import Unit

MOST_FOUND = 30


def account(inputs: Json, context: Context) -> Json:
    """The account with this id, when it is open and belongs where the actor works or sees; NotFound otherwise."""
    text = inputs["account_id"]
    found = (
        _found(context, (), int(text), None)
        if text.isascii() and text.isdecimal() and len(text) <= 18
        else []
    )
    if not found:
        raise NotFound("account_not_found")
    return found[0]


def find(inputs: Json, context: Context) -> Json:
    """`found`: open accounts whose name or sign-in name holds every word typed."""
    unit = units.by_code(context.transaction(), inputs["unit_code"]) if inputs.get("unit_code") else None
    words = tuple(inputs["text"].split()[:8])
    return {"found": _found(context, words, None, unit) if words else []}


def on_duty(inputs: Json, context: Context) -> Json:
    """`people`: account_id, name, sign_in, role, until (null: for good) of those who hold a role at the unit itself."""
    connection = context.transaction()
    unit = units.by_code(connection, inputs["unit_code"])
    if not _covers(context, unit):
        raise NotFound("unit_not_found", unit=unit.code)
    granted, table = tables.role_grant, tables.account
    rows = connection.execute(
        select(table.c.account_id, table.c.name, table.c.sign_in, granted.c.role, granted.c.until_at)
        .join(granted, granted.c.account_id == table.c.account_id)
        .where(granted.c.unit_id == unit.id, accounts.held_now(), accounts.open_now())
        .order_by(granted.c.role, table.c.name)
    )
    return {
        "people": [
            {
                "account_id": str(row.account_id), "name": row.name, "sign_in": row.sign_in, "role": row.role,
                "until": row.until_at.isoformat() if row.until_at else None,
            }
            for row in rows
        ]
    }  # fmt: skip


def _found(context: Context, words: tuple[str, ...], account_id: int | None, unit: Unit | None) -> list[Json]:
    connection = context.transaction()
    table, granted, at = tables.account, tables.role_grant, tables.unit
    near = [path for path in _paths(context) if unit is None or path.startswith(unit.path)] or (
        [unit.path] if unit is not None and _covers(context, unit) else []
    )
    there = (
        select(granted.c.account_id)
        .join(at, at.c.unit_id == granted.c.unit_id)
        .where(access.within(at.c.path, near))
    )
    home = select(at.c.unit_id).where(access.within(at.c.path, near))
    query = (
        select(table.c.account_id, table.c.name, table.c.sign_in, at.c.code)
        .outerjoin(at, at.c.unit_id == table.c.unit_id)
        .where(accounts.open_now(), or_(table.c.account_id.in_(there), table.c.unit_id.in_(home)))
    )
    if account_id is not None:
        query = query.where(table.c.account_id == account_id)
    for word in words:
        query = query.where(
            or_(
                table.c.name.icontains(word, autoescape=True),
                table.c.sign_in.icontains(word, autoescape=True),
            )
        )
    rows = connection.execute(query.order_by(table.c.name, table.c.sign_in).limit(MOST_FOUND)).all()
    return [
        {
            "id": str(row.account_id), "account_id": str(row.account_id), "code": row.sign_in,
            "sign_in": row.sign_in, "name": row.name, "label": f"{row.name} · {row.sign_in}", "unit_code": row.code,
            "roles": sorted(
                {grant.role for grant in accounts.actor(connection, row.account_id).grants}
            ),
        }
        for row in rows
    ]  # fmt: skip


def _covers(context: Context, unit: Unit) -> bool:
    return any(unit.path.startswith(path) for path in _paths(context))


def _paths(context: Context) -> tuple[str, ...]:
    """Where the actor works, sees, or looks after accounts."""
    who = context.actor or SYSTEM
    wanted = (Permission.SEE, Permission.STAFF, Permission.ADMINISTER, Permission.WORK)
    return tuple(dict.fromkeys(path for permission in wanted for path in access.paths_with(who, permission)))
