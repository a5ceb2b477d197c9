"""What changed between two bundles, in words: rules cell by cell, elements, forms, parameters, texts."""

from __future__ import annotations

import pytest

from engine import texts
from engine.definitions import compare
from engine.definitions import definition as definitions
from tests.book_loan.bundles import bundle, definition, edited


def changes(path: str, old: str, new: str, process: str = "loan") -> list[compare.Change]:
    before, after = definition(process), definitions.compile(edited(path, old, new, process))
    found = compare.changes(before, after)
    for change in found:
        for language in texts.LANGUAGES:
            sentence = change.sentence(language)
            assert not sentence.startswith("changes."), f"{change.code} has no sentence in {language}"
            assert "…" not in sentence, f"{change.code} has an empty gap in {language}: {sentence}"
    return found


def test_a_bundle_does_not_differ_from_itself():
    assert compare.changes(definition(), definitions.compile(bundle())) == []


def test_layout_alone_is_no_change():
    assert changes("loan.bpmn", 'width="100"', 'width="110"') == []


def test_a_changed_cell_is_told_with_rule_column_old_and_new():
    (change,) = changes(
        "limits.dmn", '"rule_reader_few_count"><text>&lt;= 5', '"rule_reader_few_count"><text>&lt;= 6'
    )
    assert (change.area, change.code, change.element) == ("rules", "cell_changed", "limits")
    assert change.params == {
        "decision": "limits", "rule": 2, "column": "Số sách hỏi mượn", "old": "<= 5", "new": "<= 6",
    }  # fmt: skip
    assert change.sentence("en") == "Table limits, rule 2, column “Số sách hỏi mượn”: from <= 5 to <= 6."


def test_a_rule_under_a_new_id_is_still_the_same_rule():
    assert changes("limits.dmn", '<rule id="rule_teacher">', '<rule id="rule_17">') == []


RULE = """\
      <rule id="rule_new">
        <inputEntry id="n1"><text>"teacher"</text></inputEntry>
        <inputEntry id="n2"><text>&gt; 100</text></inputEntry>
        <inputEntry id="n3"><text>-</text></inputEntry>
        <outputEntry id="n4"><text>"refuse"</text></outputEntry>
        <outputEntry id="n5"><text>0</text></outputEntry>
        <outputEntry id="n6"><text>"far too many"</text></outputEntry>
        <annotationEntry><text>new</text></annotationEntry>
      </rule>
    </decisionTable>
"""


def test_rules_added_and_removed_are_told_with_their_cells():
    (added,) = changes("limits.dmn", "    </decisionTable>\n", RULE)
    assert added.code == "rule_added"
    assert 'Số sách hỏi mượn: > 100 · outcome: "refuse"' in added.sentence("vi")
    before, after = definitions.compile(edited("limits.dmn", "    </decisionTable>\n", RULE)), bundle()
    (removed,) = compare.changes(before, definitions.compile(after))
    assert (removed.code, removed.params["rule"]) == ("rule_removed", 6)


@pytest.mark.parametrize(
    ("path", "old", "new", "code", "words"),
    [
        ("limits.dmn", "then 60 else 21", "then 90 else 21", "logic_changed", "then 90"),
        ("limits.dmn", 'hitPolicy="UNIQUE"', 'hitPolicy="FIRST"', "hit_policy_changed", "FIRST"),
        (
            "limits.dmn",
            'label="Nợ (đồng)" tc:required="true"',
            'label="Nợ (đồng)" tc:required="false"',
            "required_changed",
            "Nợ",
        ),
        (
            "limits.dmn",
            '<output id="limits_outcome" name="outcome"',
            '<output id="limits_outcome" tc:permissive="allow" name="outcome"',
            "permissive_changed",
            "allow",
        ),
        ("limits.dmn", "Nội quy, mục 4", "Nội quy, mục 5", "annotation_changed", "mục 5"),
        ("process.yaml", "binding: version", "binding: latest", "binding_changed", "latest"),
        ("process.yaml", "lend: PT15M", "lend: PT20M", "entry_changed", "PT20M"),
        (
            "process.yaml",
            "desk: {role: librarian}",
            "desk: {role: stacker}",
            "entry_changed",
            "/lanes/desk/role",
        ),
        ("process.yaml", "  receipt: PT15M\n", "", "entry_removed", "/service_levels/receipt"),
        ("loan.bpmn", "count(books) &gt; 2", "count(books) &gt; 3", "condition_changed", "count(books) > 3"),
        ("loan.bpmn", ">PT24H<", ">PT36H<", "element_changed", "PT36H"),
        ("loan.bpmn", 'tc:form="shelve"', 'tc:form="lend"', "element_changed", "lend"),
        ("forms/lend.json", '"format": "time"', '"format": "date-time"', "field_changed", "date-time"),
        ("forms/card.json", '"stamped"', '"sealed"', "field_added", "sealed"),
        ("forms/card.json", '    "stamped"\n  ]', "  ]", "form_part_changed", "/required"),
        ("texts/vi.yaml", "Giao sách", "Trao sách", "text_changed", "Trao sách"),
        ("scenarios/loans.yaml", "advance: PT25H", "advance: PT26H", "scenario_changed", "đúng hạn"),
        ("documents/receipt.yaml", "numbered: true", "numbered: false", "document_changed", "receipt"),
    ],
)
def test_each_kind_of_change_is_told(path, old, new, code, words):
    found = changes(path, old, new)
    assert any(change.code == code and words in change.sentence("vi") for change in found), found


def test_texts_that_came_together_are_told_one_by_one():
    found = changes(
        "texts/vi.yaml", "elements:\n", "elements:\n  dry:\n    name: Phơi sách\n    help: Đủ hai ngày\n"
    )
    assert [(change.code, change.params["name"], change.params["new"]) for change in found] == [
        ("text_added", "elements.dry.name", "Phơi sách"),
        ("text_added", "elements.dry.help", "Đủ hai ngày"),
    ]


def test_a_step_added_in_yaml_is_an_element_and_its_ways():
    found = changes(
        "process.yaml",
        "  - repeat: until_firm",
        "  - {user: air, lane: bench}\n  - repeat: until_firm",
        "repair",
    )
    assert [change.params["element"] for change in found if change.code == "element_added"] == ["air"]
    assert {change.area for change in found} == {"flow"}
    assert not [change for change in found if change.code == "element_removed"], "no other step is renamed"


def test_a_scenario_moved_to_another_line_is_not_changed():
    assert changes("scenarios/loans.yaml", "- scenario: Bạn đọc nợ", "\n\n- scenario: Bạn đọc nợ") == []
