"""A page looked at: its blocks shown one by one, so that one that cannot be shown leaves the others standing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from engine import clock, units
from engine.units import Unit
from web.declared import parameters
from web.declared.asking import VISITOR, Asking, Unanswered
from web.declared.blocks.kinds import KINDS
from web.declared.pages import Block, Page, Pages
from web.sessions import Presence


@dataclass(frozen=True, slots=True)
class Shown:
    """One block as the template draws it: its view, or why there is none."""

    key: str
    kind: str
    title: str | None
    about: str | None
    is_half: bool
    view: dict[str, Any] | None
    failure: str | None


@dataclass(frozen=True, slots=True)
class Look:
    """Everything the template of a page needs."""

    page: Page
    title: str
    about: str | None
    unit: Unit | None
    values: Mapping[str, Any]
    trail: list[Unit]
    offers: list[Unit]
    blocks: list[Shown]
    texts: Pages

    @property
    def steps(self) -> list[tuple[str, str]]:
        """The way up: an address and a name for each unit above."""
        if "{" in self.page.path:
            return []
        return [(f"{self.page.path}?unit={one.code}", one.name) for one in self.trail]


def look(
    connection: Connection,
    declared: Pages,
    page: Page,
    said: Mapping[str, str],
    presence: Presence | None,
    language: str,
) -> Look:
    """Show a page to somebody. NotFound for a unit that is not theirs, UnitNeeded where one must be chosen first."""
    given = parameters.given(connection, page, said, presence)
    actor = presence.actor if presence is not None and not page.is_public else VISITOR
    asking = Asking(declared, page, connection, actor, language, clock.now(), given.unit, given.values)
    _ask_required(asking)
    blocks = [one for one in (shown(block, asking) for block in page.blocks) if one is not None]
    return Look(
        page, declared.text(f"{page.key}.title", language) or page.key,
        declared.text(f"{page.key}.about", language), given.unit, given.values,
        _trail(connection, page, given.unit, presence), _offers(connection, page, given.unit), blocks, declared,
    )  # fmt: skip


def shown(block: Block, asking: Asking) -> Shown | None:
    """One block; None when its condition does not hold."""
    title, about = (
        asking.pages.text(f"{asking.page.key}.{block.key}.{part}", asking.language)
        for part in ("title", "about")
    )
    view, failure = None, None
    try:
        if not asking.holds(block.when):
            return None
        view = KINDS[block.kind](block, asking)
    except Unanswered as failed:
        failure = failed.refusal.sentence(asking.language) if failed.refusal else ""
    return Shown(block.key, block.kind, title, about, block.is_half, view, failure)


def _ask_required(asking: Asking) -> None:
    """What the page is nothing without: refused, the page is."""
    for ask in asking.page.asks.values():
        if ask.is_required:
            try:
                asking.answer(ask.name)
            except Unanswered as failed:
                if failed.refusal is not None:
                    raise failed.refusal from failed


def _trail(connection: Connection, page: Page, unit: Unit | None, presence: Presence | None) -> list[Unit]:
    """The units above the one shown for which the reader may open the page too, the widest first."""
    if unit is None or page.unit is None:
        return []
    above = [units.by_path(connection, path) for path in units.ancestors(unit.path)[1:-1]]
    kinds = page.unit.kinds
    return [
        one
        for one in above
        if (not kinds or one.kind in kinds) and parameters.may_open(page, presence, one.path)
    ]


def _offers(connection: Connection, page: Page, unit: Unit | None) -> list[Unit]:
    """The units a filter offers: those right below the chosen one, else the topmost of the kinds it offers."""
    declared = page.unit
    if declared is None or not declared.offers:
        return []
    if unit is not None:
        return units.children(connection, unit, declared.offers)
    found = units.below(connection, "/", (declared.offers[0],), parameters.MOST_CHOICES)
    return sorted(found, key=lambda one: one.name)
