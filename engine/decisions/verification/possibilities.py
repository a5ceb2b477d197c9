"""What a part of a decision may come to: values, each under the conditions in which it is possible.

In every case at least one value is possible, and exactly one where nothing is beyond analysis. A list whose items come
and go by themselves is kept item by item, since it has as many values as there are choices among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from engine.decisions.verification.diagrams import NO, YES, Diagram, Diagrams
from engine.feel.values import Function

MOST_VALUES = 256  # of one part: with more, it may be anything


class Unread:
    """A value that analysis knows nothing of; a `known` one is not null at least."""

    __slots__ = ("known",)

    def __init__(self, known: bool) -> None:
        self.known = known


ANYTHING: Final = Unread(False)
SOMETHING: Final = Unread(True)


@dataclass(frozen=True, slots=True)
class Values:
    """Values and when each is possible; a context or list within a value may hold `Unread` members."""

    cases: tuple[tuple[object, Diagram], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A context by its members, each a part of its own."""

    members: dict[str, Part]


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list: when it is certainly there (`must`), and when it may be."""

    value: Part
    must: Diagram
    may: Diagram


@dataclass(frozen=True, slots=True)
class Items:
    """A list, item by item in its order."""

    items: tuple[Item, ...]


Part = Values | Items | Record


def certain(value: object) -> Values:
    """A value that is there in every case."""
    return Values(((value, YES),))


UNREAD: Final = certain(ANYTHING)


def is_clear(value: object) -> bool:
    """Whether nothing in a value is beyond analysis."""
    if isinstance(value, dict):
        return all(map(is_clear, value.values()))
    if isinstance(value, list):
        return all(map(is_clear, value))
    return not isinstance(value, Unread)


class Possibilities:
    """What is made of parts, over some diagrams."""

    def __init__(self, diagrams: Diagrams) -> None:
        self.diagrams = diagrams

    def values(self, cases: Iterable[tuple[object, Diagram]]) -> Values:
        """Cases with equal values joined and impossible ones left out; too many are read no more."""
        found: dict[object, tuple[object, Diagram]] = {}
        for value, when in cases:
            if when != NO:
                key = _key(value)
                known = found.get(key)
                found[key] = (
                    (value, when) if known is None else (known[0], self.diagrams.either(known[1], when))
                )
        return Values(tuple(found.values())) if len(found) <= MOST_VALUES else UNREAD

    def together(self, parts: Sequence[Values]) -> Iterator[tuple[tuple[object, ...], Diagram]]:
        """The values that parts may have at once, with when."""

        def beyond(at: int, when: Diagram) -> Iterator[tuple[tuple[object, ...], Diagram]]:
            if at == len(parts):
                yield (), when
                return
            for value, possible in parts[at].cases:
                both = self.diagrams.both(when, possible)
                if both != NO:
                    for rest, then in beyond(at + 1, both):
                        yield (value, *rest), then

        return beyond(0, YES)

    def flat(self, part: Part) -> Values:
        """A part by its whole values; anything, where there are too many."""
        match part:
            case Values():
                return part
            case Record(members=members):
                parts = [self.flat(one) for one in members.values()]
                return self.values(
                    (dict(zip(members, values, strict=True)), when) for values, when in self._few(parts)
                )
            case Items(items=items):
                return self._listed(items)

    def _few(self, parts: list[Values]) -> Iterator[tuple[tuple[object, ...], Diagram]]:
        """`together`, with the parts of most values taken for anything until there are few enough."""
        parts = list(parts)
        while _product(parts) > MOST_VALUES:
            widest = max(range(len(parts)), key=lambda at: len(parts[at].cases))
            parts[widest] = UNREAD
        return self.together(parts)

    def _listed(self, items: Sequence[Item]) -> Values:
        found: list[tuple[list[object], Diagram]] = [([], YES)]
        for item in items:
            value = self.flat(item.value)
            longer = [
                ([*before, one], both)
                for before, when in found
                for one, possible in value.cases
                if (both := self.diagrams.both(self.diagrams.both(when, item.may), possible)) != NO
            ]
            same = [
                (before, left)
                for before, when in found
                if (left := self.diagrams.without(when, item.must)) != NO
            ]
            found = longer + same
            if len(found) > MOST_VALUES:
                return certain(SOMETHING)
        return self.values(found)


def _product(parts: Iterable[Values]) -> int:
    size = 1
    for part in parts:
        size *= len(part.cases)
    return size


def _key(value: object) -> object:
    """What equal values of a kind have in common; 1 and true are two."""
    if isinstance(value, dict):
        return ("context", *((name, _key(member)) for name, member in value.items()))
    if isinstance(value, list):
        return ("list", *map(_key, value))
    if isinstance(value, Function):  # it may have been made within the case
        return id(value)
    try:
        hash(value)
    except TypeError:
        return id(value)
    return type(value), value
