"""Where an element stands in the file its author wrote: the BPMN drawn, or the flow in process.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.bpmn import flows
from engine.definitions import manifest
from engine.definitions.definition import Definition


@dataclass(frozen=True, slots=True)
class Places:
    """File and line of elements."""

    file: str
    lines: Mapping[str, int]

    def node(self, element: str) -> tuple[str, int | None]:
        """The file to name in a finding about an element, and the line."""
        return self.file, self.lines.get(element)


def of(definition: Definition) -> Places:
    """The places of a definition's elements."""
    if definition.manifest.has_flow:
        return Places(manifest.FILE, flows.lines(definition.manifest.marked, manifest.FILE))
    drawn = {node.id: node.line for node in definition.model.nodes.values() if node.line is not None}
    return Places(f"{definition.key}.bpmn", drawn)
