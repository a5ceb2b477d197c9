"""Data given on the command line: JSON as it stands, in a file (`@file.json`), or from standard input (`-`)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine import spellings
from engine.errors import Finding, Invalid

_NEAR = 20  # characters shown of where JSON goes wrong
_LONGEST_INTEGER = 300  # digits


def read(given: str, option: str) -> dict[str, Any]:
    """The object that an option's value leads to; Invalid with line and column where it is not JSON."""
    text, place = _text(given, option)
    text = spellings.composed(text)
    try:
        value = json.loads(text, parse_float=Decimal, parse_int=_whole, parse_constant=_refused(text))
    except json.JSONDecodeError as error:
        near = text[max(0, error.pos - 1) : error.pos + _NEAR].split("\n")[0] or "…"
        found = {"line": error.lineno, "column": error.colno, "near": near}
        raise Invalid([Finding("input_json", found, place)]) from error
    except RecursionError as error:
        raise Invalid([Finding("input_deep", {}, place)]) from error
    if not isinstance(value, dict):
        raise Invalid([Finding("input_object", {"found": _KINDS.get(type(value), "null")}, place)])
    return value


def content(path: Path) -> bytes:
    """A file given on the command line; Invalid where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise Invalid([Finding("file_unreadable", {"reason": reason}, str(path))]) from error


_KINDS = {list: "[…]", str: '"…"', int: "0", Decimal: "0.0", bool: "true"}


def _text(given: str, option: str) -> tuple[str, str]:
    if given == "-":
        return sys.stdin.read(), option
    if not given.startswith("@"):
        return given, option
    path = Path(given[1:])
    try:
        return path.read_text("utf-8-sig"), str(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Invalid([Finding("file_unreadable", {"reason": reason}, str(path))]) from error


def _whole(digits: str) -> int | Decimal:
    """A whole number; Python refuses to read integers of thousands of digits."""
    return int(digits) if len(digits) <= _LONGEST_INTEGER else Decimal(digits)


def _refused(text: str) -> Callable[[str], Any]:
    """NaN and Infinity are no JSON, though Python would read them."""

    def refuse(word: str) -> Any:
        raise json.JSONDecodeError(word, text, text.find(word))

    return refuse
