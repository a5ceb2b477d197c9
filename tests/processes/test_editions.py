"""Every decision of 2021 about screening holds from its day: a visit, and a line written on paper, is judged by the
rule of its own day, whenever it is entered; a case that runs keeps its rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy

from engine import access, clock, database, instances, settings
from engine import database as databases
from engine.definitions import checks, editions
from engine.definitions import definition as definitions
from engine.definitions.bundle import Bundle
from engine.definitions.definition import Definition
from engine.errors import Invalid
from tests import foundings
from tests.processes import bundles
from tests.processes import clinic as clinics
from tests.processes.clinic import NO, Clinic, Visit, registered

DAYS = {
    "2021-06-17": "1624", "2021-06-18": "2995", "2021-07-14": "2995", "2021-07-15": "3445", "2021-08-09": "3445",
    "2021-08-10": "3802", "2021-09-09": "3802", "2021-09-10": "4355", "2021-12-20": "4355", "2021-12-21": "5785",
}  # fmt: skip
"""The screening rule on the last and the first day of each decision. Product rules change in between."""
FOUND = {
    "1624": ("DEFER", "NOWHERE", {"covid_recent", "old_age"}),
    "2995": ("DEFER", "NOWHERE", {"covid_recent", "old_age"}),
    "3445": ("DEFER", "NOWHERE", {"covid_recent", "old_age"}),
    "3802": ("DEFER", "NOWHERE", {"covid_recent"}),
    "4355": ("DEFER", "NOWHERE", {"covid_recent"}),
    "5785": ("ELIGIBLE", "HERE", set()),
}
"""What each says about somebody of 70 who had COVID-19 two months ago."""
ADULT = ("1624", "2995", "3445", "3802", "4355", "5785")
BORN_ON = "1950-01-01"


_checked: dict[str, Definition] = {}


def checked(whole: Bundle) -> Definition:
    """A bundle compiled, once for its submission, its approval and all tests here."""
    if whole.content_hash not in _checked:
        _checked[whole.content_hash] = definitions.compile(whole)
    return _checked[whole.content_hash]


@pytest.fixture
def year(
    database: sqlalchemy.Engine,
    move: Callable[..., datetime],
    monkeypatch: pytest.MonkeyPatch,
) -> Clinic:
    """A campaign founded on 17 March 2021 that knows every edition of the year, each from its own day."""
    monkeypatch.setattr(
        checks, "run", lambda whole, *_: (checked(whole), [])
    )  # test_scenarios checks them all
    until("2021-03-17", move)
    return foundings.once(_year)


def _year() -> Clinic:
    made = clinics.founded()
    for one in editions.changing(settings.current().processes_dir / "visit"):
        made.publish(bundles.bundle("visit", one.name))
    return made


def test_a_visit_takes_the_rule_of_its_day_and_keeps_it(year: Clinic, move: Callable[..., datetime]) -> None:
    taken = {}
    for day in DAYS:
        until(day, move)
        taken[day] = year.visit(born_on=BORN_ON).goes_through("reception")
    assert {day: screening_of(visit) for day, visit in taken.items()} == DAYS

    kept = taken["2021-08-09"]  # worked on in December, when two other rules have come
    kept.completes("ask_questions", **NO).goes_through("measure_vitals", "consent")
    assert (screening_of(kept), kept.proposes(), kept.findings()) == ("3445", "HOSPITAL", {"old_age"})


def test_a_line_written_on_paper_is_judged_by_the_rule_of_its_day_weeks_later(
    year: Clinic, move: Callable[..., datetime]
) -> None:
    days = list(DAYS)
    for last, first in zip(days[::2], days[1::2], strict=True):
        until(first, move)
        move(days=50)
        for day in (last, first):
            edition = DAYS[day]
            visit = written(year, day, yes_items=["covid_recent"] if edition != "5785" else [])
            assert screening_of(visit) == edition
            outcome = visit.decided("screening").outcome
            found = (outcome["conclusion"], outcome["place_required"], visit.findings())
            assert found == FOUND[edition], day
            (dose,) = visit.records("dose")
            assert ("screening_says_no" in dose["flags"]) is (found[0] == "DEFER"), "recorded, and flagged"
        if first == "2021-07-15":
            a_line_may_say_what_only_the_form_of_its_day_asks(year)


def a_line_may_say_what_only_the_form_of_its_day_asks(year: Clinic) -> None:
    asked = written(year, "2021-07-12", yes_items=["chronic_disease"])
    assert asked.findings() == {"chronic_disease", "old_age"}
    asked = written(year, "2021-08-12", yes_items=["pregnant_from_13"])
    assert asked.findings() == {"pregnant_from_13"}
    with pytest.raises(Invalid) as caught:
        written(year, "2021-08-12", yes_items=["chronic_disease"])
    assert caught.value.findings[0].pointer == "/yes_items/0"


def until(day: str, move: Callable[..., datetime]) -> None:
    """The clock goes to eight in the morning of a day in Vietnam."""
    wanted = datetime.fromisoformat(f"{day}T08:00:00+07:00")
    move(seconds=(wanted - clock.now()).total_seconds())


def written(year: Clinic, day: str, **line: object) -> Visit:
    """Somebody of 70 had a dose of AstraZeneca on a day, as paper says."""
    with database.transaction() as connection:
        person = registered(connection, BORN_ON, "female")
    usual = {"paper_on": day, "received_time": "0905", "injected_time": "0925"}
    return year.wrote(person, **usual | line)


def screening_of(visit: Visit) -> str:
    """The screening rule under which a case runs: that of the last edition that changed it."""
    with databases.transaction() as connection:
        compiled = instances.view(connection, visit.id, access.SYSTEM).definition
    title = compiled.dmn_files["screening.dmn"].decode().partition('name="')[2].partition('"')[0]
    return next(name for name in reversed(ADULT) if f"{name}/QĐ-BYT" in title)
