"""What the pages of accounts share: an account as a row, what happened in words, slips with first passwords."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from engine import account_lists, campaign, clock, delegations, settings, units
from engine.account_events import Event
from engine.account_lists import Slip
from engine.delegations import Account
from engine.units import Unit
from web import locales, rendering
from web.sessions import Presence

MOST_UNITS = 500


def units_of(connection: Connection, presence: Presence) -> list[Unit]:
    """The units whose accounts the person looks after, in tree order."""
    found: dict[str, Unit] = {}
    for path in delegations.paths(presence.actor):
        for unit in units.below(connection, path, limit=MOST_UNITS):
            found.setdefault(unit.path, unit)
    return [found[path] for path in sorted(found)][:MOST_UNITS]


def role_names(presence: Presence, among: Collection[str] | None = None) -> list[tuple[str, str]]:
    """The roles the person may give somewhere, or those named, in the order of the campaign: (key, name)."""
    chosen = among
    if chosen is None:
        paths = delegations.paths(presence.actor)
        chosen = {role for path in paths for role in delegations.grantable(presence.actor, path)}
    return [
        (role.key, role.names.get(presence.language, role.key))
        for role in campaign.current().roles.values()
        if role.key in chosen
    ]


def role_name(key: str, language: str) -> str:
    """A role in the reader's language; its key when the campaign no longer has it."""
    role = campaign.current().roles.get(key)
    return role.names.get(language, key) if role else key


def row(account: Account, presence: Presence) -> dict[str, Any]:
    """An account for a page."""
    now = clock.now()
    grants = [
        {
            "role": held.role,
            "name": role_name(held.role, presence.language),
            "unit": held.unit,
            "from_at": held.from_at,
            "last_day": last_day(held.until_at),
            "until_at": held.until_at,
            "case": held.granted_for or None,
            "stands": held.stands(now),
            "may_take": held.role in delegations.grantable(presence.actor, held.unit.path),
        }
        for held in account.grants
    ]
    return {
        "id": account.id,
        "name": account.name,
        "sign_in": account.sign_in,
        "language": account.language,
        "unit": account.unit,
        "state": account.state,
        "created_at": account.created_at,
        "until_at": account.until_at,
        "last_day": last_day(account.until_at),
        "must_change": account.must_change,
        "suspended_at": account.suspended_at,
        "suspended_reason": account.suspended_reason,
        "grants": grants,
        "roles": list(dict.fromkeys(grant["name"] for grant in grants if grant["stands"] != "over")),
    }


def last_day(until_at: datetime | None) -> date | None:
    """The last whole day before a moment, as people say when something ends."""
    if until_at is None:
        return None
    return (until_at - timedelta(seconds=1)).astimezone(settings.current().zone_info).date()


def day(text: str) -> date | None:
    """A day as people write it."""
    return account_lists.day(text)


def event(one: Event, language: str) -> dict[str, Any]:
    """What happened to an account, as the timeline shows it."""
    details = dict(one.details)
    params: dict[str, Any] = {
        "role": role_name(str(details.get("role", "")), language), "unit": details.get("at") or details.get("unit", ""),
        "reason": details.get("reason", ""), "case": details.get("case", ""),
    }  # fmt: skip
    about = []
    if details.get("until"):
        until = locales.moment(datetime.fromisoformat(details["until"]), settings.current().zone_info)
        about.append(rendering.sentence("accounts.events.until", language, until=until))
    if details.get("case"):
        about.append(rendering.sentence("accounts.events.case", language, case=params["case"]))
    if details.get("reason"):
        about.append(str(details["reason"]))
    return {
        "at": one.at,
        "who": one.actor_name or rendering.sentence("accounts.events.system", language),
        "what": rendering.sentence(f"accounts.events.{one.event}", language, **params),
        "about": " · ".join(about),
        "look": "bad" if one.event in ("suspended", "pin_lost") else "plain",
    }


def slips(
    request: Request,
    presence: Presence,
    handed: Sequence[Slip],
    back: str,
    mend: str = "",
    known: Iterable[Any] = (),
) -> Response:
    """The slips, shown once: whoever leaves the page must give new passwords. `mend` is the list that is left."""
    shown = [
        {
            "name": one.name, "sign_in": one.sign_in, "password": one.password, "unit": one.unit,
            "roles": [role_name(role, presence.language) for role in one.roles], "last_day": last_day(one.until_at),
            "must_change": one.must_change,
        }
        for one in handed
    ]  # fmt: skip
    hours = campaign.current().accounts.initial_password_hours
    return rendering.page(
        request, "account_slips.html", presence, slips=shown, back=back, mend=mend, known=list(known), hours=hours,
        address=str(request.base_url).rstrip("/"),
    )  # fmt: skip
