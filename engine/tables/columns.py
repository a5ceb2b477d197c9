"""What every table is declared with: the metadata and its names, moments, and paths compared byte by byte."""

from __future__ import annotations

from sqlalchemy import MetaData, Sequence, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

Moment = TIMESTAMP(timezone=True)
Path = Text(collation="C")  # unit paths are compared by prefix, byte by byte

issued_id = Sequence("issued_id", metadata=metadata)
