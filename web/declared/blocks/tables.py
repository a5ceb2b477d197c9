"""Tables: rows with columns, which become cards on a phone; among them how queues stand, and the units below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import units
from web.declared.asking import Asking, Unanswered
from web.declared.blocks import cells, rows
from web.declared.blocks.rows import Row
from web.declared.pages import Block

View = dict[str, Any]

_QUEUES: Mapping[str, Any] = {
    "name": None,
    "waiting": {"format": "number"},
    "longest": {"format": "duration"},
    "median": {"format": "duration"},
    "late": {"format": "number"},
}


def table(block: Block, asking: Asking) -> View:
    """The rows of a list."""
    columns = block.entries["columns"]
    shown, count = rows.found(asking, block.entries)
    link = block.entries.get("link")
    lines = [rows.line(asking, block.key, columns, row, link) for row in shown]
    return _view(asking, block, columns, lines, count)


def queues(block: Block, asking: Asking) -> View:
    """How each station's queue stands: who waits, how long, how many too long."""
    standing = asking.value(block.entries["of"])
    if not isinstance(standing, dict) or not isinstance(standing.get("stations"), list):
        raise Unanswered
    lines = [rows.line(asking, block.key, _QUEUES, row, None) for row in standing["stations"]]
    late = [row.get("late") or 0 for row in standing["stations"]]
    return {**_view(asking, block, _QUEUES, lines, len(lines)), "late": [number > 0 for number in late]}


def children(block: Block, asking: Asking) -> View:
    """One row per unit right below, each with what was asked about it; the way on is one level down."""
    if asking.unit is None:
        raise Unanswered
    kinds = tuple(block.entries.get("kinds", ()))
    below = units.children(asking.connection, asking.unit, kinds)
    deeper = units.parents(asking.connection, below, kinds)
    joined = {name: rows.added_up(asking.value(one)) for name, one in block.entries.get("joined", {}).items()}
    gathered: list[Row] = [
        {
            "unit": {"code": one.code, "name": one.name, "kind": one.kind},
            "address": asking.page.path + f"?unit={one.code}" if one.id in deeper else None,
            **{name: some.get(one.code) for name, some in joined.items()},
        }
        for one in below
    ]
    columns = {"name": None, **block.entries["columns"]}
    lines = []
    for row in rows.ordered(asking, gathered, block.entries.get("first")):
        leaf = cells.address(asking, block.entries["leaf"], row) if "leaf" in block.entries else None
        named = {**row, "name": row["unit"]["name"]}
        made = rows.line(asking, block.key, columns, named, None)
        lines.append(rows.Line(made.cells, row["address"] or leaf))
    return _view(asking, block, columns, lines, len(lines))


def _view(
    asking: Asking, block: Block, columns: Mapping[str, Any], lines: list[rows.Line], count: int
) -> View:
    numbers = {one.name for line in lines for one in line.cells if one.is_number}
    return {
        "columns": [(name, cells.label(asking, block.key, name), name in numbers) for name in columns],
        "lines": lines,
        "count": count,
        "is_cut": count > len(lines),
        "empty": asking.text(f"{block.key}.empty"),
        "empty_about": asking.pages.text(f"{asking.page.key}.{block.key}.empty_about", asking.language),
    }
