"""Boxed expressions within each other, knowledge, services and types mean what the same in text would."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

import pytest

from engine import decisions, feel
from engine.feel import budgets
from tests.units.decisions.drawn import MOMENT, decision, findings, literal, model, outcome, table


def entry(name: str, logic: str, type_ref: str = "") -> str:
    of = f' typeRef="{type_ref}"' if type_ref else ""
    return f'<contextEntry><variable name="{name}"{of}/>{logic}</contextEntry>'


def result(logic: str) -> str:
    return f"<contextEntry>{logic}</contextEntry>"


def context(*entries: str) -> str:
    return f"<context>{''.join(entries)}</context>"


def parameter(name: str, type_ref: str = "") -> str:
    of = f' typeRef="{type_ref}"' if type_ref else ""
    return f'<formalParameter name="{name}"{of}/>'


def function(logic: str, *parameters: str) -> str:
    return f"<functionDefinition>{''.join(parameters)}{logic}</functionDefinition>"


def invocation(called: str, **arguments: str) -> str:
    bound = "".join(
        f'<binding><parameter name="{name}"/>{logic}</binding>' for name, logic in arguments.items()
    )
    return f"<invocation>{called}{bound}</invocation>"


def loop(tag: str, source: str, body: str, variable: str = "x") -> str:
    inside = "return" if tag == "for" else "satisfies"
    return f'<{tag} iteratorVariable="{variable}"><in>{source}</in><{inside}>{body}</{inside}></{tag}>'


def kept(source: str, match: str) -> str:
    return f"<filter><in>{source}</in><match>{match}</match></filter>"


def choice(condition: str, then: str, otherwise: str) -> str:
    return f"<conditional><if>{condition}</if><then>{then}</then><else>{otherwise}</else></conditional>"


def rows(columns: str, *cells: str) -> str:
    names = columns.split()
    listed = [cells[at : at + len(names)] for at in range(0, len(cells), len(names))]
    headings = "".join(f'<column name="{name}"/>' for name in names)
    return f"<relation>{headings}{''.join('<row>' + ''.join(row) + '</row>' for row in listed)}</relation>"


def knowledge(name: str, logic: str, *parameters: str, type_ref: str = "", requires: str = "") -> str:
    of = f' typeRef="{type_ref}"' if type_ref else ""
    need = (
        f'<knowledgeRequirement><requiredKnowledge href="#{requires}"/></knowledgeRequirement>'
        if requires
        else ""
    )
    body = f"<encapsulatedLogic>{''.join(parameters)}{logic}</encapsulatedLogic>"
    inside = f'<variable name="{name}"{of}/>{need}{body}'
    return f'<businessKnowledgeModel id="{name}" name="{name}">{inside}</businessKnowledgeModel>'


L = literal
SMALL = table("UNIQUE", ["x"], ["size"], [["< 10", '"small"'], [">= 10", '"large"']])
BOXES: list[tuple[str, Any]] = [
    (L("1 + 2"), 3),
    (context(entry("a", L("1")), entry("b", L("a + 1"))), {"a": 1, "b": 2}),
    (context(entry("a", L("1")), result(L("a * 10"))), 10),
    (context(entry("a", context(entry("b", L("1")), result(L("b + 1")))), result(L("a"))), 2),
    (context(entry("a", L('"1"'), "number")), {"a": None}),
    (context(entry("a", L("[5]"), "number")), {"a": 5}),
    (context(entry("first name", L('"A"')), result(L('first name + "."'))), "A."),
    (
        context(entry("f", function(L("x + y"), parameter("x"), parameter("y"))), result(L("f(y: 1, x: 2)"))),
        3,
    ),
    (
        context(
            entry("f", function(L("if n < 2 then 1 else n * f(n - 1)"), parameter("n"))), result(L("f(5)"))
        ),
        120,
    ),
    (
        context(entry("f", function(SMALL, parameter("x"))), result(loop("for", L("[5, 15]"), L("f(x)")))),
        ["small", "large"],
    ),
    (context(entry("x", L("7")), result(SMALL)), "small"),
    (context(entry("f", function(L("n"), parameter("n", "number"))), result(L('f("a")'))), None),
    (
        context(
            entry("f", function(L("n"), parameter("n", "number"))), result(invocation(L("f"), n=L("[4]")))
        ),
        4,
    ),
    (context(entry("f", function(L("n"), parameter("n"))), result(invocation(L("f"), m=L("4")))), None),
    (context(entry("f", L("function(a, b) a - b")), result(invocation(L("f"), b=L("1"), a=L("3")))), 2),
    (invocation(L("5"), n=L("1")), None),
    (
        f"<list>{L('1')}{choice(L('false'), L('2'), L('3'))}{context(entry('a', L('4')))}</list>",
        [1, 3, {"a": 4}],
    ),
    ("<list/>", []),
    (
        rows("a b", L("1"), L('"x"'), L("2"), loop("some", L("[1]"), L("x = 1"))),
        [{"a": 1, "b": "x"}, {"a": 2, "b": True}],
    ),
    (choice(L("null"), L("1"), L("2")), 2),
    (choice(L("[true]"), L("1"), L("2")), 1),
    (choice(L('"x"'), L("1"), L("2")), None),
    (loop("for", L("[1, 2]"), loop("for", L("[x, x * 10]"), L("y + 1"), "y")), [[2, 11], [3, 21]]),
    (loop("for", L("[1..3]"), L("x")), [1, 2, 3]),
    (loop("for", L("1"), L("x")), [1]),
    (loop("for", L("[]"), L("x")), []),
    (loop("for", L("null"), L("x")), None),
    (loop("for", L("[1, 2, 3]"), L("count(partial)")), [0, 1, 2]),
    (loop("some", L("[null, 2]"), L("x > 1")), True),
    (loop("some", L("[null, 0]"), L("x > 1")), None),
    (loop("some", L("[]"), L("true")), False),
    (loop("every", L("[null, 0]"), L("x > 1")), False),
    (loop("every", L("[null, 2]"), L("x > 1")), None),
    (loop("every", L("[]"), L("false")), True),
    (kept(L("[{a: 1}, {a: 2}]"), L("a > 1")), [{"a": 2}]),
    (kept(L("[1, null, 3]"), L("item > 1")), [3]),
    (kept(L("5"), L("item > 1")), [5]),
    (kept(L("null"), L("true")), []),
    (kept(L("[1]"), L('"x"')), None),
    (kept(loop("for", L("[1, 2, 3]"), L("x * 2")), choice(L("item = 4"), L("false"), L("true"))), [2, 6]),
]


@pytest.mark.parametrize(("logic", "expected"), BOXES)
def test_a_box_means_what_it_says(logic: str, expected: Any) -> None:
    found = outcome(model(decision("d", logic)))
    assert found.value == expected
    if expected is None and "null" not in logic:
        assert found.warnings


def test_knowledge_fits_its_arguments_and_its_result_to_their_types() -> None:
    found = model(
        knowledge("late", L("on < @\"2026-02-01\""), parameter("on", "date"), type_ref="boolean"),
        knowledge("words", L("n"), parameter("n"), type_ref="string"),
        knowledge("twice", L("[late(on), late(on)]"), parameter("on"), requires="late"),
        decision("good", L('late(@"2026-01-31")'), ["knowledge:late"]),
        decision("read", L('late("2026-01-31")'), ["knowledge:late"]),
        decision("one", L('late([@"2026-01-31"])'), ["knowledge:late"]),
        decision("bad", L("late(5)"), ["knowledge:late"]),
        decision("number", L("words(5)"), ["knowledge:words"]),
        decision("two", L('twice(@"2026-03-01")'), ["knowledge:twice"]),
        decision("many", L("words(1, 2)"), ["knowledge:words"]),
    )  # fmt: skip
    said = {name: outcome(found, name).value for name in ("good", "one", "bad", "number", "two", "many")}
    assert said == {
        "good": True,
        "one": True,
        "bad": None,
        "number": None,
        "two": [False, False],
        "many": None,
    }
    assert {warning.code for warning in outcome(found, "bad").warnings} == {"type_differs"}


def test_knowledge_calls_itself_without_a_requirement_that_no_editor_can_draw() -> None:
    factorial = knowledge("f", L("if n < 2 then 1 else n * f(n - 1)"), parameter("n"))
    assert outcome(model(factorial, decision("d", L("f(5)"), ["knowledge:f"]))).value == 120


def test_a_cell_of_a_relation_fits_the_type_of_its_column() -> None:
    typed = rows("on n", L('"2026-01-31"'), L("[1]"), L("5"), L('"x"'))
    typed = typed.replace('"on"', '"on" typeRef="date"').replace('"n"', '"n" typeRef="number"')
    said = outcome(model(decision("d", typed)))
    assert said.value == [{"on": "2026-01-31", "n": 1}, {"on": None, "n": None}]
    assert [warning.code for warning in said.warnings] == ["type_differs"] * 2


def test_an_entry_whose_variable_has_no_name_is_the_result() -> None:
    assert outcome(model(decision("d", context(entry("a", L("1")), entry("", L("a + 1")))))).value == 2


def test_however_the_words_of_a_name_are_spaced_it_is_one_name() -> None:
    found = model(
        '<inputData id="i" name=" Loan  days "/>',
        knowledge(" fee  of ", L("a day + 1"), parameter("a  day", " number ")),
        decision(" all  fees ", L("fee of(Loan days)"), ["input:i", "knowledge: fee  of "]),
    )
    assert outcome(found, "all fees", **{"Loan days": 3}).value == 4


def test_knowledge_sees_its_parameters_and_what_it_requires_and_nothing_else() -> None:
    said = findings(
        '<inputData id="n" name="n"/>',
        knowledge("k", L("n + m + j(1)"), parameter("m")),
        knowledge("j", L("k(1)"), parameter("m")),
        decision("d", L("k(1)"), ["input:n", "knowledge:k"]),
    )
    assert [(one.code, one.element, one.params["name"]) for one in said] == [
        ("dmn.knowledge_outside", "k", "j"),
        ("dmn.knowledge_outside", "k", "n"),
        ("dmn.knowledge_outside", "j", "k"),
    ]


SERVICE = model(
    '<inputData id="n" name="n"><variable name="n" typeRef="number"/></inputData>',
    decision("base", L("n + 1"), ["input:n"]),
    decision("inner", L("base * 10"), ["decision:base"]),
    decision("left", L("inner + 1"), ["decision:inner"]),
    decision("right", L("inner + 2"), ["decision:inner"]),
    '<decisionService id="both" name="both"><outputDecision href="#left"/><outputDecision href="#right"/>'
    '<encapsulatedDecision href="#inner"/><encapsulatedDecision href="#base"/><inputData href="#n"/></decisionService>',
    '<decisionService id="upper" name="upper"><outputDecision href="#left"/><encapsulatedDecision href="#inner"/>'
    '<inputDecision href="#base"/></decisionService>',
    decision("calls", L("[both(1), upper(5), upper(base: 6)]"), ["knowledge:both", "knowledge:upper"]),
    decision("wrong", L('[upper(5, 6), both("x")]'), ["knowledge:both", "knowledge:upper"]),
)  # fmt: skip


def test_a_service_gives_its_output_and_hides_what_it_encapsulates() -> None:
    assert decisions.evaluate_service(SERVICE, "both", {"n": 1}, MOMENT) == {"left": 21, "right": 22}
    assert outcome(SERVICE, "calls").value == [{"left": 21, "right": 22}, 51, 61]


def test_an_input_decision_of_a_service_is_given_and_not_worked_out() -> None:
    assert decisions.evaluate_service(SERVICE, "upper", {"base": 100, "n": 1}, MOMENT) == 1001
    assert decisions.evaluate_service(SERVICE, "upper", {"n": 1}, MOMENT) is None


def test_a_service_called_wrongly_is_null_with_a_reason() -> None:
    said = outcome(SERVICE, "wrong")
    assert said.value == [None, None]
    assert {"arguments_count", "type_differs"} <= {warning.code for warning in said.warnings}


def item(name: str, type_ref: str, *more: str, many: bool = False) -> str:
    of = f"<typeRef>{type_ref}</typeRef>" if type_ref else ""
    collection = ' isCollection="true"' if many else ""
    return f'<itemDefinition name="{name}"{collection}>{of}{"".join(more)}</itemDefinition>'


def allowed(text: str, tag: str = "allowedValues") -> str:
    return f"<{tag}><text>{escape(text)}</text></{tag}>"


def part(name: str, type_ref: str, *parts: str, many: bool = False) -> str:
    return item(name, type_ref, *parts, many=many).replace("itemDefinition", "itemComponent", 1).removesuffix(
        "</itemDefinition>") + "</itemComponent>"  # fmt: skip


TYPES = "\n".join((
    item("tKind", "string", allowed('"book", "map"')),
    item("tAge", "number", allowed("[0..150)")),
    item("tLoan", "", part("kind", "tKind"), part("reader", "", part("age", "tAge")), part("days", "date", many=True)),
    item("tLoans", "tLoan", many=True),
    item("tFew", "number", allowed("count(?) < 3", "typeConstraint"), many=True),
    item("tLevels", "number", allowed("1, 2, 3"), many=True),
    item("tAlias", "tKind"),
    item("tCheck", "", '<functionItem outputTypeRef="boolean"><parameters name="n" typeRef="number"/></functionItem>'),
))  # fmt: skip
LOAN = {"kind": "book", "reader": {"age": 9}, "days": ["2026-01-01"]}
FITTING: list[tuple[str, Any, Any]] = [
    ("tKind", "map", "map"), ("tKind", "globe", None), ("tKind", ["map"], "map"), ("tKind", 5, None),
    ("tKind", None, None),
    ("tAge", 0, 0), ("tAge", 150, None), ("tAge", "5", None),
    ("tAlias", "book", "book"), ("tAlias", "globe", None),
    ("tLoan", LOAN, LOAN), ("tLoan", {**LOAN, "more": 1}, {**LOAN, "more": 1}), ("tLoan", {"kind": "book"}, None),
    ("tLoan", {**LOAN, "reader": {"age": 200}}, None), ("tLoan", {**LOAN, "days": ["soon"]}, None),
    ("tLoan", {**LOAN, "kind": None}, {**LOAN, "kind": None}), ("tLoan", {**LOAN, "days": []}, {**LOAN, "days": []}),
    ("tLoans", [LOAN], [LOAN]), ("tLoans", LOAN, [LOAN]), ("tLoans", [], []), ("tLoans", [LOAN, {"kind": "x"}], None),
    ("tFew", [1, 2], [1, 2]), ("tFew", [1, 2, 3], None), ("tLevels", [1, 3], [1, 3]), ("tLevels", [1, 4], None),
    ("number", "5", None), ("string", 5, None), ("boolean", True, True), ("date", "2026-01-31", "2026-01-31"),
    ("date", "2026-01-31T10:00:00", None), ("dateTime", "2026-01-31", "2026-01-31T00:00:00"),
    ("time", "10:00:00", "10:00:00"),
    ("dayTimeDuration", "PT1H", "PT1H"), ("yearMonthDuration", "P1D", None), ("Any", {"a": [1]}, {"a": [1]}),
]  # fmt: skip


@pytest.mark.parametrize(("type_ref", "given", "expected"), FITTING)
def test_an_input_is_what_its_type_allows_or_null_with_a_reason(
    type_ref: str, given: Any, expected: Any
) -> None:
    declared = f'<inputData id="i" name="i"><variable name="i" typeRef="{type_ref}"/></inputData>'
    found = outcome(model(TYPES, declared, decision("d", L("i"), ["input:i"])), i=given)
    assert found.value == expected
    assert (expected is None and given is not None) is bool(found.warnings)


def test_allowed_values_are_tested_within_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "STEPS", 50_000)
    costly = item("tOdd", "number", allowed("some i in 1..900 satisfies i = ? * 2 + 1"))
    declared = '<inputData id="i" name="i"><variable name="i" typeRef="tOdds"/></inputData>'
    found = model(
        costly, item("tOdds", "tOdd", many=True), declared, decision("d", L("count(i)"), ["input:i"])
    )
    assert outcome(found, i=[3, 5]).value == 2
    with pytest.raises(feel.FeelError) as raised:
        outcome(found, i=[400] * 1000)
    assert raised.value.code == "budget_exhausted"


def test_a_function_is_held_to_its_type() -> None:
    checked = context(entry("f", L("function(n: number) n > 1"), "tCheck"), result(L("f(2)")))
    strange = context(entry("f", L("5"), "tCheck"), result(L("f(2)")))
    assert outcome(model(TYPES, decision("d", checked))).value is True
    assert outcome(model(TYPES, decision("d", strange))).value is None


def test_allowed_values_do_not_decide_what_a_value_is() -> None:
    assert outcome(model(TYPES, decision("d", L('"globe" instance of tKind')))).value is True
    assert outcome(model(TYPES, decision("d", L("{kind: 1} instance of tLoan")))).value is False


def test_knowledge_may_bear_the_name_of_a_built_in() -> None:
    found = model(
        knowledge("sum", L("n * 100"), parameter("n", "number")),
        decision("own", L("[sum(1), sum(n: 2), sum([3])]"), ["knowledge:sum"]),
        decision("many", L("sum(1, 2)"), ["knowledge:sum"]),
        decision("none", L("sum()"), ["knowledge:sum"]),
        decision("other", L("sum(list: [1, 2])"), ["knowledge:sum"]),
    )
    assert outcome(found, "own").value == [100, 200, 300]
    for name in ("many", "none", "other"):
        assert outcome(found, name).value is None
        assert outcome(found, name).warnings


def test_a_built_in_is_invoked_by_the_names_of_its_parameters() -> None:
    total = invocation(L("sum"), list=L("[1, 2]"))
    piece = '<binding><parameter name="start position"/>' + L("3") + "</binding></invocation>"
    cut = invocation(L("substring"), string=L('"shelf"')).replace("</invocation>", piece)
    assert outcome(model(decision("d", total))).value == 3
    assert outcome(model(decision("d", cut))).value == "elf"
