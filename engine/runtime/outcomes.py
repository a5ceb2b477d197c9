"""What a step gives back: the new state, what happened on the way, and what is to be sent elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine import feel
from engine.runtime.state import Json, State, Variables


class Happened(StrEnum):
    """The kinds of events; past tense, as history shows them."""

    ENTERED = "entered"  # an element that waits was reached
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    DECIDED = "decided"
    THROWN = "thrown"  # a message or an error left an element
    CAUGHT = "caught"  # a boundary event or an event-based gateway went this way
    STOPPED = "stopped"  # an incident opened
    RETRIED = "retried"
    ENDED = "ended"  # the instance ended


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `variables` are those in scope at that moment (completions only)."""

    happened: Happened
    element: str
    token: int
    details: dict[str, Any] | None = None
    variables: Variables | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision gave, and why. `trace` is the compact form kept in history."""

    value: Json
    inputs: dict[str, Json]
    rules: tuple[int, ...]
    trace: Json
    hit_policy: str
    version_id: int | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Something for another instance: a call to start, a call to cancel, a message to deliver."""

    kind: str  # "call", "cancel", "message"
    token: int
    element: str
    name: str
    inputs: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Job:
    """The inputs of a job that opened in this step."""

    token: int
    element: str
    inputs: Variables


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of `apply`."""

    state: State
    events: tuple[Event, ...]
    outgoing: tuple[Outgoing, ...]
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a step may look at besides model, state and command: the moment, and the decisions."""

    moment: feel.Moment
    decide: Callable[[str, Variables], Decided]
