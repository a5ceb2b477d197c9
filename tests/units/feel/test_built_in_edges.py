"""The edges of every built-in, listed in built_in_edges.txt: nulls in lists, empty lists, far positions."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.feel.functions.declared import BUILT_IN
from tests.units.feel.evaluated import value


def cases(name: str) -> list[tuple[str, Any]]:
    """The cases of a file beside this one: lines of an expression, ` → ` and its value as JSON."""
    lines = Path(__file__).with_name(name).read_text("utf-8").splitlines()
    parted = [line.rpartition(" → ") for line in lines if " → " in line]
    return [(text.strip(), json.loads(expected, parse_float=Decimal)) for text, _, expected in parted]


EDGES = cases("built_in_edges.txt")


@pytest.mark.parametrize(("text", "expected"), EDGES, ids=[text[:70] for text, _ in EDGES])
def test_a_built_in_at_its_edges(text: str, expected: Any) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_every_built_in_has_edges() -> None:
    tried = {text.partition("(")[0] for text, _ in EDGES}
    assert tried == BUILT_IN.keys()
