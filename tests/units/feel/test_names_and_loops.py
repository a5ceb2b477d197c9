"""Names with spaces, scopes, loops, filters, functions and contexts."""

from __future__ import annotations

import pytest

from engine import feel
from tests.units.feel.evaluated import MOMENT, value, warnings

LOANS = [{"title": "Kiều", "days": 3, "late fee": 0}, {"title": "Số đỏ", "days": 40, "late fee": 5}]


def test_a_name_with_spaces_is_read_by_longest_match() -> None:
    assert value("loan days + loan", **{"loan days": 3, "loan": 4}) == 7
    assert value("days-late", **{"days-late": 9, "days": 1, "late": 1}) == 9
    assert value("days-late", days=3, late=1) == 2
    assert value("for sale and true", **{"for sale": True}) is True


def test_a_name_may_hold_symbols() -> None:
    assert value("{fever?: true, r: if fever? then 1 else 2}.r") == 1
    assert value("{f: function(what if?) what if? + 1, r: f(what if?: 1)}.r") == 2
    assert value("{a.b/c-d+e*f: 1, Tom's age: 2, r: a.b/c-d+e*f + Tom's age}.r") == 3
    assert value("fever? and cough", **{"fever?": True, "cough": True}) is True


def test_a_name_need_not_repeat_its_spacing() -> None:
    assert value("loan   days", **{"loan days": 3}) == 3
    assert value("days - late", **{"days-late": 9}) == 9


def test_a_variable_may_bear_the_name_of_a_built_in() -> None:
    assert value("count > 3 and count([1]) = 1", count=4) is True
    assert value("date", date="2026-01-31") == "2026-01-31"


def test_letters_of_every_language_make_names() -> None:
    assert value("số ngày + 1", **{"số ngày": 3}) == 4
    assert value("{độc giả: 1}") == {"độc giả": 1}


def test_the_free_names_of_an_expression_are_known() -> None:
    text = "for l in loans return l.days + fee, x"
    assert feel.compile("for l in loans return l.days + fee").names == {"loans", "fee"}
    assert feel.compile("{a: 1, b: a + c}").names == {"c"}
    assert feel.compile("function(a) a + b").names == {"b"}
    assert feel.compile("sum(loans.days)").names == {"loans"}
    with pytest.raises(feel.FeelError):
        feel.compile(text)


def test_a_filters_own_names_count_only_when_known() -> None:
    assert feel.compile("loans[days > limit].title").names == {"loans"}
    assert feel.compile("loans[days > limit].title", ("loans", "limit")).names == {"loans", "limit"}
    assert value("loans[days > limit].title", loans=LOANS, limit=10) == ["Số đỏ"]


FILTERS = [
    ("loans[1].title", "Kiều"),
    ("loans[-1].title", "Số đỏ"),
    ("loans[3]", None),
    ("loans[days > 5].title", ["Số đỏ"]),
    ("loans[item.days > 5].title", ["Số đỏ"]),
    ("loans[days > 500]", []),
    ("[1, 2, 3, 4][item > 2]", [3, 4]),
    ("[1, 2, 3, 4][item > 2][1]", 3),
    ("7[1]", 7),
    ("7[item = 7]", [7]),
    ("null[1]", None),
    ("[1, null, 3][item > 1]", [3]),
    ("loans[late fee = 5].title", ["Số đỏ"]),
]


@pytest.mark.parametrize(("text", "expected"), FILTERS, ids=[text for text, _ in FILTERS])
def test_filters_pick_and_keep(text: str, expected: object) -> None:
    expression = feel.compile(text, ("loans", "late fee"))
    assert expression.json({"loans": LOANS}, MOMENT) == expected


LOOPS = [
    ("for i in 1..3 return i * i", [1, 4, 9]),
    ("for i in 3..1 return i", [3, 2, 1]),
    ("for i in [1, 2], j in [10, 20] return i + j", [11, 21, 12, 22]),
    ("for x in [[1, 2], [3]], y in x return y", [1, 2, 3]),
    ("for i in 0..4 return if i = 0 then 1 else i * partial[-1]", [1, 1, 2, 6, 24]),
    ("for i in [1..3] return i", [1, 2, 3]),
    ('for d in date("2026-01-30")..date("2026-02-01") return d.day', [30, 31, 1]),
    ("for i in 5 return i", [5]),
    ("for i in null return i", None),
    ('for i in "a".."c" return i', None),
    ("some i in [1, 2] satisfies i > 1", True),
    ("some i in [1, null] satisfies i > 1", None),
    ("every i in [1, 2] satisfies i > 1", False),
    ("every i in [] satisfies i > 1", True),
    ("some i in [1, 2], j in [2, 3] satisfies i = j", True),
    ("every i in [1, null] satisfies i > 0", None),
]


@pytest.mark.parametrize(("text", "expected"), LOOPS, ids=[text for text, _ in LOOPS])
def test_loops_run_over_lists_ranges_and_days(text: str, expected: object) -> None:
    assert value(text) == expected


def test_a_context_entry_sees_those_before_it() -> None:
    assert value("{a: 1, b: a + 1, c: {a: 5, d: a + b}}") == {"a": 1, "b": 2, "c": {"a": 5, "d": 7}}


def test_a_filter_of_nothing_warns_of_nothing() -> None:
    for empty in ("[]", "null"):
        assert value(f"{empty}[item > 5]") == []
        assert value(f"{empty}[1 + 1]") is None
        assert warnings(f"{empty}[item > 5]") == []
        assert warnings(f'{empty}["a"]') == ["filter_undecided"]


def test_a_function_may_call_itself_by_its_key() -> None:
    assert value("{f: function(n) if n < 2 then 1 else n * f(n - 1), r: f(10)}.r") == 3628800


def test_a_function_keeps_the_names_around_it() -> None:
    assert value("{add: function(a) function(b) a + b, two: add(2), r: two(40)}.r") == 42


def test_a_parameter_left_out_by_name_is_null() -> None:
    assert value("{add: function(a, b) if b = null then a else a + b, r: add(a: 1)}.r") == 1
    assert value("{add: function(a, b) a + b, r: add(b: 1, a: 2)}.r") == 3
    assert warnings("{add: function(a, b) a + b, r: add(c: 1)}.r") == ["arguments_unknown"]


def test_a_functions_parameter_types_are_checked() -> None:
    assert value('(function(a: number) a)("x")') is None
    assert warnings('(function(a: number) a)("x")') == ["type_differs"]
    assert value("(function(a: number) a)([4])") == 4


def test_functions_outside_the_language_are_never_called() -> None:
    text = 'function(a) external {java: {class: "java.lang.System", method signature: "exit(int)"}}'
    assert value(text) is None
    assert warnings(text) == ["external_function"]


def test_a_missing_variable_is_null_with_a_warning_that_says_where() -> None:
    found = feel.compile("1 +\n days").evaluate({}, MOMENT)
    assert found.value is None
    assert [warning.code for warning in found.warnings] == ["name_unknown", "operator_undefined"]
    first = found.warnings[0]
    assert (first.place.line, first.place.column) == (2, 2)
    assert "“days”" in first.sentence("en")
    assert "dòng 2, cột 2" in first.sentence("vi")


def test_comments_and_every_white_space_are_skipped() -> None:
    assert value("1 /* one */ + // and\n\u00a0\u2003 2") == 3


def test_evaluation_is_the_same_for_the_same_moment() -> None:
    expression = feel.compile("[now(), today()]")
    assert expression.json({}, MOMENT) == expression.json({}, MOMENT)
    assert expression.json({}, MOMENT) == ["2026-02-01T03:30:00+07:00", "2026-02-01"]
