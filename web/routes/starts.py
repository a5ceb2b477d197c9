"""Beginning a case by hand: the start form, about nobody yet or about somebody just found."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from engine import access, database, instances
from engine.access import Permission
from engine.definitions.registry import Startable
from engine.errors import Conflict, Invalid, NotAllowed, NotFound
from engine.ids import InstanceId
from web import errors, lookups, offers, rendering, sheets, work_lists
from web.form_fields import Posted as Answers
from web.sessions import Guarded, Presence, SignedIn

router = APIRouter()


@router.get("/start/{process}")
def start_page(request: Request, presence: SignedIn, process: str, at: str = "") -> Response:
    """The start form; `at` names the start event where a process has several."""
    with database.transaction() as connection:
        chosen = _chosen(connection, presence, process, at)
        return _page(request, connection, presence, chosen, _initial(chosen))


@router.post("/start/{process}/about")
def start_about(request: Request, presence: SignedIn, posted: Guarded, process: str) -> Response:
    """The start form with the subject filled in already. Posted: whom a case is about stays out of addresses."""
    with database.transaction() as connection:
        chosen = _chosen(connection, presence, process, posted.first("_at"))
        declared = chosen.definition.manifest.subject
        answers = _initial(chosen)
        if declared is not None and posted.first("subject"):
            answers[declared.variable] = posted.first("subject")
        return _page(request, connection, presence, chosen, answers)


@router.post("/start/{process}")
def start(request: Request, presence: SignedIn, posted: Guarded, process: str) -> Response:
    """Begin the case; straight on to its first task where the same person may do it."""
    with database.transaction() as connection:
        chosen = _chosen(connection, presence, process, posted.first("_at"))
    form = _form(chosen)
    answers = sheets.read(form, posted, presence.language) if form else Answers({}, {})
    if answers.asks:
        return _again(request, presence, chosen, answers)
    try:
        with database.transaction() as connection:
            given, findings = (
                lookups.resolved(connection, form, answers.answers, presence) if form else ({}, [])
            )
            findings += offers.gone(given, _offers(connection, presence, chosen, given))
            if findings:
                raise Invalid([*findings, *sheets.faults(form, given, {}, findings)])
            instance_id = instances.start(
                connection, process, presence.unit, given, presence.actor, chosen.element.id
            )
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
        chosen = _chosen(connection, presence, process, posted.first("_at"))
        form = _form(chosen)
        if form is None:
            raise NotFound("not_found")
        answers = sheets.read(form, posted, presence.language)
        offered = _offers(connection, presence, chosen, answers.answers)
    shown = sheets.view(
        chosen.definition, form, answers.answers, {}, presence.language, posted=answers, offers=offered
    )
    return rendering.page(request, "form_body.html", presence, form=shown, revision=0)


def _go_on(request: Request, presence: Presence, instance_id: InstanceId) -> Response:
    """To the first task the person may do, else to the queue they came from."""
    with database.transaction() as connection:
        following = work_lists.of_case(connection, presence, instance_id)
        places = work_lists.places(connection, presence)
    if following:
        return rendering.redirect(request, f"/tasks/{following[0].id}")
    if access.allowed(presence.actor, Permission.SEE, presence.unit.path):
        return rendering.redirect(request, f"/cases/{instance_id}", "said.case_started")
    back = f"/stations/{places[0].key}" if len(places) == 1 else "/"
    return rendering.redirect(request, back, "said.case_started")


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
    definition, form = chosen.definition, _form(chosen)
    findings = refusal.findings if isinstance(refusal, Invalid) else ()
    looked = lookups.shown(connection, form, answers, presence) if form else lookups.Shown(answers, ())
    shown = (
        sheets.view(
            definition,
            form,
            looked.answers,
            {},
            presence.language,
            findings,
            posted,
            _offers(connection, presence, chosen, answers),
            looked.labels,
        )
        if form
        else None
    )
    places = work_lists.places(connection, presence)
    return rendering.fragment(
        request, "start.html", "sheet", presence, status, form=shown, process=chosen.process, element=chosen.element.id,
        name=definition.name(presence.language), about=work_lists.description(definition, presence.language),
        start_name=definition.element_name(presence.language, chosen.element.id), findings=findings,
        refused=refusal.sentence(presence.language) if isinstance(refusal, Conflict) else "",
        open_case=_open_case(connection, presence, refusal), chosen=looked.lines,
        back=f"/stations/{places[0].key}" if len(places) == 1 else "/",
    )  # fmt: skip


def _open_case(connection: Connection, presence: Presence, refusal: Invalid | Conflict | None) -> str:
    """The id of the case that is open already, where the person may open it; else nothing is told of it."""
    case = refusal.params.get("case") if isinstance(refusal, Conflict) else None
    return str(case) if case and instances.may_open(connection, presence.actor, case) else ""


def _initial(chosen: Startable) -> dict[str, Any]:
    form = _form(chosen)
    return sheets.first(form, {}, None) if form else {}


def _offers(
    connection: Connection, presence: Presence, chosen: Startable, answers: dict[str, Any]
) -> dict[str, offers.Options]:
    return offers.of(connection, _form(chosen), answers, {}, presence.actor, presence.unit, presence.language)


def _form(chosen: Startable) -> Any:
    return chosen.definition.forms[chosen.element.form] if chosen.element.form else None


def _chosen(connection: Connection, presence: Presence, process: str, at: str) -> Startable:
    """The start event asked for; NotAllowed where the person may not begin this process at the unit."""
    for one in work_lists.startable(connection, presence):
        if one.process == process and at in ("", one.element.id):
            return one
    raise NotAllowed("start_not_allowed")
