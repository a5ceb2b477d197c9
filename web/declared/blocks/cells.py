"""One shown value: its text in the reader's language, its tone, whether it stands right as a number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from engine import settings
from engine.definitions import manifest
from web import locales, readable
from web.declared.asking import Asking
from web.declared.page_schema import TONES

_NUMERIC = ("number", "percent")
_GAP = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Cell:
    """What a table, a card or a figure draws in one place."""

    name: str
    label: str
    text: str
    tone: str | None
    is_number: bool
    link: str | None = None
    of: str | None = None


def cell(
    asking: Asking, block: str, name: str, declared: Any, more: Mapping[str, Any] | None = None
) -> Cell | None:
    """The value a column, fact or figure declares; by default the row's field of that name. None when not wanted."""
    entry = declared if isinstance(declared, dict) else {"value": declared}
    if not asking.holds(entry.get("when"), more):
        return None
    expression = entry.get("value")
    value = (more or {}).get(name) if expression is None else asking.value(expression, more)
    total = asking.value(entry.get("of"), more)
    link = entry.get("link")
    return Cell(
        name,
        label(asking, block, name),
        text(asking, value, entry),
        tone(asking, entry.get("tone"), more),
        is_number(entry, value),
        None if link is None else address(asking, link, more),
        None if total is None else text(asking, total, entry),
    )


def label(asking: Asking, block: str, name: str) -> str:
    """What a column, fact or figure is called."""
    return asking.text(f"{block}.{name}") or name


def text(asking: Asking, value: Any, entry: Mapping[str, Any]) -> str:
    """A value in its declared format."""
    if value is None or value == "":
        return readable.NOTHING
    zone, language = settings.current().zone_info, asking.language
    match entry.get("format") or ("word" if "words" in entry else "text"):
        case "percent" if isinstance(value, int | float):
            return f"{locales.number(round(value * 100), language)}%"
        case "date":
            return locales.day(str(value)[:10])
        case "time":
            return _time(str(value))
        case "moment":
            return locales.moment(str(value), zone)
        case "duration":
            return _duration(value, language)
        case "word" if isinstance(value, list):
            return ", ".join(text(asking, one, entry) for one in value)
        case "word":
            return asking.word(str(entry.get("words", "values")), _constant(value))
    return readable.value(value, language, zone)


def is_number(entry: Mapping[str, Any], value: Any) -> bool:
    """Whether a column stands at the right."""
    if "format" in entry:
        return entry["format"] in _NUMERIC
    return isinstance(value, int | float) and not isinstance(value, bool)


def tone(asking: Asking, declared: Any, more: Mapping[str, Any] | None = None) -> str | None:
    """good, warn, bad or info; None for plain and for anything else an expression came to."""
    found = asking.value(declared, more)
    return found if found in TONES and found != "plain" else None


def address(asking: Asking, template: str, more: Mapping[str, Any] | None = None) -> str | None:
    """The address with its gaps filled from the row and the parameters; None when one of them is empty."""
    known = {**asking.values, **(more or {})}
    filled: dict[str, str] = {}
    for name in _GAP.findall(template):
        value = known.get(name)
        value = value.get("code") if isinstance(value, dict) else value
        if value in (None, ""):
            return None
        filled[name] = quote(str(value), safe="")
    return template.format_map(filled)


def _constant(value: Any) -> str:
    """A constant as it is written in declarations."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _time(value: str) -> str:
    """The time of day of a moment or of a time."""
    try:
        return locales.clock(datetime.fromisoformat(value), settings.current().zone_info)
    except ValueError:
        return locales.clock(value, settings.current().zone_info)


def _duration(value: Any, language: str) -> str:
    """Seconds, or an ISO duration."""
    try:
        length = manifest.duration(value) if isinstance(value, str) else timedelta(seconds=float(value))
    except (ValueError, TypeError, OverflowError):
        return str(value)
    return locales.duration(length, language)
