"""Measures how long publication takes to study a large decision table: CPU seconds, by the shape of the table."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from engine.decisions import elements, reading
from engine.decisions.models import DecisionModel
from engine.decisions.verification import analysis

RULES, INPUTS = 200, 10
LARGEST = 1000  # numbers in cells are below it
_SEED = 2021
_MODEL = "https://www.omg.org/spec/DMN/20191111/MODEL/"

Row = list[str]
"""A rule's cells: a condition for each input, then the result."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of table: its name, hit policy, type of its inputs, and its rows."""

    name: str
    policy: str
    type: str
    rows: Callable[[random.Random], list[Row]]


@dataclass(frozen=True, slots=True)
class Measured:
    """A table studied: CPU seconds, how much was found, and whether a part was given up."""

    shape: str
    policy: str
    seconds: float
    findings: int
    complete: bool


def measured() -> Iterator[Measured]:
    """Every shape under every hit policy it is drawn for, the same tables each time."""
    for shape in SHAPES:
        decision = table(shape, random.Random(_SEED)).decisions["d"]
        begun = time.process_time()
        found = analysis.findings(decision)
        seconds = time.process_time() - begun
        complete = not any(".unfinished_" in one.code for one in found)
        yield Measured(shape.name, shape.policy, seconds, len(found), complete)


def told(report: Sequence[Measured]) -> str:
    """The report in lines."""
    head = f"Phân tích bảng {RULES} dòng × {INPUTS} cột / study of a table of {RULES} rules × {INPUTS} inputs, CPU s"
    lines = [
        f"  {one.shape:34} {one.policy:9} {one.seconds:6.2f}  {one.findings:4} phát hiện / findings"
        + ("" if one.complete else "  (bỏ dở một phần / given up in part)")
        for one in report
    ]
    return "\n".join((head, *lines))


def table(shape: Shape, chance: random.Random) -> DecisionModel:
    """A model whose decision `d` is a table of a shape."""
    root = etree.Element(f"{{{_MODEL}}}definitions", namespace="bench")
    decision = etree.SubElement(root, f"{{{_MODEL}}}decision", id="d", name="d")
    drawn = etree.SubElement(decision, f"{{{_MODEL}}}decisionTable", hitPolicy=shape.policy)
    for place in range(INPUTS):
        clause = etree.SubElement(drawn, f"{{{_MODEL}}}input", label=f"x{place}")
        clause.set(f"{{{elements.OWN}}}required", "false")
        asked = etree.SubElement(clause, f"{{{_MODEL}}}inputExpression", typeRef=shape.type)
        _text(asked, f"x{place}")
    output = etree.SubElement(drawn, f"{{{_MODEL}}}output", name="said", typeRef="number")
    _text(etree.SubElement(output, f"{{{_MODEL}}}outputValues"), "1, 2, 3")
    for row in shape.rows(chance):
        rule = etree.SubElement(drawn, f"{{{_MODEL}}}rule")
        for cell in row[:-1]:
            _text(etree.SubElement(rule, f"{{{_MODEL}}}inputEntry"), cell)
        _text(etree.SubElement(rule, f"{{{_MODEL}}}outputEntry"), row[-1])
    return reading.read(root, "bench.dmn")


def _text(element: etree._Element, words: str) -> None:
    etree.SubElement(element, f"{{{_MODEL}}}text").text = words


# -- shapes


def _parted(chance: random.Random) -> list[Row]:
    """Rules that part all there is among them without gap or overlap: each cut in two over and over."""
    boxes: list[list[tuple[int, int]]] = [[(0, LARGEST)] * INPUTS]
    while len(boxes) < RULES:
        at, column = chance.randrange(len(boxes)), chance.randrange(INPUTS)
        low, high = boxes[at][column]
        if high - low < 2:
            continue
        middle = chance.randrange(low + 1, high)
        rest = list(boxes[at])
        boxes[at][column], rest[column] = (low, middle), (middle, high)
        boxes.append(rest)
    return [[*(_span(*ends) for ends in box), _result(chance)] for box in boxes]


def _span(low: int, high: int) -> str:
    if low == 0:
        return "-" if high == LARGEST else f"null, < {high}"
    return f">= {low}" if high == LARGEST else f"[{low}..{high})"


def _gapped(chance: random.Random) -> list[Row]:
    rows = _parted(chance)
    del rows[chance.randrange(RULES)]
    return rows


def _random(dashes: float, width: float) -> Callable[[random.Random], list[Row]]:
    """Rules drawn one by one: so many cells are `-`, the others intervals of up to this part of all numbers."""

    def rows(chance: random.Random) -> list[Row]:
        return [[*(cell(chance) for _ in range(INPUTS)), _result(chance)] for _ in range(RULES)]

    def cell(chance: random.Random) -> str:
        if chance.random() < dashes:
            return "-"
        low = chance.randrange(LARGEST)
        high = low + 1 + chance.randrange(int(LARGEST * width))
        return chance.choice((f"[{low}..{high}]", f"< {high}", f">= {low}"))

    return rows


def _answers(named: int) -> Callable[[random.Random], list[Row]]:
    """A questionnaire: each rule names the answers to so many questions."""

    def rows(chance: random.Random) -> list[Row]:
        return [row(chance) for _ in range(RULES)]

    def row(chance: random.Random) -> Row:
        asked = chance.sample(range(INPUTS), named)
        answers = ('"yes"', '"no"', 'not("yes")', "null")
        return [
            *(chance.choice(answers) if place in asked else "-" for place in range(INPUTS)),
            _result(chance),
        ]

    return rows


def _result(chance: random.Random) -> str:
    return chance.choice("123")


SHAPES = (
    Shape("parted without gap or overlap", "UNIQUE", "number", _parted),
    Shape("parted without gap or overlap", "PRIORITY", "number", _parted),
    Shape("the same less one rule", "UNIQUE", "number", _gapped),
    Shape("8 of 10 cells -", "FIRST", "number", _random(0.8, 0.5)),
    Shape("8 of 10 cells -", "PRIORITY", "number", _random(0.8, 0.5)),
    Shape("half of the cells -, wide", "FIRST", "number", _random(0.5, 0.9)),
    Shape("half of the cells -, wide", "UNIQUE", "number", _random(0.5, 0.9)),
    Shape("no cell -, wide", "PRIORITY", "number", _random(0.0, 0.9)),
    Shape("no cell -, narrow", "FIRST", "number", _random(0.0, 0.05)),
    Shape("answers to 3 of 10 questions", "PRIORITY", "string", _answers(3)),
    Shape("answers to 4 of 10 questions", "FIRST", "string", _answers(4)),
    Shape("answers to 6 of 10 questions", "PRIORITY", "string", _answers(6)),
)
