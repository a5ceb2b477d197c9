"""The XML of a decision table to a compiled table: every cell is read once."""

from __future__ import annotations

from lxml import etree

from engine.decisions import elements, fitting, plain_cells
from engine.decisions.models import HitPolicy, Input, Output, Rule, Table
from engine.decisions.scopes import Scope
from engine.feel import formats
from engine.feel import syntax as tree
from engine.feel.expressions import Expression, UnaryTests

AGGREGATIONS = ("SUM", "COUNT", "MIN", "MAX")
NOTHING = "-"


def read(element: etree._Element, scope: Scope) -> Table:
    """The table; complaints about hit policy, rows of the wrong width and unreadable cells go to the scope."""
    policy = _policy(element, scope)
    inputs = tuple(_input(clause, scope) for clause in elements.children(element, "input"))
    clauses = elements.children(element, "output")
    outputs = tuple(_output(clause, element, policy, len(clauses), scope) for clause in clauses)
    if not outputs:
        scope.complain("table_without_output", element)
    rules = tuple(
        _rule(row, number, inputs, outputs, scope)
        for number, row in enumerate(elements.children(element, "rule"), 1)
    )
    ranked = policy in (HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER)
    if ranked and not any(clause.priorities for clause in outputs):
        scope.complain("table_without_priorities", element, policy=policy.value)
    steps = tuple(
        tuple((column, test.test) for column, test in enumerate(rule.tests) if not test.tree.any)
        for rule in rules
    )
    asked = tuple(fitting.asked(clause.expression, clause.type) for clause in inputs)
    aggregation = _aggregation(element, policy, scope)
    table = Table(
        element.get("id", ""), _name(element), policy, aggregation, inputs, outputs, rules, asked, steps,
        _needed(inputs, rules),
    )  # fmt: skip
    scope.tables.append(table)
    return table


def _name(element: etree._Element) -> str:
    """What a table is called: by the nearest element around it that has a name."""
    return next((named for at in element.iterancestors() if (named := elements.name(at))), "")


def _needed(inputs: tuple[Input, ...], rules: tuple[Rule, ...]) -> tuple[int, ...]:
    """The columns of which null is refused: required, and no rule says what it means that nothing is known."""
    return tuple(
        column
        for column, clause in enumerate(inputs)
        if clause.required
        and not any(speaks_of_null(test.tree) for rule in rules for test in rule.tests[column : column + 1])
    )


def speaks_of_null(node: tree.Node) -> bool:
    """Whether a cell names null, as `null`, `not(null)` and `? = null` do; `not("yes")` lets null pass unnamed."""
    if isinstance(node, tree.Literal):
        return node.value is None
    return any(map(speaks_of_null, tree.children(node)))


def _policy(element: etree._Element, scope: Scope) -> HitPolicy:
    named = element.get("hitPolicy", "UNIQUE")
    try:
        return HitPolicy(named)
    except ValueError:
        scope.complain("hit_policy_unknown", element, policy=named, known=", ".join(HitPolicy))
        return HitPolicy.UNIQUE


def _aggregation(element: etree._Element, policy: HitPolicy, scope: Scope) -> str:
    named = element.get("aggregation", "") if policy is HitPolicy.COLLECT else ""
    if named and named not in AGGREGATIONS:
        scope.complain("aggregation_unknown", element, found=named, known=", ".join(AGGREGATIONS))
        return ""
    return named


def _input(clause: etree._Element, scope: Scope) -> Input:
    asked = elements.child(clause, "inputExpression")
    if asked is None or not elements.text(asked):
        scope.complain("input_without_expression", clause, label=clause.get("label", ""))
        asked = clause
        expression = scope.text(clause, "null")
    else:
        expression = scope.expression(asked)
    wanted = scope.type(elements.type_name(asked), asked)
    label = clause.get("label") or expression.text
    allowed = _allowed(clause, "inputValues", scope)
    required = _required(clause, label, scope)
    return Input(clause.get("id", ""), label, expression, wanted, allowed, required, elements.line(clause))


def _required(clause: etree._Element, label: str, scope: Scope) -> bool | None:
    """What `tc:required` says of an input column; None where it is not set."""
    said = elements.own(clause, "required")
    if said not in (None, "true", "false"):
        scope.complain("required_unknown", clause, label=label, found=said)
    return None if said is None else said == "true"


def _output(
    clause: etree._Element, table: etree._Element, policy: HitPolicy, count: int, scope: Scope
) -> Output:
    named = elements.type_name(clause) or (elements.type_name(table) if count == 1 else "")
    wanted = scope.type(named, clause)
    allowed = _allowed(clause, "outputValues", scope)
    default = elements.child(clause, "defaultOutputEntry")
    name = elements.name(clause)
    label = elements.attribute(clause, "label", "name") or table.get("outputLabel") or _name(table)
    fallback = scope.expression(default) if default is not None and elements.text(default) else None
    priorities = _constants(allowed)
    permissive = _permissive(clause, policy, label, priorities, scope)
    return Output(clause.get("id", ""), name, label, wanted, allowed, priorities, fallback, permissive)


def _permissive(
    clause: etree._Element,
    policy: HitPolicy,
    label: str,
    priorities: tuple[object, ...],
    scope: Scope,
) -> str:
    """What `tc:permissive` names: one of the allowed results, or `-` for no result at all."""
    said = elements.own(clause, "permissive") or ""
    if said in ("", NOTHING):
        return said
    if policy.gathers:
        scope.complain("permissive_gathers", clause, label=label, found=said)
    elif priorities and said not in map(formats.text, priorities):
        known = ", ".join(map(formats.text, priorities))
        scope.complain("permissive_unknown", clause, label=label, found=said, known=known)
    return said


def _allowed(clause: etree._Element, name: str, scope: Scope) -> UnaryTests | None:
    found = elements.child(clause, name)
    return scope.cell(found) if found is not None and elements.text(found) else None


def _constants(allowed: UnaryTests | None) -> tuple[object, ...]:
    """The values listed, in their order, which is their priority."""
    if allowed is None:
        return ()
    return tuple(said[0] for test in allowed.tree.tests if (said := plain_cells.literal(test)))


def _rule(
    row: etree._Element, number: int, inputs: tuple[Input, ...], outputs: tuple[Output, ...], scope: Scope
) -> Rule:
    tests = elements.children(row, "inputEntry")
    cells = elements.children(row, "outputEntry")
    if len(tests) != len(inputs) or len(cells) != len(outputs):
        scope.complain(
            "rule_width", row, rule=number, inputs=len(inputs), outputs=len(outputs),
            found_inputs=len(tests), found_outputs=len(cells),
        )  # fmt: skip
    annotations = [elements.text(found) for found in elements.children(row, "annotationEntry")]
    notes = [note for note in (elements.description(row), *annotations) if note]
    conditions = tuple(scope.cell(cell) for cell in tests[: len(inputs)])
    conclusions = [_conclusion(cell, scope) for cell in cells[: len(outputs)]]
    conclusions += [scope.text(row, "null")] * (len(outputs) - len(conclusions))
    return Rule(
        number, row.get("id", ""), conditions, tuple(conclusions), "; ".join(notes), elements.line(row)
    )


def _conclusion(cell: etree._Element, scope: Scope) -> Expression:
    """An output cell; an empty one, or `-`, is null."""
    words = elements.text(cell)
    return scope.text(cell, "null") if words in ("", "-") else scope.expression(cell)
