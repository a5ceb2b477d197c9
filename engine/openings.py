"""Where people without an account may begin a case: units in which a public process is in force and whose kind fits."""

from __future__ import annotations

from sqlalchemy import Connection, exists, false, func, or_, select, true

from engine import clock, tables, units
from engine.definitions import registry
from engine.definitions.definition import Definition
from engine.errors import NotFound
from engine.units import Unit


def at(connection: Connection, process: str, unit: Unit) -> Definition | None:
    """The version by which a case may be begun at a unit; None where it may not."""
    try:
        version_id = registry.in_force(connection, process, unit.path)
    except NotFound:
        return None
    definition = registry.definition(connection, version_id)
    if not unit.is_active or definition.public_start() is None:
        return None
    kinds = _kinds(definition)
    return definition if not kinds or unit.kind in kinds else None


def newest(connection: Connection, process: str) -> Definition:
    """The public version that came into effect last, wherever; NotFound for a process that is not public."""
    for release in registry.releases(connection, process):
        if release.effective_at <= clock.now():
            definition = registry.definition(connection, release.version_id)
            if definition.public_start() is not None:
                return definition
    raise NotFound("not_found")


def below(connection: Connection, process: str, parent: Unit | None) -> list[Unit]:
    """The units right below one (None: the roots) at which, or somewhere below which, a case may be begun."""
    kinds = _kinds(newest(connection, process))
    paths = {
        release.unit_path
        for release in registry.releases(connection, process)
        if release.effective_at <= clock.now()
    }
    child, inner = tables.unit, tables.unit.alias("inner_unit")
    reach = or_(false(), *(inner.c.path.startswith(path, autoescape=True) for path in paths))
    somewhere = exists().where(
        inner.c.path >= child.c.path,
        inner.c.path < func.rtrim(child.c.path, "/") + "0",  # all that begins with the path: "0" follows "/"
        inner.c.is_active,
        inner.c.kind.in_(kinds) if kinds else true(),
        true() if "/" in paths else reach,
    )
    is_child = child.c.parent_id == parent.id if parent else child.c.parent_id.is_(None)
    rows = connection.scalars(
        select(child.c.unit_id).where(is_child, child.c.is_active, somewhere).order_by(child.c.path)
    )
    return [units.by_id(connection, unit_id) for unit_id in rows]


def trail(connection: Connection, unit: Unit) -> list[Unit]:
    """The units from the root down to one, itself last."""
    return [units.by_path(connection, path) for path in units.ancestors(unit.path)[1:]]


def _kinds(definition: Definition) -> frozenset[str]:
    first = definition.public_start()
    rule = definition.manifest.start_rule(first.id) if first is not None else None
    return rule.unit_kinds if rule is not None else frozenset()
