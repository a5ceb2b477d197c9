"""A printable document of a case, in every language of the campaign; none before its element has completed."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from engine import database, instances, log
from engine.errors import NotFound
from engine.ids import parsed
from web import documents, rendering
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
        about = documents.surroundings(connection, view, presence)
    return rendering.page(
        request, "document.html", presence, **documents.page(view, key, about, presence.language),
        back=f"/cases/{instance_id}",
    )  # fmt: skip
