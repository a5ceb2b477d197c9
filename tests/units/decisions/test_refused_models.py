"""What is no decision model, or none that can be run, is refused with its line and element, in both languages."""

from __future__ import annotations

import pytest

from engine import decisions, errors
from engine.bpmn import xml
from engine.decisions.elements import NAMESPACES

MODEL = "https://www.omg.org/spec/DMN/20191111/MODEL/"
LITERAL = "<literalExpression><text>1</text></literalExpression>"


def refused(content: str | bytes) -> list[tuple[str, int | None, str | None]]:
    """What a whole file is refused for: code, line and element; an empty list when it is read."""
    raw = content.encode() if isinstance(content, str) else content
    try:
        decisions.read(xml.parse(raw, "rules.dmn"), "rules.dmn")
    except errors.Invalid as found:
        for finding in found.findings:
            assert finding.file == "rules.dmn"
            assert finding.sentence("vi") and finding.sentence("en")
        return [(finding.code, finding.line, finding.element) for finding in found.findings]
    return []


def file(*lines: str, namespace: str = MODEL) -> str:
    """A file whose first given line is its second."""
    return (
        f'<definitions xmlns="{namespace}" id="m" name="m" namespace="n">\n'
        + "\n".join(lines)
        + "\n</definitions>"
    )


def decision(identity: str, inside: str = LITERAL, name: str = "") -> str:
    return f'<decision id="{identity}" name="{name or identity}">{inside}</decision>'


def needs(kind: str, target: str) -> str:
    group = "knowledge" if kind == "Knowledge" else "information"
    return f'<{group}Requirement><required{kind} href="{target}"/></{group}Requirement>'


JAVA = '<context><contextEntry><variable name="f"/><functionDefinition id="f1" kind="Java"/></contextEntry></context>'
PMML = '<encapsulatedLogic id="e" kind="PMML"><formalParameter name="x"/></encapsulatedLogic>'
TABLE = '<decisionTable id="t"><output/><rule id="r"><inputEntry><text>1</text></inputEntry></rule></decisionTable>'
TWO = '<decisionTable id="t"><output name="a"/><output id="o2" name="a"/></decisionTable>'
OUTER = "<itemComponent name='a'><typeRef>tB</typeRef></itemComponent>"
SERVICE = '<decisionService id="s" name="s"><outputDecision href="#d"/></decisionService>'
REFUSED: list[tuple[str, str, list[tuple[str, int | None, str | None]]]] = [
    (
        "a process",
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="p"/>',
        [("dmn.not_dmn", 1, "p")],
    ),
    (
        "a version to come",
        file(namespace="https://www.omg.org/spec/DMN/20990101/MODEL/"),
        [("dmn.not_dmn", 1, "m")],
    ),
    ("no namespace", '<definitions id="m"/>', [("dmn.not_dmn", 1, "m")]),
    ("another root", f'<decision xmlns="{MODEL}" id="d"/>', [("dmn.not_dmn", 1, "d")]),
    ("broken XML", "<definitions>\n<decision></definitions>", [("xml.syntax", 2, None)]),
    ("nothing", "", [("xml.syntax", 1, None)]),
    ("an unknown element", file(decision("d", f"{LITERAL}<mood/>")), [("dmn.element_unknown", 2, "d")]),
    (
        "an unknown box",
        file(decision("d", '<oracle id="o"/>')),
        [("dmn.without_logic", 2, "d"), ("dmn.element_unknown", 2, "o")],
    ),
    (
        "values of another file",
        file(decision("d", '<literalExpression><importedValues id="v"/></literalExpression>')),
        [("dmn.element_unknown", 2, "v")],
    ),
    ("two expressions", file("", decision("d", LITERAL * 2)), [("dmn.logic_twice", 3, "d")]),
    ("an id twice", file(decision("d"), decision("d", name="e")), [("dmn.id_twice", 3, "d")]),
    ("a name twice", file(decision("d"), decision("e", name="d")), [("dmn.name_twice", 3, "e")]),
    (
        "an input and a decision of one name",
        file('<inputData id="i" name="d"/>', decision("d")),
        [("dmn.name_twice", 3, "d")],
    ),
    (
        "a requirement of nothing",
        file(decision("d", needs("Input", "#i") + LITERAL)),
        [("dmn.reference_unknown", 2, "d")],
    ),
    (
        "a requirement of another kind",
        file('<inputData id="i" name="i"/>', decision("d", needs("Decision", "#i") + LITERAL)),
        [("dmn.reference_unknown", 3, "d")],
    ),
    (
        "a requirement in a file that is not imported",
        file(decision("d", needs("Decision", "http://other#d") + LITERAL)),
        [("dmn.reference_unknown", 2, "d")],
    ),
    ("a service of nothing", file(SERVICE), [("dmn.reference_unknown", 2, "s")]),
    ("an import of nothing", file('<import name="x" namespace="y"/>'), [("dmn.import_unknown", 2, "x")]),
    (
        "an import of a predictive model",
        file('<import name="x" namespace="y" importType="http://www.dmg.org/PMML-4_1"/>'),
        [("dmn.import_kind", 2, "x")],
    ),
    (
        "a decision that requires itself",
        file(decision("d", needs("Decision", "#d") + LITERAL)),
        [("dmn.circle", 2, "d")],
    ),
    (
        "a circle of three",
        file(*(decision(a, needs("Decision", f"#{b}") + LITERAL) for a, b in ("ab", "bc", "ca"))),
        [("dmn.circle", 2, "a")],
    ),
    (
        "a decision that calls the service it is part of",
        file(decision("d", needs("Knowledge", "#s") + LITERAL), SERVICE),
        [("dmn.circle", 2, "d")],
    ),
    (
        "a decision that comes back to itself through knowledge that calls knowledge that calls its service",
        file(
            decision("d", needs("Knowledge", "#k") + LITERAL),
            *(
                f'<businessKnowledgeModel id="{one}" name="{one}">{needs("Knowledge", f"#{other}")}'
                f"<encapsulatedLogic>{LITERAL}</encapsulatedLogic></businessKnowledgeModel>"
                for one, other in ("kh", "hs")
            ),
            SERVICE,
        ),
        [("dmn.circle", 2, "d")],
    ),
    (
        "a chain of 61 decisions",
        file(
            *(
                decision(f"d{n}", (needs("Decision", f"#d{n + 1}") if n < 60 else "") + LITERAL)
                for n in range(61)
            )
        ),
        [("dmn.chain_too_long", 2, "d0")],
    ),
    ("Java", file(decision("d", JAVA)), [("dmn.function_external", 2, "f1")]),
    (
        "a predictive model",
        file(f'<businessKnowledgeModel id="k" name="k">{PMML}</businessKnowledgeModel>'),
        [("dmn.function_external", 2, "e")],
    ),
    (
        "Java as editors of DMN 1.1 wrote it",
        file(
            f'<businessKnowledgeModel id="k" name="k">{PMML.replace("kind=", "x:kind=", 1).replace("PMML", "J")}'
            "</businessKnowledgeModel>"
        ).replace('id="m"', 'xmlns:x="urn:x" id="m"'),
        [("dmn.function_external", 2, "e")],
    ),
    (
        "another language",
        file(
            decision(
                "d",
                '<literalExpression id="l" expressionLanguage="javascript"><text>1</text></literalExpression>',
            )
        ),
        [("dmn.language_unknown", 2, "l")],
    ),
    (
        "a type nobody defines",
        file(decision("d", '<variable name="d" typeRef="tX"/>' + LITERAL)),
        [("dmn.type_unknown", 2, "d")],
    ),
    (
        "a part of no known type",
        file(f'<itemDefinition name="tA">{OUTER}</itemDefinition>'),
        [("dmn.type_unknown", 2, "a")],
    ),
    (
        "a type that is itself",
        file("<itemDefinition name='tA'><typeRef>tA</typeRef></itemDefinition>"),
        [("dmn.type_circle", 2, "tA")],
    ),
    (
        "types that hold each other",
        file(
            f'<itemDefinition name="tA">{OUTER}</itemDefinition>',
            '<itemDefinition name="tB" isCollection="true"><typeRef>tA</typeRef></itemDefinition>',
        ),
        [("dmn.type_circle", 2, "tA")],
    ),
    (
        "a type twice",
        file(*["<itemDefinition name='tA'><typeRef>number</typeRef></itemDefinition>"] * 2),
        [("dmn.name_twice", 3, "m")],
    ),
    (
        "allowed values that cannot be read",
        file(
            '<itemDefinition name="tA" id="a"><allowedValues><text>1,</text></allowedValues></itemDefinition>'
        ),
        [("feel.expected_expression_at_end", 2, "a")],
    ),
    ("a row too short", file(decision("d", TABLE)), [("dmn.rule_width", 2, "r")]),
    (
        "two results of one name",
        file(decision("d", TWO)),
        [("dmn.name_twice", 2, "o2")],
    ),
    (
        "a cell that cannot be read, on its line",
        file(
            '<decision id="d" name="d"><literalExpression id="l"><text>',
            "1 +",
            "",
            "* 2</text></literalExpression></decision>",
        ),
        [("feel.expected_expression", 5, "l")],
    ),
]


@pytest.mark.parametrize(
    ("content", "findings"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_cannot_be_run_is_refused_with_line_and_element(
    content: str, findings: list[tuple[str, int | None, str | None]]
) -> None:
    assert refused(content) == findings


@pytest.mark.parametrize("namespace", sorted(NAMESPACES))
def test_nothing_is_refused_of_a_plain_file(namespace: str) -> None:
    assert refused(file(decision("d"), namespace=namespace)) == []


HOSTILE = [
    ("an external entity", '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>', "xml.doctype"),
    (
        "entities within entities",
        '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
        + "]><d>&i;</d>",
        "xml.doctype",
    ),
    ("a far DTD", '<!DOCTYPE d SYSTEM "http://example.org/d.dtd"><d/>', "xml.doctype"),
    ("elements without end", "<a>" * 5000, "xml.too_deep"),
    ("a hundred thousand elements", "<a>" + "<b/>" * 100_000 + "</a>", "xml.too_many_elements"),
    ("a huge file", "<a>" + "x" * (xml.SIZE_LIMIT + 1) + "</a>", "xml.too_large"),
    ("another encoding", b'<?xml version="1.0" encoding="utf-16"?><a/>', "xml.encoding"),
    ("bytes that are no text", b"<a>\xff</a>", "xml.not_utf8"),
]


@pytest.mark.parametrize(
    ("content", "code"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE]
)
def test_hostile_xml_never_reaches_the_reader(content: str | bytes, code: str) -> None:
    assert [found[0] for found in refused(content)] == [code]


def test_everything_wrong_with_a_file_is_said_at_once_in_its_order() -> None:
    found = refused(
        file(
            decision("a", "<mood/>" + LITERAL),
            decision("b", needs("Input", "#x") + LITERAL),
            decision("b", JAVA, "c"),
        )
    )
    assert [(code, line) for code, line, _ in found] == [
        ("dmn.element_unknown", 2),
        ("dmn.reference_unknown", 3),
        ("dmn.id_twice", 4),
        ("dmn.function_external", 4),
    ]


def test_what_others_wrote_into_a_file_is_left_alone() -> None:
    foreign = '<x:note xmlns:x="urn:x" id="d"><x:decision/></x:note>'
    extension = '<extensionElements><anything id="d"/><decision id="d"/></extensionElements>'
    assert refused(file(decision("d", foreign + extension + LITERAL), "<!-- <mood/> -->", foreign)) == []
