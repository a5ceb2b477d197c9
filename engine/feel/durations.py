"""The two durations of FEEL: whole months, and days with time to the nanosecond; they never mix."""

from __future__ import annotations

import re
from dataclasses import dataclass

NANOS = 1_000_000_000
DAY = 86_400 * NANOS
_LONGEST_MONTHS = 12 * 10**10
_LONGEST_NANOS = 10**15 * NANOS

_PERIOD = re.compile(r"(-?)P(?:([0-9]+)Y)?(?:([0-9]+)M)?", re.ASCII)
_CLOCK = re.compile(
    r"(-?)P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]*))?S)?)?", re.ASCII
)


@dataclass(frozen=True, slots=True, order=True)
class YearsMonths:
    """A years and months duration, in months."""

    months: int

    def __str__(self) -> str:
        years, months = divmod(abs(self.months), 12)
        text = (f"{years}Y" if years else "") + (f"{months}M" if months else "")
        return ("-" if self.months < 0 else "") + "P" + (text or "0M")


@dataclass(frozen=True, slots=True, order=True)
class DaysTime:
    """A days and time duration, in nanoseconds."""

    nanos: int

    def parts(self) -> tuple[int, int, int, int, int]:
        """Days, hours, minutes, seconds, nanoseconds of the absolute value."""
        days, rest = divmod(abs(self.nanos), DAY)
        hours, rest = divmod(rest, 3600 * NANOS)
        minutes, rest = divmod(rest, 60 * NANOS)
        seconds, nanos = divmod(rest, NANOS)
        return days, hours, minutes, seconds, nanos

    def __str__(self) -> str:
        days, hours, minutes, seconds, nanos = self.parts()
        clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
        if seconds or nanos:
            clock += f"{seconds}{fraction(nanos)}S"
        text = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
        return ("-" if self.nanos < 0 else "") + "P" + (text or "T0S")


def fraction(nanos: int) -> str:
    """`.5` for half a second, nothing for a whole one."""
    return f".{nanos:09d}".rstrip("0") if nanos else ""


def nanos_of(digits: str | None) -> int:
    """The nanoseconds that digits after the point mean; digits beyond nine are dropped."""
    return int((digits or "0")[:9].ljust(9, "0")) if digits else 0


def read(text: str) -> YearsMonths | DaysTime | None:
    """A duration from ISO 8601 text (`P1Y2M`, `-P3DT4H5.6S`); None when it is none."""
    if len(text) > 100 or text.endswith(("P", "T")):
        return None
    period = _PERIOD.fullmatch(text)
    if period:
        months = int(period[2] or 0) * 12 + int(period[3] or 0)
        return _within(YearsMonths(-months if period[1] else months))
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        return None
    seconds = (
        int(clock[2] or 0) * 86_400 + int(clock[3] or 0) * 3600 + int(clock[4] or 0) * 60 + int(clock[5] or 0)
    )
    nanos = seconds * NANOS + nanos_of(clock[6])
    return _within(DaysTime(-nanos if clock[1] else nanos))


def _within(duration: YearsMonths | DaysTime) -> YearsMonths | DaysTime | None:
    return duration if is_possible(duration) else None


def is_possible(duration: YearsMonths | DaysTime) -> bool:
    """Within the bounds kept: ten thousand million years, or thirty million."""
    if isinstance(duration, YearsMonths):
        return abs(duration.months) <= _LONGEST_MONTHS
    return abs(duration.nanos) <= _LONGEST_NANOS
