"""What pages and forms may know of sessions: a day, a list of people, free places; each within the actor's reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, or_, select, text

from engine import access, units
from engine.access import SYSTEM, Actor, Permission
from engine.catalogue import Context, Json
from engine.errors import NotAllowed, NotFound
from integrations.sessions import bookings, closings, hours, plans, rounds, tables
from integrations.sessions.refusals import parsed

MOST_SHOWN = 500
MOST_FOUND = 30
AHEAD = timedelta(days=60)

_HOURS = text(
    """
    select slot.session_id, slot.starts_at, slot.ends_at, slot.capacity, slot.taken,
           count(b.booking_id) filter (where b.state = 'held') as held,
           count(b.booking_id) filter (where b.state = 'booked') as booked,
           count(b.booking_id) filter (where b.state in ('arrived', 'served', 'turned_back')) as arrived,
           count(b.booking_id) filter (where b.state = 'missed') as missed
    from slot left join booking b on b.session_id = slot.session_id and b.starts_at = slot.starts_at
    where slot.session_id = any(:sessions) and slot.capacity > 0
    group by slot.session_id, slot.starts_at order by slot.session_id, slot.starts_at
    """
)
_FREE = text(
    """
    select session_id, starts_at, ends_at, capacity - taken as free from slot
    where session_id = any(:sessions) and taken < capacity and is_open and ends_at > :now and starts_at >= :since
    order by starts_at, session_id limit :most
    """
)
_PEOPLE = text(
    """
    select booking_id, person_id, starts_at, state, held_until from booking
    where session_id = :session_id and state not in ('declined', 'expired', 'cancelled')
    order by starts_at, booking_id
    """
)


def day(inputs: Json, context: Context) -> Json:
    """The sessions of a day at and below a unit, each with its hours; `totals` adds them up."""
    connection, zone = context.transaction(), bookings.zone()
    unit = units.by_code(connection, inputs["unit_code"])
    _require(_actor(context), unit.path)
    rows = connection.execute(
        select(tables.session)
        .where(
            access.within(tables.session.c.unit_path, (unit.path,)),
            tables.session.c.day == date.fromisoformat(inputs["on"]),
        )
        .order_by(tables.session.c.unit_path, tables.session.c.opens_at, tables.session.c.session_id)
    ).all()
    by_session: defaultdict[str, list[Json]] = defaultdict(list)
    for row in connection.execute(_HOURS, {"sessions": [row.session_id for row in rows]}):
        by_session[str(row.session_id)].append(
            {
                "starts_at": hours.written(row.starts_at, zone), "ends_at": hours.written(row.ends_at, zone),
                "hour": hours.clock_time(row.starts_at, zone), "capacity": row.capacity, "held": row.held,
                "booked": row.booked, "arrived": row.arrived, "missed": row.missed, "free": row.capacity - row.taken,
            }
        )  # fmt: skip
    figures = closings.counts(connection, [row.session_id for row in rows])
    shown = [
        {
            **session,
            "hours": by_session[session["session_id"]],
            "counts": figures[int(session["session_id"])],
        }
        for session in plans.described(connection, rows)
    ]
    return {
        "on": inputs["on"], "unit_code": unit.code, "as_of": hours.written(context.now, zone), "sessions": shown,
        "totals": _totals(shown),
    }  # fmt: skip


def sessions(inputs: Json, context: Context) -> Json:
    """Sessions at and below a unit, or wherever the actor may see, from today on when no days are given."""
    connection, actor = context.transaction(), _actor(context)
    if inputs.get("unit_code"):
        unit = units.by_code(connection, inputs["unit_code"])
        _require(actor, unit.path)
        reach: Iterable[str] = (unit.path,)
    else:
        reach = _reach(actor)
    today = context.now.astimezone(bookings.zone()).date()
    since = date.fromisoformat(inputs["since"]) if inputs.get("since") else today
    until = date.fromisoformat(inputs["until"]) if inputs.get("until") else max(since, today) + AHEAD
    session = tables.session
    rows = _found(context, access.within(session.c.unit_path, reach), session.c.day.between(since, until))
    return {
        "as_of": hours.written(context.now, bookings.zone()),
        "sessions": plans.described(connection, rows),
    }


def public_sessions(inputs: Json, context: Context) -> Json:
    """Sessions that everybody may know of: of one day, else from today on; none that was cancelled."""
    connection, session = context.transaction(), tables.session
    where: list[ColumnElement[bool]] = [session.c.audience == "public", session.c.state != plans.CANCELLED]
    today = context.now.astimezone(bookings.zone()).date()
    if inputs.get("on"):
        where.append(session.c.day == date.fromisoformat(inputs["on"]))
    else:
        where.append(session.c.day.between(today, today + AHEAD))
    if inputs.get("unit_code"):
        unit = units.by_code(connection, inputs["unit_code"])
        where.append(access.within(session.c.unit_path, (unit.path,)))
    return {
        "as_of": hours.written(context.now, bookings.zone()),
        "sessions": plans.described(connection, _found(context, *where)),
    }


def free_slots(inputs: Json, context: Context) -> Json:
    """Hours that have places now, the earliest first: of sessions for everybody, and of those within reach.

    Who names the round or the session was listed in it, and also sees the hours that are for the invited.
    """
    connection, session, zone = context.transaction(), tables.session, bookings.zone()
    since = hours.read_moment(inputs["since"], zone) if inputs.get("since") else context.now
    actor = _actor(context)
    seen = access.within(session.c.unit_path, _reach(actor))
    is_named = inputs.get("session_id") or inputs.get("round_id")
    audiences = ("public", "invited") if is_named else ("public",)
    where: list[ColumnElement[bool]] = [
        session.c.audience != "staff" if actor.is_system else or_(session.c.audience.in_(audiences), seen),
        session.c.state.not_in(plans.TAKES_NO_BOOKINGS),
        session.c.day >= since.astimezone(zone).date(),
    ]
    if inputs.get("session_id"):
        where.append(session.c.session_id == parsed(inputs["session_id"]))
    if inputs.get("round_id"):
        where.append(session.c.round_id == parsed(inputs["round_id"]))
    if inputs.get("unit_code"):
        unit = units.by_code(connection, inputs["unit_code"])
        where.append(access.within(session.c.unit_path, (unit.path,)))
    known = {one["session_id"]: one for one in plans.described(connection, _found(context, *where))}
    rows = connection.execute(
        _FREE,
        {"sessions": [int(one) for one in known], "now": context.now, "since": since, "most": MOST_SHOWN},
    )
    return {
        "as_of": hours.written(context.now, zone),
        "slots": [_free(row, known[str(row.session_id)]) for row in rows],
    }


def people(inputs: Json, context: Context) -> Json:
    """Who is booked at a session, by hour; names come from the registry."""
    connection, zone = context.transaction(), bookings.zone()
    session = plans.by_id(connection, parsed(inputs["session_id"]))
    _require(_actor(context), session.unit_path)
    return {
        "session_id": str(session.session_id),
        "as_of": hours.written(context.now, zone),
        "people": [
            {
                "starts_at": hours.written(row.starts_at, zone), "hour": hours.clock_time(row.starts_at, zone),
                "person_id": row.person_id, "booking_id": str(row.booking_id), "code": bookings.code(row.booking_id),
                "state": row.state,
            }
            for row in connection.execute(_PEOPLE, {"session_id": session.session_id})
        ],
    }  # fmt: skip


def appointments(inputs: Json, context: Context) -> Json:
    """A person's bookings, the newest first, of sessions within the actor's reach or still to come."""
    actor, now = _actor(context), context.now
    rows = context.transaction().execute(bookings.OF_PERSON, {"person_id": inputs["person_id"]})
    return {
        "appointments": [
            bookings.described(row)
            for row in rows
            if sees(actor, row.unit_path)
            or (row.state in (bookings.HELD, bookings.BOOKED) and row.ends_at > now)
        ]
    }


def public_rounds(inputs: Json, context: Context) -> Json:
    """Open rounds in which people register first: those that cover a unit, or all."""
    connection, round_table = context.transaction(), tables.round_
    where = [round_table.c.state == rounds.OPEN, round_table.c.mode == "ample"]
    if inputs.get("unit_code"):
        path = units.by_code(connection, inputs["unit_code"]).path
        where.append(round_table.c.unit_path.in_(units.ancestors(path)))
    rows = connection.execute(
        select(round_table).where(*where).order_by(round_table.c.opened_at.desc(), round_table.c.round_id)
    )
    return {"rounds": [rounds.described(row) for row in rows]}


def session(inputs: Json, context: Context) -> Json:
    """One session within the actor's reach; for others there is none."""
    row = plans.by_id(context.transaction(), parsed(inputs["session_id"]))
    if not sees(_actor(context), row.unit_path):
        raise NotFound("not_found")
    return plans.described(context.transaction(), [row])[0]


def round_(inputs: Json, context: Context) -> Json:
    """One round of a unit at, above or below the actor's; for others there is none."""
    row = rounds.by_id(context.transaction(), parsed(inputs["round_id"]))
    if not _touches(_actor(context), row.unit_path):
        raise NotFound("not_found")
    return rounds.described(row)


def find_sessions(inputs: Json, context: Context) -> Json:
    """`found`: sessions from today on whose place, unit or day (31/12/2021) matches, the nearest first."""
    found, typed = [], inputs["text"].strip().lower()
    for one in sessions({}, context)["sessions"]:
        words = f"{one['label']} {one['unit_name']} {one['code']}".lower()
        if one["state"] not in plans.ENDED and (typed in words or typed == one["session_id"]):
            found.append(one)
    return {"found": found[:MOST_FOUND]}


def find_rounds(inputs: Json, context: Context) -> Json:
    """`found`: open rounds whose name matches, the newest first."""
    actor, round_table, typed = _actor(context), tables.round_, inputs["text"].strip()
    rows = context.transaction().execute(
        select(round_table)
        .where(
            round_table.c.state == rounds.OPEN,
            or_(
                round_table.c.name.icontains(typed, autoescape=True),
                round_table.c.round_id == (int(typed) if typed.isdecimal() and len(typed) < 19 else -1),
            ),
        )
        .order_by(round_table.c.opened_at.desc(), round_table.c.round_id.desc())
    )
    found = [rounds.described(row) for row in rows if _touches(actor, row.unit_path)]
    return {"found": found[:MOST_FOUND]}


def _actor(context: Context) -> Actor:
    return context.actor or SYSTEM


def _reach(actor: Actor) -> tuple[str, ...]:
    """The unit paths at and below which the actor works or sees."""
    return tuple(
        {
            path
            for permission in (Permission.WORK, Permission.SEE)
            for path in access.paths_with(actor, permission)
        }
    )


def sees(actor: Actor, unit_path: str) -> bool:
    """Whether the actor works or sees at the unit."""
    return any(unit_path.startswith(path) for path in _reach(actor))


def _touches(actor: Actor, unit_path: str) -> bool:
    """Whether a unit lies at, above or below where the actor works or sees: a round is shared by all below it."""
    return any(unit_path.startswith(path) or path.startswith(unit_path) for path in _reach(actor))


def _require(actor: Actor, unit_path: str) -> None:
    if not sees(actor, unit_path):
        raise NotAllowed("permission_missing", permission=Permission.SEE.value)


def _found(context: Context, *where: ColumnElement[bool]) -> Iterable[Row[Any]]:
    table = tables.session
    return context.transaction().execute(
        select(table).where(*where).order_by(table.c.day, table.c.opens_at, table.c.session_id).limit(MOST_SHOWN)
    ).all()  # fmt: skip


def _free(row: Row[Any], session_: Json) -> Json:
    zone = bookings.zone()
    starts, ends = hours.clock_time(row.starts_at, zone), hours.clock_time(row.ends_at, zone)
    local_day = date.fromisoformat(session_["on"])
    return {
        "id": f"{row.session_id}/{hours.written(row.starts_at, zone)}",
        "label": f"{starts}–{ends} {local_day:%d/%m/%Y} · {session_['place']} · {row.free}",
        "session_id": str(row.session_id), "starts_at": hours.written(row.starts_at, zone),
        "ends_at": hours.written(row.ends_at, zone), "free": row.free, "unit_code": session_["unit_code"],
        "unit_name": session_["unit_name"], "place": session_["place"], "on": session_["on"],
        "round_id": session_["round_id"],
    }  # fmt: skip


def _totals(shown: list[Json]) -> Json:
    totals: Json = {"capacity": 0, "held": 0, "booked": 0, "arrived": 0, "missed": 0, "free": 0}
    for one in shown:
        for hour in one["hours"]:
            for name in totals:
                totals[name] += hour[name]
    for name in ("arrived", "walk_ins", "vaccinated", "unfinished"):
        totals[name] = sum(one["counts"][name] for one in shown)
    return totals
