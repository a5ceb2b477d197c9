"""The cells of a decision table are said in words wherever they are plain; what is not stays as it was written."""

from __future__ import annotations

import pytest

from engine import feel
from engine.feel import syntax as tree
from web import locales, readable
from web.cell_words import Speech


def speech(language: str = "en") -> Speech:
    def value(found: object) -> str:
        if isinstance(found, bool):
            return "Yes" if found else "No"
        if isinstance(found, int):
            return locales.number(found, language)
        return readable.NOTHING if found is None else str(found).capitalize()

    def reference(node: tree.Node) -> str | None:
        is_known = isinstance(node, tree.Path) and node.member == "most"
        return "18 (Most)" if is_known else None

    return Speech(language, value, reference)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("-", "-"),
        ('"teacher"', "Teacher"),
        ('"teacher","reader"', "Teacher or Reader"),
        ('not("yes","no")', "other than Yes or No"),
        ("null", "not recorded"),
        ("not(null)", "recorded"),
        ("false, null", "No or not recorded"),
        ("<= 50000", "≤ 50,000"),
        ("> -5", "> -5"),
        ("[60..100]", "from 60 to 100"),
        ("(60..100)", "above 60 to below 100"),
        ("< limits.most", "< 18 (Most)"),
        ("limits.most", "18 (Most)"),
        ("< limits.other", "< limits.other"),
        ("not(< limits.other)", "not(< limits.other)"),
        ('starts with(?, "A")', 'starts with(?, "A")'),
        ('"a", ? * 2 > 4', '"a", ? * 2 > 4'),
    ],
)
def test_a_condition_is_said_in_words_where_it_is_plain(written: str, said: str) -> None:
    assert speech().condition(feel.compile_unary(written)) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('"teacher"', "Teacher"),
        ("-5", "-5"),
        ("null", "–"),
        ("limits.most", "18 (Most)"),
        ("limits.most * 2", "limits.most * 2"),
    ],
)
def test_a_conclusion_is_said_in_words_where_it_is_plain(written: str, said: str) -> None:
    assert speech().conclusion(feel.compile(written)) == said


def test_vietnamese_has_its_own_words_for_cells() -> None:
    assert speech("vi").condition(feel.compile_unary('not("yes",null)')) == "khác Yes hoặc chưa ghi"
    assert speech("vi").condition(feel.compile_unary("[1000..2000)")) == "từ 1.000 đến dưới 2.000"
