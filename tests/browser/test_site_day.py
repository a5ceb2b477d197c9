"""A person goes through a site: reception, doctor, needle, observation, confirmation; each role at its own screen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from playwright.sync_api import Page, expect

from engine import access, catalogue, database, instances, records
from engine.worker import Worker
from tests import foundings
from tests.browser.test_staff_morning import submit
from tests.processes import clinic as clinics
from tests.processes.clinic import NO, PASSWORD, USUAL, Clinic

Visitor = Callable[..., Page]
Camera = Callable[[Page, str], Path]
Judge = Callable[[Page], None]
Move = Callable[..., datetime]
SIZES = pytest.mark.parametrize(
    ("phone", "language"), [(False, "vi"), (True, "en")], ids=["desktop-vi", "phone-en"]
)


@pytest.fixture
def library(database: sqlalchemy.Engine, move: Move) -> Clinic:
    """Instead of the library: the campaign's clinic with its session of today open."""
    made = foundings.once(clinics.founded)
    made.opened()
    return made


def worker(visitor: Visitor, sign_in: str, **wishes: Any) -> Page:
    page = visitor(**wishes)
    page.goto("/sign-in")
    page.locator("#sign_in").fill(sign_in)
    page.locator("#password").fill(PASSWORD)
    page.locator("form[action='/sign-in'] button").click()
    return page


def answered(page: Page, answers: dict[str, Any]) -> None:
    """Each question is answered as people do: what is offered is chosen, what is asked for is typed."""
    for name, value in answers.items():
        box = page.locator(f"[name='{name}']:not([type=hidden])")
        expect(box.first).to_be_visible()
        kind = box.first.evaluate("box => box.type")
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if kind == "radio":
            page.locator(f"[name='{name}'][value='{text}']").check()
        elif kind == "checkbox":
            box.first.check()
        elif kind == "select-one":
            box.select_option(text)
        else:
            box.fill(text.replace(".", ",") if isinstance(value, float) else text)


def does(
    page: Page, station: str, answers: dict[str, Any], look: Callable[[Page], None] | None = None
) -> None:
    """The one who waits at a station is called and served."""
    page.goto(f"/stations/{station}")
    page.locator(".queue-row, .board-who").first.click()
    answered(page, answers)
    if look is not None:
        look(page)
    submit(page)
    Worker().settle()


@SIZES
def test_a_person_who_comes_by_chance_leaves_with_a_confirmation(
    visitor: Visitor,
    library: Clinic,
    move: Move,
    photographed: Camera,
    accessible: Judge,
    phone: bool,
    language: str,
) -> None:
    with database.transaction() as connection:
        person = clinics.registered(connection, "1991-03-02", "female")

    def looked(name: str) -> Callable[[Page], None]:
        def look(page: Page) -> None:
            photographed(page, name)
            accessible(page)

        return look

    def sign_in(role: str) -> Page:
        return worker(visitor, role, phone=phone, language=language)

    desk = sign_in("receptionist")
    desk.goto("/stations/reception_station")
    desk.locator("#scan").fill(library_code(person))
    desk.locator("#scan").press("Enter")
    desk.locator("form[action='/start/visit/about'] button").first.click()
    answered(desk, {"arrival_kind": "walk_in"})
    submit(desk)
    Worker().settle()
    does(desk, "reception_station", USUAL["reception"], looked("reception"))

    doctor = sign_in("screener")
    questions = {**USUAL["ask_questions"], **NO, "pregnant": "no", "breast_feeding": "no"}
    does(doctor, "screening_station", questions, looked("questions"))
    does(doctor, "screening_station", USUAL["measure_vitals"])
    does(doctor, "screening_station", USUAL["consent"], looked("consent"))
    does(doctor, "screening_station", USUAL["conclude"], looked("conclude"))

    nurse = sign_in("vaccinator")
    does(
        nurse, "injection_station", {"readiness": "ready"}, looked("prepare")
    )  # lot and product are the session's
    does(nurse, "injection_station", USUAL["give_dose"], looked("give"))

    observer = sign_in("observer")
    observer.goto("/stations/observation_station")
    expect(observer.locator(".board-card")).to_have_count(1)
    photographed(observer, "board")
    accessible(observer)
    move(minutes=31)
    Worker().settle()
    observer.reload()
    observer.locator(".board-touches .button-main").click()
    Worker().settle()

    clerk = sign_in("certifier")
    does(
        clerk,
        "confirmation_station",
        {"next_appointment_on": "20/09/2021", "paper_given": "given"},
        looked("paper"),
    )
    with database.transaction() as connection:
        (visit,) = instances.find(connection, access.SYSTEM, process="visit", subject=person)
        assert visit.outcome == "ended_confirmed"
        assert [one.kind for one in records.of(connection, visit.instance_id)].count("dose") == 1
    clerk.goto(f"/cases/{visit.instance_id}/documents/confirmation")
    expect(clerk.locator(".sheet")).to_contain_text("ABV5300")
    photographed(clerk, "confirmation")


def test_one_touch_calls_the_doctor_and_a_stopped_session_stops_the_next_needle_only(
    visitor: Visitor, library: Clinic, photographed: Camera
) -> None:
    until = ("reception", "ask_questions", "measure_vitals", "consent", "conclude")
    watched = library.visit().goes_through(*until, "prepare_injection", "give_dose")
    at_needle = library.visit("1985-01-01").goes_through(*until, "prepare_injection")
    following = library.visit("1980-01-01").goes_through(*until)
    observer = worker(visitor, "observer", phone=True)
    observer.goto("/stations/observation_station")
    observer.locator(".board-touches .button-bad").first.click()
    expect(observer.locator(".board-card")).to_have_count(0)
    assert watched.waits_at() == ["treat_reaction"]
    library.turned(library.opened(), "stopped")
    nurse = worker(visitor, "vaccinator")
    nurse.goto(f"/tasks/{following.task('prepare_injection').id}")
    answered(nurse, {"readiness": "ready"})
    submit(nurse)
    Worker().settle()
    assert "session_hold" in following.waits_at()
    nurse.goto(f"/tasks/{following.task('session_hold').id}")
    photographed(nurse, "held")
    nurse.goto(f"/tasks/{at_needle.task('give_dose').id}")
    answered(nurse, USUAL["give_dose"])
    submit(nurse)
    Worker().settle()
    assert "session_not_open" in at_needle.records("dose")[0]["flags"]


def library_code(person: str) -> str:
    """The code on a person's slip."""
    with database.transaction() as connection:
        return str(
            catalogue.ask(connection, "people.person", {"person_id": person}, access.SYSTEM)["shown_code"]
        )
