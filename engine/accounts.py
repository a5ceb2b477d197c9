"""Local accounts: who may sign in, with which roles at which units, and the sessions of their browsers."""

from __future__ import annotations

import functools
import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

import argon2
from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from engine import campaign, clock, ids, tables, units
from engine.access import Actor, Grant
from engine.errors import Conflict, Finding, Invalid, NotAllowed, NotFound
from engine.ids import AccountId, UnitId
from engine.units import Unit

SESSION_LASTS = timedelta(hours=14)  # a long clinic day
MOST_FAILED = 8  # sign-ins in a row before a pause
PAUSE = timedelta(minutes=5)
FORGOTTEN_AFTER = timedelta(days=1)  # of failed sign-ins
SHORTEST_PASSWORD = 10
_SIGN_IN = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser: the actor, the unit worked at now, and the token that guards its forms."""

    actor: Actor
    unit_id: UnitId | None
    csrf: str


@functools.cache
def hasher() -> argon2.PasswordHasher:
    """Argon2id with the library's parameters (RFC 9106, low-memory profile)."""
    return argon2.PasswordHasher.from_parameters(argon2.profiles.RFC_9106_LOW_MEMORY)


@functools.cache
def _nobody() -> str:
    """A hash to check against when there is no such account, so that the answer takes as long."""
    return hasher().hash(secrets.token_hex(16))


def create(connection: Connection, sign_in: str, name: str, password: str, language: str = "vi") -> AccountId:
    """A new account without roles."""
    findings = []
    if not _SIGN_IN.fullmatch(sign_in):
        findings.append(Finding("sign_in_name", {"found": sign_in[:60]}, pointer="/sign_in"))
    if len(password) < SHORTEST_PASSWORD:
        findings.append(Finding("password_short", {"least": SHORTEST_PASSWORD}, pointer="/password"))
    if not name.strip():
        findings.append(Finding("name_missing", pointer="/name"))
    if findings:
        raise Invalid(findings)
    account_id = AccountId(ids.issue(connection))
    added = connection.scalar(
        insert(tables.account)
        .values(
            account_id=account_id, sign_in=sign_in, name=name.strip(), language=language,
            password_hash=hasher().hash(password), created_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(tables.account.c.account_id)
    )  # fmt: skip
    if added is None:
        raise Conflict("sign_in_taken", sign_in=sign_in)
    return account_id


def grant(connection: Connection, account_id: AccountId, role: str, unit: Unit) -> None:
    """Give a role at a unit and below. Invalid for a role the campaign does not declare."""
    roles = campaign.current().roles
    if role not in roles:
        raise Invalid([Finding("role_unknown", {"found": role, "known": ", ".join(sorted(roles))})])
    values = {"account_id": account_id, "role": role, "unit_id": unit.id}
    connection.execute(insert(tables.role_grant).values(values).on_conflict_do_nothing())


def revoke(connection: Connection, account_id: AccountId, role: str, unit: Unit) -> None:
    """Take a role at a unit away."""
    table = tables.role_grant
    connection.execute(
        delete(table).where(
            table.c.account_id == account_id, table.c.role == role, table.c.unit_id == unit.id
        )
    )


def actor(connection: Connection, account_id: int) -> Actor:
    """The person behind an account, with all grants. NotFound when closed or unknown."""
    account = connection.execute(
        select(tables.account).where(tables.account.c.account_id == account_id, tables.account.c.is_active)
    ).one_or_none()
    if account is None:
        raise NotFound("account_not_found")
    granted, unit = tables.role_grant, tables.unit
    rows = connection.execute(
        select(granted.c.role, granted.c.unit_id, unit.c.path)
        .join(unit, unit.c.unit_id == granted.c.unit_id)
        .where(granted.c.account_id == account_id)
        .order_by(unit.c.path, granted.c.role)
    )
    grants = tuple(Grant(row.role, UnitId(row.unit_id), row.path) for row in rows)
    return Actor(AccountId(account.account_id), account.sign_in, account.name, account.language, grants)


def by_sign_in(connection: Connection, sign_in: str) -> Actor:
    """The person who signs in under a name."""
    account_id = connection.scalar(
        select(tables.account.c.account_id).where(tables.account.c.sign_in == sign_in)
    )
    if account_id is None:
        raise NotFound("account_not_found")
    return actor(connection, account_id)


def holding(connection: Connection, role: str, unit_path: str) -> list[Actor]:
    """Everybody who holds a role at a unit, or above it."""
    granted, unit = tables.role_grant, tables.unit
    found = connection.scalars(
        select(granted.c.account_id)
        .join(unit, unit.c.unit_id == granted.c.unit_id)
        .where(granted.c.role == role, unit.c.path.in_(units.ancestors(unit_path)))
        .order_by(granted.c.account_id)
    )
    return [actor(connection, account_id) for account_id in found]


def verified(connection: Connection, sign_in: str, password: str) -> Actor:
    """The person who knows the password. NotAllowed otherwise, without saying which of the two was wrong."""
    _refuse_too_many(connection, sign_in)
    account = connection.execute(
        select(tables.account).where(tables.account.c.sign_in == sign_in, tables.account.c.is_active)
    ).one_or_none()
    try:
        hasher().verify(account.password_hash if account else _nobody(), password)
    except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.InvalidHashError):
        account = None
    if account is None:
        raise NotAllowed("sign_in_wrong")
    connection.execute(delete(tables.sign_in_attempt).where(tables.sign_in_attempt.c.sign_in == sign_in))
    return actor(connection, account.account_id)


def failed(connection: Connection, sign_in: str) -> None:
    """Count a sign-in that failed; in a transaction of its own, since the refusal rolls the other back.

    What nobody could be called is not counted, and what is a day old is forgotten.
    """
    table = tables.sign_in_attempt
    connection.execute(delete(table).where(table.c.last_at < clock.now() - FORGOTTEN_AFTER))
    if not _SIGN_IN.fullmatch(sign_in):
        return
    connection.execute(
        insert(table)
        .values(sign_in=sign_in[:80], failed=1, last_at=clock.now())
        .on_conflict_do_update(
            index_elements=[table.c.sign_in], set_={"failed": table.c.failed + 1, "last_at": clock.now()}
        )
    )


def open_session(connection: Connection, who: Actor, unit_id: UnitId | None) -> str:
    """A new browser session; gives the token for the cookie, of which only the hash is stored."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    connection.execute(delete(tables.web_session).where(tables.web_session.c.expires_at < now))
    connection.execute(
        tables.web_session.insert().values(
            token_hash=_hash(token), account_id=who.account_id, csrf=secrets.token_urlsafe(24), unit_id=unit_id,
            created_at=now, expires_at=now + SESSION_LASTS,
        )
    )  # fmt: skip
    return token


def session(connection: Connection, token: str) -> Session | None:
    """The session of a cookie's token, if it stands and the account too."""
    table = tables.web_session
    row = connection.execute(
        select(table).where(table.c.token_hash == _hash(token), table.c.expires_at > clock.now())
    ).one_or_none()
    if row is None:
        return None
    try:
        return Session(actor(connection, row.account_id), row.unit_id, row.csrf)
    except NotFound:
        return None


def work_at(connection: Connection, token: str, unit_id: UnitId) -> None:
    """Note the unit a signed-in person works at now."""
    table = tables.web_session
    connection.execute(update(table).where(table.c.token_hash == _hash(token)).values(unit_id=unit_id))


def set_language(connection: Connection, who: Actor, language: str) -> None:
    """Remember the language a person reads in."""
    table = tables.account
    connection.execute(update(table).where(table.c.account_id == who.account_id).values(language=language))


def close_session(connection: Connection, token: str) -> None:
    """Sign a browser out."""
    connection.execute(delete(tables.web_session).where(tables.web_session.c.token_hash == _hash(token)))


def _refuse_too_many(connection: Connection, sign_in: str) -> None:
    attempts = connection.execute(
        select(tables.sign_in_attempt).where(tables.sign_in_attempt.c.sign_in == sign_in)
    ).one_or_none()
    if attempts and attempts.failed >= MOST_FAILED and attempts.last_at > clock.now() - PAUSE:
        raise NotAllowed("sign_in_paused", minutes=int(PAUSE.total_seconds() // 60))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
