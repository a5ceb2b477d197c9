"""What a scenario expected against what was seen: every contradiction, with the line that expected otherwise."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine import schemas, texts
from engine.definitions.scenario_files import Scenario
from engine.errors import Finding
from engine.runtime import Variables, Wait


@dataclass(frozen=True, slots=True)
class Seen:
    """Where the case has come: `waits_at` and `reached` are elements, `decided` is by decision and by element."""

    ended: str | None
    outcome: str | None
    variables: Variables
    waits_at: frozenset[str]
    reached: frozenset[str]
    decided: Mapping[str, tuple[Any, tuple[int, ...]]]
    sent: tuple[str, ...]
    incidents: tuple[Wait, ...]

    def whereabouts(self) -> str:
        """Where the case is, for a sentence."""
        if self.ended is not None:
            return f"{self.ended}: {self.outcome or '–'}"
        return ", ".join(sorted(self.waits_at)) or "–"


def findings(scenario: Scenario, seen: Seen, elements: Collection[str]) -> Iterator[Finding]:
    """A finding for each expectation that does not hold; an incident nobody expected is one too."""
    verdict = _Verdict(scenario, seen)
    yield from verdict.unknown(elements)
    yield from verdict.incidents()
    yield from verdict.way()
    yield from verdict.data()
    yield from verdict.decisions()


def same(found: Any, expected: Any) -> bool:
    """Equal as JSON: numbers by value, maps without order, texts and lists exactly; true is not 1."""
    match found, expected:
        case (bool(), _) | (_, bool()):
            return found is expected
        case (int() | float() | Decimal(), int() | float() | Decimal()):
            return Decimal(str(found)) == Decimal(str(expected))
        case (dict(), dict()):
            return found.keys() == expected.keys() and all(same(found[key], expected[key]) for key in found)
        case (list() | tuple(), list() | tuple()):
            return len(found) == len(expected) and all(map(same, found, expected))
    return type(found) is type(expected) and bool(found == expected)


def plain(value: Any) -> Any:
    """A value with plain numbers, for the schema library and for showing."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {key: plain(one) for key, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
    return value


def written(value: Any) -> str:
    """A value as JSON, so that the text "2" and the number 2 look different."""
    return schemas.shown(json.dumps(plain(value), ensure_ascii=False))


@dataclass(frozen=True, slots=True)
class _Verdict:
    scenario: Scenario
    seen: Seen

    def unknown(self, elements: Collection[str]) -> Iterator[Finding]:
        """Elements that are expected somewhere and do not exist."""
        expected = self.scenario.expected
        for word, named in (
            ("end", (expected.end,)),
            ("passed", expected.passed),
            ("not_passed", expected.not_passed),
            ("waits_at", tuple(sorted(expected.waits_at or ()))),
            ("incident", (expected.incident,)),
        ):
            for element in named:
                if element is not None and element not in elements:
                    file, line = self.scenario.file, self._line(word)
                    yield schemas.unknown("element_unknown", element, elements, file, line)

    def incidents(self) -> Iterator[Finding]:
        wanted = self.scenario.expected.incident
        for incident in self.seen.incidents:
            if incident.element != wanted:
                reasons = {
                    f"reason_{language}": texts.sentence(
                        f"incidents.{incident.name}", language, **(incident.params or {})
                    )
                    for language in texts.LANGUAGES
                }
                yield self._wrong("expect", "scenario_incident", element=incident.element, **reasons)
        if wanted is not None and all(incident.element != wanted for incident in self.seen.incidents):
            yield self._wrong(
                "incident", "scenario_no_incident", expected=wanted, found=self.seen.whereabouts()
            )

    def way(self) -> Iterator[Finding]:
        """Where it ended or waits, and what it passed on the way."""
        expected, seen = self.scenario.expected, self.seen
        if expected.end is not None and (seen.ended is None or seen.outcome != expected.end):
            yield self._wrong("end", "scenario_end", expected=expected.end, found=seen.whereabouts())
        if expected.waits_at is not None and expected.waits_at != seen.waits_at:
            listed = ", ".join(sorted(expected.waits_at)) or "–"
            yield self._wrong("waits_at", "scenario_waits_at", expected=listed, found=seen.whereabouts())
        for element in expected.passed:
            if element not in seen.reached or element in seen.waits_at:
                yield self._wrong("passed", "scenario_not_passed", element=element, found=seen.whereabouts())
        for element in expected.not_passed:
            if element in seen.reached:
                yield self._wrong("not_passed", "scenario_passed", element=element)

    def data(self) -> Iterator[Finding]:
        """The variables at the end, and the messages sent."""
        for name, value in self.scenario.expected.variables.items():
            found = self.seen.variables.get(name)
            if not same(found, value):
                told = {"expected": written(value), "found": written(found)}
                yield self._wrong("variables", "scenario_variable", name=name, **told)
        for name in self.scenario.expected.sent:
            if name not in self.seen.sent:
                listed = ", ".join(self.seen.sent) or "–"
                yield self._wrong("sent", "scenario_not_sent", name=name, found=listed)

    def decisions(self) -> Iterator[Finding]:
        """What decisions said, output by output, and by which rules."""
        for key, wanted in self.scenario.expected.decided.items():
            if key not in self.seen.decided:
                listed = ", ".join(self.seen.decided) or "–"
                yield self._wrong("decided", "scenario_not_decided", decision=key, found=listed)
                continue
            value, rules = self.seen.decided[key]
            for name, expected in wanted.items():
                said = value.get(name) if isinstance(value, dict) else value
                found = list(rules) if name == "rules" else said
                if not same(found, expected):
                    told = {"expected": written(expected), "found": written(found)}
                    numbers = ", ".join(map(str, rules)) or "–"
                    yield self._wrong(
                        "decided", "scenario_decided", decision=key, name=name, rules=numbers, **told
                    )

    def _line(self, word: str) -> int:
        return self.scenario.expected_lines.get(word, self.scenario.line)

    def _wrong(self, word: str, code: str, **params: Any) -> Finding:
        return Finding(code, {"scenario": self.scenario.name, **params}, self.scenario.file, self._line(word))
