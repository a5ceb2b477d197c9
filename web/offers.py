"""Options that a query gives: asked when the form is shown, and asked again when it is submitted.

So nobody chooses from what was free a while ago. The thing itself is still held where it is taken: between two
looks somebody else may be faster, and the process must be ready for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from engine import catalogue, feel, settings
from engine.access import Actor
from engine.errors import Finding, Invalid, NotAllowed, NotFound
from engine.forms import Form
from engine.forms.hints import Offer, Rule
from engine.units import Unit
from web import readable, sheets

Options = tuple[tuple[str, str], ...]  # what is posted, what is read


def of(
    connection: Connection,
    form: Form | None,
    answers: Mapping[str, Any],
    variables: Mapping[str, Any],
    actor: Actor,
    unit: Unit,
    language: str,
) -> dict[str, Options]:
    """The options of each field that has a query for them; none where the query has nothing to say."""
    if form is None:
        return {}
    known = {**variables, **answers}
    return {
        name: _options(connection, field.hint.options_query, known, actor, unit, language)
        for name, field in form.plan.every().items()
        if field.hint.options_query is not None
    }


def gone(answers: Mapping[str, Any], offers: Mapping[str, Options]) -> list[Finding]:
    """A finding for each answer that is not among its options now."""
    return [
        Finding("option_gone", pointer=f"/{name}")
        for name, options in offers.items()
        if name in answers and answers[name] not in {value for value, _ in options}
    ]


def _options(
    connection: Connection,
    offer: Offer,
    known: Mapping[str, Any],
    actor: Actor,
    unit: Unit,
    language: str,
) -> Options:
    if offer.query not in catalogue.current().queries:
        return ()
    moment = sheets.moment()
    inputs = {
        name: given.value(known, moment) if isinstance(given, Rule) else given
        for name, given in offer.inputs.items()
    }
    stated = {name: value for name, value in inputs.items() if value is not None}
    try:
        answer = catalogue.ask(connection, offer.query, stated, actor, unit)
    except (Invalid, NotAllowed, NotFound):  # what it must be asked with is not answered yet
        return ()
    entries = next((part for part in answer.values() if isinstance(part, list)), [])
    zone = settings.current().zone_info
    return tuple(
        (
            feel.localized(str(entry[offer.value]), zone),  # as the answer is kept
            " · ".join(
                readable.value(entry[part], language, zone)
                for part in offer.label
                if entry.get(part) is not None
            ),
        )
        for entry in entries
        if isinstance(entry, dict) and entry.get(offer.value) is not None
    )
