"""What a page's YAML may say, as JSON Schema; docs/pages.md says it in words and is held to this.

A text that begins with `=` is an expression (FEEL) wherever a value may stand.
"""

from __future__ import annotations

from typing import Any

from engine import schemas
from engine.definitions import process_schema

Schema = dict[str, Any]

NAME = r"^[a-z][a-z0-9_]{0,40}$"
ADDRESS = r"^/[A-Za-z0-9_{}/?=&.:-]{0,200}$"
FORMATS = ("text", "number", "percent", "date", "time", "moment", "duration", "yes_no", "word")
TONES = ("good", "warn", "bad", "info", "plain")
ENGINE = ("queues", "stuck", "units", "tally")

_NAME: Schema = {"type": "string", "pattern": NAME}
_EXPRESSION: Schema = {"type": "string", "pattern": "^\\s*=", "maxLength": 4000}
_ADDRESS: Schema = {"type": "string", "pattern": ADDRESS}
_VALUE: Schema = {"type": ["string", "number", "boolean", "null"], "maxLength": 4000}
_YES_NO: Schema = {"type": "boolean"}


def _entry(required: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": properties,
    }


def _map(values: Schema) -> Schema:
    return {"type": "object", "propertyNames": {"pattern": NAME}, "additionalProperties": values}


def _list(items: Schema, most: int = 60) -> Schema:
    return {"type": "array", "items": items, "maxItems": most}


_TONE: Schema = {"anyOf": [{"enum": list(TONES)}, _EXPRESSION]}
_SHOWN: dict[str, Schema] = {
    "value": _EXPRESSION,
    "format": {"enum": list(FORMATS)},
    "words": _NAME,
    "tone": _TONE,
    "when": _EXPRESSION,
}
_FIGURE: Schema = {"anyOf": [_EXPRESSION, _entry(("value",), **_SHOWN, of=_EXPRESSION, link=_ADDRESS)]}
_COLUMN: Schema = {"anyOf": [{"type": "null"}, _EXPRESSION, _entry((), **_SHOWN)]}
_SEARCH: Schema = _entry(("text", "among"), text=_EXPRESSION, among=_EXPRESSION)
_ROWS: dict[str, Schema] = {
    "rows": _EXPRESSION,
    "joined": _map(_EXPRESSION),
    "by": _NAME,
    "search": _SEARCH,
    "most": {"type": "integer", "minimum": 1, "maximum": 500},
    "link": _ADDRESS,
}

# What each kind of block may say beside its key, kind, width and when; the second part is required.
BLOCKS: dict[str, tuple[dict[str, Schema], tuple[str, ...]]] = {
    "figures": ({"figures": _map(_FIGURE)}, ("figures",)),
    "table": ({**_ROWS, "columns": _map(_COLUMN), "first": _EXPRESSION}, ("rows", "columns")),
    "cards": (
        {
            **_ROWS, "name": _EXPRESSION, "about": _EXPRESSION, "facts": _map(_COLUMN), "badge": _COLUMN,
            "first": _EXPRESSION,
        },
        ("rows", "name"),
    ),
    "map": (
        {
            "rows": _EXPRESSION, "joined": _map(_EXPRESSION), "search": _SEARCH, "name": _EXPRESSION,
            "north": _EXPRESSION, "east": _EXPRESSION, "tone": _TONE, "link": _ADDRESS,
            "shapes": {"enum": ["vietnam"]},
        },
        ("rows", "name", "north", "east"),
    ),
    "bars": (
        {"rows": _EXPRESSION, "name": _EXPRESSION, "value": _EXPRESSION, "of": _EXPRESSION, "tone": _TONE,
         "format": {"enum": list(FORMATS)}},
        ("rows", "name", "value"),
    ),
    "queues": ({"of": _EXPRESSION}, ("of",)),
    "stuck": ({"of": _EXPRESSION, "link": _ADDRESS}, ("of",)),
    "children": (
        {
            "joined": _map(_EXPRESSION), "columns": _map(_COLUMN), "first": _EXPRESSION, "leaf": _ADDRESS,
            "kinds": _list(_NAME),
        },
        ("columns",),
    ),
    "links": ({"links": _map({"anyOf": [_ADDRESS, _entry(("to",), to=_ADDRESS, when=_EXPRESSION, main=_YES_NO)]})},
              ("links",)),
    "facts": ({"facts": _map(_FIGURE)}, ("facts",)),
    "text": ({"tone": _TONE, "with": _map(_EXPRESSION)}, ()),
}  # fmt: skip


def _block(kind: str) -> Schema:
    properties, required = BLOCKS[kind]
    return _entry(
        ("key", "kind", *required),
        key=_NAME,
        kind={"const": kind},
        width={"enum": ["whole", "half"]},
        when=_EXPRESSION,
        **properties,
    )


PAGE: Schema = _entry(
    ("path", "audience", "blocks"),
    path={"type": "string", "pattern": r"^/$|^(/[a-z0-9_-]+|/\{[a-z][a-z0-9_]*\})+$"},
    audience={"type": "string", "pattern": NAME},
    way=_entry(
        (),
        icon=_NAME,
        order={"type": "integer", "minimum": 0, "maximum": 999},
        kinds=_list(_NAME),
    ),
    parameters=_map(
        _entry(
            ("kind",),
            kind={"enum": ["unit", "day", "text"]},
            kinds=_list(_NAME),
            default=_VALUE,
            filter=_YES_NO,
            offers=_list(_NAME),
        )
    ),
    paper=_YES_NO,
    refresh={"type": "string", "pattern": process_schema.DURATION},
    asks=_map(
        {
            "oneOf": [
                _entry(
                    ("query",),
                    query={"type": "string", "pattern": r"^[a-z]\w*\.\w+$"},
                    inputs=_map(_VALUE),
                    required=_YES_NO,
                ),
                _entry(
                    ("engine",),
                    engine={"enum": list(ENGINE)},
                    below=_YES_NO,
                    kinds=_list(_NAME),
                    since=_EXPRESSION,
                    until=_EXPRESSION,
                ),
            ]
        }
    ),
    blocks={"type": "array", "minItems": 1, "maxItems": 40, "items": {"type": "object"}},
)

VALIDATOR = schemas.compiled(PAGE)
BLOCK_VALIDATORS = {kind: schemas.compiled(_block(kind)) for kind in BLOCKS}
ANY_BLOCK = schemas.compiled(
    {
        "type": "object",
        "required": ["key", "kind"],
        "properties": {"key": _NAME, "kind": {"enum": sorted(BLOCKS)}},
    }
)
