"""JSON values of cases as people read them: days and moments in local style, yes and no in words, lists joined."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from web import locales

NOTHING = "–"
LONGEST = 400  # characters of one value
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*")
_TIME = re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d+)?)?([+-]\d{2}:\d{2}|Z)?")
_YES_NO = {"vi": {True: "Có", False: "Không"}, "en": {True: "Yes", False: "No"}}


def value(found: Any, language: str, zone: ZoneInfo, words: Mapping[str, str] | None = None) -> str:
    """One value in words; `words` names the constants a declaration gives names to."""
    if found is None or found in ("", [], {}):
        return NOTHING
    if isinstance(found, bool):
        return _YES_NO[language][found]
    if isinstance(found, (int, float, Decimal)):
        return locales.number(found, language)
    if isinstance(found, str):
        return _text(found, zone, words or {})
    if isinstance(found, list):
        return _short("; ".join(value(one, language, zone, words) for one in found))
    if isinstance(found, dict):
        parts = (f"{name}: {value(one, language, zone, words)}" for name, one in found.items())
        return _short(", ".join(parts))
    return _short(str(found))


def formatted(found: Any, shape: str | None, language: str, zone: ZoneInfo) -> str:
    """A value in the format a declaration asks for; without one, as it reads best."""
    if found is None:
        return NOTHING
    match shape:
        case "date":
            return locales.day(str(found)[:10])
        case "date-time":
            return locales.moment(str(found), zone)
        case "time":
            return locales.clock(str(found), zone)
        case "code" | "text" | "qr":
            return str(found) if not isinstance(found, (list, dict, bool)) else value(found, language, zone)
        case _:
            return value(found, language, zone)


def _text(text: str, zone: ZoneInfo, words: Mapping[str, str]) -> str:
    if text in words:
        return words[text]
    if _DAY.fullmatch(text):
        return locales.day(text)
    if _MOMENT.fullmatch(text):
        return locales.moment(text, zone)
    if _TIME.fullmatch(text):
        return locales.clock(text, zone)
    return _short(text)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
