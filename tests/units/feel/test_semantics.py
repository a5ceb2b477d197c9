"""The language, rule by rule, as listed in semantics.txt; every null for want of a value has its reason."""

from __future__ import annotations

from typing import Any

import pytest

from engine import feel
from engine.feel import syntax as tree
from tests.units.feel.evaluated import MOMENT, value
from tests.units.feel.test_built_in_edges import cases

RULES = cases("semantics.txt")
CONSTRUCTS = {
    kind for kind in vars(tree).values() if isinstance(kind, type) and issubclass(kind, tree.Node)
} - {tree.Node, tree.Tests}


@pytest.mark.parametrize(("text", "expected"), RULES, ids=[text[:70] for text, _ in RULES])
def test_an_expression_means_what_the_standard_says(text: str, expected: Any) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_every_construct_of_the_language_is_tried() -> None:
    tried: set[type[tree.Node]] = set()
    waiting = [feel.compile(text).tree for text, _ in RULES]
    while waiting:
        node = waiting.pop()
        tried.add(type(node))
        waiting += tree.children(node)
    assert tried == CONSTRUCTS


@pytest.mark.parametrize("text", [text for text, expected in RULES if expected is None])
def test_a_null_that_nothing_null_explains_has_a_reason(text: str) -> None:
    result = feel.compile(text).evaluate({}, MOMENT)
    propagated = "null" in text or text.endswith((".timezone", "time offset", "(< 5).start"))
    assert propagated or result.warnings


def test_the_second_time_an_hour_is_shown_is_later_than_the_first() -> None:
    early = '@"2026-10-25T01:30:00@Europe/Paris"'
    first, second = f'{early} + @"PT1H"', f'{early} + @"PT2H"'
    assert value(f"({first}).hour = ({second}).hour") is True
    assert value(f"({second}) - ({first})") == "PT1H"
    assert value(f"({first}) < ({second})") is True
    assert value(f'({second}) + @"PT1H"') == "2026-10-25T03:30:00+01:00"
