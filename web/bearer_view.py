"""The cases of somebody without an account, in their words: where each stands, what to do now, what to print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from engine import bearers, case_codes, codes, instances, records, settings, user_tasks
from engine.access import Actor
from engine.bearers import Hold
from engine.definitions import registry
from engine.definitions.definition import Definition
from engine.ids import VersionId
from engine.instances import View
from engine.records import Record
from web import case_view, documents, locales, readable, rendering

_GAP = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)\}")


@dataclass(frozen=True, slots=True)
class Way:
    """Something to do or to print."""

    address: str
    text: str


@dataclass(frozen=True, slots=True)
class Card:
    """One case: what it is, where it stands, what there is to do and to print."""

    title: str
    code: str
    since: datetime
    states: tuple[str, ...]
    is_over: bool
    tasks: tuple[Way, ...]
    papers: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """One of those whose cases a session may see."""

    position: int
    label: str
    is_shown: bool


def cards(connection: Connection, actor: Actor, language: str) -> list[Card]:
    """The public cases of somebody, the newest first; each look leaves a row in the audit."""
    found = bearers.cases(connection, actor)
    return [
        card(connection, instances.view(connection, one.instance_id, actor), actor, language) for one in found
    ]


def card(connection: Connection, case: View, actor: Actor, language: str) -> Card:
    """One case as the person it is about reads it."""
    definition, instance_id = case.definition, case.summary.instance_id
    waiting = user_tasks.borne(connection, instance_id, actor)
    # whoever came by a code knows the one; others would only be mistaken for it
    is_theirs = actor.bearer is not None and actor.bearer.instance_id == instance_id
    code = case_codes.of(connection, instance_id) if is_theirs else None
    return Card(
        title=definition.text(language, "public.title") or definition.name(language),
        code=codes.shown(code) if code else "",
        since=case.summary.started_at,
        states=tuple(dict.fromkeys(states(case, language))),
        is_over=case.summary.state != "active",
        tasks=tuple(
            Way(f"/my/tasks/{task.id}", action(definition, task.element, language)) for task in waiting
        ),
        papers=papers(connection, case, language),
    )


def action(definition: Definition, element: str, language: str) -> str:
    """What a task is called for whoever is to do it: by the process's words for the public, else by its name."""
    return definition.text(language, f"public.actions.{element}") or definition.element_name(
        language, element
    )


def states(case: View, language: str) -> list[str]:
    """Where a case stands, in the words its process has for whom it is about."""
    definition = case.definition
    is_active = case.summary.state == "active"
    places = [wait.element for wait in case.waits] if is_active else [case.summary.outcome or ""]
    told = [definition.text(language, f"public.states.{place}") for place in dict.fromkeys(places)]
    said = [filled(one, case.variables, language) for one in told if one]
    return said or [rendering.sentence(f"my.states.{case.summary.state}", language)]


def papers(connection: Connection, case: View, language: str) -> tuple[Way, ...]:
    """The documents of a case that exist by now and are for whom it is about."""
    rule = case.definition.manifest.public
    return tuple(
        Way(f"/my/cases/{case.summary.instance_id}/documents/{one.key}", one.title)
        for one in documents.ready(connection, case, language)
        if rule is not None and one.key in rule.documents
    )


def people(connection: Connection, holds: Iterable[Hold], shown: int, language: str) -> list[Person]:
    """Those whose cases a session may see, by the names their cases give them."""
    found = []
    for number, hold in enumerate(holds, 1):
        label = label_of(connection, hold) or rendering.sentence("my.person", language, number=number)
        found.append(Person(hold.position, label, hold.position == shown))
    return found


def label_of(connection: Connection, hold: Hold) -> str:
    """What the newest case of a hold calls the person; empty when it does not say."""
    for variables, definition in bearers.told(connection, hold):
        rule = definition.manifest.public
        value = variables.get(rule.label) if rule is not None and rule.label else None
        if isinstance(value, str) and value.strip():
            return value.strip()[:80]
    return ""


def earlier(connection: Connection, actor: Actor, language: str) -> list[case_view.Written]:
    """The records of the kinds that the public processes name, for whoever came with the subject's own code."""
    bearer = actor.bearer
    if bearer is None or bearer.subject is None or bearer.instance_id is not None:
        return []
    kinds = {
        kind
        for one in bearers.public_processes(connection)
        if one.manifest.public is not None
        for kind in one.manifest.public.records
    }
    found: list[Record] = [
        one for kind in sorted(kinds) for one in records.about(connection, bearer.subject, kind)
    ]
    found.sort(key=lambda one: one.at, reverse=True)
    zone = settings.current().zone_info
    return [
        told
        for one in found
        for told in case_view.records_of(
            [one], registry.definition(connection, VersionId(one.version_id)), language, zone
        )
    ]


def proofs(connection: Connection, language: str) -> str:
    """What the second fact is called, by all public processes."""
    names = [one.text(language, "public.proof") for one in bearers.public_processes(connection)]
    return " / ".join(dict.fromkeys(name for name in names if name))


def as_written(text: str) -> list[str]:
    """The ways in which a second fact that was typed may be held: as it is, as a day."""
    plain = locales.plain_text(text).strip()
    return list(dict.fromkeys([plain, locales.read_date(plain)]))


def filled(sentence: str, variables: Mapping[str, Any], language: str) -> str:
    """A sentence of a process with the case's values in its gaps: a variable, or a part of one, and nothing else."""
    zone = settings.current().zone_info
    return _GAP.sub(lambda gap: readable.value(_part(variables, gap[1]), language, zone), sentence)


def _part(variables: Any, path: str) -> Any:
    found = variables
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def name_of_start(definition: Definition, language: str) -> tuple[str, str]:
    """What beginning a case is called, and what is told about it."""
    title = definition.text(language, "public.title") or definition.name(language)
    return title, definition.text(language, "public.about") or ""
