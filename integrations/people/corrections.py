"""What is corrected or added later: every change keeps what was there before, who changed it, when and why."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection
from sqlalchemy import update as change
from sqlalchemy.dialects.postgresql import insert

from engine import ids
from engine.catalogue import Context, Json
from engine.errors import BusinessError, Conflict, Finding, Invalid
from integrations.people import contacts, identifiers, names, queries, registry, tables
from integrations.people.registry import Person

PARTS = ("name", "born_on", "sex", "address", "unit_code")


def update(inputs: Json, context: Context) -> Json:
    """`changed`: the parts that are different now; `warnings`: what in the citizen number contradicts them.

    A part that is not given, or is null, stays as it is. Nothing is ever deleted: see `person_change`.
    """
    connection = context.transaction()
    before = registry.person(connection, queries.person_id(inputs["person_id"]), is_locked=True)
    given = {part: inputs[part] for part in PARTS if inputs.get(part) is not None}
    for part in ("name", "address"):
        if part in given:
            given[part] = names.written(given[part])
    if "name" in given and not names.words(given["name"]):
        raise Invalid(
            [
                Finding(
                    "declared_value", {"expected": "Nguyễn Văn An", "found": given["name"]}, pointer="/name"
                )
            ]
        )
    changed = [part for part in PARTS if part in given and given[part] != _text(before, part)]
    by = context.actor.account_id if context.actor else None
    for part in changed:
        note(connection, before.id, part, _text(before, part), given[part], inputs["reason"], context.now, by)
    if changed:
        _write(connection, before, {part: given[part] for part in changed})
    return {
        "changed": changed, "warnings": warnings(registry.person(connection, before.id))
    }  # fmt: skip


def add_contact(inputs: Json, context: Context) -> Json:
    """`added`: how many identifiers and telephones are new for the person; `warnings` as for `update`.

    BusinessError IDENTIFIER_TAKEN when an identifier is somebody else's.
    """
    connection = context.transaction()
    person = registry.person(connection, queries.person_id(inputs["person_id"]), is_locked=True)
    papers, phones = contacts.read(inputs)
    reason, by = inputs.get("reason") or "", context.actor.account_id if context.actor else None
    new_papers = [paper for paper in papers if paper not in person.identifiers]
    new_phones = [phone for phone in phones if phone not in person.phones]
    try:
        for paper in new_papers:
            registry.give(connection, paper, person.id)
            written = f"{paper.type} {paper.value}"
            note(connection, person.id, "identifier", None, written, reason, context.now, by)
    except Conflict as conflict:
        raise BusinessError("IDENTIFIER_TAKEN", conflict.sentence()) from conflict
    for phone in new_phones:
        connection.execute(
            insert(tables.person_phone).values(phone=phone, person_id=person.id).on_conflict_do_nothing()
        )
        note(connection, person.id, "phone", None, phone, reason, context.now, by)
    told = warnings(registry.person(connection, person.id))
    return {"added": len(new_papers) + len(new_phones), "warnings": told}


def warnings(person: Person) -> list[str]:
    """What in a person's papers contradicts birth or sex, each once."""
    return identifiers.contradictions(person.identifiers, person.born_on, person.sex)


def note(
    connection: Connection, person_id: int, part: str, before: str | None, after: str | None, reason: str,
    at: datetime, by: int | None,
) -> None:  # fmt: skip
    """Keep one change for ever."""
    connection.execute(
        tables.person_change.insert().values(
            change_id=ids.issue(connection), person_id=person_id, at=at, by=by, part=part, before=before,
            after=after, reason=reason,
        )
    )  # fmt: skip


def _text(person: Person, part: str) -> str | None:
    value = getattr(person, part)
    return value.isoformat() if isinstance(value, date) else value


def _write(connection: Connection, before: Person, given: dict[str, str]) -> None:
    values: dict[str, object] = dict(given)
    if "born_on" in given:
        values["born_on"] = date.fromisoformat(given["born_on"])
    if "name" in given:
        values["name_key"] = names.key(given["name"])
    table = tables.person
    connection.execute(change(table).where(table.c.person_id == before.id).values(values))
