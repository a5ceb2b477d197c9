"""The form of a task or of a start, from a definition: as it begins, as it was posted, as it is shown again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine import clock, feel, forms, settings, texts
from engine.definitions.definition import Definition
from engine.errors import Finding
from engine.forms.kinds import Kind
from web import form_fields, form_view
from web.form_fields import Posted
from web.form_view import FormView
from web.sessions import Posted as Fields


def moment() -> feel.Moment:
    """Now, in the campaign's zone."""
    return feel.Moment(clock.now(), settings.current().zone_info)


def first(form: forms.Form, variables: Mapping[str, Any], draft: dict[str, Any] | None) -> dict[str, Any]:
    """What a form starts with: the saved draft, else what the case and the form prefill."""
    return draft if draft is not None else forms.initial(form, variables, moment())


def read(form: forms.Form, fields: Fields, language: str) -> Posted:
    """The answers in posted fields; the page's own (the guard, the revision) are none.

    A list without entries posts nothing at all: where the form demands the list and lets it be empty, it is empty.
    """
    pairs = [(name, text) for name, text in fields.pairs if name != "csrf"]
    posted = form_fields.read(form, pairs, language, settings.current().zone_info)
    every = form.plan.every()
    for name in form.plan.demanded - posted.answers.keys():
        field = every.get(name)
        if field is not None and field.kind in (Kind.LIST, Kind.CHOICES) and not field.schema.get("minItems"):
            posted.answers[name] = []
    return posted


def view(
    definition: Definition,
    form: forms.Form,
    answers: dict[str, Any],
    variables: Mapping[str, Any],
    language: str,
    findings: Iterable[Finding] = (),
    posted: Posted | None = None,
    offers: Mapping[str, Iterable[tuple[str, str]]] | None = None,
    labels: Mapping[str, str] | None = None,
) -> FormView:
    """The form with these answers, its questions in the reader's language."""
    situation = form_view.Situation(
        variables, moment(), language, wording(definition, form, language),
        wording(definition, form, texts.LANGUAGES[0]), offers or {}, labels or {},
    )  # fmt: skip
    return form_view.view(form, answers, situation, findings, posted)


def faults(
    form: forms.Form, answers: dict[str, Any], variables: Mapping[str, Any], known: Iterable[Finding]
) -> list[Finding]:
    """What else is wrong with answers, beside the findings known already: a person mends all in one go."""
    places = {finding.pointer for finding in known}
    return [one for one in forms.validate(form, answers, variables, moment()) if one.pointer not in places]


def wording(definition: Definition, form: forms.Form, language: str) -> Mapping[str, Any]:
    """The texts of a form in one language."""
    found: Mapping[str, Any] = definition.texts.get(language, {}).get("forms", {}).get(form.name, {})
    return found
