"""The form by which a case begins: which one is meant, what it starts with, how it is shown, what was given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from engine.definitions import entries, registry
from engine.definitions.registry import Startable
from engine.errors import Finding, Invalid, NotAllowed
from engine.forms import Form
from web import lookups, offers, sheets, work_lists
from web.form_fields import Posted as Answers
from web.form_view import FormView
from web.sessions import Posted as Fields
from web.sessions import Presence

Json = dict[str, Any]


def chosen(
    connection: Connection, presence: Presence, process: str, at: str, posted: Fields | None = None
) -> Startable:
    """The start event asked for; NotAllowed where the person may not begin this process at the unit.

    What was `posted` may tell when it happened: then it is the form in force at that moment that asks.
    """
    for one in work_lists.startable(connection, presence):
        if one.process == process and at in ("", one.element.id):
            return one if posted is None else _then(connection, presence, one, posted)
    raise NotAllowed("start_not_allowed")


def _then(connection: Connection, presence: Presence, start: Startable, posted: Fields) -> Startable:
    """The start as it was when what is entered happened; as it is when that cannot be told, or is refused later."""
    asked, rule = form(start), start.definition.manifest.start_rule(start.element.id)
    if asked is None or rule is None or rule.as_of is None:
        return start
    answers = sheets.read(asked, posted, presence.language).answers
    try:
        at = entries.moment_of(rule, answers, sheets.moment())
    except Invalid:
        return start
    compiled = registry.begun_then(connection, start.definition, presence.unit.path, start.element.id, at)
    if compiled is None:
        return start
    return Startable(start.process, compiled, compiled.model.nodes[start.element.id])


def form(start: Startable) -> Form | None:
    """The form of a start event, if it has one."""
    return start.definition.forms[start.element.form] if start.element.form else None


def initial(start: Startable) -> Json:
    """What the form starts with."""
    asked = form(start)
    return sheets.first(asked, {}, None) if asked else {}


def offered(
    connection: Connection, presence: Presence, start: Startable, answers: Json
) -> dict[str, offers.Options]:
    """The options that queries give its questions now."""
    return offers.of(connection, form(start), answers, {}, presence.actor, presence.unit, presence.language)


def shown(
    connection: Connection,
    presence: Presence,
    start: Startable,
    answers: Json,
    findings: Iterable[Finding] = (),
    posted: Answers | None = None,
) -> tuple[FormView | None, tuple[str, ...]]:
    """The form with these answers, and the lines of the entries that are chosen in it."""
    asked = form(start)
    if asked is None:
        return None, ()
    looked = lookups.shown(connection, asked, answers, presence)
    options = offered(connection, presence, start, answers)
    view = sheets.view(
        start.definition,
        asked,
        looked.answers,
        {},
        presence.language,
        findings,
        posted,
        options,
        looked.labels,
    )
    return view, looked.lines


def given(connection: Connection, presence: Presence, start: Startable, answers: Json) -> Json:
    """The answers with ids in place of what was typed or scanned; Invalid when one names nobody, or is gone."""
    asked = form(start)
    if asked is None:
        return {}
    kept, findings = lookups.resolved(connection, asked, answers, presence)
    findings += offers.gone(kept, offered(connection, presence, start, kept))
    if findings:
        raise Invalid([*findings, *sheets.faults(asked, kept, {}, findings)])
    return kept
