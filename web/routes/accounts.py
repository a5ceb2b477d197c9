"""Accounts of one's units: found, opened, given roles and passwords, suspended and restored; each change is kept."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from engine import (
    access,
    account_events,
    accounts,
    clock,
    database,
    delegations,
    passwords,
    settings,
    suspensions,
    units,
    user_tasks,
)
from engine.account_lists import Slip
from engine.delegations import Account
from engine.errors import EngineError, Finding, Invalid, NotAllowed
from engine.ids import parsed
from engine.units import Unit
from web import account_pages, rendering
from web.sessions import Guarded, Presence, SignedIn

router = APIRouter()


@router.get("/accounts")
def accounts_page(
    request: Request, presence: SignedIn, unit: str = "", role: str = "", state: str = ""
) -> Response:
    """The accounts one looks after, by unit, role and state."""
    return _listed(request, presence, {"text": "", "unit": unit, "role": role, "state": state})


@router.post("/accounts")
def search(request: Request, presence: SignedIn, posted: Guarded) -> Response:
    """The same by name: posted, since addresses are kept in logs."""
    wanted = {name: posted.first(name)[:80] for name in ("text", "unit", "role", "state")}
    return _listed(request, presence, wanted)


@router.get("/accounts/{account}")
def account_page(request: Request, presence: SignedIn, account: str) -> Response:
    """One account: who, where, which roles until when, and what happened to it."""
    return _opened(request, presence, parsed(account, "account_not_found"))


@router.post("/accounts/{account}/grant")
def grant(request: Request, presence: SignedIn, posted: Guarded, account: str) -> Response:
    """Give a role at a unit, for good or up to the end of a day."""
    account_id = parsed(account, "account_not_found")
    try:
        with database.transaction() as connection:
            delegations.require_managed(connection, presence.actor, account_id)
            unit = units.by_code(connection, posted.first("unit") or presence.unit.code)
            role = posted.first("role")
            delegations.require_grantable(presence.actor, role, unit)
            until_at = _end_of_day(posted.first("until"))
            accounts.grant(connection, account_id, role, unit, by=presence.actor, until_at=until_at)
    except (Invalid, NotAllowed) as refusal:
        return _opened(request, presence, account_id, refusal, 422)
    return rendering.redirect(request, f"/accounts/{account_id}", "said.role_granted")


@router.post("/accounts/{account}/take")
def take(request: Request, presence: SignedIn, posted: Guarded, account: str) -> Response:
    """Take a role away, at once."""
    account_id = parsed(account, "account_not_found")
    with database.transaction() as connection:
        delegations.require_managed(connection, presence.actor, account_id)
        unit = units.by_code(connection, posted.first("unit"))
        delegations.require_grantable(presence.actor, posted.first("role"), unit)
        accounts.revoke(connection, account_id, posted.first("role"), unit, by=presence.actor)
    return rendering.redirect(request, f"/accounts/{account_id}", "said.role_taken")


@router.post("/accounts/{account}/password")
def give_password(request: Request, presence: SignedIn, posted: Guarded, account: str) -> Response:
    """A new one-time password, shown once as a slip."""
    account_id = parsed(account, "account_not_found")
    with database.transaction() as connection:
        found = delegations.require_managed(connection, presence.actor, account_id)
        password = passwords.give(connection, account_id, presence.actor)
        must_change = bool(passwords.given(found.until_at)["must_change"])
    roles = tuple(dict.fromkeys(held.role for held in found.grants if held.stands(clock.now()) != "over"))
    slip = Slip(found.name, found.sign_in, password, roles, found.unit, found.until_at, must_change)
    return account_pages.slips(request, presence, [slip], back=f"/accounts/{account_id}")


@router.post("/accounts/{account}/suspend")
def suspend(request: Request, presence: SignedIn, posted: Guarded, account: str) -> Response:
    """Close an account at once, with a reason; what it holds in hand goes back to the others."""
    account_id = parsed(account, "account_not_found")
    try:
        with database.transaction() as connection:
            delegations.require_managed(connection, presence.actor, account_id)
            suspensions.suspend(connection, account_id, posted.first("reason"), presence.actor)
    except Invalid as refusal:
        return _opened(request, presence, account_id, refusal, 422)
    _give_back([account_id])
    return rendering.redirect(request, f"/accounts/{account_id}", "said.account_suspended", "warn")


@router.post("/accounts/{account}/restore")
def restore(request: Request, presence: SignedIn, posted: Guarded, account: str) -> Response:
    """Open a suspended account again."""
    account_id = parsed(account, "account_not_found")
    with database.transaction() as connection:
        delegations.require_managed(connection, presence.actor, account_id)
        suspensions.restore(connection, account_id, presence.actor)
    return rendering.redirect(request, f"/accounts/{account_id}", "said.account_restored")


@router.post("/temporary-accounts/suspend")
def evening(request: Request, presence: SignedIn, posted: Guarded) -> Response:
    """Suspend every temporary account of a unit together: one touch when the day is over."""
    reason = rendering.sentence("accounts.evening.reason", presence.language)
    with database.transaction() as connection:
        unit = units.by_code(connection, posted.first("unit") or presence.unit.code)
        managed = _temporary(connection, presence, unit, is_suspended=False)
        for account in managed:
            suspensions.suspend(connection, account.id, reason, presence.actor)
    _give_back([account.id for account in managed])
    return rendering.redirect(
        request, f"/accounts?unit={unit.code}", "said.accounts_suspended", count=len(managed)
    )


@router.post("/temporary-accounts/restore")
def morning(request: Request, presence: SignedIn, posted: Guarded) -> Response:
    """Open the temporary accounts of a unit again whose time is not over."""
    with database.transaction() as connection:
        unit = units.by_code(connection, posted.first("unit") or presence.unit.code)
        managed = _temporary(connection, presence, unit, is_suspended=True)
        for account in managed:
            suspensions.restore(connection, account.id, presence.actor)
    return rendering.redirect(
        request, f"/accounts?unit={unit.code}", "said.accounts_restored", count=len(managed)
    )


def _temporary(connection: Connection, presence: Presence, unit: Unit, is_suspended: bool) -> list[Account]:
    """The temporary accounts of a unit and below that the person may change."""
    found = suspensions.temporary(connection, unit, is_suspended)
    return delegations.managed(connection, presence.actor, found)


def _give_back(account_ids: list[int]) -> None:
    """Tasks that suspended people hold in hand wait for everybody again; each case in a transaction of its own."""
    with database.transaction() as connection:
        claimed = user_tasks.in_hand(connection, account_ids)
    for task_id in claimed:
        with database.transaction() as connection:
            try:
                user_tasks.release(connection, task_id, access.SYSTEM)
            except EngineError:
                continue  # done in the meantime


def _listed(request: Request, presence: Presence, wanted: dict[str, str]) -> Response:
    delegations.require(presence.actor)
    with database.transaction() as connection:
        units_below = account_pages.units_of(connection, presence)
        chosen = next((unit for unit in units_below if unit.code == wanted["unit"]), None)
        found = delegations.find(
            connection, presence.actor, wanted["text"], chosen, wanted["role"], wanted["state"]
        )
        here = chosen or presence.unit
        counts = {
            state: len(_temporary(connection, presence, here, state == "suspended"))
            for state in ("open", "suspended")
        }
    return rendering.page(
        request, "accounts.html", presence, rows=[account_pages.row(one, presence) for one in found], wanted=wanted,
        units=units_below, roles=account_pages.role_names(presence), states=delegations.STATES, here=here,
        counts=counts, is_cut=len(found) >= delegations.MOST_FOUND,
    )  # fmt: skip


def _opened(
    request: Request,
    presence: Presence,
    account_id: int,
    refusal: EngineError | None = None,
    status: int = 200,
) -> Response:
    with database.transaction() as connection:
        found = delegations.account(connection, presence.actor, account_id)
        events = account_events.of(connection, account_id)
        units_below = account_pages.units_of(connection, presence)
    may_change = delegations.manages(presence.actor, found)
    offered = account_pages.role_names(presence, delegations.grantable(presence.actor, presence.unit.path))
    faults = (
        [one.sentence(presence.language) for one in refusal.findings]
        if isinstance(refusal, Invalid)
        else [refusal.sentence(presence.language)]
        if refusal
        else []
    )
    return rendering.page(
        request, "account.html", presence, status, account=account_pages.row(found, presence), may_change=may_change,
        events=[account_pages.event(one, presence.language) for one in events], units=units_below,
        offered=offered, faults=faults, is_self=found.id == presence.actor.account_id,
    )  # fmt: skip


def _end_of_day(text: str) -> datetime | None:
    """The end of the day written; None when nothing is. Invalid for what is no day, or over."""
    if not text:
        return None
    day = account_pages.day(text)
    if day is None:
        raise Invalid([Finding("list_until", {"found": text[:20]}, pointer="/until")])
    ends = datetime.combine(day + timedelta(days=1), time(), settings.current().zone_info)
    if ends <= clock.now():
        raise Invalid([Finding("list_until_past", {"found": text[:20]}, pointer="/until")])
    return ends
