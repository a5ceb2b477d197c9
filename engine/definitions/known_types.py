"""The types of a flow's data, as forms, decisions, scripts and contracts tell them; it is JSON, so dates are texts."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from engine import forms
from engine.decisions import type_checks
from engine.definitions.definition import Decision
from engine.feel import checking, from_json, types
from engine.feel.expressions import Expression
from engine.feel.type_relations import base, common
from engine.feel.types import ANY, BOOLEAN, CONTEXT, NULL, NUMBER, STRING, ContextType, ListType, Type
from engine.feel.values import kind as kind_of
from engine.forms import plans, reading
from engine.forms.kinds import Kind

Types = Mapping[str, Type]

_PLAIN = {
    Kind.TEXT: STRING, Kind.NUMBER: NUMBER, Kind.INTEGER: NUMBER, Kind.BOOLEAN: BOOLEAN, Kind.AGREEMENT: BOOLEAN,
}  # fmt: skip
_SCHEMA = {"string": STRING, "number": NUMBER, "integer": NUMBER, "boolean": BOOLEAN, "null": NULL}
_DEEPEST = 8  # objects within objects that are looked into


def of_form(form: forms.Form) -> dict[str, Type]:
    """The answers a form gives; a field that it hides is null."""
    return {name: _field(field, _DEEPEST) for name, field in form.plan.every().items()}


def of_fields(form: forms.Form) -> Iterator[tuple[str, Type]]:
    """Every field of a form, also those within groups and lists, by the name its expressions call it."""
    for key, field in reading.fields_by_key(form.plan):
        yield key.rsplit(".", 1)[-1].removesuffix("[]"), _field(field, _DEEPEST)


def of_schema(schema: Any) -> Type:
    """A value that a JSON Schema demands, as far as `type`, `enum`, `items` and `properties` say."""
    if not isinstance(schema, dict):
        return ANY
    if "enum" in schema or "const" in schema:
        return _of_values(schema.get("enum") or [schema.get("const")])
    named = schema.get("type")
    if isinstance(named, list):
        return functools.reduce(common, (of_schema({**schema, "type": one}) for one in named), NULL)
    if named == "array":
        return ListType("list", of_schema(schema.get("items")))
    if named == "object":
        return CONTEXT
    return _SCHEMA.get(named or "", ANY)


def of_decision(decision: Decision | None) -> Type:
    """What a rule task leaves of a decision's result."""
    found = decision.model.decision(decision.decision) if decision else None
    return ANY if decision is None or found is None else stored(type_checks.result(decision.model, found))


def of_expression(expression: Expression, names: Types) -> Type:
    """What an expression leaves in the data; names that are not given may be anything."""
    around = {**dict.fromkeys(expression.names | expression.shared, ANY), **names}
    return stored(checking.expression(expression.text, expression.tree, around).type)


def stored(of: Type) -> Type:
    """The type a value has once it was stored: dates, times, durations, ranges and functions have become texts."""
    plain = base(of)
    match plain:
        case ListType(element=element):
            return ListType("list", stored(element))
        case ContextType(fields=fields):
            return ContextType("context", tuple((name, stored(part)) for name, part in fields))
    return plain if plain in (ANY, NULL, NUMBER, STRING, BOOLEAN, CONTEXT) else STRING


def _field(field: plans.Field, deepest: int) -> Type:
    match field.kind:
        case Kind.CHOICE:
            return _of_values(field.options) if field.hint.options_query is None else STRING
        case Kind.CHOICES:
            return ListType("list", _of_values(field.options))
        case Kind.LIST:
            return ListType("list", _field(field.item(), deepest - 1)) if deepest else types.LIST
        case Kind.GROUP:
            if not deepest:
                return CONTEXT
            fields = field.plan().every().items()
            return ContextType("context", tuple((name, _field(one, deepest - 1)) for name, one in fields))
    return _PLAIN[field.kind]


def _of_values(values: Any) -> Type:
    kinds = (types.plain(kind_of(from_json(value))) or ANY for value in values)
    return base(functools.reduce(common, kinds, NULL))
