"""The built-in functions, a module per kind of value. Importing this package declares them: `declared.BUILT_IN`."""

from __future__ import annotations

from engine.feel.functions import contexts, conversions, dates, lists, numbers, ranges, strings

__all__ = ["contexts", "conversions", "dates", "lists", "numbers", "ranges", "strings"]
