"""Static types of loops and filters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.feel import compiling_loops
from engine.feel import syntax as tree
from engine.feel.checking import mismatches
from engine.feel.checking.mismatches import Mismatch
from engine.feel.type_relations import base, element, is_known, kind, words
from engine.feel.types import ANY, BOOLEAN, NULL, ContextType, ListType, Type

if TYPE_CHECKING:
    from engine.feel.checking.checker import Checker

_STEPPED = ("number", "date")


def for_each(checker: Checker, node: tree.For) -> Type:
    """`for … return`: a list of what the body can be; null when one of its sources can never be gone through."""
    body, runs = _loop(checker, node.iterators, node.body, {"partial": ListType("list", ANY)})
    return ListType("list", body) if runs else NULL


def quantified(checker: Checker, node: tree.Quantified) -> Type:
    """`some` and `every`: a condition for each item."""
    _, runs = _loop(checker, node.iterators, node.body, {}, is_condition=True)
    return BOOLEAN if runs else NULL


def filtered(checker: Checker, node: tree.Filter) -> Type:
    """`list[condition]` is a list of its items, `list[number]` one of them."""
    source = checker.infer(node.source)
    item = element(source) if kind(source) == "list" else source
    with checker.scope({"item": item}), checker.scope(*_entries(item)):
        condition = checker.infer(node.condition)
    match kind(condition):
        case "number" | "Any":  # a position that turns out null keeps none, as a condition does
            return ANY if compiling_loops.constant_index(node.condition) is None else item
        case "boolean" | "null":
            return ListType("list", item)
    said = {"found": words(condition)}
    return checker.refuse(Mismatch("filter", said, checker.place(node.condition)))


def _entries(item: Type) -> tuple[dict[str, Type], bool]:
    """The names an item's entries bind in a filter, and whether they may be any."""
    if isinstance(item, ContextType):
        return dict(item.fields), False
    return {}, kind(item) in ("Any", "context")


def _loop(
    checker: Checker,
    iterators: Sequence[tree.Iterator],
    body: tree.Node,
    names: dict[str, Type],
    is_condition: bool = False,
) -> tuple[Type, bool]:
    """The type of a loop's body, and whether the first of its sources has turns: without, the loop is null."""
    bound = dict(names)
    with checker.scope(bound):
        turns = []
        for iterator in iterators:
            turns.append(_turns(checker, iterator))
            bound[iterator.name] = turns[-1] or ANY
        found = checker.condition(body) if is_condition else checker.infer(body)
    return found, turns[0] is not None


def _turns(checker: Checker, iterator: tree.Iterator) -> Type | None:
    """What a loop's name stands for in each turn; None when there can be no turn."""
    source = checker.infer(iterator.source)
    if iterator.high is not None:
        ends = [(iterator.source, source), (iterator.high, checker.infer(iterator.high))]
        return _steps(checker, ends)
    if kind(source) == "range":
        return _through(checker, iterator.source, element(source))
    if source == NULL:
        return None
    return element(source) if kind(source) == "list" else base(source)


def _steps(checker: Checker, ends: list[tuple[tree.Node, Type]]) -> Type | None:
    """The turns of `low..high`: whole numbers or days."""
    known = [kind(of) for _, of in ends if is_known(of)]
    wanted = known[:1] if known[:1] and known[0] in _STEPPED else _STEPPED
    for node, of in ends:
        if is_known(of) and kind(of) not in wanted:
            checker.refuse(mismatches.differing("loop_end", checker.place(node), wanted, of))
            return None
    return next((base(of) for _, of in ends if is_known(of)), ANY)


def _through(checker: Checker, node: tree.Node, end: Type) -> Type | None:
    """The turns of a range value: both its ends have to be included."""
    if isinstance(node, tree.Interval) and not (node.low_included and node.high_included):
        checker.refuse(Mismatch("loop_open", {}, checker.place(node)))
        return None
    if is_known(end) and kind(end) not in _STEPPED:
        checker.refuse(mismatches.differing("loop_end", checker.place(node), _STEPPED, end))
        return None
    return end
