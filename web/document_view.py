"""A printable document of a case, every word of it in each of the campaign's languages, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine import feel, texts
from engine.definitions.definition import Definition
from engine.definitions.documents import Document
from web import readable

Words = tuple[str, ...]  # one per language, in the order of engine.texts.LANGUAGES; equal ones once


@dataclass(frozen=True, slots=True)
class Line:
    label: Words
    value: Words


@dataclass(frozen=True, slots=True)
class Part:
    heading: Words
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """What is printed."""

    title: Words
    parts: tuple[Part, ...]
    notes: tuple[Words, ...]
    signature: Words


def view(
    definition: Definition, document: Document, variables: Mapping[str, Any], moment: feel.Moment
) -> Paper:
    """The document for these variables; a line whose condition is not true is left out."""
    writing = _Writing(definition, variables, moment)
    parts = tuple(
        Part(
            writing.words(section.heading) if section.heading else (),
            tuple(
                Line(writing.words(row.label), writing.value(row.value, row.format))
                for row in section.rows
                if writing.holds(row.when)
            ),
        )
        for section in document.sections
    )
    return Paper(
        writing.words(document.title),
        tuple(part for part in parts if part.lines),
        tuple(writing.words(note.text) for note in document.notes if writing.holds(note.when)),
        writing.words(document.signature) if document.signature else (),
    )


@dataclass(frozen=True, slots=True)
class _Writing:
    definition: Definition
    variables: Mapping[str, Any]
    moment: feel.Moment

    def words(self, key: str) -> Words:
        found = (self.definition.text(language, key) or key for language in texts.LANGUAGES)
        return tuple(dict.fromkeys(found))

    def value(self, expression: feel.Expression, shape: str | None) -> Words:
        """The value in each language; a constant by its name in the texts, if it has one there."""
        found = expression.json(self.variables, self.moment)
        written = (
            self.definition.text(language, f"documents.values.{found}")
            if isinstance(found, (str, bool))
            else None
            for language in texts.LANGUAGES
        )
        named = [word for word in written if word]
        if named:
            return tuple(dict.fromkeys(named))
        zone = self.moment.zone
        return tuple(
            dict.fromkeys(readable.formatted(found, shape, language, zone) for language in texts.LANGUAGES)
        )

    def holds(self, condition: feel.Expression | None) -> bool:
        return condition is None or condition.json(self.variables, self.moment) is True
