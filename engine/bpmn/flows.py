"""Flows written as YAML blocks become BPMN, with ids taken from the names of their steps.

The language is described in docs/yaml-flows.md. One engine, viewer and checker serve both ways of
writing, because nothing but BPMN leaves this module. The same steps always give the same ids: nothing is
counted, so that inserting a step renames no other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from engine import errors
from engine.bpmn import blocks, layout, values
from engine.bpmn.drawings import Drawing
from engine.bpmn.marked_yaml import Marked

NAMELESS: Mapping[str, str] = MappingProxyType({})


def to_bpmn(process: Marked, file: str, names: Mapping[str, str] = NAMELESS) -> bytes:
    """The BPMN of the `flow:` of a process.yaml, with a diagram.

    `names` gives the names to show, by element id; a step without one shows its own name. Raises
    `Invalid` with every finding, each with its line in process.yaml.
    """
    drawing, _ = _drawn(process, file, names)
    return layout.ensure(drawing.written())


def lines(process: Marked, file: str) -> dict[str, int]:
    """The line in process.yaml that each element of the compiled flow comes from, by element id."""
    drawing, found = _drawn(process, file, NAMELESS)
    flows = {arrow.id: found[arrow.source] for arrow in drawing.arrows.values() if arrow.source in found}
    return {**flows, **found}


def placed(findings: Iterable[errors.Finding], process: Marked, file: str) -> list[errors.Finding]:
    """Findings about the compiled BPMN, moved to the lines of process.yaml that their elements come from."""
    known = lines(process, file)
    return [
        dataclasses.replace(finding, file=file, line=known.get(finding.element or "", process.line("/flow")))
        for finding in findings
    ]


def _drawn(process: Marked, file: str, names: Mapping[str, str]) -> tuple[Drawing, dict[str, int]]:
    found = values.Findings(process, file)
    key = process.value.get("process")
    declared = process.value.get("lanes")
    lanes = [lane for lane in declared if isinstance(lane, str)] if isinstance(declared, dict) else []
    name = names.get("process", "")
    drawing = Drawing(str(key), name, lanes, values.correlation_keys(found))
    steps = process.value.get("flow")
    if not values.is_name(key, hyphens=True):
        found.add("process_key", "/process")
    elif not isinstance(steps, list) or not steps:
        found.add("empty_flow", "/flow")
    else:
        blocks.draw(drawing, found, steps, names)
    if found.findings:
        raise errors.Invalid(sorted(found.findings, key=lambda finding: finding.line or 0))
    return drawing, found.lines
