"""The rows that a step changes: what it opened, closed, decided and recorded, as `store_step` takes them.

Pure: two states, what happened between them and the definition in; one map of changes out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine import feel, runtime
from engine.bpmn.model import Kind, Node
from engine.definitions.definition import Definition
from engine.runtime import Event, Happened, Outcome, Outgoing, State, Wait, WaitKind
from engine.runtime.state import encoded

MOST_ROWS = 10_000  # decisions, and records, of one step: their numbers follow the step's own
LONGEST_FACET = 120  # characters

_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")

Row = dict[str, Any]
Changes = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TaskPlace:
    """Where a person's task is worked: the role, and the unit when it is not the case's own."""

    lane: str | None
    role: str
    unit_id: int | None = None
    unit_path: str | None = None


def changed(
    definition: Definition, before: State, outcome: Outcome, now: datetime, places: dict[int, TaskPlace]
) -> Changes:
    """The opened and closed waits between two states, with their service levels."""
    after = outcome.state
    old, new = set_of(before), set_of(after)
    changes: Changes = {}
    for wait in before.waits:
        if wait_key(wait) not in new or new[wait_key(wait)] != wait:
            _add(changes, f"closed_{wait.kind}", {"token": wait.token, "element": wait.element})
    inputs = {(job.token, job.element): job.inputs for job in outcome.jobs}
    for wait in after.waits:
        if wait_key(wait) not in old or old[wait_key(wait)] != wait:
            _add(changes, f"opened_{wait.kind}", _opened(definition, wait, inputs, now, places))
    _service_levels(definition, before, after, outcome.events, now, changes)
    return changes


def wait_key(wait: Wait) -> tuple[int, str, WaitKind]:
    return wait.token, wait.element, wait.kind


def set_of(state: State) -> dict[tuple[int, str, WaitKind], Wait]:
    return {wait_key(wait): wait for wait in state.waits}


def for_jsonb(value: Any) -> str:
    """JSON text that a jsonb column takes: it has no room for a zero byte, which the state's own bytes keep."""
    return _NUL.sub(r"\1\\ufffd", encoded(value).decode())


def outbox(outgoing: tuple[Outgoing, ...]) -> list[Row]:
    """What goes to other instances, as jobs of this one."""
    return [
        {
            "token": sent.token,
            "element": sent.element,
            "kind": sent.kind,
            "name": sent.name,
            "inputs": sent.inputs,
        }
        for sent in outgoing
    ]


def story(events: tuple[Event, ...]) -> list[list[Any]]:
    """What the engine did in one step, compact and without answers: [happened, element, details?]."""
    told: list[list[Any]] = []
    for event in events:
        details = event.details
        if event.happened is Happened.DECIDED and details is not None:
            details = {"decision": details["decision"], "rules": list(details["rules"])}
        elif event.happened is Happened.STOPPED and details is not None:
            details = {"code": details["code"]}
        told.append([event.happened.value, event.element, *([details] if details else [])])
    return told


def decisions(definition: Definition, events: tuple[Event, ...], seq: int) -> list[Row]:
    """A row for every decision taken in the step, with its inputs and outcome."""
    taken = [
        event.details for event in events if event.happened is Happened.DECIDED and event.details is not None
    ]
    elements = [event.element for event in events if event.happened is Happened.DECIDED]
    return [
        {
            "seq": seq * MOST_ROWS + number,
            "version_id": details["version_id"] or definition.version_id,
            "decision": details["decision"],
            "element": element,
            "inputs": details["inputs"],
            "outcome": details["outcome"],
            "rules": list(details["rules"]),
            "trace": details["trace"],
        }
        for number, (element, details) in enumerate(zip(elements, taken, strict=True))
    ]


def records(definition: Definition, events: tuple[Event, ...], seq: int, moment: feel.Moment) -> list[Row]:
    """The rows of the read model that completed elements call for.

    What happened is always recorded: a required value that is missing is named under `missing`, not refused.
    """
    rows: list[Row] = []
    on = moment.now.astimezone(moment.zone).date().isoformat()
    for event in events:
        if event.happened is not Happened.COMPLETED or event.variables is None:
            continue
        for rule in definition.manifest.records:
            if rule.at != event.element or "iteration" in (event.details or {}):
                continue
            entries = {name: _value(value, event.variables, moment) for name, value in rule.values.items()}
            missing = sorted(name for name in rule.required if entries.get(name) is None)
            if missing:
                entries["missing"] = missing
            facet = (feel.as_text(entries.get(rule.facet)) or "") if rule.facet else ""
            row = {"seq": seq * MOST_ROWS + len(rows), "kind": rule.kind, "entries": entries}
            rows.append({**row, "facet": facet[:LONGEST_FACET], "on": on})
    return rows


def _value(expression: feel.Expression, variables: runtime.Variables, moment: feel.Moment) -> Any:
    try:
        return expression.json(variables, moment)
    except feel.FeelError:
        return None  # a value that cannot be told must not keep what happened from being recorded


def expectations(definition: Definition, events: tuple[Event, ...], now: datetime) -> Changes:
    """What must follow from now on, and what has followed."""
    changes: Changes = {}
    for event in events:
        if event.happened is not Happened.COMPLETED:
            continue
        for expected in definition.manifest.expects:
            if expected.reaches == event.element:
                _add(changes, "reached", event.element)
                changes["expected"] = [
                    row for row in changes.get("expected", []) if row["reaches"] != event.element
                ]
            if expected.after == event.element:
                _add(
                    changes,
                    "expected",
                    {
                        "token": event.token,
                        "element": event.element,
                        "reaches": expected.reaches,
                        "due_at": now + expected.within,
                    },
                )
    return {key: rows for key, rows in changes.items() if rows}


def _opened(
    definition: Definition,
    wait: Wait,
    inputs: dict[tuple[int, str], Any],
    now: datetime,
    places: dict[int, TaskPlace],
) -> Row:
    row: Row = {"token": wait.token, "element": wait.element}
    match wait.kind:
        case WaitKind.USER_TASK:
            place = places[wait.token]
            level = definition.manifest.service_levels.get(wait.element)
            row |= {
                "lane": place.lane, "role": place.role, "unit_id": place.unit_id, "unit_path": place.unit_path,
                "due_at": now + level if level else None,
            }  # fmt: skip
        case WaitKind.JOB:
            row |= {
                "kind": "service",
                "name": wait.name,
                "inputs": inputs.get((wait.token, wait.element), {}),
            }
        case WaitKind.TIMER:
            row |= {"due_at": wait.due_at}
        case WaitKind.MESSAGE:
            row |= {"name": wait.name, "key": wait.key}
        case WaitKind.CALL:
            row |= {"name": wait.name}
        case WaitKind.INCIDENT:
            row |= {"name": wait.name, "params": wait.params}
    return row


def _service_levels(
    definition: Definition,
    before: State,
    after: State,
    events: tuple[Event, ...],
    now: datetime,
    changes: Changes,
) -> None:
    """Service levels of waits other than a person's task, which carries its own."""
    levels = definition.manifest.service_levels
    for token in before.tokens.values():
        if token.id not in after.tokens and _is_levelled(definition.model.nodes[token.node], levels):
            _add(changes, "closed_service_level", {"token": token.id})
    for event in events:
        if (
            event.happened is Happened.ENTERED and event.token in after.tokens
        ):  # tried again, it keeps its first
            node = definition.model.nodes[event.element]
            if _is_levelled(node, levels):
                row = {"token": event.token, "element": event.element, "due_at": now + levels[event.element]}
                _add(changes, "opened_service_level", row)


def _is_levelled(node: Node, levels: Any) -> bool:
    return node.kind is not Kind.USER_TASK and node.id in levels


def _add(changes: Changes, key: str, row: Any) -> None:
    changes.setdefault(key, []).append(row)
