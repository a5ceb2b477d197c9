"""The reference of FEEL is the language: every example gives what the page says, and nothing is missing or unknown."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from engine import texts
from engine.feel import arithmetic, budgets, expressions, paths, patterns, readers, syntax, tokens, types
from engine.feel.functions import ranges
from engine.feel.functions.declared import BUILT_IN, Signature
from engine.feel.logic import DECIDE
from engine.feel.values import KINDS
from tests.architecture.sources import ROOT
from tests.docs import feel_examples
from tests.docs.feel_examples import PAGES, Example

FUNCTIONS = ROOT / "docs" / "feel" / "functions.md"
LIMITS = ROOT / "docs" / "feel" / "limits.md"
EXAMPLES = [example for page in PAGES for example in feel_examples.examples(page)]
NODES = [node for example in EXAMPLES for node in example.trees()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_example_gives_what_the_page_says(page: Path) -> None:
    faults = [fault for example in feel_examples.examples(page) if (fault := example.fault())]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("said", [("3", ""), ("2", "no_order"), ("refused", "")])
def test_an_example_that_is_wrong_is_noticed(said: tuple[str, str]) -> None:
    example = Example(FUNCTIONS, 1, "1 + 1", None, said[0], frozenset(filter(None, [said[1]])))
    assert example.fault().startswith("functions.md:1: 1 + 1 → 2")
    assert dataclasses.replace(example, value="2", codes=frozenset()).fault() == ""


def _sections() -> dict[str, str]:
    """Each function's section of the page, by its name."""
    parts = re.split(r"^### (.+)$", FUNCTIONS.read_text("utf-8"), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _declared(name: str, signature: Signature) -> str:
    taken = ", ".join(
        f"{one.name}: {one.kind}" + ("?" if one.optional else "") for one in signature.parameters
    )
    return f"- `{name}({taken}{', …' if signature.variadic else ''})` → {signature.result}"


def test_every_built_in_function_is_there_and_no_other() -> None:
    assert _sections().keys() == BUILT_IN.keys()


@pytest.mark.parametrize("name", BUILT_IN)
def test_signatures_are_the_declared_ones(name: str) -> None:
    written = [line for line in _sections()[name].splitlines() if line.startswith("- ")]
    assert written == [_declared(name, signature) for signature in BUILT_IN[name].signatures]


def test_every_way_to_call_a_built_in_is_shown_with_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    called: set[int] = set()
    call = Signature.call

    def noted(self: Signature, run: object, values: list[object]) -> object:
        result = call(self, run, values)  # type: ignore[arg-type]
        if result is not None:
            called.add(id(self))
        return result

    monkeypatch.setattr(Signature, "call", noted)
    expressions._compiled.cache_clear()  # a constant call is worked out when its expression is compiled, once
    for example in feel_examples.examples(FUNCTIONS):
        example.fault()
    ways = [(name, way) for name, found in BUILT_IN.items() for way in found.signatures]
    assert [_declared(name, way) for name, way in ways if id(way) not in called] == []


def test_words_for_several_kinds_are_explained() -> None:
    text = FUNCTIONS.read_text("utf-8")
    used = {one.kind for found in BUILT_IN.values() for way in found.signatures for one in way.parameters}
    assert [word for word in used - set(KINDS.values()) if f"| `{word}` |" not in text] == []


def test_every_kind_of_node_and_operator_is_shown() -> None:
    kinds = {
        kind for kind in vars(syntax).values() if isinstance(kind, type) and issubclass(kind, syntax.Node)
    }
    assert {kind.__name__ for kind in kinds} - {type(node).__name__ for node in NODES} == {"Node"}
    shown = {
        node.operator
        for node in NODES
        if isinstance(node, (syntax.Arithmetic, syntax.Comparison, syntax.Logic))
    }
    assert {operator for operator, _, _ in arithmetic._OPERATIONS} | DECIDE.keys() | {"and", "or"} == shown
    assert {node.operator for node in NODES if isinstance(node, syntax.Bound)} == DECIDE.keys()
    assert {node.quantifier for node in NODES if isinstance(node, syntax.Quantified)} == {"some", "every"}


def test_every_type_is_asked_and_explained() -> None:
    asked = {node.type.name for node in NODES if isinstance(node, syntax.InstanceOf)}
    assert {known.name for known in types.PLAIN.values()} <= asked
    forms = {type(node.type) for node in NODES if isinstance(node, syntax.InstanceOf)}
    assert {types.Type, types.ListType, types.RangeType, types.ContextType, types.FunctionType} <= forms


def test_every_member_of_a_value_is_read() -> None:
    read = {
        (type(_value(node.source)), node.member)
        for node in NODES
        if isinstance(node, syntax.Path) and isinstance(node.source, syntax.Literal | syntax.Interval)
    }
    assert paths.PROPERTIES.keys() <= read


def _value(node: syntax.Node) -> object:
    return node.value if isinstance(node, syntax.Literal) else _RANGE


_RANGE = feel_examples.value_of("[1..2]")


def test_every_keyword_is_listed() -> None:
    text = (ROOT / "docs" / "feel" / "values.md").read_text("utf-8")
    listed = re.search(r"cannot begin a name: `([^`]+)`", text)
    assert listed and set(listed[1].split()) == tokens.KEYWORDS


def test_every_warning_and_refusal_is_explained_and_no_other() -> None:
    said = texts.catalogue("en")
    rows = [line.split("|")[1] for line in LIMITS.read_text("utf-8").splitlines() if line.startswith("| `")]
    explained = {word for row in rows for word in re.findall(r"`([a-z_]+)`", row) if "_" in word}
    assert explained == set(said["feel"]["warnings"])
    refusals = {code for code in said["findings"]["feel"] if code != "expected_end_at_end"}
    codes = {code for example in EXAMPLES for code in example.codes}
    assert codes <= explained | refusals
    assert [code for code in refusals - codes if f"`{code}`" not in LIMITS.read_text("utf-8")] == []


def test_the_limits_are_those_of_the_engine() -> None:
    text = LIMITS.read_text("utf-8")
    for limit in (
        budgets.STEPS, budgets.DEPTH, budgets.LONGEST_STRING, budgets.LONGEST_LIST, tokens.LONGEST_TEXT,
        readers.DEEPEST, readers.LONGEST_CHAIN, patterns.LONGEST_PATTERN, ranges.LONGEST_RANGE,
        int(arithmetic.MOST_EXPONENT),
    ):  # fmt: skip
        assert re.search(rf"\| {limit:,}( |$)|\b{limit:,}\b", text), f"{limit:,}"
    assert f"at most {budgets.MOST_WARNINGS} are kept" in text
