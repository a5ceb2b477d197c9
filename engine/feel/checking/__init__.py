"""Static types: what an expression can be, and what in it can never work, without evaluating it."""

from __future__ import annotations

from engine.feel.checking.checker import Checked, Types, cell, condition, expression

__all__ = ["Checked", "Types", "cell", "condition", "expression"]
