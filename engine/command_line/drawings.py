"""The command that runs a drawing in memory."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from engine import clock, feel, settings
from engine.bpmn import reading
from engine.command_line import inputs
from engine.definitions import trace
from engine.errors import Finding, Invalid


def run(arguments: Namespace) -> int:
    """Run a BPMN file in memory and print the elements it passes."""
    from engine.bpmn import reference  # SpiffWorkflow takes a second to load, and only this needs it

    content, answers = inputs.content(Path(arguments.file)), _answers(arguments.answers)
    moment = feel.Moment(clock.now(), settings.current().zone_info)
    own = trace.trace(reading.read(content, arguments.file), answers, {}, moment)
    if arguments.engine == "own":
        print("\n".join(own))
        return 0
    stock = reference.trace(content, answers, {}, moment, arguments.file)
    width = max([len(step) for step in own] + [8])
    print(f"{'engine'.ljust(width)}  spiffworkflow")
    for left, right in _side_by_side(own, stock):
        print(f"{left.ljust(width)}  {right}")
    return int(own != stock)


def _answers(text: str | None) -> dict[str, object]:
    """Answers per element, from the command line."""
    try:
        read = json.loads(text or "{}")
    except ValueError as error:
        raise Invalid([Finding("answers_unreadable", {"reason": str(error)}, "--answers")]) from error
    if not isinstance(read, dict):
        raise Invalid([Finding("answers_unreadable", {"reason": type(read).__name__}, "--answers")])
    return read


def _side_by_side(left: list[str], right: list[str]) -> list[tuple[str, str]]:
    longest = max(len(left), len(right))
    return list(zip(left + [""] * (longest - len(left)), right + [""] * (longest - len(right)), strict=True))
