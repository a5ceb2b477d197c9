"""Unary tests: what a decision table's cell, or the right side of `in`, asks of a value."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from engine.feel import comparisons, logic, weights
from engine.feel import syntax as tree
from engine.feel.budgets import Run
from engine.feel.faults import Place, Refusal
from engine.feel.frames import Frame, Test
from engine.feel.values import Range

if TYPE_CHECKING:
    from engine.feel.compiling import Compiler

WORKED_OUT = (tree.Call, tree.Name, tree.Path, tree.Filter, tree.If)
BOOLEAN = (tree.Comparison, tree.Logic, tree.Between, tree.Membership, tree.InstanceOf, tree.Quantified)


def cell(compiler: Compiler, node: tree.Tests) -> Test:
    """The test of a whole cell."""
    if node.any:
        return lambda value, frame: True
    tests = [cell_test(compiler, test) for test in node.tests]
    if node.negated:
        return lambda value, frame: logic.negated(logic.any_of(tests, value, frame))
    return tests[0] if len(tests) == 1 else lambda value, frame: logic.any_of(tests, value, frame)


def cell_test(compiler: Compiler, node: tree.Node) -> Test:
    """One test of a cell; an expression that speaks of `?` decides by itself, any other is compared with the value."""
    if uses_input(node):
        with compiler.scope(("?",)):
            evaluate = compiler.compile(node)
        if isinstance(node, tree.Bound):
            return _asked(compiler, member_test(compiler, node))
        return lambda value, frame: logic.truth(evaluate(Frame({"?": value}, frame, frame.run)))
    if isinstance(node, BOOLEAN):
        decide = compiler.compile(node)
        return lambda value, frame: logic.truth(decide(frame))
    if isinstance(node, WORKED_OUT):
        return _value_test(compiler, node)
    return member_test(compiler, node)


def member_test(compiler: Compiler, node: tree.Node) -> Test:
    """A test that compares: `< end`, a range, a list that holds the value, or the value itself."""
    place = compiler.place(node)
    compiler.work += weights.TEST
    if isinstance(node, tree.Bound):
        return _bound_test(compiler, node, place)
    if isinstance(node, tree.Literal):
        return _literal_test(node.value, place)
    if isinstance(node, tree.Interval) and is_number(node.low) and is_number(node.high):
        return _interval_test(node, place)
    evaluate = compiler.compile(node)
    if isinstance(node, tree.Interval):
        return _noted(lambda value, frame: _in_span(value, evaluate(frame), frame.run), place)
    return _noted(lambda value, frame: holds(value, evaluate(frame), frame.run), place)


def holds(value: object, wanted: object, run: Run) -> bool | None:
    """Whether a value is in, or is, what a test's expression gave."""
    if isinstance(wanted, Range):
        if isinstance(value, Range):
            return comparisons.equal(value, wanted, run)
        return comparisons.includes(wanted, value, run)
    if isinstance(wanted, list):
        run.spend(len(wanted))
        return _in_list(value, wanted, run)
    return comparisons.equal(value, wanted, run)


def _in_span(value: object, span: object, run: Run) -> bool | None:
    """Whether a value is in a range; of one whose ends are of different kinds, and so is none, nothing can be told."""
    return None if span is None else holds(value, span, run)


def uses_input(node: tree.Node) -> bool:
    """Whether an expression speaks of `?`."""
    return (isinstance(node, tree.Name) and node.name == "?") or any(map(uses_input, tree.children(node)))


def _in_list(value: object, wanted: list[object], run: Run) -> bool:
    for item in wanted:
        if isinstance(item, Range) and not isinstance(value, Range):
            try:
                if comparisons.includes(item, value, run):
                    return True
            except Refusal:
                continue
        elif isinstance(item, list) and not isinstance(value, list):
            if _in_list(value, item, run):
                return True
        elif comparisons.same(value, item, run):
            return True
    return isinstance(value, list) and comparisons.same(value, wanted, run)


def _value_test(compiler: Compiler, node: tree.Node) -> Test:
    """A value worked out: true or false decides by itself, unless the value tested is a boolean too."""
    evaluate = compiler.compile(node)

    def test(value: object, frame: Frame) -> bool | None:
        wanted = evaluate(frame)
        if isinstance(wanted, bool) and not isinstance(value, bool):
            return wanted
        return holds(value, wanted, frame.run)

    return _noted(test, compiler.place(node))


def _bound_test(compiler: Compiler, node: tree.Bound, place: Place) -> Test:
    decide = logic.DECIDE[node.operator]
    if isinstance(node.operand, tree.Literal):
        constant = node.operand.value
        if isinstance(constant, Decimal) and node.operator in _FAST:
            return _number_test(constant, node.operator, place)
        return _noted(lambda value, frame: decide(value, constant, frame.run), place)
    operand = compiler.compile(node.operand)
    return _noted(lambda value, frame: decide(value, operand(frame), frame.run), place)


_FAST: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip


def _number_test(constant: Decimal, sign: str, place: Place) -> Test:
    fast, decide = _FAST[sign], logic.DECIDE[sign]
    otherwise = _noted(lambda value, frame: decide(value, constant, frame.run), place)
    return lambda value, frame: fast(value, constant) if type(value) is Decimal else otherwise(value, frame)


def _asked(compiler: Compiler, test: Test) -> Test:
    """A comparison whose operand speaks of `?`."""
    return lambda value, frame: test(value, Frame({"?": value}, frame, frame.run))


def _literal_test(constant: object, place: Place) -> Test:
    own = type(constant)
    if own in (Decimal, bool) or (type(constant) is str and len(constant) <= comparisons.SHORT):

        def test(value: object, frame: Frame) -> bool | None:
            if type(value) is own:
                return value == constant
            try:
                return holds(value, constant, frame.run)
            except Refusal as refusal:
                frame.run.note(refusal, place)
                return None

        return test
    return _noted(lambda value, frame: holds(value, constant, frame.run), place)


def _interval_test(node: tree.Interval, place: Place) -> Test:
    low, high = number(node.low), number(node.high)
    span = Range(low, high, node.low_included, node.high_included)
    low_included, high_included = node.low_included, node.high_included

    otherwise = _noted(lambda value, frame: holds(value, span, frame.run), place)

    def test(value: object, frame: Frame) -> bool | None:
        if type(value) is not Decimal:
            return otherwise(value, frame)
        above = value >= low if low_included else value > low
        return above and (value <= high if high_included else value < high)

    return test


def _noted(test: Test, place: Place) -> Test:
    """`test`, with a refusal inside turned into null and a warning."""

    def noted(value: object, frame: Frame) -> bool | None:
        try:
            return test(value, frame)
        except Refusal as refusal:
            frame.run.note(refusal, place)
            return None

    return noted


def is_number(node: tree.Node) -> bool:
    """Whether a node is a number as it stands, perhaps with a sign."""
    inner = node.operand if isinstance(node, tree.Negation) else node
    return isinstance(inner, tree.Literal) and isinstance(inner.value, Decimal)


def number(node: tree.Node) -> Decimal:
    """The number a literal, perhaps with a sign, stands for."""
    if isinstance(node, tree.Negation):
        return number(node.operand).copy_negate()
    assert isinstance(node, tree.Literal) and isinstance(node.value, Decimal)
    return node.value
