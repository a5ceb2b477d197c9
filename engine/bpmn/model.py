"""The process model: what a definition means, immutable, with every expression compiled.

The reader (`engine.bpmn`) writes it, the runtime (`engine.runtime`) executes it; neither knows the other.
Words are BPMN 2.0's. Ids are the ids of the BPMN file and unique in the whole file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from engine import feel


class Kind(StrEnum):
    """What a node is; the value is the BPMN element's name."""

    START = "startEvent"
    END = "endEvent"
    CATCH = "intermediateCatchEvent"
    THROW = "intermediateThrowEvent"
    BOUNDARY = "boundaryEvent"
    USER_TASK = "userTask"
    MANUAL_TASK = "manualTask"
    SERVICE_TASK = "serviceTask"
    SCRIPT_TASK = "scriptTask"
    RULE_TASK = "businessRuleTask"
    SEND_TASK = "sendTask"
    RECEIVE_TASK = "receiveTask"
    SUB_PROCESS = "subProcess"
    CALL_ACTIVITY = "callActivity"
    EXCLUSIVE = "exclusiveGateway"
    PARALLEL = "parallelGateway"
    INCLUSIVE = "inclusiveGateway"
    EVENT_BASED = "eventBasedGateway"


ACTIVITIES = frozenset(
    {
        Kind.USER_TASK,
        Kind.MANUAL_TASK,
        Kind.SERVICE_TASK,
        Kind.SCRIPT_TASK,
        Kind.RULE_TASK,
        Kind.SEND_TASK,
        Kind.RECEIVE_TASK,
        Kind.SUB_PROCESS,
        Kind.CALL_ACTIVITY,
    }
)


class Trigger(StrEnum):
    """What an event waits for or throws."""

    NONE = "none"
    MESSAGE = "message"
    TIMER = "timer"
    ERROR = "error"
    TERMINATE = "terminate"


class TimerKind(StrEnum):
    DATE = "timeDate"
    DURATION = "timeDuration"
    CYCLE = "timeCycle"


@dataclass(frozen=True, slots=True)
class Timer:
    """When: an expression giving an ISO 8601 date-time, date, duration, or `R[n]/duration` (cycle)."""

    kind: TimerKind
    expression: feel.Expression


@dataclass(frozen=True, slots=True)
class Message:
    """A message by name; `key` gives the correlation key as text, evaluated where the message is awaited
    or thrown; `payload` gives the context that is sent (throwing side; None sends nothing)."""

    name: str
    key: feel.Expression | None = None
    payload: feel.Expression | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """`target` variable := `source` expression."""

    target: str
    source: feel.Expression


@dataclass(frozen=True, slots=True)
class Loop:
    """Multi-instance: once per element of `collection`, or `cardinality` times.

    Inside an iteration the variables `element_variable` and `loopCounter` (from 1) are local. When all
    have ended, `output_collection` holds the value of `output_element` of each iteration, in order.
    `completion_condition`, checked after each iteration with `numberOfInstances`,
    `numberOfCompletedInstances` and `numberOfActiveInstances` in scope, ends the rest early when true.
    """

    sequential: bool
    collection: feel.Expression | None = None
    cardinality: feel.Expression | None = None
    element_variable: str | None = None
    output_collection: str | None = None
    output_element: feel.Expression | None = None
    completion_condition: feel.Expression | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow; `condition` only on flows that leave exclusive and inclusive gateways."""

    id: str
    source: str
    target: str
    condition: feel.Expression | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """One element. Fields that do not belong to its kind are None or empty."""

    id: str
    kind: Kind
    name: str = ""
    lane: str | None = None
    scope: str | None = None  # id of the enclosing sub-process; None: the process itself
    incoming: tuple[str, ...] = ()  # flow ids, in document order
    outgoing: tuple[str, ...] = ()
    default: str | None = None  # the default flow of an exclusive or inclusive gateway
    line: int | None = None
    # events
    trigger: Trigger = Trigger.NONE
    timer: Timer | None = None
    message: Message | None = None
    error_code: str | None = None  # thrown, or caught (None on a boundary event catches every error)
    error_variable: str | None = None  # boundary error: receives {code, message}
    attached_to: str | None = None
    interrupting: bool = True
    # activities
    boundaries: tuple[str, ...] = ()  # ids of the boundary events attached here, in document order
    form: str | None = None  # user task and start event
    service: str | None = None  # `integration.task`, e.g. `post.send`
    decision: str | None = None  # key under `decisions:` of process.yaml
    script: feel.Expression | None = None
    result: str | None = None  # variable that takes the result instead of merging it into the scope
    called: str | None = None  # process key of a call activity
    inputs: tuple[Assignment, ...] = ()
    outputs: tuple[Assignment, ...] = ()
    loop: Loop | None = None


@dataclass(frozen=True, slots=True)
class ProcessModel:
    """A whole process, ready to execute."""

    id: str
    name: str
    nodes: Mapping[str, Node]
    flows: Mapping[str, Flow]
    lanes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # lane id -> lane name

    def starts(self, scope: str | None = None) -> tuple[Node, ...]:
        """The start events of the process, or of a sub-process."""
        return tuple(n for n in self.nodes.values() if n.kind is Kind.START and n.scope == scope)

    def inside(self, scope: str | None) -> tuple[Node, ...]:
        """The nodes directly inside the process (None) or a sub-process, boundary events included."""
        return tuple(node for node in self.nodes.values() if node.scope == scope)
