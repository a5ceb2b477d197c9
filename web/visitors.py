"""Requests by people without an account: their guard, the session a code opened, the address they come from.

A post must bring back what the page was given: the bearer session's own token, or, while there is none, a signed
value that a cookie of ours carries as well. No cookie holds anything but random text; nothing personal is in it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response

from engine import bearers, database, settings
from engine.access import Actor
from engine.bearers import Hold, Session
from engine.errors import NotAllowed
from engine.units import Unit
from web import sessions
from web.sessions import Posted, Presence

COOKIE = "tiemchung_bearer"
GUARD_COOKIE = "tiemchung_guest"


class CodeNeeded(Exception):
    """The page needs a session that a code opened; the browser is sent to where codes are entered."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A request by somebody without an account."""

    language: str
    address: str
    guard: str  # this browser's signed value: made now, or the one its cookie brought
    brought: bool  # whether the browser had it already
    token: str
    session: Session | None

    @property
    def csrf(self) -> str:
        return self.session.csrf if self.session else self.guard

    def is_ours(self, posted: Posted) -> bool:
        """Whether a post comes from a page of ours in this very browser: one that may be from before the session.

        Enough to begin a case or to show a code, which needs no session; `is_within` for all that does.
        """
        brought = posted.first("csrf").encode()
        return self.is_within(posted) or (self.brought and hmac.compare_digest(brought, self.guard.encode()))

    def is_within(self, posted: Posted) -> bool:
        """Whether a post comes from a page of this very session."""
        csrf = self.session.csrf if self.session is not None else ""
        return bool(csrf) and hmac.compare_digest(posted.first("csrf").encode(), csrf.encode())

    def start_key(self, page_key: str) -> bytes:
        """What names a page of this browser that begins a case; worth nothing in another browser."""
        return hashlib.sha256(f"{self.guard}|{page_key}".encode()).digest()

    def presence(self, unit: Unit, actor: Actor | None = None) -> Presence:
        """As forms and look-ups see it: somebody at a unit who holds no role."""
        return Presence(
            actor or bearers.visitor(self.language), unit, self.csrf, "", self.language
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Holder:
    """A visitor whose session stands: which hold is shown, and who that makes them."""

    visitor: Visitor
    session: Session
    hold: Hold
    actor: Actor


def visitor(request: Request) -> Visitor:
    """Who asks, without an account."""
    token = request.cookies.get(COOKIE, "")
    session = None
    if token:
        with database.transaction() as connection:
            session = bearers.session(connection, token)
    kept = request.cookies.get(GUARD_COOKIE, "")
    brought = _is_made_here(kept)
    guard = kept if brought else _made()
    return Visitor(sessions.language_of(request), address_of(request), guard, brought, token, session)


def holder(found: Annotated[Visitor, Depends(visitor)]) -> Holder:
    """A visitor with a session; CodeNeeded when there is none, or it has ended."""
    if found.session is None:
        raise CodeNeeded
    hold = found.session.hold()
    with database.transaction() as connection:
        actor = bearers.actor(connection, hold, found.language)
    return Holder(found, found.session, hold, actor)


def guarded(
    found: Annotated[Holder, Depends(holder)], posted: Annotated[Posted, Depends(sessions.posted)]
) -> Posted:
    """The fields of a guarded post within a session."""
    if not found.visitor.is_within(posted):
        raise NotAllowed("csrf_missing")
    return posted


def address_of(request: Request) -> str:
    """Where a request comes from: the peer, or what the trusted proxies before it say."""
    hops = settings.current().proxies
    if hops:
        told = [
            part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()
        ]
        if len(told) >= hops:
            return told[-hops][:64]
    return request.client.host if request.client else ""


def keep_guard(response: Response, visitor: Visitor) -> Response:
    """Give the browser its guard, unless it has it."""
    if not visitor.brought:
        _keep(response, GUARD_COOKIE, visitor.guard)
    return response


def keep_token(response: Response, token: str) -> Response:
    """Give the browser its session."""
    _keep(response, COOKIE, token)
    return response


def _keep(response: Response, name: str, value: str) -> None:
    """A cookie that ends with the browser, that no script can read and no other site can send along with a post."""
    secure = settings.current().secure_cookies
    response.set_cookie(name, value, httponly=True, samesite="lax", secure=secure, path="/")


def _made() -> str:
    nonce = secrets.token_urlsafe(24)
    return f"{nonce}.{_signature(nonce)}"


def _is_made_here(guard: str) -> bool:
    nonce, _, signature = guard.partition(".")
    return bool(nonce) and hmac.compare_digest(_signature(nonce).encode(), signature.encode())


def _signature(nonce: str) -> str:
    key = settings.current().secret_key.encode()
    return hmac.new(key, b"guest:" + nonce.encode(), hashlib.sha256).hexdigest()


Visiting = Annotated[Visitor, Depends(visitor)]
Holding = Annotated[Holder, Depends(holder)]
GuardedByCode = Annotated[Posted, Depends(guarded)]
