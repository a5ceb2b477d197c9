"""The checker is sound: what it refuses is null for all values of the known types, and values are of inferred types."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import feel
from engine.feel import checking, dates, durations, logic, types
from engine.feel import syntax as tree
from engine.feel.budgets import Run
from engine.feel.checking.checker import Checker
from engine.feel.compiling import Compiler
from engine.feel.frames import Frame
from engine.feel.functions.declared import BUILT_IN
from engine.feel.values import Range
from tests.units.feel.evaluated import MOMENT

PERSON = types.ContextType("person", (("name", types.STRING), ("age", types.NUMBER), ("born", types.DATE)))
VARIABLES: dict[str, types.Type] = {
    "n": types.NUMBER, "s": types.STRING, "b": types.BOOLEAN, "d": types.DATE, "t": types.TIME, "m": types.DATE_TIME,
    "dt": types.DAYS_TIME, "ym": types.YEARS_MONTHS, "p": PERSON, "ns": types.ListType("list", types.NUMBER),
    "ss": types.ListType("list", types.STRING), "bs": types.LIST, "ps": types.ListType("list", PERSON),
    "r": types.RangeType("range", types.NUMBER), "x": types.ANY,
}  # fmt: skip

NUMBERS = st.decimals(-5, 5, places=1) | st.integers(-3, 3).map(feel.from_json)
STRINGS = st.sampled_from(("", "a", "b", "1", "2021-08-19", "PT1H"))
DAYS = st.builds(dates.Date, st.integers(2019, 2022), st.integers(1, 12), st.integers(1, 28))
TIMES = st.builds(dates.Time, st.integers(0, 86399).map(lambda second: second * 10**9))
MOMENTS = st.builds(dates.DateTime, DAYS, TIMES)
HOURS = st.integers(-100, 100).map(lambda hours: durations.DaysTime(hours * 3600 * 10**9))
MONTHS = st.integers(-30, 30).map(durations.YearsMonths)
PEOPLE = st.fixed_dictionaries({"name": STRINGS, "age": NUMBERS, "born": DAYS})
ANYTHING = st.one_of(NUMBERS, STRINGS, st.booleans(), DAYS, st.none(), st.lists(NUMBERS, max_size=2), PEOPLE)
VALUES = st.fixed_dictionaries(
    {
        "n": NUMBERS, "s": STRINGS, "b": st.booleans(), "d": DAYS, "t": TIMES, "m": MOMENTS, "dt": HOURS, "ym": MONTHS,
        "p": PEOPLE, "ns": st.lists(NUMBERS, max_size=3), "ss": st.lists(STRINGS, max_size=3),
        "bs": st.lists(st.booleans(), max_size=2), "ps": st.lists(PEOPLE, max_size=3),
        "r": st.builds(Range, NUMBERS, NUMBERS, st.booleans(), st.booleans()), "x": ANYTHING,
    }
)  # fmt: skip

LEAVES = st.sampled_from(
    (*VARIABLES, *VARIABLES, "1", "2.5", '"a"', '"1"', "true", "false", "null", "[]", '@"2021-08-19"', '@"P1D"',
     "[1, 2]", '["a", null]', "[1..3]", '{name: "a", age: 1}', "(< 2)", 'duration("P1Y")', "today()", "item", "i",
     "function(u, v) u < v", "function(u: number) u + 1")
)  # fmt: skip
WRITTEN = st.sampled_from(
    ('"1"', '"1,5"', '"1.000,5"', '"abc"', '""', '"2021-08-19"', '"2021-13-01"', '"10:00:00"', '"25:00:00"', '"P"',
     '"P1D"', '"P1M"', '"[1..2]"', '"[2..1]"', '","', '"."', '" "',
     "1", "-1", "13", "2021", "24", "0.5", "null", '@"P1D"')
)  # fmt: skip
"""What authors write out between the parentheses of a conversion."""
CALLS = [
    (name, len(signature.parameters))
    for name, found in BUILT_IN.items()
    for signature in found.signatures
    if signature.parameters
]


def _composite(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def build(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.builds(template.format, *parts)

    signs = st.sampled_from(("+", "-", "*", "/", "**"))
    orders = st.sampled_from(("=", "!=", "<", "<=", ">", ">="))
    words = st.sampled_from(("and", "or"))
    members = st.sampled_from(("name", "age", "year", "days", "months", "start", "hour", "other"))
    kinds = st.sampled_from(("number", "string", "list<number>", "context<age: number>"))
    makers = st.sampled_from(("number", "date", "time", "date and time", "duration", "range"))
    gathers = st.sampled_from(("sum", "mean", "min", "max", "product", "median", "stddev"))
    calls = st.sampled_from(CALLS).flatmap(
        lambda found: st.lists(inner, min_size=found[1], max_size=found[1]).map(
            lambda parts: f"{found[0]}({', '.join(parts)})"
        )
    )
    return st.one_of(
        build("({} {} {})", inner, signs, inner), build("({} {} {})", inner, orders, inner),
        build("({} {} {})", inner, words, inner), build("(-{})", inner), build("({}.{})", inner, members),
        build("({}[{}])", inner, inner), build("({}[item {} {}])", inner, orders, inner),
        build("[{}, {}]", inner, inner),
        build("{{name: {}, other: {}}}", inner, inner), build("({} between {} and {})", inner, inner, inner),
        build("({} in ({}, {} {}))", inner, inner, orders, inner), build("({} in {})", inner, inner),
        build("({} instance of {})", inner, kinds), build("(if {} then {} else {})", inner, inner, inner),
        build("(for i in {} return {})", inner, inner), build("(for i in {}..{} return i)", inner, inner),
        build("(some i in {} satisfies {})", inner, inner), build("[{}..{})", inner, inner),
        build("{}({})", makers, WRITTEN), build("number({}, {}, {})", WRITTEN, WRITTEN, WRITTEN),
        build("date({}, {}, {})", WRITTEN, WRITTEN, WRITTEN), build("time({}, {}, {})", WRITTEN, WRITTEN, WRITTEN),
        build("{}({}, {})", gathers, inner, inner), build("{}({})", gathers, inner),
        build("(function(u: number, v) {})({}, {})", inner, inner, inner), calls, calls,
    )  # fmt: skip


TEXTS = st.recursive(LEAVES, _composite, max_leaves=6)


class Recorder(Checker):
    """Remembers what was inferred of every node that no loop, filter or context binds names for."""

    def __init__(self, text: str) -> None:
        super().__init__(text, VARIABLES)
        self.inferred: list[tuple[tree.Node, types.Type, bool]] = []
        self.conditions: list[tree.Node] = []

    def infer(self, node: tree.Node) -> types.Type:
        before = len(self.found)
        found = super().infer(node)
        if not self.scopes:
            self.inferred.append((node, found, len(self.found) > before))
        return found

    def condition(self, node: tree.Node) -> types.Type:
        before = len(self.found)
        found = super().condition(node)
        own = [
            one for one in self.found[before:] if one.code == "condition" and one.place == self.place(node)
        ]
        if own and not self.scopes:
            self.conditions.append(node)
        return found


def _shown(of: types.Type) -> types.Type:
    """A type as far as a value tells it: a function does not say what it gives."""
    match of:
        case types.FunctionType():
            return types.FUNCTION
        case types.ListType(element=element):
            return types.ListType("list", _shown(element))
        case types.ContextType(fields=fields):
            return types.ContextType("context", tuple((key, _shown(part)) for key, part in fields))
    return of


def _evaluated(text: str, node: tree.Node, values: dict[str, Any]) -> object:
    return Compiler(text, VARIABLES).compile(node)(Frame(values, None, Run(MOMENT)))


def _is_missing(text: str, node: tree.Node, values: dict[str, Any]) -> bool:
    """Whether some part of a node is null: what is said of values is not said of missing ones.

    A list that can never hold a value is refused too, and a `between` whose ends differ: they may answer false; and a
    filter, which keeps nothing of nothing.
    """
    if isinstance(node, tree.Membership | tree.Between) and _evaluated(text, node, values) is False:
        return True
    if isinstance(node, tree.Filter) and _evaluated(text, node, values) == []:
        return True
    parts = [
        part
        for child in tree.children(node)
        for part in (tree.children(child) if isinstance(child, tree.Iterator) else [child])
    ]
    return any(_evaluated(text, part, values) is None or _is_missing(text, part, values) for part in parts)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEXTS, VALUES)
def test_what_is_refused_is_null_and_what_is_inferred_is_true(text: str, values: dict[str, Any]) -> None:
    try:
        node = feel.compile(text, VARIABLES).tree
    except feel.FeelError:
        return
    recorder = Recorder(text)
    recorder.infer(node)
    try:
        for part, found, refused in recorder.inferred:
            value = _evaluated(text, part, values)
            if not refused:
                assert types.conforms(value, _shown(found), Run(MOMENT)), (text, part, value, found)
            elif found == types.NULL and value is not None:
                assert _is_missing(text, part, values), (text, part, value)
        for part in recorder.conditions:
            assert logic.truth(_evaluated(text, part, values)) is None
    except feel.FeelError:
        return


CELLS = st.one_of(
    st.builds("{} {}".format, st.sampled_from(("<", ">=", "=", "!=")), LEAVES), LEAVES, TEXTS,
    st.builds("{}, {}".format, LEAVES, LEAVES),
    st.builds("? {} {}".format, st.sampled_from(("<", "=", "in", "+")), LEAVES),
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(CELLS, VALUES, st.sampled_from(sorted(VARIABLES)))
def test_a_cell_that_is_refused_never_matches(text: str, values: dict[str, Any], tested: str) -> None:
    try:
        tests = feel.compile_unary(text, VARIABLES)
    except feel.FeelError:
        return
    checked = checking.cell(text, tests.tree, VARIABLES[tested], VARIABLES)
    if not checked.is_hopeless:
        return
    try:
        missing = any(_is_missing(text, test, values) for test in tests.tree.tests)
        assert missing or tests.matches(values[tested], values, MOMENT) is not True, (text, tested)
    except feel.FeelError:
        return
