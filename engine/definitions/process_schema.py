"""What process.yaml may say, as JSON Schema; docs/process-yaml.md says it in words and is held to this."""

from __future__ import annotations

from typing import Any

from engine import schemas

KEY = r"^[a-z][a-z0-9_-]{0,60}$"  # of a process: stands in addresses
NAME = (
    r"^[a-z][a-z0-9_]{0,60}$"  # of a lane, form, decision, message, document, record: stands in expressions
)
ELEMENT = r"^[A-Za-z_][A-Za-z0-9_.-]{0,120}$"  # a BPMN id
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]{0,60}$"
DURATION = r"^P(?!$)([0-9]{1,5}W|([0-9]{1,5}D)?(T(?=[0-9])([0-9]{1,6}H)?([0-9]{1,6}M)?([0-9]{1,6}S)?)?)$"
PATH = r"^[A-Za-z0-9_][A-Za-z0-9_./-]{0,120}$"

Schema = dict[str, Any]


def _text(pattern: str) -> Schema:
    return {"type": "string", "pattern": pattern}


def _map(values: Schema, names: str = NAME) -> Schema:
    return {"type": "object", "propertyNames": {"pattern": names}, "additionalProperties": values}


def _entry(required: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": properties,
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items, "maxItems": 500}


_EXPRESSION: Schema = {"type": "string", "minLength": 1, "maxLength": 4000}

_START = _entry((), roles=_list(_text(NAME)), at=_list(_text(NAME)), as_of=_EXPRESSION)

PROCESS: Schema = _entry(
    ("process", "owner"),
    process=_text(KEY),
    owner=_text(NAME),
    subject=_entry(
        ("variable",),
        variable=_text(VARIABLE),
        query=_text(r"^[a-z]\w*\.\w+$"),
        find=_text(r"^[a-z]\w*\.\w+$"),
        once=_EXPRESSION,
    ),
    once=_EXPRESSION,
    public=_entry(
        ("proof",),
        start={"type": "boolean"},
        proof=_text(VARIABLE),
        label=_text(VARIABLE),
        keep=_list(_text(VARIABLE)),
        lanes=_list(_text(NAME)),
        documents=_list(_text(NAME)),
        records=_list(_text(NAME)),
    ),
    start=_START,
    starts=_map(_START, ELEMENT),
    inputs=_list(_text(VARIABLE)),
    lanes=_map(_entry(("role",), role=_text(NAME), unit=_EXPRESSION)),
    forms=_list(_text(NAME)),
    decisions=_map(
        _entry(
            ("file",),
            file=_text(PATH),
            decision={"type": "string", "minLength": 1, "maxLength": 120},
            binding={"enum": ["version", "latest"]},
        )
    ),
    messages=_map(_entry((), keep=_text(DURATION), key=_EXPRESSION), ELEMENT),
    service_levels=_map(_text(DURATION), ELEMENT),
    records=_list(
        _entry(
            ("kind", "at", "values"),
            kind=_text(NAME),
            at=_text(ELEMENT),
            values=_map(_EXPRESSION),
            required=_list(_text(NAME)),
            facet=_text(NAME),
        )
    ),
    expects=_list(
        _entry(
            ("after", "reaches", "within"),
            after=_text(ELEMENT),
            reaches=_text(ELEMENT),
            within=_text(DURATION),
        )
    ),
    documents=_map(_text(PATH)),
    flow={"type": "array"},
)

VALIDATOR = schemas.compiled(PROCESS)
