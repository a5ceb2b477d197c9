"""Random whole processes, every element in them: blocks within blocks, with boundaries, loops and faults.

Conditions and collections read variables that commands set at random, absent ones included, so that a walk
meets the faults of a model as well as its ways.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from engine.bpmn.model import Loop, ProcessModel
from tests.elements import drawing

CONDITIONS = ("p", "q", "r")
COLLECTIONS = ("items", "others")
ERRORS = ("LOST", "TORN")


@st.composite
def processes(draw: st.DrawFn) -> ProcessModel:
    """A process of a few blocks, drawn at random."""
    maker = _Maker(draw)
    scope = _Scope()
    maker.sequence(scope, "start", "end", 3)
    return drawing.draw(*scope.parts, "\n".join(scope.lines))


@st.composite
def json_values(draw: st.DrawFn) -> Any:
    """Any JSON value a process may hold, decimals exact."""
    numbers = (
        st.integers()
        | st.decimals(allow_nan=False, allow_infinity=False, places=3)
        | st.decimals(allow_nan=False, allow_infinity=False)
    )
    texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
    leaves = st.none() | st.booleans() | numbers | texts
    return draw(
        st.recursive(
            leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
        )
    )


@st.composite
def variables(draw: st.DrawFn) -> dict[str, Any]:
    """Values for what the conditions and collections read, and something more."""
    given: dict[str, Any] = {name: draw(st.booleans()) for name in CONDITIONS if draw(st.integers(0, 9))}
    for name in COLLECTIONS:
        if draw(st.integers(0, 9)):
            given[name] = draw(st.lists(json_values(), max_size=3))
    if draw(st.booleans()):
        given["any"] = draw(json_values())
    return given


@dataclass
class _Scope:
    parts: list[drawing.Part | str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


@dataclass
class _Maker:
    """Adds blocks between two places of a scope. `room` is what is left of the process's size."""

    draw: st.DrawFn
    room: int = 14
    number: int = 0

    def sequence(self, scope: _Scope, before: str, after: str, depth: int, condition: str = "") -> None:
        """One to three blocks in a row between two nodes; the first flow may bear a condition."""
        at = before
        for _ in range(self.draw(st.integers(1, 3 if depth > 1 else 1))):
            if self.room <= 0:
                break
            entry, leave = self.block(scope, depth)
            scope.lines.append(f"{at} -> {entry}{condition}")
            at, condition = leave, ""
        scope.lines.append(f"{at} -> {after}{condition}")

    def block(self, scope: _Scope, depth: int) -> tuple[str, str]:
        self.room -= 1
        nested: list[Callable[[_Scope, int], tuple[str, str]]] = [
            self.fork,
            self.choice,
            self.inner,
            self.again,
        ]
        kinds = [self.task, self.task, self.task, self.race, *(nested * 2 if depth > 1 else [])]
        return self.draw(st.sampled_from(kinds))(scope, depth)

    def name(self, kind: str) -> str:
        self.number += 1
        return f"{kind}{self.number}"

    def task(self, scope: _Scope, depth: int) -> tuple[str, str]:
        kind = self.draw(
            st.sampled_from(["user", "user", "service", "call", "receive", "catch", "script", "throw"])
        )
        name = self.name(kind)
        parts = {
            "user": lambda: drawing.user(name),
            "service": lambda: drawing.service(name, give={"to": "any"}, take={"sent": "any"}),
            "call": lambda: drawing.call(name, give={"a": "any"}, take={"any": "any"}),
            "receive": lambda: drawing.receive(name, "came"),
            "catch": lambda: drawing.catch(name, after="PT1H"),
            "script": lambda: drawing.script(name, "if p then {n: 1} else if q then 1 else {r: false}"),
            "throw": lambda: drawing.throw(name, message="came", payload="{any: any}"),
        }
        part = parts[kind]()
        if kind not in ("catch", "throw"):
            part = self.repeated(part)
            self.edges(scope, name, kind)
        scope.parts.append(part)
        return name, name

    def repeated(self, part: drawing.Part) -> drawing.Part:
        if self.draw(st.integers(0, 2)):
            return part
        sequential = self.draw(st.booleans())
        loop: Loop = self.draw(
            st.sampled_from(
                [
                    drawing.each("items", "item", sequential=sequential, into="results", value="any"),
                    drawing.each("others", sequential=sequential, until="p"),
                    drawing.each(times="2", sequential=sequential),
                ]
            )
        )
        return replace(part, node=replace(part.node, loop=loop))

    def edges(self, scope: _Scope, name: str, kind: str) -> None:
        """Boundary events, each with a way of its own that ends by itself."""
        triggers: list[dict[str, Any]] = [
            {"after": "PT1H"}, {"after": "PT1H", "interrupting": False}, {"every": "R2/PT1H", "interrupting": False},
            {"message": "came"}, {"message": "came", "interrupting": False},
            {"error": ""}, {"error": "LOST", "variable": "problem"},
        ]  # fmt: skip
        for trigger in self.draw(st.lists(st.sampled_from(triggers), max_size=2)):
            if "error" in trigger and kind not in ("service", "call", "sub"):
                continue
            edge, beside = self.name("edge"), self.name("beside")
            scope.parts += [drawing.boundary(edge, on=name, **trigger), drawing.user(beside)]
            scope.lines.append(f"{edge} -> {beside} -> {self.name('end')}")

    def race(self, scope: _Scope, depth: int) -> tuple[str, str]:
        first, late, came, meet = (self.name(kind) for kind in ("race", "late", "came", "meet"))
        scope.parts += [drawing.race(first), drawing.catch(late, after="P1D"), drawing.exclusive(meet)]
        scope.parts.append(
            drawing.catch(came, message="came") if depth % 2 else drawing.receive(came, "came")
        )
        scope.lines += [f"{first} -> {late} -> {meet}", f"{first} -> {came} -> {meet}"]
        return first, meet

    def fork(self, scope: _Scope, depth: int) -> tuple[str, str]:
        """A split and a join of the same or, at times, another kind."""
        kinds = st.sampled_from([drawing.parallel, drawing.inclusive])
        split, join = self.name("split"), self.name("join")
        opened, closed = self.draw(kinds), self.draw(kinds)
        scope.parts += [opened(split), closed(join)]
        for condition in CONDITIONS[: self.draw(st.integers(2, 3))]:
            self.sequence(
                scope, split, join, depth - 1, f": {condition}" if opened is drawing.inclusive else ""
            )
        if opened is drawing.inclusive and self.draw(st.booleans()):
            scope.lines.append(f"{split} -> {join}: otherwise")
        return split, join

    def choice(self, scope: _Scope, depth: int) -> tuple[str, str]:
        """One of two ways; the other may end everything here."""
        way, meet = self.name("way"), self.name("meet")
        scope.parts += [drawing.exclusive(way), drawing.exclusive(meet)]
        self.sequence(scope, way, meet, depth - 1, f": {self.draw(st.sampled_from(CONDITIONS))}")
        after = meet
        if self.draw(st.booleans()):
            after = self.name("end")
            trigger = self.draw(
                st.sampled_from([{}, {"terminate": True}, {"error": "LOST"}, {"message": "came"}])
            )
            scope.parts.append(drawing.end(after, **trigger))
        self.sequence(scope, way, after, depth - 1, ": otherwise" if self.draw(st.integers(0, 4)) else ": q")
        return way, meet

    def again(self, scope: _Scope, depth: int) -> tuple[str, str]:
        """A loop back, through a person's task so that it does not run for ever."""
        back, look, more = self.name("back"), self.name("look"), self.name("more")
        scope.parts += [drawing.exclusive(back), drawing.user(look), drawing.exclusive(more)]
        self.sequence(scope, back, look, depth - 1)
        scope.lines += [f"{look} -> {more}", f"{more} -> {back}: p"]
        leave = self.name("leave")
        scope.parts.append(drawing.manual(leave))
        scope.lines.append(f"{more} -> {leave}: otherwise")
        return back, leave

    def inner(self, scope: _Scope, depth: int) -> tuple[str, str]:
        name = self.name("sub")
        inside = _Scope()
        self.sequence(inside, self.name("start"), self.name("end"), depth - 1)
        scope.parts.append(self.repeated(drawing.sub(name, *inside.parts, "\n".join(inside.lines))))
        self.edges(scope, name, "sub")
        return name, name
