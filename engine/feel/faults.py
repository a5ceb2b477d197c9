"""What goes wrong with an expression: refused text and reasons for a null, said with their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine import errors, texts


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
        at = self.place
        return said(self.code, self.params, at.extract if at.text else "", at.line, at.column, language)


def said(
    code: str, params: Mapping[str, Any], extract: str, line: int, column: int, language: str = "vi"
) -> str:
    """A warning's sentence, with its place where there is an extract of the text it is about."""
    reason = texts.sentence(f"feel.warnings.{code}", language, **params)
    if not extract:
        return reason
    return texts.sentence("feel.place", language, reason=reason, extract=extract, line=line, column=column)


class FeelError(Exception):
    """An expression that cannot be read, or one that used up its budget.

    `line` and `column` count from 1; `expected` is a symbol or one of `expression`, `name`, `type`, `end` …;
    `found` is empty at the text's end. `code` names a sentence under `findings.feel` in engine/texts.
    """

    def __init__(
        self, code: str, place: Place = Place("", 0, 0), expected: str = "", found: str = "", **params: Any
    ) -> None:
        self.code, self.place = code, place
        self.line, self.column = position(place.text, place.start)
        self.expected, self.found = expected, found
        self.params = {
            **params,
            "line": self.line,
            "column": self.column,
            "expected": expected,
            "found": found,
        }
        super().__init__(code)

    def sentence(self, language: str = "vi") -> str:
        """What was expected, what was found, where, and what to do."""
        return self.finding().sentence(language)

    def finding(
        self, file: str | None = None, line: int | None = None, element: str | None = None
    ) -> errors.Finding:
        """The error as a finding about a file; `line` is where the expression begins there."""
        at = None if line is None else line + self.line - 1
        return errors.Finding(f"feel.{self.code}", dict(self.params), file, at, element)

    def __str__(self) -> str:
        return self.sentence("en")


class Refusal(Exception):
    """Raised inside evaluation where the standard says null; the place that catches it notes a Warning."""

    def __init__(self, code: str, **params: Any) -> None:
        self.code, self.params = code, params
        super().__init__(code)
