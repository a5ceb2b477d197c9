"""Static types of unary tests: whether a cell, or the right side of `in`, can ever match a value of a type."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.feel import compiling_tests
from engine.feel import syntax as tree
from engine.feel.checking import mismatches
from engine.feel.checking.mismatches import Mismatch
from engine.feel.faults import Place
from engine.feel.type_relations import ORDERED, is_known, kind, may_be_in, may_equal, may_order, words
from engine.feel.types import BOOLEAN, NULL, Type

if TYPE_CHECKING:
    from engine.feel.checking.checker import Checker


def cell(checker: Checker, node: tree.Tests, tested: Type) -> Type:
    """Boolean when some test of the cell can match, null when none ever does.

    A `not(…)` counts as boolean whatever is in it: what is never in a list is always outside it.
    """
    found = [cell_test(checker, test, tested) for test in node.tests]
    _doubt_commas(checker, node.tests)
    return BOOLEAN if node.any or node.negated or any(found) else NULL


def _doubt_commas(checker: Checker, tests: Sequence[tree.Node]) -> None:
    """Remark `>= 37,5`, which asks for at least 37, or for 5: a number so written has a point."""
    for limit, other in itertools.pairwise(tests):
        if not (isinstance(limit, tree.Bound) and compiling_tests.is_number(limit.operand)):
            continue
        if compiling_tests.is_number(other) and checker.text[limit.end : other.start] == ",":
            place = Place(checker.text, limit.operand.start, other.end)
            first, second = checker.text[place.start : place.end].split(",")
            said = {"whole": first, "other": second, "instead": f"{first}.{second}"}
            checker.refuse(Mismatch("decimal_comma", said, place))


def cell_test(checker: Checker, node: tree.Node, tested: Type) -> bool:
    """Whether one test of a cell can match; one that speaks of `?` decides by itself."""
    if compiling_tests.uses_input(node):
        with checker.scope({"?": tested}):
            if isinstance(node, tree.Bound):
                return member(checker, node, tested)
            return checker.condition(node) != NULL
    if isinstance(node, compiling_tests.BOOLEAN):
        return checker.infer(node) != NULL
    if not isinstance(node, compiling_tests.WORKED_OUT):
        return member(checker, node, tested)
    before = len(checker.found)
    found = checker.infer(node)
    if kind(found) == "boolean" and kind(tested) != "boolean":
        return True  # it decides by itself
    return _matches(checker, node, found, tested, len(checker.found) > before)


def member(checker: Checker, node: tree.Node, tested: Type) -> bool:
    """Whether a test that compares can match: `< end`, a range, a list that holds the value, or the value itself."""
    before = len(checker.found)
    if not isinstance(node, tree.Bound):
        found = checker.infer(node)
        return _matches(checker, node, found, tested, len(checker.found) > before)
    end = checker.infer(node.operand)
    if not (may_equal if node.operator in ("=", "!=") else may_order)(end, tested):
        return _never(checker, node.operand, end, tested)
    return not (end == NULL and len(checker.found) > before)


def _matches(checker: Checker, node: tree.Node, found: Type, tested: Type, has_refused: bool) -> bool:
    if not may_be_in(tested, found):
        return _never(checker, node, found, tested)
    return not (found == NULL and has_refused)


def _never(checker: Checker, node: tree.Node, found: Type, tested: Type) -> bool:
    expected = [words(tested)] if is_known(tested) else ORDERED
    if kind(found) == "list":  # whose items differ: picking one of them mends nothing
        said = {"expected": ", ".join(expected), "found": words(found)}
        checker.refuse(Mismatch("test", said, checker.place(node)))
    else:
        checker.refuse(mismatches.differing("test", checker.place(node), expected, found))
    return False
