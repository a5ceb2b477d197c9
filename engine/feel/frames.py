"""Where names find their values while an expression runs: a chain of mappings, innermost first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from engine.feel.budgets import Run


class _Missing:
    __slots__ = ()


MISSING: Final = _Missing()


class Frame:
    """The names of one block (a loop's turn, a call, a context, a filter's item), inside those of its parent."""

    __slots__ = ("names", "parent", "run")

    def __init__(self, names: Mapping[str, object], parent: Frame | None, run: Run) -> None:
        self.names = names
        self.parent = parent
        self.run = run

    def lookup(self, name: str) -> object:
        """The value under a name, or MISSING."""
        at: Frame | None = self
        while at is not None:
            if name in at.names:
                return at.names[name]
            at = at.parent
        return MISSING


Eval = Callable[[Frame], object]
"""A compiled expression: its value where the names are as in the frame."""

Test = Callable[[object, Frame], bool | None]
"""A compiled unary test: whether a value passes it."""
