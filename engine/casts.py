"""Whom a story happens to and who works on it: people not yet in another story, the nearest first; staff by role."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from engine import access, accounts, bearers
from engine.access import Actor
from engine.bearers import Hold
from engine.definitions.definition import Definition
from engine.errors import EngineError
from engine.ids import InstanceId
from engine.stories import Story, evaluated
from engine.units import Unit

Json = Any


@dataclass(slots=True)
class Cast:
    """The people of a play and its staff. `near` is what tells the unit at which a person is at home."""

    subjects: Sequence[dict[str, Json]]
    units: Mapping[str, Unit]
    near: str | None
    chance: random.Random
    free: dict[str, list[dict[str, Json]]] = field(default_factory=dict)  # by the path of their home
    staff: dict[tuple[str, str], list[Actor]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shuffled = list(self.subjects)
        self.chance.shuffle(shuffled)
        for one in shuffled:
            self.free.setdefault(self._home(one), []).append(one)

    def take(self, story: Story, unit: Unit) -> dict[str, Json] | None:
        """Somebody free whom the story may happen to, at home as near to the unit as can be; else anybody it fits."""
        for path in sorted(self.free, key=lambda home: (-_shared(home, unit.path), home)):
            for one in self.free[path]:
                if fits(story.who, one):
                    self.free[path].remove(one)
                    return one
        return next((one for one in self.subjects if fits(story.who, one)), None)

    def find(self, subject_id: str) -> dict[str, Json] | None:
        """Somebody by id, who is free no longer."""
        for homes in self.free.values():
            for one in homes:
                if str(one["id"]) == subject_id:
                    homes.remove(one)
                    return one
        return next((one for one in self.subjects if str(one["id"]) == subject_id), None)

    def at_home(self, unit: Unit) -> list[dict[str, Json]]:
        """The free people at home at or below a unit."""
        return [one for path, homes in self.free.items() if path.startswith(unit.path) for one in homes]

    def leave(self, subject_ids: Iterable[str]) -> None:
        """These people are free no longer."""
        gone = set(subject_ids)
        for path, homes in self.free.items():
            self.free[path] = [one for one in homes if str(one["id"]) not in gone]

    def holder(
        self,
        connection: Connection,
        definition: Definition,
        lane: str | None,
        role: str,
        path: str,
        case: InstanceId,
    ) -> Actor:
        """Somebody who may do a task: of the role's holders there one, for a task of the public the person itself."""
        public = definition.manifest.public
        if public is not None and lane in public.lanes:
            return bearers.actor(connection, Hold(0, case, None))
        return self.of_role(connection, role, path)

    def of_role(self, connection: Connection, role: str, path: str) -> Actor:
        """Somebody who holds the role at a unit."""
        if (role, path) not in self.staff:
            self.staff[role, path] = accounts.holding(connection, role, path)
        holders = self.staff[role, path]
        if not holders:
            raise EngineError("nobody_holds_role", role=role, unit=path)
        return self.chance.choice(holders)

    def starter(self, connection: Connection, roles: Iterable[str], path: str) -> Actor:
        """Somebody who may begin a case there; the engine itself where no role is asked for."""
        wanted = sorted(roles)
        if not wanted:
            return access.SYSTEM
        for role in wanted:
            if accounts.holding(connection, role, path):
                return self.of_role(connection, role, path)
        raise EngineError("nobody_holds_role", role=", ".join(wanted), unit=path)

    def _home(self, subject: dict[str, Json]) -> str:
        unit = self.units.get(str(subject.get(self.near))) if self.near else None
        return unit.path if unit else "/"


def _shared(one: str, other: str) -> int:
    """How many levels two paths have in common."""
    left, right = one.split("/"), other.split("/")
    same = [a == b for a, b in zip(left, right, strict=False)]
    return same.index(False) if False in same else len(same)


def fits(who: str | None, subject: dict[str, Json]) -> bool:
    """Whether a story may happen to somebody."""
    return who is None or evaluated(who, subject) is True
