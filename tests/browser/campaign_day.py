"""A morning of the campaign for its pages: sites with profiles, sessions, doses and people who wait."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, update

from engine import access, catalogue, clock, database, ids, settings, tables, units
from engine.ids import InstanceId
from engine.units import Unit
from tests import foundings
from tests.processes import clinic as clinics
from tests.processes.clinic import Clinic

DAY, TOMORROW = "2021-07-26", "2021-07-27"
NAMES = {
    "vn": "Ban Chỉ đạo chiến dịch", "24": "Tỉnh Bắc Giang", "219": "Huyện Việt Yên", "xa-1": "Thị trấn Bích Động",
    "xa-2": "Xã Quảng Minh", "diem-1": "Điểm tiêm Trạm Y tế thị trấn Bích Động, cơ sở hai (khu liên cơ quan)",
    "diem-2": "Điểm tiêm Nhà văn hóa Quảng Minh",
}  # fmt: skip
PLACES = {"diem-1": (21.27, 106.1), "diem-2": (21.25, 106.05)}


def begun() -> Clinic:
    """On an empty database at seven: by nine one site is open and busy, another's session was stopped."""
    clinic = foundings.once(clinics.founded)
    with database.transaction() as connection:
        for code, name in NAMES.items():
            connection.execute(update(tables.unit).where(tables.unit.c.code == code).values(name=name))
            clinic.units[code] = units.by_code(connection, code)
        for code in PLACES:
            _profile(connection, clinic.units[code])
        busy = _session(connection, clinic.units["diem-1"], DAY, 3, 8)
        _session(connection, clinic.units["diem-1"], TOMORROW, 4, 8)
        other = _session(connection, clinic.units["diem-2"], DAY, 2, 6)
        for number in range(57):
            at = f"{DAY}T{('08', '09', '10', '08', '09')[number % 5]}:00+07:00"
            if number % 5 != 2 or number < 40:
                _does(
                    connection, clinic.units["diem-1"], "sessions.reserve", session_id=busy, starts_at=at,
                    person_id=clinics.registered(connection, f"{1950 + number}-03-02", "female"),
                )  # fmt: skip
        _does(connection, clinic.units["diem-1"], "sessions.change", case=busy, state="open")
        _does(connection, clinic.units["diem-2"], "sessions.change", case=other, state="open")
        _does(
            connection,
            clinic.units["diem-2"],
            "sessions.change",
            case=other,
            state="stopped",
            reason="Phản ứng nặng",
        )
        for lot, expires_on, doses in (("ABV5300", "2021-11-30", 180), ("ABV4678", "2021-08-20", 40)):
            _does(
                connection, clinic.units["diem-1"], "stock.receive", product="astrazeneca", lot=lot,
                expires_on=expires_on, doses=doses, source="manufacturer",
            )  # fmt: skip
    clock.move(timedelta(hours=2))
    with database.transaction() as connection:
        for number in range(23):
            _does(
                connection, clinic.units["diem-1"], "stock.post_dose", product="astrazeneca", lot="ABV4678",
                given_at=f"{DAY}T08:{number + 10}:00+07:00", reference=f"r{number}",
            )  # fmt: skip
        for kind, facet, count in (
            ("received", "invited", 31), ("dose", "astrazeneca", 23), ("deferral", "acute_illness", 3),
            ("refusal", "", 1), ("confirmation", "1", 12),
        ):  # fmt: skip
            _counted(connection, clinic.units["diem-1"], kind, facet, count)
        _counted(connection, clinic.units["diem-2"], "dose", "astrazeneca", 7)
        _counted(connection, clinic.units["diem-2"], "reaction", "", 1)
    for born_on in ("1991-03-02", "1988-11-20", "1975-01-31"):
        clinic.visit(born_on)
    return clinic


def _profile(connection: Connection, unit: Unit) -> None:
    north, east = PLACES[unit.code]
    _does(
        connection, unit, "sites.publish", place="Hội trường tầng một", address="Số 12 đường Thân Nhân Trung",
        latitude=north, longitude=east, table_count=3, person_in_charge="Bác sĩ Ngô Đức Thắng",
        telephone="0204 3555 115", open_days=["mon", "tue", "wed", "thu", "fri"], opens_at="07:30", closes_at="16:30",
        audience="public", notice="Chiều thứ Sáu nghỉ khử khuẩn." if unit.code == "diem-1" else None,
    )  # fmt: skip


def _session(connection: Connection, unit: Unit, on: str, count: int, each: int) -> str:
    case = str(ids.issue(connection))
    planned = _does(
        connection, unit, "sessions.plan", case=case, on=on, opens="08:00", closes="11:00", tables=count,
        per_table_hour=each, walk_ins=True, standby=True, products=[{"product": "astrazeneca", "lot": "ABV5300"}],
    )  # fmt: skip
    return str(planned["session_id"])


def _does(
    connection: Connection, unit: Unit, task: str, case: str | None = None, **inputs: Any
) -> dict[str, Any]:
    context = catalogue.Context(
        f"seed-{ids.issue(connection)}", clock.now(), connection, access.SYSTEM, unit, settings.current(),
        InstanceId(int(case)) if case else None,
    )  # fmt: skip
    return catalogue.current().service_task(task).call(inputs, context)


def _counted(connection: Connection, unit: Unit, kind: str, facet: str, count: int) -> None:
    connection.execute(
        tables.tally.insert().values(
            kind=kind,
            on=date.fromisoformat(DAY),
            unit_path=unit.path,
            facet=facet,
            unit_id=unit.id,
            count=count,
        )
    )
