"""Owners' scenarios: "given these answers, expect this path", read from YAML into frozen values.

A file holds a list of scenarios, or a map whose `scenarios` is that list; one that names a `decision` tries that alone,
case by case. docs/scenarios.md says each word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from engine import schemas
from engine.bpmn import marked_yaml
from engine.definitions import manifest, process_schema
from engine.errors import Finding, Invalid

Json = Any


@dataclass(frozen=True, slots=True)
class Answer:
    """A person completes the task that waits at an element, with answers as a form posts them (None: without)."""

    line: int
    element: str
    answers: dict[str, Json] | None


@dataclass(frozen=True, slots=True)
class Advance:
    """Time goes on; every timer that comes due on the way fires at its moment."""

    line: int
    by: timedelta


@dataclass(frozen=True, slots=True)
class Deliver:
    """A message arrives."""

    line: int
    name: str
    key: str | None
    payload: dict[str, Json]


Step = Answer | Advance | Deliver


@dataclass(frozen=True, slots=True)
class Stub:
    """What a service task or a called process gives back: outputs, a BPMN error, or a failure that stays."""

    outputs: dict[str, Json] = field(default_factory=dict)
    error: str | None = None
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be true at the end; None or empty: not looked at."""

    end: str | None = None
    passed: tuple[str, ...] = ()
    not_passed: tuple[str, ...] = ()
    waits_at: frozenset[str] | None = None
    variables: Mapping[str, Json] = field(default_factory=dict)
    decided: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    incident: str | None = None
    sent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """One case to try: it begins at a moment, goes through steps, and is expected to have come somewhere."""

    name: str
    file: str
    line: int
    at: datetime
    start: str | None
    variables: dict[str, Json]
    stubs: Mapping[str, tuple[Stub, ...]]
    steps: tuple[Step, ...]
    expected: Expected
    expected_lines: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Case:
    """One row of a table of decisions: what is given on top of what all rows share, and what is expected."""

    line: int
    given: dict[str, Json]
    expected: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """A decision to try alone: at a moment, with what all cases are given, case by case."""

    name: str
    file: str
    line: int
    at: datetime
    decision: str
    given: dict[str, Json]
    cases: tuple[Case, ...]


_ANYTHING: dict[str, Any] = {}
_OBJECT = {"type": "object"}
_ELEMENT = {"type": "string", "pattern": process_schema.ELEMENT}
_ELEMENTS = {"type": "array", "items": _ELEMENT}
_STUB = {"type": "object"}


def _entry(required: list[str], /, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "additionalProperties": False, "properties": properties}


_SCENARIO = _entry(
    ["scenario", "at"],
    scenario={"type": "string", "minLength": 1, "maxLength": 300},
    at={"type": "string"},
    start=_entry([], **{"with": _OBJECT, "element": _ELEMENT}),
    services={"type": "object", "additionalProperties": {"type": ["object", "array"], "items": _STUB}},
    steps={
        "type": "array",
        "maxItems": 500,
        "items": _entry(
            [],
            at=_ELEMENT,
            answer=_OBJECT,
            advance={"type": "string", "pattern": process_schema.DURATION},
            message=_entry(
                ["name"], name={"type": "string"}, key={"type": ["string", "number"]}, payload=_OBJECT
            ),
        ),
    },
    expect=_entry(
        [],
        end=_ELEMENT,
        passed=_ELEMENTS,
        not_passed=_ELEMENTS,
        waits_at=_ELEMENTS,
        variables=_OBJECT,
        decided={"type": "object", "additionalProperties": _OBJECT},
        incident=_ELEMENT,
        sent={"type": "array", "items": {"type": "string"}},
    ),
)
_DECISION = _entry(
    ["scenario", "at", "decision", "cases"],
    scenario=_SCENARIO["properties"]["scenario"],
    at={"type": "string"},
    decision={"type": "string"},
    given=_OBJECT,
    cases={
        "type": "array",
        "minItems": 1,
        "maxItems": 500,
        "items": _entry(["expect"], given=_OBJECT, expect={"type": "object", "minProperties": 1}),
    },
)
_ONE_OF_BOTH = {"if": {"required": ["decision"]}, "then": _DECISION, "else": _SCENARIO}
VALIDATOR = schemas.compiled(
    _entry(["scenarios"], scenarios={"type": "array", "items": _ONE_OF_BOTH, "maxItems": 500})
)


def read(content: bytes, file: str) -> tuple[Scenario | DecisionTable, ...]:
    """The scenarios of a file, in order; raises Invalid with every finding."""
    marked, base = _marked(content, file)
    findings = schemas.findings(VALIDATOR, marked.value, file, marked.line)
    scenarios: list[Scenario | DecisionTable] = []
    for number, entry in enumerate(() if findings else marked.value["scenarios"]):
        pointer = f"/scenarios/{number}"
        try:
            at = datetime.fromisoformat(entry["at"])
        except ValueError:
            at = datetime.min
        if at.tzinfo is None:
            findings.append(
                marked.finding("scenario_moment", f"{pointer}/at", found=schemas.shown(entry["at"]))
            )
        if "decision" in entry:
            scenarios.append(_decision(marked, pointer, entry, at))
        else:
            scenarios.append(_scenario(marked, pointer, entry, at, findings))
    if findings:
        raise Invalid(replace(one, line=(one.line or base + 1) - base) for one in findings)
    return tuple(_moved(one, base) for one in scenarios)


def exact(value: Any) -> Json:
    """A value of YAML as the engine keeps it: numbers that are not whole become Decimal."""
    match value:
        case float():
            return Decimal(repr(value))
        case dict():
            return {key: exact(one) for key, one in value.items()}
        case list():
            return [exact(one) for one in value]
    return value


def _marked(content: bytes, file: str) -> tuple[marked_yaml.Marked, int]:
    """The map of the file, and how many lines were put before it to make a list into a map."""
    is_list = next(
        (line for line in content.splitlines() if line.strip() and not line.lstrip().startswith(b"#")), b""
    )
    if not is_list.startswith(b"-") or is_list.startswith(b"---"):
        return marked_yaml.load(content, file), 0
    try:
        return marked_yaml.load(b"scenarios:\n" + content.removeprefix(b"\xef\xbb\xbf"), file), 1
    except Invalid as refused:
        raise Invalid(
            replace(one, line=one.line and max(one.line - 1, 1)) for one in refused.findings
        ) from None


def _scenario(
    marked: marked_yaml.Marked, pointer: str, entry: dict[str, Any], at: datetime, findings: list[Finding]
) -> Scenario:
    start = entry.get("start") or {}
    expect = entry.get("expect") or {}
    return Scenario(
        name=entry["scenario"],
        file=marked.file,
        line=marked.line(pointer),
        at=at,
        start=start.get("element"),
        variables=start.get("with") or {},
        stubs={name: _stubs(given) for name, given in (entry.get("services") or {}).items()},
        steps=tuple(
            step
            for place, one in enumerate(entry.get("steps") or ())
            if (step := _step(marked, f"{pointer}/steps/{place}", one, findings)) is not None
        ),
        expected=Expected(
            end=expect.get("end"),
            passed=tuple(expect.get("passed", ())),
            not_passed=tuple(expect.get("not_passed", ())),
            waits_at=frozenset(expect["waits_at"]) if "waits_at" in expect else None,
            variables=exact(expect.get("variables") or {}),
            decided=exact(expect.get("decided") or {}),
            incident=expect.get("incident"),
            sent=tuple(expect.get("sent", ())),
        ),
        expected_lines={word: marked.line(f"{pointer}/expect/{word}") for word in expect},
    )


def _decision(marked: marked_yaml.Marked, pointer: str, entry: dict[str, Any], at: datetime) -> DecisionTable:
    cases = tuple(
        Case(marked.line(f"{pointer}/cases/{number}"), exact(one.get("given") or {}), exact(one["expect"]))
        for number, one in enumerate(entry["cases"])
    )
    given = exact(entry.get("given") or {})
    return DecisionTable(
        entry["scenario"], marked.file, marked.line(pointer), at, entry["decision"], given, cases
    )


def _stubs(given: Any) -> tuple[Stub, ...]:
    """One stub for every call, or one after another; the last is given again."""
    entries = given if isinstance(given, list) else [given]
    return tuple(
        Stub(
            exact({key: value for key, value in entry.items() if key not in ("error", "fails")}),
            entry.get("error"),
            entry.get("fails") is True,
        )
        for entry in entries
    )


def _step(
    marked: marked_yaml.Marked, pointer: str, entry: dict[str, Any], findings: list[Finding]
) -> Step | None:
    line = marked.line(pointer)
    match sorted(key for key in entry if key != "answer"):
        case ["at"]:
            return Answer(line, entry["at"], entry.get("answer"))
        case ["advance"] if "answer" not in entry:
            return Advance(line, manifest.duration(entry["advance"]))
        case ["message"] if "answer" not in entry:
            message = entry["message"]
            key = message.get("key")
            return Deliver(
                line, message["name"], None if key is None else str(key), exact(message.get("payload") or {})
            )
    findings.append(marked.finding("scenario_step", pointer, found=", ".join(entry) or "–"))
    return None


def _moved(scenario: Scenario | DecisionTable, base: int) -> Scenario | DecisionTable:
    """The scenario with its lines as they are in the file."""
    if not base:
        return scenario
    if isinstance(scenario, DecisionTable):
        cases = tuple(replace(case, line=case.line - base) for case in scenario.cases)
        return replace(scenario, line=scenario.line - base, cases=cases)
    return replace(
        scenario,
        line=scenario.line - base,
        steps=tuple(replace(step, line=step.line - base) for step in scenario.steps),
        expected_lines={word: line - base for word, line in scenario.expected_lines.items()},
    )
