"""A printable document of a case, every word of it in each of the campaign's languages, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from engine import feel, texts
from engine.definitions.definition import Definition
from engine.definitions.documents import Document, Row
from web import qr, readable

Words = tuple[str, ...]  # one per language, in the order of engine.texts.LANGUAGES; equal ones once


@dataclass(frozen=True, slots=True)
class Line:
    label: Words
    value: Words
    drawing: Markup | None = None  # a QR code of the value


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
            tuple(writing.line(row) for row in section.rows if writing.holds(row.when)),
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

    def line(self, row: Row) -> Line:
        value = self.value(row.value, row.format)
        return Line(self.words(row.label), value, qr.drawn(value[0]) if row.format == "qr" else None)

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
