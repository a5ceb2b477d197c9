"""Tries owners' scenarios on the runtime in memory, under a virtual clock: nothing is stored, nobody is called.

What a scenario expected and what was found is said as findings with the scenario's file and line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from engine import decisions, feel, forms, runtime, schemas, settings
from engine.bpmn.model import Trigger
from engine.catalogue import Catalogue, Mode
from engine.definitions import decision_trials, entries, scenario_verdicts
from engine.definitions.data import VERSION_MISSING
from engine.definitions.definition import Definition
from engine.definitions.manifest import StartRule
from engine.definitions.scenario_files import (
    Advance,
    Answer,
    DecisionTable,
    Deliver,
    Scenario,
    Step,
    Stub,
    exact,
)
from engine.definitions.scenario_verdicts import Seen, plain
from engine.errors import Conflict, Finding, Invalid
from engine.runtime import Decided, Happened, Outcome, Surroundings, Variables, Wait, WaitKind

MOST_MOVES = 2_000  # commands in one scenario; more is a timer that comes due again and again


@dataclass(frozen=True, slots=True)
class Tried:
    """How one scenario went: what it contradicts, and which elements and flows it passed."""

    scenario: Scenario | DecisionTable
    findings: tuple[Finding, ...]
    reached: frozenset[str]  # elements
    flows: frozenset[str]
    ended_at: datetime  # by the virtual clock


def run(
    definition: Definition,
    scenarios: Iterable[Scenario | DecisionTable] | None = None,
    catalogue: Catalogue | None = None,
) -> list[Tried]:
    """Try scenarios (None: the definition's own), each from its beginning; `catalogue` judges stubbed outputs."""
    chosen = definition.scenarios if scenarios is None else scenarios
    return [try_one(definition, scenario, catalogue) for scenario in chosen]


def try_one(
    definition: Definition, scenario: Scenario | DecisionTable, catalogue: Catalogue | None = None
) -> Tried:
    """Try one scenario to its end, or to the first step that cannot be done."""
    if isinstance(scenario, DecisionTable):
        found = tuple(decision_trials.findings(definition, scenario))
        return Tried(scenario, found, frozenset(), frozenset(), scenario.at)
    trial = _Trial(definition, scenario, catalogue, scenario.at, settings.current().zone_info)
    try:
        trial.start()
        for step in scenario.steps:
            trial.take(step)
        trial.judge()
    except _Stopped:
        pass
    return Tried(scenario, tuple(trial.findings), frozenset(trial.reached), frozenset(trial.flows), trial.now)


def never_reached(definition: Definition, tried: Iterable[Tried]) -> frozenset[str]:
    """The elements that no scenario passes."""
    reached = frozenset[str]().union(*(one.reached for one in tried))
    return frozenset(definition.model.nodes) - reached


class _Stopped(Exception):
    """The scenario cannot go on; the finding that says why is kept."""


@dataclass(slots=True)
class _Trial:
    """One scenario being tried."""

    definition: Definition
    scenario: Scenario
    catalogue: Catalogue | None
    now: datetime
    zone: ZoneInfo
    state: runtime.State = field(default_factory=runtime.fresh)
    findings: list[Finding] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)
    flows: set[str] = field(default_factory=set)
    decided: dict[str, tuple[Any, tuple[int, ...]]] = field(
        default_factory=dict
    )  # by decision and by element
    sent: list[str] = field(default_factory=list)
    used: Counter[str] = field(default_factory=Counter)
    occurred_at: datetime | None = None  # while the first step runs as of an earlier moment
    moves: int = 0
    line: int | None = None

    # --- steps --------------------------------------------------------------------------------------------

    def start(self) -> None:
        self.line = self.scenario.line
        model = self.definition.model
        starts = [node for node in model.starts() if self.scenario.start in (None, node.id)]
        form = (
            next((node.form for node in starts if node.form), None)
            if len(starts) == 1 or self.scenario.start
            else None
        )
        variables = exact(self.scenario.variables)
        by_hand = [node.id for node in starts if node.trigger is Trigger.NONE]
        rule = self.definition.manifest.start_rule(by_hand[0]) if by_hand else None
        self.occurred_at = self.occurred(rule)
        if rule is not None and rule.as_of is not None:
            variables.setdefault(VERSION_MISSING, False)
        if form is not None and form in self.definition.forms:
            asked = self.definition.forms[form]
            answers = {name: value for name, value in self.scenario.variables.items() if name in asked.names}
            variables = {**variables, **self.answered(form, answers, {})}
        self.apply(runtime.Start(variables, self.scenario.start))
        self.occurred_at = None
        self.advance(self.now)  # timers whose moment has passed already

    def occurred(self, rule: StartRule | None) -> datetime | None:
        """When what the case begins with happened; the scenario's own moment is that of its entry."""
        try:
            return entries.moment_of(rule, self.scenario.variables, self.moment())
        except Invalid as refused:
            for finding in refused.findings:
                self.note(
                    "scenario_as_of", reason_vi=finding.sentence("vi"), reason_en=finding.sentence("en")
                )  # fmt: skip
            raise _Stopped from None

    def take(self, step: Step) -> None:
        self.line = step.line
        if self.state.ended is not None:
            self.stop("scenario_ended_before", end=self.state.outcome or "–")
        match step:
            case Answer():
                self.answer(step)
            case Advance():
                self.advance(self.now + step.by)
            case Deliver():
                self.deliver(step)

    def answer(self, step: Answer) -> None:
        node = self.definition.model.nodes.get(step.element)
        if node is None:
            known = list(self.definition.model.nodes)
            self.findings.append(
                schemas.unknown("element_unknown", step.element, known, self.scenario.file, self.line)
            )
            raise _Stopped
        wait = next((one for one in self.waits(WaitKind.USER_TASK) if one.element == step.element), None)
        if wait is None:
            if step.answers is None and step.element in self.reached:
                return  # a manual task, which passes of itself: the step says that it has been reached
            self.stop("scenario_not_waiting", expected=step.element, found=self.whereabouts())
        variables = self.visible(self.state.tokens[wait.token].scope)
        answers = exact(step.answers or {})
        if node.form is not None:
            answers = self.answered(node.form, step.answers or {}, variables)
        self.apply(runtime.Complete(wait.token, wait.element, answers))

    def answered(self, form: str, answers: dict[str, Any], variables: Variables) -> Variables:
        """The answers as the form keeps them; the scenario stops when it refuses them."""
        judged = forms.judge(self.definition.forms[form], answers, variables, self.moment())
        if judged.findings:
            for finding in judged.findings:
                self.note(
                    "scenario_answer", form=form, pointer=finding.pointer or "",
                    reason_vi=finding.sentence("vi"), reason_en=finding.sentence("en"),
                )  # fmt: skip
            raise _Stopped
        return exact(judged.answers)  # type: ignore[no-any-return]

    def advance(self, until: datetime) -> None:
        while self.state.ended is None:
            due = [
                wait
                for wait in self.waits(WaitKind.TIMER)
                if wait.due_at is not None and wait.due_at <= until
            ]
            if not due:
                break
            first = min(due, key=lambda wait: wait.due_at or until)
            self.now = max(self.now, first.due_at or until)
            self.apply(runtime.Fire(first.token, first.element))
        self.now = until

    def deliver(self, step: Deliver) -> None:
        waiting = [wait for wait in self.waits(WaitKind.MESSAGE) if wait.name == step.name]
        matching = [wait for wait in waiting if step.key is None or wait.key == step.key]
        if not matching:
            awaited = (
                ", ".join(f"{wait.name} ({wait.key or '–'})" for wait in self.waits(WaitKind.MESSAGE)) or "–"
            )
            self.stop("scenario_message", name=step.name, its_key=step.key or "–", awaited=awaited)
        self.apply(runtime.Correlate(matching[0].token, matching[0].element, step.payload))

    # --- the runtime --------------------------------------------------------------------------------------

    def apply(self, command: runtime.Command) -> None:
        """Give the runtime a command, then answer for the outside, until only people, time and messages are left."""
        ahead: list[runtime.Command] = [command]
        while ahead:
            if self.is_outside(ahead[0]):
                self.occurred_at = None
            self.moves += 1
            if self.moves > MOST_MOVES:
                self.stop("scenario_endless", most=MOST_MOVES)
            try:
                outcome = runtime.apply(
                    self.definition.model, self.state, ahead.pop(0), Surroundings(self.moment(), self.decide)
                )
            except Conflict as conflict:
                if conflict.code == "start_event_unclear":
                    self.stop(
                        "scenario_start", starts=", ".join(node.id for node in self.definition.model.starts())
                    )
                continue  # what was waited for is no longer awaited
            self.state = outcome.state
            self.watch(outcome)
            ahead += self.outside(outcome)

    def is_outside(self, command: runtime.Command) -> bool:
        """Whether a command comes from outside the step that is being taken: from anything but a service task that
        runs within its transaction."""
        if isinstance(command, runtime.Start):
            return False
        node = self.definition.model.nodes.get(getattr(command, "element", ""))
        task = self.catalogue.service_tasks.get(node.service or "") if self.catalogue and node else None
        return task is None or task.mode is not Mode.TRANSACTION

    def outside(self, outcome: Outcome) -> list[runtime.Command]:
        """What services, called processes and this case's own messages bring back."""
        commands: list[runtime.Command] = []
        for job in outcome.jobs:
            commands.append(
                self.stubbed(self.definition.model.nodes[job.element].service or "", job.token, job.element)
            )
        for sent in outcome.outgoing:
            if sent.kind == "call":
                commands.append(self.stubbed(sent.name, sent.token, sent.element))
            elif sent.kind == "message":
                self.sent.append(sent.name)
                commands += [
                    runtime.Correlate(wait.token, wait.element, sent.inputs["payload"])
                    for wait in self.waits(WaitKind.MESSAGE)
                    if (wait.name, wait.key) == (sent.name, sent.inputs["key"])
                ]
        return commands

    def stubbed(self, name: str, token: int, element: str) -> runtime.Command:
        """What the scenario says a service or called process gives back this time; the last is given again."""
        stubs = self.scenario.stubs.get(name)
        if not stubs:
            self.stop("scenario_stub_missing", name=name, element=element)
        stub = stubs[min(self.used[name], len(stubs) - 1)]
        self.used[name] += 1
        if stub.fails:
            return runtime.Fail(token, element, "service_task_failed", {"name": name, "reason": "scenario"})
        if stub.error is not None:
            return runtime.Raise(token, element, stub.error)
        self.judge_stub(name, stub)
        return runtime.Complete(token, element, dict(stub.outputs))

    def judge_stub(self, name: str, stub: Stub) -> None:
        """What the stub gives must be as declared; it may leave out what the process does not use."""
        task = self.catalogue.service_tasks.get(name) if self.catalogue else None
        for error in task.outputs.validator.iter_errors(plain(stub.outputs)) if task else ():
            if error.validator != "required" or error.absolute_path:
                self.note("scenario_stub", name=name, reason=error.message[:200])

    def decide(self, key: str, variables: Variables) -> Decided:
        used = self.definition.decisions.get(key)
        if used is None:
            raise runtime.Fault("decision_unknown", decision=key)
        with used.deciding():
            outcome = decisions.evaluate(used.model, used.id, variables, self.moment())
        return Decided(outcome.value, outcome.inputs, outcome.matched, None, outcome.hit_policy)

    def watch(self, outcome: Outcome) -> None:
        for event in outcome.events:
            if event.element in self.definition.model.nodes:
                self.reached.add(event.element)
            details = event.details or {}
            self.flows.update(details.get("flows", ()))
            if event.happened is Happened.DECIDED:
                decided = (details["outcome"], tuple(details["rules"]))
                self.decided[details["decision"]] = self.decided[event.element] = decided
        self.reached.update(token.node for token in self.state.tokens.values())

    def judge(self) -> None:
        """Compare where the case has come with what the scenario expects."""
        seen = Seen(
            self.state.ended, self.state.outcome, self.state.variables, self.waits_at(), frozenset(self.reached),
            self.decided, tuple(self.sent), tuple(self.waits(WaitKind.INCIDENT)),
        )  # fmt: skip
        self.findings += scenario_verdicts.findings(self.scenario, seen, self.definition.model.nodes)

    # --- where it is --------------------------------------------------------------------------------------

    def moment(self) -> feel.Moment:
        return feel.Moment(self.occurred_at or self.now, self.zone)

    def waits(self, kind: WaitKind) -> list[Wait]:
        return [wait for wait in self.state.waits if wait.kind is kind]

    def waits_at(self) -> frozenset[str]:
        return frozenset(self.state.tokens[wait.token].node for wait in self.state.waits)

    def whereabouts(self) -> str:
        if self.state.ended is not None:
            return f"{self.state.ended}: {self.state.outcome or '–'}"
        return ", ".join(sorted(self.waits_at())) or "–"

    def visible(self, scope_id: int) -> Variables:
        scope = self.state.scopes[scope_id]
        outer = {} if scope.parent is None else self.visible(scope.parent)
        return {**outer, **scope.variables}

    def note(self, code: str, **params: Any) -> None:
        params = {"scenario": self.scenario.name, **params}
        self.findings.append(Finding(code, params, self.scenario.file, self.line))

    def stop(self, code: str, **params: Any) -> NoReturn:
        self.note(code, **params)
        raise _Stopped
