"""The HTML of a form: what it shows is what a browser posts, faults stand where they belong, nothing runs inline."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import feel, forms
from tests.units.web.test_form_fields import ANSWERS, FORM
from web import form_fields, form_view, rendering

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MOMENT = feel.Moment(datetime(2021, 7, 10, 1, 30, tzinfo=UTC), ZONE)

PAGE = "{{ fields.form(view, '/tasks/1', 'token', {'address': '/tasks/1/draft', 'revision': 3}) }}"


class Controls(HTMLParser):
    """The controls a browser would post, in order, and every id, described-by and link of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.pairs: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.refers: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self._select: str | None = None
        self._textarea: str | None = None
        self._text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.attributes.extend((tag, name) for name in found)
        self.ids.extend([found["id"]] if "id" in found else [])
        self.refers.extend(found.get("aria-describedby", "").split())
        self.refers.extend([found["for"]] if "for" in found else [])
        if found.get("href", "").startswith("#"):
            self.refers.append(found["href"][1:])
        if tag == "input" and (found.get("type") not in ("radio", "checkbox") or "checked" in found):
            self.pairs.append((found["name"], found.get("value", "")))
        if tag == "select":
            self._select = found["name"]
        if tag == "option" and "selected" in found and self._select:
            self.pairs.append((self._select, found["value"]))
        if tag == "textarea":
            self._textarea, self._text = found["name"], ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._textarea:
            # A browser drops the first line end and posts the others as CR LF.
            self.pairs.append((self._textarea, self._text.removeprefix("\n").replace("\n", "\r\n")))


def drawn(
    form: forms.Form, answers: dict[str, Any], language: str = "vi", **given: Any
) -> tuple[Controls, str]:
    wording = given.pop("wording", {})
    situation = form_view.Situation(given.pop("variables", {}), MOMENT, language, wording, wording)
    view = form_view.view(form, answers, situation, **given)

    html = rendering.text(PAGE, language, view=view)
    return Controls(html), html


def read(schema: dict[str, Any]) -> forms.Form:
    return forms.read("lend", json.dumps({"type": "object", **schema}).encode(), "forms/lend.json")


@settings(deadline=None, max_examples=60)
@given(answers=ANSWERS, language=st.sampled_from(["vi", "en"]))
def test_what_the_html_shows_is_what_comes_back(answers: dict[str, Any], language: str) -> None:
    controls, _html = drawn(FORM, answers, language)
    posted = form_fields.read(FORM, controls.pairs, language, ZONE)
    assert posted.answers == {"late": False, **answers}


def test_every_label_note_and_link_leads_to_something_on_the_page() -> None:
    judgement = forms.judge(FORM, {"pages": "x", "lent": "perhaps", "copies": [{}]}, {}, MOMENT)
    controls, html = drawn(
        FORM, {"pages": "x", "lent": "perhaps", "copies": [{}]}, findings=judgement.findings
    )
    assert len(controls.ids) == len(set(controls.ids))
    assert set(controls.refers) <= set(controls.ids)
    assert {"f-pages", "f-lent-0", "f-reader", "f-copies-0-number"} <= set(controls.refers)
    assert html.index('id="faults"') < html.index('id="f-reader"')


def test_a_hostile_answer_is_shown_as_text() -> None:
    _controls, html = drawn(
        FORM, {"reader": '"><script>alert(1)</script>', "note": "</textarea><img src=x onerror=alert(1)>"}
    )
    assert "<script>alert" not in html and "<img" not in html


def test_no_script_and_no_style_stands_inline() -> None:
    controls, html = drawn(FORM, {"copies": [{"number": 1}]})
    assert not [name for _tag, name in controls.attributes if name.startswith("on") or name == "style"]
    assert "<script" not in html and "<style" not in html


def test_a_secret_is_not_written_into_the_page() -> None:
    _controls, html = drawn(FORM, {"reader": "An", "secret": "hunter2"})
    assert "hunter2" not in html and 'name="secret"' in html


def test_an_answer_to_a_hidden_question_is_carried_along_until_the_form_is_submitted() -> None:
    form = read(
        {"properties": {"a": {"type": "boolean"}, "b": {"type": "string", "x-ui": {"show_when": "a = true"}}}}
    )
    controls, _html = drawn(form, {"a": False, "b": "kept"})
    assert ("b", "kept") in controls.pairs and "f-b" not in controls.ids
    again = form_fields.read(form, controls.pairs, "vi", ZONE)
    assert "f-b" in drawn(form, {**again.answers, "a": True})[0].ids
    assert forms.judge(form, again.answers, {}, MOMENT).dropped == ("/b",)


def test_a_question_that_an_answer_brings_up_stands_right_below_it() -> None:
    form = read(
        {
            "properties": {"a": {"type": "boolean"}, "z": {"type": "string"}},
            "if": {"properties": {"a": {"const": True}}, "required": ["a"]},
            "then": {"properties": {"b": {"type": "string"}}, "required": ["b"]},
        }
    )
    assert [question.key for question in forms.asked(form, {"a": True}, {}, MOMENT)] == ["a", "b", "z"]
    assert [question.key for question in forms.asked(form, {}, {}, MOMENT)] == ["a", "z"]


def test_an_added_entry_is_drawn_and_gets_the_focus() -> None:
    posted = form_fields.read(FORM, [("copies.0.number", "1"), ("_add", "copies")], "vi", ZONE)
    controls, html = drawn(FORM, posted.answers, posted=posted)
    assert "f-copies-1-number" in controls.ids
    assert 'data-focus-on="f-copies-1-number"' in html


def test_words_of_the_form_come_before_those_of_the_engine_and_numbers_are_local() -> None:
    form = read(
        {"properties": {"a": {"type": "number", "minimum": 35.5}, "b": {"type": "number", "minimum": 35.5}}}
    )
    findings = forms.judge(form, {"a": 1, "b": 1}, {}, MOMENT).findings
    wording = {
        "fields": {
            "a": {"title": "Cân nặng", "errors": {"minimum": "Ít nhất {limit} cân."}},
            "b": {"title": "Giá"},
        }
    }
    _controls, html = drawn(form, {"a": 1, "b": 1}, findings=findings, wording=wording)
    assert "Cân nặng: Ít nhất 35,5 cân." in html
    assert "Giá: Phải từ 35,5 trở lên." in html


def test_a_read_only_value_is_shown_and_not_posted() -> None:
    controls, html = drawn(FORM, {"reader": "An"}, variables={"x": "từ hồ sơ"})
    assert "từ hồ sơ" in html and "set_by_case" not in dict(controls.pairs)


def test_read_only_choices_are_said_in_their_words() -> None:
    found = {"type": "array", "items": {"enum": ["torn", "wet"]}, "uniqueItems": True, "readOnly": True}
    form = read({"properties": {"found": {**found, "x-ui": {"prefill": "seen"}}}})
    wording = {"fields": {"found": {"title": "Thấy", "options": {"torn": "Rách", "wet": "Ướt"}}}}
    controls, html = drawn(form, {}, wording=wording, variables={"seen": ["torn", "wet"]})
    assert "Rách; Ướt" in html
    assert "found" not in dict(controls.pairs)


def test_a_form_that_contains_itself_in_a_list_reuses_its_texts() -> None:
    part = {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "parts": {"type": "array", "items": {"$ref": "#/$defs/part"}},
        },
    }
    form = read({"properties": {"book": {"$ref": "#/$defs/part"}}, "$defs": {"part": part}})
    wording = {"fields": {"book.title": {"title": "Nhan đề"}, "book.parts": {"title": "Phần"}}}
    _controls, html = drawn(form, {"book": {"parts": [{"parts": [{"title": "x"}]}]}}, wording=wording)
    assert html.count(">Nhan đề") == 3
