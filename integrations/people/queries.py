"""What the registry tells when it is asked: one person, or those who match what was typed."""

from __future__ import annotations

from typing import Any

from engine import codes
from engine.catalogue import Context, Json
from engine.errors import NotFound
from integrations.people import identifiers, registry
from integrations.people.registry import Person


def person(inputs: Json, context: Context) -> Json:
    """The person with the id, or NotFound."""
    return described(registry.person(context.transaction(), person_id(inputs["person_id"])))


def people(inputs: Json, context: Context) -> Json:
    """`people`: those with the ids, in their order; an id that is nobody's is left out."""
    ids = [person_id(text) for text in dict.fromkeys(inputs["person_ids"])]
    known = {one.id: one for one in registry.people(context.transaction(), tuple(ids))}
    return {"people": [described(known[one]) for one in ids if one in known]}


def find(inputs: Json, context: Context) -> Json:
    """`found`: those who match, the most likely first, each as `person` gives it."""
    limit = int(inputs.get("limit", registry.MOST_FOUND))
    return {"found": [described(one) for one in registry.find(context.transaction(), inputs["text"], limit)]}


def described(one: Person) -> dict[str, Any]:
    """A person as forms and pages show one: `id` is the value to keep, `label` the line to choose by."""
    return {
        "id": str(one.id),
        "person_id": str(one.id),
        "code": one.code,
        "shown_code": codes.shown(one.code),
        "label": label(one),
        "name": one.name,
        "born_on": one.born_on.isoformat(),
        "sex": one.sex,
        "address": one.address,
        "unit_code": one.unit_code,
        "identifiers": [
            {"type": identifier.type, "value": identifier.value} for identifier in one.identifiers
        ],
        "phones": list(one.phones),
        "warnings": identifiers.contradictions(one.identifiers, one.born_on, one.sex),
    }


def label(one: Person) -> str:
    """The line a person is told from others by."""
    return f"{one.name} · {one.born_on:%d/%m/%Y} · {codes.shown(one.code)}"


def person_id(text: str) -> int:
    """The id written in JSON; NotFound when it cannot be one."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 19 and int(text) < 1 << 63):
        raise NotFound("subject_not_found")
    return int(text)
