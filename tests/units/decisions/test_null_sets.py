"""The least sets of a family, counted and listed, are those that contain no other of it."""

from __future__ import annotations

import random
from itertools import combinations

from engine.decisions.verification.covers import Effort
from engine.decisions.verification.diagrams import NO
from engine.decisions.verification.null_sets import Families

INPUTS = 6


def test_the_least_sets_of_a_hundred_families_equal_comparing_all_their_sets() -> None:
    chance = random.Random(1986)
    every = [set(one) for size in range(INPUTS + 1) for one in combinations(range(INPUTS), size)]
    for _ in range(100):
        drawn = chance.sample(every, chance.choice((0, 1, 3, 8, 20)))
        families = Families(INPUTS, Effort())
        family = NO
        for one in drawn:
            pieces = {at: int(at in one) for at in range(INPUTS)}
            family = families.diagrams.either(family, families.diagrams.case(pieces))
        least = sorted(
            (tuple(sorted(one)) for one in drawn if not any(other < one for other in drawn)), key=len
        )
        listed = list(families.least(family))
        assert sorted(listed) == sorted(least)
        assert [len(one) for one in listed] == [len(one) for one in least]
        assert sum(families.sizes(family).values()) == len(least)
        assert set(families.least(families.nonempty(family))) == {
            tuple(sorted(one)) for one in drawn if one and not any(set() < other < one for other in drawn)
        }
