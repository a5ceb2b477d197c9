"""What is entered after it happened: the moment a case begins as of, as the answers of its start form tell it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from engine import feel
from engine.definitions.manifest import StartRule
from engine.errors import Finding, Invalid
from engine.runtime import Fault, events


def moment_of(
    rule: StartRule | None, answers: dict[str, Any], moment: feel.Moment, back: timedelta | None = None
) -> datetime | None:
    """When it happened, in UTC; None: now. A date without a time counts as its beginning.

    Invalid for what cannot be read as a moment, lies ahead, or lies further back than `back` (None: no limit).
    """
    if rule is None or rule.as_of is None:
        return None
    value = _value(rule.as_of, feel.localized(answers, moment.zone), moment)
    if value is None or value == "":
        return None
    try:
        happened = events.instant(str(value), moment, "")
    except Fault:
        raise _refused(rule.as_of, "as_of_unreadable", found=str(value)[:40]) from None
    if happened > moment.now:
        raise _refused(
            rule.as_of, "as_of_ahead", found=_told(happened, moment), now=_told(moment.now, moment)
        )
    if back is not None and happened < moment.now - back:
        earliest = _told(moment.now - back, moment)
        raise _refused(
            rule.as_of, "as_of_too_early", found=_told(happened, moment), days=back.days, earliest=earliest
        )
    return happened


def _value(expression: feel.Expression, answers: dict[str, Any], moment: feel.Moment) -> Any:
    try:
        return expression.json(answers, moment)
    except feel.FeelError:
        return None


def _refused(expression: feel.Expression, code: str, **params: Any) -> Invalid:
    """The refusal, at the field that tells the moment when it is one field alone."""
    pointer = f"/{next(iter(expression.names))}" if len(expression.names) == 1 else None
    return Invalid([Finding(code, params, pointer=pointer)])


def _told(at: datetime, moment: feel.Moment) -> str:
    return at.astimezone(moment.zone).strftime("%d/%m/%Y %H:%M")
