"""A declared demonstration campaign: units, accounts, publications, subjects and stories from one YAML file.

Everything is made by the public verbs under a clock held in the past, as if the campaign had been running;
no row is inserted by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from engine import access, accounts, catalogue, clock, database, settings, simulation, tables, units
from engine.access import Actor
from engine.bpmn import marked_yaml
from engine.definitions import bundle, deployment
from engine.definitions.manifest import duration
from engine.simulation import Ended
from engine.units import Unit

Json = Any
Say = Callable[[str], None]


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


def create(path: Path, say: Say, progress: Callable[[int, int], None]) -> Made:
    """Make the demonstration on an empty database; the clock is real again afterwards."""
    content = declared(path)
    began_at = _morning(clock.now()) - duration(content.get("began_before", "P3D"))
    with clock.frozen(began_at), database.transaction() as connection:
        made = {unit.code: unit for entry in content["units"] for unit in _units(connection, entry, None)}
        people = [_account(connection, entry, content["password"], made) for entry in content["accounts"]]
        _publish(connection, content, {actor.sign_in: actor for actor in people})
    say(f"{len(made)} units, {len(people)} accounts")
    with clock.frozen(began_at), database.transaction() as connection:
        subjects = _subjects(connection, content["subjects"])
    say(f"{len(subjects)} people")
    ended = _play(path, content, subjects, made, began_at, progress)
    return Made(sign_ins(path), Counter(one.outcome for one in ended))


def play_more(path: Path, count: int, progress: Callable[[int, int], None]) -> list[Ended]:
    """Play further cases of the demonstration's stories, so that they end about now."""
    content = declared(path)
    with database.transaction() as connection:
        sites = [units.by_code(connection, code) for code in content["play"]["sites"]]
        chosen = content["subjects"]
        fresh = {"seed": int(clock.now().timestamp()), "count": 2 * count + 20}  # nobody who came before
        subjects = _subjects(connection, {**chosen, "with": {**chosen["with"], **fresh}})
    every = timedelta(seconds=20)
    begins_at = clock.now() - count * every - timedelta(hours=2)
    told = [story for story in simulation.stories(path) if story.rests_at is None]
    seed = int(clock.now().timestamp())
    return simulation.play(told, subjects, sites, count, begins_at, every, seed, progress)


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


def _play(
    path: Path,
    content: dict[str, Json],
    subjects: list[dict[str, Json]],
    made: dict[str, Unit],
    began_at: datetime,
    progress: Callable[[int, int], None],
) -> list[Ended]:
    """Each session of the demonstration in turn: sites, hour, pace and number of cases."""
    told = simulation.stories(path)
    sites = [made[code] for code in content["play"]["sites"]]
    ended: list[Ended] = []
    free = list(subjects)
    for number, session in enumerate(content["play"]["sessions"]):
        chosen = [story for story in told if not session.get("stories") or story.name in session["stories"]]
        ended += simulation.play(
            chosen, free or subjects, sites, session["cases"], _session_begins(session, began_at),
            duration(session["every"]), number + 1, progress,
        )  # fmt: skip
        taken = {one.subject_id for one in ended}
        free = [subject for subject in subjects if subject["id"] not in taken]
    return ended


def _session_begins(session: dict[str, Json], began_at: datetime) -> datetime:
    """When a session of the play begins: so long after the campaign began, or so long before now."""
    if "before_now" in session:
        return clock.now() - duration(session["before_now"])
    return began_at + duration(session["after"])


def _morning(now: datetime) -> datetime:
    """Seven in the morning of the same day, in the campaign's zone."""
    local = now.astimezone(settings.current().zone_info)
    return local.replace(hour=7, minute=0, second=0, microsecond=0)


def _roles(entry: dict[str, Json]) -> list[str]:
    return [f"{role}@{granted['unit']}" for granted in entry["grants"] for role in granted["roles"]]
