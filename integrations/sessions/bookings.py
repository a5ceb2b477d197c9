"""Bookings: what states a place held or booked for a person goes through, and how one is read and shown."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, text

from engine import codes, settings
from engine.catalogue import Context, Json
from engine.errors import NotFound
from integrations.sessions import hours
from integrations.sessions.refusals import parsed

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
)  # their place is taken; who missed had the hour
_STRIDE = 22695477 * 1103  # odd, so that no two bookings share a code; far, so that neighbours look different

SHOWN = """
    select b.booking_id, b.person_id, b.session_id, b.round_id, b.starts_at, b.state, b.held_until, slot.ends_at,
           session.unit_code, session.unit_path, session.place, session.day, unit.name as unit_name
"""
AROUND = """
    join slot on slot.session_id = b.session_id and slot.starts_at = b.starts_at
    join session on session.session_id = b.session_id
    left join unit on unit.code = session.unit_code
"""
_READ = text(f"{SHOWN} from booking b {AROUND} where b.booking_id = :booking_id")
OF_PERSON = text(
    f"{SHOWN} from booking b {AROUND} where b.person_id = :person_id order by b.made_at desc, b.booking_id desc"
)
_LOCK = text("select * from booking where booking_id = :booking_id for update")


def read(inputs: Json, context: Context) -> Json:
    """One booking as it stands, or NotFound."""
    return described(by_id(context.transaction(), parsed(inputs["booking_id"])))


def locked(connection: Connection, booking_id: int) -> Row[Any]:
    """The row of a booking, held until the transaction ends; or NotFound.

    In a statement of its own: PostgreSQL judges a CHECK by what the statement saw when it began, so a counter that a
    move has just raised must be lowered by a statement that begins after the booking is held.
    """
    row = connection.execute(_LOCK, {"booking_id": booking_id}).one_or_none()
    if row is None:
        raise NotFound("not_found")
    return row


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
