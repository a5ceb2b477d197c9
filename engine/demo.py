"""A declared demonstration campaign: units, accounts, publications, subjects and stories from one YAML file.

Everything is made by the public verbs under a clock held in the past, as if the campaign had been running;
no row is inserted by hand.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from engine import (
    access,
    accounts,
    casts,
    catalogue,
    clock,
    database,
    runtime,
    settings,
    simulation,
    stories,
    tables,
    units,
)
from engine.access import Actor
from engine.bpmn import marked_yaml
from engine.definitions import bundle, deployment, registry
from engine.definitions.manifest import duration
from engine.simulation import Ended
from engine.units import Unit

Json = Any
Say = Callable[[str], None]
MORNING = timedelta(hours=7)
BEFORE_NOW, AFTER_NOW = (
    timedelta(hours=3),
    timedelta(hours=4),
)  # how long today's sessions have been, and stay, open


@dataclass(frozen=True, slots=True)
class SignIn:
    """An account of the demonstration, for the printed list."""

    sign_in: str
    password: str
    name: str
    roles: str


@dataclass(frozen=True, slots=True)
class Made:
    """What a demonstration consists of."""

    sign_ins: tuple[SignIn, ...]
    ended: Counter[str]


def exists(connection: Connection) -> bool:
    """Whether this database already holds a campaign."""
    return connection.execute(select(tables.unit.c.unit_id).limit(1)).first() is not None


def declared(path: Path) -> dict[str, Json]:
    """The declaration of a demonstration."""
    return marked_yaml.load(path.read_bytes(), path.name).value


def sign_ins(path: Path) -> tuple[SignIn, ...]:
    """The accounts a demonstration has, with the password all of them share."""
    content = declared(path)
    return tuple(
        SignIn(entry["sign_in"], content["password"], entry["name"], ", ".join(dict.fromkeys(_roles(entry))))
        for entry in content["accounts"]
    )


def codes(connection: Connection, most: int = 3) -> list[tuple[str, str]]:
    """Codes of open public cases with the second fact each asks for, to come back by as people would."""
    table, code = tables.instance, tables.case_code
    rows = connection.execute(
        select(code.c.code, table.c.version_id, table.c.body)
        .join(table, table.c.instance_id == code.c.instance_id)
        .where(table.c.state == "active")
        .order_by(table.c.instance_id.desc())
        .limit(200)
    )
    found: list[tuple[str, str]] = []
    for written, version_id, body in rows:
        public = registry.definition(connection, version_id).manifest.public
        proof = runtime.restore(body).variables.get(public.proof) if public else None
        if proof and len(found) < most:
            found.append((written, str(proof)))
    return found


def create(path: Path, say: Say, progress: Callable[[int, int], None], scale: float = 1.0) -> Made:
    """Make the demonstration on an empty database; the clock is real again afterwards.

    `scale` is the share of cases to play, of those scenes that have several.
    """
    content, now = declared(path), clock.now()
    midnight = _midnight(now)
    began_at = midnight - duration(content.get("began_before", "P3D")) + MORNING
    with clock.frozen(began_at), database.transaction() as connection:
        made = {unit.code: unit for entry in content["units"] for unit in _units(connection, entry, None)}
        people = [_account(connection, entry, content["password"], made) for entry in content["accounts"]]
        _publish(connection, content, {actor.sign_in: actor for actor in people})
    say(f"{len(made)} units, {len(people)} accounts")
    with clock.frozen(began_at), database.transaction() as connection:
        subjects = _subjects(connection, content["subjects"])
    say(f"{len(subjects)} people")
    opening = max(now - BEFORE_NOW, midnight + timedelta(minutes=30))
    known = {
        "now": now, "midnight": midnight, "began": began_at, "opening": opening,
        "yesterday": midnight - timedelta(days=1) + MORNING,
    }  # fmt: skip
    hours = {
        "opens": _clock(min(opening, _last_hour(midnight))),
        "closes": _clock(min(now + AFTER_NOW, midnight + timedelta(hours=23, minutes=55))),
    }
    play = _play(content, "demo", subjects, made, known, hours, now, 0)
    play.scale, play.progress = scale, progress
    return Made(sign_ins(path), Counter(one.outcome for one in play.run()))


def play_more(path: Path, count: int, progress: Callable[[int, int], None]) -> list[Ended]:
    """Play whole sessions with further cases, on the last day before today on which their units had none."""
    content, now = declared(path), clock.now()
    with database.transaction() as connection:
        made = {
            unit.code: unit for root in units.roots(connection) for unit in units.below(connection, root.path)
        }
        midnight = _free_day(connection, content, made, _midnight(now))
        fresh = {"seed": int(now.timestamp()), "count": 2 * count + 40}  # nobody who came before
        chosen = content["subjects"]
        subjects = _subjects(connection, {**chosen, "with": {**chosen["with"], **fresh}})
    known = {"now": now, "midnight": midnight, "morning": midnight + MORNING}
    played = {"played_on": midnight.astimezone(settings.current().zone_info).date().isoformat()}
    play = _play(content, "session", subjects, made, known, played, midnight + timedelta(hours=23), count)
    play.progress = progress
    return play.run()


def _play(
    content: dict[str, Json],
    name: str,
    subjects: list[dict[str, Json]],
    made: dict[str, Unit],
    known: dict[str, datetime],
    more: dict[str, str],
    until: datetime,
    cases: int,
) -> simulation.Play:
    """One declared play, ready to run until a moment."""
    told = {key: _local(at).isoformat() for key, at in known.items()} | more
    with clock.frozen(until):
        moments = stories.moments(content["moments"], told)
    declared_play = content["plays"][name]
    cast = casts.Cast(subjects, made, content.get("near"), random.Random(cases + 1))
    facts = {"places": content.get("places") or {}}
    return simulation.Play(stories.script(content, declared_play, cases), cast, moments, facts, until)


def _free_day(
    connection: Connection, content: dict[str, Json], made: dict[str, Unit], midnight: datetime
) -> datetime:
    """The beginning of the last day before today on which no case began at the units of the play of sessions."""
    scenes = content["plays"]["session"]["scenes"]
    paths = [made[code].path for scene in scenes for code in scene.get("units", ())]
    table = tables.instance
    begun = connection.scalars(select(table.c.started_at).where(table.c.unit_path.in_(paths)))
    taken = {_local(at).date() for at in begun}
    for back in range(1, 366):
        day = midnight - timedelta(days=back)
        if _local(day).date() not in taken:
            return day
    return midnight - timedelta(days=366)


def _units(connection: Connection, entry: dict[str, Json], parent: Unit | None) -> list[Unit]:
    unit = units.create(connection, entry["code"], entry["kind"], entry["name"], parent)
    below = [made for inner in entry.get("units", ()) for made in _units(connection, inner, unit)]
    return [unit, *below]


def _account(connection: Connection, entry: dict[str, Json], password: str, made: dict[str, Unit]) -> Actor:
    account_id = accounts.create(
        connection,
        entry["sign_in"],
        entry["name"],
        password,
        entry.get("language", settings.current().language),
    )
    for granted in entry["grants"]:
        for role in granted["roles"]:
            accounts.grant(connection, account_id, role, made[granted["unit"]])
    return accounts.actor(connection, account_id)


def _publish(connection: Connection, content: dict[str, Json], people: dict[str, Actor]) -> None:
    """Submit every process in its owner's name and approve it in another's."""
    published = content["publish"]
    chosen = settings.current()
    keys = list(published["processes"])
    submitted = [
        deployment.submit(
            connection, bundle.read(chosen.processes_dir / key, chosen.forms_dir).files,
            people[published["by"]], published["reason"], together=keys,
        )
        for key in keys
    ]  # fmt: skip
    for submission_id in submitted:
        deployment.approve(connection, submission_id, people[published["approved_by"]], published["approval"])


def _subjects(connection: Connection, entry: dict[str, Json]) -> list[dict[str, Json]]:
    """The people of the demonstration, made (or made again, unchanged) by the service task it names."""
    task = catalogue.current().service_task(entry["service"])
    context = catalogue.Context("demo", clock.now(), connection, access.SYSTEM, None, settings.current())
    outputs = task.call(dict(entry.get("with") or {}), context)
    return list(outputs[entry["take"]])


def _midnight(now: datetime) -> datetime:
    """The beginning of the local day."""
    return _local(now).replace(hour=0, minute=0, second=0, microsecond=0)


def _last_hour(midnight: datetime) -> datetime:
    return midnight + timedelta(hours=22)


def _local(at: datetime) -> datetime:
    return at.astimezone(settings.current().zone_info)


def _clock(at: datetime) -> str:
    return f"{_local(at):%H:%M}"


def _roles(entry: dict[str, Json]) -> list[str]:
    return [f"{role}@{granted['unit']}" for granted in entry["grants"] for role in granted["roles"]]
