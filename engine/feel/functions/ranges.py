"""Built-in functions on ranges: Allen's relations between points and ranges (DMN 1.5, 10.3.4.9, Table 78)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.feel import comparisons, parsing
from engine.feel import syntax as tree
from engine.feel.arithmetic import negate
from engine.feel.budgets import Run
from engine.feel.comparisons import compare
from engine.feel.faults import FeelError, Refusal
from engine.feel.functions.declared import BUILT_IN, built_in
from engine.feel.readers import Names
from engine.feel.values import Range

Relation = Callable[[Any, Any, Run], bool]
LONGEST_RANGE = 10_000


def _starts_before(one: Range, other: Range, run: Run) -> bool:
    order = compare(one.low, other.low, run)
    return order < 0 or (order == 0 and one.low_included and not other.low_included)


def _same_start(one: Range, other: Range, run: Run) -> bool:
    return compare(one.low, other.low, run) == 0 and one.low_included == other.low_included


def _ends_after(one: Range, other: Range, run: Run) -> bool:
    order = compare(one.high, other.high, run)
    return order > 0 or (order == 0 and one.high_included and not other.high_included)


def _same_end(one: Range, other: Range, run: Run) -> bool:
    return compare(one.high, other.high, run) == 0 and one.high_included == other.high_included


def _wholly_before(one: Range, other: Range, run: Run) -> bool:
    order = compare(one.high, other.low, run)
    return order < 0 or (order == 0 and not (one.high_included and other.low_included))


def _meets(one: Range, other: Range, run: Run) -> bool:
    return compare(one.high, other.low, run) == 0 and one.high_included and other.low_included


def _overlaps(one: Range, other: Range, run: Run) -> bool:
    return not _wholly_before(one, other, run) and not _wholly_before(other, one, run)


def _overlaps_before(one: Range, other: Range, run: Run) -> bool:
    return (
        _starts_before(one, other, run)
        and not _wholly_before(one, other, run)
        and not _ends_after(one, other, run)
    )


def _includes(one: Range, other: Range, run: Run) -> bool:
    return not _starts_before(other, one, run) and not _ends_after(other, one, run)


def _point_in(span: Range, point: object, run: Run) -> bool:
    above, below = compare(point, span.low, run), compare(point, span.high, run)
    return (above > 0 or (above == 0 and span.low_included)) and (
        below < 0 or (below == 0 and span.high_included)
    )


def _point_before(point: object, span: Range, run: Run) -> bool:
    order = compare(point, span.low, run)
    return order < 0 or (order == 0 and not span.low_included)


def _range_before_point(span: Range, point: object, run: Run) -> bool:
    order = compare(span.high, point, run)
    return order < 0 or (order == 0 and not span.high_included)


def _is_start(point: object, span: Range, run: Run) -> bool:
    return span.low_included and compare(point, span.low, run) == 0


def _is_end(point: object, span: Range, run: Run) -> bool:
    return span.high_included and compare(point, span.high, run) == 0


def _starts(one: Range, other: Range, run: Run) -> bool:
    return _same_start(one, other, run) and not _ends_after(one, other, run)


def _finishes(one: Range, other: Range, run: Run) -> bool:
    return _same_end(one, other, run) and not _starts_before(one, other, run)


def _swapped(relation: Relation) -> Relation:
    return lambda one, other, run: relation(other, one, run)


_POINTS = "point1: point, point2: point"
_POINT_RANGE = "point: point, range: range"
_RANGE_POINT = "range: range, point: point"
_RANGES = "range1: range, range2: range"
RELATIONS: tuple[tuple[str, str, Relation], ...] = (
    ("before", _POINTS, lambda one, other, run: compare(one, other, run) < 0),
    ("before", _POINT_RANGE, _point_before),
    ("before", _RANGE_POINT, _range_before_point),
    ("before", _RANGES, _wholly_before),
    ("after", _POINTS, lambda one, other, run: compare(one, other, run) > 0),
    ("after", _POINT_RANGE, _swapped(_range_before_point)),
    ("after", _RANGE_POINT, _swapped(_point_before)),
    ("after", _RANGES, _swapped(_wholly_before)),
    ("meets", _RANGES, _meets),
    ("met by", _RANGES, _swapped(_meets)),
    ("overlaps", _RANGES, _overlaps),
    ("overlaps before", _RANGES, _overlaps_before),
    ("overlaps after", _RANGES, _swapped(_overlaps_before)),
    ("finishes", _POINT_RANGE, _is_end),
    ("finishes", _RANGES, _finishes),
    ("finished by", _RANGE_POINT, _swapped(_is_end)),
    ("finished by", _RANGES, _swapped(_finishes)),
    ("includes", _RANGE_POINT, _point_in),
    ("includes", _RANGES, _includes),
    ("during", _POINT_RANGE, _swapped(_point_in)),
    ("during", _RANGES, _swapped(_includes)),
    ("starts", _POINT_RANGE, _is_start),
    ("starts", _RANGES, _starts),
    ("started by", _RANGE_POINT, _swapped(_is_start)),
    ("started by", _RANGES, _swapped(_starts)),
    ("coincides", _POINTS, lambda one, other, run: compare(one, other, run) == 0),
    (
        "coincides",
        _RANGES,
        lambda one, other, run: _same_start(one, other, run) and _same_end(one, other, run),
    ),
)


def _declare(name: str, parameters: str, relation: Relation) -> None:
    @built_in(name, f"{parameters} -> boolean", 8)
    def relate(run: Run, one: object, other: object) -> object:
        return relation(one, other, run)


for _name, _parameters, _relation in RELATIONS:
    _declare(_name, _parameters, _relation)


@built_in("range", "from: string -> range", 16)
def range_of(run: Run, text: str) -> object:
    """The range a text writes; its ends must be literals, of one kind, in order."""
    if len(text) > LONGEST_RANGE:
        raise Refusal("range_unreadable", text=text[:60])
    run.spend(10 * len(text))  # reading takes longer than most work on a text
    try:
        node = parsing.expression(text, (), Names(BUILT_IN))
    except FeelError:
        raise Refusal("range_unreadable", text=text[:60]) from None
    if not isinstance(node, tree.Interval):
        raise Refusal("range_unreadable", text=text[:60])
    low, high = _constant(node.low, run), _constant(node.high, run)
    if comparisons.compare(low, high, run) > 0:
        raise Refusal("range_reversed")
    return Range(low, high, node.low_included, node.high_included)


def _constant(node: tree.Node, run: Run) -> object:
    """The value of a literal, or of a call like `date("…")` on one."""
    if isinstance(node, tree.Literal):
        return node.value
    if isinstance(node, tree.Negation) and isinstance(node.operand, tree.Literal):
        return negate(node.operand.value)
    if isinstance(node, tree.Call) and isinstance(node.callee, tree.Name) and node.callee.name in _MAKERS:
        arguments = [argument.value for argument in node.arguments if isinstance(argument, tree.Literal)]
        if len(arguments) == len(node.arguments) and not node.names:
            return BUILT_IN[node.callee.name].call(run, list(arguments))
    raise Refusal("range_unreadable", text="…")


_MAKERS = ("date", "time", "date and time", "duration")
