"""Bookings: a place of an hour held or booked for a person, given back exactly once, never more than there are.

One row of `slot` guards each hour: its counter and the booking change in one statement. What exists already
is locked booking first, then its slots in their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy
from sqlalchemy import Connection, Row, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from engine import codes, settings
from engine.catalogue import Context, Json
from engine.errors import BusinessError, NotFound
from integrations.sessions import hours
from integrations.sessions.refusals import parsed, refused

HELD, BOOKED, ARRIVED, SERVED, TURNED_BACK = "held", "booked", "arrived", "served", "turned_back"
DECLINED, EXPIRED, CANCELLED, MISSED = "declined", "expired", "cancelled", "missed"
STATES = (HELD, BOOKED, ARRIVED, SERVED, TURNED_BACK, DECLINED, EXPIRED, CANCELLED, MISSED)
COUNTED = (
    HELD,
    BOOKED,
    ARRIVED,
    SERVED,
    TURNED_BACK,
    MISSED,
)  # whose place is taken; who missed had the hour
ENDS_FROM = {DECLINED: (HELD,), EXPIRED: (HELD,), CANCELLED: (HELD, BOOKED), MISSED: (BOOKED,)}
_STRIDE = 22695477 * 1103  # odd, so that no two bookings share a code; far, so that neighbours look different
LISTED_AFTER = {DECLINED: "left", EXPIRED: "passed", CANCELLED: "left", MISSED: "passed"}

_SHOWN = """
    select b.booking_id, b.person_id, b.session_id, b.round_id, b.starts_at, b.state, b.held_until, slot.ends_at,
           session.unit_code, session.unit_path, session.place, session.day, unit.name as unit_name
"""
_AROUND = """
    join slot on slot.session_id = b.session_id and slot.starts_at = b.starts_at
    join session on session.session_id = b.session_id
    left join unit on unit.code = session.unit_code
"""
_READ = text(f"{_SHOWN} from booking b {_AROUND} where b.booking_id = :booking_id")
OF_PERSON = text(
    f"{_SHOWN} from booking b {_AROUND} where b.person_id = :person_id order by b.made_at desc, b.booking_id desc"
)
_RESERVE = text(
    f"""
    with wanted as (
        select coalesce(round_id, cast(:round_id as bigint)) as round_id from session where session_id = :session_id
    ), place as (
        update slot set taken = taken + 1 from wanted
        where slot.session_id = :session_id and slot.starts_at = :starts_at
          and slot.taken < slot.capacity and slot.is_open and slot.ends_at > :now
          and not exists (
              select from booking
              where booking.person_id = :person_id and booking.state in ('held', 'booked', 'arrived')
                and (booking.hour = slot.hour or booking.round_id = wanted.round_id)
          )
        returning slot.session_id, slot.starts_at, slot.hour, wanted.round_id
    ), b as (
        insert into booking (session_id, starts_at, hour, round_id, person_id, state, declared, declared_at,
                             made_at, changed_at)
        select session_id, starts_at, hour, round_id, :person_id, 'booked', :declared,
               case when cast(:declared as jsonb) is null then null else cast(:now as timestamptz) end, :now, :now
        from place
        returning *
    ), listed as (
        update listing set state = 'booked' from b
        where listing.round_id = b.round_id and listing.person_id = b.person_id
    )
    {_SHOWN} from b {_AROUND}
    """
).bindparams(bindparam("declared", type_=JSONB(none_as_null=True)))
_ACCEPT = text(
    f"""
    with b as (
        update booking set state = 'booked', changed_at = :now
        where booking_id = :booking_id and state = 'held' and held_until > :now
        returning *
    ), listed as (
        update listing set state = 'booked' from b
        where listing.round_id = b.round_id and listing.person_id = b.person_id
    )
    {_SHOWN} from b {_AROUND}
    """
)
_RELEASE = text(
    """
    with target as (
        select booking_id, session_id, starts_at from booking
        where booking_id = :booking_id and state = any(:ends_from) for update
    ), freed as (
        update slot set taken = taken - :places from target
        where slot.session_id = target.session_id and slot.starts_at = target.starts_at
        returning target.booking_id
    ), ended as (
        update booking set state = :state, changed_at = :now from freed
        where booking.booking_id = freed.booking_id
        returning booking.booking_id, booking.session_id, booking.round_id, booking.person_id
    ), listed as (
        update listing set state = :listed_after from ended
        where listing.round_id = ended.round_id and listing.person_id = ended.person_id
          and listing.state in ('offered', 'booked')
    )
    select booking_id, session_id from ended
    """
)
_LOCK_ALL = text(
    "select from booking where session_id = :session_id and state = any(:states) order by booking_id for update"
)
_RELEASE_ALL = text(
    """
    with ended as (
        update booking set state = 'cancelled', changed_at = :now
        where session_id = :session_id and state in ('held', 'booked')
        returning booking_id, starts_at, round_id, person_id
    ), freed as (
        update slot set taken = slot.taken - counted.places
        from (select starts_at, count(*) as places from ended group by starts_at) as counted
        where slot.session_id = :session_id and slot.starts_at = counted.starts_at
    ), listed as (
        update listing set state = 'waiting' from ended
        where listing.round_id = ended.round_id and listing.person_id = ended.person_id
          and listing.state in ('offered', 'booked')
    )
    select booking_id, round_id, person_id, starts_at from ended order by starts_at, booking_id
    """
)
_LAPSE = text(
    """
    with due as (
        select booking_id from booking
        where session_id = :session_id and state = 'held' and held_until <= :now
        order by booking_id for update skip locked
    ), ended as (
        update booking set state = 'expired', changed_at = :now from due where booking.booking_id = due.booking_id
        returning booking.starts_at, booking.round_id, booking.person_id
    ), freed as (
        update slot set taken = slot.taken - counted.places
        from (select starts_at, count(*) as places from ended group by starts_at) as counted
        where slot.session_id = :session_id and slot.starts_at = counted.starts_at
    ), listed as (
        update listing set state = 'passed' from ended
        where listing.round_id = ended.round_id and listing.person_id = ended.person_id and listing.state = 'offered'
    )
    select count(*) from ended
    """
)
_LOCK = text("select * from booking where booking_id = :booking_id for update")
_LOCK_SLOTS = text(
    """
    select session_id, starts_at, ends_at, hour, taken, capacity, is_open from slot
    where (session_id, starts_at) in ((:from_session, :from_starts), (:to_session, :to_starts))
    order by session_id, starts_at for update
    """
)
_COUNT = text(
    "update slot set taken = taken + :places where session_id = :session_id and starts_at = :starts_at"
)
_MOVE = text(
    """
    update booking set session_id = :session_id, starts_at = :starts_at, hour = :hour, changed_at = :now
    where booking_id = :booking_id
    """
)
_OTHERS = text(
    """
    select booking_id, round_id, hour, starts_at from booking
    where person_id = :person_id and state in ('held', 'booked', 'arrived')
    """
)
_SLOT = text(
    """
    select slot.*, session.round_id from slot join session using (session_id)
    where session_id = :session_id and starts_at = :starts_at
    """
)


def reserve(inputs: Json, context: Context) -> Json:
    """Book a place of an hour for a person.

    BusinessError SLOT_FULL when there is none to be had, ALREADY_BOOKED when the person has a booking in the
    round, or another in the same hour.
    """
    connection = context.transaction()
    wanted = {
        "session_id": parsed(inputs["session_id"]), "starts_at": hours.read_moment(inputs["starts_at"], zone()),
        "person_id": inputs["person_id"], "now": context.now,
        "round_id": parsed(inputs["round_id"]) if inputs.get("round_id") else None,
    }  # fmt: skip
    values = {**wanted, "declared": inputs.get("declared") or None}
    with one_booking_each():
        row = connection.execute(_RESERVE, values).one_or_none()
        if row is None and lapse(connection, wanted["session_id"], context.now):
            row = connection.execute(_RESERVE, values).one_or_none()
    if row is None:
        raise _why_not(connection, wanted)
    return described(row)


def accept(inputs: Json, context: Context) -> Json:
    """The one invited takes the place held. BusinessError OFFER_EXPIRED when it is too late, or not held any more."""
    connection = context.transaction()
    booking_id = parsed(inputs["booking_id"])
    row = connection.execute(_ACCEPT, {"booking_id": booking_id, "now": context.now}).one_or_none()
    if row is not None:
        return described(row)
    found = by_id(connection, booking_id)
    if found.state != HELD:
        raise refused("OFFER_EXPIRED", "offer_used")
    raise refused(
        "OFFER_EXPIRED", "offer_expired", until=f"{found.held_until.astimezone(zone()):%H:%M %d/%m/%Y}"
    )


def move(inputs: Json, context: Context) -> Json:
    """Exchange the place of a booking for another one: both change, or neither.

    BusinessError SLOT_FULL, ALREADY_BOOKED as for `reserve`; BOOKING_ENDED when there is nothing to move.
    """
    connection = context.transaction()
    booking_id, session_id = parsed(inputs["booking_id"]), parsed(inputs["session_id"])
    starts_at = hours.read_moment(inputs["starts_at"], zone())
    booking = connection.execute(_LOCK, {"booking_id": booking_id}).one_or_none()
    if booking is None:
        raise NotFound("not_found")
    if booking.state not in (HELD, BOOKED):
        raise refused("BOOKING_ENDED", "booking_ended")
    if (booking.session_id, booking.starts_at) != (session_id, starts_at):
        _exchange(connection, booking, session_id, starts_at, context.now)
    return described(by_id(connection, booking_id))


def release(inputs: Json, context: Context) -> Json:
    """End a booking; `released` says whether this ended it. Its place is given back, unless it was missed."""
    connection = context.transaction()
    booking_id, state = parsed(inputs["booking_id"]), inputs["state"]
    row = connection.execute(
        _RELEASE,
        {
            "booking_id": booking_id, "state": state, "ends_from": list(ENDS_FROM[state]), "now": context.now,
            "places": 0 if state in COUNTED else 1, "listed_after": LISTED_AFTER[state],
        },
    ).one_or_none()  # fmt: skip
    found = by_id(connection, booking_id)
    return {"released": row is not None, "session_id": str(found.session_id), "state": found.state}


def read(inputs: Json, context: Context) -> Json:
    """One booking as it stands, or NotFound."""
    return described(by_id(context.transaction(), parsed(inputs["booking_id"])))


def hold_all(connection: Connection, session_id: int) -> None:
    """Lock the bookings of a session that can still end, before its slots are touched."""
    connection.execute(_LOCK_ALL, {"session_id": session_id, "states": [HELD, BOOKED]})


def lapse(connection: Connection, session_id: int, at: datetime) -> int:
    """Give back the holds of a session whose time is over and that nobody has ended; how many there were.

    The case of the one invited ends its hold itself; this is for those whose case is late, or gone.
    """
    return int(connection.scalar(_LAPSE, {"session_id": session_id, "now": at}) or 0)


def release_all(connection: Connection, session_id: int, at: datetime) -> list[Json]:
    """Give back every place of a session; those who had one wait again where they stood on their list."""
    rows = connection.execute(_RELEASE_ALL, {"session_id": session_id, "now": at})
    return [
        {
            "booking_id": str(row.booking_id), "person_id": row.person_id, "round_id": id_text(row.round_id),
            "starts_at": hours.written(row.starts_at, zone()),
        }
        for row in rows
    ]  # fmt: skip


def by_id(connection: Connection, booking_id: int) -> Row[Any]:
    """A booking with its session, or NotFound."""
    row = connection.execute(_READ, {"booking_id": booking_id}).one_or_none()
    if row is None:
        raise NotFound("not_found")
    return row


def described(row: Row[Any]) -> Json:
    """A booking as processes, forms and pages see it."""
    return {
        "booking_id": str(row.booking_id), "code": code(row.booking_id), "person_id": row.person_id,
        "session_id": str(row.session_id), "round_id": id_text(row.round_id), "unit_code": row.unit_code,
        "unit_name": row.unit_name or row.unit_code, "place": row.place, "on": row.day.isoformat(),
        "starts_at": hours.written(row.starts_at, zone()), "ends_at": hours.written(row.ends_at, zone()),
        "state": row.state,
    }  # fmt: skip


def code(booking_id: int) -> str:
    """What a slip shows for a booking: eight characters with a check, another one for every booking."""
    return codes.issue(booking_id * _STRIDE)


def zone() -> ZoneInfo:
    """The campaign's zone: its days and hours."""
    return settings.current().zone_info


def id_text(identifier: int | None) -> str | None:
    """An id as JSON carries it."""
    return None if identifier is None else str(identifier)


def _exchange(
    connection: Connection, booking: Row[Any], session_id: int, starts_at: datetime, now: datetime
) -> None:
    slots: Sequence[Row[Any]] = connection.execute(
        _LOCK_SLOTS,
        {
            "from_session": booking.session_id, "from_starts": booking.starts_at, "to_session": session_id,
            "to_starts": starts_at,
        },
    ).all()  # fmt: skip
    to = next((one for one in slots if (one.session_id, one.starts_at) == (session_id, starts_at)), None)
    if to is None or not to.is_open or to.ends_at <= now or to.taken >= to.capacity:
        raise _no_place(to, now)
    others = connection.execute(_OTHERS, {"person_id": booking.person_id}).all()
    if any(one.hour == to.hour and one.booking_id != booking.booking_id for one in others):
        raise _already("already_at_hour", to.starts_at)
    for places, (session, starts) in (
        (-1, (booking.session_id, booking.starts_at)),
        (1, (session_id, starts_at)),
    ):
        connection.execute(_COUNT, {"places": places, "session_id": session, "starts_at": starts})
    with one_booking_each():
        connection.execute(
            _MOVE,
            {
                "booking_id": booking.booking_id, "session_id": session_id, "starts_at": starts_at,
                "hour": to.hour, "now": now,
            },
        )  # fmt: skip


def _why_not(connection: Connection, wanted: dict[str, Any]) -> BusinessError:
    """Why nothing could be reserved."""
    slot = connection.execute(_SLOT, wanted).one_or_none()
    if slot is not None:
        round_id = slot.round_id or wanted["round_id"]
        for other in connection.execute(_OTHERS, wanted):
            if round_id is not None and other.round_id == round_id:
                return _already("already_in_round", other.starts_at)
            if other.hour == slot.hour:
                return _already("already_at_hour", other.starts_at)
    return _no_place(slot, wanted["now"])


def _already(key: str, starts_at: datetime) -> BusinessError:
    local = starts_at.astimezone(zone())
    return refused("ALREADY_BOOKED", key, starts=f"{local:%H:%M}", day=f"{local:%d/%m/%Y}")


def _no_place(slot: Row[Any] | None, now: datetime) -> BusinessError:
    if slot is None:
        return refused("SLOT_FULL", "slot_unknown")
    if not slot.is_open:
        return refused("SLOT_FULL", "slot_closed")
    if slot.ends_at <= now:
        return refused("SLOT_FULL", "slot_past")
    local = slot.starts_at.astimezone(zone())
    return refused("SLOT_FULL", "slot_full", starts=f"{local:%H:%M}", day=f"{local:%d/%m/%Y}")


class one_booking_each:
    """Whoever was faster with the same person is told as a refusal that the process models."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlalchemy.exc.IntegrityError) and "uq_booking" in str(error.orig):
            raise refused("ALREADY_BOOKED", "just_booked") from error
