"""Every kind of value: how it is written, printed and kept, its type, its properties, and every operator on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest

from engine import feel
from engine.feel import types
from engine.feel.paths import PROPERTIES
from engine.feel.values import KINDS
from tests.units.feel.evaluated import result, value, warnings


@dataclass(frozen=True)
class Kind:
    """A kind's sample and another value of it, the greater one where there is an order; what the sample becomes."""

    sample: str
    greater: str
    text: str
    json: Any
    properties: dict[str, Any] = field(default_factory=dict)
    is_ordered: bool = True


ALL = {
    "number": Kind("1.5", "2", "1.5", 1.5),
    "string": Kind('"a"', '"b"', "a", "a"),
    "boolean": Kind("false", "true", "false", False, is_ordered=False),
    "date": Kind('@"2026-01-31"', '@"2026-02-01"', "2026-01-31", "2026-01-31",
                 {"year": 2026, "month": 1, "day": 31, "weekday": 6}),
    "time": Kind('@"10:20:30+07:00"', '@"10:20:31+07:00"', "10:20:30+07:00", "10:20:30+07:00",
                 {"hour": 10, "minute": 20, "second": 30, "time offset": "PT7H", "timezone": None}),
    "date and time": Kind(
        '@"2026-01-31T10:20:30@Asia/Ho_Chi_Minh"', '@"2026-01-31T10:20:31Z"', "2026-01-31T10:20:30@Asia/Ho_Chi_Minh",
        "2026-01-31T10:20:30+07:00",
        {"year": 2026, "month": 1, "day": 31, "weekday": 6, "hour": 10, "minute": 20, "second": 30,
         "time offset": "PT7H", "timezone": "Asia/Ho_Chi_Minh"},
    ),
    "days and time duration": Kind('@"P1DT2H3M4S"', '@"P2D"', "P1DT2H3M4S", "P1DT2H3M4S",
                                   {"days": 1, "hours": 2, "minutes": 3, "seconds": 4}),
    "years and months duration": Kind('@"P1Y2M"', '@"P2Y"', "P1Y2M", "P1Y2M", {"years": 1, "months": 2}),
    "list": Kind("[1, 2]", "[2]", "[1, 2]", [1, 2], is_ordered=False),
    "context": Kind("{a: 1}", "{a: 2}", "{a: 1}", {"a": 1}, {"a": 1}, is_ordered=False),
    "range": Kind("[1..2)", "[1..3)", "[1..2)", "[1..2)",
                  {"start": 1, "end": 2, "start included": True, "end included": False}, is_ordered=False),
    "function": Kind("function(a) a", "function(b) b", "function(a)", "function(a)", is_ordered=False),
    "null": Kind("null", "null", "null", None, is_ordered=False),
}  # fmt: skip
VALUED = {name: kind for name, kind in ALL.items() if name != "null"}
TYPES = {"list": "list<number>", "context": "context<a: number>", "range": "range<number>",
         "function": "function<Any> -> Any", "null": "Null"}  # fmt: skip


def test_every_kind_is_tried() -> None:
    assert ALL.keys() == set(KINDS.values())
    assert {(KINDS[kind], name) for kind, name in PROPERTIES} == {
        (name, known) for name, kind in ALL.items() for known in kind.properties if name != "context"
    }


@pytest.mark.parametrize("name", VALUED)
def test_a_kind_is_printed_and_kept_as_json(name: str) -> None:
    kind = ALL[name]
    assert value(f"string({kind.sample})") == kind.text
    assert value(kind.sample) == kind.json
    wanted = types.plain(name)
    if wanted is not None and name not in ("range", "function"):
        assert (
            types.read_as(feel.from_json(value(kind.sample)), wanted) == result(kind.sample)
            or "@" in kind.text
        )


@pytest.mark.parametrize("name", ALL)
def test_a_kind_is_an_instance_of_its_own_type_only(name: str) -> None:
    for other in ALL:
        asked = f"({ALL[name].sample}) instance of {TYPES.get(other, other)}"
        assert value(asked) is (name == other), asked
    assert value(f"({ALL[name].sample}) instance of Any") is (name != "null")


@pytest.mark.parametrize("name", ALL)
def test_a_kind_has_its_properties_and_no_others(name: str) -> None:
    every = {known for kind in ALL.values() for known in kind.properties}
    for known in every - {"a"} if name == "list" else every:
        asked = f"({ALL[name].sample}).{known}"
        if name == "list":
            assert value(asked) == [None, None]
        elif known in ALL[name].properties:
            assert value(asked) == ALL[name].properties[known], asked
        else:
            assert value(asked) is None
            assert warnings(asked) in (["property_unknown"], ["member_of_null"], ["entry_unknown"])


# What arithmetic is defined on: left, right, and the kind of the result (DMN 1.5, Table 42 and those that follow).
MOMENTS = ("date", "time", "date and time")
LONG, SHORT = "years and months duration", "days and time duration"
DEFINED: dict[str, dict[tuple[str, str], str]] = {
    "+": {
        ("number", "number"): "number", ("string", "string"): "string", (LONG, LONG): LONG, (SHORT, SHORT): SHORT,
        **{pair: one for one in ("date", "date and time") for pair in ((one, LONG), (LONG, one))},
        **{pair: one for one in MOMENTS for pair in ((one, SHORT), (SHORT, one))},
    },
    "-": {
        ("number", "number"): "number", (LONG, LONG): LONG, (SHORT, SHORT): SHORT, ("time", "time"): SHORT,
        **{(one, LONG): one for one in ("date", "date and time")}, **{(one, SHORT): one for one in MOMENTS},
        **dict.fromkeys(product(("date", "date and time"), repeat=2), SHORT),
    },
    "*": {
        ("number", "number"): "number",
        **{pair: one for one in (LONG, SHORT) for pair in ((one, "number"), ("number", one))},
    },
    "/": {("number", "number"): "number", (LONG, LONG): "number", (SHORT, SHORT): "number",
          **{(one, "number"): one for one in (LONG, SHORT)}},
    "**": {("number", "number"): "number"},
}  # fmt: skip


@pytest.mark.parametrize("sign", DEFINED)
def test_arithmetic_is_defined_on_these_kinds_and_no_others(sign: str) -> None:
    for left, right in product(ALL, ALL):
        text = f"({ALL[left].sample}) {sign} ({ALL[right].sample})"
        wanted = DEFINED[sign].get((left, right))
        found = result(text)
        assert (None if found is None else KINDS[type(found)]) == wanted, text
        assert bool(warnings(text)) is (wanted is None), text


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">="])
def test_order_is_defined_within_a_kind_that_has_one(sign: str) -> None:
    for left, right in product(ALL, ALL):
        text = f"({ALL[left].sample}) {sign} ({ALL[right].greater})"
        expected = sign[0] == "<" if left == right and ALL[left].is_ordered else None
        assert value(text) is expected, text
        assert bool(warnings(text)) is (expected is None), text


def test_equality_is_defined_within_a_kind_and_with_null() -> None:
    for left, right in product(ALL, ALL):
        text = f"({ALL[left].sample}) = ({ALL[right].sample})"
        same = (
            True
            if left == right and left != "function"
            else False
            if "null" in (left, right) or left == right
            else None
        )
        assert value(text) is same, text
        assert value(text.replace(" = ", " != ")) is (None if same is None else not same), text
        assert bool(warnings(text)) is (same is None), text
    for name in VALUED:
        assert value(f"({ALL[name].sample}) = ({ALL[name].greater})") is False


@pytest.mark.parametrize("word", ["and", "or"])
def test_logic_takes_booleans_and_null_for_what_is_none(word: str) -> None:
    for left, right in product(ALL, ALL):
        text = f"({ALL[left].sample}) {word} ({ALL[right].sample})"
        falses = [left, right].count("boolean")
        expected = (False if falses else None) if word == "and" else (False if falses == 2 else None)
        assert value(text) is expected, text


def test_a_range_is_made_of_ends_of_one_ordered_kind_and_asked_for_that_kind() -> None:
    for left, right in product(ALL, ALL):
        text = f"({ALL[left].sample}) in [({ALL[right].sample})..({ALL[right].greater})]"
        expected = True if left == right and ALL[left].is_ordered else None
        is_range = right == "null" or ALL[right].is_ordered  # and a range is in a range only as the same one
        assert value(text) is (False if left == "range" and is_range else expected), text
        between = f"({ALL[left].sample}) between ({ALL[right].sample}) and ({ALL[right].greater})"
        assert value(between) is expected, between
        assert bool(warnings(between)) is (expected is None)


@pytest.mark.parametrize("name", ALL)
def test_a_minus_sign_goes_with_numbers_and_durations(name: str) -> None:
    found = result(f"-({ALL[name].sample})")
    assert (found is not None) is (name in ("number", LONG, SHORT))


@pytest.mark.parametrize("name", ALL)
def test_a_kind_as_a_condition_a_source_and_a_function(name: str) -> None:
    sample = ALL[name].sample
    assert value(f"if {sample} then 1 else 2") == 2
    assert value(f"({sample})[1]") == (1 if name == "list" else value(sample))
    assert value(f"{{f: {sample}, r: f(1)}}.r") == (1 if name == "function" else None)
    looped = value(f"for i in ({sample}) return 1")
    assert looped == {"list": [1, 1], "null": None, "range": None}.get(name, [1])
    assert value(f"({sample}) in ({sample})") is {"function": False}.get(name, True)
