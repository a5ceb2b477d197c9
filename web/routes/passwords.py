"""One's own password: changed at the first sign-in with one that was given, and whenever its owner wants."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from engine import accounts, database, passwords
from engine.errors import Invalid
from web import rendering
from web.routes.sign_in import local
from web.sessions import Changing, GuardedChanging, Presence

router = APIRouter()


@router.get("/password")
def password_page(request: Request, presence: Changing, next: str = "/") -> Response:
    """The form; it leads back to where the person was going."""
    return _page(request, presence, local(next))


@router.post("/password")
def change(request: Request, presence: Changing, posted: GuardedChanging) -> Response:
    """Change it. Everywhere else the person is signed out; after a first change a PIN may be set for this device."""
    back = local(posted.first("next"))
    typed = dict(reversed(posted.pairs))  # a password may begin or end with a space
    try:
        with database.transaction() as connection:
            account_id = presence.actor.account_id or 0
            passwords.change(
                connection, account_id, typed.get("known", ""), typed.get("new", ""), typed.get("again", "")
            )
            accounts.close_others(connection, account_id, presence.token)
    except Invalid as refusal:
        faults = {(one.pointer or "")[1:]: one.sentence(presence.language) for one in refusal.findings}
        return _page(request, presence, back, faults, 422)
    address = f"/pin?next={back}" if presence.must_change else back
    return rendering.redirect(request, address, "said.password_changed")


def _page(
    request: Request,
    presence: Presence,
    back: str,
    faults: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    return rendering.page(
        request, "password.html", presence, status, next=back, faults=faults or {}, must_change=presence.must_change,
        least=passwords.SHORTEST,
    )  # fmt: skip
