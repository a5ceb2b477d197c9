"""A decision model as read and compiled: immutable, shared by all evaluations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from engine import feel
from engine.decisions.choices import Choice
from engine.decisions.fitting import Asked
from engine.decisions.surroundings import Inference, unknown
from engine.feel.expressions import Expression, UnaryTests
from engine.feel.frames import Frame, Test
from engine.feel.types import Type

if TYPE_CHECKING:
    from engine.decisions.plans import Plan

Logic = Callable[[Frame], object]
"""Boxed logic, compiled: its value where the names are as in the frame."""

Entries = Callable[[Frame], tuple[dict[str, object], object]]
"""A boxed context, compiled: its entries by name, and its value, which is another when it has a result cell."""


class HitPolicy(StrEnum):
    """What a table says when several rules match."""

    UNIQUE = "UNIQUE"
    FIRST = "FIRST"
    PRIORITY = "PRIORITY"
    ANY = "ANY"
    COLLECT = "COLLECT"
    RULE_ORDER = "RULE ORDER"
    OUTPUT_ORDER = "OUTPUT ORDER"

    @property
    def gathers(self) -> bool:
        """Whether it takes the conclusions of all rules that match; no match gives none, not null."""
        return self in (HitPolicy.COLLECT, HitPolicy.RULE_ORDER, HitPolicy.OUTPUT_ORDER)


@dataclass(frozen=True, slots=True)
class Input:
    """A column of conditions: its label, the expression it tests, its type, and the values its author allows.

    `required` says whether its value must be known; None where the author did not say, which counts as no.
    """

    id: str
    label: str
    expression: Expression
    type: Type
    allowed: UnaryTests | None
    required: bool | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """A column of conclusions; its `priorities` are the allowed values in order, `default` is for no match.

    `permissive` is the result its author calls the most permissive, as written; `-` means that no rule applies.
    """

    id: str
    name: str
    label: str
    type: Type
    allowed: UnaryTests | None
    priorities: tuple[object, ...]
    default: Expression | None
    permissive: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A row: its number from 1, one test per input, one conclusion per output, and what its author wrote about it."""

    number: int
    id: str
    tests: tuple[UnaryTests, ...]
    outputs: tuple[Expression, ...]
    annotation: str
    line: int | None


@dataclass(slots=True)
class Verdict:
    """What came of a table: the inputs' values, per rule tried the input that failed first (-1 for none), the matches.

    `matched` holds indexes of rules while the table is searched, numbers of rules once it is decided.
    """

    values: tuple[object, ...]
    failed: Sequence[int]
    matched: list[int]
    value: object = None


Search = Callable[[Frame], Verdict]
"""A table's rules looked for: the inputs' values, the rules that match and what failed in the others; no value yet."""


@dataclass(slots=True)
class Prepared:
    """What evaluations of a table have in common, made at the first: `engine.decisions.tables.prepare`."""

    search: Search | None = None
    combine: Callable[[Table, list[Rule], Frame], object] = field(init=False)
    conclusions: list[Logic] = field(init=False)
    restricted: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table; its name is that of the decision or knowledge it belongs to.

    What an evaluation walks through is laid out beforehand: `asked`, each input's expression and how its value is
    made to fit the type declared, and `steps`, each rule's tests that can fail with their column.
    `needed` are the columns in which null is refused: required ones where no rule mentions null.
    """

    id: str
    name: str
    hit_policy: HitPolicy
    aggregation: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
    asked: tuple[Asked, ...]
    steps: tuple[tuple[tuple[int, Test], ...], ...]
    needed: tuple[int, ...]
    prepared: Prepared = field(default_factory=Prepared, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Variable:
    """A name with its type: an input, a decision's result, a parameter."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Need:
    """Something a decision requires: an input, another decision, or knowledge (a function)."""

    kind: str  # "input", "decision" or "knowledge"
    id: str
    model: DecisionModel
    path: tuple[str, ...]  # the name, after the prefix of an imported model if it comes from one


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision: its logic (a table, or other boxed logic), what it requires, and the free names it reads.

    For people: `text` is what a literal expression says, `members` the names of its value in their order. `infer`
    works out what it can give (`engine.decisions.type_checks`); `tables` are all tables in it, within other boxes too;
    `choice` is set where it only takes one side or the other.
    """

    id: str
    name: str
    variable: Variable
    table: Table | None
    logic: Logic | None
    needs: tuple[Need, ...]
    names: frozenset[str]
    reads: frozenset[str]
    description: str = ""
    line: int | None = None
    file: str = ""
    entries: Entries | None = None
    text: str = ""
    members: tuple[str, ...] = ()
    infer: Inference = unknown
    tables: tuple[Table, ...] = ()
    choice: Choice | None = None

    @property
    def inputs(self) -> tuple[Input, ...]:
        return self.table.inputs if self.table else ()

    @property
    def outputs(self) -> tuple[Output, ...]:
        return self.table.outputs if self.table else ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self.table.rules if self.table else ()

    @property
    def hit_policy(self) -> str:
        return self.table.hit_policy.value if self.table else ""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A business knowledge model: a function of its parameters, within what it requires; `tables` as of a decision."""

    id: str
    variable: Variable
    parameters: tuple[Variable, ...]
    logic: Logic | None
    needs: tuple[Need, ...]
    infer: Inference = unknown
    tables: tuple[Table, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A decision service: a function from its inputs to its output decisions, computed by its own decisions."""

    id: str
    variable: Variable
    outputs: tuple[Need, ...]
    encapsulated: tuple[Need, ...]
    input_decisions: tuple[Need, ...]
    input_data: tuple[Need, ...]


@dataclass(slots=True)
class DecisionModel:
    """A DMN model: decisions by id, and what they build on. Filled while read, never changed afterwards.

    `plans` are worked out from the rest as decisions are first evaluated (`engine.decisions.plans`).
    """

    id: str
    name: str
    namespace: str
    file: str
    decisions: dict[str, Decision] = field(default_factory=dict)
    inputs: dict[str, Variable] = field(default_factory=dict)
    knowledge: dict[str, Knowledge] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    types: dict[str, Type] = field(default_factory=dict)
    imports: list[tuple[str, DecisionModel]] = field(default_factory=list)  # with the prefix of their names
    plans: dict[int, Plan] = field(default_factory=dict, repr=False)

    def decision(self, wanted: str) -> Decision | None:
        """The decision with this id, or else this name."""
        found = self.decisions.get(wanted)
        return found or next((known for known in self.decisions.values() if known.name == wanted), None)

    def service(self, wanted: str) -> Service | None:
        """The decision service with this id, or else this name."""
        found = self.services.get(wanted)
        return found or next((one for one in self.services.values() if one.variable.name == wanted), None)

    def variables(self, wanted: str) -> frozenset[str]:
        """The variables a decision and all it requires read from outside, by name; empty for an unknown one."""
        names: set[str] = set()
        seen: set[tuple[int, str]] = set()
        found = self.decision(wanted)
        open_ones: list[tuple[DecisionModel, Decision]] = [(self, found)] if found else []
        while open_ones:
            model, decision = open_ones.pop()
            if (id(model), decision.id) in seen:
                continue
            seen.add((id(model), decision.id))
            names |= decision.names
            for need in decision.needs:
                if need.kind == "input":
                    names.add(need.model.inputs[need.id].name)
                elif need.kind == "decision":
                    open_ones.append((need.model, need.model.decisions[need.id]))
        return frozenset(names)


class RuleTrace(NamedTuple):
    """What became of a rule: matched, or the index (from 0) of the input whose test failed first."""

    rule: int
    matched: bool
    failed_input: int | None
    annotation: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision said and why. `failed` holds, per rule tried, the input that failed first or -1 for a match.

    `names` are those its logic saw, with their values; `entries` those of a boxed context; `consulted` the tables
    within its logic and that of functions it called, in order, the first of many.
    """

    decision: Decision
    result: object
    values: tuple[object, ...]
    failed: Sequence[int]
    matched: tuple[int, ...]
    warnings: tuple[feel.Warning, ...]
    sub: tuple[Outcome, ...] = ()
    names: Mapping[str, object] = field(default_factory=dict)
    entries: Mapping[str, object] = field(default_factory=dict)
    consulted: tuple[tuple[Table, Verdict], ...] = ()

    @property
    def value(self) -> feel.Json:
        """The decision's value as JSON."""
        return feel.to_json(self.result)

    @property
    def decision_id(self) -> str:
        return self.decision.id

    @property
    def hit_policy(self) -> str:
        return self.decision.hit_policy

    @property
    def inputs(self) -> dict[str, feel.Json]:
        """Each input clause's label with the value it had."""
        return {
            clause.label: feel.to_json(value)
            for clause, value in zip(self.decision.inputs, self.values, strict=False)
        }

    @property
    def trace(self) -> tuple[RuleTrace, ...]:
        """Every rule that was tried, in order (a FIRST table stops at its first match)."""
        return tuple(
            RuleTrace(rule.number, failed < 0, None if failed < 0 else failed, rule.annotation)
            for rule, failed in zip(self.decision.rules, self.failed, strict=False)
        )


Variables = Mapping[str, feel.Json]
