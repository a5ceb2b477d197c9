"""Plays a drawn process: commands by element name, and where its tokens rest after each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine import feel, runtime
from engine.bpmn.model import ProcessModel
from engine.errors import Conflict
from engine.runtime import (
    Command,
    Decided,
    Fault,
    Happened,
    Job,
    Outgoing,
    Phase,
    State,
    Surroundings,
    Wait,
    WaitKind,
)
from tests.elements import invariants

MORNING = datetime(2021, 7, 26, 2, 0, tzinfo=UTC)  # nine o'clock on a Monday in Ha Noi
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
Decisions = dict[str, Callable[[dict[str, Any]], Any]]


class Play:
    """One instance under a moved clock. After each command the invariants of every state are checked."""

    def __init__(self, model: ProcessModel, decisions: Decisions | None = None) -> None:
        self.model, self.decisions = model, decisions or {}
        self.state: State = runtime.fresh()
        self.now = MORNING
        self.jobs: list[Job] = []
        self.sent: list[Outgoing] = []  # of the last command
        self.events: list[runtime.Event] = []

    # --- commands -----------------------------------------------------------------------------------------

    def start(self, element: str | None = None, is_child: bool = False, **variables: Any) -> Play:
        return self.apply(runtime.Start(variables, element, is_child))

    def complete(self, element: str, which: int = 0, **outputs: Any) -> Play:
        wait = self.wait(element, WaitKind.USER_TASK, WaitKind.JOB, WaitKind.CALL, which=which)
        return self.apply(runtime.Complete(wait.token, wait.element, outputs))

    def fire(self, element: str, which: int = 0) -> Play:
        wait = self.wait(element, WaitKind.TIMER, which=which)
        return self.apply(runtime.Fire(wait.token, wait.element))

    def hear(self, element: str, which: int = 0, **payload: Any) -> Play:
        """A message comes to the element that waits for it."""
        wait = self.wait(element, WaitKind.MESSAGE, which=which)
        return self.apply(runtime.Correlate(wait.token, wait.element, payload))

    def refuse(self, element: str, code: str, message: str = "", which: int = 0) -> Play:
        """A job or call ends in a business error."""
        wait = self.wait(element, WaitKind.JOB, WaitKind.CALL, which=which)
        return self.apply(runtime.Raise(wait.token, wait.element, code, message))

    def fail(self, element: str, code: str = "service_task_failed", which: int = 0) -> Play:
        wait = self.wait(element, WaitKind.JOB, WaitKind.CALL, which=which)
        return self.apply(runtime.Fail(wait.token, wait.element, code, {"reason": "no answer"}))

    def retry(self, element: str, which: int = 0) -> Play:
        wait = self.wait(element, WaitKind.INCIDENT, which=which)
        return self.apply(runtime.Retry(wait.token, wait.element))

    def cancel(self) -> Play:
        return self.apply(runtime.Cancel("given up"))

    def move(self, **by: float) -> Play:
        """Move the clock, and let what has come due fire."""
        self.now += timedelta(**by)
        while due := [
            w for w in self.state.waits if w.kind is WaitKind.TIMER and w.due_at and w.due_at <= self.now
        ]:
            first = min(due, key=lambda wait: (wait.due_at, wait.token))
            self.apply(runtime.Fire(first.token, first.element))
        return self

    def apply(self, command: Command) -> Play:
        """Apply a command twice, from the same state: the same must come of it, and every invariant hold."""
        stored = runtime.store(self.state)
        outcome = runtime.apply(self.model, self.state, command, self.around())
        assert runtime.apply(self.model, runtime.restore(stored), command, self.around()) == outcome
        assert runtime.store(self.state) == stored, "the state given was changed"
        invariants.hold(self.model, self.state, outcome)
        self.state = outcome.state
        self.jobs, self.sent, self.events = list(outcome.jobs), list(outcome.outgoing), list(outcome.events)
        return self

    def refuses(self, command: Command) -> None:
        """The command comes too late, or was never right: Conflict, and nothing changes."""
        stored = runtime.store(self.state)
        with pytest.raises(Conflict):
            runtime.apply(self.model, self.state, command, self.around())
        assert runtime.store(self.state) == stored

    def around(self) -> Surroundings:
        return Surroundings(feel.Moment(self.now, ZONE), self._decide)

    def _decide(self, key: str, variables: dict[str, Any]) -> Decided:
        if key not in self.decisions:
            raise Fault("decision_unknown", decision=key)
        value = self.decisions[key](variables)
        return Decided(value, {}, () if value is None else (1,), None, "UNIQUE")

    # --- looking ------------------------------------------------------------------------------------------

    def wait(self, element: str, *kinds: WaitKind, which: int = 0) -> Wait:
        found = [wait for wait in self.state.waits if wait.element == element and wait.kind in kinds]
        assert len(found) > which, f"{element} does not wait so; waits: {self.waits()}"
        return sorted(found, key=lambda wait: wait.token)[which]

    def waits(self) -> list[str]:
        """What is waited for, as `kind element`, in order."""
        return sorted(f"{wait.kind} {wait.element}" for wait in self.state.waits)

    def rests(self, *elements: str) -> Play:
        """Assert where the tokens rest, joins included, the hosts of inner scopes not."""
        assert self.state.ended is None, f"ended: {self.state.outcome}"
        places = sorted(
            token.node for token in self.state.tokens.values() if token.phase is not Phase.HOSTING
        )
        assert places == sorted(elements)
        return self

    def stopped(self, element: str, code: str) -> Play:
        """Assert that an incident is open at the element."""
        assert self.wait(element, WaitKind.INCIDENT).name == code
        return self

    def ended(self, outcome: str | None, error: str | None = None, ended: str = "completed") -> Play:
        assert (self.state.ended, self.state.outcome, self.state.error) == (ended, outcome, error)
        return self

    def has(self, **variables: Any) -> Play:
        """Assert variables of the process; None means: not there, or null."""
        assert {name: self.state.variables.get(name) for name in variables} == variables
        return self

    def happened(self, what: Happened) -> list[str]:
        """The elements to which something happened in the last command."""
        return [event.element for event in self.events if event.happened is what]
