"""The main navigation: which screens exist and who sees a way to them. Hiding a way is a courtesy, not a guard.

The application has some ways of its own; declared pages bring theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine import access
from engine.access import Permission
from web.declared import pages, parameters
from web.declared.pages import Page
from web.sessions import Presence


@dataclass(frozen=True, slots=True)
class Item:
    """One way: `key` names its text under `navigation`, `icon` its drawing. A declared page brings its own texts."""

    key: str
    address: str
    icon: str
    current: bool = False
    text: str | None = None
    about: str | None = None


_WAYS: tuple[tuple[str, str, str, tuple[Permission, ...]], ...] = (
    ("stations", "/stations", "stations", (Permission.WORK, Permission.START)),
    ("cases", "/cases", "cases", (Permission.SEE, Permission.FREE)),
    ("stuck", "/stuck", "stuck", (Permission.SEE, Permission.FREE)),
    ("accounts", "/accounts", "people", (Permission.ADMINISTER, Permission.STAFF)),
    ("processes", "/processes", "processes", (Permission.SUBMIT, Permission.APPROVE)),
)


_ALSO = {
    "accounts": ("/account-list",),
    "processes": ("/submissions", "/versions"),
    "stations": ("/queue", "/tasks", "/start"),
}
_PUBLIC_WAYS = (("begin", "/public", "plus"), ("come_back", "/my", "search"))


def items(presence: Presence, path: str) -> tuple[Item, ...]:
    """The ways open to the person anywhere in their units, the one they are on marked."""
    own = tuple(
        Item(key, address, icon, any(_is_under(path, one) for one in (address, *_ALSO.get(key, ()))))
        for key, address, icon, permissions in _WAYS
        if any(access.paths_with(presence.actor, permission) for permission in permissions)
    )
    return own + declared(presence, path)


def declared(presence: Presence, path: str = "") -> tuple[Item, ...]:
    """The ways to declared pages for those who are signed in, of those meant for the unit they are at."""
    return tuple(
        _item(page, presence.language, path)
        for page in _with_ways()
        if not page.is_public
        and page.way is not None
        and (not page.way.kinds or presence.unit.kind in page.way.kinds)
        and parameters.may_open(page, presence, presence.unit.path)
    )


def public(language: str, path: str) -> tuple[Item, ...]:
    """The ways to the pages that everybody may see."""
    found = tuple(_item(page, language, path) for page in _with_ways() if page.is_public)
    own = (Item(key, to, icon, _is_under(path, to)) for key, to, icon in _PUBLIC_WAYS)
    return (*found, *own)


def _with_ways() -> list[Page]:
    found = [page for page in pages.current().pages.values() if page.way is not None]
    return sorted(found, key=lambda page: (page.way.order if page.way else 0, page.key))


def _item(page: Page, language: str, path: str) -> Item:
    declared_texts = pages.current()
    name = declared_texts.text(f"{page.key}.way", language) or declared_texts.text(
        f"{page.key}.title", language
    )
    about = declared_texts.text(f"{page.key}.about", language)
    icon = page.way.icon if page.way else "next"
    is_current = path == page.path or (page.path != pages.FRONT and _is_under(path, page.path))
    return Item(page.key, page.path, icon, is_current, name or page.key, about)


def _is_under(path: str, address: str) -> bool:
    return path == address or path.startswith(f"{address}/")
