"""Who looks after whose account: the accounts an actor sees, the roles an actor may give, and where.

Who *administers* a unit may give every role there and below; who holds *staff* gives the roles that
campaign.yaml lists under their own role's `grants`. An account may be changed only by somebody who could
have given everything it holds: nobody rises by resetting the password of somebody above.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select

from engine import access, accounts, campaign, clock, spellings, tables, units
from engine.access import Actor, Permission
from engine.errors import NotAllowed, NotFound
from engine.units import Unit

MOST_FOUND = 200
MOST_MANAGED = 5_000  # at once
STATES = ("open", "suspended", "over")


@dataclass(frozen=True, slots=True)
class Held:
    """A role an account holds, held, or will hold, and who gave it: a case, or (0) a person."""

    role: str
    unit: Unit
    from_at: datetime | None
    until_at: datetime | None
    granted_for: int

    def stands(self, at: datetime) -> str:
        """`to_come`, `held` or `over` at a moment."""
        if self.from_at is not None and self.from_at > at:
            return "to_come"
        return "over" if self.until_at is not None and self.until_at <= at else "held"


@dataclass(frozen=True, slots=True)
class Account:
    """An account as those who look after it see it."""

    id: int
    sign_in: str
    name: str
    language: str
    unit: Unit | None
    created_at: datetime
    until_at: datetime | None
    must_change: bool
    suspended_at: datetime | None
    suspended_reason: str | None
    state: str  # open, suspended, over
    grants: tuple[Held, ...]


def paths(actor: Actor) -> tuple[str, ...]:
    """Where the actor looks after accounts."""
    both = (Permission.ADMINISTER, Permission.STAFF)
    return tuple(dict.fromkeys(path for permission in both for path in access.paths_with(actor, permission)))


def require(actor: Actor) -> tuple[str, ...]:
    """The same; NotAllowed when there is no such place."""
    found = paths(actor)
    if not found:
        raise NotAllowed("permission_missing", permission=Permission.STAFF.value)
    return found


def grantable(actor: Actor, unit_path: str) -> frozenset[str]:
    """The roles the actor may give at a unit."""
    roles = campaign.current().roles
    if access.allowed(actor, Permission.ADMINISTER, unit_path):
        return frozenset(
            key for key, role in roles.items() if role.may
        )  # one that allows nothing is nobody's
    held = [roles[role] for role in access.roles_at(actor, unit_path) if role in roles]
    return frozenset(given for role in held if Permission.STAFF in role.may for given in role.grants)


def require_grantable(actor: Actor, role: str, unit: Unit) -> None:
    """Refuse with NotAllowed unless the actor may give this role at this unit."""
    if role not in grantable(actor, unit.path):
        raise NotAllowed("role_not_yours", role=role, unit=unit.name)


def find(
    connection: Connection,
    actor: Actor,
    text: str = "",
    unit: Unit | None = None,
    role: str = "",
    state: str = "",
    limit: int = MOST_FOUND,
) -> list[Account]:
    """The accounts the actor looks after, by part of a name or sign-in name, unit, role and state; by name."""
    table = tables.account
    wanted: list[ColumnElement[bool]] = [_seen(connection, paths(actor))]
    wanted.extend(
        or_(table.c.name.icontains(word, autoescape=True), table.c.sign_in.icontains(word, autoescape=True))
        for word in text.split()[:8]
    )
    if unit is not None:
        wanted.append(_within((unit.path,)))
    if role:
        wanted.append(_holds(tables.role_grant.c.role == role))
    if state == "open":
        wanted.append(accounts.open_now())
    elif state == "suspended":
        wanted.append(~table.c.is_active)
    elif state == "over":
        wanted.append(and_(table.c.is_active, ~accounts.open_now()))
    return _accounts(connection, and_(*wanted), limit)


def account(connection: Connection, actor: Actor, account_id: int) -> Account:
    """One account the actor may see; NotFound otherwise."""
    found = _accounts(
        connection,
        and_(tables.account.c.account_id == account_id, _seen(connection, require(actor))),
        1,
    )
    if not found:
        raise NotFound("account_not_found")
    return found[0]


def manages(actor: Actor, account: Account) -> bool:
    """Whether the actor may change the account: everything it holds is the actor's to give, and it is another's."""
    if actor.is_system:
        return True
    now = clock.now()
    if account.id == actor.account_id:
        return False
    running = [held for held in account.grants if held.stands(now) != "over"]
    home = account.unit.path if account.unit else None
    places = [held.unit.path for held in running] + ([home] if home else [])
    return all(held.role in grantable(actor, held.unit.path) for held in running) and (
        not places or any(path.startswith(own) for path in places for own in paths(actor))
    )


def require_managed(connection: Connection, actor: Actor, account_id: int) -> Account:
    """The account, when the actor may change it; NotAllowed otherwise."""
    found = account(connection, actor, account_id)
    if not manages(actor, found):
        raise NotAllowed("account_not_yours")
    return found


def managed(connection: Connection, actor: Actor, account_ids: Iterable[int]) -> list[Account]:
    """Of these accounts, those the actor may change."""
    chosen = tables.account.c.account_id.in_(tuple(account_ids))
    found = _accounts(connection, and_(chosen, _seen(connection, require(actor))), MOST_MANAGED)
    return [one for one in found if manages(actor, one)]


def _seen(connection: Connection, own: Iterable[str]) -> ColumnElement[bool]:
    """At or below one's units; an account that stands nowhere is for those who look after a root."""
    chosen = tuple(own)
    roots = {unit.path for unit in units.roots(connection)} | {"/"}
    seen = _within(chosen)
    if not roots.isdisjoint(chosen):
        seen = or_(seen, and_(tables.account.c.unit_id.is_(None), ~_holds()))
    return seen


def _within(own: Iterable[str]) -> ColumnElement[bool]:
    chosen = tuple(own)
    unit = tables.unit
    home = exists(
        select(unit.c.unit_id).where(
            unit.c.unit_id == tables.account.c.unit_id, access.within(unit.c.path, chosen)
        )
    )
    return or_(home, _holds(access.within(unit.c.path, chosen)))


def _holds(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    granted, unit = tables.role_grant, tables.unit
    return exists(
        select(granted.c.role)
        .join(unit, unit.c.unit_id == granted.c.unit_id)
        .where(granted.c.account_id == tables.account.c.account_id, *where)
    )


def _accounts(connection: Connection, where: ColumnElement[bool], limit: int) -> list[Account]:
    table = tables.account
    rows = connection.execute(
        select(table).where(where).order_by(table.c.name, table.c.sign_in).limit(limit)
    ).all()
    rows = sorted(rows, key=lambda row: (spellings.plain(row.name), row.sign_in))
    held = _grants(connection, [row.account_id for row in rows])
    now = clock.now()
    return [
        Account(
            row.account_id, row.sign_in, row.name, row.language,
            units.by_id(connection, row.unit_id) if row.unit_id is not None else None,
            row.created_at, row.until_at, row.must_change, row.suspended_at, row.suspended_reason,
            "suspended" if not row.is_active else "over" if row.until_at and row.until_at <= now else "open",
            tuple(held.get(row.account_id, ())),
        )
        for row in rows
    ]  # fmt: skip


def _grants(connection: Connection, account_ids: list[int]) -> dict[int, list[Held]]:
    granted, unit = tables.role_grant, tables.unit
    found: dict[int, list[Held]] = {}
    rows = connection.execute(
        select(granted, unit)
        .join(unit, unit.c.unit_id == granted.c.unit_id)
        .where(granted.c.account_id.in_(account_ids))
        .order_by(unit.c.path, granted.c.role, granted.c.granted_for)
    ).mappings()
    for row in rows:
        at = units.by_row(row)
        found.setdefault(row["account_id"], []).append(
            Held(row["role"], at, row["from_at"], row["until_at"], row["granted_for"])
        )
    return found
