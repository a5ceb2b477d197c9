"""The home page: for each kind of person, what there is to do now and where."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from engine import access, database, stuck
from engine.access import Permission
from engine.definitions import deployment, registry
from web import navigation, rendering, sessions, work_lists
from web.declared import pages as declared_pages
from web.routes import pages
from web.sessions import Presence

router = APIRouter()


@router.get("/")
def home(request: Request) -> Response:
    """The desk of whoever is signed in; the declared front page, if there is one, for everybody else."""
    front = declared_pages.current().at(declared_pages.FRONT)
    if front is not None and front.is_public and not sessions.is_known(request):
        return pages.shown(request, front, None)
    return _desk(request, sessions.presence(request))


def _desk(request: Request, presence: Presence) -> Response:
    """Work in hand, stations with their counts, cases to begin, and ways to oversee and to publish."""
    may_see = bool(access.paths_with(presence.actor, Permission.SEE))
    may_publish = work_lists.oversees(presence, (Permission.SUBMIT, Permission.APPROVE))
    with database.transaction() as connection:
        places = work_lists.places(connection, presence)
        elsewhere, elsewhere_late = work_lists.elsewhere(connection, presence)
        mine = work_lists.waiting(connection, presence, None, mine=True)
        starts = work_lists.startable(connection, presence)
        troubles = stuck.count(connection, presence.actor) if may_see else {}
        submissions = deployment.submissions(connection, state=deployment.SUBMITTED) if may_publish else []
        processes = registry.processes(connection) if may_publish else []
    works = bool(access.paths_with(presence.actor, Permission.WORK))
    return rendering.page(
        request, "home.html", presence, places=places, elsewhere=elsewhere, elsewhere_late=elsewhere_late, mine=mine,
        starts=work_lists.ways_in(starts, presence.language),
        troubles={reason.value: count for reason, count in troubles.items()}, may_see=may_see, works=works,
        may_publish=may_publish, submissions=submissions, processes=processes,
        pages=navigation.declared(presence),
    )  # fmt: skip
