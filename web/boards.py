"""A queue watched all at once: a card for each who waits, what is left of their time, and what one touch does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from engine import clock, timers
from engine.campaign import Board, Quick
from web.work_lists import Waiting


@dataclass(frozen=True, slots=True)
class Card:
    """One who is watched; `due_at` is None once the time is over and its event has happened, or where there is none."""

    row: Waiting
    due_at: datetime | None
    total: timedelta
    is_over: bool
    quick: tuple[Quick, ...]


def cards(connection: Connection, board: Board, rows: list[Waiting]) -> list[Card]:
    """The cards of a board: those whose time is over first, then by what is left."""
    due = timers.due(connection, board.until, {row.id.instance for row in rows})
    now = clock.now()
    found = []
    for row in rows:
        due_at = due.get((row.id.instance, row.id.token))
        is_over = board.until in row.events and (due_at is None or due_at <= now)
        total = due_at - row.since if due_at is not None else timedelta()
        offered = board.quick if board.until in row.events else ()
        quick = tuple(one for one in offered if is_over or not one.waits)
        found.append(Card(row, due_at, total, is_over, quick))
    return sorted(found, key=lambda card: (not card.is_over, card.due_at or card.row.since))


def quick(board: Board | None, key: str) -> Quick | None:
    """The touch of this key, if the board has one."""
    return next((one for one in board.quick if one.key == key), None) if board else None
