"""The rules of a table that match: a table is compiled when it is first evaluated, a large one indexed.

`walk` is what both must equal, in values, matches, failures and warnings.
"""

from __future__ import annotations

import functools

from engine.decisions import table_code, table_index
from engine.decisions.fitting import taken
from engine.decisions.models import HitPolicy, Search, Table, Verdict
from engine.feel.frames import Frame

MOST_RULES = 100  # of a table compiled as a whole; beyond, looking rules up is faster than asking them
MOST_CELLS = 1_000  # of a table compiled as a whole: compiling takes some 40 µs for each
MOST_COMPILED_INPUTS = 50  # the function nests as deep
MOST_INPUTS = 250  # of a table that is indexed; a wider one is walked


def compiled(table: Table) -> Search:
    """The search of a table: the inputs' values, the rules that match, what failed first in those that do not."""
    rules, inputs, asked = len(table.rules), len(table.inputs), sum(map(len, table.steps))
    if rules <= MOST_RULES and inputs <= MOST_COMPILED_INPUTS and asked <= MOST_CELLS:
        return table_code.compiled(table)
    if inputs <= MOST_INPUTS:
        return table_index.compiled(table)
    return functools.partial(walk, table)


def walk(table: Table, frame: Frame) -> Verdict:
    """The same by asking each cell's closure in turn."""
    values = tuple([taken(column, frame) for column in table.asked])
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
