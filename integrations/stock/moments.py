"""Moments as processes give them: ISO 8601 texts, with an offset or in the campaign's own zone."""

from __future__ import annotations

from datetime import date, datetime

from engine import clock, settings
from engine.errors import Finding, Invalid


def read(text: str | None, now: datetime) -> datetime:
    """The moment, `now` when none is given; what lies ahead becomes the present. Invalid for another text."""
    if not text:
        return now
    try:
        moment = datetime.fromisoformat(text.partition("[")[0].partition("@")[0])
    except ValueError as wrong:
        expected = {"expected": "2021-07-26T09:00:00+07:00", "found": text[:40]}
        raise Invalid([Finding("declared_value", expected)]) from wrong
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=settings.current().zone_info)
    return min(moment, clock.now())


def local_day(at: datetime) -> date:
    """The campaign's day a moment belongs to."""
    return at.astimezone(settings.current().zone_info).date()


def end_of(on: date, now: datetime) -> datetime:
    """The last moment of a local day; now, while that day lasts."""
    last = datetime(on.year, on.month, on.day, 23, 59, 59, tzinfo=settings.current().zone_info)
    return min(last, now)
