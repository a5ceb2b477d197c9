"""The rows a block shows: what its expression came to, searched, the most important first, cut where they end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine import spellings
from web.declared.asking import Asking, Unanswered
from web.declared.blocks.cells import Cell, address, cell, label

MOST = 200
UNIT_CODE = "unit_code"

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
    for name, one in entries.get("joined", {}).items():
        by = str(entries.get("by", UNIT_CODE))
        known = added_up(asking.value(one), by)
        rows = [{**row, name: known.get(str(row.get(by)))} for row in rows]
    search = entries.get("search")
    typed = str(asking.value(search["text"]) or "") if search else ""
    if search and typed:
        words = spellings.plain(typed).split()
        rows = [one for one in rows if _has(words, str(asking.value(search["among"], one) or ""))]
    rows = ordered(asking, rows, entries.get("first"))
    return rows[: int(entries.get("most", MOST))], len(rows)


def added_up(found: Any, by: str = UNIT_CODE) -> dict[str, Row]:
    """Rows by one of their fields; of several about the same the numbers are added up, the rest is the first's."""
    together: dict[str, Row] = {}
    for one in found if isinstance(found, list) else ():
        if not isinstance(one, dict) or by not in one:
            continue
        known = together.setdefault(str(one[by]), {})
        for name, value in one.items():
            if name in known and _is_number(value) and _is_number(known[name]):
                known[name] += value
            else:
                known.setdefault(name, value)
        known["rows"] = known.get("rows", 0) + 1
    return together


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


def _has(words: list[str], text: str) -> bool:
    """Whether every word occurs in the text, with or without diacritics."""
    plain = spellings.plain(text)
    return all(word in plain for word in words)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rank(value: Any) -> float:
    if isinstance(value, bool):
        return float(value)
    return float(value) if isinstance(value, int | float) else 0.0
