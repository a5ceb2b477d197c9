"""A person's task: the form, its draft, completing it once, giving it back, and what comes next."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from engine import (
    access,
    accounts,
    comments,
    database,
    drafts,
    forms,
    history,
    instances,
    log,
    settings,
    units,
    user_tasks,
)  # fmt: skip
from engine.access import Permission
from engine.definitions import registry
from engine.errors import Conflict, Invalid, NotFound
from engine.ids import TaskId, VersionId, parsed
from engine.user_tasks import View
from web import case_view, decision_view, documents, lookups, offers, rendering, sheets, subjects, work_lists
from web.form_fields import Posted as Answers
from web.sessions import Guarded, Posted, Presence, SignedIn

router = APIRouter()


@router.get("/tasks/{task}")
def task_page(request: Request, presence: SignedIn, task: str) -> Response:
    """The task's form. Opening it takes the task in hand, unless another has it: then it is only shown."""
    task_id = _bound(task)
    with database.transaction() as connection:
        if _is_over(connection, task_id):
            return _over(request, connection, presence, task_id)
        view = user_tasks.view(connection, task_id, presence.actor)
        if view.task.claimed_by is None and access.has_role(
            presence.actor, view.task.role, view.task.unit_path
        ):
            user_tasks.claim(connection, task_id, presence.actor)
            view = user_tasks.view(connection, task_id, presence.actor)
        answers = sheets.first(view.form, view.variables, view.draft) if view.form else {}
        return _page(request, connection, presence, view, answers)


@router.post("/tasks/{task}")
def complete(request: Request, presence: SignedIn, posted: Guarded, task: str) -> Response:
    """Complete the task with the answers posted; 422 with the faults, 409 when it was done already."""
    task_id = _bound(task)
    with database.transaction() as connection:
        if _is_over(connection, task_id):
            return _over(request, connection, presence, task_id)
        view = user_tasks.view(connection, task_id, presence.actor)
    answers = sheets.read(view.form, posted, presence.language) if view.form else Answers({}, {})
    if answers.asks:
        return _again(request, presence, task_id, answers)
    try:
        database.retried(lambda: _complete(task_id, presence, view, answers.answers))
    except Invalid as refusal:
        return _again(request, presence, task_id, answers, refusal)
    except Conflict as refusal:
        if refusal.code not in ("task_done", "instance_ended", "no_longer_waiting"):
            raise
        with database.transaction() as connection:
            return _over(request, connection, presence, task_id)
    return rendering.redirect(request, f"/tasks/{task_id}/next")


@router.post("/tasks/{task}/draft")
def save_draft(request: Request, presence: SignedIn, posted: Guarded, task: str) -> Response:
    """Keep what is typed and show the form again, with the questions that the answers bring up."""
    task_id = _bound(task)
    with database.transaction() as connection:
        if _is_over(connection, task_id):
            return _over(request, connection, presence, task_id)
        view = user_tasks.view(connection, task_id, presence.actor)
    if view.form is None:
        raise NotFound("task_not_found")
    answers = sheets.read(view.form, posted, presence.language)
    kept = forms.without_secrets(view.form, answers.answers)
    revision = _revision(posted)
    is_old = False
    with database.transaction() as connection:
        offered = _offers(connection, presence, view, answers.answers)
    try:
        with database.transaction() as connection:
            revision = drafts.save(connection, task_id, presence.actor, kept, revision)
    except Conflict as refusal:
        if refusal.code != "draft_saved_elsewhere":
            raise
        is_old = True
    shown = sheets.view(
        view.definition,
        view.form,
        answers.answers,
        view.variables,
        presence.language,
        posted=answers,
        offers=offered,
    )
    return rendering.page(
        request, "form_body.html", presence, 409 if is_old else 200, form=shown, revision=revision
    )


@router.post("/tasks/{task}/release")
def release(request: Request, presence: SignedIn, posted: Guarded, task: str) -> Response:
    """Give the task back to the queue."""
    task_id = _bound(task)
    with database.transaction() as connection:
        waiting = user_tasks.task(connection, task_id)
        user_tasks.release(connection, task_id, presence.actor)
    return rendering.redirect(
        request, work_lists.address_of(waiting.process, waiting.lane), "said.released", "plain"
    )


@router.post("/tasks/{task}/hand-over")
def hand_over(request: Request, presence: SignedIn, posted: Guarded, task: str) -> Response:
    """Give the task to somebody else who holds its role there."""
    task_id = _bound(task)
    with database.transaction() as connection:
        waiting = user_tasks.task(connection, task_id)
        to = parsed(posted.first("to"), "account_not_found")
        user_tasks.hand_over(connection, task_id, presence.actor, to)
        name = accounts.names(connection, [to]).get(to, "")
    back = work_lists.address_of(waiting.process, waiting.lane)
    return rendering.redirect(request, back, "said.handed_over", "plain", name=name)


@router.get("/tasks/{task}/next")
def next_step(request: Request, presence: SignedIn, task: str) -> Response:
    """After a task is done: on with the same person, papers to print, or back to the queue for the next one."""
    task_id = _bound(task)
    with database.transaction() as connection:
        following = [
            one
            for one in work_lists.of_case(connection, presence, task_id.instance)
            if one.is_mine or not one.claimed_name
        ]
        case = _seen(connection, presence, task_id)
        papers = documents.ready(connection, case, presence.language) if case else []
        subject = subjects.of(connection, case.definition, case.summary.subject, presence) if case else None
        done = work_lists.done(connection, task_id, presence)
        said, params = case_view.onward(connection, case, presence) if case else ("said.task_done", {})
    if not following and not papers:
        return rendering.redirect(request, done.address, said, **params)
    return rendering.page(
        request, "next_step.html", presence, following=following, papers=papers, done=done, subject=subject,
        case_id=task_id.instance if case else None,
    )  # fmt: skip


def _complete(task_id: TaskId, presence: Presence, view: View, answers: dict[str, Any]) -> list[TaskId]:
    with database.transaction() as connection:
        given, findings = (
            lookups.resolved(connection, view.form, answers, presence) if view.form else ({}, [])
        )
        findings += offers.gone(given, _offers(connection, presence, view, given))
        if findings and view.form:
            raise Invalid([*findings, *sheets.faults(view.form, given, view.variables, findings)])
        return user_tasks.complete(connection, task_id, presence.actor, given)


def _again(
    request: Request, presence: Presence, task_id: TaskId, answers: Answers, refusal: Invalid | None = None
) -> Response:
    """The same form with the same answers: with the faults to mend, or with an entry more or less in a list."""
    with database.transaction() as connection:
        view = user_tasks.view(connection, task_id, presence.actor)
        return _page(
            request, connection, presence, view, answers.answers, refusal=refusal, posted=answers,
            status=422 if refusal else 200,
        )  # fmt: skip


def _page(
    request: Request,
    connection: Connection,
    presence: Presence,
    view: View,
    answers: dict[str, Any],
    *,
    refusal: Invalid | None = None,
    posted: Answers | None = None,
    status: int = 200,
) -> Response:
    task, definition, language = view.task, view.definition, presence.language
    findings = refusal.findings if refusal else ()
    may_work = access.has_role(presence.actor, task.role, task.unit_path)
    in_hand = task.claimed_by == presence.actor.account_id and may_work
    looked = (
        lookups.shown(connection, view.form, answers, presence) if view.form else lookups.Shown(answers, ())
    )
    form = None
    if view.form is not None:
        offered = _offers(connection, presence, view, answers)
        form = sheets.view(
            definition,
            view.form,
            looked.answers,
            view.variables,
            language,
            findings,
            posted,
            offered,
            looked.labels,
        )
    station = work_lists.station_of(task.process, task.lane)
    may_release = in_hand or access.allowed(presence.actor, Permission.FREE, task.unit_path)
    return rendering.fragment(
        request, "task.html", "sheet", presence, status, task=task, form=form, in_hand=in_hand, definition=definition,
        element=definition.element_name(language, task.element), process=definition.name(language),
        help=definition.text(language, f"elements.{task.element}.help") or "",
        subject=subjects.of(connection, definition, task.subject, presence), chosen=looked.lines,
        revision=view.draft_revision, refusal=refusal,
        station_name=station.names.get(language, station.key) if station else None,
        back=work_lists.address_of(task.process, task.lane),
        may_see=access.allowed(presence.actor, Permission.SEE, task.unit_path),
        may_release=may_release,
        receivers=user_tasks.receivers(connection, task) if may_release and task.claimed_by else [],
        comments=comments.of(connection, task.id.instance),
        may_comment=instances.may_open(connection, presence.actor, task.id.instance),
        concluded=_concluded(connection, view, language),
    )  # fmt: skip


def _concluded(connection: Connection, view: View, language: str) -> list[tuple[str, str]]:
    """The decisions whose results the form reads, as they stand now: name, and conclusion with its reason."""
    shaping = decision_view.shaping(view.definition, view.form.uses) if view.form else {}
    if not shaping:
        return []
    taken = {
        shaping[one.element]: one
        for one in history.decisions(connection, view.task.id.instance)
        if one.element in shaping
    }
    zone = settings.current().zone_info
    said = [
        decision_view.concluded(
            one, registry.definition(connection, VersionId(one.version_id)), language, zone
        )
        for one in taken.values()
    ]
    return [(name, sentence) for name, sentence in said if sentence]


def _offers(
    connection: Connection, presence: Presence, view: View, answers: dict[str, Any]
) -> dict[str, offers.Options]:
    """What there is to choose at the task's unit now."""
    if view.form is None:
        return {}
    unit = units.by_id(connection, view.task.unit_id)
    return offers.of(connection, view.form, answers, view.variables, presence.actor, unit, presence.language)


def _bound(text: str) -> TaskId:
    task_id = TaskId.parse(text)
    log.bind(task_id=str(task_id), instance_id=task_id.instance)
    return task_id


def _is_over(connection: Connection, task_id: TaskId) -> bool:
    """Whether the task was there and is done; NotFound when it never was."""
    try:
        user_tasks.task(connection, task_id)
    except Conflict:
        return True
    return False


def _over(request: Request, connection: Connection, presence: Presence, task_id: TaskId) -> Response:
    """In plain words: it was done already, nothing was changed, and here is where the case stands."""
    case = _seen(connection, presence, task_id)
    done = work_lists.done(connection, task_id, presence)
    if case is None and not done.by_me:  # whose case it is, and whether there is one, is not theirs to know
        raise NotFound("task_not_found")
    subject = subjects.of(connection, case.definition, case.summary.subject, presence) if case else None
    return rendering.page(
        request, "task_over.html", presence, 409, case=case, subject=subject, done=done,
        was_sent=request.method == "POST", ended=bool(case and case.summary.state != "active"),
    )  # fmt: skip


def _seen(connection: Connection, presence: Presence, task_id: TaskId) -> instances.View | None:
    """The case for its page, where the person may open it."""
    try:
        return instances.view(connection, task_id.instance, presence.actor)
    except NotFound:
        return None


def _revision(posted: Posted) -> int:
    text = posted.first("_revision", "0")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
