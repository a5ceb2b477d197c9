"""Built-in functions on lists (DMN 1.5, 10.3.4.4 and 10.3.4.7); positions count from 1, from the end when negative."""

from __future__ import annotations

import functools
from collections.abc import Callable
from decimal import Decimal

from engine.feel import comparisons, compiling_calls, logic
from engine.feel.arithmetic import calculate
from engine.feel.budgets import LONGEST_LIST, NUMBERS, Run
from engine.feel.faults import Refusal
from engine.feel.functions.declared import built_in, fitted, integer
from engine.feel.values import Function, kind

Items = list[object]


@built_in("list contains", "list: list, element: any -> boolean")
def list_contains(run: Run, items: Items, element: object) -> object:
    run.spend(len(items))
    return any(comparisons.same(item, element, run) for item in items)


@built_in("count", "list: list -> number")
def count(run: Run, items: Items) -> object:
    return Decimal(len(items))


def _extreme(name: str, sign: int) -> None:
    def find(run: Run, items: Items) -> object:
        """The least or greatest; null for an empty list."""
        run.spend(len(items))
        if not items:
            return None
        best = items[0]
        for item in items:
            if comparisons.compare(item, best, run) * sign > 0:
                best = item
        return best

    built_in(name, "list: list -> T")(find)
    built_in(name, "c1: any, c2: any... -> T")(find)


_extreme("min", -1)
_extreme("max", 1)


def _both(name: str, result: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Declare a function that takes one list, or the items themselves."""

    def declare(body: Callable[..., object]) -> Callable[..., object]:
        built_in(name, f"list: list -> {result}")(body)
        return built_in(name, f"n1: any, n2: any... -> {result}")(body)

    return declare


def _numbers(run: Run, items: Items) -> list[Decimal]:
    run.spend(len(items))
    return [item for item in (fitted(item, "number", False) for item in items) if isinstance(item, Decimal)]


@_both("sum", "number or duration")
def total(run: Run, items: Items) -> object:
    """The sum of numbers, or of durations; null for an empty list."""
    run.spend(len(items))
    if not items:
        return None
    found = fitted(items[0], "number or duration", False)
    for item in items[1:]:
        found = calculate("+", found, fitted(item, "number or duration", False), run)
    return found


@_both("product", "number")
def product(run: Run, items: Items) -> object:
    found = _numbers(run, items)
    return functools.reduce(NUMBERS.multiply, found) if found else None


@_both("mean", "number or duration")
def mean(run: Run, items: Items) -> object:
    whole = total(run, items)
    return None if whole is None else calculate("/", whole, Decimal(len(items)), run)


@_both("median", "number")
def median(run: Run, items: Items) -> object:
    found = sorted(_numbers(run, items))
    if not found:
        return None
    middle = len(found) // 2
    if len(found) % 2:
        return found[middle]
    return NUMBERS.divide(NUMBERS.add(found[middle - 1], found[middle]), Decimal(2))


@_both("stddev", "number")
def standard_deviation(run: Run, items: Items) -> object:
    """The sample standard deviation; null for fewer than two numbers."""
    found = _numbers(run, items)
    run.spend(len(items))
    if len(found) < 2:
        raise Refusal("too_few_items", least=2, count=len(found))
    average = NUMBERS.divide(functools.reduce(NUMBERS.add, found), Decimal(len(found)))
    squares = [NUMBERS.power(NUMBERS.subtract(item, average), Decimal(2)) for item in found]
    return NUMBERS.sqrt(NUMBERS.divide(functools.reduce(NUMBERS.add, squares), Decimal(len(found) - 1)))


@_both("mode", "list<number>")
def mode(run: Run, items: Items) -> object:
    """The most frequent numbers, in order."""
    counts: dict[Decimal, int] = {}
    for item in _numbers(run, items):
        counts[item] = counts.get(item, 0) + 1
    most = max(counts.values(), default=0)
    return sorted(item for item, often in counts.items() if often == most)


def _all(run: Run, items: Items) -> object:
    return _decided(items, False, run)


def _any(run: Run, items: Items) -> object:
    return _decided(items, True, run)


_both("all", "boolean")(_all)
_both("any", "boolean")(_any)


@built_in("sublist", "list: list, start position: number, length: number? -> list<T>")
def sublist(run: Run, items: Items, start: Decimal, length: Decimal | None) -> object:
    first = _position(items, start)
    size = None if length is None else integer(length)
    if size is not None and (size < 1 or first + size > len(items)):
        raise Refusal("position_outside", position=first + size, size=len(items))
    run.spend(len(items))
    return items[first:] if size is None else items[first : first + size]


@built_in("append", "list: list, item: any... -> list<T>")
def append(run: Run, values: Items) -> object:
    base = fitted(values[0], "list", False) if values[0] is not None else None
    if not isinstance(base, list):
        raise Refusal("argument_kind", expected="list", found=kind(values[0]))
    return _sized(run, [*base, *values[1:]])


@built_in("concatenate", "list: list... -> list<T>")
def concatenate(run: Run, lists: list[Items]) -> object:
    return _joined(run, lists)


@built_in("union", "list: list... -> list<T>")
def union(run: Run, lists: list[Items]) -> object:
    return distinct_values(run, _joined(run, lists))


@built_in("distinct values", "list: list -> list<T>")
def distinct_values(run: Run, items: Items) -> object:
    kept: Items = []
    for item in _sized(run, items):
        run.spend(len(kept) // 2)
        if not any(comparisons.same(item, other, run) for other in kept):
            kept.append(item)
    return kept


@built_in("insert before", "list: list, position: number, newItem: any -> list<T>")
def insert_before(run: Run, items: Items, position: Decimal, new: object) -> object:
    at = _position(items, position)
    return _sized(run, [*items[:at], new, *items[at:]])


@built_in("remove", "list: list, position: number -> list<T>")
def remove(run: Run, items: Items, position: Decimal) -> object:
    at = _position(items, position)
    return _sized(run, items[:at] + items[at + 1 :])


@built_in("list replace", "list: list, position: number, newItem: any -> list<T>")
def replace_at(run: Run, items: Items, position: Decimal, new: object) -> object:
    at = _position(items, position)
    return _sized(run, [*items[:at], new, *items[at + 1 :]])


@built_in("list replace", "list: list, match: function, newItem: any -> list<T>")
def replace_matching(run: Run, items: Items, match: Function, new: object) -> object:
    replaced: Items = []
    for item in _sized(run, items):
        verdict = compiling_calls.invoke(match, run, [item, new])
        if not isinstance(verdict, bool):
            raise Refusal("filter_undecided", kind=kind(verdict))
        replaced.append(new if verdict else item)
    return replaced


@built_in("reverse", "list: list -> list<T>")
def reverse(run: Run, items: Items) -> object:
    return _sized(run, items[::-1])


@built_in("index of", "list: list, match: any -> list<number>")
def index_of(run: Run, items: Items, match: object) -> object:
    run.spend(len(items))
    return [Decimal(at) for at, item in enumerate(items, 1) if comparisons.same(item, match, run)]


@built_in("flatten", "list: list -> list")
def flatten(run: Run, items: Items) -> object:
    flat: Items = []
    stack = [iter(items)]
    while stack:
        for item in stack[-1]:
            run.spend(1)
            if isinstance(item, list):
                stack.append(iter(item))
                break
            flat.append(item)
        else:
            stack.pop()
    return _sized(run, flat)


@built_in("sort", "list: list, precedes: function -> list<T>")
def sort(run: Run, items: Items, precedes: Function) -> object:
    """Sorted so that `precedes(a, b)` holds of neighbours; equal items keep their order."""

    def before(one: object, other: object) -> bool:
        verdict = logic.truth(compiling_calls.invoke(precedes, run, [one, other]))
        if verdict is None:
            raise Refusal("order_undecided")
        return verdict

    def order(one: object, other: object) -> int:
        return -1 if before(one, other) else int(before(other, one))

    return sorted(_sized(run, items), key=functools.cmp_to_key(order))


@built_in("sort", "list: list -> list<T>")
def sort_naturally(run: Run, items: Items) -> object:
    """Sorted by the values' own order; each comparison is paid for."""

    def order(one: object, other: object) -> int:
        run.spend(1)
        return comparisons.compare(one, other, run)

    return sorted(_sized(run, items), key=functools.cmp_to_key(order))


def _decided(items: Items, decisive: bool, run: Run) -> object:
    """The decisive value if any item has it; else its opposite if all items have that, else null."""
    run.spend(len(items))
    verdicts = [logic.truth(item) for item in items]
    if decisive in verdicts:
        return decisive
    if None not in verdicts:
        return not decisive
    strange = next((item for item in items if item is not None and logic.truth(item) is None), None)
    if strange is not None:
        raise Refusal("argument_kind", expected="boolean", found=kind(strange))
    return None


def _position(items: Items, position: Decimal) -> int:
    """The index from 0 that a position means; refuses one outside."""
    at = integer(position)
    if at == 0 or abs(at) > len(items):
        raise Refusal("position_outside", position=at, size=len(items))
    return at - 1 if at > 0 else len(items) + at


def _joined(run: Run, lists: list[Items]) -> Items:
    """One list of all the items, its length checked before it is made."""
    size = sum(map(len, lists))
    run.spend(size)
    if size > LONGEST_LIST:
        raise Refusal("list_too_long", most=LONGEST_LIST)
    return [item for items in lists for item in items]


def _sized(run: Run, items: Items) -> Items:
    run.spend(len(items))
    if len(items) > LONGEST_LIST:
        raise Refusal("list_too_long", most=LONGEST_LIST)
    return items
