"""Text to tokens: every character is accounted for, and every token knows its offsets."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from engine.feel import characters
from engine.feel.faults import FeelError, Place

LONGEST_TEXT = 100_000  # characters of one expression
KEYWORDS = frozenset(
    "if then else for in return some every satisfies and or between instance of"
    " function external true false null".split()
)

# The name alphabet of DMN 1.5, 10.3.1.2 rules 27-29; "?" is a token of its own.
_START = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u167f\u1681-\u180d\u180f-\u1fff\u200c\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufefe\uff00-\ufffd\U00010000-\U000effff"
)
_PART = _START + "0-9\u00b7\u0300-\u036f\u203f-\u2040"
_TOKEN = re.compile(
    rf"""
    (?P<space>[\s\u0085\u00a0\u1680\u180e\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff]+|//[^\n]*|/\*.*?\*/)
  | (?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<string>"(?:[^"\\]|\\.)*")
  | (?P<name>[{_START}][{_PART}]*)
  | (?P<unclosed>/\*)
  | (?P<op>\.\.|\*\*|<=|>=|!=|->|[-+*/<>=()\[\]{{}},:.'?@])
    """,
    re.VERBOSE | re.DOTALL,
)
_PLAIN_NAME = re.compile(rf"([{_START}][{_PART}]*)(?: [{_PART}]+)*")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{6}|.)", re.DOTALL)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the language: `kind` is number, string, name, op or end."""

    kind: str
    text: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """The tokens of a text, ending with one of kind `end`; refuses what is not FEEL with its place."""
    if len(text) > LONGEST_TEXT:
        raise FeelError("text_too_long", Place(text, 0, 0), length=len(text), longest=LONGEST_TEXT)
    found: list[Token] = []
    at, size = 0, len(text)
    while at < size:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup == "unclosed":
            code, said = characters.refused(text, at)
            raise FeelError(code, Place(text, at, at + 1), **said)
        kind = match.lastgroup or ""
        if kind != "space":
            found.append(Token(kind, match.group(), at, match.end()))
        at = match.end()
    found.append(Token("end", "", size, size))
    return found


@functools.lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """A name as the texts of its tokens: `first name`, `a-b` … so that spacing does not matter; () if it is none."""
    try:
        found = tokens(name)[:-1]
    except FeelError:
        return ()
    if not found or found[0].kind != "name" or any(token.kind == "string" for token in found):
        return ()
    return tuple(token.text for token in found)


def is_plain_name(text: str) -> bool:
    """Whether a text may be a key without quotes: words with single spaces, the first no keyword."""
    match = _PLAIN_NAME.fullmatch(text)
    return match is not None and match[1] not in KEYWORDS


def unescaped(literal: str) -> str:
    """The characters a string literal (with its quotes) stands for; `\\uXXXX` pairs join to one character."""
    inner = literal[1:-1]
    if "\\" not in inner:
        return inner
    return characters.paired(_ESCAPE.sub(_character, inner))


def _character(match: re.Match[str]) -> str:
    escape = match.group(1)
    if len(escape) == 1:
        return _SIMPLE.get(escape, "\\" + escape)
    code = int(escape[1:], 16)
    return chr(code) if code <= 0x10FFFF else "\ufffd"
