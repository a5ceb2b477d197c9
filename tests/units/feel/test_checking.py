"""What can never work is refused before it runs: with its place, what was expected and found, in both languages."""

from __future__ import annotations

import re

import pytest

from engine import feel, texts
from engine.feel import checking, type_operators, type_relations, types
from engine.feel.arithmetic import _OPERATIONS
from engine.feel.values import KINDS
from tests.units.feel.test_refusals import sources_say

PERSON = types.ContextType("tPerson", (("name", types.STRING), ("age", types.NUMBER), ("born", types.DATE)))
DISCOUNT = types.NamedFunction("function", (types.NUMBER, types.STRING), types.NUMBER, ("price", "code"))
KNOWN: dict[str, types.Type] = {
    "n": types.NUMBER, "s": types.STRING, "b": types.BOOLEAN, "d": types.DATE, "t": types.TIME, "m": types.DATE_TIME,
    "p": PERSON, "ps": types.ListType("list", PERSON), "ns": types.ListType("list", types.NUMBER),
    "r": types.RangeType("range", types.NUMBER), "x": types.ANY, "discount": DISCOUNT,
    "level": types.Restricted("tLevel", types.STRING, lambda value: True),
}  # fmt: skip

NEVER = [
    # arithmetic
    ('"a" + 1', "operand_convert", 1, 7),
    ("n +\n s", "operand_convert", 2, 2),
    ("s - s", "operand", 1, 1),
    ("b * 2", "operand", 1, 1),
    ("ps.age + 1", "operand_listed", 1, 1),
    ("d + d", "operand", 1, 5),
    ("d + 1", "operand", 1, 5),
    ("1 + (2 * (s + s))", "operand", 1, 10),
    ("-s", "negation", 1, 2),
    ('duration("P1D") + duration("P1Y")', "operand", 1, 19),
    ("p + 1", "operand", 1, 1),
    # comparisons
    ('n > "18"', "compared_convert", 1, 5),
    ('date("2021-01-01") < 5', "compared", 1, 22),
    ("5 = s", "compared_convert", 1, 1),
    ("n != s", "compared_convert", 1, 6),
    ('d = "2021-01-01"', "compared_convert", 1, 5),
    ("d < m", "compared_convert", 1, 5),
    ('ps[name = "a"].age > 3', "compared_listed", 1, 1),
    ("b < true", "no_order", 1, 1),
    ("ns > ns", "no_order", 1, 1),
    ("x < true", "no_order", 1, 5),
    ('today() - d > duration("P18Y")', "compared", 1, 15),
    ("level = 3", "compared_convert", 1, 9),
    ("n between 1 and s", "compared_convert", 1, 17),
    ('n in ["a", "b"]', "test", 1, 6),
    ("s in [1..5]", "test", 1, 6),
    ('n in (< 5, > "a")', "test_convert", 1, 14),
    ('["a"..5]', "range_end_convert", 1, 7),
    # conditions
    ("if n then 1 else 2", "condition", 1, 4),
    ("b and n", "condition", 1, 7),
    ("some i in ns satisfies i", "condition", 1, 24),
    ("ps[name]", "filter", 1, 4),
    ("ps[name = 3]", "compared_convert", 1, 11),
    ('every i in ns satisfies i > "a"', "compared_convert", 1, 29),
    ("x instance of tPersn", "type_unknown_near", 1, 1),
    ("x instance of shoe", "type_unknown", 1, 1),
    # loops
    ("for i in n..s return i", "loop_end_convert", 1, 13),
    ("for i in (1..5) return i", "loop_open", 1, 10),
    ('for i in ["a".."c"] return i', "loop_end", 1, 10),
    ("for i in ns return i + s", "operand_convert", 1, 24),
    # members
    ("p.agee", "member_unknown_near", 1, 1),
    ("ps.shoe", "member_unknown", 1, 1),
    ("{a: 1}.b", "member_unknown", 1, 1),
    ("d.yer", "member_unknown_near", 1, 1),
    ("n.size", "member_of_plain", 1, 1),
    ("r.start.year", "member_of_plain", 1, 1),
    # calls
    ('contain(s, "a")', "function_unknown_near", 1, 1),
    ("shoe(1)", "function_unknown", 1, 1),
    ("n(2)", "not_a_function", 1, 1),
    ("contains(s, 5)", "argument_convert", 1, 13),
    ("day of week(s)", "argument", 1, 13),
    ('substring(string: s, start position: "1")', "argument_convert", 1, 38),
    ("discount(1)", "function_arguments", 1, 1),
    ('discount("1", s)', "argument_convert", 1, 10),
    ("discount(prise: 1)", "function_names", 1, 1),
    ("discount(price: 1, code: 2)", "argument_convert", 1, 26),
    ('{f: function(a: number) a, r: f("x")}.r', "argument_convert", 1, 33),
    ('sum(ps.age) + "a"', "operand_convert", 1, 15),
    ('min(ns) > "a"', "compared_convert", 1, 11),
    ("sum(ps.name)", "items", 1, 5),
    ("mean(n, s)", "items", 1, 9),
    ("sort(ns)[1].year", "member_of_plain", 1, 1),
    # constants
    ('date("2021-13-01")', "unreadable_date", 1, 6),
    ('time("25:00:00")', "unreadable_time", 1, 6),
    ('date and time("2021-01-01 08:00")', "unreadable_date_and_time", 1, 15),
    ('duration("3 days")', "unreadable_duration", 1, 10),
    ('number("abc")', "unreadable_number", 1, 8),
    ('number("1,5")', "unreadable_number", 1, 8),
    ('number("1,5", ",", ",")', "separators", 1, 1),
    ('number("1 000", "_")', "separators", 1, 1),
    ('number(from: "x")', "unreadable_number", 1, 14),
    ('duration("P")', "unreadable_duration", 1, 10),
    ("date(2021, 13, 1)", "unreadable_date", 1, 1),
    ("date(2021, -1, 1)", "unreadable_date", 1, 1),
    ("time(25, 0, 0)", "unreadable_time", 1, 1),
    ('range("[5..1]")', "unreadable_range", 1, 7),
    ('1 + number("x")', "unreadable_number", 1, 12),
    ("min(ps)", "items", 1, 5),
    ("max(p, p)", "items", 1, 5),
    ("min(n, s)", "items_differ", 1, 8),
    ('sum(1, @"P1D")', "items_differ", 1, 8),
    ('mean(@"P1D", @"P1M")', "items_differ", 1, 14),
    ('matches(s, "(")', "pattern_unreadable", 1, 12),
    (r'replace(s, "(a)\1", "b")', "pattern_back_reference", 1, 12),
    ('matches(s, "a", "g")', "pattern_flags", 1, 17),
    ('split(s, "x*")', "pattern_matches_nothing", 1, 10),
]

WORKS = [
    ("n + 1", "number"),
    ("x + 1", "number"),
    ('matches(s, "x*")', "boolean"),
    ('replace(s, "(", "b", "q")', "string"),
    ('replace(s, s, "b", "qi")', "string"),
    ('split(s, ",")', "list<string>"),
    ("x * 2", "Any"),
    ("d - d", "days and time duration"),
    ("d < x", "boolean"),
    ("null + 1", "null"),
    ("n = null", "boolean"),
    ("ns = 1", "boolean"),
    ("ns = ns", "boolean"),
    ("x.a.b", "Any"),
    ("ps.age", "list<number>"),
    ("ps[1].age + 1", "number"),
    ("ps[age > 3]", "list<tPerson>"),
    ("ps[age]", "Any"),
    ("if b then 1 else null", "number"),
    ('if b then 1 else "a"', "Any"),
    ("if x then n else n", "number"),
    ("for i in ns return i * 2", "list<number>"),
    ("for i in 1..3 return d", "list<date>"),
    ("some i in ns satisfies i > 1", "boolean"),
    ("d.year", "number"),
    ("r.start", "number"),
    ("m.time offset", "days and time duration"),
    ("{a: 1, b: a + 1}.b", "number"),
    ("n in [1, 2]", "boolean"),
    ("n in ns", "boolean"),
    ("n between 1 and 2", "boolean"),
    ("[]", "list"),
    ('date("2021-01-01")', "date"),
    ('duration("P1D")', "days and time duration"),
    ("date and time(d, t)", "date and time"),
    ("min(ns)", "number"),
    ("append(ns, 4)", "list<number>"),
    ('append(ns, "a")', "list"),
    ("concatenate(ns, ns)", "list<number>"),
    ("count(n)", "number"),
    ("abs([n])", "number"),
    ("sum(ps.age)", "number"),
    ("discount(1, s)", "number"),
    ("discount([1], s)", "number"),
    ("substring(string: s, start position: 1)", "string"),
    ("sort(ps, function(a, b) a.age < b.age)[1].age", "number"),
    ("(function(a, b) a < b)(1, 2)", "boolean"),
    ("[ps[1], null][2].age", "number"),
    ("x instance of tPerson", "boolean"),
    ("{f: function(k: number) if k < 2 then 1 else k * f(k - 1), r: f(3)}.r", "Any"),
    ("level = s", "boolean"),
]


def _checked(text: str) -> checking.Checked:
    return checking.expression(text, feel.compile(text, KNOWN).tree, KNOWN, {"tPerson": PERSON})


@pytest.mark.parametrize(("text", "code", "line", "column"), NEVER, ids=[case[0] for case in NEVER])
def test_what_never_works_is_refused_once_at_its_place(text: str, code: str, line: int, column: int) -> None:
    checked = _checked(text)
    assert [(one.code, one.place.line, one.place.column) for one in checked.mismatches] == [
        (code, line, column)
    ]
    for language in texts.LANGUAGES:
        sentence = checked.mismatches[0].sentence(language)
        assert not sentence.startswith("findings")
        assert str(column) in sentence
        assert "…" not in sentence.replace("(…)", "").replace("= …", "").replace("<…>", "")


def test_a_pattern_longer_than_any_that_is_run_is_refused() -> None:
    (found,) = _checked(f'matches(s, "{"a" * 2_001}")').mismatches
    assert (found.code, found.params) == ("pattern_too_long", {"most": 2_000})
    assert "2000" in found.sentence("vi") and "2000" in found.sentence("en")


@pytest.mark.parametrize(("text", "kind"), WORKS, ids=[case[0] for case in WORKS])
def test_what_may_work_is_not_refused_and_has_a_type(text: str, kind: str) -> None:
    checked = _checked(text)
    assert checked.mismatches == ()
    assert type_relations.words(checked.type) == kind


def test_an_expression_that_can_only_be_null_is_told_from_one_with_a_flaw() -> None:
    assert _checked('"a" + 1').is_hopeless
    assert _checked('(n + "a") * 2').is_hopeless
    assert not _checked('if n + "a" = null then 1 else 2').is_hopeless
    assert not _checked("null").is_hopeless


CELLS = [
    ("< 5", types.NUMBER, None),
    ('"a"', types.NUMBER, "test_convert"),
    ("[1..5]", types.STRING, "test"),
    ("-", types.DATE, None),
    (">= 37,5", types.NUMBER, "decimal_comma"),
    ("< 5, 7", types.NUMBER, None),
    ("1,2,3", types.NUMBER, None),
    ('"2021-01-01"', types.DATE, "test_convert"),
    ('date("2021-01-01")', types.DATE, None),
    ("> true", types.ANY, "test"),
    ('not("a")', types.NUMBER, "test_convert"),
    ("? + 1", types.NUMBER, "condition"),
    ("? > s", types.NUMBER, "compared_convert"),
    ("ns", types.NUMBER, None),
    ("ps.name", types.NUMBER, "test"),
    ("null", types.NUMBER, None),
    ("true", types.BOOLEAN, None),
    ("contains(?, s)", types.NUMBER, "argument_convert"),
    ("b and n > 1", types.STRING, None),
    ("1, 2, s", types.NUMBER, "test_convert"),
]


@pytest.mark.parametrize(("text", "tested", "code"), CELLS, ids=[case[0] for case in CELLS])
def test_a_cell_that_never_matches_values_of_a_type_is_refused(
    text: str, tested: types.Type, code: str | None
) -> None:
    tests = feel.compile_unary(text, KNOWN)
    found = checking.cell(text, tests.tree, tested, KNOWN).mismatches
    assert [one.code for one in found] == ([code] if code else [])


def test_the_arithmetic_of_types_is_that_of_values() -> None:
    of_values = {(sign, KINDS[left], KINDS[right]) for sign, left, right in _OPERATIONS}
    assert of_values == set(type_operators.ARITHMETIC)


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_mismatch_has_a_sentence_in_each_language(language: str) -> None:
    differing = sources_say(r'differing\(\s*"([a-z_]+)"')
    wanted = {f"{code}{advice}" for code in differing for advice in ("", "_convert", "_listed")} - {
        "test_listed"
    }
    wanted |= sources_say(r'Mismatch\(\s*"([a-z_]+)"')
    known = texts.catalogue(language)
    missing = [code for code in sorted(wanted) if texts.lookup(known, f"findings.feel_types.{code}") is None]
    assert missing == []
    assert len(wanted) > 20
    for sentence in known["findings"]["feel_types"].values():
        assert re.findall(r"\{(line|column)\}", sentence) == ["line", "column"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("n + b2", "name_unbound"),
        ("levle = s", "name_unbound_near"),
        ("TRUE", "name_unbound_near"),
        ("ps[agee > 3]", "name_unbound_near"),
        ("x[anything > 3]", None),
        ("for i in ns return i", None),
        ("{k: 1, l: k}", None),
        ("sort(ns, function(u, v) u < v)", None),
    ],
)
def test_where_no_other_names_are_a_name_that_nothing_binds_is_noted(text: str, code: str | None) -> None:
    found = checking.expression(text, feel.compile(text, KNOWN).tree, KNOWN, is_closed=True).mismatches
    assert [one.code for one in found] == ([code] if code else [])
    assert not any(one.sentence("vi").startswith("findings") for one in found)
