"""Cases: found by process, unit, state or person; one opened: where it stands, how it came there, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from engine import (
    access,
    accounts,
    campaign,
    case_codes,
    clock,
    codes,
    comments,
    database,
    history,
    incidents,
    instances,
    log,
    records,
    settings,
    stuck,
    units,
)
from engine.access import Permission
from engine.definitions import registry
from engine.definitions.definition import Definition
from engine.errors import Invalid, NotAllowed, NotFound
from engine.ids import InstanceId, VersionId, parsed
from web import (
    answers_view,
    case_view,
    decision_view,
    diagram_state,
    documents,
    lookups,
    rendering,
    retries,
    subjects,
    timeline,
    work_lists,
)
from web.sessions import Guarded, Presence, SignedIn

router = APIRouter()
PAGE = 40
STATES = ("active", "completed", "cancelled")


@router.get("/cases")
def cases(
    request: Request, presence: SignedIn, process: str = "", unit: str = "", state: str = "", before: str = ""
) -> Response:
    """Cases at and below the person's units, the newest first, a page at a time."""
    _require_overseer(presence)
    with database.transaction() as connection:
        found = instances.find(
            connection, presence.actor, process=process or None, state=state if state in STATES else None,
            unit_path=_unit_path(connection, unit), limit=PAGE + 1,
            before=parsed(before, "instance_not_found") if before else None,
        )  # fmt: skip
        rows = case_view.listed(connection, found[:PAGE], presence)
        options = _options(connection, presence)
    older = str(found[PAGE - 1].instance_id) if len(found) > PAGE else ""
    chosen = {"process": process, "unit": unit, "state": state}
    return _list(
        request, presence, rows=rows, options=options, chosen=chosen, older=older, paged=bool(before)
    )


@router.post("/cases/find")
def find(request: Request, presence: SignedIn, posted: Guarded) -> Response:
    """The cases about those who match a code or a name. Posted, because names do not belong into addresses."""
    _require_overseer(presence)
    text = posted.first("text")
    with database.transaction() as connection:
        rows: list[case_view.Listed] = []
        for definition in _searchable(connection, presence):
            for subject in subjects.find(connection, definition, text, presence):
                found = instances.find(connection, presence.actor, subject=subject.id, limit=PAGE)
                rows += [row for row in case_view.listed(connection, found, presence) if row not in rows]
        options = _options(connection, presence)
    return _list(
        request, presence, rows=rows[: 3 * PAGE], options=options, text=text, searched=True,
        chosen={"process": "", "unit": "", "state": ""},
    )  # fmt: skip


@router.get("/cases/{case}")
def case_page(request: Request, presence: SignedIn, case: str) -> Response:
    """One case: where it rests, diagram, history, answers, decisions, papers. Each look is audited."""
    return _page(request, presence, _bound(case))


@router.post("/cases/{case}/code")
def tell_code(request: Request, presence: SignedIn, posted: Guarded, case: str) -> Response:
    """The code by which the person comes back without an account, for one who has lost it; the look is audited."""
    instance_id = _bound(case)
    with database.transaction() as connection:
        view = instances.view(connection, instance_id, presence.actor)
        access.require(presence.actor, Permission.SEE, view.summary.unit_path)
        code = case_codes.of(connection, instance_id)
        if code is None:
            raise NotFound("not_found")
        history.looked_up(connection, presence.actor, "code", view.summary.subject, instance_id=instance_id)
    return rendering.redirect(request, f"/cases/{instance_id}", "said.code_told", code=codes.shown(code))


@router.post("/cases/{case}/comments")
def comment(request: Request, presence: SignedIn, posted: Guarded, case: str) -> Response:
    """Say something about the case; refused, what was written stays in its field."""
    instance_id, text = _bound(case), posted.first("comment")
    try:
        with database.transaction() as connection:
            comments.add(connection, instance_id, presence.actor, text)
    except Invalid as refusal:
        faults = [finding.sentence(presence.language) for finding in refusal.findings]
        return _page(request, presence, instance_id, text, faults)
    return rendering.redirect(request, f"/cases/{instance_id}#comments", "said.commented")


@router.post("/cases/{case}/dismiss")
def dismiss(request: Request, presence: SignedIn, posted: Guarded, case: str) -> Response:
    """No longer expect what will not follow, with a reason that stays in the case's history."""
    instance_id = _bound(case)
    token, after = parsed(posted.first("token"), "expectation_not_found"), posted.first("after")
    with database.transaction() as connection:
        stuck.dismiss(connection, instance_id, token, after, presence.actor, posted.first("reason"))
    return rendering.redirect(request, f"/cases/{instance_id}", "said.dismissed")


@router.post("/cases/{case}/retry")
def retry(request: Request, presence: SignedIn, posted: Guarded, case: str) -> Response:
    """Try again what stopped, and say honestly whether it went on."""
    instance_id = _bound(case)
    token, element = parsed(posted.first("token"), "incident_not_found"), posted.first("element")
    said, tone = retries.retried(instance_id, token, element, presence.actor)
    return rendering.redirect(request, f"/cases/{instance_id}", said, tone)


@router.post("/cases/{case}/cancel")
def cancel(request: Request, presence: SignedIn, posted: Guarded, case: str) -> Response:
    """End the case before its end, with a reason that stays in its history."""
    instance_id = _bound(case)
    with database.transaction() as connection:
        instances.cancel(connection, instance_id, presence.actor, posted.first("reason"))
    return rendering.redirect(request, f"/cases/{instance_id}", "said.case_cancelled")


def _page(
    request: Request,
    presence: Presence,
    instance_id: InstanceId,
    comment: str = "",
    faults: Sequence[str] = (),
) -> Response:
    language, zone = presence.language, settings.current().zone_info
    with database.transaction() as connection:
        view = instances.view(connection, instance_id, presence.actor)
        rows = history.of(connection, instance_id)
        versions = {
            row.version_id: registry.definition(connection, VersionId(row.version_id)) for row in rows
        }
        state = diagram_state.of(view.definition.model, rows, view.tokens, view.waits)
        decided = _decisions(connection, instance_id, language)
        open_incidents = incidents.of(connection, instance_id)
        context: dict[str, Any] = {
            "subject": subjects.of(connection, view.definition, view.summary.subject, presence),
            "resting": case_view.resting(connection, view, presence),
            "children": case_view.listed(connection, instances.children(connection, instance_id), presence),
            "parent": _parent(connection, view, presence),
            "records": case_view.records_of(
                records.of(connection, instance_id), view.definition, language, zone
            ),
            "named": lookups.names(connection, view.definition, _passed(rows), view.variables, presence),
            "papers": documents.ready(connection, view, language),
            "has_code": access.allowed(presence.actor, Permission.SEE, view.summary.unit_path)
            and case_codes.of(connection, instance_id) is not None,
            "tasks": work_lists.of_case(connection, presence, instance_id),
            "comments": comments.of(connection, instance_id),
            "missed": case_view.missed(stuck.expected(connection, instance_id), view, language),
        }
        names = accounts.names(connection, timeline.receivers(rows))
    path, subject = view.summary.unit_path, context["subject"]
    return rendering.page(
        request, "case.html", presence, 422 if faults else 200, case=view, marks=state.marks(), decided=decided,
        definition=view.definition, process=view.definition.name(language),
        outcome=view.definition.element_name(language, view.summary.outcome) if view.summary.outcome else "",
        entries=timeline.entries(rows, versions, language, names),
        knowledge=answers_view.view(
            view.definition, _passed(rows), view.variables, language, zone,
            context["named"] | case_view.names(subject),
        ),
        incidents=[case_view.told(one, view.definition, language) for one in open_incidents],
        may_free=access.allowed(presence.actor, Permission.FREE, path), comment=comment, comment_faults=faults,
        longest=comments.LONGEST, **context,
    )  # fmt: skip


def _list(request: Request, presence: Presence, **context: Any) -> Response:
    given = {"older": "", "paged": False, "text": "", "searched": False, **context}
    return rendering.page(request, "cases.html", presence, now=clock.now(), **given)


def _decisions(connection: Connection, instance_id: InstanceId, language: str) -> list[decision_view.Shown]:
    zone = settings.current().zone_info
    taken = list(reversed(history.decisions(connection, instance_id)))
    releases = {process: registry.releases(connection, process) for process in {one.process for one in taken}}
    return [
        decision_view.view(
            one,
            registry.definition(connection, VersionId(one.version_id)),
            language,
            zone,
            releases[one.process],
        )
        for one in taken
    ]


def _passed(rows: list[history.Row]) -> list[str]:
    """The elements that completed, in the order in which they first did."""
    return list(
        dict.fromkeys(
            element for happened, element, _ in diagram_state.steps(rows) if happened == "completed"
        )
    )


def _parent(connection: Connection, view: instances.View, presence: Presence) -> case_view.Listed | None:
    """The case that called this one, where the person may open it."""
    if view.parent_id is None:
        return None
    try:
        parent = instances.view(connection, view.parent_id, presence.actor)
    except NotFound:
        return None
    return case_view.listed(connection, [parent.summary], presence)[0]


def _options(connection: Connection, presence: Presence) -> dict[str, list[tuple[str, str]]]:
    """What the filters offer: processes, the units the person oversees, states."""
    processes = []
    for key in registry.processes(connection):
        newest = registry.versions(connection, key)[0]
        processes.append((key, registry.definition(connection, newest.id).name(presence.language)))
    overseen = [
        unit
        for path in access.paths_with(presence.actor, Permission.SEE)
        for unit in units.below(connection, path)
    ]
    names = campaign.current().unit_kinds
    top = min((unit.depth for unit in overseen), default=0)
    return {
        "process": processes,
        "unit": [
            (unit.code, f"{'– ' * (unit.depth - top)}{unit.name}") for unit in overseen if unit.kind in names
        ],
        "state": [(state, rendering.sentence(f"case.states.{state}", presence.language)) for state in STATES],
    }


def _searchable(connection: Connection, presence: Presence) -> list[Definition]:
    """One definition for each way of finding whom cases are about."""
    found: dict[str, Definition] = {}
    for key in registry.processes(connection):
        newest = registry.versions(connection, key)[0]
        definition = registry.definition(connection, newest.id)
        declared = definition.manifest.subject
        if declared and declared.find:
            found.setdefault(declared.find, definition)
    return list(found.values())


def _unit_path(connection: Connection, code: str) -> str | None:
    return units.by_code(connection, code).path if code else None


def _require_overseer(presence: Presence) -> None:
    if not access.paths_with(presence.actor, Permission.SEE):
        raise NotAllowed("permission_missing", permission=Permission.SEE.value)


def _bound(text: str) -> InstanceId:
    instance_id = InstanceId(parsed(text, "instance_not_found"))
    log.bind(instance_id=instance_id)
    return instance_id
