"""Whatever the text and the data: refused with FeelError when read, a value of FEEL and reasons when evaluated."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import feel
from engine.feel import formats
from engine.feel.functions.declared import BUILT_IN
from engine.feel.tokens import KEYWORDS
from engine.feel.values import KINDS
from tests.units.feel.drawn import HOSTILE
from tests.units.feel.evaluated import MOMENT

NAMES = ("a", "b", "c")
DATA = st.fixed_dictionaries({name: st.sampled_from(HOSTILE) for name in NAMES})
EXPRESSIONS = [
    "a + b",
    "a - b",
    "a * b",
    "a / b",
    "a ** b",
    "-a",
    "a = b",
    "a != b",
    "a < b",
    "a >= b",
    "a between b and c",
    "a in b",
    "a in (b, c)",
    "a in [b..c]",
    "a in (< b)",
    "a in = b",
    "a and b",
    "a or b",
    "not(a)",
    "a[b]",
    "a[a]",
    "a[item = b]",
    "a[item > b]",
    "a[b][c]",
    "a.b.c",
    "a.year",
    "a.second",
    "a.time offset",
    "a.start",
    "for i in a return i",
    "for i in a..b return i",
    "for i in [a, b, c] return i + a",
    "some i in a satisfies i = b",
    "every i in a, j in b satisfies i < j",
    "if a then b else c",
    "a instance of number",
    "a instance of list<number>",
    "a instance of context<a: number>",
    "a instance of function<number> -> number",
    "a instance of range<number>",
    "[a..b]",
    "(< a)",
    "{x: a, y: x + b}",
    "a(b)",
    "a(b, c)",
    "(a - b) + b",
    "(a in [b..c]) = (b <= a and a <= c)",
    "function(x: number) a + x",
]
CELLS = [
    "a",
    "< a",
    "[a..b]",
    "not(a)",
    "a, b",
    "? = a",
    "a[1]",
    "a.b",
    "if a then b else c",
    "? in a",
    "not(< a, > b)",
    "? + a > b",
    "sum(?)",
    "a(?)",
    "? instance of number",
    "some x in ? satisfies x = a",
]
CALLS = st.builds(
    lambda name, count: f"{name}({', '.join(NAMES[:count])})",
    st.sampled_from(sorted(BUILT_IN)),
    st.integers(0, 3),
)
# So many steps are enough for what is tried here, and quickly used up where there is no end.
QUICK = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


def _is_value(value: object) -> bool:
    """Whether this is a value of FEEL through and through: numbers finite and of 34 digits."""
    match value:
        case Decimal():
            return value.is_finite() and len(value.as_tuple().digits) <= 34
        case list():
            return all(map(_is_value, value))
        case dict():
            return all(isinstance(key, str) and _is_value(item) for key, item in value.items())
    return type(value) in KINDS


@QUICK
@given(st.sampled_from(EXPRESSIONS) | CALLS, DATA)
def test_no_data_makes_an_expression_raise(text: str, data: dict[str, Any]) -> None:
    try:
        found = feel.compile(text, NAMES).evaluate(data, MOMENT)
        assert _is_value(found.value)
        msgspec.json.encode(feel.to_json(found.value))  # half a character would keep it from being stored
        formats.text(found.value)
    except feel.FeelError as error:
        assert error.sentence("vi") and error.sentence("en")
        return
    assert all(warning.sentence("vi") and warning.sentence("en") for warning in found.warnings)


@QUICK
@given(st.sampled_from(CELLS), st.sampled_from(HOSTILE), DATA)
def test_no_data_makes_a_cell_raise(cell: str, tested: object, data: dict[str, Any]) -> None:
    try:
        found = feel.compile_unary(cell, NAMES).evaluate(tested, data, MOMENT)
    except feel.FeelError as error:
        assert error.sentence("vi")
        return
    assert found.value in (True, False, None)


WORDS = st.sampled_from(
    [
        *sorted(KEYWORDS),
        *sorted(BUILT_IN),
        "a",
        "b c",
        "?",
        "1",
        ".5",
        "1e99",
        '"x"',
        '"',
        "'",
        "\\",
        "@",
        '@"P1D"',
        "//",
        "/*",
        "*/",
        "é",
        "🐎",
        "\u200b",
        "\ud800",
        "\x00",
        "item",
        "partial",
        *"()[]{}<>=+-*/.,:|&%",
        "..",
        "**",
        "!=",
        "<=",
        "->",
        "= =",
        "not(",
        "f(",
        "[1..",
        "{a:",
        "list<",
        "context<",
    ]
)


@QUICK
@given(st.lists(WORDS, max_size=30).map(" ".join) | st.lists(WORDS, max_size=30).map("".join), st.booleans())
def test_no_text_raises_anything_but_a_refusal_with_its_place(text: str, as_cell: bool) -> None:
    try:
        if as_cell:
            feel.compile_unary(text, ("b c",)).evaluate(Decimal(1), {"a": 1}, MOMENT)
        else:
            feel.to_json(feel.compile(text, ("b c",)).evaluate({"a": [1, {"b": 2}]}, MOMENT).value)
    except feel.FeelError as error:
        assert error.line >= 1 and error.column >= 1
        assert error.sentence("vi") and error.sentence("en")


PATTERNS = st.lists(
    st.sampled_from([*"ab0-[]^\\(){}|*+?.,$pPwWiIcCdDsSné:", "-[", "[^", r"\p{", r"\p{L}", r"\P{IsGreek}", "(?:"]),
    max_size=12,
).map("".join)  # fmt: skip


@QUICK
@given(PATTERNS, st.sampled_from(("", "s", "m", "i", "x", "q", "xi", "g")))
def test_no_pattern_makes_a_search_raise(pattern: str, flags: str) -> None:
    searched = feel.compile("matches(a, b, c)", NAMES).evaluate(
        {"a": "ab-é", "b": pattern, "c": flags}, MOMENT
    )
    assert searched.value in (True, False) or searched.warnings
