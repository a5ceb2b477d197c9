"""Judges answers against a form: what is kept, what is dropped, and every point that is wrong, each with its place.

Judging never raises, whatever JSON it is given. The fast check decides; the schema library is asked only
for the reasons, so that valid answers cost microseconds.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine import feel
from engine.errors import Finding
from engine.forms import lines, predicates
from engine.forms.hints import Rule
from engine.forms.kinds import Kind
from engine.forms.plans import Field, Plan
from engine.forms.reading import Form

Answers = dict[str, Any]
Path = tuple[str | int, ...]

DEEPEST = 16  # levels of objects and lists in answers
LONGEST_TEXT = 20_000  # characters of one answer
MOST_ITEMS = 200  # items of one list
LARGEST_NUMBER = 2**53 - 1  # up to here every JSON reader agrees on a whole number


@dataclass(frozen=True, slots=True)
class Judgement:
    """`answers` may be stored when there are no `findings`; `dropped` points at answers no longer asked for."""

    answers: Answers
    findings: tuple[Finding, ...]
    dropped: tuple[str, ...]


def judge(form: Form, answers: Any, variables: Mapping[str, Any], moment: feel.Moment) -> Judgement:
    """Judge and clean answers in one pass; `variables` are the case's, for show_when and read-only values.

    Moments among the answers are judged, and given back, on the clock of the moment's zone.
    """
    if not (isinstance(answers, dict) and _is_possible(answers, 0)):
        return Judgement({}, tuple(_impossible(answers, ())), ())
    answers = feel.localized(answers, moment.zone)
    settling = Settling(moment)
    kept = settling.settle(form.plan, answers, (), variables)
    findings = list(settling.findings)
    if not form.check(kept, settling.waived):
        found = form.judge.find(kept, settling.waived)
        if not found:
            raise RuntimeError(f"form {form.name}: answers were refused without a reason")
        findings.extend(one for one in found if one not in findings)
    return Judgement(kept, tuple(findings), tuple(settling.dropped))


def validate(form: Form, answers: Any, variables: Mapping[str, Any], moment: feel.Moment) -> list[Finding]:
    """Every point that is wrong with the answers; empty when they may be stored."""
    return list(judge(form, answers, variables, moment).findings)


def cleaned(form: Form, answers: Any, variables: Mapping[str, Any], moment: feel.Moment) -> Answers:
    """The answers to the questions that are really asked, with read-only values as the case has them."""
    return judge(form, answers, variables, moment).answers


def fixed(field: Field, variables: Mapping[str, Any], moment: feel.Moment) -> Any:
    """The value a field starts with, or keeps when read-only: its prefill, else its default, else None."""
    value = field.hint.prefill.value(variables, moment) if field.hint.prefill else None
    return field.schema.get("default") if value is None else value


def hidden_names(
    fields: Mapping[str, Field], answers: Answers, scope: Mapping[str, Any], moment: feel.Moment
) -> Iterator[str]:
    """The fields of one object whose show_when is not true; `scope` is what surrounds the object's own answers."""
    variables: dict[str, Any] | None = None
    for name, field in fields.items():
        if field.hint.show_when is not None:
            variables = variables or {**scope, **answers}
            if not field.hint.show_when.holds(variables, moment):
                yield name


class Settling:
    """Keeps the answers to questions that are asked and notes what happened to the others."""

    def __init__(self, moment: feel.Moment) -> None:
        self._moment = moment
        self.findings: list[Finding] = []
        self.dropped: list[str] = []
        self.waived: dict[int, frozenset[str]] = {}

    def settle(self, plan: Plan, answers: Answers, path: Path, scope: Mapping[str, Any]) -> Answers:
        shape = plan.shape(answers)
        if shape.plain and answers.keys() <= shape.fields.keys():
            return answers
        source, hidden = self._source(plan, answers, path, scope), frozenset[str]()
        kept = source
        for attempt in itertools.count():
            shape = plan.shape(kept)
            hidden = frozenset(hidden_names(shape.fields, kept, scope, self._moment))
            asked = {name: source[name] for name in source if name in shape.fields and name not in hidden}
            if asked.keys() == kept.keys():
                break
            # Dropping one answer can bring another question up; give that its turns, then only drop.
            kept = asked if attempt < len(source) else {name: kept[name] for name in kept if name in asked}
        kept = dict(kept)
        if hidden:
            self.waived[id(kept)] = hidden
        self._note_dropped(plan, answers, kept, path, scope)
        inner = {**scope, **kept}
        for name, field in shape.fields.items():
            if name in kept and field.kind in (Kind.GROUP, Kind.LIST):
                kept[name] = self._settle_nested(field, kept[name], (*path, name), inner)
            if field.hint.check is not None and name in kept:
                self._check(field.hint.check, inner, (*path, name))
        return kept

    def _check(self, rule: Rule, scope: Mapping[str, Any], path: Path) -> None:
        """Note an answer that contradicts others; what cannot be told yet (null) is no contradiction."""
        if rule.value(scope, self._moment) is False:
            self.findings.append(Finding("check", pointer=lines.pointer(path)))

    def _settle_nested(self, field: Field, value: Any, path: Path, scope: Mapping[str, Any]) -> Any:
        if field.kind is Kind.GROUP and isinstance(value, dict):
            return self.settle(field.plan(), value, path, scope)
        if field.kind is Kind.LIST and isinstance(value, list):
            item = field.item()
            return [self._settle_nested(item, one, (*path, index), scope) for index, one in enumerate(value)]
        if field.kind is Kind.GROUP:
            # Branches that only describe objects would let anything else pass.
            self.findings.append(Finding("type_object", pointer=lines.pointer(path)))
        return value

    def _source(self, plan: Plan, answers: Answers, path: Path, scope: Mapping[str, Any]) -> Answers:
        """The known answers, with read-only ones replaced by what the case says."""
        known = plan.every()
        source = {name: value for name, value in answers.items() if name in known}
        for name in answers:
            if name not in known:
                self.findings.append(Finding("unknown", {"name": name}, pointer=lines.pointer((*path, name))))
        for name, field in known.items():
            if field.read_only:
                value = fixed(field, scope, self._moment)
                if name in source and not predicates.same(source[name], value):
                    self.findings.append(Finding("readOnly", pointer=lines.pointer((*path, name))))
                source.pop(name, None)
                if value is not None:
                    source[name] = value
        return source

    def _note_dropped(
        self, plan: Plan, answers: Answers, kept: Answers, path: Path, scope: Mapping[str, Any]
    ) -> None:
        if answers.keys() <= kept.keys():
            return
        known = plan.every()
        for name, value in answers.items():
            if name not in known or name in kept or known[name].read_only:
                continue
            # A value the form itself put there is no answer that anybody would miss.
            if not predicates.same(value, fixed(known[name], scope, self._moment)):
                self.dropped.append(lines.pointer((*path, name)))


def _is_possible(value: Any, depth: int) -> bool:
    """The quick answer to whether `_impossible` would find anything."""
    if isinstance(value, str):
        return len(value) <= LONGEST_TEXT and (value.isprintable() or _is_writable(value))
    if value is None or value is True or value is False:
        return True
    if depth > DEEPEST:
        return False
    if isinstance(value, dict):
        for name, one in value.items():
            if not (isinstance(name, str) and _is_writable(name) and _is_possible(one, depth + 1)):
                return False
        return True
    if isinstance(value, list):
        return len(value) <= MOST_ITEMS and all(_is_possible(one, depth + 1) for one in value)
    return isinstance(value, (int, float, Decimal)) and -LARGEST_NUMBER <= value <= LARGEST_NUMBER


def _impossible(value: Any, path: Path) -> Iterator[Finding]:
    """Values no form can hold, whatever its schema: they would break storage or other readers."""
    here = lines.pointer(path)
    if not path and not isinstance(value, dict):
        yield Finding("type_object", pointer=here)
    elif len(path) > DEEPEST:
        yield Finding("too_deep", {"limit": DEEPEST}, pointer=here)
    elif isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            yield Finding("maxLength", {"limit": LONGEST_TEXT, "count": len(value)}, pointer=here)
        elif not value.isprintable() and not _is_writable(value):
            yield Finding("unwritable", pointer=here)
    elif isinstance(value, dict):
        for name, one in value.items():
            if not isinstance(name, str) or not _is_writable(name):
                yield Finding("unwritable", pointer=here)
            else:
                yield from _impossible(one, (*path, name))
    elif isinstance(value, list):
        if len(value) > MOST_ITEMS:
            yield Finding("maxItems", {"limit": MOST_ITEMS, "count": len(value)}, pointer=here)
        else:
            for index, one in enumerate(value):
                yield from _impossible(one, (*path, index))
    elif isinstance(value, (int, float, Decimal)):
        if not (math.isfinite(value) and -LARGEST_NUMBER <= value <= LARGEST_NUMBER):
            yield Finding("too_large", {"limit": LARGEST_NUMBER}, pointer=here)
    elif value is not None:
        yield Finding("type_object", pointer=here)


def _is_writable(text: str) -> bool:
    """No control character but tab and line ends, no half of a surrogate pair."""
    if text.isprintable():
        return True
    return not any(
        (char < " " and char not in "\t\n\r") or char == "\x7f" or "\ud800" <= char <= "\udfff"
        for char in text
    )
