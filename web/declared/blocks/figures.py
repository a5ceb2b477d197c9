"""Big numbers, simple bars, and how many cases are stuck: what one looks at first."""

from __future__ import annotations

from typing import Any

from engine import stuck as engine_stuck
from web.declared.asking import Asking, Unanswered
from web.declared.blocks import cells
from web.declared.pages import Block

View = dict[str, Any]
MOST_BARS = 60


def figures(block: Block, asking: Asking) -> View:
    """The numbers, each in its format, those that are not wanted left out."""
    found = [
        cells.cell(asking, block.key, name, declared) for name, declared in block.entries["figures"].items()
    ]
    return {"figures": [one for one in found if one is not None]}


def facts(block: Block, asking: Asking) -> View:
    """What there is to know of one thing, read rather than counted; those that are not wanted left out."""
    found = [
        cells.cell(asking, block.key, name, declared) for name, declared in block.entries["facts"].items()
    ]
    return {"facts": [one for one in found if one is not None]}


def bars(block: Block, asking: Asking) -> View:
    """One bar per row, its length the share of the longest; `of` draws the whole behind it."""
    found = asking.value(block.entries["rows"])
    if found is None:
        found = []
    if not isinstance(found, list):
        raise Unanswered
    entries = block.entries
    read = []
    for row in found[:MOST_BARS]:
        more = row if isinstance(row, dict) else {"value": row}
        value, total = asking.value(entries["value"], more), asking.value(entries.get("of"), more)
        name = asking.value(entries["name"], more)
        read.append((name, _number(value), None if total is None else _number(total), more))
    longest = max((max(value, total or 0) for _, value, total, _ in read), default=0) or 1
    return {
        "bars": [
            {
                "name": cells.text(asking, name, entries),
                "value": value,
                "of": total,
                "share": round(1000 * value / longest),
                "whole": None if total is None else round(1000 * total / longest),
                "tone": cells.tone(asking, entries.get("tone"), more),
            }
            for name, value, total, more in read
        ],
        "empty": asking.text(f"{block.key}.empty"),
    }


def stuck(block: Block, asking: Asking) -> View:
    """How many cases are stuck, by reason, and the way to them."""
    counts = asking.value(block.entries["of"])
    if not isinstance(counts, dict):
        raise Unanswered
    link = block.entries.get("link")
    return {
        "cases": counts.get("cases", 0),
        "is_cut": bool(counts.get("is_cut")),
        "reasons": [
            (reason.value, counts[reason.value]) for reason in engine_stuck.Reason if counts.get(reason.value)
        ],
        "link": None if link is None else cells.address(asking, link),
    }


def _number(value: Any) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else 0
