"""Checks a form's schema before anything is built from it: valid, known keywords only, sound references."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import jsonschema
from jsonschema import Draft202012Validator

from engine.errors import Finding
from engine.forms import formats, lines, schemas

DEEPEST = 40  # levels of nesting in the JSON text
MOST_SUBSCHEMAS = 2000
MOST_OPTIONS = 1000
DIALECT = "https://json-schema.org/draft/2020-12/schema"

KEYWORDS = frozenset({
    "$schema", "$id", "$comment", "$ref", "$defs", "$anchor", "x-ui", "title", "description", "examples", "deprecated",
    "type", "enum", "const", "default", "readOnly", "writeOnly", "format", "pattern", "minLength", "maxLength",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "properties", "required", "additionalProperties", "unevaluatedProperties", "minProperties", "maxProperties",
    "dependentRequired", "dependentSchemas", "items", "minItems", "maxItems", "uniqueItems",
    "contains", "minContains", "maxContains", "allOf", "anyOf", "oneOf", "not", "if", "then", "else",
})  # fmt: skip
ONLY_AT_ROOT = ("$schema", "$id", "$defs")
_INSTEAD = {
    "prefixItems": "named_fields", "patternProperties": "named_fields", "propertyNames": "named_fields",
    "definitions": "defs", "dependencies": "dependent", "$dynamicRef": "ref", "$recursiveRef": "ref",
    "unevaluatedItems": "items", "additionalItems": "items", "contentEncoding": "remove", "contentMediaType": "remove",
}  # fmt: skip

Path = tuple[str | int, ...]


def find(schema: dict[str, Any]) -> Iterator[Finding]:
    """Everything that is wrong with the schema as a schema; the first kind of fault that is found hides later kinds."""
    for stage in (_metaschema, _keywords, _references, _patterns):
        found = list(stage(schema))
        yield from found
        if found:
            return


def _metaschema(schema: dict[str, Any]) -> Iterator[Finding]:
    subschemas = sum(1 for _ in schemas.walk(schema))
    if subschemas > MOST_SUBSCHEMAS:
        yield Finding("form.too_many", {"count": subschemas, "limit": MOST_SUBSCHEMAS}, pointer="")
        return
    if schema.get("$schema", DIALECT) != DIALECT:
        yield Finding(
            "form.dialect", {"found": str(schema["$schema"]), "expected": DIALECT}, pointer="/$schema"
        )
        return
    validator = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    for error in validator.iter_errors(schema):
        yield _metaschema_finding(error)
    if schema.get("type") != "object":
        yield Finding("form.root_type", pointer="/type")


def _metaschema_finding(error: jsonschema.ValidationError) -> Finding:
    deepest = (
        min(error.context or [error], key=lambda one: -len(one.absolute_path)) if error.context else error
    )
    path = tuple(deepest.absolute_path)
    expected = (
        deepest.validator_value if deepest.validator in ("type", "enum", "const") else deepest.validator
    )
    params = {
        "keyword": str(path[-1]) if path else "",
        "expected": _short(expected),
        "found": _short(deepest.instance),
    }
    return Finding("form.metaschema", params, pointer=lines.pointer(path))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "…"


def _keywords(schema: dict[str, Any]) -> Iterator[Finding]:
    for path, part in schemas.walk(schema):
        if not isinstance(part, dict):
            continue
        for keyword, value in part.items():
            place = lines.pointer((*path, keyword))
            if keyword not in KEYWORDS:
                remedy = _INSTEAD.get(keyword, "remove")
                yield Finding(f"form.keyword_{remedy}", {"keyword": keyword}, pointer=place)
            elif keyword in ONLY_AT_ROOT and path:
                yield Finding("form.only_at_root", {"keyword": keyword}, pointer=place)
            elif keyword == "format" and value not in formats.FORMATS:
                yield Finding(
                    "form.format", {"format": value, "known": ", ".join(formats.FORMATS)}, pointer=place
                )
            elif keyword in ("additionalProperties", "unevaluatedProperties") and not isinstance(value, bool):
                yield Finding("form.additional", {"keyword": keyword}, pointer=place)
            elif keyword == "enum" and (not value or len(value) > MOST_OPTIONS):
                yield Finding("form.options", {"count": len(value), "limit": MOST_OPTIONS}, pointer=place)
            elif keyword == "multipleOf" and not 0 < value < math.inf:
                yield Finding(
                    "form.metaschema", {"keyword": keyword, "expected": "> 0", "found": value}, pointer=place
                )


def _references(schema: dict[str, Any]) -> Iterator[Finding]:
    targets = schemas.references(schema)
    unknown = False
    for path, part in schemas.walk(schema):
        if isinstance(part, dict) and "$ref" in part and part["$ref"] not in targets:
            unknown = True
            code = "form.ref_unknown" if str(part["$ref"]).startswith("#") else "form.ref_remote"
            yield Finding(code, {"ref": part["$ref"]}, pointer=lines.pointer((*path, "$ref")))
    if not unknown:
        yield from _endless(schema, targets)


def _endless(schema: dict[str, Any], targets: dict[str, Any]) -> Iterator[Finding]:
    """A schema that refers to itself for the very same value would never come to an end."""
    done: set[int] = set()
    for path, part in schemas.walk(schema):
        if isinstance(part, dict) and _returns(part, targets, frozenset(), done):
            yield Finding("form.ref_endless", {"ref": part.get("$ref", "")}, pointer=lines.pointer(path))
            return


def _returns(part: Any, targets: dict[str, Any], above: frozenset[int], done: set[int]) -> bool:
    if not isinstance(part, dict) or id(part) in done:
        return False
    if id(part) in above:
        return True
    onward: list[Any] = [part[keyword] for keyword in schemas.SAME_VALUE_ONE if keyword in part]
    for keyword in schemas.MANY:
        onward.extend(part.get(keyword, ()))
    onward.extend(part.get("dependentSchemas", {}).values())
    if "$ref" in part:
        onward.append(targets[part["$ref"]])
    if any(_returns(one, targets, above | {id(part)}, done) for one in onward):
        return True
    done.add(id(part))
    return False


def _patterns(schema: dict[str, Any]) -> Iterable[Finding]:
    for path, part in schemas.walk(schema):
        if isinstance(part, dict) and "pattern" in part and formats.pattern(part["pattern"]) is None:
            params = {"pattern": _short(part["pattern"])}
            yield Finding("form.pattern", params, pointer=lines.pointer((*path, "pattern")))
