"""A map: the provinces drawn at build time, a dot per row, and the same rows as a list for those who cannot see it."""

from __future__ import annotations

import json
from typing import Any

from engine.errors import NotFound
from web import rendering
from web.declared.asking import Asking, Unanswered
from web.declared.blocks import cells, rows
from web.declared.pages import Block

View = dict[str, Any]
MOST_DOTS = 500
DOT, MARGIN, CLOSEST = 11, 30, 240  # units of the picture: of 960 from north to south


def map(block: Block, asking: Asking) -> View:
    """Dots where rows say where they are; rows that do not say it are in the list only."""
    entries = block.entries
    shapes = _shapes(str(entries.get("shapes", "vietnam")))
    shown, count = rows.found(asking, {"most": MOST_DOTS, **entries})
    dots = []
    for row in shown:
        north, east = asking.value(entries["north"], row), asking.value(entries["east"], row)
        place = _place(shapes, north, east)
        dots.append(
            {
                "name": cells.text(asking, asking.value(entries["name"], row), {}),
                "x": place[0] if place else None,
                "y": place[1] if place else None,
                "tone": cells.tone(asking, entries.get("tone"), row),
                "link": cells.address(asking, entries["link"], row) if "link" in entries else None,
            }
        )
    window = _window(shapes, dots if asking.unit is not None else [])
    return {
        "shapes": shapes,
        "window": window,
        "radius": round(DOT * window[3] / shapes["size"][1], 2),
        "picture": rendering.asset(f"{entries.get('shapes', 'vietnam')}.svg"),
        "dots": dots,
        "placed": sum(dot["x"] is not None for dot in dots),
        "is_cut": count > len(shown),
        "empty": asking.text(f"{block.key}.empty"),
    }


def _window(shapes: View, dots: list[View]) -> list[float]:
    """The part of the picture that is shown: around the dots where a unit was chosen, else the whole country."""
    wide, high = shapes["size"]
    placed = [(dot["x"], dot["y"]) for dot in dots if dot["x"] is not None]
    if not placed:
        return [0, 0, wide, high]
    west, east = min(x for x, _ in placed) - MARGIN, max(x for x, _ in placed) + MARGIN
    north, south = min(y for _, y in placed) - MARGIN, max(y for _, y in placed) + MARGIN
    height = min(high, max(south - north, (east - west) * high / wide, CLOSEST))
    width = height * wide / high
    left, top = (west + east - width) / 2, (north + south - height) / 2
    return [round(left, 1), round(top, 1), round(width, 1), round(height, 1)]


def _place(shapes: View, north: Any, east: Any) -> tuple[float, float] | None:
    """Where a place lies on the picture; None when it says nowhere, or somewhere else on earth."""
    if not isinstance(north, int | float) or not isinstance(east, int | float):
        return None
    x, y = (east - shapes["west"]) * shapes["across"], (shapes["north"] - north) * shapes["down"]
    inside = 0 <= x <= shapes["size"][0] and 0 <= y <= shapes["size"][1]
    return (round(x, 1), round(y, 1)) if inside else None


def _shapes(name: str) -> View:
    path = rendering.BUILT / f"{name}.json"
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except FileNotFoundError as missing:
        raise Unanswered(NotFound("map_missing")) from missing
