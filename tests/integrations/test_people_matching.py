"""Whether somebody is in the registry already, and what is corrected later: never certain without a paper."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from engine import catalogue
from engine.access import SYSTEM
from engine.catalogue import Context
from engine.errors import BusinessError, Invalid, NotFound
from integrations.people import matching, registry, synthetic, tables
from integrations.people.identifiers import Identifier
from integrations.people.matching import Known
from integrations.people.registry import Details, Person

AT = datetime(2021, 7, 26, 2, 0, tzinfo=UTC)
PAPER = Identifier("cccd", "079190123456")
BORN = date(1990, 2, 3)


def registered(connection, name="Nguyễn Thị Ánh Đào", **others) -> Person:
    known = {"born_on": BORN, "sex": "female", "identifiers": (PAPER,), "phones": ("0912345678",), **others}
    return registry.register(connection, Details(name, **known), AT, None)


def call(connection, task, **inputs):
    return (
        catalogue.current().service_task(f"people.{task}").call(inputs, Context("1", AT, connection, SYSTEM))
    )


def match(connection, name="Nguyễn Thị Ánh Đào", born_on="1990-02-03", paper=None, phone=None, sex="female"):
    papers = [{"type": "cccd", "value": paper}] if paper else []
    return call(
        connection,
        "match",
        name=name,
        born_on=born_on,
        sex=sex,
        identifiers=papers,
        phones=[phone] if phone else [],
    )


def test_a_paper_in_common_and_nothing_against_it_is_certain(connection):
    person = registered(connection)
    for name in ("Nguyễn Thị Ánh Đào", "NGUYEN THI ANH DAO", "Nguyễn Thị Ánh  Đao"):
        assert match(connection, name, paper=PAPER.value) == {"certain": str(person.id), "suspects": []}


@pytest.mark.parametrize(
    ("others", "against"),
    [
        ({"name": "Trần Văn Bình"}, "name"),
        ({"born_on": "1990-02-04"}, "born_on"),
        ({"born_on": "1985-02-03"}, "born_on"),
        ({"sex": "male"}, "sex"),
    ],
)
def test_a_paper_in_common_with_another_name_birth_or_sex_is_suspect_only(connection, others, against):
    person = registered(connection)
    told = match(connection, paper=PAPER.value, **others)
    assert told["certain"] is None
    assert [one["person_id"] for one in told["suspects"]] == [str(person.id)]
    assert against in told["suspects"][0]["against"]


def test_a_telephone_in_common_is_never_a_match(connection):
    registered(connection)
    assert match(connection, "Trần Văn Bình", "1962-11-30", phone="0912345678", sex="male") == {
        "certain": None,
        "suspects": [],
    }


def test_the_same_name_and_birth_without_a_paper_is_suspect_and_says_why(connection):
    person = registered(connection)
    told = match(connection, "nguyen thi anh dao", phone="0912345678")
    assert told["certain"] is None
    (suspect,) = told["suspects"]
    assert suspect["person_id"] == str(person.id)
    assert set(suspect["because"]) == {"name", "born_on", "sex", "phone"}
    assert match(connection, "nguyen thi anh dao")["suspects"][0]["score"] < suspect["score"]


def test_twins_of_one_household_are_not_each_other(connection):
    registered(connection)
    twin = registered(connection, "Nguyễn Thị Ánh Mai", identifiers=(Identifier("cccd", "079190999999"),))
    told = match(connection, "Nguyễn Thị Ánh Mai", paper="079190999999", phone="0912345678")
    assert told["certain"] == str(twin.id)


def test_papers_that_cannot_be_do_not_stop_a_comparison(connection):
    person = registered(connection)
    told = match(connection, paper="12", phone="call me")
    assert told["certain"] is None
    assert [one["person_id"] for one in told["suspects"]] == [str(person.id)]


PEOPLE = st.integers(0, 400).map(lambda seed: next(iter(synthetic.people(seed, 1))))


@given(PEOPLE, PEOPLE, st.booleans())
def test_a_likeness_lies_between_none_and_all_and_without_a_paper_is_never_certain(one, other, share):
    person = Person(1, "", other.name, other.born_on, other.sex, phones=other.phones)
    like = matching.likeness(
        Known(one.name, one.born_on, one.sex, one.identifiers, other.phones if share else one.phones), person
    )
    assert 0 <= like.score <= 1
    assert not like.is_certain
    if not {"name", "identifier"} & set(like.because):
        assert not like.is_suspect


# --- corrections ------------------------------------------------------------------------------------------


def changes(connection, person):
    table = tables.person_change
    rows = connection.execute(select(table).where(table.c.person_id == person.id).order_by(table.c.change_id))
    return [(row.part, row.before, row.after, row.reason) for row in rows]


def test_a_correction_keeps_what_was_there_and_is_found_at_once(connection):
    person = registered(connection)
    told = call(
        connection, "update", person_id=str(person.id), reason="Căn cước ghi khác", name=" Nguyễn Thị  Anh Đào ",
        born_on="1991-02-03", sex="female", address=None,
    )  # fmt: skip
    assert told == {"changed": ["name", "born_on"], "warnings": ["birth_year_differs"]}
    assert changes(connection, person) == [
        ("name", "Nguyễn Thị Ánh Đào", "Nguyễn Thị Anh Đào", "Căn cước ghi khác"),
        ("born_on", "1990-02-03", "1991-02-03", "Căn cước ghi khác"),
    ]
    assert [one.name for one in registry.find(connection, "anh dao 1991")] == ["Nguyễn Thị Anh Đào"]
    assert registry.find(connection, "anh dao 1990") == []


def test_a_correction_that_corrects_nothing_leaves_no_trace(connection):
    person = registered(connection)
    same = {"name": person.name, "born_on": "1990-02-03"}
    assert call(connection, "update", person_id=str(person.id), reason="–", **same)["changed"] == []
    assert changes(connection, person) == []
    with pytest.raises(Invalid):
        call(connection, "update", person_id=str(person.id), reason="–", name=" . ")
    with pytest.raises(NotFound):
        call(connection, "update", person_id="1", reason="–", name="A B")


def test_contacts_are_added_and_a_telephone_may_be_shared(connection):
    person = registered(connection)
    child = registered(connection, "Nguyễn Văn An", sex="male", identifiers=(), phones=())
    added = call(
        connection, "add_contact", person_id=str(child.id), reason="Mẹ cho số", phones=["+84912345678", "0987654321"],
        identifiers=[{"type": "bhyt", "value": "4790123456"}],
    )  # fmt: skip
    assert added == {"added": 3, "warnings": []}
    assert call(connection, "add_contact", person_id=str(child.id), phones=["0912345678"])["added"] == 0
    assert registry.person(connection, child.id).phones == ("0912345678", "0987654321")
    assert len(changes(connection, child)) == 3
    with pytest.raises(BusinessError) as taken:
        call(
            connection,
            "add_contact",
            person_id=str(child.id),
            identifiers=[{"type": "cccd", "value": PAPER.value}],
        )
    assert taken.value.code == "IDENTIFIER_TAKEN"
    assert registry.person(connection, person.id).identifiers == (PAPER,)
