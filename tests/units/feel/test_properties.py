"""Laws that hold for every value: De Morgan, ranges, durations, calendars, printing, and that text never crashes."""

from __future__ import annotations

import datetime as python_dates
import decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import feel
from engine.feel import dates, durations, expressions, formats, parsing, printing
from engine.feel import syntax as tree
from tests.units.feel.evaluated import MOMENT, value

TRUTHS = st.sampled_from((True, False, None))
NUMBERS = st.decimals(-(10**6), 10**6, places=3)
DAYS = st.dates(python_dates.date(1600, 1, 1), python_dates.date(2400, 12, 31))
MONTHS = st.integers(-2400, 2400)


@given(TRUTHS, TRUTHS)
def test_de_morgan_holds_in_three_values(a: bool | None, b: bool | None) -> None:
    assert value("not(a and b)", a=a, b=b) is value("not(a) or not(b)", a=a, b=b)
    assert value("not(a or b)", a=a, b=b) is value("not(a) and not(b)", a=a, b=b)


@given(NUMBERS, NUMBERS, NUMBERS, st.sampled_from("[("), st.sampled_from("])"))
def test_a_range_includes_what_comparison_says(
    x: decimal.Decimal, low: decimal.Decimal, high: decimal.Decimal, opening: str, closing: str
) -> None:
    above = "<=" if opening == "[" else "<"
    below = "<=" if closing == "]" else "<"
    inside = value(f"x in {opening}low..high{closing}", x=x, low=low, high=high)
    assert inside is value(f"low {above} x and x {below} high", x=x, low=low, high=high)
    assert inside is feel.compile_unary(f"{opening}low..high{closing}").matches(
        x, {"low": low, "high": high}, MOMENT
    )


@given(NUMBERS, NUMBERS)
def test_comparisons_are_each_others_opposites(a: decimal.Decimal, b: decimal.Decimal) -> None:
    assert value("a < b", a=a, b=b) is not value("a >= b", a=a, b=b)
    assert value("a = b", a=a, b=b) is not value("a != b", a=a, b=b)
    assert value("min(a, b) <= max(a, b)", a=a, b=b) is True


@given(NUMBERS, NUMBERS)
def test_arithmetic_agrees_with_decimal128(a: decimal.Decimal, b: decimal.Decimal) -> None:
    context = decimal.Context(prec=34, rounding=decimal.ROUND_HALF_EVEN)
    assert value("a + b", a=a, b=b) == context.add(a, b)
    assert value("a * b", a=a, b=b) == context.multiply(a, b)
    if b:
        assert value("a / b", a=a, b=b) == context.divide(a, b)
        assert value("modulo(a, b) + b * floor(a / b)", a=a, b=b) == a


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12))
def test_days_and_time_durations_add_like_their_nanoseconds(a: int, b: int) -> None:
    one, other = durations.DaysTime(a), durations.DaysTime(b)
    assert value(f'duration("{one}") + duration("{other}")') == str(durations.DaysTime(a + b))
    assert durations.read(str(one)) == one


@given(MONTHS, MONTHS)
def test_years_and_months_durations_add_like_their_months(a: int, b: int) -> None:
    one, other = durations.YearsMonths(a), durations.YearsMonths(b)
    assert value(f'duration("{one}") - duration("{other}")') == str(durations.YearsMonths(a - b))
    assert durations.read(str(one)) == one


@given(DAYS, st.integers(-100_000, 100_000))
def test_days_count_as_pythons_calendar_counts(day: python_dates.date, by: int) -> None:
    ours = dates.Date(day.year, day.month, day.day)
    assert ours.ordinal() == day.toordinal() - python_dates.date(1970, 1, 1).toordinal()
    assert dates.day_at(ours.ordinal()) == ours
    assert ours.weekday() == day.isoweekday()
    later = day + python_dates.timedelta(days=by)
    assert (
        value(f'date("{ours}") + duration("{durations.DaysTime(by * durations.DAY)}")') == later.isoformat()
    )
    assert value(f'week of year(date("{ours}"))') == day.isocalendar().week


@given(DAYS, MONTHS)
def test_months_are_clamped_to_the_months_end(day: python_dates.date, by: int) -> None:
    found = dates.add_months(dates.Date(day.year, day.month, day.day), by)
    assert found is not None
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == by
    assert found.day == min(day.day, dates.month_days(found.year, found.month))


@given(st.integers(-dates.LAST_YEAR, dates.LAST_YEAR), st.integers(1, 12), st.integers(1, 28))
def test_dates_of_any_year_are_read_back(year: int, month: int, day: int) -> None:
    found = dates.Date(year, month, day)
    assert dates.day_at(found.ordinal()) == found
    assert year == 0 or dates.read_date(str(found)) == found


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | NUMBERS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_json_goes_in_and_comes_out_unchanged(data: Any) -> None:
    assert feel.to_json(feel.from_json(data)) == data


@given(st.text())
def test_a_text_is_read_back_from_its_literal(text: str) -> None:
    assert value(formats.quoted(text)) == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


# -- trees: every expression that can be printed is read back as the same tree

NAMES = st.sampled_from(("a", "b", "loan days", "shelf"))


def _node(kind: type[tree.Node], *parts: Any) -> Any:
    return kind(0, 0, *parts)  # type: ignore[call-arg]


LEAVES = (
    st.builds(lambda name: _node(tree.Name, name), NAMES)
    | st.builds(lambda number: _node(tree.Literal, number), st.decimals(0, 10**6, places=2))
    | st.builds(lambda text: _node(tree.Literal, text), st.text('aé"\\\n ', max_size=5))
    | st.builds(lambda word: _node(tree.Literal, word), TRUTHS)
    | st.builds(lambda months: _node(tree.Literal, durations.YearsMonths(months)), st.integers(0, 99))
)


SIGNS = st.sampled_from(("+", "-", "*", "/", "**"))


def _composite(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    bound = st.builds(
        lambda sign, part: _node(tree.Bound, sign, part), st.sampled_from(("<", ">=", "!=")), inner
    )
    tests = st.lists(inner | bound, min_size=1, max_size=2).map(tuple)
    iterator = st.builds(lambda part: _node(tree.Iterator, "i", part, None), inner)
    return st.one_of(
        st.builds(lambda s, x, y: _node(tree.Arithmetic, s, x, y), SIGNS, inner, inner),
        st.builds(lambda s, x, y: _node(tree.Comparison, s, x, y), st.sampled_from(("=", "<", ">=")), inner, inner),
        st.builds(lambda word, parts: _node(tree.Logic, word, parts), st.sampled_from(("and", "or")), several),
        st.builds(lambda part: _node(tree.Negation, part), inner),
        st.builds(lambda x, y, z: _node(tree.Between, x, y, z), inner, inner, inner),
        st.builds(lambda x, found: _node(tree.Membership, x, found), inner, tests),
        st.builds(lambda x, y, z: _node(tree.If, x, y, z), inner, inner, inner),
        st.builds(lambda it, body: _node(tree.For, (it,), body), iterator, inner),
        st.builds(lambda it, body: _node(tree.Quantified, "some", (it,), body), iterator, inner),
        st.builds(lambda x: _node(tree.Path, x, "member"), inner),
        st.builds(lambda x, y: _node(tree.Filter, x, y), inner, inner),
        st.builds(lambda x, y, lo, hi: _node(tree.Interval, x, y, lo, hi), inner, inner, st.booleans(), st.booleans()),
        several.map(lambda items: _node(tree.List, items)),
        st.builds(lambda x: _node(tree.Context, (("key one", x),)), inner),
        st.builds(lambda x: _node(tree.Call, _node(tree.Name, "f"), (x,), ()), inner),
        st.builds(lambda x: _node(tree.Call, _node(tree.Name, "f"), (x,), ("n",)), inner),
    )  # fmt: skip


def _shape(node: tree.Node) -> Any:
    """A tree without its offsets, nested logic of one word flattened as reading does."""
    if isinstance(node, tree.Literal):
        return node.value
    own = [getattr(node, name) for name in ("name", "operator", "quantifier", "member", "names", "low_included",
                                            "high_included") if hasattr(node, name)]  # fmt: skip
    return (type(node).__name__, own, [_shape(child) for child in tree.children(node)])


@settings(max_examples=200, deadline=None)
@given(st.recursive(LEAVES, _composite, max_leaves=8))
def test_a_printed_tree_is_read_back_as_the_same_tree(node: tree.Node) -> None:
    text = printing.text(node)
    again = parsing.expression(text, ("loan days",), expressions.functions())
    assert _shape(again) == _shape(node)
    assert printing.text(again) == text


# -- any text at all

WORDS = st.sampled_from(
    ["a", "1", ".5", '"x"', "(", ")", "[", "]", "{", "}", "..", ",", ":", "+", "-", "**", "<", "=", "in", "and",
     "if", "then", "else", "for", "return", "some", "satisfies", "function", "instance", "of", "not", "?", "@",
     "null", "between", ".", "date", "list", "'", "\\", '"', "/*", "//", "é", "\u200b", "\ud800", "𝒳"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.lists(WORDS, max_size=25).map(" ".join) | st.text(max_size=40), st.sampled_from(("expression", "cell"))
)
def test_no_text_raises_anything_but_a_feel_error(text: str, what: str) -> None:
    try:
        if what == "cell":
            feel.compile_unary(text).evaluate(1, {"a": 1}, MOMENT)
        else:
            feel.to_json(feel.compile(text).evaluate({"a": [1, {"b": 2}]}, MOMENT).value)
    except feel.FeelError as error:
        assert error.sentence("vi")
        assert error.sentence("en")
