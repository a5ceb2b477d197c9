"""Every element, field, option and outcome can be read in every language; what lacks a text is said.

In the first language a missing text is an error, for nobody could read it; in the others a warning, for the
first is shown instead. The names drawn in the BPMN count for the first language.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine import feel, texts
from engine.bpmn.model import Kind, Node
from engine.definitions import public_checks
from engine.definitions.definition import Decision, Definition
from engine.errors import Finding

_SILENT = frozenset({Kind.EXCLUSIVE, Kind.PARALLEL, Kind.INCLUSIVE, Kind.EVENT_BASED, Kind.SCRIPT_TASK})
"""Kinds that nobody meets on a screen other than the diagram; they may go without a name."""

_UNNAMED = frozenset({"start", "end"})


def findings(definition: Definition) -> Iterator[Finding]:
    """A finding for each text that is missing, by language and key."""
    for language in texts.LANGUAGES:
        if language not in definition.texts:
            yield Finding("texts_missing", {"into": language}, _file(language))
            continue
        for key in wanted(definition):
            if not _has(definition, language, key):
                severity = "error" if language == texts.LANGUAGES[0] else "warning"
                yield Finding(
                    "text_missing", {"name": key, "into": language}, _file(language), severity=severity
                )


def wanted(definition: Definition) -> Iterator[str]:
    """The keys of all texts that people may meet."""
    yield "process.name"
    yield from (
        f"elements.{node.id}.name" for node in definition.model.nodes.values() if _is_shown(definition, node)
    )
    yield from (f"lanes.{key}" for key in definition.manifest.lanes)
    for key, decision in definition.decisions.items():
        yield f"decisions.{key}.name"
        yield from (f"decisions.{key}.outcomes.{value}" for value in outcomes(decision))
    for name, form in definition.forms.items():
        yield f"forms.{name}.title"
        for key, options in form.keys.items():
            if not key.endswith("[]"):
                yield f"forms.{name}.fields.{key}.title"
                if key in form.checked:
                    yield f"forms.{name}.fields.{key}.errors.check"
            for option in options:
                if isinstance(option, str):
                    yield f"forms.{name}.fields.{key}.options.{option}"
    for document in definition.documents.values():
        yield document.title
        for section in document.sections:
            yield from (part for part in (section.heading, *(row.label for row in section.rows)) if part)
        yield from (note.text for note in document.notes)
        if document.signature:
            yield document.signature
    yield from public_checks.texts(definition)
    for record in definition.manifest.records:
        yield f"records.{record.kind}.name"
        yield from (f"records.{record.kind}.values.{name}" for name in record.values)


def outcomes(decision: Decision) -> list[str]:
    """The texts that the first output of a decision's table can say, in order of rules."""
    found = decision.model.decision(decision.decision)
    if found is None or found.table is None or not found.outputs:
        return []
    said: dict[str, None] = {}
    for value in found.outputs[0].priorities:
        if isinstance(value, str):
            said[value] = None
    for rule in found.rules:
        value = _literal(rule.outputs[0])
        if value is not None:
            said[value] = None
    return list(said)


def _literal(expression: feel.Expression) -> str | None:
    value = getattr(expression.tree, "value", None)
    return value if isinstance(value, str) and not expression.reads else None


def _is_shown(definition: Definition, node: Node) -> bool:
    if definition.manifest.has_flow and (node.id in _UNNAMED or "-" in node.id):
        return False  # an event that the written flow implies; its author never named it
    return node.kind not in _SILENT or node.name not in ("", node.id)


def _has(definition: Definition, language: str, key: str) -> bool:
    found = definition.text_in(language, key)
    if found is None and language == texts.LANGUAGES[0]:
        found = definition.drawn(key)
    return bool(found and found.strip())


def _file(language: str) -> str:
    return f"texts/{language}.yaml"
