"""Choosing an entry by what is typed: the list under a form's look-up field."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from engine import catalogue, database
from engine.errors import NotFound
from web import lookups, rendering, subjects
from web.sessions import Guarded, SignedIn

router = APIRouter()
SHORTEST = 2  # characters; less would list everybody
MOST = 10


@router.post("/lookups/{query}")
def look_up(request: Request, presence: SignedIn, posted: Guarded, query: str) -> Response:
    """The entries of a search query that match; each look is audited where the query says so."""
    declared = catalogue.current().query(query)
    if not _finds(declared):
        raise NotFound("query_not_found", name=query)
    text = posted.first("text")
    found = []
    if len(text) >= SHORTEST:
        with database.transaction() as connection:
            found = subjects.matches(connection, query, text, presence.actor)[:MOST]
    return rendering.fragment(
        request, "lookup.html", "found", presence, text=text, too_short=len(text) < SHORTEST,
        found=[(lookups.code_of(one), str(one.get("label") or one["id"])) for one in found],
    )  # fmt: skip


def _finds(declared: catalogue.Query) -> bool:
    """Whether a query is one to search with: a text goes in, a list comes out."""
    lists = [
        part for part in declared.outputs.schema.get("properties", {}).values() if part.get("type") == "array"
    ]
    return declared.inputs.required == frozenset({"text"}) and len(lists) == 1
