"""Local accounts: who may sign in, with which roles at which units and until when, and their browsers' sessions.

An account that is suspended or over, and a role whose time has not come or is over, count for nothing from
that very moment: every request asks anew.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from engine import account_events, campaign, clock, ids, passwords, tables, units
from engine.access import SYSTEM, Actor, Grant
from engine.errors import Conflict, Finding, Invalid, NotAllowed, NotFound
from engine.ids import AccountId, UnitId
from engine.units import Unit

SESSION_LASTS = timedelta(hours=14)  # a long clinic day
MOST_FAILED = 8  # sign-ins in a row before a pause
PAUSE = timedelta(minutes=5)
FORGOTTEN_AFTER = timedelta(days=1)  # of failed sign-ins
SEEN_EVERY = timedelta(minutes=1)  # how exactly it is known when somebody was last there
_SIGN_IN = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser: the actor, the unit worked at now, and the token that guards its forms."""

    actor: Actor
    unit_id: UnitId | None
    csrf: str
    must_change: bool = False  # the password was given by somebody else: nothing goes before changing it
    is_shared: bool = False  # the person has a PIN on this device
    is_locked: bool = False  # nobody was there for a while: the PIN must be shown again


def create(
    connection: Connection,
    sign_in: str,
    name: str,
    password: str,
    language: str = "vi",
    *,
    by: Actor = SYSTEM,
    unit: Unit | None = None,
    until_at: datetime | None = None,
    is_given: bool = False,
) -> AccountId:
    """A new account without roles. `is_given`: the password was drawn by us and must be changed (passwords.given)."""
    findings = passwords.findings(password, sign_in)
    if not is_sign_in(sign_in):
        findings.insert(0, Finding("sign_in_name", {"found": sign_in[:60]}, pointer="/sign_in"))
    if not name.strip():
        findings.append(Finding("name_missing", pointer="/name"))
    if findings:
        raise Invalid(findings)
    account_id = AccountId(ids.issue(connection))
    hasher = passwords.given_hasher() if is_given else passwords.hasher()
    added = connection.scalar(
        insert(tables.account)
        .values(
            account_id=account_id, sign_in=sign_in, name=" ".join(name.split()), language=language,
            password_hash=hasher.hash(password), created_at=clock.now(), until_at=until_at,
            unit_id=unit.id if unit else None, **(passwords.given(until_at) if is_given else {}),
        )
        .on_conflict_do_nothing()
        .returning(tables.account.c.account_id)
    )  # fmt: skip
    if added is None:
        raise Conflict("sign_in_taken", sign_in=sign_in)
    account_events.append(connection, account_id, by, "created", until=until_at)
    return account_id


def is_sign_in(text: str) -> bool:
    """Whether a text can be the name somebody signs in with."""
    return _SIGN_IN.fullmatch(text) is not None


def grant(
    connection: Connection,
    account_id: AccountId | int,
    role: str,
    unit: Unit,
    *,
    by: Actor = SYSTEM,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    granted_for: int = 0,
) -> None:
    """Give a role at a unit and below, for ever or for a time; `granted_for` is the case that gives it.

    Given again by the same, the time is the new one. Invalid for a role the campaign does not declare.
    """
    roles = campaign.current().roles
    if role not in roles:
        raise Invalid([Finding("role_unknown", {"found": role, "known": ", ".join(sorted(roles))})])
    table = tables.role_grant
    times = {"from_at": from_at, "until_at": until_at}
    changed = connection.scalar(
        insert(table)
        .values(account_id=account_id, role=role, unit_id=unit.id, granted_for=granted_for, **times)
        .on_conflict_do_update(
            index_elements=[table.c.account_id, table.c.role, table.c.unit_id, table.c.granted_for],
            set_=times,
            where=or_(table.c.from_at.is_distinct_from(from_at), table.c.until_at.is_distinct_from(until_at)),
        )
        .returning(table.c.account_id)
    )
    if changed is not None:
        account_events.append(
            connection, account_id, by, "role_granted", role=role, unit=unit.code, at=unit.name, until=until_at,
            since=from_at, case=str(granted_for) if granted_for else None,
        )  # fmt: skip


def revoke(
    connection: Connection, account_id: AccountId | int, role: str, unit: Unit, *, by: Actor = SYSTEM
) -> None:
    """Take a role at a unit away, whoever gave it."""
    table = tables.role_grant
    taken = connection.execute(
        delete(table).where(
            table.c.account_id == account_id, table.c.role == role, table.c.unit_id == unit.id
        )
    )
    if taken.rowcount:
        account_events.append(
            connection, account_id, by, "role_taken", role=role, unit=unit.code, at=unit.name
        )


def release(connection: Connection, granted_for: int, by: Actor = SYSTEM) -> int:
    """End now whatever roles a case gave and that still run or are to come; how many."""
    table, unit, now = tables.role_grant, tables.unit, clock.now()
    ended = connection.execute(
        update(table)
        .where(
            table.c.granted_for == granted_for,
            unit.c.unit_id == table.c.unit_id,
            or_(table.c.until_at.is_(None), table.c.until_at > now),
        )
        .values(until_at=now)
        .returning(table.c.account_id, table.c.role, unit.c.code, unit.c.name)
    ).all()
    for row in ended:
        account_events.append(
            connection, row.account_id, by, "role_taken", role=row.role, unit=row.code, at=row.name,
            case=str(granted_for),
        )  # fmt: skip
    return len(ended)


def actor(connection: Connection, account_id: int) -> Actor:
    """The person behind an account, with the roles held now. NotFound when suspended, over or unknown."""
    account = connection.execute(
        select(tables.account).where(tables.account.c.account_id == account_id, open_now())
    ).one_or_none()
    if account is None:
        raise NotFound("account_not_found")
    granted, unit = tables.role_grant, tables.unit
    rows = connection.execute(
        select(granted.c.role, granted.c.unit_id, unit.c.path)
        .distinct()
        .join(unit, unit.c.unit_id == granted.c.unit_id)
        .where(granted.c.account_id == account_id, held_now())
        .order_by(unit.c.path, granted.c.role)
    )
    grants = tuple(Grant(row.role, UnitId(row.unit_id), row.path) for row in rows)
    return Actor(AccountId(account.account_id), account.sign_in, account.name, account.language, grants)


def open_now() -> ColumnElement[bool]:
    """Of account rows: neither suspended nor over."""
    table = tables.account
    return and_(table.c.is_active, or_(table.c.until_at.is_(None), table.c.until_at > clock.now()))


def held_now() -> ColumnElement[bool]:
    """Of grant rows: begun and not over."""
    table, now = tables.role_grant, clock.now()
    return and_(
        or_(table.c.from_at.is_(None), table.c.from_at <= now),
        or_(table.c.until_at.is_(None), table.c.until_at > now),
    )


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
    granted, unit, account = tables.role_grant, tables.unit, tables.account
    found = connection.scalars(
        select(granted.c.account_id)
        .distinct()
        .join(unit, unit.c.unit_id == granted.c.unit_id)
        .join(account, account.c.account_id == granted.c.account_id)
        .where(granted.c.role == role, unit.c.path.in_(units.ancestors(unit_path)), held_now(), open_now())
        .order_by(granted.c.account_id)
    )
    return [actor(connection, account_id) for account_id in found]


def names_holding(
    connection: Connection, role: str, unit_path: str, limit: int = 200
) -> list[tuple[AccountId, str]]:
    """The accounts that hold a role at a unit, or above it, with their names, in order of names."""
    granted, unit, account = tables.role_grant, tables.unit, tables.account
    rows = connection.execute(
        select(account.c.account_id, account.c.name)
        .distinct()
        .join(granted, granted.c.account_id == account.c.account_id)
        .join(unit, unit.c.unit_id == granted.c.unit_id)
        .where(granted.c.role == role, unit.c.path.in_(units.ancestors(unit_path)), held_now(), open_now())
        .order_by(account.c.name, account.c.account_id)
        .limit(limit)
    )
    return [(AccountId(row.account_id), row.name) for row in rows]


def names(connection: Connection, account_ids: Collection[int]) -> dict[int, str]:
    """The names of accounts, closed ones too."""
    if not account_ids:
        return {}
    table = tables.account
    rows = connection.execute(
        select(table.c.account_id, table.c.name).where(table.c.account_id.in_(account_ids))
    )
    return {row.account_id: row.name for row in rows}


def verified(connection: Connection, sign_in: str, password: str) -> Actor:
    """The person who knows the password. NotAllowed otherwise, without saying which of the two was wrong.

    Only who knows the password is told that the account is suspended or over.
    """
    _refuse_too_many(connection, sign_in)
    account = connection.execute(
        select(tables.account).where(tables.account.c.sign_in == sign_in)
    ).one_or_none()
    is_known = passwords.knows(account.password_hash if account else passwords.nobody(), password)
    if account is None or not is_known:
        raise NotAllowed("sign_in_wrong")
    now = clock.now()
    if not account.is_active:
        raise NotAllowed("account_suspended")
    if account.until_at is not None and account.until_at <= now:
        raise NotAllowed("account_over")
    if account.password_until is not None and account.password_until <= now:
        raise NotAllowed("password_over")
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


def open_session(
    connection: Connection,
    who: Actor,
    unit_id: UnitId | None,
    device_id: int | None = None,
    until: datetime | None = None,
) -> str:
    """A new browser session; gives the token for the cookie, of which only the hash is stored.

    `device_id` is the shared device on which the person has a PIN: there the session locks when nobody works, and
    lasts no longer than the PIN (`until`).
    """
    token = secrets.token_urlsafe(32)
    now = clock.now()
    connection.execute(delete(tables.web_session).where(tables.web_session.c.expires_at < now))
    connection.execute(
        tables.web_session.insert().values(
            token_hash=hashed(token), account_id=who.account_id, csrf=secrets.token_urlsafe(24), unit_id=unit_id,
            created_at=now, seen_at=now, device_id=device_id,
            expires_at=min(now + SESSION_LASTS, until or now + SESSION_LASTS),
        )
    )  # fmt: skip
    return token


def session(connection: Connection, token: str, is_active: bool = True) -> Session | None:
    """The session of a cookie's token, if it stands and the account too.

    `is_active`: the person does something; a page that refreshes itself does not keep a device open.
    """
    table, account = tables.web_session, tables.account
    now = clock.now()
    row = connection.execute(
        select(table, account.c.must_change)
        .join(account, account.c.account_id == table.c.account_id)
        .where(table.c.token_hash == hashed(token), table.c.expires_at > now)
    ).one_or_none()
    if row is None:
        return None
    longest = timedelta(minutes=campaign.current().accounts.lock_minutes)
    is_shared = row.device_id is not None
    is_locked = is_shared and (row.seen_at is None or bool(longest and row.seen_at + longest <= now))
    if is_shared and is_active and not is_locked and row.seen_at + SEEN_EVERY <= now:
        connection.execute(update(table).where(table.c.token_hash == row.token_hash).values(seen_at=now))
    try:
        who = actor(connection, row.account_id)
    except NotFound:
        return None
    return Session(who, row.unit_id, row.csrf, row.must_change, is_shared, is_locked)


def share(connection: Connection, token: str, device_id: int) -> None:
    """From now on the session is one of several on a shared device."""
    table = tables.web_session
    connection.execute(update(table).where(table.c.token_hash == hashed(token)).values(device_id=device_id))


def lock(connection: Connection, token: str) -> None:
    """Let nobody go on with a session of a shared device until somebody shows a PIN."""
    table = tables.web_session
    connection.execute(
        update(table)
        .where(table.c.token_hash == hashed(token), table.c.device_id.is_not(None))
        .values(seen_at=None)
    )


def work_at(connection: Connection, token: str, unit_id: UnitId) -> None:
    """Note the unit a signed-in person works at now."""
    table = tables.web_session
    connection.execute(update(table).where(table.c.token_hash == hashed(token)).values(unit_id=unit_id))


def set_language(connection: Connection, who: Actor, language: str) -> None:
    """Remember the language a person reads in."""
    table = tables.account
    connection.execute(update(table).where(table.c.account_id == who.account_id).values(language=language))


def close_others(connection: Connection, account_id: int, token: str) -> None:
    """Sign a person out everywhere but here."""
    table = tables.web_session
    connection.execute(
        delete(table).where(table.c.account_id == account_id, table.c.token_hash != hashed(token))
    )


def close_session(connection: Connection, token: str) -> None:
    """Sign a browser out."""
    connection.execute(delete(tables.web_session).where(tables.web_session.c.token_hash == hashed(token)))


def hashed(token: str) -> bytes:
    """What is stored of a cookie's token."""
    return hashlib.sha256(token.encode()).digest()


def _refuse_too_many(connection: Connection, sign_in: str) -> None:
    attempts = connection.execute(
        select(tables.sign_in_attempt).where(tables.sign_in_attempt.c.sign_in == sign_in)
    ).one_or_none()
    if attempts and attempts.failed >= MOST_FAILED and attempts.last_at > clock.now() - PAUSE:
        raise NotAllowed("sign_in_paused", minutes=int(PAUSE.total_seconds() // 60))
