"""What a play may tell, read from a declaration: stories, the scenes that begin them, and people's habits.

A story is one way a case may go. A scene lets cases begin: which stories, where, when, how many. A habit is what
people do at a step of cases that no story began. A text that begins with `=` is an expression.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from engine import clock, feel, settings
from engine.definitions.manifest import duration
from engine.errors import Finding, Invalid

Json = Any
NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class Ask:
    """A query whose answer a step's answers are made from, as `asked`."""

    query: str
    inputs: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Story:
    """One way a case may go. Answers per element: a map, or a list of maps for successive times."""

    name: str
    process: str
    weight: int
    who: str | None  # an expression over the person: whom it may happen to
    about: bool  # whether it is about a person at all
    by_bearer: bool  # begun by somebody without an account
    start: dict[str, Json]
    answers: dict[str, list[dict[str, Json]]]
    asks: dict[str, Ask]
    keeps: dict[str, str]  # what later stories may know of its case, by name
    takes: timedelta
    not_before: dict[str, timedelta]  # how long a task must have waited before it is answered
    rests_at: str | None  # the case is left waiting at this element
    begins_at: str | None  # the start event; the first by which a case begins by hand, when not told


@dataclass(frozen=True, slots=True)
class Scene:
    """Cases that begin: the first at a named moment, one every so often, at the units in turn."""

    stories: tuple[str, ...]
    begins: str
    after: timedelta
    every: timedelta
    cases: int
    units: tuple[str, ...]
    given: dict[str, Json]
    is_scaled: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing people do by habit: answer the step, or begin a story about the same person; or neither."""

    weight: int
    answer: dict[str, Json] | None
    story: str | None
    start: dict[str, Json]
    given: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Habit:
    """What is done at a step, once it has waited so long or the moment `due` has come."""

    process: str
    element: str
    after: timedelta
    due: str | None
    who: str | None
    unit: str | None  # where a story begins; where the case is, when not told
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """Everything a declaration tells of a play."""

    stories: dict[str, Story]
    scenes: tuple[Scene, ...]
    habits: tuple[Habit, ...]
    looks_every: timedelta


def script(content: Mapping[str, Json], play: Mapping[str, Json], cases: int = 0) -> Script:
    """The stories and habits of a declaration with the scenes of one play; Invalid with every finding.

    `cases` is what a scene's `share` is a share of.
    """
    findings: list[Finding] = []
    told: dict[str, Story] = {}
    written: dict[str, dict[str, Json]] = {}
    for entry in content.get("stories") or ():
        try:
            written[entry["name"]] = whole = _whole(entry, written)
            told[str(entry["name"])] = _story(whole)
        except (KeyError, TypeError, ValueError, feel.FeelError) as error:
            findings.append(Finding("story_unreadable", {"reason": f"{entry}: {error!r}"[:200]}))
    try:
        scenes = tuple(_scene(entry, told, cases) for entry in play.get("scenes") or ())
        habits = tuple(_habit(entry, told) for entry in play.get("habits") or ())
    except (KeyError, TypeError, ValueError, feel.FeelError) as error:
        findings.append(Finding("story_unreadable", {"reason": repr(error)[:200]}))
    if findings:
        raise Invalid(findings)
    return Script(told, scenes, habits, duration(play.get("looks_every", "PT20M")))


def moments(declared: Mapping[str, str], known: Mapping[str, Json]) -> dict[str, Json]:
    """Named moments and texts, each an expression over those before it."""
    found: dict[str, Json] = dict(known)
    for name, text in declared.items():
        found[name] = evaluated(text, found)
    return found


def moment(text: Json) -> datetime:
    """A moment as expressions give it."""
    return datetime.fromisoformat(str(text))


def evaluated(value: Json, variables: Mapping[str, Json]) -> Json:
    """A value with its expressions evaluated at the present moment; entries of a map that come to null are left out."""
    if isinstance(value, str) and value.startswith("="):
        now = feel.Moment(clock.now(), settings.current().zone_info)
        return _compiled(value.removeprefix("=").strip(), tuple(variables)).json(dict(variables), now)
    if isinstance(value, dict):
        found = {key: evaluated(inner, variables) for key, inner in value.items()}
        return {key: inner for key, inner in found.items() if inner is not None}
    return [evaluated(inner, variables) for inner in value] if isinstance(value, list) else value


@lru_cache(maxsize=4096)
def _compiled(text: str, names: tuple[str, ...]) -> feel.Expression:
    return feel.compile(text, names)


def _whole(entry: dict[str, Json], written: dict[str, dict[str, Json]]) -> dict[str, Json]:
    """A story with what it takes over from the earlier one it is `like`; an answer of null is left out."""
    earlier = written[entry["like"]] if "like" in entry else {}
    whole = {**earlier, **entry}
    for part in ("start", "answers", "not_before", "asks"):
        joined = {**(earlier.get(part) or {}), **(entry.get(part) or {})}
        whole[part] = {key: value for key, value in joined.items() if value is not None}
    if "rests_at" not in entry:
        whole.pop("rests_at", None)
    return whole


def _story(entry: dict[str, Json]) -> Story:
    answers = {
        element: [dict(one) for one in given] if isinstance(given, list) else [dict(given or {})]
        for element, given in entry["answers"].items()
    }
    asks = {
        element: Ask(str(one["query"]), dict(one.get("inputs") or {}))
        for element, one in entry["asks"].items()
    }
    return Story(
        str(entry["name"]), str(entry["process"]), int(entry.get("weight", 1)), entry.get("who"),
        bool(entry.get("about", True)), entry.get("by") == "bearer", dict(entry["start"]), answers, asks,
        dict(entry.get("keeps") or {}), duration(entry.get("takes", "PT4M")),
        {element: duration(text) for element, text in entry["not_before"].items()}, entry.get("rests_at"),
        entry.get("begins_at"),
    )  # fmt: skip


def _scene(entry: dict[str, Json], told: Mapping[str, Story], cases: int) -> Scene:
    names = tuple(entry["stories"]) if "stories" in entry else (entry["story"],)
    for name in names:
        told[name]
    places = tuple(entry["units"]) if "units" in entry else (str(entry["unit"]),)
    count = int(entry.get("cases", len(places)))
    if "share" in entry:
        count = round(cases * float(entry["share"]))
    return Scene(
        names, str(entry["at"]), _signed(entry.get("after")), duration(entry.get("every", "PT1M")), count,
        places, dict(entry.get("given") or {}),
        "cases" in entry,
    )  # fmt: skip


def _habit(entry: dict[str, Json], told: Mapping[str, Story]) -> Habit:
    choices = tuple(
        Choice(int(one.get("weight", 1)), one.get("answer"), one.get("story"), dict(one.get("start") or {}),
               dict(one.get("given") or {}))
        for one in entry["choices"]
    )  # fmt: skip
    for one in choices:
        if one.story is not None:
            told[one.story]
    return Habit(
        str(entry["process"]), str(entry["at"]), _signed(entry.get("after")), entry.get("due"), entry.get("who"),
        entry.get("unit"), choices,
    )  # fmt: skip


def _signed(text: str | None) -> timedelta:
    if text is None:
        return NOTHING
    return -duration(text[1:]) if text.startswith("-") else duration(text)


def named(scenes: Sequence[Scene]) -> set[str]:
    """The stories that scenes begin."""
    return {name for scene in scenes for name in scene.stories}
