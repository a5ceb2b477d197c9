"""Numbers, days and moments as people here write and read them: 1.234,5 and 10/07/2021 07:30 in the campaign's zone.

Reading is forgiving: what cannot be read comes back as the text it was, for the form's schema to judge.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

LONGEST_NUMBER = 30  # characters; longer is no number that anybody typed
_DECIMAL_SIGN = {"vi": ",", "en": "."}
_GROUP_SIGN = {"vi": ".", "en": ","}
_SPACES = re.compile(r"[\s\u00a0\u202f]+")
_DAY = re.compile(r"(\d{1,2})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{4})", re.ASCII)
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2})\s*[:h.]\s*(\d{2})(?:[:.](\d{2}))?", re.ASCII | re.IGNORECASE)


def plain_text(text: str) -> str:
    """Typed text without stray spaces around it, with composed diacritics and one kind of line end."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def read_number(text: str, language: str) -> int | float | str:
    """A number in local style; the other decimal sign is understood where it cannot mean groups of three."""
    compact = _SPACES.sub("", text).replace("\u2212", "-")
    group, sign = re.escape(_GROUP_SIGN[language]), re.escape(_DECIMAL_SIGN[language])
    if len(compact) > LONGEST_NUMBER:
        return text
    if re.fullmatch(rf"[+-]?[1-9]\d{{0,2}}({group}\d{{3}})+({sign}\d+)?", compact, re.ASCII):
        compact = compact.replace(_GROUP_SIGN[language], "")
    compact = compact.replace(",", ".")
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", compact, re.ASCII):
        return text
    number = float(compact) if "." in compact else int(compact)
    return int(number) if isinstance(number, float) and number.is_integer() else number


def written_number(number: int | float | Decimal, language: str) -> str:
    """A number as it is typed: local decimal sign, no groups, no exponent."""
    return format(Decimal(str(number)), "f").replace(".", _DECIMAL_SIGN[language])


def number(value: int | float | Decimal, language: str, digits: int | None = None) -> str:
    """A number as it is read: groups of three and the local decimal sign."""
    exact = Decimal(str(value))
    text = format(exact, "," if digits is None else f",.{digits}f")
    if "e" in text.lower():
        text = format(exact, ",f")
    return text.translate(str.maketrans(",.", _GROUP_SIGN[language] + _DECIMAL_SIGN[language]))


def read_date(text: str) -> str:
    """A day typed as 10/7/2021, 10-07-2021 or 2021-07-10, as ISO; any other text as it was."""
    day = _day(text.strip())
    return text if day is None else day.isoformat()


def _day(text: str) -> date | None:
    local, iso = _DAY.fullmatch(text), _ISO_DAY.fullmatch(text)
    if local:
        day, month, year = map(int, local.groups())
    elif iso:
        year, month, day = map(int, iso.groups())
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_time(text: str, zone: ZoneInfo, today: date) -> str:
    """A time typed as 7:30, 07h30 or in full, with the zone's offset; any other text as it was."""
    clock = _clock(text.strip())
    if clock is None:
        return text
    return datetime.combine(today, clock, zone).isoformat().partition("T")[2]


def _clock(text: str) -> time | None:
    found = _CLOCK.fullmatch(text)
    if not found:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    try:
        return time(hours, minutes, seconds)
    except ValueError:
        return None


def read_moment(text: str, zone: ZoneInfo) -> str:
    """A day and a time in either order, in the zone, as ISO with its offset; any other text as it was."""
    trimmed = text.strip()
    found = re.split(r"[T\s,]+", trimmed, maxsplit=1)
    if len(found) == 2:
        for day_text, clock_text in (found, found[::-1]):
            day, clock = _day(day_text.strip(", ")), _clock(clock_text.strip(", "))
            if day is not None and clock is not None:
                return datetime.combine(day, clock, zone).isoformat()
    return text


def day(value: date | str) -> str:
    """A day as 10/07/2021, in every language; a text that is no ISO day as it is."""
    if isinstance(value, str):
        parsed = _day(value)
        if parsed is None:
            return value
        value = parsed
    return f"{value.day:02}/{value.month:02}/{value.year:04}"


def clock(value: datetime | str, zone: ZoneInfo) -> str:
    """The time of day as 07:30, with seconds only where there are some (in a typed text)."""
    if isinstance(value, str):
        try:
            at = time.fromisoformat(value)
        except ValueError:
            return value
        return f"{at.hour:02}:{at.minute:02}" + (f":{at.second:02}" if at.second else "")
    local = value.astimezone(zone)
    return f"{local.hour:02}:{local.minute:02}"


def moment(value: datetime | str, zone: ZoneInfo) -> str:
    """A moment as 10/07/2021 07:30 in the zone; a text that is no ISO moment as it is."""
    seconds = ""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
            local = value.astimezone(zone)
        except (ValueError, OverflowError):
            return str(value)
        seconds = f":{local.second:02}" if local.second else ""
    local = value.astimezone(zone)
    return f"{day(local.date())} {local.hour:02}:{local.minute:02}{seconds}"


_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
_UNIT_NAMES = {
    "vi": {"day": ("ngày", "ngày"), "hour": ("giờ", "giờ"), "minute": ("phút", "phút")},
    "en": {"day": ("day", "days"), "hour": ("hour", "hours"), "minute": ("minute", "minutes")},
}
_UNDER_A_MINUTE = {"vi": "dưới 1 phút", "en": "under a minute"}


def duration(value: timedelta | float, language: str) -> str:
    """How long, in the two largest units that matter: 12 minutes, 1 hour 5 minutes, 2 days 3 hours."""
    seconds = abs(int(value.total_seconds() if isinstance(value, timedelta) else value))
    parts: list[str] = []
    for size, unit in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            one, more = _UNIT_NAMES[language][unit]
            parts.append(f"{number(count, language)} {one if count == 1 else more}")
        elif parts:
            break  # 2 days and 5 minutes is two days
    return " ".join(parts[:2]) or _UNDER_A_MINUTE[language]
