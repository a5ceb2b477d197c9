"""A district with two communes and their sites: lists, invitations, sessions, all by the public verbs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from engine import (
    access,
    accounts,
    catalogue,
    clock,
    database,
    instances,
    records,
    settings,
    units,
    user_tasks,
)
from engine.access import Actor
from engine.definitions import deployment
from engine.ids import InstanceId
from engine.units import Unit
from engine.worker import Worker
from integrations.sms import tables as sms_tables
from tests.processes import bundles
from tests.processes.clinic import PASSWORD

UNITS = (
    ("vn", "national", None), ("24", "province", "vn"), ("219", "district", "24"), ("xa-1", "commune", "219"),
    ("xa-2", "commune", "219"), ("diem-1", "site", "xa-1"), ("diem-2", "site", "xa-2"),
)  # fmt: skip
STAFF = {
    "site_lead": "diem-1", "site_lead_of_another_site": "diem-2", "commune_officer": "xa-1",
    "commune_officer_of_another_commune": "xa-2", "district_officer": "219", "province_supervisor": "24",
    "process_owner": "vn", "approver": "vn",
}  # fmt: skip
PROCESSES = ("round", "nomination", "application", "registration", "session", "visit", "deferral")
TOMORROW = "2021-07-27"
SAFE: dict[str, Any] = {f"criterion_{number}": "pass" for number in range(1, 10)}
PLAN: dict[str, Any] = {
    "session_on": TOMORROW, "opens_at": "08:00", "closes_at": "10:00", "tables": 1, "per_table_hour": 1,
    "audience": "invited", "walk_ins": False, "standby": True,
    "products": [{"product": "astrazeneca", "lot": "ABV5300", "expires_on": "2021-11-30"}],
}  # fmt: skip


@dataclass(frozen=True)
class District:
    """The units and who works where: `staff["district_officer"]`; people are added as tests need them."""

    units: dict[str, Unit]
    staff: dict[str, Actor]

    def starts(self, process: str, at: str, by: str, **answers: Any) -> Case:
        """Somebody begins a case by hand; the worker has done what it can."""
        with database.transaction() as connection:
            started = instances.start(connection, process, self.units[at], answers, self.staff[by])
        Worker().settle()
        return Case(self, started)

    def opens_round(self, mode: str = "scarce", hours: int = 12) -> Case:
        return self.starts(
            "round", "219", "district_officer", round_name="Đợt 4", supply_mode=mode, invitation_hours=hours
        )

    def lists(self, round_id: str, *people: str, group: str = "9") -> Case:
        """The commune proposes people, and the district approves all of them."""
        rows = [{"person_id": person, "priority_group": group} for person in people]
        proposed = self.starts("nomination", "xa-1", "commune_officer", round_id=round_id, people=rows)
        return proposed.does("approve", review_outcome="approve", reviewed=rows)

    def plans(self, round_id: str | None, invite: int = 0, hours: int = 12, **plan: Any) -> Case:
        """The site lead plans tomorrow's session, with one table of one an hour from 8 to 10, and invites."""
        answers = {**PLAN, **plan} | ({} if round_id is None else {"round_id": round_id})
        session = self.starts("session", "diem-1", "site_lead", **answers)
        if round_id is not None:
            session.does("schedule_people", invite_count=invite, stands_hours=hours)
        return session

    def registration(self, person: str) -> Case:
        """The person's newest registration."""
        return self.cases("registration", person)[0]

    def cases(self, process: str, person: str | None = None) -> list[Case]:
        with database.transaction() as connection:
            found = instances.find(connection, access.SYSTEM, process=process, subject=person)
            return [Case(self, one.instance_id) for one in found]

    def person(self, name: str, phone: str | None = "0912345678", **others: Any) -> str:
        """Somebody in the registry, of the first commune; gives the id."""
        inputs = {
            "name": name, "born_on": "1990-03-02", "sex": "female", "unit_code": "xa-1",
            "phones": [phone] if phone else [], **others,
        }  # fmt: skip
        return str(self.serves("people.register", **inputs)["person_id"])

    def serves(self, task: str, at: str = "diem-1", **inputs: Any) -> dict[str, Any]:
        """What a service task gives, in a transaction of its own."""
        with database.transaction() as connection:
            context = catalogue.Context(
                "1", clock.now(), connection, access.SYSTEM, self.units[at], settings.current()
            )
            return catalogue.current().service_task(task).call(inputs, context)

    def asks(self, query: str, **inputs: Any) -> dict[str, Any]:
        with database.transaction() as connection:
            return catalogue.ask(connection, query, inputs, access.SYSTEM)

    def texts(self) -> list[str]:
        """What was sent to telephones, in its order."""
        with database.transaction() as connection:
            table = sms_tables.sms_outbox
            return list(connection.scalars(select(table.c.text).order_by(table.c.message_id)))


@dataclass
class Case:
    """A case of any process, worked by whoever may."""

    district: District
    id: InstanceId

    def does(self, element: str, by: str | None = None, /, **answers: Any) -> Case:
        """A task is completed by the named member of staff, or by the engine for a citizen and for whoever may."""
        task = self.task(element)
        actor = access.SYSTEM if by is None else self.district.staff[by]
        with database.transaction() as connection:
            user_tasks.complete(connection, task.id, actor, answers)
        Worker().settle()
        return self

    def task(self, element: str) -> user_tasks.Task:
        found = [one for one in self.tasks() if one.element == element]
        assert found, f"no task at {element}; it waits at {self.waits_at()}"
        return found[0]

    def tasks(self, actor: Actor = access.SYSTEM) -> list[user_tasks.Task]:
        with database.transaction() as connection:
            return user_tasks.queue(connection, actor, instance_id=self.id)

    def waits_at(self) -> list[str]:
        with database.transaction() as connection:
            return sorted({wait.element for wait in instances.state_of(connection, self.id).waits})

    def ended(self) -> str | None:
        with database.transaction() as connection:
            state = instances.state_of(connection, self.id)
            return state.outcome if state.ended else None

    def knows(self, name: str) -> Any:
        with database.transaction() as connection:
            return instances.state_of(connection, self.id).variables.get(name)

    def records(self, kind: str) -> list[dict[str, Any]]:
        with database.transaction() as connection:
            return [one.entries for one in records.of(connection, self.id) if one.kind == kind]


def founded() -> District:
    """The district on an empty database, with the campaign's processes in force."""
    with database.transaction() as connection:
        made: dict[str, Unit] = {}
        for code, kind, parent in UNITS:
            made[code] = units.create(connection, code, kind, f"Đơn vị {code}", made.get(parent or ""))
        staff = {name: _account(connection, name, made[code]) for name, code in STAFF.items()}
        for process in PROCESSES:
            files = bundles.bundle(process).files
            submitted = deployment.submit(
                connection, files, staff["process_owner"], "Quyết định 3355", PROCESSES
            )
            deployment.approve(connection, submitted, staff["approver"], "Đã đối chiếu")
    return District(made, staff)


def passed(after: timedelta) -> None:
    """Time passes, and the worker does what has come due."""
    clock.move(after)
    Worker().settle()


def waiting(cases: Iterable[Case], element: str) -> int:
    """How many of the cases wait at an element."""
    return sum(element in case.waits_at() for case in cases)


def _account(connection: Connection, name: str, unit: Unit) -> Actor:
    account = accounts.create(connection, name, f"A {name}", PASSWORD)
    accounts.grant(connection, account, name.partition("_of_")[0], unit)
    return accounts.actor(connection, account)
