"""Proposed versions: submitted with a reason, checked, compared, approved by another person."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import Response

from engine import clock, database, settings, units
from engine.catalogue import current as catalogue
from engine.definitions import bundle, compare, deployment, manifest, registry, scenarios
from engine.definitions import definition as definitions
from engine.definitions.bundle import Bundle
from engine.definitions.definition import Definition
from engine.definitions.scenarios import Tried
from engine.errors import Conflict, EngineError, Finding, Invalid, NotAllowed, NotFound
from engine.ids import SubmissionId, parsed
from web import rendering, sessions
from web.routes import definitions as pages
from web.sessions import Guarded, Posted, Presence, SignedIn

router = APIRouter()
MOST_FILES = 200
MOST_KEPT = 16  # submissions compiled and tried, in one process

_kept: OrderedDict[tuple[int, str], tuple[Definition, list[Tried]]] = OrderedDict()


@router.get("/submissions")
def submissions(request: Request, presence: SignedIn) -> Response:
    """What waits for approval, and what was decided lately."""
    _require_part(presence)
    with database.transaction() as connection:
        found = deployment.submissions(connection, limit=100)
        choices = pages.submittable(connection, presence)
    return rendering.page(
        request, "submissions.html", presence, submissions=found,
        may_submit=pages.may_submit(presence), folders=choices,
    )  # fmt: skip


@router.post("/submissions")
def submit(
    request: Request,
    presence: SignedIn,
    files: list[UploadFile] | None = None,
    csrf: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    folder: Annotated[str, Form()] = "",
) -> Response:
    """Submit a zip, a folder's files, single files over the version in force, or a folder on this server."""
    sessions.guard(presence, Posted([("csrf", csrf)]), request)
    try:
        with database.transaction() as connection:
            read = _bundle(connection, files or [], folder)
            submission_id = deployment.submit(connection, read.files, presence.actor, reason)
    except Invalid as refused:
        return _refused(request, presence, _shown(refused.findings, presence.language), reason, folder, 422)
    except Conflict as known:  # in force already, or waiting for approval
        found = [{"sentence": known.sentence(presence.language), "place": "", "severity": "error"}]
        return _refused(request, presence, found, reason, folder, 409)
    return rendering.redirect(request, f"/submissions/{submission_id}", "said.submitted")


@router.get("/submissions/{submission_id}")
def submission(request: Request, presence: SignedIn, submission_id: str) -> Response:
    """One submission: reason, findings, what changes against what is in force, how the scenarios went."""
    _require_part(presence)
    with database.transaction() as connection:
        found = deployment.submission(connection, SubmissionId(parsed(submission_id)))
        held = _compared_with(connection, found)
        places = units.below(connection, "/", limit=200)
    proposed, tried = _tried(found)
    changes = compare.changes(held, proposed) if held else []
    return rendering.page(
        request, "submission.html", presence, submission=found, proposed=proposed, held=held, changes=changes,
        tried=tried, units=places, meant_from=_meant_from(proposed),
        is_own=found.submitted_by == presence.actor.account_id, may_approve=pages.may_approve(presence),
        tables=pages.tables_of(proposed, presence.language), warnings=_shown(found.findings, presence.language),
    )  # fmt: skip


@router.get("/submissions/{submission_id}/bpmn")
def drawing(presence: SignedIn, submission_id: str) -> Response:
    """The proposed drawing, for the viewer."""
    _require_part(presence)
    with database.transaction() as connection:
        found = deployment.submission(connection, SubmissionId(parsed(submission_id)))
    return Response(_tried(found)[0].bpmn_xml, media_type="application/xml")


@router.post("/submissions/{submission_id}/approve")
def approve(request: Request, presence: SignedIn, submission_id: str, posted: Guarded) -> Response:
    """Let a version in: now or from a moment on, everywhere or for some units first."""
    with database.transaction() as connection:
        code = posted.first("unit")
        unit = units.by_code(connection, code) if code else None
        deployment.approve(
            connection, SubmissionId(parsed(submission_id)), presence.actor, posted.first("reason"),
            _moment(posted.first("effective_at")), unit,
        )  # fmt: skip
    return rendering.redirect(request, f"/submissions/{submission_id}", "said.approved")


@router.post("/submissions/{submission_id}/reject")
def reject(request: Request, presence: SignedIn, submission_id: str, posted: Guarded) -> Response:
    """Refuse a version, saying why."""
    with database.transaction() as connection:
        deployment.reject(
            connection, SubmissionId(parsed(submission_id)), presence.actor, posted.first("reason")
        )
    return rendering.redirect(request, f"/submissions/{submission_id}", "said.rejected")


@router.post("/submissions/{submission_id}/withdraw")
def withdraw(request: Request, presence: SignedIn, submission_id: str, posted: Guarded) -> Response:
    """Take one's own submission back."""
    with database.transaction() as connection:
        deployment.withdraw(
            connection, SubmissionId(parsed(submission_id)), presence.actor, posted.first("reason")
        )
    return rendering.redirect(request, f"/submissions/{submission_id}", "said.withdrawn")


def _refused(
    request: Request,
    presence: Presence,
    findings: list[dict[str, str]],
    reason: str,
    folder: str,
    status: int,
) -> Response:
    """What is wrong, with the form to try again; what was typed is still there."""
    with database.transaction() as connection:
        choices = pages.submittable(connection, presence)
    return rendering.page(
        request, "submission_refused.html", presence, status=status, findings=findings, reason=reason,
        folder=folder, folders=choices,
    )  # fmt: skip


def _require_part(presence: Presence) -> None:
    """Proposals are for those who make them and those who decide on them."""
    if not (pages.may_submit(presence) or pages.may_approve(presence)):
        raise NotAllowed("permission_missing", permission="submit, approve")


def _compared_with(connection: Any, found: deployment.Submission) -> Definition | None:
    """What a submission is held against: what is in force; once it is a version itself, the one before that."""
    of_it = [one for one in registry.releases(connection, found.process) if one.submission_id == found.id]
    if not of_it:
        try:
            return registry.definition(connection, registry.in_force(connection, found.process, "/"))
        except NotFound:
            return None
    return registry.before(connection, found.process, of_it[0].version)


def _tried(found: deployment.Submission) -> tuple[Definition, list[Tried]]:
    """A submission compiled, with how its scenarios went: worked out once, since a submission never changes."""
    key = found.id, found.content_hash
    if key not in _kept:
        proposed = definitions.compile(found.bundle)
        _kept[key] = proposed, scenarios.run(proposed, None, catalogue())
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return _kept[key]


def _shown(findings: Sequence[Finding], language: str) -> list[dict[str, str]]:
    """Findings as the pages list them."""
    return [
        {"sentence": one.sentence(language), "place": one.place(), "severity": one.severity}
        for one in findings
    ]


def _bundle(connection: Any, files: list[UploadFile], folder: str) -> Bundle:
    chosen = settings.current()
    uploaded = [(file.filename or "", file.file.read()) for file in files[:MOST_FILES] if file.filename]
    if len(uploaded) == 1 and uploaded[0][0].endswith(".zip"):
        return bundle.from_upload(uploaded[0][1], chosen.forms_dir)
    if uploaded and folder and _is_published(connection, folder):
        return _over(connection, folder, uploaded)
    if uploaded and any(PurePosixPath(name).name == manifest.FILE for name, _ in uploaded):
        return bundle.from_upload(uploaded, chosen.forms_dir)
    if uploaded:
        raise Invalid([Finding("submission_process_missing")])
    if folder in pages.server_folders():
        process, _, edition = folder.partition("/")
        return bundle.read(chosen.processes_dir / process, chosen.forms_dir, edition or None)
    raise Invalid([Finding("submission_empty")])


def _is_published(connection: Any, process: str) -> bool:
    return process in registry.processes(connection)


def _over(connection: Any, process: str, uploaded: list[tuple[str, bytes]]) -> Bundle:
    """Single files put over the version in force: an edited table is a whole new version of the process."""
    held = registry.bundle(connection, registry.in_force(connection, process, deployment.EVERYWHERE))
    files, findings = dict(held.files), []
    for name, content in uploaded:
        path = _place(name, held)
        if path is None:
            known = ", ".join(sorted(held.files))
            findings.append(
                Finding("submission_file_unknown", {"found": name[:80], "known": known}, name[:80])
            )
        else:
            files[path] = content
    if findings:
        raise Invalid(findings)
    return bundle.of(files)


def _place(name: str, held: Bundle) -> str | None:
    """Where an uploaded file belongs: on the file of that name, or, new, where its kind lies; else None."""
    bare = PurePosixPath(name.replace("\\", "/")).name
    same = [path for path in held.files if path == name] or [
        path for path in held.files if PurePosixPath(path).name == bare
    ]
    if len(same) == 1:
        return same[0]
    folder = {".dmn": "", ".bpmn": "", ".json": "forms/"}.get(PurePosixPath(bare).suffix)
    return None if same or folder is None else folder + bare


def _meant_from(proposed: Definition) -> str:
    """The moment an edition is meant to hold from, as the date-time field takes it, when it lies ahead."""
    edition = proposed.edition
    if edition is None or edition.effective_from <= clock.now():
        return ""
    local = edition.effective_from.astimezone(settings.current().zone_info)
    return local.strftime("%Y-%m-%dT%H:%M")


def _moment(text: str) -> datetime | None:
    """A moment as the date-time field posts it, in the campaign's zone; None for now, and for what is past."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo else at.replace(tzinfo=settings.current().zone_info)
        return at if at > clock.now() else None
    except (ValueError, OverflowError) as error:
        raise EngineError("moment_unreadable", found=text[:40]) from error
