"""Beginning a case by hand: the start form, about nobody yet or about somebody just found."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from engine import access, case_codes, codes, database, instances
from engine.access import Permission
from engine.definitions.registry import Startable
from engine.errors import Conflict, Invalid, NotFound
from engine.ids import InstanceId
from web import errors, rendering, sheets, start_forms, work_lists
from web.form_fields import Posted as Answers
from web.sessions import Guarded, Presence, SignedIn

router = APIRouter()


@router.get("/start/{process}")
def start_page(request: Request, presence: SignedIn, process: str, at: str = "") -> Response:
    """The start form; `at` names the start event where a process has several."""
    with database.transaction() as connection:
        chosen = start_forms.chosen(connection, presence, process, at)
        return _page(request, connection, presence, chosen, start_forms.initial(chosen))


@router.post("/start/{process}/about")
def start_about(request: Request, presence: SignedIn, posted: Guarded, process: str) -> Response:
    """The start form with the subject filled in already. Posted: whom a case is about stays out of addresses."""
    with database.transaction() as connection:
        chosen = start_forms.chosen(connection, presence, process, posted.first("_at"))
        declared = chosen.definition.manifest.subject
        answers = start_forms.initial(chosen)
        if declared is not None and posted.first("subject"):
            answers[declared.variable] = posted.first("subject")
        return _page(request, connection, presence, chosen, answers)


@router.post("/start/{process}")
def start(request: Request, presence: SignedIn, posted: Guarded, process: str) -> Response:
    """Begin the case; straight on to its first task where the same person may do it."""
    with database.transaction() as connection:
        chosen = start_forms.chosen(connection, presence, process, posted.first("_at"), posted)
    form = start_forms.form(chosen)
    answers = sheets.read(form, posted, presence.language) if form else Answers({}, {})
    if answers.asks:
        return _again(request, presence, chosen, answers)

    def begun() -> InstanceId:
        with database.transaction() as connection:
            given = start_forms.given(connection, presence, chosen, answers.answers)
            return instances.start(
                connection, process, presence.unit, given, presence.actor, chosen.element.id
            )

    try:
        instance_id = database.retried(begun)
    except Invalid as refusal:
        return _again(request, presence, chosen, answers, refusal)
    except Conflict as refusal:
        if refusal.code != instances.CASE_OPEN:
            raise
        return _again(request, presence, chosen, answers, refusal)
    return _go_on(request, presence, instance_id)


@router.post("/start/{process}/draft")
def show_again(request: Request, presence: SignedIn, posted: Guarded, process: str) -> Response:
    """The questions that the answers so far bring up. Nothing is kept: there is no case yet."""
    with database.transaction() as connection:
        chosen = start_forms.chosen(connection, presence, process, posted.first("_at"), posted)
        form = start_forms.form(chosen)
        if form is None:
            raise NotFound("not_found")
        answers = sheets.read(form, posted, presence.language)
        offered = start_forms.offered(connection, presence, chosen, answers.answers)
    shown = sheets.view(
        chosen.definition, form, answers.answers, {}, presence.language, posted=answers, offers=offered
    )
    return rendering.page(request, "form_body.html", presence, form=shown, revision=0)


def _go_on(request: Request, presence: Presence, instance_id: InstanceId) -> Response:
    """To the first task the person may do, else to the queue they came from."""
    with database.transaction() as connection:
        following = work_lists.of_case(connection, presence, instance_id)
        places = work_lists.places(connection, presence)
        code = case_codes.of(connection, instance_id)
    said, given = (
        ("said.case_started", {}) if code is None else ("said.case_code", {"code": codes.shown(code)})
    )
    if following:
        return rendering.redirect(request, f"/tasks/{following[0].id}", said if given else None, **given)
    if access.allowed(presence.actor, Permission.SEE, presence.unit.path):
        return rendering.redirect(request, f"/cases/{instance_id}", said, **given)
    back = f"/stations/{places[0].key}" if len(places) == 1 else "/"
    return rendering.redirect(request, back, said, **given)


def _again(
    request: Request,
    presence: Presence,
    chosen: Startable,
    answers: Answers,
    refusal: Invalid | Conflict | None = None,
) -> Response:
    with database.transaction() as connection:
        return _page(
            request, connection, presence, chosen, answers.answers, refusal=refusal, posted=answers,
            status=errors.status_of(refusal) if refusal else 200,
        )  # fmt: skip


def _page(
    request: Request,
    connection: Connection,
    presence: Presence,
    chosen: Startable,
    answers: dict[str, Any],
    *,
    refusal: Invalid | Conflict | None = None,
    posted: Answers | None = None,
    status: int = 200,
) -> Response:
    findings = refusal.findings if isinstance(refusal, Invalid) else ()
    shown, lines = start_forms.shown(connection, presence, chosen, answers, findings, posted)
    places = work_lists.places(connection, presence)
    ways = work_lists.ways_in(work_lists.startable(connection, presence), presence.language)
    way = next(one for one in ways if (one.process, one.element) == (chosen.process, chosen.element.id))
    return rendering.fragment(
        request, "start.html", "sheet", presence, status, form=shown, process=chosen.process, element=chosen.element.id,
        name=way.title, about=way.about, findings=findings,
        refused=refusal.sentence(presence.language) if isinstance(refusal, Conflict) else "",
        open_case=_open_case(connection, presence, refusal), chosen=lines,
        many=work_lists.is_typed_in_lines(chosen),
        back=f"/stations/{places[0].key}" if len(places) == 1 else "/",
    )  # fmt: skip


def _open_case(connection: Connection, presence: Presence, refusal: Invalid | Conflict | None) -> str:
    """The id of the case that is open already, where the person may open it; else nothing is told of it."""
    case = refusal.params.get("case") if isinstance(refusal, Conflict) else None
    return str(case) if case and instances.may_open(connection, presence.actor, case) else ""
