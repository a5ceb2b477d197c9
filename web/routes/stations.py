"""A station's screen: the queue, the field in which a code is scanned or a name typed, the next person."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from engine import campaign, clock, database, user_tasks
from engine.campaign import Station
from engine.definitions import registry
from engine.definitions.definition import Definition
from engine.errors import NotAllowed, NotFound
from engine.ids import TaskId
from web import boards, rendering, subjects, work_lists
from web.sessions import Guarded, Presence, SignedIn
from web.subjects import Subject

router = APIRouter()


@router.get("/stations")
def stations(request: Request, presence: SignedIn) -> Response:
    """The stations the person may work at; straight to the only one."""
    with database.transaction() as connection:
        places = work_lists.places(connection, presence)
        elsewhere, elsewhere_late = work_lists.elsewhere(connection, presence)
    if len(places) == 1 and not elsewhere:
        return RedirectResponse(f"/stations/{places[0].key}", 303)
    return rendering.page(
        request, "stations.html", presence, places=places, elsewhere=elsewhere, elsewhere_late=elsewhere_late
    )


@router.get("/stations/{key}")
def station(request: Request, presence: SignedIn, key: str) -> Response:
    """One station; asked for by its own script every few seconds, it answers with the queue alone."""
    return _screen(request, presence, _declared(key, presence))


@router.get("/queue")
def queue(request: Request, presence: SignedIn) -> Response:
    """Everything the person may work on at the unit, whatever the station."""
    return _screen(request, presence, None)


@router.post("/stations/{key}/next")
def next_person(request: Request, presence: SignedIn, posted: Guarded, key: str) -> Response:
    """Claim the one who has waited longest, and open the task."""
    return _next(request, presence, _declared(key, presence))


@router.post("/queue/next")
def next_of_all(request: Request, presence: SignedIn, posted: Guarded) -> Response:
    """The same for the queue of everything."""
    return _next(request, presence, None)


@router.post("/stations/{key}/quick")
def touch(request: Request, presence: SignedIn, posted: Guarded, key: str) -> Response:
    """One touch of a board: the task is completed with the answers declared, whoever has it in hand."""
    chosen = _declared(key, presence)
    touched = boards.quick(chosen.board, posted.first("quick"))
    if touched is None:
        raise NotFound("not_found")
    task_id = TaskId.parse(posted.first("task"))

    def completed() -> None:
        with database.transaction() as connection:
            task = user_tasks.task(connection, task_id)
            if task.process != chosen.process or task.lane not in chosen.lanes:
                raise NotFound("task_not_found")
            user_tasks.take_over(connection, task_id, presence.actor)
            user_tasks.complete(connection, task_id, presence.actor, dict(touched.answers))

    database.retried(completed)
    done = touched.names.get(presence.language, touched.key)
    return rendering.redirect(request, _address(chosen), "said.touched", done=done)


@router.post("/stations/{key}/find")
def find(request: Request, presence: SignedIn, posted: Guarded, key: str) -> Response:
    """Whom a scanned code or typed words mean, and what there is to do for them here."""
    return _find(request, presence, _declared(key, presence), posted.first("text"))


@router.post("/queue/find")
def find_anywhere(request: Request, presence: SignedIn, posted: Guarded) -> Response:
    """The same for the queue of everything."""
    return _find(request, presence, None, posted.first("text"))


def _screen(request: Request, presence: Presence, chosen: Station | None, **found: Any) -> Response:
    with database.transaction() as connection:
        waiting = work_lists.waiting(connection, presence, chosen)
        starts = work_lists.startable(connection, presence, chosen)
        may_find = any(
            one.manifest.subject and one.manifest.subject.find
            for one in _definitions(connection, presence, chosen)
        )
        places = work_lists.places(connection, presence)
        board = chosen.board if chosen else None
        cards = boards.cards(connection, board, waiting) if board else None
    return rendering.fragment(
        request, "station.html", "queue", presence, station=chosen, address=_address(chosen),
        name=chosen.names.get(presence.language, chosen.key) if chosen else None, waiting=waiting, places=places,
        cards=cards,
        free=sum(one.claimed_name is None for one in waiting), late=sum(one.late_by is not None for one in waiting),
        starts=work_lists.ways_in(starts, presence.language), may_find=may_find,
        is_cut=len(waiting) >= work_lists.MOST_SHOWN, most=work_lists.MOST_SHOWN,
        **{"text": "", "people": None, **found},
    )  # fmt: skip


def _next(request: Request, presence: Presence, chosen: Station | None) -> Response:
    with database.transaction() as connection:
        task_id = work_lists.take_next(connection, presence, chosen)
    if task_id is None:
        return rendering.redirect(request, _address(chosen), "said.nobody_waiting", "plain")
    return RedirectResponse(f"/tasks/{task_id}", 303)


def _find(request: Request, presence: Presence, chosen: Station | None, text: str) -> Response:
    """One match with one task to do: straight to it. Otherwise those who match, each with the ways on."""
    if not text:
        return RedirectResponse(_address(chosen), 303)
    with database.transaction() as connection:
        people: dict[str, dict[str, Any]] = {}
        for definition in _definitions(connection, presence, chosen):
            for subject in subjects.find(connection, definition, text, presence):
                people.setdefault(subject.id, {"subject": subject, "tasks": [], "starts": []})
        for entry in people.values():
            _ways_on(connection, presence, chosen, entry)
    ready = [entry for entry in people.values() if entry["tasks"]]
    if len(people) == 1 and len(ready) == 1 and len(ready[0]["tasks"]) == 1:
        return RedirectResponse(f"/tasks/{ready[0]['tasks'][0].id}", 303)
    return _screen(request, presence, chosen, text=text, people=list(people.values()))


def _ways_on(
    connection: Connection, presence: Presence, chosen: Station | None, entry: dict[str, Any]
) -> None:
    """The open tasks about somebody here, and the cases that may be begun for them."""
    subject: Subject = entry["subject"]
    entry["tasks"] = work_lists.waiting(connection, presence, chosen, subject=subject.id)
    about = [
        one
        for one in work_lists.startable(connection, presence, chosen)
        if one.definition.manifest.subject is not None and not work_lists.is_typed_in_lines(one)
    ]
    entry["starts"] = work_lists.ways_in(about, presence.language)


def _definitions(connection: Connection, presence: Presence, chosen: Station | None) -> list[Definition]:
    """The definitions whose subjects may be looked for here, one for each way of finding."""
    keys = [chosen.process] if chosen else registry.processes(connection)
    found: dict[str, Definition] = {}
    for key in keys:
        try:
            version_id = registry.in_force(connection, key, presence.unit.path, clock.now())
        except NotFound:
            continue
        definition = registry.definition(connection, version_id)
        declared = definition.manifest.subject
        if declared and declared.find:
            found.setdefault(declared.find, definition)
    return list(found.values())


def _declared(key: str, presence: Presence) -> Station:
    """The station, for those who work at it where they are now."""
    declared = campaign.current().stations.get(key)
    if declared is None:
        raise NotFound("not_found")
    with database.transaction() as connection:
        if not work_lists.works(connection, declared, presence):
            raise NotAllowed("station_not_yours")
    return declared


def _address(chosen: Station | None) -> str:
    return f"/stations/{chosen.key}" if chosen else "/queue"
