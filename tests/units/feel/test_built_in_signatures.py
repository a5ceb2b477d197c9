"""Every way to call every built-in: by position and by name alike; null with a reason for nulls and other kinds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.feel.functions.declared import BUILT_IN, Signature
from tests.units.feel.evaluated import value, warnings

# Arguments that each way of calling takes, one way per line, in the order they are declared.
SAMPLES: dict[str, list[str]] = {
    "get value": ['{a: 1} | "a"', '{a: {b: 1}} | ["a", "b"]'],
    "get entries": ["{a: 1}"],
    "context": ['[{key: "a", value: 1}]'],
    "context put": ['{a: 1} | "b" | 2', '{a: {b: 1}} | ["a", "b"] | 2'],
    "context merge": ["[{a: 1}, {b: 2}]"],
    "string": ["1"],
    "number": ['"1.5"', '"1,000.5" | "," | "."'],
    "not": ["true"],
    "is": ["1 | 1"],
    "date": ['"2026-01-31"', '@"2026-01-31T10:00:00"', "2026 | 1 | 31"],
    "date and time": [
        '"2026-01-31T10:00:00"', '@"2026-01-31T10:00:00"', '@"2026-01-31"', '@"2026-01-31" | @"10:00:00"',
    ],
    "time": ['"10:00:00"', '@"10:00:00"', '10 | 0 | 0 | @"PT7H"'],
    "duration": ['"P1D"', '@"P1D"'],
    "years and months duration": ['@"2026-01-31" | @"2027-03-31"'],
    "now": [""],
    "today": [""],
    "day of year": ['@"2026-01-31"'],
    "day of week": ['@"2026-01-31"'],
    "month of year": ['@"2026-01-31"'],
    "week of year": ['@"2026-01-31"'],
    "list contains": ["[1, 2] | 2"],
    "count": ["[1, 2]"],
    "min": ["[1, 2]", "1 | 2"],
    "max": ["[1, 2]", "1 | 2"],
    "sum": ["[1, 2]", "1 | 2"],
    "product": ["[1, 2]", "1 | 2"],
    "mean": ["[1, 2]", "1 | 2"],
    "median": ["[1, 2]", "1 | 2"],
    "stddev": ["[1, 2]", "1 | 2"],
    "mode": ["[1, 2]", "1 | 2"],
    "all": ["[true, true]", "true | true"],
    "any": ["[true, true]", "true | true"],
    "sublist": ["[1, 2, 3] | 1 | 2"],
    "append": ["[1] | 2"],
    "concatenate": ["[1] | [2]"],
    "union": ["[1] | [2]"],
    "distinct values": ["[1, 1]"],
    "insert before": ["[1] | 1 | 0"],
    "remove": ["[1, 2] | 1"],
    "list replace": ["[1] | 1 | 0", "[1] | function(item, newItem) item = 1 | 0"],
    "reverse": ["[1, 2]"],
    "index of": ["[1, 2] | 2"],
    "flatten": ["[[1], 2]"],
    "sort": ["[2, 1] | function(a, b) a < b", "[2, 1]"],
    "decimal": ["1.25 | 1"],
    "floor": ["1.5", "1.55 | 1"],
    "ceiling": ["1.5", "1.55 | 1"],
    "round up": ["1.55 | 1"],
    "round down": ["1.55 | 1"],
    "round half up": ["1.55 | 1"],
    "round half down": ["1.55 | 1"],
    "abs": ["-1"],
    "modulo": ["7 | 3"],
    "sqrt": ["4"],
    "log": ["1"],
    "exp": ["0"],
    "odd": ["1"],
    "even": ["1"],
    "before": ["1 | 2", "1 | [2..3]", "[1..2] | 3", "[1..2] | [3..4]"],
    "after": ["2 | 1", "4 | [2..3]", "[1..2] | 0", "[3..4] | [1..2]"],
    "meets": ["[1..2] | [2..3]"],
    "met by": ["[2..3] | [1..2]"],
    "overlaps": ["[1..3] | [2..4]"],
    "overlaps before": ["[1..3] | [2..4]"],
    "overlaps after": ["[2..4] | [1..3]"],
    "finishes": ["3 | [1..3]", "[2..3] | [1..3]"],
    "finished by": ["[1..3] | 3", "[1..3] | [2..3]"],
    "includes": ["[1..3] | 2", "[1..4] | [2..3]"],
    "during": ["2 | [1..3]", "[2..3] | [1..4]"],
    "starts": ["1 | [1..3]", "[1..2] | [1..3]"],
    "started by": ["[1..3] | 1", "[1..3] | [1..2]"],
    "coincides": ["1 | 1", "[1..2] | [1..2]"],
    "range": ['"[1..3]"'],
    "substring": ['"shelf" | 2 | 3'],
    "string length": ['"shelf"'],
    "upper case": ['"shelf"'],
    "lower case": ['"SHELF"'],
    "substring before": ['"shelf" | "l"'],
    "substring after": ['"shelf" | "l"'],
    "contains": ['"shelf" | "l"'],
    "starts with": ['"shelf" | "s"'],
    "ends with": ['"shelf" | "f"'],
    "matches": ['"shelf" | "s.*" | "i"'],
    "replace": ['"shelf" | "s" | "S" | "i"'],
    "split": ['"a-b" | "-"'],
    "string join": ['["a", "b"] | "-"'],
}  # fmt: skip


def _ways() -> Iterator[tuple[str, Signature, list[str]]]:
    for name, samples in SAMPLES.items():
        for signature, sample in zip(BUILT_IN[name].signatures, samples, strict=True):
            yield name, signature, [part.strip() for part in sample.split(" | ")] if sample else []


def _call(name: str, arguments: list[str]) -> str:
    return f"{name}({', '.join(arguments)})"


WAYS = list(_ways())
NAMED = [way for way in WAYS if not way[1].variadic and way[2]]
PLACES = [
    (name, signature, arguments, at)
    for name, signature, arguments in WAYS
    for at in range(min(len(arguments), len(signature.parameters)))
]
ORDER_MATTERS = ("before", "after")  # their two ways with a point and a range have the same names


def _id(way: object) -> str:
    return way.words if isinstance(way, Signature) else str(way)[:40]


def test_every_way_of_calling_every_built_in_has_a_sample() -> None:
    assert SAMPLES.keys() == BUILT_IN.keys()
    assert [name for name, known in BUILT_IN.items() if len(known.signatures) != len(SAMPLES[name])] == []


@pytest.mark.parametrize(("name", "signature", "arguments"), WAYS, ids=_id)
def test_the_sample_gives_a_value_without_a_warning(
    name: str, signature: Signature, arguments: list[str]
) -> None:
    assert signature.takes(len(arguments))
    assert value(_call(name, arguments)) is not None
    assert warnings(_call(name, arguments)) == []


@pytest.mark.parametrize(("name", "signature", "arguments"), NAMED, ids=_id)
def test_arguments_by_name_in_any_order_give_the_same(
    name: str, signature: Signature, arguments: list[str]
) -> None:
    named = [f"{known.name}: {word}" for known, word in zip(signature.parameters, arguments, strict=True)]
    expected = value(_call(name, arguments))
    assert value(_call(name, named)) == expected
    if name not in ORDER_MATTERS:
        assert value(_call(name, named[::-1])) == expected


@pytest.mark.parametrize(("name", "signature", "arguments", "at"), PLACES, ids=_id)
def test_a_null_where_a_value_is_needed_gives_null_with_a_reason(
    name: str, signature: Signature, arguments: list[str], at: int
) -> None:
    parameter = signature.parameters[at]
    text = _call(name, [*arguments[:at], "null", *arguments[at + 1 :]])
    if parameter.optional:
        assert value(text) == value(_call(name, arguments[:at] + (arguments[at + 1 :] or [])))
    elif parameter.kind not in ("any", "boolean or null"):
        assert value(text) is None
        assert warnings(text) != []


@pytest.mark.parametrize(("name", "signature", "arguments", "at"), PLACES, ids=_id)
def test_a_value_of_another_kind_gives_null_with_a_reason(
    name: str, signature: Signature, arguments: list[str], at: int
) -> None:
    wanted = signature.parameters[at].kind
    if wanted in ("any", "list"):  # any value is a list of one
        return
    other = "true" if wanted == "context" or name == "get value" else "{odd: 1}"
    text = _call(name, [*arguments[:at], other, *arguments[at + 1 :]])
    assert value(text) is None
    assert warnings(text) != []
