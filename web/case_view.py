"""A case in lists and on its page: in words, where it rests now and since when, what it recorded, what stopped it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from engine import clock, settings, tables, units
from engine.definitions import registry
from engine.definitions.definition import Definition
from engine.errors import NotFound
from engine.ids import InstanceId
from engine.incidents import Incident
from engine.instances import Summary, View
from engine.records import Record
from engine.runtime import WaitKind
from engine.stuck import Expected
from web import locales, wordings
from web.sessions import Presence
from web.subjects import Subject


@dataclass(frozen=True, slots=True)
class Listed:
    """A case as lists show it; whom it is about stays for its page, where a look is audited."""

    id: InstanceId
    process: str
    version: int
    unit: str
    state: str
    outcome: str
    started_at: datetime
    progressed_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Resting:
    """One place where a case waits: at which step, for what, since when, until when, in whose hands."""

    element: str
    kind: str
    since: datetime | None
    due_at: datetime | None
    is_late: bool
    who: str
    fires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """An incident in words, with what a retry must name."""

    element: str
    element_name: str
    token: int
    sentence: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """A record with its entries labelled; `missing` names required entries that were not there."""

    name: str
    at: datetime
    entries: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]


def listed(connection: Connection, found: Iterable[Summary], presence: Presence) -> list[Listed]:
    """The rows of a list of cases."""
    names: dict[str, str] = {}
    rows = []
    for one in found:
        definition = registry.definition(connection, one.version_id)
        outcome = definition.element_name(presence.language, one.outcome) if one.outcome else ""
        rows.append(
            Listed(
                one.instance_id, definition.name(presence.language), definition.version,
                names.setdefault(one.unit_path, _unit_name(connection, one.unit_path)), one.state, outcome,
                one.started_at, one.progressed_at, one.ended_at,
            )
        )  # fmt: skip
    return rows


def resting(connection: Connection, view: View, presence: Presence) -> list[Resting]:
    """What the case waits for; a wait that stands beside a person's task (a time limit) comes after it."""
    rows = _wait_rows(connection, view.summary.instance_id)
    found = []
    for wait in view.waits:
        row = rows.get((wait.token, wait.element), {})
        due_at = row.get("due_at") if wait.kind is not WaitKind.TIMER else None
        since = row.get("created_at") or row.get("opened_at")
        found.append(
            Resting(
                view.definition.element_name(presence.language, wait.element), wait.kind.value, since, due_at,
                due_at is not None and due_at < clock.now(), row.get("name") or "", wait.due_at,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: one.kind == WaitKind.TIMER.value)


def onward(connection: Connection, view: View, presence: Presence) -> tuple[str, dict[str, str]]:
    """What to say of a case to whoever has just left it: its end, its next step, or the moment it pauses until."""
    if view.summary.state != "active":
        outcome = view.summary.outcome
        ended = view.definition.element_name(presence.language, outcome) if outcome else ""
        return ("said.task_done_ended", {"outcome": ended}) if ended else ("said.task_done", {})
    ahead = resting(connection, view, presence)
    step = next((one for one in ahead if one.kind == WaitKind.USER_TASK.value), None)
    if step is not None:
        return "said.task_done_next", {"element": step.element}
    pause = min((one for one in ahead if one.fires_at), key=_fires_at, default=None)
    if pause is None:
        return "said.task_done", {}
    at = locales.moment(_fires_at(pause), settings.current().zone_info)
    return "said.task_done_pause", {"element": pause.element, "at": at}


def _fires_at(one: Resting) -> datetime:
    assert one.fires_at is not None
    return one.fires_at


def names(subject: Subject | None) -> dict[str, str]:
    """The name of whom a case is about, for the answers that hold the id."""
    return {subject.id: f"{subject.name} · {subject.rest}".rstrip(" ·")} if subject else {}


def told(incident: Incident, definition: Definition, language: str) -> Told:
    """An incident for the page of its case."""
    element = definition.element_name(language, incident.element)
    return Told(
        incident.element,
        element,
        incident.token,
        incident.sentence(language),
        incident.opened_at,
    )


def missed(found: Iterable[Expected], view: View, language: str) -> list[tuple[Expected, str, str]]:
    """What has not followed in time, or will not since the case is over: with the names of both elements."""
    now, is_over = clock.now(), view.summary.state != "active"
    name = view.definition.element_name
    return [
        (one, name(language, one.reaches), name(language, one.after))
        for one in found
        if is_over or one.due_at < now
    ]


def records_of(
    found: Iterable[Record], definition: Definition, language: str, zone: ZoneInfo
) -> list[Written]:
    """The records a case has written, in the words of its process and its forms.

    Whom the case is about stands on top of its page: the entry that holds that id is left out, as is every other id,
    which tells a reader nothing.
    """
    said = wordings.Wordings(definition, language, zone)
    declared = {rule.kind: list(rule.values) for rule in definition.manifest.records}
    shown = []
    for one in found:
        prefix, order = f"records.{one.kind}", declared.get(one.kind, [])  # the store keeps no order
        ranked = sorted(one.entries, key=lambda name: order.index(name) if name in order else len(order))
        entries = tuple(
            (
                _entry(definition, prefix, name, language),
                said.value(name, value, said.options(f"{prefix}.options.{name}")),
            )
            for name in ranked
            if name != "missing"
            and (value := one.entries[name]) is not None
            and value != one.subject
            and not _is_bare_id(name, value)
        )
        missing = tuple(_entry(definition, prefix, name, language) for name in one.entries.get("missing", ()))
        shown.append(Written(definition.text(language, prefix) or one.kind, one.at, entries, missing))
    return shown


def _is_bare_id(name: str, value: Any) -> bool:
    return name.endswith("_id") and isinstance(value, str) and value.isdecimal()


def _entry(definition: Definition, prefix: str, name: str, language: str) -> str:
    return definition.text(language, f"{prefix}.values.{name}") or name.replace("_", " ")


def _wait_rows(connection: Connection, instance_id: int) -> dict[tuple[int, str], dict[str, Any]]:
    """The rows of the case's waits by token and element: since when, until when, in whose hands."""
    found: dict[tuple[int, str], dict[str, Any]] = {}
    task, account = tables.user_task, tables.account
    tasks = (
        select(task, account.c.name)
        .outerjoin(account, account.c.account_id == task.c.claimed_by)
        .where(task.c.instance_id == instance_id)
    )
    for row in connection.execute(tasks):
        found[(row.token, row.element)] = dict(row._mapping)
    for table in (tables.job, tables.subscription, tables.call, tables.incident, tables.service_level):
        for row in connection.execute(select(table).where(table.c.instance_id == instance_id)):
            kept = found.setdefault((row.token, row.element), {})
            kept.update(
                {
                    key: value
                    for key, value in row._mapping.items()
                    if key in ("created_at", "opened_at", "due_at")
                }
            )
    return found


def _unit_name(connection: Connection, path: str) -> str:
    try:
        return units.by_path(connection, path).name
    except NotFound:
        return path
