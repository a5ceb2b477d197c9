"""The analysis of a table equals trying every case: a thousand small tables, each decided at every point of note."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, product
from typing import Any

import pytest

from engine.decisions import tables
from engine.decisions.models import Decision, HitPolicy, Input
from engine.decisions.verification import cells, constants, nulls, studies, wording
from engine.decisions.verification.domains import Column
from engine.decisions.verification.studies import Study
from engine.feel import dates, durations, syntax
from engine.feel.expressions import UnaryTests
from tests.units.decisions.drawn import one_table

TABLES = 1_000
DAY, HOUR = 24 * 3600 * durations.NANOS, 3600 * durations.NANOS


@dataclass(frozen=True)
class Kind:
    """A kind of column: cells to choose from, all values that any of them tells apart, and allowed values to choose."""

    name: str
    cells: tuple[str, ...]
    points: tuple[object, ...]
    allowed: tuple[str, ...]


def _day(number: int) -> dates.Date:
    found = dates.day_at(number)
    assert found is not None
    return found


FIRST = dates.Date(2026, 1, 31).ordinal()
KINDS = (
    Kind(
        "number",
        ("-", "1", "< 2", ">= 2", "[1..3]", "(1..3)", "2, > 3", "not(2)", "? < 1 or ? >= 3", "]0..2[", "not([1..2])",
         "null", "not(null)", "null, < 1", "? != null", "? = 2 and ? > 1", "? > 3 and ? < 1", "[1..1]", '"2"'),
        tuple(Decimal(number) / 2 for number in range(-1, 8)),
        ("", "[0..3]", "1, 2", ">= 1"),
    ),
    Kind(
        "string",
        ("-", '"a"', '"b"', '"a", "b"', 'not("a")', '? = "c"', "null", 'not("a", "b")', 'null, "a"', "not(null)",
         '? in ("a", "c")'),
        ("a", "b", "c", "z"),
        ("", '"a", "b", "c"', '"a", "b"'),
    ),
    Kind("boolean", ("-", "true", "false", "null", "not(true)", "? = false", "true, null",
                     "?", "not(?)", "? or null"), (True, False), ("",)),
    Kind(
        "date",
        ("-", '< date("2026-01-31")', '>= date("2026-01-31")', '[date("2026-01-31")..date("2026-02-02")]',
         'date("2026-02-01")', 'not(date("2026-02-01"))', "null", '"2026-02-01"'),
        tuple(_day(FIRST + days) for days in range(-1, 4)),
        ("", '>= date("2026-01-31")'),
    ),
    Kind(
        "days and time duration",
        ("-", '< duration("P1D")', '>= duration("P1D")', '(duration("P1D")..duration("P2D"))', 'duration("P1D")',
         'not(duration("P2D"))', "null"),
        tuple(durations.DaysTime(nanos) for nanos in (0, DAY, DAY + HOUR, 2 * DAY, 3 * DAY)),
        ("",),
    ),
    Kind(
        "years and months duration",
        ("-", '< duration("P1M")', '> duration("P2M")', '[duration("P1M")..duration("P3M")]', "null"),
        tuple(durations.YearsMonths(months) for months in range(5)),
        ("",),
    ),
)  # fmt: skip
POLICIES = ("UNIQUE", "ANY", "FIRST", "PRIORITY", "COLLECT", "RULE ORDER", "OUTPUT ORDER")
RESULTS = ('"no"', '"perhaps"', '"yes"')


@dataclass(frozen=True)
class Case:
    """A table drawn by chance, the same table gathering all that match, and what its columns are made of."""

    decision: Decision
    gathered: Decision
    kinds: tuple[Kind, ...]
    required: tuple[str, ...]
    permissive: str
    text: str

    def permits(self, point: Sequence[object]) -> bool:
        """Whether the table's own verdict is the most permissive outcome."""
        table = self.decision.table
        assert table is not None
        wanted = self.permissive or ("yes" if table.hit_policy is HitPolicy.PRIORITY else "")
        verdict = decide(self.decision, point)
        return (
            verdict.value == wanted if wanted != "-" else not verdict.matched and verdict.value in (None, [])
        )

    @property
    def points(self) -> Iterator[tuple[object, ...]]:
        """Every input that can come and that the table may treat in its own way."""
        assert self.decision.table is not None
        columns: list[Sequence[object]] = []
        for place, (kind, said) in enumerate(zip(self.kinds, self.required, strict=True)):
            allowed = self.decision.table.inputs[place].allowed
            values = [
                value
                for value in kind.points
                if allowed is None or allowed.run(value, constants.frame({})) is True
            ]
            named = any("null" in rule.tests[place].text for rule in self.decision.table.rules)
            if named or said == "false":
                values.append(None)
            columns.append(values)
        return product(*columns)


def drawn(chance: random.Random) -> Case:
    """One small table."""
    kinds = tuple(chance.choices(KINDS, k=chance.randint(1, 3)))
    policy = chance.choice(POLICIES)
    required = tuple(chance.choice(("true", "false", "")) for _ in kinds)
    inputs = [
        (f"x{place}", kind.name, chance.choice(kind.allowed), "", f'tc:required="{said}"' if said else "")
        for place, (kind, said) in enumerate(zip(kinds, required, strict=True))
    ]
    dashes = chance.choice((0.0, 0.0, 0.5))  # besides those drawn, so that rules come behind others
    rules = [
        [
            *("-" if chance.random() < dashes else chance.choice(kind.cells) for kind in kinds),
            chance.choice(RESULTS),
        ]
        for _ in range(chance.randint(1, 6))
    ]
    default = chance.choice(RESULTS) if chance.random() < 0.2 else ""
    gathers = policy not in ("UNIQUE", "ANY", "FIRST", "PRIORITY")
    permissive = chance.choice(("", "-") if gathers else ("", "-", *(word.strip('"') for word in RESULTS)))
    more = f'tc:permissive="{permissive}"' if permissive else ""
    output = ("said", "string", ", ".join(RESULTS), default, more)
    own = one_table(policy, inputs, [output], rules).decisions["d"]
    gathered = one_table("COLLECT", inputs, [output[:3]], rules).decisions["d"]
    return Case(own, gathered, kinds, required, permissive, f"{policy} {inputs} {output} {rules}")


def decide(decision: Decision, point: Sequence[object]) -> tables.Verdict:
    assert decision.table is not None
    names = {f"x{place}": value for place, value in enumerate(point)}
    return tables.decide(decision.table, constants.frame(names))


def holds(column: Column, bits: int, value: object) -> bool:
    """Whether a value lies in one of the pieces meant."""
    return any(bits >> at & 1 and _lies(piece, value) for at, piece in enumerate(column.pieces))


def _lies(piece: Any, value: Any) -> bool:
    if piece.other:
        return isinstance(value, str) and value not in piece.other
    if piece.point or value is None or piece.sample is None:
        return bool(piece.sample == value)
    return (piece.low is None or value > piece.low) and (piece.high is None or value < piece.high)


def test_the_analysis_of_a_thousand_tables_equals_trying_every_case(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(20260131)
    seen: dict[str, int] = {}
    for number in range(TABLES):
        # these tables are too narrow for what is looked for beyond the combinations that are tried one by one
        monkeypatch.setattr(nulls, "TRIED_TOGETHER", number % 4)
        case = drawn(chance)
        found = studies.study(case.decision)
        assert not found.unfinished
        assert not any(column.unread for column in found.columns)
        matched = {point: tuple(decide(case.gathered, point).matched) for point in case.points}
        for name, equal in _compared(case, found, matched).items():
            assert equal is not None, f"{name}: {case.text}"
            seen[name] = seen.get(name, 0) + equal
    assert min(seen.values()) > 50, seen  # every kind of finding has been there often enough to compare


def _compared(case: Case, found: Study, matched: dict[Any, Any]) -> dict[str, int | None]:
    """Per kind of finding how many there were, None where analysis and trial differ."""
    return {
        "gaps": _gaps(case, found, matched),
        "overlaps": _overlaps(case, found, matched),
        "idle": _idle(found, matched),
        "masked": _masked(case, found, matched),
        "nulls": _nulls(case, found),
        "cells": _cells(case, found),
    }


def _gaps(case: Case, found: Study, matched: dict[Any, Any]) -> int | None:
    table = case.decision.table
    assert table is not None
    gathers = table.hit_policy.value not in ("UNIQUE", "ANY", "FIRST", "PRIORITY")
    open_points = {point for point, rules in matched.items() if not rules}
    if gathers or table.outputs[0].default is not None:
        return None if found.gaps else 0
    for point in matched:
        boxed = any(
            all(
                holds(column, bits, value)
                for column, bits, value in zip(found.columns, box, point, strict=True)
            )
            for box in found.gaps
        )
        if boxed != (point in open_points) and not (found.cut and not boxed):
            return None
    for box in found.gaps:
        if decide(case.gathered, wording.values(found.columns, box)).matched:
            return None
    return len(found.gaps)


def _overlaps(case: Case, found: Study, matched: dict[Any, Any]) -> int | None:
    table = case.decision.table
    assert table is not None
    pairs = {pair for rules in matched.values() for pair in combinations(rules, 2)}
    results = [rule.outputs[0].text for rule in table.rules]
    expected = {
        "UNIQUE": pairs,
        "ANY": {(one, other) for one, other in pairs if results[one - 1] != results[other - 1]},
    }.get(table.hit_policy.value, set())
    if {(one + 1, other + 1) for one, other, _ in found.overlaps} != expected or found.doubtful:
        return None
    for one, other, box in found.overlaps:
        verdict = decide(case.gathered, wording.values(found.columns, box))
        if not {one + 1, other + 1} <= set(verdict.matched):
            return None
    return len(expected)


def _idle(found: Study, matched: dict[Any, Any]) -> int | None:
    used = {rule for rules in matched.values() for rule in rules}
    every = {rule.number for rule in found.table.rules}
    return len(found.idle) if {rule + 1 for rule in found.idle} == every - used else None


def _masked(case: Case, found: Study, matched: dict[Any, Any]) -> int | None:
    table = case.decision.table
    assert table is not None
    used = {rule for rules in matched.values() for rule in rules}
    ranks = [RESULTS.index(rule.outputs[0].text) for rule in table.rules]
    if table.hit_policy.value == "FIRST":
        deciding = {rules[0] for rules in matched.values() if rules}
    elif table.hit_policy.value == "PRIORITY":
        best = {rules: min(ranks[rule - 1] for rule in rules) for rules in matched.values() if rules}
        deciding = {rule for rules, rank in best.items() for rule in rules if ranks[rule - 1] == rank}
    else:
        return None if found.masked else 0
    if {rule + 1 for rule, _ in found.masked} != used - deciding:
        return None
    for rule, others in found.masked:  # those named are enough
        for rules in matched.values():
            if rule + 1 in rules and not {other + 1 for other in others} & set(rules):
                return None
    return len(found.masked)


def _nulls(case: Case, found: Study) -> int | None:
    """The least combinations of inputs not known in which the most permissive outcome is reached."""
    reached = {unknown(point) for point in case.points if unknown(point) and case.permits(point)}
    least = {one for one in reached if not any(other < one for other in reached)}
    listed, more = nulls.permitted(found)
    if more or {frozenset(one.unknown) for one in listed} != least:
        return None
    for one in listed:
        point = wording.values(found.columns, one.box)
        rules = decide(case.gathered, point).matched
        if not one.sure or unknown(point) != set(one.unknown) or not case.permits(point):
            return None
        if (one.rule is None and rules) or (one.rule is not None and one.rule + 1 not in rules):
            return None
    return len(listed)


def unknown(point: Sequence[object]) -> frozenset[int]:
    return frozenset(place for place, value in enumerate(point) if value is None)


WRONG_KIND = ('"2"', '"2026-02-01"')  # texts in columns of numbers and days


def _cells(case: Case, found: Study) -> int | None:
    """Parts of cells that pass nothing allowed, something not allowed, or are of another kind than their column."""
    table = case.decision.table
    assert table is not None
    expected = {
        (rule.number - 1, place, code)
        for rule in table.rules
        for place, kind in enumerate(case.kinds)
        for test in rule.tests[place].tree.tests
        if (code := _doubt(rule.tests[place], test, table.inputs[place], kind))
    }
    doubts = list(cells.doubts(table, found.columns, found.known))
    if {(one.rule, one.column.places[0], one.code) for one in doubts} != expected:
        return None
    return len(doubts) if {one.rule for one in doubts if one.whole} <= set(found.idle) else None


def _doubt(cell: UnaryTests, test: syntax.Node, clause: Input, kind: Kind) -> str:
    frame = constants.frame({})
    if cell.text[test.start : test.end] in WRONG_KIND and kind.name in ("number", "date"):
        return "kind"
    alone = constants.test(test, cell.text, {})
    passed = {point for point in kind.points if alone(point, frame) is True}
    allowed = {
        point for point in passed if clause.allowed is None or clause.allowed.run(point, frame) is True
    }
    if passed and not allowed:
        return "outside"
    return "partly" if passed - allowed and isinstance(test, syntax.Literal | syntax.Interval) else ""
