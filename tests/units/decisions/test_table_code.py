"""The source generated for a table speaks of constants and locals only, whatever somebody wrote in the table."""

from __future__ import annotations

import io
import re
import tokenize
from xml.sax.saxutils import quoteattr

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import decisions
from engine.decisions import table_code
from engine.feel import formats
from tests.units.decisions.drawn import decision, model, one_table, outcome, table

WORDS = {"def", "if", "elif", "else", "not", "or", "and", "in", "is", "return", "None", "True"}
SIGNS = {"(", ")", "[", "]", ",", ":", "=", "==", "<", "<=", "-"}
LAYOUT = {tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
HOSTILE = ['"); import os #', "\\\"\n\nimport os", "{c0}", "c0", "v1", "__builtins__", "'''", "%s", "\u2029x",
           "lambda: 0", "tiền sử 💉"]  # fmt: skip


def foreign(source: str) -> list[str]:
    """The tokens of a source that are neither its own words and signs, nor constants, locals and whole numbers."""
    return [
        token.string
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in LAYOUT
        and not (
            token.type == tokenize.NAME
            and (token.string in WORDS or re.fullmatch(r"v\d*|c\d+", token.string))
        )
        and not (token.type == tokenize.NUMBER and re.fullmatch(r"\d+", token.string))
        and not (token.type == tokenize.OP and token.string in SIGNS)
    ]


def hostile(text: str, name: str) -> decisions.DecisionModel:
    quoted = formats.quoted(text)
    cells = [
        quoted,
        f"not({quoted})",
        f'"a",{quoted}',
        f"< {quoted}",
        f"[{quoted}..{quoted}]",
        f"? = {quoted}",
        "-",
    ]
    inputs = [(name, "string"), (f"if {name} = {quoted} then {quoted} else null", "string")]
    rules = [[cell, cells[-at], quoted, quoted, text] for at, cell in enumerate(cells)]
    drawn = table("COLLECT", inputs, [("o", "string"), ("p", "string", quoted)], rules)
    variable = f'<variable name={quoteattr(name)} typeRef="string"/>'
    declared = f'<inputData id="i" name={quoteattr(name)}>{variable}</inputData>'
    return model(declared, decision("d", drawn, ["input:i"]))


def test_hostile_texts_and_names_leave_no_trace_in_the_source() -> None:
    name = "v1 + import os's"
    for text in HOSTILE:
        found = hostile(text, name)
        decided = found.decisions["d"].table
        assert decided is not None
        source, constants = table_code.source(decided)
        assert foreign(source) == []
        assert text in constants.values()
        assert 1 in outcome(found, **{name: text}).matched


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12))
def test_no_text_reaches_the_source(text: str) -> None:
    decided = hostile(text, "name").decisions["d"].table
    assert decided is not None
    assert foreign(table_code.source(decided)[0]) == []


def test_the_grammar_of_the_source_bites() -> None:
    planted = ['v1 == "a"', "v1 == 1.5", "v1.pop", "v1 # a", "eval(v1)", "v1 == 0x1", "lambda: c1"]
    assert all(foreign(source) for source in planted)


def test_the_function_reaches_no_built_in_name() -> None:
    decided = one_table("FIRST", ["days"], ["o"], [["> 1", "1"]]).decisions["d"].table
    assert decided is not None
    search = table_code.compiled(decided)
    assert search.__closure__ is not None
    (function,) = [cell.cell_contents for cell in search.__closure__]
    assert function.__globals__["__builtins__"] == {}
