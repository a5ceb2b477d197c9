"""Plays declared stories through the public verbs, as staff would, under a clock it holds and moves.

A script says which stories there are, when and where they begin, whom they may happen to, what is answered at each
step and how long the step takes, and what people do by habit. Nothing is inserted behind the engine's back.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from engine import access, bearers, catalogue, clock, database, instances, user_tasks
from engine.bpmn.model import Trigger
from engine.casts import Cast, fits
from engine.definitions import registry
from engine.definitions.definition import Definition
from engine.errors import EngineError, Invalid
from engine.ids import InstanceId, TaskId
from engine.stories import Choice, Habit, Scene, Script, Story, evaluated, moment
from engine.units import Unit
from engine.worker import Worker

Json = Any
NEXT_LOOK = timedelta(minutes=10)  # when a case waits for something other than a person
MOST_LOOKS = 60
MOST_TASKS = 500


@dataclass(slots=True)
class Case:
    """A case on its way through a story."""

    story: Story
    unit: Unit
    given: dict[str, Json]
    start: dict[str, Json]
    subject: dict[str, Json] | None = None
    instance_id: InstanceId | None = None
    times: Counter[str] = field(default_factory=Counter)
    looks: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a case came out: its story, and the element it ended or rests at (`@`)."""

    story: str
    outcome: str
    instance_id: InstanceId | None


@dataclass(slots=True)
class Play:
    """One play: its agenda, what its stories know of each other, how its cases came out.

    `until`: what has not come to its end by then is left where it is.
    """

    script: Script
    cast: Cast
    moments: Mapping[str, Json]
    facts: Mapping[str, Json]  # what expressions may use besides, by name
    until: datetime
    scale: float = 1.0
    progress: Callable[[int, int], None] = lambda done, total: None
    agenda: list[tuple[datetime, int, Case | None]] = field(default_factory=list)
    known: dict[str, Json] = field(default_factory=dict)
    seen: set[TaskId] = field(default_factory=set)
    ended: list[Ended] = field(default_factory=list)
    count: int = 0

    def run(self) -> list[Ended]:
        """Play everything; the clock is real again afterwards."""
        for scene in self.script.scenes:
            self._cast(scene)
        begins = min((at for at, _, _ in self.agenda), default=self.until)
        if self.script.habits:
            self._add(begins + self.script.looks_every, None)
        worker = Worker()
        with clock.frozen(begins):
            while self.agenda and self.agenda[0][0] <= self.until:
                at, _, case = heapq.heappop(self.agenda)
                if at > clock.now():
                    clock.move(at - clock.now())
                worker.settle()
                if case is None:
                    self._look_around()
                    self._add(clock.now() + self.script.looks_every, None)
                else:
                    self._turn(case)
            clock.move(max(self.until - clock.now(), timedelta()))
            worker.settle()
        self._leave_the_rest()
        return self.ended

    def _cast(self, scene: Scene) -> None:
        """Each story of a scene at least once, then by weight."""
        told = [self.script.stories[name] for name in scene.stories]
        count = max(1, round(scene.cases * (self.scale if scene.is_scaled else 1))) if scene.cases else 0
        if scene.is_scaled and len(told) > 1:
            count = max(count, min(len(told), scene.cases))
        sure = [story for story in told if story.weight > 0][:count]
        weights = [story.weight for story in told]
        chosen = sure + self.cast.chance.choices(told, weights, k=max(0, count - len(sure)))
        if len(told) > 1:
            self.cast.chance.shuffle(chosen)
        begins = moment(self.moments[scene.begins]) + scene.after
        for number, story in enumerate(chosen):
            unit = self.cast.units[scene.units[number % len(scene.units)]]
            self._add(begins + number * scene.every, Case(story, unit, scene.given, {}))

    def _add(self, at: datetime, case: Case | None) -> None:
        self.count += 1
        heapq.heappush(self.agenda, (at, self.count, case))

    def _turn(self, case: Case) -> None:
        """Do the next thing in a case, and say when the one after is due, or how it came out."""
        try:
            following = self._go_on(case)
        except Invalid as refused:
            at = "start" if case.instance_id is None else str(case.instance_id)
            raise EngineError(
                "story_refused", story=case.story.name, element=at, reason=str(refused)
            ) from refused
        if isinstance(following, timedelta):
            self._add(clock.now() + following, case)
            return
        self.ended.append(Ended(case.story.name, following, case.instance_id))
        left = sum(one is not None for _, _, one in self.agenda)
        self.progress(len(self.ended), len(self.ended) + left)

    def _go_on(self, case: Case) -> timedelta | str:
        with database.transaction() as connection:
            if case.instance_id is None:
                return self._begin(connection, case)
            state = instances.state_of(connection, case.instance_id)
            self._keep(case, state.variables)
            if state.ended is not None:
                return state.outcome or state.ended
            queue = user_tasks.queue(connection, access.SYSTEM, instance_id=case.instance_id)
            for task in queue:
                if task.element == case.story.rests_at:
                    return f"@{task.element}"
                if task.element not in case.story.answers:
                    continue
                early = case.story.not_before.get(task.element, timedelta()) - (clock.now() - task.created_at)
                if early > timedelta():
                    return early
                self._answer(connection, case, task)
                return case.story.takes
            case.looks += 1
            if case.looks > MOST_LOOKS or any(wait.element == case.story.rests_at for wait in state.waits):
                return "@" + (
                    queue[0].element if queue else next((wait.element for wait in state.waits), "?")
                )
        return NEXT_LOOK

    def _answer(self, connection: Connection, case: Case, task: user_tasks.Task) -> None:
        """Complete a task as the story says; the last answer serves every later time."""
        given = case.story.answers[task.element]
        definition = registry.definition(connection, task.version_id)
        actor = self.cast.holder(
            connection, definition, task.lane, task.role, task.unit_path, task.id.instance
        )
        variables = self._variables(connection, case, task.id)
        if (ask := case.story.asks.get(task.element)) is not None:
            variables["asked"] = catalogue.ask(
                connection, ask.query, evaluated(ask.inputs, variables), actor, case.unit
            )
        answers = evaluated(given[min(case.times[task.element], len(given) - 1)], variables)
        if actor.bearer is None:
            user_tasks.claim(connection, task.id, actor)
        try:
            user_tasks.complete(connection, task.id, actor, answers)
        except Invalid as refused:
            raise EngineError(
                "story_refused", story=case.story.name, element=task.element, reason=str(refused)
            ) from refused
        case.times[task.element] += 1
        case.looks = 0

    def _begin(self, connection: Connection, case: Case) -> timedelta | str:
        story, unit = case.story, case.unit
        version_id = registry.in_force(connection, story.process, unit.path, clock.now())
        definition = registry.definition(connection, version_id)
        if story.about and case.subject is None:
            case.subject = self.cast.take(story, unit)
            if case.subject is None:
                return "@nobody"
        variables = self._variables(connection, case, None)
        answers = {**evaluated(story.start, variables), **evaluated(case.start, variables)}
        if story.by_bearer:
            key = f"story-{self.count}-{len(self.ended)}".encode()
            case.instance_id = bearers.start(connection, story.process, unit, answers, key, key.decode(), 5)
            return story.takes
        subject = definition.manifest.subject
        if subject is not None and case.subject is not None:
            answers.setdefault(subject.variable, case.subject["id"])
        element = story.begins_at or next(
            (node.id for node in definition.model.starts() if node.trigger is Trigger.NONE), None
        )
        rule = definition.manifest.start_rule(element)
        actor = self.cast.starter(connection, rule.roles if rule else (), unit.path)
        case.instance_id = instances.start(connection, story.process, unit, answers, actor, element)
        return story.takes

    def _variables(self, connection: Connection, case: Case, task: TaskId | None) -> dict[str, Json]:
        """What the expressions of a story may use."""
        unit = {"code": case.unit.code, "name": case.unit.name, **self._also(case.unit)}
        return {
            "subject": case.subject, "unit": unit, "given": case.given, "known": self.known,
            "moments": dict(self.moments), "case": _told(connection, task) if task else None,
            "neighbours": [one["id"] for one in self.cast.at_home(case.unit)] if task is None else [], **self.facts,
        }  # fmt: skip

    def _also(self, unit: Unit) -> dict[str, Json]:
        return dict((self.facts.get("places") or {}).get(unit.code) or {})

    def _keep(self, case: Case, variables: Mapping[str, Json]) -> None:
        """What later stories may know of the case; who is named as taken is free no longer."""
        for name, variable in case.story.keeps.items():
            value = variables.get(variable)
            if name == "taken":
                self.cast.leave(str(one["person_id"]) for one in value or () if isinstance(one, dict))
            elif value is not None:
                self.known[name] = value

    # --- habits -------------------------------------------------------------------------------------------

    def _look_around(self) -> None:
        """Do what people do by habit at steps whose time has come."""
        for process in sorted({habit.process for habit in self.script.habits}):
            with database.transaction() as connection:
                waiting = user_tasks.queue(connection, access.SYSTEM, process=process, limit=MOST_TASKS)
            for task in waiting:
                for habit in self.script.habits:
                    if (habit.process, habit.element) == (process, task.element) and task.id not in self.seen:
                        self._follow(habit, task)

    def _follow(self, habit: Habit, task: user_tasks.Task) -> None:
        if clock.now() < task.created_at + habit.after:
            return
        with database.transaction() as connection:
            told = _told(connection, task.id)
            variables = {"case": told, "known": self.known, "moments": dict(self.moments), **self.facts}
            if habit.due is not None and clock.now() < moment(evaluated(habit.due, variables)) + habit.after:
                return
            if habit.who is not None and evaluated(habit.who, variables) is not True:
                return
            self.seen.add(task.id)
            choice = self.cast.chance.choices(habit.choices, [one.weight for one in habit.choices])[0]
            if choice.answer is not None:
                definition = registry.definition(connection, task.version_id)
                actor = self.cast.holder(
                    connection, definition, task.lane, task.role, task.unit_path, task.id.instance
                )
                user_tasks.complete(connection, task.id, actor, evaluated(choice.answer, variables))
            elif choice.story is not None and task.subject is not None:
                self._come(habit, choice, task.subject, task.unit_path, variables)

    def _come(
        self, habit: Habit, choice: Choice, subject_id: str, path: str, variables: Mapping[str, Json]
    ) -> None:
        """Somebody whose case waits there begins another one."""
        code = evaluated(habit.unit, variables) if habit.unit else path.strip("/").rsplit("/", 1)[-1]
        subject, unit = self.cast.find(subject_id), self.cast.units.get(str(code))
        if subject is None or unit is None or choice.story is None:
            return
        story = self.script.stories[choice.story]
        if fits(story.who, subject):
            self._add(clock.now(), Case(story, unit, choice.given, choice.start, subject))

    def _leave_the_rest(self) -> None:
        """What had begun and not ended by the end of the play rests where it is."""
        for _, _, case in self.agenda:
            if case is None or case.instance_id is None:
                continue
            with database.transaction() as connection:
                state = instances.state_of(connection, case.instance_id)
            self._keep(case, state.variables)
            resting = state.outcome or "@" + next((wait.element for wait in state.waits), "?")
            self.ended.append(Ended(case.story.name, resting, case.instance_id))
        self.progress(len(self.ended), len(self.ended))


def _told(connection: Connection, task: TaskId) -> dict[str, Json]:
    """What a case knows where a task waits."""
    state = instances.state_of(connection, task.instance)
    token = state.tokens.get(task.token)
    return dict(state.visible(token.scope)) if token else dict(state.variables)


def definition_of(connection: Connection, process: str) -> Definition:
    """The definition that is in force everywhere now."""
    return registry.definition(connection, registry.in_force(connection, process, "/"))
