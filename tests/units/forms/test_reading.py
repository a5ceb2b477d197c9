"""A form that cannot be shown or judged is refused when it is read, with file, line, pointer and remedy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine import forms
from engine.errors import Finding, Invalid


def read(schema: Any) -> forms.Form:
    content = schema if isinstance(schema, bytes) else json.dumps(schema, indent=1).encode()
    return forms.read("lend", content, "forms/lend.json")


def refused(schema: Any) -> tuple[Finding, ...]:
    with pytest.raises(Invalid) as caught:
        read(schema)
    return caught.value.findings


def form(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields}


def test_letters_are_read_composed_however_they_were_typed() -> None:
    typed = json.dumps(form(title={"type": "string", "title": "co\u0301"}), ensure_ascii=False).encode()
    assert forms.read("lend", typed, "f").schema["properties"]["title"]["title"] == "c\xf3"


def test_a_form_says_what_it_asks_and_what_it_needs() -> None:
    lend = read(
        form(
            book={"type": "string", "x-ui": {"widget": "lookup", "query": "books.find"}},
            shelf={
                "type": "string",
                "enum": ["a", "b"],
                "x-ui": {"show_when": "reader_age > 6 and book != null"},
            },
            copies={
                "type": "array",
                "items": {"type": "object", "properties": {"number": {"type": "integer"}}},
            },
        )
    )
    assert lend.names == {"book", "shelf", "copies"}
    assert lend.uses == {"reader_age"}
    assert lend.queries == {"books.find"}
    assert lend.keys == {"book": (), "shelf": ("a", "b"), "copies": (), "copies[].number": ()}


def offered(**changed: Any) -> dict[str, Any]:
    hint = {"query": "books.free", "with": {"branch": "= home + place"}, "value": "id", "label": ["title"]}
    return {"type": "string", "x-ui": {"options_query": {**hint, **changed}}}


def test_options_may_come_from_a_query_asked_with_what_is_known() -> None:
    lend = read(form(place={"type": "string"}, book=offered()))
    assert lend.queries == {"books.free"}
    assert lend.uses == {"home"}, "the place is an answer of the form itself"
    assert lend.plan.every()["book"].widget == "select"


@pytest.mark.parametrize(
    ("schema", "code"),
    [
        (form(book=offered(label=[])), "form.ui_value"),
        (form(book=offered(value=3)), "form.ui_value"),
        (form(book=offered(more="x")), "form.ui_value"),
        (form(book=offered(**{"with": {"branch": "= home +"}})), "form.expression"),
        (form(book={**offered(), "type": "integer"}), "form.options_query"),
        (form(book={**offered(), "format": "date"}), "form.options_query"),
        (form(books={"type": "array", "items": offered()}), "form.ui_value"),
    ],
)
def test_options_of_a_query_are_declared_whole_on_a_plain_text(schema: Any, code: str) -> None:
    found = refused(schema)
    assert [one.code for one in found] == [code]
    assert all("findings." not in one.sentence(language) for one in found for language in ("vi", "en"))


@pytest.mark.parametrize(
    ("schema", "code", "pointer"),
    [
        (
            form(a={"type": "string", "patternProperties": {}}),
            "form.keyword_named_fields",
            "/properties/a/patternProperties",
        ),
        (form(a={"type": "string", "maxlength": 3}), "form.keyword_remove", "/properties/a/maxlength"),
        (form(a={"type": "array", "prefixItems": []}), "form.metaschema", "/properties/a/prefixItems"),
        (
            form(a={"type": "array", "prefixItems": [{}]}),
            "form.keyword_named_fields",
            "/properties/a/prefixItems",
        ),
        (form(a={"type": "strin"}), "form.metaschema", "/properties/a/type"),
        (form(a={"type": "string", "format": "isbn"}), "form.format", "/properties/a/format"),
        (form(a={"type": "string", "pattern": "(a)\\1"}), "form.pattern", "/properties/a/pattern"),
        (
            form(a={"type": "string", "x-ui": {"widget": "photo"}}),
            "form.widget_unknown",
            "/properties/a/x-ui/widget",
        ),
        (form(a={"type": "boolean", "x-ui": {"widget": "select"}}), "form.widget", "/properties/a/x-ui"),
        (form(a={"type": "string", "x-ui": {"widget": "date"}}), "form.widget_format", "/properties/a/x-ui"),
        (form(a={"type": "string", "x-ui": {"widget": "lookup"}}), "form.lookup_query", "/properties/a/x-ui"),
        (
            form(a={"type": "string", "x-ui": {"colour": "red"}}),
            "form.ui_unknown",
            "/properties/a/x-ui/colour",
        ),
        (form(a={"type": "string", "x-ui": {"width": "wide"}}), "form.ui_value", "/properties/a/x-ui/width"),
        (
            form(a={"type": "string", "x-ui": {"show_when": "1 +"}}),
            "form.expression",
            "/properties/a/x-ui/show_when",
        ),
        (
            form(a={"type": "string", "x-ui": {"show_when": 1}}),
            "form.ui_value",
            "/properties/a/x-ui/show_when",
        ),
        (form(a={"$ref": "https://example.org/x"}), "form.ref_remote", "/properties/a/$ref"),
        (form(a={"$ref": "other.json#/x"}), "form.ref_remote", "/properties/a/$ref"),
        (form(a={"$ref": "#/$defs/missing"}), "form.ref_unknown", "/properties/a/$ref"),
        (form(a={"$ref": "#"}), "form.group_in_itself", ""),
        ({"type": "object", "allOf": [{"$ref": "#"}]}, "form.ref_endless", ""),
        (form(a={}), "form.no_kind", "/properties/a"),
        (form(a={"type": ["string", "integer"]}), "form.no_kind", "/properties/a"),
        (form(**{"a b": {"type": "string"}}), "form.name", "/properties/a b"),
        (form(_a={"type": "string"}), "form.name", "/properties/_a"),
        ({"type": "object", "required": ["b"]}, "form.required_unknown", "/required"),
        ({"type": "object", "x-ui": {"order": ["b"]}}, "form.order_unknown", "/x-ui"),
        ({"properties": {}}, "form.root_type", "/type"),
        (
            {"type": "object", "$schema": "http://json-schema.org/draft-07/schema#"},
            "form.dialect",
            "/$schema",
        ),
        (form(a={"type": "string", "readOnly": True}), "form.read_only_value", "/properties/a"),
        (form(a={"enum": [1, "1"]}), "form.option_alike", "/properties/a"),
        (
            form(a={"type": "array", "items": {"type": "array", "items": {"type": "string"}}}),
            "form.list_in_list",
            "/properties/a/items",
        ),
        (
            {
                **form(a={"type": "string"}),
                "additionalProperties": False,
                "then": form(b={"type": "string"}),
                "if": True,
            },
            "form.additional_closed",
            "/additionalProperties",
        ),
        (
            {"type": "object", "oneOf": [form(b={"type": "string"}), form(c={"type": "string"})]},
            "form.choice",
            "/oneOf",
        ),
    ],
)
def test_what_cannot_be_shown_or_judged_is_refused(schema: Any, code: str, pointer: str) -> None:
    findings = refused(schema)
    assert (code, pointer) in {(found.code, found.pointer) for found in findings}
    for found in findings:
        assert found.file == "forms/lend.json" and found.line is not None
        for language in ("vi", "en"):
            assert "…" not in found.sentence(language) and "findings." not in found.sentence(language)


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b'{"type": "object",\n "properties": {,}}', "form.not_json", 2),
        (b"[]", "form.not_object", 1),
        (b'{"type": "object", "type": "object"}', "form.duplicate_key", None),
        (b'{"type": "object", "minProperties": NaN}', "form.number", None),
        (b'{"type": "object", "minProperties": 1e999}', "form.number", None),
        (b'{"a": 1,\n"b": "\xff"}', "form.not_utf8", 2),
        (b'{"x":' * 5000 + b"1" + b"}" * 5000, "form.too_deep", None),
        (b'{"x":' * 60 + b"1" + b"}" * 60, "form.too_deep", None),
        (b" " * (256 * 1024 + 1), "form.too_large", None),
    ],
)
def test_a_malformed_or_hostile_file_is_refused(content: bytes, code: str, line: int | None) -> None:
    (found,) = refused(content)
    assert (found.code, found.line, found.file) == (code, line, "forms/lend.json")
    assert "findings." not in found.sentence("vi") + found.sentence("en")


def test_every_fault_is_named_at_once_with_its_line() -> None:
    content = b'{"type": "object",\n"properties": {\n"a": {"type": "string", "widht": 1},\n"b": {"format": "isbn"}}}'
    assert [(found.code, found.line) for found in refused(content)] == [
        ("form.keyword_remove", 3),
        ("form.format", 4),
    ]


def test_an_if_that_holds_before_anything_is_answered_is_a_warning() -> None:
    schema = {
        **form(a={"type": "boolean"}),
        "if": {"properties": {"a": {"const": True}}},
        "then": form(b={"type": "string"}),
    }
    (warning,) = read(schema).warnings
    assert (warning.code, warning.severity, warning.params["names"]) == (
        "form.if_without_required",
        "warning",
        "a",
    )


def test_a_list_may_hold_what_holds_the_list() -> None:
    tree = {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "parts": {"type": "array", "items": {"$ref": "#/$defs/part"}},
        },
    }
    form = read({"type": "object", "properties": {"book": {"$ref": "#/$defs/part"}}, "$defs": {"part": tree}})
    assert set(form.keys) == {"book", "book.title", "book.parts"}
    ok = {"book": {"title": "a", "parts": [{"title": "b", "parts": [{"title": "c"}]}]}}
    assert form.check(ok, {})
    assert not form.check({"book": {"parts": [{"parts": [{"title": 1}]}]}}, {})
