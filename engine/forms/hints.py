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
    "options_query",
})  # fmt: skip
EXPRESSIONS = ("show_when", "prefill", "check")
OBJECT_HINTS = frozenset({"order", "sections", "entry"})
WIDTHS = ("short", "medium", "full")
INPUT_MODES = ("text", "numeric", "decimal", "tel", "email", "url", "search")

ENTRY = frozenset({"columns", "carry", "count"})

Variables = Mapping[str, Any]


class Rule:
    """One FEEL expression of a form; a value it cannot give is null, never an error."""

    __slots__ = ("expression", "names", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.expression = feel.compile(text.removeprefix("=").strip())
        self.names: frozenset[str] = frozenset(self.expression.names)

    def holds(self, variables: Variables, moment: feel.Moment) -> bool:
        """Whether it is true; null, a warning or another value count as not true."""
        return self.value(variables, moment) is True

    def value(self, variables: Variables, moment: feel.Moment) -> Any:
        """Its value as JSON."""
        try:
            return self.expression.json(variables, moment)
        except feel.FeelError:  # it used up its budget on these answers
            return None


@functools.lru_cache(maxsize=4096)
def rule(text: str) -> Rule:
    """The expression compiled once, however many fields and versions share it; FeelError when it cannot be read."""
    return Rule(text)


@dataclass(frozen=True, slots=True)
class Offer:
    """Options that a query gives: what it is asked with, which part of an entry is the answer, which are shown."""

    query: str
    inputs: Mapping[str, Any]  # a Rule, or a value as it stands
    value: str
    label: tuple[str, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(given for given in self.inputs.values() if isinstance(given, Rule))


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
    options_query: Offer | None = None


def read(hints: Mapping[str, Any]) -> Hint:
    """The hint of one field from its checked `x-ui`."""
    known = {name: hints[name] for name in FIELD_HINTS & hints.keys()}
    for name in EXPRESSIONS:
        if name in known:
            known[name] = rule(known[name])
    if "options_query" in known:
        known["options_query"] = offer(known["options_query"])
    return Hint(**known)


def offer(declared: Mapping[str, Any]) -> Offer:
    """The options query of a field from its checked hint; FeelError when an expression in it cannot be read."""
    inputs = {
        name: rule(given) if isinstance(given, str) and given.startswith("=") else given
        for name, given in declared.get("with", {}).items()
    }
    label = declared["label"]
    return Offer(
        declared["query"], inputs, declared["value"], (label,) if isinstance(label, str) else tuple(label)
    )
