"""Whether a DMN file has all its parts, each name once, and nothing in it that nobody would read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lxml import etree

from engine import errors
from engine.decisions import elements

_READ = elements.LOGIC | frozenset((
    "definitions", "import", "itemDefinition", "itemComponent", "functionItem", "parameters", "typeRef",
    "allowedValues", "typeConstraint", "inputData", "variable", "decision", "informationRequirement",
    "knowledgeRequirement", "requiredInput", "requiredDecision", "requiredKnowledge", "businessKnowledgeModel",
    "encapsulatedLogic", "formalParameter", "decisionService", "outputDecision", "encapsulatedDecision",
    "inputDecision", "contextEntry", "column", "row", "binding", "parameter", "input", "inputExpression",
    "inputValues", "output", "outputValues", "defaultOutputEntry", "rule", "inputEntry", "outputEntry",
    "annotation", "annotationEntry", "text", "in", "match", "return", "satisfies", "if", "then", "else",
))  # fmt: skip
# What documents or draws, and decides nothing.
_SILENT = frozenset((
    "description", "extensionElements", "question", "allowedAnswers", "supportedObjective",
    "impactedPerformanceIndicator", "decisionMaker", "decisionOwner", "usingProcess", "usingTask",
    "authorityRequirement", "requiredAuthority", "knowledgeSource", "type", "owner", "locationURI", "textAnnotation",
    "association", "sourceRef", "targetRef", "group", "elementCollection", "drgElement", "performanceIndicator",
    "impactingDecision", "organizationUnit", "decisionMade", "decisionOwned",
))  # fmt: skip
_DRAWN = ("inputData", "decision", "businessKnowledgeModel", "decisionService")
_NAMED_PARTS = {"context": "contextEntry", "relation": "column", "functionDefinition": "formalParameter",
                "encapsulatedLogic": "formalParameter", "invocation": "binding", "itemDefinition": "itemComponent",
                "itemComponent": "itemComponent"}  # fmt: skip
_WITH_ONE_LOGIC = frozenset((
    "decision", "encapsulatedLogic", "functionDefinition", "contextEntry", "binding", "if", "then", "else", "in",
    "match", "return", "satisfies",
))  # fmt: skip
_HOLDERS = {"contextEntry": "variable", "binding": "parameter"}


def findings(root: etree._Element, file: str) -> list[errors.Finding]:
    """Everything that is missing, twice, or not understood; nothing is said of what is foreign to DMN."""
    return list(_Structure(root, file).everything())


class _Structure:
    """One file, looked through once."""

    def __init__(self, root: etree._Element, file: str) -> None:
        self.root, self.file = root, file

    def everything(self) -> Iterator[errors.Finding]:
        yield from self.language()
        drawn = [element for name in _DRAWN for element in elements.all_of(self.root, name)]
        yield from self.twice(drawn)
        yield from self.ids()
        yield from self.twice(elements.children(self.root, "itemDefinition"))
        for element in elements.within(self.root):
            name = elements.tag(element)
            if name not in _READ | _SILENT:
                yield self.finding("element_unknown", element, tag=name)
            if name in _WITH_ONE_LOGIC and sum(elements.tag(part) in elements.LOGIC for part in element) > 1:
                yield self.finding("logic_twice", element)
            if name in _NAMED_PARTS:
                yield from self.twice(elements.children(element, _NAMED_PARTS[name]))
            if name == "decisionTable":
                yield from self.outputs(element)
            if name in ("decision", "businessKnowledgeModel"):
                yield from self.logic(element, name)
            if name == "decisionService" and elements.child(element, "outputDecision") is None:
                yield self.finding("service_without_output", element, name=_name(element))
            if name == "relation":
                yield from self.rows(element)

    def language(self) -> Iterator[errors.Finding]:
        """The language of all expressions that do not name their own."""
        named = self.root.get("expressionLanguage", "")
        if not elements.is_feel(named):
            yield self.finding("language_unknown", self.root, named=named)

    def twice(self, parts: Iterable[etree._Element]) -> Iterator[errors.Finding]:
        """Parts whose name another part has: one would hide the other."""
        seen: set[str] = set()
        for part in parts:
            name = _name(part)
            if name and name in seen:
                yield self.finding("name_twice", part, name=name)
            seen.add(name)

    def ids(self) -> Iterator[errors.Finding]:
        """Elements of one id, which nothing that points to them could tell apart."""
        seen: set[str] = set()
        for element in elements.within(self.root):
            identity = element.get("id", "")
            if identity and identity in seen:
                yield self.finding("id_twice", element, id=identity)
            seen.add(identity)

    def rows(self, relation: etree._Element) -> Iterator[errors.Finding]:
        """A row has a cell for each column."""
        columns = len(elements.children(relation, "column"))
        for number, row in enumerate(elements.children(relation, "row"), 1):
            found = sum(elements.tag(cell) in elements.LOGIC for cell in row)
            if found != columns:
                yield self.finding("row_width", row, row=number, found=found, columns=columns)

    def outputs(self, table: etree._Element) -> Iterator[errors.Finding]:
        """Several output columns make a context, by their names, and cannot be added up."""
        outputs = elements.children(table, "output")
        if len(outputs) < 2:
            return
        for number, output in enumerate(outputs, 1):
            if not elements.name(output):
                yield self.finding("output_without_name", output, number=number)
        yield from self.twice(outputs)
        if table.get("aggregation"):
            yield self.finding(
                "aggregation_of_several", table, found=table.get("aggregation"), count=len(outputs)
            )

    def logic(self, element: etree._Element, name: str) -> Iterator[errors.Finding]:
        held = elements.child(element, "encapsulatedLogic") if name == "businessKnowledgeModel" else element
        if elements.logic(held) is None and (held is None or elements.function_kind(held) == "FEEL"):
            yield self.finding("without_logic", element, name=_name(element))

    def finding(self, code: str, element: etree._Element, **params: object) -> errors.Finding:
        at, line = elements.identity(element), elements.line(element)
        return errors.Finding(f"dmn.{code}", params, self.file, line, at)


def _name(part: etree._Element) -> str:
    """The name by which expressions know a part."""
    holder = _HOLDERS.get(elements.tag(part))
    if holder:
        return elements.name(elements.child(part, holder))
    return elements.name(elements.child(part, "variable")) or elements.name(part)
