"""A value that a whole process works with, and that may be another for a while: in a test, a trial or a measurement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Held(Generic[Value]):
    """What is held; nothing where the module that owns it reads or makes its own."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: Value | None = None

    @contextmanager
    def using(self, chosen: Value) -> Iterator[Value]:
        """Hold this until the block ends; what was held before is then back."""
        before, self.value = self.value, chosen
        try:
            yield chosen
        finally:
            self.value = before
