"""What in a process's expressions can never work, by the types of the data they read."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping

from engine import forms, schemas
from engine.bpmn.model import Node, Timer
from engine.definitions import known_types, wanted_types
from engine.definitions.data import Data
from engine.errors import Finding
from engine.feel import checking, syntax
from engine.feel.checking import Checked
from engine.feel.expressions import Expression
from engine.feel.type_relations import common
from engine.feel.types import ANY, NULL, ContextType, Type
from engine.forms import reading


def findings(
    expression: Expression, data: Data, extra: Collection[str] = (), is_condition: bool = False
) -> Iterator[Finding]:
    """A finding, without its place, for each part that can only be null or never true.

    An error where the whole can be nothing else; a warning where a part of it can, and where data from outside could
    mend it. A name of `extra` may be anything. Members are not judged here: data may have more than is declared.
    """
    return _found(expression, {**data.types, **dict.fromkeys(extra, ANY)}, data.is_open, is_condition)


def of_form(form: forms.Form, data: Data) -> Iterator[Finding]:
    """The same for the expressions of a form, which read its answers and the case's data."""
    names: dict[str, Type] = dict(data.types)
    for name, of in known_types.of_fields(form):
        names[name] = common(names.get(name, NULL), of)
    fields = dict(reading.fields_by_key(form.plan))
    for key, hint, rule in form.rules:
        for finding in _found(rule.expression, names, data.is_open, hint in ("show_when", "check")):
            yield dataclasses.replace(finding, file=form.file, element=key)
        missed = hint == "prefill" and wanted_types.of_prefill(
            rule.expression, fields[key], names, data.is_open
        )
        if missed:
            yield _missed("form_prefill_type", missed, rule.expression, form.file, element=key)


def of_timer(timer: Timer, data: Data) -> Iterator[Finding]:
    """A finding, without its place, where what a timer gives can never be the time it is for."""
    missed = wanted_types.of_timer(timer, data.types, data.is_open)
    if missed:
        yield _missed("timer_type", missed, timer.expression, example=wanted_types.example(timer))


def of_parts(node: Node, data: Data) -> Iterator[Finding]:
    """The same for what an element goes through or sends: of another kind it stops the case with an incident."""
    loop, message = node.loop, node.message
    for code, expression, wanted in (
        ("collection_type", loop and loop.collection, wanted_types.COLLECTION),
        ("cardinality_type", loop and loop.cardinality, wanted_types.CARDINALITY),
        ("payload_type", message and message.payload, wanted_types.PAYLOAD),
        ("key_type", message and message.key, wanted_types.KEY),
    ):
        missed = expression and wanted_types.of_kinds(expression, wanted, data.types, data.is_open)
        if expression and missed:
            yield _missed(code, missed, expression)


def _missed(
    code: str,
    missed: wanted_types.Misfit,
    expression: Expression,
    file: str | None = None,
    element: str | None = None,
    **more: str,
) -> Finding:
    said = {
        "expression": schemas.shown(expression.text),
        "expected": missed.expected,
        "found": missed.found,
        **more,
    }
    return Finding(code, said, file, element=element, severity="error" if missed.is_sure else "warning")


def _found(
    expression: Expression, names: Mapping[str, Type], is_open: bool, is_condition: bool
) -> Iterator[Finding]:
    judge = checking.condition if is_condition else checking.expression
    checked = judge(expression.text, expression.tree, names)
    vain = _vain(expression.tree, checked)
    if vain and is_open:  # whatever comes from outside
        anything = dict.fromkeys(names.keys() | expression.shared, ANY)
        vain = _vain(expression.tree, judge(expression.text, expression.tree, anything))
    for mismatch in checked.mismatches:
        if not mismatch.code.startswith("member_unknown"):
            within = any(start <= mismatch.place.start < end for start, end in vain)
            yield mismatch.finding(severity="error" if within else "warning")


def _vain(tree: syntax.Node, checked: Checked) -> list[tuple[int, int]]:
    """The stretches that can only be null: the whole, or in a script the variables it sets."""
    if checked.is_hopeless:
        return [(tree.start, tree.end)]
    if not isinstance(tree, syntax.Context) or not isinstance(checked.type, ContextType):
        return []
    given = dict(checked.type.fields)
    return [(value.start, value.end) for name, value in tree.entries if given[name] == NULL]
