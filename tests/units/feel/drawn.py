"""Values drawn at random, kind by kind, for the laws of this folder; and a pool of hostile ones."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from engine import feel
from engine.feel import dates, durations
from engine.feel.values import Range
from tests.units.feel.evaluated import MOMENT

TRUTHS = st.sampled_from((True, False, None))
NUMBERS = st.decimals(-(10**6), 10**6, places=3)
WIDE_NUMBERS = st.builds(
    lambda digits, exponent: feel.from_json(Decimal(digits).scaleb(exponent)),
    st.integers(-(10**34) + 1, 10**34 - 1),
    st.integers(-40, 40),
)
TEXTS = st.text(st.sampled_from('aAéđ🐎 -.,\n"\\\u0301'), max_size=8)
OFFSETS = st.none() | st.integers(-18 * 60, 18 * 60).map(lambda minutes: minutes * 60)
ZONES = st.sampled_from(
    ("Asia/Ho_Chi_Minh", "Europe/Paris", "America/St_Johns", "Australia/Lord_Howe", "UTC")
)
NANOS = st.integers(0, durations.DAY - 1)
# Whole seconds: the standard compares times by them.
SECONDS = st.integers(0, 86_399).map(lambda seconds: seconds * durations.NANOS)
DAYS = st.builds(dates.day_at, st.integers(-1_000_000, 1_000_000))
FAR_DAYS = st.builds(dates.day_at, st.integers(-365 * 10**8, 365 * 10**8))
TIMES = st.builds(dates.Time, SECONDS, OFFSETS) | st.builds(dates.Time, SECONDS, st.none(), ZONES)
LOCAL_MOMENTS = st.builds(dates.DateTime, DAYS, st.builds(dates.Time, NANOS))
OFFSET_MOMENTS = st.builds(
    dates.DateTime, DAYS, st.builds(dates.Time, NANOS, OFFSETS.filter(lambda o: o is not None))
)
# A clock shows some hours twice and some never: only moments that it does show.
ZONED_MOMENTS = st.builds(dates.DateTime, DAYS, st.builds(dates.Time, NANOS, st.none(), ZONES)).map(
    lambda moment: dates.moved(moment, 0) or moment
)
MOMENTS = LOCAL_MOMENTS | OFFSET_MOMENTS | ZONED_MOMENTS
DAYS_TIMES = st.builds(durations.DaysTime, st.integers(-(10**19), 10**19))
YEARS_MONTHS = st.builds(durations.YearsMonths, st.integers(-(10**6), 10**6))
ORDERED = {
    "numbers": NUMBERS,
    "texts": TEXTS,
    "dates": DAYS,
    "local times": st.builds(dates.Time, SECONDS),
    "moments": OFFSET_MOMENTS,
    "days and times": DAYS_TIMES,
    "years and months": YEARS_MONTHS,
}
SCALARS = st.one_of(TRUTHS, NUMBERS, TEXTS, DAYS, TIMES, MOMENTS, DAYS_TIMES, YEARS_MONTHS)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def _made(text: str) -> object:
    return feel.compile(text).evaluate({}, MOMENT).value


HOSTILE: list[object] = [
    None,
    True,
    False,
    *map(Decimal, ("0", "-0", "1", "-1", "1.5", "3", "9" * 34, "1e19", "1e6144", "-1e6144", "1e-6143")),
    "",
    "a",
    "1",
    "-1e5",
    "🐎x",
    "a" * 5000,
    "2026-01-31",
    "P1D",
    "10:00:00",
    "[1..3]",
    "(",
    "[a-z]",
    "$1",
    "\\",
    "\ud800",
    "i",
    "\x00",
    dates.Date(2026, 1, 31),
    dates.Date(-999_999_999, 1, 1),
    dates.Date(999_999_999, 12, 31),
    dates.Date(0, 2, 29),
    dates.Time(0),
    dates.Time(durations.DAY - 1, 64_800),
    dates.Time(0, None, "Europe/Paris"),
    *map(
        _made,
        (
            '@"2026-01-31T10:00:00"',
            '@"999999999-12-31T23:59:59-18:00"',
            '@"-999999999-01-01T00:00:00+18:00"',
            '@"2026-10-25T02:30:00@Europe/Paris"',
        ),
    ),
    durations.DaysTime(0),
    durations.DaysTime(-1),
    durations.DaysTime(10**24),
    durations.YearsMonths(0),
    durations.YearsMonths(-12 * 10**10),
    [],
    [None],
    [Decimal(2), Decimal(1)],
    ["b", "a"],
    [[Decimal(1)], [[]]],
    [True, None],
    [{"key": "a", "value": Decimal(1)}],
    [{"a": Decimal(1)}, {"b": None}],
    [Decimal(1), "a", None, True],
    {},
    {"a": Decimal(1)},
    {"a": {"b": [Decimal(1)]}},
    {"": Decimal(1), "a b": None, "if": Decimal(2), "item": Decimal(1)},
    Range(Decimal(1), Decimal(3), True, False),
    Range(Decimal(3), Decimal(1), True, True),
    Range(None, None, True, True),
    Range(None, Decimal(3), False, True, "<="),
    Range(None, None, True, True, "="),
    Range("a", Decimal(1), True, True),
    Range(dates.Date(2026, 1, 1), dates.Date(2026, 2, 1), True, False),
    Range([], {}, True, True),
    *map(
        _made,
        (
            "function(a, b) a < b",
            "function(a) a",
            "function() 1",
            "function(a: number) a.b[1]",
            "sum",
            "matches",
            "function(a, b) sort([a, b], function(x, y) x < y)",
        ),
    ),
]
