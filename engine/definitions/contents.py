"""What a bundle says apart from how it is written: the part of each file that the content hash covers.

Left out are layout (diagram interchange), comments, indentation, the changelog and the readme: two bundles
with one hash run the same. A file that cannot be read counts byte by byte; checks refuse it elsewhere.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import PurePosixPath

from lxml import etree

from engine.bpmn import marked_yaml, xml
from engine.errors import Invalid

LAYOUT = frozenset(
    {
        "http://www.omg.org/spec/BPMN/20100524/DI",
        "https://www.omg.org/spec/DMN/20180521/DMNDI/",
        "https://www.omg.org/spec/DMN/20191111/DMNDI/",
        "https://www.omg.org/spec/DMN/20230324/DMNDI/",
        "http://bpmn.io/schema/dmn/biodi/2.0",
        "http://bpmn.io/schema/dmn/biodi/1.0",
    }
)
IGNORED = frozenset({"CHANGELOG.md", "README.md"})


def hashed(files: Mapping[str, bytes]) -> str:
    """The content hash of a bundle: sha256 over each path and its meaning, in order of paths."""
    digest = hashlib.sha256()
    for path in sorted(files):
        if path not in IGNORED:
            meant = meaning(path, files[path])
            digest.update(f"{path}\0{len(meant)}\0".encode() + meant)
    return digest.hexdigest()


@functools.lru_cache(maxsize=512)
def meaning(path: str, content: bytes) -> bytes:
    """One file without what does not change how it runs. Kept, because the versions of a process share most files."""
    try:
        match PurePosixPath(path).suffix:
            case ".yaml":
                return json.dumps(marked_yaml.load(content, path).value, ensure_ascii=False).encode()
            case ".json":
                return json.dumps(json.loads(content), ensure_ascii=False).encode()
            case ".bpmn" | ".dmn":
                return _without_layout(xml.parse(content, path))
    except (Invalid, ValueError, RecursionError):
        pass
    return content


def _without_layout(root: etree._Element) -> bytes:
    """Canonical XML (C14N 2.0) without diagrams, comments and the spaces between elements."""
    for element in list(root.iter()):
        if not isinstance(element.tag, str):
            continue
        parent = element.getparent()
        if etree.QName(element).namespace in LAYOUT and parent is not None:
            parent.remove(element)
        else:
            for name in [name for name in element.attrib if etree.QName(name).namespace in LAYOUT]:
                del element.attrib[name]
    return canonical(root)


def canonical(element: etree._Element) -> bytes:
    """Canonical XML (C14N 2.0) of an element, without comments and the spaces around texts."""
    written: bytes = etree.tostring(element, method="c14n2", strip_text=True, with_comments=False)  # type: ignore[call-overload]
    return written
