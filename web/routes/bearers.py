"""Coming back without an account: a code and a second fact, the cases, what is to do, the papers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from engine import access, bearers, case_codes, codes, database, instances, log, units, user_tasks
from engine.errors import Conflict, Finding, Invalid, NotAllowed, NotFound
from engine.ids import TaskId, parsed
from engine.user_tasks import View
from web import bearer_view, documents, errors, lookups, offers, rendering, sessions, sheets, visitors
from web.form_fields import Posted as Answers
from web.sessions import Posted
from web.visitors import GuardedByCode, Holder, Holding, Visiting, Visitor

router = APIRouter()
_MOVED_ON = ("task_done", "instance_ended", "no_longer_waiting", "instance_moved_on")


@router.get("/my")
def my_page(request: Request, visitor: Visiting) -> Response:
    """The cases of whoever is shown; without a session, where a code is entered."""
    return _mine(request, visitor)


@router.post("/my")
def show_code(
    request: Request, visitor: Visiting, posted: Annotated[Posted, Depends(sessions.posted)]
) -> Response:
    """A code and a second fact: right, they open a session, or add one of the family; wrong, all are told alike."""
    code, proof = posted.first("code")[:40], posted.first("proof")[:80]
    if not visitor.is_ours(posted):
        return _mine(request, visitor, code, "my.send_again")
    try:
        with database.transaction() as connection:
            bearers.allow_try(connection, code, visitor.address)
        with database.transaction() as connection:
            hold = bearers.shown(connection, code, bearer_view.as_written(proof), visitor.address)
            token = bearers.add(connection, visitor.token, hold)
    except (NotAllowed, Conflict) as refusal:
        return _mine(request, visitor, code, errors.sentence_of(refusal, visitor.language))
    return visitors.keep_token(rendering.redirect(request, "/my"), token)


@router.get("/my/begun")
def begun(request: Request, held: Holding) -> Response:
    """The code of a case just begun, large, to print or to note down; what happens next; the next of the family."""
    language = held.visitor.language
    if held.hold.instance_id is None:
        return rendering.redirect(request, "/my")
    with database.transaction() as connection:
        case = instances.view(connection, held.hold.instance_id, held.actor)
        code = case_codes.of(connection, held.hold.instance_id)
        label = bearer_view.label_of(connection, held.hold)
        card = bearer_view.card(connection, case, held.actor, language)
    definition = case.definition
    return rendering.page(
        request, "begun.html", code=codes.shown(code) if code else "", label=label, card=card, csrf=held.session.csrf,
        title=definition.text(language, "public.title") or definition.name(language),
        proof=definition.text(language, "public.proof") or "", after=definition.text(language, "public.after") or "",
        process=definition.key if definition.public_start() is not None else "", unit=case.unit,
        site=request.url.netloc,
    )  # fmt: skip


@router.post("/my/choose")
def choose(request: Request, held: Holding, posted: GuardedByCode) -> Response:
    """Show another of the people in this session."""
    position = parsed(posted.first("position"), "not_found")
    if position not in {one.position for one in held.session.holds}:
        raise NotFound("not_found")
    with database.transaction() as connection:
        bearers.choose(connection, held.visitor.token, position)
    return rendering.redirect(request, "/my")


@router.post("/my/leave")
def leave(request: Request, held: Holding, posted: GuardedByCode) -> Response:
    """Forget everybody in this session: the device may be somebody else's."""
    with database.transaction() as connection:
        bearers.close(connection, held.visitor.token)
    response = rendering.redirect(request, "/my", "said.bearer_left")
    response.delete_cookie(visitors.COOKIE)
    response.delete_cookie(visitors.GUARD_COOKIE)
    return response


@router.get("/my/tasks/{task}")
def task_page(request: Request, held: Holding, task: str) -> Response:
    """The form of something the person is to do."""
    task_id = _bound(task)
    with database.transaction() as connection:
        try:
            view = user_tasks.view(connection, task_id, held.actor)
        except Conflict:
            return rendering.redirect(request, "/my", "said.bearer_moved_on", "warn")
        answers = sheets.first(view.form, view.variables, None) if view.form else {}
        return _page(request, connection, held, view, answers)


@router.post("/my/tasks/{task}")
def complete(request: Request, held: Holding, posted: GuardedByCode, task: str) -> Response:
    """Do it, once; 422 with the faults, 409 when the case has gone on meanwhile."""
    task_id = _bound(task)
    try:
        with database.transaction() as connection:
            view = user_tasks.view(connection, task_id, held.actor)
        answers = sheets.read(view.form, posted, held.visitor.language) if view.form else Answers({}, {})
        if answers.asks:
            return _again(request, held, task_id, answers)
        database.retried(lambda: _complete(held, task_id, view, answers.answers))
    except Invalid as refusal:
        return _again(request, held, task_id, answers, refusal)
    except Conflict as refusal:
        if refusal.code not in _MOVED_ON:
            raise
        sentence = rendering.sentence("my.moved_on", held.visitor.language)
        return rendering.page(request, "my_over.html", status=409, sentence=sentence)
    return rendering.redirect(request, "/my", "said.bearer_done")


@router.post("/my/tasks/{task}/form")
def show_again(request: Request, held: Holding, posted: GuardedByCode, task: str) -> Response:
    """The questions that the answers so far bring up. Nothing is kept."""
    task_id = _bound(task)
    with database.transaction() as connection:
        view = user_tasks.view(connection, task_id, held.actor)
        if view.form is None:
            raise NotFound("task_not_found")
        answers = sheets.read(view.form, posted, held.visitor.language)
        shown = _form(connection, held, view, answers.answers, posted=answers)
    return rendering.page(request, "form_body.html", form=shown, revision=0)


@router.get("/my/cases/{case}/documents/{key}")
def document(request: Request, held: Holding, case: str, key: str) -> Response:
    """A paper of one of the person's cases, if it is for them and exists by now."""
    instance_id = parsed(case, "instance_not_found")
    log.bind(instance_id=instance_id)
    language = held.visitor.language
    with database.transaction() as connection:
        view = instances.view(connection, instance_id, held.actor)
        address = f"/my/cases/{instance_id}/documents/{key}"
        if address not in {way.address for way in bearer_view.papers(connection, view, language)}:
            raise NotFound("document_not_ready")
        # the paper says what its process lets it say: the look is the bearer's, noted above
        around = documents.surroundings(connection, view, held.visitor.presence(view.unit, access.SYSTEM))
    return rendering.page(request, "document.html", back="/my", **documents.page(view, key, around, language))


def _mine(request: Request, visitor: Visitor, code: str = "", said: str = "") -> Response:
    """The page of `/my`; `said` is what was wrong with a code, or the key of it."""
    language, session = visitor.language, visitor.session
    sentence = rendering.sentence(said, language) if said.startswith("my.") else said
    context: dict[str, Any] = {"code": code, "said": sentence, "csrf": visitor.csrf}
    with database.transaction() as connection:
        context["proof"] = bearer_view.proofs(connection, language)
        if session is not None:
            actor = bearers.actor(connection, session.hold(), language)
            context["cards"] = bearer_view.cards(connection, actor, language)
            context["records"] = bearer_view.earlier(connection, actor, language)
            context["people"] = bearer_view.people(
                connection, session.holds, session.hold().position, language
            )
            context["starts"] = [
                (one.key, bearer_view.name_of_start(one, language)[0])
                for one in bearers.public_processes(connection)
                if one.public_start() is not None
            ]
    template = "my.html" if session is not None else "my_code.html"
    return visitors.keep_guard(
        rendering.page(request, template, None, 403 if said else 200, **context), visitor
    )


def _complete(held: Holder, task_id: TaskId, view: View, answers: dict[str, Any]) -> None:
    with database.transaction() as connection:
        given, findings = answers, list[Finding]()
        if view.form is not None:
            unit = units.by_id(connection, view.task.unit_id)
            given, findings = lookups.resolved(
                connection, view.form, answers, held.visitor.presence(unit, held.actor)
            )
            findings += offers.gone(given, _offers(connection, held, view, given))
        if findings and view.form is not None:
            raise Invalid([*findings, *sheets.faults(view.form, given, view.variables, findings)])
        user_tasks.complete(connection, task_id, held.actor, given)


def _again(
    request: Request, held: Holder, task_id: TaskId, answers: Answers, refusal: Invalid | None = None
) -> Response:
    with database.transaction() as connection:
        view = user_tasks.view(connection, task_id, held.actor)
        return _page(
            request, connection, held, view, answers.answers, refusal, answers, 422 if refusal else 200
        )


def _page(
    request: Request,
    connection: Connection,
    held: Holder,
    view: View,
    answers: dict[str, Any],
    refusal: Invalid | None = None,
    posted: Answers | None = None,
    status: int = 200,
) -> Response:
    language, definition, element = held.visitor.language, view.definition, view.task.element
    form = _form(connection, held, view, answers, refusal, posted) if view.form else None
    about = definition.text(language, f"public.states.{element}") or ""
    return rendering.fragment(
        request, "my_task.html", "sheet", None, status, form=form, task=view.task, refusal=refusal,
        element=bearer_view.action(definition, element, language), csrf=held.session.csrf,
        about=bearer_view.filled(about, view.variables, language),
        label=bearer_view.label_of(connection, held.hold),
    )  # fmt: skip


def _form(
    connection: Connection,
    held: Holder,
    view: View,
    answers: dict[str, Any],
    refusal: Invalid | None = None,
    posted: Answers | None = None,
) -> Any:
    assert view.form is not None
    unit = units.by_id(connection, view.task.unit_id)
    looked = lookups.shown(connection, view.form, answers, held.visitor.presence(unit, held.actor))
    return sheets.view(
        view.definition, view.form, looked.answers, view.variables, held.visitor.language,
        refusal.findings if refusal else (), posted, _offers(connection, held, view, answers),
    )  # fmt: skip


def _offers(
    connection: Connection, held: Holder, view: View, answers: dict[str, Any]
) -> dict[str, offers.Options]:
    unit = units.by_id(connection, view.task.unit_id)
    return offers.of(connection, view.form, answers, view.variables, held.actor, unit, held.visitor.language)


def _bound(text: str) -> TaskId:
    task_id = TaskId.parse(text)
    log.bind(task_id=str(task_id), instance_id=task_id.instance)
    return task_id
