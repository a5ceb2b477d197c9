"""Answers are judged by the schema; what is wrong is said with its place, what is not asked is not kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine import feel, forms
from engine.errors import Finding
from engine.forms import reasons

MOMENT = feel.Moment(datetime(2021, 7, 10, 1, 30, tzinfo=UTC), ZoneInfo("Asia/Ho_Chi_Minh"))

LEND: dict[str, Any] = {
    "type": "object",
    "required": ["reader", "wish"],
    "properties": {
        "reader": {"type": "string", "minLength": 2, "maxLength": 10},
        "wish": {"type": "string", "enum": ["borrow", "return", "unknown"]},
        "pages": {"type": "integer", "minimum": 1, "maximum": 900},
        "weight": {"type": "number", "multipleOf": 0.1},
        "due_on": {"type": "string", "format": "date"},
        "shelf": {"type": "string", "pattern": "^[A-Z][0-9]{2}$", "x-ui": {"show_when": 'wish = "return"'}},
        "limit": {"type": "integer", "readOnly": True, "x-ui": {"prefill": "limit"}},
        "secret": {"type": "string", "writeOnly": True},
    },
    "if": {"properties": {"wish": {"const": "borrow"}}, "required": ["wish"]},
    "then": {
        "required": ["copies"],
        "properties": {
            "copies": {
                "type": "array",
                "minItems": 1,
                "maxItems": 3,
                "items": {
                    "type": "object",
                    "required": ["number"],
                    "properties": {"number": {"type": "integer"}},
                },
            }
        },
    },
}


def form(schema: dict[str, Any]) -> forms.Form:
    return forms.read("lend", json.dumps(schema).encode(), "forms/lend.json")


def judged(schema: dict[str, Any], answers: Any, **variables: Any) -> forms.Judgement:
    return forms.judge(form(schema), answers, variables, MOMENT)


def said(findings: tuple[Finding, ...]) -> set[tuple[str | None, str]]:
    return {(found.pointer, found.code) for found in findings}


BORROW = {"reader": "An", "wish": "borrow", "copies": [{"number": 1}]}


def test_valid_answers_are_kept_as_they_are() -> None:
    assert judged(LEND, BORROW) == forms.Judgement(BORROW, (), ())
    assert forms.validate(form(LEND), BORROW, {}, MOMENT) == []


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"reader": None}, "/reader", "type_string"),
        ({"reader": "A"}, "/reader", "minLength"),
        ({"reader": "A" * 11}, "/reader", "maxLength"),
        ({"wish": "lend"}, "/wish", "enum"),
        ({"pages": "12a"}, "/pages", "type_integer"),
        ({"pages": 0}, "/pages", "minimum"),
        ({"pages": 1000}, "/pages", "maximum"),
        ({"weight": 0.35}, "/weight", "multipleOf"),
        ({"due_on": "2021-02-30"}, "/due_on", "format_date"),
        ({"copies": []}, "/copies", "minItems"),
        ({"copies": [{"number": 1}] * 4}, "/copies", "maxItems"),
        ({"copies": [{"number": 1}, {}]}, "/copies/1/number", "required"),
        ({"copies": [{"number": 1, "colour": "red"}]}, "/copies/0/colour", "unknown"),
        ({"colour": "red"}, "/colour", "unknown"),
        ({"limit": 7}, "/limit", "readOnly"),
        ({"reader": "A\x00B"}, "/reader", "unwritable"),
        ({"reader": "A\ud800"}, "/reader", "unwritable"),
        ({"pages": 2**60}, "/pages", "too_large"),
        ({"weight": float("nan")}, "/weight", "too_large"),
        ({"reader": "A" * 30_000}, "/reader", "maxLength"),
        ({"copies": [{}] * 300}, "/copies", "maxItems"),
    ],
)
def test_what_breaks_the_schema_is_named_at_its_place(
    change: dict[str, Any], pointer: str, code: str
) -> None:
    findings = judged(LEND, {**BORROW, **change}, limit=3).findings
    assert said(findings) == {(pointer, code)}
    for language in ("vi", "en"):
        assert "findings." not in findings[0].sentence(language) and "…" not in findings[0].sentence(language)


def test_missing_answers_are_named_one_by_one() -> None:
    assert said(judged(LEND, {"wish": "borrow"}).findings) == {
        ("/reader", "required"),
        ("/copies", "required"),
    }


def test_a_multiple_is_judged_as_it_is_written() -> None:
    assert judged(LEND, {**BORROW, "weight": 0.3}).findings == ()


def test_answers_to_a_branch_not_taken_are_dropped_and_said_so() -> None:
    judgement = judged(LEND, {**BORROW, "wish": "unknown"})
    assert judgement == forms.Judgement({"reader": "An", "wish": "unknown"}, (), ("/copies",))


def test_a_hidden_field_is_neither_judged_nor_required_nor_kept() -> None:
    schema = {**LEND, "required": ["reader", "wish", "shelf"]}
    assert judged(schema, {**BORROW, "shelf": "wrong"}) == forms.Judgement(BORROW, (), ("/shelf",))
    assert said(judged(schema, {"reader": "An", "wish": "return"}).findings) == {("/shelf", "required")}
    assert judged(schema, {"reader": "An", "wish": "return", "shelf": "A01"}).findings == ()


def test_a_hidden_answer_cannot_bring_up_what_depends_on_it() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "boolean"},
            "b": {"type": "boolean", "x-ui": {"show_when": "a"}},
            "c": {"type": "string", "x-ui": {"show_when": "b"}},
        },
    }
    assert judged(schema, {"a": False, "b": True, "c": "x"}).answers == {"a": False}
    assert judged(schema, {"a": True, "b": True, "c": "x"}).dropped == ()


def test_what_was_hidden_by_a_dropped_answer_comes_back() -> None:
    schema = {
        "type": "object",
        "required": ["a"],
        "properties": {
            "a": {"type": "boolean"},
            "b": {"type": "boolean", "x-ui": {"show_when": "a"}},
            "c": {"type": "string", "x-ui": {"show_when": "b = null"}},
        },
    }
    assert judged(schema, {"a": False, "b": True, "c": "x"}).answers == {"a": False, "c": "x"}


def test_an_item_of_a_list_hides_its_own_fields_by_its_own_answers() -> None:
    item = {
        "type": "object",
        "required": ["lost", "price"],
        "properties": {
            "lost": {"type": "boolean"},
            "price": {"type": "integer", "x-ui": {"show_when": "lost and fines"}},
        },
    }
    schema = {
        "type": "object",
        "properties": {"fines": {"type": "boolean"}, "books": {"type": "array", "items": item}},
    }
    answers = {"fines": True, "books": [{"lost": False, "price": 5}, {"lost": True}]}
    judgement = judged(schema, answers)
    assert said(judgement.findings) == {("/books/1/price", "required")}
    assert judgement.answers["books"][0] == {"lost": False}
    assert judgement.dropped == ("/books/0/price",)


def test_a_hidden_answer_does_not_satisfy_a_question_of_the_schema() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "boolean"},
            "b": {"type": "string", "x-ui": {"show_when": "a"}},
            "c": {"type": "string"},
        },
        "if": {"required": ["b"]},
        "then": {"required": ["c"]},
    }
    assert judged(schema, {"a": False, "b": "x"}).findings == ()
    assert said(judged(schema, {"a": True, "b": "x"}).findings) == {("/c", "required")}


def test_a_read_only_value_comes_from_the_case() -> None:
    assert judged(LEND, BORROW, limit=3).answers == {**BORROW, "limit": 3}
    assert judged(LEND, {**BORROW, "limit": 3}, limit=3).findings == ()


def test_a_decimal_number_of_the_case_is_a_number_like_any_other() -> None:
    schema = {
        "type": "object",
        "properties": {
            "weight": {"type": "number", "minimum": 1, "readOnly": True, "x-ui": {"prefill": "weight"}},
            "copies": {"type": "integer", "readOnly": True, "x-ui": {"prefill": "copies"}},
        },
    }
    kept = judged(schema, {}, weight=Decimal("21.27"), copies=Decimal(3))
    assert kept.findings == () and kept.answers == {"weight": Decimal("21.27"), "copies": 3}
    assert said(judged(schema, {}, weight=Decimal("0.5")).findings) == {("/weight", "minimum")}


def test_an_answer_that_contradicts_others_is_refused_at_its_place() -> None:
    copy = {
        "type": "object",
        "properties": {
            "from": {"type": "integer"},
            "to": {"type": "integer", "x-ui": {"check": "to >= from"}},
        },
    }
    schema = {
        "type": "object",
        "properties": {
            "opens": {"type": "string"},
            "closes": {"type": "string", "x-ui": {"check": "closes > opens and closes <= latest"}},
            "pages": {"type": "array", "items": copy},
        },
    }
    assert judged(schema, {"opens": "07:30", "closes": "17:00"}, latest="20:00").findings == ()
    assert said(judged(schema, {"opens": "07:30", "closes": "06:00"}, latest="20:00").findings) == {
        ("/closes", "check")
    }
    assert said(judged(schema, {"opens": "07:30", "closes": "21:00"}, latest="20:00").findings) == {
        ("/closes", "check")
    }
    assert judged(schema, {"closes": "06:00"}, latest="20:00").findings == ()
    assert said(judged(schema, {"pages": [{"from": 1, "to": 2}, {"from": 3, "to": 2}]}).findings) == {
        ("/pages/1/to", "check")
    }


def test_a_default_that_the_form_set_itself_is_not_reported_as_dropped() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "boolean"},
            "b": {"type": "string", "default": "x", "x-ui": {"show_when": "a"}},
        },
    }
    assert judged(schema, {"b": "x"}).dropped == ()
    assert judged(schema, {"b": "y"}).dropped == ("/b",)


CARRY: dict[str, Any] = {
    "type": "object",
    "oneOf": [
        {"required": ["way"], "properties": {"way": {"const": "desk"}}},
        {
            "required": ["way", "street"],
            "properties": {
                "way": {"const": "post"},
                "street": {"type": "string"},
                "note": {"type": "string"},
            },
        },
    ],
    "anyOf": [{"required": ["phone"]}, {"required": ["email"]}],
    "properties": {
        "phone": {"type": "string", "format": "phone"},
        "email": {"type": "string", "format": "email"},
    },
    "dependentRequired": {"phone": ["email"]},
}


def test_a_choice_between_branches_is_judged_by_the_branch_chosen() -> None:
    assert judged(CARRY, {"way": "desk", "email": "a@b.vn"}).findings == ()
    assert said(judged(CARRY, {"way": "post", "email": "a@b.vn"}).findings) == {("/street", "required")}
    assert said(judged(CARRY, {"email": "a@b.vn"}).findings) == {("/way", "required")}
    assert said(judged(CARRY, {"way": "air", "email": "a@b.vn"}).findings) == {("/way", "enum")}
    assert judged(CARRY, {"way": "desk", "street": "x", "email": "a@b.vn"}).dropped == ("/street",)


def test_alternatives_and_dependent_answers_are_said_in_words() -> None:
    (found,) = judged(CARRY, {"way": "desk"}).findings
    assert (found.pointer, found.code, found.params) == ("", "anyOf", {"names": ["email", "phone"]})
    (found,) = judged(CARRY, {"way": "desk", "phone": "0912345678"}).findings
    assert (found.pointer, found.code, found.params) == ("/email", "dependentRequired", {"name": "phone"})


@pytest.mark.parametrize("answers", [None, [], "x", 1, True])
def test_answers_that_are_no_object_are_refused(answers: Any) -> None:
    assert said(judged(LEND, answers).findings) == {("", "type_object")}


def test_answers_nested_too_deeply_are_refused() -> None:
    nested: Any = {}
    for _ in range(100):
        nested = {"a": nested}
    assert {code for _pointer, code in said(judged(LEND, nested).findings)} == {"too_deep"}


def test_a_form_starts_with_what_the_case_knows_and_with_its_defaults() -> None:
    schema = {
        "type": "object",
        "properties": {
            "reader": {"type": "string", "default": "nobody", "x-ui": {"prefill": "reader_name"}},
            "home": {"type": "object", "properties": {"city": {"type": "string", "default": "Huế"}}},
            "note": {"type": "string"},
        },
    }
    assert forms.initial(form(schema), {"reader_name": "An"}, MOMENT) == {
        "reader": "An",
        "home": {"city": "Huế"},
    }
    assert forms.initial(form(schema), {}, MOMENT) == {"reader": "nobody", "home": {"city": "Huế"}}


def test_a_secret_is_never_given_back() -> None:
    assert forms.without_secrets(form(LEND), {**BORROW, "secret": "x"}) == BORROW


def test_valid_answers_never_wait_for_the_schema_library(monkeypatch: pytest.MonkeyPatch) -> None:
    lend = form(LEND)
    monkeypatch.setattr(reasons.Judge, "find", lambda *given: pytest.fail("the slow judge was asked"))
    assert forms.validate(lend, BORROW, {}, MOMENT) == []


def test_a_choice_inside_a_group_needs_a_group() -> None:
    schema = {"type": "object", "properties": {"delivery": {"oneOf": CARRY["oneOf"]}}}
    assert judged(schema, {"delivery": {"way": "desk"}}).findings == ()
    assert said(judged(schema, {"delivery": "desk"}).findings) == {("/delivery", "type_object")}
    assert said(judged(schema, {"delivery": {"way": "post"}}).findings) == {("/delivery/street", "required")}
