"""The values a table's column can have, cut at the constants its cells name: within a piece every cell says the same.

A piece is a point or the open stretch between two neighbouring constants (Calvanese et al., "Semantics and
analysis of DMN decision tables", BPM 2016, rules as boxes). A cell is judged by testing one sample of each piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine import feel
from engine.decisions.models import Decision, Input
from engine.feel import dates, durations, formats, types
from engine.feel import syntax as tree
from engine.feel.budgets import Run
from engine.feel.compiling import Compiler
from engine.feel.expressions import UnaryTests
from engine.feel.faults import FeelError, Refusal
from engine.feel.frames import Frame
from engine.feel.functions import BUILT_IN
from engine.feel.values import Range, kind

MOMENT = feel.Moment(datetime(1970, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
MOST_TESTS = 2_000_000  # samples times rules of one column
_CLOCK = frozenset(("now", "today"))
_SIMPLE = frozenset(("string", "boolean", "null"))


class TooLarge(Exception):
    """A table with more rules and constants than are looked at."""


class BeyondAnalysis(Exception):
    """A cell that cannot be judged by constants alone: it reads other variables, the clock, or computes with `?`."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Values that no cell of the column tells apart, by one sample; `words` say which, as a cell would."""

    sample: object
    low: object = None
    high: object = None
    point: bool = True
    other: tuple[str, ...] = ()  # for "any other text": the texts it is not

    def words(self) -> str:
        """The piece as a unary test."""
        if self.other:
            return f"not({', '.join(formats.quoted(text) for text in self.other)})"
        if self.point:
            return literal(self.sample)
        if self.low is None and self.high is None:
            return "-"
        return span(self.low, False, self.high, False)


@dataclass(frozen=True, slots=True)
class Column:
    """One dimension of a table: the labels of its input, its pieces in order, and per rule which of them pass.

    `masks` has a bit per piece; a rule whose cell is beyond analysis has None.
    """

    label: str
    pieces: tuple[Piece, ...]
    masks: tuple[int | None, ...]
    untyped: str = ""  # the kind its cells compare with, when a text would arrive for want of a declared type

    @property
    def full(self) -> int:
        return (1 << len(self.pieces)) - 1


def columns(decision: Decision) -> list[Column]:
    """The dimensions of a decision table; inputs with the same expression are one."""
    table = decision.table
    assert table is not None
    places: dict[str, list[int]] = {}
    for at, clause in enumerate(table.inputs):
        places.setdefault(clause.expression.text, []).append(at)
    return [_column(decision, group) for group in places.values()]


def span(low: object, low_included: bool, high: object, high_included: bool) -> str:
    """A stretch of values as a unary test."""
    if low is None:
        return f"{'<=' if high_included else '<'} {literal(high)}"
    if high is None:
        return f"{'>=' if low_included else '>'} {literal(low)}"
    return f"{'[' if low_included else '('}{literal(low)}..{literal(high)}{']' if high_included else ')'}"


def literal(value: object) -> str:
    """A value in a sentence."""
    return formats.literal(value)


def _column(decision: Decision, group: Sequence[int]) -> Column:
    table = decision.table
    assert table is not None
    clause = table.inputs[group[0]]
    cells = [[rule.tests[at] for at in group if at < len(rule.tests)] for rule in table.rules]
    found = Constants()
    known = [_read(tests, found) for tests in cells]
    allowed = [table.inputs[at].allowed for at in group]
    restricted = [tests for tests in allowed if tests is not None and _read([tests], found)]
    wanted = _type(decision, clause)
    pieces = tuple(
        piece
        for piece in _pieces(found, wanted)
        if all(passes(tests, piece.sample) for tests in restricted) and _fits(piece.sample, wanted)
    )
    if len(pieces) * len(cells) > MOST_TESTS:
        raise TooLarge
    masks = tuple(
        _mask(tests, pieces) if readable else None for tests, readable in zip(cells, known, strict=True)
    )
    return Column(clause.label, pieces, masks, _untyped(decision, clause, found, wanted))


def _mask(tests: Sequence[UnaryTests], pieces: Sequence[Piece]) -> int:
    frame = Frame({}, None, Run(MOMENT))
    closures = [one.test for one in tests if not one.tree.any]
    bits = 0
    for bit, piece in enumerate(pieces):
        if all(test(piece.sample, frame) is True for test in closures):
            bits |= 1 << bit
    return bits


def passes(tests: UnaryTests, value: object) -> bool:
    """Whether a constant cell passes a value."""
    try:
        return tests.run(value, Frame({}, None, Run(MOMENT))) is True
    except FeelError:
        return False


def _type(decision: Decision, clause: Input) -> types.Type:
    """The type of a column: its own, or that of the input data it names."""
    node = clause.expression.tree
    for need in decision.needs:
        if need.kind == "input" and isinstance(node, tree.Name) and not need.path:
            variable = need.model.inputs[need.id]
            if variable.name == node.name and variable.type != types.ANY:
                return variable.type
    return clause.type


def _untyped(decision: Decision, clause: Input, found: Constants, wanted: types.Type) -> str:
    """Dates, times and durations arrive as texts unless a type says what they are."""
    node = clause.expression.tree
    computed = not isinstance(node, tree.Name | tree.Path) or not clause.expression.names
    temporal = [name for name in found.by_kind if name in SCALES and name != "number"]
    return temporal[0] if temporal and not computed and wanted in (types.ANY, types.STRING) else ""


def _plain(wanted: types.Type) -> str:
    return _plain(wanted.of) if isinstance(wanted, types.Restricted) else wanted.name


def _fits(sample: object, wanted: types.Type) -> bool:
    try:
        return sample is None or not isinstance(wanted, types.Restricted) or types.conforms(sample, wanted)
    except Refusal:
        return False


# -- the constants of a column


class Constants:
    """The constants that cells name, by kind; `ordered` when texts are compared by order."""

    def __init__(self) -> None:
        self.by_kind: dict[str, list[Any]] = {}
        self.ordered = False
        self.text = ""  # of the cell being read

    def add(self, value: object, ordered: bool) -> None:
        """Note a constant; a list's items and a range's ends count each."""
        if isinstance(value, list):
            for item in value:
                self.add(item, ordered)
        elif isinstance(value, Range):
            for end in (value.low, value.high):
                if end is not None:
                    self.add(end, value.operator not in ("=", "!="))
        elif kind(value) in _SIMPLE or kind(value) in SCALES:
            self.by_kind.setdefault(kind(value), []).append(value)
            self.ordered = self.ordered or (ordered and isinstance(value, str))
        else:
            raise BeyondAnalysis


def _read(cells: Sequence[UnaryTests], found: Constants) -> bool:
    """Note the constants of a rule's cells in a column; whether the cells are within analysis."""
    try:
        for cell in cells:
            found.text = cell.text
            for test in cell.tree.tests:
                _note(test, found)
    except BeyondAnalysis:
        return False
    return True


def _note(node: tree.Node, found: Constants) -> None:
    match node:
        case tree.Bound(operator=operator, operand=operand):
            found.add(_constant(operand, found.text), operator not in ("=", "!="))
        case tree.Interval(low=low, high=high):
            found.add(_constant(low, found.text), True)
            found.add(_constant(high, found.text), True)
        case (
            tree.Comparison(operator=operator, left=tree.Name(name="?"), right=other)
            | tree.Comparison(operator=operator, left=other, right=tree.Name(name="?"))
        ):
            found.add(_constant(other, found.text), operator not in ("=", "!="))
        case tree.Between(value=tree.Name(name="?"), low=low, high=high):
            found.add(_constant(low, found.text), True)
            found.add(_constant(high, found.text), True)
        case tree.Membership(value=tree.Name(name="?"), tests=parts) | tree.Logic(parts=parts):
            for part in parts:
                _note(part, found)
        case tree.Call(callee=tree.Name(name="not"), arguments=(inner,), names=()):
            _note(inner, found)
        case _:
            found.add(_constant(node, found.text), False)


def _constant(node: tree.Node, text: str) -> object:
    """The value of an expression that reads nothing; others are beyond analysis."""
    if _reads(node):
        raise BeyondAnalysis
    run = Run(MOMENT)
    try:
        value = Compiler(text).compile(node)(Frame({}, None, run))
    except (FeelError, RecursionError):
        raise BeyondAnalysis from None
    if run.warnings or (value is None and not isinstance(node, tree.Literal)):
        raise BeyondAnalysis
    return value


def _reads(node: tree.Node) -> bool:
    """Whether an expression reads a variable, the value tested, or the clock."""
    if isinstance(node, tree.Name):
        return True
    if isinstance(node, tree.Call) and isinstance(node.callee, tree.Name):
        known = node.callee.name in BUILT_IN and node.callee.name not in _CLOCK
        return not known or any(map(_reads, node.arguments))
    return any(map(_reads, tree.children(node)))


# -- pieces


@dataclass(frozen=True, slots=True)
class Scale:
    """An ordered kind laid on a line: its place, and a value at a place."""

    place: Callable[[Any], Any]
    value: Callable[[Any, Any], object]  # (place, a constant of the column) → value
    dense: bool


SCALES: dict[str, Scale] = {
    "number": Scale(lambda value: value, lambda place, like: place, True),
    "date": Scale(lambda day: day.ordinal(), lambda place, like: dates.day_at(place), False),
    "time": Scale(
        lambda at: at.nanos // durations.NANOS,
        lambda place, like: (
            dates.Time(place * durations.NANOS, like.offset, like.zone) if 0 <= place < 86_400 else None
        ),
        False,
    ),
    "date and time": Scale(
        lambda at: at.local_nanos() // durations.NANOS,
        lambda place, like: dates.moved(
            dates.DateTime(dates.Date(1970, 1, 1), dates.Time(0, like.time.offset, like.time.zone)),
            place * durations.NANOS,
        ),
        False,
    ),
    "days and time duration": Scale(
        lambda span: span.nanos, lambda place, like: durations.DaysTime(place), False
    ),
    "years and months duration": Scale(
        lambda span: span.months, lambda place, like: durations.YearsMonths(place), False
    ),
}


def _pieces(found: Constants, wanted: types.Type) -> Iterator[Piece]:
    """Every piece of a column, null only where a cell speaks of it."""
    kinds = dict(found.by_kind)
    declared = _plain(wanted)
    if declared in SCALES or declared in ("string", "boolean"):
        kinds = {name: values for name, values in kinds.items() if name in (declared, "null")}
        kinds.setdefault(declared, [])
    if not set(kinds) - {"null"}:
        yield Piece("", point=False)
    for name, values in kinds.items():
        if name == "boolean":
            yield from (Piece(True), Piece(False))
        elif name == "string":
            yield from _texts(sorted(set(values)), found.ordered)
        elif name in SCALES:
            yield from _stretches(SCALES[name], values, name)
    if "null" in kinds:
        yield Piece(None)


def _texts(texts: list[str], ordered: bool) -> Iterator[Piece]:
    if not ordered or not texts:
        yield from (Piece(text) for text in texts)
        sample = "…"
        while sample in texts:
            sample += "…"
        yield Piece(sample, other=tuple(texts)) if texts else Piece(sample, point=False)
        return
    if texts[0]:
        yield Piece("", None, texts[0], False)
    for text, after in zip(texts, [*texts[1:], None], strict=True):
        yield Piece(text)
        between = text + "\0"
        if after is None or between < after:
            yield Piece(between, text, after, False)


def _stretches(scale: Scale, values: list[Any], name: str) -> Iterator[Piece]:
    """Points and the open stretches around them, in order."""
    if not values:
        yield Piece(_ANY_SAMPLE[name], point=False)
        return
    ordered = sorted({scale.place(value): value for value in values}.items(), key=lambda pair: pair[0])
    before: tuple[Any, Any] | None = None
    for place, value in ordered:
        yield from _between(scale, before, (place, value), value)
        yield Piece(value)
        before = (place, value)
    yield from _between(scale, before, None, ordered[0][1])


def _between(
    scale: Scale, low: tuple[Any, Any] | None, high: tuple[Any, Any] | None, like: Any
) -> Iterator[Piece]:
    """The open stretch between two constants, if any value lies there."""
    if low is None:
        assert high is not None
        place = high[0] - 1
    elif high is None:
        place = low[0] + 1
    elif scale.dense:
        middle = (low[0] + high[0]) / Decimal(2)
        whole = middle.to_integral_value()
        place = whole if low[0] < whole < high[0] else middle
    elif high[0] - low[0] > 1:
        place = (low[0] + high[0]) // 2
    else:
        return
    sample = scale.value(place, like)
    if sample is not None:
        yield Piece(sample, None if low is None else low[1], None if high is None else high[1], False)


_ANY_SAMPLE: dict[str, object] = {
    "number": Decimal(0),
    "date": dates.Date(2000, 1, 1),
    "time": dates.Time(0),
    "date and time": dates.DateTime(dates.Date(2000, 1, 1), dates.Time(0)),
    "days and time duration": durations.DaysTime(0),
    "years and months duration": durations.YearsMonths(0),
}
