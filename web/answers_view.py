"""What a case knows, form by form: every answer with its question, in the reader's language; then what was computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from engine.bpmn.model import Node
from engine.definitions.definition import Definition
from engine.forms import Form
from engine.forms.kinds import Kind
from engine.forms.plans import Field, Plan
from web import form_fields, readable, wordings

DEEPEST = 6  # groups and lists within each other


@dataclass(frozen=True, slots=True)
class Answer:
    """One question with its answer; `depth` is how far it stands inside groups and lists."""

    label: str
    value: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """The answers given at one step."""

    title: str
    element: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The answers by step, and the variables that no form asked for."""

    sheets: tuple[Sheet, ...]
    computed: tuple[Answer, ...]


def view(
    definition: Definition,
    passed: Iterable[str],
    variables: Mapping[str, Any],
    language: str,
    zone: ZoneInfo,
    names: Mapping[str, str] | None = None,
) -> Knowledge:
    """The answers of the elements passed, in their order; a form shown once for each variable that holds it.

    `names` are those of the ids that look-up fields hold, as far as the page has looked them up.
    """
    reading = _Reading(definition, language, zone, names or {})
    sheets: dict[tuple[str, str | None], Sheet] = {}
    told: set[str] = set()
    for element in passed:
        node = definition.model.nodes.get(element)
        if node is None or node.form is None or (node.form, node.result) in sheets:
            continue
        form = definition.forms[node.form]
        held = variables.get(node.result) if node.result else variables
        answers = tuple(reading.answers(form, held)) if isinstance(held, Mapping) else ()
        told.update([node.result] if node.result else form.plan.every())
        if answers:
            sheets[(node.form, node.result)] = Sheet(
                reading.title(form), _name(definition, node, language), answers
            )
    rest = {name: value for name, value in variables.items() if name not in told}
    return Knowledge(tuple(sheets.values()), tuple(reading.computed(rest)))


def _name(definition: Definition, node: Node, language: str) -> str:
    return definition.element_name(language, node.id)


@dataclass(frozen=True, slots=True)
class _Reading:
    definition: Definition
    language: str
    zone: ZoneInfo
    names: Mapping[str, str]

    def title(self, form: Form) -> str:
        return self.definition.text(self.language, f"forms.{form.name}.title") or form.name

    def answers(self, form: Form, held: Mapping[str, Any]) -> Iterator[Answer]:
        return self._object(form, form.plan, held, "", 0)

    def computed(self, variables: Mapping[str, Any]) -> Iterator[Answer]:
        """Variables without a question: by the name the declaration or a form gives them, else their own."""
        said = wordings.Wordings(self.definition, self.language, self.zone, self.names)
        for name, value in variables.items():
            yield Answer(said.label(name), said.value(name, value))

    def _object(
        self, form: Form, plan: Plan, held: Mapping[str, Any], prefix: str, depth: int
    ) -> Iterator[Answer]:
        known = plan.every()
        ranked = [name for name in plan.order if name in known] + [
            name for name in known if name not in plan.order
        ]
        for name in ranked:
            if held.get(name) not in (None, "", [], {}) and not known[name].write_only:
                yield from self._field(form, known[name], held[name], f"{prefix}{name}", depth)

    def _field(self, form: Form, field: Field, value: Any, key: str, depth: int) -> Iterator[Answer]:
        label = self._text(form, key, "title") or field.name.replace("_", " ")
        if field.kind is Kind.GROUP and isinstance(value, Mapping) and depth < DEEPEST:
            yield Answer(label, "", depth)
            yield from self._object(form, field.plan(), value, f"{key}.", depth + 1)
        elif field.kind is Kind.LIST and isinstance(value, list) and depth < DEEPEST:
            yield from self._list(form, field.item(), value, key, label, depth)
        else:
            yield Answer(label, self._written(form, field, value, key), depth)

    def _list(
        self, form: Form, item: Field, value: list[Any], key: str, label: str, depth: int
    ) -> Iterator[Answer]:
        if item.kind is not Kind.GROUP:
            yield Answer(label, "; ".join(self._written(form, item, one, f"{key}[]") for one in value), depth)
            return
        entry = self._text(form, key, "item") or label
        yield Answer(label, "", depth)
        for number, one in enumerate(value, 1):
            yield Answer(f"{entry} {number}", "", depth + 1)
            if isinstance(one, Mapping):
                yield from self._object(form, item.plan(), one, f"{key}[].", depth + 2)

    def _written(self, form: Form, field: Field, value: Any, key: str) -> str:
        if isinstance(value, list):
            return "; ".join(self._written(form, field, one, key) for one in value)
        if field.widget == "lookup" and value in self.names:
            return self.names[value]
        if isinstance(value, (str, bool, int)) and (field.options or isinstance(value, bool)):
            spelt = form_fields.option_text(value)
            named = self._text(form, key, f"options.{spelt}")
            return named or readable.value(value, self.language, self.zone)
        if field.kind is Kind.TEXT and isinstance(value, str) and not field.schema.get("format"):
            return value
        unit = self._text(form, key, "unit") or field.hint.unit or ""
        return f"{readable.value(value, self.language, self.zone)} {unit}".strip()

    def _text(self, form: Form, key: str, part: str) -> str | None:
        return self.definition.text(self.language, f"forms.{form.name}.fields.{key}.{part}")
