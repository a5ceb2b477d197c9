"""The blocks of a YAML flow: sequences, choices, branches, loops, groups, and what interrupts them.

Every block takes the ways that arrive and gives at most one way that leaves; none when it always ends.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from engine.bpmn import steps as single
from engine.bpmn.canvases import Canvas, Exit, Place
from engine.bpmn.drawings import Definition, Drawing, Loop, Shape
from engine.bpmn.steps import Step
from engine.bpmn.values import Findings, shown


def draw(drawing: Drawing, found: Findings, steps: list[Any], names: Mapping[str, str]) -> None:
    """Draw a whole flow, with a start before it and an end behind it where none is written."""
    blocks = _Blocks(Canvas(drawing, found, names))
    blocks.whole(steps, Place(None, None, "/flow"), "start", "end")


class _Blocks:
    def __init__(self, canvas: Canvas) -> None:
        self.canvas, self.found = canvas, canvas.found
        self.kinds: Mapping[str, Callable[[str, Step, Place, list[Exit]], list[Exit]]] = {
            "switch": self._switch,
            "parallel": self._parallel,
            "race": self._race,
            "each": self._inside,
            "group": self._inside,
            "repeat": self._repeat,
        }

    def whole(self, steps: list[Any], place: Place, start: str, end: str) -> None:
        """All of a process or sub-process: from its start to its end."""
        first: list[Exit] = []
        if not (place.scope is None and steps and isinstance(steps[0], dict) and "start" in steps[0]):
            self.canvas.shape("startEvent", start, place, is_step=False)
            first = [Exit(start)]
        last = self.sequence(steps, place, first)
        if last:
            self.canvas.shape("endEvent", end, place, is_step=False)
            self.canvas.connect(last, end, place)
        elif not any(
            s.kind == "endEvent" and s.scope == place.scope for s in self.canvas.drawing.shapes.values()
        ):
            self.found.add("never_ends", place.pointer)

    def sequence(self, steps: list[Any], place: Place, arriving: list[Exit]) -> list[Exit]:
        """Step after step; a step that nothing can reach is a finding."""
        ways = arriving
        for index, step in enumerate(steps):
            at = dataclasses.replace(place, pointer=f"{place.pointer}/{index}")
            kind = single.kind(self.canvas, step, at.pointer)
            name = self.found.name(step[kind], f"{at.pointer}/{kind}") if kind else None
            if kind is None or name is None:
                continue
            begins = kind == "start"
            if begins and (place.scope is not None or place.pointer != "/flow" or not _begins(steps[:index])):
                self.found.add("start_first", at.pointer, name)
            elif not ways and not begins:
                self.found.add("unreachable_step", at.pointer, name, name=name)
                return []
            at = dataclasses.replace(at, lane=self._lane(step, at))
            if begins:  # several starts lead to the same first step
                ways = ways + self._single(kind, name, step, at, [])
                continue
            ways = (
                self.kinds[kind](name, step, at, ways)
                if kind in self.kinds
                else self._single(kind, name, step, at, ways)
            )
        return ways

    def _lane(self, step: Step, place: Place) -> str | None:
        lane = step.get("lane")
        if lane is None:
            return place.lane
        if lane not in self.canvas.drawing.lanes:
            known = ", ".join(self.canvas.drawing.lanes) or "-"
            self.found.add("unknown_lane", f"{place.pointer}/lane", found=shown(lane), known=known)
            return None
        return str(lane)

    def _single(self, kind: str, name: str, step: Step, place: Place, arriving: list[Exit]) -> list[Exit]:
        shape = self.canvas.shape(single.ELEMENTS[kind], name, place)
        single.fill(self.canvas, shape, kind, step, place.pointer)
        self.canvas.connect(arriving, name, place)
        if kind == "end":
            return []
        return self._with_boundaries(shape, step, place)

    # choices and branches

    def _switch(self, name: str, step: Step, place: Place, arriving: list[Exit]) -> list[Exit]:
        self.canvas.shape("exclusiveGateway", name, place)
        self.canvas.connect(arriving, name, place)
        ways: list[Exit] = []
        defaults = 0
        for order, (pointer, case) in enumerate(
            self.found.entries(step.get("cases"), f"{place.pointer}/cases")
        ):
            self._only(case, pointer, "when", "otherwise", "name", "do")
            label = self._name_of(case, pointer)
            if ("when" in case) == ("otherwise" in case):
                self.found.add("when_or_otherwise", pointer)
                continue
            if "otherwise" in case:
                defaults += 1
                if not self.found.boolean(case["otherwise"], f"{pointer}/otherwise") or defaults > 1:
                    self.found.add("one_otherwise", f"{pointer}/otherwise")
                    continue
                way = Exit(name, label, is_default=True, name=_words(label), order=order)
            else:
                condition = self.found.expression(case["when"], f"{pointer}/when")
                way = Exit(name, label, condition, name=_words(label), order=order)
            ways += self._branch(case.get("do"), f"{pointer}/do", place, way)
        return self.canvas.joined(ways, name, place)

    def _parallel(self, name: str, step: Step, place: Place, arriving: list[Exit]) -> list[Exit]:
        self.canvas.shape("parallelGateway", name, place)
        self.canvas.connect(arriving, name, place)
        branches = self.found.map(step.get("branches"), f"{place.pointer}/branches")
        if len(branches) < 2:
            self.found.add("two_branches", f"{place.pointer}/branches", count=len(branches))
        ways: list[Exit] = []
        for order, (key, steps) in enumerate(branches.items()):
            pointer = f"{place.pointer}/branches/{key}"
            branch = self.found.name(key, pointer)
            ways += self._branch(steps, pointer, place, Exit(name, branch, name=_words(branch), order=order))
        if len(ways) < 2:
            return ways
        join = self.canvas.shape("parallelGateway", f"{name}-join", place, is_step=False)
        self.canvas.connect(ways, join.id, place)
        return [Exit(join.id)]

    def _race(self, name: str, step: Step, place: Place, arriving: list[Exit]) -> list[Exit]:
        self.canvas.shape("eventBasedGateway", name, place)
        self.canvas.connect(arriving, name, place)
        ways: list[Exit] = []
        branches = self.found.entries(step.get("branches"), f"{place.pointer}/branches")
        if len(branches) == 1:
            self.found.add("two_branches", f"{place.pointer}/branches", count=1)
        for pointer, branch in branches:
            self._only(branch, pointer, "message", "after", "at", "name", "do")
            definition = self._awaited(branch, pointer, {"after": "timeDuration", "at": "timeDate"})
            event_id = self._name_of(branch, pointer) or f"{name}-{_kind_of(definition)}"
            at = dataclasses.replace(place, pointer=pointer)
            event = self.canvas.shape("intermediateCatchEvent", event_id, at)
            event.definition = definition
            self.canvas.connect([Exit(name)], event_id, at)
            ways += self._branch(branch.get("do"), f"{pointer}/do", place, Exit(event_id))
        return self.canvas.joined(ways, name, place)

    def _branch(self, steps: Any, pointer: str, place: Place, way: Exit) -> list[Exit]:
        inner = self.found.steps(steps, pointer)
        return self.sequence(inner, dataclasses.replace(place, pointer=pointer), [way])

    # loops and groups

    def _repeat(self, name: str, step: Step, place: Place, arriving: list[Exit]) -> list[Exit]:
        self.canvas.shape("exclusiveGateway", name, place)
        self.canvas.connect(arriving, name, place)
        ways = self._branch(step.get("do"), f"{place.pointer}/do", place, Exit(name))
        condition = (
            self.found.expression(step.get("while"), f"{place.pointer}/while") if "while" in step else "true"
        )
        if not ways or ways[0].source == name:
            self.found.add("repeat_nothing", f"{place.pointer}/do", name)
            return []
        again = self.canvas.shape("exclusiveGateway", f"{name}-again", place, is_step=False)
        self.canvas.connect(ways, again.id, place)
        self.canvas.connect([Exit(again.id, "repeat", condition)], name, place)
        return [Exit(again.id, is_default=True)]

    def _inside(self, name: str, step: Step, place: Place, arriving: list[Exit]) -> list[Exit]:
        """`group` and `each`: a sub-process."""
        shape = self.canvas.shape("subProcess", name, place)
        if "each" in step:
            shape.loop = self._loop(step, place.pointer)
        self.canvas.connect(arriving, name, place)
        pointer = f"{place.pointer}/do"
        steps = self.found.steps(step.get("do"), pointer)
        if not steps:
            self.found.add("empty_block", pointer, name)
        self.whole(steps, Place(name, place.lane, pointer), f"{name}-start", f"{name}-end")
        return self._with_boundaries(shape, step, place)

    def _loop(self, step: Step, pointer: str) -> Loop:
        if ("in" in step) == ("times" in step):
            self.found.add("in_or_times", pointer)
        if "as" in step and "times" in step:
            self.found.add("as_without_in", f"{pointer}/as")
        collect = self.found.map(step["collect"], f"{pointer}/collect") if "collect" in step else {}
        if collect:
            self._only(collect, f"{pointer}/collect", "into", "value")
        if collect.keys() & {"into", "value"} and not {"into", "value"} <= collect.keys():
            self.found.add("collect", f"{pointer}/collect")

        def part(source: Step, key: str, at: str, read: Callable[[Any, str], str | None]) -> str | None:
            return read(source[key], f"{at}/{key}") if key in source else None

        return Loop(
            sequential="sequential" in step
            and self.found.boolean(step["sequential"], f"{pointer}/sequential"),
            collection=part(step, "in", pointer, self.found.value),
            cardinality=part(step, "times", pointer, self.found.expression),
            element_variable=part(step, "as", pointer, self.found.variable),
            output_collection=part(collect, "into", f"{pointer}/collect", self.found.variable),
            output_element=part(collect, "value", f"{pointer}/collect", self.found.expression),
            completion_condition=part(step, "until", pointer, self.found.expression),
        )

    # what interrupts

    def _with_boundaries(self, shape: Shape, step: Step, place: Place) -> list[Exit]:
        """The way out of a step, merged with those of its interrupting boundary events that come back."""
        ways = [Exit(shape.id)]
        if step.get("timeout") is not None:
            pointer = f"{place.pointer}/timeout"
            timeout = self.found.map(step["timeout"], pointer)
            self._only(timeout, pointer, "after", "at", "every", "name", "do", "interrupting")
            kinds = {"after": "timeDuration", "at": "timeDate", "every": "timeCycle"}
            definition = single.time(self.found, timeout, pointer, kinds)
            ways += self._boundary(shape, definition, timeout, pointer, place)
        for key in ("on_message", "on_error"):
            entries = (
                self.found.entries(step[key], f"{place.pointer}/{key}") if step.get(key) is not None else []
            )
            for pointer, entry in entries:
                if key == "on_message":
                    self._only(entry, pointer, "message", "name", "do", "interrupting")
                    definition = single.message(self.found, entry, pointer)
                else:
                    self._only(entry, pointer, "code", "as", "name", "do")
                    code = self.found.code(entry["code"], f"{pointer}/code") if "code" in entry else None
                    definition = Definition("error", code or "")
                ways += self._boundary(shape, definition, entry, pointer, place)
        return self.canvas.joined(ways, shape.id, place)

    def _boundary(
        self, host: Shape, definition: Definition, entry: Step, pointer: str, place: Place
    ) -> list[Exit]:
        name = self._name_of(entry, pointer) or f"{host.id}-{_kind_of(definition)}"
        at = dataclasses.replace(place, pointer=pointer)
        event = self.canvas.shape("boundaryEvent", name, at)
        event.definition = definition
        event.attributes["attachedToRef"] = host.id
        interrupting = self.found.boolean(entry.get("interrupting", True), f"{pointer}/interrupting")
        if not interrupting:
            event.attributes["cancelActivity"] = "false"
        if definition.time_kind == "timeCycle" and interrupting:
            self.found.add("every_interrupts", f"{pointer}/every", name)
        if entry.get("as") is not None:
            event.extensions["errorVariable"] = self.found.variable(entry["as"], f"{pointer}/as") or ""
        ways = self._branch(entry.get("do"), f"{pointer}/do", place, Exit(name))
        if interrupting or not ways:
            return ways
        end = self.canvas.shape("endEvent", f"{name}-end", at, is_step=False)
        self.canvas.connect(ways, end.id, at)
        return []

    # small parts

    def _awaited(self, branch: Step, pointer: str, kinds: Mapping[str, str]) -> Definition:
        if "message" in branch and branch.keys() & kinds.keys():
            self.found.add("message_or_time", pointer)
        if "message" in branch:
            return single.message(self.found, branch, pointer)
        return single.time(self.found, branch, pointer, {"message": "timeDuration", **kinds})

    def _name_of(self, entry: Step, pointer: str) -> str | None:
        return self.found.name(entry["name"], f"{pointer}/name") if entry.get("name") is not None else None

    def _only(self, entry: Step, pointer: str, *known: str) -> None:
        for key in entry:
            if key not in known:
                self.found.add("entry_key", f"{pointer}/{key}", found=shown(key), known=", ".join(known))


def _kind_of(definition: Definition) -> str:
    """The last part of the id of an event that was given no name."""
    if definition.kind == "timer":
        return "timeout"
    return f"{definition.kind}_{definition.reference}" if definition.reference else definition.kind


def _words(name: str | None) -> str:
    return (name or "").replace("_", " ")


def _begins(steps: list[Any]) -> bool:
    """Whether these steps are starts, all of them."""
    return all(isinstance(step, dict) and "start" in step for step in steps)
