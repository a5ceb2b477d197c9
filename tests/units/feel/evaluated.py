"""Expressions evaluated at one held moment, for the tests of this folder."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine import feel

# 20:30 on the 31st in UTC is already 03:30 on the 1st in Hà Nội.
MOMENT = feel.Moment(datetime(2026, 1, 31, 20, 30, tzinfo=UTC), ZoneInfo("Asia/Ho_Chi_Minh"))


def value(text: str, /, **variables: Any) -> feel.Json:
    """The JSON value of an expression."""
    return feel.compile(text, variables.keys()).json(variables, MOMENT)


def result(text: str, /, **variables: Any) -> object:
    """The FEEL value of an expression."""
    return feel.compile(text, variables.keys()).evaluate(variables, MOMENT).value


def warnings(text: str, /, **variables: Any) -> list[str]:
    """The codes of the warnings an expression leaves."""
    return [found.code for found in feel.compile(text, variables.keys()).evaluate(variables, MOMENT).warnings]


def passes(cell: str, tested: Any, /, **variables: Any) -> bool | None:
    """Whether a value passes a decision table's cell."""
    return feel.compile_unary(cell, variables.keys()).matches(tested, variables, MOMENT)


def refusal(text: str) -> feel.FeelError:
    """The error that reading an expression raises."""
    try:
        feel.compile(text)
    except feel.FeelError as error:
        return error
    raise AssertionError(f"{text!r} was read")
