"""Loops over lists and ranges: for, some, every, and filters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from engine.feel import dates, logic
from engine.feel import syntax as tree
from engine.feel.budgets import LONGEST_LIST
from engine.feel.faults import FeelError, Refusal
from engine.feel.frames import Eval, Frame
from engine.feel.values import Range, kind

if TYPE_CHECKING:
    from engine.feel.compiling import Compiler

Source = tuple[str, Eval, Eval | None]


def for_each(compiler: Compiler, node: tree.For) -> Eval:
    """`for … return`: a list of one result per turn, those so far under the name `partial`."""
    sources, body, weight = _loop(compiler, node.iterators, node.body, ("partial",))
    evaluate = gathered(sources, body, weight, with_partial=_mentions(node.body, "partial"))
    return compiler.warned(evaluate, node)


def quantified(compiler: Compiler, node: tree.Quantified) -> Eval:
    """`some` and `every`: decided by the first decisive turn; null when a turn could not be told."""
    sources, body, weight = _loop(compiler, node.iterators, node.body)
    evaluate = decided(sources, body, weight, decisive=node.quantifier == "some")
    return compiler.warned(evaluate, node)


def gathered(sources: Sequence[Source], body: Eval, weight: int, *, with_partial: bool) -> Eval:
    """The results of a loop's turns in a list; each turn is worth `weight` steps."""

    def evaluate(frame: Frame) -> object:
        results: list[object] = []

        def turn(inner: Frame) -> bool:
            if len(results) >= LONGEST_LIST:
                raise FeelError("list_too_long", most=LONGEST_LIST)
            if with_partial:  # a copy: the body may keep what it sees
                inner.run.spend(len(results) // 4)
                inner = Frame({"partial": list(results)}, inner, inner.run)
            results.append(body(inner))
            return True

        _turns(sources, frame, turn, weight)
        return results

    return evaluate


def decided(sources: Sequence[Source], body: Eval, weight: int, *, decisive: bool) -> Eval:
    """Whether some turn (decisive: true) or every turn (decisive: false) holds."""

    def evaluate(frame: Frame) -> object:
        unknown = False

        def turn(inner: Frame) -> bool:
            nonlocal unknown
            value = logic.truth(body(inner))
            unknown = unknown or value is None
            return value is not decisive

        if not _turns(sources, frame, turn, weight):
            return decisive
        return None if unknown else not decisive

    return evaluate


def filtered(compiler: Compiler, node: tree.Filter) -> Eval:
    """`list[condition]`, where an item's entries are names and the item itself is `item`; `list[number]` picks one."""
    source = compiler.compile(node.source)
    constant = constant_index(node.condition)
    if constant is not None:
        index = constant
        return compiler.warned(lambda frame: pick(source(frame), index), node)
    with compiler.scope(("item",), dynamic=True):
        condition, weight = compiler.body(node.condition)

    def evaluate(frame: Frame) -> object:
        value = source(frame)
        items = value if isinstance(value, list) else [] if value is None else [value]
        if not items:
            return nothing(value, frame)
        kept: list[object] = []
        for item in items:
            frame.run.spend(weight)
            verdict = condition(item_frame(item, frame))
            if isinstance(verdict, Decimal):
                return pick(value, verdict)
            if verdict is True:
                kept.append(item)
            elif verdict is not None and not isinstance(verdict, bool):
                raise Refusal("filter_undecided", kind=kind(verdict))
        return kept

    def nothing(value: object, frame: Frame) -> object:
        """Of no items: null at a position, else an empty list; what the condition says of no item is no warning."""
        frame.run.spend(weight)
        before = len(frame.run.warnings)
        verdict = condition(item_frame(None, frame))
        del frame.run.warnings[before:]
        if isinstance(verdict, Decimal):
            return pick(value, verdict)
        if verdict is not None and not isinstance(verdict, bool):
            raise Refusal("filter_undecided", kind=kind(verdict))
        return []

    return compiler.warned(evaluate, node)


def item_frame(item: object, frame: Frame) -> Frame:
    """The names a filter's condition sees: the item's entries, then `item`, then everything outside."""
    own = Frame({"item": item}, frame, frame.run)
    return Frame(item, own, frame.run) if isinstance(item, dict) else own


def pick(value: object, index: Decimal) -> object:
    """The item at a position from 1, or from the end when negative; refuses one outside."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    position = int(index) if abs(index) <= len(items) else 0
    if position == 0 or position != index:
        raise Refusal("position_outside", position=index, size=len(items))
    return items[position - 1 if position > 0 else position]


def turns_of(source: object, high: object | None, has_high: bool) -> Iterable[object]:
    """What a loop goes through: a list's items, a range's whole numbers or days (downwards too when written `a..b`)."""
    if has_high:
        return _steps(source, high, both_ways=True)
    if isinstance(source, Range):
        if not (source.low_included and source.high_included):
            raise Refusal("loop_over_open_range")
        return _steps(source.low, source.high, both_ways=False)
    if source is None:
        raise Refusal("loop_over_null")
    return source if isinstance(source, list) else (source,)


def _steps(low: object, high: object, both_ways: bool) -> Iterable[object]:
    match low, high:
        case (Decimal(), Decimal()) if low == low.to_integral_value() and high == high.to_integral_value():
            if max(low.adjusted(), high.adjusted()) > 30:
                raise Refusal("loop_too_long", most=LONGEST_LIST)
            first, last = int(low), int(high)
            made: Callable[[int], object] = Decimal
        case (dates.Date(), dates.Date()):
            first, last = low.ordinal(), high.ordinal()
            made = dates.day_at
        case _:
            raise Refusal("loop_over_kind", low=kind(low), high=kind(high))
    if first > last and not both_ways:
        raise Refusal("range_reversed")
    step = 1 if first <= last else -1
    return map(made, range(first, last + step, step))


def _loop(
    compiler: Compiler, iterators: Sequence[tree.Iterator], body: tree.Node, names: tuple[str, ...] = ()
) -> tuple[list[Source], Eval, int]:
    """The sources of a loop and its body, each compiled where the iterators before it are known; a turn's steps.

    Only the first source is gone through once: what the others weigh, every turn pays with the body.
    """
    sources: list[Source] = []
    with compiler.scope(names) as bound:
        first, *others = iterators
        sources.append(_source(compiler, first))
        bound.add(first.name)
        with compiler.apart() as weighed:
            for iterator in others:
                sources.append(_source(compiler, iterator))
                bound.add(iterator.name)
            found = compiler.compile(body)
        return sources, found, weighed()


def _source(compiler: Compiler, iterator: tree.Iterator) -> Source:
    high = None if iterator.high is None else compiler.compile(iterator.high)
    return iterator.name, compiler.compile(iterator.source), high


def _turns(
    sources: Sequence[Source], frame: Frame, turn: Callable[[Frame], bool], weight: int, at: int = 0
) -> bool:
    """Run `turn` for every combination, the last source fastest, until one says False; whether none did.

    Each is worth `weight` steps.
    """
    if at == len(sources):
        return turn(frame)
    name, source, high = sources[at]
    run = frame.run
    for item in turns_of(source(frame), None if high is None else high(frame), high is not None):
        run.spend(weight)
        if not _turns(sources, Frame({name: item}, frame, run), turn, weight, at + 1):
            return False
    return True


def constant_index(condition: tree.Node) -> Decimal | None:
    """The position a filter's condition names by a plain number; None for any other condition."""
    if isinstance(condition, tree.Literal) and isinstance(condition.value, Decimal):
        return condition.value
    if isinstance(condition, tree.Negation):
        inner = constant_index(condition.operand)
        return None if inner is None else inner.copy_negate()
    return None


def _mentions(node: tree.Node, name: str) -> bool:
    return (isinstance(node, tree.Name) and node.name == name) or any(
        _mentions(child, name) for child in tree.children(node)
    )
