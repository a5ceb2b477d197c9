"""What the address of a page says: its unit, day and text, with defaults, and never a unit beyond the reader's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from engine import access, clock, feel, settings, units
from engine.errors import Finding, Invalid, NotFound
from engine.units import Unit
from web import locales
from web.declared.pages import Page, Parameter
from web.sessions import Presence

LONGEST = 100  # characters of a text
MOST_CHOICES = 500


@dataclass(frozen=True, slots=True)
class Given:
    """The parameters of one look: their values as expressions see them, and the unit among them."""

    values: dict[str, Any]
    unit: Unit | None


class UnitNeeded(Exception):
    """The page is about one unit, and the reader has several (or none) for which it could be."""

    def __init__(self, choices: list[Unit]) -> None:
        self.choices = choices
        super().__init__()


def given(connection: Connection, page: Page, said: Mapping[str, str], presence: Presence | None) -> Given:
    """The parameters from path and query; NotFound for a unit that is not the reader's, or of another kind."""
    values: dict[str, Any] = {}
    unit: Unit | None = None
    for name, parameter in page.parameters.items():
        text = said.get(name, "").strip()
        if parameter.kind == "unit":
            found = _unit(connection, page, parameter, text, presence)
            unit = unit or found
            values[name] = None if found is None else _described(found)
        elif parameter.kind == "day":
            values[name] = _day(parameter, text)
        else:
            values[name] = text[:LONGEST] or _default(parameter)
    return Given(values, unit)


def may_open(page: Page, presence: Presence | None, unit_path: str | None = None) -> bool:
    """Whether somebody may open the page at all, or for one unit."""
    if page.is_public:
        return True
    if presence is None:
        return False
    if page.permission is None:
        return unit_path is None or bool(access.roles_at(presence.actor, unit_path))
    if unit_path is None:
        return bool(access.paths_with(presence.actor, page.permission))
    return access.allowed(presence.actor, page.permission, unit_path)


def _unit(
    connection: Connection, page: Page, parameter: Parameter, code: str, presence: Presence | None
) -> Unit | None:
    if code:
        found = units.by_code(connection, code)
        if not (found.is_active and _is_meant(parameter, found) and may_open(page, presence, found.path)):
            raise NotFound("unit_not_found", unit=code)
        return found
    if f"{{{parameter.name}}}" in page.path:
        raise NotFound("not_found")
    if presence is None or page.is_public:
        return None
    own = presence.unit
    if _is_meant(parameter, own) and may_open(page, presence, own.path):
        return own
    choices = [
        one
        for one in units.below(connection, own.path, parameter.kinds, MOST_CHOICES)
        if may_open(page, presence, one.path)
    ]
    if len(choices) == 1:
        return choices[0]
    raise UnitNeeded(choices)


def _is_meant(parameter: Parameter, unit: Unit) -> bool:
    return not parameter.kinds or unit.kind in parameter.kinds


def _described(unit: Unit) -> dict[str, Any]:
    return {"code": unit.code, "kind": unit.kind, "name": unit.name}


def _day(parameter: Parameter, text: str) -> str:
    """A day as ISO: said, else the declared default, else today."""
    if text:
        read = locales.read_date(text)
        try:
            return date.fromisoformat(read).isoformat()
        except ValueError:
            raise Invalid([Finding("page_day", {"found": text[:20]}, pointer=f"/{parameter.name}")]) from None
    default = _default(parameter)
    return (
        str(default) if default else clock.now().astimezone(settings.current().zone_info).date().isoformat()
    )


def _default(parameter: Parameter) -> Any:
    if isinstance(parameter.default, feel.Expression):
        return parameter.default.json({}, feel.Moment(clock.now(), settings.current().zone_info))
    return parameter.default
