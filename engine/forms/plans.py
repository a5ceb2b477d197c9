"""What a form asks: its objects and fields, worked out from the schema once and shared by every answer.

A plan is one object of the form: the fields it always has, and the conditions under which it has more.
A field is one question; the same name in several places of the schema is one field, seen through all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.forms import hints, kinds, predicates, schemas
from engine.forms.kinds import Kind
from engine.forms.schemas import Part

_CACHED_SHAPES = 256


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One question: `schema` is all that the parts say about it, merged for showing, not for judging."""

    name: str
    parts: tuple[Part, ...]
    schema: Part
    kind: Kind
    options: tuple[Any, ...]
    hint: hints.Hint
    builder: Builder = field(repr=False)

    @property
    def widget(self) -> str:
        if self.hint.options_query is not None:
            return "select"
        return kinds.widget(self.kind, self.schema, self.hint.widget)

    @property
    def read_only(self) -> bool:
        return self.schema.get("readOnly") is True

    @property
    def write_only(self) -> bool:
        return self.schema.get("writeOnly") is True

    def plan(self) -> Plan:
        """The object inside a group."""
        return self.builder.plan(self.parts)

    def item(self) -> Field:
        """The question that each item of a list answers."""
        return self.builder.field("", [part["items"] for part in self.parts if "items" in part])


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """Parts of the schema that count only when `holds`; `after` are the questions it depends on."""

    holds: Callable[[dict[str, Any]], bool]
    then: Part | None
    otherwise: Part | None
    after: tuple[str, ...]
    settled: str | None = None  # the field that chose this branch: the branch's constant is no news about it


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """The fields an object has for certain answers, in order, and which of them the schema requires."""

    fields: dict[str, Field]
    required: frozenset[str]
    plain: bool  # nothing to settle: no hint hides or checks a field, none is read-only, none holds fields of its own


@dataclass(frozen=True, slots=True)
class Entry:
    """How a form is typed line after line: the fields that stand in the line, those that the next line takes over
    from the one before, and whole numbers that it takes over plus one."""

    columns: tuple[str, ...]
    carry: tuple[str, ...]
    count: tuple[str, ...]


class Builder:
    """Plans and fields of one form, each built once per set of schema parts (so recursion ends)."""

    def __init__(self, targets: Mapping[str, Any]) -> None:
        self.targets = targets
        self.compiler = predicates.Compiler(targets)
        self._plans: dict[tuple[int, ...], Plan] = {}
        self._fields: dict[tuple[str, bool, tuple[int, ...]], Field] = {}
        self._offers: dict[int, list[Part]] = {}
        self._conditions: dict[int, tuple[Condition, ...]] = {}

    def plan(self, raw: Iterable[Any]) -> Plan:
        """The plan of the object that these schemas together describe."""
        parts = self._parts(raw)
        key = tuple(map(id, parts))
        if key not in self._plans:
            self._plans[key] = Plan(self, parts)
        return self._plans[key]

    def field(self, name: str, raw: Iterable[Any], exclusive: bool = False) -> Field:
        """The field that these schemas together describe; `exclusive` when they belong to different branches."""
        parts = self._parts(raw)
        key = (name, exclusive, tuple(map(id, parts)))
        if key not in self._fields:
            schema = kinds.merged(parts, exclusive)
            hint = hints.read(schema.get(hints.KEY, {}))
            sort = kinds.kind(schema) or Kind.TEXT  # a form whose schema does not say was refused when read
            self._fields[key] = Field(name, parts, schema, sort, kinds.options(schema), hint, self)
        return self._fields[key]

    def conditions(self, part: Part) -> tuple[Condition, ...]:
        """What one part of the schema makes depend on the answers."""
        if id(part) not in self._conditions:
            self._conditions[id(part)] = tuple(_conditions(self, part))
        return self._conditions[id(part)]

    def _parts(self, raw: Iterable[Any]) -> tuple[Part, ...]:
        found: dict[int, Part] = {}
        for schema in raw:
            for part in schemas.parts(schema, self.targets):
                for each in (part, *self._offered(part)):
                    found.setdefault(id(each), each)
        return tuple(found.values())

    def _offered(self, part: Part) -> list[Part]:
        """The question that tells branches apart, with their constants as its options."""
        if id(part) not in self._offers:
            self._offers[id(part)] = [
                {
                    "type": "object",
                    "properties": {choice.field: {"type": "string", "enum": [*choice.constants]}},
                }
                for choice in schemas.choices(part, self.targets)
            ]
        return self._offers[id(part)]


class Plan:
    """One object of a form."""

    def __init__(self, builder: Builder, parts: tuple[Part, ...]) -> None:
        self._builder = builder
        self.parts = parts
        self.conditions = tuple(condition for part in parts for condition in builder.conditions(part))
        self.order: tuple[str, ...] = tuple(self._root_hint("order"))
        self.sections: tuple[dict[str, Any], ...] = tuple(self._root_hint("sections"))
        self.entry = _entry(self._root_hint("entry") or {})
        # What is required whatever the other answers are.
        self.demanded = frozenset(name for part in parts for name in part.get("required", ()))
        self._shapes: dict[tuple[bool, ...], Shape] = {}
        self._always = None if self.conditions else self._shape_of(())
        self._every: dict[str, Field] | None = None

    def shape(self, answers: dict[str, Any]) -> Shape:
        """The fields for these answers, complete or not."""
        if self._always is not None:
            return self._always
        taken = tuple(self.taken(answers))
        shape = self._shapes.get(taken)
        if shape is None:
            if len(self._shapes) >= _CACHED_SHAPES:
                self._shapes.clear()
            shape = self._shapes[taken] = self._shape_of(taken)
        return shape

    def every(self) -> dict[str, Field]:
        """Every field that some answers could bring up."""
        if self._every is None:
            declared: dict[str, list[Any]] = {}
            for part in self.reachable():
                for name, schema in part.get("properties", {}).items():
                    if isinstance(schema, dict):
                        declared.setdefault(name, []).append(schema)
            self._every = {
                name: self._builder.field(name, found, exclusive=True) for name, found in declared.items()
            }
        return self._every

    def reachable(self) -> Iterator[Part]:
        """Every part of the schema that some answers could bring up for this object."""
        waiting, seen = list(self.parts), set[int]()
        while waiting:
            part = waiting.pop(0)
            if id(part) in seen:
                continue
            seen.add(id(part))
            yield part
            for condition in self._builder.conditions(part):
                for branch in (condition.then, condition.otherwise):
                    if branch is not None:
                        waiting.extend(self._builder.plan((branch,)).parts)

    def taken(self, answers: dict[str, Any]) -> Iterator[bool]:
        """Whether each condition met on the way holds, in a fixed order; it names the shape."""
        for condition in self.conditions:
            held = condition.holds(answers)
            yield held
            branch = condition.then if held else condition.otherwise
            if branch is not None:
                yield from self._builder.plan((branch,)).taken(answers)

    def declare(
        self, taken: Iterator[bool], found: _Declared, after: tuple[str, ...], settled: str | None
    ) -> None:
        """Add the questions of this object, and of the branches that were taken, to `found`."""
        added: list[str] = []
        for part in self.parts:
            found.required.update(part.get("required", ()))
            for name, schema in part.get("properties", {}).items():
                if name != settled and isinstance(schema, dict):
                    found.add(name, schema, [*after, *added] if after else [])
                    added.append(name)
        for condition in self.conditions:
            branch = condition.then if next(taken) else condition.otherwise
            if branch is not None:
                self._builder.plan((branch,)).declare(taken, found, condition.after, condition.settled)

    def _shape_of(self, taken: tuple[bool, ...]) -> Shape:
        found = _Declared({}, set())
        self.declare(iter(taken), found, (), None)
        ranked = [name for name in self.order if name in found.schemas]
        names = ranked + [name for name in found.schemas if name not in self.order]
        fields = {name: self._builder.field(name, found.schemas[name]) for name in names}
        settled = (
            one.hint.show_when or one.hint.check or one.read_only or one.kind in (Kind.GROUP, Kind.LIST)
            for one in fields.values()
        )
        return Shape(fields, frozenset(found.required & fields.keys()), plain=not any(settled))

    def _root_hint(self, name: str) -> Any:
        return next((part[hints.KEY][name] for part in self.parts if name in part.get(hints.KEY, {})), ())


def _entry(wish: Mapping[str, Any]) -> Entry | None:
    if not wish:
        return None
    return Entry(tuple(wish["columns"]), tuple(wish.get("carry", ())), tuple(wish.get("count", ())))


@dataclass(slots=True)
class _Declared:
    schemas: dict[str, list[Any]]
    required: set[str]

    def add(self, name: str, schema: Any, below: list[str]) -> None:
        """Note a question; one that a condition brings up stands right below the questions it depends on."""
        if name in self.schemas:
            self.schemas[name].append(schema)
            return
        items = list(self.schemas.items())
        places = [index for index, (known, _) in enumerate(items) if known in below]
        items.insert(max(places) + 1 if places else len(items), (name, [schema]))
        self.schemas.clear()
        self.schemas.update(items)


def _conditions(builder: Builder, part: Part) -> Iterator[Condition]:
    if "if" in part:
        asks = builder.compiler.compile(part["if"])
        then, otherwise = _branch(part.get("then")), _branch(part.get("else"))
        yield Condition(
            lambda answers: asks(answers, predicates.NOTHING_WAIVED), then, otherwise, _named(part["if"])
        )
    for name, schema in part.get("dependentSchemas", {}).items():
        yield Condition(_is_answered(name), _branch(schema), None, (name,))
    for choice in schemas.choices(part, builder.targets):
        for constant, branch in choice.branches:
            yield Condition(_is_chosen(choice.field, constant), branch, None, (choice.field,), choice.field)


def _branch(schema: Any) -> Part | None:
    return schema if isinstance(schema, dict) else None


def _is_answered(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda answers: name in answers


def _is_chosen(name: str, constant: Any) -> Callable[[dict[str, Any]], bool]:
    return lambda answers: answers.get(name) == constant


def _named(schema: Any) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for _path, part in schemas.walk(schema):
        if isinstance(part, dict):
            names.update(dict.fromkeys([*part.get("properties", ()), *part.get("required", ())]))
    return tuple(names)
