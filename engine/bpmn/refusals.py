"""Everything in a BPMN file that would not run as the standard says is refused before it is read.

A walk over the XML by the tables of `dialect`: each element, attribute, text and expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import assert_never

from lxml import etree

from engine import errors, feel
from engine.bpmn import dialect, xml
from engine.bpmn.dialect import Shape, Value

ID_LIMIT, NAME_LIMIT, TEXT_LIMIT, EXPRESSION_LIMIT = 100, 255, 20_000, 20_000

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}\Z")
_KEY = re.compile(r"[a-z][a-z0-9_-]{0,59}\Z")
_SERVICE = re.compile(r"[a-z][a-z0-9_]{0,59}\.[a-z][a-z0-9_]{0,59}\Z")
# C0 and C1 controls, and the marks that reorder text on screen; lines and tabs may stand in labels.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_EXPRESSIONS = frozenset({"conditionExpression", "script", "loopCardinality", "completionCondition"})
_TIMES = frozenset({"timeDate", "timeDuration", "timeCycle"})
_DRAWN = frozenset({"http://bpmn.io/schema/bpmn", "http://www.omg.org/spec/BPMN/non-normative/color/1.0",
                    "http://bpmn.io/schema/bpmn/biocolor/1.0"})  # fmt: skip
_TOOL = frozenset({"http://camunda.org/schema/modeler/1.0", "http://bpmn.io/schema/modeler/1.0"})


def findings(root: etree._Element, file: str) -> list[errors.Finding]:
    """What is refused, in document order; an empty list when the whole file is the accepted dialect."""
    if root.tag != f"{{{xml.BPMN}}}definitions":
        found = errors.Finding("bpmn.not_bpmn", {"tag": _clipped(xml.local(root))}, file, xml.line(root))
        return [found]
    walk = _Walk(file)
    walk.element(root, "")
    return walk.findings


def expression(text: str) -> str:
    """The FEEL in an attribute or element: without the `=` that may precede it."""
    stripped = text.strip()
    return stripped[1:].strip() if stripped.startswith("=") else stripped


class _Walk:
    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[errors.Finding] = []

    def found(self, code: str, node: etree._Element, **params: object) -> None:
        place = xml.named(node)
        self.findings.append(errors.Finding(f"bpmn.{code}", params, self.file, xml.line(node), place))

    def element(self, node: etree._Element, parent: str) -> None:
        """Check one BPMN element and what is inside it; a refused element is not looked into."""
        name = xml.local(node)
        shape = dialect.ELEMENTS.get(name)
        if shape is None or (parent and name not in dialect.ELEMENTS[parent].children):
            self._refuse_element(node, name, parent)
            return
        for attribute, value in _attributes(node):
            self._attribute(node, name, shape, attribute, value)
        self._text(node, name, shape)
        if name == "extensionElements":
            holder = node.getparent()
            if holder is not None:
                self._extensions(node, xml.local(holder))
            return
        for child in node:
            if xml.namespace(child) == xml.BPMN:
                self.element(child, name)
            elif not (name == "definitions" and xml.namespace(child) == xml.BPMNDI):
                self.found("foreign_element", child, tag=_clipped(xml.local(child)))

    def _refuse_element(self, node: etree._Element, name: str, parent: str) -> None:
        remedy = name in dialect.REFUSED_ELEMENTS
        code = f"refused.{name}" if remedy else "refused.element"
        if name in dialect.ELEMENTS and not (remedy and parent == "subProcess"):
            code = "misplaced"
        self.found(code, node, tag=_clipped(name), parent=parent)

    def _attribute(
        self, node: etree._Element, name: str, shape: Shape, attribute: etree.QName, value: str
    ) -> None:
        local, namespace = attribute.localname, attribute.namespace
        if namespace == xml.TC:
            kind = (shape.extensions or {}).get(local)
            if kind is None:
                known = ", ".join(f"tc:{each}" for each in shape.extensions or ()) or "-"
                self.found("tc_attribute", node, attribute=_clipped(local), tag=name, known=known)
            else:
                self._value(node, f"tc:{local}", kind, value)
        elif namespace == xml.XSI and local in ("type", "schemaLocation"):
            if local == "type" and value.rpartition(":")[2] not in ("tFormalExpression", "tExpression"):
                self.found("attribute_value", node, attribute="xsi:type", value=_clipped(value), tag=name,
                           accepted="tFormalExpression")  # fmt: skip
        elif namespace in _DRAWN or (name == "definitions" and namespace in _TOOL):
            return
        elif namespace:
            self.found(
                "foreign_attribute", node, attribute=_clipped(local), namespace=_clipped(namespace), tag=name
            )
        elif local not in shape.attributes:
            code = f"refused.{local}" if local in dialect.REFUSED_ATTRIBUTES else "refused.attribute"
            self.found(code, node, attribute=_clipped(local), value=_clipped(value), tag=name)
        else:
            self._plain(node, name, local, shape.attributes[local], value)

    def _plain(
        self, node: etree._Element, name: str, attribute: str, accepted: dialect.Accepted, value: str
    ) -> None:
        if isinstance(accepted, Value):
            self._value(node, attribute, accepted, value)
        elif value not in accepted:
            code = f"refused.{attribute}" if attribute in dialect.REFUSED_ATTRIBUTES else "attribute_value"
            choice = ", ".join(accepted)
            self.found(code, node, attribute=attribute, value=_clipped(value), tag=name, accepted=choice)

    def _value(self, node: etree._Element, attribute: str, kind: Value, value: str) -> None:
        match kind:
            case Value.TEXT:
                self._label(node, attribute, value, NAME_LIMIT)
            case Value.ID:
                if len(value) > ID_LIMIT:
                    self.found("id_too_long", node, length=len(value), limit=ID_LIMIT)
                elif not _ID.match(value):
                    self.found("id_characters", node, value=_clipped(value))
            case Value.BOOLEAN:
                if value not in ("true", "false"):
                    self.found("attribute_value", node, attribute=attribute, value=_clipped(value),
                               tag=xml.local(node), accepted="true, false")  # fmt: skip
            case Value.EXPRESSION:
                self._expression(node, attribute, value)
            case Value.VARIABLE:
                self._pattern(node, attribute, value, _VARIABLE, "variable_name")
            case Value.KEY:
                self._pattern(node, attribute, value, _KEY, "key_name")
            case Value.SERVICE:
                self._pattern(node, attribute, value, _SERVICE, "service_name")
            case _:
                assert_never(kind)

    def _pattern(
        self, node: etree._Element, attribute: str, value: str, pattern: re.Pattern[str], code: str
    ) -> None:
        if not pattern.match(value):
            self.found(code, node, attribute=attribute, value=_clipped(value))

    def _label(self, node: etree._Element, attribute: str, value: str, limit: int) -> None:
        forbidden = _CONTROL.search(value)
        if forbidden:
            character = f"U+{ord(forbidden.group()):04X}"
            self.found("control_character", node, attribute=attribute, character=character)
        if len(value) > limit:
            self.found("text_too_long", node, attribute=attribute, length=len(value), limit=limit)

    def _text(self, node: etree._Element, name: str, shape: Shape) -> None:
        inside = [node.text or "", *(child.tail or "" for child in node)]
        if not shape.holds_text:
            stray = "".join(inside).strip()
            if stray:
                self.found("stray_text", node, tag=name, text=_clipped(stray))
            return
        text = "".join(inside)
        if len(node):
            self.found("misplaced", node[0], tag=_clipped(xml.local(node[0])), parent=name)
        elif name in _EXPRESSIONS:
            self._expression(node, name, text)
        elif name in _TIMES:
            self._time(node, name, text)
        elif name in ("incoming", "outgoing", "flowNodeRef"):
            self._label(node, name, text.strip(), ID_LIMIT)
        else:
            self._label(node, name, text, TEXT_LIMIT)

    def _time(self, node: etree._Element, name: str, text: str) -> None:
        if text.strip().startswith("="):
            self._expression(node, name, text)
        elif not text.strip():
            self.found("empty_expression", node, attribute=name)
        else:
            self._label(node, name, text.strip(), NAME_LIMIT)

    def _expression(self, node: etree._Element, attribute: str, text: str) -> None:
        written = expression(text)
        if not written:
            self.found("empty_expression", node, attribute=attribute)
        elif len(written) > EXPRESSION_LIMIT:
            self.found(
                "text_too_long", node, attribute=attribute, length=len(written), limit=EXPRESSION_LIMIT
            )
        else:
            try:
                feel.compile(written)
            except feel.FeelError as error:
                said = {"vi": error.sentence("vi"), "en": error.sentence("en")}
                line = (xml.line(node) or 1) + text[: text.find(written)].count("\n") + error.line - 1
                params = {"attribute": attribute, "text": _clipped(written, 120), **said}
                at = line if attribute == xml.local(node) else xml.line(node)
                self.findings.append(errors.Finding("bpmn.feel", params, self.file, at, xml.named(node)))

    def _extensions(self, node: etree._Element, holder: str) -> None:
        for child in node:
            name, namespace = _clipped(xml.local(child)), xml.namespace(child)
            if namespace == xml.TC and name == "io" and dialect.ELEMENTS[holder].io:
                self._io(child, holder, dialect.ELEMENTS[holder].io)
            elif namespace == xml.TC:
                self.found("tc_element", child, tag=name, parent=holder)
            elif namespace == xml.SPIFFWORKFLOW:
                self._spiffworkflow(child, name, holder)
            else:
                self.found("foreign_extension", child, tag=name, namespace=_clipped(namespace))

    def _io(self, node: etree._Element, holder: str, accepted: frozenset[str]) -> None:
        targets: set[tuple[str, str]] = set()
        for child in node:
            name = xml.local(child)
            if xml.namespace(child) != xml.TC or name not in accepted:
                self.found("tc_element", child, tag=_clipped(name), parent=f"tc:io ({holder})")
                continue
            values = {str(name): str(value) for name, value in child.attrib.items()}
            for wanted, check in (("target", self._target), ("source", self._source)):
                value = values.pop(wanted, None)
                if value is None:
                    self.found("missing_attribute", child, attribute=wanted, tag=f"tc:{name}")
                else:
                    check(child, value)
            for extra in values:
                self.found("refused.attribute", child, attribute=_clipped(extra), tag=f"tc:{name}", value="")
            target = (name, child.get("target", ""))
            if target in targets:
                self.found("duplicate_target", child, target=_clipped(target[1]))
            targets.add(target)

    def _target(self, node: etree._Element, value: str) -> None:
        self._pattern(node, "target", value, _VARIABLE, "variable_name")

    def _source(self, node: etree._Element, value: str) -> None:
        self._expression(node, "source", value)

    def _spiffworkflow(self, node: etree._Element, name: str, holder: str) -> None:
        if holder not in dialect.SPIFFWORKFLOW_READ.get(name, frozenset()):
            own = name in dialect.SPIFFWORKFLOW_REFUSED
            self.found(f"spiffworkflow.{name if own else 'other'}", node, tag=name, parent=holder)
            return
        text = (node.text or "").strip()
        checks: dict[str, Callable[[], None]] = {
            "calledDecisionId": lambda: self._pattern(node, name, text, _KEY, "key_name"),
            "variableName": lambda: self._pattern(node, name, text, _VARIABLE, "variable_name"),
            "properties": lambda: self._properties(node),
        }
        checks[name]()

    def _properties(self, node: etree._Element) -> None:
        for child in node:
            name = child.get("name", "")
            if name not in dialect.SPIFFWORKFLOW_PROPERTIES:
                self.found("spiffworkflow.property", child, name=_clipped(name))
            elif not _KEY.match(form_name(child.get("value", ""))):
                self.found("key_name", child, attribute=name, value=_clipped(child.get("value", "")))


def form_name(filename: str) -> str:
    """The form a SpiffWorkflow model names by its schema's file: `lend-schema.json` is `lend`."""
    return filename.removesuffix(".json").removesuffix("-schema")


def _attributes(node: etree._Element) -> Iterator[tuple[etree.QName, str]]:
    for attribute, value in node.attrib.items():
        yield etree.QName(str(attribute)), str(value)


def _clipped(text: str, limit: int = 60) -> str:
    """Foreign text as it may be shown in a sentence: short, and without control characters."""
    shown = _CONTROL.sub("?", text).replace("\n", " ")
    return shown if len(shown) <= limit else shown[: limit - 3] + "..."
