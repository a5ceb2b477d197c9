"""Invented people registered for demonstrations and trials: the same ones again for the same seed."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Select, select

from engine.catalogue import Context, Json
from integrations.people import queries, registry, synthetic, tables
from integrations.people.registry import Details


def invent(inputs: Json, context: Context) -> Json:
    """Register so many invented people, or find those registered before; `people` as `people.person` gives them."""
    connection = context.transaction()
    found = []
    on = date.fromisoformat(inputs["on"])
    for details in synthetic.people(
        inputs["seed"], inputs["count"], inputs["provinces"], inputs["unit_codes"], on
    ):
        known = connection.scalar(_known(details))
        if known is None:
            person = registry.register(connection, details, context.now, None)
        else:
            person = registry.person(connection, known)
        found.append(queries.described(person))
    return {"people": found}


def _known(details: Details) -> Select[int]:
    identifier = details.identifiers[0]
    table = tables.person_identifier
    return select(table.c.person_id).where(table.c.type == identifier.type, table.c.value == identifier.value)
