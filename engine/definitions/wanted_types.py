"""What an expression has to give where it stands: a timer something that is a time, a prefill what its field takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.bpmn.model import Timer, TimerKind
from engine.feel import checking
from engine.feel.expressions import Expression
from engine.feel.type_relations import element, is_known, kind, words
from engine.feel.types import ANY, NULL, Type
from engine.forms.kinds import Kind
from engine.forms.plans import Field

Types = Mapping[str, Type]
Fits = Callable[[Type], bool]

COLLECTION, CARDINALITY, PAYLOAD = ("list",), ("number",), ("context",)
"""What a multi-instance goes through or how often it runs, and what a message carries."""

# What `runtime.events.due` can read; as JSON all of these are texts.
TIMES: Mapping[TimerKind, tuple[str, ...]] = {
    TimerKind.DATE: ("date and time", "date", "string"),
    TimerKind.DURATION: ("days and time duration", "years and months duration", "string"),
    TimerKind.CYCLE: ("string",),
}
_EXAMPLES: Mapping[TimerKind, str] = {
    TimerKind.DATE: 'date and time("2026-01-31T08:30:00")',
    TimerKind.DURATION: 'duration("PT30M")',
    TimerKind.CYCLE: '"R3/PT1H"',
}

_TEXTS = ("string", "date", "time", "date and time", "days and time duration", "years and months duration")
KEY = (*_TEXTS, "number", "boolean")
"""What the key of a message is written from (`feel.as_text`)."""

_BY_FORMAT = {
    "date": ("date", "string"), "time": ("time", "string"), "date-time": ("date and time", "string"),
    "duration": ("days and time duration", "years and months duration", "string"),
}  # fmt: skip
_BY_KIND = {
    Kind.NUMBER: ("number",), Kind.INTEGER: ("number",), Kind.BOOLEAN: ("boolean",), Kind.AGREEMENT: ("boolean",),
    Kind.GROUP: ("context",), Kind.CHOICES: ("list",), Kind.LIST: ("list",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Misfit:
    """What is given in place of what is wanted; `is_sure` where no data from outside could mend it."""

    expected: str
    found: str
    is_sure: bool


def of_timer(timer: Timer, names: Types, is_open: bool) -> Misfit | None:
    """How a timer's expression misses the kind of time it is for, where it always does; null is no time either."""
    return of_kinds(timer.expression, TIMES[timer.kind], names, is_open)


def of_kinds(expression: Expression, wanted: tuple[str, ...], names: Types, is_open: bool) -> Misfit | None:
    """How an expression misses all of these kinds of value, where it always does; null is none of them."""

    def fits(found: Type) -> bool:
        return kind(found) in (*wanted, "Any")

    return _missed(expression, fits, wanted, names, is_open)


def example(timer: Timer) -> str:
    """An expression that a timer of this kind can take."""
    return _EXAMPLES[timer.kind]


def of_prefill(expression: Expression, field: Field, names: Types, is_open: bool) -> Misfit | None:
    """How a prefill misses what its field takes, where it always does; null leaves the field empty."""
    wanted = _kinds(field)

    def fits(found: Type) -> bool:
        return found == NULL or _fits(found, field)

    return _missed(expression, fits, wanted, names, is_open)


def _missed(
    expression: Expression, fits: Fits, wanted: tuple[str, ...], names: Types, is_open: bool
) -> Misfit | None:
    """The misfit, unless the expression is refused for another reason: what is null because of that is said there."""
    checked = checking.expression(expression.text, expression.tree, names)
    if fits(checked.type) or (checked.type == NULL and checked.mismatches):
        return None
    anything = dict.fromkeys(names.keys() | expression.shared, ANY)
    is_sure = not is_open or not fits(
        checking.expression(expression.text, expression.tree, anything).type
    )  # without what comes from outside
    return Misfit(", ".join(wanted), words(checked.type), is_sure)


def _kinds(field: Field) -> tuple[str, ...]:
    """The kinds of value that a field takes as JSON; none where its options are of several."""
    if field.kind is Kind.TEXT:
        return _BY_FORMAT.get(field.schema.get("format", ""), _TEXTS)
    if field.kind is Kind.CHOICE:
        found = {
            "boolean" if isinstance(one, bool) else "string" if isinstance(one, str) else "number"
            for one in field.options
        }
        return tuple(found) if len(found) == 1 else ()
    return _BY_KIND[field.kind]


def _fits(found: Type, field: Field) -> bool:
    if not is_known(found):
        return True
    wanted = _kinds(field)
    if wanted in (
        _TEXTS,
        ("string",),
    ):  # ranges and functions leave as texts, too; what is read from them is not asked
        wanted = (*_TEXTS, "range", "function")
    if wanted and kind(found) not in wanted:
        return False
    return field.kind is not Kind.LIST or not is_known(element(found)) or _fits(element(found), field.item())
