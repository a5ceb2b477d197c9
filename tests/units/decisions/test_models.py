"""Models: graphs, boxed expressions, knowledge, services, types; and what is wrong with a file is all said at once."""

from __future__ import annotations

from typing import Any

import pytest

from engine import decisions, errors, feel
from engine.decisions.elements import NAMESPACES
from tests.units.decisions.drawn import MOMENT, decision, findings, literal, model, outcome, table, tree

INPUT = '<inputData id="i" name="loan days"><variable name="loan days" typeRef="number"/></inputData>'


@pytest.mark.parametrize("namespace", sorted(NAMESPACES))
def test_every_version_of_dmn_is_read(namespace: str) -> None:
    found = model(decision("d", literal("1 + 1")), namespace=namespace)
    assert outcome(found).value == 2


def test_required_decisions_are_evaluated_first_and_reported() -> None:
    found = model(
        INPUT,
        decision("fee", literal("loan days * 2"), ["input:i"]),
        decision(
            "letter",
            table("UNIQUE", ["fee"], ["send"], [["> 10", "true"], ["<= 10", "false"]]),
            ["decision:fee"],
        ),
    )
    said = outcome(found, "letter", **{"loan days": 9})
    assert said.value is True
    assert [(sub.decision_id, sub.value) for sub in said.sub] == [("fee", 18)]
    assert found.decisions["letter"].names == frozenset()
    assert found.variables("letter") == {"loan days"}


def test_an_item_s_member_named_like_the_decision_is_not_read_from_outside() -> None:
    found = model(INPUT, decision("place", literal("[{place: loan days}][place = 3]"), ["input:i"]))
    assert found.variables("place") == {"loan days"}
    assert outcome(found, "place", **{"loan days": 3}).value == [{"place": 3}]


def test_a_decision_is_found_by_id_or_name_and_else_refused() -> None:
    found = model(decision("d", literal("1")))
    with pytest.raises(errors.NotFound) as raised:
        outcome(found, "nothing")
    assert "nothing" in raised.value.sentence("vi")


def test_contexts_see_the_entries_before_and_end_in_a_result() -> None:
    entries = [("a", "2"), ("b", "a * 3")]
    boxed = "".join(
        f'<contextEntry><variable name="{name}"/>{literal(text)}</contextEntry>' for name, text in entries
    )
    assert outcome(model(decision("d", f"<context>{boxed}</context>"))).value == {"a": 2, "b": 6}
    boxed += f"<contextEntry>{literal('a + b')}</contextEntry>"
    assert outcome(model(decision("d", f"<context>{boxed}</context>"))).value == 8


def test_relations_and_lists_become_lists() -> None:
    relation = (
        f'<relation><column name="t"/><column name="n"/><row>{literal("1")}{literal("2")}</row></relation>'
    )
    assert outcome(model(decision("d", relation))).value == [{"t": 1, "n": 2}]
    assert outcome(model(decision("d", f"<list>{literal('1')}{literal('2')}</list>"))).value == [1, 2]


KNOWLEDGE = f"""<businessKnowledgeModel id="k" name="fee of"><variable name="fee of"/>
<encapsulatedLogic><formalParameter name="n" typeRef="number"/>{literal("n * 3")}</encapsulatedLogic>
</businessKnowledgeModel>"""


def test_knowledge_is_called_in_text_and_by_invocation() -> None:
    binding = f'<binding><parameter name="n"/>{literal("5")}</binding>'
    found = model(
        KNOWLEDGE,
        decision("text", literal("fee of(4)"), ["knowledge:k"]),
        decision("boxed", f"<invocation>{literal('fee of')}{binding}</invocation>", ["knowledge:k"]),
        decision("wrong", literal('fee of("x")'), ["knowledge:k"]),
    )
    assert [outcome(found, name).value for name in ("text", "boxed", "wrong")] == [12, 15, None]
    assert [warning.code for warning in outcome(found, "wrong").warnings] == ["type_differs"]


def test_boxed_loops_filters_and_conditions() -> None:
    source = f"<in>{literal('[1, 2, 3]')}</in>"
    branches = f"<then>{literal('1')}</then><else>{literal('2')}</else>"
    boxed = {
        f'<for iteratorVariable="x">{source}<return>{literal("x * 2")}</return></for>': [2, 4, 6],
        f'<some iteratorVariable="x">{source}<satisfies>{literal("x > 2")}</satisfies></some>': True,
        f'<every iteratorVariable="x">{source}<satisfies>{literal("x > 2")}</satisfies></every>': False,
        f"<filter>{source}<match>{literal('item > 1')}</match></filter>": [2, 3],
        f"<conditional><if>{literal('false')}</if>{branches}</conditional>": 2,
    }
    assert [outcome(model(decision("d", logic))).value for logic in boxed] == list(boxed.values())


def test_a_service_is_a_function_of_its_inputs() -> None:
    found = model(
        INPUT,
        decision("fee", literal("loan days * 2"), ["input:i"]),
        decision("letter", literal("fee > 10"), ["decision:fee"]),
        """<decisionService id="s" name="post"><variable name="post"/><outputDecision href="#letter"/>
           <encapsulatedDecision href="#fee"/><inputData href="#i"/></decisionService>""",
        decision("all", literal("[post(1), post(9)]"), ["knowledge:s"]),
    )
    assert outcome(found, "all").value == [False, True]
    assert decisions.evaluate_service(found, "post", {"loan days": 6}, MOMENT) is True


TYPES = """<itemDefinition name="tKind"><typeRef>string</typeRef>
<allowedValues><text>"book", "map"</text></allowedValues></itemDefinition>
<itemDefinition name="tLoan"><itemComponent name="kind"><typeRef>tKind</typeRef></itemComponent>
<itemComponent name="due on"><typeRef>date</typeRef></itemComponent></itemDefinition>
<itemDefinition name="tLoans" isCollection="true"><typeRef>tLoan</typeRef></itemDefinition>
<inputData id="l" name="loan"><variable name="loan" typeRef="tLoan"/></inputData>
<inputData id="ls" name="loans"><variable name="loans" typeRef="tLoans"/></inputData>"""

GOOD = {"kind": "book", "due on": "2026-01-01"}


def test_inputs_are_checked_and_read_by_the_models_types() -> None:
    found = model(
        TYPES,
        decision("late", literal("loan.due on < today()"), ["input:l"]),
        decision("all late", literal("every l in loans satisfies l.due on < today()"), ["input:ls"]),
    )
    assert outcome(found, "late", loan=GOOD).value is True
    assert outcome(found, "all late", loans=[GOOD, GOOD]).value is True
    assert outcome(found, "late", loan=[GOOD]).value is True
    assert outcome(found, "all late", loans=GOOD).value is True
    wrong = outcome(found, "late", loan={"kind": "sword", "due on": "2026-01-01"})
    assert wrong.value is None
    assert (wrong.warnings[0].code, wrong.warnings[0].params["part"]) == ("part_not_allowed", "kind")


WRONG = [
    ("loan", {"kind": "book"}, "part_missing", "Thiếu phần “due on”."),
    ("loan", {"kind": "book", "due on": 5}, "part_differs", "Phần “due on” cần kiểu date, gặp number."),
    ("loan", "book", "type_differs", "Cần giá trị kiểu tLoan, gặp string."),
    ("kind", "sword", "value_not_allowed", 'kiểu tKind cho phép: "book", "map".'),
    ("loans", [GOOD, {**GOOD, "kind": "sword"}], "part_not_allowed", "Phần “[2].kind” không thuộc"),
]


@pytest.mark.parametrize(("name", "value", "code", "sentence"), WRONG, ids=[case[2] for case in WRONG])
def test_what_does_not_fit_its_type_is_said_by_its_part(
    name: str, value: Any, code: str, sentence: str
) -> None:
    kind = '<inputData id="kind" name="kind"><variable name="kind" typeRef="tKind"/></inputData>'
    required = {"loan": "l", "loans": "ls", "kind": "kind"}
    found = model(TYPES, kind, decision("d", literal(name), [f"input:{required[name]}"]))
    (warning,) = outcome(found, "d", **{name: value}).warnings
    assert warning.code == code
    assert sentence in warning.sentence("vi")
    assert warning.sentence("en")


def test_a_result_of_another_type_is_null_with_a_warning() -> None:
    said = outcome(model(decision("d", literal('"x"'), type_ref="number")))
    assert said.value is None
    assert [warning.code for warning in said.warnings] == ["type_differs"]


def test_imported_models_are_read_under_their_prefix() -> None:
    base = decisions.read(tree(INPUT, decision("fee", literal("loan days * 2"), ["input:i"])), "base.dmn")
    importing = tree(
        '<import name="base" namespace="n" importType="https://www.omg.org/spec/DMN/20191111/MODEL/"/>',
        """<decision id="d" name="d"><variable name="d"/><informationRequirement>
           <requiredDecision href="n#fee"/></informationRequirement>"""
        + literal("base.fee + 1")
        + "</decision>",
    )
    importing.set("namespace", "other")
    found = decisions.read(importing, "rules.dmn", {"n": base})
    assert outcome(found, **{"loan days": 3}).value == 7


def test_everything_wrong_with_a_file_is_found_with_its_line() -> None:
    found = findings(
        INPUT,
        decision("a", literal("1 +")),
        decision("b", table("SOMETIMES", ["days"], [], [["< 5"], ["<"]])),
        decision("c", literal("x"), ["decision:nowhere"]),
        decision("e", literal("loan days + 1")),
        decision("f", literal("g"), ["decision:g"]),
        decision("g", literal("f"), ["decision:f"]),
    )
    codes = {complaint.code for complaint in found}
    assert codes == {
        "feel.expected_expression_at_end", "dmn.hit_policy_unknown", "dmn.table_without_output",
        "dmn.reference_unknown", "dmn.input_not_required", "dmn.circle",
    }  # fmt: skip
    assert all(complaint.file == "rules.dmn" and complaint.line for complaint in found)
    assert all("…" not in complaint.sentence(language) for complaint in found for language in ("vi", "en"))
    assert next(complaint.line for complaint in found if complaint.code.startswith("feel")) == 3


def test_another_language_or_outside_code_is_refused() -> None:
    java = f'<functionDefinition kind="Java">{literal("{}")}</functionDefinition>'
    script = '<literalExpression expressionLanguage="http://www.w3.org/TR/javascript"><text>1</text></literalExpression>'
    found = findings(decision("a", java), decision("b", script))
    assert [complaint.code for complaint in found] == ["dmn.function_external", "dmn.language_unknown"]
    assert "javascript" in found[1].sentence("en")


@pytest.mark.parametrize("name", ["SpO2 %", "1st dose", "nhiệt độ °C"])
def test_a_name_that_no_expression_can_speak_of_is_told_by_name(name: str) -> None:
    given = f'<inputData id="i" name="{name}"/>'
    assert findings(given, decision("d", literal("1"), ["input:i"])) == []
    (found,) = findings(given, decision("d", literal(f"{name} > 5"), ["input:i"]))
    assert (found.code, found.element, found.params["name"]) == ("dmn.name_unreadable", "d", name)
    assert f"“{name}”" in found.sentence("vi") and f"“{name}”" in found.sentence("en")


def test_what_is_in_another_language_is_not_read_as_feel() -> None:
    script = '<literalExpression expressionLanguage="juel"><text>${days}</text></literalExpression>'
    assert [complaint.code for complaint in findings(decision("a", script))] == ["dmn.language_unknown"]


@pytest.mark.parametrize("name", ["season", "s"])
def test_a_required_decision_read_by_its_column_or_id_is_refused(name: str) -> None:
    """As Camunda's engines have it; by the standard only its variable names what it gives."""
    required = decision("s", table("UNIQUE", ["month"], ["season"], [["6", '"dry"']])).replace(
        'name="s"', 'name="Season of the year"'
    )
    found = findings(required, decision("dish", literal(f"{name} = null"), ["decision:s"]))
    assert [(one.code, one.element) for one in found] == [("dmn.required_by_other_name", "dish")]
    assert "“Season of the year”" in found[0].sentence("vi")
    assert "“Season of the year”" in found[0].sentence("en")


def test_a_column_name_that_an_input_bears_too_is_that_input() -> None:
    required = decision("s", table("UNIQUE", ["month"], ["season"], [["6", '"dry"']]))
    given = '<inputData id="i" name="season"/>'
    assert findings(given, required, decision("d", literal("season"), ["decision:s", "input:i"])) == []


def test_a_connection_to_the_wrong_kind_of_element_is_refused() -> None:
    found = findings(
        INPUT, decision("a", literal("1"), ["decision:i"]), decision("b", literal("1"), ["input:a"])
    )
    assert [complaint.code for complaint in found] == ["dmn.reference_unknown"] * 2


def test_a_type_nobody_defines_is_refused() -> None:
    found = findings(
        decision("a", literal("1"), type_ref="money"), decision("b", literal("1"), type_ref="number")
    )
    assert [(complaint.code, complaint.params) for complaint in found] == [
        ("dmn.type_unknown", {"name": "money"})
    ]


def test_a_file_of_another_kind_is_refused() -> None:
    with pytest.raises(errors.Invalid) as raised:
        decisions.read(tree(namespace="http://example.org/other"), "rules.dmn")
    assert [complaint.code for complaint in raised.value.findings] == ["dmn.not_dmn"]


def test_circles_beyond_counting_are_found_quickly() -> None:
    # A ladder of 40 pairs has 2**40 paths, and no circle.
    rungs = [
        decision(f"{side}{n}", literal("1"), [f"decision:a{n + 1}", f"decision:b{n + 1}"] if n < 39 else [])
        for n in range(40)
        for side in "ab"
    ]
    assert findings(*rungs) == []
    assert outcome(model(*rungs), "a0").value == 1


@pytest.mark.parametrize(("above", "below", "refused"), [(30, 28, []), (30, 29, ["d0"]), (60, 0, ["d1"])])
def test_a_chain_that_is_read_is_not_too_long_to_evaluate(above: int, below: int, refused: list[str]) -> None:
    """The last of `above` decisions calls a service, a level of its own, of a chain of `below`."""
    parts = [decision(f"d{n}", literal(f"d{n + 1} + 1"), [f"decision:d{n + 1}"]) for n in range(above - 1)]
    parts += [
        decision(f"d{above - 1}", literal("k() + 1"), ["knowledge:k"]),
        '<businessKnowledgeModel id="k" name="k"><variable name="k"/>'
        "<encapsulatedLogic><literalExpression><text>s()</text></literalExpression></encapsulatedLogic>"
        '<knowledgeRequirement><requiredKnowledge href="#s"/></knowledgeRequirement></businessKnowledgeModel>',
        '<decisionService id="s" name="s"><variable name="s"/><outputDecision href="#e0"/></decisionService>',
    ]
    parts += [decision(f"e{n}", literal(f"e{n + 1} + 1"), [f"decision:e{n + 1}"]) for n in range(below)]
    parts.append(decision(f"e{below}", literal("0")))
    found = findings(*parts)
    assert [(one.code, one.element) for one in found] == [("dmn.chain_too_long", at) for at in refused]
    assert refused or outcome(model(*parts), "d0").value == above + below


def test_data_never_raises() -> None:
    found = model(INPUT, decision("d", table("UNIQUE", ["loan days"], ["x"], [["> 3", "1"]]), ["input:i"]))
    for data in (None, "x", [], {}, True, float("nan"), [1], {"a": [1]}):
        assert outcome(found, **{"loan days": data}).value is None
    assert isinstance(outcome(found).warnings, tuple)
    assert feel.to_json(outcome(found).result) is None
