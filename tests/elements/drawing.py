"""Small processes drawn in a few lines of Python, for tests of what the runtime makes of them.

    model = draw(
        user("lend"), boundary("late", on="lend", after="P1D"), user("recall"),
        '''
        start -> lend -> end
        late -> recall -> end_lost
        ''',
    )

A line of flows joins elements by arrows; `a -> b: expression` gives the flow a condition, `a -> b: otherwise`
makes it the default. What is called `start…` or `end…` without being drawn is a plain start or end event.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from dataclasses import dataclass
from typing import Any

from engine import feel
from engine.bpmn.model import (
    Assignment,
    Flow,
    Kind,
    Loop,
    Message,
    Node,
    ProcessModel,
    Timer,
    TimerKind,
    Trigger,
)


@dataclass(frozen=True)
class Part:
    """An element, and for a sub-process what is inside it."""

    node: Node
    inside: tuple[Part | str, ...] = ()


def draw(*parts: Part | str) -> ProcessModel:
    """The model of elements and lines of flows."""
    pen = _Pen({}, {})
    pen.scope(parts, None)
    return ProcessModel("drawn", "drawn", pen.finished(), pen.flows)


# --- tasks ------------------------------------------------------------------------------------------------


def user(name: str, **more: Any) -> Part:
    return Part(Node(name, Kind.USER_TASK, **more))


def manual(name: str, **more: Any) -> Part:
    return Part(Node(name, Kind.MANUAL_TASK, **more))


def service(
    name: str, does: str | None = "post.send", give: Any = None, take: Any = None, **more: Any
) -> Part:
    return Part(
        Node(name, Kind.SERVICE_TASK, service=does, inputs=_assigned(give), outputs=_assigned(take), **more)
    )


def script(name: str, text: str, **more: Any) -> Part:
    return Part(Node(name, Kind.SCRIPT_TASK, script=feel.compile(text), **more))


def rule(name: str, decision: str | None, give: Any = None, **more: Any) -> Part:
    return Part(Node(name, Kind.RULE_TASK, decision=decision, inputs=_assigned(give), **more))


def send(name: str, message: str, key: str | None = None, payload: str | None = None, **more: Any) -> Part:
    return Part(Node(name, Kind.SEND_TASK, message=_message(message, key, payload), **more))


def receive(name: str, message: str, key: str | None = None, **more: Any) -> Part:
    return Part(Node(name, Kind.RECEIVE_TASK, message=_message(message, key), **more))


def call(name: str, process: str | None = "other", give: Any = None, take: Any = None, **more: Any) -> Part:
    return Part(
        Node(
            name, Kind.CALL_ACTIVITY, called=process, inputs=_assigned(give), outputs=_assigned(take), **more
        )
    )


def sub(name: str, *inside: Part | str, **more: Any) -> Part:
    return Part(Node(name, Kind.SUB_PROCESS, **more), inside)


def each(collection: str | None = None, variable: str | None = None, **more: Any) -> Loop:
    """A multi-instance: `each("= books", "book", sequential=True, times="3", into="results", value="x", until="…")`."""
    return Loop(
        sequential=more.get("sequential", False),
        collection=_optional(collection),
        cardinality=_optional(more.get("times")),
        element_variable=variable,
        output_collection=more.get("into"),
        output_element=_optional(more.get("value")),
        completion_condition=_optional(more.get("until")),
    )


# --- gateways and events ----------------------------------------------------------------------------------


def exclusive(name: str) -> Part:
    return Part(Node(name, Kind.EXCLUSIVE))


def parallel(name: str) -> Part:
    return Part(Node(name, Kind.PARALLEL))


def inclusive(name: str) -> Part:
    return Part(Node(name, Kind.INCLUSIVE))


def race(name: str) -> Part:
    return Part(Node(name, Kind.EVENT_BASED))


def start(name: str, **trigger: Any) -> Part:
    return Part(Node(name, Kind.START, **_triggered(trigger)))


def end(name: str, **trigger: Any) -> Part:
    """An end event: `terminate=True`, `error="CODE"`, `message="name"`, or none."""
    return Part(Node(name, Kind.END, **_triggered(trigger)))


def catch(name: str, **trigger: Any) -> Part:
    """An intermediate event that waits: `after="PT1H"`, `at="= moment"`, `message="name"`, `key="expression"`."""
    return Part(Node(name, Kind.CATCH, **_triggered(trigger)))


def throw(name: str, **trigger: Any) -> Part:
    return Part(Node(name, Kind.THROW, **_triggered(trigger)))


def boundary(
    name: str, on: str, interrupting: bool = True, variable: str | None = None, **trigger: Any
) -> Part:
    """A boundary event: `after`, `at`, `every` (a cycle), `message`, or `error` ("" catches every error)."""
    return Part(
        Node(
            name,
            Kind.BOUNDARY,
            attached_to=on,
            interrupting=interrupting,
            error_variable=variable,
            **_triggered(trigger),
        )
    )


# --- the pen ----------------------------------------------------------------------------------------------


@dataclass
class _Pen:
    nodes: dict[str, Node]
    flows: dict[str, Flow]

    def scope(self, parts: tuple[Part | str, ...], scope: str | None) -> None:
        for part in parts:
            if isinstance(part, Part):
                assert part.node.id not in self.nodes, f"{part.node.id} is drawn twice"
                self.nodes[part.node.id] = dataclasses.replace(part.node, scope=scope)
                self.scope(part.inside, part.node.id)
        for line in "\n".join(part for part in parts if isinstance(part, str)).splitlines():
            if line.strip():
                self.line(line.strip(), scope)

    def line(self, line: str, scope: str | None) -> None:
        path, _, condition = line.partition(":")
        names = [name.strip() for name in path.split("->")]
        for source, target in itertools.pairwise(names):
            self.known(source, scope)
            self.known(target, scope)
            last = target == names[-1]
            self.flow(source, target, condition.strip() if last else "")

    def known(self, name: str, scope: str | None) -> None:
        if name not in self.nodes:
            assert name.startswith(("start", "end")), f"{name} is not drawn"
            kind = Kind.START if name.startswith("start") else Kind.END
            self.nodes[name] = Node(name, kind, scope=scope)

    def flow(self, source: str, target: str, condition: str) -> None:
        identity = f"{source}__{target}"
        while identity in self.flows:
            identity += "+"
        expression = feel.compile(condition) if condition not in ("", "otherwise") else None
        self.flows[identity] = Flow(identity, source, target, expression)
        leaving = self.nodes[source]
        self.nodes[source] = dataclasses.replace(
            leaving,
            outgoing=(*leaving.outgoing, identity),
            default=identity if condition == "otherwise" else leaving.default,
        )
        entered = self.nodes[target]
        self.nodes[target] = dataclasses.replace(entered, incoming=(*entered.incoming, identity))

    def finished(self) -> dict[str, Node]:
        attached: dict[str, list[str]] = {}
        for node in self.nodes.values():
            if node.attached_to:
                attached.setdefault(node.attached_to, []).append(node.id)
        return {
            name: dataclasses.replace(node, boundaries=tuple(attached.get(name, ())))
            for name, node in self.nodes.items()
        }


def _triggered(trigger: dict[str, Any]) -> dict[str, Any]:
    if "message" in trigger:
        message = _message(trigger["message"], trigger.get("key"), trigger.get("payload"))
        return {"trigger": Trigger.MESSAGE, "message": message}
    if "error" in trigger:
        return {"trigger": Trigger.ERROR, "error_code": trigger["error"] or None}
    if trigger.get("terminate"):
        return {"trigger": Trigger.TERMINATE}
    for word, kind in (("after", TimerKind.DURATION), ("at", TimerKind.DATE), ("every", TimerKind.CYCLE)):
        if word in trigger:
            text = trigger[word]
            written = text.removeprefix("=").strip() if text.startswith("=") else json.dumps(text)
            return {"trigger": Trigger.TIMER, "timer": Timer(kind, feel.compile(written))}
    assert not trigger, trigger
    return {}


def _message(name: str, key: str | None = None, payload: str | None = None) -> Message:
    return Message(name, _optional(key), _optional(payload))


def _assigned(pairs: dict[str, str] | None) -> tuple[Assignment, ...]:
    return tuple(Assignment(target, feel.compile(source)) for target, source in (pairs or {}).items())


def _optional(text: str | None) -> feel.Expression | None:
    return None if text is None else feel.compile(text.removeprefix("=").strip())
