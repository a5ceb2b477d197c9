"""Refused text names line, column, what was expected and what was found, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine import feel, texts
from tests.units.feel.evaluated import refusal

REFUSED = [
    ("", "expected_expression_at_end", 1, 1),
    ("1 +", "expected_expression_at_end", 1, 4),
    ("1 +\n * 2", "expected_expression", 2, 2),
    ("(1", "bracket_open_at_end", 1, 3),
    ("[1, 2", "bracket_open_at_end", 1, 6),
    ("[1 2]", "comma_missing", 1, 4),
    ("loan days", "name_in_pieces", 1, 6),
    ("1 2", "expected_end", 1, 3),
    ("a == b", "double_equals", 1, 4),
    ("'a'", "single_quote", 1, 1),
    ('"a', "string_open", 1, 1),
    ("/* a", "comment_open", 1, 1),
    ("a & b", "write_instead", 1, 3),
    ("a.", "expected_name_at_end", 1, 3),
    ("a.1", "expected_end", 1, 2),
    ("a instance of 5", "expected_type", 1, 15),
    ("@5", "expected_temporal", 1, 2),
    ("if a then b", "else_missing", 1, 12),
    ("for i in [1] i", "expected_symbol", 1, 14),
    ("f(1, b: 2)", "arguments_mixed", 1, 9),
    ("a instance of context<b: number,>", "expected_name", 1, 33),
    ("a instance of function<number,> -> Any", "expected_type", 1, 31),
    ("f(1,)", "expected_expression", 1, 5),
    ("f(a: 1,)", "expected_expression", 1, 8),
    ("{a: 1, a: 2}", "key_twice", 1, 9),
    ("function(a, b, a) a", "parameter_twice", 1, 16),
    ("1e9999", "number_too_large", 1, 1),
    ('@"someday"', "temporal_unreadable", 1, 1),
    ("1 + count()", "arguments_count", 1, 5),
    ("abs(m: 1)", "arguments_unknown", 1, 1),
    ("then", "expected_expression", 1, 1),
]


@pytest.mark.parametrize(("text", "code", "line", "column"), REFUSED, ids=[case[0] for case in REFUSED])
def test_a_refusal_says_what_and_where(text: str, code: str, line: int, column: int) -> None:
    error = refusal(text)
    assert (error.code, error.line, error.column) == (code, line, column)
    for language in texts.LANGUAGES:
        sentence = error.sentence(language)
        assert f"{line}" in sentence
        assert "…" not in sentence.replace("(…)", "").replace('"…"', "")


def test_a_list_of_parameters_left_open_asks_for_its_parenthesis() -> None:
    assert refusal("function(a").expected == ")"


def test_a_refusal_becomes_a_finding_at_its_line_in_the_file() -> None:
    found = refusal("1 +\n * 2").finding("rules.dmn", line=40, element="cell_7")
    assert (found.file, found.line, found.element) == ("rules.dmn", 41, "cell_7")
    assert "“*”" in found.sentence("vi")


def sources_say(pattern: str) -> set[str]:
    """What a pattern finds in the sources of the language and of decisions."""
    folders = [Path(feel.__file__).parent, Path(feel.__file__).parent.parent / "decisions"]
    sources = [path.read_text("utf-8") for folder in folders for path in folder.rglob("*.py")]
    return {code for source in sources for code in re.findall(pattern, source)}


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_reason_has_a_sentence_in_each_language(language: str) -> None:
    reasons = sources_say(r'(?:Refusal|Misfit|warn)\(\s*"([a-z_]+)"')
    assert len(reasons) > 40
    missing = [
        code for code in reasons if texts.lookup(texts.catalogue(language), f"feel.warnings.{code}") is None
    ]
    assert missing == []


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_refusal_has_a_sentence_in_each_language(language: str) -> None:
    expected = {"expression", "name", "type", "temporal", "end", "symbol"}
    codes = sources_say(r'FeelError\(\s*"([a-z_]+)"') | {
        f"expected_{word}{end}" for word in expected for end in ("", "_at_end")
    }
    codes |= {
        "single_quote",
        "double_equals",
        "name_in_pieces",
        "character_unknown",
        "string_open",
        "comment_open",
    }
    known = texts.catalogue(language)
    assert [code for code in sorted(codes) if texts.lookup(known, f"findings.feel.{code}") is None] == []
    complaints = sources_say(r'complain\(\s*"([a-z_]+)"') | {"circle"}
    assert [code for code in sorted(complaints) if texts.lookup(known, f"findings.dmn.{code}") is None] == []
