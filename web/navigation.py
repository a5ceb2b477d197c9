"""The main navigation: which screens exist and who sees a way to them. Hiding a way is a courtesy, not a guard."""

from __future__ import annotations

from dataclasses import dataclass

from engine import access
from engine.access import Permission
from web.sessions import Presence


@dataclass(frozen=True, slots=True)
class Item:
    """One way: `key` names its text under `navigation`, `icon` its drawing."""

    key: str
    address: str
    icon: str
    current: bool = False


_WAYS: tuple[tuple[str, str, str, tuple[Permission, ...]], ...] = (
    ("stations", "/stations", "stations", (Permission.WORK, Permission.START)),
    ("cases", "/cases", "cases", (Permission.SEE, Permission.FREE)),
    ("stuck", "/stuck", "stuck", (Permission.SEE, Permission.FREE)),
    ("processes", "/processes", "processes", (Permission.SUBMIT, Permission.APPROVE)),
)


_ALSO = {"processes": ("/submissions", "/versions"), "stations": ("/queue", "/tasks", "/start")}


def items(presence: Presence, path: str) -> tuple[Item, ...]:
    """The ways open to the person anywhere in their units, the one they are on marked."""
    return tuple(
        Item(key, address, icon, any(_is_under(path, one) for one in (address, *_ALSO.get(key, ()))))
        for key, address, icon, permissions in _WAYS
        if any(access.paths_with(presence.actor, permission) for permission in permissions)
    )


def _is_under(path: str, address: str) -> bool:
    return path == address or path.startswith(f"{address}/")
