"""What can be done to an instance: the only eight ways in which its state changes."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.runtime.state import Json, Variables


@dataclass(frozen=True, slots=True)
class Start:
    """Begin, at a start event (None: the only one without a trigger), with variables."""

    variables: Variables = field(default_factory=dict)
    element: str | None = None
    is_child: bool = False


@dataclass(frozen=True, slots=True)
class Complete:
    """A person's answers, a worker's outputs or a called instance's variables have come."""

    token: int
    element: str
    outputs: Variables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fire:
    """A timer has come due."""

    token: int
    element: str


@dataclass(frozen=True, slots=True)
class Correlate:
    """A message has come."""

    token: int
    element: str
    payload: Variables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Raise:
    """What was waited for ended in a BPMN error."""

    token: int
    element: str
    error_code: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Fail:
    """A job gave up: its wait becomes an incident."""

    token: int
    element: str
    code: str
    params: Json = None


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again what an incident stopped."""

    token: int
    element: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """End the instance wherever it is."""

    reason: str = ""


Command = Start | Complete | Fire | Correlate | Raise | Fail | Retry | Cancel
