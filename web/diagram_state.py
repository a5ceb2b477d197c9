"""Where a case stands on its diagram: what it passed, by which flows, where it rests now, and what stopped.

Pure: the model, the history's steps and the state's tokens in; what the viewer marks out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.bpmn.model import ProcessModel
from engine.history import Row
from engine.runtime import Wait, WaitKind
from engine.runtime.state import Phase, Token

_TOUCHED = frozenset({"entered", "completed", "decided", "thrown", "caught", "stopped", "retried"})


@dataclass(frozen=True, slots=True)
class DiagramState:
    """What a diagram marks: ids of elements and flows of the file, and how many tokens rest at an element."""

    visited: tuple[str, ...]
    flows: tuple[str, ...]
    tokens: dict[str, int]
    incidents: tuple[str, ...]

    def marks(self) -> dict[str, Any]:
        """The same as JSON for the page's script."""
        return {
            "visited": [*self.visited, *self.flows],
            "here": self.tokens,
            "incident": list(self.incidents),
        }


def of(
    model: ProcessModel, rows: Iterable[Row], tokens: Iterable[Token], waits: Iterable[Wait]
) -> DiagramState:
    """The marks of a case with this history and this state."""
    visited: dict[str, None] = {}
    flows: dict[str, None] = {}
    for happened, element, details in steps(rows):
        node = model.nodes.get(element)
        if node is None or happened not in _TOUCHED:
            continue
        visited[element] = None
        if happened == "completed" and "iteration" not in details:
            flows.update(dict.fromkeys(details.get("flows", node.outgoing)))
    return DiagramState(tuple(visited), tuple(flows), _resting(tokens), _stopped(waits))


def completed(rows: Iterable[Row]) -> frozenset[str]:
    """The elements that have completed at least once."""
    return frozenset(element for happened, element, _ in steps(rows) if happened == "completed")


def steps(rows: Iterable[Row]) -> Iterable[tuple[str, str, dict[str, Any]]]:
    """What the engine did, step by step: what happened, at which element, with its details."""
    for row in rows:
        for told in row.details.get("steps", ()):
            happened, element, *rest = told
            yield str(happened), str(element), rest[0] if rest else {}


def _resting(tokens: Iterable[Token]) -> dict[str, int]:
    """Tokens per element. A token around an inner scope rests in that scope, not at its own element."""
    return dict(Counter(token.node for token in tokens if token.phase is not Phase.HOSTING))


def _stopped(waits: Iterable[Wait]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(wait.element for wait in waits if wait.kind is WaitKind.INCIDENT))
