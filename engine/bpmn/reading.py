"""BPMN in, a process model out; or every reason why not, at once."""

from __future__ import annotations

from types import MappingProxyType

from lxml import etree

from engine import errors
from engine.bpmn import nodes, references, refusals, spiff, xml
from engine.bpmn.model import ProcessModel


def read(content: bytes, file: str) -> ProcessModel:
    """The model of the one executable process in a BPMN file, all expressions compiled.

    Raises `Invalid` with all findings when the file is hostile or broken, is not valid BPMN, holds
    anything that is not supported, or does not fit together. What is read but would not work well as a
    flow is `structure.findings`.
    """
    root = xml.parse(content, file)
    found = findings(root, file)
    if found:
        raise errors.Invalid(found)
    process = spiff.read(root, file)
    flows = {flow.id: nodes.flow(flow) for flow in process.flows}
    return ProcessModel(
        id=process.id,
        name=process.name,
        nodes=MappingProxyType(nodes.nodes(process.elements, process.flows)),
        flows=MappingProxyType(flows),
        lanes=MappingProxyType(dict(process.lanes)),
    )


def findings(root: etree._Element, file: str) -> list[errors.Finding]:
    """Everything that stops a BPMN file from being read, by line.

    The schema's findings speak of the file, not to its author; they are kept only where nothing better
    is said about the same line.
    """
    found = refusals.findings(root, file)
    if any(finding.code == "bpmn.not_bpmn" for finding in found):
        return found
    found += references.findings(root, file)
    told = {finding.line for finding in found}
    found += [finding for finding in spiff.schema_findings(root, file) if finding.line not in told]
    return sorted(found, key=lambda finding: finding.line or 0)
