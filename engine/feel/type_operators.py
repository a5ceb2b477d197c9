"""What operators give and values have, by type: the arithmetic of DMN 1.5, 10.3.2.15, and the members of 10.3.2.16."""

from __future__ import annotations

import functools

from engine.feel import paths, types
from engine.feel.type_relations import base, is_known, kind
from engine.feel.types import BOOLEAN, DATE, DATE_TIME, DAYS_TIME, NUMBER, STRING, TIME, YEARS_MONTHS, Type
from engine.feel.values import KINDS


def _table() -> dict[tuple[str, str, str], Type]:
    durations = (DAYS_TIME, YEARS_MONTHS)
    moving = [(DATE, DAYS_TIME), (DATE, YEARS_MONTHS), (DATE_TIME, DAYS_TIME), (DATE_TIME, YEARS_MONTHS),
              (TIME, DAYS_TIME)]  # fmt: skip
    found: dict[tuple[str, Type, Type], Type] = {("+", STRING, STRING): STRING}
    found |= {(sign, NUMBER, NUMBER): NUMBER for sign in ("+", "-", "*", "/", "**")}
    for moved, by in moving:
        found |= {("+", moved, by): moved, ("+", by, moved): moved, ("-", moved, by): moved}
    for one, other in (
        (DATE, DATE),
        (DATE_TIME, DATE_TIME),
        (DATE, DATE_TIME),
        (DATE_TIME, DATE),
        (TIME, TIME),
    ):
        found["-", one, other] = DAYS_TIME
    for duration in durations:
        found |= {(sign, duration, duration): duration for sign in ("+", "-")}
        found |= {("*", duration, NUMBER): duration, ("*", NUMBER, duration): duration}
        found |= {("/", duration, NUMBER): duration, ("/", duration, duration): NUMBER}
    return {(sign, left.name, right.name): result for (sign, left, right), result in found.items()}


ARITHMETIC = _table()
"""Operator and the types on both sides to the type of the result; whatever is not here gives null."""

_UNKNOWN = ("Any", "null")
_MEMBER = {"timezone": STRING, "time offset": DAYS_TIME, "start included": BOOLEAN, "end included": BOOLEAN}
MEMBERS: dict[str, dict[str, Type]] = {}
"""The members of each kind of value with their types; those of a range's ends are in `member`."""
for _class, _name in paths.PROPERTIES:
    MEMBERS.setdefault(KINDS[_class], {})[_name] = _MEMBER.get(_name, NUMBER)


def arithmetic(operator: str, left: Type, right: Type) -> Type | None:
    """The type of `left operator right`; None when it can only be null."""
    return _result(operator, kind(left), kind(right))


@functools.cache
def _result(operator: str, left: str, right: str) -> Type | None:
    results = {
        result
        for (sign, one, other), result in ARITHMETIC.items()
        if sign == operator and left in (one, *_UNKNOWN) and right in (other, *_UNKNOWN)
    }
    if not results:
        return None
    return results.pop() if len(results) == 1 else types.ANY


def partners(operator: str, known: Type, side: str) -> list[str]:
    """What may stand on the other side of a value: `side` is where the value stands, `left` or `right`."""
    at, other = (1, 2) if side == "left" else (2, 1)
    return [key[other] for key in ARITHMETIC if key[0] == operator and _fits(known, key[at])]


def sides(operator: str, side: str) -> list[str]:
    """What may stand on one side of an operator at all."""
    return [key[1 if side == "left" else 2] for key in ARITHMETIC if key[0] == operator]


def member(of: Type, name: str) -> Type | None:
    """The type of a member of a date, time, duration or range; None when it has none of this name."""
    plain = base(of)
    if isinstance(plain, types.RangeType) and name in ("start", "end"):
        return base(plain.element)
    return MEMBERS.get(kind(of), {}).get(name)


def _fits(given: Type, wanted: str) -> bool:
    return not is_known(given) or kind(given) == wanted
