"""The fast check and the schema library say the same about every answer, and judging never raises."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import referencing
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from engine import feel, forms
from engine.forms import formats, predicates, schemas

MOMENT = feel.Moment(datetime(2021, 7, 10, 1, 30, tzinfo=UTC), ZoneInfo("Asia/Ho_Chi_Minh"))
NAMES = ("a", "b", "c")

numbers = st.integers(-3, 5) | st.sampled_from([0.5, 1.0, 2.5, -0.0])
words = st.sampled_from(["", "x", "yes", "no", "2021-07-10", "AB", "Huế"])
scalars = st.none() | st.booleans() | numbers | words
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=8,
)


def _scalar_schema() -> st.SearchStrategy[dict[str, Any]]:
    text = st.fixed_dictionaries(
        {"type": st.just("string")},
        optional={
            "minLength": st.integers(0, 3),
            "maxLength": st.integers(0, 4),
            "format": st.just("date"),
            "pattern": st.sampled_from(["^x", "[0-9]", "e$"]),
            "enum": st.lists(words, min_size=1, max_size=3, unique=True),
        },
    )
    number = st.fixed_dictionaries(
        {"type": st.sampled_from(["number", "integer", ["number", "null"]])},
        optional={
            "minimum": numbers,
            "exclusiveMaximum": numbers,
            "maximum": numbers,
            "exclusiveMinimum": numbers,
            "multipleOf": st.integers(1, 3),
            "const": numbers,
        },
    )
    plain = st.sampled_from(
        [{"type": "boolean"}, {"type": "boolean", "const": True}, {"enum": ["yes", "no"]}]
    )
    told = st.just({"oneOf": [{"const": "yes"}, {"const": 1}]})
    return text | number | plain | told


def _object_schema(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from(NAMES)
    some = st.lists(names, max_size=2, unique=True)
    return st.fixed_dictionaries(
        {"type": st.just("object")},
        optional={
            "properties": st.dictionaries(names, inner, max_size=3),
            "required": some,
            "dependentRequired": st.dictionaries(names, some, max_size=2),
            "dependentSchemas": st.dictionaries(names, inner, max_size=1),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "if": inner,
            "then": inner | st.just(False),
            "else": inner,
            "additionalProperties": st.booleans(),
            "minProperties": st.integers(0, 2),
            "maxProperties": st.integers(0, 2),
        },
    )


def _list_schema(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"type": st.just("array")},
        optional={
            "items": inner,
            "minItems": st.integers(0, 2),
            "maxItems": st.integers(0, 2),
            "uniqueItems": st.booleans(),
            "contains": inner,
            "minContains": st.integers(0, 2),
            "maxContains": st.integers(0, 2),
        },
    )


any_schema = st.recursive(
    _scalar_schema(), lambda inner: _object_schema(inner) | _list_schema(inner) | st.booleans(), max_leaves=10
)


@settings(deadline=None)
@given(schema=any_schema, value=values)
def test_the_fast_check_agrees_with_the_schema_library(schema: Any, value: Any) -> None:
    fast = predicates.Compiler(schemas.references(schema)).compile(schema)
    registry: referencing.Registry[Any] = referencing.Registry()
    stock = Draft202012Validator(schema, format_checker=formats.checker(), registry=registry)
    assert fast(value, {}) == stock.is_valid(value)


FORM = forms.read(
    "lend",
    json.dumps(
        {
            "type": "object",
            "required": ["a", "kind"],
            "properties": {
                "a": {"type": "integer", "minimum": 1},
                "b": {"type": "string", "x-ui": {"show_when": "a > 2"}},
                "c": {"type": "array", "uniqueItems": True, "items": {"$ref": "#/$defs/copy"}},
            },
            "oneOf": [
                {"required": ["kind"], "properties": {"kind": {"const": "x"}}},
                {
                    "required": ["kind", "b"],
                    "properties": {"kind": {"const": "y"}, "d": {"$ref": "#/$defs/copy"}},
                },
            ],
            "if": {"required": ["b"]},
            "then": {"required": ["c"]},
            "not": {"required": ["a", "b", "d"]},
            "$defs": {
                "copy": {
                    "type": "object",
                    "required": ["a"],
                    "properties": {
                        "a": {"type": "number"},
                        "c": {"type": "array", "items": {"$ref": "#/$defs/copy"}},
                    },
                }
            },
        }
    ).encode(),
    "forms/lend.json",
)
answers = (
    st.dictionaries(
        st.sampled_from([*NAMES, "d", "kind", "?", "\x00"]),
        values | st.text("aế1 \n\x00\ud800", max_size=5),
        max_size=6,
    )
    | values
)


@settings(deadline=None)
@given(given=answers)
def test_judging_never_raises_and_keeps_only_what_is_valid(given: Any) -> None:
    judgement = forms.judge(FORM, given, {}, MOMENT)
    if not judgement.findings:
        again = forms.judge(FORM, judgement.answers, {}, MOMENT)
        assert again == forms.Judgement(judgement.answers, (), ())
        json.dumps(judgement.answers, allow_nan=False)
    for found in judgement.findings:
        assert "findings." not in found.sentence("vi") + found.sentence("en")
