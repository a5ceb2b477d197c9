"""The budget of one evaluation: steps, depth and sizes are bounded, so that no expression can hold a worker."""

from __future__ import annotations

import decimal
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.feel.faults import FeelError, Place, Refusal, Warning

STEPS = 1_000_000  # of about a microsecond of one processor each, whatever is done in it
POWER = 100  # steps that a power with a fraction is worth: decimals of 34 digits take so long
WHOLE_POWER = 5
LOGARITHM = 24
EXPONENTIAL = 16
ZONED = 10  # two times of day or moments compared or moved: their zones have to be asked for the offset
CALENDAR = 4  # arithmetic on days
MATCH = 4  # one match of a pattern found, and what is made of it
REASON = 2  # a null with its warning
DEPTH = 60  # calls of functions within functions
LONGEST_STRING = 1_000_000
LONGEST_LIST = 200_000
MOST_WARNINGS = 20
MOST_CONSULTED = 20

# 34 digits, half-even: IEEE 754 decimal128, which DMN 1.5, 10.3.2.3.1 prescribes.
NUMBERS = decimal.Context(
    prec=34, rounding=decimal.ROUND_HALF_EVEN, Emin=-6143, Emax=6144, clamp=0,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moment:
    """The moment an evaluation happens at (`now`, aware, UTC) and the zone whose day is `today()`."""

    now: datetime
    zone: ZoneInfo


EPOCH = Moment(datetime(1970, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
"""A moment for what is constant: a test that reads the clock there has no case to read it for."""


class Run:
    """One evaluation: its moment, what is left of its budget, and the warnings gathered so far."""

    __slots__ = ("moment", "steps", "depth", "warnings", "patterns", "consulted")

    def __init__(self, moment: Moment) -> None:
        self.moment = moment
        self.steps = STEPS
        self.depth = 0
        self.warnings: list[Warning] = []
        self.patterns: set[tuple[str, str]] = set()  # regular expressions paid for
        self.consulted: list[Any] = []  # what was looked up within the logic, for those who tell why

    def spend(self, steps: int) -> None:
        """Pay for work in proportion to sizes; refuses when the budget is used up."""
        self.steps -= steps
        if self.steps < 0:
            raise FeelError("budget_exhausted", most=STEPS)

    def consult(self, found: object) -> None:
        """Keep what was looked up; only the first of many are kept."""
        if len(self.consulted) < MOST_CONSULTED:
            self.consulted.append(found)

    def warn(self, code: str, place: Place, **params: Any) -> None:
        """Note why a value became null; only the first of many are kept."""
        self.spend(REASON)
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(Warning(code, params, place))

    def note(self, refusal: Refusal, place: Place) -> None:
        self.warn(refusal.code, place, **refusal.params)

    def enter(self, weight: int = 1) -> None:
        """Go one call deeper, into a body that is worth so many steps; pair with `leave`."""
        self.depth += 1
        self.spend(weight)
        if self.depth > DEPTH:
            raise FeelError("too_deep", most=DEPTH)

    def leave(self) -> None:
        self.depth -= 1
