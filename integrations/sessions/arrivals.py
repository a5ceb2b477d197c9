"""Who came: found among the bookings, what does not fit flagged and never refused; and how it ended."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, Row, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from engine import units
from engine.catalogue import Context, Json
from engine.errors import NotFound
from engine.units import Unit
from integrations.sessions import bookings, hours, plans, releases
from integrations.sessions.bookings import ARRIVED, BOOKED, HELD, MISSED
from integrations.sessions.refusals import parsed

GRACE_MINUTES = 30  # before and after the hour booked, when the process does not say
VACCINATED, STANDBY, UNKNOWN = "vaccinated", "standby", "unknown"
_STATE_FLAGS = {"open": None, "paused": "session_paused", "stopped": "session_stopped"}

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
    with came as (
        update booking set state = 'arrived', changed_at = :now
        where booking_id = :booking_id and (state in ('held', 'booked') or state = 'missed' and not exists (
            select from booking other
            where other.person_id = booking.person_id and other.state in ('held', 'booked', 'arrived')
              and (other.round_id = booking.round_id or other.hour = booking.hour)
        ))
        returning round_id, person_id
    )
    update listing set state = 'booked' from came
    where listing.round_id = came.round_id and listing.person_id = came.person_id
      and listing.state in ('offered', 'passed')
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
    select outcome from attendance
    where person_id = :person_id and unit_path = :unit_path and arrived_at >= :since and arrived_at < :until
    """
)
_ATTEND = text(
    """
    insert into attendance (person_id, unit_path, session_id, booking_id, round_id, kind, flags, arrived_at)
    values (:person_id, :unit_path, :session_id, :booking_id, :round_id, :kind, :flags, :at)
    """
).bindparams(bindparam("flags", type_=JSONB))
_LAST = text(
    """
    select attendance_id, booking_id, round_id, outcome from attendance
    where person_id = :person_id and unit_path = :unit_path
      and (outcome is null or session_id = :session_id or arrived_at >= :since and arrived_at < :until)
    order by (session_id is not distinct from :session_id) desc, (outcome is null) desc, attendance_id desc
    limit 1
    """
)
_END = text(
    """
    with ended as (
        update attendance set outcome = :outcome, ended_at = :now where attendance_id = :attendance_id
    )
    update booking set state = :state, changed_at = :now
    where booking_id = :booking_id and state in ('arrived', 'turned_back')
    """
)
_OTHERS = text(
    """
    select booking_id from booking
    where round_id = :round_id and person_id = :person_id and state in ('held', 'booked') order by booking_id
    """
)
_DONE = text("update listing set state = 'done' where round_id = :round_id and person_id = :person_id")
_PASSED = text(
    """
    update listing set state = 'passed'
    where round_id = :round_id and person_id = :person_id and state in ('waiting', 'offered', 'booked')
      and not exists (
          select from booking
          where booking.round_id = listing.round_id and booking.person_id = listing.person_id
            and booking.state in ('held', 'booked', 'arrived')
      )
    """
)


def arrive(inputs: Json, context: Context) -> Json:
    """A person is at the case's unit: their booking there and then is marked arrived, what does not fit flagged.

    A booking for another day or site is told and stays as it is: whoever is sent away still has it. Without a
    booking, `no_booking` is flagged only where the session does not admit walk-ins (or the standby it called).
    """
    connection, unit, at = context.transaction(), _unit(inputs, context), _moment(inputs, context)
    person_id = inputs["person_id"]
    sessions = _of_day(connection, unit, at)
    found = connection.execute(_BOOKINGS, {"person_id": person_id, "day": _day(at), "at": at}).all()
    booking = _nearest_booking(found, sessions)
    session = _session_for(connection, sessions, booking, at)
    is_here = booking is not None and session is not None and booking.session_id == session.session_id
    came = connection.execute(_CAME, {"person_id": person_id, "unit_path": unit.path, **_bounds(at)}).all()
    state = _state_at(connection, session, at)
    round_id = booking.round_id if booking is not None else None if session is None else session.round_id
    flags = _session_flags(state) + _booking_flags(booking, session, unit, at, inputs)
    if came and "already_arrived" not in flags:
        flags.append("already_arrived")
    if booking is not None and is_here:
        _mark(connection, booking, context.now)
    if all(one.outcome is not None for one in came):
        connection.execute(
            _ATTEND,
            {
                "person_id": person_id, "unit_path": unit.path, "kind": inputs["arrival_kind"], "flags": flags,
                "at": at, "session_id": None if session is None else session.session_id, "round_id": round_id,
                "booking_id": booking.booking_id if booking is not None and is_here else None,
            },
        )  # fmt: skip
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
    connection, at = context.transaction(), _moment(inputs, context)
    session = _nearest(connection, _of_day(connection, _unit(inputs, context), at), at)
    if session is None:
        return {
            "session_id": None, "session_state": None, "walk_ins": False, "standby": False, "products": [],
            "round_id": None, "place": None,
        }  # fmt: skip
    return {
        "session_id": str(session.session_id), "session_state": _state_at(connection, session, at),
        "walk_ins": session.walk_ins, "standby": session.standby, "products": session.products,
        "round_id": bookings.id_text(session.round_id), "place": session.place,
    }  # fmt: skip


def outcome(inputs: Json, context: Context) -> Json:
    """How a person's visit ended. Who was vaccinated is done with the round, and other places in it are given back.

    Somebody of whom no arrival is known is written down as having come. Of several outcomes of one visit the
    last stands, but nothing undoes a vaccination (`recorded` is false).
    """
    connection, unit = context.transaction(), _unit(inputs, context)
    person_id, result = inputs["person_id"], inputs["outcome"]
    session_id = parsed(inputs["session_id"]) if inputs.get("session_id") else None
    about = {
        "person_id": person_id, "unit_path": unit.path, "session_id": session_id, **_bounds(context.now),
    }  # fmt: skip
    row = connection.execute(_LAST, about).one_or_none()
    if row is None:
        arrive({"person_id": person_id, "arrival_kind": UNKNOWN, "unit_code": unit.code}, context)
        row = connection.execute(_LAST, about).one()
    if row.outcome == VACCINATED:
        return {"recorded": False}
    connection.execute(
        _END,
        {
            "attendance_id": row.attendance_id, "booking_id": row.booking_id, "outcome": result, "now": context.now,
            "state": bookings.SERVED if result == VACCINATED else bookings.TURNED_BACK,
        },
    )  # fmt: skip
    listed = {"person_id": person_id, "round_id": row.round_id}
    if result == VACCINATED:
        for other in connection.scalars(_OTHERS, listed).all():
            releases.release({"booking_id": str(other), "state": bookings.CANCELLED}, context)
        connection.execute(_DONE, listed)
    else:
        connection.execute(_PASSED, listed)
    return {"recorded": True}


def _mark(connection: Connection, booking: Row[Any], now: datetime) -> None:
    """The booking is that of somebody who came. One that was missed stays so where its person has another by now."""
    with contextlib.suppress(sqlalchemy.exc.IntegrityError), connection.begin_nested():
        connection.execute(_MARK, {"booking_id": booking.booking_id, "now": now})


def _unit(inputs: Json, context: Context) -> Unit:
    if inputs.get("unit_code"):
        return units.by_code(context.transaction(), inputs["unit_code"])
    if context.unit is None:
        raise NotFound("unit_not_found", unit="–")
    return context.unit


def _moment(inputs: Json, context: Context) -> datetime:
    return hours.read_moment(inputs["at"], bookings.zone()) if inputs.get("at") else context.now


def _day(at: datetime) -> date:
    return at.astimezone(bookings.zone()).date()


def _bounds(at: datetime) -> dict[str, datetime]:
    """The local day of a moment."""
    start = at.astimezone(bookings.zone()).replace(hour=0, minute=0, second=0, microsecond=0)
    return {"since": start, "until": start + timedelta(days=1)}


def _of_day(connection: Connection, unit: Unit, at: datetime) -> Sequence[Row[Any]]:
    return connection.execute(_SESSIONS, {"unit_path": unit.path, "day": _day(at)}).all()


def _state_at(connection: Connection, session: Row[Any] | None, at: datetime) -> str | None:
    if session is None:
        return None
    return plans.states_at(connection, [session.session_id], at)[session.session_id]


def _nearest_booking(found: Sequence[Row[Any]], sessions: Sequence[Row[Any]]) -> Row[Any] | None:
    """A booking at the unit that day, one that stands before one that has ended; else the nearest that stands."""
    ours = {one.session_id for one in sessions}
    rank = {HELD: 0, BOOKED: 0, ARRIVED: 1, MISSED: 2}
    here = [one for one in found if one.session_id in ours]
    if here:
        return min(here, key=lambda one: rank.get(one.state, 3))
    return next((one for one in found if one.state in (HELD, BOOKED)), None)


def _session_for(
    connection: Connection, sessions: Sequence[Row[Any]], booking: Row[Any] | None, at: datetime
) -> Row[Any] | None:
    booked = next(
        (one for one in sessions if booking is not None and one.session_id == booking.session_id), None
    )
    return booked if booked is not None else _nearest(connection, sessions, at)


def _nearest(connection: Connection, sessions: Sequence[Row[Any]], at: datetime) -> Row[Any] | None:
    """The session that was open at the moment, else the one whose hours it lies in or nearest to."""
    states: dict[int, str] = {}
    if len(sessions) > 1:
        states = plans.states_at(connection, [one.session_id for one in sessions], at)

    def distance(one: Row[Any]) -> tuple[bool, float]:
        away = max((one.opens_at - at).total_seconds(), (at - one.closes_at).total_seconds(), 0)
        return states.get(one.session_id) not in _STATE_FLAGS, away

    return min(sessions, key=distance, default=None)


def _session_flags(state: str | None) -> list[str]:
    if state is None:
        return ["no_session"]
    flag = _STATE_FLAGS.get(state, "session_not_open")
    return [flag] if flag else []


def _booking_flags(
    booking: Row[Any] | None, session: Row[Any] | None, unit: Unit, at: datetime, inputs: Json
) -> list[str]:
    if booking is None:
        return (
            ["no_booking"] if session is not None and not _admitted(session, inputs["arrival_kind"]) else []
        )
    minutes = inputs.get("grace_minutes")
    grace = timedelta(minutes=float(GRACE_MINUTES if minutes is None else minutes))
    flags = ["other_site"] if booking.unit_path != unit.path else []
    if booking.day != _day(at):
        flags.append("other_day")
    elif not booking.starts_at - grace <= at < booking.ends_at + grace:
        flags.append("other_hour")
    if booking.state == MISSED:
        flags.append("missed_before")
    elif booking.state not in (HELD, BOOKED):
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
