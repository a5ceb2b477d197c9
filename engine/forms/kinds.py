"""What sort of answer a merged schema takes, which options it offers and which widgets can show it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from engine.forms import hints, schemas
from engine.forms.schemas import Part

LONG_TEXT = 200  # characters from which a text gets a box of several lines
FEW_OPTIONS = 7  # up to here every option is shown as a button of its own


class Kind(StrEnum):
    """What sort of answer a field takes."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CHOICE = "choice"  # one of the options
    CHOICES = "choices"  # a list of different options
    AGREEMENT = "agreement"  # only true is an answer
    GROUP = "group"  # an object with fields of its own
    LIST = "list"  # as many items as the person adds


# The first widget is the one shown when the form wishes none; a text's first widget depends on its format.
WIDGETS: dict[Kind, tuple[str, ...]] = {
    Kind.TEXT: ("text", "textarea", "lookup", "code", "date", "time", "datetime", "email", "tel", "url"),
    Kind.NUMBER: ("number",),
    Kind.INTEGER: ("number",),
    Kind.BOOLEAN: ("radio", "checkbox"),
    Kind.CHOICE: ("radio", "select"),
    Kind.CHOICES: ("checkbox",),
    Kind.AGREEMENT: ("checkbox",),
    Kind.GROUP: ("group",),
    Kind.LIST: ("list",),
}
EVERY_WIDGET = frozenset(name for names in WIDGETS.values() for name in names)
_BY_FORMAT = {
    "date": "date",
    "time": "time",
    "date-time": "datetime",
    "email": "email",
    "uri": "url",
    "phone": "tel",
}

_HIGHEST, _LOWEST = (
    ("minimum", "exclusiveMinimum", "minLength", "minItems"),
    ("maximum", "exclusiveMaximum", "maxLength", "maxItems"),
)
_BY_PLAN = (
    "properties",
    "allOf",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependentRequired",
    "$ref",
    "$defs",
)


def merged(parts: Iterable[Part], exclusive: bool = False) -> Part:
    """All that several schemas say about one value, for showing it; when `exclusive`, any one of them may hold."""
    whole: Part = {}
    for part in parts:
        for keyword, value in part.items():
            if keyword in _BY_PLAN:
                continue
            if keyword in whole:
                whole[keyword] = _both(keyword, whole[keyword], value, exclusive)
            else:
                whole[keyword] = value
    return whole


def _both(keyword: str, one: Any, other: Any, exclusive: bool) -> Any:
    if keyword == hints.KEY:
        return {**one, **other}
    if keyword == "required":
        return list(dict.fromkeys([*one, *other]))
    if keyword == "enum":
        return (
            list(dict.fromkeys([*one, *other]))
            if exclusive
            else [option for option in one if option in other]
        )
    if keyword == "type":
        narrow = [name for name in _names(one) if name in _names(other)]
        return (
            narrow
            if narrow
            else ["integer"]
            if {*_names(one), *_names(other)} == {"integer", "number"}
            else ["?"]
        )
    if keyword in _HIGHEST or keyword in _LOWEST:
        return (max if (keyword in _HIGHEST) != exclusive else min)(one, other)
    if keyword in ("readOnly", "writeOnly", "deprecated"):
        return one or other
    return other


def options(schema: Part) -> tuple[Any, ...]:
    """The values to choose from, in the schema's order; null is no option but an absent answer."""
    source = schema.get("items", {}) if schema.get("type") == "array" else schema
    if not isinstance(source, dict):
        return ()
    if "enum" in source:
        found: list[Any] = source["enum"]
    elif schemas.is_closed_choice(source):
        found = [branch["const"] for keyword in ("oneOf", "anyOf") for branch in source.get(keyword, ())]
    else:
        found = [source["const"]] if "const" in source else []
    return tuple(option for option in found if option is not None)


def kind(schema: Part) -> Kind | None:
    """The sort of answer, or None when the schema allows several sorts or does not say."""
    names = [name for name in _names(schema.get("type")) if name != "null"]
    offered = options(schema)
    if not names and offered:
        names = list(dict.fromkeys("boolean" if isinstance(option, bool) else "choice" for option in offered))
    if len(names) != 1 or any(isinstance(option, (dict, list)) for option in offered):
        return None
    (name,) = names
    if name == "boolean":
        return Kind.AGREEMENT if offered == (True,) else Kind.BOOLEAN
    if name == "object":
        return Kind.GROUP
    if name == "array":
        return Kind.CHOICES if offered else Kind.LIST if isinstance(schema.get("items"), dict) else None
    if offered or name == "choice":
        return Kind.CHOICE
    return {"string": Kind.TEXT, "number": Kind.NUMBER, "integer": Kind.INTEGER}.get(name)


def widget(kind: Kind, schema: Part, wished: str | None) -> str:
    """The widget to show: the wished one, or the one that suits the kind, format and size."""
    if wished is not None:
        return wished
    if kind is Kind.CHOICE and len(options(schema)) > FEW_OPTIONS:
        return "select"
    if kind is Kind.TEXT:
        if schema.get("format") in _BY_FORMAT:
            return _BY_FORMAT[schema["format"]]
        return "textarea" if schema.get("maxLength", 0) > LONG_TEXT else "text"
    return WIDGETS[kind][0]


def _names(wanted: Any) -> list[str]:
    return [wanted] if isinstance(wanted, str) else list(wanted or ())
