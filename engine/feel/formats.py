"""Values as text: what `string()` writes, and the FEEL that would give a value back."""

from __future__ import annotations

from decimal import Decimal

from engine.feel import dates, durations, tokens
from engine.feel.budgets import LONGEST_STRING, Run
from engine.feel.faults import Refusal
from engine.feel.values import Function, Range

_TEMPORAL = (dates.Date, dates.Time, dates.DateTime, durations.DaysTime, durations.YearsMonths)
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def number(value: Decimal) -> str:
    """A number in plain digits, `1.50` as given, never with an exponent and never `-0`."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text and value == value.to_integral_value() else text


def quoted(text: str) -> str:
    """A string literal."""
    return '"' + text.translate(_ESCAPES) + '"'


def text(value: object, run: Run | None = None) -> str:
    """What `string(value)` gives: texts as they are, everything else as FEEL would write it."""
    return value if isinstance(value, str) else literal(value, run)


def literal(value: object, run: Run | None = None) -> str:
    """A value as an expression of FEEL (a function only as its name)."""
    parts: list[str] = []
    _write(value, parts, run, [LONGEST_STRING])
    return "".join(parts)


def _write(value: object, parts: list[str], run: Run | None, room: list[int]) -> None:
    if run is not None:
        run.spend(2)
    match value:
        case None:
            word = "null"
        case bool():
            word = "true" if value else "false"
        case Decimal():
            word = number(value)
        case str():
            word = quoted(value)
        case list():
            return _write_list(value, parts, run, room)
        case dict():
            return _write_context(value, parts, run, room)
        case Range():
            return _write_range(value, parts, run, room)
        case Function():
            word = f"function({', '.join(value.parameters or ())})"
        case _ if isinstance(value, _TEMPORAL):
            word = str(value)
        case _:
            word = str(value)
    if run is not None:
        run.spend(len(word) // 64)
    _append(word, parts, room)
    return None


def _append(word: str, parts: list[str], room: list[int]) -> None:
    room[0] -= len(word) + 1
    if room[0] < 0:
        raise Refusal("text_too_long", most=LONGEST_STRING)
    parts.append(word)


def _write_list(value: list[object], parts: list[str], run: Run | None, room: list[int]) -> None:
    _append("[", parts, room)
    for index, item in enumerate(value):
        if index:
            _append(", ", parts, room)
        _write(item, parts, run, room)
    _append("]", parts, room)


def _write_context(value: dict[str, object], parts: list[str], run: Run | None, room: list[int]) -> None:
    _append("{", parts, room)
    for index, (key, item) in enumerate(value.items()):
        _append(", " if index else "", parts, room)
        _append((key if tokens.is_plain_name(key) else quoted(key)) + ": ", parts, room)
        _write(item, parts, run, room)
    _append("}", parts, room)


def _write_range(value: Range, parts: list[str], run: Run | None, room: list[int]) -> None:
    if value.operator:
        _append(f"({value.operator} ", parts, room)
        _write(value.low if value.low is not None else value.high, parts, run, room)
        return _append(")", parts, room)
    _append("[" if value.low_included else "(", parts, room)
    _write(value.low, parts, run, room)
    _append("..", parts, room)
    _write(value.high, parts, run, room)
    _append("]" if value.high_included else ")", parts, room)
    return None
