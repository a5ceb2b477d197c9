"""Where each value of a JSON text stands: JSON pointer → line, for findings that name a line.

Expects a text that `json.loads` has accepted; the first line is 1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+|\n', re.DOTALL)


def pointer(path: Iterator[str | int] | list[str | int] | tuple[str | int, ...]) -> str:
    """A JSON pointer (RFC 6901) from the keys and indexes that lead to a value."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def by_pointer(text: str) -> dict[str, int]:
    """The line of every value, and of every key's value, under its JSON pointer."""
    lines: dict[str, int] = {}
    path: list[str | int] = []
    line, awaits_key = 1, False
    kinds: list[str] = []
    for token in _TOKEN.findall(text):
        if token == "\n":
            line += 1
            continue
        if token in "{[":
            lines.setdefault(pointer(path), line)
            kinds.append(token)
            path.append("" if token == "{" else 0)
            awaits_key = token == "{"
        elif token in "}]":
            kinds.pop()
            path.pop()
            awaits_key = False
        elif token == ",":
            last = path[-1]
            if isinstance(last, int):
                path[-1] = last + 1
            awaits_key = kinds[-1] == "{"
        elif token == ":":
            awaits_key = False
        elif awaits_key:
            path[-1] = json.loads(token)
            lines.setdefault(pointer(path), line)
        else:
            lines.setdefault(pointer(path), line)
    return lines
