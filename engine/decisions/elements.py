"""The XML of a DMN file, looked at by local names so that DMN 1.1 to 1.5 read alike."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from lxml import etree

NAMESPACES = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
FEEL = frozenset((
    "http://www.omg.org/spec/FEEL/20140401", "http://www.omg.org/spec/DMN/20180521/FEEL/",
    "https://www.omg.org/spec/DMN/20191111/FEEL/", "https://www.omg.org/spec/DMN/20211108/FEEL/",
    "https://www.omg.org/spec/DMN/20230324/FEEL/",
))  # fmt: skip
OWN = "urn:tiemchung:bpmn:1"  # the namespace of what the standard has no word for, as in BPMN files
LOGIC = frozenset((
    "literalExpression", "decisionTable", "context", "relation", "list", "invocation", "functionDefinition",
    "conditional", "filter", "for", "some", "every",
))  # fmt: skip


def tag(element: etree._Element) -> str:
    """The element's name without its namespace; empty for comments, instructions and foreign elements."""
    if not isinstance(element.tag, str):
        return ""
    return _local(element.tag)


@functools.lru_cache(maxsize=1024)
def _local(named: str) -> str:
    """The local part of `{namespace}name` where the namespace is one of DMN's."""
    name = etree.QName(named)
    return name.localname if name.namespace in NAMESPACES else ""


def children(element: etree._Element, name: str) -> list[etree._Element]:
    return [child for child in element if tag(child) == name]


def child(element: etree._Element | None, name: str) -> etree._Element | None:
    if element is None:
        return None
    return next((found for found in element if tag(found) == name), None)


def logic(element: etree._Element | None) -> etree._Element | None:
    """The boxed expression directly inside an element."""
    if element is None:
        return None
    return next((found for found in element if tag(found) in LOGIC), None)


def text(element: etree._Element | None) -> str:
    """The text of a `text` child, or of the element itself where it has none."""
    if element is None:
        return ""
    inner = child(element, "text")
    return words(element if inner is None else inner)


def description(element: etree._Element) -> str:
    found = child(element, "description")
    return "" if found is None else words(found)


def attribute(element: etree._Element, *names: str) -> str:
    """The first of these attributes that is set; empty when none is."""
    return next((value for value in map(element.get, names) if value), "")


def name(element: etree._Element | None) -> str:
    """What an element is called: however its words are spaced, one space stands between them (10.3.1.2)."""
    return "" if element is None else spaced(element.get("name", ""))


def spaced(words: str) -> str:
    """Words with one space between them, none around them."""
    return " ".join(words.split())


def own(element: etree._Element, name: str) -> str | None:
    """An attribute of this platform's own namespace; None where it is not set."""
    return element.get(f"{{{OWN}}}{name}")


def line(element: etree._Element) -> int | None:
    found: object = element.sourceline
    return found if isinstance(found, int) else None


def text_line(element: etree._Element | None) -> int | None:
    """The line on which an expression's text begins, blank lines before it counted."""
    inner = child(element, "text")
    at = inner if inner is not None else element
    if at is None:
        return None
    written = at.text or ""
    begun = line(at)
    return None if begun is None else begun + written[: len(written) - len(written.lstrip())].count("\n")


def type_name(element: etree._Element | None) -> str:
    """The `typeRef` of an element, as attribute (DMN 1.2 and later) or child (1.1), in this model's own words."""
    if element is None:
        return ""
    return local_type(element, spaced(element.get("typeRef") or text(child(element, "typeRef"))))


def local_type(element: etree._Element, named: str) -> str:
    """A type's name as this model knows it.

    A prefix (1.1 has qualified names there) is resolved: FEEL's and the file's own fall away, one of an imported file
    becomes the import's name.
    """
    prefix, mark, local = named.partition(":")
    if not mark:
        return named
    root, space = element.getroottree().getroot(), element.nsmap.get(prefix)
    if prefix == "feel" or space in FEEL or space == root.get("namespace"):
        return local
    imported = next((found for found in all_of(root, "import") if found.get("namespace") == space), None)
    return named if imported is None else ".".join(filter(None, (name(imported), local)))


def imports_decisions(element: etree._Element) -> bool:
    """Whether an `import` is of decisions, and not of a predictive model, a schema or a process."""
    kind = element.get("importType", "").rstrip("/")
    return not kind or kind in {known.rstrip("/") for known in NAMESPACES}


def function_kind(element: etree._Element) -> str:
    """FEEL, Java or PMML; before DMN 1.2 editors wrote it as an attribute of their own (`F`, `J`, `P`)."""
    named = (str(key) for key in element.attrib if etree.QName(key).localname == "kind")
    return next((element.get(key, "") for key in named), "") or "FEEL"


def within(element: etree._Element) -> Iterator[etree._Element]:
    """The elements of DMN in document order; what others put into extensions or among them is theirs."""
    if tag(element):
        yield element
        if tag(element) != "extensionElements":
            for part in element:
                yield from within(part)


def is_feel(language: str) -> bool:
    """Whether an `expressionLanguage` is FEEL: not named, `feel`, S-FEEL (a part of it), or a namespace of FEEL."""
    named = language.strip().lower()
    return named in ("", "feel", "s-feel") or language.strip() in FEEL or "/feel/" in f"{named}/"


def identity(element: etree._Element) -> str | None:
    """The nearest id at or above an element."""
    return next((found for at in (element, *element.iterancestors()) if (found := at.get("id"))), None)


def all_of(root: etree._Element, name: str) -> Iterator[etree._Element]:
    """Every element of a name directly below the root."""
    return (found for found in root if tag(found) == name)


def words(element: etree._Element) -> str:
    """All the text inside an element."""
    return "".join(str(part) for part in element.itertext()).strip()
