"""A site with a round and a session, and the verbs of the sessions integration as a process calls them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from engine import access, catalogue, clock, ids, settings, units
from engine.access import Actor
from engine.catalogue import Context, Json
from engine.ids import InstanceId
from engine.units import Unit

DAY = "2021-07-27"  # the day after the morning at which tests begin
ACTIVE = ("held", "booked", "arrived", "served", "turned_back", "missed")


@dataclass
class Desk:
    """One connection's view: who asks, at which unit, for which case."""

    connection: Connection
    site: Unit
    numbers: list[int] = field(default_factory=list)

    def does(self, task: str, /, unit: Unit | None = None, case: str | None = None, **inputs: Any) -> Json:
        """A service task in a savepoint, as a step runs it."""
        context = Context(
            "1-1-x", clock.now(), self.connection, access.SYSTEM, unit or self.site, settings.current(),
            InstanceId(int(case)) if case else None,
        )  # fmt: skip
        with self.connection.begin_nested():
            return catalogue.current().service_task(f"sessions.{task}").call(inputs, context)

    def asks(self, query: str, /, actor: Actor = access.SYSTEM, **inputs: Any) -> Json:
        return catalogue.ask(self.connection, f"sessions.{query}", inputs, actor)

    def round_(self, **others: Any) -> str:
        details = {"name": "Đợt 5", "mode": "scarce", "invitation_hours": 24, **others}
        return str(self.does("open_round", **details)["round_id"])

    def session(self, unit: Unit | None = None, case: str | None = None, **others: Any) -> str:
        """A planned session: three hours from 8 to 11, two tables of two each hour, unless said otherwise."""
        plan = {
            "on": DAY, "opens": "08:00", "closes": "11:00", "tables": 2, "per_table_hour": 2, "walk_ins": False,
            "standby": True, "products": [{"product": "astrazeneca", "lot": "ABV5300"}], **others,
        }  # fmt: skip
        case = case or str(ids.issue(self.connection))
        return str(self.does("plan", unit, case, **plan)["session_id"])

    def listed(self, round_id: str, *people: str, group: int = 1) -> None:
        entries = [{"person_id": person, "priority_group": group} for person in people]
        self.does("list_people", round_id=round_id, people=entries, source="24-219")

    def booked(self, session_id: str, person: str, hour: str = "08:00", **others: Any) -> str:
        at = f"{DAY}T{hour}:00+07:00"
        given = self.does("reserve", session_id=session_id, starts_at=at, person_id=person, **others)
        return str(given["booking_id"])

    def state(self, booking_id: str) -> str:
        return str(self.does("booking", booking_id=booking_id)["state"])


def opened(connection: Connection) -> Desk:
    """A desk at a new site of a new district."""
    province = units.create(connection, "24", "province", "Tỉnh Bắc Giang")
    district = units.create(connection, "219", "district", "Huyện Việt Yên", province)
    return Desk(connection, units.create(connection, "bich-dong", "site", "Điểm tiêm Bích Động", district))


def agree(connection: Connection) -> int:
    """Every counter equals the bookings that count, none is beyond its capacity, nobody is booked twice; all taken."""
    rows = connection.execute(
        text(
            """
            select slot.capacity, slot.taken, count(booking_id) as counted
            from slot left join booking using (session_id, starts_at)
            where booking_id is null or booking.state = any(:active)
            group by session_id, starts_at
            union all
            select slot.capacity, slot.taken, 0 from slot
            where not exists (select from booking b where b.session_id = slot.session_id
                              and b.starts_at = slot.starts_at and b.state = any(:active))
            """
        ),
        {"active": list(ACTIVE)},
    ).all()
    for row in rows:
        assert row.taken == row.counted or (row.counted == 0 and row.taken == 0), row
        assert 0 <= row.taken <= row.capacity
    twice = connection.execute(
        text(
            """
            select person_id from booking where state in ('held', 'booked', 'arrived')
            group by person_id, round_id having count(*) > 1 and round_id is not null
            union
            select person_id from booking where state in ('held', 'booked', 'arrived')
            group by person_id, hour having count(*) > 1
            """
        )
    ).all()
    assert twice == []
    return sum(row.taken for row in rows if row.counted)
