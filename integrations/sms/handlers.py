"""Sending a text message, and reading the outbox."""

from __future__ import annotations

import functools
import re
from datetime import datetime
from pathlib import Path
from string import Formatter
from typing import Any

from sqlalchemy import desc, select

from engine import access, catalogue, database, settings
from engine import texts as sentences
from engine.bpmn import marked_yaml
from engine.catalogue import Context, Json
from engine.errors import BusinessError, Finding, Invalid, NotFound
from integrations.sms import gateways, tables

TEXTS = Path(__file__).parent / "texts"
MOST_SHOWN = 100
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d)$")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*(Z|[+-]\d{2}:\d{2})$")
_PERSON = "people.person"  # any registry that offers this query will do


def send(inputs: Json, context: Context) -> Json:
    """Send one text to a telephone, or to a person's first one. Safe to repeat: the gateway knows the job's id.

    BusinessError NUMBER_UNREACHABLE when there is no telephone that can be reached.
    """
    to = inputs.get("to") or _telephone(inputs.get("to_person"))
    text = written(inputs["text_key"], inputs.get("params") or {}, inputs.get("language", "vi"))
    sent = gateway().send(to, text, context.job_id, context.now)
    return {"message_id": sent.id}


def outbox(inputs: Json, context: Context) -> Json:
    """`messages`: what the console gateway holds, newest first, of one telephone when `to` is given."""
    query = select(tables.sms_outbox).order_by(desc("sent_at"), desc("message_id"))
    if inputs.get("to"):
        query = query.where(tables.sms_outbox.c.to == inputs["to"])
    rows = context.transaction().execute(query.limit(inputs.get("limit", MOST_SHOWN))).mappings()
    return {
        "messages": [
            {
                "id": str(row["message_id"]),
                "to": row["to"],
                "text": row["text"],
                "sent_at": row["sent_at"].isoformat(),
            }
            for row in rows
        ]
    }


def gateway() -> gateways.Gateway:
    """The gateway of this deployment."""
    return gateways.ConsoleGateway(database.engine())


def written(text_key: str, params: dict[str, Any], language: str) -> str:
    """The text of a key with its gaps filled; Invalid when there is no such text or a gap stays empty."""
    text = sentences.lookup(_texts(language), text_key)
    if text is None:
        known = ", ".join(sorted(_texts(language)))
        raise Invalid(
            [Finding("declared_choice", {"expected": known, "found": text_key}, pointer="/text_key")]
        )
    missing = [name for _, name, _, _ in Formatter().parse(text) if name and name not in params]
    if missing:
        raise Invalid(
            [Finding("declared_missing", {"name": name}, pointer=f"/params/{name}") for name in missing]
        )
    return text.format_map({name: _shown(value) for name, value in params.items()})


def _shown(value: Any) -> str:
    """A value as people read it: a date by day, month and year, a moment in the campaign's zone."""
    if isinstance(value, str) and _MOMENT.match(value):
        moment = datetime.fromisoformat(value).astimezone(settings.current().zone_info)
        return f"{moment:%H:%M %d/%m/%Y}"
    if isinstance(value, str) and _DATE.match(value):
        return datetime.fromisoformat(value[:10]).strftime("%d/%m/%Y")
    return "" if value is None else str(value)


@functools.cache
def _texts(language: str) -> dict[str, Any]:
    path = TEXTS / f"{language}.yaml"
    return marked_yaml.load(path.read_bytes(), path.name).value


def _telephone(person: str | None) -> str:
    """The first telephone of a person, asked of the registry; BusinessError when there is none."""
    if not person:
        raise BusinessError(gateways.UNREACHABLE, "no telephone and no person given")
    with database.transaction() as connection:
        try:
            phones = catalogue.ask(connection, _PERSON, {"person_id": person}, access.SYSTEM)["phones"]
        except NotFound as unknown:
            raise BusinessError(gateways.UNREACHABLE, "nobody with this id") from unknown
    if not phones:
        raise BusinessError(gateways.UNREACHABLE, "the person has no telephone")
    return str(phones[0])
