"""What may be unknown in a graph equals trying every case: some hundred small graphs, at every point of note."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any

from engine import decisions, errors
from engine.decisions.verification import graph_nulls
from engine.decisions.verification.graph_scopes import MOMENT
from tests.units.decisions.drawn import decision, literal, model, table

GRAPHS = 300
Family = set[frozenset[str]]


@dataclass(frozen=True)
class Kind:
    """A kind of input: the cells of its columns, constants of it, and all values that any of them tells apart."""

    type: str
    cells: tuple[str, ...]
    constants: tuple[str, ...]
    points: tuple[object, ...]


KINDS = (
    Kind("number", ("-", "< 1", ">= 1", "[1..2]", "> 2", "null", "not(null)", "not(1)"), ("1", "2"),
         (0, 1, Decimal("1.5"), 2, 3)),
    Kind("string", ("-", '"a"', '"b"', 'not("a")', "null", '"a", null'), ('"a"', '"b"'), ("a", "b", "z")),
    Kind("boolean", ("-", "true", "false", "null", "not(true)"), ("true", "false"), (True, False)),
)  # fmt: skip
SIGNS = ('"s"', '"t"', '"u"')
RESULTS = ('"no"', '"perhaps"', '"yes"')


class Drawing:
    """A graph drawn by chance: findings of tables, one joined from them, and a conclusion."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.kinds = {f"x{at}": chance.choice(KINDS) for at in range(chance.randint(2, 5))}
        while len(self.points) > 300:
            self.kinds.popitem()
        self.parts: list[str] = []
        self.lists: list[str] = []
        self.singles: list[str] = []
        self.numbers: list[str] = []
        for _ in range(chance.randint(1, 2)):
            self.below()
        if len(self.lists) > 1 and chance.random() < 0.7:
            self.parts.append(decision("j", literal(f"concatenate({', '.join(self.lists)})"), self.needs()))
            self.lists.append("j")
        if chance.random() < 0.3:
            self.below()
        self.conclusion()

    @property
    def points(self) -> list[dict[str, object]]:
        values = [(None, *kind.points) for kind in self.kinds.values()]
        return [dict(zip(self.kinds, case, strict=True)) for case in product(*values)]

    def needs(self) -> list[str]:
        return [f"decision:{name}" for name in (*self.lists, *self.singles, *self.numbers)]

    def below(self) -> None:
        name = f"t{len(self.parts)}"
        columns = [self.column() for _ in range(self.chance.randint(1, 3))]
        kind = self.chance.random()
        if kind < 0.1:
            counted = table(
                "COLLECT", [column for column, _ in columns], ["n"], self.rules(columns, 1, SIGNS), "COUNT"
            )
            self.parts.append(decision(name, counted, self.needs()))
            self.numbers.append(name)
        elif kind < 0.65:
            self.parts.append(
                decision(name, self.table("COLLECT", columns, [["sign"], ["level"]], SIGNS), self.needs())
            )
            self.lists.append(name)
        else:
            policy = self.chance.choice(("UNIQUE", "ANY", "FIRST", "PRIORITY"))
            output = ["said", "string", ", ".join(SIGNS), self.chance.choice(("", *SIGNS))]
            self.parts.append(decision(name, self.table(policy, columns, [output], SIGNS), self.needs()))
            self.singles.append(name)

    def conclusion(self) -> None:
        columns = [self.asked() for _ in range(self.chance.randint(1, 2))]
        if self.chance.random() < 0.4:
            columns.append(self.column())
        policy = self.chance.choice(("UNIQUE", "ANY", "FIRST", "PRIORITY", "PRIORITY"))
        default = self.chance.choice(("", *RESULTS))
        rules = self.rules(columns, 1, RESULTS)
        self.permissive = self.chance.choice([rule[-1] for rule in rules]).strip('"')
        output = ("said", "string", ", ".join(RESULTS), default, f'tc:permissive="{self.permissive}"')
        logic = table(policy, [column for column, _ in columns], [output], rules)
        self.parts.append(decision("d", logic, self.needs()))

    def table(
        self, policy: str, columns: list[Any], outputs: list[list[str]], results: tuple[str, ...]
    ) -> str:
        rules = self.rules(columns, len(outputs), results)
        return table(policy, [column for column, _ in columns], [tuple(one) for one in outputs], rules)

    def rules(self, columns: list[Any], outputs: int, results: tuple[str, ...]) -> list[list[str]]:
        return [
            [
                *(self.chance.choice(cells) for _, cells in columns),
                *(self.chance.choice(results) for _ in range(outputs)),
            ]
            for _ in range(self.chance.randint(1, 5))
        ]

    def column(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """A column that asks for an input, if need be by way of another one."""
        name, other = self.chance.sample(list(self.kinds), 2)
        kind, beside = self.kinds[name], self.kinds[other]
        constant, near = self.chance.choice(kind.constants), self.chance.choice(beside.constants)
        text = self.chance.choice((
            name, name,
            f"if {name} = null and {other} = {near} then {constant} else {name}",
            f"if {other} != {near} then {constant} else {name}",
            f"if {other} = null or {name} = {constant} then null else {name}",
            f"if {other} in ({near}, null) then {name} else {constant}",
            f"if {name} = null and {other} = null then {kind.constants[0]} else if {name} = null or {other} = null "
            f"then {kind.constants[1]} else {name}",
            f"if {name} = null and {other} = null then {kind.constants[1]} else if {name} = null or {other} = null "
            f"then {kind.constants[0]} else {name}",
        ))  # fmt: skip
        required = self.chance.choice(("true", *["false"] * 7))
        return (text, kind.type, "", "", f'tc:required="{required}"'), kind.cells

    def asked(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """A column that asks for what other decisions gave."""
        forms: list[tuple[str, str, tuple[str, ...]]] = []
        for name in self.lists:
            forms += [
                (f"count({name})", "number", ("> 0", "0", "1", "> 1", "-")),
                (f'count({name}[sign = "s"])', "number", ("> 0", "0", "-")),
                (f'some one in {name} satisfies one.level = "t"', "boolean", ("true", "false", "-")),
                (f'list contains({name}.sign, "u")', "boolean", ("true", "false", "-")),
                (f'count({name}[level != "t" and sign != "u"]) > 0', "boolean", ("true", "false")),
            ]
        for name in self.singles:
            forms += [(name, "string", ('"s"', '"t"', "null", "-", 'not("s")'))] * 2
        for name in self.numbers:
            forms += [(name, "number", ("> 1", "1", "> 0", "0", "-"))] * 2
        text, kind, cells = self.chance.choice(forms)
        return (text, kind, "", "", self.chance.choice(('tc:required="true"', 'tc:required="false"'))), cells


def test_what_may_be_unknown_in_some_hundred_graphs_equals_trying_every_case() -> None:
    chance = random.Random(5)
    seen = {"telling": 0, "several": 0, "idle": 0, "never": 0}
    for _ in range(GRAPHS):
        drawing = Drawing(chance)
        drawn = model(*drawing.parts)
        found = graph_nulls.studied(drawn, drawn.decisions["d"])
        if found is None:
            continue
        telling, idle, reached = tried(drawn, drawing)
        text = "\n".join(drawing.parts)
        assert not any(leaf.beyond for leaf in found.inputs.leaves), text
        assert not found.doubtful, text
        assert named(found, [one.leaves for one in found.unknown]) == telling, text
        assert named(found, found.idle) == idle, text
        assert (found.case is None) == (not reached) and not found.is_doubtful, text
        assert found.more == found.idle_more == 0, text
        seen["telling"] += len(telling)
        seen["several"] += sum(len(one) > 1 for one in telling)
        seen["idle"] += len(idle)
        seen["never"] += not reached
    assert min(seen.values()) > 5, seen  # everything has been there often enough to compare


def named(found: graph_nulls.Found, sets: Any) -> Family:
    return {frozenset(found.inputs.leaves[at].path[0] for at in leaves) for leaves in sets}


def tried(drawn: decisions.DecisionModel, drawing: Drawing) -> tuple[Family, Family, bool]:
    """The least combinations by which known values would tell, those by which not, and whether there is a case."""
    read = drawn.variables("d")
    cases: dict[tuple[object, ...], bool | None] = {}
    for point in drawing.points:
        try:
            said = decisions.evaluate(drawn, "d", point, MOMENT).value
        except errors.Invalid:
            cases[tuple(point.values())] = None
        else:
            cases[tuple(point.values())] = said == drawing.permissive
    names = list(drawing.kinds)
    reached = [case for case, is_it in cases.items() if is_it]
    telling: Family = set()
    every: Family = set()
    for case in reached:
        unknown = frozenset(at for at, value in enumerate(case) if value is None)
        there = frozenset(names[at] for at in unknown)
        if not there or not there <= read:
            continue
        every.add(there)
        known = [
            drawing.kinds[names[at]].points if at in unknown else (value,) for at, value in enumerate(case)
        ]
        if any(cases[other] is False for other in product(*known)):
            telling.add(there)
    least = {one for one in telling if not any(other < one for other in telling)}
    rest = {one for one in every if not any(other <= one for other in least)}
    return least, {one for one in rest if not any(other < one for other in rest)}, bool(reached)
