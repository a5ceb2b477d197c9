"""Look-up fields: what a person types or scans (a code, a name) stands for the id that the case keeps.

The page shows the entry's own code and its line; the id travels only between server and database. So a form
works the same by scanner, by choosing from the list, and without any script.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from engine import catalogue
from engine.errors import Finding, NotFound
from engine.forms import Form
from web import subjects
from web.sessions import Presence

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """The answers with codes in place of ids, and the line of every entry that is chosen."""

    answers: Json
    lines: tuple[str, ...]


def resolved(
    connection: Connection, form: Form, answers: Json, presence: Presence
) -> tuple[Json, list[Finding]]:
    """The answers with an id in every look-up field; a finding for each text that names nobody or several."""
    kept, findings = dict(answers), []
    for name, query in _fields(form).items():
        text = answers.get(name)
        if not isinstance(text, str) or _known(connection, query, text, presence):
            continue
        found = _exact(subjects.matches(connection, query, text, presence.actor), text)
        if len(found) == 1:
            kept[name] = str(found[0]["id"])
        else:
            findings.append(
                Finding(
                    "lookup_several" if found else "lookup_none", {"count": len(found)}, pointer=f"/{name}"
                )
            )
    return kept, findings


def shown(connection: Connection, form: Form, answers: Mapping[str, Any], presence: Presence) -> Shown:
    """The answers as a form shows them."""
    kept, lines = dict(answers), []
    for name, query in _fields(form).items():
        value = answers.get(name)
        entry = _known(connection, query, value, presence) if isinstance(value, str) else {}
        if entry:
            kept[name] = code_of(entry)
            lines.append(str(entry.get("label") or ""))
    return Shown(kept, tuple(line for line in lines if line))


def code_of(entry: Mapping[str, Any]) -> str:
    """What stands for an entry in a field: its code as people read it, else its id."""
    return str(entry.get("shown_code") or entry.get("code") or entry.get("id") or "")


def _fields(form: Form) -> dict[str, str]:
    """The look-up fields a form has at its top, each with its query, of those this deployment can ask."""
    known = catalogue.current().queries
    return {
        name: query
        for name, field in form.plan.every().items()
        if field.widget == "lookup" and (query := field.hint.query) is not None and query in known
    }


def _known(connection: Connection, query: str, value: str, presence: Presence) -> Json:
    """The entry with this very id, or nothing."""
    for showing in _showing(query):
        name = next(iter(showing.inputs.required))
        try:
            return catalogue.ask(connection, showing.name, {name: value}, presence.actor)
        except NotFound:
            return {}
    return {}


def _showing(find: str) -> list[catalogue.Query]:
    """The queries of the same integration that show one entry: one text goes in, a `label` comes out."""
    folder = find.partition(".")[0]
    return [
        query
        for name, query in catalogue.current().queries.items()
        if name.startswith(f"{folder}.")
        and len(query.inputs.required) == 1
        and "label" in query.outputs.names
    ]


def _exact(found: list[Json], text: str) -> list[Json]:
    """Of those who match, the one whose code is the text; else all of them."""
    wanted = _plain(text)
    same = [one for one in found if wanted in (_plain(str(one.get("code", ""))), _plain(code_of(one)))]
    return same or found


def _plain(code: str) -> str:
    return "".join(letter for letter in code.casefold() if letter.isalnum())
