"""The hours of a session: moments of a local day, and the places each hour of the clock has. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """An hour of the clock, or the part of it in which the session receives; `hour` is where it begins."""

    starts_at: datetime
    ends_at: datetime
    hour: datetime
    capacity: int


@dataclass(frozen=True, slots=True)
class Break:
    """A time of the day in which nobody is received."""

    begins: time
    ends: time


def slots(
    day: date, opens: time, closes: time, breaks: Iterable[Break], per_hour: int, zone: ZoneInfo
) -> list[Slot]:
    """The parts of the clock's hours between opening and closing, less the breaks, in their order.

    A whole hour has `per_hour` places; a part of one its share, rounded down. What has no place is left out.
    """
    found = []
    for begins, ends in _open_times(opens, closes, breaks):
        start = begins
        while start < ends:
            hour = start.replace(minute=0, second=0, microsecond=0)
            next_hour = time(start.hour + 1) if start.hour < 23 else time(23, 59, 59, 999999)
            end = min(ends, next_hour)
            places = per_hour * _minutes(start, end) // 60
            if places:
                found.append(
                    Slot(moment(day, start, zone), moment(day, end, zone), moment(day, hour, zone), places)
                )
            start = end
    return found


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, of a time of a local day."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def read_moment(text: str, zone: ZoneInfo) -> datetime:
    """An ISO moment, in UTC; one without a zone is meant locally. ValueError for anything else."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def written(at: datetime | None, zone: ZoneInfo) -> str | None:
    """A moment as JSON carries it: local, with its zone."""
    return None if at is None else at.astimezone(zone).isoformat(timespec="seconds")


def clock_time(at: datetime, zone: ZoneInfo) -> str:
    """HH:MM of a moment, locally."""
    return f"{at.astimezone(zone):%H:%M}"


def _open_times(opens: time, closes: time, breaks: Iterable[Break]) -> list[tuple[time, time]]:
    """What is left of the opening time when the breaks are taken out."""
    left, start = [], opens
    for pause in sorted(breaks, key=lambda one: one.begins):
        if pause.begins > start:
            left.append((start, min(pause.begins, closes)))
        start = max(start, pause.ends)
    if start < closes:
        left.append((start, closes))
    return [(begins, ends) for begins, ends in left if begins < ends]


def _minutes(begins: time, ends: time) -> int:
    return (ends.hour - begins.hour) * 60 + ends.minute - begins.minute + (1 if ends.second == 59 else 0)
