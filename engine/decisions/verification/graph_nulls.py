"""What a decision comes to through others while something it reads is not known: found by trying.

A table that counts the findings of other tables requires all its inputs, and yet what nobody measured may count as
fine further down. So cases are tried: one that reaches the most permissive outcome, then the same with each input,
and each pair, not known. What is told is true; that nothing else is, trying cannot say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, product

from engine import errors, feel
from engine.decisions import plans
from engine.decisions.evaluation import evaluate
from engine.decisions.models import Decision, DecisionModel, Need, Outcome
from engine.decisions.table_reading import NOTHING
from engine.decisions.verification import constants, graph_inputs, nulls, wording
from engine.decisions.verification.graph_inputs import MOMENT, Inputs, Leaf
from engine.feel import formats
from engine.feel.faults import FeelError

MOST_TRIALS = 4_000
MOST_PASSES = 5
MOST_LISTED = 20

Case = dict[Leaf, feel.Json]
"""A value for everything a decision reads from outside."""

_WORST = (2, 0)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Inputs that are not known in a case, and others whose value there is what lets it pass."""

    leaves: tuple[Leaf, ...]
    case: Case
    given: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """What trying one decision found: a case with the most permissive outcome (None where none was found), what makes
    a difference to it, and the inputs that may be unknown.

    `complete` is false where trying was given up.
    """

    decision: Decision
    outcome: str
    inputs: Inputs
    case: Case | None
    telling: tuple[Leaf, ...]
    unknown: tuple[Unknown, ...]
    complete: bool


def findings(model: DecisionModel) -> Iterator[errors.Finding]:
    """A warning for each combination found of a table that decides by what other decisions gave.

    A decision that reads nothing but what another one below it reads is left to that one.
    """
    below: dict[int, set[Leaf]] = {}
    for decision in model.decisions.values():
        if _wanted(decision) and _is_above_others(decision):
            below[id(decision)] = set(graph_inputs.of(model, decision).values)
    for decision in model.decisions.values():
        own = below.get(id(decision), set())
        others = (part for _, part in graph_inputs.parts(model, decision) if part is not decision)
        if own and not any(own <= below.get(id(part), set()) for part in others):
            found = tried(model, decision)
            if found is not None:
                yield from _told(found)


def tried(model: DecisionModel, decision: Decision) -> Tried | None:
    """What trying found; None for a decision that has no most permissive outcome, or requires none that varies."""
    wanted = _wanted(decision)
    if not wanted or not _is_above_others(decision):
        return None
    trying = _Trying(model, decision, wanted, graph_inputs.of(model, decision))
    outcome = ", ".join(text for _, text in wanted)
    case = trying.permissive_case()
    if case is None:
        return Tried(decision, outcome, trying.inputs, None, (), (), trying.trials < MOST_TRIALS)
    telling = tuple(leaf for leaf in case if trying.tells(leaf, case))
    unknown = tuple(trying.unknown(case, telling))
    complete = trying.trials < MOST_TRIALS
    return Tried(decision, outcome, trying.inputs, case, telling, unknown, complete)


def _told(one: Tried) -> Iterator[errors.Finding]:
    told = {"name": one.decision.name, "outcome": one.outcome}
    if one.case is None:
        yield _finding(one.decision, "graph_not_reached", **told)
        return
    if one.unknown:
        yield _finding(one.decision, "graph_case", **told, example=_said(one.inputs, one.case, one.telling))
    for each in one.unknown[:MOST_LISTED]:
        code = "graph_permits_where" if each.given else "graph_permits"
        inputs = ", ".join(f"“{one.inputs.label(leaf)}”" for leaf in each.leaves)
        where = _said(one.inputs, each.case, each.given)
        yield _finding(one.decision, code, **told, inputs=inputs, where=where)
    if len(one.unknown) > MOST_LISTED or not one.complete:
        yield _finding(one.decision, "graph_cut", **told)


@dataclass(slots=True)
class _Trying:
    """Cases of one decision, tried until the bound is reached."""

    model: DecisionModel
    decision: Decision
    wanted: list[tuple[str, str]]
    inputs: Inputs
    trials: int = 0
    known: dict[str, tuple[int, int]] = field(default_factory=dict)

    def permissive_case(self) -> Case | None:
        """A case with the most permissive outcome: from any case on, the value of an input that helps most, in turn.

        Where no input alone helps, two of one expression are changed together.
        """
        case: Case = {leaf: values[0] for leaf, values in self.inputs.values.items()}
        for _ in range(MOST_PASSES):
            better = self.better(case, 1)
            if better == case and self.score(case)[0]:
                better = self.better(case, 2)
            if better == case:
                break
            case = better
        return case if self.score(case)[0] == 0 else None

    def better(self, case: Case, together: int) -> Case:
        """The case after one turn through the inputs, alone or each together with another one read beside it."""
        score = self.score(case)
        for leaf, values in self.inputs.values.items():
            for near in [leaf] if together == 1 else sorted(self.inputs.beside[leaf]):
                for value, other in product(values, [None] if near == leaf else self.inputs.values[near]):
                    changed = {**case, near: other, leaf: value}
                    found = self.score(changed)
                    if found < score:
                        case, score = changed, found
        return case

    def unknown(self, case: Case, telling: tuple[Leaf, ...]) -> Iterator[Unknown]:
        """Inputs, alone or in pairs, that are not known in a case that still has the outcome."""
        alone: set[Leaf] = set()
        for leaf in case:
            told = case if leaf in telling else self.where_it_tells(leaf, case)
            tried = None if told is None else self.reached(told, leaf)
            if told is not None and tried is not None:
                alone.add(leaf)
                yield Unknown((leaf,), tried, self.given(case, told, tried, (leaf,)))
        for leaves in combinations(telling, 2):
            tried = {**case, **dict.fromkeys(leaves)}
            if not alone & set(leaves) and self.score(tried)[0] == 0:
                yield Unknown(leaves, tried, self.given(case, case, tried, leaves))

    def where_it_tells(self, leaf: Leaf, case: Case) -> Case | None:
        """The case with one other input of the same expression changed, so that this one makes a difference."""
        for near in sorted(self.inputs.beside[leaf]):
            for value, own in product(self.inputs.values[near], self.inputs.values[leaf]):
                changed = {**case, near: value, leaf: own}
                if self.score(changed)[0] == 0 and self.tells(leaf, changed):
                    return changed
        return None

    def tells(self, leaf: Leaf, case: Case) -> bool:
        """Whether a known value of the input would have led elsewhere."""
        return any(self.score({**case, leaf: value})[0] == 1 for value in self.inputs.values[leaf])

    def reached(self, case: Case, leaf: Leaf) -> Case | None:
        """The case with this input not known, if need be with another one beside it changed."""
        bare: Case = {**case, leaf: None}
        if self.score(bare)[0] == 0:
            return bare
        for near in sorted(self.inputs.beside[leaf]):
            for value in self.inputs.values[near]:
                changed = {**bare, near: value}
                if self.score(changed)[0] == 0 and self.tells(leaf, changed):
                    return changed
        return None

    def given(self, case: Case, told: Case, tried: Case, leaves: tuple[Leaf, ...]) -> tuple[Leaf, ...]:
        """The inputs that differ from the case told, and those whose value matters only because these are not known."""
        known = {**tried, **{leaf: told[leaf] for leaf in leaves}}

        def matters(near: Leaf) -> bool:
            others = (value for value in [*self.inputs.values[near], None] if value != tried[near])
            return any(
                self.score({**known, near: value})[0] == 0 and self.score({**tried, near: value})[0]
                for value in others
            )

        beside = {near for leaf in leaves for near in self.inputs.beside[leaf]} - set(leaves)
        return tuple(
            near for near in tried if near in beside and (tried[near] != case[near] or matters(near))
        )

    def score(self, case: Case) -> tuple[int, int]:
        """0 for the most permissive outcome, 1 for another, 2 for none; then the rules that matched among lists."""
        variables = graph_inputs.variables(case)
        key = repr(variables)
        if key not in self.known:
            if self.trials >= MOST_TRIALS:
                return _WORST
            self.trials += 1
            self.known[key] = self._tried(variables)
        return self.known[key]

    def _tried(self, variables: Mapping[str, feel.Json]) -> tuple[int, int]:
        try:
            outcome = evaluate(self.model, self.decision.id, variables, MOMENT)
        except (errors.Invalid, FeelError):
            return _WORST
        return (0 if self._is_permissive(outcome.result) else 1), _gathered(outcome, set())

    def _is_permissive(self, result: object) -> bool:
        if len(self.decision.outputs) == 1:
            return result is not None and formats.text(result) == self.wanted[0][1]
        return isinstance(result, dict) and all(
            result.get(name) is not None and formats.text(result[name]) == text for name, text in self.wanted
        )


def _wanted(decision: Decision) -> list[tuple[str, str]]:
    """The outputs by name with their most permissive result."""
    if decision.table is None or not decision.outputs or decision.table.hit_policy.gathers:
        return []
    wanted = nulls.most_permissive(decision.table)
    return [(decision.outputs[place].name, text) for place, text in wanted if text != NOTHING]


def _is_above_others(decision: Decision) -> bool:
    """Whether a decision requires others that are not constant."""
    known = constants.known(decision)

    def varies(need: Need) -> bool:
        within = known.get(need.path[0]) if need.path else known
        return not isinstance(within, Mapping) or plans.variable(need).name not in within

    return any(need.kind == "decision" and varies(need) for need in decision.needs)


def _gathered(outcome: Outcome, seen: set[str]) -> int:
    """How many rules matched in the tables below that gather results."""
    total = 0
    for part in outcome.sub:
        if part.decision_id not in seen:
            seen.add(part.decision_id)
            gathers = part.decision.table is not None and part.decision.table.hit_policy.gathers
            total += (len(part.matched) if gathers else 0) + _gathered(part, seen)
    return total


def _said(inputs: Inputs, case: Case, leaves: Iterable[Leaf]) -> wording.Words:
    parts = [
        {"says": "decision_table.where.unknown", "label": inputs.label(leaf)}
        if case[leaf] is None
        else {
            "says": "decision_table.where.is",
            "label": inputs.label(leaf),
            "value": wording.literal(feel.from_json(case[leaf])),
        }
        for leaf in leaves
    ]
    return {"parts": parts, "between": "; "}


def _finding(decision: Decision, code: str, **params: object) -> errors.Finding:
    return errors.Finding(
        f"dmn_table.{code}", params, decision.file, decision.line, decision.id, severity="warning"
    )
