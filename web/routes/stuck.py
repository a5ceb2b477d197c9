"""Cases that need somebody's eye: found, understood, tried again."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from engine import access, clock, database, incidents, stuck, texts, units
from engine.access import Permission
from engine.definitions import registry
from engine.errors import NotAllowed, NotFound
from engine.ids import parsed
from engine.stuck import Reason, Stuck
from web import rendering
from web.sessions import Guarded, SignedIn

router = APIRouter()
MOST_ROWS = 200


@router.get("/stuck")
def stuck_cases(
    request: Request, visit: SignedIn, process: str = "", element: str = "", unit: str = "", reason: str = ""
) -> Response:
    """The list, filtered by process, step, unit and reason; longest in their step first."""
    if not access.paths_with(visit.actor, Permission.SEE):
        raise NotAllowed("permission_missing", permission="see")
    with database.transaction() as connection:
        chosen = _unit(connection, unit)
        found = stuck.find(
            connection, visit.actor, process=process or None, element=element or None,
            unit_path=chosen, reason=_reason(reason), limit=MOST_ROWS,
        )  # fmt: skip
        rows = [_row(connection, one, visit.language) for one in found]
        options = _options(connection, visit)
    may_free = bool(access.paths_with(visit.actor, Permission.FREE))
    chosen_filters = {"process": process, "element": element, "unit": unit, "reason": reason}
    return rendering.page(
        request, "stuck.html", visit, rows=rows, may_free=may_free, chosen=chosen_filters, options=options,
        elements=sorted({(row["element"], row["element_name"]) for row in rows}), most=MOST_ROWS,
    )  # fmt: skip


@router.post("/stuck/retry")
def retry(request: Request, visit: SignedIn, posted: Guarded) -> Response:
    """Try an incident again, and say honestly whether it went on."""
    instance_id, token = parsed(posted.first("instance")), parsed(posted.first("token"))
    element = posted.first("element")
    with database.transaction() as connection:
        went_on = incidents.retry(connection, instance_id, token, element, visit.actor)
    said = "retry_went_on" if went_on else "retry_stopped_again"
    back = posted.first("back")
    address = back if back in ("/stuck", f"/cases/{instance_id}") else "/stuck"
    return rendering.redirect(request, address, f"said.{said}", "good" if went_on else "bad")


def _unit(connection: Any, code: str) -> str | None:
    if not code:
        return None
    try:
        return units.by_code(connection, code).path
    except NotFound:
        return None


def _reason(text: str) -> Reason | None:
    return Reason(text) if text in set(Reason) else None


def _row(connection: Any, one: Stuck, language: str) -> dict[str, Any]:
    """A stuck case as the page shows it. No names of persons: opening the case shows them, and is audited."""
    definition = registry.definition(connection, one.version_id)
    node = definition.model.nodes.get(one.element)
    sentence = texts.sentence(f"incidents.{one.code}", language, **(one.params or {})) if one.code else None
    return {
        "stuck": one,
        "age": one.age(clock.now()),
        "process_name": definition.name(language),
        "version": definition.version,
        "element": one.element,
        "element_name": definition.element_name(language, one.element),
        "lane_name": definition.text(language, f"lanes.{node.lane}") if node and node.lane else None,
        "unit": units.by_path(connection, one.unit_path),
        "sentence": sentence,
    }


def _options(connection: Any, visit: SignedIn) -> dict[str, Any]:
    """What the filters offer: processes in force, and the units the person oversees."""
    names = []
    for key in registry.processes(connection):
        try:
            definition = registry.definition(connection, registry.in_force(connection, key, visit.unit.path))
        except NotFound:
            continue
        names.append((key, definition.name(visit.language)))
    below = [
        unit for path in access.paths_with(visit.actor, Permission.SEE) for unit in units.below(connection, path)
    ]
    return {"processes": names, "units": below, "reasons": list(Reason)}
