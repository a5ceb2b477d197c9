"""Several people on one device: a PIN for the day, a lock when nobody works, and a switch that takes two seconds."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from engine import accounts, campaign, database, devices
from engine.errors import Invalid, NotAllowed
from engine.ids import parsed
from web import errors, guards, rendering, sessions
from web.routes.sign_in import local
from web.sessions import Guarded, Posted, Presence, SignedIn

router = APIRouter()
ONE_YEAR = 31_536_000


@router.get("/pin")
def pin_page(request: Request, presence: SignedIn, next: str = "/") -> Response:
    """Where a PIN is set for this device; it may be left out."""
    return _pin(request, presence, local(next))


@router.post("/pin")
def set_pin(request: Request, presence: SignedIn, posted: Guarded) -> Response:
    """Set the PIN; the device remembers the person for the day. Who came by PIN shows the password first."""
    back = local(posted.first("next"))
    token = request.cookies.get(sessions.DEVICE_COOKIE, "")
    who = presence.actor
    try:
        with database.transaction() as connection:
            if presence.is_shared:
                password = next((value for key, value in posted.pairs if key == "password"), "")
                accounts.verified(connection, who.sign_in, password)
            device_id = devices.known(connection, token)
            if device_id is None:
                device_id, token = devices.remember(connection)
            devices.set_pin(
                connection,
                token,
                device_id,
                who,
                presence.unit.id,
                posted.first("pin"),
                posted.first("again"),
            )
            accounts.share(connection, presence.token, device_id)
    except Invalid as refusal:
        return _pin(request, presence, back, refusal.findings[0].sentence(presence.language), 422)
    except NotAllowed as refusal:
        with database.transaction() as connection:
            accounts.failed(connection, who.sign_in)
        return _pin(request, presence, back, refusal.sentence(presence.language), 403)
    response = rendering.redirect(request, back, "said.pin_set")
    guards.keep(response, sessions.DEVICE_COOKIE, token, ONE_YEAR)
    return response


@router.post("/lock")
def lock(request: Request, presence: SignedIn, posted: Guarded) -> Response:
    """Lock the device, to hand it to the next person; what was typed is kept as a draft on its task."""
    with database.transaction() as connection:
        accounts.lock(connection, presence.token)
    back = local(posted.first("next"))
    return rendering.redirect(request, f"/switch?next={back}")


@router.get("/switch")
def switch_page(request: Request, next: str = "/") -> Response:
    """The people of this device by name; to the sign-in page when it knows nobody."""
    return _switch(request, local(next))


@router.post("/switch")
def switch(request: Request, posted: Annotated[Posted, Depends(sessions.posted)]) -> Response:
    """Come back by PIN. Whoever comes gets a session of their own; the one before ends.

    Only the same person goes back to the page that was open: the next one begins at the first page.
    """
    back, language = local(posted.first("next")), sessions.language_of(request)
    if not guards.is_ours(request, posted):
        return _switch(
            request, back, reason=rendering.sentence("sign_in.guard_missing", language), status=403
        )
    token = request.cookies.get(sessions.DEVICE_COOKIE, "")
    account_id = parsed(posted.first("person") or "0", "account_not_found")
    before = request.cookies.get(sessions.COOKIE, "")
    try:
        with database.transaction() as connection:
            found = devices.come_back(connection, token, account_id, posted.first("pin"))
            session = accounts.session(connection, before, is_active=False)
            is_same = session is not None and session.actor.account_id == account_id
            accounts.close_session(connection, before)
            opened = accounts.open_session(
                connection, found.actor, found.unit_id, found.device_id, found.until
            )
    except NotAllowed as refusal:
        return _refused(request, back, token, account_id, refusal)
    response = RedirectResponse(back if is_same else "/", 303)
    guards.keep(response, sessions.COOKIE, opened, None)
    return response


@router.post("/forget")
def forget(request: Request, presence: SignedIn, posted: Guarded) -> Response:
    """Leave this device for good: sign out, and let it forget the person."""
    token = request.cookies.get(sessions.DEVICE_COOKIE, "")
    with database.transaction() as connection:
        devices.forget(connection, token, presence.actor.account_id or 0)
        accounts.close_session(connection, presence.token)
        is_left = bool(devices.people(connection, token))
    response = rendering.redirect(request, "/switch" if is_left else "/sign-in", "said.signed_out")
    response.delete_cookie(sessions.COOKIE)
    return response


def _refused(request: Request, back: str, token: str, account_id: int, refusal: NotAllowed) -> Response:
    """Count the wrong PIN; after the last try the password is asked for."""
    language = sessions.language_of(request)
    if refusal.code != "pin_wrong":
        return _switch(request, back, account_id, errors.sentence_of(refusal, language), 403)
    with database.transaction() as connection:
        left = devices.missed(connection, token, account_id)
    if left:
        said = NotAllowed("pin_wrong", left=left)
        return _switch(request, back, account_id, errors.sentence_of(said, language), 403)
    gone = NotAllowed("pin_gone", most=devices.MOST_WRONG)
    return _switch(request, back, 0, errors.sentence_of(gone, language), 403)


def _pin(request: Request, presence: Presence, back: str, fault: str = "", status: int = 200) -> Response:
    return rendering.page(
        request, "pin.html", presence, status, next=back, fault=fault, asks_password=presence.is_shared,
        hours=campaign.current().accounts.pin_hours,
    )  # fmt: skip


def _switch(request: Request, back: str, chosen: int = 0, reason: str = "", status: int = 200) -> Response:
    with database.transaction() as connection:
        people = devices.people(connection, request.cookies.get(sessions.DEVICE_COOKIE, ""))
    if not people and not reason:
        return RedirectResponse(f"/sign-in?next={back}", 303)
    guard = guards.of(request)
    response = rendering.page(
        request, "switch.html", None, status, people=people, next=back, reason=reason, csrf=guard,
        chosen=chosen or (people[0].account_id if len(people) == 1 else 0),
    )  # fmt: skip
    guards.keep(response, guards.COOKIE, guard, None)
    return response
