"""Text messages: one contract for every gateway, each message sent once, and an outbox that can be read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine import catalogue
from engine import database as databases
from engine.access import SYSTEM
from engine.catalogue import Context
from engine.errors import BusinessError, Invalid
from integrations.people import registry
from integrations.people.registry import Details
from integrations.sms import gateways, handlers

AT = datetime(2021, 7, 26, 2, 0, tzinfo=UTC)
KEY = "deferral_invitation"


@pytest.fixture(params=["console"])
def gateway(request, database) -> gateways.Gateway:
    """Every gateway there is; each keeps the same promises."""
    return {"console": lambda: gateways.ConsoleGateway(database)}[request.param]()


def send(job_id: str = "1-1-remind", **inputs):
    return catalogue.current().service_task("sms.send").call({"text_key": KEY, **inputs}, Context(job_id, AT))


def outbox(database, **inputs):
    with database.begin() as connection:
        return catalogue.ask(connection, "sms.outbox", inputs, SYSTEM)["messages"]


# --- the contract of gateways -----------------------------------------------------------------------------


def test_a_message_is_accepted_under_an_id(gateway):
    assert gateway.send("0912345678", "Hello", "1-1-remind", AT).id


def test_the_same_key_is_the_same_message(gateway):
    first = gateway.send("0912345678", "Hello", "1-1-remind", AT)
    assert gateway.send("0912345678", "Hello", "1-1-remind", AT) == first
    assert gateway.send("0912345678", "Hello", "1-2-remind", AT) != first


@pytest.mark.parametrize("number", ["", "12", "hello", "0199999123", "00000", "+1 555 0100"])
def test_a_number_that_cannot_be_reached_is_a_refusal_that_does_not_tell_the_number(gateway, number):
    with pytest.raises(BusinessError) as caught:
        gateway.send(number, "Hello", "1-1-remind", AT)
    assert caught.value.code == gateways.UNREACHABLE
    assert len(number) < 4 or number not in str(caught.value)


# --- the console's outbox and the service task ------------------------------------------------------------


def test_what_was_sent_can_be_read_newest_first(database):
    send("1-1-a", to="+84 912 345 678")
    send("1-1-b", to="0987654321", language="en")
    assert [(message["to"], message["text"][:7]) for message in outbox(database)] == [
        ("0987654321", "Vaccina"),
        ("0912345678", "Tiêm ch"),
    ]
    assert [message["to"] for message in outbox(database, to="0912345678")] == ["0912345678"]
    assert len(outbox(database, limit=1)) == 1


def test_a_job_tried_again_sends_nothing_twice(database):
    assert send(to="0912345678") == send(to="0912345678")
    assert len(outbox(database)) == 1


def test_a_person_is_reached_at_the_first_telephone(database):
    with databases.transaction() as connection:
        details = Details("Lê Văn An", datetime(1990, 1, 1).date(), "male", phones=("0912345678",))
        person = registry.register(connection, details, AT, None)
        silent = registry.register(connection, Details("Lê Văn Bình", details.born_on, "male"), AT, None)
    send(to_person=str(person.id))
    assert [message["to"] for message in outbox(database)] == ["0912345678"]
    for nobody in (str(silent.id), "1"):
        with pytest.raises(BusinessError) as caught:
            send("1-9-x", to_person=nobody)
        assert caught.value.code == gateways.UNREACHABLE


def test_gaps_are_filled_and_dates_written_as_people_read_them():
    written = handlers.written("deferral_reminder", {"until": "2021-12-05"}, "vi")
    assert "05/12/2021" in written
    assert "{" not in written
    invited = {
        "place": "Trạm",
        "at": "2021-07-27T01:30:00Z",
        "until": "2021-07-26T17:00:00+07:00",
        "code": "AB",
    }
    assert "08:30 27/07/2021" in handlers.written("invitation", invited, "vi")


def test_a_gap_that_stays_empty_or_a_text_nobody_wrote_stops_the_message(database):
    for inputs in ({"text_key": "deferral_reminder"}, {"text_key": "nothing"}):
        with pytest.raises(Invalid) as caught:
            send(to="0912345678", **inputs)
        for language in ("vi", "en"):
            assert not caught.value.findings[0].sentence(language).startswith("findings.")
    assert outbox(database) == []


def test_a_message_needs_somebody_to_go_to():
    with pytest.raises(Invalid):
        send()


def test_every_text_has_both_languages():
    texts = {language: handlers._texts(language) for language in ("vi", "en")}
    assert texts["vi"].keys() == texts["en"].keys()
