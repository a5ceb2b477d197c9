"""Coming and going: signing in and out, the language, the theme, and the unit one works at now."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from engine import access, accounts, campaign, database, settings, units
from engine.access import Actor
from engine.errors import NotAllowed
from engine.ids import UnitId, parsed
from engine.texts import LANGUAGES
from engine.units import Unit
from web import rendering, sessions
from web.sessions import Posted, SignedIn

router = APIRouter()
GUARD_COOKIE = "tiemchung_guard"
ONE_YEAR = 31_536_000
MOST_UNITS = 500


@router.get("/sign-in")
def sign_in_page(request: Request, next: str = "/") -> Response:
    """The sign-in form; somebody signed in already goes on."""
    if sessions.presence_or_none(request) is not None:
        return RedirectResponse(local(next), 303)
    return _form(request, local(next))


@router.post("/sign-in")
def sign_in(request: Request, fields: Annotated[Posted, Depends(sessions.posted)]) -> Response:
    """Check name and password; open a session, or show the form again with the reason."""
    back = local(fields.first("next"))
    if not _is_ours(request, fields):
        return _form(request, back, fields.first("sign_in"), "sign_in.guard_missing", 403)
    name = fields.first("sign_in").lower()[:80]
    password = next((value for key, value in fields.pairs if key == "password"), "")
    try:
        with database.transaction() as connection:
            actor = accounts.verified(connection, name, password)
            accounts.close_session(connection, request.cookies.get(sessions.COOKIE, ""))
            token = accounts.open_session(connection, actor, _first_unit(connection, actor))
    except NotAllowed as refusal:
        if refusal.code == "sign_in_wrong":
            with database.transaction() as connection:
                accounts.failed(connection, name)
        return _form(request, back, name, refusal.sentence(sessions.language_of(request)), 403)
    response = RedirectResponse(back, 303)
    response.delete_cookie(GUARD_COOKIE)
    _keep(response, sessions.COOKIE, token, None)
    return response


@router.post("/sign-out")
def sign_out(request: Request, fields: Annotated[Posted, Depends(sessions.posted)]) -> Response:
    """End the session of this browser; also of an account that has no role left, which no page could guard."""
    presence = sessions.presence_or_none(request)
    if presence is not None:
        sessions.guard(presence, fields, request)
    with database.transaction() as connection:
        accounts.close_session(connection, request.cookies.get(sessions.COOKIE, ""))
    response = rendering.redirect(request, "/sign-in", "said.signed_out")
    response.delete_cookie(sessions.COOKIE)
    return response


@router.post("/preferences")
def preferences(request: Request, fields: Annotated[Posted, Depends(sessions.posted)]) -> Response:
    """Language and theme, in this browser; the language also wherever the account signs in next.

    Asked for before signing in as well, so there is no session whose guard it could bring: a post that the
    browser says comes from another site is refused instead.
    """
    if not _is_from_here(request):
        raise NotAllowed("csrf_missing")
    response = RedirectResponse(local(fields.first("back"), signing_in=True), 303)
    language = fields.first("language")
    if language in LANGUAGES:
        presence = sessions.presence_or_none(request)
        if presence is not None:
            with database.transaction() as connection:
                accounts.set_language(connection, presence.actor, language)
        _keep(response, sessions.LANGUAGE_COOKIE, language, ONE_YEAR)
    theme = fields.first("theme")
    if theme in sessions.THEMES:
        _keep(response, sessions.THEME_COOKIE, theme, ONE_YEAR, is_read_by_scripts=True)
    return response


@router.get("/unit")
def unit_page(request: Request, presence: SignedIn) -> Response:
    """The units the person may work at, as the tree they stand in."""
    with database.transaction() as connection:
        found = reachable(connection, presence.actor)
    kinds = campaign.current().unit_kinds
    rows: list[dict[str, Any]] = [
        {
            "unit": unit,
            "kind": kinds[unit.kind].names.get(presence.language, unit.kind)
            if unit.kind in kinds
            else unit.kind,
            "roles": [
                _role(role, presence.language) for role in sorted(access.roles_at(presence.actor, unit.path))
            ],
        }
        for unit in found
    ]
    top = min((unit.depth for unit in found), default=0)
    return rendering.page(request, "unit.html", presence, rows=rows, top=top, is_cut=len(found) >= MOST_UNITS)


@router.post("/unit")
def choose_unit(request: Request, presence: SignedIn, posted: sessions.Guarded) -> Response:
    """Work at another unit of one's own from now on, in this browser."""
    with database.transaction() as connection:
        unit = units.by_id(connection, parsed(posted.first("unit"), "not_found"))
        if not access.roles_at(presence.actor, unit.path):
            raise NotAllowed("unit_not_yours")
        accounts.work_at(connection, presence.token, unit.id)
    return rendering.redirect(request, "/", "said.unit_chosen")


def reachable(connection: Connection, actor: Actor) -> list[Unit]:
    """The units where the actor holds a role, in tree order."""
    found: dict[str, Unit] = {}
    for grant in actor.grants:
        for unit in units.below(connection, grant.unit_path, limit=MOST_UNITS):
            found.setdefault(unit.path, unit)
    return [found[path] for path in sorted(found)][:MOST_UNITS]


def local(address: str, signing_in: bool = False) -> str:
    """A path of this application to go on to; the home page for anything else.

    The sign-in page itself only where somebody is still to sign in (`signing_in`).
    """
    is_path = address.startswith("/") and not address.startswith("//") and "\\" not in address
    is_way_on = signing_in or not address.startswith(("/sign-in", "/sign-out"))
    return address if is_path and is_way_on and address.isprintable() and len(address) < 500 else "/"


def _role(role: str, language: str) -> str:
    known = campaign.current().roles.get(role)
    return known.names.get(language, role) if known else role


def _first_unit(connection: Connection, actor: Actor) -> UnitId | None:
    return actor.grants[0].unit_id if actor.grants else None


def _is_from_here(request: Request) -> bool:
    """Whether the browser says that the post comes from a page of ours; one too old to say so sends the origin."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host")


def _form(request: Request, back: str, name: str = "", reason: str = "", status: int = 200) -> Response:
    """The sign-in form with a guard of its own; `reason` is a sentence, or the key of one."""
    guard = request.cookies.get(GUARD_COOKIE, "")
    if not _is_made_here(guard):
        nonce = secrets.token_urlsafe(18)
        guard = f"{nonce}.{_signature(nonce)}"
    said = (
        rendering.sentence(reason, sessions.language_of(request)) if reason.startswith("sign_in.") else reason
    )
    response = rendering.page(
        request, "sign_in.html", None, status, next=back, name=name, reason=said, csrf=guard
    )
    _keep(response, GUARD_COOKIE, guard, None)
    return response


def _is_ours(request: Request, fields: Posted) -> bool:
    """Whether the post brings the guard its browser was given."""
    kept = request.cookies.get(GUARD_COOKIE, "")
    return _is_made_here(kept) and hmac.compare_digest(kept.encode(), fields.first("csrf").encode())


def _is_made_here(guard: str) -> bool:
    nonce, _, signature = guard.partition(".")
    return bool(nonce) and hmac.compare_digest(_signature(nonce).encode(), signature.encode())


def _signature(nonce: str) -> str:
    key = settings.current().secret_key.encode()
    return hmac.new(key, b"sign-in:" + nonce.encode(), hashlib.sha256).hexdigest()


def _keep(
    response: Response, name: str, value: str, seconds: int | None, is_read_by_scripts: bool = False
) -> None:
    """Set a cookie that no other site can send along with a post, and that no script can read unless it must."""
    response.set_cookie(
        name, value, max_age=seconds, httponly=not is_read_by_scripts, samesite="lax",
        secure=settings.current().secure_cookies, path="/",
    )  # fmt: skip
