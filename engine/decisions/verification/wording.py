"""Boxes and values of a table in words that a sentence takes up (`engine.texts`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from engine.decisions.verification import covers
from engine.decisions.verification.constants import ORDERED
from engine.decisions.verification.covers import Box
from engine.decisions.verification.domains import Column
from engine.decisions.verification.pieces import Piece
from engine.feel import durations, formats
from engine.feel.values import kind

Words = Any
"""A text, or what `texts.sentence` says in the reader's language."""


def where(columns: Sequence[Column], box: Box) -> Words:
    """A box as conditions on the inputs; an input that may be anything is left out."""
    found = [
        _condition(column, bits) for column, bits in zip(columns, box, strict=True) if bits != column.full
    ]
    return _listed(found) if found else {"says": "decision_table.where.always"}


def example(columns: Sequence[Column], box: Box) -> Words:
    """One input of a box, value by value."""
    return _listed(_sample(column, first(column, bits)) for column, bits in zip(columns, box, strict=True))


def first(column: Column, bits: int) -> Piece:
    """The piece of an example: a known value before an unknown one."""
    return column.pieces[next(covers.bits(bits & ~column.null or bits))]


def values(columns: Sequence[Column], box: Box) -> list[object]:
    """One input of a box: a value for each column, as in `example`."""
    return [first(column, bits).sample for column, bits in zip(columns, box, strict=True)]


def labels(columns: Iterable[Column]) -> str:
    """The names of columns in a sentence."""
    return ", ".join(f"“{column.label}”" for column in columns)


def numbers(rules: Iterable[int]) -> str:
    """Rules (from 0) as people count them."""
    return ", ".join(str(rule + 1) for rule in rules)


def literal(value: object) -> Words:
    """A value in a sentence; durations in words."""
    match value:
        case durations.YearsMonths():
            years, months = divmod(abs(value.months), 12)
            return _spoken(value.months < 0, ("years", years), ("months", months))
        case durations.DaysTime():
            days, hours, minutes, seconds, nanos = value.parts()
            if nanos:
                return formats.literal(value)
            clock = (("hours", hours), ("minutes", minutes), ("seconds", seconds))
            return _spoken(value.nanos < 0, ("days", days), *clock)
    return formats.literal(value)


def _spoken(negative: bool, *units: tuple[str, int]) -> Words:
    said: list[Words] = [
        {"says": f"decision_table.unit.{unit}", "count": count} for unit, count in units if count
    ]
    said = said or [{"says": f"decision_table.unit.{units[-1][0]}", "count": 0}]
    return {"parts": ["−" if negative else "", {"parts": said, "between": " "}], "between": ""}


def _sample(column: Column, piece: Piece) -> Words:
    if piece.sample is None:
        return {"says": "decision_table.where.unknown", "label": column.label}
    if piece.other:
        return _other(column, piece.other)
    return {"says": "decision_table.where.is", "label": column.label, "value": literal(piece.sample)}


def _condition(column: Column, bits: int) -> Words:
    """A column's part of a box: the pieces as unary tests, neighbours joined, and whether it may be unknown."""
    known, null = bits & ~column.null, bits & column.null
    if not known:
        return {"says": "decision_table.where.unknown", "label": column.label}
    if known == column.full & ~column.null:
        return {"says": "decision_table.where.known", "label": column.label}
    said = _known(column, known)
    return {"says": "decision_table.where.or_unknown", "condition": said} if null else said


def _known(column: Column, bits: int) -> Words:
    at_all = column.full & ~column.null
    if any(column.pieces[at].other for at in covers.bits(bits)):
        return _other(column, [column.pieces[at].sample for at in covers.bits(at_all & ~bits)])
    runs: list[list[Piece]] = []
    before = -2
    for at in covers.bits(bits):
        if at == before + 1 and _touch(runs[-1][-1], column.pieces[at]):
            runs[-1].append(column.pieces[at])
        else:
            runs.append([column.pieces[at]])
        before = at
    if all(len(run) == 1 and run[0].point for run in runs):
        listed = _listed((literal(run[0].sample) for run in runs), ", ")
        return {"says": "decision_table.where.is", "label": column.label, "value": listed}
    tests = _listed((_run(run) for run in runs), ", ")
    return {"says": "decision_table.where.passes", "label": column.label, "tests": tests}


def _other(column: Column, left_out: Iterable[object]) -> Words:
    texts = ", ".join(formats.literal(text) for text in left_out)
    return {"says": "decision_table.where.other", "label": column.label, "values": texts}


def _touch(one: Piece, other: Piece) -> bool:
    """Whether two neighbouring pieces are parts of one stretch."""
    if one.point and other.point:  # days and counts that follow each other have nothing between them
        return kind(one.sample) in ORDERED and kind(one.sample) == kind(other.sample)
    if one.point == other.point:
        return False
    return (other.low is not None and one.sample == other.low) if one.point else one.high == other.sample


def _run(pieces: list[Piece]) -> Words:
    """A stretch of values as a unary test."""
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1 and first.point:
        return literal(first.sample)
    low = first.sample if first.point else first.low
    high = last.sample if last.point else last.high
    if low is None and high is None:
        return "-"
    if low is None or high is None:
        word = ("<", "<=")[last.point] if low is None else (">", ">=")[first.point]
        return {"parts": [word, literal(high if low is None else low)], "between": " "}
    ends = ("[" if first.point else "(", "]" if last.point else ")")
    return {"parts": [ends[0], literal(low), "..", literal(high), ends[1]], "between": ""}


def _listed(parts: Iterable[Words], between: str = "; ") -> Words:
    return {"parts": list(parts), "between": between}
