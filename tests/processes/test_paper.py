"""What was written on paper while the network failed: recorded as it happened, judged by the rule of its time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from engine import access, catalogue, clock, database, instances
from engine.definitions import registry
from engine.errors import Conflict, Invalid
from tests.processes.clinic import UNTIL_INJECTED, Clinic, Visit, local, over_60, registered, worked

TODAY = "2021-07-26"
AGE_62 = "1959-01-01"
PREPARED = dict.fromkeys(
    ("product", "lot", "expires_on", "injected_time", "arm", "observed_as", "paper_given")
)


@pytest.fixture
def morning(clinic: Clinic, move: Callable[..., datetime]) -> Clinic:
    """The clinic with an open session."""
    clinic.opened()
    return clinic


def test_an_outage_in_the_morning_and_entry_in_the_evening_end_with_recorded_equal_to_given(
    morning: Clinic,
) -> None:
    morning.publish(over_60(), at=clock.now().replace(hour=5, minute=0))  # noon, in the campaign's zone
    before = version_in_force(morning)
    live = [morning.visit(born_on=AGE_62).goes_through(*UNTIL_INJECTED) for _ in range(8)]
    given = len(live)
    worked(timedelta(hours=10))  # the network fails; everything else stands on paper until the evening
    after = version_in_force(morning)
    assert before != after

    lines = []
    for number in range(1, 23):
        hour = 9 + number // 3  # from 9 to 16 o'clock
        line: dict[str, Any] = {
            "received_time": f"{hour:02}20", "screened_time": f"{hour:02}30", "born_on": AGE_62,
            "injected_time": f"{hour:02}4{number % 3}",
        }  # fmt: skip
        if number in (5, 17):  # stock nobody has entered
            line |= {"lot": "ABX1111", "expires_on": "2021-12-31"}
        if number == 9:
            line |= {**PREPARED, "paper_result": "refused", "refusal_reason": "later"}
        if number == 20:
            line |= {**PREPARED, "paper_conclusion": "DEFER", "paper_result": "deferred"}
            line |= {"deferral_reason": "acute_illness", "recheck_days": 7, "yes_items": ["acute_illness"]}
        lines.append((number, line, entered(morning, number, **line)))
    given += sum(1 for _, line, _ in lines if line.get("paper_result", "injected") == "injected")

    for _number, line, visit in lines:
        is_morning = int(line["received_time"][:2]) < 12
        assert version_of(visit) == (before if is_morning else after)
        if "paper_result" in line:
            assert visit.records("dose") == []
            continue
        (dose,) = visit.records("dose")
        assert visit.proposes() == ("ELIGIBLE" if is_morning else "CAUTIOUS")
        assert ("screening_says_stricter" in dose["flags"]) is not is_morning
        assert ("not_in_store" in dose["flags"]) is (line.get("lot") == "ABX1111")
        assert "session_not_open" not in dose["flags"]
        assert dose["given_at"][11:16] == f"{line['injected_time'][:2]}:{line['injected_time'][2:]}"

    assert given == 28
    assert doses_on_record() == given
    stock = daily(morning)
    assert (stock["injected"], stock["unreconciled"]) == (given, 2)
    assert {visit.id for visit in live} == {one.instance_id for one in cases_before(lines[0][2])}


def test_the_same_line_is_not_a_second_dose(morning: Clinic) -> None:
    worked(timedelta(hours=2))
    line = {"injected_time": "0940", "received_time": "0920"}
    first = entered(morning, 7, paper_given=None, **line)
    assert first.waits_at() == ["confirmation"]
    with pytest.raises(Conflict) as refused:
        morning.wrote(first.person, paper_no=7, **line)
    assert refused.value.code == "case_open"

    first.completes("confirmation")
    again = morning.wrote(first.person, paper_no=7, **line)
    assert again.ended() == "ended_entered_before"
    assert again.records("dose") == []
    assert (doses_on_record(), daily(morning)["injected"]) == (1, 1)


def test_another_dose_of_the_same_day_is_recorded_and_flagged(morning: Clinic) -> None:
    worked(timedelta(hours=2))
    first = entered(morning, 7, injected_time="0940", received_time="0920")
    second = morning.wrote(first.person, paper_no=8, injected_time="0955", received_time="0920")
    (dose,) = second.records("dose")
    assert (dose["dose_no"], "possible_duplicate" in dose["flags"]) == (2, True)
    assert daily(morning)["injected"] == doses_on_record() == 2


def test_what_does_not_fit_is_reviewed_by_the_site_lead_and_the_record_stays(morning: Clinic) -> None:
    worked(timedelta(hours=2))
    visit = entered(morning, 3, yes_items=["acute_illness"], received_time="0950", injected_time="0940")
    recorded = visit.records("dose")
    assert recorded[0]["flags"] == ["screening_says_no", "times_out_of_order"]
    assert visit.task("review_flags").role == "site_lead"
    visit.completes("review_flags", review_result="needs_correction", review_note="Ghi nhầm giờ")
    assert visit.ended() == "ended_confirmed"
    assert visit.records("dose") == recorded
    assert visit.records("flags_reviewed")[0]["review_result"] == "needs_correction"


def test_a_dose_given_while_the_session_stood_still_is_flagged_by_the_state_of_that_moment(
    morning: Clinic,
) -> None:
    session = morning.opened()
    worked(timedelta(minutes=30))
    morning.turned(session, "paused")
    worked(timedelta(minutes=30))
    morning.turned(session, "open")
    worked(timedelta(hours=1))
    opened = entered(morning, 1, injected_time="0915", received_time="0910")
    paused = entered(morning, 2, injected_time="0945", received_time="0910")
    assert opened.records("dose")[0]["flags"] == []
    assert paused.records("dose")[0]["flags"] == ["session_not_open"]


def test_records_of_paper_stand_at_the_moment_things_happened(morning: Clinic) -> None:
    worked(timedelta(hours=10))
    visit = entered(morning, 1, injected_time="1015", received_time="1000")
    with database.transaction() as connection:
        when = connection.execute(
            text("select at from record where instance_id = :case and kind = 'dose'"), {"case": visit.id}
        ).scalar_one()
    assert local(when) == f"{TODAY}T10:15:00+07:00"


def test_a_deferral_on_paper_opens_its_own_case(morning: Clinic) -> None:
    worked(timedelta(hours=2))
    visit = entered(
        morning, 4, **PREPARED, received_time="0920", paper_conclusion="DEFER", paper_result="deferred",
        deferral_reason="acute_illness", recheck_days=3,
    )  # fmt: skip
    assert visit.ended() == "ended_written_down"
    assert visit.records("deferral")[0]["deferral_reason"] == "acute_illness"
    assert [one.state for one in morning.cases("deferral", visit.person)] == ["active"]


def test_somebody_new_on_paper_is_added_and_the_case_is_about_them(morning: Clinic) -> None:
    worked(timedelta(hours=2))
    visit = morning.wrote(
        None, paper_no=5, received_time="0920", injected_time="0940", new_person=True, new_name="Trần Văn Bình",
        new_born_on="1980-05-06", new_sex="male", new_phone="0912345678",
    )  # fmt: skip
    person = visit.variables()["person_id"]
    assert visit.records("dose")[0]["person_id"] == person
    assert visit.variables()["new_name"] is None
    assert [one.instance_id for one in morning.cases("visit", person)] == [visit.id]


def test_nothing_is_written_down_ahead_of_time(morning: Clinic) -> None:
    with pytest.raises(Invalid):
        entered(morning, 6, received_time="0920", injected_time="1940")


def entered(clinic: Clinic, number: int, born_on: str = "1991-03-02", **answers: Any) -> Visit:
    """The line of somebody new to the day, entered now."""
    with database.transaction() as connection:
        person = registered(connection, born_on, "female")
    return clinic.wrote(person, paper_no=number, **answers)


def version_in_force(clinic: Clinic) -> int:
    with database.transaction() as connection:
        return registry.in_force(connection, "visit", clinic.units["diem-1"].path, clock.now())


def version_of(visit: Visit) -> int:
    with database.transaction() as connection:
        return instances.view(connection, visit.id, access.SYSTEM).summary.version_id


def cases_before(visit: Visit) -> list[instances.Summary]:
    with database.transaction() as connection:
        return instances.find(connection, access.SYSTEM, process="visit", before=visit.id)


def doses_on_record() -> int:
    with database.transaction() as connection:
        return connection.execute(text("select count(*) from record where kind = 'dose'")).scalar_one()


def daily(clinic: Clinic) -> dict[str, Any]:
    """The stock's figures of the day at the site."""
    with database.transaction() as connection:
        inputs = {"unit_code": "diem-1", "on": TODAY}
        return catalogue.ask(connection, "stock.daily", inputs, access.SYSTEM)
