"""Processes and their versions: what is in force, what it says, who proposed it, and who let it in."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from engine import access, clock, database, settings, units
from engine.access import Permission
from engine.definitions import compare, deployment, editions, registry
from engine.definitions.bundle import Bundle
from engine.definitions.definition import Definition
from engine.definitions.registry import Release
from engine.errors import Invalid, NotFound
from engine.ids import VersionId, parsed
from web import rendering
from web.sessions import Guarded, Presence, SignedIn

router = APIRouter()


@router.get("/processes")
def processes(request: Request, presence: SignedIn) -> Response:
    """Every process: what holds here now, and what waits for approval."""
    with database.transaction() as connection:
        rows = [_listed(connection, key, presence) for key in registry.processes(connection)]
        waiting = deployment.submissions(connection, state=deployment.SUBMITTED)
        choices = submittable(connection, presence)
    return rendering.page(
        request, "processes.html", presence, rows=rows, waiting=waiting,
        may_submit=may_submit(presence), folders=choices,
    )  # fmt: skip


@router.get("/processes/{key}")
def process(request: Request, presence: SignedIn, key: str) -> Response:
    """One process: its versions and releases, newest first."""
    with database.transaction() as connection:
        versions = registry.versions(connection, key)
        if not versions:
            raise NotFound("version_not_found")
        releases = registry.releases(connection, key)
        submissions = deployment.submissions(connection, process=key)
        definition = registry.definition(connection, versions[0].id)
        held = _in_force(connection, key, presence)
        places = {
            one.unit_path: units.by_path(connection, one.unit_path)
            for one in releases
            if one.unit_path != "/"
        }
        choices = submittable(connection, presence)
    return rendering.page(
        request, "process.html", presence, key=key, definition=definition, versions=versions, releases=releases,
        submissions=submissions, held=held, may_submit=may_submit(presence), folders=choices, places=places,
        grounds={one.id: one.reason for one in submissions},
        holding=next((one.id for one in releases if _holds(one, presence)), None),
    )  # fmt: skip


@router.get("/versions/{version_id}")
def version(request: Request, presence: SignedIn, version_id: str) -> Response:
    """One version: diagram, tables, forms, scenarios, and what it changed."""
    with database.transaction() as connection:
        definition = registry.definition(connection, VersionId(parsed(version_id)))
        before = registry.before(connection, definition.key, definition.version)
        changes = compare.changes(before, definition) if before else []
        all_releases = registry.releases(connection, definition.key)
        releases = [one for one in all_releases if one.version_id == definition.version_id]
        held = _in_force(connection, definition.key, presence)
    return rendering.page(
        request, "version.html", presence, definition=definition, changes=changes, releases=releases, held=held,
        may_submit=may_submit(presence), tables=tables_of(definition, presence.language),
        drawn=sorted(name for name, content in definition.dmn_files.items() if _is_graph(content)),
    )  # fmt: skip


@router.get("/versions/{version_id}/bpmn")
def drawing(presence: SignedIn, version_id: str) -> Response:
    """The BPMN of a version, with its layout, for the viewer."""
    with database.transaction() as connection:
        definition = registry.definition(connection, VersionId(parsed(version_id)))
    return _file(definition.bpmn_xml, "application/xml")


@router.get("/versions/{version_id}/decisions/{name}")
def table(presence: SignedIn, version_id: str, name: str) -> Response:
    """One DMN file of a version, for the viewer."""
    with database.transaction() as connection:
        definition = registry.definition(connection, VersionId(parsed(version_id)))
    if name not in definition.dmn_files:
        raise NotFound("not_found")
    return _file(definition.dmn_files[name], "application/xml")


@router.get("/versions/{version_id}/bundle.zip")
def download(presence: SignedIn, version_id: str) -> Response:
    """The whole bundle of a version, to edit and submit again."""
    with database.transaction() as connection:
        definition = registry.definition(connection, VersionId(parsed(version_id)))
    answer = _file(_zipped(definition.bundle), "application/zip")
    answer.headers["Content-Disposition"] = (
        f'attachment; filename="{definition.key}-v{definition.version}.zip"'
    )
    return answer


@router.post("/versions/{version_id}/republish")
def republish(request: Request, presence: SignedIn, version_id: str, posted: Guarded) -> Response:
    """Propose an earlier version again: how a publication is taken back."""
    with database.transaction() as connection:
        reason = posted.first("reason")
        submission_id = deployment.republish(
            connection, VersionId(parsed(version_id)), presence.actor, reason
        )
    return rendering.redirect(request, f"/submissions/{submission_id}", "said.submitted")


# --- shared with the submissions --------------------------------------------------------------------------


def may_submit(presence: Presence) -> bool:
    """Whether the person may propose versions at the top of the tree."""
    return any(path.count("/") <= 2 for path in access.paths_with(presence.actor, Permission.SUBMIT))


def may_approve(presence: Presence) -> bool:
    """Whether the person may let versions in."""
    return any(path.count("/") <= 2 for path in access.paths_with(presence.actor, Permission.APPROVE))


def submittable(connection: Any, presence: Presence) -> list[str]:
    """The processes the person may choose when proposing: those on this server, and those published before."""
    if not may_submit(presence):
        return []
    folders = server_folders()
    return [*folders, *(key for key in registry.processes(connection) if key not in folders)]


def server_folders() -> list[str]:
    """The process folders on this server that may be submitted from here, each with its editions: `loan/june`."""
    found: list[str] = []
    for path in sorted(settings.current().processes_dir.glob("*/process.yaml")):
        found.append(path.parent.name)
        with suppress(Invalid):  # `tiemchung check` says what is wrong with them
            found += [f"{path.parent.name}/{one.name}" for one in editions.changing(path.parent)]
    return found


def tables_of(definition: Definition, language: str) -> list[dict[str, Any]]:
    """The decisions of a version as plain rows: those the process asks for, then all others of its files."""
    asked = {
        (used.model.file, found.id): (key, used.binding)
        for key, used in definition.decisions.items()
        if (found := used.model.decision(used.id)) is not None
    }
    bindings = {used.model.file: used.binding for used in definition.decisions.values()}
    shown: list[dict[str, Any]] = []
    for file, model in definition.models.items():
        for decision in model.decisions.values():
            key, binding = asked.get((file, decision.id), (decision.id, bindings.get(file, "version")))
            name = definition.text(language, f"decisions.{key}") or decision.name
            row = {"name": name, "file": file, "binding": binding, "anchor": _anchor(file, decision.id)}
            shown.append({**row, "decision": decision, "asked": (file, decision.id) in asked})
    names = {row["anchor"]: row["name"] for row in shown}
    for one in shown:
        needs = [need for need in one["decision"].needs if need.kind == "decision"]
        anchors = [_anchor(need.model.file, need.id) for need in needs]
        one["needs"] = [(names[anchor], anchor) for anchor in anchors if anchor in names]
    return sorted(shown, key=lambda row: (not row["decision"].rules, not row["asked"]))


def _anchor(file: str, decision: str) -> str:
    """Where a decision stands on a page: two files may have one of the same id."""
    return f"table-{file.removesuffix('.dmn')}-{decision}"


def _listed(connection: Any, key: str, presence: Presence) -> dict[str, Any]:
    held = _in_force(connection, key, presence)
    newest = registry.versions(connection, key)[0]
    definition = registry.definition(connection, held or newest.id)
    releases = registry.releases(connection, key)
    return {
        "key": key,
        "name": definition.name(presence.language),
        "description": definition.text(presence.language, "process.description"),
        "version": definition.version if held else None,
        "version_id": definition.version_id,
        "newest": newest.version,
        "since": next((one.effective_at for one in releases if one.version_id == held), None),
        "pilots": sum(one.unit_path != "/" for one in releases),
    }


def _in_force(connection: Any, key: str, presence: Presence) -> VersionId | None:
    try:
        return registry.in_force(connection, key, presence.unit.path)
    except NotFound:
        return None


def _holds(release: Release, presence: Presence) -> bool:
    """Whether a release has come into effect and covers the unit worked at; the newest of these is in force."""
    return release.effective_at <= clock.now() and (
        release.unit_path == deployment.EVERYWHERE or presence.unit.path.startswith(release.unit_path)
    )


def _zipped(bundle: Bundle) -> bytes:
    """The bundle's files as a zip, in order, so that the same version gives the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(bundle.files):
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), bundle.files[path])
    return packed.getvalue()


def _file(content: bytes, kind: str) -> Response:
    return Response(
        content, media_type=kind, headers={"Cache-Control": "private, max-age=31536000, immutable"}
    )


def _is_graph(content: bytes) -> bool:
    """Whether a DMN file holds decisions that require others, and where they are drawn."""
    return b"requiredDecision" in content and b"DMNDiagram" in content
