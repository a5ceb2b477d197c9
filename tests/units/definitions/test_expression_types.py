"""Expressions of a process are checked by the types of the data that its forms, decisions and steps leave."""

from __future__ import annotations

import pytest

from engine import texts
from engine.definitions import bundle as bundles
from engine.definitions import checks, data, known_types
from engine.definitions import definition as definitions
from engine.feel import types
from engine.feel.type_relations import words
from tests.book_loan.bundles import PROCESSES, definition, edited, library, services

LOAN, LIMITS = "loan.bpmn", "limits.dmn"


def remarks(whole) -> list[tuple[str, str, str | None]]:
    """Severity, code and place of what types say about a bundle."""
    found = checks.run(whole, services(), PROCESSES, library().roles, library().unit_kinds)[1]
    said = [one for one in found if one.code.startswith(("feel_types", "decision_input_type"))]
    for finding in said:
        assert finding.file
        for language in texts.LANGUAGES:
            assert not finding.sentence(language).startswith("findings")
    return [(one.severity, one.code, one.element) for one in said]


@pytest.mark.parametrize(
    ("path", "old", "new", "remark"),
    [
        # A message may set any variable, so what its content could mend is only doubted …
        (LOAN, "count(books) &gt; 2", "books &gt; 2", ("warning", "feel_types.compared_listed", "{flow}")),
        (LOAN, "= granted<", "= why<", ("warning", "feel_types.condition", "{flow}")),
        (LOAN, 'limit.outcome = "ask"', "limit.outcome = 2", ("warning", "feel_types.compared_convert", "{flow}")),
        (LOAN, "count(books) &gt; 2", "count &gt; 2", ("warning", "feel_types.function_uncalled", "{flow}")),
        # … and what nothing can mend is an error.
        (LOAN, "count(books) &gt; 2", 'count(books) &gt; "2"', ("error", "feel_types.compared_convert", "{flow}")),
        (LOAN, '"D")), found', '"D")) + 1, found', ("error", "feel_types.operand_convert", "set_due")),
        (LOAN, "= granted<", '= "granted"<', ("error", "feel_types.condition", "{flow}")),
        (LOAN, "count(books) &gt; 2", "cound(books) &gt; 2", ("error", "feel_types.function_unknown_near", "{flow}")),
        (LIMITS, 'name="debt" typeRef="number"', 'name="debt" typeRef="boolean"',
         ("warning", "decision_input_type", "check_limit")),
        ("forms/recover.json", 'outcome = \\"paid\\"', "outcome = 5",
         ("warning", "feel_types.compared_convert", "payment")),
        ("forms/recover.json", 'outcome = \\"paid\\"', "outcome", ("warning", "feel_types.condition", "payment")),
    ],
)  # fmt: skip
def test_a_part_that_cannot_work_is_remarked_where_it_stands(path, old, new, remark):
    whole = edited(path, old, new)
    severity, code, element = remark
    element = {"{flow}": _flow(whole, new)}.get(element, element)
    assert (severity, code, element) in remarks(whole)


def _flow(whole, words_in_it: str) -> str:
    model = definitions.compile(whole).model
    plain = words_in_it.replace("&gt;", ">").strip("=<> ")
    found = [flow.id for flow in model.flows.values() if flow.condition and plain in flow.condition.text]
    return found[0] if found else ""


SHELF = b"""\
process: shelf
owner: process_owner
inputs: [book]
lanes: {desk: {role: librarian}}
service_levels: {put: PT1H}
flow:
  - script: note
    set: {row: "= 3", label: '= "row " + string(row)', moved_on: "= today()"}
  - user: put
    lane: desk
  - script: end_note
    set: {place: "= row + label", days: "= moved_on - today()", free: "= book.pages + 1"}
"""


def test_where_all_data_is_declared_what_cannot_work_is_an_error():
    """A date was stored as a text, so it has to be read again; nothing is said of what the caller gives."""
    assert remarks(bundles.of({"process.yaml": SHELF})) == [
        ("error", "feel_types.operand_convert", "end_note"),
        ("error", "feel_types.operand", "end_note"),
    ]


def test_the_types_of_data_are_those_of_forms_decisions_and_contracts():
    compiled = definition()
    found = {name: words(of) for name, of in data.of(compiled, services()).types.items()}
    expected = {
        "debt": "number", "by_post": "boolean", "card_kind": "string", "books": "list<context>", "limit": "context",
        "damaged_titles": "list<string>", "announced_as": "string", "due_on": "string", "loopCounter": "number",
        "reader_id": "Any",
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "format": "date"}, "string"),
        ({"type": "integer"}, "number"),
        ({"type": ["boolean", "null"]}, "boolean"),
        ({"type": ["string", "number"]}, "Any"),
        ({"enum": ["a", "b"]}, "string"),
        ({"enum": [1, None]}, "number"),
        ({"enum": ["a", 1]}, "Any"),
        ({"const": True}, "boolean"),
        ({"type": "array", "items": {"type": "number"}}, "list<number>"),
        ({"type": "array"}, "list"),
        ({"type": "object", "properties": {"a": {}}}, "context"),
        ({}, "Any"),
        (True, "Any"),
    ],
)
def test_a_json_schema_tells_the_type_of_its_values(schema, expected):
    assert words(known_types.of_schema(schema)) == expected


def test_what_is_stored_is_json():
    dated = types.ContextType(
        "tDay", (("day", types.DATE), ("lengths", types.ListType("list", types.DAYS_TIME)))
    )
    stored = known_types.stored(dated)
    assert isinstance(stored, types.ContextType)
    assert [(name, words(of)) for name, of in stored.fields] == [
        ("day", "string"),
        ("lengths", "list<string>"),
    ]
