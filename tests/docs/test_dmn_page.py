"""The page on DMN says what the engine reads: every example is run, every element, policy and refusal is there."""

from __future__ import annotations

import re

import pytest
import yaml

from engine.decisions import elements, table_reading
from engine.decisions.models import HitPolicy
from tests.architecture.sources import ROOT
from tests.docs import dmn_examples
from tests.docs.dmn_examples import PAGE, POLICIES, Drawn

TEXT = PAGE.read_text("utf-8")
DRAWN = dmn_examples.drawn()


@pytest.mark.parametrize("drawn", DRAWN, ids=lambda drawn: f"line{drawn.line}")
def test_every_example_gives_what_the_page_says(drawn: Drawn) -> None:
    assert drawn.claims
    assert list(drawn.faults()) == []


def test_every_block_of_lines_has_its_table_or_model() -> None:
    assert len(DRAWN) == TEXT.count("```dmn\n")


def test_an_example_that_is_wrong_is_noticed() -> None:
    first = DRAWN[0]
    wrong = Drawn(
        first.line, first.policy, first.parts, ('{age: 30, fever: false} → "DEFERRED"', "{} → null ! x_y")
    )
    assert len(list(wrong.faults())) == 2


def test_every_hit_policy_and_aggregator_is_worked_through() -> None:
    assert {one.policy for one in DRAWN if one.policy} == POLICIES.keys()
    assert {policy for policy, _ in POLICIES.values()} == set(HitPolicy)
    assert {way for _, way in POLICIES.values() if way} == set(table_reading.AGGREGATIONS)


def test_every_boxed_expression_is_shown() -> None:
    assert dmn_examples.tags() >= elements.LOGIC
    assert [name for name in elements.LOGIC if f"`{name}`" not in TEXT] == []


def test_every_namespace_is_listed() -> None:
    listed = dict(re.findall(r"^\| `(http[^`]+)` \| (1\.\d) \|$", TEXT, re.M))
    assert listed == elements.NAMESPACES


def test_every_refusal_is_listed_and_no_other() -> None:
    texts = yaml.safe_load((ROOT / "engine" / "texts" / "decisions.en.yaml").read_text("utf-8"))
    rows = TEXT[TEXT.index("## What is refused") :].splitlines()
    listed = {
        word
        for row in rows
        if row.startswith("| `")
        for word in re.findall(r"`([a-z_]+)`", row.split("|")[1])
    }
    assert listed == set(texts["findings"]["dmn"])
