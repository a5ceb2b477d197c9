"""Whom or what cases are about: shown by the query a process declares, found by what somebody scans or types.

A query that is declared audited leaves a row for every look. A queue is looked at every few seconds, so what
one person saw in it is kept for a while: one look, one row, however often the list is drawn again.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from engine import catalogue, clock, settings
from engine.access import Actor
from engine.definitions.definition import Definition
from engine.definitions.manifest import Subject as Declared
from engine.errors import NotFound
from web import readable
from web.sessions import Presence

KEPT_FOR = timedelta(minutes=10)
MOST_KEPT = 4_000
LONGEST_TEXT = 200  # characters that may be searched for

Json = dict[str, Any]
_Key = tuple[int | None, str, str]

_kept: weakref.WeakKeyDictionary[Engine, OrderedDict[_Key, tuple[datetime, Json]]] = (
    weakref.WeakKeyDictionary()
)
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject as a page shows it: a headline, a line to tell it from others, and labelled details."""

    id: str
    name: str
    rest: str = ""
    details: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()  # what does not fit together in what is known, in sentences


def of(
    connection: Connection, definition: Definition, subject: str | None, presence: Presence
) -> Subject | None:
    """The subject of a case, freshly looked up; None for a case about nobody."""
    declared = definition.manifest.subject
    if subject is None or declared is None:
        return None
    return _shown(
        subject, _asked(connection, declared, subject, presence.actor), definition, presence.language
    )


def known(connection: Connection, definition: Definition, subject: str | None, presence: Presence) -> Json:
    """Everything the query says of the subject, for expressions of the declaration."""
    declared = definition.manifest.subject
    return (
        {} if subject is None or declared is None else _asked(connection, declared, subject, presence.actor)
    )


def in_queue(
    connection: Connection, definition: Definition, subject: str | None, presence: Presence
) -> Subject | None:
    """The same for a list that is drawn again and again: a look of the last minutes serves."""
    declared = definition.manifest.subject
    if subject is None or declared is None:
        return None
    kept = _kept.setdefault(connection.engine, OrderedDict())
    key = (presence.actor.account_id, declared.query or "", subject)
    with _lock:
        at, found = kept.get(key, (None, {}))
    if at is None or at < clock.now() - KEPT_FOR:
        found = _asked(connection, declared, subject, presence.actor)
        with _lock:
            kept[key] = (clock.now(), found)
            kept.move_to_end(key)
            while len(kept) > MOST_KEPT:
                kept.popitem(last=False)
    return _shown(subject, found, definition, presence.language)


def find(connection: Connection, definition: Definition, text: str, presence: Presence) -> list[Subject]:
    """Those who match a code or words, the most likely first; empty where the process declares no search."""
    declared = definition.manifest.subject
    if declared is None or not declared.find or not text.strip():
        return []
    return [
        _shown(str(found.get("id", "")), found, definition, presence.language)
        for found in matches(connection, declared.find, text, presence.actor)
    ]


def matches(connection: Connection, query: str, text: str, actor: Actor) -> list[Json]:
    """What a search query gives for a text: the entries of its first list, each with `id` and `label`."""
    declared = catalogue.current().query(query)
    name = next(iter(sorted(declared.inputs.required)), "text")
    answer = catalogue.ask(connection, query, {name: text.strip()[:LONGEST_TEXT]}, actor)
    entries = next((part for part in answer.values() if isinstance(part, list)), [])
    return [entry for entry in entries if isinstance(entry, dict) and entry.get("id")]


def forget() -> None:
    """Drop what was kept; needed only where a database is emptied and ids begin anew, as in tests."""
    with _lock:
        _kept.clear()


def _asked(connection: Connection, declared: Declared, subject: str, actor: Actor) -> Json:
    return _answer(connection, declared.query, subject, actor) if declared.query else {}


def _answer(connection: Connection, query: str, subject: str, actor: Actor) -> Json:
    """What the query says of one subject; nothing when it knows none such."""
    if query not in catalogue.current().queries:
        return {}
    name = next(iter(sorted(catalogue.current().query(query).inputs.required)), "id")
    try:
        return catalogue.ask(connection, query, {name: subject}, actor)
    except NotFound:
        return {}


def _shown(subject: str, found: Mapping[str, Any], definition: Definition, language: str) -> Subject:
    label = str(found.get("label") or "")
    name = str(found.get("name") or label or subject)
    details = tuple(
        (title, _value(definition, key, value, language))
        for key, value in found.items()
        if (title := _title(definition, key, language)) and value not in (None, "", [], {})
    )
    return Subject(
        subject,
        name,
        label.removeprefix(name).strip(" ·,–-"),
        details,
        _warnings(found, definition, language),
    )


def _warnings(found: Mapping[str, Any], definition: Definition, language: str) -> tuple[str, ...]:
    """What the query warns of, in the sentences that the process's texts give under `subject.warnings`."""
    keys = found.get("warnings")
    sentences = (
        definition.text(language, f"subject.warnings.options.{key}")
        for key in (keys if isinstance(keys, list) else ())
    )
    return tuple(sentence for sentence in sentences if sentence)


def _title(definition: Definition, key: str, language: str) -> str:
    """The label that the process's texts give a part of its subject, under `subject`; parts without one stay out."""
    return (
        definition.text(language, f"subject.{key}.title") or definition.text(language, f"subject.{key}") or ""
    )


def _value(definition: Definition, key: str, value: Any, language: str) -> str:
    option = (
        definition.text(language, f"subject.{key}.options.{value}")
        if isinstance(value, (str, bool))
        else None
    )
    return option or readable.value(value, language, settings.current().zone_info)
