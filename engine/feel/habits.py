"""What people write out of habit, from other languages, keyboards and papers, and what FEEL writes instead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.feel.tokens import KEYWORDS, Token


@dataclass(frozen=True, slots=True)
class Habit:
    """A habit that was recognised: a sentence under `findings.feel`, its gaps, and the token it begins with."""

    code: str
    first: Token
    params: dict[str, Any] = field(default_factory=dict)


OTHER_FUNCTIONS = {
    "length": "string length", "len": "string length", "strlen": "string length", "size": "count",
    "lower": "lower case",
    "tolower": "lower case", "lowercase": "lower case", "upper": "upper case", "toupper": "upper case",
    "uppercase": "upper case", "substr": "substring", "mid": "substring", "avg": "mean", "average": "mean",
    "round": "round half up", "ceil": "ceiling", "pow": "**", "mod": "modulo", "startswith": "starts with",
    "endswith": "ends with", "indexof": "index of", "tostring": "string", "str": "string", "text": "string",
    "tonumber": "number", "int": "floor", "todate": "date", "datetime": "date and time", "concat": "concatenate",
    "join": "string join", "unique": "distinct values", "distinct": "distinct values", "stdev": "stddev",
    "exists": "some", "includes": "list contains", "isnull": "= null", "isempty": "count", "iif": "if",
    "regex": "matches", "coalesce": "if", "nvl": "if", "concatenation": "concatenate",
}  # fmt: skip
"""What functions of other languages are called here, by their names in lower case."""

OTHER_TYPES = {
    "text": "string", "int": "number", "integer": "number", "float": "number", "double": "number", "decimal": "number",
    "bool": "boolean", "datetime": "date and time", "array": "list", "object": "context", "interval": "range",
}  # fmt: skip
"""What types of other languages are called here."""

_INSTEAD = {
    ("=", "<"): "<=", ("=", ">"): ">=", ("<", ">"): "!=", ("<", "="): "<=", (">", "="): ">=", (":", "="): "=",
}  # fmt: skip
_WORDS = {
    "is": "=", "equals": "=", "like": "contains(…, …)", "case": "if … then … else …", "when": "if … then … else …",
    "elif": "else if …", "elseif": "else if …", "xor": "!=", "mod": "modulo(…, …)", "where": "[…]",
}  # fmt: skip
_CLOSING = {")": "(", "]": "[", "}": "{"}
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}")


def looks_like_a_date(text: str) -> bool:
    """Whether a calculation was meant as a date: `2021-08-19` without quotes is 1994."""
    return _ISO_DATE.fullmatch(text.strip("() ")) is not None


def of(tokens: Sequence[Token], at: int, expected: str) -> Habit | None:
    """The habit that explains why the token at a position stands where `expected` belongs; None when none does."""
    found, before = tokens[at], tokens[at - 1] if at else None
    after = tokens[at + 1] if at + 1 < len(tokens) else found
    if found.text == "'":
        return Habit("single_quote", found)
    if expected == "type":
        return None
    if expected == "expression" and (found.text, after.text) == ("=", ">"):
        return Habit("arrow", found)
    if expected == "end" and tokens[0].text in _LIMITS and found.text in ("and", "or"):
        return Habit(f"tests_joined_by_{found.text}", found)
    habit = _pair(before, found, after) or _word(before, found, after)
    if habit is None and expected in _ENDS:
        habit = _decimal(tokens, at) or _early(before, found, after, expected)
    return Habit("else_missing", found) if habit is None and expected == "else" else habit


def _pair(before: Token | None, found: Token, after: Token) -> Habit | None:
    """Two symbols that were meant as one."""
    first, second = (found, after) if before is None or found.text == ":" else (before, found)
    if first.text == second.text == "=":
        return Habit("double_equals", second)
    instead = _INSTEAD.get((first.text, second.text)) if first.kind == second.kind == "op" else None
    if instead is None:
        return None
    return Habit("write_instead", first, {"found": first.text + second.text, "instead": instead})


def _word(before: Token | None, found: Token, after: Token) -> Habit | None:
    """A word of another language, or one of this in capitals."""
    if before is None or before.kind not in ("name", "number", "string"):
        return None
    if before.text == "not" and found.kind != "op":
        return Habit("not_without_brackets", before, {"found": found.text})
    if found.text == "not" and after.text == "in":
        return Habit("write_instead", found, {"found": "not in", "instead": "not(… in …)"})
    for word in (before, found):
        if word.kind != "name":
            continue
        if word.text not in KEYWORDS and word.text.lower() in KEYWORDS:
            return Habit("write_instead", word, {"found": word.text, "instead": word.text.lower()})
        if word.text.lower() == "is" and after.text == "not" and word is found:
            return Habit("write_instead", word, {"found": "is not", "instead": "!="})
        if word.text.lower() in _WORDS and found.kind != "op":
            return Habit("write_instead", word, {"found": word.text, "instead": _WORDS[word.text.lower()]})
    return None


_ENDS = ("end", ")", "]", "}", ",")
_LIMITS = ("<", "<=", ">", ">=")
_VALUES = ("name", "number", "string")


def _early(before: Token | None, found: Token, after: Token, expected: str) -> Habit | None:
    """Where an operator, a comma or the end belongs."""
    if found.text == ",":
        is_decimal = before is not None and before.kind == after.kind == "number" and after.start == found.end
        return Habit("decimal_comma" if is_decimal else "comma_alone", found, _joined(before, after))
    if found.text == ".." and before is not None:
        return Habit("range_without_brackets", before, {"low": before.text, "high": after.text})
    if found.text == "?":
        return Habit("write_instead", found, {"found": "?", "instead": "if … then … else …"})
    if found.text in _CLOSING and expected == "end":
        return Habit("bracket_extra", found, {"found": found.text, "opening": _CLOSING[found.text]})
    if (
        before is not None
        and before.kind == "number"
        and found.kind == "number"
        and before.end == found.start
    ):
        return Habit("number_in_pieces", before, {"found": before.text + found.text})
    if before is not None and before.kind == "number" and found.kind == "name" and found.text not in KEYWORDS:
        return Habit("unit_behind_number", found, {"found": f"{before.text} {found.text}"})
    if before is None or expected == "end" or before.kind not in _VALUES or found.kind not in _VALUES:
        return None
    if before.kind == found.kind == "name" or {before.text, found.text} & KEYWORDS:
        return None
    return Habit("comma_missing", found, {"before": before.text, "found": found.text})


def _decimal(tokens: Sequence[Token], at: int) -> Habit | None:
    """A decimal comma in the first end of a range: `[36,5..37]`."""
    if tokens[at].text != ".." or at < 3:
        return None
    whole, comma, part = tokens[at - 3 : at]
    if (
        comma.text == ","
        and whole.kind == part.kind == "number"
        and whole.end == comma.start == part.start - 1
    ):
        return Habit("decimal_comma", comma, _joined(whole, part))
    return None


def _joined(before: Token | None, after: Token) -> dict[str, Any]:
    number = before.text if before is not None else ""
    return {"written": f"{number},{after.text}", "instead": f"{number}.{after.text}"}


def near_name(tokens: Sequence[Token], at: int, known: Iterable[Sequence[str]]) -> str:
    """The known name of several words most like the words around a position; empty when none is like them."""
    best, ratio = "", 0.8
    for parts in known:
        for first in (at - 1, at):
            written = [token.text for token in tokens[first : first + len(parts)]] if first >= 0 else []
            likeness = difflib.SequenceMatcher(None, " ".join(written), " ".join(parts)).ratio()
            if likeness > ratio:
                best, ratio = " ".join(parts), likeness
    return best
