"""YAML read safely, with the line of every value, and with none of YAML's surprises.

Accepted is what people write on purpose: maps, lists and plain values. A plain value is null (`null`,
`~` or nothing), `true`, `false`, a decimal number, or text; so `yes`, `no`, `on`, `off`, `2021-07-01`,
`0912` and `1_000` are text. Keys are always text, as written. Anchors, aliases, merge keys, tags, a key
that occurs twice, several documents in one file, deep and oversized files are refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from engine import errors, spellings

SIZE_LIMIT = 1 << 20  # bytes
DEPTH_LIMIT = 48  # maps and lists inside each other

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?\Z")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_WORDS: Mapping[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Marked:
    """A YAML file: `value` is its map (of plain dict, list, str, int, float, bool, None), and every
    part of it has a line."""

    file: str
    value: dict[str, Any]
    lines: Mapping[str, int]  # JSON pointer -> line, from 1

    def line(self, pointer: str) -> int:
        """The line of the key or list item at a JSON pointer; of its nearest parent when it is absent."""
        while pointer and pointer not in self.lines:
            pointer = pointer.rpartition("/")[0]
        return self.lines.get(pointer, 1)

    def finding(self, code: str, pointer: str, severity: str = "error", **params: Any) -> errors.Finding:
        """A finding about the value at `pointer`, with file and line filled in."""
        return errors.Finding(code, params, self.file, self.line(pointer), None, pointer, severity)


def load(content: bytes, file: str, limit: int = SIZE_LIMIT) -> Marked:
    """The map a YAML file holds; raises `Invalid` with every finding when it is not acceptable."""
    text = _text(content, file, limit)
    reader = _Reader(file)
    try:
        reader.read(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.MarkedYAMLError as error:
        reader.found("yaml.syntax", _error_line(error), problem=error.problem or error.context or "?")
    except yaml.YAMLError as error:
        reader.found("yaml.syntax", 1, problem=str(error))
    if reader.findings:
        raise errors.Invalid(reader.findings)
    return Marked(file, reader.root, reader.lines)


def _text(content: bytes, file: str, limit: int) -> str:
    if len(content) > limit:
        finding = errors.Finding("yaml.too_large", {"size": len(content), "limit": limit}, file)
        raise errors.Invalid([finding])
    try:
        text = spellings.composed(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise errors.Invalid([errors.Finding("yaml.not_utf8", {}, file, line)]) from None
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        line = text.count("\n", 0, forbidden.start()) + 1
        code = f"U+{ord(forbidden.group()):04X}"
        raise errors.Invalid([errors.Finding("yaml.control_character", {"character": code}, file, line)])
    return text


def _error_line(error: yaml.MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line + 1 if mark else 1


class _Reader:
    """Builds values from YAML's events with its own stack, so that nothing recurses and no object is
    ever made from a tag."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[errors.Finding] = []
        self.lines: dict[str, int] = {}
        self.root: dict[str, Any] = {}
        self._documents = 0
        self._open: list[_Open] = []

    def found(self, code: str, line: int, **params: Any) -> None:
        self.findings.append(errors.Finding(code, params, self.file, line))

    def read(self, events: Iterator[yaml.Event]) -> None:
        """Consume the events; stops at what cannot be skipped over (too deep, a second document)."""
        for event in events:
            line = event.start_mark.line + 1 if event.start_mark else 1
            match event:
                case yaml.DocumentStartEvent():
                    self._documents += 1
                    if self._documents > 1:
                        self.found("yaml.several_documents", line)
                        return
                    if event.tags:
                        self.found("yaml.tag", line, tag="%TAG")
                case yaml.AliasEvent():
                    self.found("yaml.alias", line, name=event.anchor)
                    self._add(None, line)
                case yaml.ScalarEvent():
                    self._refuse_extras(event, line)
                    self._scalar(event, line)
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    self._refuse_extras(event, line)
                    if len(self._open) >= DEPTH_LIMIT:
                        self.found("yaml.too_deep", line, limit=DEPTH_LIMIT)
                        return
                    self._start({} if isinstance(event, yaml.MappingStartEvent) else [], line)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self._open.pop()
        if self._documents == 0:
            self.found("yaml.empty", 1)

    def _refuse_extras(self, event: Any, line: int) -> None:
        if event.anchor:
            self.found("yaml.anchor", line, name=event.anchor)
        if event.tag:
            self.found("yaml.tag", line, tag=_clipped(event.tag))

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        if self._open and self._open[-1].expects_key:
            self._key(event.value, line, quoted=bool(event.style))
            return
        if event.style:  # quoted or a block: text
            self._add(event.value, line)
            return
        try:
            value = _plain(event.value)
        except ValueError:
            self.found("yaml.number", line, number=_clipped(event.value))
            value = None
        self._add(value, line)

    def _key(self, key: str, line: int, quoted: bool) -> None:
        inside = self._open[-1]
        if not quoted and key == "<<":
            self.found("yaml.merge", line)
        elif not key.strip():
            self.found("yaml.empty_key", line)
        elif key in inside.keys:
            first = self.lines[f"{inside.pointer}/{escaped(key)}"]
            self.found("yaml.duplicate_key", line, name=_clipped(key), first=first)
        inside.keys.add(key)
        inside.key, inside.key_line = key, line

    def _start(self, value: Any, line: int) -> None:
        if self._open and self._open[-1].expects_key:
            self.found("yaml.complex_key", line)
            self._key("?", line, quoted=True)
            self._add(None, line)
            pointer = self._open[-1].pointer
        else:
            pointer = self._add(value, line)
        self._open.append(_Open(value, pointer))

    def _add(self, value: Any, line: int) -> str:
        """Put a value where it belongs and note its line; returns its pointer."""
        if not self._open:
            if isinstance(value, dict):
                self.root = value
            else:
                self.found("yaml.empty" if value is None else "yaml.not_a_map", line)
            self.lines[""] = line
            return ""
        inside = self._open[-1]
        if isinstance(inside.value, list):
            pointer = f"{inside.pointer}/{len(inside.value)}"
            inside.value.append(value)
        else:
            if inside.expects_key:  # an alias used as a key: refused already
                self._key("*", line, quoted=True)
            assert inside.key is not None
            pointer, line = f"{inside.pointer}/{escaped(inside.key)}", inside.key_line
            inside.value[inside.key] = value
            inside.key = None
        self.lines.setdefault(pointer, line)
        return pointer


class _Open:
    """A map or list whose end has not been read yet."""

    __slots__ = ("key", "key_line", "keys", "pointer", "value")

    def __init__(self, value: Any, pointer: str) -> None:
        self.value, self.pointer = value, pointer
        self.key: str | None = None
        self.key_line = 0
        self.keys: set[str] = set()

    @property
    def expects_key(self) -> bool:
        return isinstance(self.value, dict) and self.key is None


def _plain(text: str) -> Any:
    """The value of an unquoted scalar; ValueError for a number no machine number can hold."""
    if text in _WORDS:
        return _WORDS[text]
    if not _NUMBER.match(text):
        return text
    if _INTEGER.match(text):
        if len(text) > 18:
            raise ValueError(text)
        return int(text)
    if len(text) > 18 or math.isinf(float(text)):  # more digits than a float keeps
        raise ValueError(text)
    return float(text)


def escaped(key: str) -> str:
    """A key as one step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def _clipped(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else text[: limit - 3] + "..."
