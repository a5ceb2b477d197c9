"""Typing a finished paper list: one line, Enter, the next; each begins a case, and what does not fit is said there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from engine import database, paper_lines
from engine.definitions import registry
from engine.definitions.registry import Startable
from engine.errors import Conflict, Invalid, NotFound
from engine.forms import Form
from engine.forms.plans import Entry
from engine.ids import VersionId
from web import errors, rendering, sheets, start_forms, subjects
from web.form_fields import Posted as Answers
from web.sessions import Guarded, Posted, Presence, SignedIn

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Entered:
    """A line on the list of those entered: about whom, and what still waits, in the reader's language."""

    case: int
    at: Any
    who: str
    state: str
    waits: tuple[str, ...]


@router.get("/lines/{process}")
def sheet(request: Request, presence: SignedIn, process: str, at: str = "", sheet: str = "") -> Response:
    """The line to type and the lines entered; without a sheet a new one, and the way to those begun lately."""
    with database.transaction() as connection:
        start, _, _ = _chosen(connection, presence, process, at)
        key = sheet or paper_lines.new_key()
        return _page(request, connection, presence, start, key, start_forms.initial(start))


@router.post("/lines/{process}")
def enter(request: Request, presence: SignedIn, posted: Guarded, process: str) -> Response:
    """Enter a line: the next one is empty but for what it takes over; 422 with the faults, at the same line."""
    with database.transaction() as connection:
        start, form, entry = _chosen(connection, presence, process, posted.first("_at"), posted)
    answers = sheets.read(form, posted, presence.language)
    sheet, key = posted.first("_sheet"), posted.first("_line")
    if answers.asks:
        return _again(request, presence, start, sheet, answers, key)

    def entered() -> None:
        with database.transaction() as connection:
            given = start_forms.given(connection, presence, start, answers.answers)
            paper_lines.enter(
                connection, sheet, key, process, presence.unit, given, presence.actor, start.element.id
            )

    try:
        database.retried(entered)
    except (Invalid, Conflict) as refusal:
        return _again(request, presence, start, sheet, answers, key, refusal)
    if not request.headers.get("hx-request"):
        return rendering.redirect(request, f"/lines/{process}?at={start.element.id}&sheet={sheet}")
    with database.transaction() as connection:
        following = start_forms.initial(start) | taken_over(entry, answers.answers)
        return _page(request, connection, presence, start, sheet, following)


@router.post("/lines/{process}/draft")
def show_again(request: Request, presence: SignedIn, posted: Guarded, process: str) -> Response:
    """The questions that the answers so far bring up. Nothing is kept until the line is entered."""
    with database.transaction() as connection:
        start, form, entry = _chosen(connection, presence, process, posted.first("_at"), posted)
        answers = sheets.read(form, posted, presence.language)
        offered = start_forms.offered(connection, presence, start, answers.answers)
    shown = sheets.view(
        start.definition, form, answers.answers, {}, presence.language, posted=answers, offers=offered
    )
    return rendering.page(request, "line_body.html", presence, form=shown, columns=entry.columns)


def taken_over(entry: Entry, answers: dict[str, Any]) -> dict[str, Any]:
    """What the next line takes over from this one: fields as they are, and whole numbers plus one."""
    kept = {name: answers[name] for name in entry.carry if name in answers}
    counted = {
        name: answers[name] + 1
        for name in entry.count
        if isinstance(answers.get(name), int) and not isinstance(answers[name], bool)
    }
    return kept | counted


def _again(
    request: Request,
    presence: Presence,
    start: Startable,
    sheet: str,
    answers: Answers,
    key: str,
    refusal: Invalid | Conflict | None = None,
) -> Response:
    with database.transaction() as connection:
        return _page(
            request, connection, presence, start, sheet, answers.answers, key=key, refusal=refusal, posted=answers,
            status=errors.status_of(refusal) if refusal else 200,
        )  # fmt: skip


def _page(
    request: Request,
    connection: Connection,
    presence: Presence,
    start: Startable,
    sheet: str,
    answers: dict[str, Any],
    *,
    key: str | None = None,
    refusal: Invalid | Conflict | None = None,
    posted: Answers | None = None,
    status: int = 200,
) -> Response:
    findings = refusal.findings if isinstance(refusal, Invalid) else ()
    shown, _ = start_forms.shown(connection, presence, start, answers, findings, posted)
    form = start_forms.form(start)
    entered = _entered(connection, presence, start, sheet)
    others = [
        one for one in paper_lines.sheets(connection, start.process, presence.actor) if one.key != sheet
    ]
    return rendering.fragment(
        request, "lines.html", "sheet", presence, status, form=shown, process=start.process, element=start.element.id,
        name=start.definition.name(presence.language),
        start_name=start.definition.element_name(presence.language, start.element.id),
        columns=form.plan.entry.columns if form and form.plan.entry else (), sheet=sheet, entered=entered,
        line=key or paper_lines.new_key(), others=others,
        refused=refusal.sentence(presence.language) if isinstance(refusal, Conflict) else "",
    )  # fmt: skip


def _entered(connection: Connection, presence: Presence, start: Startable, sheet: str) -> list[Entered]:
    found = []
    for line in paper_lines.of_sheet(connection, sheet, presence.actor):
        definition = registry.definition(connection, VersionId(line.version_id))
        about = subjects.in_queue(connection, definition, line.subject, presence)
        ended = definition.element_name(presence.language, line.outcome) if line.outcome else ""
        ended = "" if ended == line.outcome else ended  # an end that the written flow implies has no name
        waits = tuple(definition.element_name(presence.language, element) for element in line.waits_at)
        found.append(Entered(line.instance_id, line.entered_at, about.name if about else "", ended, waits))
    return found


def _chosen(
    connection: Connection, presence: Presence, process: str, at: str, posted: Posted | None = None
) -> tuple[Startable, Form, Entry]:
    """The start whose form says that it is typed line after line; NotFound when it does not."""
    start = start_forms.chosen(connection, presence, process, at, posted)
    form = start_forms.form(start)
    if form is None or form.plan.entry is None:
        raise NotFound("not_found")
    return start, form, form.plan.entry
