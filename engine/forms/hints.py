"""How a form wishes to be shown: the `x-ui` keyword, read into values once.

Hints never change what is valid, with two exceptions that the engine enforces itself: a field whose
`show_when` is not true is not asked, so it is neither required nor kept; and an answer for which `check` is
false, over the other answers and what the case knows, is refused.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine import feel

KEY = "x-ui"

FIELD_HINTS = frozenset({
    "widget", "section", "show_when", "prefill", "check", "query", "unit", "autofocus", "width", "inputmode",
})  # fmt: skip
EXPRESSIONS = ("show_when", "prefill", "check")
OBJECT_HINTS = frozenset({"order", "sections"})
WIDTHS = ("short", "medium", "full")
INPUT_MODES = ("text", "numeric", "decimal", "tel", "email", "url", "search")

Variables = Mapping[str, Any]


class Rule:
    """One FEEL expression of a form; a value it cannot give is null, never an error."""

    __slots__ = ("_expression", "names", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._expression = feel.compile(text.removeprefix("=").strip())
        self.names: frozenset[str] = frozenset(self._expression.names)

    def holds(self, variables: Variables, moment: feel.Moment) -> bool:
        """Whether it is true; null, a warning or another value count as not true."""
        return self.value(variables, moment) is True

    def value(self, variables: Variables, moment: feel.Moment) -> Any:
        """Its value as JSON."""
        try:
            return self._expression.json(variables, moment)
        except feel.FeelError:  # it used up its budget on these answers
            return None


@functools.lru_cache(maxsize=4096)
def rule(text: str) -> Rule:
    """The expression compiled once, however many fields and versions share it; FeelError when it cannot be read."""
    return Rule(text)


@dataclass(frozen=True, slots=True)
class Hint:
    """The `x-ui` of one field."""

    widget: str | None = None
    section: str | None = None
    show_when: Rule | None = None
    prefill: Rule | None = None
    check: Rule | None = None
    query: str | None = None
    unit: str | None = None
    autofocus: bool = False
    width: str | None = None
    inputmode: str | None = None


def read(hints: Mapping[str, Any]) -> Hint:
    """The hint of one field from its checked `x-ui`."""
    known = {name: hints[name] for name in FIELD_HINTS & hints.keys()}
    for name in EXPRESSIONS:
        if name in known:
            known[name] = rule(known[name])
    return Hint(**known)
