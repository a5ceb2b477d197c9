"""The rows a block shows: what its expression came to, searched, the most important first, cut where they end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from web.declared import searches
from web.declared.asking import Asking, Unanswered
from web.declared.blocks.cells import Cell, address, cell, label

MOST = 200

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One row as it is drawn."""

    cells: tuple[Cell, ...]
    link: str | None


def found(asking: Asking, entries: Mapping[str, Any]) -> tuple[list[Row], int]:
    """The rows to show and how many there are in all."""
    value = asking.value(entries["rows"])
    if value is None:
        return [], 0
    if not isinstance(value, list):
        raise Unanswered
    rows = [one if isinstance(one, dict) else {"value": one} for one in value]
    search = entries.get("search")
    typed = str(asking.value(search["text"]) or "") if search else ""
    if search and typed:
        rows = [one for one in rows if searches.matches(typed, str(asking.value(search["among"], one) or ""))]
    rows = ordered(asking, rows, entries.get("first"))
    return rows[: int(entries.get("most", MOST))], len(rows)


def ordered(asking: Asking, rows: list[Row], first: Any) -> list[Row]:
    """The rows for which `first` is largest first; those of equal rank as they came."""
    if first is None:
        return rows
    return sorted(rows, key=lambda one: -_rank(asking.value(first, one)))


def line(asking: Asking, block: str, columns: Mapping[str, Any], row: Row, link: str | None) -> Line:
    """A row's cells, a column that is not wanted left empty, and the way on from it."""
    cells = tuple(
        cell(asking, block, name, declared, row)
        or Cell(name, label(asking, block, name), "", None, is_number=False)
        for name, declared in columns.items()
    )
    return Line(cells, None if link is None else address(asking, link, row))


def _rank(value: Any) -> float:
    if isinstance(value, bool):
        return float(value)
    return float(value) if isinstance(value, int | float) else 0.0
