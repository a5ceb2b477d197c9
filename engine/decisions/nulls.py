"""Inputs that are not known: which columns do not say what is to become of them."""

from __future__ import annotations

from collections.abc import Iterator

from engine import errors
from engine.decisions.models import Decision


def undeclared(decision: Decision) -> Iterator[errors.Finding]:
    """A warning for each input of a table that reads data and is declared neither required nor optional."""
    for clause in decision.inputs:
        if clause.required is None and clause.expression.reads:
            yield errors.Finding(
                "dmn_table.input_undeclared",
                {"label": clause.label},
                decision.file,
                clause.line or decision.line,
                clause.id or decision.id,
                severity="warning",
            )
