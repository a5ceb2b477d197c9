"""A commune's vaccination site at work: everybody holds one role at one unit, everything by the public verbs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from engine import (
    access,
    accounts,
    catalogue,
    clock,
    database,
    history,
    ids,
    instances,
    records,
    settings,
    units,
    user_tasks,
)
from engine.access import Actor
from engine.definitions import deployment
from engine.definitions.bundle import Bundle
from engine.history import Decision
from engine.ids import InstanceId, ReleaseId
from engine.units import Unit
from engine.worker import Worker
from tests.processes import bundles

PASSWORD = "a long enough password"
UNITS = (
    ("vn", "national", None), ("24", "province", "vn"), ("219", "district", "24"), ("xa-1", "commune", "219"),
    ("xa-2", "commune", "219"), ("diem-1", "site", "xa-1"), ("diem-2", "site", "xa-2"),
)  # fmt: skip
AT_SITES = ("receptionist", "screener", "vaccinator", "observer", "certifier", "site_lead")
ELSEWHERE = {
    "commune_officer": "xa-1", "province_supervisor": "24", "process_owner": "vn", "approver": "vn",
}  # fmt: skip
OTHER = "_of_another_site"
NO = dict.fromkeys(
    ("anaphylaxis", "allergy", "label_contraindication", "acute_illness", "chronic_disease", "immune_impairment",
     "coagulation_disorder", "perception_disorder", "covid_recent", "immunosuppressant", "other_vaccine_recent",
     "immunoglobulin_recent"), "no",
)  # fmt: skip
USUAL: dict[str, dict[str, Any]] = {
    "reception": {"name_matches": True, "birth_date_matches": True, "identifier_seen": "cccd",
                  "planned_product": "astrazeneca"},
    "ask_questions": {"called_as": "right", **NO},
    "measure_vitals": {"temperature": 36.6, "pulse": 74, "systolic": 120, "diastolic": 76},
    "consent": {"agrees": "agree", "statement_protection": True, "statement_reactions": True,
                "statement_understood": True, "consent_on_paper": True},
    "conclude": {"signed_conclusion": "ELIGIBLE"},
    "prepare_injection": {"readiness": "ready", "product": "astrazeneca", "lot": "ABV5300", "expires_on": "2021-11-30"},
    "give_dose": {"given": "given", "arm": "left"},
    "observation": {"observation_outcome": "well", "told_to_watch": True},
    "confirmation": {"next_appointment_on": "2021-09-20", "paper_given": "given"},
}  # fmt: skip
WHERE_65_IS = '<outputEntry id="parameter_table_old_age_out_value"><text>65</text></outputEntry>'
SCENARIO_OF_65 = '    people.person: {born_on: "1955-07-21", sex: female, unit_code: xa-1}'
WRITTEN: dict[str, Any] = {
    "paper_no": 1, "arrival_kind": "invited", "received_time": "0705", "vitals_on_paper": "normal",
    "paper_conclusion": "ELIGIBLE", "paper_result": "injected", "injected_time": "0725", "product": "astrazeneca",
    "lot": "ABV5300", "expires_on": "2021-11-30", "arm": "left", "observed_as": "well", "paper_given": True,
}  # fmt: skip
UNTIL_CONCLUSION = ("reception", "ask_questions", "measure_vitals", "consent")
UNTIL_INJECTED = (*UNTIL_CONCLUSION, "conclude", "prepare_injection", "give_dose")


@dataclass(frozen=True)
class Clinic:
    """The units, and who works where: `staff["screener"]`, `staff["screener_of_another_site"]`."""

    units: dict[str, Unit]
    staff: dict[str, Actor]

    def visit(
        self, born_on: str = "1991-03-02", sex: str = "female", site: str = "diem-1", **start: Any
    ) -> Visit:
        """Somebody new arrives at a site; the worker has done what it can."""
        with database.transaction() as connection:
            person = registered(connection, born_on, sex)
        return self.visit_of(person, sex, site, **start)

    def visit_of(self, person: str, sex: str = "female", site: str = "diem-1", **start: Any) -> Visit:
        """Somebody known arrives at a site, where a session is open."""
        self.opened(site)
        return self.begun("arrived", {"person_id": person, "arrival_kind": "invited", **start}, sex, site)

    def begun(self, element: str, answers: Any, sex: str = "female", site: str = "diem-1") -> Visit:
        """A visit begins at one of its start events; the worker has done what it can."""
        receptionist = self.staff["receptionist" if site == "diem-1" else f"receptionist{OTHER}"]
        with database.transaction() as connection:
            started = instances.start(connection, "visit", self.units[site], answers, receptionist, element)
        Worker().settle()
        return Visit(self, started, str(answers.get("person_id")), sex)

    def wrote(self, person: str | None = None, site: str = "diem-1", **answers: Any) -> Visit:
        """A line written on paper is entered, with the usual answers where nothing else is said."""
        given = {"person_id": person, "paper_on": local(clock.now())[:10]} | WRITTEN | answers
        return self.begun("written_down", {n: v for n, v in given.items() if v is not None}, "female", site)

    def opened(self, site: str = "diem-1", **plan: Any) -> str:
        """The site's session of today, open; planned and opened when there is none yet. Gives its id."""
        found = self.serves("sessions.at_site", site)["session_id"]
        if found is None:
            with database.transaction() as connection:
                case = ids.issue(connection)
            usual = {
                "on": local(clock.now())[:10], "opens": "07:00", "closes": "20:00", "tables": 4,
                "per_table_hour": 20, "walk_ins": True, "standby": True,
                "products": [{"product": "astrazeneca", "lot": "ABV5300", "expires_on": "2021-11-30"}],
            }  # fmt: skip
            found = self.serves("sessions.plan", site, case, **usual | plan)["session_id"]
            self.turned(found, "open", site)
        return str(found)

    def turned(self, session: str, state: str, site: str = "diem-1") -> None:
        """The session is opened, paused, stopped or closed from now on."""
        self.serves("sessions.change", site, session_id=session, state=state)

    def serves(
        self, task: str, site: str = "diem-1", case: int | None = None, **inputs: Any
    ) -> dict[str, Any]:
        """What a service task gives at a site, in a transaction of its own."""
        with database.transaction() as connection:
            context = catalogue.Context(
                f"{task}-{case}-{clock.now()}", clock.now(), connection, access.SYSTEM, self.units[site],
                settings.current(), None if case is None else InstanceId(case),
            )  # fmt: skip
            return catalogue.current().service_task(task).call(inputs, context)

    def publish(self, changed: Bundle, at: datetime | None = None, unit: str | None = None) -> ReleaseId:
        """Let the process owner submit a bundle, and the approver let it in."""
        with database.transaction() as connection:
            where = self.units[unit] if unit else None
            submitted = deployment.submit(
                connection, changed.files, self.staff["process_owner"], "Công văn mới"
            )
            return deployment.approve(
                connection, submitted, self.staff["approver"], "Đã đối chiếu", at, where
            )

    def cases(self, process: str, person: str) -> list[instances.Summary]:
        """The cases of a person, the newest first."""
        with database.transaction() as connection:
            return instances.find(connection, access.SYSTEM, process=process, subject=person)


@dataclass
class Visit:
    """One case, worked by whoever holds the role its next task asks for."""

    clinic: Clinic
    id: InstanceId
    person: str
    sex: str

    def goes_through(self, *elements: str) -> Visit:
        """These steps are completed with the usual answers, one after another."""
        for element in elements:
            self.completes(element)
        return self

    def completes(self, element: str, **answers: Any) -> Visit:
        """The holder of the role completes the step with the usual answers, changed as said (None: left out)."""
        usual = USUAL.get(element, {})
        if element == "give_dose" and answers.get("given", "given") == "given":
            usual = {**usual, "given_at": local(clock.now())}
        if element == "ask_questions" and self.sex == "female":
            usual = {**usual, "pregnant": "no", "breast_feeding": "no"}
        task = self.task(element)
        given = {name: value for name, value in (usual | answers).items() if value is not None}
        with database.transaction() as connection:
            user_tasks.complete(connection, task.id, self.holder(task), given)
        Worker().settle()
        return self

    def holder(self, task: user_tasks.Task) -> Actor:
        """Whoever holds the role a task asks for, at its unit."""
        names = (task.role, f"{task.role}{OTHER}")
        return next(
            self.clinic.staff[name]
            for name in names
            if name in self.clinic.staff
            and access.has_role(self.clinic.staff[name], task.role, task.unit_path)
        )

    def tasks(self, actor: Actor = access.SYSTEM) -> list[user_tasks.Task]:
        with database.transaction() as connection:
            return user_tasks.queue(connection, actor, instance_id=self.id)

    def task(self, element: str) -> user_tasks.Task:
        found = [task for task in self.tasks() if task.element == element]
        assert found, f"no task at {element}; it waits at {self.waits_at()}"
        return found[0]

    def waits_at(self) -> list[str]:
        """The elements at which the case waits, for whatever it is."""
        with database.transaction() as connection:
            return sorted(wait.element for wait in instances.state_of(connection, self.id).waits)

    def ended(self) -> str | None:
        """The end event it came to."""
        with database.transaction() as connection:
            return instances.state_of(connection, self.id).outcome

    def variables(self) -> dict[str, Any]:
        with database.transaction() as connection:
            return instances.state_of(connection, self.id).variables

    def history(self) -> list[history.Row]:
        with database.transaction() as connection:
            return history.of(connection, self.id)

    def decided(self, decision: str) -> Decision:
        """The last decision of this name."""
        with database.transaction() as connection:
            return [one for one in history.decisions(connection, self.id) if one.decision == decision][-1]

    def proposes(self) -> str:
        """The conclusion the screening table came to."""
        return str(self.decided("screening").outcome["conclusion"])

    def findings(self) -> set[str]:
        """What the screening table found."""
        return {one["finding"] for one in self.decided("screening").outcome["findings"]}

    def records(self, kind: str) -> list[dict[str, Any]]:
        with database.transaction() as connection:
            return [one.entries for one in records.of(connection, self.id) if one.kind == kind]


def over_60() -> Bundle:
    """The screening table with one cell edited, and the scenario that the edit contradicts."""
    held = bundles.bundle("visit")
    table = held.files["screening.dmn"].decode()
    scenarios = held.files["scenarios/visits.yaml"].decode()
    assert table.count(WHERE_65_IS) == 1
    assert SCENARIO_OF_65 in scenarios
    return held.changed(
        {
            "screening.dmn": table.replace(WHERE_65_IS, WHERE_65_IS.replace("65", "60")).encode(),
            "scenarios/visits.yaml": scenarios.replace(
                SCENARIO_OF_65, SCENARIO_OF_65.replace("1955-07-21", "1960-07-21")
            ).encode(),
        }
    )


def founded() -> Clinic:
    """The clinic on an empty database."""
    with database.transaction() as connection:
        made: dict[str, Unit] = {}
        for code, kind, parent in UNITS:
            made[code] = units.create(connection, code, kind, f"Đơn vị {code}", made.get(parent or ""))
        staff = {role: _account(connection, role, role, made["diem-1"]) for role in AT_SITES}
        staff |= {
            f"{role}{OTHER}": _account(connection, role, f"{role}{OTHER}", made["diem-2"])
            for role in AT_SITES
        }
        staff |= {role: _account(connection, role, role, made[code]) for role, code in ELSEWHERE.items()}
        together = ("visit", "deferral")
        submitted = [
            deployment.submit(
                connection,
                bundles.bundle(process).files,
                staff["process_owner"],
                "Quyết định 2995",
                together,
            )
            for process in together
        ]
        for one in submitted:
            deployment.approve(connection, one, staff["approver"], "Đã đối chiếu")
    clinic = Clinic(made, staff)
    for site in ("diem-1", "diem-2"):
        delivery = {"product": "astrazeneca", "lot": "ABV5300", "expires_on": "2021-11-30", "doses": 500}
        clinic.serves("stock.receive", site, source="opening_count", **delivery)
    return clinic


def registered(connection: Connection, born_on: str, sex: str) -> str:
    """Somebody new in the registry of people; gives the id."""
    inputs = {
        "name": "Nguyễn Minh Anh",
        "born_on": born_on,
        "sex": sex,
        "unit_code": "xa-1",
        "phones": ["0912345678"],
    }
    context = catalogue.Context("arrival", clock.now(), connection, access.SYSTEM, None, settings.current())
    return str(catalogue.current().service_task("people.register").call(inputs, context)["person_id"])


def worked(after: timedelta) -> None:
    """Time passes, and the worker does what has come due."""
    clock.move(after)
    Worker().settle()


def local(at: datetime) -> str:
    """A moment as a form gives it, in the campaign's zone."""
    return at.astimezone(settings.current().zone_info).isoformat(timespec="seconds")


def clock_time(away: timedelta = timedelta()) -> str:
    """The hour and minute of a moment away from now, as they are written on paper."""
    return local(clock.now() + away)[11:16]


def _account(connection: Connection, role: str, sign_in: str, unit: Unit) -> Actor:
    account = accounts.create(connection, sign_in, f"A {sign_in}", PASSWORD)
    accounts.grant(connection, account, role, unit)
    return accounts.actor(connection, account)
