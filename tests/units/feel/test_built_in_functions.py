"""Every built-in function gives what the standard says, by position and by name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.feel.functions.declared import BUILT_IN
from tests.units.feel.evaluated import refusal, value, warnings

STRINGS = [
    ('substring("librarian", 3)', "brarian"),
    ('substring("librarian", 3, 4)', "brar"),
    ('substring("librarian", -3, 2)', "ia"),
    ('substring(string: "shelf", start position: 2, length: 3)', "hel"),
    ('substring("shelf", 0)', None),
    ('substring("shelf", 4, 2)', "lf"),
    ('substring("shelf", 4, 3)', None),
    ('substring("shelf", -2, 3)', None),
    ('substring("shelf", 1, 0)', None),
    ('substring("shelf", 9)', None),
    ('string length("sách")', 4),
    ('string length("\\U01F40E")', 1),
    ('upper case("sách")', "SÁCH"),
    ('lower case("ĐỌC")', "đọc"),
    ('substring before("book-loan", "-")', "book"),
    ('substring before("book", "x")', ""),
    ('substring after("book-loan", "-")', "loan"),
    ('substring after("book", "x")', ""),
    ('substring after("book", "")', "book"),
    ('contains("librarian", "bra")', True),
    ('contains("librarian", "xyz")', False),
    ('starts with("shelf", "sh")', True),
    ('ends with("shelf", "sh")', False),
    ('matches("B-123", "^[A-Z]-\\d+$")', True),
    ('matches("abc", "ABC", "i")', True),
    ('matches("line\\nnext", "line.next")', False),
    ('matches("line\\nnext", "line.next", "s")', True),
    ('matches("a b", "a b", "x")', False),
    ('matches("a.b", "a.b", "q")', True),
    ('matches("axb", "a.b", "q")', False),
    ('matches("f", "[a-z-[aeiou]]")', True),
    ('matches("e", "[a-z-[aeiou]]")', False),
    ('matches("book", "(")', None),
    ('matches("book", "o", "z")', None),
    ('replace("2026-01-31", "(\\d+)-(\\d+)-(\\d+)", "$3/$2/$1")', "31/01/2026"),
    ('replace("cost", "cost", "\\\\$5")', "$5"),
    ('replace("aaa", "a", "b", "q")', "bbb"),
    ('split("a,b;c", "[,;]")', ["a", "b", "c"]),
    ('split("a;b;", ";")', ["a", "b", ""]),
    ('string join(["a", null, "b"], "-")', "a-b"),
    ('string join(["a", "b"])', "ab"),
    ('string join(["a", 1])', None),
]
NUMBERS = [
    ("decimal(2.345, 2)", Decimal("2.34")),
    ("decimal(2.5, 0)", 2),
    ("decimal(1250, -2)", 1200),
    ("floor(-1.5)", -2),
    ("floor(1.56, 1)", Decimal("1.5")),
    ("ceiling(-1.5)", -1),
    ("ceiling(1.52, 1)", Decimal("1.6")),
    ("round up(-5.5, 0)", -6),
    ("round down(-5.5, 0)", -5),
    ("round half up(2.5, 0)", 3),
    ("round half up(-2.5, 0)", -3),
    ("round half down(2.5, 0)", 2),
    ("round up(1.1, 7000)", None),
    ("abs(-3)", 3),
    ('abs(duration("-P1D"))', "P1D"),
    ("modulo(-12, 5)", 3),
    ("modulo(12, -5)", -3),
    ("modulo(10.1, 4.5)", Decimal("1.1")),
    ("modulo(1, 0)", None),
    ("sqrt(16)", 4),
    ("sqrt(-1)", None),
    ("log(1)", 0),
    ("log(0)", None),
    ("exp(0)", 1),
    ("odd(5)", True),
    ("odd(-2)", False),
    ("even(-2)", True),
    ("even(2.5)", None),
]
LISTS = [
    ('list contains(["a", null], null)', True),
    ("list contains([1, 2], 2.0)", True),
    ("list contains([1, 2], 3)", False),
    ("count([1, null, 3])", 3),
    ("count([])", 0),
    ("min([3, 1, 2])", 1),
    ("max(3, 1, 2)", 3),
    ('max("a", "c", "b")', "c"),
    ("min([])", None),
    ('max([date("2026-01-01"), date("2025-01-01")])', "2026-01-01"),
    ("sum([1, 2, 3])", 6),
    ("sum(1, 2.5)", Decimal("3.5")),
    ('sum([duration("P1D"), duration("PT12H")])', "P1DT12H"),
    ("sum([])", None),
    ("product([2, 3, 4])", 24),
    ("mean([1, 2, 6])", 3),
    ("median([8, 2, 5, 3])", 4),
    ("median([])", None),
    ("stddev([2, 4, 4, 4, 5, 5, 7, 9, 0, 10])", Decimal("3.018461712712472208857936055661355")),
    ("stddev([1])", None),
    ("mode([6, 3, 9, 6, 3])", [3, 6]),
    ("mode([])", []),
    ("all([true, true])", True),
    ("all([true, null])", None),
    ("all([false, null])", False),
    ("all([])", True),
    ("any([false, true])", True),
    ("any([false, null])", None),
    ("any([])", False),
    ("all([1])", None),
    ("sublist([4, 5, 6], 1, 2)", [4, 5]),
    ("sublist([4, 5, 6], -2)", [5, 6]),
    ("sublist([4, 5, 6], 4)", None),
    ("sublist([4, 5, 6], 2, 5)", None),
    ("sublist([4, 5, 6], 2, 0)", None),
    ("append([1], 2, 3)", [1, 2, 3]),
    ("concatenate([1], [2, 3], 4)", [1, 2, 3, 4]),
    ("insert before([1, 3], 2, 2)", [1, 2, 3]),
    ("insert before([1, 3], -1, 2)", [1, 2, 3]),
    ("remove([1, 2, 3], 2)", [1, 3]),
    ("remove([1, 2, 3], 0)", None),
    ("list replace([1, 2, 3], -1, 9)", [1, 2, 9]),
    ("list replace([1, 5, 7], function(item, newItem) item > newItem, 4)", [1, 4, 4]),
    ("reverse([1, 2])", [2, 1]),
    ("index of([1, 2, 1, null], 1)", [1, 3]),
    ("index of([1, null], null)", [2]),
    ("union([1, 2], [2, 3])", [1, 2, 3]),
    ("distinct values([1, 2, 1.0, null, null])", [1, 2, None]),
    ("flatten([1, [2, [3, []]]])", [1, 2, 3]),
    ("sort([3, 1, 2], function(a, b) a > b)", [3, 2, 1]),
    ("sort([3, 1, 2])", [1, 2, 3]),
    ("sort(list: [2, 1], precedes: function(a, b) a < b)", [1, 2]),
]
CONTEXTS = [
    ('get value({title: "Kiều"}, "title")', "Kiều"),
    ('get value({a: {b: 1}}, ["a", "b"])', 1),
    ('get value({a: 1}, "b")', None),
    ("get entries({a: 1})", [{"key": "a", "value": 1}]),
    ('context([{key: "a", value: 1}])', {"a": 1}),
    ('context([{key: "a", value: 1}, {key: "a", value: 2}])', None),
    ('context put({a: 1}, "b", 2)', {"a": 1, "b": 2}),
    ('context put({a: {b: 1}}, ["a", "b"], 2)', {"a": {"b": 2}}),
    ("context put({a: 1}, [], 2)", None),
    ("context merge([{a: 1}, {a: 2, b: 3}])", {"a": 2, "b": 3}),
    ("context merge([{a: 1}, 2])", None),
]
CONVERSIONS = [
    ("string(1.50)", "1.50"),
    ("string(1e3)", "1000"),
    ("string(null)", None),
    ("string(true)", "true"),
    ('string(["a", 1, {b: null}])', '["a", 1, {b: null}]'),
    ("string([1..3))", "[1..3)"),
    ("string(-0)", "0"),
    ('number("1 000,5", " ", ",")', Decimal("1000.5")),
    ('number("1,000.5", ",", ".")', Decimal("1000.5")),
    ('number("1.5")', Decimal("1.5")),
    ('number("1e3")', 1000),
    ('number("one")', None),
    ('number("1", ",", ",")', None),
    ("not(true)", False),
    ("not(null)", None),
    ('not("x")', None),
    ("is(1, 1.0)", True),
    ('is(time("23:00:50Z"), time("23:00:50+00:00"))', True),
    ('is(time("23:00:50"), time("23:00:50Z"))', False),
    ('range("[1..3)") = [1..3)', True),
    ('range("[3..1]")', None),
    ('range("[1..x]")', None),
]
CALENDAR = [
    ('date("2024-02-29")', "2024-02-29"),
    ('date("2023-02-29")', None),
    ("date(2024, 2, 29)", "2024-02-29"),
    ('date(date and time("2026-03-04T05:06:07"))', "2026-03-04"),
    ('time("24:00:00")', "00:00:00"),
    ('time("25:00:00")', None),
    ("time(14, 20, 30.5)", "14:20:30.5"),
    ('time(14, 20, 0, duration("PT7H"))', "14:20:00+07:00"),
    ('time("13:20:00@Asia/Ho_Chi_Minh")', "13:20:00+07:00"),
    ('time("13:20:00@No/Where")', None),
    ('date and time("2026-03-04T05:06:07Z")', "2026-03-04T05:06:07Z"),
    ('date and time("2026-03-04T24:00:00")', "2026-03-05T00:00:00"),
    ('date and time(date("2026-03-04"), time("05:06:07"))', "2026-03-04T05:06:07"),
    ('duration("P1Y2M")', "P1Y2M"),
    ('duration("PT1000M")', "PT16H40M"),
    ('duration("P1H")', None),
    ('years and months duration(date("2011-12-22"), date("2013-08-24"))', "P1Y8M"),
    ('years and months duration(date("2013-08-24"), date("2011-12-22"))', "-P1Y8M"),
    ('years and months duration(date("2026-01-31"), date("2026-02-28"))', "P0M"),
    ('day of year(date("2024-12-31"))', 366),
    ('day of week(date("2026-01-31"))', "Saturday"),
    ('month of year(date("2026-01-31"))', "January"),
    ('week of year(date("2021-01-03"))', 53),
    ('week of year(date("2024-12-30"))', 1),
    ("today()", "2026-02-01"),
    ("now()", "2026-02-01T03:30:00+07:00"),
]
RANGES = [
    ("before(1, 2)", True),
    ("before([1..5], 5)", False),
    ("before([1..5), 5)", True),
    ("before([1..5), [5..9])", True),
    ("before([1..5], [5..9])", False),
    ("after(6, [1..5])", True),
    ("after([6..9], [1..5])", True),
    ("meets([1..5], [5..9])", True),
    ("meets([1..5), [5..9])", False),
    ("met by([5..9], [1..5])", True),
    ("overlaps([1..5], [3..8])", True),
    ("overlaps([1..5), [5..8])", False),
    ("overlaps before([1..5], [3..8])", True),
    ("overlaps before([1..5], [3..4])", False),
    ("overlaps before([1..5), (1..5])", True),
    ("overlaps after([3..8], [1..5])", True),
    ("finishes(10, [1..10])", True),
    ("finishes([5..10], [1..10])", True),
    ("finishes([5..10), [1..10])", False),
    ("finished by([1..10], 10)", True),
    ("includes([1..10], 5)", True),
    ("includes([1..10], [4..6])", True),
    ("includes((1..10), [1..5])", False),
    ("during(5, [1..10])", True),
    ("during([4..6], [1..10])", True),
    ("starts(1, [1..10])", True),
    ("starts([1..5], [1..10])", True),
    ("started by([1..10], [1..5])", True),
    ("coincides(5, 5)", True),
    ("coincides([1..5], [1..5])", True),
    ("coincides([1..5], [1..5))", False),
]
ALL = STRINGS + NUMBERS + LISTS + CONTEXTS + CONVERSIONS + CALENDAR + RANGES


@pytest.mark.parametrize(("text", "expected"), ALL, ids=[text for text, _ in ALL])
def test_a_built_in_gives_what_the_standard_says(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_every_built_in_is_tried_here() -> None:
    tried = " ".join(text for text, _ in ALL)
    assert [name for name in BUILT_IN if f"{name}(" not in tried] == []


FIXED = sorted(name for name, known in BUILT_IN.items() if not any(way.variadic for way in known.signatures))


@pytest.mark.parametrize("name", FIXED)
def test_a_built_in_called_with_too_much_is_refused(name: str) -> None:
    error = refusal(f"{name}({', '.join(['1'] * 9)})")
    assert (error.code, error.params["name"], error.params["count"]) == ("arguments_count", name, 9)
    assert f"{name}(" in error.sentence("en")


def test_named_arguments_must_be_the_declared_ones() -> None:
    error = refusal('substring(text: "shelf", start position: 2)')
    assert error.code == "arguments_unknown"
    assert "substring(string, start position, length?)" in error.sentence("vi")


def test_ways_of_calling_that_read_alike_are_told_once() -> None:
    assert (
        refusal("date and time(2021, 1, 1)").params["ways"]
        == "date and time(from), date and time(date, time)"
    )


def test_a_functions_value_called_with_too_much_is_null_with_a_reason() -> None:
    assert value("{f: upper case, r: f(1, 2)}.r") is None
    assert warnings("{f: upper case, r: f(1, 2)}.r") == ["arguments_count"]


def test_a_list_of_one_stands_for_its_item_and_an_item_for_a_list_of_one() -> None:
    assert value('upper case(["a"])') == "A"
    assert value("count(7)") == 1
    assert value('upper case(["a", "b"])') is None
