"""Reads a form: JSON text in, a checked and compiled form out, or every reason why not with file, line and remedy."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from engine import spellings
from engine.errors import Finding, Invalid
from engine.forms import field_checks, hints, lines, plans, predicates, reasons, schema_checks, schemas
from engine.forms.kinds import Kind

LARGEST = 256 * 1024  # bytes of one form


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A form that was read and checked; immutable, shared by all threads.

    `names` are the answers it can give (its top-level fields), `uses` the variables its expressions need from
    the case, `checked` the fields whose answers are compared with others, `queries` the lookups it asks, `keys`
    every field's text key with the options to be named, `rules` each field's key with its expressions by hint,
    `warnings` what is allowed but probably not meant.
    """

    name: str
    schema: dict[str, Any]
    file: str
    plan: plans.Plan
    check: predicates.Check
    judge: reasons.Judge
    names: frozenset[str]
    uses: frozenset[str]
    queries: frozenset[str]
    keys: dict[str, tuple[Any, ...]]
    checked: frozenset[str]
    rules: tuple[tuple[str, str, hints.Rule], ...] = ()
    warnings: tuple[Finding, ...] = field(default=())


@functools.lru_cache(maxsize=1024)
def read(name: str, content: bytes, file: str) -> Form:
    """The form `name` from its JSON Schema; raises Invalid with all findings. The same content is the same form: the
    versions of a process share most of theirs."""
    schema, places = _parsed(content, file)
    found = list(schema_checks.find(schema))
    if not any(finding.severity == "error" for finding in found):
        found.extend(field_checks.find(schema))
    placed = [_placed(finding, file, places) for finding in found]
    if any(finding.severity == "error" for finding in placed):
        raise Invalid(placed)
    targets = schemas.references(schema)
    builder = plans.Builder(targets)
    plan = builder.plan((schema,))
    keys = dict(fields_by_key(plan))
    own = {key.rsplit(".", 1)[-1].removesuffix("[]") for key in keys}
    rules = tuple((key, hint, rule) for key, one in keys.items() for hint, rule in _rules(one))
    return Form(
        name=name,
        schema=schema,
        file=file,
        plan=plan,
        check=builder.compiler.compile(schema),
        judge=reasons.Judge(schema, builder.compiler),
        names=frozenset(plan.every()),
        uses=frozenset(used for _, _, rule in rules for used in rule.names) - own,
        queries=frozenset(query for one in keys.values() for query in _queries(one)),
        keys={key: one.options for key, one in keys.items()},
        checked=frozenset(key for key, one in keys.items() if one.hint.check is not None),
        rules=rules,
        warnings=tuple(placed),
    )


def _rules(field: plans.Field) -> list[tuple[str, hints.Rule]]:
    """The expressions of a field's hints, each under its hint's name."""
    hint = field.hint
    offered = hint.options_query.rules if hint.options_query else ()
    own = (("show_when", hint.show_when), ("prefill", hint.prefill), ("check", hint.check))
    return [
        (name, rule)
        for name, rule in (*own, *(("options_query", one) for one in offered))
        if rule is not None
    ]


def _queries(field: plans.Field) -> list[str]:
    hint = field.hint
    return [query for query in (hint.query, hint.options_query and hint.options_query.query) if query]


def fields_by_key(plan: plans.Plan) -> Iterator[tuple[str, plans.Field]]:
    """Every field under its text key (`address.street`, `items[].name`); recursion is followed once."""
    yield from _fields_by_key(plan, "", frozenset())


def _fields_by_key(plan: plans.Plan, prefix: str, seen: frozenset[int]) -> Iterator[tuple[str, plans.Field]]:
    if id(plan) in seen:
        return
    for name, one in plan.every().items():
        key = f"{prefix}{name}"
        yield key, one
        inner = one
        while inner.kind is Kind.LIST:
            inner, key = inner.item(), f"{key}[]"
        if inner is not one and inner.kind is not Kind.GROUP:
            yield key, inner
        if inner.kind is Kind.GROUP:
            yield from _fields_by_key(inner.plan(), f"{key}.", seen | {id(plan)})


def _parsed(content: bytes, file: str) -> tuple[dict[str, Any], dict[str, int]]:
    if len(content) > LARGEST:
        raise Invalid([Finding("form.too_large", {"size": len(content), "limit": LARGEST}, file=file)])
    try:
        text = spellings.composed(content.decode("utf-8-sig"))
        schema = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Invalid([Finding("form.not_utf8", file=file, line=line)]) from None
    except json.JSONDecodeError as error:
        params = {"column": error.colno, "problem": error.msg}
        raise Invalid([Finding("form.not_json", params, file=file, line=error.lineno)]) from None
    except RecursionError:
        raise Invalid([Finding("form.too_deep", {"limit": schema_checks.DEEPEST}, file=file)]) from None
    except _Refused as error:
        raise Invalid([Finding(error.code, {"name": error.name}, file=file)]) from None
    if not isinstance(schema, dict):
        raise Invalid([Finding("form.not_object", file=file, line=1)])
    if _depth(schema) > schema_checks.DEEPEST:
        raise Invalid([Finding("form.too_deep", {"limit": schema_checks.DEEPEST}, file=file)])
    return schema, lines.by_pointer(text)


def _placed(finding: Finding, file: str, places: dict[str, int]) -> Finding:
    pointer = finding.pointer or ""
    while pointer and pointer not in places:
        pointer = pointer.rpartition("/")[0]
    return Finding(
        finding.code,
        finding.params,
        file,
        places.get(pointer, 1),
        finding.element,
        finding.pointer,
        finding.severity,
    )


class _Refused(ValueError):
    def __init__(self, code: str, name: str) -> None:
        self.code, self.name = code, name
        super().__init__(code)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Refused("form.duplicate_key", name)
        if isinstance(value, float) and not math.isfinite(value):
            raise _Refused("form.number", name)
        found[name] = value
    return found


def _no_number(name: str) -> Any:
    raise _Refused("form.number", name)


def _depth(value: Any) -> int:
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        one, depth = waiting.pop()
        deepest = max(deepest, depth)
        if isinstance(one, dict):
            waiting.extend((inner, depth + 1) for inner in one.values())
        elif isinstance(one, list):
            waiting.extend((inner, depth + 1) for inner in one)
    return deepest
