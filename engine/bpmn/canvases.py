"""Where the steps of a YAML flow are drawn: shapes by name, and ways that are joined to what comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.bpmn.drawings import Arrow, Drawing, Shape
from engine.bpmn.values import Findings


@dataclass(frozen=True, slots=True)
class Exit:
    """A way that leaves a shape and is not joined to anything yet."""

    source: str
    part: str | None = None  # the last part of the flow's id; the target's id when None
    condition: str | None = None
    is_default: bool = False
    name: str = ""
    order: int = 0  # among the ways out of its source


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step stands: its scope, the lane it is in when it names none, and its pointer in the file."""

    scope: str | None
    lane: str | None
    pointer: str


class Canvas:
    """The drawing with what is needed to draw on it."""

    def __init__(self, drawing: Drawing, found: Findings, names: Mapping[str, str]) -> None:
        self.drawing, self.found, self.names = drawing, found, names
        self._taken = dict.fromkeys(drawing.lanes, "lane") | {drawing.process: "process"}

    def shape(self, kind: str, shape_id: str, place: Place, is_step: bool = True) -> Shape:
        """A new shape; a step shows its name, a generated one shows nothing."""
        shown = self.names.get(shape_id, shape_id.replace("_", " ") if is_step else "")
        shape = Shape(kind, shape_id, place.scope, shown, lane=place.lane if is_step else None)
        if shape_id in self.found.lines:
            self.found.add(
                "duplicate_name", place.pointer, shape_id, first=self.found.lines[shape_id], name=shape_id
            )
        elif shape_id in self._taken:
            self.found.add("taken_name", place.pointer, shape_id, name=shape_id, by=self._taken[shape_id])
        else:
            self.found.lines[shape_id] = self.found.process.line(place.pointer)
            self.drawing.shapes[shape_id] = shape
        return shape

    def connect(self, arriving: Sequence[Exit], target: str, place: Place) -> None:
        """Lead every way to a shape."""
        for way in arriving:
            flow_id = f"{way.source}__{way.part or target}"
            if flow_id in self.drawing.arrows:
                self.found.add("same_way", place.pointer, way.source, name=way.source)
                continue
            self.drawing.arrows[flow_id] = Arrow(
                flow_id,
                way.source,
                target,
                place.scope,
                way.condition,
                self.names.get(flow_id, way.name),
                way.order,
            )
            if way.is_default:
                self.drawing.shapes[way.source].attributes["default"] = flow_id

    def joined(self, ways: list[Exit], name: str, place: Place) -> list[Exit]:
        """At most one way: several are merged by an exclusive gateway named for the step they come from."""
        if len(ways) < 2:
            return ways
        join = self.shape("exclusiveGateway", f"{name}-join", place, is_step=False)
        self.connect(ways, join.id, place)
        return [Exit(join.id)]
