"""What goes wrong with an expression: refused text (FeelError) and reasons for a null (Warning), said with their place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine import texts


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column (both from 1) of an offset in a text."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of an expression's text, by offsets; line and column are worked out when asked for."""

    text: str
    start: int
    end: int

    @property
    def line(self) -> int:
        return position(self.text, self.start)[0]

    @property
    def column(self) -> int:
        return position(self.text, self.start)[1]

    @property
    def extract(self) -> str:
        """The words meant, shortened for a sentence."""
        words = self.text[self.start : self.end]
        return words if len(words) <= 60 else words[:57] + "…"


@dataclass(frozen=True, slots=True)
class Warning:
    """Why a value became null, and where; `code` names a sentence under `feel.warnings` in engine/texts."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)
    place: Place = Place("", 0, 0)

    def sentence(self, language: str = "vi") -> str:
        """The reason with its place, in the reader's language."""
        reason = texts.sentence(f"feel.warnings.{self.code}", language, **self.params)
        if not self.place.text:
            return reason
        return texts.sentence(
            "feel.place", language, reason=reason, extract=self.place.extract,
            line=self.place.line, column=self.place.column,
        )


class FeelError(Exception):
    """An expression that cannot be read, or one that used up its budget.

    `line` and `column` count from 1; `expected` and `found` are parts of the sentence (`expected` is a
    symbol of the language or a key under `feel.expected`); `code` names a sentence under `feel.errors`.
    """

    def __init__(
        self, code: str, place: Place = Place("", 0, 0), expected: str = "", found: str = "", **params: Any
    ) -> None:
        self.code, self.params, self.place = code, params, place
        self.line, self.column = position(place.text, place.start)
        self.expected, self.found = expected, found
        super().__init__(code)

    def sentence(self, language: str = "vi") -> str:
        """What was expected, what was found, where, and what to do."""
        return texts.sentence(f"feel.errors.{self.code}", language, **self._gaps(language))

    def _gaps(self, language: str) -> dict[str, Any]:
        known = texts.sentence(f"feel.expected.{self.expected}", language)
        expected = f"“{self.expected}”" if known.startswith("feel.expected.") else known
        found = f"“{self.found}”" if self.found else texts.sentence("feel.end", language)
        return {**self.params, "line": self.line, "column": self.column, "expected": expected, "found": found}

    def __str__(self) -> str:
        return self.sentence("en")


class Refusal(Exception):
    """Raised inside evaluation where the standard says null; the place that catches it notes a Warning."""

    def __init__(self, code: str, **params: Any) -> None:
        self.code, self.params = code, params
        super().__init__(code)
