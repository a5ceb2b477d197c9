"""Why it was decided so: a decision with its inputs, its outcome, the rules that fired and those that did not.

The words are the deciding version's own; a decision that a later version has taken out is shown as it was logged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine import feel, texts
from engine.decisions import explanations, models
from engine.decisions.explanations import Explanation
from engine.definitions.definition import Definition
from engine.history import Decision
from web import wordings

Json = Any


@dataclass(frozen=True, slots=True)
class Cell:
    """A condition or conclusion of a rule: its column's label, the cell as written, whether it stopped the rule."""

    label: str
    text: str
    is_any: bool = False
    failed: bool = False
    found: str = ""


@dataclass(frozen=True, slots=True)
class RuleView:
    number: int
    label: str
    annotation: str
    fired: bool
    conditions: tuple[Cell, ...]
    conclusions: tuple[Cell, ...]

    @property
    def failed_at(self) -> Cell | None:
        """The first condition that did not hold."""
        return next((cell for cell in self.conditions if cell.failed), None)


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One evaluation, ready for a page; `parts` are the decisions it required."""

    name: str
    element: str
    at: datetime | None
    version: int
    inputs: tuple[tuple[str, str], ...]
    outcome: tuple[tuple[str, str], ...]
    fired: tuple[RuleView, ...]
    others: tuple[RuleView, ...]
    untried: int
    numbers: tuple[int, ...]
    parts: tuple[DecisionView, ...] = ()


def view(logged: Decision, definition: Definition, language: str, zone: ZoneInfo) -> DecisionView:
    """The evaluation as the version that decided explains it; `definition` is that version."""
    used = definition.decisions.get(logged.decision)
    if used is None:
        told = Explanation(logged.decision, None, logged.outcome, matched=logged.rules)
    else:
        told = explanations.read(used.model, used.id, logged.outcome, logged.trace, logged.inputs)
    reader = _Reader(definition, logged.decision, language, zone)
    name = definition.text(language, f"decisions.{logged.decision}.name") or logged.decision
    element = definition.element_name(language, logged.element)
    return reader.view(told, name, logged.inputs, element, logged.at, logged.version)


@dataclass(frozen=True, slots=True)
class _Reader:
    definition: Definition
    key: str
    language: str
    zone: ZoneInfo
    asked: str = ""  # for a required decision: the bound one, whose names of constants serve it too

    @property
    def said(self) -> wordings.Wordings:
        return wordings.Wordings(self.definition, self.language, self.zone)

    def view(
        self, told: Explanation, name: str, inputs: Mapping[str, Json], element: str, at: datetime | None, version: int
    ) -> DecisionView:  # fmt: skip
        found = told.decision
        tried = len(told.failed)
        rules = [
            self._rule(found, rule, rule.number in told.matched, dict(enumerate(told.failed, 1)), told)
            for rule in (found.rules if found else ())
            if found is not None
        ]
        return DecisionView(
            name=name,
            element=element,
            at=at,
            version=version,
            inputs=self._inputs(found, inputs),
            outcome=self._outcome(found, told.value),
            fired=tuple(rule for rule in rules if rule.fired),
            others=tuple(rule for rule in rules if not rule.fired and rule.number <= tried),
            untried=sum(not rule.fired and rule.number > tried for rule in rules),
            numbers=told.matched,
            parts=tuple(self._part(part, version) for part in told.parts),
        )

    def _part(self, part: Explanation, version: int) -> DecisionView:
        found = part.decision
        name = self.definition.text(self.language, f"decisions.{part.key}.name") or (
            found.name if found else part.key
        )
        inner = _Reader(self.definition, part.key, self.language, self.zone, self.asked or self.key)
        labels = [clause.label for clause in found.inputs] if found else []
        inputs = dict(zip(labels, part.values, strict=False)) or part.reads
        return inner.view(part, name, inputs, "", None, version)

    def _rule(
        self,
        found: models.Decision,
        rule: models.Rule,
        fired: bool,
        failed: Mapping[int, int],
        told: Explanation,
    ) -> RuleView:
        failed_at = failed.get(rule.number) if not fired else None
        conditions = tuple(
            Cell(
                self._input_label(clause), test.text, test.text.strip() == "-", index == failed_at,
                self._input(clause, told.values[index]) if index == failed_at else "",
            )
            for index, (clause, test) in enumerate(zip(found.inputs, rule.tests, strict=True))
        )  # fmt: skip
        conclusions = tuple(
            Cell(self._output_label(clause), self._written(cell))
            for clause, cell in zip(found.outputs, rule.outputs, strict=True)
        )
        label = self.text(f"rules.{rule.number}") or self.text(f"rules.{rule.id}") or rule.annotation
        return RuleView(rule.number, label, rule.annotation, fired, conditions, conclusions)

    def _inputs(
        self, found: models.Decision | None, inputs: Mapping[str, Json]
    ) -> tuple[tuple[str, str], ...]:
        """The values by column, in the table's order: the log does not keep one."""
        clauses = {clause.label: clause for clause in found.inputs} if found else {}
        labels = [label for label in clauses if label in inputs] + [
            label for label in inputs if label not in clauses
        ]
        return tuple(
            (self._input_label(clauses[label]), self._input(clauses[label], inputs[label]))
            if label in clauses
            else (self.text(f"inputs.{label}") or self.said.label(label), self._read(inputs[label], label))
            for label in labels
        )

    def _outcome(self, found: models.Decision | None, outcome: Json) -> tuple[tuple[str, str], ...]:
        """The conclusion, a named part at a time, in the table's order."""
        if not isinstance(outcome, Mapping):
            return (("", self._read(outcome)),)
        labels = {clause.name: self._output_label(clause) for clause in found.outputs} if found else {}
        names = [name for name in labels if name in outcome] + [
            name for name in outcome if name not in labels
        ]
        return tuple(
            (labels.get(name) or self._output_name(name), self._read(outcome[name], name)) for name in names
        )

    def _input_label(self, clause: models.Input) -> str:
        """The declared name of a column: by its expression, or the one variable it reads, else its own label."""
        names = sorted(clause.expression.names)
        keys = [clause.id, clause.expression.text.strip(), *(names if len(names) == 1 else ())]
        return next((named for key in keys if (named := self.text(f"inputs.{key}"))), None) or clause.label

    def _input(self, clause: models.Input, found: Json) -> str:
        """A column's value; a constant as the form that asked for it names it."""
        return self._read(found, clause.expression.text.strip().rpartition(".")[2])

    def _output_label(self, clause: models.Output) -> str:
        return self.text(f"outputs.{clause.name}") or clause.label or self._output_name(clause.name)

    def _output_name(self, name: str) -> str:
        return self.text(f"outputs.{name}") or self.said.label(name)

    def _written(self, cell: feel.Expression) -> str:
        """A conclusion as written; a quoted constant by its name."""
        text = cell.text.strip()
        if len(text) > 1 and text[0] == text[-1] == '"' and '"' not in text[1:-1]:
            return self._read(text[1:-1])
        return text

    def _read(self, found: Json, name: str = "") -> str:
        words = {**self._words("outcomes"), **(self._words(f"outputs.{name}") if name else {})}
        return self.said.value(name, found, words)

    def _words(self, part: str) -> dict[str, str]:
        """The names of constants a declaration gives, in the reader's language over the first."""
        words: dict[str, str] = {}
        for language in (texts.LANGUAGES[0], self.language):
            for decision in (self.asked, self.key):
                nested: Json = self.definition.texts.get(language, {}).get("decisions")
                for step in (decision, *part.split(".")):
                    nested = nested.get(step) if isinstance(nested, Mapping) else None
                if isinstance(nested, Mapping):
                    words |= {str(key): text for key, text in nested.items() if isinstance(text, str)}
        return words

    def text(self, rest: str) -> str | None:
        return self.definition.text(self.language, f"decisions.{self.key}.{rest}")
