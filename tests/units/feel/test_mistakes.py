"""Typical mistakes of people who write rules: each is told at its place, with what to write instead."""

from __future__ import annotations

import pytest

from engine import feel, texts
from engine.feel import checking, types

NAMES: dict[str, types.Type] = {
    "a": types.NUMBER, "b": types.NUMBER, "sex": types.STRING, "born": types.DATE, "loan days": types.NUMBER,
    "list": types.ListType("list", types.NUMBER),
}  # fmt: skip

MISTAKES = [
    # text, column, what the sentence names
    ('"Hà Nội', 1, '(")'),
    ("'nữ'", 1, '"…"'),
    ("“nữ” = sex", 1, '"…"'),
    ("sex = ‘nữ’", 7, '"…"'),
    ("sex = „nữ“", 7, '"…"'),
    ("a == b", 4, "“=”"),
    ("a === b", 4, "“=”"),
    ("a = = b", 5, "“=”"),
    ("a := 5", 3, "“=”"),
    ("a <> b", 3, "“!=”"),
    ("a =< b", 3, "“<=”"),
    ("a => b", 3, "“>=”"),
    ("a > = b", 3, "“>=”"),
    ("a ≥ 18", 3, "“>=”"),
    ("a ≤ 18", 3, "“<=”"),
    ("a ≠ b", 3, "“!=”"),
    ("a > 1 && b > 1", 7, "“and”"),
    ("a > 1 || b > 1", 7, "“or”"),
    ("!a", 1, "“not(…)”"),
    ("a > 1 AND b > 1", 7, "“and”"),
    ("IF a > 1 THEN 1", 1, "“if”"),
    ("not a", 1, "not(a)"),
    ("a > 1 and not b", 11, "not(b)"),
    ("a > 1 and and b > 1", 11, "“and”"),
    ("a is null", 3, "“=”"),
    ("a is not null", 3, "“!=”"),
    ('sex like "n%"', 5, "contains"),
    ("case when a then b", 1, "if … then … else …"),
    ("a > 1 ? a : b", 7, "if … then … else …"),
    ("if a > 1 then b", 16, "else null"),
    ("if a > 1 b else a", 10, "“then”"),
    ("37,5", 3, "“37.5”"),
    ("a > 37,5", 7, "“37.5”"),
    ("1.000.000", 1, "1.000.000"),
    ("3 ngày", 3, "P3D"),
    ("a + 3 months", 7, "P6M"),
    ("a % 2", 3, "modulo(a, b)"),
    ("a ^ 2", 3, "“**”"),
    ("a × b", 3, "“*”"),
    ("a – b", 3, "“-”"),
    ("a; b", 2, "“;”"),
    ("`a`", 1, "“`”"),
    ("a, b", 2, "[1, 2]"),
    ("a in 1..5", 6, "[1..5]"),
    ("(a + b", 7, "“(”"),
    ("a + b)", 6, "“(”"),
    ("[a, b)", 6, "“[”"),
    ("{x: a", 6, "“{”"),
    ('contains(sex "a")', 14, "“sex”"),
    ("count(list", 11, "“)”"),
    ("[1 2]", 4, "“1”"),
    ("a +", 4, None),
    ("a + * b", 5, "“*”"),
    ("a or", 5, None),
    ("uper case(sex)", 6, "“upper case”"),
    ("loan dayz > 3", 6, "“loan days”"),
    ("sum of list", 5, "“sum of list”"),
    ("if date of birth then 1 else 2", 9, "“date of birth”"),
    ("true false", 6, "“false”"),
    ("null null", 6, "“null”"),
    ("function(x) => x", 13, "function(x)"),
    ("for x in list x + 1", 15, "“return”"),
    ("for x of list return x", 15, "“in”"),
    ("some x in list x > 1", 16, "“satisfies”"),
    ("@2021-08-19", 2, '"2026-01-31"'),
    ("{a = 1}", 4, "“:”"),
    ("a between 1 or 5", 13, "“and”"),
    ("a.", 3, None),
    ("a instance of", 14, "number"),
]


@pytest.mark.parametrize(("text", "column", "named"), MISTAKES, ids=[case[0] for case in MISTAKES])
def test_what_cannot_be_read_is_told_with_what_to_write(text: str, column: int, named: str | None) -> None:
    with pytest.raises(feel.FeelError) as raised:
        feel.compile(text, NAMES)
    _told(raised.value, column, named)


CELLS = [
    ("> 18 and < 60", 6, "(18..60)"),
    ("< 18 or > 60", 6, "< 18, > 60"),
    (">= 37,5 độ", 9, "“5 độ”"),
    ("=> 5", 1, "“>=”"),
    ("[36,5..37]", 4, "“36.5”"),
    ("[36..37,5]", 8, "“37.5”"),
    ("≥ 5", 1, "“>=”"),
    (":= 5", 1, "“=”"),
    ("“nữ”", 1, '"…"'),
    ("18..60", 1, "[18..60]"),
    ("not 5", 1, "not(5)"),
    ('not "a"', 1, 'not("a")'),
]


@pytest.mark.parametrize(("text", "column", "named"), CELLS, ids=[case[0] for case in CELLS])
def test_a_cell_that_cannot_be_read_is_told_with_what_to_write(text: str, column: int, named: str) -> None:
    with pytest.raises(feel.FeelError) as raised:
        feel.compile_unary(text, NAMES)
    _told(raised.value, column, named)


def _told(error: feel.FeelError, column: int, named: str | None) -> None:
    assert (error.line, error.column) == (1, column)
    for language in texts.LANGUAGES:
        sentence = error.sentence(language)
        assert not sentence.startswith("findings")
        assert named is None or named in sentence


READ = [
    ("date(2021-08-19)", 6, 'date("2026-01-31")'),
    ("born < 2021-08-19", 8, 'date("2026-01-31")'),
    ("born > 19/08/2021", 8, 'date("2026-01-31")'),
    ("today - born", 1, "today(…)"),
    ("born > today", 8, "today(…)"),
    ("length(sex)", 1, "“string length”"),
    ("LEN(sex)", 1, "“string length”"),
    ("avg(list)", 1, "“mean”"),
    ("startsWith(sex, sex)", 1, "“starts with”"),
    ("tolower(sex)", 1, "“lower case”"),
    ("a instance of text", 1, "“string”"),
    ("a instance of int", 1, "“number”"),
    ('sex = "x" or "y"', 14, "= …"),
    ("list + 1", 1, "[1]"),
    ('born = "2021-08-19"', 8, "date(…)"),
    ('a > "18"', 5, "number(…)"),
    ("not(sex)", 5, "boolean"),
]


@pytest.mark.parametrize(("text", "column", "named"), READ, ids=[case[0] for case in READ])
def test_what_can_be_read_and_never_works_is_told_with_what_to_write(
    text: str, column: int, named: str
) -> None:
    found = checking.expression(text, feel.compile(text, NAMES).tree, NAMES).mismatches
    assert [one.place.column for one in found] == [column]
    for language in texts.LANGUAGES:
        assert named in found[0].sentence(language)
