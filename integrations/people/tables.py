"""The registry's own tables, beside the engine's: a person, and what a person is found by."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from engine.tables import metadata

_Moment = TIMESTAMP(timezone=True)
_Key = Text(collation="C")  # compared byte by byte, so that a prefix search can use the index

person = Table(
    "person",
    metadata,
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column(
        "code", _Key, nullable=False, unique=True
    ),  # codes.issue: short, checked, says nothing of the person
    Column("name", Text, nullable=False),  # as written, NFC
    Column("name_key", _Key, nullable=False),  # names.key: without diacritics, in lower case
    Column("born_on", Date, nullable=False),
    Column("sex", Text, nullable=False),  # male, female, other
    Column("address", Text, nullable=False, server_default=""),
    Column("unit_code", Text),  # where the person lives, when known
    Column("registered_at", _Moment, nullable=False),
    Column("registered_by", BigInteger),
    Index("ix_person_name_key", "name_key"),
    Index("ix_person_born_on", "born_on"),
    Index("ix_person_words", text("to_tsvector('simple'::regconfig, name_key)"), postgresql_using="gin"),
)

person_identifier = Table(
    "person_identifier",
    metadata,
    Column("type", Text, primary_key=True),  # identifiers.TYPES
    Column("value", _Key, primary_key=True),
    Column("person_id", BigInteger, ForeignKey("person.person_id"), nullable=False),
    Index("ix_person_identifier_value", "value"),
    Index("ix_person_identifier_person_id", "person_id"),
)

person_phone = Table(  # several people may share a telephone, one person may have several
    "person_phone",
    metadata,
    Column("phone", _Key, primary_key=True),
    Column("person_id", BigInteger, ForeignKey("person.person_id"), primary_key=True),
    Index("ix_person_phone_person_id", "person_id"),
)

person_change = Table(  # what was corrected or added: who, when, from what to what; rows are only added
    "person_change",
    metadata,
    Column("change_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person_id", BigInteger, ForeignKey("person.person_id"), nullable=False),
    Column("at", _Moment, nullable=False),
    Column("by", BigInteger),
    Column("part", Text, nullable=False),  # name, born_on, sex, address, unit_code, identifier, phone
    Column("before", Text),
    Column("after", Text),
    Column("reason", Text, nullable=False),
    Index("ix_person_change_person_id", "person_id", "at"),
)
