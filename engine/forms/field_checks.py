"""Checks that every field of a form can be shown and answered: names, kinds, widgets, expressions, choices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from engine import feel
from engine.errors import Finding
from engine.forms import hints, kinds, lines, plans, schemas
from engine.forms.kinds import Kind

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)
MOST_FIELDS = 500
MOST_LISTS = 3  # lists within lists
Path = tuple[str | int, ...]


def find(schema: dict[str, Any]) -> Iterator[Finding]:
    """Everything that keeps the fields from being shown; expects a schema that is sound as a schema."""
    found = [*_hints(schema), *_names(schema)]
    yield from found
    if found:
        return
    targets = schemas.references(schema)
    yield from _conditions(schema)
    yield from _choices(schema, targets)
    places = {id(part): path for path, part in schemas.walk(schema)}
    yield from _Fields(plans.Builder(targets), places).find(schema)


def _hints(schema: dict[str, Any]) -> Iterator[Finding]:
    for path, part in schemas.walk(schema):
        if not isinstance(part, dict) or hints.KEY not in part:
            continue
        wishes = part[hints.KEY]
        if not isinstance(wishes, dict):
            yield _at(path, "form.ui_object", hints.KEY)
            continue
        for name, value in wishes.items():
            yield from _hint((*path, hints.KEY), name, value)


def _hint(path: Path, name: str, value: Any) -> Iterator[Finding]:
    known = hints.FIELD_HINTS | hints.OBJECT_HINTS
    if name not in known:
        yield _at(path, "form.ui_unknown", name, name=name, known=", ".join(sorted(known)))
    elif name in hints.EXPRESSIONS:
        yield from _expression((*path, name), value)
    elif name == "options_query":
        yield from _offer((*path, name), value)
    elif name == "widget" and value not in kinds.EVERY_WIDGET:
        yield _at(
            path, "form.widget_unknown", name, widget=value, known=", ".join(sorted(kinds.EVERY_WIDGET))
        )
    elif name == "autofocus" and not isinstance(value, bool):
        yield _at(path, "form.ui_value", name, name=name, found=value, expected="true, false")
    elif name == "width" and value not in hints.WIDTHS:
        yield _at(path, "form.ui_value", name, name=name, found=value, expected=", ".join(hints.WIDTHS))
    elif name == "inputmode" and value not in hints.INPUT_MODES:
        yield _at(path, "form.ui_value", name, name=name, found=value, expected=", ".join(hints.INPUT_MODES))
    elif name in ("section", "query", "unit") and not isinstance(value, str):
        yield _at(path, "form.ui_value", name, name=name, found=value, expected='"…"')
    elif name == "order" and not _are_texts(value):
        yield _at(path, "form.ui_value", name, name=name, found=value, expected='["…"]')
    elif name == "entry" and not _is_entry(value):
        yield _at(
            path, "form.ui_value", name, name=name, found=value,
            expected='{"columns": ["…"], "carry": ["…"], "count": ["…"]}',
        )  # fmt: skip
    elif name == "sections" and not _are_sections(value):
        yield _at(
            path, "form.ui_value", name, name=name, found=value, expected='[{"key": "…", "fields": ["…"]}]'
        )


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_entry(value: Any) -> bool:
    if not (isinstance(value, dict) and value.get("columns") and value.keys() <= hints.ENTRY):
        return False
    return all(_are_texts(names) for names in value.values())


def _are_sections(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and isinstance(one.get("key"), str) and one.keys() <= {"key", "fields"}
        and _are_texts(one.get("fields", []))
        for one in value
    )  # fmt: skip


def _offer(path: Path, value: Any) -> Iterator[Finding]:
    """The hint is whole and readable, and stands on a question of the form itself, not of a group or a list."""
    is_whole = (
        isinstance(value, dict)
        and value.keys() <= {"query", "with", "value", "label"}
        and all(isinstance(value.get(key), str) for key in ("query", "value"))
        and (isinstance(value.get("label"), str) or (_are_texts(value.get("label")) and value["label"]))
        and isinstance(value.get("with", {}), dict)
    )
    if not is_whole or path.count("properties") != 1 or "items" in path:
        expected = '{"query": "…", "with": {"…": "= …"}, "value": "…", "label": ["…"]}'
        yield _at(path, "form.ui_value", name=path[-1], found=value, expected=expected)
        return
    for name, given in value.get("with", {}).items():
        if isinstance(given, str) and given.startswith("="):
            yield from _expression((*path, "with", name), given)


def _expression(path: Path, text: Any) -> Iterator[Finding]:
    if not isinstance(text, str):
        yield _at(path, "form.ui_value", name=path[-1], found=text, expected="FEEL")
        return
    try:
        hints.rule(text)
    except feel.FeelError as error:
        problems = {"problem_vi": error.sentence("vi"), "problem_en": error.sentence("en")}
        yield _at(path, "form.expression", text=text, **problems)


def _names(schema: dict[str, Any]) -> Iterator[Finding]:
    for path, part in schemas.walk(schema):
        if isinstance(part, dict):
            for name in part.get("properties", {}):
                if not NAME.fullmatch(name):
                    yield _at((*path, "properties"), "form.name", name, name=name)


def _conditions(schema: dict[str, Any]) -> Iterator[Finding]:
    """An `if` about an answer that need not be there holds while nothing is answered: rarely meant."""
    for path, part in schemas.walk(schema):
        if isinstance(part, dict) and isinstance(part.get("if"), dict):
            question = part["if"]
            asked = question.get("properties", {}).keys() - set(question.get("required", ()))
            if asked and "anyOf" not in question and "not" not in question:
                names = ", ".join(sorted(asked))
                yield _at(path, "form.if_without_required", "if", severity="warning", names=names)


def _choices(schema: dict[str, Any], targets: dict[str, Any]) -> Iterator[Finding]:
    for path, part in schemas.walk(schema):
        if not isinstance(part, dict) or any(word in ("if", "not", "contains") for word in path):
            continue
        declared = {name for one in schemas.parts(part, targets) for name in one.get("properties", {})}
        for keyword in ("oneOf", "anyOf"):
            branches = part.get(keyword)
            if branches is None or schemas.is_closed_choice({keyword: branches}):
                continue
            if schemas.discriminated(branches, targets) is not None:
                continue
            new = {
                name
                for branch in branches
                for one in schemas.parts(branch, targets)
                for name in one.get("properties", {})
            } - declared
            if new:
                yield _at(path, "form.choice", keyword, keyword=keyword, names=", ".join(sorted(new)))


class _Fields:
    def __init__(self, builder: plans.Builder, places: dict[int, Path]) -> None:
        self._builder, self._places = builder, places
        self._count = 0
        self._seen: set[int] = set()

    def find(self, schema: dict[str, Any]) -> Iterator[Finding]:
        yield from self._plan(self._builder.plan((schema,)), frozenset(), 0)
        if self._count > MOST_FIELDS:
            yield _at((), "form.too_many_fields", count=self._count, limit=MOST_FIELDS)

    def _plan(self, plan: plans.Plan, groups: frozenset[int], lists: int) -> Iterator[Finding]:
        if id(plan) in groups:
            yield self._of(plan.parts, "form.group_in_itself")
            return
        if id(plan) in self._seen:
            return
        self._seen.add(id(plan))
        fields = plan.every()
        self._count += len(fields)
        yield from self._named(plan, fields)
        yield from self._closed(plan, frozenset())
        for field in fields.values():
            yield from self._field(field, groups | {id(plan)}, lists)

    def _named(self, plan: plans.Plan, fields: dict[str, plans.Field]) -> Iterator[Finding]:
        for part in plan.reachable():
            for name in part.get("required", ()):
                if name not in fields:
                    yield self._of((part,), "form.required_unknown", "required", name=name)
            wishes = part.get(hints.KEY, {})
            named = [
                *wishes.get("order", ()),
                *(name for one in wishes.get("sections", ()) for name in one.get("fields", ())),
                *(name for names in wishes.get("entry", {}).values() for name in names),
            ]
            for name in named:
                if name not in fields:
                    yield self._of((part,), "form.order_unknown", hints.KEY, name=name)
            for choice in schemas.choices(part, self._builder.targets):
                chooser = fields[choice.field]
                if chooser.hint.show_when is not None:
                    yield self._of(chooser.parts, "form.hidden_choice", hints.KEY, name=choice.field)

    def _closed(self, plan: plans.Plan, above: frozenset[str]) -> Iterator[Finding]:
        """A closed object that forbids questions which the form itself asks beside or below it."""
        asked = above | plan.every().keys()
        for part in plan.parts:
            if part.get("additionalProperties") is False and not asked <= part.get("properties", {}).keys():
                yield self._of((part,), "form.additional_closed", "additionalProperties")
        own = above | {name for part in plan.parts for name in part.get("properties", {})}
        for condition in plan.conditions:
            for branch in (condition.then, condition.otherwise):
                if branch is not None:
                    yield from self._closed(self._builder.plan((branch,)), own)

    def _field(self, field: plans.Field, groups: frozenset[int], lists: int) -> Iterator[Finding]:
        kind = kinds.kind(field.schema)
        if kind is None:
            yield self._of(field.parts, "form.no_kind", name=field.name or "items")
            return
        yield from self._shown(field, kind)
        if kind is Kind.GROUP:
            if field.read_only or field.write_only:
                yield self._of(field.parts, "form.group_read_only", name=field.name)
            yield from self._plan(field.plan(), groups, lists)
        elif kind is Kind.LIST:
            if lists >= MOST_LISTS or field.item().kind in (Kind.LIST, Kind.CHOICES):
                yield self._of(field.parts, "form.list_in_list", "items", name=field.name, limit=MOST_LISTS)
            else:
                yield from self._field(field.item(), frozenset(), lists + 1)

    def _shown(self, field: plans.Field, kind: Kind) -> Iterator[Finding]:
        hint, allowed = field.hint, kinds.WIDGETS[kind]
        if hint.widget is not None and hint.widget not in allowed:
            yield self._of(
                field.parts,
                "form.widget",
                hints.KEY,
                widget=hint.widget,
                kind=kind.value,
                allowed=", ".join(allowed),
            )
        wanted = {"date": "date", "time": "time", "datetime": "date-time"}.get(hint.widget or "")
        if wanted and field.schema.get("format") != wanted:
            yield self._of(field.parts, "form.widget_format", hints.KEY, widget=hint.widget, format=wanted)
        if hint.widget == "lookup" and not hint.query:
            yield self._of(field.parts, "form.lookup_query", hints.KEY, name=field.name)
        if hint.options_query and (kind is not Kind.TEXT or "format" in field.schema or hint.widget):
            yield self._of(field.parts, "form.options_query", hints.KEY, name=field.name)
        if field.read_only and not (hint.prefill or "default" in field.schema):
            yield self._of(field.parts, "form.read_only_value", name=field.name)
        if kind is Kind.CHOICE and len({str(option) for option in field.options}) < len(field.options):
            yield self._of(field.parts, "form.option_alike", name=field.name)

    def _of(self, parts: tuple[schemas.Part, ...], code: str, keyword: str = "", /, **params: Any) -> Finding:
        """A finding at the first of the parts that stands in the file."""
        path = next((self._places[id(part)] for part in parts if id(part) in self._places), ())
        return _at(path, code, *([keyword] if keyword else []), **params)


def _at(path: Path, code: str, *more: str | int, severity: str = "error", **params: Any) -> Finding:
    return Finding(code, params, pointer=lines.pointer((*path, *more)), severity=severity)
