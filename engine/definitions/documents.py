"""A printable document of a case: its rows are expressions over the case's variables, its words are texts.

The document exists once the element it names has completed; nothing else makes it reachable. Besides the case's
variables its expressions see `subject` (what the subject's query tells), `unit` (code, kind, name), `process`
and `case` (its `code`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine import feel, schemas
from engine.bpmn import marked_yaml
from engine.definitions import manifest, process_schema
from engine.errors import Invalid

GIVEN = ("subject", "unit", "process", "case")


@dataclass(frozen=True, slots=True)
class Row:
    """One line: the key of its label, and its value."""

    label: str
    value: feel.Expression
    format: str | None = None
    when: feel.Expression | None = None


@dataclass(frozen=True, slots=True)
class Section:
    heading: str | None
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence by the key of its text, shown when the condition holds."""

    text: str
    when: feel.Expression | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """What is printed; every word is the key of a text."""

    after: str
    title: str
    numbered: bool
    sections: tuple[Section, ...]
    notes: tuple[Note, ...]
    signature: str | None


_TEXT: dict[str, Any] = {"type": "string", "pattern": r"^[a-z][A-Za-z0-9_.\[\]-]*$"}
_EXPRESSION: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 4000}


def _entry(required: list[str], /, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "additionalProperties": False, "properties": properties}


VALIDATOR = schemas.compiled(
    _entry(
        ["after", "title", "sections"],
        after={"type": "string", "pattern": process_schema.ELEMENT},
        title=_TEXT,
        numbered={"type": "boolean"},
        sections={
            "type": "array",
            "items": _entry(
                ["rows"],
                heading=_TEXT,
                rows={
                    "type": "array",
                    "items": _entry(
                        ["label", "value"],
                        label=_TEXT,
                        value=_EXPRESSION,
                        format={"enum": ["text", "date", "time", "date-time", "number", "code", "qr"]},
                        when=_EXPRESSION,
                    ),
                },
            ),
        },
        notes={"type": "array", "items": _entry(["text"], text=_TEXT, when=_EXPRESSION)},
        signature=_TEXT,
    )
)


def read(content: bytes, file: str) -> Document:
    """The document in a YAML file; raises Invalid with every finding."""
    marked = marked_yaml.load(content, file)
    findings = schemas.findings(VALIDATOR, marked.value, file, marked.line)
    if findings:
        raise Invalid(findings)
    value = marked.value

    def expression(text: str | None, pointer: str) -> Any:
        if text is None:
            return None
        return manifest.expression(marked, text, pointer, findings)

    sections = []
    for number, section in enumerate(value["sections"]):
        rows = []
        for place, row in enumerate(section["rows"]):
            pointer = f"/sections/{number}/rows/{place}"
            made = expression(row["value"], f"{pointer}/value")
            rows.append(
                Row(row["label"], made, row.get("format"), expression(row.get("when"), f"{pointer}/when"))
            )
        sections.append(Section(section.get("heading"), tuple(rows)))
    notes = tuple(
        Note(note["text"], expression(note.get("when"), f"/notes/{number}/when"))
        for number, note in enumerate(value.get("notes", ()))
    )
    if findings:
        raise Invalid(findings)
    return Document(
        value["after"],
        value["title"],
        value.get("numbered", False),
        tuple(sections),
        notes,
        value.get("signature"),
    )
