"""Look-up fields: what a person types or scans (a code, a name) stands for the id that the case keeps.

The page shows the entry's own code and its line; the id travels only between server and database. So a form
works the same by scanner, by choosing from the list, and without any script; at the top of a form, inside its
groups, and in every entry of its lists.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from engine import catalogue
from engine.definitions.definition import Definition
from engine.errors import Finding, NotAllowed, NotFound
from engine.forms import Form
from engine.forms.kinds import Kind
from engine.forms.plans import Field, Plan
from web import subjects
from web.sessions import Presence

Json = dict[str, Any]
MOST_NAMES = 200  # of one case
MOST_NAMED = 5  # entries told when several match: who works without scripts has no list to choose from


@dataclass(frozen=True, slots=True)
class Shown:
    """The answers with codes in place of ids, and the line of every entry that is chosen, by its pointer.

    `lines` are those of the form's own top: what the whole form is about.
    """

    answers: Json
    lines: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Place:
    """One look-up field of the answers: the object or list that holds its text, and where that is."""

    holder: Any
    step: str | int
    pointer: str
    query: str

    @property
    def text(self) -> str | None:
        value = self.holder[self.step]
        return value if isinstance(value, str) and value else None


def resolved(
    connection: Connection, form: Form, answers: Json, presence: Presence
) -> tuple[Json, list[Finding]]:
    """The answers with an id in every look-up field; a finding for each text that names nobody or several."""
    kept, findings = copy.deepcopy(answers), []
    for place in _places(form.plan, kept, ""):
        text = place.text
        if text is None or _known(connection, place.query, text, presence):
            continue
        found = _exact(subjects.matches(connection, place.query, text, presence.actor), text)
        if len(found) == 1:
            place.holder[place.step] = str(found[0]["id"])
        else:
            among = "; ".join(_told(one) for one in found[:MOST_NAMED])
            code = "lookup_several" if found else "lookup_none"
            findings.append(Finding(code, {"count": len(found), "among": among}, pointer=place.pointer))
    return kept, findings


def shown(connection: Connection, form: Form, answers: Mapping[str, Any], presence: Presence) -> Shown:
    """The answers as a form shows them."""
    kept, labels = copy.deepcopy(dict(answers)), {}
    for place in _places(form.plan, kept, ""):
        entry = _known(connection, place.query, place.text, presence) if place.text else {}
        if entry:
            place.holder[place.step] = code_of(entry)
            labels[place.pointer] = str(entry.get("label") or "")
    lines = tuple(line for pointer, line in labels.items() if line and pointer.count("/") == 1)
    return Shown(kept, lines, labels)


def names(
    connection: Connection,
    definition: Definition,
    passed: Iterable[str],
    variables: Mapping[str, Any],
    presence: Presence,
) -> dict[str, str]:
    """The line of each id that the look-up fields of the forms shown so far hold; each look is audited."""
    found: dict[str, str] = {}
    for element in dict.fromkeys(passed):
        node = definition.model.nodes.get(element)
        if node is None or node.form is None:
            continue
        held = variables.get(node.result) if node.result else variables
        for place in _places(definition.forms[node.form].plan, held, ""):
            if place.text and place.text not in found and len(found) < MOST_NAMES:
                entry = _known(connection, place.query, place.text, presence)
                found[place.text] = str(entry.get("label") or place.text)
    return found


def code_of(entry: Mapping[str, Any]) -> str:
    """What stands for an entry in a field: its code as people read it, else its id."""
    return str(entry.get("shown_code") or entry.get("code") or entry.get("id") or "")


def _places(plan: Plan, answers: Any, pointer: str) -> Iterator[_Place]:
    """Every look-up field that is answered, as deep as it lies, of those this deployment can ask."""
    if not isinstance(answers, Mapping):
        return
    for name, asked in plan.every().items():
        if name in answers:
            yield from _inside(asked, answers, name, f"{pointer}/{name}")


def _inside(asked: Field, holder: Any, step: str | int, pointer: str) -> Iterator[_Place]:
    value = holder[step]
    if asked.widget == "lookup" and asked.hint.query in catalogue.current().queries:
        yield _Place(holder, step, pointer, asked.hint.query or "")
    elif asked.kind is Kind.GROUP:
        yield from _places(asked.plan(), value, pointer)
    elif asked.kind is Kind.LIST and isinstance(value, list):
        item = asked.item()
        for index in range(len(value)):
            yield from _inside(item, value, index, f"{pointer}/{index}")


def _told(entry: Mapping[str, Any]) -> str:
    """An entry with its code, for a sentence."""
    code, label = code_of(entry), str(entry.get("label") or "")
    return label if code in label else f"{label} · {code}".lstrip(" ·")


def _known(connection: Connection, query: str, value: str, presence: Presence) -> Json:
    """The entry with this very id, or nothing."""
    for showing in _showing(query):
        name = next(iter(showing.inputs.required))
        try:
            return catalogue.ask(connection, showing.name, {name: value}, presence.actor)
        except (NotFound, NotAllowed):  # not there, or not for whoever asks: another query may show it
            continue
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
