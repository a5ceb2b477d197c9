"""What the analysis of a graph says of a case is so when it is evaluated, whatever decisions are written in."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import product

import pytest

from engine import decisions, errors
from engine.decisions.verification import graph_inputs, graph_nulls
from engine.decisions.verification.diagrams import YES
from engine.decisions.verification.graph_cases import Cases
from engine.decisions.verification.graph_scopes import MOMENT
from tests.units.decisions.drawn import decision, literal, model, table

CASES = 120  # of each graph, drawn by chance
STRANGE = (
    None,
    0,
    1,
    17,
    -3,
    "",
    "a",
    "yes",
    "1999-12-31",
    "2000-01-02",
    True,
    False,
    [],
    [1, None],
    [{"sign": "s"}],
    {},
)
TYPED = (
    '<itemDefinition name="tWhole"><itemComponent name="a"><typeRef>number</typeRef></itemComponent>'
    '<itemComponent name="b"><typeRef>string</typeRef></itemComponent></itemDefinition>'
    '<inputData id="w" name="whole"><variable name="whole" typeRef="tWhole"/></inputData>'
    '<itemDefinition name="tFew"><typeRef>number</typeRef></itemDefinition>'
    '<inputData id="i" name="born"><variable name="born" typeRef="date"/></inputData>'
)
KNOWLEDGE = (
    '<businessKnowledgeModel id="twice" name="twice"><variable name="twice"/><encapsulatedLogic>'
    '<formalParameter name="n"/><literalExpression><text>if n = null then null else n * 2</text></literalExpression>'
    "</encapsulatedLogic></businessKnowledgeModel>"
)
SERVICE = (
    '<decisionService id="s" name="s"><variable name="s"/><outputDecision href="#inner"/>'
    '<inputData href="#i"/></decisionService>'
)
SIGNS = table(
    "COLLECT", [("x", "number"), ("y", "string")], ["sign", "level"],
    [["> 1", "-", '"s"', "x"], ["null", "-", '"t"', "1"], ["-", 'not("a")', '"u"', "if y = null then 0 else 2"]],
)  # fmt: skip


def context(*entries: tuple[str, str]) -> str:
    cells = "".join(
        f'<contextEntry><variable name="{name}"/>{literal(text)}</contextEntry>' for name, text in entries
    )
    return f"<context>{cells}</context>"


def said(text: str, kind: str, cells: Sequence[str], required: str = "false") -> str:
    rules = [[cell, '"ALLOW"' if at % 2 else '"ASK"'] for at, cell in enumerate(cells)]
    return table(
        "FIRST", [(text, kind, "", "", f'tc:required="{required}"')],
        [("said", "string", '"ASK", "ALLOW"', "", 'tc:permissive="ALLOW"')], rules,
    )  # fmt: skip


MADE = {
    "arithmetic": [literal("x * 2 + (if y = null then 1 else string length(y))"), said("made", "number", ["> 3", "-"])],
    "strings": [literal('if x = null then y else "n" + string(x)'), said("made", "string", ['"n1", "a"', "null", "-"])],
    "clock": [literal("if y = null then null else date(y) < today()"), said("made", "boolean", ["true", "false", "-"])],
    "a day compared": [literal("y"), said("if made = null then 0 else 1", "number", ["0", "> 0"], "true")],
    "list literal": [literal("[x, y, 1]"), said("count(made[item != null])", "number", ["1", "2", "-"])],
    "loop": [literal("for one in [x, 1, 2] return one + 1"), said("made[1]", "number", ["> 2", "-"])],
    "some": [literal('some one in [y, "b"] satisfies one = "a"'), said("made", "boolean", ["false", "true"])],
    "every": [literal("every one in [x, 3] satisfies one > 1"), said("made", "boolean", ["false", "true", "-"])],
    "listed": [SIGNS, said('count(made[sign = "s" or level > 1])', "number", ["1", "0", "-"])],
    "listed and mapped": [SIGNS, said("sum(made.level)", "number", ["> 2", "0", "-"])],
    "listed and indexed": [SIGNS, said("made[1].sign", "string", ['"s"', '"u"', "-"])],
    "listed and joined": [SIGNS, said('count(concatenate(made, [x], append(made, y)))', "number", ["> 3", "-"])],
    "listed or not": [SIGNS, said('if x = 2 then made else [y]', "Any", ["null", "-", "-"])],
    "listed with another": [SIGNS, said('count(concatenate(made, [{sign: y}])[level = null])', "number", ["1", "-"])],
    "filtered within a filter": [
        SIGNS, said('count(made[count([1, 2][item = level]) = 1])', "number", ["> 0", "-"]),
    ],
    "some within a filter": [
        SIGNS, said('count(made[some one in [x, 1] satisfies one = level])', "number", ["> 0", "-"]),
    ],
    "filtered by what is given": [SIGNS, said('count(made[sign = wish])', "number", ["> 0", "-"])],
    "a declared type": [literal("x instance of tFew"), said("made", "boolean", ["true", "-"])],
    "a function made of what is given": [
        literal("function(n) if n = 2 then x else n"), said("made(2)", "number", ["> 1", "-"]),
    ],
    "items that are called so": [
        literal("[{item: x}, {item: 2}]"), said("count(made[item >= 2])", "number", ["1", "-"]),
    ],
    "context": [literal("{a: x, b: if a = null then y else a}"), said("made.b", "Any", ['"a"', "null", "-"])],
    "boxed context": [
        context(("a", "x"), ("b", 'if a = null then "z" else y')), said("made.b", "string", ['"a"', "-"]),
    ],
    "instance": [literal("if x instance of number then 1 else 2"), said("made", "number", ["2", "-"])],
    "between": [literal("x between 1 and (if y = null then 2 else 5)"), said("made", "boolean", ["true", "-"])],
    "membership": [literal('y in ("a", x)'), said("made", "boolean", ["true", "false", "-"])],
    "a context asked for as a whole": [
        literal("reader.debt"), said("if reader = null then 1 else made", "Any", ["1", "-"]),
    ],
    "a cell with data": [literal("1"), said("x", "number", ["> made + string length(y)", "null", "-"])],
    "a cell that computes": [literal("1"), said("x", "number", ["even(?)", "? > made and y = null", "-"])],
    "a declared day": [literal("if born = null then 1 else born.year"), said("made", "number", ["> 1999", "-"])],
    "knowledge": [literal("twice(x)"), said("made", "number", ["> 3", "null", "-"])],
    "a member of a declared context": [literal("whole.a"), said("made", "number", ["> 1", "-"])],
    "a service": [literal("s(born)"), said("made", "Any", ["null", "-", "-"])],
    "unlike sides": [literal("if x = 1 then inner else y"), said("made", "Any", ["null", "-", "-"], "true")],
}  # fmt: skip


REQUIRED = ["input:i", "input:w", "decision:inner", "knowledge:twice", "knowledge:s"]
REQUIRING = ("a service", "knowledge", "a declared day", "unlike sides", "a member of a declared context")


@pytest.mark.parametrize("name", MADE)
def test_a_case_comes_to_what_the_analysis_says_of_it(name: str) -> None:
    drawn = model(
        TYPED, KNOWLEDGE, SERVICE,
        decision("inner", table("UNIQUE", [("born", "date", "", "", 'tc:required="true"')], ["b"],
                                [['< date("2000-01-01")', "1"], ['> date("2000-01-01")', "2"]]), ["input:i"]),
        decision("made", MADE[name][0], REQUIRED if name in REQUIRING else []),
        decision("d", MADE[name][1], ["decision:made"]),
    )  # fmt: skip
    d = drawn.decisions["d"]
    inputs = graph_inputs.of(drawn, d)
    cases = Cases(drawn, d, graph_nulls.wanted(d), inputs, graph_nulls.MOST_BRANCHES)
    chance = random.Random(name)
    reached = 0
    for case in drawn_cases(inputs, chance):
        given = dict.fromkeys(inputs.unread) | {
            leaf.path: chance.choice(STRANGE)
            if leaf.beyond and piece == len(leaf.given) - 1
            else leaf.given[piece]
            for leaf, piece in zip(inputs.leaves, case, strict=True)
        }
        if any(given[leaf.path] is None and piece for leaf, piece in zip(inputs.leaves, case, strict=True)):
            continue
        at_present = [*case, 0]
        surely, perhaps, otherwise = (
            holds(cases, diagram, at_present) for diagram in (cases.surely, cases.perhaps, cases.otherwise)
        )
        try:
            outcome = decisions.evaluate(drawn, "d", graph_inputs.variables(given), MOMENT).value
        except errors.Invalid:
            assert not surely and not otherwise, given
            continue
        reached += 1
        assert perhaps or outcome != "ALLOW", given
        assert not surely or outcome == "ALLOW", given
        assert not otherwise or outcome != "ALLOW", given
    assert reached, inputs


def drawn_cases(inputs: graph_inputs.Inputs, chance: random.Random) -> list[tuple[int, ...]]:
    every = list(product(*(range(len(leaf.given)) for leaf in inputs.leaves)))
    return every if len(every) <= CASES else chance.sample(every, CASES)


def holds(cases: Cases, diagram: int, pieces: Sequence[int]) -> bool:
    while diagram > YES:
        diagram = cases.diagrams.branches[diagram][pieces[cases.diagrams.questions[diagram]]]
    return diagram == YES
