"""The single steps of a YAML flow: each says what its one shape carries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.bpmn.canvases import Canvas
from engine.bpmn.drawings import Definition, Shape
from engine.bpmn.values import Findings, shown

Step = dict[str, Any]

BOUNDARIES = frozenset({"timeout", "on_message", "on_error"})
_ASKED = frozenset({"timeout", "on_message"})

KEYS: Mapping[str, frozenset[str]] = {
    "start": frozenset({"form", "message", "every", "at"}),
    "user": frozenset({"form", "result"}) | _ASKED,
    "manual": frozenset(),
    "service": frozenset({"call", "with", "take", "result"}) | BOUNDARIES,
    "decide": frozenset({"decision", "with", "result"}),
    "script": frozenset({"set"}),
    "wait": frozenset({"for", "until"}),
    "receive": frozenset({"message"}) | _ASKED,
    "send": frozenset({"message", "payload"}),
    "call": frozenset({"process", "with", "take"}) | BOUNDARIES,
    "switch": frozenset({"cases"}),
    "parallel": frozenset({"branches"}),
    "race": frozenset({"branches"}),
    "each": frozenset({"in", "times", "as", "sequential", "collect", "until", "do"}) | BOUNDARIES,
    "group": frozenset({"do"}) | BOUNDARIES,
    "repeat": frozenset({"do", "while"}),
    "end": frozenset({"terminate", "error", "message", "payload"}),
}
REQUIRED: Mapping[str, frozenset[str]] = {
    "service": frozenset({"call"}),
    "decide": frozenset({"decision"}),
    "script": frozenset({"set"}),
    "receive": frozenset({"message"}),
    "send": frozenset({"message"}),
    "call": frozenset({"process"}),
    "switch": frozenset({"cases"}),
    "parallel": frozenset({"branches"}),
    "race": frozenset({"branches"}),
    "each": frozenset({"do"}),
    "group": frozenset({"do"}),
    "repeat": frozenset({"do", "while"}),
}
ELEMENTS: Mapping[str, str] = {
    "start": "startEvent",
    "user": "userTask",
    "manual": "manualTask",
    "service": "serviceTask",
    "decide": "businessRuleTask",
    "script": "scriptTask",
    "wait": "intermediateCatchEvent",
    "receive": "receiveTask",
    "send": "sendTask",
    "call": "callActivity",
    "end": "endEvent",
}


def kind(canvas: Canvas, step: Any, pointer: str) -> str | None:
    """The kind of a step: its first key; None (with a finding) when it is none."""
    if not isinstance(step, dict) or not step:
        canvas.found.add("step", pointer, found=shown(step), known=", ".join(KEYS))
        return None
    first = next(iter(step))
    if first not in KEYS:
        canvas.found.add("kind", f"{pointer}/{first}", found=shown(first), known=", ".join(KEYS))
        return None
    known = KEYS[first] | {first, "lane"}
    for key in step:
        if key not in known:
            others = ", ".join(sorted(known - {first}))
            canvas.found.add("step_key", f"{pointer}/{key}", found=shown(key), kind=first, known=others)
    for key in sorted(REQUIRED.get(first, frozenset()) - step.keys()):
        canvas.found.add("step_lacks", pointer, kind=first, name=key)
    return str(first)


def fill(canvas: Canvas, shape: Shape, kind: str, step: Step, pointer: str) -> None:
    """What a single step says, put on its shape."""
    _FILL[kind](canvas.found, shape, step, pointer)


def time(found: Findings, step: Step, pointer: str, kinds: Mapping[str, str]) -> Definition:
    """The timer of a step or branch, by whichever one of the keys in `kinds` it has."""
    present = [key for key in kinds if step.get(key) is not None]
    if len(present) != 1:
        found.add("one_time", pointer, known=", ".join(kinds))
        return Definition("timer", time_kind="timeDuration", time="PT0S")
    key = present[0]
    return Definition(
        "timer", time_kind=kinds[key], time=found.time(step[key], f"{pointer}/{key}", kinds[key])
    )


def message(found: Findings, step: Step, pointer: str) -> Definition:
    return Definition("message", found.key(step.get("message"), f"{pointer}/message") or "unknown")


def _start(found: Findings, shape: Shape, step: Step, pointer: str) -> None:
    if step.get("form") is not None:
        shape.extensions["form"] = found.key(step["form"], f"{pointer}/form") or ""
    if step.get("message") is not None:
        shape.definition = message(found, step, pointer)
    elif step.get("every") is not None or step.get("at") is not None:
        shape.definition = time(found, step, pointer, {"every": "timeCycle", "at": "timeDate"})
    if shape.definition is not None and step.get("form") is not None:
        found.add("start_form", f"{pointer}/form")


def _user(found: Findings, shape: Shape, step: Step, pointer: str) -> None:
    if step.get("form") is not None:
        shape.extensions["form"] = found.key(step["form"], f"{pointer}/form") or ""
    _result(found, shape, step, pointer)


def _service(found: Findings, shape: Shape, step: Step, pointer: str) -> None:
    if "call" in step:
        shape.extensions["service"] = found.service(step["call"], f"{pointer}/call") or ""
    _mapped(found, shape, step, pointer)
    _result(found, shape, step, pointer)
    if "take" in step and "result" in step:
        found.add("take_or_result", f"{pointer}/result")


def _decide(found: Findings, shape: Shape, step: Step, pointer: str) -> None:
    if "decision" in step:
        shape.extensions["decision"] = found.key(step["decision"], f"{pointer}/decision") or ""
    _mapped(found, shape, step, pointer)
    _result(found, shape, step, pointer)


def _script(found: Findings, shape: Shape, step: Step, pointer: str) -> None:
    if "set" not in step:
        return
    entries = found.assignments(step["set"], f"{pointer}/set")
    if not entries:
        found.add("empty_set", f"{pointer}/set")
    body = ", ".join(f"{target}: {source}" for target, source in entries.items())
    shape.script = found.expression(f"{{{body}}}", f"{pointer}/set")
    shape.attributes["scriptFormat"] = "text/feel"


def _wait(found: Findings, shape: Shape, step: Step, pointer: str) -> None:
    shape.definition = time(found, step, pointer, {"for": "timeDuration", "until": "timeDate"})


def _receive(found: Findings, shape: Shape, step: Step, pointer: str) -> None:
    if "message" in step:
        shape.definition = message(found, step, pointer)


def _send(found: Findings, shape: Shape, step: Step, pointer: str) -> None:
    _receive(found, shape, step, pointer)
    if step.get("payload") is not None:
        shape.extensions["payload"] = f"= {found.value(step['payload'], f'{pointer}/payload')}"


def _call(found: Findings, shape: Shape, step: Step, pointer: str) -> None:
    if "process" in step:
        shape.attributes["calledElement"] = found.key(step["process"], f"{pointer}/process") or ""
    _mapped(found, shape, step, pointer)


def _end(found: Findings, shape: Shape, step: Step, pointer: str) -> None:
    said = [key for key in ("terminate", "error", "message") if step.get(key) not in (None, False)]
    if len(said) > 1:
        found.add("one_ending", pointer, found=", ".join(said))
    if "payload" in step and "message" not in step:
        found.add("payload_without_message", f"{pointer}/payload")
    if "terminate" in step and found.boolean(step["terminate"], f"{pointer}/terminate"):
        shape.definition = Definition("terminate")
    elif step.get("error") is not None:
        shape.definition = Definition("error", found.code(step["error"], f"{pointer}/error") or "unknown")
    elif step.get("message") is not None:
        _send(found, shape, step, pointer)


def _mapped(found: Findings, shape: Shape, step: Step, pointer: str) -> None:
    if step.get("with") is not None:
        shape.inputs = found.assignments(step["with"], f"{pointer}/with")
    if step.get("take") is not None:
        shape.outputs = found.assignments(step["take"], f"{pointer}/take", must_be_feel=True)


def _result(found: Findings, shape: Shape, step: Step, pointer: str) -> None:
    if step.get("result") is not None:
        shape.extensions["result"] = found.variable(step["result"], f"{pointer}/result") or ""


_FILL: Mapping[str, Callable[[Findings, Shape, Step, str], None]] = {
    "start": _start,
    "user": _user,
    "manual": lambda found, shape, step, pointer: None,
    "service": _service,
    "decide": _decide,
    "script": _script,
    "wait": _wait,
    "receive": _receive,
    "send": _send,
    "call": _call,
    "end": _end,
}
