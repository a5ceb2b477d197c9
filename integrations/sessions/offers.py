"""Invitations: places held for those who are next on the list, and standby for the last doses of a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from engine.catalogue import Context, Json
from integrations.sessions import bookings, hours, plans, releases
from integrations.sessions.refusals import parsed

_SLOTS = text(
    """
    select starts_at, hour, capacity - taken as free from slot
    where session_id = :session_id and is_open and starts_at > :now
    order by starts_at for update
    """
)
_NEXT = text(
    """
    select listing.person_id from listing
    join round on round.round_id = listing.round_id and round.state = 'open'
    where listing.round_id = :round_id and listing.state = 'waiting'
      and (listing.wanted_path is null or starts_with(:unit_path, listing.wanted_path))
      and listing.person_id <> all(:seen)
      and not exists (
          select from booking
          where booking.round_id = listing.round_id and booking.person_id = listing.person_id
            and booking.state in ('held', 'booked', 'arrived')
      )
    order by listing.priority_group, listing.listed_at, listing.number
    limit :most for update of listing skip locked
    """
)
_BUSY = text(
    """
    select person_id, hour from booking
    where person_id = any(:people) and state in ('held', 'booked', 'arrived')
    """
)
_HOLD = text(
    """
    with b as (
        insert into booking (session_id, starts_at, hour, round_id, person_id, state, held_until, declared,
                             declared_at, made_at, changed_at)
        select :session_id, given.starts_at, given.hour, :round_id, given.person_id, 'held', given.held_until,
               listing.declared, listing.declared_at, :now, :now
        from unnest(cast(:people as text[]), cast(:starts as timestamptz[]), cast(:hours as timestamptz[]),
                    cast(:untils as timestamptz[])) with ordinality
             as given (person_id, starts_at, hour, held_until, number)
        join listing on listing.round_id = :round_id and listing.person_id = given.person_id
        order by given.number
        on conflict do nothing
        returning *
    ), counted as (
        update slot set taken = slot.taken + held.places
        from (select starts_at, count(*) as places from b group by starts_at) as held
        where slot.session_id = :session_id and slot.starts_at = held.starts_at
    ), listed as (
        update listing set state = 'offered' from b
        where listing.round_id = :round_id and listing.person_id = b.person_id
    )
    select booking_id, person_id, round_id, session_id, starts_at, held_until
    from b order by booking_id
    """
)
_STANDBY = text(
    """
    insert into standby_call (session_id, person_id, round_id, called_at)
    select :session_id, waiting.person_id, waiting.round_id, :now
    from (
        select distinct on (listing.person_id) listing.person_id, listing.round_id, listing.priority_group,
               listing.listed_at, listing.number
        from listing join round on round.round_id = listing.round_id and round.state = 'open'
        where listing.state = 'waiting' and listing.standby
          and (listing.round_id = :round_id
               or (cast(:round_id as bigint) is null and starts_with(:unit_path, round.unit_path)))
          and (listing.wanted_path is null or starts_with(:unit_path, listing.wanted_path))
          and not exists (
              select from standby_call called
              where called.session_id = :session_id and called.person_id = listing.person_id
          )
        order by listing.person_id, listing.priority_group, listing.listed_at, listing.number
    ) as waiting
    order by waiting.priority_group, waiting.listed_at, waiting.number
    limit :most
    on conflict do nothing
    returning person_id, round_id
    """
)


def offer(inputs: Json, context: Context) -> Json:
    """Hold places of the session for the next of its round's list, earliest hour first; fewer when either runs out.

    Holds whose time is over are given back before.
    Each place is held for the hours given, but not past the beginning of its hour. A person who has another
    booking in an hour gets a place in another one.
    """
    return {"offers": _offered(parsed(inputs["session_id"]), int(inputs["most"]), inputs["hours"], context)}


def offer_next(inputs: Json, context: Context) -> Json:
    """As `offer`, for one."""
    return {"offers": _offered(parsed(inputs["session_id"]), 1, inputs["hours"], context)}


def call_standby(inputs: Json, context: Context) -> Json:
    """Those on standby who are next by priority, of the session's round (or any round that covers its unit).

    Nobody, if it takes no standby. Nobody is called twice to the same session; being called changes nothing
    on the list.
    """
    connection = context.transaction()
    session = plans.by_id(connection, parsed(inputs["session_id"]))
    if not session.standby:
        return {"people": []}
    values = {
        "session_id": session.session_id, "round_id": session.round_id, "unit_path": session.unit_path,
        "most": int(inputs["most"]), "now": context.now,
    }  # fmt: skip
    rows = connection.execute(_STANDBY, values)
    return {"people": [{"person_id": row.person_id, "round_id": str(row.round_id)} for row in rows]}


def _offered(session_id: int, most: int, stands_hours: Any, context: Context) -> list[Json]:
    connection, now = context.transaction(), context.now
    session = plans.by_id(connection, session_id)
    if session.round_id is None or most < 1:
        return []
    values = {
        "session_id": session_id, "round_id": session.round_id, "unit_path": session.unit_path, "now": now,
    }  # fmt: skip
    slots = connection.execute(_SLOTS, values).all()
    if releases.lapse(connection, session_id, now):
        slots = connection.execute(_SLOTS, values).all()
    chosen = _chosen(connection, slots, most, values)
    if not chosen:
        return []
    until = now + timedelta(hours=float(stands_hours))
    rows = connection.execute(
        _HOLD,
        {
            **values,
            "people": [person_id for person_id, _ in chosen],
            "starts": [slot.starts_at for _, slot in chosen],
            "hours": [slot.hour for _, slot in chosen],
            "untils": [min(until, slot.starts_at) for _, slot in chosen],
        },
    )
    return [_described(row, session) for row in rows]


def _chosen(
    connection: Connection, slots: Sequence[Row[Any]], most: int, values: dict[str, Any]
) -> list[tuple[str, Row[Any]]]:
    """The next people, locked on the list, each with the first slot that has a place and suits them."""
    free = {slot.starts_at: slot.free for slot in slots}
    chosen: list[tuple[str, Row[Any]]] = []
    seen: list[str] = []
    while places := min(most - len(chosen), sum(free.values())):
        people = list(connection.scalars(_NEXT, {**values, "most": places, "seen": seen}))
        seen += people
        busy = {tuple(row) for row in connection.execute(_BUSY, {"people": people})}
        for person_id in people:
            suits = (slot for slot in slots if free[slot.starts_at] and (person_id, slot.hour) not in busy)
            slot = next(suits, None)
            if slot is not None:
                free[slot.starts_at] -= 1
                chosen.append((person_id, slot))
        if len(people) < places:
            break
    return chosen


def _described(row: Row[Any], session: Row[Any]) -> Json:
    zone = bookings.zone()
    return {
        "person_id": row.person_id, "round_id": str(row.round_id), "booking_id": str(row.booking_id),
        "code": bookings.code(row.booking_id), "session_id": str(row.session_id), "unit_code": session.unit_code,
        "place": session.place, "on": session.day.isoformat(), "starts_at": hours.written(row.starts_at, zone),
        "held_until": hours.written(row.held_until, zone),
    }  # fmt: skip
