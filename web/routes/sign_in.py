"""Coming and going: signing in and out, the language, the theme, and the unit one works at now."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from engine import access, accounts, campaign, database, devices, units
from engine.access import Actor
from engine.errors import NotAllowed
from engine.ids import UnitId, parsed
from engine.texts import LANGUAGES
from engine.units import Unit
from web import guards, rendering, sessions
from web.sessions import Posted, SignedIn

router = APIRouter()
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
    if not guards.is_ours(request, fields):
        return _form(request, back, fields.first("sign_in"), "sign_in.guard_missing", 403)
    name = fields.first("sign_in").lower()[:80]
    password = next((value for key, value in fields.pairs if key == "password"), "")
    try:
        with database.transaction() as connection:
            actor = accounts.verified(connection, name, password)
            accounts.close_session(connection, request.cookies.get(sessions.COOKIE, ""))
            device_id = devices.known(connection, request.cookies.get(sessions.DEVICE_COOKIE, ""))
            is_shared = device_id is not None and devices.has_pin(
                connection, device_id, actor.account_id or 0
            )
            unit_id = _first_unit(connection, actor)
            token = accounts.open_session(connection, actor, unit_id, device_id if is_shared else None)
    except NotAllowed as refusal:
        if refusal.code == "sign_in_wrong":
            with database.transaction() as connection:
                accounts.failed(connection, name)
        return _form(request, back, name, refusal.sentence(sessions.language_of(request)), 403)
    response = RedirectResponse(back, 303)
    response.delete_cookie(guards.COOKIE)
    guards.keep(response, sessions.COOKIE, token, None)
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
        guards.keep(response, sessions.LANGUAGE_COOKIE, language, ONE_YEAR)
    theme = fields.first("theme")
    if theme in sessions.THEMES:
        guards.keep(response, sessions.THEME_COOKIE, theme, ONE_YEAR, is_read_by_scripts=True)
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
        device_id = devices.known(connection, request.cookies.get(sessions.DEVICE_COOKIE, ""))
        if device_id is not None:
            devices.worked_at(connection, device_id, presence.actor.account_id or 0, unit.id)
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
    is_way_on = signing_in or not address.startswith(
        ("/sign-in", "/sign-out", "/switch", "/password", "/pin")
    )
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
    guard = guards.of(request)
    said = (
        rendering.sentence(reason, sessions.language_of(request)) if reason.startswith("sign_in.") else reason
    )
    with database.transaction() as connection:
        is_shared = bool(devices.people(connection, request.cookies.get(sessions.DEVICE_COOKIE, "")))
    response = rendering.page(
        request, "sign_in.html", None, status, next=back, name=name, reason=said, csrf=guard, is_shared=is_shared
    )  # fmt: skip
    guards.keep(response, guards.COOKIE, guard, None)
    return response
