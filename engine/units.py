"""The tree of units: any organisation, its kinds declared, each unit found by code or path prefix.

A person granted a role at a unit holds it there and everywhere below; so every scoped query is one
comparison of a path's prefix.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, Row, RowMapping, select

from engine import ids, tables
from engine.errors import Conflict, Finding, Invalid, NotFound
from engine.ids import UnitId

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")


@dataclass(frozen=True, slots=True)
class Unit:
    """One organisation in the tree; `path` lists the codes from the root, each closed by a slash."""

    id: UnitId
    code: str
    kind: str
    name: str
    path: str
    shard: int
    is_active: bool = True

    @property
    def depth(self) -> int:
        return self.path.count("/") - 2


def create(connection: Connection, code: str, kind: str, name: str, parent: Unit | None = None) -> Unit:
    """Add a unit below its parent (None: a root). Invalid for a code that could not stand in a path."""
    if not _CODE.fullmatch(code):
        raise Invalid([Finding("unit_code", {"code": code})])
    if connection.scalar(select(tables.unit.c.unit_id).where(tables.unit.c.code == code)) is not None:
        raise Conflict("unit_code_taken", unit=code)
    path = f"{parent.path if parent else '/'}{code}/"
    shard = zlib.crc32(path.encode()) % ids.SHARDS
    unit = Unit(UnitId(ids.issue(connection, shard)), code, kind, name, path, shard)
    connection.execute(
        tables.unit.insert().values(
            unit_id=unit.id, code=code, kind=kind, name=name, path=path, shard=shard,
            parent_id=parent.id if parent else None,
        )
    )  # fmt: skip
    return unit


def by_code(connection: Connection, code: str) -> Unit:
    """The unit with this code, or NotFound."""
    return _one(connection.execute(select(tables.unit).where(tables.unit.c.code == code)).one_or_none(), code)


def by_id(connection: Connection, unit_id: int) -> Unit:
    """The unit with this id, or NotFound."""
    return _one(
        connection.execute(select(tables.unit).where(tables.unit.c.unit_id == unit_id)).one_or_none(), unit_id
    )


def by_path(connection: Connection, path: str) -> Unit:
    """The unit at a path, or NotFound."""
    return _one(connection.execute(select(tables.unit).where(tables.unit.c.path == path)).one_or_none(), path)


def below(connection: Connection, path: str, kinds: tuple[str, ...] = (), limit: int = 500) -> list[Unit]:
    """The active units at and below a path, in tree order."""
    query = select(tables.unit).where(
        tables.unit.c.path.startswith(path, autoescape=True), tables.unit.c.is_active
    )
    if kinds:
        query = query.where(tables.unit.c.kind.in_(kinds))
    return [_unit(row) for row in connection.execute(query.order_by(tables.unit.c.path).limit(limit))]


def children(connection: Connection, unit: Unit, kinds: tuple[str, ...] = ()) -> list[Unit]:
    """The active units right below one, in tree order."""
    query = select(tables.unit).where(tables.unit.c.parent_id == unit.id, tables.unit.c.is_active)
    if kinds:
        query = query.where(tables.unit.c.kind.in_(kinds))
    return [_unit(row) for row in connection.execute(query.order_by(tables.unit.c.path))]


def parents(connection: Connection, among: Iterable[Unit], kinds: tuple[str, ...] = ()) -> set[UnitId]:
    """Which of some units have active units (of the kinds) right below them."""
    wanted = [unit.id for unit in among]
    query = select(tables.unit.c.parent_id).where(
        tables.unit.c.parent_id.in_(wanted), tables.unit.c.is_active
    )
    if kinds:
        query = query.where(tables.unit.c.kind.in_(kinds))
    return {UnitId(row.parent_id) for row in connection.execute(query.distinct())}


def roots(connection: Connection) -> list[Unit]:
    """The units without a parent."""
    return [
        _unit(row) for row in connection.execute(select(tables.unit).where(tables.unit.c.parent_id.is_(None)))
    ]


def ancestors(path: str) -> list[str]:
    """The paths that cover a path, the widest ("/": everyone) first, itself last."""
    codes = [code for code in path.split("/") if code]
    return ["/", *("/" + "/".join(codes[: depth + 1]) + "/" for depth in range(len(codes)))]


def by_row(found: RowMapping) -> Unit:
    """The unit whose columns a row has, among others'."""
    return Unit(
        UnitId(found["unit_id"]), found["code"], found["kind"], found["name"], found["path"], found["shard"],
        found["is_active"],
    )  # fmt: skip


def _one(row: Row[tuple[object, ...]] | None, wanted: object) -> Unit:
    if row is None:
        raise NotFound("unit_not_found", unit=wanted)
    return _unit(row)


def _unit(row: Row[tuple[object, ...]]) -> Unit:
    return by_row(row._mapping)
