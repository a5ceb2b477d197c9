"""What a decision comes to through others while something it reads is not known.

A table that counts the findings of other tables requires all its inputs, and yet what nobody measured may count as
fine further down. So the whole graph is decided for every case at once, and every least combination of inputs that
are not known and still lead to the most permissive outcome is told, each with a case that was evaluated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from engine import errors, feel
from engine.decisions import plans
from engine.decisions.evaluation import evaluate
from engine.decisions.models import Decision, DecisionModel, Need
from engine.decisions.table_reading import NOTHING
from engine.decisions.verification import constants, graph_inputs, nulls, paths, wording
from engine.decisions.verification.covers import TooLarge
from engine.decisions.verification.graph_cases import Case, Cases
from engine.decisions.verification.graph_inputs import NULL, Inputs
from engine.decisions.verification.graph_scopes import MOMENT
from engine.decisions.verification.paths import Path
from engine.feel.faults import FeelError

MOST_LISTED = 20
MOST_IDLE = 50
MOST_BRANCHES = 1_000_000  # of the diagrams of one graph: seconds


@dataclass(frozen=True, slots=True)
class Unknown:
    """Inputs (by place) that are not known in a case, with the inputs whose value there matters for it.

    `known` is the case in which they are known and something else comes out, which is `other`.
    """

    leaves: tuple[int, ...]
    case: Case
    given: tuple[int, ...]
    known: Case
    other: object


@dataclass(frozen=True, slots=True)
class Found:
    """What is found of one decision: a case with the most permissive outcome (None where there is none), what makes a
    difference to it, and the least combinations of inputs that may be unknown, of which there are so many `more`.

    `idle` ones lead to the outcome too, but no known value would lead elsewhere there. `doubtful` are those that may
    lead to it as far as analysis can say; `is_doubtful` is so, too, where it cannot say whether there is a case at all.
    """

    decision: Decision
    outcome: str
    inputs: Inputs
    case: Case | None
    telling: tuple[int, ...]
    unknown: tuple[Unknown, ...]
    more: int
    idle: tuple[tuple[int, ...], ...]
    idle_more: int
    doubtful: tuple[tuple[int, ...], ...]
    is_doubtful: bool


def findings(model: DecisionModel) -> Iterator[errors.Finding]:
    """A warning for each combination found of a table that decides by what other decisions gave.

    A decision that reads nothing but what another one below it reads is left to that one; a list of what is wrong is
    left to the conclusion above it.
    """
    read = {
        decision.id: graph_inputs.read_by(model, decision)
        for decision in model.decisions.values()
        if wanted(decision) and _is_above_others(decision)
    }
    below = {
        identity: {part.id for _, part in graph_inputs.parts(model, model.decisions[identity])} - {identity}
        for identity in read
    }
    for identity in list(read):
        if _lists(model.decisions[identity]) and any(identity in parts for parts in below.values()):
            del read[identity]
    for identity, own in read.items():
        decision = model.decisions[identity]
        if not own or any(own <= read[part] for part in below[identity] & read.keys()):
            continue
        try:
            found = studied(model, decision)
        except TooLarge:
            told = {"name": decision.name, "outcome": _outcome(wanted(decision))}
            yield _finding(decision, "graph_too_large", **told)
            continue
        if found is not None:
            yield from _told(found)


def studied(model: DecisionModel, decision: Decision) -> Found | None:
    """What is found; None for a decision that has no most permissive outcome, or requires none that varies.

    Raises TooLarge where there are more cases than are looked at.
    """
    permissive = wanted(decision)
    if not permissive or not _is_above_others(decision):
        return None
    inputs = graph_inputs.of(model, decision)
    cases = Cases(model, decision, permissive, inputs, MOST_BRANCHES)
    base = cases.base()
    if base is None:
        return Found(decision, _text(permissive), inputs, None, (), (), 0, (), 0, (), cases.may_be_reached())
    study = _Study(model, decision, permissive, inputs, cases, base)
    listed = [(leaves, study.unknown(leaves)) for leaves in islice(cases.telling(), MOST_LISTED)]
    doubtful = [leaves for leaves, one in listed if one is None]
    doubtful += islice(cases.doubtful(), MOST_LISTED)
    return Found(
        decision, _text(permissive), inputs, base, cases.differing(base),
        tuple(one for _, one in listed if one is not None), cases.count() - len(listed),
        tuple(islice(cases.idle(), MOST_IDLE)), max(0, cases.idle_count() - MOST_IDLE), tuple(doubtful), bool(doubtful),
    )  # fmt: skip


def wanted(decision: Decision) -> list[tuple[str, str]]:
    """The outputs by name with their most permissive result; `-` where that is that no rule applies."""
    if decision.table is None or not decision.outputs:
        return []
    found = nulls.most_permissive(decision.table)
    return [
        (decision.outputs[place].name, text) for place, text in found if _lists(decision) == (text == NOTHING)
    ]


def _lists(decision: Decision) -> bool:
    """Whether a decision gathers what it finds."""
    return decision.table is not None and decision.table.hit_policy.gathers


@dataclass(frozen=True, slots=True)
class _Study:
    """Combinations put to the test: each case told is evaluated as it would be in earnest."""

    model: DecisionModel
    decision: Decision
    wanted: list[tuple[str, str]]
    inputs: Inputs
    cases: Cases
    base: Case

    def unknown(self, leaves: tuple[int, ...]) -> Unknown | None:
        """A combination with its cases; None where an evaluation does not come to what the analysis says."""
        case, known = self.cases.with_unknown(leaves, self.base)
        outcomes = [result for one in (case, known) for result in self._results(one)]
        if [self.cases.permits(one) for one in outcomes] != [True, False]:
            return None
        given = self.cases.mattering(leaves, case, self.base)
        return Unknown(leaves, case, given, known, outcomes[1])

    def _results(self, case: Case) -> Iterator[object]:
        """What a case comes to; nothing where it is refused."""
        try:
            variables = graph_inputs.variables(values(self.inputs, case))
            yield evaluate(self.model, self.decision.id, variables, MOMENT).result
        except (errors.Invalid, FeelError):
            return


def values(inputs: Inputs, case: Case) -> dict[Path, feel.Json]:
    """A case as the value of each input."""
    given = {leaf.path: leaf.given[piece] for leaf, piece in zip(inputs.leaves, case, strict=True)}
    return {**dict.fromkeys(inputs.unread), **given}


def _told(one: Found) -> Iterator[errors.Finding]:
    told = {"name": one.decision.name, "outcome": _outcome(wanted(one.decision))}
    beyond = ", ".join(f"“{name}”" for name in one.inputs.beyond)
    if one.case is None:
        code = "graph_not_reached" if one.is_doubtful else "graph_never"
        yield _finding(one.decision, code, **told, beyond=beyond)
        return
    if one.unknown or one.doubtful:
        yield _finding(one.decision, "graph_case", **told, example=_said(one.inputs, one.case, one.telling))
    for each in one.unknown:
        code = "graph_permits_where" if each.given else "graph_permits"
        inputs, where = _labels(one.inputs, each.leaves), _said(one.inputs, each.case, each.given)
        known = _said(one.inputs, each.known, each.leaves)
        other = _result(each.other)
        yield _finding(one.decision, code, **told, inputs=inputs, where=where, known=known, other=other)
    if one.more:
        yield _finding(one.decision, "graph_more", **told, count=one.more)
    for leaves in one.doubtful:
        inputs = _labels(one.inputs, leaves)
        yield _finding(one.decision, "graph_may_permit", **told, inputs=inputs, beyond=beyond)
    if one.idle:
        idle = "; ".join(_labels(one.inputs, leaves) for leaves in one.idle)
        code = "graph_idle_more" if one.idle_more else "graph_idle"
        yield _finding(one.decision, code, **told, idle=idle, count=one.idle_more)


def _is_above_others(decision: Decision) -> bool:
    """Whether a decision requires others that are not constant."""
    known = constants.known(decision)

    def varies(need: Need) -> bool:
        return not paths.leads(known, (*need.path, plans.variable(need).name))

    return any(need.kind == "decision" and varies(need) for need in decision.needs)


def _text(permissive: list[tuple[str, str]]) -> str:
    return ", ".join(text for _, text in permissive)


def _outcome(permissive: list[tuple[str, str]]) -> wording.Words:
    text = _text(permissive)
    return {"says": "decision_table.no_finding"} if text == NOTHING else text


def _result(value: object) -> wording.Words:
    if isinstance(value, list):
        return {"says": "decision_table.findings", "count": len(value)}
    return {"says": "decision_table.no_result"} if value is None else wording.literal(value)


def _labels(inputs: Inputs, leaves: Iterable[int]) -> str:
    return ", ".join(f"“{inputs.leaves[at].label}”" for at in leaves)


def _said(inputs: Inputs, case: Case, leaves: Iterable[int]) -> wording.Words:
    parts = [
        {"says": "decision_table.where.unknown", "label": inputs.leaves[at].label}
        if case[at] == NULL
        else {
            "says": "decision_table.where.is",
            "label": inputs.leaves[at].label,
            "value": wording.literal(inputs.leaves[at].seen[case[at]]),
        }
        for at in leaves
    ]
    return {"parts": parts, "between": "; "}


def _finding(decision: Decision, code: str, **params: object) -> errors.Finding:
    return errors.Finding(
        f"dmn_table.{code}", params, decision.file, decision.line, decision.id, severity="warning"
    )
