"""Files that somebody broke anywhere: refused with findings, or read and evaluated; never a failure of the reader."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from lxml import etree

from engine import decisions, errors, feel
from tests.units.decisions.drawn import MOMENT
from tests.units.decisions.test_written_by_modelers import ROOTS

VALUES = ("", " ", "#x", "x y", "Any", "tLoan", "SUM", "PRIORITY", "COLLECT", "Java", "number", "true")
TEXTS = (
    "",
    "-",
    "1 +",
    "null",
    "[1..",
    "x.y",
    "sum(",
    '"a"',
    "function(a) a",
    "? > 1",
    "not(1)",
    "{a: b}",
    "-1",
)
TAGS = ("decision", "context", "list", "relation", "filter", "for", "invocation", "decisionTable", "variable", "rule",
        "if", "literalExpression", "functionDefinition", "inputData", "itemDefinition", "typeRef", "x")  # fmt: skip
DATA: tuple[Any, ...] = (None, 1, "x", "2026-01-01", [], {}, [1, "a"], True, [{"Days Late": 1, "Kind": "book"}],
                         {"room": "hall", "heights": [1]})  # fmt: skip


def _break(root: etree._Element, chance: random.Random) -> None:
    """One change at one place: an element lost, doubled, moved, renamed, or its words or an attribute changed."""
    every = [element for element in root.iter() if isinstance(element.tag, str)]
    element, other = chance.choice(every), chance.choice(every)
    parent = element.getparent()
    match chance.randrange(6):
        case 0 if parent is not None:
            parent.remove(element)
        case 1 if parent is not None:
            parent.insert(parent.index(element), copy.deepcopy(element))
        case 2 if element.attrib:
            element.set(chance.choice(list(element.attrib)), chance.choice(VALUES))
        case 3:
            element.text = chance.choice(TEXTS)
        case 4 if element not in other.iter():
            element.append(copy.deepcopy(other))
        case _:
            element.tag = f"{{{etree.QName(root).namespace}}}{chance.choice(TAGS)}"


def _evaluate(model: decisions.DecisionModel, chance: random.Random) -> None:
    for identity in model.decisions:
        given = {name: chance.choice(DATA) for name in sorted(model.variables(identity))}
        try:
            said = decisions.evaluate(model, identity, given, MOMENT)
        except (feel.FeelError, errors.Invalid) as refused:
            assert refused
            continue
        assert feel.to_json(said.result) == said.value
        assert all(warning.sentence("vi") for warning in said.warnings)


@pytest.mark.parametrize("seed", range(120))
def test_a_broken_file_is_refused_or_read(seed: int) -> None:
    chance = random.Random(seed)
    file = chance.choice(sorted(ROOTS))
    root = copy.deepcopy(ROOTS[file])
    for _ in range(chance.randint(1, 3)):
        _break(root, chance)
    models, findings = decisions.link({**ROOTS, file: root})
    assert all(finding.sentence("vi") and finding.sentence("en") for finding in findings)
    assert models.get(file) is not None or findings
    if file in models:
        _evaluate(models[file], chance)
