"""The library's days are those of Ha Noi, whatever offset a moment from outside is written with."""

from __future__ import annotations

import json

from engine import feel, forms
from engine.definitions import definition as definitions
from tests.book_loan import bundles
from tests.elements.play import MORNING, ZONE, Play

EVENING = "2021-08-19T18:30:00Z"  # half past one in the morning of the twentieth in Ha Noi
DAY = {
    "day": "= string(date(date and time(came_at)))", "hour": "= date and time(came_at).hour",
    "written": "= substring(came_at, 9, 2)",
}  # fmt: skip
SEEN = {"day": "2021-08-20", "hour": 1, "written": "20"}
WAYS = {
    "form": "{user: ask, lane: desk, form: came}",
    "service": '{service: ask, call: people.find, with: {query: "= came_at"}, take: {came_at: "= found_at"}}',
    "message": "{receive: ask, message: came}",
}
FORM = {
    "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": False,
    "properties": {
        "came_at": {"type": "string", "format": "date-time"},
        "late": {"type": "boolean", "x-ui": {"show_when": "= date and time(came_at).hour < 7"}},
    },
    "required": ["came_at"],
}  # fmt: skip


def definition(way: str) -> definitions.Definition:
    """A parcel comes, told in one of the ways; then a script asks for its day."""
    steps = f"[{WAYS[way]}, {{script: note, set: {json.dumps(DAY)}}}]"
    manifest = f"""
process: parcel
owner: process_owner
start: {{roles: [librarian], at: [branch]}}
lanes: {{desk: {{role: librarian}}}}
forms: [came]
messages: {{came: {{keep: PT1H, key: "= reader"}}}}
flow: {steps}
"""
    return definitions.compile(bundles.small(manifest, came=FORM))


def moment() -> feel.Moment:
    return feel.Moment(MORNING, ZONE)


def test_an_answer_counts_for_the_day_it_is_here() -> None:
    found = definition("form")
    answers = forms.judge(found.forms["came"], {"came_at": EVENING}, {}, moment()).answers
    Play(found.model).start().complete("ask", **answers).ended("end").has(**SEEN)


def test_an_output_of_a_service_counts_for_the_day_it_is_here() -> None:
    Play(definition("service").model).start(came_at="").complete("ask", found_at=EVENING).has(**SEEN)


def test_a_message_counts_for_the_day_it_is_here() -> None:
    Play(definition("message").model).start(reader="R1").hear("ask", came_at=EVENING).has(**SEEN)


def test_what_a_case_begins_with_counts_for_the_day_it_is_here() -> None:
    play = Play(definition("message").model).start(reader="R1", came_at=EVENING)
    assert play.state.variables["came_at"] == "2021-08-20T01:30:00+07:00"


def test_the_questions_of_a_form_see_its_answers_on_the_librarys_clock() -> None:
    form = definition("form").forms["came"]
    asked = forms.judge(form, {"came_at": EVENING, "late": True}, {}, moment())
    assert (asked.findings, asked.answers["late"]) == ((), True)
    by_day = forms.judge(form, {"came_at": "2021-08-19T08:30:00Z", "late": True}, {}, moment())
    assert "late" not in by_day.answers
