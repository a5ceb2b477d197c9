"""A DMN file that lacks a part, says a name twice or holds what nobody reads is refused, with element and line."""

from __future__ import annotations

import pytest
from lxml import etree

from engine import decisions, errors
from engine.decisions import elements
from tests.units.decisions.drawn import NAMESPACE, decision, findings, literal, model, outcome, table, tree

INPUT = '<inputData id="i" name="days"><variable name="days"/></inputData>'
CONTEXT = (
    f'<context><contextEntry><variable name="a"/>{literal("1")}</contextEntry>'
    f'<contextEntry><variable name="a"/>{literal("2")}</contextEntry></context>'
)
FUNCTION = f'<functionDefinition>{2 * """<formalParameter name="a"/>"""}{literal("a")}</functionDefinition>'
TYPES = '<itemDefinition name="t"><typeRef>number</typeRef></itemDefinition>'
REFUSED = [
    ("without_logic", decision("d", ""), "d"),
    ("without_logic", '<businessKnowledgeModel id="k" name="k"/>', "k"),
    ("name_twice", INPUT + decision("days", literal("1")), "days"),
    ("name_twice", TYPES + TYPES, None),
    ("name_twice", decision("d", CONTEXT), "d"),
    ("name_twice", decision("d", FUNCTION), "d"),
    ("name_twice", decision("d", '<relation><column name="a"/><column name="a"/></relation>'), "d"),
    ("name_twice", decision("d", table("UNIQUE", ["1"], ["a", "a"], [["1", "2", "3"]])), "d"),
    ("output_without_name", decision("d", table("UNIQUE", ["1"], ["a", ""], [["1", "2", "3"]])), "d"),
    (
        "aggregation_of_several",
        decision("d", table("COLLECT", ["1"], ["a", "b"], [["1", "2", "3"]], aggregation="SUM")),
        "d",
    ),
    ("element_unknown", decision("d", literal("1") + "<decisionTabel/>"), "d"),
    ("element_unknown", "<decisions/>", None),
    (
        "row_width",
        decision("d", f'<relation><column name="a"/><row>{literal("1")}{literal("2")}</row></relation>'),
        "d",
    ),
    ("service_without_output", '<decisionService id="s" name="s"/>', "s"),
    ("id_twice", INPUT.replace('name="days"', 'name="hours"') + decision("i", literal("1")), "i"),
    (
        "id_twice",
        decision("i", literal("1")) + decision("i", literal("1")).replace('name="i"', 'name="j"'),
        "i",
    ),
]


@pytest.mark.parametrize(("code", "part", "element"), REFUSED, ids=str)
def test_what_is_missing_twice_or_unread_is_refused_at_its_place(
    code: str, part: str, element: str | None
) -> None:
    (finding,) = findings(part)
    assert (finding.code, finding.element) == (f"dmn.{code}", element or "m")
    assert finding.line == 2
    assert finding.sentence("vi") != finding.sentence("en")


def test_what_documents_or_draws_or_is_foreign_is_left_alone() -> None:
    drawn = """<description>x</description><knowledgeSource id="s" name="days"><type>law</type></knowledgeSource>
    <textAnnotation id="t"><text>x</text></textAnnotation><extensionElements><own xmlns="urn:own"/></extensionElements>
    <own xmlns="urn:own"><decisionTabel/></own>"""
    assert findings(drawn, INPUT, decision("d", literal("days"), ["input:i"])) == []


@pytest.mark.parametrize(
    ("language", "is_read"),
    [
        ("https://www.omg.org/spec/DMN/20191111/FEEL/", True),
        ("http://www.omg.org/spec/FEEL/20140401", True),
        ("feel", True),
        ("https://www.omg.org/spec/DMN/20240513/B-FEEL/", False),
        ("http://www.java.com/javascript", False),
        ("juel", False),
    ],
)
def test_the_language_of_a_file_is_feel_or_refused(language: str, is_read: bool) -> None:
    assert elements.is_feel(language) is is_read
    root = tree(decision("d", literal("1")))
    root.set("expressionLanguage", language)
    if is_read:
        decisions.read(root, "rules.dmn")
        return
    with pytest.raises(errors.Invalid) as refused:
        decisions.read(root, "rules.dmn")
    assert [finding.code for finding in refused.value.findings] == ["dmn.language_unknown"]


def test_qualified_names_of_types_are_resolved_by_their_namespace() -> None:
    """As DMN 1.1 writes them: FEEL's, the file's own, and those of an imported file."""
    shared = etree.fromstring(
        f'<definitions xmlns="{NAMESPACE}" namespace="urn:shared" name="s">'
        '<itemDefinition name="size"><typeRef>number</typeRef></itemDefinition></definitions>'
    )
    root = etree.fromstring(
        f"""<definitions xmlns="http://www.omg.org/spec/DMN/20151101/dmn.xsd" xmlns:own="urn:own" xmlns:sh="urn:shared"
        xmlns:f="http://www.omg.org/spec/FEEL/20140401" namespace="urn:own" name="m" id="m">
        <import namespace="urn:shared" importType="{NAMESPACE}" name="sh ared"/>
        <itemDefinition name="weight"><typeRef>f:number</typeRef></itemDefinition>
        <decision id="a" name="a"><variable name="a" typeRef="own:weight"/>{literal('"x"')}</decision>
        <decision id="b" name="b"><variable name="b" typeRef="sh:size"/>{literal("5")}</decision>
        </definitions>"""
    )
    read = decisions.read(root, "rules.dmn", {"urn:shared": decisions.read(shared, "shared.dmn")})
    assert outcome(read, "a").value is None
    assert outcome(read, "b").value == 5
    assert outcome(model(decision("d", literal("1")))).value == 1
