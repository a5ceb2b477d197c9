"""Measures how fast decisions are made, against the same rules written by hand in Python, in one run on one core.

Rates are evaluations per second of processor time, each from JSON variables to a JSON value, medians of slices in which
all sides take turns, so that a busy machine slows them alike. What counts is a ratio, not a rate.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from operator import truediv
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from lxml import etree

from engine import feel
from engine.decisions import evaluation, explanations, reading
from engine.decisions.models import DecisionModel

SLICES = 7
READS = 15
FEW, MANY = 20, 2_000

Cases = Sequence[Mapping[str, Any]]
_MOMENT = feel.Moment(datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("Asia/Ho_Chi_Minh"))

INPUTS = (("kind", "string"), ("days", "number"), ("late", "boolean"), ("shape", "string"), ("size", "number"),
          ("on", "date"))  # fmt: skip
OUTPUTS = (("say", "string"), ("again", "number"))
RULES = (
    ('"map","atlas"', "> 14", "-", "-", "-", "-", '"refuse"', "14"),
    ('"map"', "-", "true", "-", "-", "-", '"refuse"', "0"),
    ("-", "< 0", "-", "-", "-", "-", '"refuse"', "0"),
    ("-", "-", "-", '"lost"', "-", "-", '"refuse"', "0"),
    ('"volume"', "[0..7]", "false", '"new","good"', "-", "-", '"lend"', "28"),
    ('"volume"', "(7..28]", "false", 'not("worn")', "< 500", "-", '"lend"', "14"),
    ('"volume"', "-", "true", "-", ">= 500", "-", '"ask"', "7"),
    ('not("volume","map")', "[0..3]", "-", "-", "-", '>= @"2020-01-01"', '"lend"', "3"),
    ('"disc"', "-", "false", '"good"', "[1..12]", "-", '"lend"', "7"),
    ('"disc"', "null", "-", "-", "-", "-", '"ask"', "1"),
    ("-", "> 28", "-", "-", "-", "-", '"refuse"', "0"),
    ("-", "-", "-", "-", "-", "-", '"ask"', "0"),
)
_ROWS = (
    ("volume", 3, False, "new", 120, "2024-05-01"), ("volume", 20, False, "good", 320, "2024-05-01"),
    ("map", 20, True, "good", 20, "2024-05-01"), ("disc", 5, False, "good", 6.5, "2019-05-01"),
    ("toy", 2, False, "good", 6, "2023-05-01"), ("volume", 40, True, "worn", 900, "2023-05-01"),
    ("disc", None, True, "worn", 900, "2023-05-01"), ("volume", 10, True, "worn", 100, None),
    ("atlas", 1, True, "lost", 100, "2021-01-01"),
)  # fmt: skip
CASES: Cases = tuple(dict(zip((name for name, _ in INPUTS), row, strict=True)) for row in _ROWS)


@dataclass(frozen=True, slots=True)
class Graph:
    """A decision with everything it requires: how its model is read anew, and variables to evaluate it for."""

    read: Callable[[], DecisionModel]
    decision: str
    cases: Cases


def measured(seconds: float, graph: Graph | None = None) -> dict[str, Any]:
    """The whole measurement, each rate taken over about so many seconds; of a given graph too."""
    content = document("FIRST", INPUTS, OUTPUTS, RULES)
    table = Graph(lambda: _read(content), "d", CASES)
    model = table.read()
    assert [_value(model, "d", case) for case in CASES] == [by_hand(case) for case in CASES]
    sides = {
        "by_hand": lambda: [by_hand(case) for case in CASES],
        "plain": lambda: [_value(model, "d", case) for case in CASES],
        "explained": lambda: [_explained(model, "d", case) for case in CASES],
        "kept": lambda: [_kept(model, "d", case) for case in CASES],
    }
    report: dict[str, Any] = {
        "table": {
            "rules": len(RULES),
            "inputs": len(INPUTS),
            **_rates(sides, len(CASES), seconds),
            **_made(table),
        },
        "sizes": _sizes(seconds),
    }
    if graph is not None:
        report["graph"] = _graph(graph, seconds)
    return report


def told(report: Mapping[str, Any]) -> str:
    """The report in words."""
    table, sizes = report["table"], report["sizes"]
    lines = [
        f"table of {table['rules']} rules and {table['inputs']} inputs, evaluations per second of one core:",
        *_told_rates(table),
        f"  written by hand  {table['by_hand_per_second']:9,}   {table['by_hand_ratio']:.1f} times plain",
        f"  read in {table['read_ms']} ms, first evaluated in {table['first_ms']} ms",
        f"rules looked up by equal inputs: {FEW} take {sizes['few_us']} µs, {MANY:,} take {sizes['many_us']} µs,"
        f" {sizes['ratio']} times as long",
    ]
    if "graph" in report:
        graph = report["graph"]
        lines += [
            f"decision {graph['decision']} with {graph['decisions'] - 1} more and {graph['rules']} rules:",
            *_told_rates(graph),
            f"  read in {graph['read_ms']} ms, first evaluated in {graph['first_ms']} ms",
        ]
    return "\n".join(lines)


def _told_rates(rates: Mapping[str, Any]) -> list[str]:
    return [
        f"  value alone      {rates['plain_per_second']:9,}",
        f"  with reasons     {rates['explained_per_second']:9,}   {rates['explained_ratio']:.2f} of it",
        f"  reasons to keep  {rates['kept_per_second']:9,}   {rates['kept_ratio']:.2f} of it",
    ]


# -- what is measured


def _value(model: DecisionModel, decision: str, case: Mapping[str, Any]) -> feel.Json:
    return evaluation.evaluate(model, decision, case, _MOMENT).value


def _explained(model: DecisionModel, decision: str, case: Mapping[str, Any]) -> object:
    """The value, the inputs' values, and what became of every rule."""
    outcome = evaluation.evaluate(model, decision, case, _MOMENT)
    return outcome.value, outcome.inputs, outcome.trace


def _kept(model: DecisionModel, decision: str, case: Mapping[str, Any]) -> object:
    """The value, and what history keeps of it and of all that was required."""
    outcome = evaluation.evaluate(model, decision, case, _MOMENT)
    return outcome.value, explanations.compact(model, outcome)


def by_hand(case: Mapping[str, Any]) -> dict[str, Any]:
    """What the table says, as one would write it in Python: the floor."""
    kind, late, shape = case["kind"], case["late"], case["shape"]
    days = Decimal(-1) if case["days"] is None else Decimal(case["days"])
    size = None if case["size"] is None else Decimal(str(case["size"]))
    on = None if case["on"] is None else datetime.fromisoformat(case["on"])
    if kind in ("map", "atlas") and days > 14:
        return {"say": "refuse", "again": 14}
    if (kind == "map" and late is True) or (days < 0 and case["days"] is not None) or shape == "lost":
        return {"say": "refuse", "again": 0}
    is_open = kind == "volume" and late is False
    if is_open and 0 <= days <= 7 and shape in ("new", "good"):
        return {"say": "lend", "again": 28}
    if is_open and 7 < days <= 28 and shape != "worn" and size is not None and size < 500:
        return {"say": "lend", "again": 14}
    if kind == "volume" and late is True and size is not None and size >= 500:
        return {"say": "ask", "again": 7}
    is_late_enough = on is not None and on >= datetime(2020, 1, 1)
    if kind not in ("volume", "map") and 0 <= days <= 3 and is_late_enough:
        return {"say": "lend", "again": 3}
    if kind == "disc" and late is False and shape == "good" and size is not None and 1 <= size <= 12:
        return {"say": "lend", "again": 7}
    if kind == "disc" and case["days"] is None:
        return {"say": "ask", "again": 1}
    return {"say": "refuse" if days > 28 else "ask", "again": 0}


def _sizes(seconds: float) -> dict[str, Any]:
    """The time for one evaluation of a small and of a large table whose rules differ in two equal inputs."""
    sides: dict[str, Callable[[], object]] = {}
    for name, count in (("few", FEW), ("many", MANY)):
        rules = [
            (f'"k{at // 10}"', f"{at % 10}", "-" if at % 3 else "[0..100]", f'"{at}"') for at in range(count)
        ]
        inputs = (("kind", "string"), ("shape", "number"), ("days", "number"))
        model = _read(document("UNIQUE", inputs, (("say", "string"),), rules))
        cases = [
            {"kind": f"k{at // 10}", "shape": at % 10, "days": 7}
            for at in range(count // FEW // 2, count, count // FEW)
        ]
        assert [_value(model, "d", case) for case in cases][1] == str(count // FEW // 2 + count // FEW)
        sides[name] = lambda model=model, cases=cases: [_value(model, "d", case) for case in cases]  # type: ignore[misc]
    rates = _taken(sides, FEW, seconds)
    few, many = ([1e6 / rate for rate in rates[name]] for name in ("few", "many"))
    return {
        "few_us": round(statistics.median(few), 1),
        "many_us": round(statistics.median(many), 1),
        "ratio": round(statistics.median(map(truediv, many, few)), 2),
    }


def _graph(graph: Graph, seconds: float) -> dict[str, Any]:
    model = graph.read()
    sides = {
        name: lambda evaluated=evaluated: [evaluated(model, graph.decision, case) for case in graph.cases]
        for name, evaluated in (("plain", _value), ("explained", _explained), ("kept", _kept))
    }
    return {
        "decision": graph.decision,
        "decisions": len(model.decisions),
        "rules": sum(len(decision.rules) for decision in model.decisions.values()),
        **_rates(sides, len(graph.cases), seconds),
        **_made(graph),
    }


def _made(graph: Graph) -> dict[str, float]:
    """Milliseconds to parse and compile a file, and then for the first evaluation, which prepares the tables."""
    read: list[float] = []
    first: list[float] = []
    for _ in range(READS):
        begun = time.process_time()
        model = graph.read()
        between = time.process_time()
        _value(model, graph.decision, graph.cases[0])
        read.append(between - begun)
        first.append(time.process_time() - between)
    return {
        name: round(statistics.median(taken) * 1e3, 1)
        for name, taken in (("read_ms", read), ("first_ms", first))
    }


def _read(content: bytes) -> DecisionModel:
    return reading.read(etree.fromstring(content), "bench.dmn")


# -- rates


def _rates(sides: Mapping[str, Callable[[], object]], cases: int, seconds: float) -> dict[str, Any]:
    """Per side the rate, and its ratio to the plain one in the same slice."""
    taken = _taken(sides, cases, seconds)
    report: dict[str, Any] = {}
    for name, rates in taken.items():
        report[f"{name}_per_second"] = round(statistics.median(rates))
        if name != "plain":
            pairs = zip(rates, taken["plain"], strict=True)
            report[f"{name}_ratio"] = round(statistics.median(rate / plain for rate, plain in pairs), 2)
    return report


def _taken(sides: Mapping[str, Callable[[], object]], cases: int, seconds: float) -> dict[str, list[float]]:
    """The rate of each side in each slice; a side evaluates so many cases at a turn."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(SLICES):
        for name, act in sides.items():
            act()
            turns, begun = 0, time.process_time()
            while time.process_time() - begun < seconds / SLICES:
                act()
                turns += 1
            taken[name].append(turns * cases / (time.process_time() - begun))
    return taken


def document(
    policy: str,
    inputs: Sequence[tuple[str, str]],
    outputs: Sequence[tuple[str, str]],
    rules: Sequence[Sequence[str]],
) -> bytes:
    """The DMN file of one table, the decision `d`, with its columns' names and types and its rules' cells."""
    data = "".join(
        f'<inputData id="{name}_in" name="{name}"><variable name="{name}" typeRef="{kind}"/></inputData>'
        for name, kind in inputs
    )
    needs = "".join(
        f'<informationRequirement><requiredInput href="#{name}_in"/></informationRequirement>'
        for name, _ in inputs
    )
    columns = "".join(
        f'<input label="{name}"><inputExpression typeRef="{kind}"><text>{name}</text></inputExpression></input>'
        for name, kind in inputs
    ) + "".join(f'<output name="{name}" typeRef="{kind}"/>' for name, kind in outputs)
    tags = ["inputEntry"] * len(inputs) + ["outputEntry"] * len(outputs)
    rows = "".join(
        f"<rule>{''.join(_element(tag, cell) for tag, cell in zip(tags, row, strict=True))}</rule>"
        for row in rules
    )
    table = f'<decisionTable hitPolicy="{policy}">{columns}{rows}</decisionTable>'
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="bench" name="bench" namespace="bench">'
        f'{data}<decision id="d" name="d"><variable name="d"/>{needs}{table}</decision></definitions>'
    ).encode()


def _element(tag: str, cell: str) -> str:
    return f"<{tag}><text>{escape(cell)}</text></{tag}>"
