"""Choosing an entry by what is typed: the list under a form's look-up field."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from engine import bearers, catalogue, database
from engine.access import Actor
from engine.errors import NotFound
from web import lookups, rendering, sessions, subjects, visitors
from web.sessions import Posted

router = APIRouter()
SHORTEST = 2  # characters; less would list everybody
MOST = 10


@router.post("/lookups/{query}")
def look_up(request: Request, posted: Annotated[Posted, Depends(sessions.posted)], query: str) -> Response:
    """The entries of a search query that match; each look is audited where the query says so."""
    declared = catalogue.current().query(query)
    if not _finds(declared):
        raise NotFound("query_not_found", name=query)
    actor, presence = _asking(request, posted, declared)
    text = posted.first("text")
    found = []
    if len(text) >= SHORTEST:
        with database.transaction() as connection:
            found = subjects.matches(connection, query, text, actor)[:MOST]
    return rendering.fragment(
        request, "lookup.html", "found", presence, text=text, too_short=len(text) < SHORTEST,
        found=[(lookups.code_of(one), str(one.get("label") or one["id"])) for one in found],
    )  # fmt: skip


def _asking(
    request: Request, posted: Posted, declared: catalogue.Query
) -> tuple[Actor, sessions.Presence | None]:
    """Who asks: whoever is signed in; on pages for people without an account anybody, for what everybody may know."""
    visitor = visitors.visitor(request)
    is_public = declared.scope is catalogue.Scope.ALL and not declared.audit
    if is_public and visitor.is_ours(posted):
        return bearers.visitor(visitor.language), None
    presence = sessions.presence(request)
    sessions.guard(presence, posted, request)
    return presence.actor, presence


def _finds(declared: catalogue.Query) -> bool:
    """Whether a query is one to search with: a text goes in, a list comes out."""
    lists = [
        part for part in declared.outputs.schema.get("properties", {}).values() if part.get("type") == "array"
    ]
    return declared.inputs.required == frozenset({"text"}) and len(lists) == 1
