"""Decision tables: which rules match, and what the hit policy makes of them (DMN 1.5, 8.2.8 to 8.2.11)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from engine import errors
from engine.decisions import plain_cells, searches
from engine.decisions.models import HitPolicy, Input, Logic, Output, Rule, Search, Table, Verdict
from engine.feel import comparisons, types
from engine.feel.budgets import EPOCH, Run
from engine.feel.faults import Place, Refusal
from engine.feel.frames import Frame
from engine.feel.functions.declared import BUILT_IN


def decide(table: Table, frame: Frame) -> Verdict:
    """Evaluate the inputs once, then the rules, then the hit policy.

    Raises Invalid, naming table and inputs, when a required input is null, or null because it is of another type than
    its column, and no rule says what that means.
    """
    search = table.prepared.search or prepare(table, searches.compiled(table))
    verdict = search(frame)
    if any(verdict.values[column] is None for column in table.needed):
        raise _unknown(table, verdict.values, frame.run)
    if table.prepared.restricted and not _allowed(table, verdict, frame):
        verdict.matched = []
    elif not verdict.matched:
        verdict.value = _default(table, frame)
    else:
        matched = [table.rules[index] for index in verdict.matched]
        verdict.value = table.prepared.combine(table, matched, frame)
        verdict.matched = [rule.number for rule in matched]
    return verdict


def prepare(table: Table, search: Search) -> Search:
    """Make ready what evaluations of a table have in common; `search` finds its rules from now on."""
    prepared = table.prepared
    prepared.conclusions = [_conclusion(table, rule) for rule in table.rules]
    prepared.restricted = tuple(at for at, clause in enumerate(table.inputs) if clause.allowed is not None)
    prepared.combine = _COMBINED[table.hit_policy]
    prepared.search = search  # last: another thread takes it for the sign that all is ready
    return search


def _unknown(table: Table, values: Sequence[object], run: Run) -> errors.Invalid:
    """The refusal of an evaluation without what it requires: unknown is not taken for harmless.

    What is null because it was given as another type is told apart: whoever gave it would look for it in vain.
    """
    missing = [table.inputs[column] for column in table.needed if values[column] is None]
    lost = {one.place.text: one for one in run.warnings if one.code in _LOST}
    absent = [clause for clause in missing if clause.expression.text not in lost]
    differing = [(clause, lost[clause.expression.text]) for clause in missing if clause not in absent]
    found = [_needs("decision_needs_input", table, absent)] if absent else []
    found += [_needs(_LOST[said.code], table, [clause], **said.params) for clause, said in differing]
    return errors.Invalid(found)


_LOST = {"type_differs": "decision_input_differs", "value_not_allowed": "decision_input_not_allowed"}


def _needs(code: str, table: Table, missing: Sequence[Input], **params: object) -> errors.Finding:
    labels = ", ".join(f"“{clause.label}”" for clause in missing)
    place = missing[0].id or table.id or None
    return errors.Finding(code, {"table": table.name, "inputs": labels, **params}, element=place)


def _allowed(table: Table, verdict: Verdict, frame: Frame) -> bool:
    """Whether each input's value is one its author allows; the first that is not makes the table's value null."""
    for at in table.prepared.restricted:
        clause, value = table.inputs[at], verdict.values[at]
        if clause.allowed is not None and value is not None and clause.allowed.test(value, frame) is not True:
            allowed, place = clause.allowed.text, _nowhere(clause.expression.text)
            frame.run.warn("input_not_allowed", place, label=clause.label, allowed=allowed)
            return False
    return True


def _outputs(table: Table, rule: Rule, frame: Frame) -> object:
    """A rule's conclusion: the value of its one output, or a context of several."""
    return table.prepared.conclusions[rule.number - 1](frame)


def _conclusion(table: Table, rule: Rule) -> Logic:
    """A rule's conclusion compiled: constants that the column allows are not looked at again."""
    clauses = tuple(zip(table.outputs, rule.outputs, strict=True))
    run = Run(EPOCH)
    found = {
        clause.name: _output(clause, known[0], Frame({}, None, run))
        for clause, cell in clauses
        if (known := plain_cells.constant(cell.tree)) and not (clause.allowed and clause.allowed.reads)
    }
    are_constant = len(found) == len(clauses) and not run.warnings
    if len(clauses) == 1:
        (clause, cell) = clauses[0]
        value = found.get(clause.name)
        return (
            (lambda frame: value)
            if are_constant
            else lambda frame: _output(clause, cell.closure(frame), frame)
        )
    if are_constant:
        return lambda frame: found.copy()
    return lambda frame: {
        clause.name: _output(clause, cell.closure(frame), frame) for clause, cell in clauses
    }


def _output(clause: Output, value: object, frame: Frame) -> object:
    if type(value) is str:
        value = types.read_as(value, clause.type)
    if clause.allowed is not None and value is not None and clause.allowed.test(value, frame) is not True:
        allowed = clause.allowed.text
        frame.run.warn("output_not_allowed", _nowhere(allowed), name=clause.label, allowed=allowed)
    return value


def _default(table: Table, frame: Frame) -> object:
    """No rule matched: the default outputs, or null (an empty list or a count of 0 where results gather)."""
    if any(clause.default is not None for clause in table.outputs):
        found = {
            clause.name: clause.default.closure(frame) if clause.default else None for clause in table.outputs
        }
        value: object = found if len(table.outputs) > 1 else next(iter(found.values()))
        return [value] if _gathers(table) and not isinstance(value, list) else value
    if table.aggregation == "COUNT":
        return Decimal(0)
    return [] if _gathers(table) else None


def _gathers(table: Table) -> bool:
    return table.hit_policy.gathers and not table.aggregation


def _unique(table: Table, rules: list[Rule], frame: Frame) -> object:
    if len(rules) > 1:
        frame.run.warn("rules_overlap", _nowhere(table.id), rules=_numbers(rules))
        return None
    return _outputs(table, rules[0], frame)


def _any(table: Table, rules: list[Rule], frame: Frame) -> object:
    found = [_outputs(table, rule, frame) for rule in rules]
    if not all(comparisons.same(value, found[0], frame.run) for value in found[1:]):
        frame.run.warn("rules_disagree", _nowhere(table.id), rules=_numbers(rules))
        return None
    return found[0]


def _first(table: Table, rules: list[Rule], frame: Frame) -> object:
    return _outputs(table, rules[0], frame)


def _priority(table: Table, rules: list[Rule], frame: Frame) -> object:
    return _by_priority(table, rules, frame)[0]


def _rule_order(table: Table, rules: list[Rule], frame: Frame) -> object:
    return [_outputs(table, rule, frame) for rule in rules]


def _output_order(table: Table, rules: list[Rule], frame: Frame) -> object:
    return _by_priority(table, rules, frame)


def _by_priority(table: Table, rules: list[Rule], frame: Frame) -> list[object]:
    """The conclusions by the order of the allowed values of each output in turn; equal ones in rule order."""
    found = [_outputs(table, rule, frame) for rule in rules]

    def order(conclusion: object) -> tuple[int, ...]:
        parts = [conclusion] if len(table.outputs) == 1 else list(conclusion.values())  # type: ignore[attr-defined]
        return tuple(rank(clause, part, frame.run) for clause, part in zip(table.outputs, parts, strict=True))

    return sorted(found, key=order)


def rank(clause: Output, value: object, run: Run) -> int:
    """The place of a conclusion among an output's allowed values; after them all when it is none of them."""
    for index, allowed in enumerate(clause.priorities):
        if comparisons.same(value, allowed, run):
            return index
    return len(clause.priorities)


def _collect(table: Table, rules: list[Rule], frame: Frame) -> object:
    found = [_outputs(table, rule, frame) for rule in rules]
    if not table.aggregation:
        return found
    if table.aggregation == "COUNT":
        return Decimal(len(found))
    try:
        return BUILT_IN[AGGREGATED[table.aggregation]].call(frame.run, [found])
    except Refusal as refusal:
        frame.run.note(refusal, _nowhere(table.aggregation))
        return None


AGGREGATED = {"SUM": "sum", "MIN": "min", "MAX": "max"}  # the functions, as DMN 1.5, 10.3.2.10 has it
_COMBINED = {
    HitPolicy.UNIQUE: _unique, HitPolicy.ANY: _any, HitPolicy.FIRST: _first, HitPolicy.PRIORITY: _priority,
    HitPolicy.RULE_ORDER: _rule_order, HitPolicy.OUTPUT_ORDER: _output_order, HitPolicy.COLLECT: _collect,
}  # fmt: skip


def _numbers(rules: list[Rule]) -> str:
    return ", ".join(str(rule.number) for rule in rules)


def _nowhere(text: str) -> Place:
    return Place(text, 0, len(text))
