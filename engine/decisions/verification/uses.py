"""The places that values from outside come to in a graph of decisions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from engine.decisions.verification.constants import Constants
from engine.decisions.verification.paths import Path
from engine.feel import syntax as tree
from engine.feel import types
from engine.feel.expressions import UnaryTests

Key = tuple[int, str]
"""A decision of a graph of models: its model (by identity) and its id."""


@dataclass(slots=True, eq=False)
class Use:
    """A place that values come to: the constants they are compared with there, and where they go on to.

    `beyond` where something is computed with them, `listed` where they are taken for lists, `dated` where a text is
    read as a date. `kinds` are those that the place is declared for.
    """

    constants: Constants = field(default_factory=Constants)
    kinds: set[str] = field(default_factory=set)
    beyond: bool = False
    listed: bool = False
    dated: bool = False
    to: list[Use] = field(default_factory=list)

    def is_list(self) -> bool:
        """Whether values are taken for lists, here or further on."""
        return any(one.listed for one in self.further())

    def further(self) -> Iterator[Use]:
        """This place and all that values go on to from here."""
        seen, open_ones = {id(self)}, [self]
        while open_ones:
            one = open_ones.pop()
            yield one
            for other in one.to:
                if id(other) not in seen:
                    seen.add(id(other))
                    open_ones.append(other)


@dataclass(slots=True)
class Flows:
    """What becomes of everything read from outside, by path in order of reading; `clock` where the time is asked for.

    `asked` are all names written in the graph (`is_all_asked` where some may not be seen), `counts` where counts of
    lists go, `concluded` what tables conclude, by name of output, `members` those names and all keys of contexts.
    `labels` are those of columns that ask for one thing alone, `allowed` the values that such a column allows, `types`
    those of declared inputs.
    """

    leaves: dict[Path, Use] = field(default_factory=dict)
    decisions: dict[Key, Use] = field(default_factory=dict)
    labels: dict[Path, str] = field(default_factory=dict)
    types: dict[str, types.Type] = field(default_factory=dict)
    allowed: dict[Path, list[UnaryTests]] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    is_all_asked: bool = False
    clock: bool = False
    counts: dict[tree.Node, list[Use]] = field(default_factory=dict)
    concluded: dict[str, list[object]] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)

    def most_counted(self, uses: Sequence[Use]) -> int | None:
        """The count from which on more makes no difference to where it goes; None where each may make one."""
        places = [one for use in uses for one in use.further()]
        if any(one.beyond or one.listed for one in places):
            return None
        numbers: list[Decimal] = [
            number for one in places for number in one.constants.by_kind.get("number", ())
        ]
        return max([0, *(math.floor(number) + 1 for number in numbers)])


def for_items(use: Use) -> Iterator[Use]:
    """Where the items of a list come to that goes to a place."""
    if not use.listed:
        yield use
    for one in use.to if use.listed else ():
        yield from for_items(one)
