"""Moments from outside, seen on the clock of the zone whose days count: the same instant, with that zone's offset.

`2021-08-19T18:30:00Z` belongs to the twentieth in Ha Noi. FEEL takes a moment's day, hour and weekday by the offset
it is written with, so whatever comes into a case is written with the campaign's before anything reads it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from engine.feel.json_values import Json

# The profile of RFC 3339, which forms and contracts call `date-time`; a fraction of any length stays as it is.
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
_SHORTEST, _MINUTE = len("2021-08-19T18:30:00Z"), timedelta(minutes=1)


def localized(value: Json, zone: ZoneInfo) -> Json:
    """A JSON value in which every text that is a moment with an offset has that of `zone`; all else is as it was.

    Keys, moments without an offset, days and times of day stay, and so does a moment that the zone's clock cannot
    show: beyond the years 1 to 9999, or from the years when it did not differ from UTC by whole minutes.
    """
    if isinstance(value, str):
        return _seen(value, zone) if len(value) >= _SHORTEST and value[10] in "Tt" else value
    if isinstance(value, dict):
        return {key: localized(item, zone) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [localized(item, zone) for item in value]
    return value


def _seen(text: str, zone: ZoneInfo) -> str:
    found = _MOMENT.fullmatch(text)
    if found is None:
        return text
    day, clock, fraction, offset = found.groups()
    try:
        local = datetime.fromisoformat(f"{day}T{clock}{offset.upper()}").astimezone(zone)
    except (ValueError, OverflowError):  # no such day or hour, or none on this clock
        return text
    east = local.utcoffset()
    if east is None or east % _MINUTE:
        return text
    shown = local.isoformat()
    return f"{shown[:19]}{fraction or ''}{shown[19:]}"
