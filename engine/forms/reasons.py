"""Why answers are refused: the schema library's errors, said as findings with a pointer, a code and parameters.

The code of a finding is the schema keyword, with the type or format appended where the sentence differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, cast

import jsonschema
import referencing
from jsonschema import Draft202012Validator
from jsonschema import validators as drafts
from jsonschema.exceptions import ValidationError

from engine.errors import Finding
from engine.forms import formats, lines, predicates, schemas

_waived: ContextVar[predicates.Waived] = ContextVar("waived", default=predicates.NOTHING_WAIVED)
_NO_NAMES: frozenset[str] = frozenset()
_CODES = {"minContains": "contains", "additionalProperties": "unknown", "unevaluatedProperties": "unknown"}

Errors = Iterator[ValidationError]
Keyword = Callable[[Any, Any, Any, Any], Errors]


class Judge:
    """The schema library's validator of one form, built once."""

    def __init__(self, schema: dict[str, Any], compiler: predicates.Compiler) -> None:
        self._targets = compiler.references
        keywords: dict[str, Any] = {
            "required": _required,
            "dependentRequired": _dependent_required,
            "pattern": _pattern,
            "multipleOf": _multiple_of,
            "if": _asking(compiler),
            "not": _strictly(Draft202012Validator.VALIDATORS["not"]),
            "contains": _strictly(Draft202012Validator.VALIDATORS["contains"]),
            "oneOf": self._one_of,
            "anyOf": self._any_of,
        }
        flavour: Any = drafts.extend(Draft202012Validator, keywords)  # type: ignore[no-untyped-call]
        registry: referencing.Registry[Any] = referencing.Registry()
        self._validator = flavour(schema, registry=registry, format_checker=formats.checker())

    def find(self, answers: dict[str, Any], waived: predicates.Waived) -> list[Finding]:
        """Every reason why the answers are refused, one per place and code, in the schema's order."""
        token = _waived.set(waived)
        try:
            errors = list(self._validator.iter_errors(answers))
        finally:
            _waived.reset(token)
        found: dict[tuple[str | None, str], Finding] = {}
        for error in errors:
            finding = _finding(error)
            found.setdefault((finding.pointer, finding.code), finding)
        return list(found.values())

    def _one_of(self, validator: Any, branches: Any, instance: Any, schema: Any) -> Errors:
        if schemas.is_closed_choice({"oneOf": branches}):
            if sum(1 for branch in branches if validator.evolve(schema=branch).is_valid(instance)) != 1:
                yield ValidationError("not one of the options", validator="enum", validator_value=[])
            return
        choice = schemas.discriminated(branches, self._targets)
        if choice is None:
            yield from _strictly(Draft202012Validator.VALIDATORS["oneOf"])(
                validator, branches, instance, schema
            )
        else:
            yield from _chosen(validator, choice, instance)

    def _any_of(self, validator: Any, branches: Any, instance: Any, schema: Any) -> Errors:
        if any(validator.evolve(schema=branch).is_valid(instance) for branch in branches):
            return
        choice = schemas.discriminated(branches, self._targets)
        if choice is not None:
            yield from _chosen(validator, choice, instance)
        elif schemas.is_closed_choice({"anyOf": branches}):
            yield ValidationError("not one of the options", validator="enum", validator_value=[])
        else:
            names = sorted(
                {
                    name
                    for branch in branches
                    if isinstance(branch, dict)
                    for name in branch.get("required", ())
                }
            )
            yield ValidationError("no alternative holds", validator="anyOf", validator_value=names)


def _chosen(validator: Any, choice: schemas.Choice, instance: Any) -> Errors:
    """The errors of the branch that was chosen, instead of those of all branches."""
    if not isinstance(instance, dict):
        yield ValidationError("not an object", validator="type", validator_value="object")
        return
    for constant, branch in choice.branches:
        if instance.get(choice.field) == constant:
            yield from validator.descend(instance, branch)
            return
    keyword = "enum" if choice.field in instance else "required"
    yield ValidationError("no branch chosen", path=(choice.field,), validator=keyword, validator_value=[])


def _required(validator: Any, names: Any, instance: Any, schema: Any) -> Errors:
    if isinstance(instance, dict):
        hidden = _waived.get().get(id(instance), _NO_NAMES)
        for name in names:
            if name not in instance and name not in hidden:
                yield ValidationError("missing", path=(name,))


def _dependent_required(validator: Any, rules: Any, instance: Any, schema: Any) -> Errors:
    if isinstance(instance, dict):
        for trigger, names in rules.items():
            if trigger in instance:
                for error in _required(validator, names, instance, schema):
                    error.validator_value = trigger
                    yield error


def _pattern(validator: Any, pattern: Any, instance: Any, schema: Any) -> Errors:
    search = formats.pattern(pattern)
    if isinstance(instance, str) and search is not None and search(instance) is None:
        yield ValidationError("does not match")


def _multiple_of(validator: Any, step: Any, instance: Any, schema: Any) -> Errors:
    if predicates.is_number(instance) and not predicates.is_multiple(instance, step):
        yield ValidationError("no multiple")


def _asking(compiler: predicates.Compiler) -> Keyword:
    def asked(validator: Any, question: Any, instance: Any, schema: Any) -> Errors:
        held = compiler.compile(question)(instance, predicates.NOTHING_WAIVED)
        branch = "then" if held else "else"
        if branch in schema:
            yield from validator.descend(instance, schema[branch], schema_path=branch)

    return asked


def _strictly(keyword: Keyword) -> Keyword:
    """The keyword asks a question: nothing is waived while it is answered."""

    def strict(validator: Any, value: Any, instance: Any, schema: Any) -> Errors:
        token = _waived.set(predicates.NOTHING_WAIVED)
        try:
            errors = list(keyword(validator, value, instance, schema))
        finally:
            _waived.reset(token)
        yield from errors

    return strict


def _finding(error: jsonschema.ValidationError) -> Finding:
    place = lines.pointer(tuple(error.absolute_path))
    keyword, value = error.validator, cast(Any, error.validator_value)
    if not isinstance(keyword, str):  # a schema of plain `false` has none
        return Finding("refused", pointer=place)
    if keyword == "type":
        wanted = [value] if isinstance(value, str) else [name for name in value if name != "null"]
        return Finding(f"type_{wanted[0] if wanted else 'null'}", pointer=place)
    if keyword == "format":
        return Finding(f"format_{str(value).replace('-', '_')}", pointer=place)
    code = _CODES.get(keyword, keyword)
    return Finding(code, _params(code, value, error.instance), pointer=place)


def _params(keyword: str, value: Any, instance: Any) -> dict[str, Any]:
    if keyword in ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"):
        return {"limit": value, "count": len(instance)}
    if keyword in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "maxContains"):
        return {"limit": value}
    if keyword == "anyOf":
        return {"names": list(value)}
    if keyword == "dependentRequired":
        return {"name": value}
    return {}
