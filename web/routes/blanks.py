"""Empty forms for paper, for when the network fails: chosen by step, printed from the schemas of the screen."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from engine import access, clock, database
from engine.definitions import registry
from engine.definitions.definition import Definition
from engine.errors import NotAllowed, NotFound
from web import blank_view, rendering
from web.sessions import Presence, SignedIn

router = APIRouter()
MOST_COPIES = 200


@router.get("/blanks/{process}")
def choose(request: Request, presence: SignedIn, process: str) -> Response:
    """The forms of a process in the order of its steps, to choose from."""
    with database.transaction() as connection:
        definition = _definition(connection, presence, process)
    forms = [
        (name, _title(definition, name, presence.language), steps)
        for name, steps in _steps(definition, presence)
    ]
    return rendering.page(
        request, "blanks.html", presence, process=process, name=definition.name(presence.language), forms=forms,
        version=definition.version, most=MOST_COPIES,
    )  # fmt: skip


@router.get("/blanks/{process}/sheets")
def sheets(
    request: Request,
    presence: SignedIn,
    process: str,
    form: Annotated[list[str], Query()] = [],  # noqa: B006 - FastAPI reads the default, nobody changes it
    copies: str = "1",
) -> Response:
    """The chosen forms on paper, so many times, each set on pages of its own."""
    with database.transaction() as connection:
        definition = _definition(connection, presence, process)
    unknown = [name for name in form if name not in definition.forms]
    if unknown or not form:
        raise NotFound("not_found")
    blanks = [blank_view.view(definition, definition.forms[name], presence.language) for name in form]
    return rendering.page(
        request, "blank_sheets.html", presence, process=process, name=definition.name(presence.language),
        blanks=blanks, copies=range(_number(copies)), version=definition.version, unit=presence.unit,
    )  # fmt: skip


def _number(text: str) -> int:
    """How many copies are meant; what is no such number means one."""
    return min(max(int(text), 1), MOST_COPIES) if text.isascii() and text.isdecimal() and len(text) < 6 else 1


def _definition(connection: Connection, presence: Presence, process: str) -> Definition:
    """The version in force where the person works; NotAllowed for those who work on none of its lanes."""
    version_id = registry.in_force(connection, process, presence.unit.path, clock.now())
    definition = registry.definition(connection, version_id)
    roles = {lane.role for lane in definition.manifest.lanes.values()}
    if not roles & access.roles_at(presence.actor, presence.unit.path):
        raise NotAllowed("station_not_yours")
    return definition


def _steps(definition: Definition, presence: Presence) -> list[tuple[str, str]]:
    """Each form once, with the names of the steps that use it, in the order of the flow."""
    found: dict[str, list[str]] = {}
    for node in definition.model.nodes.values():
        if node.form is not None:
            found.setdefault(node.form, []).append(definition.element_name(presence.language, node.id))
    return [(name, ", ".join(dict.fromkeys(steps))) for name, steps in found.items()]


def _title(definition: Definition, form: str, language: str) -> str:
    return definition.text(language, f"forms.{form}.title") or form
