"""Why it came out so: what an evaluation leaves behind in few bytes, and what that says with its model beside it.

What is kept (`compact`) is JSON, and means something only together with the very model that decided: columns and
rules are known by their place in it. Each decision of the graph is kept once, however many require it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine import feel, texts
from engine.decisions import plain_cells, plans
from engine.decisions.models import (
    Decision,
    DecisionModel,
    HitPolicy,
    Knowledge,
    Need,
    Outcome,
    Table,
    Variable,
)  # fmt: skip
from engine.decisions.table_index import Failures
from engine.feel import types
from engine.feel.faults import said
from engine.feel.values import Function

Json = feel.Json
_FIRST = ord("1")  # a rule's first column failed first, the others follow; before it, "0", a rule that fitted
_FITTED = re.compile(chr(_FIRST - 1))
_SHORT = bytes(range(256 - _FIRST))  # columns whose sign is a byte
_SIGNS = bytes((place + _FIRST - 1) % 256 for place in range(256))
_EXTRACT = 60  # characters of the text a warning is about


@dataclass(frozen=True, slots=True)
class Note:
    """A warning as it was kept: `code` and `params` as of `feel.Warning`, and what text it was about, where."""

    code: str
    params: Mapping[str, Json]
    extract: str = ""
    line: int = 1
    column: int = 1

    def sentence(self, language: str = "vi") -> str:
        """The reason with its place, in the reader's language."""
        return said(self.code, self.params, self.extract, self.line, self.column, language)


@dataclass(frozen=True, slots=True)
class Explanation:
    """One decision of an evaluation.

    `values` are those of a table's inputs, in order; `failed` holds, per rule tried, the input that failed first or
    -1 where the rule matched. `reads` are the variables that other logic read, `entries` those of a boxed context.
    `parts` are the required decisions, each where it is required first, and the tables consulted within other logic;
    `again` names those explained elsewhere.
    `decision` is None when the model has none of that name.
    """

    key: str
    decision: Decision | None
    value: Json
    values: tuple[Json, ...] = ()
    failed: tuple[int, ...] = ()
    matched: tuple[int, ...] = ()
    reads: Mapping[str, Json] = field(default_factory=dict)
    entries: Mapping[str, Json] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    parts: tuple[Explanation, ...] = ()
    again: tuple[str, ...] = ()

    @property
    def how(self) -> str:
        """What decided: the last part of a key under `decisions.how` in engine/texts."""
        table = self.decision.table if self.decision else None
        if table is None:
            return "logic"
        codes = {note.code for note in self.notes}
        if "input_not_allowed" in codes:
            return "input_not_allowed"
        if not self.matched and any(clause.default for clause in table.outputs):
            return "default"
        if not self.matched:
            return "nothing_gathered" if table.hit_policy.gathers else "no_rule"
        if "rules_disagree" in codes:
            return "rules_disagree"
        if table.hit_policy is HitPolicy.UNIQUE and len(self.matched) > 1:
            return "rules_overlap"
        policy = table.hit_policy.name.lower()
        return f"{policy}_{table.aggregation.lower()}" if table.aggregation else policy

    @property
    def deciding(self) -> tuple[int, ...]:
        """The numbers of the rules whose conclusions became the value; of the matched ones, those the policy took."""
        if self.how in ("rules_overlap", "rules_disagree"):
            return ()
        if self.how == "priority" and len(self.matched) > 1:
            return _foremost(self)
        return self.matched

    def decided_by(self, language: str = "vi") -> str:
        """Which rule or policy decided, in a sentence."""
        rules, matched = (", ".join(map(str, numbers)) for numbers in (self.deciding, self.matched))
        return texts.sentence(f"decisions.how.{self.how}", language, rules=rules, matched=matched)

    def every(self) -> Iterator[Explanation]:
        """This decision and all it required, each once."""
        yield self
        for part in self.parts:
            yield from part.every()


def of(model: DecisionModel, outcome: Outcome) -> Explanation:
    """The explanation of an evaluation just made."""
    return read(model, outcome.decision_id, outcome.value, compact(model, outcome))


def compact(model: DecisionModel, outcome: Outcome) -> Json:
    """What is kept of an evaluation: per decision its inputs, its value (but that of the outermost, which the caller
    keeps), per rule tried one character that says where it failed, and its warnings."""
    steps: dict[str, Json] = {}
    _keep(steps, model, model, outcome)
    del steps[outcome.decision_id]["out"]
    return {"steps": steps}


def read(
    model: DecisionModel, decision: str, value: Json, kept: Json, inputs: Mapping[str, Json] | None = None
) -> Explanation:
    """The explanation that was kept, told by the model that decided; `inputs` by label serve where none were kept."""
    found = model.decision(decision)
    if found is None:
        return Explanation(decision, None, value)
    steps = kept.get("steps") if isinstance(kept, Mapping) else None
    if steps is None:
        steps = _from_tree(model, found, kept)
    own = {"in": [(inputs or {}).get(clause.label) for clause in found.inputs], **steps.get(found.id, {})}
    return _Telling(model, steps).told(model, found, {**own, "out": value})


# --- keeping ----------------------------------------------------------------------------------------------


def _keep(steps: dict[str, Json], root: DecisionModel, model: DecisionModel, outcome: Outcome) -> None:
    decision = outcome.decision
    key = _key(root, model, decision.id)
    if key in steps:
        return
    step: dict[str, Json] = {"out": outcome.value}
    steps[key] = step
    if decision.table is not None:
        step |= _searched(outcome.values, outcome.failed, outcome.matched)
    elif reads := _reads(outcome):
        step["read"] = reads
    if outcome.entries and outcome.entries is not outcome.result:
        step["entries"] = {name: feel.to_json(value) for name, value in outcome.entries.items()}
    if outcome.warnings:
        step["warn"] = [_noted(warning) for warning in outcome.warnings]
    if outcome.consulted:
        places = {id(table): place for place, table in _inner(root, model, decision)}
        step["tables"] = [
            [
                places[id(table)],
                {**_searched(one.values, one.failed, one.matched), "out": feel.to_json(one.value)},
            ]
            for table, one in outcome.consulted
            if id(table) in places
        ]
    if outcome.sub:  # a decision service leaves out those it was given
        models = {id(need.model.decisions[need.id]): need.model for need in _required(decision)}
        for part in outcome.sub:
            _keep(steps, root, models[id(part.decision)], part)


def _searched(values: Sequence[object], failed: Sequence[int], matched: Sequence[int]) -> dict[str, Json]:
    """A table's part: its inputs, where each rule failed, and the matches where these do not tell them."""
    fit = _signs(failed)
    searched: dict[str, Json] = {"in": [feel.to_json(value) for value in values], "fit": fit}
    if list(matched) != [found.end() for found in _FITTED.finditer(fit)]:
        searched["rules"] = list(matched)
    return searched


def _signs(failed: Sequence[int]) -> str:
    """One sign per rule; those of an indexed table, which are many, all at once."""
    if isinstance(failed, Failures) and not failed.places.strip(_SHORT):
        return failed.places.translate(_SIGNS).decode("latin-1")
    return "".join([chr(_FIRST + column) for column in failed])


def _reads(outcome: Outcome) -> dict[str, Json]:
    """The variables that logic other than a table read; what required decisions gave is kept with them."""
    given = {
        need.path[0] if need.path else plans.variable(need).name
        for need in outcome.decision.needs
        if need.kind != "input"
    }
    return {
        name: feel.to_json(value)
        for name, value in outcome.names.items()
        if name not in given and not isinstance(value, Function)
    }


def _noted(warning: feel.Warning) -> list[Json]:
    params = {
        name: value if isinstance(value, (str, int)) else str(value) for name, value in warning.params.items()
    }
    if not warning.place.text:
        return [warning.code, params]
    place = warning.place
    return [warning.code, params, place.extract[:_EXTRACT], place.line, place.column]


# --- reading ----------------------------------------------------------------------------------------------


class _Telling:
    """One reading of what was kept: each decision is told where it is required first."""

    def __init__(self, root: DecisionModel, steps: Mapping[str, Any]) -> None:
        self.root, self.steps = root, steps
        self.seen: set[str] = set()
        self.times: Counter[str] = Counter()

    def told(self, model: DecisionModel, decision: Decision, step: Mapping[str, Any]) -> Explanation:
        key = _key(self.root, model, decision.id)
        self.seen.add(key)
        parts: list[Explanation] = []
        again: list[str] = []
        for need in _required(decision):
            other = _key(self.root, need.model, need.id)
            if other in self.seen:
                again.append(other)
            elif other in self.steps:
                parts.append(self.told(need.model, need.model.decisions[need.id], self.steps[other]))
        if "tables" in step:
            tables = dict(_inner(self.root, model, decision))
            parts += [self._consulted(place, tables[place], inner) for place, inner in step["tables"]]
        return replace(
            _of_step(key, decision, step),
            reads=step.get("read", {}),
            entries=step.get("entries", {}),
            notes=tuple(Note(*note) for note in step.get("warn", ())),
            parts=tuple(parts),
            again=tuple(again),
        )

    def _consulted(self, place: str, table: Table, step: Mapping[str, Any]) -> Explanation:
        """A table within other logic, told as if it were a decision; each time it was consulted on its own."""
        self.times[place] += 1
        key = f"{place}@{self.times[place]}"
        variable = Variable(table.name, types.ANY)
        shown = Decision(key, table.name, variable, table, None, (), frozenset(), frozenset())
        return _of_step(key, shown, step)


def _of_step(key: str, decision: Decision, step: Mapping[str, Any]) -> Explanation:
    failed = tuple(ord(sign) - _FIRST for sign in step.get("fit", ""))
    matched = tuple(step["rules"]) if "rules" in step else _matched(failed)
    return Explanation(key, decision, step.get("out"), tuple(step.get("in", ())), failed, matched)


def _from_tree(model: DecisionModel, decision: Decision, kept: Json) -> dict[str, Any]:
    """What was kept before each decision was kept once: a tree, with inputs by label; no variables, no warnings."""
    steps: dict[str, Any] = {}

    def step(decision: Decision | None, inputs: Mapping[str, Json], trace: Any) -> dict[str, Any]:
        values = [inputs.get(clause.label) for clause in decision.inputs] if decision else []
        return {"in": values, "fit": "".join(chr(_FIRST + failed - 1) for _, failed in trace)}

    def walk(parts: Any) -> None:
        for part in parts:
            found = model.decisions.get(part["decision"])
            told = step(found, part.get("inputs") or {}, part.get("trace", ()))
            steps[part["decision"]] = {**told, "out": part.get("outcome"), "rules": part.get("rules", [])}
            walk(part.get("sub", ()))

    if isinstance(kept, Mapping):
        walk(kept.get("sub", ()))
        steps[decision.id] = {"fit": step(None, {}, kept.get("rules", ()))["fit"]}
    return steps


# --- of both ----------------------------------------------------------------------------------------------


def _key(root: DecisionModel, model: DecisionModel, identity: str) -> str:
    """How a decision is named among those of an evaluation: by id, one of another model as DMN refers to it."""
    return identity if model is root else f"{model.namespace}#{identity}"


def _required(decision: Decision) -> list[Need]:
    return [need for need in decision.needs if need.kind == "decision"]


def _inner(root: DecisionModel, model: DecisionModel, decision: Decision) -> Iterator[tuple[str, Table]]:
    """The tables within a decision's logic and within the functions it may call, each with its place in the model."""
    owners: list[tuple[DecisionModel, Decision | Knowledge]] = [(model, decision)]
    seen: set[int] = set()
    while owners:
        model, owner = owners.pop()
        if id(owner) in seen:
            continue
        seen.add(id(owner))
        for number, table in enumerate(owner.tables):
            yield f"{_key(root, model, owner.id)}/{number}", table
        owners += [
            (need.model, need.model.knowledge[need.id])
            for need in owner.needs
            if need.kind == "knowledge" and need.id in need.model.knowledge
        ]


def _matched(failed: Sequence[int]) -> tuple[int, ...]:
    return tuple([number for number, column in enumerate(failed, 1) if column < 0])


def _foremost(explanation: Explanation) -> tuple[int, ...]:
    """The matched rules that give the value: a table by priority takes one conclusion, which several may share."""
    decision = explanation.decision
    if decision is None:
        return ()
    value = explanation.value
    is_wide = len(decision.outputs) > 1 and isinstance(value, Mapping)
    wanted = [value.get(clause.name) for clause in decision.outputs] if is_wide else [value]
    found = tuple(
        number
        for number in explanation.matched
        if [constant(cell) for cell in decision.rules[number - 1].outputs] == wanted
    )
    return found or explanation.matched


def constant(cell: feel.Expression) -> Json:
    """What a conclusion says when it says it in so many words; None for what has to be computed."""
    found = plain_cells.literal(cell.tree)
    return feel.to_json(found[0]) if found else None
