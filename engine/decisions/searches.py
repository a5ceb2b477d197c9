"""The rules of a table that match: a table is compiled when it is first evaluated, a large one indexed.

`walk` is what both must equal, in values, matches, failures and warnings.
"""

from __future__ import annotations

import functools

from engine.decisions import table_code, table_index
from engine.decisions.models import HitPolicy, Search, Table, Verdict
from engine.feel import types
from engine.feel.frames import Frame

MOST_RULES = 100  # of a table compiled as a whole; beyond, looking rules up is faster than asking them
MOST_INPUTS = 250  # of a table that is not walked


def compiled(table: Table) -> Search:
    """The search of a table: the inputs' values, the rules that match, what failed first in those that do not."""
    if len(table.inputs) > MOST_INPUTS:
        return functools.partial(walk, table)
    if len(table.rules) <= MOST_RULES:
        return table_code.compiled(table)
    return table_index.compiled(table)


def walk(table: Table, frame: Frame) -> Verdict:
    """The same by asking each cell's closure in turn."""
    values = tuple(
        value(frame) if wanted is None else types.read_as(value(frame), wanted)
        for value, wanted in table.asked
    )
    verdict = Verdict(values, failed := [], matched := [])
    for index, steps in enumerate(table.steps):
        for column, test in steps:
            if test(values[column], frame) is not True:
                failed.append(column)
                break
        else:
            failed.append(-1)
            matched.append(index)
            if table.hit_policy is HitPolicy.FIRST:
                break
    return verdict
