"""A schema compiled once into closures that say yes or no in microseconds.

They agree with the schema library on every schema a form may use (a property test holds the two against
each other); the library is asked only when the answer is no, to say what is wrong and where. `waived` maps
the identity of an object to the names that are hidden in it: a hidden field is not required, except where
the schema asks a question (`if`, `not`, `contains`) instead of making a demand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sized
from decimal import Decimal
from typing import Any

from engine.forms import formats, schemas

Waived = Mapping[int, frozenset[str]]
Check = Callable[[Any, Waived], bool]
Schema = dict[str, Any] | bool

NOTHING_WAIVED: Waived = {}
_NO_NAMES: frozenset[str] = frozenset()

_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: value is True or value is False,
    "null": lambda value: value is None,
    "number": lambda value: is_number(value),
    "integer": lambda value: is_number(value) and value % 1 == 0,
}


def is_number(value: Any) -> bool:
    """A JSON number, as answers bring it or (Decimal) as a case keeps it; true and false are none."""
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1 and 1.0 are the same number, true and 1 are not the same value."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    return bool(one == other)


def is_multiple(value: float, step: float) -> bool:
    """Whether a decimal number, as written, is a whole multiple of a step as written."""
    return Decimal(str(value)) % Decimal(str(step)) == 0


def is_unique(items: list[Any]) -> bool:
    """No two items are the same."""
    return not any(same(one, other) for index, one in enumerate(items) for other in items[:index])


class Compiler:
    """Compiles the subschemas of one root; references are followed inside the root only."""

    def __init__(self, references: Mapping[str, Schema]) -> None:
        self.references = references
        self._compiled: dict[int, Check] = {}

    def compile(self, schema: Schema) -> Check:
        """The yes-or-no check of one subschema; recursion through `$ref` is followed lazily."""
        if isinstance(schema, bool):
            return (lambda value, waived: True) if schema else (lambda value, waived: False)
        known = self._compiled.get(id(schema))
        if known is not None:
            return known
        self._compiled[id(schema)] = lambda value, waived: self._compiled[id(schema)](value, waived)
        checks = [build(self, schema) for keyword, build in _BUILDERS.items() if keyword in schema]
        compiled = _every(checks)
        self._compiled[id(schema)] = compiled
        return compiled

    def reference(self, target: str) -> Check:
        return self.compile(self.references[target])


def _every(checks: list[Check]) -> Check:
    if len(checks) == 1:
        return checks[0]
    if len(checks) == 2:
        first, second = checks
        return lambda value, waived: first(value, waived) and second(value, waived)

    def every(value: Any, waived: Waived) -> bool:
        for check in checks:
            if not check(value, waived):
                return False
        return True

    return every


def _type(_compiler: Compiler, schema: dict[str, Any]) -> Check:
    wanted = schema["type"]
    tests = [_TYPES[name] for name in ([wanted] if isinstance(wanted, str) else wanted)]
    if len(tests) == 1:
        (test,) = tests
        return lambda value, waived: test(value)
    return lambda value, waived: any(test(value) for test in tests)


def _enum(_compiler: Compiler, schema: dict[str, Any]) -> Check:
    options = schema["enum"]
    texts = frozenset(option for option in options if isinstance(option, str))
    others = [option for option in options if not isinstance(option, str)]

    def one_of(value: Any, waived: Waived) -> bool:
        if isinstance(value, str):
            return value in texts
        return any(same(value, option) for option in others)

    return one_of


def _const(_compiler: Compiler, schema: dict[str, Any]) -> Check:
    wanted = schema["const"]
    return lambda value, waived: same(value, wanted)


def _limit(keyword: str, holds: Callable[[Any, Any], bool]) -> Callable[[Compiler, dict[str, Any]], Check]:
    def build(_compiler: Compiler, schema: dict[str, Any]) -> Check:
        limit = schema[keyword]
        return lambda value, waived: not is_number(value) or holds(value, limit)

    return build


def _size(
    keyword: str, kind: type[Sized], holds: Callable[[int, int], bool]
) -> Callable[[Compiler, dict[str, Any]], Check]:
    def build(_compiler: Compiler, schema: dict[str, Any]) -> Check:
        limit = schema[keyword]
        return lambda value, waived: not isinstance(value, kind) or holds(len(value), limit)

    return build


def _pattern(_compiler: Compiler, schema: dict[str, Any]) -> Check:
    search = formats.pattern(schema["pattern"])
    assert search is not None, "patterns are tried when the form is read"
    return lambda value, waived: not isinstance(value, str) or search(value) is not None


def _format(_compiler: Compiler, schema: dict[str, Any]) -> Check:
    rule = formats.FORMATS[schema["format"]]
    return lambda value, waived: not isinstance(value, str) or rule(value)


def _required(_compiler: Compiler, schema: dict[str, Any]) -> Check:
    names = tuple(schema["required"])

    def all_there(value: Any, waived: Waived) -> bool:
        if not isinstance(value, dict):
            return True
        for name in names:
            if name not in value and name not in waived.get(id(value), _NO_NAMES):
                return False
        return True

    return all_there


def _dependent_required(_compiler: Compiler, schema: dict[str, Any]) -> Check:
    rules = tuple((name, tuple(names)) for name, names in schema["dependentRequired"].items())

    def all_there(value: Any, waived: Waived) -> bool:
        if not isinstance(value, dict):
            return True
        hidden = waived.get(id(value), _NO_NAMES)
        return all(
            name in value or name in hidden for trigger, names in rules if trigger in value for name in names
        )

    return all_there


def _properties(compiler: Compiler, schema: dict[str, Any]) -> Check:
    checks = tuple((name, compiler.compile(part)) for name, part in schema["properties"].items())

    def every(value: Any, waived: Waived) -> bool:
        if not isinstance(value, dict):
            return True
        for name, check in checks:
            if name in value and not check(value[name], waived):
                return False
        return True

    return every


def _additional(_compiler: Compiler, schema: dict[str, Any]) -> Check:
    if schema["additionalProperties"] is not False:
        return lambda value, waived: True
    known = frozenset(schema.get("properties", ()))
    return lambda value, waived: not isinstance(value, dict) or value.keys() <= known


def _items(compiler: Compiler, schema: dict[str, Any]) -> Check:
    check = compiler.compile(schema["items"])
    return lambda value, waived: not isinstance(value, list) or all(check(item, waived) for item in value)


def _unique(_compiler: Compiler, schema: dict[str, Any]) -> Check:
    wanted = schema["uniqueItems"]
    return lambda value, waived: not (wanted and isinstance(value, list)) or is_unique(value)


def _contains(compiler: Compiler, schema: dict[str, Any]) -> Check:
    check = compiler.compile(schema["contains"])
    fewest, most = schema.get("minContains", 1), schema.get("maxContains")

    def enough(value: Any, waived: Waived) -> bool:
        if not isinstance(value, list):
            return True
        found = sum(1 for item in value if check(item, NOTHING_WAIVED))
        return found >= fewest and (most is None or found <= most)

    return enough


def _all_of(compiler: Compiler, schema: dict[str, Any]) -> Check:
    return _every([compiler.compile(part) for part in schema["allOf"]])


def _any_of(compiler: Compiler, schema: dict[str, Any]) -> Check:
    checks = [compiler.compile(part) for part in schema["anyOf"]]
    return lambda value, waived: any(check(value, waived) for check in checks)


def _one_of(compiler: Compiler, schema: dict[str, Any]) -> Check:
    checks = [compiler.compile(part) for part in schema["oneOf"]]
    told_apart = schemas.discriminated(schema["oneOf"], compiler.references) is not None

    def exactly_one(value: Any, waived: Waived) -> bool:
        # Waiving a requirement could make a second branch hold, unless a constant tells them apart.
        allowed = waived if told_apart else NOTHING_WAIVED
        return sum(1 for check in checks if check(value, allowed)) == 1

    return exactly_one


def _not(compiler: Compiler, schema: dict[str, Any]) -> Check:
    check = compiler.compile(schema["not"])
    return lambda value, waived: not check(value, NOTHING_WAIVED)


def _if(compiler: Compiler, schema: dict[str, Any]) -> Check:
    question = compiler.compile(schema["if"])
    then, otherwise = compiler.compile(schema.get("then", True)), compiler.compile(schema.get("else", True))

    def chosen(value: Any, waived: Waived) -> bool:
        return then(value, waived) if question(value, NOTHING_WAIVED) else otherwise(value, waived)

    return chosen


def _dependent_schemas(compiler: Compiler, schema: dict[str, Any]) -> Check:
    rules = tuple((name, compiler.compile(part)) for name, part in schema["dependentSchemas"].items())

    def every(value: Any, waived: Waived) -> bool:
        return not isinstance(value, dict) or all(
            check(value, waived) for name, check in rules if name in value
        )

    return every


def _reference(compiler: Compiler, schema: dict[str, Any]) -> Check:
    return compiler.reference(schema["$ref"])


_BUILDERS: dict[str, Callable[[Compiler, dict[str, Any]], Check]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "minimum": _limit("minimum", lambda value, limit: bool(value >= limit)),
    "maximum": _limit("maximum", lambda value, limit: bool(value <= limit)),
    "exclusiveMinimum": _limit("exclusiveMinimum", lambda value, limit: bool(value > limit)),
    "exclusiveMaximum": _limit("exclusiveMaximum", lambda value, limit: bool(value < limit)),
    "multipleOf": _limit("multipleOf", is_multiple),
    "minLength": _size("minLength", str, lambda size, limit: size >= limit),
    "maxLength": _size("maxLength", str, lambda size, limit: size <= limit),
    "pattern": _pattern,
    "format": _format,
    "minItems": _size("minItems", list, lambda size, limit: size >= limit),
    "maxItems": _size("maxItems", list, lambda size, limit: size <= limit),
    "uniqueItems": _unique,
    "contains": _contains,
    "items": _items,
    "minProperties": _size("minProperties", dict, lambda size, limit: size >= limit),
    "maxProperties": _size("maxProperties", dict, lambda size, limit: size <= limit),
    "required": _required,
    "dependentRequired": _dependent_required,
    "properties": _properties,
    "additionalProperties": _additional,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "if": _if,
    "dependentSchemas": _dependent_schemas,
    "$ref": _reference,
}
