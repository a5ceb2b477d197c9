"""Which module draws which kind of block."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from web.declared.asking import Asking
from web.declared.blocks import cards, figures, maps, tables
from web.declared.pages import Block

KINDS: Mapping[str, Callable[[Block, Asking], dict[str, Any]]] = {
    "figures": figures.figures,
    "facts": figures.facts,
    "bars": figures.bars,
    "stuck": figures.stuck,
    "table": tables.table,
    "queues": tables.queues,
    "children": tables.children,
    "cards": cards.cards,
    "links": cards.links,
    "text": cards.text,
    "map": maps.map,
}
