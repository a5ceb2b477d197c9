"""Plays declared stories through the public verbs, as staff would, under a clock it holds and moves.

A simulation file says which stories there are, how often each happens, whom it may happen to, what is
answered at each step and how long the step takes. Nothing is inserted behind the engine's back.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from engine import access, accounts, clock, database, feel, instances, settings, user_tasks
from engine.access import Actor
from engine.bpmn import marked_yaml
from engine.bpmn.model import Trigger
from engine.definitions import registry
from engine.definitions.definition import Definition
from engine.definitions.manifest import duration
from engine.errors import EngineError, Finding, Invalid
from engine.ids import InstanceId
from engine.units import Unit
from engine.worker import Worker

Json = Any
NEXT_LOOK = timedelta(minutes=5)  # when a case waits for something other than a person
MOST_LOOKS = 400


@dataclass(frozen=True, slots=True)
class Story:
    """One way a case may go. Answers per element: a map, or a list of maps for successive times."""

    name: str
    process: str
    weight: int
    who: feel.Expression | None
    start: dict[str, Json]
    answers: dict[str, list[dict[str, Json]]]
    takes: timedelta
    not_before: dict[str, timedelta]  # how long a task must have waited before it is answered
    rests_at: str | None  # the case is left waiting at this element
    begins_at: str | None = None  # the start event; the first by which a case begins by hand, when not told


@dataclass(slots=True)
class Case:
    """A case on its way through a story."""

    story: Story
    subject: dict[str, Json]
    unit: Unit
    staff: dict[tuple[str, str], list[Actor]]  # who holds a role where; the play's cases share it
    instance_id: InstanceId | None = None
    times: Counter[str] = field(default_factory=Counter)
    looks: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a case came out: its story, and the element it ended or rests at."""

    story: str
    outcome: str
    instance_id: InstanceId | None
    subject_id: Json


def stories(path: Path) -> tuple[Story, ...]:
    """The stories a file declares under `stories:`; Invalid with every finding."""
    marked = marked_yaml.load(path.read_bytes(), path.name)
    findings: list[Finding] = []
    found = []
    written: dict[str, dict[str, Json]] = {}
    for number, entry in enumerate(marked.value.get("stories") or []):
        try:
            written[entry["name"]] = whole = _whole(entry, written)
            found.append(_story(whole))
        except (KeyError, TypeError, ValueError, feel.FeelError) as error:
            findings.append(marked.finding("story_unreadable", f"/stories/{number}", reason=str(error)))
    if findings:
        raise Invalid(findings)
    return tuple(found)


def play(
    told: Sequence[Story],
    subjects: Sequence[dict[str, Json]],
    sites: Sequence[Unit],
    count: int,
    begins_at: datetime,
    every: timedelta,
    seed: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Ended]:
    """Play `count` cases, one beginning `every` so often; gives how each came out.

    The clock is held at `begins_at` and moves with the stories; it is real again afterwards.
    """
    chance = random.Random(seed)
    agenda: list[tuple[datetime, int, Case]] = []
    for number, case in enumerate(_cast(told, subjects, sites, count, chance)):
        heapq.heappush(agenda, (begins_at + number * every, number, case))
    ended: list[Ended] = []
    total = len(agenda)
    worker = Worker()
    with clock.frozen(begins_at):
        while agenda:
            at, number, case = heapq.heappop(agenda)
            if at > clock.now():
                clock.move(at - clock.now())
            worker.settle()
            following = _go_on(case, chance)
            if isinstance(following, Ended):
                ended.append(following)
                progress(len(ended), total)
            else:
                heapq.heappush(agenda, (clock.now() + following, number, case))
        worker.settle()
    return ended


def _cast(
    told: Sequence[Story],
    subjects: Sequence[dict[str, Json]],
    sites: Sequence[Unit],
    count: int,
    chance: random.Random,
) -> Iterator[Case]:
    """Give each case a story and somebody it may happen to; nobody twice while others are left."""
    staff: dict[tuple[str, str], list[Actor]] = {}
    free = list(subjects)
    chance.shuffle(free)
    weights = [story.weight for story in told]
    guaranteed = [story for story in told if story.weight > 0][:count]  # each story happens at least once
    chosen = guaranteed + chance.choices(told, weights, k=max(0, count - len(guaranteed)))
    for number, story in enumerate(chosen):
        subject = next((one for one in free if _fits(story, one)), None)
        if subject is None:
            subject = next((one for one in subjects if _fits(story, one)), None)
        else:
            free.remove(subject)
        if subject is not None:
            yield Case(story, subject, sites[number % len(sites)], staff)


def _go_on(case: Case, chance: random.Random) -> timedelta | Ended:
    """Do the next thing in a case; how long until the one after, or how it came out."""
    with database.transaction() as connection:
        if case.instance_id is None:
            return _begin(connection, case)
        state = instances.state_of(connection, case.instance_id)
        if state.ended is not None:
            return Ended(case.story.name, state.outcome or state.ended, case.instance_id, case.subject["id"])
        queue = user_tasks.queue(connection, access.SYSTEM, instance_id=case.instance_id)
        for task in queue:
            if task.element == case.story.rests_at:
                return Ended(case.story.name, f"@{task.element}", case.instance_id, case.subject["id"])
            answers = _answers(connection, case, task)
            early = case.story.not_before.get(task.element, timedelta()) - (clock.now() - task.created_at)
            if answers is not None and early > timedelta():
                return early
            if answers is not None:
                actor = _staff(connection, case, task.role, task.unit_path, chance)
                user_tasks.claim(connection, task.id, actor)
                _complete(connection, case, task, actor, answers)
                case.times[task.element] += 1
                case.looks = 0
                return case.story.takes
        case.looks += 1
        if case.looks > MOST_LOOKS or any(wait.element == case.story.rests_at for wait in state.waits):
            resting = queue[0].element if queue else (state.waits[0].element if state.waits else "?")
            return Ended(case.story.name, f"@{resting}", case.instance_id, case.subject["id"])
    return NEXT_LOOK


def _complete(
    connection: Connection, case: Case, task: user_tasks.Task, actor: Actor, answers: dict[str, Json]
) -> None:
    """Complete a task with the story's answers; EngineError naming story and step when the form refuses them."""
    try:
        user_tasks.complete(connection, task.id, actor, answers)
    except Invalid as refused:
        raise EngineError(
            "story_refused", story=case.story.name, element=task.element, reason=str(refused)
        ) from refused


def _begin(connection: Connection, case: Case) -> timedelta:
    definition = _definition(connection, case)
    plain = [node.id for node in definition.model.starts() if node.trigger is Trigger.NONE]
    element = case.story.begins_at or next(iter(plain), None)
    rule = definition.manifest.start_rule(element)
    roles = sorted(rule.roles) if rule else []
    actor = _staff(connection, case, roles[0], case.unit.path, random.Random(0)) if roles else access.SYSTEM
    subject = definition.manifest.subject
    variables = _evaluated(case.story.start, {"subject": case.subject})
    if subject is not None:
        variables.setdefault(subject.variable, case.subject["id"])
    case.instance_id = instances.start(connection, case.story.process, case.unit, variables, actor, element)
    return case.story.takes


def _definition(connection: Connection, case: Case) -> Definition:
    version_id = registry.in_force(connection, case.story.process, case.unit.path, clock.now())
    return registry.definition(connection, version_id)


def _answers(connection: Connection, case: Case, task: user_tasks.Task) -> dict[str, Json] | None:
    """What the story answers at a task this time; the last answer serves every later time."""
    given = case.story.answers.get(task.element)
    if given is None:
        return None
    chosen = given[min(case.times[task.element], len(given) - 1)]
    return _evaluated(chosen, {"subject": case.subject})


def _evaluated(answers: dict[str, Json], variables: dict[str, Json]) -> dict[str, Json]:
    """Answers with their expressions (texts that begin with `=`) evaluated at the held moment."""
    moment = feel.Moment(clock.now(), settings.current().zone_info)

    def one(value: Json) -> Json:
        if isinstance(value, str) and value.startswith("="):
            return feel.compile(value.removeprefix("=").strip(), tuple(variables)).json(variables, moment)
        if isinstance(value, dict):
            return {key: one(inner) for key, inner in value.items()}
        return [one(inner) for inner in value] if isinstance(value, list) else value

    return {key: one(value) for key, value in answers.items()}


def _staff(connection: Connection, case: Case, role: str, unit_path: str, chance: random.Random) -> Actor:
    """Somebody who holds the role where the task is."""
    holders = case.staff.get((role, unit_path)) or accounts.holding(connection, role, unit_path)
    case.staff[role, unit_path] = holders
    if not holders:
        raise EngineError("nobody_holds_role", role=role, unit=unit_path)
    return chance.choice(holders)


def _fits(story: Story, subject: dict[str, Json]) -> bool:
    if story.who is None:
        return True
    moment = feel.Moment(clock.now(), settings.current().zone_info)
    return story.who.json(subject, moment) is True


def _whole(entry: dict[str, Json], written: dict[str, dict[str, Json]]) -> dict[str, Json]:
    """A story with what it takes over from the earlier one it is `like`; an answer of null is left out."""
    earlier = written[entry["like"]] if "like" in entry else {}
    whole = {**earlier, **entry}
    for part in ("start", "answers"):
        joined = {**(earlier.get(part) or {}), **(entry.get(part) or {})}
        whole[part] = {key: value for key, value in joined.items() if value is not None}
    if "rests_at" not in entry:
        whole.pop("rests_at", None)
    return whole


def _story(entry: dict[str, Json]) -> Story:
    who = entry.get("who")
    answers = {
        element: [dict(one) for one in given] if isinstance(given, list) else [dict(given or {})]
        for element, given in (entry.get("answers") or {}).items()
    }
    return Story(
        str(entry["name"]), str(entry["process"]), int(entry.get("weight", 1)),
        feel.compile(who.removeprefix("=").strip()) if who else None, dict(entry.get("start") or {}), answers,
        duration(entry.get("takes", "PT4M")),
        {element: duration(text) for element, text in (entry.get("not_before") or {}).items()}, entry.get("rests_at"),
        entry.get("begins_at"),
    )  # fmt: skip
