"""Three-valued logic: comparisons to true, false or null, and what holds of several tests together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from engine.feel import comparisons
from engine.feel.budgets import Run
from engine.feel.faults import Refusal
from engine.feel.frames import Frame, Test
from engine.feel.values import kind

Decide = Callable[[object, object, Run], bool | None]


def truth(value: object) -> bool | None:
    """A boolean as it is (also alone in a list); anything else is neither true nor false."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, bool) else None


def negated(value: object) -> bool | None:
    known = truth(value)
    return None if known is None else not known


def any_of(tests: Sequence[Test], value: object, frame: Frame) -> bool | None:
    """True as soon as a test holds; null when none holds and one could not be told."""
    unknown = False
    for test in tests:
        outcome = test(value, frame)
        if outcome is True:
            return True
        unknown = unknown or outcome is None
    return None if unknown else False


def _equal(left: object, right: object, run: Run) -> bool | None:
    kept = type(left)
    if kept is type(right):
        if kept is Decimal or kept is bool:
            return left == right
        if kept is str:
            return comparisons.same_text(left, right, run)  # type: ignore[arg-type]
    return comparisons.equal(left, right, run)


def _differ(left: object, right: object, run: Run) -> bool | None:
    return not _equal(left, right, run)


def _ordered(decided: Callable[[int], bool], fast: Callable[[Decimal, Decimal], bool]) -> Decide:
    def decide(left: object, right: object, run: Run) -> bool | None:
        if type(left) is Decimal and type(right) is Decimal:
            return fast(left, right)
        if left is None or right is None:
            raise Refusal("no_order", kind=kind(None))
        return decided(comparisons.compare(left, right, run))

    return decide


DECIDE: dict[str, Decide] = {
    "=": _equal,
    "!=": _differ,
    "<": _ordered(lambda order: order < 0, Decimal.__lt__),
    "<=": _ordered(lambda order: order <= 0, Decimal.__le__),
    ">": _ordered(lambda order: order > 0, Decimal.__gt__),
    ">=": _ordered(lambda order: order >= 0, Decimal.__ge__),
}
