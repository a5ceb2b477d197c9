"""Whatever was decided can be explained from what is kept of it, by the model that decided, in few bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine import decisions, errors, texts
from engine.decisions import conclusions, explanations
from engine.decisions.explanations import Explanation
from tests.units.decisions.drawn import MOMENT, decision, literal, model, one_table, table

BAND = ("band", "string", '"high", "low", "none"')
POLICIES = {
    "UNIQUE": "unique", "FIRST": "first", "PRIORITY": "priority", "ANY": "any", "COLLECT": "collect",
    "RULE ORDER": "rule_order", "OUTPUT ORDER": "output_order",
}  # fmt: skip


def explained(found: decisions.DecisionModel, identity: str = "d", /, **variables: Any) -> Explanation:
    """What is left of an evaluation after it went into the database and came back."""
    outcome = decisions.evaluate(found, identity, variables, MOMENT)
    kept = json.loads(json.dumps(decisions.compact(found, outcome), default=float, sort_keys=True))
    return explanations.read(found, identity, json.loads(json.dumps(outcome.value, default=float)), kept)


def graph() -> decisions.DecisionModel:
    """A screening in small: `verdict` from `findings`, which reads two tables; both require `facts`."""
    finds = table(
        "COLLECT", ["facts.heat"], ["leads_to"], [["> 38", '"defer"', "hot"], ["> 40", '"defer"', "very hot"]]
    )
    other = table("COLLECT", ["facts.age"], ["leads_to"], [["< 18", '"refuse"', "young"]])
    policy = table(
        "PRIORITY", ["count(findings[item = \"refuse\"])", "count(findings[item = \"defer\"])"],
        [("said", "string", '"refuse", "defer", "go"')],
        [["> 0", "-", '"refuse"'], ["-", "> 0", '"defer"'], ["-", "-", '"go"']],
    )  # fmt: skip
    return model(
        '<inputData id="heat" name="heat"/><inputData id="age" name="age"/>',
        decision("facts", literal("{heat: heat, age: age}"), ["input:heat", "input:age"]),
        decision("finds", finds, ["decision:facts"]),
        decision("other", other, ["decision:facts"]),
        decision("findings", literal("concatenate(finds, other)"), ["decision:finds", "decision:other"]),
        decision("said", policy, ["decision:findings"]),
        decision("verdict", literal("{said: said, all: findings}"), ["decision:said", "decision:findings"]),
    )


# --- what is kept -----------------------------------------------------------------------------------------


def test_what_is_kept_tells_inputs_and_the_first_failing_cell_of_each_rule() -> None:
    rules = [["< 10", '"a"', "1"], ["-", '"b"', "2"], ["> 10", "-", "3"]]
    told = explained(one_table("UNIQUE", ["days", "kind"], ["fee"], rules), days=20, kind="x")
    assert (told.values, told.failed, told.matched, told.value) == ((20, "x"), (0, 1, -1), (3,), 3)


def test_two_columns_of_one_label_keep_their_own_values() -> None:
    drawn = table("UNIQUE", ["days", "days + 1"], ["fee"], [["-", "-", "1"]])
    found = model(decision("d", drawn.replace('label="days + 1"', 'label="days"')))
    assert [clause.label for clause in found.decisions["d"].inputs] == ["days", "days"]
    assert explained(found, days=3).values == (3, 4)


def test_a_table_of_any_width_is_kept() -> None:
    columns = [f"c{number}" for number in range(300)]
    rules = [["-"] * at + ["1"] + ["-"] * (299 - at) + ["0"] for at in (0, 8, 9, 43, 299)]
    told = explained(one_table("FIRST", columns, ["fee"], rules))
    assert told.failed == (0, 8, 9, 43, 299)


def test_each_decision_is_kept_once_however_many_require_it() -> None:
    found = graph()
    outcome = decisions.evaluate(found, "verdict", {"heat": 41, "age": 9}, MOMENT)
    kept = decisions.compact(found, outcome)
    assert sorted(kept["steps"]) == ["facts", "findings", "finds", "other", "said", "verdict"]
    told = explanations.of(found, outcome)
    assert [one.key for one in told.every()] == ["verdict", "said", "findings", "finds", "facts", "other"]
    assert told.again == ("findings",)


def test_a_ladder_of_decisions_is_kept_in_proportion_to_its_rungs() -> None:
    """Each rung requires the one below twice over; as a tree it would have millions of nodes."""
    rungs = [decision("r0", literal("1"))]
    for number in range(1, 26):
        below = f"r{number - 1}"
        rungs += [
            decision(f"l{number}", literal(below), [f"decision:{below}"]),
            decision(f"r{number}", literal(f"l{number} + {below}"), [f"decision:l{number}", f"decision:{below}"]),
        ]  # fmt: skip
    found = model(*rungs)
    outcome = decisions.evaluate(found, "r25", {}, MOMENT)
    assert len(json.dumps(decisions.compact(found, outcome), default=float)) < 4_000
    assert sum(1 for _ in explanations.of(found, outcome).every()) == 51


def test_a_rule_that_was_tried_costs_one_byte() -> None:
    def size(count: int) -> int:
        found = one_table(
            "COLLECT", ["days"], ["fee"], [[f"> {100 + number}", "1"] for number in range(count)]
        )
        outcome = decisions.evaluate(found, "d", {"days": 1}, MOMENT)
        return len(json.dumps(decisions.compact(found, outcome)))

    assert size(1_000) - size(100) == 900


def test_logic_other_than_a_table_keeps_the_variables_it_read_and_a_contexts_entries() -> None:
    entries = "".join(
        f'<contextEntry><variable name="{name}"/>{literal(text)}</contextEntry>'
        for name, text in (("rate", "0.5"), ("share", "price * rate"))
    )
    boxed = f"<context>{entries}<contextEntry>{literal('share + fee')}</contextEntry></context>"
    found = model(
        '<inputData id="price" name="price"/>',
        decision("fee", literal("2")),
        decision("d", boxed, ["input:price", "decision:fee"]),
    )
    told = explained(found, price=10)
    assert (told.value, told.reads, told.entries) == (7, {"price": 10}, {"rate": 0.5, "share": 5})
    assert [(part.key, part.value) for part in told.parts] == [("fee", 2)]


def test_a_table_within_other_logic_is_told_each_time_it_was_consulted() -> None:
    fee = table("UNIQUE", ["price"], ["f"], [["> 5", "2"]])
    boxed = f'<context><contextEntry><variable name="fee"/>{fee}</contextEntry></context>'
    found = model(
        '<inputData id="price" name="price"/>',
        share([["< 18", "0.5", "child"], ["-", "1", "adult"]]),
        decision("sum", literal("share(8) + share(age: 30) + price"), ["knowledge:share", "input:price"]),
        decision("boxed", boxed, ["input:price"]),
    )
    told = explained(found, "sum", price=7)
    assert [(part.key, part.values, part.deciding, part.value) for part in told.parts] == [
        ("share/0@1", (8,), (1,), 0.5),
        ("share/0@2", (30,), (2,), 1),
    ]
    assert told.parts[0].decided_by("en").endswith("rule 1.")
    (inner,) = explained(found, "boxed", price=7).parts
    assert (inner.key, inner.values, inner.deciding) == ("boxed/0@1", (7,), (1,))


def test_of_a_table_consulted_over_and_over_the_first_times_are_kept() -> None:
    logic = literal("sum(for age in 1..500 return share(age))")
    told = explained(model(share([["-", "1"]]), decision("sum", logic, ["knowledge:share"])), "sum")
    assert told.value == 500
    assert [part.values for part in told.parts] == [(age,) for age in range(1, 21)]


def share(rules: list[list[str]]) -> str:
    """A function of an age whose body is a table."""
    band = table("FIRST", [("age", "number")], ["share"], rules)
    function = f'<encapsulatedLogic><formalParameter name="age"/>{band}</encapsulatedLogic>'
    named = '<businessKnowledgeModel id="share" name="share"><variable name="share"/>'
    return f"{named}{function}</businessKnowledgeModel>"


def test_warnings_are_kept_with_their_place_and_said_in_both_languages() -> None:
    told = explained(one_table("UNIQUE", ["days"], ["fee"], [["-", '1 +\n  "a"']]), days=1)
    (note,) = told.notes
    assert (note.line, note.column) == (1, 1)
    for language in texts.LANGUAGES:
        assert note.extract in note.sentence(language)
    assert note.sentence("vi") != note.sentence("en")


def test_decisions_of_an_imported_model_do_not_hide_those_of_the_same_id() -> None:
    below = decisions.read(_tree("below", decision("d", literal("2"))), "below.dmn")
    need = '<informationRequirement><requiredDecision href="below#d"/></informationRequirement>'
    own = f'<decision id="d" name="d"><variable name="d"/>{need}{literal("b.d + 1")}</decision>'
    bring = '<import name="b" namespace="below" importType="https://www.omg.org/spec/DMN/20191111/MODEL/"/>'
    found = decisions.read(_tree("top", bring + own), "top.dmn", {"below": below})
    told = explained(found)
    assert (told.key, told.value) == ("d", 3)
    assert [(part.key, part.value) for part in told.parts] == [("below#d", 2)]


def test_what_was_kept_as_a_tree_is_still_told() -> None:
    """Once, a decision was repeated under each that required it; such rows are in databases."""
    part = {"decision": "finds", "outcome": ["defer"], "inputs": {"facts.heat": 39}, "rules": [1],
            "trace": [[1, 0], [2, 1]], "sub": [{"decision": "facts", "outcome": {"heat": 39}, "inputs": {},
            "rules": [], "trace": [], "sub": []}]}  # fmt: skip
    kept = {"rules": [[1, 1], [2, 0]], "sub": [{"decision": "findings", "outcome": ["defer"], "inputs": {}, "rules": [],
            "trace": [], "sub": [part]}]}  # fmt: skip
    told = explanations.read(graph(), "said", "defer", kept, {'count(findings[item = "defer"])': 1})
    assert (told.failed, told.matched, told.values) == ((0, -1), (2,), (None, 1))
    finds = next(one for one in told.every() if one.key == "finds")
    assert (finds.values, finds.failed, finds.matched, finds.value) == ((39,), (-1, 0), (1,), ["defer"])


def test_a_decision_the_model_does_not_have_is_told_without_reasons() -> None:
    told = explanations.read(graph(), "gone", 7, {"steps": {"gone": {"fit": "0"}}})
    assert (told.key, told.value, told.decision, told.matched) == ("gone", 7, None, ())


# --- what decided -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", POLICIES)
def test_the_policy_that_decided_is_said_in_both_languages(policy: str) -> None:
    told = explained(one_table(policy, ["days"], [BAND], [["> 5", '"high"']]), days=7)
    assert (told.how, told.deciding) == (POLICIES[policy], (1,))
    for language in texts.LANGUAGES:
        said = told.decided_by(language)
        assert policy in said
        assert said.endswith(" 1.")


@pytest.mark.parametrize(
    ("found", "days", "how", "deciding"),
    [
        (one_table("COLLECT", ["days"], [BAND], [["> 5", '"high"']]), 1, "nothing_gathered", ()),
        (one_table("UNIQUE", ["days"], [(*BAND, '"none"')], [["> 5", '"high"']]), 1, "default", ()),
        (one_table("UNIQUE", ["days"], [BAND], [["> 5", '"high"']]), 1, "no_rule", ()),
        (one_table("UNIQUE", ["days"], [BAND], [["> 5", '"high"'], ["> 6", '"low"']]), 7, "rules_overlap", ()),
        (one_table("ANY", ["days"], [BAND], [["> 5", '"high"'], ["> 6", '"low"']]), 7, "rules_disagree", ()),
        (one_table("UNIQUE", [("days", "number", "< 5")], [BAND], [["-", '"high"']]), 7, "input_not_allowed", ()),
        (one_table("PRIORITY", ["days"], [BAND], [["> 5", '"low"'], ["> 6", '"high"']]), 7, "priority", (2,)),
        (one_table("COLLECT", ["days"], ["fee"], [["> 5", "-1"], ["> 6", "3"]], aggregation="SUM"), 7, "collect_sum",
         (1, 2)),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)  # fmt: skip
def test_what_decided_is_told(
    found: decisions.DecisionModel, days: int, how: str, deciding: tuple[int, ...]
) -> None:
    told = explained(found, days=days)
    assert (told.how, told.deciding) == (how, deciding)
    assert "{" not in told.decided_by("vi") + told.decided_by("en")


# --- what one sentence says -------------------------------------------------------------------------------


def test_a_conclusion_is_explained_by_the_rules_that_first_came_to_its_word() -> None:
    told = explained(graph(), "verdict", heat=41, age=30)
    assert conclusions.headline(told) == conclusions.Headline("said", "defer")
    assert [(one.explanation.key, one.rules) for one in conclusions.reasons(told)] == [("finds", (1, 2))]


def test_a_conclusion_that_outranks_others_is_explained_by_its_own_finding() -> None:
    told = explained(graph(), "verdict", heat=41, age=9)
    assert conclusions.headline(told) == conclusions.Headline("said", "refuse")
    assert [(one.explanation.key, one.rules) for one in conclusions.reasons(told)] == [("other", (1,))]


def test_a_conclusion_that_no_finding_led_to_is_explained_by_its_own_rule() -> None:
    told = explained(graph(), "verdict", heat=37, age=30)
    assert [(one.explanation.key, one.rules) for one in conclusions.reasons(told)] == [("said", (3,))]


def test_a_value_without_a_simple_part_has_no_headline() -> None:
    assert conclusions.headline(explained(model(decision("d", literal("[1, 2]"))))) is None
    assert conclusions.headline(explained(model(decision("d", literal("{a: {b: 1}}"))))) is None


def _tree(namespace: str, body: str) -> Any:
    from lxml import etree

    return etree.fromstring(
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="m" name="m" '
        f'namespace="{namespace}">{body}</definitions>'
    )


# --- a choice between decisions ---------------------------------------------------------------------------


def test_a_choice_works_out_the_side_it_takes_and_tells_of_no_other() -> None:
    """Two tables for two ages: whoever is judged by one is not told what the other would have found."""
    young = table("COLLECT", ["heat"], ["leads_to"], [["> 37", '"defer"', "young"]])
    old = table(
        "COLLECT", ["heat"], ["leads_to"], [["> 38", '"defer"', "old"], ["null", '"defer"', "unknown"]]
    )
    found = model(
        '<inputData id="heat" name="heat"/><inputData id="age" name="age"/>',
        decision("below age", literal("age < 18"), ["input:age"]),
        decision("of_young", young, ["input:heat"]),
        decision("of_old", old, ["input:heat"]),
        decision(
            "d",
            literal("if below age then of_young else of_old"),
            ["decision:below age", "decision:of_young", "decision:of_old"],
        ),
    )
    assert {one.key for one in explained(found, age=12, heat=39).every()} == {"d", "below age", "of_young"}
    assert {one.key for one in explained(found, age=40, heat=39).every()} == {"d", "below age", "of_old"}
    for age in (12, 40, None):
        value = decisions.evaluate(found, "d", {"age": age, "heat": 37.5}, MOMENT).value
        assert value == (["defer"] if age == 12 else []), "no boolean is no"


def test_a_choice_is_not_refused_for_what_only_the_other_side_needs() -> None:
    demanding = table("UNIQUE", ["heat"], ["fee"], [["> 0", "1"]]).replace(
        "<input ", '<input tc:required="true" ', 1
    )
    found = model(
        '<inputData id="heat" name="heat"/><inputData id="age" name="age"/>',
        decision("strict", demanding, ["input:heat"]),
        decision("d", literal("if age = null then 0 else strict"), ["input:age", "decision:strict"]),
    )
    assert decisions.evaluate(found, "d", {}, MOMENT).value == 0
    with pytest.raises(errors.Invalid):
        decisions.evaluate(found, "d", {"age": 3}, MOMENT)
