"""What in a model can never work because of its types is found, with its rule or place, and is read all the same."""

from __future__ import annotations

import pytest

from engine import texts
from engine.decisions import type_checks
from engine.feel import type_relations
from tests.units.decisions.drawn import decision, literal, model, outcome, table

INPUTS = """
<itemDefinition name="tPerson"><itemComponent name="name"><typeRef>string</typeRef></itemComponent>
 <itemComponent name="age"><typeRef>number</typeRef></itemComponent></itemDefinition>
<itemDefinition name="tPeople" isCollection="true"><typeRef>tPerson</typeRef></itemDefinition>
<inputData id="n" name="n"><variable name="n" typeRef="number"/></inputData>
<inputData id="s" name="s"><variable name="s" typeRef="string"/></inputData>
<inputData id="day" name="day"><variable name="day" typeRef="date"/></inputData>
<inputData id="people" name="people"><variable name="people" typeRef="tPeople"/></inputData>
<inputData id="x" name="x"><variable name="x"/></inputData>
"""
ALL = ["input:n", "input:s", "input:day", "input:people", "input:x"]
HALVE = """<businessKnowledgeModel id="halve" name="halve"><variable name="halve" typeRef="number"/>
<encapsulatedLogic><formalParameter name="amount" typeRef="number"/>%s</encapsulatedLogic></businessKnowledgeModel>"""


def said(
    logic: str, *more: str, type_ref: str = "", requires: list[str] | None = None
) -> list[tuple[str, str]]:
    """Severity and code of each finding about one decision."""
    found = model(INPUTS, *more, decision("d", logic, requires or ALL, type_ref))
    findings = type_checks.findings(found)
    for finding in findings:
        for language in texts.LANGUAGES:
            sentence = finding.sentence(language)
            assert not sentence.startswith("findings")
            assert "…" not in sentence.replace("(…)", "").replace("= …", "")
    return [(finding.severity, finding.code) for finding in findings]


def boxed(tag: str, **parts: str) -> str:
    inner = "".join(f"<{name}>{literal(text)}</{name}>" for name, text in parts.items())
    return f"<{tag}>{inner}</{tag}>"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("n + 1", []),
        ("x + 1", []),
        ("n + s", [("error", "feel_types.operand_convert")]),
        ("if n then 1 else 2", [("warning", "feel_types.condition")]),
        ("people.agee", [("warning", "feel_types.member_unknown_near")]),
        ("people[age > s].name", [("warning", "feel_types.compared_convert")]),
        ("day < x", []),
        ('day < "2021-01-01"', [("error", "feel_types.compared_convert")]),
    ],
)
def test_expressions_are_checked_where_inputs_have_types(text: str, found: list[tuple[str, str]]) -> None:
    assert said(literal(text)) == found


def test_a_name_that_is_not_required_is_an_error_also_in_a_cell() -> None:
    """A text without its quotes is a name, and matches nothing."""
    logic = table("FIRST", [("s", "string")], ["out"], [["male", "1"], ["TRUE", "2"], ["-", "other + n"]])
    assert said(logic) == [
        ("error", "feel_types.name_unbound"),
        ("error", "feel_types.name_unbound_near"),
        ("error", "feel_types.name_unbound"),
    ]
    assert '"male"' in type_checks.findings(model(INPUTS, decision("d", logic, ALL)))[0].sentence("vi")


def test_a_column_may_read_a_variable_of_the_process_without_saying_so() -> None:
    """Tables of Camunda do; what else such a model reads is only doubted."""
    logic = table("FIRST", ["age"], ["out"], [["< 5", "age + 1"], ["male", "2"]])
    named_like_a_function = table("FIRST", ["count"], ["out"], [["< 5", "count(count)"]])
    assert type_checks.findings(model(decision("d", named_like_a_function))) == []
    undrawn = model(decision("d", logic))
    assert [(one.severity, one.code) for one in type_checks.findings(undrawn)] == [
        ("warning", "feel_types.name_unbound")
    ]


def test_what_never_works_is_read_and_evaluates_to_null_all_the_same() -> None:
    found = model(INPUTS, decision("d", literal("n + s"), ALL))
    assert outcome(found, n=1, s="a").value is None


def test_a_cell_that_never_matches_names_its_rule_and_column() -> None:
    logic = table("FIRST", [("n", "number")], ["out"], [["< 5", "1"], ['"many"', "2"], ["-", "3"]])
    assert said(logic) == [("error", "dmn_types.cell_test_convert")]
    finding = type_checks.findings(model(INPUTS, decision("d", logic, ALL)))[0]
    assert "Dòng 2" in finding.sentence("vi")
    assert "Rule 2 never matches: the column “n” tests a value of type number" in finding.sentence("en")


@pytest.mark.parametrize(
    ("column", "cell", "found"),
    [
        (("n",), '"many"', ["cell_test_convert"]),
        (("s", "date"), 'date("2021-01-01")', []),
        (("s",), 'date("2021-01-01")', ["cell_test_convert"]),
        (("day",), '"2021-01-01"', ["cell_test_convert"]),
        (("x", "number"), '"many"', ["cell_test_convert"]),
        (("x",), '"many"', []),
        (("n", "string"), "-", ["input_type"]),
        (("people",), "5", ["cell_test"]),
        (("count(people)",), "< 5", []),
        (("n",), "not(5, 6)", []),
    ],
)
def test_cells_are_checked_against_what_their_column_tests(
    column: tuple[str, ...], cell: str, found: list[str]
) -> None:
    codes = [code for _, code in said(table("FIRST", [column], ["out"], [[cell, "1"]]))]
    assert codes == [f"dmn_types.{code}" for code in found]


def test_allowed_values_are_checked_against_the_type_of_their_column() -> None:
    logic = table("FIRST", [("n", "number", '"few", "many"')], [("out", "", "1, 2")], [["-", "1"]])
    assert said(logic) == [("error", "feel_types.test_convert"), ("error", "feel_types.test_convert")]
    logic = table("FIRST", [("n", "number", "[0..9]")], [("out", "string", '"a", 2')], [["-", '"a"']])
    assert said(logic) == [("warning", "feel_types.test_convert")]


def test_results_are_checked_against_the_type_of_their_column() -> None:
    logic = table("FIRST", ["n"], [("out", "number")], [["< 5", "1"], ["-", '"many"']])
    assert said(logic) == [("warning", "dmn_types.result_type")]
    day = table("FIRST", ["n"], [("out", "date")], [["-", '"2021-01-01"']])
    assert said(day) == []  # a text is read as the date it writes


def test_a_declared_type_that_the_logic_never_gives_is_an_error() -> None:
    assert said(literal("n + 1"), type_ref="string") == [("error", "dmn_types.type_differs")]
    assert said(literal("s"), type_ref="date") == []
    assert said(literal("[n]"), type_ref="number") == []
    assert said(literal("{name: s, age: n}"), type_ref="tPerson") == []
    assert said(literal("{name: s}"), type_ref="tPerson") == [("error", "dmn_types.type_differs")]


@pytest.mark.parametrize("policy", ["COLLECT", "RULE ORDER", "OUTPUT ORDER"])
def test_a_table_that_gathers_but_is_declared_as_one_value_is_refused(policy: str) -> None:
    logic = table(policy, ["n"], [("out", "number", "1, 2")], [["-", "1"], ["> 5", "2"]])
    assert said(logic, type_ref="number") == [("error", "dmn_types.gathers_list")]
    assert said(logic) == said(logic, type_ref="Any") == []
    summed = table("COLLECT", ["n"], [("out", "number")], [["-", "1"], ["> 5", "2"]], "SUM")
    assert said(summed, type_ref="number") == []


def test_required_decisions_give_the_type_they_declare_or_else_the_one_of_their_logic() -> None:
    untyped = decision("fee", literal("n * 2"), ["input:n"])
    assert said(literal("fee + s"), untyped, requires=["decision:fee", "input:s"]) == [
        ("error", "feel_types.operand_convert")
    ]
    rows = decision("fees", table("COLLECT", ["n"], ["a", "b"], [["-", "1", '"x"']]), ["input:n"])
    assert said(literal("fees[a > b].c"), rows, requires=["decision:fees"]) == [
        ("error", "feel_types.member_unknown"), ("error", "feel_types.compared_convert")
    ]  # fmt: skip


def test_knowledge_is_called_with_what_its_parameters_take() -> None:
    halve, needs = HALVE % literal("amount / 2"), [*ALL, "knowledge:halve"]
    assert said(literal("halve(n) + 1"), halve, requires=needs) == []
    assert said(literal("halve(s)"), halve, requires=needs) == [("error", "feel_types.argument_convert")]
    assert said(literal("halve(n) + s"), halve, requires=needs) == [("error", "feel_types.operand_convert")]
    assert said(literal("halve(n, n)"), halve, requires=needs) == [("error", "feel_types.function_arguments")]
    assert said(literal("1"), HALVE % literal('"half"')) == [("error", "dmn_types.type_differs")]
    assert said(literal("halve(n)"), halve) == [("error", "dmn_types.knowledge_not_required")]
    bound = '<binding><parameter name="%s"/>' + literal("s") + "</binding>"
    invoked = f"<invocation>{literal('halve')}{bound}</invocation>"
    assert said(invoked % "amount", halve, requires=needs) == [("error", "dmn_types.parameter_type")]
    assert said(invoked % "amont", halve, requires=needs) == [("error", "dmn_types.parameter_unknown")]


def test_boxed_expressions_pass_on_the_types_of_their_parts() -> None:
    entries = "".join(
        f'<contextEntry><variable name="{name}"/>{literal(text)}</contextEntry>'
        for name, text in (("a", "n + 1"), ("b", "a + s"))
    )
    assert said(f"<context>{entries}</context>") == [("error", "feel_types.operand_convert")]
    relation = f'<relation><column name="t"/><row>{literal("1")}</row><row>{literal("2")}</row></relation>'
    rows = decision("rows", relation)
    assert said(literal("rows.u"), rows, requires=["decision:rows"]) == [
        ("error", "feel_types.member_unknown")
    ]
    assert said(boxed("conditional", **{"if": "n", "then": "1", "else": "2"})) == [
        ("error", "dmn_types.condition")
    ]
    assert said(boxed("filter", **{"in": "people", "match": "age"})) == [("error", "dmn_types.condition")]
    assert said(boxed("filter", **{"in": "people", "match": "age > s"})) == [
        ("error", "feel_types.compared_convert")
    ]
    loop = (
        '<for iteratorVariable="one">' + boxed("for", **{"in": "people", "return": "one.age + one.name"})[5:]
    )
    assert said(loop) == [("error", "feel_types.operand_convert")]


@pytest.mark.parametrize(
    ("logic", "words"),
    [
        (literal("n * 2"), "number"),
        (table("UNIQUE", ["n"], ["out"], [["-", "1"]]), "number"),
        (table("COLLECT", ["n"], ["out"], [["-", "1"]]), "list<number>"),
        (table("COLLECT", ["n"], ["out"], [["-", "1"]], "COUNT"), "number"),
        (table("RULE ORDER", ["n"], ["a", "b"], [["-", "1", "2"]]), "list<context>"),
        (literal("people[1]"), "tPerson"),
        (literal("x"), "Any"),
    ],
)
def test_what_a_decision_gives_is_known(logic: str, words: str) -> None:
    found = model(INPUTS, decision("d", logic, ALL))
    assert type_relations.words(type_checks.result(found, found.decisions["d"])) == words


def test_knowledge_that_calls_itself_comes_to_an_end() -> None:
    again = '<knowledgeRequirement><requiredKnowledge href="#halve"/></knowledgeRequirement></businessKnowledgeModel>'
    looped = HALVE % literal("if amount < 1 then amount else halve(amount / 2)")
    looped = looped.replace("</businessKnowledgeModel>", again)
    assert said(literal("halve(n)"), looped, requires=["input:n", "knowledge:halve"]) == []
