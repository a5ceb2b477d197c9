"""Measures the engine's hot path against the floor the database sets, in one run on one database.

A client is a process that completes the user tasks of its own instances, one after another, each in a
durable transaction of its own. The floor does the same row changes with five prepared statements of plain
psycopg and no engine at all. Rates are medians of slices of the run; what counts is their ratio.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import sqlalchemy

from engine import (
    access,
    accounts,
    campaign,
    catalogue,
    clock,
    database,
    embedded,
    feel,
    instances,
    runtime,
    settings,
    tables,
    units,
    user_tasks,
)
from engine.access import Actor
from engine.campaign import Campaign, Role
from engine.definitions import deployment, registry
from engine.ids import TaskId
from engine.runtime.state import encoded
from engine.units import Unit

CLIENTS = (1, 4, 8)
INSTANCES_PER_CLIENT = 20
SLICES = 5
NAME = "tiemchung_bench"

PROCESS = {
    "process.yaml": b"""
process: tally
owner: clerk
start: {roles: [clerk]}
inputs: [times]
lanes: {desk: {role: clerk}}
forms: [note]
service_levels: {write: PT1H}
flow:
  - repeat: again
    do:
      - user: write
        lane: desk
        form: note
      - script: add
        set: {times: "= times + 1"}
    while: "= times < 1000000"
""",
    "forms/note.json": b"""{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
"required": ["name", "count", "agreed"], "additionalProperties": false, "properties": {
"name": {"type": "string", "maxLength": 80}, "count": {"type": "integer", "minimum": 0, "maximum": 300},
"length": {"type": "number"}, "on": {"type": "string", "format": "date"}, "agreed": {"type": "boolean"},
"colour": {"enum": ["red", "green", "blue"]}, "remark": {"type": "string", "maxLength": 400}}}""",
}
ANSWERS = {
    "name": "Nguyễn Thị Minh Khai", "count": 72, "length": 36.6, "on": "2021-07-26", "agreed": True,
    "colour": "green", "remark": "as long as a remark usually is, in one sentence of some words",
}  # fmt: skip

FLOOR = (
    "select body from instance where instance_id = %s for update",
    "update instance set revision = revision + 1, body = %s, progressed_at = %s where instance_id = %s",
    "delete from user_task where instance_id = %s and token = %s and element = 'write'",
    """insert into user_task (instance_id, token, element, process, version_id, lane, role, unit_id, unit_path,
    created_at, due_at) values (%s, %s, 'write', 'tally', %s, 'desk', 'clerk', %s, %s, %s, %s)""",
    """insert into history (instance_id, seq, at, event, element, token, actor_id, version_id, details)
    values (%s, %s, %s, 'user_task_completed', 'write', %s, %s, %s, %s)""",
)


@dataclass(frozen=True, slots=True)
class Site:
    """What every client needs to know of the database under test."""

    url: str
    sign_in: str
    unit: Unit


def engine(seconds: float) -> dict[str, Any]:
    """The whole measurement; durations are per client count and side. The database made for it is dropped again."""
    server = settings.current().database_url or embedded.start()
    url = _address(server, NAME)
    administration = sqlalchemy.create_engine(_address(server, "postgres"), isolation_level="AUTOCOMMIT")
    _recreate(administration)
    try:
        database.migrate(url)
        site = _prepared(url)
        report: dict[str, Any] = {"durable": _durable(url), "floor_code": list(FLOOR), "clients": {}}
        for clients in CLIENTS:
            floor = _rate(_floor_client, site, clients, seconds)
            steps = _rate(_engine_client, site, clients, seconds)
            report["clients"][clients] = {
                "tasks_per_second": round(steps), "floor_per_second": round(floor), "ratio": round(steps / floor, 2),
            }  # fmt: skip
        report |= _in_memory(url, site)
        return report
    finally:
        _drop(administration)


def told(report: dict[str, Any]) -> str:
    """The report in words."""
    lines = ["floor: one transaction of"] + [
        f"  {' '.join(statement.split())}" for statement in report["floor_code"]
    ]
    lines += [f"durable commits: {report['durable']}", "", "clients  tasks/s  floor/s  ratio"]
    for clients, row in report["clients"].items():
        rates = f"{row['tasks_per_second']:7}  {row['floor_per_second']:7}"
        lines.append(f"{clients:7}  {rates}  {row['ratio']:5.2f}")
    lines += [
        "",
        f"state: {report['state_bytes']} bytes stored, {report['state_json_bytes']} before compression",
        f"in memory: {report['apply_us']} µs per step, {report['store_restore_us']} µs to store and restore",
    ]
    return "\n".join(lines)


# --- the two sides ----------------------------------------------------------------------------------------


def _engine_client(site: Site, act_until: Callable[[], bool], done: Any) -> None:
    with _deployed(site.url):
        actor, started = _started(site)
        waiting = list(started)
        while act_until():
            for number, task_id in enumerate(waiting):
                with database.transaction() as connection:
                    waiting[number] = user_tasks.complete(connection, task_id, actor, ANSWERS)[0]
                done.value += 1


def _floor_client(site: Site, act_until: Callable[[], bool], done: Any) -> None:
    with _deployed(site.url):
        actor, started = _started(site)
        with database.transaction() as connection:
            state = instances.state_of(connection, started[0].instance)
            version_id = connection.scalar(sqlalchemy.select(tables.definition_version.c.version_id))
    body, details = (
        runtime.store(state),
        encoded({"steps": [["completed", "write"], ["entered", "write"]]}).decode(),
    )
    seqs = {task_id.instance: (task_id.token, 1) for task_id in started}
    plain = psycopg.connect(_conninfo(site.url), prepare_threshold=0)
    while act_until():
        for instance_id, (token, seq) in seqs.items():
            now = clock.now()
            with plain.transaction():
                plain.execute(FLOOR[0], (instance_id,), binary=True).fetchone()
                plain.execute(FLOOR[1], (body, now, instance_id))
                plain.execute(FLOOR[2], (instance_id, token))
                place = (version_id, site.unit.id, site.unit.path, now, now)
                plain.execute(FLOOR[3], (instance_id, token + 1, *place))
                about = (now, token, actor.account_id, version_id, details)
                plain.execute(FLOOR[4], (instance_id, seq + 1, *about))
            seqs[instance_id] = (token + 1, seq + 1)
            done.value += 1
    plain.close()


def _rate(client: Callable[..., None], site: Site, clients: int, seconds: float) -> float:
    """Completions per second of all clients together: the median of equal slices of the run."""
    context = multiprocessing.get_context("spawn")
    ready, going, stop = context.Semaphore(0), context.Event(), context.Event()
    counters = [context.Value("q", 0, lock=False) for _ in range(clients)]
    running = [
        context.Process(target=_client, args=(client, site, ready, going, stop, counter), daemon=True)
        for counter in counters
    ]
    for process in running:
        process.start()
    for _ in running:
        ready.acquire()
    going.set()
    rates: list[float] = []
    for _ in range(SLICES):
        before, began = sum(counter.value for counter in counters), time.perf_counter()
        time.sleep(seconds / SLICES)
        rates.append((sum(counter.value for counter in counters) - before) / (time.perf_counter() - began))
    stop.set()
    for process in running:
        process.join(30)
    return statistics.median(rates)


def _client(client: Callable[..., None], site: Site, ready: Any, going: Any, stop: Any, counter: Any) -> None:
    """One client in a process of its own: prepare, say so, then work until told to stop."""
    said = False

    def act_until() -> bool:
        nonlocal said
        if not said:
            said = True
            ready.release()
            going.wait()
        return not stop.is_set()

    client(site, act_until, counter)


# --- preparation ------------------------------------------------------------------------------------------


@contextmanager
def _deployed(url: str) -> Iterator[None]:
    """One connection, the campaign of the measurement and no service tasks."""
    services = catalogue.Catalogue({}, {})
    connected = database.using(database.connect(url, size=1))
    with connected as held, campaign.using(_campaign()), catalogue.using(services):
        try:
            yield
        finally:
            held.dispose()


def _prepared(url: str) -> Site:
    """A unit, two accounts and the published process."""
    with _deployed(url), database.transaction() as connection:
        unit = units.create(connection, "bench", "office", "Bench")
        people = []
        for name in ("clerk.one", "clerk.two"):
            account_id = accounts.create(connection, name, name, "a long password")
            accounts.grant(connection, account_id, "clerk", unit)
            people.append(accounts.actor(connection, account_id))
        submission = deployment.submit(connection, PROCESS | _texts(), people[0], "measure the engine")
        deployment.approve(connection, submission, people[1], "measure the engine")
    return Site(url, "clerk.one", unit)


def _started(site: Site) -> tuple[Actor, list[TaskId]]:
    with database.transaction() as connection:
        actor = accounts.by_sign_in(connection, site.sign_in)
        started = [
            instances.start(connection, "tally", site.unit, {"times": 0}, actor)
            for _ in range(INSTANCES_PER_CLIENT)
        ]
    with database.transaction() as connection:
        queues = [user_tasks.queue(connection, actor, instance_id=instance_id) for instance_id in started]
    return actor, [queue[0].id for queue in queues]


def _campaign() -> Campaign:
    may = frozenset(permission.value for permission in access.Permission)
    return Campaign({}, {"clerk": Role("clerk", {"vi": "clerk", "en": "clerk"}, may)}, {}, {})


def _texts() -> dict[str, bytes]:
    fields = "".join(f"\n      {name}: {{title: {name}}}" for name in ANSWERS if name != "colour")
    text = (
        "process: {name: tally, description: tally}\n"
        "elements: {write: {name: write}, add: {name: add}}\nlanes: {desk: desk}\n"
        f"forms:\n  note:\n    title: note\n    fields:{fields}\n"
        "      colour: {title: colour, options: {red: red, green: green, blue: blue}}\n"
    ).encode()
    return {"texts/vi.yaml": text, "texts/en.yaml": text}


# --- in memory --------------------------------------------------------------------------------------------


def _in_memory(url: str, site: Site) -> dict[str, Any]:
    """Time of one step without a database, and the size of its state."""
    with _deployed(url), database.transaction() as connection:
        version_id = registry.in_force(connection, "tally", site.unit.path)
        definition = registry.definition(connection, version_id)
    moment = feel.Moment(clock.now(), settings.current().zone_info)
    around = runtime.Surroundings(moment, _no_decision)
    state = runtime.apply(definition.model, runtime.fresh(), runtime.Start({"times": 0}), around).state
    applied, stored = [], []
    for _ in range(2_000):
        began = time.perf_counter()
        command = runtime.Complete(state.waits[0].token, state.waits[0].element, ANSWERS)
        state = runtime.apply(definition.model, state, command, around).state
        between = time.perf_counter()
        runtime.restore(runtime.store(state))
        applied.append(between - began)
        stored.append(time.perf_counter() - between)
    return {
        "state_bytes": len(runtime.store(state)),
        "state_json_bytes": len(encoded(state)),
        "apply_us": round(statistics.median(applied) * 1e6, 1),
        "store_restore_us": round(statistics.median(stored) * 1e6, 1),
    }


def _no_decision(key: str, variables: runtime.Variables) -> runtime.Decided:
    raise runtime.Fault("decision_unknown", decision=key)


# --- the database -----------------------------------------------------------------------------------------


def _address(server: str, name: str) -> str:
    return sqlalchemy.make_url(server).set(database=name).render_as_string(hide_password=False)


def _conninfo(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def _durable(url: str) -> bool:
    with psycopg.connect(_conninfo(url)) as plain:
        rows = [plain.execute(f"show {name}").fetchone() for name in ("fsync", "synchronous_commit")]
    return all(row is not None and row[0] == "on" for row in rows)


def _recreate(administration: sqlalchemy.Engine) -> None:
    _drop(administration, dispose=False)
    with administration.connect() as connection:
        connection.exec_driver_sql(f'create database "{NAME}"')


def _drop(administration: sqlalchemy.Engine, dispose: bool = True) -> None:
    with administration.connect() as connection:
        connection.exec_driver_sql(f'drop database if exists "{NAME}" with (force)')
    if dispose:
        administration.dispose()
