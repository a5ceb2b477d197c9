"""Declarations are judged by JSON Schema, and what is wrong is said with its line and a remedy.

For files people write (process.yaml, manifest.yaml, scenarios); answers of forms have `engine.forms`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError

from engine.errors import Finding

Line = Callable[[str], int | None]
SHOWN = 80  # characters of a found value that a sentence shows


def compiled(schema: dict[str, Any]) -> Draft202012Validator:
    """A validator that can be kept and used from several threads; formats are checked."""
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def schema_finding(schema: Any, file: str, line: int | None, pointer: str) -> Finding | None:
    """Why something is not a JSON Schema, or None when it is one."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return Finding("declared_schema", {"found": error.message[:SHOWN]}, file, line, pointer=pointer)
    return None


def findings(
    validator: Draft202012Validator, value: Any, file: str | None = None, line: Line = lambda pointer: None
) -> list[Finding]:
    """Everything in `value` that breaks the schema, in document order; `line` places a JSON pointer."""
    found = [one for error in validator.iter_errors(value) for one in _findings(error, file, line)]
    return sorted(found, key=lambda one: (one.line or 0, one.pointer or ""))


def suggestion(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    close = difflib.get_close_matches(str(word).lower(), {one.lower(): one for one in known}, n=1, cutoff=0.6)
    return next((one for one in known if close and one.lower() == close[0]), None)


def unknown(
    code: str,
    word: str,
    known: Iterable[str],
    file: str | None = None,
    line: int | None = None,
    element: str | None = None,
    pointer: str | None = None,
    severity: str = "error",
    **params: Any,
) -> Finding:
    """A finding for a word nobody declared; `<code>_close` says "did you mean" when one is near."""
    known = list(known)
    close = suggestion(word, known)
    if close is not None:
        return Finding(
            f"{code}_close", {"name": word, "close": close, **params}, file, line, element, pointer, severity
        )
    listed = ", ".join(sorted(known)[:12]) or "–"
    return Finding(code, {"name": word, "known": listed, **params}, file, line, element, pointer, severity)


def shown(value: Any) -> str:
    """A value as a sentence shows it: short, on one line."""
    text = " ".join((value if isinstance(value, str) else repr(value)).split())
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def pointer_of(parts: Iterable[Any]) -> str:
    """A JSON pointer (RFC 6901) from its steps."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _findings(error: ValidationError, file: str | None, line: Line) -> Iterator[Finding]:
    path = list(error.absolute_path)
    pointer = pointer_of(path)
    schema: Any = error.schema
    rule: Any = error.validator_value

    def at(code: str, where: str = pointer, **params: Any) -> Finding:
        return Finding(code, params, file, line(where), pointer=where)

    if "propertyNames" in error.absolute_schema_path:
        yield at("declared_name", pointer_of([*path, error.instance]), found=shown(error.instance))
    elif error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = list(schema.get("properties", {}))
        for key in error.instance:
            if key not in known:
                where = pointer_of([*path, key])
                yield unknown("declared_key", str(key), known, file, line(where), pointer=where)
    elif error.validator == "required" and isinstance(error.instance, dict):
        missing = [key for key in rule if key not in error.instance and f"'{key}'" in error.message]
        yield from (at("declared_missing", name=key) for key in missing)
    elif error.validator in {"oneOf", "anyOf"} and error.context:
        yield from _findings(max(error.context, key=lambda one: len(one.absolute_path)), file, line)
    elif error.validator == "enum":
        yield at("declared_choice", expected=", ".join(map(str, rule)), found=shown(error.instance))
    else:
        expected = str(rule) if error.validator == "type" else f"{error.validator} {shown(rule)}"
        yield at("declared_value", expected=expected, found=shown(error.instance))
