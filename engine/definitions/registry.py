"""Which version of a process holds where and when, and the version itself, compiled once per process.

Versions never change, so a compiled one is kept by its id for as long as there is room.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, desc, select

from engine import access, clock, tables, units
from engine.access import Actor, Permission
from engine.bpmn.model import Node, Trigger
from engine.definitions import bundle as bundles
from engine.definitions import definition as definitions
from engine.definitions.bundle import Bundle
from engine.definitions.definition import Decision, Definition
from engine.errors import NotFound
from engine.ids import ReleaseId, SubmissionId, VersionId
from engine.units import Unit

MOST_KEPT = 256  # compiled versions in one process

_kept: weakref.WeakKeyDictionary[Engine, OrderedDict[int, Definition]] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Version:
    """A published version, without its files."""

    id: VersionId
    process: str
    version: int
    content_hash: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Release:
    """From a moment on, a version holds at and below a unit ("/": everywhere), unless a later release does."""

    id: ReleaseId
    process: str
    version_id: VersionId
    version: int
    submission_id: SubmissionId
    unit_path: str
    effective_at: datetime
    released_at: datetime


@dataclass(frozen=True, slots=True)
class Startable:
    """A start event by which the actor may begin a case by hand."""

    process: str
    definition: Definition
    element: Node


def definition(connection: Connection, version_id: VersionId) -> Definition:
    """The compiled version, or NotFound. Threads share it; it is immutable."""
    with _lock:
        kept = _kept.setdefault(connection.engine, OrderedDict())
        if version_id in kept:
            kept.move_to_end(version_id)
            return kept[version_id]
    row = connection.execute(
        select(tables.definition_version).where(tables.definition_version.c.version_id == version_id)
    ).one_or_none()
    if row is None:
        raise NotFound("version_not_found")
    compiled = definitions.compile(bundles.restore(row.files), version_id, row.version, row.content_hash)
    with _lock:
        kept[version_id] = compiled
        while len(kept) > MOST_KEPT:
            kept.popitem(last=False)
    return compiled


def forget() -> None:
    """Drop every compiled version; needed only where a database is emptied and ids begin anew, as in tests."""
    with _lock:
        _kept.clear()


def in_force(connection: Connection, process: str, unit_path: str, at: datetime | None = None) -> VersionId:
    """The version that holds at a unit and moment (None: now), or NotFound.

    Among the releases that cover the unit and have come into effect, the latest wins, whether it is for
    everybody or for a pilot; of two with the same moment, the one approved last.
    """
    found = _in_force(connection, process, unit_path, at or clock.now())
    if found is None:
        raise NotFound("process_not_in_force", process=process, unit=unit_path)
    return found


def decision(connection: Connection, version_id: VersionId, key: str) -> Decision:
    """A decision of a version, or NotFound."""
    found = definition(connection, version_id).decisions.get(key)
    if found is None:
        raise NotFound("decision_not_found", decision=key)
    return found


def latest_decision(
    connection: Connection, process: str, unit_path: str, at: datetime, key: str
) -> tuple[VersionId, Decision]:
    """The decision of the version in force at a unit and moment, with that version; or NotFound."""
    version_id = in_force(connection, process, unit_path, at)
    return version_id, decision(connection, version_id, key)


def startable(
    connection: Connection, actor: Actor, unit: Unit, at: datetime | None = None
) -> list[Startable]:
    """The cases the actor may begin by hand at a unit, in order of process and drawing."""
    if not access.allowed(actor, Permission.START, unit.path):
        return []
    found = []
    for process in processes(connection):
        version_id = _in_force(connection, process, unit.path, at or clock.now())
        if version_id is None:
            continue
        compiled = definition(connection, version_id)
        found += [
            Startable(process, compiled, node)
            for node in compiled.model.starts()
            if node.trigger is Trigger.NONE and may_start(compiled, node.id, actor, unit)
        ]
    return found


def begun_then(
    connection: Connection, compiled: Definition, unit_path: str, element: str | None, at: datetime | None
) -> Definition | None:
    """The version under which what happened at a moment (None: now) begins at a start event: the one in force then;
    None when there was none that begins there."""
    if at is None:
        return compiled
    version_id = _in_force(connection, compiled.key, unit_path, at)
    earlier = None if version_id is None else definition(connection, version_id)
    begun = [node.id for node in earlier.model.starts() if node.trigger is Trigger.NONE] if earlier else []
    return earlier if element in begun else None


def may_start(compiled: Definition, element: str, actor: Actor, unit: Unit) -> bool:
    """Whether process.yaml lets the actor's roles begin a case by hand at a start event in this kind of unit."""
    rule = compiled.manifest.start_rule(element)
    if rule is None:
        return False
    if rule.unit_kinds and unit.kind not in rule.unit_kinds:
        return False
    return actor.is_system or bool(rule.roles & access.roles_at(actor, unit.path))


def message_starts(
    connection: Connection, message: str, unit_path: str, at: datetime | None = None
) -> list[tuple[VersionId, str]]:
    """The start events of versions in force at a unit that a message of this name begins."""
    return _starts(
        connection, unit_path, at, lambda node: bool(node.message and node.message.name == message)
    )


def timer_starts(
    connection: Connection, unit_path: str, at: datetime | None = None
) -> list[tuple[VersionId, str]]:
    """The start events of versions in force at a unit that a timer begins."""
    return _starts(connection, unit_path, at, lambda node: node.trigger is Trigger.TIMER)


def processes(connection: Connection) -> list[str]:
    """The keys of all processes that have been released, in order."""
    return list(
        connection.scalars(select(tables.release.c.process).distinct().order_by(tables.release.c.process))
    )


def versions(connection: Connection, process: str) -> list[Version]:
    """The published versions of a process, newest first."""
    version = tables.definition_version
    rows = connection.execute(
        select(
            version.c.version_id,
            version.c.process,
            version.c.version,
            version.c.content_hash,
            version.c.published_at,
        )
        .where(version.c.process == process)
        .order_by(desc(version.c.version))
    )
    return [Version(*row) for row in rows]


def before(connection: Connection, process: str, version: int) -> Definition | None:
    """The version of a process that came before this one; None for the first."""
    found = next((one for one in versions(connection, process) if one.version == version - 1), None)
    return definition(connection, found.id) if found else None


def releases(connection: Connection, process: str) -> list[Release]:
    """Every release of a process, the one that came or comes into effect last first."""
    release, version = tables.release, tables.definition_version
    rows = connection.execute(
        select(
            release.c.release_id, release.c.process, release.c.version_id, version.c.version, release.c.submission_id,
            release.c.unit_path, release.c.effective_at, release.c.released_at,
        )
        .join(version, version.c.version_id == release.c.version_id)
        .where(release.c.process == process)
        .order_by(desc(release.c.effective_at), desc(release.c.release_id))
    )  # fmt: skip
    return [Release(*row) for row in rows]


def bundle(connection: Connection, version_id: VersionId) -> Bundle:
    """The files of a version, or NotFound."""
    version = tables.definition_version
    stored = connection.scalar(select(version.c.files).where(version.c.version_id == version_id))
    if stored is None:
        raise NotFound("version_not_found")
    return bundles.restore(stored)


def _in_force(connection: Connection, process: str, unit_path: str, at: datetime) -> VersionId | None:
    release = tables.release
    found = connection.scalar(
        select(release.c.version_id)
        .where(
            release.c.process == process,
            release.c.unit_path.in_(units.ancestors(unit_path)),
            release.c.effective_at <= at,
        )
        .order_by(desc(release.c.effective_at), desc(release.c.release_id))
        .limit(1)
    )
    return None if found is None else VersionId(found)


def _starts(
    connection: Connection, unit_path: str, at: datetime | None, wanted: Callable[[Node], bool]
) -> list[tuple[VersionId, str]]:
    found: list[tuple[VersionId, str]] = []
    for process in processes(connection):
        version_id = _in_force(connection, process, unit_path, at or clock.now())
        if version_id is not None:
            starts = definition(connection, version_id).model.starts()
            found += [(version_id, node.id) for node in starts if wanted(node)]
    return found
