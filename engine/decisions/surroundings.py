"""Where a box's type is worked out: the types of the names around it, and where to say what can never work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from engine import errors
from engine.feel import checking, type_relations, types
from engine.feel.checking import Checked
from engine.feel.checking.mismatches import Mismatch
from engine.feel.expressions import Expression
from engine.feel.type_relations import may_become, words
from engine.feel.types import Type


@dataclass(frozen=True, slots=True)
class Spot:
    """The place of a box in its file: the line its text begins on, and the nearest element with an id."""

    line: int | None
    element: str | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The types of the names a box sees, and the findings made on the way.

    A finding is an error where something can only be null or never match, and a warning where a part of it can.
    """

    file: str
    names: Mapping[str, Type]
    types: Mapping[str, Type]
    findings: list[errors.Finding] = field(default_factory=list)
    undrawn: frozenset[str] = frozenset()  # functions of the model that are not required here
    is_drawn: bool = (
        True  # whether the model says what it reads; if not, a name may be a variable of the process
    )

    def having(self, names: Mapping[str, Type], is_open: bool = False) -> Surroundings:
        """The same with more names around; `is_open` where an item of unknown kind may bind any name."""
        around: Mapping[str, Type] = dict.fromkeys(self.names, types.ANY) if is_open else self.names
        return replace(self, names={**around, **names})

    def expression(self, expression: Expression, spot: Spot) -> Type:
        """The type of an expression; what never works in it is noted."""
        found = checking.expression(expression.text, expression.tree, self.names, self.types, is_closed=True)
        return self._noted(found, spot)

    def condition(self, found: Type, spot: Spot) -> Type:
        """The type of what has to say true or false."""
        inner = type_relations.element(found) if type_relations.kind(found) == "list" else found
        if type_relations.is_known(inner) and type_relations.kind(inner) != "boolean":
            return self.refuse("condition", spot, found=words(found))
        return found

    def fitted(self, found: Type, wanted: Type, spot: Spot) -> Type:
        """The declared type of what is made to fit it; null when it never does."""
        if type_relations.base(wanted) == types.ANY:
            return found
        if may_become(found, wanted, reads_texts=True):
            return wanted
        return self.refuse("type_differs", spot, expected=words(wanted), found=words(found))

    def refuse(self, code: str, spot: Spot, severity: str = "error", **params: object) -> Type:
        """Note what can never work; its type is that of null."""
        self.findings.append(
            errors.Finding(f"dmn_types.{code}", params, self.file, spot.line, spot.element, severity=severity)
        )
        return types.NULL

    def _noted(self, checked: Checked, spot: Spot) -> Type:
        for mismatch in checked.mismatches:
            self.note(mismatch, spot, self.severity(mismatch, checked.is_hopeless))
        return checked.type

    def severity(self, mismatch: Mismatch, is_hopeless: bool) -> str:
        """How grave it is: a name that nothing provides is an error wherever it stands."""
        is_error = is_hopeless or (self.is_drawn and mismatch.code.startswith("name_unbound"))
        return "error" if is_error else "warning"

    def note(self, mismatch: Mismatch, spot: Spot, severity: str) -> None:
        """Make a finding of what never works in an expression."""
        name = mismatch.params.get("name")
        if mismatch.code.startswith("function_unknown") and name in self.undrawn:
            self.refuse("knowledge_not_required", spot, severity, name=name)
            return
        self.findings.append(mismatch.finding(self.file, spot.line, spot.element, severity))


Inference = Callable[[Surroundings], Type]
"""A box's type, worked out where the names have these types."""


def unknown(around: Surroundings) -> Type:
    """The type of what only running tells."""
    return types.ANY
