"""Regular expressions of XPath (which FEEL uses) translated to RE2, so that matching takes linear time."""

from __future__ import annotations

import functools
import re
from typing import Any

import re2

from engine.feel import characters
from engine.feel.budgets import Run
from engine.feel.faults import Refusal

LONGEST_PATTERN = 2_000
_COST = 500  # steps that compiling a few characters of a pattern is worth
_SET_COST = 64 * _COST  # and working out which characters a class holds: all there are, are looked at
# A set worked out: a class less another one, or the opposite of a class within one.
_SET = re.compile(r"-\[|\\[WICP](?=[^\[]*\])")
# The members of XML Schema's escapes; a capital letter means everything else.
_INITIAL = r"\p{L}_:"
_MEMBERS = {"d": r"\p{Nd}", "s": r"\t\n\r ", "w": r"\p{L}\p{M}\p{N}\p{S}", "i": _INITIAL,
            "c": _INITIAL + r"\-.\p{Nd}\p{M}\x{B7}"}  # fmt: skip
_BLOCKS = {"IsBasicLatin": r"\x{0}-\x{7F}", "IsLatin-1Supplement": r"\x{80}-\x{FF}", "IsGreek": r"\x{370}-\x{3FF}",
           "IsCyrillic": r"\x{400}-\x{4FF}", "IsLatinExtended-A": r"\x{100}-\x{17F}",
           "IsLatinExtendedAdditional": r"\x{1E00}-\x{1EFF}"}  # fmt: skip
_LAST = 0x10FFFF
_NOTHING = r"^\x{0}-\x{10FFFF}"
_QUANTITY = re.compile(r"\{[0-9]+(?:,[0-9]*)?\}", re.ASCII)
_BACK_REFERENCE = re.compile(r"\\[0-9]")


def compiled(pattern: str, flags: str, run: Run, text: str) -> Any:
    """The compiled pattern, paid for to match a text with.

    Refuses flags other than s, m, i, x, q, and patterns RE2 cannot run in linear time. Each pattern is paid for
    once in an evaluation, whether or not it was compiled before: what an expression costs must not depend on what
    ran earlier. Matching is paid for by the worst case, the text's length times the pattern's size.
    """
    pattern = characters.paired(pattern)
    if len(pattern) > LONGEST_PATTERN:
        raise Refusal("pattern_too_long", most=LONGEST_PATTERN)
    if (pattern, flags) not in run.patterns:
        run.patterns.add((pattern, flags))
        run.spend(_COST * (1 + len(pattern) // 16) + _SET_COST * len(_SET.findall(pattern)))
    found = _compiled(pattern, flags)
    run.spend(len(text) * found.programsize // 256)
    return found


@functools.lru_cache(maxsize=1024)
def _compiled(pattern: str, flags: str) -> Any:
    if set(flags) - set("smixq"):
        raise Refusal("pattern_flags", flags=flags)
    prefix = "".join(flag for flag in "smi" if flag in flags)
    try:
        if "q" in flags:
            translated = re2.escape(pattern)
        else:
            translated = _translated(_without_spaces(pattern) if "x" in flags else pattern, "s" in flags)
        return _automaton((f"(?{prefix})" if prefix else "") + translated)
    except re2.error as error:
        raise Refusal("pattern_unreadable", pattern=pattern[:60], reason=str(error)[:100]) from None


def _automaton(translated: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 8 << 20
    return re2.compile(translated, options)


def _without_spaces(pattern: str) -> str:
    """The pattern under flag x: white space outside character classes does not count."""
    kept, depth, at = [], 0, 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\" and at + 2 < len(pattern) and pattern[at + 1] in "pP" and pattern[at + 2] == "{":
            end = pattern.find("}", at)
            end = len(pattern) - 1 if end < 0 else end
            kept.append("".join(pattern[at : end + 1].split()))
            at = end + 1
            continue
        if char == "\\" and not depth:
            after = at + 1
            while after < len(pattern) and pattern[after] in " \t\n\r":
                after += 1
            kept.append(pattern[at] + pattern[after : after + 1])
            at = after + 1
            continue
        if char == "\\":
            kept.append(pattern[at : at + 2])
            at += 2
            continue
        depth += (char == "[") - (char == "]" and depth > 0)
        if depth or char not in " \t\n\r":
            kept.append(char)
        at += 1
    return "".join(kept)


def _translated(pattern: str, dot_all: bool) -> str:
    """XPath's own escapes, class subtraction and `.` (which spares \\r too) in RE2's words."""
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            piece, at = _escape(pattern, at, in_class=False)
            parts.append(piece)
        elif char == "[":
            piece, at = _class(pattern, at)
            parts.append(piece)
        elif char == "(" and pattern.startswith("(?", at) and not pattern.startswith("(?:", at):
            raise Refusal("pattern_unreadable", pattern=pattern[:60], reason="(?")
        elif char in "{}]":
            quantity = _QUANTITY.match(pattern, at)
            if quantity is None:
                raise Refusal("pattern_unreadable", pattern=pattern[:60], reason=char)
            parts.append(quantity.group())
            at = quantity.end()
        elif char == "." and not dot_all:
            parts.append(r"[^\n\r]")
            at += 1
        else:
            parts.append(char)
            at += 1
    return "".join(parts)


def _escape(pattern: str, at: int, in_class: bool) -> tuple[str, int]:
    letter = pattern[at + 1 : at + 2]
    if _BACK_REFERENCE.match(pattern, at):
        raise Refusal("pattern_back_reference", pattern=pattern[:60])
    members, end = _MEMBERS.get(letter.lower()), at + 2
    if letter in ("p", "P") and pattern[end : end + 1] == "{":
        name, brace, _ = pattern[end + 1 :].partition("}")
        if not brace:
            raise Refusal("pattern_unreadable", pattern=pattern[:60], reason=pattern[at:][:60])
        members, end = _BLOCKS.get(name), end + len(name) + 2
    if members is not None:
        return _set(members, letter.isupper(), in_class), end
    if letter and letter not in "nrt\\|.?*+(){}$-[]^pP":
        raise Refusal("pattern_unreadable", pattern=pattern[:60], reason="\\" + letter)
    return pattern[at:end], end


def _set(members: str, opposite: bool, in_class: bool) -> str:
    """Characters, or all others, as a class of their own or as a part of one: RE2 has no class within a class."""
    if not opposite:
        return members if in_class else f"[{members}]"
    return _written(_ranges(f"[^{members}]")) if in_class else f"[^{members}]"


def _class(pattern: str, at: int) -> tuple[str, int]:
    """One character class; a subtraction `[a-z-[aeiou]]` becomes the ranges that are left."""
    negative = pattern.startswith("[^", at)
    begin = at + 2 if negative else at + 1
    parts: list[str] = []
    here = begin
    while here < len(pattern) and pattern[here] != "]":
        if pattern.startswith("-[", here) and here > begin:
            inner, after = _class(pattern, here + 1)
            if pattern[after : after + 1] != "]":
                raise Refusal("pattern_unreadable", pattern=pattern[:60], reason=pattern[here:after])
            whole = _ranges(f"[{'^' if negative else ''}{''.join(parts)}]")
            return f"[{_written(_without(whole, _ranges(inner))) or _NOTHING}]", after + 1
        if pattern[here] == "\\":
            piece, here = _escape(pattern, here, in_class=True)
            parts.append(piece)
        elif pattern[here] == "[":
            raise Refusal("pattern_unreadable", pattern=pattern[:60], reason="[")
        else:
            parts.append(pattern[here])
            here += 1
    if here >= len(pattern) or here == begin:
        raise Refusal("pattern_unreadable", pattern=pattern[:60], reason=pattern[at:])
    return f"[{'^' if negative else ''}{''.join(parts)}]", here + 1


Ranges = list[tuple[int, int]]  # of code points, first and last, in ascending order


@functools.lru_cache(maxsize=64)
def _ranges(one_class: str) -> Ranges:
    """The characters of a class of RE2."""
    found: Ranges = []
    for match in _automaton(one_class + "+").finditer(_all_characters()):
        first, last = (ord(match.group()[at]) for at in (0, -1))
        if first < _SURROGATES.start and last >= _SURROGATES.stop:
            found += [(first, _SURROGATES.start - 1), (_SURROGATES.stop, last)]
        else:
            found.append((first, last))
    return found


_SURROGATES = range(0xD800, 0xE000)  # halves of characters, no characters


@functools.cache
def _all_characters() -> str:
    return "".join(map(chr, (*range(_SURROGATES.start), *range(_SURROGATES.stop, _LAST + 1))))


def _without(whole: Ranges, taken: Ranges) -> Ranges:
    """What is left of ranges when others are taken away."""
    left: Ranges = []
    for first, last in whole:
        for low, high in taken:
            if high < first or low > last:
                continue
            if low > first:
                left.append((first, low - 1))
            first = high + 1
        if first <= last:
            left.append((first, last))
    return left


def _written(ranges: Ranges) -> str:
    """Ranges as members of a class."""
    return "".join(rf"\x{{{first:X}}}-\x{{{last:X}}}" for first, last in ranges)
