"""The history of a case in sentences: who did what and when, under which version, and what the engine did then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine import settings, texts
from engine.bpmn.model import Flow, Kind
from engine.definitions.definition import Definition
from engine.history import Row
from web import locales, rendering

_UNTOLD = frozenset({"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"})
_TONES = {
    "stopped": "bad", "instance_cancelled": "bad", "call_failed": "bad", "job_failed": "bad",
    "service_failed": "bad", "user_task_completed": "good", "instance_started": "good", "incident_retried": "warn",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One act with what followed from it; `who` is empty for the engine's own."""

    at: datetime
    sentence: str
    who: str
    version: int
    tone: str
    steps: tuple[str, ...]


def entries(
    rows: Iterable[Row],
    definitions: Mapping[int, Definition],
    language: str,
    names: Mapping[int, str] | None = None,
) -> tuple[Entry, ...]:
    """The acts, the newest first; `definitions` holds every version the rows name, `names` those they were done for."""
    told = [_entry(row, definitions[row.version_id], language, names or {}) for row in rows]
    return tuple(reversed(told))


def receivers(rows: Iterable[Row]) -> set[int]:
    """The accounts that tasks were handed over to."""
    return {int(row.details["to"]) for row in rows if str(row.details.get("to", "")).isdecimal()}


def _entry(row: Row, definition: Definition, language: str, names: Mapping[int, str]) -> Entry:
    element = definition.element_name(language, row.element) if row.element else definition.name(language)
    gaps = _plain(row.details)
    if "to" in gaps:
        gaps["to"] = names.get(int(gaps["to"]), "–")
    said = rendering.sentence(f"history.{row.event}", language, element=element, **gaps)
    reason, occurred_at = row.details.get("reason"), row.details.get("occurred_at")
    if isinstance(reason, str) and row.event in ("instance_cancelled", "expectation_dismissed"):
        said = f"{said} {rendering.sentence('history.because', language, reason=reason)}"
    if isinstance(occurred_at, str):
        at = locales.moment(datetime.fromisoformat(occurred_at), settings.current().zone_info)
        said = f"{said} {rendering.sentence('history.occurred', language, at=at)}"
    steps = [
        step for told in row.details.get("steps", ()) if (step := _step(told, row, definition, language))
    ]
    stopped = any(told[0] == "stopped" for told in row.details.get("steps", ()))
    tone = "bad" if stopped else _TONES.get(row.event, "")
    bearer = rendering.sentence("history.bearer", language) if row.details.get("by") == "bearer" else ""
    return Entry(row.at, said, row.actor_name or bearer, definition.version, tone, tuple(steps))


def _step(told: list[Any], row: Row, definition: Definition, language: str) -> str:
    """One thing the engine did, in words; empty for what a reader would not miss."""
    happened, element, *rest = told
    details: dict[str, Any] = rest[0] if rest else {}
    node = definition.model.nodes.get(element)
    name = definition.element_name(language, element) if element else ""
    if happened == "completed":
        return _completed(node, element, name, details, row, definition, language)
    if happened == "decided":
        key = str(details.get("decision", ""))
        decision = definition.text(language, f"decisions.{key}.name") or key
        rules = ", ".join(map(str, details.get("rules", ())))
        form = "decided" if rules else "decided_without_rule"
        return rendering.sentence(f"history.steps.{form}", language, decision=decision, rules=rules)
    if happened == "ended":
        form = {"completed": "ended", "cancelled": "ended_cancelled"}.get(str(details.get("as")), "ended")
        return rendering.sentence(
            f"history.steps.{form}", language, element=name or definition.name(language)
        )
    if happened == "stopped":
        return rendering.sentence("history.steps.stopped", language, element=name)
    if happened in ("entered", "caught", "thrown", "cancelled", "retried"):
        return rendering.sentence(f"history.steps.{happened}", language, element=name)
    return ""


def _completed(
    node: Any,
    element: str,
    name: str,
    details: dict[str, Any],
    row: Row,
    definition: Definition,
    language: str,
) -> str:
    """A gateway is told by the way it took; the act's own element is the sentence already."""
    if node is None or element == row.element:
        return ""
    if node.kind.value in _UNTOLD:
        ways = [
            definition.model.flows[flow]
            for flow in details.get("flows", ())
            if flow in definition.model.flows
        ]
        names = ", ".join(_way(way, definition, language) for way in ways)
        if len(node.outgoing) < 2 or not (node.name or any(way.name for way in ways)):
            return ""
        return rendering.sentence("history.steps.went", language, element=name, ways=names)
    if node.kind in (Kind.START, Kind.END):
        return ""
    return rendering.sentence("history.steps.completed", language, element=name)


def _way(way: Flow, definition: Definition, language: str) -> str:
    """A flow by its name; in a language in which it has none, by the element it leads to."""
    own = definition.text_in(language, f"flows.{way.id}")
    drawn = way.name if language == texts.LANGUAGES[0] else ""
    target = definition.text_in(language, f"elements.{way.target}")
    return own or drawn or target or way.name or definition.element_name(language, way.target)


def _plain(details: Mapping[str, Any]) -> dict[str, Any]:
    """The details that may fill a sentence's gaps."""
    kept = {key: value for key, value in details.items() if key not in ("steps", "element")}
    return {key: value for key, value in kept.items() if isinstance(value, (str, int))}
