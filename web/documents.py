"""The documents of a case: which may be printed now (those whose element has completed), and what is on one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from engine import campaign, case_codes, codes, history, texts
from engine.instances import View
from web import diagram_state, document_view, rendering, sheets, subjects
from web.sessions import Presence


@dataclass(frozen=True, slots=True)
class Ready:
    key: str
    title: str
    address: str


def ready(connection: Connection, case: View, language: str) -> list[Ready]:
    """The documents of a case that exist by now."""
    declared = case.definition.documents
    if not declared:
        return []
    completed = diagram_state.completed(history.of(connection, case.summary.instance_id))
    return [
        Ready(
            key,
            case.definition.text(language, document.title) or key,
            f"/cases/{case.summary.instance_id}/documents/{key}",
        )
        for key, document in declared.items()
        if document.after in completed
    ]


def surroundings(connection: Connection, case: View, presence: Presence) -> dict[str, Any]:
    """What a document's expressions see beside the case's variables; the subject is looked up as `presence` may."""
    unit, code = case.unit, case_codes.of(connection, case.summary.instance_id)
    kind = campaign.current().unit_kinds.get(unit.kind)
    return {
        "subject": subjects.known(connection, case.definition, case.summary.subject, presence),
        "unit": {
            "code": unit.code,
            "name": unit.name,
            "kind": kind.names.get(texts.LANGUAGES[0], unit.kind) if kind else unit.kind,
        },
        "case": {"code": codes.shown(code) if code else None},
    }


def page(case: View, key: str, around: dict[str, Any], language: str) -> dict[str, Any]:
    """What the page of a document shows."""
    declared, definition = case.definition.documents[key], case.definition
    paper = document_view.view(definition, declared, {**case.variables, **around}, sheets.moment())
    return {
        "paper": paper, "unit": case.unit, "numbered": declared.numbered,
        "number_label": _everywhere("document.number"), "sign_label": _everywhere("document.sign"),
        "number_of_paper": _number(case.summary.instance_id), "process": definition.name(language),
        "version": definition.version, "title": paper.title[0], "campaign_names": campaign.current().names,
    }  # fmt: skip


def _everywhere(key: str) -> list[str]:
    """A text in every language: a paper is read by others than who prints it."""
    return [rendering.sentence(key, language) for language in texts.LANGUAGES]


def _number(instance_id: int) -> str:
    """The case's number in groups of four, to be read aloud and typed."""
    digits = str(instance_id)
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
