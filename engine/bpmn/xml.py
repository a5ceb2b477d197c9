"""XML from strangers: parsed without DTD, entities or network, within limits, or refused with the line.

Used for BPMN and for DMN. Comments and processing instructions are dropped, so that text is whole; letters are read
composed (NFC), so that a name or an answer is the same however it was typed.
"""

from __future__ import annotations

from xml.parsers import expat

from lxml import etree

from engine import errors, spellings

SIZE_LIMIT = 2 << 20  # bytes
DEPTH_LIMIT = 64  # elements inside each other
ELEMENT_LIMIT = 50_000

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
TC = "urn:tiemchung:bpmn:1"
SPIFFWORKFLOW = "http://spiffworkflow.org/bpmn/schema/1.0/core"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def parse(content: bytes, file: str, limit: int = SIZE_LIMIT) -> etree._Element:
    """The root element of a file; raises `Invalid` with a finding and its line when it is refused."""
    if len(content) > limit:
        raise _refusal("xml.too_large", file, None, size=len(content), limit=limit)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refusal("xml.not_utf8", file, line) from None
    _scan(content, file)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise _refusal("xml.syntax", file, error.lineno, problem=error.msg) from None
    _compose(root)
    return root


def _compose(root: etree._Element) -> None:
    """Put together letters written in pieces, also those written as character references."""
    for node in root.iter():
        if node.text and not node.text.isascii():
            node.text = spellings.composed(node.text)
        for name, value in node.attrib.items():
            if not value.isascii():
                node.set(name, spellings.composed(str(value)))


def local(node: etree._Element) -> str:
    """The name of an element without its namespace."""
    return etree.QName(node).localname


def namespace(node: etree._Element) -> str:
    """The namespace of an element, empty when it has none."""
    return etree.QName(node).namespace or ""


def line(node: etree._Element) -> int | None:
    """The line an element begins at."""
    found: int | None = getattr(node, "sourceline", None)
    return found


def named(node: etree._Element) -> str | None:
    """The id of the element, or of the nearest one around it; ids in extensions do not count."""
    own = namespace(node.getroottree().getroot())
    step: etree._Element | None = node
    while step is not None:
        if step.get("id") and namespace(step) == own:
            return str(step.get("id"))[:80]
        step = step.getparent()
    return None


def _refusal(code: str, file: str, line: int | None, **params: object) -> errors.Invalid:
    return errors.Invalid([errors.Finding(code, params, file, line or None)])


class _Refused(Exception):
    """Stops the scan at the first thing that must not reach the tree builder."""

    def __init__(self, code: str, **params: object) -> None:
        self.code, self.params = code, params


def _scan(content: bytes, file: str) -> None:
    """Refuse a DTD before anything in it can act, and shapes that are only meant to exhaust memory.

    expat reports the DOCTYPE as it begins; nothing it declares has been read at that point.
    """
    scanner = expat.ParserCreate()
    depth = count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > DEPTH_LIMIT:
            raise _Refused("xml.too_deep", limit=DEPTH_LIMIT)
        if count > ELEMENT_LIMIT:
            raise _Refused("xml.too_many_elements", limit=ELEMENT_LIMIT)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*declared: object) -> None:
        raise _Refused("xml.doctype")

    def declaration(version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ("utf-8", "utf8", "us-ascii", "ascii"):
            raise _Refused("xml.encoding", encoding=encoding[:40])

    scanner.StartElementHandler, scanner.EndElementHandler = start, end
    scanner.StartDoctypeDeclHandler, scanner.XmlDeclHandler = doctype, declaration
    try:
        scanner.Parse(content, True)
    except _Refused as refused:
        raise _refusal(refused.code, file, scanner.CurrentLineNumber, **refused.params) from None
    except expat.ExpatError as error:
        raise _refusal("xml.syntax", file, error.lineno, problem=expat.ErrorString(error.code)) from None
