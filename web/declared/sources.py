"""What the engine itself knows and a page may ask: how queues stand, what is stuck, which units lie below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from engine import campaign, clock, queues, settings, stuck, tallies, units
from engine.access import Actor
from engine.queues import Standing
from engine.tallies import Tally
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


def answer(ask: Ask, question: Question, inputs: Json) -> Json:
    """The answer as JSON; of an ask `below`, `units` with one entry per child unit, each with its `unit_code`."""
    assert ask.engine is not None
    return _SOURCES[ask.engine](ask, question, inputs)


def _queues(ask: Ask, question: Question, inputs: Json) -> Json:
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


def _stuck(ask: Ask, question: Question, inputs: Json) -> Json:
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


def _units(ask: Ask, question: Question, inputs: Json) -> Json:
    """The units right below, of the kinds named."""
    return {
        "units": [
            {"unit_code": one.code, "name": one.name, "kind": one.kind}
            for one in units.children(question.connection, question.unit, ask.kinds)
        ]
    }


def _tally(ask: Ask, question: Question, inputs: Json) -> Json:
    """How many records of each kind there are, of the days asked for (today); `facets` has them by facet."""
    today = clock.now().astimezone(settings.current().zone_info).date()
    since, until = (date.fromisoformat(str(inputs.get(name) or today)) for name in ("since", "until"))
    depth = question.unit.depth + 1 if ask.is_below else None
    found = tallies.read(
        question.connection, question.actor, ask.kinds, question.unit.path, since, until, depth
    )
    if not ask.is_below:
        return _counted(ask, found)
    by_child: dict[str, list[Tally]] = {}
    for one in found:
        if one.unit_path != question.unit.path:
            by_child.setdefault(one.unit_path.rstrip("/").rpartition("/")[2], []).append(one)
    return {"units": [{"unit_code": code, **_counted(ask, some)} for code, some in by_child.items()]}


def _counted(ask: Ask, found: list[Tally]) -> Json:
    facets: dict[str, dict[str, int]] = {kind: {} for kind in ask.kinds}
    for one in found:
        if one.facet:
            facets[one.kind][one.facet] = facets[one.kind].get(one.facet, 0) + one.count
    return {
        **{kind: sum(one.count for one in found if one.kind == kind) for kind in ask.kinds},
        "facets": {
            kind: [{"facet": facet, "count": count} for facet, count in sorted(some.items(), key=_most)]
            for kind, some in facets.items()
        },
    }


def _most(entry: tuple[str, int]) -> tuple[int, str]:
    return -entry[1], entry[0]


_SOURCES: Mapping[str, Callable[[Ask, Question, Json], Json]] = {
    "queues": _queues,
    "stuck": _stuck,
    "units": _units,
    "tally": _tally,
}
