"""Roles for a time, given and taken back by a case: honoured to the moment, never more than the giver may give."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine import access, account_events, accounts, catalogue, clock, units
from engine.access import SYSTEM
from engine.catalogue import Context
from engine.errors import BusinessError, NotFound
from engine.ids import InstanceId

CASE = InstanceId(4711)


class Place:
    """A district with a site, its lead, and a volunteer without roles."""

    def __init__(self, connection) -> None:
        self.connection = connection
        self.province = units.create(connection, "79", "province", "Tỉnh")
        self.district = units.create(connection, "760", "district", "Quận", self.province)
        self.site = units.create(connection, "S1", "site", "Điểm tiêm 1", self.district)
        self.other = units.create(connection, "S2", "site", "Điểm tiêm 2", self.district)
        self.lead = self.person("lead", "Trần Phụ Trách", ("site_lead", self.site))
        self.volunteer = self.person("volunteer", "Lê Tình Nguyện", unit=self.site)

    def person(self, sign_in, name, *grants, unit=None):
        account = accounts.create(self.connection, sign_in, name, "a long password", unit=unit)
        for role, at in grants:
            accounts.grant(self.connection, account, role, at)
        return accounts.actor(self.connection, account)

    def call(self, task, actor=SYSTEM, case=CASE, **inputs):
        context = Context("1", clock.now(), self.connection, actor=actor, unit=self.site, instance_id=case)
        return catalogue.current().service_task(f"staff.{task}").call(inputs, context)

    def roles(self, at=None):
        return access.roles_at(
            accounts.actor(self.connection, self.volunteer.account_id), (at or self.site).path
        )


@pytest.fixture
def place(connection, move) -> Place:
    return Place(connection)


def evening(hours=8):
    return (clock.now() + timedelta(hours=hours)).isoformat()


def test_a_role_given_by_a_case_begins_and_ends_at_its_moments(place, move):
    later = (clock.now() + timedelta(hours=1)).isoformat()
    people = [{"sign_in": "volunteer", "roles": ["receptionist", "observer"]}]
    given = place.call("assign", place.lead, people=people, until=evening(), **{"from": later})
    assert given["assigned"][0]["name"] == "Lê Tình Nguyện"
    assert place.roles() == frozenset()
    move(hours=1)
    assert place.roles() == {"receptionist", "observer"}
    assert place.roles(place.other) == frozenset(), "only where it was given"
    move(hours=7)
    assert place.roles() == frozenset()


def test_a_case_takes_back_what_it_gave_and_nothing_else(place):
    accounts.grant(place.connection, place.volunteer.account_id, "observer", place.site)
    people = [{"account_id": str(place.volunteer.account_id), "roles": ["receptionist", "observer"]}]
    place.call("assign", place.lead, people=people, until=evening())
    place.call(
        "assign", place.lead, InstanceId(4712), people=[{**people[0], "roles": ["screener"]}], until=evening()
    )
    assert place.call("release", place.lead) == {"released": 2}
    assert place.roles() == {"observer", "screener"}, "given by hand, and by another case"
    assert place.call("release", place.lead) == {"released": 0}


def test_assigning_again_sets_the_new_time(place, move):
    people = [{"sign_in": "volunteer", "roles": ["receptionist"]}]
    place.call("assign", place.lead, people=people, until=evening(2))
    place.call("assign", place.lead, people=people, until=evening(5))
    place.call("assign", place.lead, people=people, until=evening(5))
    move(hours=4)
    assert place.roles() == {"receptionist"}
    events = account_events.of(place.connection, place.volunteer.account_id)
    assert [event.event for event in events] == ["role_granted", "role_granted", "created"], (
        "unchanged: no event"
    )


@pytest.mark.parametrize("role", ["site_lead", "administrator", "store_keeper"])
def test_nobody_gives_through_a_case_what_is_not_theirs_to_give(place, role):
    with pytest.raises(BusinessError) as refused:
        place.call("assign", place.lead, people=[{"sign_in": "volunteer", "roles": [role]}], until=evening())
    assert refused.value.code == "ROLE_NOT_YOURS"
    with pytest.raises(BusinessError):
        place.call(
            "assign", place.lead, people=[{"sign_in": "volunteer", "roles": ["observer"]}], until=evening(),
            unit_code="S2",
        )  # fmt: skip


def test_who_has_no_open_account_cannot_be_assigned(place):
    with pytest.raises(BusinessError) as refused:
        place.call(
            "assign", place.lead, people=[{"sign_in": "nobody", "roles": ["observer"]}], until=evening()
        )
    assert refused.value.code == "ACCOUNT_UNKNOWN"


def test_people_are_found_by_part_of_a_name_where_one_works(place):
    place.person("stranger", "Lê Người Lạ", unit=place.other)
    found = catalogue.ask(place.connection, "staff.find", {"text": "lê tình"}, place.lead)["found"]
    assert [(one["code"], one["label"]) for one in found] == [("volunteer", "Lê Tình Nguyện · volunteer")]
    assert catalogue.ask(place.connection, "staff.find", {"text": "lê"}, place.lead)["found"] == found
    shown = catalogue.ask(place.connection, "staff.account", {"account_id": found[0]["id"]}, place.lead)
    assert shown == found[0]
    stranger = accounts.by_sign_in(place.connection, "stranger")
    for text in (str(stranger.account_id), "x", "9" * 30, ""):
        with pytest.raises(NotFound):
            catalogue.ask(place.connection, "staff.account", {"account_id": text}, place.lead)


def test_who_is_on_duty_is_told_with_the_end_of_each_role(place):
    people = [{"sign_in": "volunteer", "roles": ["receptionist"]}]
    place.call("assign", place.lead, people=people, until=evening())
    on_duty = catalogue.ask(place.connection, "staff.on_duty", {"unit_code": "S1"}, place.lead)["people"]
    assert [(one["sign_in"], one["role"], one["until"] is None) for one in on_duty] == [
        ("volunteer", "receptionist", False),
        ("lead", "site_lead", True),
    ]
    with pytest.raises(NotFound):
        catalogue.ask(place.connection, "staff.on_duty", {"unit_code": "S2"}, place.lead)
