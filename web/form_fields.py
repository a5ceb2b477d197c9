"""Posted fields to answers by the form's schema, and answers back to fields: each undoes the other.

Reading never fails. What cannot be read as the schema wishes stays the text that was typed, under its name,
so that the schema judges it and the form can show it again. A field's name is its path with dots: `books.0.title`.
Names that begin with an underscore, and the session's token, are the page's own and no answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine.forms import Form
from engine.forms.kinds import Kind
from engine.forms.plans import Field, Plan
from web import locales

GUARD = "csrf"  # the session's token, in every posted form
ADD, REMOVE, SHOW = "_add", "_remove", "_show"
DEEPEST_NAME = 24  # parts of one field's name
_INDEX_DIGITS = 6
_ABSENT: Any = object()

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Posted:
    """What came in: `rows` counts the entries shown per list, `asks` is the page's own button, if one was pressed."""

    answers: dict[str, Any]
    rows: dict[str, int]
    asks: str | None = None  # ADD, REMOVE, SHOW: show the form again, do not submit
    focus: str | None = None  # the name of the list that was changed


@dataclass(slots=True)
class _Node:
    texts: list[str] = field(default_factory=list)
    parts: dict[str, _Node] = field(default_factory=dict)


def read(form: Form, pairs: Iterable[Pair], language: str, zone: ZoneInfo) -> Posted:
    """The answers in posted pairs, after the list buttons were obeyed."""
    posted = [(name, text) for name, text in pairs]
    asks = next(((name, text) for name, text in posted if name in (ADD, REMOVE, SHOW)), None)
    if asks and asks[0] == REMOVE:
        posted = [
            (name, text) for name, text in posted if name != asks[1] and not name.startswith(f"{asks[1]}.")
        ]
    reading = _Reading(language, zone)
    answers = reading.object(form.plan, _tree(posted), "")
    if asks is None:
        return Posted(answers, reading.rows)
    changed = asks[1] if asks[0] == ADD else asks[1].rpartition(".")[0]
    if asks[0] == ADD:
        reading.rows[changed] = reading.rows.get(changed, 0) + 1
    return Posted(answers, reading.rows, asks[0], changed)


def pairs(form: Form, answers: dict[str, Any], language: str, zone: ZoneInfo) -> list[Pair]:
    """What the form's HTML posts for these answers; read-only and write-only fields are not posted."""
    return list(_object_pairs(form.plan, answers, "", language, zone))


def written(field: Field, value: Any, language: str, zone: ZoneInfo) -> str:
    """One answer as the text in its input."""
    if isinstance(value, str):
        shape = field.schema.get("format") if field.kind is Kind.TEXT else None
        if shape == "date-time":
            return locales.moment(value, zone)
        return (
            locales.day(value)
            if shape == "date"
            else locales.clock(value, zone)
            if shape == "time"
            else value
        )
    if isinstance(value, Decimal):  # as the case keeps it
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value) if field.options else locales.written_number(value, language)


def _tree(posted: Iterable[Pair]) -> _Node:
    root = _Node()
    for name, text in posted:
        if name.startswith("_") or name in ("", GUARD):
            continue
        parts = name.split(".")
        node = root
        for part in parts if len(parts) <= DEEPEST_NAME else [name]:
            node = node.parts.setdefault(part, _Node())
        node.texts.append(text)
    return root


class _Reading:
    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self._language, self._zone = language, zone
        self.rows: dict[str, int] = {}

    def object(self, plan: Plan, node: _Node, prefix: str) -> dict[str, Any]:
        known, answers = plan.every(), dict[str, Any]()
        for name, one in known.items():
            if name in node.parts:
                value = self._value(one, node.parts[name], f"{prefix}{name}")
                if value is _ABSENT and one.kind is Kind.GROUP and name in plan.demanded:
                    value = {}  # so that what is missing is named question by question
                if value is not _ABSENT:
                    answers[name] = value
        for name, part in node.parts.items():
            nests = name in known and known[name].kind in (Kind.GROUP, Kind.LIST)
            if name not in known:
                answers.update(_unknown(name, part))
            elif part.parts and not nests:
                answers.update(
                    pair for rest, inner in part.parts.items() for pair in _unknown(f"{name}.{rest}", inner)
                )
        return answers

    def _value(self, field: Field, node: _Node, name: str) -> Any:
        if field.kind is Kind.GROUP:
            return self._group(field, node, name)
        if field.kind is Kind.LIST:
            return self._list(field, node, name)
        if field.kind is Kind.CHOICES:
            return self._choices(field, node.texts)
        texts = [text for text in node.texts if text.strip()]
        return self._scalar(field, texts[-1]) if texts else _ABSENT

    def _group(self, field: Field, node: _Node, name: str) -> Any:
        if node.texts and not node.parts:
            return node.texts[-1].strip() or _ABSENT
        answers = self.object(field.plan(), node, f"{name}.")
        return answers or _ABSENT

    def _list(self, field: Field, node: _Node, name: str) -> Any:
        if node.texts and not node.parts:
            return node.texts[-1].strip() or _ABSENT
        item, found = field.item(), list[Any]()
        indexes = sorted(filter(_is_index, node.parts), key=int)
        for index in indexes:  # gaps between indexes close
            value = self._value(item, node.parts[index], f"{name}.{len(found)}")
            if value is _ABSENT and item.kind is Kind.GROUP:
                value = {}
            if value is not _ABSENT:
                found.append(value)
        self.rows[name] = len(indexes)
        return found or _ABSENT

    def _choices(self, field: Field, texts: list[str]) -> Any:
        chosen = [_option(field, text) for text in dict.fromkeys(texts) if text.strip()]
        ranked = [option for option in field.options if any(alike(option, one) for one in chosen)]
        others = [one for one in chosen if not any(alike(one, option) for option in field.options)]
        return ranked + others or _ABSENT

    def _scalar(self, field: Field, text: str) -> Any:
        if field.kind in (Kind.BOOLEAN, Kind.AGREEMENT):
            return {"true": True, "false": False}.get(text.strip(), text.strip())
        if field.options:
            return _option(field, text)
        plain = locales.plain_text(text)
        if field.kind in (Kind.NUMBER, Kind.INTEGER):
            return locales.read_number(plain, self._language)
        shape = field.schema.get("format")
        if shape == "date":
            return locales.read_date(plain)
        if shape == "time":
            return locales.read_time(plain, self._zone, date(2000, 1, 1))
        if shape == "date-time":
            return locales.read_moment(plain, self._zone)
        if shape == "phone":
            return "".join(char for char in plain if char not in " .-()\u00a0")
        return plain


def _unknown(name: str, node: _Node) -> Iterator[tuple[str, str]]:
    """Names the form does not have stay in the answers, flat, for the form to refuse."""
    if node.texts:
        yield name, node.texts[-1]
    for rest, inner in node.parts.items():
        yield from _unknown(f"{name}.{rest}", inner)


def _is_index(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _INDEX_DIGITS


def _option(field: Field, text: str) -> Any:
    """The option that is written like the text, else the text."""
    for option in field.options:
        if option_text(option) in (text, text.strip()):
            return option
    return text.strip()


def option_text(option: Any) -> str:
    return option if isinstance(option, str) else json.dumps(option, ensure_ascii=False)


def alike(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _object_pairs(
    plan: Plan, answers: dict[str, Any], prefix: str, language: str, zone: ZoneInfo
) -> Iterator[Pair]:
    known = plan.every()
    for name, value in answers.items():
        one = known.get(name)
        if one is not None and not one.read_only and not one.write_only:
            yield from _value_pairs(one, value, f"{prefix}{name}", language, zone)


def _value_pairs(field: Field, value: Any, name: str, language: str, zone: ZoneInfo) -> Iterator[Pair]:
    if field.kind is Kind.GROUP and isinstance(value, dict):
        yield from _object_pairs(field.plan(), value, f"{name}.", language, zone)
    elif field.kind is Kind.LIST and isinstance(value, list):
        for index, one in enumerate(value):
            yield from _value_pairs(field.item(), one, f"{name}.{index}", language, zone)
    elif field.kind is Kind.CHOICES and isinstance(value, list):
        yield from ((name, option_text(one)) for one in value)
    elif value is not None:
        yield name, written(field, value, language, zone)
