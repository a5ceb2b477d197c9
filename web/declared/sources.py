"""What the engine itself knows and a page may ask: how queues stand, what is stuck, which units lie below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from engine import campaign, queues, stuck, units
from engine.access import Actor
from engine.queues import Standing
from engine.units import Unit
from web.declared.pages import Ask

MOST_STUCK = 1000

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks, about which unit, in which language."""

    connection: Connection
    actor: Actor
    unit: Unit
    language: str


def answer(ask: Ask, question: Question) -> Json:
    """The answer as JSON; of an ask `below`, `units` with one entry per child unit, each with its `unit_code`."""
    assert ask.engine is not None
    return _SOURCES[ask.engine](ask, question)


def _queues(ask: Ask, question: Question) -> Json:
    """Per station of the campaign, in its order, and altogether."""
    stations = campaign.current().stations
    chosen = {
        key: [(station.process, lane) for lane in station.lanes]
        for key, station in stations.items()
        if not ask.kinds or key in ask.kinds
    }
    if ask.is_below:
        lanes = [lane for some in chosen.values() for lane in some] if ask.kinds else []
        found = queues.standing_below(question.connection, question.actor, question.unit.path, lanes)
        return {"units": [{"unit_code": code, **_standing(one)} for code, one in found.items()]}
    counted = queues.standing(question.connection, question.actor, question.unit.path, chosen)
    named = [
        {"station": key, "name": stations[key].names.get(question.language, key), **_standing(counted[key])}
        for key in chosen
    ]
    return {**_standing(counted[""]), "stations": named, **{key: counted[key].waiting for key in chosen}}


def _standing(one: Standing) -> Json:
    return {
        "waiting": one.waiting,
        "late": one.late,
        "longest": _seconds(one.longest),
        "median": _seconds(one.median),
    }


def _seconds(time: timedelta | None) -> int | None:
    return None if time is None else int(time.total_seconds())


def _stuck(ask: Ask, question: Question) -> Json:
    """How many cases are stuck, and for each reason how many reasons of that kind there are."""
    found = stuck.find(question.connection, question.actor, unit_path=question.unit.path, limit=MOST_STUCK)
    if not ask.is_below:
        return _troubles(found)
    depth = question.unit.path.count("/")
    by_child: dict[str, list[stuck.Stuck]] = {}
    for one in found:
        parts = one.unit_path.split("/")
        if parts[depth]:
            by_child.setdefault(parts[depth], []).append(one)
    return {"units": [{"unit_code": code, **_troubles(some)} for code, some in by_child.items()]}


def _troubles(found: list[stuck.Stuck]) -> Json:
    reasons: Mapping[str, int] = {
        reason.value: sum(one.reason is reason for one in found) for reason in stuck.Reason
    }
    return {"cases": len({one.instance_id for one in found}), "is_cut": len(found) >= MOST_STUCK, **reasons}


def _units(ask: Ask, question: Question) -> Json:
    """The units right below, of the kinds named."""
    return {
        "units": [
            {"unit_code": one.code, "name": one.name, "kind": one.kind}
            for one in units.children(question.connection, question.unit, ask.kinds)
        ]
    }


_SOURCES: Mapping[str, Callable[[Ask, Question], Json]] = {
    "queues": _queues,
    "stuck": _stuck,
    "units": _units,
}
