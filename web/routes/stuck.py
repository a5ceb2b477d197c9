"""Cases that need somebody's eye: found, understood, tried again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from engine import access, database, incidents, stuck, units
from engine.access import Permission
from engine.definitions import registry
from engine.errors import NotAllowed, NotFound
from engine.ids import parsed
from engine.stuck import Reason, Stuck
from web import rendering, retries
from web.sessions import Guarded, SignedIn

router = APIRouter()
MOST_ROWS = 200  # cases on the page
MOST_FOUND = 1000  # reasons looked at; a case may have several
WORST_FIRST = (Reason.INCIDENT, Reason.LATE, Reason.NOT_FOLLOWED, Reason.STALLED)


@router.get("/stuck")
def stuck_cases(
    request: Request,
    presence: SignedIn,
    process: str = "",
    element: str = "",
    unit: str = "",
    reason: str = "",
) -> Response:
    """The list, filtered by process, step, unit and reason; longest in their step first."""
    if not access.paths_with(presence.actor, Permission.SEE):
        raise NotAllowed("permission_missing", permission="see")
    with database.transaction() as connection:
        chosen = _unit(connection, unit)
        found = stuck.find(
            connection, presence.actor, process=process or None, unit_path=chosen, limit=MOST_FOUND
        )  # fmt: skip
        cases = _cases(found)
        wanted = [case for case in cases if _is_wanted(case, element, _reason(reason))]
        rows = [_row(connection, case, presence.language) for case in wanted[:MOST_ROWS]]
        steps = {(case[0].process, case[0].element): case for case in cases}
        elements = sorted(
            {_step(connection, case[0], presence.language) for case in steps.values()}, key=_by_name
        )
        options = _options(connection, presence)
    may_free = bool(access.paths_with(presence.actor, Permission.FREE))
    chosen_filters = {"process": process, "element": element, "unit": unit, "reason": reason}
    return rendering.page(
        request, "stuck.html", presence, rows=rows, may_free=may_free, chosen=chosen_filters, options=options,
        cases=len({row["instance_id"] for row in rows}), elements=elements, back=_address(request),
        is_cut=len(wanted) > MOST_ROWS or len(found) == MOST_FOUND, is_filtered=any(chosen_filters.values()),
    )  # fmt: skip


@router.post("/stuck/retry")
def retry(request: Request, presence: SignedIn, posted: Guarded) -> Response:
    """Try an incident again, and say honestly whether it went on, stopped again, or is with a worker now."""
    instance_id, token = parsed(posted.first("instance")), parsed(posted.first("token"))
    element = posted.first("element")
    said, tone = retries.retried(instance_id, token, element, presence.actor)
    back = posted.first("back")
    address = back if back.startswith("/stuck?") else "/stuck"
    return rendering.redirect(request, address, said, tone)


def _address(request: Request) -> str:
    """This page with its filter, to come back to."""
    return f"/stuck?{request.url.query}" if request.url.query else "/stuck"


def _unit(connection: Any, code: str) -> str | None:
    if not code:
        return None
    try:
        return units.by_code(connection, code).path
    except NotFound:
        return None


def _reason(text: str) -> Reason | None:
    return Reason(text) if text in set(Reason) else None


def _cases(found: list[Stuck]) -> list[list[Stuck]]:
    """One entry per case and step with all its reasons, the worst first; the longest in its step first."""
    together: dict[tuple[int, str], list[Stuck]] = {}
    for one in found:
        together.setdefault((one.instance_id, one.element), []).append(one)
    cases = [sorted(reasons, key=lambda one: WORST_FIRST.index(one.reason)) for reasons in together.values()]
    return sorted(cases, key=_since)


def _since(case: list[Stuck]) -> datetime:
    return min(one.since for one in case)


def _is_wanted(case: list[Stuck], element: str, reason: Reason | None) -> bool:
    return element in ("", case[0].element) and (reason is None or any(one.reason is reason for one in case))


def _step(connection: Any, one: Stuck, language: str) -> tuple[str, str]:
    """A step as the filter offers it: its id and its name."""
    definition = registry.definition(connection, one.version_id)
    return one.element, definition.element_name(language, one.element) or definition.name(language)


def _by_name(step: tuple[str, str]) -> str:
    return step[1].casefold()


def _row(connection: Any, case: list[Stuck], language: str) -> dict[str, Any]:
    """A stuck case as the page shows it. No names of persons: opening the case shows them, and is audited."""
    one = case[0]
    definition = registry.definition(connection, one.version_id)
    node = definition.model.nodes.get(one.element)
    stopped = next((part for part in case if part.reason is Reason.INCIDENT), None)
    return {
        "instance_id": one.instance_id,
        "since": _since(case),
        "process_name": definition.name(language),
        "version": definition.version,
        "element_name": _step(connection, one, language)[1],
        "lane_name": definition.text(language, f"lanes.{node.lane}") if node and node.lane else None,
        "unit": units.by_path(connection, one.unit_path),
        "reasons": [_reason_row(part, language) for part in case],
        "stopped": stopped,
        "is_claimed": any(part.claimed_by is not None for part in case),
    }


def _reason_row(one: Stuck, language: str) -> dict[str, Any]:
    """One reason: its name, and what there is to know about it."""
    return {
        "reason": one.reason.value,
        "due_at": one.due_at,
        "sentence": incidents.sentence(one.code, one.params or {}, language) if one.code else None,
    }


def _options(connection: Any, presence: SignedIn) -> dict[str, Any]:
    """What the filters offer: processes in force, and the units the person oversees."""
    names = []
    for key in registry.processes(connection):
        try:
            definition = registry.definition(
                connection, registry.in_force(connection, key, presence.unit.path)
            )
        except NotFound:
            continue
        names.append((key, definition.name(presence.language)))
    below = [
        unit
        for path in access.paths_with(presence.actor, Permission.SEE)
        for unit in units.below(connection, path)
    ]
    return {"processes": names, "units": below, "reasons": list(Reason)}
