"""Each built-in gives what its declaration says it gives, for arguments of the kinds it takes."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest

from engine.feel import dates, durations, types
from engine.feel.budgets import Run
from engine.feel.faults import Refusal
from engine.feel.functions.declared import BUILT_IN, Parameter, Signature, accepted
from engine.feel.values import Function, Range, kind
from tests.units.feel.evaluated import MOMENT

DAY = dates.Date(2021, 8, 19)
SAMPLES: dict[str, list[object]] = {
    "number": [Decimal(2), Decimal("0.5")],
    "string": ["a", "12", "2021-08-19", "08:30:00", "PT5M", "[1..5]"],
    "date": [DAY],
    "time": [dates.Time(0, 0)],
    "date and time": [dates.DateTime(DAY, dates.Time(0, 0))],
    "days and time duration": [durations.DaysTime(-5)],
    "years and months duration": [durations.YearsMonths(-14)],
    "list": [[], [Decimal(3), Decimal(1)], ["a"], [True, None], [{"key": "a", "value": Decimal(1)}]],
    "context": [{"a": Decimal(1)}],
    "range": [Range(Decimal(1), Decimal(2), True, True)],
    "boolean": [True],
    "function": [Function("", ("a", "b"), lambda run, values: values[0] is values[1])],
}
SIGNATURES = [
    pytest.param(signature, id=f"{found.name}({signature.words})")
    for found in BUILT_IN.values()
    for signature in found.signatures
]


def _given(parameter: Parameter) -> list[object]:
    kinds = accepted(parameter.kind) or SAMPLES.keys()
    found = [value for name in SAMPLES if name in kinds for value in SAMPLES[name]]
    return [None, *found] if parameter.optional else found


def _is(value: object, result: str) -> bool:
    kinds = accepted(result)
    if kinds is not None:
        return kind(value) in kinds
    if result.startswith("list<"):
        element = result.removeprefix("list<").removesuffix(">")
        return isinstance(value, list) and all(item is None or _is(item, element) for item in value)
    return result in ("T", "Any")


@pytest.mark.parametrize("signature", SIGNATURES)
def test_a_built_in_gives_what_it_declares(signature: Signature) -> None:
    given = [_given(parameter) for parameter in signature.parameters]
    results = []
    for values in itertools.islice(itertools.product(*given), 2000):
        try:
            results.append(signature.call(Run(MOMENT), list(values)))
        except Refusal:
            continue
    wrong = [value for value in results if value is not None and not _is(value, signature.result)]
    assert wrong == []
    assert any(value is not None for value in results), "no sample is accepted"


def test_every_result_is_a_type_or_a_word_for_several() -> None:
    words = {signature.result for found in BUILT_IN.values() for signature in found.signatures}
    inner = {word.removeprefix("list<").removesuffix(">") for word in words}
    assert all(types.plain(word) or accepted(word) or word == "T" for word in inner)
