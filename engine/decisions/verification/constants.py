"""What the cells of a table compare with: their constants, and what required decisions give that depend on nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from engine import errors, feel
from engine.decisions import plans
from engine.decisions.evaluation import Evaluation
from engine.decisions.models import Decision
from engine.feel import compiling_tests
from engine.feel import syntax as tree
from engine.feel.budgets import Run
from engine.feel.compiling import Compiler
from engine.feel.expressions import UnaryTests
from engine.feel.faults import FeelError
from engine.feel.frames import Frame, Test
from engine.feel.functions.declared import BUILT_IN
from engine.feel.values import Range, kind

MOMENT = feel.Moment(datetime(1970, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
Known = Mapping[str, object]
"""Names with the values they always have."""

SIMPLE = frozenset(("string", "boolean", "null"))
ORDERED = frozenset((
    "number", "date", "time", "date and time", "days and time duration", "years and months duration",
))  # fmt: skip
_CLOCK = frozenset(("now", "today"))
_DECIDES = (tree.Comparison, tree.Logic, tree.Between, tree.Membership, tree.InstanceOf, tree.Quantified)


class BeyondAnalysis(Exception):
    """Something that constants alone do not judge.

    `reason` is "data" (it reads `names`), "clock" (it reads the day or the time), "offsets" (its column names times of
    several, which the clock on the wall does not order) or "computed" (it computes with the value it tests, or compares
    with what has no place among plain values).
    """

    def __init__(self, reason: str, names: Collection[str] = ()) -> None:
        self.reason, self.names = reason, tuple(sorted(names))
        super().__init__(reason)


class Constants:
    """The constants that cells name, by kind; `ordered` when texts are compared by order."""

    def __init__(self) -> None:
        self.by_kind: dict[str, list[Any]] = {}
        self.ordered = False

    def add(self, value: object, ordered: bool) -> None:
        """Note a constant; a list's items and a range's ends count each."""
        if isinstance(value, list):
            for item in value:
                self.add(item, ordered)
        elif isinstance(value, Range):
            for end in (value.low, value.high):
                if end is not None:
                    self.add(end, value.operator not in ("=", "!="))
        elif kind(value) in SIMPLE or kind(value) in ORDERED:
            self.by_kind.setdefault(kind(value), []).append(value)
            self.ordered = self.ordered or (ordered and isinstance(value, str))
        else:
            raise BeyondAnalysis("computed")


def known(decision: Decision) -> Known:
    """The values of those required decisions that read neither data nor clock, under the names seen here."""
    evaluation = Evaluation(_NoData(), Run(_NoMoment()))  # type: ignore[arg-type]
    names: dict[str, object] = {}
    for need in decision.needs:
        if need.kind != "decision":
            continue
        try:
            value = evaluation.outcome(need.model, need.model.decisions[need.id]).result
        except (BeyondAnalysis, FeelError, errors.Invalid):
            continue
        name = plans.variable(need).name
        if need.path:
            inner = names.get(need.path[0])
            names[need.path[0]] = {**(inner if isinstance(inner, dict) else {}), name: value}
        else:
            names[name] = value
    return names


def frame(names: Known) -> Frame:
    """Where a cell's tests find the names that are known."""
    return Frame(names, None, Run(MOMENT))


def read(cells: Sequence[UnaryTests], found: Constants, names: Known) -> BeyondAnalysis | None:
    """Note the constants of a rule's cells in a column; why they are beyond analysis, if they are."""
    try:
        for cell in cells:
            for test in cell.tree.tests:
                note(test, cell.text, found, names)
    except BeyondAnalysis as beyond:
        return beyond
    return None


def test(node: tree.Node, text: str, names: Known) -> Test:
    """One test of a cell alone, compiled."""
    return compiling_tests.cell_test(Compiler(text, names), node)


def value(node: tree.Node, text: str, names: Known) -> object:
    """The value of an expression that reads only what is known; others are beyond analysis."""
    if isinstance(node, tree.Literal):
        return node.value
    _require_constant(node, names)
    try:
        return Compiler(text, names).compile(node)(frame(names))
    except (FeelError, RecursionError):
        raise BeyondAnalysis("computed") from None


def note(node: tree.Node, text: str, found: Constants, names: Known) -> None:
    """Note what one test of a cell compares with; BeyondAnalysis where constants do not tell."""

    def add(operand: tree.Node, ordered: bool) -> None:
        constant = value(operand, text, names)
        if constant is not None or isinstance(operand, tree.Literal):  # a computed null compares with nothing
            found.add(constant, ordered)

    match node:
        case tree.Bound(operator=operator, operand=operand):
            add(operand, operator not in ("=", "!="))
        case tree.Interval(low=low, high=high):
            add(low, True)
            add(high, True)
        case (
            tree.Comparison(operator=operator, left=tree.Name(name="?"), right=other)
            | tree.Comparison(operator=operator, left=other, right=tree.Name(name="?"))
        ):
            add(other, operator not in ("=", "!="))
        case tree.Between(value=tree.Name(name="?"), low=low, high=high):
            add(low, True)
            add(high, True)
        case tree.Membership(value=tree.Name(name="?"), tests=parts) | tree.Logic(parts=parts):
            for part in parts:
                note(part, text, found, names)
        case tree.Call(callee=tree.Name(name="not"), arguments=(inner,), names=()):
            note(inner, text, found, names)
        case _ if isinstance(node, _DECIDES):
            value(node, text, names)  # true or false whatever the value tested
        case _:
            add(node, False)


def reads_its_value_alone(node: tree.Node, names: Known) -> bool:
    """Whether a test reads nothing but the value it tests and what is known."""
    return set(_reads(node)) <= names.keys() | {"?"}


def _require_constant(node: tree.Node, names: Known) -> None:
    """Refuse what reads a variable, the clock, or the value tested."""
    if compiling_tests.uses_input(node):
        raise BeyondAnalysis("computed")
    unknown = set(_reads(node)) - names.keys()
    if unknown & _CLOCK:
        raise BeyondAnalysis("clock")
    if unknown:
        raise BeyondAnalysis("data", unknown)


def _reads(node: tree.Node) -> Iterator[str]:
    """The names an expression reads; a built-in function called is none, unless it reads the clock."""
    match node:
        case tree.Name(name=name):
            yield name
        case tree.Call(callee=tree.Name(name=name), arguments=arguments):
            if name not in BUILT_IN or name in _CLOCK:
                yield name
            for argument in arguments:
                yield from _reads(argument)
        case _:
            for child in tree.children(node):
                yield from _reads(child)


class _NoData(Mapping[str, feel.Json]):
    """Variables of an evaluation that must not need any."""

    def __getitem__(self, name: str) -> NoReturn:
        raise BeyondAnalysis("data", [name])

    def __iter__(self) -> NoReturn:
        raise BeyondAnalysis("data")

    def __len__(self) -> int:
        return 0

    def __contains__(self, name: object) -> bool:
        raise BeyondAnalysis("data", [str(name)])


class _NoMoment:
    """The moment of an evaluation that must not ask for it."""

    def __getattr__(self, name: str) -> NoReturn:
        raise BeyondAnalysis("clock")
