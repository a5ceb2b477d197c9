"""What an expression sees while it is evaluated for every case at once, and what can be told from how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from engine import feel
from engine.decisions import plans
from engine.decisions.models import Decision
from engine.decisions.verification import paths
from engine.decisions.verification.paths import Path
from engine.decisions.verification.possibilities import Part, Record, Unread, Values
from engine.feel import syntax as tree
from engine.feel.expressions import Expression
from engine.feel.faults import FeelError
from engine.feel.functions.declared import BUILT_IN
from engine.feel.types import Type

MOMENT = feel.Moment(datetime(2000, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
"""What the clock shows; what asks it is beyond analysis at any other moment."""

CLOCK = frozenset(("now", "today"))
ASKS = (tree.Comparison, tree.Between, tree.Membership, tree.InstanceOf, tree.Logic, tree.Quantified)


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression sees: parts by path, functions and types by name, and within a filter its item."""

    text: str
    names: Mapping[Path, Part]
    functions: Mapping[str, object]
    types: Mapping[str, Type]
    item: Part | None = None

    def knows_function(self, name: str) -> bool:
        """Whether a name is that of a built-in function, or of required knowledge, and of nothing else."""
        return (name,) not in self.names and (name in BUILT_IN or name in self.functions)

    def within(self, text: str) -> Scope:
        """The same for another text."""
        return replace(self, text=text)

    def binding(self, name: str, part: Part) -> Scope:
        """With one more name, which hides what had it."""
        kept = {path: known for path, known in self.names.items() if path[0] != name}
        return replace(self, names={**kept, (name,): part})


def reads_clock(node: tree.Node, scope: Scope) -> bool:
    """Whether a node asks the clock, or calls a function that may."""
    return calls(node, scope) or any(path[0] in CLOCK for path in paths.of(node))


def calls(node: tree.Node, scope: Scope) -> bool:
    """Whether a node calls what is not built in, which may ask the clock and may refuse to decide."""
    callees = (paths.path_of(call.callee) for call in paths.calls(node))
    return any(path[0] in scope.functions for path in paths.of(node)) or any(
        path is None or len(path) > 1 or not scope.knows_function(path[0]) for path in callees
    )


def read_in(node: tree.Node, scope: Scope) -> list[Path]:
    """The parts that a node reads, each once, in order."""
    found: dict[Path, None] = {}
    for path in paths.of(node):
        for size in range(len(path), 0, -1):
            if path[:size] in scope.names:
                found[path[:size]] = None
                break
    return list(found)


def may_have(item: Part, name: str) -> bool:
    match item:
        case Record(members=members):
            return name in members
        case Values(cases=cases):
            return any(
                isinstance(value, Unread) or (isinstance(value, dict) and name in value) for value, _ in cases
            )
    return False


def asks(condition: tree.Node) -> bool:
    """Whether a filter's condition is surely no index."""
    return isinstance(condition, ASKS) or (
        isinstance(condition, tree.Call) and paths.path_of(condition.callee) == ("not",)
    )


def literal(decision: Decision) -> Expression | None:
    """The expression that a decision is; None where it is a table or other boxed logic."""
    if not decision.text or decision.table is not None:
        return None
    names = decision.names | decision.reads | {plans.variable(need).name for need in decision.needs}
    try:
        return feel.compile(decision.text, names)
    except FeelError:
        return None
