"""The types of decision tables: cells that can never match what they test, results of another type than declared."""

from __future__ import annotations

from engine.decisions.models import Input, Output, Rule, Table
from engine.decisions.surroundings import Spot, Surroundings
from engine.feel import checking, types
from engine.feel.expressions import UnaryTests
from engine.feel.type_relations import base, common, kind, may_become, words
from engine.feel.types import NULL, NUMBER, ExactContext, ListType, Type


def infer(table: Table, around: Surroundings) -> Type:
    """What a table's value can be; each cell of another type than its column is noted with its rule's number."""
    around = _reading(table, around)
    tested = [_tested(clause, around) for clause in table.inputs]
    for clause, value in zip(table.inputs, tested, strict=True):
        _check_allowed(clause.allowed, value, Spot(clause.line, clause.id or None), around)
    for rule in table.rules:
        spot = Spot(rule.line, rule.id or table.id)
        for clause, value, tests in zip(table.inputs, tested, rule.tests, strict=False):
            _check_cell(rule, clause, value, tests, spot, around)
    found = [_concluded(table, at, clause, around) for at, clause in enumerate(table.outputs)]
    return _combined(table, found)


def _reading(table: Table, around: Surroundings) -> Surroundings:
    """With the variables of the process that columns read undeclared, as tables of Camunda do."""
    asked = frozenset[str]().union(
        *(clause.expression.names | clause.expression.shared for clause in table.inputs)
    )
    return around.having(dict.fromkeys(asked - around.names.keys() - around.undrawn, types.ANY))


def _tested(clause: Input, around: Surroundings) -> Type:
    """The type of the value a column tests: as declared, where what is asked can be that."""
    spot = Spot(clause.line, clause.id or None)
    found = around.expression(clause.expression, spot)
    wanted = base(clause.type)
    if wanted == types.ANY or found == NULL:
        return found
    if not may_become(found, wanted, reads_texts=True):
        said = {"label": clause.label, "expected": words(wanted), "found": words(found)}
        around.refuse("input_type", spot, "warning", **said)
        return found
    return wanted if kind(found) != "list" else found


def _check_cell(
    rule: Rule, clause: Input, value: Type, tests: UnaryTests, spot: Spot, around: Surroundings
) -> None:
    if tests.tree.any:
        return
    checked = checking.cell(tests.text, tests.tree, value, around.names, around.types, is_closed=True)
    for mismatch in checked.mismatches:
        severity = around.severity(mismatch, checked.is_hopeless)
        if mismatch.code.startswith("test"):
            said = {**mismatch.params, "rule": rule.number, "label": clause.label}
            said["extract"] = mismatch.place.extract
            around.refuse(f"cell_{mismatch.code}", spot, severity, **said)
        else:
            around.note(mismatch, spot, severity)


def _check_allowed(allowed: UnaryTests | None, value: Type, spot: Spot, around: Surroundings) -> None:
    """Note allowed values that no value of the column's type is one of."""
    if allowed is not None:
        checked = checking.cell(allowed.text, allowed.tree, value, around.names, around.types, is_closed=True)
        for mismatch in checked.mismatches:
            around.note(mismatch, spot, around.severity(mismatch, checked.is_hopeless))


def _concluded(table: Table, at: int, clause: Output, around: Surroundings) -> Type:
    """The type of an output column: as declared, or else what its cells have in common."""
    found = NULL
    for rule in table.rules:
        spot = Spot(rule.line, rule.id or table.id)
        cell = around.expression(rule.outputs[at], spot)
        if not may_become(cell, clause.type, reads_texts=True):
            expected, label = words(clause.type), clause.label or table.name
            said = {"expected": expected, "found": words(cell), "extract": rule.outputs[at].text}
            around.refuse("result_type", spot, "warning", rule=rule.number, label=label, **said)
        found = common(found, cell)
    if clause.default is not None:
        found = common(found, around.expression(clause.default, Spot(None, clause.id or table.id)))
    wanted = base(clause.type)
    given = wanted if wanted != types.ANY else found
    _check_allowed(clause.allowed, given, Spot(None, clause.id or table.id), around)
    return given


def _combined(table: Table, found: list[Type]) -> Type:
    """The type of what the hit policy makes of the rules' results."""
    one: Type = (
        found[0]
        if len(found) == 1
        else ExactContext(
            "context", tuple(zip([clause.name for clause in table.outputs], found, strict=True))
        )
    )
    if table.aggregation:
        return NUMBER if table.aggregation == "COUNT" else one
    return ListType("list", one) if table.hit_policy.gathers else one
