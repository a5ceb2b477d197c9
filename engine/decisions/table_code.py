"""A decision table compiled as a whole into one Python function.

The source of that function holds constants `c0`, `c1` …, which are values of its namespace, and locals `v0`, `v1` …:
never a text, a name or a number that somebody wrote in the table. What a cell of constants asks of a value of its
own kind is asked in place; every other cell, and any other value, is left to the cell's closure. So the function says
what `searches.walk` says, warnings included.
"""

from __future__ import annotations

from typing import Any

from engine.decisions import plain_cells
from engine.decisions.models import HitPolicy, Rule, Search, Table, Verdict
from engine.decisions.plain_cells import Cell
from engine.feel import syntax as tree
from engine.feel.frames import Frame
from engine.feel.values import Range

MOST_SPANS = 20  # of a cell written out; a longer one is left to its closure

_FRAME, _NAMES, _FAILS, _MATCHES = "v0", "v1", "v2", "v3"  # what the function takes


def compiled(table: Table) -> Search:
    """A function that finds the rules of a table that match, and what failed first in each that does not."""
    text, constants = source(table)
    namespace: dict[str, Any] = {"__builtins__": {}, **constants}
    exec(compile(text, "<table>", "exec"), namespace)
    decide = namespace["v"]

    def search(frame: Frame) -> Verdict:
        failed: list[int] = []
        matched: list[int] = []
        values = decide(frame, frame.names, failed.append, matched.append)
        return Verdict(values, tuple(failed), matched)

    return search


def source(table: Table) -> tuple[str, dict[str, object]]:
    """The function's source, and the constants it speaks of by their names there."""
    writer = _Writer(table)
    return writer.written(), writer.constants


class _Writer:
    """One table on its way to the source of a function `v(frame, names, fails, matches)`, which returns the values."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.constants: dict[str, object] = {}
        self.named: dict[tuple[type, object], str] = {}
        self.guards: dict[tuple[int, type | None, bool], str] = {}
        self.values = [f"v{number}" for number in range(4, 4 + len(table.inputs))]

    def written(self) -> str:
        """Values first, then what kinds they are of as far as a cell asks, then the rules in order."""
        inputs = [line for column in range(len(self.values)) for line in self._input(column)]
        values = f"return ({''.join(f'{name}, ' for name in self.values)})"
        only_first = self.table.hit_policy is HitPolicy.FIRST
        rules: list[str] = []
        for index, rule in enumerate(self.table.rules):
            rules += self._rule(rule, index, values if only_first else "")
        head = f"def v({_FRAME}, {_NAMES}, {_FAILS}, {_MATCHES}):"
        lines = [*inputs, *self._kinds(), *rules, values]
        return "\n ".join([head, *lines]) + "\n"

    def _input(self, column: int) -> list[str]:
        """An input's value: a variable is looked up in place, and what is not of the type declared is made to fit."""
        value, column_asked = self.values[column], self.table.asked[column]
        asked = self.table.inputs[column].expression.tree
        found = f"{self.constant(column_asked.value)}({_FRAME})"
        if isinstance(asked, tree.Name):
            name = self.constant(asked.name)
            found = f"{_NAMES}[{name}] if {name} in {_NAMES} else {found}"
        if column_asked.fit is None:
            return [f"{value} = {found}"]
        fits = f"{value} is None"
        if column_asked.kind is not None:
            fits = f"{self.constant(type)}({value}) is {self.constant(column_asked.kind)} or {fits}"
        fitted = f"{self.constant(column_asked.fit)}({value}, {_FRAME})"
        return [f"{value} = {found}", f"{value} = {value} if {fits} else {fitted}"]

    def _kinds(self) -> list[str]:
        """The locals that say whether a value is of the kind a cell can judge in place."""
        kind_of = self.constant(type)
        lines: list[str] = []
        for (column, kind, takes_null), name in self.guards.items():
            value = self.values[column]
            own = f"{kind_of}({value}) is {self.constant(kind)}"
            lines.append(f"{name} = {own}" + (f" or {value} is None" if takes_null else ""))
        return lines

    def _rule(self, rule: Rule, index: int, leave: str) -> list[str]:
        """The rule's cells in order until one fails; a match in a table that wants only the first leaves."""
        lines: list[str] = []
        for column, tests in enumerate(rule.tests):
            if not tests.tree.any:
                lines.append(
                    f"{'elif' if lines else 'if'} not {self._cell(column, rule)}: {_FAILS}({column})"
                )
        indent = " " if lines else ""
        lines += ["else:"] if lines else []
        lines += [f"{indent}{_FAILS}(-1)", f"{indent}{_MATCHES}({index})"]
        return [*lines, f"{indent}{leave}"] if leave else lines

    def _cell(self, column: int, rule: Rule) -> str:
        tests, value = rule.tests[column], self.values[column]
        asked = f"{self.constant(tests.test)}({value}, {_FRAME}) is True"
        cell = plain_cells.read(tests)
        if cell is None or len(cell.spans) > MOST_SPANS:
            return f"({asked})"
        found = self._constants(cell, value)
        if cell.kind is None:
            return f"({found})"
        guard = self.guards.setdefault(
            (column, cell.kind, cell.takes_null), f"v{4 + len(self.values) + len(self.guards)}"
        )
        return f"({found} if {guard} else {asked})"

    def _constants(self, cell: Cell, value: str) -> str:
        """What a cell of constants asks of a value of its kind."""
        parts = [self._span(span, value) for span in cell.spans]
        if len(cell.among) > 1:
            parts.append(f"{value} in {self.constant(cell.among)}")
        elif cell.among:
            known = cell.among[0]
            parts.append(f"{value} is None" if known is None else f"{value} == {self.constant(known)}")
        found = " or ".join(parts)
        return f"not ({found})" if cell.negated else f"({found})" if len(parts) > 1 else found

    def _span(self, span: Range, value: str) -> str:
        low = "" if span.low is None else f"{self.constant(span.low)} {'<=' if span.low_included else '<'} "
        high = (
            "" if span.high is None else f" {'<=' if span.high_included else '<'} {self.constant(span.high)}"
        )
        return f"{low}{value}{high}"

    def constant(self, value: object) -> str:
        """The name of a constant; a closure or an equal value of the same kind is kept once."""
        key = (type(value), value if type(value) in plain_cells.PLAIN else id(value))
        if key not in self.named:
            self.named[key] = f"c{len(self.named)}"
            self.constants[self.named[key]] = value
        return self.named[key]
