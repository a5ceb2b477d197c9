"""An evaluation told on a terminal: what came out, by which rules, and why the others did not apply; or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from engine import feel, texts
from engine.decisions import conclusions
from engine.decisions.explanations import Explanation
from engine.decisions.models import Decision, Rule
from engine.definitions.editions import Edition
from engine.runtime.state import encoded

_LONGEST = 160  # characters of a value on one line
_WIDEST = 64  # characters of a column before the next one
_INDENT = "  "


@dataclass(frozen=True, slots=True)
class Told:
    """An explanation with what it is told of: the file, the edition it is of, the moment it holds at."""

    explanation: Explanation
    file: str
    edition: Edition | None
    moment: feel.Moment
    language: str

    def say(self, key: str, **params: Any) -> str:
        return texts.sentence(f"decide.{key}", self.language, **params)


def lines(told: Told) -> Iterator[str]:
    """The explanation in lines for a reader."""
    at = told.moment.now.astimezone(told.moment.zone).isoformat(" ", "minutes")
    yield told.say("of", file=told.file, at=at)
    if told.edition:
        one = told.edition
        begun = one.effective_from.astimezone(told.moment.zone).date().isoformat()
        yield told.say("edition", name=one.name, number=one.authority.number, begun=begun)
    yield ""
    yield from _decision(told, told.explanation, "")


def warnings(told: Told) -> list[str]:
    """The warnings of all decisions of an evaluation, in sentences."""
    return [note.sentence(told.language) for one in told.explanation.every() for note in one.notes]


def as_json(told: Told) -> dict[str, Any]:
    """The explanation as JSON for programs."""
    edition = told.edition
    return {
        "file": told.file,
        "edition": edition.name if edition else None,
        "at": told.moment.now.astimezone(told.moment.zone).isoformat(),
        **_part(told, told.explanation),
    }


def json_text(value: feel.Json, indent: int = 2) -> str:
    """A value as JSON text; numbers keep all their digits."""
    return msgspec.json.format(encoded(value), indent=indent).decode()


# --- as lines ---------------------------------------------------------------------------------------------


def _decision(told: Told, one: Explanation, pad: str) -> Iterator[str]:
    decision = one.decision
    name = decision.name if decision else one.key
    named = name if name == one.key else f"{name} ({one.key})"
    inner = pad + _INDENT
    yield f"{pad}{named} = {_short(one.value) if pad else json_text(one.value, 0)}"
    if decision:
        yield f"{inner}{one.decided_by(told.language)}"
    if not pad:
        yield from (f"{inner}{line}" for line in _because(told, one))
    if decision and decision.text:
        yield f"{inner}{told.say('text')} {_clipped(decision.text)}"
    labels = [clause.label for clause in decision.inputs] if decision else []
    yield from _pairs(told.say("inputs"), dict(zip(labels, one.values, strict=False)), inner)
    yield from _pairs(told.say("reads"), one.reads, inner)
    yield from _pairs(told.say("entries"), one.entries, inner)
    if decision and decision.rules:
        yield from _rules(told, one, decision, inner)
    yield from (f"{inner}! {note.sentence(told.language)}" for note in one.notes)
    if one.parts or one.again:
        yield f"{inner}{told.say('requires')}"
    for part in one.parts:
        yield from _decision(told, part, inner + _INDENT)
    yield from (f"{inner}{_INDENT}{told.say('again', name=key)}" for key in one.again)


def _because(told: Told, one: Explanation) -> Iterator[str]:
    """The rules that the conclusion comes from, where it is not plain from the table right below."""
    for reason in conclusions.reasons(one):
        if reason.explanation is not one and reason.explanation.decision is not None:
            table = reason.explanation.decision
            for number in reason.rules:
                note = table.rules[number - 1].annotation
                yield told.say("because", table=table.name, rule=number, note=note).rstrip(" :")


def _pairs(title: str, pairs: Mapping[str, feel.Json], pad: str) -> Iterator[str]:
    if not pairs:
        return
    yield f"{pad}{title}"
    width = min(max(map(len, pairs)), _WIDEST)
    yield from (f"{pad}{_INDENT}{name.ljust(width)}  {_short(value)}" for name, value in pairs.items())


def _rules(told: Told, one: Explanation, decision: Decision, pad: str) -> Iterator[str]:
    """A line for each rule: its mark, its number, what it concludes or where it failed, what its author wrote."""
    yield f"{pad}{told.say('rules')}"
    rows = [(_mark(one, rule.number), rule, _found(told, one, decision, rule)) for rule in decision.rules]
    tried = [row for row in rows if row[0] != _UNTRIED]
    digits = len(str(len(rows)))
    width = min(max((len(said) for _, _, said in tried), default=0), _WIDEST)
    for mark, rule, said in tried:
        yield f"{pad}{_INDENT}{mark} {str(rule.number).rjust(digits)}  {said.ljust(width)}  {rule.annotation}".rstrip()
    if len(tried) < len(rows):
        yield f"{pad}{_INDENT}{_UNTRIED} {told.say('untried', count=len(rows) - len(tried))}"


_DECIDED, _MATCHED, _FAILED, _UNTRIED = "✓", "○", "✗", "·"


def _mark(one: Explanation, number: int) -> str:
    if number in one.deciding:
        return _DECIDED
    if number in one.matched:
        return _MATCHED
    return _FAILED if number <= len(one.failed) else _UNTRIED


def _found(told: Told, one: Explanation, decision: Decision, rule: Rule) -> str:
    """What a rule that matched concludes; of one that did not, the cell that failed first and what was found."""
    failed = one.failed[rule.number - 1] if rule.number <= len(one.failed) else None
    if failed is None or failed < 0:
        return "→ " + _clipped(", ".join(cell.text for cell in rule.outputs), _WIDEST)
    clause, test = decision.inputs[failed], rule.tests[failed]
    cell = f"{clause.label}: {_clipped(test.text, _WIDEST)}"
    return told.say("failed", cell=cell, found=_short(one.values[failed]))


def _short(value: feel.Json) -> str:
    return _clipped(json_text(value, 0))


def _clipped(text: str, longest: int = _LONGEST) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


# --- as JSON ----------------------------------------------------------------------------------------------


def _part(told: Told, one: Explanation) -> dict[str, Any]:
    decision = one.decision
    labels = [clause.label for clause in decision.inputs] if decision else []
    return {
        "decision": one.key,
        "value": one.value,
        "decided_by": one.how if decision else None,
        "said": one.decided_by(told.language) if decision else None,
        "deciding": list(one.deciding),
        "matched": list(one.matched),
        "inputs": [
            {"label": label, "value": value} for label, value in zip(labels, one.values, strict=False)
        ],
        "failed": [
            {"rule": number, "label": labels[column], "cell": decision.rules[number - 1].tests[column].text}
            for number, column in enumerate(one.failed, 1)
            if decision and column >= 0
        ],
        "reads": dict(one.reads),
        "entries": dict(one.entries),
        "warnings": [note.sentence(told.language) for note in one.notes],
        "requires": [_part(told, part) for part in one.parts],
        "requires_again": list(one.again),
    }
