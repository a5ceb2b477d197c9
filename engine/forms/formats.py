"""Every `format` a form may name, each with one plain rule for when a text has that format.

The rules are the ones JSON Schema 2020-12 refers to (RFC 3339 for dates and times, ISO 8601 durations),
written out here because the checker's own set depends on optional libraries: a format without its library
would be accepted without being checked. `phone` is this engine's own: digits with an optional country sign.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date, datetime, time

import re2
from jsonschema import FormatChecker

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII)
_DURATION = re.compile(
    r"P(?!$)([0-9]+Y)?([0-9]+M)?([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+(\.[0-9]+)?S)?)?|P[0-9]+W",
    re.ASCII,
)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_URI = re.compile(r"(https?://[^\s/?#]|(?!https?:)[a-z][a-z0-9+.-]*:)[^\s<>\"]*", re.ASCII | re.IGNORECASE)
_PHONE = re.compile(r"\+?[0-9]{8,15}", re.ASCII)


def is_date(text: str) -> bool:
    """A calendar day that exists, as `2021-07-10`."""
    return _DATE.fullmatch(text) is not None and _reads(date.fromisoformat, text)


def is_time(text: str) -> bool:
    """A time of day with its offset, as `07:30:00+07:00`."""
    return _TIME.fullmatch(text) is not None and _reads(time.fromisoformat, text)


def is_date_time(text: str) -> bool:
    """A moment with its offset, as `2021-07-10T07:30:00+07:00`."""
    day, separator, clock = text[:10], text[10:11], text[11:]
    shaped = separator in ("T", "t") and is_date(day) and is_time(clock)
    return shaped and _reads(datetime.fromisoformat, f"{day}T{clock}")


def is_duration(text: str) -> bool:
    """An ISO 8601 duration, as `P21D` or `PT15M`."""
    return _DURATION.fullmatch(text) is not None


def is_email(text: str) -> bool:
    """Something that can be an address: one @, a host with a dot, no spaces."""
    return len(text) <= 254 and _EMAIL.fullmatch(text) is not None


def is_uri(text: str) -> bool:
    """An absolute address with its scheme."""
    return _URI.fullmatch(text) is not None


def is_uuid(text: str) -> bool:
    """A UUID in its written form, with hyphens."""
    return len(text) == 36 and text.count("-") == 4 and _reads(uuid.UUID, text)


def is_regex(text: str) -> bool:
    """A pattern that runs in linear time (RE2's language)."""
    return pattern(text) is not None


def is_phone(text: str) -> bool:
    """8 to 15 digits, with or without a leading plus."""
    return _PHONE.fullmatch(text) is not None


FORMATS: dict[str, Callable[[str], bool]] = {
    "date": is_date,
    "time": is_time,
    "date-time": is_date_time,
    "duration": is_duration,
    "email": is_email,
    "uri": is_uri,
    "uuid": is_uuid,
    "regex": is_regex,
    "phone": is_phone,
}


def pattern(text: str) -> Callable[[str], object] | None:
    """The search of a pattern, in linear time whatever it is given; None when it cannot be compiled."""
    try:
        compiled = re2.compile(text, _quiet())
    except re2.error:
        return None
    search: Callable[[str], object] = compiled.search
    return search


def checker() -> FormatChecker:
    """The same rules for the schema library; values that are not text have every format."""
    formats = FormatChecker(formats=())
    for name, rule in FORMATS.items():
        formats.checks(name)(_for_texts(rule))
    return formats


def _for_texts(rule: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or rule(value)


def _reads(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def _quiet() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options
