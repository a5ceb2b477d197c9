"""What a form starts with, and what it may show again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import feel
from engine.forms import judgements
from engine.forms.kinds import Kind
from engine.forms.plans import Plan
from engine.forms.reading import Form


def initial(form: Form, variables: Mapping[str, Any], moment: feel.Moment) -> dict[str, Any]:
    """The answers of a form that nobody has touched: prefills from the case, else defaults."""
    return _initial(form.plan, variables, moment)


def _initial(plan: Plan, variables: Mapping[str, Any], moment: feel.Moment) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for name, field in plan.every().items():
        value = judgements.fixed(field, variables, moment)
        if value is None and field.kind is Kind.GROUP:
            value = _initial(field.plan(), variables, moment) or None
        if value is not None:
            answers[name] = value
    return answers


def without_secrets(form: Form, answers: dict[str, Any]) -> dict[str, Any]:
    """The answers without those to write-only fields: for a draft, or to show a form again."""
    return _open(form.plan, answers)


def _open(plan: Plan, answers: dict[str, Any]) -> dict[str, Any]:
    known, kept = plan.every(), dict[str, Any]()
    for name, value in answers.items():
        field = known.get(name)
        if field is None or not field.write_only:
            kept[name] = value
            if field is not None and field.kind is Kind.GROUP and isinstance(value, dict):
                kept[name] = _open(field.plan(), value)
            elif field is not None and field.kind is Kind.LIST and field.item().kind is Kind.GROUP:
                inner = field.item().plan()
                kept[name] = [_open(inner, one) if isinstance(one, dict) else one for one in value]
    return kept
