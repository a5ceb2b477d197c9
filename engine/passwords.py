"""Passwords: hashed, judged, given once on a slip, changed by their owner. Only hashes are ever stored."""

from __future__ import annotations

import functools
import secrets
from datetime import datetime, timedelta

import argon2
from sqlalchemy import Connection, select, update

from engine import account_events, account_tables, campaign, clock, tables
from engine.access import Actor
from engine.errors import Finding, Invalid, NotFound

SHORTEST = 10
LONGEST = 200
# A password on a slip is read and typed once: syllables without letters that look alike, about 53 bits.
_CONSONANTS = "bcdghklmnprstvx"
_VOWELS = "aeiou"
_DIGITS = "23456789"


@functools.cache
def hasher() -> argon2.PasswordHasher:
    """Argon2id with the library's parameters (RFC 9106, low-memory profile)."""
    return argon2.PasswordHasher.from_parameters(argon2.profiles.RFC_9106_LOW_MEMORY)


@functools.cache
def given_hasher() -> argon2.PasswordHasher:
    """For passwords we drew ourselves: too many to guess, so that a list of hundreds is hashed in seconds."""
    return argon2.PasswordHasher(time_cost=2, memory_cost=8 * 1024, parallelism=1)


@functools.cache
def nobody() -> str:
    """A hash to check against when there is no such account, so that the answer takes as long."""
    return hasher().hash(secrets.token_hex(16))


def knows(password_hash: str, password: str) -> bool:
    """Whether this is the password."""
    try:
        return hasher().verify(password_hash, password)
    except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.InvalidHashError):
        return False


def drawn() -> str:
    """A new password for a slip: `bano-kite-sulo-4729`."""
    syllables = [secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(6)]
    words = ["".join(syllables[at : at + 2]) for at in (0, 2, 4)]
    return "-".join([*words, "".join(secrets.choice(_DIGITS) for _ in range(4))])


def findings(password: str, sign_in: str, pointer: str = "/password") -> list[Finding]:
    """What is wrong with a password somebody chose."""
    found = []
    if not SHORTEST <= len(password) <= LONGEST:
        found.append(Finding("password_short", {"least": SHORTEST}, pointer=pointer))
    elif password.casefold() in (sign_in.casefold(), sign_in.casefold() * 2) or len(set(password)) < 4:
        found.append(Finding("password_plain", pointer=pointer))
    return found


def change(connection: Connection, account_id: int, known: str, new: str, again: str) -> None:
    """The person's own change; Invalid when the present password is not known or the new one will not do.

    One that was given, and must be changed, was shown just now at the sign-in: it is not asked for again.
    """
    table = tables.account
    account = connection.execute(
        select(table).where(table.c.account_id == account_id).with_for_update()
    ).one_or_none()
    if account is None:
        raise NotFound("account_not_found")
    if not account.must_change and not knows(account.password_hash, known):
        raise Invalid([Finding("password_wrong", pointer="/known")])
    wrong = findings(new, account.sign_in, "/new")
    if not wrong and new != again:
        wrong = [Finding("password_differs", pointer="/again")]
    if not wrong and knows(account.password_hash, new):
        wrong = [Finding("password_same", pointer="/new")]
    if wrong:
        raise Invalid(wrong)
    connection.execute(
        update(table)
        .where(table.c.account_id == account_id)
        .values(password_hash=hasher().hash(new), must_change=False, password_until=None)
    )
    account_events.append(connection, account_id, None, "password_changed")


def give(connection: Connection, account_id: int, by: Actor) -> str:
    """A one-time password, told once: to be changed at the next sign-in. Open sessions and PINs end."""
    password = drawn()
    table = tables.account
    until_at = connection.scalar(
        select(table.c.until_at).where(table.c.account_id == account_id).with_for_update()
    )
    connection.execute(
        update(table)
        .where(table.c.account_id == account_id)
        .values(password_hash=given_hasher().hash(password), **given(until_at))
    )
    leave_devices(connection, account_id)
    connection.execute(
        tables.sign_in_attempt.delete().where(
            tables.sign_in_attempt.c.sign_in
            == select(table.c.sign_in).where(table.c.account_id == account_id).scalar_subquery()
        )
    )
    account_events.append(connection, account_id, by, "password_given")
    return password


def given(until_at: datetime | None) -> dict[str, object]:
    """How an account stands when its password was given: to be changed, and good for some days only."""
    chosen, now = campaign.current().accounts, clock.now()
    short = until_at is not None and until_at <= now + timedelta(hours=chosen.keep_password_hours)
    return {
        "must_change": not short,
        "password_until": until_at if short else now + timedelta(hours=chosen.initial_password_hours),
    }


def leave_devices(connection: Connection, account_id: int) -> None:
    """End every open session and PIN of an account, at once."""
    for table in (tables.web_session, account_tables.device_person):
        connection.execute(table.delete().where(table.c.account_id == account_id))
