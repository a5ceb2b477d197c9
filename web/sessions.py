"""Who is asking: the signed-in session of a request, its unit, and the guard of every posted form.

Cookies carry a random token only; the session is a row. Every POST must bring the session's own token back
(field `csrf` or header `X-CSRF-Token`), so that no other site can post in somebody's name.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from engine import access, accounts, database, settings, units
from engine.access import Actor
from engine.errors import NotAllowed
from engine.texts import LANGUAGES
from engine.units import Unit

COOKIE = "tiemchung_session"
DEVICE_COOKIE = "tiemchung_device"
LANGUAGE_COOKIE = "tiemchung_language"
THEME_COOKIE = "tiemchung_theme"
THEMES = ("light", "dark")
MOST_FIELDS = 2_000


class SignInNeeded(Exception):
    """The page needs somebody signed in; the browser is sent to sign in and back."""


class PinNeeded(Exception):
    """The shared device is locked: whoever goes on shows a PIN first."""


class PasswordChangeNeeded(Exception):
    """The password was given by somebody else: nothing goes before changing it."""


@dataclass(frozen=True, slots=True)
class Presence:
    """A request by somebody signed in: who, where they work now, and their form guard."""

    actor: Actor
    unit: Unit
    csrf: str
    token: str
    language: str
    must_change: bool = False  # the password
    is_shared: bool = False  # one of several people on this device
    is_locked: bool = False


@dataclass(frozen=True, slots=True)
class Posted:
    """The fields of a posted form, in order, its guard checked."""

    pairs: list[tuple[str, str]]

    def first(self, name: str, default: str = "") -> str:
        """The first value of a field, without stray spaces."""
        return next((value.strip() for key, value in self.pairs if key == name), default)

    def all(self, name: str) -> list[str]:
        return [value.strip() for key, value in self.pairs if key == name]


def presence(request: Request) -> Presence:
    """The signed-in session of a request; SignInNeeded when there is none.

    PinNeeded when a shared device is locked, PasswordChangeNeeded as long as a password that was given stands.
    """
    found = changing(request)
    if found.must_change:
        raise PasswordChangeNeeded
    return found


def changing(request: Request) -> Presence:
    """The same for the page where the password is changed."""
    found = _presence(request)
    if found is None:
        raise SignInNeeded
    if found.is_locked:
        raise PinNeeded
    request.state.presence = found  # a refusal that follows keeps the frame of whoever is signed in
    return found


def presence_or_none(request: Request) -> Presence | None:
    """The signed-in session, if there is one and it has a role left: for pages that everybody may see."""
    try:
        found = _presence(request)
    except NotAllowed:
        return None
    return found if found is not None and not found.is_locked and not found.must_change else None


def is_known(request: Request) -> bool:
    """Whether somebody is signed in, even if a PIN or a new password is asked for first."""
    try:
        return _presence(request) is not None
    except NotAllowed:
        return False


async def posted(request: Request) -> Posted:
    """The fields of a form posted by the signed-in session; NotAllowed when its guard is missing."""
    form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    fields = [(key, value) for key, value in form.multi_items() if isinstance(value, str)]
    return Posted(
        [(key.replace("\0", ""), value.replace("\0", "")) for key, value in fields]
    )  # no text holds NUL


def guard(presence: Presence, posted: Posted, request: Request) -> None:
    """Refuse a post that does not carry the session's own token."""
    brought = posted.first("csrf") or request.headers.get("x-csrf-token", "")
    if not secrets.compare_digest(brought.encode(), presence.csrf.encode()):
        raise NotAllowed("csrf_missing")


def guarded_changing(
    request: Request,
    found: Annotated[Presence, Depends(changing)],
    fields: Annotated[Posted, Depends(posted)],
) -> Posted:
    """The fields of a guarded post of somebody who may still have to change the password."""
    guard(found, fields, request)
    return fields


def guarded(
    request: Request,
    found: Annotated[Presence, Depends(presence)],
    fields: Annotated[Posted, Depends(posted)],
) -> Posted:
    """The fields of a guarded post: what every changing route of a signed-in person depends on."""
    guard(found, fields, request)
    return fields


def language_of(request: Request, actor: Actor | None = None) -> str:
    """The reader's language: chosen in this browser, else the account's, else the deployment's."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    return actor.language if actor is not None else settings.current().language


def theme_of(request: Request) -> str:
    """The chosen theme, or "" to follow the device."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def _presence(request: Request) -> Presence | None:
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    with database.transaction() as connection:
        is_active = request.method == "POST" or not request.headers.get("hx-request")
        session = accounts.session(connection, token, is_active)
        if session is None:
            return None
        unit_id = session.unit_id or next((grant.unit_id for grant in session.actor.grants), None)
        unit = units.by_id(connection, unit_id) if unit_id is not None else None
        if unit is None or not _belongs(session.actor, unit):
            unit = next((units.by_id(connection, grant.unit_id) for grant in session.actor.grants), None)
    if unit is None:
        raise NotAllowed("no_roles")
    language = language_of(request, session.actor)
    return Presence(
        session.actor, unit, session.csrf, token, language, session.must_change, session.is_shared, session.is_locked
    )  # fmt: skip


def _belongs(actor: Actor, unit: Unit) -> bool:
    return bool(access.roles_at(actor, unit.path))


Changing = Annotated[Presence, Depends(changing)]
GuardedChanging = Annotated[Posted, Depends(guarded_changing)]
SignedIn = Annotated[Presence, Depends(presence)]
Guarded = Annotated[Posted, Depends(guarded)]
