"""The one door through which time comes in, so that a test or a simulation can hold or move it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_held_at: datetime | None = None


def now() -> datetime:
    """The present moment, in UTC with its zone."""
    return _held_at if _held_at is not None else datetime.now(UTC)


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Hold the clock at a moment for the whole process, until the block ends."""
    global _held_at
    before, _held_at = _held_at, at.astimezone(UTC)
    try:
        yield
    finally:
        _held_at = before


def move(by: timedelta) -> datetime:
    """Move a held clock; refuses to move real time."""
    global _held_at
    if _held_at is None:
        raise RuntimeError("the clock is not held; use clock.frozen(...) first")
    _held_at += by
    return _held_at
