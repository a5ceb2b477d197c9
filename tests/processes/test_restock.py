"""A site is restocked: asked for or run low, approved, sent by expiry, counted on arrival; every branch books right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy

from engine import access, catalogue, clock, instances, messages, settings, units, user_tasks
from engine import database as databases
from engine.access import Actor
from engine.catalogue import Context, Json
from engine.errors import Conflict, Invalid
from engine.ids import InstanceId
from engine.worker import Worker
from tests import foundings
from tests.processes import bundles
from tests.processes import clinic as clinics
from tests.processes.clinic import Clinic

AZ = "astrazeneca"
ASKED = {"product": AZ, "doses_wanted": 40, "restock_reason": "planned_session"}


@dataclass
class Supply:
    """The clinic's district with a store that holds two lots, and somebody at each desk."""

    clinic: Clinic
    staff: dict[str, Actor] = field(default_factory=dict)
    jobs: int = 0

    def call(self, name: str, unit: str, **inputs: Any) -> Json:
        self.jobs += 1
        with databases.transaction() as connection:
            where = units.by_code(connection, unit)
            context = Context(
                f"9-{self.jobs}-x", clock.now(), connection, access.SYSTEM, where, settings.current()
            )
            return catalogue.current().service_task(f"stock.{name}").call(inputs, context)

    def receive(self, lot: str, expires_on: str, doses: int, unit: str = "kho-219") -> None:
        self.call(
            "receive", unit, product=AZ, lot=lot, doses=doses, expires_on=expires_on, source="manufacturer"
        )

    def asked(self, **more: Any) -> InstanceId:
        with databases.transaction() as connection:
            return instances.start(
                connection,
                "restock",
                self.clinic.units["diem-1"],
                ASKED | more,
                self.staff["site_lead"],
                "requested",
            )

    def answer(self, case: InstanceId, who: str, **answers: Any) -> str:
        """Somebody completes the task that waits for them; its element."""
        with databases.transaction() as connection:
            (task,) = user_tasks.queue(connection, self.staff[who], instance_id=case)
            user_tasks.complete(connection, task.id, self.staff[who], answers)
        return task.element

    def approved(self, **more: Any) -> InstanceId:
        case = self.asked(**more)
        assert (
            self.answer(case, "district_officer", restock_decision="approve", doses_approved=40)
            == "approve_request"
        )
        return case

    def sent(self, *lots: tuple[str, int], **more: Any) -> InstanceId:
        case = self.approved()
        lines = [{"lot": lot, "doses": doses} for lot, doses in lots or (("SOM", 30), ("MUON", 10))]
        assert (
            self.answer(case, "store_keeper", sending_decision="sent", sent_lots=lines, **more)
            == "issue_vaccine"
        )
        return case

    def arrives(
        self, case: InstanceId, *lots: tuple[str, int], temperature: float = 5, condition: str = "good"
    ) -> None:
        lines = [{"lot": lot, "doses": doses} for lot, doses in lots or (("SOM", 30), ("MUON", 10))]
        given = {"counted_lots": lines, "arrival_temperature": temperature, "arrival_condition": condition}
        assert self.answer(case, "site_lead", **given) == "receive_vaccine"

    def waits_at(self, case: InstanceId) -> list[str]:
        with databases.transaction() as connection:
            return sorted(
                task.element for task in user_tasks.queue(connection, access.SYSTEM, instance_id=case)
            )

    def ended(self, case: InstanceId) -> str | None:
        with databases.transaction() as connection:
            return instances.view(connection, case, access.SYSTEM).summary.outcome

    def left(self, unit: str) -> dict[str, int]:
        with databases.transaction() as connection:
            told = catalogue.ask(connection, "stock.at_unit", {"unit_code": unit}, access.SYSTEM)
        return {
            lot["lot"]: lot["left"] for lot in told["lots"] if lot["left"] and lot["lot"] in ("SOM", "MUON")
        }


@pytest.fixture
def supply(database: sqlalchemy.Engine, move: Callable[..., datetime]) -> Supply:
    return foundings.once(_supplied)


def _supplied() -> Supply:
    clinic = foundings.once(clinics.founded)
    with databases.transaction() as connection:
        units.create(connection, "kho-219", "store", "Kho huyện Việt Yên", clinic.units["219"])
        keeper = clinics._account(connection, "store_keeper", "thukho", units.by_code(connection, "kho-219"))
        officer = clinics._account(connection, "district_officer", "huyen", clinic.units["219"])
    for key in ("restock", "stock_entry"):
        clinic.publish(bundles.bundle(key))
    made = Supply(
        clinic, {"store_keeper": keeper, "district_officer": officer, "site_lead": clinic.staff["site_lead"]}
    )
    made.receive("MUON", "2021-12-31", 50)
    made.receive("SOM", "2021-09-30", 30)
    return made


def test_the_store_is_offered_what_expires_first_and_the_site_has_what_it_counted(supply: Supply) -> None:
    case = supply.sent()
    assert supply.left("kho-219") == {"MUON": 40}
    assert supply.left("diem-1") == {}
    clock.move(timedelta(hours=2))
    supply.arrives(case)
    assert supply.left("diem-1") == {"SOM": 30, "MUON": 10}
    assert supply.ended(case) == "ended_supplied"


def test_another_order_than_by_expiry_needs_a_reason(supply: Supply) -> None:
    case = supply.approved()
    lines = [{"lot": "MUON", "doses": 40}]
    with pytest.raises(Invalid) as refused:
        supply.answer(case, "store_keeper", sending_decision="sent", sent_lots=lines)
    assert [found.pointer for found in refused.value.findings] == ["/other_lot_reason"]
    supply.answer(
        case, "store_keeper", sending_decision="sent", sent_lots=lines, other_lot_reason="Lô SOM ở xa"
    )
    assert supply.left("kho-219") == {"MUON": 10, "SOM": 30}


def test_what_the_store_does_not_have_leads_back_to_the_keeper_with_the_reason(supply: Supply) -> None:
    case = supply.approved()
    supply.call("hold_lot", "kho-219", product=AZ, lot="SOM", reason="phản ứng")
    wrong = [{"lot": "SOM", "doses": 30}, {"lot": "MUON", "doses": 10}]
    supply.answer(case, "store_keeper", sending_decision="sent", sent_lots=wrong)
    with databases.transaction() as connection:
        problem = instances.view(connection, case, access.SYSTEM).variables["problem"]
    assert (problem["code"], "SOM" in problem["message"]) == ("LOT_HELD", True)
    assert supply.waits_at(case) == ["issue_vaccine"]
    supply.answer(case, "store_keeper", sending_decision="sent", sent_lots=[{"lot": "MUON", "doses": 40}])
    assert supply.waits_at(case) == ["receive_vaccine"]


def test_low_stock_begins_one_request_and_a_second_by_hand_is_refused(supply: Supply) -> None:
    with databases.transaction() as connection:
        for _ in range(2):
            payload = {"product": AZ, "left": 3}
            messages.publish(
                connection, "stock_low", "", payload, supply.clinic.units["diem-1"], timedelta(hours=1)
            )
    Worker().settle()
    with databases.transaction() as connection:
        (case,) = instances.find(connection, access.SYSTEM, process="restock", state="active")
    assert supply.waits_at(case.instance_id) == ["approve_request"]
    with pytest.raises(Conflict):
        supply.asked()
    supply.asked(product="comirnaty")
    supply.answer(
        case.instance_id,
        "district_officer",
        restock_decision="refuse",
        restock_refused_because="Không có buổi tiêm",
    )
    assert supply.ended(case.instance_id) == "ended_refused"
    supply.asked()


def test_what_came_too_warm_is_held_until_the_district_has_decided(supply: Supply) -> None:
    case = supply.sent()
    supply.arrives(case, temperature=12)
    given = supply.call("post_dose", "diem-1", product=AZ, lot="SOM", given_at=None, reference="x")
    assert given["stock_flags"] == ["lot_held"]
    discarded = [{"lot": "SOM", "doses": 30}, {"lot": "MUON", "doses": 10}]
    answers = {"use_decision": "discard", "use_reason": "Quá 2 giờ ngoài tủ lạnh"}
    supply.answer(case, "district_officer", **answers, discarded_lots=discarded)
    assert supply.waits_at(case) == ["decide_use"]  # one of the doses was given: the sentence says so
    discarded[0]["doses"] = 29
    discarded[1]["doses"] = 10
    supply.answer(case, "district_officer", **answers, discarded_lots=discarded)
    assert supply.ended(case) == "ended_supplied"
    assert supply.left("diem-1") == {}


def test_a_difference_on_arrival_is_explained_by_the_district(supply: Supply) -> None:
    case = supply.sent()
    supply.arrives(case, ("SOM", 28), ("MUON", 11))
    assert supply.waits_at(case) == ["resolve_discrepancy"]
    supply.answer(case, "district_officer", explained_by="sent_wrong", explained_reason="Kho đếm lại")
    assert supply.left("diem-1") == {"SOM": 28, "MUON": 11}
    assert supply.left("kho-219") == {"SOM": 2, "MUON": 39}


def test_a_transfer_that_does_not_come_is_chased_by_the_district(supply: Supply) -> None:
    case = supply.sent()
    clock.move(timedelta(days=1, hours=1))
    Worker().settle()
    assert supply.waits_at(case) == ["chase_transfer", "receive_vaccine"]
    supply.arrives(case)
    assert supply.ended(case) == "ended_supplied"


def test_a_keeper_books_by_form_and_takes_a_wrong_entry_back(supply: Supply) -> None:
    def entered(**answers: Any) -> InstanceId:
        with databases.transaction() as connection:
            store = units.by_code(connection, "kho-219")
            return instances.start(connection, "stock_entry", store, answers, supply.staff["store_keeper"])

    lost = {
        "entry_kind": "lost",
        "product": AZ,
        "lot": "SOM",
        "lost_because": "broken",
        "entry_reason": "Rơi khay",
    }
    case = entered(**lost, doses=31)
    assert supply.waits_at(case) == ["correct_entry"]
    supply.answer(case, "store_keeper", **lost, doses=5)
    assert supply.left("kho-219")["SOM"] == 25
    with databases.transaction() as connection:
        number = instances.view(connection, case, access.SYSTEM).variables["booked_number"]
    entered(entry_kind="take_back", entry_number=number, entry_reason="Nhầm lô")
    assert supply.left("kho-219")["SOM"] == 30
