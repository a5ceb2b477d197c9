"""One root schema and how its parts hang together: references, parts that say more about the same value, choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.forms import lines

Part = dict[str, Any]

# Where a keyword holds subschemas: one, a list, or one per name.
ONE = ("items", "contains", "not", "if", "then", "else")
MANY = ("allOf", "anyOf", "oneOf")
NAMED = ("properties", "dependentSchemas", "$defs")
# Subschemas of these say something about the very same value, not about a part of it.
SAME_VALUE_ONE = ("not", "if", "then", "else")


@dataclass(frozen=True, slots=True)
class Choice:
    """Branches told apart by one field that has another constant in each of them."""

    field: str
    branches: tuple[tuple[Any, Part], ...]  # (constant, branch)

    @property
    def constants(self) -> tuple[Any, ...]:
        return tuple(constant for constant, _branch in self.branches)


def walk(schema: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every subschema with the path to it, the root first; what is no schema is passed over."""
    yield path, schema
    if not isinstance(schema, dict):
        return
    for keyword in ONE:
        if keyword in schema:
            yield from walk(schema[keyword], (*path, keyword))
    for keyword in MANY:
        if isinstance(schema.get(keyword), list):
            for index, part in enumerate(schema[keyword]):
                yield from walk(part, (*path, keyword, index))
    for keyword in NAMED:
        if isinstance(schema.get(keyword), dict):
            for name, part in schema[keyword].items():
                yield from walk(part, (*path, keyword, name))


def references(root: Part) -> dict[str, Any]:
    """What every local reference can name: `#`, `#/$defs/x`, any pointer to a subschema, and anchors."""
    targets: dict[str, Any] = {"#": root}
    for path, schema in walk(root):
        targets["#" + lines.pointer(path)] = schema
        if isinstance(schema, dict) and isinstance(schema.get("$anchor"), str):
            targets["#" + schema["$anchor"]] = schema
    return targets


def parts(schema: Any, targets: Mapping[str, Any]) -> tuple[Part, ...]:
    """The schema, what it refers to, and its `allOf`, flattened: all of them hold for the same value."""
    found: list[Part] = []
    _collect(schema, targets, found)
    return tuple(found)


def _collect(schema: Any, targets: Mapping[str, Any], found: list[Part]) -> None:
    if not isinstance(schema, dict) or any(schema is known for known in found):
        return
    if "$ref" in schema:
        _collect(targets[schema["$ref"]], targets, found)
    if schema.keys() != {"$ref"}:  # a bare reference says nothing of its own
        found.append(schema)
    for part in schema.get("allOf", ()):
        _collect(part, targets, found)


def is_closed_choice(schema: Part) -> bool:
    """A `oneOf` or `anyOf` of plain constants: the options of one field."""
    branches = schema.get("oneOf") or schema.get("anyOf") or ()
    return bool(branches) and all(
        isinstance(branch, dict) and "const" in branch and not isinstance(branch["const"], (dict, list))
        for branch in branches
    )


def choices(schema: Part, targets: Mapping[str, Any]) -> Iterator[Choice]:
    """The discriminated `oneOf` and `anyOf` of one part."""
    for keyword in ("oneOf", "anyOf"):
        if keyword in schema:
            choice = discriminated(schema[keyword], targets)
            if choice is not None:
                yield choice


def discriminated(branches: Any, targets: Mapping[str, Any]) -> Choice | None:
    """The branches as a choice, when one required field has another constant in each; None otherwise."""
    if not isinstance(branches, list) or len(branches) < 2:
        return None
    constants = [_required_constants(branch, targets) for branch in branches]
    for name in constants[0]:
        if all(name in found for found in constants):
            values = [found[name] for found in constants]
            if all(isinstance(value, str) for value in values) and len(set(values)) == len(values):
                return Choice(name, tuple(zip(values, branches, strict=True)))
    return None


def _required_constants(branch: Any, targets: Mapping[str, Any]) -> dict[str, Any]:
    constants: dict[str, Any] = {}
    flattened = parts(branch, targets)
    required = {name for part in flattened for name in part.get("required", ())}
    for part in flattened:
        for name, schema in part.get("properties", {}).items():
            if name in required and isinstance(schema, dict) and "const" in schema:
                constants[name] = schema["const"]
    return constants
