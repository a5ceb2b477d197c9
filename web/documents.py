"""Which documents of a case may be printed now: those whose element has completed, no others."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from engine import history
from engine.instances import View
from web import diagram_state


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
