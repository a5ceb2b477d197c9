"""FEEL, the expression language of DMN 1.5: text is parsed once, compiled once, and evaluated without side effects.

A variable is JSON; a result is a FEEL value (`to_json` turns it back). What the standard calls an error
evaluates to null with a `Warning` that says why and where; only refused text and an exhausted budget raise.
"""

from __future__ import annotations

from engine.feel import functions  # noqa: F401  (declares the built-in functions)
from engine.feel.budgets import Moment
from engine.feel.expressions import Expression, Result, UnaryTests, compile, compile_unary
from engine.feel.faults import FeelError, Warning
from engine.feel.json_values import Json, as_text, from_json, to_json
from engine.feel.local_moments import localized

__all__ = [
    "Expression", "FeelError", "Json", "Moment", "Result", "UnaryTests", "Warning", "as_text",
    "compile", "compile_unary", "from_json", "localized", "to_json",
]  # fmt: skip
