"""What surrounds an expression while a model is read: names, types, and where to complain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from lxml import etree

from engine import errors, feel
from engine.decisions import elements
from engine.decisions.models import Table
from engine.decisions.surroundings import Spot
from engine.feel import tokens, types
from engine.feel.expressions import Expression, UnaryTests

Compiled = TypeVar("Compiled", Expression, UnaryTests)
Memory = dict[tuple[object, str, frozenset[str]], Any]
"""What was compiled within one file: by what compiled it, the text, and the names known there."""


class Scope:
    """Compiles the expressions of one decision and gathers the free names they read, and the tables among its boxes.

    A file says many things again and again: the same text among the same names is compiled once (`memory`).
    """

    def __init__(
        self,
        file: str,
        findings: list[errors.Finding],
        known: frozenset[str],
        known_types: Mapping[str, types.Type],
        memory: Memory | None = None,
    ) -> None:
        self.file, self.findings, self.known, self.types = file, findings, known, known_types
        self.memory: Memory = {} if memory is None else memory
        self.bound: list[str] = []
        self.names: set[str] = set()
        self.reads: set[str] = set()
        self.tables: list[Table] = []
        self.steps = 0  # what evaluating once all that was read weighs

    def fresh(self) -> Scope:
        """The same surroundings for another decision."""
        return Scope(self.file, self.findings, self.known, self.types, self.memory)

    @contextmanager
    def binding(self, names: Iterable[str]) -> Iterator[None]:
        """Names that a box itself provides inside the block."""
        added = [name for name in names if name]
        self.bound += added
        yield
        if added:
            del self.bound[-len(added) :]

    def bind(self, name: str) -> None:
        """One more name of the innermost `binding`."""
        self.bound.append(name)

    def type(self, name: str, element: etree._Element) -> types.Type:
        """The type a typeRef means here; a name nobody explains is complained of, and counts as Any."""
        found = self.types.get(name) or (types.from_xml(name) if name else types.ANY)
        if found is None:
            self.complain("type_unknown", element, name=name)
        return found or types.ANY

    def expression(self, element: etree._Element) -> Expression:
        """The expression in an element's text; what cannot be read becomes a finding, and null."""
        return self._noted(self._compiled(feel.compile, element, elements.text(element)))

    def text(self, element: etree._Element, text: str) -> Expression:
        """An expression given as text, complaints going to the element."""
        return self._noted(self._compiled(feel.compile, element, text))

    def cell(self, element: etree._Element) -> UnaryTests:
        """The unary tests in an element's text."""
        tests = self._compiled(feel.compile_unary, element, elements.text(element))
        self._note(tests)
        return tests

    def spot(self, element: etree._Element) -> Spot:
        """Where a box stands in the file."""
        return Spot(elements.text_line(element), elements.identity(element))

    def complain(self, code: str, element: etree._Element, **params: object) -> None:
        self.findings.append(
            errors.Finding(
                f"dmn.{code}", params, self.file, elements.line(element), elements.identity(element)
            )
        )

    def _compiled(self, compiler: Callable[..., Compiled], element: etree._Element, text: str) -> Compiled:
        """The text compiled; what is in another language, or cannot be read, is complained of and counts as null."""
        language = element.get("expressionLanguage", "")
        if not elements.is_feel(language):
            self.complain("language_unknown", element, named=language)
            return compiler("null", ())
        try:
            return self._remembered(compiler, text)
        except feel.FeelError as error:
            name = next((name for name in self._unreadable() if name in text), None)
            if name is not None:
                self.complain("name_unreadable", element, name=name)
            else:
                at, where = elements.text_line(element), elements.identity(element)
                self.findings.append(error.finding(self.file, at, where))
            return compiler("null", ())

    def _unreadable(self) -> list[str]:
        """The names known here that no expression can speak of, longest first."""
        names = {*self.known, *self.bound}
        return sorted((name for name in names if not tokens.words(name)), key=len, reverse=True)

    def _remembered(self, compiler: Callable[..., Compiled], text: str) -> Compiled:
        names = self.known | frozenset(self.bound) if self.bound else self.known
        key = (compiler, text, names)
        if key not in self.memory:
            self.memory[key] = compiler(text, names, self.types)
        found: Compiled = self.memory[key]
        return found

    def _noted(self, expression: Expression) -> Expression:
        self._note(expression)
        return expression

    def _note(self, found: Expression | UnaryTests) -> None:
        own = set(self.bound)
        self.names |= found.names - own
        self.reads |= found.reads - own
        self.steps += found.steps
