"""Work to be done at a station, or anywhere: who waits, since when, whether in time, and who works on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from engine import access, campaign, clock, history, texts, user_tasks
from engine.access import Permission
from engine.campaign import Station
from engine.definitions import registry
from engine.definitions.definition import Definition
from engine.definitions.registry import Startable
from engine.errors import Conflict, NotFound
from engine.ids import TaskId, VersionId
from engine.user_tasks import Task
from web import subjects
from web.sessions import Presence
from web.subjects import Subject

MOST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Waiting:
    """One task as a queue draws it."""

    id: TaskId
    element: str
    process: str
    subject: Subject | None
    since: datetime
    due_at: datetime | None
    late_by: timedelta | None
    is_mine: bool
    claimed_name: str | None
    events: tuple[str, ...]  # ids of the events attached to the step


@dataclass(frozen=True, slots=True)
class WayIn:
    """A way to begin a case by hand: one at a time, or line after line off paper."""

    process: str
    element: str
    title: str
    about: str
    in_lines: bool

    @property
    def address(self) -> str:
        return f"/{'lines' if self.in_lines else 'start'}/{self.process}?at={self.element}"


@dataclass(frozen=True, slots=True)
class Done:
    """A task that is over: where its queue is worked, what it was, and who completed it when (if somebody did)."""

    address: str
    station: str | None
    element: str
    at: datetime | None
    by: str | None
    by_me: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A station as the home page shows it: how many wait there, and how many of them too long."""

    key: str
    name: str
    waiting: int
    late: int


def waiting(
    connection: Connection,
    presence: Presence,
    station: Station | None,
    *,
    subject: str | None = None,
    mine: bool = False,
) -> list[Waiting]:
    """The open tasks of a station (None: of every kind) at the unit worked at and below, longest waiting first."""
    tasks = user_tasks.queue(
        connection, presence.actor, unit=None if mine else presence.unit, process=station.process if station else None,
        lanes=station.lanes if station else None, subject=subject, mine=mine, limit=MOST_SHOWN,
    )  # fmt: skip
    return [_waiting(connection, task, presence) for task in tasks]


def of_case(connection: Connection, presence: Presence, instance_id: int) -> list[Waiting]:
    """The open tasks of one case that the person may work."""
    tasks = user_tasks.queue(connection, presence.actor, instance_id=instance_id)
    return [_waiting(connection, task, presence) for task in tasks]


def take_next(connection: Connection, presence: Presence, station: Station | None) -> TaskId | None:
    """Claim the longest waiting task that nobody has in hand; None when there is none."""
    tasks = user_tasks.queue(
        connection, presence.actor, unit=presence.unit, process=station.process if station else None,
        lanes=station.lanes if station else None, free=True, limit=MOST_SHOWN,
    )  # fmt: skip
    for task in tasks:
        try:
            with connection.begin_nested():
                user_tasks.claim(connection, task.id, presence.actor)
        except (Conflict, NotFound):  # somebody else was faster
            continue
        return task.id
    return None


def done(connection: Connection, task_id: TaskId, presence: Presence) -> Done:
    """What became of a task that is no longer open, and the queue it came from."""
    row = next(
        (row for row in reversed(history.of(connection, task_id.instance)) if row.token == task_id.token),
        None,
    )
    if row is None or row.element is None:
        return Done("/", None, "", None, None, False)
    definition = registry.definition(connection, VersionId(row.version_id))
    node = definition.model.nodes.get(row.element)
    lane = (node.lane if node else None) or next(iter(definition.manifest.lanes), None)
    station = station_of(definition.key, lane)
    return Done(
        address=f"/stations/{station.key}" if station else "/queue",
        station=station.names.get(presence.language, station.key) if station else None,
        element=definition.element_name(presence.language, row.element),
        at=row.at if row.event == "user_task_completed" else None,
        by=row.actor_name if row.event == "user_task_completed" else None,
        by_me=row.actor_id == presence.actor.account_id,
    )


def places(connection: Connection, presence: Presence) -> list[Place]:
    """The stations at which the person may work in the unit, with their counts."""
    counted = user_tasks.counts(connection, presence.actor, presence.unit)
    return [
        Place(
            station.key,
            station.names.get(presence.language, station.key),
            sum(counted.get((station.process, lane), (0, 0))[0] for lane in station.lanes),
            sum(counted.get((station.process, lane), (0, 0))[1] for lane in station.lanes),
        )
        for station in stations_of(connection, presence)
    ]


def elsewhere(connection: Connection, presence: Presence) -> tuple[int, int]:
    """How many tasks of the person's roles stand at no station of theirs, and how many of them are late."""
    covered = {
        (station.process, lane) for station in stations_of(connection, presence) for lane in station.lanes
    }
    counted = user_tasks.counts(connection, presence.actor, presence.unit)
    rest = [numbers for key, numbers in counted.items() if key not in covered]
    return sum(number for number, _ in rest), sum(late for _, late in rest)


def stations_of(connection: Connection, presence: Presence) -> list[Station]:
    """The declared stations whose lanes the person's roles work at the unit."""
    return [one for one in campaign.current().stations.values() if works(connection, one, presence)]


def station_of(process: str, lane: str | None) -> Station | None:
    """The station that serves a lane of a process, if one is declared."""
    stations = campaign.current().stations.values()
    return next((one for one in stations if one.process == process and lane in one.lanes), None)


def address_of(process: str, lane: str | None) -> str:
    """Where the queue of a lane is worked."""
    station = station_of(process, lane)
    return f"/stations/{station.key}" if station else "/queue"


def startable(connection: Connection, presence: Presence, station: Station | None = None) -> list[Startable]:
    """The cases the person may begin by hand at the unit; of a station, only the process it starts."""
    found = registry.startable(connection, presence.actor, presence.unit)
    return found if station is None else [one for one in found if one.process == station.start]


def ways_in(starts: list[Startable], language: str) -> list[WayIn]:
    """The ways to begin them: a process by its name, or by that of the event where it begins in several ways."""
    counted = Counter(one.process for one in starts)
    return [
        WayIn(
            one.process,
            one.element.id,
            one.definition.name(language)
            if counted[one.process] == 1
            else one.definition.element_name(language, one.element.id),
            description(one.definition, language)
            if counted[one.process] == 1
            else one.definition.name(language),
            is_typed_in_lines(one),
        )
        for one in starts
    ]


def is_typed_in_lines(start: Startable) -> bool:
    """Whether its form is typed line after line, off paper."""
    form = start.definition.forms[start.element.form] if start.element.form else None
    return form is not None and form.plan.entry is not None


def works(connection: Connection, station: Station, presence: Presence) -> bool:
    try:
        version_id = registry.in_force(connection, station.process, presence.unit.path, clock.now())
    except NotFound:
        return False
    lanes = registry.definition(connection, version_id).manifest.lanes
    roles = {lanes[lane].role for lane in station.lanes if lane in lanes}
    return bool(roles & access.roles_at(presence.actor, presence.unit.path))


def description(definition: Definition, language: str) -> str:
    """What a process is for, in the reader's language or the first; empty when it does not say."""
    key = "process.description"
    return definition.text_in(language, key) or definition.text_in(texts.LANGUAGES[0], key) or ""


def oversees(presence: Presence, permissions: Iterable[Permission]) -> bool:
    """Whether the person holds one of the permissions anywhere."""
    return any(access.paths_with(presence.actor, permission) for permission in permissions)


def _waiting(connection: Connection, task: Task, presence: Presence) -> Waiting:
    definition = registry.definition(connection, task.version_id)
    late = clock.now() - task.due_at if task.due_at else None
    return Waiting(
        id=task.id,
        element=definition.element_name(presence.language, task.element),
        process=definition.name(presence.language),
        subject=subjects.in_queue(connection, definition, task.subject, presence),
        since=task.created_at,
        due_at=task.due_at,
        late_by=late if late is not None and late > timedelta(0) else None,
        is_mine=task.claimed_by == presence.actor.account_id,
        claimed_name=task.claimed_name if task.claimed_by is not None else None,
        events=definition.model.nodes[task.element].boundaries,
    )
