"""Beginning a case without an account: choose the unit, fill the form in, be given a code."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from engine import bearers, campaign, case_codes, database, instances, log, openings, settings, units
from engine.bearers import Hold
from engine.bpmn.model import Node
from engine.definitions.definition import Definition
from engine.errors import Conflict, Invalid, NotAllowed, NotFound
from engine.forms import Form
from engine.ids import InstanceId
from engine.units import Unit
from web import bearer_view, errors, lookups, offers, rendering, sessions, sheets, visitors
from web.form_fields import Posted as Answers
from web.sessions import Posted
from web.visitors import Visiting, Visitor

router = APIRouter()
_Posted = Annotated[Posted, Depends(sessions.posted)]
SHORTEST_KEY = 16  # characters
MOST_SENT = 20  # starts of one session that are known again


class _Chosen:
    """What is begun, and where."""

    def __init__(self, process: str, unit: Unit, definition: Definition, element: Node) -> None:
        self.process, self.unit, self.definition, self.element = process, unit, definition, element

    @property
    def form(self) -> Form | None:
        return self.definition.forms[self.element.form] if self.element.form else None


@router.get("/public")
def overview(request: Request, visitor: Visiting) -> Response:
    """What people may begin themselves; where that is one thing only, straight on to it."""
    with database.transaction() as connection:
        found = [
            (one.key, *bearer_view.name_of_start(one, visitor.language))
            for one in bearers.public_processes(connection)
            if one.public_start() is not None
        ]
    if len(found) == 1:
        return rendering.redirect(request, f"/public/{found[0][0]}")
    return rendering.page(request, "public.html", found=found)


@router.get("/public/{process}")
def begin_page(request: Request, visitor: Visiting, process: str, at: str = "") -> Response:
    """The units to choose from, one level after another; at a unit where it is open, the form."""
    with database.transaction() as connection:
        newest = openings.newest(connection, process)
        unit = units.by_code(connection, at) if at else None
        if unit is None and visitor.session is not None and _kept(visitor, process):
            unit = _unit_or_none(connection, _kept(visitor, process)["unit"])
        if unit is not None and openings.at(connection, process, unit) is not None:
            chosen = _chosen(connection, process, unit.code)
            return _page(request, connection, visitor, chosen, _initial(visitor, chosen), _fresh())
        unit, choices = _narrowed(connection, process, unit)
        trail = openings.trail(connection, unit) if unit else []
        if len(choices) == 1 and openings.at(connection, process, choices[0]) is not None:
            return rendering.redirect(request, f"/public/{process}?at={choices[0].code}")
    title, about = bearer_view.name_of_start(newest, visitor.language)
    return rendering.page(
        request, "public_units.html", title=title, about=about, process=process, choices=choices, trail=trail,
        kinds={key: kind.names.get(visitor.language, key) for key, kind in campaign.current().unit_kinds.items()},
    )  # fmt: skip


@router.post("/public/{process}")
def begin(request: Request, visitor: Visiting, posted: _Posted, process: str) -> Response:
    """Begin the case, once for each page; then its code is shown."""
    with database.transaction() as connection:
        chosen = _chosen(connection, process, posted.first("_unit"))
    answers = sheets.read(chosen.form, posted, visitor.language) if chosen.form else Answers({}, {})
    page_key = posted.first("_key")[:80]
    if not visitor.is_ours(posted) or len(page_key) < SHORTEST_KEY:
        kept = page_key if len(page_key) >= SHORTEST_KEY else _fresh()
        return _again(request, visitor, chosen, answers, kept, said="public.send_again", status=403)
    if answers.asks:
        return _again(request, visitor, chosen, answers, page_key)
    key = visitor.start_key(page_key)
    sent = _digest(chosen, answers.answers)
    try:
        with database.transaction() as connection:
            known = case_codes.started_by(connection, key) or _sent_before(visitor, sent)
            if known is None:
                given = _given(connection, visitor, chosen, answers.answers)
                most = settings.current().public_starts_per_hour
                known_now = bearers.start(connection, process, chosen.unit, given, key, visitor.address, most)
                return _begun(request, connection, visitor, chosen, answers.answers, known_now, sent)
    except Invalid as refusal:
        return _again(request, visitor, chosen, answers, page_key, refusal, status=422)
    except NotAllowed as refusal:
        if refusal.code != "public_starts_paused":
            raise
        said = errors.sentence_of(refusal, visitor.language)
        return _again(request, visitor, chosen, answers, page_key, said=said, status=403)
    except Conflict as refusal:
        if refusal.code != "started_already":
            raise
        with database.transaction() as connection:
            known = case_codes.started_by(connection, key)
    if known is None:
        raise NotFound("not_found")
    with database.transaction() as connection:
        return _begun(request, connection, visitor, chosen, answers.answers, known, sent, again=True)


@router.post("/public/{process}/form")
def show_again(request: Request, visitor: Visiting, posted: _Posted, process: str) -> Response:
    """The questions that the answers so far bring up. Nothing is kept: what is typed stays in the page."""
    if not visitor.is_ours(posted):
        raise NotAllowed("csrf_missing")
    with database.transaction() as connection:
        chosen = _chosen(connection, process, posted.first("_unit"))
        if chosen.form is None:
            raise NotFound("not_found")
        answers = sheets.read(chosen.form, posted, visitor.language)
        shown = _view(connection, visitor, chosen, answers.answers, posted=answers)
    return rendering.page(request, "form_body.html", form=shown, revision=0)


def _given(
    connection: Connection, visitor: Visitor, chosen: _Chosen, answers: dict[str, Any]
) -> dict[str, Any]:
    """The answers with ids for what was looked up; Invalid for what is not there, or no longer free."""
    if chosen.form is None:
        return {}
    presence = visitor.presence(chosen.unit)
    given, findings = lookups.resolved(connection, chosen.form, answers, presence)
    findings += offers.gone(given, _offers(connection, visitor, chosen, given))
    if findings:
        raise Invalid([*findings, *sheets.faults(chosen.form, given, {}, findings)])
    return given


def _begun(
    request: Request,
    connection: Connection,
    visitor: Visitor,
    chosen: _Chosen,
    answers: dict[str, Any],
    instance_id: InstanceId,
    sent: str,
    again: bool = False,
) -> Response:
    """Let this browser see the case, and show its code; what the next of the family shares is kept."""
    rule = chosen.definition.manifest.public
    log.bind(instance_id=instance_id)
    token = bearers.add(connection, visitor.token, Hold(0, instance_id, None))
    kept = visitor.session.kept if visitor.session else {}
    shared = {name: answers[name] for name in (rule.keep if rule else ()) if name in answers}
    known = [*kept.get("sent", []), [sent, str(instance_id)]][-MOST_SENT:]
    following = {
        **kept.get("next", {}),
        chosen.process: {"unit": chosen.unit.code, "answers": shared},
    }
    if not again or _is_same(connection, instance_id, answers):
        bearers.keep(connection, token, {"sent": known, "next": following})
    response = rendering.redirect(
        request, "/my/begun", "said.bearer_sent_already" if again else None, "plain"
    )
    return visitors.keep_token(response, token)


def _is_same(connection: Connection, instance_id: InstanceId, answers: dict[str, Any]) -> bool:
    """Whether a case was begun with these answers: what was put right since is not what was sent."""
    held = instances.state_of(connection, instance_id).variables
    return all(held.get(name) == value for name, value in answers.items())


def _again(
    request: Request,
    visitor: Visitor,
    chosen: _Chosen,
    answers: Answers,
    page_key: str,
    refusal: Invalid | None = None,
    said: str = "",
    status: int = 200,
) -> Response:
    with database.transaction() as connection:
        return _page(
            request, connection, visitor, chosen, answers.answers, page_key, refusal, answers, said, status
        )


def _page(
    request: Request,
    connection: Connection,
    visitor: Visitor,
    chosen: _Chosen,
    answers: dict[str, Any],
    page_key: str,
    refusal: Invalid | None = None,
    posted: Answers | None = None,
    said: str = "",
    status: int = 200,
) -> Response:
    form = _view(connection, visitor, chosen, answers, refusal, posted) if chosen.form else None
    title, about = bearer_view.name_of_start(chosen.definition, visitor.language)
    sentence = rendering.sentence(said, visitor.language) if said.startswith("public.") else said
    response = rendering.fragment(
        request, "public_start.html", "sheet", None, status, form=form, process=chosen.process, title=title,
        about=about, unit=chosen.unit, trail=openings.trail(connection, chosen.unit), key=page_key, said=sentence,
        refusal=refusal, csrf=visitor.csrf, is_next=bool(visitor.session),
    )  # fmt: skip
    return visitors.keep_guard(response, visitor)


def _view(
    connection: Connection,
    visitor: Visitor,
    chosen: _Chosen,
    answers: dict[str, Any],
    refusal: Invalid | None = None,
    posted: Answers | None = None,
) -> Any:
    assert chosen.form is not None
    presence = visitor.presence(chosen.unit)
    looked = lookups.shown(connection, chosen.form, answers, presence)
    return sheets.view(
        chosen.definition, chosen.form, looked.answers, {}, visitor.language, refusal.findings if refusal else (),
        posted, _offers(connection, visitor, chosen, answers),
    )  # fmt: skip


def _offers(
    connection: Connection, visitor: Visitor, chosen: _Chosen, answers: dict[str, Any]
) -> dict[str, offers.Options]:
    actor = bearers.visitor(visitor.language)
    return offers.of(connection, chosen.form, answers, {}, actor, chosen.unit, visitor.language)


def _initial(visitor: Visitor, chosen: _Chosen) -> dict[str, Any]:
    """What the form begins with: what it prefills, and what the one before of the family shares."""
    answers = sheets.first(chosen.form, {}, None) if chosen.form else {}
    return {**answers, **_kept(visitor, chosen.process).get("answers", {})}


def _kept(visitor: Visitor, process: str) -> dict[str, Any]:
    kept: dict[str, Any] = visitor.session.kept.get("next", {}).get(process, {}) if visitor.session else {}
    return kept


def _sent_before(visitor: Visitor, sent: str) -> InstanceId | None:
    """The case this session began with the very same answers: going back and sending again begins none."""
    known = visitor.session.kept.get("sent", []) if visitor.session else []
    return next((InstanceId(int(case)) for digest, case in known if digest == sent), None)


def _digest(chosen: _Chosen, answers: dict[str, Any]) -> str:
    told = json.dumps([chosen.process, chosen.unit.code, answers], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


def _fresh() -> str:
    return secrets.token_urlsafe(24)


def _chosen(connection: Connection, process: str, code: str) -> _Chosen:
    """The process at the unit; NotAllowed where it is not open to people without an account."""
    unit = units.by_code(connection, code)
    definition = openings.at(connection, process, unit)
    element = definition.public_start() if definition is not None else None
    if definition is None or element is None:
        raise NotAllowed("start_not_public")
    return _Chosen(process, unit, definition, element)


def _narrowed(connection: Connection, process: str, unit: Unit | None) -> tuple[Unit | None, list[Unit]]:
    """The units to choose from; a level with one only is not asked about."""
    choices = openings.below(connection, process, unit)
    while len(choices) == 1 and openings.at(connection, process, choices[0]) is None:
        unit = choices[0]
        choices = openings.below(connection, process, unit)
    return unit, choices


def _unit_or_none(connection: Connection, code: str) -> Unit | None:
    try:
        return units.by_code(connection, code)
    except NotFound:
        return None
