"""Whatever is posted becomes JSON the form can judge, and what the HTML shows is posted back unchanged."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import feel, forms
from web import form_fields

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MOMENT = feel.Moment(datetime(2021, 7, 10, 1, 30, tzinfo=UTC), ZONE)

COPY = {
    "type": "object",
    "required": ["number"],
    "properties": {
        "number": {"type": "integer"},
        "torn": {"type": "boolean"},
        "pages": {"type": "array", "items": {"type": "string"}},
    },
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["reader"],
    "properties": {
        "reader": {"type": "string"},
        "note": {"type": "string", "maxLength": 500},
        "pages": {"type": "integer"},
        "weight": {"type": "number"},
        "lent": {"type": "boolean"},
        "late": {"type": "boolean", "x-ui": {"widget": "checkbox"}},
        "agreed": {"type": "boolean", "const": True},
        "wish": {"type": "string", "enum": ["borrow", "return", "không rõ"]},
        "floor": {"type": "integer", "enum": [1, 2, 3]},
        "shelves": {
            "type": "array",
            "uniqueItems": True,
            "items": {"type": "string", "enum": ["a", "b", "c"]},
        },
        "due_on": {"type": "string", "format": "date"},
        "due_at": {"type": "string", "format": "date-time"},
        "opens": {"type": "string", "format": "time"},
        "phone": {"type": "string", "format": "phone"},
        "home": {"type": "object", "properties": {"city": {"type": "string"}, "near": {"type": "boolean"}}},
        "copies": {"type": "array", "items": COPY},
        "set_by_case": {"type": "string", "readOnly": True, "x-ui": {"prefill": "x"}},
        "secret": {"type": "string", "writeOnly": True},
    },
}
FORM = forms.read("lend", json.dumps(SCHEMA).encode(), "forms/lend.json")


def read(*pairs: tuple[str, str], language: str = "vi") -> Any:
    return form_fields.read(FORM, pairs, language, ZONE).answers


@pytest.mark.parametrize(
    ("name", "text", "language", "value"),
    [
        ("reader", "  Nguyễn  An ", "vi", "Nguyễn  An"),
        ("reader", "Nguye\u0302\u0303n", "vi", "Nguyễn"),
        ("note", "a\r\nb\r\n", "vi", "a\nb"),
        ("pages", "1.234", "vi", 1234),
        ("pages", "1 234", "vi", 1234),
        ("pages", "1,234", "en", 1234),
        ("pages", "12,0", "vi", 12),
        ("pages", "12,5", "vi", 12.5),
        ("pages", "-3", "vi", -3),
        ("pages", "12a", "vi", "12a"),
        ("pages", "1e5", "vi", "1e5"),
        ("pages", "9" * 5000, "vi", "9" * 5000),
        ("weight", "36,5", "vi", 36.5),
        ("weight", "36.5", "vi", 36.5),
        ("weight", "36,5", "en", 36.5),
        ("weight", "1.234,5", "vi", 1234.5),
        ("weight", "1,234.5", "en", 1234.5),
        ("weight", "0.125", "vi", 0.125),
        ("weight", "\u221240", "vi", -40),
        ("weight", "1.2.3", "vi", "1.2.3"),
        ("lent", "true", "vi", True),
        ("lent", "false", "vi", False),
        ("lent", "perhaps", "vi", "perhaps"),
        ("wish", "borrow", "vi", "borrow"),
        ("wish", "steal", "vi", "steal"),
        ("floor", "2", "vi", 2),
        ("floor", "9", "vi", "9"),
        ("due_on", "10/7/2021", "vi", "2021-07-10"),
        ("due_on", " 10-07-2021 ", "vi", "2021-07-10"),
        ("due_on", "10.07.2021", "vi", "2021-07-10"),
        ("due_on", "2021-07-10", "vi", "2021-07-10"),
        ("due_on", "30/02/2021", "vi", "30/02/2021"),
        ("due_on", "10/07/21", "vi", "10/07/21"),
        ("due_at", "10/07/2021 7:30", "vi", "2021-07-10T07:30:00+07:00"),
        ("due_at", "07h30, 10/07/2021", "vi", "2021-07-10T07:30:00+07:00"),
        ("due_at", "2021-07-10T07:30", "vi", "2021-07-10T07:30:00+07:00"),
        ("due_at", "tomorrow morning", "vi", "tomorrow morning"),
        ("opens", "7h05", "vi", "07:05:00+07:00"),
        ("opens", "25:00", "vi", "25:00"),
        ("phone", "0912.345 678", "vi", "0912345678"),
        ("home", "x", "vi", "x"),
        ("copies", "x", "vi", "x"),
    ],
)
def test_a_typed_text_becomes_the_value_it_means(name: str, text: str, language: str, value: Any) -> None:
    answers = read((name, text), language=language)
    assert answers == {name: value} and type(answers[name]) is type(value)


@pytest.mark.parametrize(
    "name", ["reader", "pages", "lent", "wish", "shelves", "due_on", "home.city", "copies"]
)
def test_an_empty_field_is_no_answer(name: str) -> None:
    assert read((name, "")) == read((name, " \u00a0\n")) == {}


def test_checked_boxes_become_a_list_in_the_order_of_the_form() -> None:
    assert read(("shelves", "c"), ("shelves", "a"), ("shelves", "c")) == {"shelves": ["a", "c"]}
    assert read(("shelves", "a"), ("shelves", "z")) == {"shelves": ["a", "z"]}


def test_an_unchecked_box_is_no_and_a_checked_one_is_yes() -> None:
    assert read(("late", "false")) == {"late": False}
    assert read(("late", "false"), ("late", "true")) == {"late": True}


def test_entries_are_read_by_index_and_gaps_close() -> None:
    posted = form_fields.read(
        FORM, [("copies.7.number", "7"), ("copies.2.number", "2"), ("copies.4.number", "")], "vi", ZONE
    )
    assert posted.answers == {"copies": [{"number": 2}, {}, {"number": 7}]}
    assert posted.rows["copies"] == 3


def test_the_buttons_of_a_list_add_and_remove_entries() -> None:
    fields = [("copies.0.number", "1"), ("copies.1.number", "2"), ("copies.1.pages.0", "9")]
    added = form_fields.read(FORM, [*fields, ("_add", "copies")], "vi", ZONE)
    assert (added.rows["copies"], added.asks, added.focus) == (3, "_add", "copies")
    removed = form_fields.read(FORM, [*fields, ("_remove", "copies.0")], "vi", ZONE)
    assert removed.answers == {"copies": [{"number": 2, "pages": ["9"]}]}
    assert (removed.rows["copies"], removed.focus) == (1, "copies")


def test_names_the_form_does_not_have_stay_for_the_form_to_refuse() -> None:
    assert read(("colour", "red"), ("reader.x", "1"), ("a..b", "2"), ("_own", "3"), ("", "4")) == {
        "colour": "red",
        "reader.x": "1",
        "a..b": "2",
    }
    deep = ".".join(["copies"] * 5000)
    assert read((deep, "x")) == {deep: "x"}


NAMES = st.sampled_from(
    [
        *SCHEMA["properties"],
        "home.city",
        "home.x",
        "copies.0.number",
        "copies.1.pages.0",
        "copies.x",
        "copies.00",
        "copies.0",
        "copies.99999999999999999999",
        "copies.0.pages.3",
        "colour",
        "",
        ".",
        "a.b",
        "_add",
        "_remove",
        "_show",
    ]
)
TEXTS = st.sampled_from(
    [
        "",
        " ",
        "true",
        "1",
        "-1,5",
        "1.234",
        "10/07/2021",
        "10/07/2021 7:30",
        "7:30",
        "borrow",
        "a",
        "x\x00",
        "\ud800",
        "NaN",
        "1e999",
        "9" * 40,
        "0001-01-01T00:00",
        "31/12/9999 23:59",
        "copies",
        "copies.0",
        "²",
    ]
)


@settings(deadline=None)
@given(pairs=st.lists(st.tuples(NAMES, TEXTS), max_size=12), language=st.sampled_from(["vi", "en"]))
def test_whatever_is_posted_becomes_json_the_form_can_judge(
    pairs: list[tuple[str, str]], language: str
) -> None:
    posted = form_fields.read(FORM, pairs, language, ZONE)
    judgement = forms.judge(FORM, posted.answers, {}, MOMENT)
    if not judgement.findings:
        json.dumps(judgement.answers, allow_nan=False).encode()
    shown = form_fields.pairs(FORM, posted.answers, language, ZONE)
    assert all(isinstance(name, str) and isinstance(text, str) for name, text in shown)


WORD = st.sampled_from(["An", "Nguyễn Văn Bình", "a b", "x-1", "1.234", "true", "10/07/2021"])
NUMBER = st.integers(-(10**6), 10**9) | st.decimals(-1000, 10**7, places=3).map(float).map(
    lambda x: int(x) if x.is_integer() else x
)
COPIES = st.fixed_dictionaries(
    {"number": st.integers(0, 10**6)},
    optional={"torn": st.booleans(), "pages": st.lists(WORD, min_size=1, max_size=2)},
)
ANSWERS = st.fixed_dictionaries(
    {"reader": WORD},
    optional={
        "note": st.sampled_from(["a\nb", "một dòng\n\nhai dòng"]),
        "pages": st.integers(-5, 10**9),
        "weight": NUMBER,
        "lent": st.booleans(),
        "late": st.booleans(),
        "agreed": st.just(True),
        "wish": st.sampled_from(SCHEMA["properties"]["wish"]["enum"]),
        "floor": st.sampled_from([1, 2, 3]),
        "shelves": st.sampled_from([["a"], ["a", "c"], ["a", "b", "c"]]),
        "due_on": st.dates().map(str),
        "due_at": st.sampled_from(["2021-07-10T07:30:00+07:00", "2021-12-31T23:59:15+07:00"]),
        "opens": st.sampled_from(["07:05:00+07:00", "23:59:59+07:00"]),
        "phone": st.just("+84912345678"),
        "home": st.fixed_dictionaries({"city": WORD}, optional={"near": st.booleans()}),
        "copies": st.lists(COPIES, min_size=1, max_size=3),
    },
)


@settings(deadline=None)
@given(answers=ANSWERS, language=st.sampled_from(["vi", "en"]))
def test_answers_survive_being_shown_and_posted(answers: dict[str, Any], language: str) -> None:
    shown = form_fields.pairs(FORM, answers, language, ZONE)
    assert form_fields.read(FORM, shown, language, ZONE).answers == answers


def test_read_only_and_secret_answers_are_never_posted() -> None:
    assert form_fields.pairs(FORM, {"set_by_case": "x", "secret": "y"}, "vi", ZONE) == []
