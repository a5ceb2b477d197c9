"""A printable document of a case, in every language of the campaign; none before its element has completed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from engine import campaign, database, instances, log, texts
from engine.errors import NotFound
from engine.ids import parsed
from web import document_view, documents, rendering, sheets, subjects
from web.sessions import SignedIn

router = APIRouter()


@router.get("/cases/{case}/documents/{key}")
def document(request: Request, presence: SignedIn, case: str, key: str) -> Response:
    """The paper; NotFound until the element it follows has completed."""
    instance_id = parsed(case, "instance_not_found")
    log.bind(instance_id=instance_id)
    with database.transaction() as connection:
        view = instances.view(connection, instance_id, presence.actor)
        if key not in {one.key for one in documents.ready(connection, view, presence.language)}:
            raise NotFound("document_not_ready")
        about = subjects.known(connection, view.definition, view.summary.subject, presence)
    declared = view.definition.documents[key]
    unit = view.unit
    kind = campaign.current().unit_kinds.get(unit.kind)
    surroundings: dict[str, Any] = {
        "subject": about,
        "unit": {
            "code": unit.code,
            "name": unit.name,
            "kind": kind.names.get(texts.LANGUAGES[0], unit.kind) if kind else unit.kind,
        },
    }
    paper = document_view.view(view.definition, declared, {**view.variables, **surroundings}, sheets.moment())
    return rendering.page(
        request, "document.html", presence, paper=paper, case_id=instance_id, unit=unit, numbered=declared.numbered,
        number_label=_everywhere("document.number"), sign_label=_everywhere("document.sign"),
        number_of_paper=_number(instance_id), process=view.definition.name(presence.language),
        version=view.definition.version, title=paper.title[0], campaign_names=campaign.current().names,
    )  # fmt: skip


def _everywhere(key: str) -> list[str]:
    """A text in every language: a paper is read by others than who prints it."""
    return [rendering.sentence(key, language) for language in texts.LANGUAGES]


def _number(instance_id: int) -> str:
    """The case's number in groups of four, to be read aloud and typed."""
    digits = str(instance_id)
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
