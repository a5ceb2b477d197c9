"""Cards, links and texts: what is read rather than counted."""

from __future__ import annotations

import re
from typing import Any

from web.declared.asking import Asking
from web.declared.blocks import cells, rows
from web.declared.pages import Block

View = dict[str, Any]


def cards(block: Block, asking: Asking) -> View:
    """One card per row: its name, what it is about, its facts, the way on."""
    entries = block.entries
    shown, count = rows.found(asking, entries)
    made = [
        {
            "name": cells.text(asking, asking.value(entries["name"], row), {}),
            "about": asking.value(entries.get("about"), row),
            "badge": cells.cell(asking, block.key, "badge", entries["badge"], row) if "badge" in entries else None,
            "facts": [
                fact
                for name, declared in entries.get("facts", {}).items()
                if (fact := cells.cell(asking, block.key, name, declared, row)) is not None
            ],
            "link": cells.address(asking, entries["link"], row) if "link" in entries else None,
        }
        for row in shown
    ]  # fmt: skip
    return {
        "cards": made,
        "count": count,
        "is_cut": count > len(made),
        "empty": asking.text(f"{block.key}.empty"),
        "empty_about": asking.pages.text(f"{asking.page.key}.{block.key}.empty_about", asking.language),
    }


def links(block: Block, asking: Asking) -> View:
    """Ways on; one whose condition does not hold, or whose address lacks something, is not offered."""
    made = []
    for name, declared in block.entries["links"].items():
        entry = declared if isinstance(declared, dict) else {"to": declared}
        to = cells.address(asking, entry["to"]) if asking.holds(entry.get("when")) else None
        if to is not None:
            made.append(
                {"text": cells.label(asking, block.key, name), "to": to, "is_main": entry.get("main", False)}
            )
    return {"links": made}


def text(block: Block, asking: Asking) -> View:
    """A text of the page, its gaps filled with what `with` names."""
    filled = {
        name: cells.text(asking, asking.value(one), {}) for name, one in block.entries.get("with", {}).items()
    }
    body = asking.text(f"{block.key}.body") or ""
    said = re.sub(r"\{(\w+)\}", lambda gap: filled.get(gap[1], "…"), body)
    return {
        "paragraphs": [part.strip() for part in said.split("\n\n") if part.strip()],
        "tone": cells.tone(asking, block.entries.get("tone")),
    }
