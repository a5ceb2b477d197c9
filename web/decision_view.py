"""Why it was decided so: a decision as its table, the row that decided marked, each other row where it failed.

The words are the deciding version's own; a decision that a later version has taken out is shown as it was logged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine import clock, feel
from engine.decisions import conclusions, explanations, models
from engine.decisions.explanations import Explanation
from engine.definitions import deployment
from engine.definitions.definition import Definition
from engine.definitions.registry import Release
from engine.history import Decision
from web import decision_words
from web.decision_words import Words

Json = Any
MOST_ROWS = (
    12  # of a table shown at once; of a longer or wider one the rules that matched come first, in words
)
MOST_COLUMNS = 6
LARGEST = 200  # rules of a table that a page holds, besides those that matched
MOST_CELLS = 1_600  # of these rules together: a wide table is cut earlier, for those who read it on a phone

DECIDED, MATCHED, FAILED, UNTRIED = "decided", "matched", "failed", "untried"
ANY, HELD, BROKE, UNREAD = "any", "held", "broke", "unread"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of conditions, and the value found for it."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A condition: its column's label, the cell as written, what was found, and what became of it.

    `state` is `any` (it asks nothing), `held`, `broke` (the first that did not hold), or `unread`.
    """

    label: str
    text: str
    found: str
    state: str


@dataclass(frozen=True, slots=True)
class Row:
    """A rule: `state` is `decided`, `matched` (but another was taken), `failed` or `untried`."""

    number: int
    label: str
    state: str
    conditions: tuple[Cell, ...]
    conclusions: tuple[tuple[str, str], ...]

    @property
    def broke(self) -> Cell | None:
        """The first condition that did not hold."""
        return next((cell for cell in self.conditions if cell.state == BROKE), None)


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One evaluation, ready for a page.

    `sentence` says what came out and why in one line, `how` which rule or policy decided; `because` names the tables
    that something else than a table comes from, with the rules, and the anchor of each. `columns` and `rows` are the
    table, `count` its rules, of which a page holds only so many; what is none has `inputs` alone, `entries` and the
    text `written`. `parts` are the decisions it required, `again` those shown elsewhere on the page, by name and
    anchor. `is_reason`: what decided is in here. `is_same`: it came to what the decision that requires it came to.
    """

    anchor: str
    name: str
    sentence: str
    outcome: tuple[tuple[str, str], ...]
    how: str
    because: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[str, str], ...]
    entries: tuple[tuple[str, str], ...]
    written: str
    columns: tuple[Column, ...]
    outputs: tuple[str, ...]
    rows: tuple[Row, ...]
    count: int
    notes: tuple[str, ...]
    parts: tuple[DecisionView, ...]
    again: tuple[tuple[str, str], ...]
    is_reason: bool
    is_same: bool

    @property
    def is_large(self) -> bool:
        """Whether the table does not fit on a screen."""
        return len(self.rows) > MOST_ROWS or len(self.columns) + len(self.outputs) > MOST_COLUMNS

    @property
    def fired(self) -> tuple[Row, ...]:
        """The rules of a large table that matched, when they stand out of it."""
        fitting = tuple(row for row in self.rows if row.state in (DECIDED, MATCHED))
        return fitting if self.is_large and len(fitting) <= MOST_ROWS else ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A decision of a case: the explanation, and which version judged it when.

    `since` is from when that version held, `until` from when another has held for new cases, if one does now.
    """

    why: DecisionView
    element: str
    at: datetime
    version: int
    since: datetime | None
    until: datetime | None
    edition: str
    authority: str


def view(
    logged: Decision, definition: Definition, language: str, zone: ZoneInfo, releases: Iterable[Release] = ()
) -> Shown:
    """The evaluation as the version that decided explains it; `definition` is that version."""
    told = explained(logged, definition)
    words = decision_words.words(definition, logged.decision, language, zone)
    edition, known = definition.edition, list(releases)
    since = _since(known, logged)
    return Shown(
        why=_Reading(words, told, f"why-{logged.seq}").view(told, logged.inputs),
        element=definition.element_name(language, logged.element),
        at=logged.at,
        version=logged.version,
        since=since,
        until=_until(known, logged, since),
        edition=edition.authority.number if edition else "",
        authority=edition.authority.title.get(language, "") if edition else "",
    )


def shaping(definition: Definition, reads: AbstractSet[str]) -> dict[str, str]:
    """The elements that decide something a form reads (its `uses`), each with the variable that takes the result."""
    found = {
        node.id: node.result or node.decision for node in definition.model.nodes.values() if node.decision
    }
    return {element: variable for element, variable in found.items() if variable in reads}


def concluded(logged: Decision, definition: Definition, language: str, zone: ZoneInfo) -> tuple[str, str]:
    """The name of a decision, and its conclusion with the reason in one sentence, empty when none says it."""
    words = decision_words.words(definition, logged.decision, language, zone)
    told = explained(logged, definition)
    return words.name(told.decision), words.sentence(told)


def explained(logged: Decision, definition: Definition) -> Explanation:
    """What was kept of an evaluation, told by the version that decided, under the name process.yaml gives it."""
    used = definition.decisions.get(logged.decision)
    if used is None:
        return Explanation(logged.decision, None, logged.outcome, matched=logged.rules)
    return explanations.read(used.model, used.id, logged.outcome, logged.trace, logged.inputs)


def _since(releases: Iterable[Release], logged: Decision) -> datetime | None:
    """From when the version held that decided: its latest release before the act, for a past one its first."""
    moments = sorted(one.effective_at for one in releases if one.version_id == logged.version_id)
    begun = [at for at in moments if at <= logged.at]
    return begun[-1] if begun else moments[0] if moments else None


def _until(releases: list[Release], logged: Decision, since: datetime | None) -> datetime | None:
    """From when another version than the one that decided has held everywhere, if one does now."""
    held = sorted(
        (one.effective_at, one.version_id)
        for one in releases
        if one.unit_path == deployment.EVERYWHERE and one.effective_at <= clock.now()
    )
    if since is None or not held or held[-1][1] == logged.version_id:
        return None
    return next((at for at, version_id in held if at > since and version_id != logged.version_id), None)


class _Reading:
    """One explanation on its way to a page; each decision has an anchor, so that others can point to it."""

    def __init__(self, words: Words, told: Explanation, anchor: str) -> None:
        every = list(told.every())
        given = {one.decision.variable.name: one.value for one in every if one.decision}
        self.words = replace(words, given=given)
        self.root = told
        self.anchors = {one.key: f"{anchor}-{number}" for number, one in enumerate(every)}
        self.names = {one.key: self._words(one).name(one.decision) for one in every}
        self.reasons = {reason.explanation.key for reason in conclusions.reasons(told)}

    def view(
        self, one: Explanation, logged: Mapping[str, Json] | None = None, above: Explanation | None = None
    ) -> DecisionView:
        words, decision = self._words(one), one.decision
        parts = tuple(self.view(part, above=one) for part in one.parts)
        columns = tuple(Column(label, value) for label, value in _asked(words, one))
        outputs = tuple(words.output_label(clause) for clause in decision.outputs) if decision else ()
        most = min(LARGEST, max(MOST_ROWS, MOST_CELLS // max(1, len(columns) + len(outputs))))
        shown = [
            rule
            for rule in (decision.rules if decision else ())
            if rule.number <= most or rule.number in one.matched
        ]
        return DecisionView(
            anchor=self.anchors[one.key],
            name=self.names[one.key],
            sentence=words.sentence(one),
            outcome=_outcome(words, one),
            how=one.decided_by(words.language) if decision else "",
            because=self._because(words, one),
            inputs=_inputs(words, one, logged or {}),
            entries=tuple(
                (words.variable(name), words.value(value, name)) for name, value in one.entries.items()
            ),
            written=decision.text if decision else "",
            columns=columns,
            outputs=outputs,
            rows=tuple(_row(words, one, rule, columns, outputs) for rule in shown),
            count=len(decision.rules) if decision else 0,
            notes=tuple(note.sentence(words.language) for note in one.notes),
            parts=parts,
            again=tuple((self.names[key], self.anchors[key]) for key in one.again),
            is_reason=one.key in self.reasons or any(part.is_reason for part in parts),
            is_same=above is not None and one.value == above.value,
        )

    def _because(self, words: Words, one: Explanation) -> tuple[tuple[str, str], ...]:
        """The rules that logic other than a table comes from, so that a reader need not look for them."""
        if one.decision is None or one.decision.table is not None:
            return ()
        return tuple((said, self.anchors[key]) for key, said in words.grounds(one)[:MOST_ROWS])

    def _words(self, one: Explanation) -> Words:
        """The bound decision goes by the name process.yaml gives it, those it requires by their ids."""
        return self.words if one is self.root else self.words.of(one.key)


def _row(
    words: Words, one: Explanation, rule: models.Rule, columns: tuple[Column, ...], outputs: tuple[str, ...]
) -> Row:
    decision = one.decision
    assert decision is not None
    number = rule.number
    failed = one.failed[number - 1] if number <= len(one.failed) else None
    state = UNTRIED if failed is None else FAILED
    if number in one.matched:
        state = DECIDED if number in one.deciding else MATCHED
    conditions = tuple(
        Cell(
            column.label,
            words.condition(clause, test),
            column.value,
            _cell_state(test.tree.any, at, failed, state),
        )
        for at, (clause, test, column) in enumerate(zip(decision.inputs, rule.tests, columns, strict=True))
    )
    given = _given(one, number)
    said = tuple(
        (label, _concluded(words, clause, cell, given))
        for label, clause, cell in zip(outputs, decision.outputs, rule.outputs, strict=True)
    )
    return Row(number, words.rule(decision, rule), state, conditions, said)


def _given(one: Explanation, number: int) -> Mapping[str, Json] | None:
    """What a deciding rule concluded, by output, where the value tells: alone, or in the order of the rules."""
    value = one.value
    if number not in one.deciding or one.decision is None:
        return None
    if isinstance(value, list) and one.how in ("collect", "rule_order") and len(value) == len(one.deciding):
        value = value[one.deciding.index(number)]
    elif isinstance(value, list) or one.how.startswith("collect_"):
        return None
    outputs = one.decision.outputs
    return value if len(outputs) > 1 and isinstance(value, Mapping) else {outputs[0].name: value}


def _concluded(
    words: Words, clause: models.Output, cell: feel.Expression, given: Mapping[str, Json] | None
) -> str:
    """A conclusion: a constant by its name, what had to be worked out as it came out, else as written."""
    if given is not None and explanations.constant(cell) is None and clause.name in given:
        return words.value(given[clause.name], clause.name)
    return words.conclusion(clause, cell)


def _cell_state(is_any: bool, index: int, failed: int | None, row: str) -> str:
    if is_any:
        return ANY
    if row in (DECIDED, MATCHED):
        return HELD
    if failed is None or failed < 0 or index > failed:
        return UNREAD
    return BROKE if index == failed else HELD


def _asked(words: Words, one: Explanation) -> list[tuple[str, str]]:
    """A table's columns with the values found."""
    clauses = one.decision.inputs if one.decision else ()
    values = [*one.values, *[None] * (len(clauses) - len(one.values))]
    return [
        (words.input_label(clause), words.input(clause, value))
        for clause, value in zip(clauses, values, strict=True)
    ]


def _inputs(words: Words, one: Explanation, logged: Mapping[str, Json]) -> tuple[tuple[str, str], ...]:
    """What was looked at: a table's columns, else the variables that were read, else what was logged."""
    columns = _asked(words, one)
    read = one.reads or ({} if one.decision and one.decision.table else logged)
    return tuple(columns) or tuple(
        (words.variable(name), words.value(value, name)) for name, value in read.items()
    )


def _outcome(words: Words, one: Explanation) -> tuple[tuple[str, str], ...]:
    """The conclusion, a named part at a time, in the model's order."""
    if not isinstance(one.value, Mapping):
        return (("", words.value(one.value)),)
    labels = (
        {clause.name: words.output_label(clause) for clause in one.decision.outputs} if one.decision else {}
    )
    known = [name for name in conclusions.members(one) if name in one.value]
    names = [*known, *(name for name in one.value if name not in known)]
    return tuple(
        (labels.get(name) or words.output_name(name), words.value(one.value[name], name)) for name in names
    )
