"""The questions a form asks right now, for answers that may be incomplete or wrong: what a page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine import feel
from engine.forms import judgements, lines
from engine.forms.kinds import Kind
from engine.forms.plans import Field, Plan
from engine.forms.reading import Form

Path = tuple[str | int, ...]
Scope = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One field with its answer; `inner` are a group's questions, `items` a list's entries."""

    field: Field
    path: Path
    key: str  # of its texts: `books[].title`
    value: Any
    required: bool
    inner: tuple[Question, ...] = ()
    items: tuple[Question, ...] = ()

    @property
    def pointer(self) -> str:
        return lines.pointer(self.path)


def asked(
    form: Form,
    answers: dict[str, Any],
    variables: Scope,
    moment: feel.Moment,
    rows: Mapping[str, int] | None = None,
) -> tuple[Question, ...]:
    """The questions in order; `rows` says how many entries each list shows (by path with dots), None at first."""
    kept = judgements.Settling(moment).settle(form.plan, answers, (), variables)
    return _Asking(rows, moment).object(form.plan, kept, _Place((), "", variables, {}))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk stands; `above` are the plans on the way with their keys, so that recursion reuses texts."""

    path: Path
    key: str
    scope: Scope
    above: Mapping[int, str]

    def at(self, step: str | int) -> _Place:
        name = "[]" if isinstance(step, int) else f".{step}" if self.key else step
        return _Place((*self.path, step), f"{self.key}{name}", self.scope, self.above)


class _Asking:
    def __init__(self, rows: Mapping[str, int] | None, moment: feel.Moment) -> None:
        self._rows, self._moment = rows, moment

    def object(self, plan: Plan, value: Any, place: _Place) -> tuple[Question, ...]:
        answers: dict[str, Any] = value if isinstance(value, dict) else {}
        shape = plan.shape(answers)
        hidden = set(judgements.hidden_names(shape.fields, answers, place.scope, self._moment))
        key = place.above.get(id(plan), place.key)
        inside = _Place(place.path, key, {**place.scope, **answers}, {**place.above, id(plan): key})
        return tuple(
            self._question(field, answers.get(name), inside.at(name), name in shape.required)
            for name, field in shape.fields.items()
            if name not in hidden
        )

    def _question(self, field: Field, value: Any, place: _Place, required: bool) -> Question:
        inner = self.object(field.plan(), value, place) if field.kind is Kind.GROUP else ()
        items = self._items(field, value, place, required) if field.kind is Kind.LIST else ()
        return Question(field, place.path, place.key, value, required, inner, items)

    def _items(self, field: Field, value: Any, place: _Place, required: bool) -> tuple[Question, ...]:
        given: list[Any] = value if isinstance(value, list) else []
        if self._rows is None:
            shown = max(field.schema.get("minItems", 0), 1) if required else 0
        else:
            shown = self._rows.get(".".join(map(str, place.path)), 0)
        entries = [*given, *(None for _ in range(shown - len(given)))]
        return tuple(
            self._question(field.item(), one, place.at(index), True) for index, one in enumerate(entries)
        )
