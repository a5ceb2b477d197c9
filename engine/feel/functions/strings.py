"""Built-in functions on texts (DMN 1.5, 10.3.4.3); positions count characters from 1."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from engine.feel import characters, patterns
from engine.feel.budgets import LONGEST_LIST, LONGEST_STRING, MATCH, Run
from engine.feel.faults import Refusal
from engine.feel.functions.declared import built_in, integer

_GROUP = re.compile(r"\\(.)|\$([0-9]+)|([$\\])", re.DOTALL)


@built_in("substring", "string: string, start position: number, length: number? -> string")
def substring(run: Run, string: str, start: Decimal, length: Decimal | None) -> object:
    first, count = integer(start), None if length is None else integer(length)
    if first == 0 or abs(first) > len(string):
        raise Refusal("position_outside", position=first, size=len(string))
    begin = first - 1 if first > 0 else len(string) + first
    if count is None:
        return string[begin:]
    if not 1 <= count <= len(string) - begin:
        raise Refusal("position_outside", position=begin + count, size=len(string))
    return string[begin : begin + count]


@built_in("string length", "string: string -> number")
def string_length(run: Run, string: str) -> object:
    return Decimal(len(string))


@built_in("upper case", "string: string -> string")
def upper_case(run: Run, string: str) -> object:
    return string.upper()


@built_in("lower case", "string: string -> string")
def lower_case(run: Run, string: str) -> object:
    return string.lower()


@built_in("substring before", "string: string, match: string -> string")
def substring_before(run: Run, string: str, match: str) -> object:
    before, found, _ = string.partition(match) if match else ("", "", "")
    return before if found else ""


@built_in("substring after", "string: string, match: string -> string")
def substring_after(run: Run, string: str, match: str) -> object:
    return string.partition(match)[2] if match else string


@built_in("contains", "string: string, match: string -> boolean")
def contains(run: Run, string: str, match: str) -> object:
    return match in string


@built_in("starts with", "string: string, match: string -> boolean")
def starts_with(run: Run, string: str, match: str) -> object:
    return string.startswith(match)


@built_in("ends with", "string: string, match: string -> boolean")
def ends_with(run: Run, string: str, match: str) -> object:
    return string.endswith(match)


@built_in("matches", "input: string, pattern: string, flags: string? -> boolean", 4)
def matches(run: Run, text: str, pattern: str, flags: str | None) -> object:
    text = characters.paired(text)
    return patterns.compiled(pattern, flags or "", run, text).search(text) is not None


@built_in("replace", "input: string, pattern: string, replacement: string, flags: string? -> string", 6)
def replace(run: Run, text: str, pattern: str, replacement: str, flags: str | None) -> object:
    """Every match replaced; `$1` is a group's text, `\\$` a dollar."""
    text = characters.paired(text)
    found = _matching(run, pattern, flags or "", text)
    literal = "q" in (flags or "")
    parts: list[str] = []
    at = size = 0
    for match in found.finditer(text):
        run.spend(MATCH + len(replacement))
        new = replacement if literal else _replacement(replacement, match)
        parts += (text[at : match.start()], new)
        size += len(new)
        run.spend(len(new) // 64)
        at = match.end()
        if size > LONGEST_STRING:
            raise Refusal("text_too_long", most=LONGEST_STRING)
    return "".join(parts) + text[at:]


@built_in("split", "string: string, delimiter: string -> list<string>", 5)
def split(run: Run, string: str, delimiter: str) -> object:
    string = characters.paired(string)
    found = _matching(run, delimiter, "", string)
    parts: list[str] = []
    at = 0
    for match in found.finditer(string):
        parts.append(string[at : match.start()])
        at = match.end()
        run.spend(MATCH)
        if len(parts) > LONGEST_LIST:
            raise Refusal("list_too_long", most=LONGEST_LIST)
    parts.append(string[at:])
    return parts


@built_in("string join", "list: list, delimiter: string? -> string")
def string_join(run: Run, items: list[object], delimiter: str | None) -> object:
    words = [item for item in items if item is not None]
    run.spend(len(items))
    if not all(isinstance(word, str) for word in words):
        raise Refusal("argument_kind", expected="string", found="list")
    texts = [word for word in words if isinstance(word, str)]
    size = sum(map(len, texts)) + len(delimiter or "") * len(texts)
    if size > LONGEST_STRING:
        raise Refusal("text_too_long", most=LONGEST_STRING)
    run.spend(size // 64)
    return (delimiter or "").join(texts)


def _matching(run: Run, pattern: str, flags: str, text: str) -> Any:
    """A pattern to find matches of in a text; one that matches the empty text is refused (XPath F&O, FORX0003)."""
    found = patterns.compiled(pattern, flags, run, text)
    if found.search("") is not None:
        raise Refusal("pattern_matches_nothing", pattern=pattern[:60])
    return found


def _replacement(template: str, match: Any) -> str:
    """The replacement for one match, its groups filled in."""
    return _GROUP.sub(lambda mark: _expanded(mark, match), template)


def _expanded(mark: re.Match[str], match: Any) -> str:
    escaped, group, alone = mark.groups()
    if alone or (escaped is not None and escaped not in "$\\"):
        raise Refusal("replacement_unreadable", found=mark.group())
    if escaped is not None:
        return escaped
    known = match.re.groups
    size = next((size for size in range(len(str(known)), 1, -1) if int(group[:size]) <= known), 1)
    number = int(group[:size])  # the longest number that is a group's, as XPath reads `$12`
    return ((match.group(number) or "") if number <= known else "") + group[size:]
