"""Accounts from a list: pasted or sent as a file, looked at row by row, made together; slips to cut and hand out."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from engine import account_lists, campaign, database, delegations
from engine.account_lists import Judged
from engine.errors import Finding, Invalid
from engine.texts import LANGUAGES
from web import account_pages, rendering, sessions
from web.sessions import Posted, Presence, SignedIn

router = APIRouter()
LARGEST_FILE = 256 * 1024
UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # the marks at the beginning of what Excel calls Unicode text


async def listed(request: Request, presence: SignedIn) -> Posted:
    """The fields of a guarded post whose field `list` may come as a file instead."""
    form = await request.form(max_files=1, max_fields=10, max_part_size=LARGEST_FILE)
    pairs = [(key, value.replace("\0", "")) for key, value in form.multi_items() if isinstance(value, str)]
    posted = Posted(pairs)
    sent = form.get("file")
    content = await sent.read(LARGEST_FILE + 1) if isinstance(sent, UploadFile) else b""
    await form.close()
    sessions.guard(presence, posted, request)
    if content:
        text = _text(content)
        posted = Posted([(key, value) for key, value in pairs if key != "list"] + [("list", text)])
    return posted


Listed = Annotated[Posted, Depends(listed)]


@router.get("/account-list")
def list_page(request: Request, presence: SignedIn) -> Response:
    """Where a list is pasted or chosen."""
    delegations.require(presence.actor)
    return _page(request, presence, "")


@router.post("/account-list")
def look(request: Request, presence: SignedIn, posted: Listed) -> Response:
    """What each row would become, or what is wrong with it; nothing is written yet."""
    text = _list_of(posted)
    try:
        with database.transaction() as connection:
            rows = account_lists.read(text)
            found = account_lists.judged(connection, presence.actor, rows, presence.unit, presence.language)
    except Invalid as refusal:
        faults = [one.sentence(presence.language) for one in refusal.findings]
        return _page(request, presence, text, faults=faults, status=422)
    return _page(request, presence, text, found)


@router.post("/account-list/make")
def make(request: Request, presence: SignedIn, posted: Listed) -> Response:
    """Make the accounts of all good rows, or (`act` = slips) give new passwords to those never used.

    With a bad row among them nothing is made, unless the person chose to keep the bad ones to mend (`act` = good).
    """
    text, act = _list_of(posted), posted.first("act")
    try:
        with database.transaction() as connection:
            rows = account_lists.read(text)
            found = account_lists.judged(connection, presence.actor, rows, presence.unit, presence.language)
            bad = [one for one in found if one.findings]
            if bad and act == "all":
                return _page(request, presence, text, found, status=422)
            slips = (
                account_lists.given_anew(connection, presence.actor, found)
                if act == "slips"
                else account_lists.made(connection, presence.actor, found)
            )
    except Invalid as refusal:
        faults = [one.sentence(presence.language) for one in refusal.findings]
        return _page(request, presence, text, faults=faults, status=422)
    mend = account_lists.written(one.row for one in bad) if bad else ""
    known = [one.name for one in found if one.known is not None] if act != "slips" else []
    return account_pages.slips(request, presence, slips, "/accounts", mend, known)


def _page(
    request: Request,
    presence: Presence,
    text: str,
    found: list[Judged] | None = None,
    faults: list[str] | None = None,
    status: int = 200,
) -> Response:
    rows = [_row(one, presence.language) for one in found or ()]
    roles = account_pages.role_names(presence, delegations.grantable(presence.actor, presence.unit.path))
    counts = {
        "new": sum(row["state"] == "new" for row in rows),
        "known": sum(row["state"] == "known" for row in rows),
        "unused": sum(one.unused and not one.findings for one in found or ()),
        "bad": sum(row["state"] == "bad" for row in rows),
    }
    return rendering.page(
        request, "account_list.html", presence, status, text=text, rows=rows, counts=counts, faults=faults or [],
        roles=roles, most=campaign.current().accounts.most_imported, languages_known=LANGUAGES,
    )  # fmt: skip


def _row(one: Judged, language: str) -> dict[str, Any]:
    faults = [{"column": found.pointer or "", "sentence": found.sentence(language)} for found in one.findings]
    return {
        "line": one.row.number,
        "name": one.name,
        "sign_in": one.sign_in,
        "is_generated": not one.row.cell("sign_in"),
        "roles": [account_pages.role_name(role, language) for role in one.roles] or one.row.cell("roles"),
        "unit": one.unit.name if one.unit else one.row.cell("unit"),
        "language": one.language,
        "last_day": account_pages.last_day(one.until_at),
        "until": one.row.cell("until"),
        "faults": faults,
        "known": one.known,
        "state": "bad" if one.findings else "known" if one.known is not None else "new",
    }


def _list_of(posted: Posted) -> str:
    return next((value for key, value in posted.pairs if key == "list"), "")


def _text(content: bytes) -> str:
    """The text of a file; Invalid for what is none, or too long."""
    encoding = "utf-16" if content[:2] in UTF_16 else "utf-8-sig"
    if len(content) <= LARGEST_FILE:
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode(encoding)
    raise Invalid([Finding("list_unreadable", pointer="/file")])
