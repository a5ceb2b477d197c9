"""A timer has to give a time of its kind, a prefill what its field takes: told at publication where it never does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import feel, forms, texts
from engine.bpmn.model import Timer, TimerKind
from engine.definitions import checks, wanted_types
from engine.feel.budgets import Run
from engine.feel.frames import Frame
from engine.runtime import events
from engine.runtime.step import Fault
from tests.book_loan import bundles
from tests.units.feel.evaluated import MOMENT
from tests.units.feel.test_type_soundness import TEXTS, VALUES, VARIABLES

ASK = {
    "type": "object", "additionalProperties": False,
    "properties": {
        "copies": {"type": "integer"}, "title": {"type": "string"}, "back_on": {"type": "string", "format": "date"},
        "firm": {"type": "boolean"}, "shelves": {"type": "array", "items": {"type": "string"}},
    },
}  # fmt: skip


TOLD = (
    "timer_type",
    "form_prefill_type",
    "name_unknown",
    "collection_type",
    "cardinality_type",
    "payload_type",
    "key_type",
)


def remarks(manifest: str, **properties: Any) -> list[tuple[str, str, str | None]]:
    """Severity, code and element of what is said of timers and prefills."""
    form = {**ASK, "properties": ASK["properties"] | properties}
    whole = bundles.small(manifest, ask=form)
    found = checks.run(
        whole, bundles.services(), bundles.PROCESSES, bundles.library().roles, bundles.library().unit_kinds
    )[1]
    said = [one for one in found if one.code in TOLD]
    for one in said:
        assert one.file
        assert all(not one.sentence(language).startswith("findings") for language in texts.LANGUAGES)
    return [(one.severity, one.code, one.element) for one in said]


def waiting(timeout: str, start: str = "", more: str = "inputs: [given]") -> str:
    return f"""
process: copies
owner: process_owner
{more}
lanes: {{desk: {{role: librarian}}}}
forms: [ask]
service_levels: {{ask: PT1H}}
flow:
  {start}
  - {{script: note, set: {{days: "= 3", until: "= today()"}}}}
  - {{user: ask, lane: desk, form: ask, timeout: {timeout}}}
"""


@pytest.mark.parametrize(
    ("written", "is_told"),
    [
        ('after: "= days"', True),
        ('after: "= duration(\\"P\\" + string(days) + \\"D\\")"', False),
        ('after: "= today() - date(until)"', False),
        ('after: "= today()"', True),
        ('after: "= [duration(\\"P1D\\")]"', True),
        ('after: "= null"', True),
        ('after: "= given"', False),
        ('at: "= until"', False),
        ('at: "= date(until) + duration(\\"P1D\\")"', False),
        ('at: "= duration(\\"P1D\\")"', True),
        ('at: "= time(\\"10:00:00\\")"', True),
        ('every: "= \\"R3/P\\" + string(days) + \\"D\\"", interrupting: false', False),
        ('every: "= duration(\\"P1D\\")", interrupting: false', True),
        ("after: PT1H", False),
    ],
)
def test_a_timer_that_can_give_no_time_is_refused(written: str, is_told: bool) -> None:
    timer = f"{{{written}, do: [{{manual: remind}}]}}"
    expected = [("error", "timer_type", "ask-timeout")] if is_told else []
    assert remarks(waiting(timer)) == expected


def test_a_timer_that_begins_cases_has_no_data_to_read() -> None:
    found = remarks(
        waiting(
            "{after: PT1H, do: []}", '- {start: weekly, every: "= \\"R/P\\" + string(days) + \\"D\\""}', ""
        )
    )
    assert ("error", "name_unknown", "weekly") in found


def test_what_data_from_outside_could_mend_is_doubted_only() -> None:
    assert remarks(waiting('{after: "= days", do: []}', more="")) == [
        ("warning", "timer_type", "ask-timeout")
    ]
    assert remarks(waiting('{after: "= 3", do: []}', more="")) == [("error", "timer_type", "ask-timeout")]


PARTS = [
    ('{each: part, in: "= days", as: one, do: [{manual: stamp}]}', "collection_type"),
    ('{each: part, in: "= [days]", as: one, do: [{manual: stamp}]}', ""),
    ('{each: part, times: "= until", do: [{manual: stamp}]}', "cardinality_type"),
    ('{each: part, times: "= days", do: [{manual: stamp}]}', ""),
    ('{send: part, message: parcel, payload: "= days"}', "payload_type"),
    ('{send: part, message: parcel, payload: {days: "= days"}}', ""),
    ('{send: part, message: parcel_of_all, payload: {days: "= days"}}', "key_type"),
]


@pytest.mark.parametrize(("step", "code"), PARTS)
def test_what_a_step_goes_through_or_sends_has_to_be_of_its_kind(step: str, code: str) -> None:
    keys = (
        'messages: {parcel: {keep: PT1H, key: "= days"}, parcel_of_all: {keep: PT1H, key: "= [days, until]"}}'
    )
    manifest = waiting("{after: PT1H, do: []}", more=f"inputs: []\n{keys}") + f"  - {step}\n"
    assert remarks(manifest) == ([("error", code, "part")] if code else [])


PREFILLS = [
    ("copies", "days", False), ("copies", "string(days)", True), ("copies", "given", False), ("copies", "null", False),
    ("title", "days", True), ("title", "string(days)", False), ("title", "today()", False), ("title", "[until]", True),
    ("back_on", "date(until)", False), ("back_on", "until", False), ("back_on", "now()", True),
    ("firm", "days > 2", False), ("firm", '"yes"', True), ("shelves", "[until]", False),
    ("shelves", "until", True), ("shelves", "[days]", True),
]  # fmt: skip


@pytest.mark.parametrize(("name", "written", "is_told"), PREFILLS)
def test_a_prefill_that_its_field_never_takes_is_refused(name: str, written: str, is_told: bool) -> None:
    field = ASK["properties"][name] | {"x-ui": {"prefill": f"= {written}"}}
    expected = [("error", "form_prefill_type", name)] if is_told else []
    assert remarks(waiting("{after: PT1H, do: []}"), **{name: field}) == expected


def _outcome(text: str, values: dict[str, Any]) -> Any:
    return feel.to_json(feel.compile(text, VARIABLES).run(Frame(values, None, Run(MOMENT))))


QUICK = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(TEXTS, VALUES, st.sampled_from(TimerKind))
def test_a_timer_that_is_refused_never_comes_due(text: str, values: dict[str, Any], kind: TimerKind) -> None:
    try:
        timer = Timer(kind, feel.compile(text, VARIABLES))
        missed = wanted_types.of_timer(timer, VARIABLES, is_open=False)
        value = _outcome(text, values)
    except feel.FeelError:
        return
    if missed:
        with pytest.raises(Fault):
            events.due(timer, value, MOMENT, "wait")


FORM = forms.read(
    "ask", json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **ASK}).encode(), "ask"
)


@QUICK
@given(TEXTS, VALUES, st.sampled_from(sorted(ASK["properties"])))
def test_a_prefill_that_is_refused_is_no_answer(text: str, values: dict[str, Any], name: str) -> None:
    fields = FORM.plan.every()
    try:
        missed = wanted_types.of_prefill(
            feel.compile(text, VARIABLES), fields[name], VARIABLES, is_open=False
        )
        value = _outcome(text, values)
    except feel.FeelError:
        return
    if missed and value is not None:
        assert value == [] or not FORM.check({name: value}, ()), (text, name, value, missed)
