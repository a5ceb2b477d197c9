"""A form as an empty sheet of paper: every question it could ever ask, from the same schema as the screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine import texts
from engine.definitions.definition import Definition
from engine.forms import Form
from engine.forms.kinds import Kind
from engine.forms.plans import Field, Plan
from web import sheets

MOST_ENTRIES = 3  # empty entries of a list on paper
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One question on paper; `is_asked` is false where other answers decide whether it is asked at all."""

    kind: str  # choices, date, time, moment, number, text, long_text, group
    label: str
    help: str
    unit: str
    options: tuple[str, ...]
    is_asked: bool
    inner: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the sheet."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Blank:
    """A form on paper."""

    name: str
    title: str
    intro: str
    parts: tuple[Part, ...]


def view(definition: Definition, form: Form, language: str) -> Blank:
    """The form in one language, questions in the order of the screen; what the case itself knows is left out."""
    drawing = _Drawing(form, (sheets.wording(definition, form, language), _first(definition, form)))
    lines = drawing.lines(form.plan, "", True, 0)
    listed = {name: one["key"] for one in form.plan.sections for name in one.get("fields", ())}
    keys = dict.fromkeys(["", *(one["key"] for one in form.plan.sections)])
    parts = (
        Part(
            drawing.text("sections", key, "title"),
            tuple(line for name, line in lines.items() if listed.get(name, "") == key),
        )
        for key in keys
    )
    return Blank(
        form.name, drawing.text("title") or form.name, drawing.text("intro"),
        tuple(part for part in parts if part.lines),
    )  # fmt: skip


def _first(definition: Definition, form: Form) -> Mapping[str, Any]:
    return sheets.wording(definition, form, texts.LANGUAGES[0])


class _Drawing:
    def __init__(self, form: Form, wordings: tuple[Mapping[str, Any], ...]) -> None:
        self._form, self._wordings = form, wordings

    def text(self, *path: str) -> str:
        """A text of the form in the reader's language, else in the first, else empty."""
        for found in self._wordings:
            value: Any = found
            for part in path:
                value = value.get(part) if isinstance(value, Mapping) else None
            if isinstance(value, str):
                return value
        return ""

    def lines(self, plan: Plan, prefix: str, is_asked: bool, depth: int) -> dict[str, Line]:
        """Every question of an object, those first that are always asked, each where the screen has it."""
        always = plan.shape({}).fields
        every = plan.every()
        ranked = [name for name in plan.order if name in every]
        names = ranked + [name for name in every if name not in plan.order]
        return {
            name: self._line(
                every[name],
                f"{prefix}{name}",
                is_asked and name in always and not every[name].hint.show_when,
                depth,
            )
            for name in names
            if not every[name].read_only
        }

    def _line(self, field: Field, key: str, is_asked: bool, depth: int) -> Line:
        label = self.text("fields", key, "title") or field.name
        help, unit = (
            self.text("fields", key, "help"),
            self.text("fields", key, "unit") or field.hint.unit or "",
        )
        inner: tuple[Line, ...] = ()
        kind = _kind(field)
        if field.kind is Kind.LIST and depth < _DEEPEST:
            one = self._line(field.item(), f"{key}[]", True, depth + 1)
            least = field.schema.get("minItems", 0)
            entries = min(field.schema.get("maxItems", MOST_ENTRIES), max(least, MOST_ENTRIES))
            inner, kind = (one,) * entries, "group"
        elif field.kind is Kind.GROUP and depth < _DEEPEST:
            inner = tuple(self.lines(field.plan(), f"{key}.", True, depth + 1).values())
        return Line(kind, label, help, unit, self._options(field, key), is_asked, inner)

    def _options(self, field: Field, key: str) -> tuple[str, ...]:
        if field.kind in (Kind.BOOLEAN, Kind.AGREEMENT):
            return ("yes", "no") if field.kind is Kind.BOOLEAN else ("yes",)
        return tuple(
            self.text("fields", key, "options", str(option)) or str(option) for option in field.options
        )


def _kind(field: Field) -> str:
    if field.kind in (Kind.BOOLEAN, Kind.AGREEMENT):
        return "yes_no"
    if field.kind in (Kind.CHOICE, Kind.CHOICES):
        return "choices"
    if field.kind is Kind.GROUP:
        return "group"
    if field.kind in (Kind.NUMBER, Kind.INTEGER):
        return "number"
    shape = {"date": "date", "time": "time", "date-time": "moment"}.get(field.schema.get("format", ""))
    return shape or ("long_text" if field.widget == "textarea" else "text")
