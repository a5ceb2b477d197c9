"""Dates, times of day and moments of FEEL: any year to ±999,999,999, nanoseconds, an offset or a named zone."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from engine.feel.durations import DAY, NANOS, fraction, nanos_of

LAST_YEAR = 999_999_999
_FURTHEST_OFFSET = 18 * 3600  # java.time's bound, which the standard's examples share
_DATE = re.compile(r"(-?(?:[1-9][0-9]{4,8}|[0-9]{4}))-([0-9]{2})-([0-9]{2})", re.ASCII)
_TIME = re.compile(
    r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:([Zz])|([+-])([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?|@([A-Za-z0-9_+/-]+))?",
    re.ASCII,
)
_MONTH_DAYS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True, order=True)
class Date:
    """A calendar day of the proleptic Gregorian calendar."""

    year: int
    month: int
    day: int

    def ordinal(self) -> int:
        """Days since 1970-01-01 (Hinnant, "chrono-compatible low-level date algorithms")."""
        year = self.year - (self.month <= 2)
        era, of_era = divmod(year, 400)
        day_of_year = (153 * (self.month + (-3 if self.month > 2 else 9)) + 2) // 5 + self.day - 1
        return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + day_of_year - 719_468

    def weekday(self) -> int:
        """1 = Monday … 7 = Sunday."""
        return (self.ordinal() + 3) % 7 + 1

    def __str__(self) -> str:
        sign = "-" if self.year < 0 else ""
        return f"{sign}{abs(self.year):04d}-{self.month:02d}-{self.day:02d}"


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day: nanoseconds since midnight, and an offset in seconds or a zone's name, or neither.

    Both only where a zone's clock shows an hour twice and this is the second time: the offset tells which.
    """

    nanos: int
    offset: int | None = None
    zone: str | None = None

    @property
    def hour(self) -> int:
        return self.nanos // (3600 * NANOS)

    @property
    def minute(self) -> int:
        return self.nanos // (60 * NANOS) % 60

    @property
    def second(self) -> int:
        return self.nanos // NANOS % 60

    def offset_on(self, date: Date | None = None) -> int | None:
        """Seconds east of UTC, on a day where a zone is named; None for a local time."""
        if self.zone is None or self.offset is not None:
            return self.offset
        return _zone_offset(self.zone, date or Date(2000, 1, 1), self.nanos)

    def __str__(self) -> str:
        clock = f"{self.hour:02d}:{self.minute:02d}:{self.second:02d}{fraction(self.nanos % NANOS)}"
        return clock + (f"@{self.zone}" if self.zone else offset_text(self.offset))


@dataclass(frozen=True, slots=True)
class DateTime:
    """A date and time of day together; the offset or zone is the time's."""

    date: Date
    time: Time

    def local_nanos(self) -> int:
        """Nanoseconds since 1970-01-01T00:00:00 on the wall clock."""
        return self.date.ordinal() * DAY + self.time.nanos

    def offset(self) -> int | None:
        return self.time.offset_on(self.date)

    def nanos(self) -> int:
        """Nanoseconds since the epoch in UTC; a local one counts as UTC."""
        return self.local_nanos() - (self.offset() or 0) * NANOS

    def iso(self) -> str:
        """ISO 8601, a zone's name written as its offset at that moment."""
        return f"{self.date}T{Time(self.time.nanos, self.offset())}"

    def __str__(self) -> str:
        return f"{self.date}T{self.time}"


def offset_text(offset: int | None) -> str:
    """`+07:00`, `Z`, `-02:45:55`, or nothing for a local time."""
    if offset is None:
        return ""
    if offset == 0:
        return "Z"
    hours, rest = divmod(abs(offset), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{'-' if offset < 0 else '+'}{hours:02d}:{minutes:02d}" + (f":{seconds:02d}" if seconds else "")


def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_days(year: int, month: int) -> int:
    """How many days a month has."""
    return 29 if month == 2 and is_leap(year) else _MONTH_DAYS[month]


def date(year: int, month: int, day: int) -> Date | None:
    """The day, or None when there is no such day."""
    if not (-LAST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12 and 1 <= day <= month_days(year, month)):
        return None
    return Date(year, month, day)


def day_at(ordinal: int) -> Date | None:
    """The day so many days after 1970-01-01, or None beyond the calendar's ends."""
    if abs(ordinal) > 366 * LAST_YEAR:
        return None
    era, of_era = divmod(ordinal + 719_468, 146_097)
    year_of_era = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    day_of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return date(year_of_era + era * 400 + (month <= 2), month, day_of_year - (153 * shifted + 2) // 5 + 1)


def add_months(day: Date, months: int) -> Date | None:
    """Calendar arithmetic: the same day so many months on, clamped to that month's end."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if abs(year) > LAST_YEAR:
        return None
    return date(year, month + 1, min(day.day, month_days(year, month + 1)))


def time(hour: int, minute: int, second: int, nanos: int = 0, offset: int | None = None) -> Time | None:
    """The time of day, or None when there is no such time; 24:00:00 is the day's end."""
    midnight = hour == 24 and minute == second == nanos == 0
    if not (midnight or (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60 and 0 <= nanos < NANOS)):
        return None
    if offset is not None and abs(offset) > _FURTHEST_OFFSET:
        return None
    return Time(((hour * 60 + minute) * 60 + second) * NANOS + nanos, offset)


def read_date(text: str) -> Date | None:
    match = _DATE.fullmatch(text)
    if match is None or match[1] == "-0000":
        return None
    return date(int(match[1]), int(match[2]), int(match[3]))


def read_time(text: str) -> Time | None:
    """A time of day, `24:00:00` read as midnight."""
    read = _read_time(text)
    return Time(0, read.offset, read.zone) if read is not None and read.nanos == DAY else read


def read_moment(text: str) -> DateTime | None:
    """A date and time; a date alone means its midnight, and `T24:00:00` the next day's."""
    day_text, mark, time_text = text.partition("T")
    day = read_date(day_text)
    if day is None:
        return None
    if not mark:
        return DateTime(day, Time(0))
    at = _read_time(time_text)
    if at is None:
        return None
    return moved(DateTime(day, at), 0) if at.nanos == DAY else DateTime(day, at)


def moved(moment: DateTime, nanos: int) -> DateTime | None:
    """The moment so many nanoseconds later, or None beyond the calendar; a zone's clock may be put on in between."""
    zone = moment.time.zone
    if zone is None:
        return _at(moment.local_nanos() + nanos, moment.time.offset, None)
    instant = moment.nanos() + nanos
    east = _offset_at(zone, instant)
    later = _at(instant + east * NANOS, None, zone)
    if later is not None and later.offset() != east:
        return DateTime(later.date, Time(later.time.nanos, east, zone))
    return later


def _at(local_nanos: int, offset: int | None, zone: str | None) -> DateTime | None:
    days, rest = divmod(local_nanos, DAY)
    day = day_at(days)
    return None if day is None else DateTime(day, Time(rest, offset, zone))


def from_datetime(at: datetime, zone: ZoneInfo) -> DateTime:
    """An aware datetime as a moment in a zone."""
    local = at.astimezone(zone)
    nanos = ((local.hour * 60 + local.minute) * 60 + local.second) * NANOS + local.microsecond * 1000
    offset = local.utcoffset() if local.fold else None
    second_time = None if offset is None else int(offset.total_seconds())
    return DateTime(Date(local.year, local.month, local.day), Time(nanos, second_time, zone.key))


def _read_time(text: str) -> Time | None:
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    offset: int | None = None
    if match[5]:
        offset = 0
    elif match[6]:
        if int(match[8]) > 59 or int(match[9] or 0) > 59:
            return None
        offset = (int(match[7]) * 3600 + int(match[8]) * 60 + int(match[9] or 0)) * (
            -1 if match[6] == "-" else 1
        )
    if match[10] and _zone(match[10]) is None:
        return None
    read = time(int(match[1]), int(match[2]), int(match[3]), nanos_of(match[4]), offset)
    return Time(read.nanos, None, match[10]) if read is not None and match[10] else read


@functools.lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    # ZoneInfo reads a file by name: refuse what could leave its folder, the machine's own setting, and what is no zone.
    if name.startswith(("/", "-", ".", "posix", "right")) or "//" in name or name in ("localtime", "Factory"):
        return None
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return None


def _zone_offset(name: str, day: Date, nanos: int) -> int | None:
    """Seconds east of UTC when a zone's clock shows this day and time (the first time, where it does so twice)."""
    zone = _zone(name)
    if zone is None:
        return None
    gap = _python_clock(day, nanos).replace(tzinfo=zone).utcoffset()
    return None if gap is None else int(gap.total_seconds())


def _offset_at(name: str, instant: int) -> int:
    """Seconds east of UTC in a zone at an instant, in nanoseconds since the epoch."""
    zone, days = _zone(name), day_at(instant // DAY)
    if zone is None or days is None:
        return 0
    gap = _python_clock(days, instant % DAY).astimezone(zone).utcoffset()
    return 0 if gap is None else int(gap.total_seconds())


def _python_clock(day: Date, nanos: int) -> datetime:
    """The day and time in UTC; beyond datetime's years one of them stands for the year, as zones' rules stay."""
    year = min(max(day.year, 2), 9998)
    seconds = nanos // NANOS
    return datetime(
        year, day.month, min(day.day, month_days(year, day.month)),
        seconds // 3600 % 24, seconds // 60 % 60, seconds % 60, tzinfo=UTC,
    )  # fmt: skip
