"""Sessions: planned with their hourly places, changed within what is taken, and the state each had when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from engine import tables as ground
from engine.catalogue import Context, Json
from engine.errors import NotFound
from engine.units import Unit
from integrations.sessions import bookings, hours, releases, rounds, tables
from integrations.sessions.hours import Break, Slot
from integrations.sessions.refusals import parsed, refused

PLANNED, OPEN, STOPPED, CLOSED, CANCELLED = "planned", "open", "stopped", "closed", "cancelled"
ENDED = (CLOSED, CANCELLED)
TAKES_NO_BOOKINGS = (STOPPED, CLOSED, CANCELLED)
AUDIENCE = "public"


class _Plan(NamedTuple):
    """What a plan says, read and judged."""

    unit: Unit
    day: date
    opens_at: datetime
    closes_at: datetime
    slots: list[Slot]
    place: str


def plan(inputs: Json, context: Context) -> Json:
    """The session of the case with its hourly places; planned again, it is changed within what is taken.

    BusinessError PLAN_REFUSED when the hours cannot be, or another session is at the same place at that time;
    CAPACITY_TAKEN when an hour would have fewer places than are taken.
    """
    connection, zone = context.transaction(), zone_of(context)
    session_id = own_session(context)
    read_plan = _read(inputs, context, zone)
    _one_at_a_time(connection, read_plan.unit)
    _refuse_overlap(connection, session_id, read_plan, zone)
    _store(connection, session_id, read_plan, inputs, context.now)
    _store_slots(connection, session_id, read_plan.slots, zone)
    return {
        "session_id": str(session_id),
        "capacity": sum(slot.capacity for slot in read_plan.slots),
        "slots": [
            {"starts_at": hours.written(slot.starts_at, zone), "ends_at": hours.written(slot.ends_at, zone),
             "capacity": slot.capacity}
            for slot in read_plan.slots
        ],
    }  # fmt: skip


def change(inputs: Json, context: Context) -> Json:
    """The session's state from now on. The same again changes nothing.

    What is stopped, closed or cancelled takes no bookings; cancelled gives every place back, and who had one
    waits again where they stood on the list (`released`). BusinessError SESSION_ENDED after the end.
    """
    connection = context.transaction()
    session_id = parsed(inputs["session_id"]) if inputs.get("session_id") else own_session(context)
    state = inputs["state"]
    row = locked(connection, session_id)
    released: list[Json] = []
    if row.state != state:
        if row.state in ENDED:
            raise refused("SESSION_ENDED", "session_ended")
        if state == CANCELLED:
            releases.hold_all(connection, session_id)
        _enter(connection, session_id, state, inputs.get("reason") or "", context.now)
        if state == CANCELLED:
            released = releases.release_all(connection, session_id, context.now)
    return {"session_id": str(session_id), "state": state, "released": released}


def read(inputs: Json, context: Context) -> Json:
    """One session with its places, or NotFound."""
    found = described(context.transaction(), [by_id(context.transaction(), parsed(inputs["session_id"]))])
    return found[0]


def by_id(connection: Connection, session_id: int) -> Row[Any]:
    """The row of a session, or NotFound."""
    row = connection.execute(
        select(tables.session).where(tables.session.c.session_id == session_id)
    ).one_or_none()
    if row is None:
        raise NotFound("not_found")
    return row


def locked(connection: Connection, session_id: int) -> Row[Any]:
    """The row of a session, held until the transaction ends; or NotFound."""
    row = connection.execute(
        select(tables.session)
        .where(tables.session.c.session_id == session_id)
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise NotFound("not_found")
    return row


def close(connection: Connection, session_id: int, at: datetime) -> None:
    """Let a session be closed, if it has not ended yet."""
    if locked(connection, session_id).state not in ENDED:
        _enter(connection, session_id, CLOSED, "", at)


def states_at(connection: Connection, session_ids: Iterable[int], at: datetime) -> dict[int, str]:
    """The state each session had at a moment; before its first, the first."""
    change_ = tables.session_state
    rows = connection.execute(
        select(change_.c.session_id, change_.c.state, change_.c.at)
        .where(change_.c.session_id.in_(list(session_ids)))
        .order_by(change_.c.session_id, change_.c.number)
    )
    found: dict[int, str] = {}
    for session_id, state, since in rows:
        if session_id not in found or since <= at:
            found[session_id] = state
    return found


def described(connection: Connection, rows: Iterable[Row[Any]]) -> list[Json]:
    """Sessions as processes, forms and pages see them, with their places counted."""
    rows = list(rows)
    slot = tables.slot
    places: dict[int, Any] = {
        row.session_id: row
        for row in connection.execute(
            select(
                slot.c.session_id,
                func.sum(slot.c.capacity).label("capacity"),
                func.sum(slot.c.taken).label("taken"),
            )
            .where(slot.c.session_id.in_([row.session_id for row in rows]))
            .group_by(slot.c.session_id)
        )
    }  # fmt: skip
    names = dict(
        connection.execute(
            select(ground.unit.c.code, ground.unit.c.name).where(
                ground.unit.c.code.in_({row.unit_code for row in rows})
            )
        ).all()
    )
    return [
        _described(row, str(names.get(row.unit_code, row.unit_code)), places.get(row.session_id))
        for row in rows
    ]


def zone_of(context: Context) -> ZoneInfo:
    """The campaign's zone."""
    return bookings.zone()


def own_session(context: Context) -> int:
    """The session that the asking case runs."""
    if context.instance_id is None:
        raise NotFound("not_found")
    return context.instance_id


def _described(row: Row[Any], unit_name: str, places: Any) -> Json:
    zone = bookings.zone()
    capacity, taken = (int(places.capacity), int(places.taken)) if places else (0, 0)
    opens, closes = hours.clock_time(row.opens_at, zone), hours.clock_time(row.closes_at, zone)
    return {
        "id": str(row.session_id), "session_id": str(row.session_id),
        "code": f"{row.unit_code}-{row.day:%d%m}-{opens.replace(':', '')}",
        "label": f"{row.day:%d/%m/%Y} {opens}–{closes} · {row.place}",
        "unit_code": row.unit_code, "unit_name": unit_name, "place": row.place, "on": row.day.isoformat(),
        "opens": opens, "closes": closes, "opens_at": hours.written(row.opens_at, zone),
        "closes_at": hours.written(row.closes_at, zone), "breaks": row.breaks, "tables": row.tables,
        "per_table_hour": row.per_table_hour, "capacity": capacity, "taken": taken, "free": capacity - taken,
        "round_id": None if row.round_id is None else str(row.round_id), "walk_ins": row.walk_ins,
        "standby": row.standby, "audience": row.audience, "products": row.products, "state": row.state,
        "changed_at": hours.written(row.changed_at, zone),
    }  # fmt: skip


# --- planning ---------------------------------------------------------------------------------------------


def _read(inputs: Json, context: Context, zone: ZoneInfo) -> _Plan:
    unit = context.unit
    if unit is None:
        raise NotFound("unit_not_found", unit="–")
    day = date.fromisoformat(inputs["on"])
    opens, closes = time.fromisoformat(inputs["opens"]), time.fromisoformat(inputs["closes"])
    if closes <= opens:
        raise refused("PLAN_REFUSED", "closes_before_opens", opens=inputs["opens"], closes=inputs["closes"])
    breaks = []
    for pause in inputs.get("breaks") or ():
        if pause["to"] <= pause["from"]:
            raise refused("PLAN_REFUSED", "break_wrong", begins=pause["from"], ends=pause["to"])
        breaks.append(Break(time.fromisoformat(pause["from"]), time.fromisoformat(pause["to"])))
    per_hour = int(inputs["tables"]) * int(inputs["per_table_hour"])
    slots = hours.slots(day, opens, closes, breaks, per_hour, zone)
    if not slots:
        raise refused("PLAN_REFUSED", "no_places")
    _refuse_round(context.transaction(), inputs.get("round_id"))
    place = " ".join((inputs.get("place") or "").split()) or unit.name
    return _Plan(unit, day, hours.moment(day, opens, zone), hours.moment(day, closes, zone), slots, place)


def _refuse_round(connection: Connection, round_id: str | None) -> None:
    if not round_id:
        return
    try:
        rounds.by_id(connection, parsed(round_id))
    except NotFound as unknown:
        raise refused("PLAN_REFUSED", "round_unknown") from unknown


def _one_at_a_time(connection: Connection, unit: Unit) -> None:
    """Two sessions of a unit are not planned side by side, so that neither misses the other."""
    connection.execute(
        text("select from unit where unit_id = :unit_id for no key update"), {"unit_id": unit.id}
    )


def _refuse_overlap(connection: Connection, session_id: int, read_plan: _Plan, zone: ZoneInfo) -> None:
    session = tables.session
    other = connection.execute(
        select(session)
        .where(
            session.c.unit_path == read_plan.unit.path, session.c.day == read_plan.day,
            session.c.session_id != session_id, func.lower(session.c.place) == read_plan.place.lower(),
            session.c.opens_at < read_plan.closes_at, session.c.closes_at > read_plan.opens_at,
            session.c.state != CANCELLED,
        )
        .limit(1)
    ).one_or_none()  # fmt: skip
    if other is not None:
        raise refused(
            "PLAN_REFUSED", "overlaps", day=f"{other.day:%d/%m/%Y}", place=other.place,
            opens=hours.clock_time(other.opens_at, zone), closes=hours.clock_time(other.closes_at, zone),
        )  # fmt: skip


def _store(connection: Connection, session_id: int, read_plan: _Plan, inputs: Json, at: datetime) -> None:
    values = {
        "unit_code": read_plan.unit.code, "unit_path": read_plan.unit.path, "day": read_plan.day,
        "opens_at": read_plan.opens_at, "closes_at": read_plan.closes_at, "breaks": inputs.get("breaks") or [],
        "tables": int(inputs["tables"]), "per_table_hour": int(inputs["per_table_hour"]),
        "round_id": parsed(inputs["round_id"]) if inputs.get("round_id") else None,
        "walk_ins": inputs["walk_ins"], "standby": inputs["standby"],
        "audience": inputs.get("audience") or AUDIENCE, "products": inputs["products"], "place": read_plan.place,
    }  # fmt: skip
    state = connection.scalar(
        update(tables.session)
        .where(tables.session.c.session_id == session_id)
        .values(**values)
        .returning(tables.session.c.state)
    )
    if state in ENDED:
        raise refused("SESSION_ENDED", "session_ended")
    if state is None:
        connection.execute(
            insert(tables.session).values(session_id=session_id, state=PLANNED, changed_at=at, **values)
        )
        connection.execute(
            insert(tables.session_state).values(session_id=session_id, number=1, state=PLANNED, at=at)
        )


def _store_slots(connection: Connection, session_id: int, slots: list[Slot], zone: ZoneInfo) -> None:
    """The hours as planned; none goes below what is taken, and none with a booking, past or present, goes."""
    slot = tables.slot
    kept = {
        row.starts_at.astimezone(UTC): row
        for row in connection.execute(
            select(slot).where(slot.c.session_id == session_id).order_by(slot.c.starts_at).with_for_update()
        )
    }
    wanted = {one.starts_at: one for one in slots}
    for starts_at, row in kept.items():
        capacity = wanted[starts_at].capacity if starts_at in wanted else 0
        if capacity < row.taken:
            raise refused(
                "CAPACITY_TAKEN", "capacity_taken", starts=hours.clock_time(starts_at, zone), taken=row.taken,
                capacity=capacity,
            )  # fmt: skip
    for starts_at in kept.keys() - wanted.keys():
        where = (slot.c.session_id == session_id, slot.c.starts_at == starts_at)
        had = select(tables.booking.c.booking_id).where(
            tables.booking.c.session_id == session_id, tables.booking.c.starts_at == starts_at
        )
        gone = connection.execute(delete(slot).where(*where, ~had.exists()))
        if gone.rowcount == 0:
            connection.execute(update(slot).where(*where).values(capacity=0))
    rows = [
        {"session_id": session_id, "starts_at": one.starts_at, "ends_at": one.ends_at, "hour": one.hour,
         "capacity": one.capacity, "taken": 0, "is_open": True}
        for one in slots
    ]  # fmt: skip
    new = insert(slot)
    connection.execute(
        new.on_conflict_do_update(
            index_elements=["session_id", "starts_at"],
            set_={
                "ends_at": new.excluded.ends_at,
                "hour": new.excluded.hour,
                "capacity": new.excluded.capacity,
            },
        ),
        rows,
    )


def _enter(connection: Connection, session_id: int, state: str, reason: str, at: datetime) -> None:
    session, change_ = tables.session, tables.session_state
    releases.hold_slots(connection, session_id)
    connection.execute(
        update(session).where(session.c.session_id == session_id).values(state=state, changed_at=at)
    )
    number = select(func.coalesce(func.max(change_.c.number), 0) + 1).where(
        change_.c.session_id == session_id
    )
    connection.execute(
        insert(change_).values(
            session_id=session_id, number=number.scalar_subquery(), state=state, at=at, reason=reason
        )
    )
    connection.execute(
        update(tables.slot)
        .where(tables.slot.c.session_id == session_id)
        .values(is_open=state not in TAKES_NO_BOOKINGS)
    )
