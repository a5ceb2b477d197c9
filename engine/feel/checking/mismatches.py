"""What can never work in an expression, said before it runs: where, what was expected, what was found, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine import errors, texts
from engine.feel import habits, type_relations
from engine.feel.faults import Place
from engine.feel.types import Type

_MAKERS = {
    "number": "number", "string": "string", "date": "date", "time": "time", "date and time": "date and time",
    "days and time duration": "duration", "years and months duration": "duration",
}  # fmt: skip
_DATED = ("date", "date and time")


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A part of an expression that can only be null or never true; `code` names a sentence of `findings.feel_types`."""

    code: str
    params: dict[str, Any]
    place: Place

    def sentence(self, language: str = "vi") -> str:
        """The reason with its place and advice, in the reader's language."""
        return texts.sentence(f"findings.feel_types.{self.code}", language, **self._said())

    def finding(
        self,
        file: str | None = None,
        line: int | None = None,
        element: str | None = None,
        severity: str = "error",
        pointer: str | None = None,
    ) -> errors.Finding:
        """The mismatch as a finding about a file; `line` is where the expression begins there."""
        at = None if line is None else line + self.place.line - 1
        return errors.Finding(
            f"feel_types.{self.code}", self._said(), file, at, element, pointer, severity=severity
        )

    def _said(self) -> dict[str, Any]:
        place = self.place
        return {**self.params, "line": place.line, "column": place.column, "extract": place.extract}


def differing(code: str, place: Place, expected: Iterable[str], found: Type, **params: Any) -> Mismatch:
    """A value of another type than expected, with what mends it where there is something."""
    wanted = sorted(set(expected))
    said = {**params, "expected": ", ".join(wanted), "found": type_relations.words(found)}
    kind = type_relations.kind(found)
    if kind == "number" and habits.looks_like_a_date(place.extract):
        return Mismatch("date_unquoted", said, place)
    if kind == "function":
        return Mismatch("function_uncalled", said, place)
    if kind == "list" and "list" not in wanted:
        return Mismatch(f"{code}_listed", said, place)
    makers = {_MAKERS[one] for one in wanted if one in _MAKERS and _converts(kind, one)}
    if len(makers) == 1:
        return Mismatch(f"{code}_convert", {**said, "convert": makers.pop()}, place)
    return Mismatch(code, said, place)


def unbound(name: str, place: Place, known: Iterable[str]) -> Mismatch:
    """A name that nothing here binds: perhaps a known one misspelt, or a text without its quotes."""
    word = name.lower() if name.lower() in ("true", "false", "null") else ""
    close = word or near(name, known)
    return Mismatch("name_unbound_near" if close else "name_unbound", {"name": name, "near": close}, place)


def near(name: str, known: Iterable[str]) -> str:
    """The known name most like one that is not known; empty when none is."""
    close = difflib.get_close_matches(name, list(known), 1, 0.76)
    return close[0] if close else ""


def _converts(found: str, wanted: str) -> bool:
    """Whether a built-in makes the one kind of the other."""
    if found == "string":
        return wanted in _MAKERS and wanted != "string"
    return (wanted == "string" and found in _MAKERS) or (found in _DATED and wanted in _DATED)
