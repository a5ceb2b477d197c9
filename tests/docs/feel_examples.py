"""The examples of the pages on FEEL: lines `expression → value ! warnings`, read from the pages and evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from engine import feel
from engine.feel import comparisons, dates, expressions, formats, syntax
from engine.feel.budgets import Run
from tests.architecture.sources import ROOT

MOMENT = feel.Moment(datetime(2026, 1, 31, 20, 30, tzinfo=UTC), ZoneInfo("Asia/Ho_Chi_Minh"))
PAGES = [ROOT / "docs" / "feel.md", *sorted((ROOT / "docs" / "feel").glob("*.md"))]
_FENCED = re.compile(r"^```(feel|feel-cell)\n(.*?)^```", re.M | re.S)


@dataclass(frozen=True, slots=True)
class Example:
    """One example: an expression, or a cell with the value it is `given`; what it gives, and which warnings."""

    page: Path
    line: int
    text: str
    given: str | None
    value: str
    codes: frozenset[str]

    def compiled(self) -> expressions.Expression | expressions.UnaryTests:
        return feel.compile(self.text) if self.given is None else feel.compile_unary(self.text)

    def trees(self) -> Iterator[syntax.Node]:
        """Every node of the example's tree; nothing for text that is refused."""
        if self.value != "refused":
            yield from _nodes(self.compiled().tree)

    def fault(self) -> str:
        """What is otherwise than the page says; empty when all is as it says."""
        found, codes = self._found()
        if self.value == "refused" or found == "refused":
            right = found == self.value
        else:
            right = identical(found, value_of(self.value))
        if right and codes == self.codes:
            return ""
        shown = found if found == "refused" else formats.literal(found)
        return f"{self.page.name}:{self.line}: {self.text} → {shown} ! {', '.join(sorted(codes))}"

    def _found(self) -> tuple[object, frozenset[str]]:
        try:
            compiled = self.compiled()
            if isinstance(compiled, expressions.UnaryTests):
                result = compiled.evaluate(value_of(self.given or "null"), {}, MOMENT)
            else:
                result = compiled.evaluate({}, MOMENT)
        except feel.FeelError as error:
            return "refused", frozenset((error.code,))
        return result.value, frozenset(warning.code for warning in result.warnings)


def examples(page: Path) -> list[Example]:
    """The examples of one page, in order; an expression may take several lines before its arrow."""
    text = page.read_text("utf-8")
    found: list[Example] = []
    for block in _FENCED.finditer(text):
        first = text[: block.start(2)].count("\n") + 1
        pending: list[str] = []
        for number, line in enumerate(block[2].splitlines(), first):
            pending += [line] if line.strip() else []
            if " → " in line:
                found.append(_example(page, number, "\n".join(pending), block[1] == "feel-cell"))
                pending = []
        assert not pending, f"{page.name}: no value for {pending}"
    return found


def _example(page: Path, line: int, text: str, is_cell: bool) -> Example:
    words, _, outcome = text.rpartition(" → ")
    value, _, codes = outcome.partition(" ! ")
    given = None
    if is_cell:
        words, mark, given = words.rpartition(" given ")
        assert mark, f"{page.name}:{line}: a cell needs a value it is given"
    return Example(page, line, words.strip(), given, value.strip(), frozenset(re.findall(r"[a-z_]+", codes)))


def value_of(text: str) -> object:
    return feel.compile(text).evaluate({}, MOMENT).value


def identical(one: object, other: object) -> bool:
    if isinstance(one, dates.Time | dates.DateTime):
        return one == other
    return (one is None and other is None) or comparisons.same(one, other, Run(MOMENT))


def _nodes(node: syntax.Node) -> Iterator[syntax.Node]:
    yield node
    for child in syntax.children(node):
        yield from _nodes(child)
