"""Taking places: reserved, accepted, exchanged; never more in an hour than there are, nor two for one person.

One row of `slot` guards each hour: its counter and the booking change in one statement. What exists already
is locked booking first, then slots in their order; who comes to bookings from slots passes over those locked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, Row, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from engine.catalogue import Context, Json
from engine.errors import BusinessError
from integrations.sessions import bookings, hours, releases
from integrations.sessions.bookings import BOOKED, HELD
from integrations.sessions.refusals import parsed, refused

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
    {bookings.SHOWN} from b {bookings.AROUND}
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
    {bookings.SHOWN} from b {bookings.AROUND}
    """
)
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
        "session_id": parsed(inputs["session_id"]), "person_id": inputs["person_id"], "now": context.now,
        "starts_at": hours.read_moment(inputs["starts_at"], bookings.zone()),
        "round_id": parsed(inputs["round_id"]) if inputs.get("round_id") else None,
    }  # fmt: skip
    values = {**wanted, "declared": inputs.get("declared") or None}
    with one_booking_each():
        row = connection.execute(_RESERVE, values).one_or_none()
        if row is None and releases.lapse(connection, wanted["session_id"], context.now):
            row = connection.execute(_RESERVE, values).one_or_none()
    if row is None:
        raise _why_not(connection, wanted)
    return bookings.described(row)


def accept(inputs: Json, context: Context) -> Json:
    """The one invited takes the place held. BusinessError OFFER_EXPIRED when it is too late, or not held any more."""
    connection = context.transaction()
    booking_id = parsed(inputs["booking_id"])
    row = connection.execute(_ACCEPT, {"booking_id": booking_id, "now": context.now}).one_or_none()
    if row is not None:
        return bookings.described(row)
    found = bookings.by_id(connection, booking_id)
    if found.state != HELD:
        raise refused("OFFER_EXPIRED", "offer_used")
    raise refused(
        "OFFER_EXPIRED",
        "offer_expired",
        until=f"{found.held_until.astimezone(bookings.zone()):%H:%M %d/%m/%Y}",
    )


def move(inputs: Json, context: Context) -> Json:
    """Exchange the place of a booking for another one: both change, or neither.

    BusinessError SLOT_FULL, ALREADY_BOOKED as for `reserve`; BOOKING_ENDED when there is nothing to move.
    """
    connection = context.transaction()
    booking_id, session_id = parsed(inputs["booking_id"]), parsed(inputs["session_id"])
    starts_at = hours.read_moment(inputs["starts_at"], bookings.zone())
    booking = bookings.locked(connection, booking_id)
    if booking.state not in (HELD, BOOKED):
        raise refused("BOOKING_ENDED", "booking_ended")
    if (booking.session_id, booking.starts_at) != (session_id, starts_at):
        _exchange(connection, booking, session_id, starts_at, context.now)
    return bookings.described(bookings.by_id(connection, booking_id))


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
    local = starts_at.astimezone(bookings.zone())
    return refused("ALREADY_BOOKED", key, starts=f"{local:%H:%M}", day=f"{local:%d/%m/%Y}")


def _no_place(slot: Row[Any] | None, now: datetime) -> BusinessError:
    if slot is None:
        return refused("SLOT_FULL", "slot_unknown")
    if not slot.is_open:
        return refused("SLOT_FULL", "slot_closed")
    if slot.ends_at <= now:
        return refused("SLOT_FULL", "slot_past")
    local = slot.starts_at.astimezone(bookings.zone())
    return refused("SLOT_FULL", "slot_full", starts=f"{local:%H:%M}", day=f"{local:%d/%m/%Y}")


class one_booking_each:
    """Whoever was faster with the same person is told as a refusal that the process models."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlalchemy.exc.IntegrityError) and "uq_booking" in str(error.orig):
            raise refused("ALREADY_BOOKED", "just_booked") from error
