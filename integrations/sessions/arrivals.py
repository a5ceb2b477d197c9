"""Who came: found among the bookings, what does not fit flagged and never refused; how it ended; who did not come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from engine import units
from engine.catalogue import Context, Json
from engine.errors import NotFound
from engine.units import Unit
from integrations.sessions import bookings, hours, plans
from integrations.sessions.bookings import ARRIVED, BOOKED, HELD, MISSED
from integrations.sessions.refusals import parsed

GRACE_MINUTES = 30  # before and after the hour booked, when the process does not say
FLAGS = (
    "no_session", "session_not_open", "session_paused", "session_stopped", "no_booking", "other_hour", "other_day",
    "other_site", "already_arrived", "missed_before",
)  # fmt: skip
_STATE_FLAGS = {"open": None, "paused": "session_paused", "stopped": "session_stopped"}
STANDBY = "standby"

_SESSIONS = text(
    """
    select * from session where unit_path = :unit_path and day = :day and state <> 'cancelled'
    order by opens_at, session_id
    """
)
_BOOKINGS = text(
    """
    select b.booking_id, b.session_id, b.starts_at, b.round_id, b.state, b.declared, b.declared_at, slot.ends_at,
           session.day, session.unit_path
    from booking b
    join slot on slot.session_id = b.session_id and slot.starts_at = b.starts_at
    join session on session.session_id = b.session_id
    where b.person_id = :person_id
      and (b.state in ('held', 'booked', 'arrived')
           or session.day = :day and b.state in ('missed', 'served', 'turned_back'))
    order by abs(extract(epoch from b.starts_at - cast(:at as timestamptz))), b.booking_id
    """
)
_MARK = text(
    """
    update booking set state = 'arrived', changed_at = :now
    where booking_id = :booking_id and (state in ('held', 'booked') or state = 'missed' and not exists (
        select from booking other
        where other.person_id = booking.person_id and other.state in ('held', 'booked', 'arrived')
          and (other.round_id = booking.round_id or other.hour = booking.hour)
    ))
    """
)
_LISTED = text(
    """
    update listing set state = 'booked'
    where round_id = :round_id and person_id = :person_id and state in ('offered', 'passed')
    """
)
_DECLARED = text(
    """
    select declared, declared_at from listing where person_id = :person_id and declared is not null
    order by round_id = :round_id desc nulls last, declared_at desc limit 1
    """
)
_CAME = text(
    """
    select attendance_id, outcome from attendance
    where person_id = :person_id and unit_path = :unit_path and arrived_at >= :since and arrived_at < :until
    order by attendance_id desc
    """
)
_ATTEND = text(
    """
    insert into attendance (person_id, unit_path, session_id, booking_id, kind, flags, arrived_at, outcome, ended_at)
    values (:person_id, :unit_path, :session_id, :booking_id, :kind, :flags, :at, :outcome, :ended_at)
    """
).bindparams(bindparam("flags", type_=JSONB))
_END = text(
    """
    update attendance set outcome = :outcome, ended_at = :now
    where attendance_id = (
        select attendance_id from attendance
        where person_id = :person_id and unit_path = :unit_path and outcome is null
        order by session_id is not distinct from :session_id desc, attendance_id desc limit 1
    )
    returning session_id, booking_id
    """
)
_ENDED_BOOKING = text(
    """
    update booking set state = :state, changed_at = :now where booking_id = :booking_id and state = 'arrived'
    """
)
_ROUND = text(
    """
    select coalesce(
        (select round_id from booking where booking_id = :booking_id),
        (select round_id from session where session_id = :session_id)
    )
    """
)
_LIST_ENDED = text(
    """
    update listing set state = :state where round_id = :round_id and person_id = :person_id and state <> 'done'
    """
)
_STILL = text(
    """
    select booking_id from booking
    where round_id = :round_id and person_id = :person_id and state in ('held', 'booked') order by booking_id
    """
)
_MISSED = text(
    """
    with ended as (
        update booking set state = 'missed', changed_at = :now where session_id = :session_id and state = 'booked'
        returning booking_id, person_id, round_id, starts_at
    ), listed as (
        update listing set state = 'passed' from ended
        where listing.round_id = ended.round_id and listing.person_id = ended.person_id
          and listing.state in ('offered', 'booked')
    )
    select * from ended order by starts_at, booking_id
    """
)
_HELD = text(
    "select booking_id from booking where session_id = :session_id and state = 'held' order by booking_id"
)
_COUNTS = text(
    "select state, count(*) as bookings from booking where session_id = :session_id group by state"
)
_OUTCOMES = text(
    """
    select count(*) as arrived, count(*) filter (where booking_id is null) as walk_ins,
           count(*) filter (where outcome = 'vaccinated') as vaccinated,
           count(*) filter (where outcome is null) as unfinished
    from attendance where session_id = :session_id
    """
)


def arrive(inputs: Json, context: Context) -> Json:
    """A person is at the case's unit: their booking there and then is marked arrived, and what does not fit flagged.

    A booking for another day or site is told and stays as it is: whoever is sent away still has it. Without a
    booking, `no_booking` is flagged only where the session does not admit walk-ins (or the standby it called).
    """
    connection, unit = context.transaction(), _unit(inputs, context)
    at = _moment(inputs, context)
    person_id, kind = inputs["person_id"], inputs["arrival_kind"]
    grace = timedelta(
        minutes=float(GRACE_MINUTES if inputs.get("grace_minutes") is None else inputs["grace_minutes"])
    )
    sessions = _of_day(connection, unit, at)
    found = connection.execute(_BOOKINGS, {"person_id": person_id, "day": _day(at), "at": at}).all()
    booking = _here(found, sessions) or next((one for one in found if one.state in (HELD, BOOKED)), None)
    session = _session_for(connection, sessions, booking, at)
    state = (
        None if session is None else plans.states_at(connection, [session.session_id], at)[session.session_id]
    )
    flags = _session_flags(state) + _booking_flags(booking, session, unit, at, grace)
    if booking is None and session is not None and not _admitted(session, kind):
        flags.append("no_booking")
    came = connection.execute(_CAME, {"person_id": person_id, "unit_path": unit.path, **_bounds(at)}).all()
    if came:
        flags.append("already_arrived")
    ours = booking is not None and session is not None and booking.session_id == session.session_id
    if booking is not None and ours:
        connection.execute(_MARK, {"booking_id": booking.booking_id, "now": context.now})
        connection.execute(_LISTED, {"round_id": booking.round_id, "person_id": person_id})
    if not any(one.outcome is None for one in came):
        connection.execute(
            _ATTEND,
            {
                "person_id": person_id, "unit_path": unit.path, "kind": kind, "flags": flags, "at": at,
                "session_id": None if session is None else session.session_id,
                "booking_id": booking.booking_id if booking is not None and ours else None,
                "outcome": None, "ended_at": None,
            },
        )  # fmt: skip
    round_id = booking.round_id if booking is not None else None if session is None else session.round_id
    return {
        "session_id": bookings.id_text(None if session is None else session.session_id),
        "session_state": state,
        "booking_id": bookings.id_text(None if booking is None else booking.booking_id),
        "booked_for": None if booking is None else hours.written(booking.starts_at, bookings.zone()),
        "declared": _declared(connection, person_id, booking, round_id),
        "round_id": bookings.id_text(round_id),
        "arrival_flags": flags,
    }


def at_site(inputs: Json, context: Context) -> Json:
    """The unit's session of a moment's day, with the state it had at that moment; nulls when there is none."""
    connection = context.transaction()
    at = _moment(inputs, context)
    session = _nearest(connection, _of_day(connection, _unit(inputs, context), at), at)
    if session is None:
        return {
            "session_id": None, "session_state": None, "walk_ins": False, "standby": False, "products": [],
            "round_id": None, "place": None,
        }  # fmt: skip
    return {
        "session_id": str(session.session_id),
        "session_state": plans.states_at(connection, [session.session_id], at)[session.session_id],
        "walk_ins": session.walk_ins, "standby": session.standby, "products": session.products,
        "round_id": bookings.id_text(session.round_id), "place": session.place,
    }  # fmt: skip


def outcome(inputs: Json, context: Context) -> Json:
    """How a person's visit ended. Who was vaccinated is done with the round: other places of it are given back.

    Somebody of whom no arrival is known is written down as having come.
    """
    connection, unit = context.transaction(), _unit(inputs, context)
    person_id, result = inputs["person_id"], inputs["outcome"]
    session_id = parsed(inputs["session_id"]) if inputs.get("session_id") else None
    values = {
        "person_id": person_id, "unit_path": unit.path, "session_id": session_id, "outcome": result, "now": context.now,
    }  # fmt: skip
    ended = connection.execute(_END, values).one_or_none()
    if ended is None:
        connection.execute(
            _ATTEND,
            {**values, "booking_id": None, "kind": "unknown", "flags": [], "at": context.now, "ended_at": context.now},
        )  # fmt: skip
    done = result == "vaccinated"
    booking_id = None if ended is None else ended.booking_id
    if booking_id is not None:
        state = bookings.SERVED if done else bookings.TURNED_BACK
        connection.execute(_ENDED_BOOKING, {"state": state, "booking_id": booking_id, "now": context.now})
    about = {"booking_id": booking_id, "session_id": session_id or (ended.session_id if ended else None)}
    about |= {
        "person_id": person_id,
        "round_id": connection.scalar(_ROUND, about),
        "state": "done" if done else "passed",
    }
    if done:
        for other in connection.scalars(_STILL, about).all():
            bookings.release({"booking_id": str(other), "state": bookings.CANCELLED}, context)
    connection.execute(_LIST_ENDED, about)
    return {"recorded": True}


def close(inputs: Json, context: Context) -> Json:
    """End the day's bookings: who was booked and did not come has missed it, and what is still held is given back."""
    connection, session_id = context.transaction(), parsed(inputs["session_id"])
    bookings.hold_all(connection, session_id)
    plans.close(connection, session_id, context.now)
    missed = [
        {
            "person_id": row.person_id, "round_id": bookings.id_text(row.round_id), "booking_id": str(row.booking_id),
            "starts_at": hours.written(row.starts_at, bookings.zone()),
        }
        for row in connection.execute(_MISSED, {"session_id": session_id, "now": context.now})
    ]  # fmt: skip
    for booking_id in connection.scalars(_HELD, {"session_id": session_id}).all():
        bookings.release({"booking_id": str(booking_id), "state": bookings.EXPIRED}, context)
    return {"missed": missed, "counts": counts(connection, session_id)}


def counts(connection: Connection, session_id: int) -> Json:
    """Bookings of a session by state, and of those who came: how many, without booking, vaccinated, unfinished."""
    states = {row.state: row.bookings for row in connection.execute(_COUNTS, {"session_id": session_id})}
    came = connection.execute(_OUTCOMES, {"session_id": session_id}).one()
    return {
        **{state: int(states.get(state, 0)) for state in bookings.STATES if state != ARRIVED},
        "arrived": came.arrived, "walk_ins": came.walk_ins, "vaccinated": came.vaccinated,
        "unfinished": came.unfinished,
    }  # fmt: skip


def _unit(inputs: Json, context: Context) -> Unit:
    if inputs.get("unit_code"):
        return units.by_code(context.transaction(), inputs["unit_code"])
    if context.unit is None:
        raise NotFound("unit_not_found", unit="–")
    return context.unit


def _moment(inputs: Json, context: Context) -> datetime:
    return hours.read_moment(inputs["at"], bookings.zone()) if inputs.get("at") else context.now


def _day(at: datetime) -> Any:
    return at.astimezone(bookings.zone()).date()


def _bounds(at: datetime) -> dict[str, datetime]:
    """The local day of a moment."""
    start = at.astimezone(bookings.zone()).replace(hour=0, minute=0, second=0, microsecond=0)
    return {"since": start, "until": start + timedelta(days=1)}


def _of_day(connection: Connection, unit: Unit, at: datetime) -> Sequence[Row[Any]]:
    return connection.execute(_SESSIONS, {"unit_path": unit.path, "day": _day(at)}).all()


def _here(found: Sequence[Row[Any]], sessions: Sequence[Row[Any]]) -> Row[Any] | None:
    """The person's booking at one of the unit's sessions of the day: one that stands before one that has ended."""
    ours = {one.session_id for one in sessions}
    rank = {HELD: 0, BOOKED: 0, ARRIVED: 1, MISSED: 2}
    here = [one for one in found if one.session_id in ours]
    return min(here, key=lambda one: rank.get(one.state, 3), default=None)


def _session_for(
    connection: Connection, sessions: Sequence[Row[Any]], booking: Row[Any] | None, at: datetime
) -> Row[Any] | None:
    if booking is not None:
        for session in sessions:
            if session.session_id == booking.session_id:
                return session
    return _nearest(connection, sessions, at)


def _nearest(connection: Connection, sessions: Sequence[Row[Any]], at: datetime) -> Row[Any] | None:
    """The session that was open at the moment, else the one whose hours it lies in or nearest to."""
    states: dict[int, str] = (
        plans.states_at(connection, [one.session_id for one in sessions], at) if len(sessions) > 1 else {}
    )

    def distance(one: Row[Any]) -> tuple[bool, float]:
        away = max((one.opens_at - at).total_seconds(), (at - one.closes_at).total_seconds(), 0)
        return states.get(one.session_id) not in (plans.OPEN, "paused", plans.STOPPED), away

    return min(sessions, key=distance, default=None)


def _session_flags(state: str | None) -> list[str]:
    if state is None:
        return ["no_session"]
    flag = _STATE_FLAGS.get(state, "session_not_open")
    return [flag] if flag else []


def _booking_flags(
    booking: Row[Any] | None, session: Row[Any] | None, unit: Unit, at: datetime, grace: timedelta
) -> list[str]:
    if booking is None:
        return []
    flags = ["other_site"] if booking.unit_path != unit.path else []
    if booking.day != _day(at):
        flags.append("other_day")
    elif not booking.starts_at - grace <= at < booking.ends_at + grace:
        flags.append("other_hour")
    if booking.state == MISSED:
        flags.append("missed_before")
    if booking.state not in (HELD, BOOKED, MISSED):
        flags.append("already_arrived")
    return flags


def _admitted(session: Row[Any], kind: str) -> bool:
    return bool(session.walk_ins or (kind == STANDBY and session.standby))


def _declared(
    connection: Connection, person_id: str, booking: Row[Any] | None, round_id: int | None
) -> Json | None:
    """What the person said beforehand, with the moment: at booking, else when they were listed."""
    said: Any = booking
    if said is None or said.declared is None:
        said = connection.execute(_DECLARED, {"person_id": person_id, "round_id": round_id}).one_or_none()
    if said is None or said.declared is None:
        return None
    return {**said.declared, "declared_at": hours.written(said.declared_at, bookings.zone())}
