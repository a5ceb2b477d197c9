"""Every hit policy and aggregator: no, one and several matches, one and two outputs, with and without default."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from engine import decisions, errors
from tests.units.decisions.drawn import one_table, outcome

POLICIES = [
    "UNIQUE",
    "FIRST",
    "ANY",
    "PRIORITY",
    "RULE ORDER",
    "OUTPUT ORDER",
    "COLLECT",
    "COLLECT SUM",
    "COLLECT MIN",
    "COLLECT MAX",
    "COLLECT COUNT",
]
RANKED = [30, 10, 20]  # the order of the allowed values is their priority
# Rules that match: 0 none, 1 the second, 2 the first and third, 3 all with different results, 4 two that agree.
RULES = [("2, 3", 10), ("1, 3", 20), ("2, 3", 30), ("4", 10), ("4", 10)]
MATCHES = {0: [], 1: [20], 2: [10, 30], 3: [10, 20, 30], 4: [10, 10]}


def _table(policy: str, two: bool, default: bool) -> decisions.DecisionModel:
    allowed = ", ".join(map(str, RANKED))
    outputs = [("fee", "number", allowed, "20" if default else "")]
    if two:
        outputs.append(("word", "string", '"a", "b"', '"b"' if default else ""))
    rules = [[cell, str(fee), *(['"a"'] if two else [])] for cell, fee in RULES]
    name, aggregation = ("COLLECT", policy[8:]) if policy.startswith("COLLECT") else (policy, "")
    return one_table(name, ["n"], outputs, rules, aggregation=aggregation)


def _expected(policy: str, found: list[int], two: bool, default: bool) -> Any:
    """What DMN 1.5, 8.2.10 and 8.2.11 say of these results, written down apart from the engine."""

    def shown(fee: int, word: str = "a") -> Any:
        return {"fee": fee, "word": word} if two else fee

    by_priority = sorted(found, key=RANKED.index)
    if not found and default:
        single = shown(20, "b")
        return [single] if policy in ("RULE ORDER", "OUTPUT ORDER", "COLLECT") else single
    match policy:
        case "UNIQUE":
            return shown(found[0]) if len(found) == 1 else None
        case "FIRST":
            return shown(found[0]) if found else None
        case "ANY":
            return shown(found[0]) if len(set(found)) == 1 else None
        case "PRIORITY":
            return shown(by_priority[0]) if found else None
        case "RULE ORDER" | "COLLECT":
            return [shown(fee) for fee in found]
        case "OUTPUT ORDER":
            return [shown(fee) for fee in by_priority]
        case "COLLECT COUNT":
            return len(found)
    if not found:
        return None
    return {"SUM": sum, "MIN": min, "MAX": max}[policy.removeprefix("COLLECT ")](found)


# What contexts add up to, nobody says: a table of several outputs does not aggregate.
CASES = [
    case
    for case in product(POLICIES, (False, True), (False, True))
    if not (case[1] and case[0][:8] == "COLLECT ")
]


@pytest.mark.parametrize(("policy", "two", "default"), CASES)
def test_a_policy_makes_of_its_matches_what_the_standard_says(policy: str, two: bool, default: bool) -> None:
    model = _table(policy, two, default)
    for number, found in MATCHES.items():
        said = outcome(model, n=number)
        assert said.value == _expected(policy, found, two, default), number
        if said.value is None and found:
            assert said.warnings  # a null that the rules do not explain has its reason


@pytest.mark.parametrize("policy", POLICIES)
def test_a_null_or_strange_input_matches_no_rule(policy: str) -> None:
    for strange in (None, "2", [], {}, [2, 3], True):
        assert outcome(_table(policy, False, False), n=strange).matched == ()


@pytest.mark.parametrize("aggregation", ["SUM", "MIN", "MAX", "COUNT"])
def test_several_outputs_are_not_aggregated(aggregation: str) -> None:
    with pytest.raises(errors.Invalid) as raised:
        _table(f"COLLECT {aggregation}", two=True, default=False)
    assert [finding.code for finding in raised.value.findings] == ["dmn.aggregation_of_several"]
