"""The registry's verbs: register a person once, look one up, find those who match what was typed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Connection, Select, and_, func, select, union
from sqlalchemy.dialects.postgresql import insert

from engine import codes, ids
from engine.errors import Conflict, NotFound
from integrations.people import identifiers, names, searches, tables
from integrations.people.identifiers import Identifier
from integrations.people.searches import Wanted

SEXES = ("male", "female", "other")
MOST_FOUND = 20
_CONSIDERED = 400  # matches of a name that are ranked; a wider search is asked to say more


@dataclass(frozen=True, slots=True)
class Person:
    """One person of the registry. `id` never changes; `code` is what is printed and scanned."""

    id: int
    code: str
    name: str
    born_on: date
    sex: str
    address: str = ""
    unit_code: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Details:
    """What is known when a person is registered; identifiers and phones are in their written form already."""

    name: str
    born_on: date
    sex: str
    address: str = ""
    unit_code: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    phones: tuple[str, ...] = ()
    number: int | None = field(default=None)  # for a repeatable code (codes.issue); None: random


def register(connection: Connection, details: Details, at: datetime, by: int | None) -> Person:
    """Add a person; Conflict("identifier_taken") when one of the identifiers is somebody's already."""
    for identifier in details.identifiers:
        taken = connection.scalar(
            select(tables.person_identifier.c.person_id).where(
                tables.person_identifier.c.type == identifier.type,
                tables.person_identifier.c.value == identifier.value,
            )
        )
        if taken is not None:
            raise Conflict("identifier_taken", type=identifier.type)
    person_id = ids.issue(connection)
    name = names.written(details.name)
    row = {
        "person_id": person_id, "name": name, "name_key": names.key(name), "born_on": details.born_on,
        "sex": details.sex, "address": names.written(details.address), "unit_code": details.unit_code,
        "registered_at": at, "registered_by": by,
    }  # fmt: skip
    code = _coded(connection, row, details.number)
    for identifier in details.identifiers:
        give(connection, identifier, person_id)
    phones = tuple(dict.fromkeys(details.phones))
    _insert(connection, tables.person_phone, [{"phone": phone, "person_id": person_id} for phone in phones])
    return Person(
        person_id, code, name, details.born_on, details.sex, str(row["address"]), details.unit_code,
        details.identifiers, phones,
    )  # fmt: skip


def person(connection: Connection, person_id: int, is_locked: bool = False) -> Person:
    """The person with this id, or NotFound; locked against other corrections when asked for."""
    if is_locked:
        table = tables.person
        connection.execute(select(table.c.person_id).where(table.c.person_id == person_id).with_for_update())
    found = people(connection, (person_id,))
    if not found:
        raise NotFound("subject_not_found")
    return found[0]


def people(connection: Connection, person_ids: tuple[int, ...]) -> list[Person]:
    """The people with these ids, those that there are."""
    return _people(connection, tables.person.c.person_id.in_(person_ids), len(person_ids))


def give(connection: Connection, identifier: Identifier, person_id: int) -> None:
    """Give an identifier to a person; Conflict("identifier_taken") when it is somebody's already."""
    added = connection.scalar(
        insert(tables.person_identifier)
        .values(type=identifier.type, value=identifier.value, person_id=person_id)
        .on_conflict_do_nothing()
        .returning(tables.person_identifier.c.person_id)
    )
    if added is None:
        raise Conflict("identifier_taken", type=identifier.type)


def find(connection: Connection, text: str, limit: int = MOST_FOUND) -> list[Person]:
    """Those who match a code, an identifier, a telephone, or words of a name with a birth date or year.

    A valid code, or the value of an identifier or telephone, is looked up exactly; else see `searches.read`. Names
    are compared without diacritics; those whose name has the diacritics typed come first.
    """
    code = codes.read(text)
    if code is not None:
        exact = _people(connection, tables.person.c.code == code, limit)
        if exact:
            return exact
    value, phone = identifiers.possible(text), identifiers.phone(text)
    if value is not None or phone is not None:
        owned = select(tables.person_identifier.c.person_id).where(tables.person_identifier.c.value == value)
        called = select(tables.person_phone.c.person_id).where(tables.person_phone.c.phone == phone)
        exact = _people(connection, tables.person.c.person_id.in_(owned.union(called)), limit)
        if exact:
            return exact
    wanted = searches.read(text)
    return _matching(connection, wanted, limit) if wanted else []


def _matching(connection: Connection, wanted: Wanted, limit: int) -> list[Person]:
    person = tables.person.c
    conditions = [searches.words_begin(person.name_key, wanted.words)] if wanted.words else []
    if wanted.born is not None:
        conditions.append(person.born_on.between(*wanted.born))
    same_start = searches.begins(person.name_key, wanted.key)
    some = select(person.person_id).where(and_(*conditions)).limit(_CONSIDERED)
    ranks: list[ColumnElement[Any]] = [person.name_key, person.born_on]
    considered: Select[Any] | CompoundSelect[Any] = some
    if wanted.words:  # those named just so are considered whatever else is
        named_so = select(person.person_id).where(same_start, *conditions[1:]).limit(_CONSIDERED)
        considered = union(some, named_so)
        ranks.insert(0, same_start.desc())
    if wanted.diacritics:
        ranks.insert(0, (func.strpos(func.lower(person.name), wanted.diacritics) > 0).desc())
    return _people(connection, person.person_id.in_(considered), limit, ranks)


def _people(
    connection: Connection,
    where: ColumnElement[bool],
    limit: int = 1,
    ranks: Iterable[ColumnElement[Any]] = (),
) -> list[Person]:
    query = select(tables.person).where(where).order_by(*ranks, tables.person.c.person_id).limit(limit)
    rows = connection.execute(query).mappings().all()
    found = [row["person_id"] for row in rows]
    owned: dict[int, list[Identifier]] = {person_id: [] for person_id in found}
    called: dict[int, list[str]] = {person_id: [] for person_id in found}
    if found:
        for one in connection.execute(
            select(tables.person_identifier)
            .where(tables.person_identifier.c.person_id.in_(found))
            .order_by(tables.person_identifier.c.type, tables.person_identifier.c.value)
        ).mappings():
            owned[one["person_id"]].append(Identifier(one["type"], one["value"]))
        for one in connection.execute(
            select(tables.person_phone).where(tables.person_phone.c.person_id.in_(found)).order_by("phone")
        ).mappings():
            called[one["person_id"]].append(one["phone"])
    return [
        Person(
            row["person_id"], row["code"], row["name"], row["born_on"], row["sex"], row["address"], row["unit_code"],
            tuple(owned[row["person_id"]]), tuple(called[row["person_id"]]),
        )
        for row in rows
    ]  # fmt: skip


def _coded(connection: Connection, row: dict[str, Any], number: int | None) -> str:
    """Insert the person under a code nobody has; two random codes meet once in billions, so a few tries do."""
    for _ in range(8):
        code = codes.issue(number)
        added = connection.scalar(
            insert(tables.person)
            .values(code=code, **row)
            .on_conflict_do_nothing(index_elements=["code"])
            .returning(tables.person.c.person_id)
        )
        if added is not None:
            return code
        number = None
    raise Conflict("person_code_not_found")


def _insert(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table).on_conflict_do_nothing(), rows)
