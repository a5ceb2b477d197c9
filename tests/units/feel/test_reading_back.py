"""Parse, print, parse: every listed expression and cell, printed, is read back as the same tree with the same value."""

from __future__ import annotations

from typing import Any

import pytest

from engine import feel
from engine.feel import printing
from engine.feel import syntax as tree
from tests.units.feel.evaluated import MOMENT
from tests.units.feel.test_built_in_edges import cases
from tests.units.feel.test_unary_tests import CELLS

MORE = [
    "function(a: number, b: list<context<x: date, y: range<time>>>, c) a",
    "function(f: function<number, string> -> boolean) f",
    "for i in 1..3, j in [i..9], k in l return i + j + k",
    "every a in b, c in d satisfies a = c",
    "a instance of date and time",
    "a instance of function<> -> Any",
    '{"a:b": 1, "if": 2, "": 3, c d: 4}',
    "f(first name: 1, b: [2])",
    "a.b.c[1][item > 2](3)(4)",
    "x in (< 1, >= 2, [3..4), (5..6), = 7, != 8)",
    "(< 5)",
    "(!= a)",
    "-(-(a ** -b)) / -c",
    "((a - b) - c) - (d - e)",
    "a - (b - c)",
    "(a = b) = (c < d)",
    "not(a) and (b or not(c))",
    "if if a then b else c then {d: e} else [f]",
    '@"P1Y2M"',
    '@"2026-01-31T10:20:30.5@Asia/Ho_Chi_Minh"',
    "1.50 + .5 + 1e-3",
    '"a\\"b\\\\c\\n\\u0041\\U01F40E"',
    "]1..2[",
    "a[-1]",
    "(a.b)(c)",
    "[function() 1, 2]",
    "[if a then b else c, d]",
    "(function(a) a)(1)",
    "(a between 1 and 2) and b in c",
    "-1 ** 2",
    "(-1) ** 2",
    "- 5",
    "[-1..-2]",
    'date and time("2026-01-31")',
    "some i in a satisfies (every j in i satisfies j)",
]
TEXTS = [text for name in ("semantics.txt", "built_in_edges.txt") for text, _ in cases(name)] + MORE


def shape(node: Any) -> Any:
    """A tree without its offsets."""
    match node:
        case tree.Node():
            fields = [name for name in type(node).__dataclass_fields__ if name not in ("start", "end")]
            return (type(node).__name__, *(shape(getattr(node, name)) for name in fields))
        case tuple():
            return tuple(map(shape, node))
    return node


@pytest.mark.parametrize("text", TEXTS, ids=[text[:70] for text in TEXTS])
def test_an_expression_printed_is_read_back(text: str) -> None:
    known = ("c d", "first name")
    once = feel.compile(text, known)
    printed = printing.text(once.tree)
    again = feel.compile(printed, known)
    assert shape(again.tree) == shape(once.tree)
    assert printing.text(again.tree) == printed
    assert _json(again) == _json(once)


JOINED = ("a-b", "b - c", "a*b", "a.b", "x in y", "a then b", "a or b", "b between c", "c instance")
TWICE_READABLE = [
    "(a) - (b)", "a - b - c", "(a) * (b - c)", "(a).b", "(x) in (y)", "if (a) then (b) else c", "(a) or (b)",
    "(b) between (c) and 1", "(c) instance of number", "-(a) * (b)", "for i in (x) return i + (a-b)",
]  # fmt: skip


@pytest.mark.parametrize("text", TWICE_READABLE)
def test_what_names_with_operators_could_be_mistaken_for_is_printed_apart(text: str) -> None:
    once = feel.compile(text, JOINED)
    assert shape(feel.compile(printing.text(once.tree), JOINED).tree) == shape(once.tree)


def _json(expression: feel.Expression) -> feel.Json:
    return expression.json({}, MOMENT)


@pytest.mark.parametrize("cell", sorted({cell for cell, _, _ in CELLS}))
def test_a_cell_printed_is_read_back(cell: str) -> None:
    once = feel.compile_unary(cell)
    printed = printing.text(once.tree)
    assert shape(feel.compile_unary(printed).tree) == shape(once.tree)


def test_every_construct_is_printed() -> None:
    seen: set[str] = set()
    waiting: list[tree.Node] = [feel.compile(text, ("c d", "first name")).tree for text in TEXTS]
    while waiting:
        node = waiting.pop()
        seen.add(type(node).__name__)
        waiting += tree.children(node)
    kinds = [kind for kind in vars(tree).values() if isinstance(kind, type) and issubclass(kind, tree.Node)]
    assert seen == {kind.__name__ for kind in kinds} - {"Node", "Tests"}
