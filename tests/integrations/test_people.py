"""The registry of people, on a real database: registered once, found by what they show or say, audited."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st
from sqlalchemy import insert, select, text

from engine import access, catalogue, codes, ids, tables
from engine.access import SYSTEM, Actor, Grant
from engine.catalogue import Context
from engine.errors import BusinessError, Conflict, Invalid, NotAllowed, NotFound
from engine.ids import AccountId, UnitId
from integrations.people import identifiers, names, registry, searches, synthetic
from integrations.people import tables as tables_of_people
from integrations.people.identifiers import Identifier
from integrations.people.registry import Details

AT = datetime(2021, 7, 26, 2, 0, tzinfo=UTC)


@pytest.fixture
def nurse(monkeypatch) -> Actor:
    """Somebody who may work at one site."""
    monkeypatch.setattr(access, "paths_with", lambda actor, permission: ("/vn/",) if actor.grants else ())
    return Actor(AccountId(7), "nurse", "Nurse", grants=(Grant("nurse", UnitId(1), "/vn/"),))


def registered(connection, name="Nguyễn Thị Ánh Đào", **others) -> registry.Person:
    known = {"born_on": date(1990, 2, 3), "sex": "female", **others}
    return registry.register(connection, Details(name, **known), AT, None)


def found(connection, typed: str) -> list[str]:
    return [person.name for person in registry.find(connection, typed)]


# --- names, papers: pure --- ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Nguyễn Văn Đạt", "nguyen van dat"),
        ("NGUYỄN  VĂN\tĐẠT", "nguyen van dat"),
        ("Hoàng Thị Ưng Ý", "hoang thi ung y"),
        ("Y-Bhiu Êban", "y bhiu eban"),
        ("Trần, Thị (Út)", "tran thi ut"),
    ],
)
def test_a_key_ignores_diacritics_case_and_punctuation(name, key):
    assert names.key(name) == key
    assert names.key(unicodedata.normalize("NFD", name)) == key, "composed or not, it is the same name"
    assert names.written(unicodedata.normalize("NFD", name)) == names.written(name)


@given(st.text(max_size=40))
def test_a_key_of_a_key_is_itself(name):
    assert names.key(names.key(name)) == names.key(name)


def test_papers_have_one_written_form():
    assert identifiers.read("cccd", "079 090 123456") == Identifier("cccd", "079090123456")
    assert identifiers.read("cccd", "07909012345") is None
    assert identifiers.read("passport", "b1234567") == Identifier("passport", "B1234567")
    assert identifiers.read("library card", "1") is None
    assert identifiers.phone("+84 (91) 234-5678") == "0912345678"
    assert identifiers.phone("0084912345678") == "0912345678"
    assert identifiers.phone("0112345678") is None


@pytest.mark.parametrize(
    ("number", "born_on", "sex", "expected"),
    [
        ("079190123456", date(1990, 2, 3), "female", []),
        ("079090123456", date(1990, 2, 3), "female", ["sex_differs"]),
        ("079191123456", date(1990, 2, 3), "female", ["birth_year_differs"]),
        ("999190123456", date(1990, 2, 3), "female", ["province_unknown"]),
        ("001305000001", date(2005, 1, 1), "female", []),
        ("001205000001", date(2005, 1, 1), "other", []),
    ],
)
def test_what_contradicts_in_a_citizen_number_is_a_warning(number, born_on, sex, expected):
    assert identifiers.warnings(Identifier("cccd", number), born_on, sex) == expected


def test_invented_people_are_the_same_for_the_same_seed_and_hold_valid_papers():
    first = list(synthetic.people(2021, 300, ("001", "079")))
    assert first == list(synthetic.people(2021, 300, ("001", "079")))
    assert first != list(synthetic.people(2022, 300, ("001", "079")))
    assert len({person.identifiers for person in first}) == 300
    for person in first:
        (identifier,) = person.identifiers
        assert identifiers.read(identifier.type, identifier.value) == identifier
        assert identifiers.warnings(identifier, person.born_on, person.sex) == []
        assert identifiers.phone(person.phones[0]) == person.phones[0]


# --- the registry -----------------------------------------------------------------------------------------


def test_a_person_is_kept_whole(connection):
    papers = (Identifier("bhyt", "GD4790123456789"), Identifier("cccd", "079190123456"))
    person = registered(
        connection, address="12 Lê Lợi", unit_code="26740", identifiers=papers, phones=("0912345678",)
    )
    assert registry.person(connection, person.id) == person
    assert codes.read(person.code) == person.code
    assert person.identifiers == papers


def test_a_person_is_found_by_code_paper_or_telephone(connection):
    person = registered(connection, identifiers=(Identifier("cccd", "079190123456"),), phones=("0912345678",))
    registered(connection, "Trần Văn Bình", sex="male", phones=("0912345678", "0987654321"))
    for typed in (person.code, codes.shown(person.code).lower(), "079190 123456"):
        assert found(connection, typed) == [person.name]
    assert set(found(connection, "+84912345678")) == {person.name, "Trần Văn Bình"}, (
        "a telephone may be shared"
    )
    assert found(connection, "0900000000") == []


@pytest.mark.parametrize(
    "typed",
    [
        "Nguyễn Thị Ánh Đào",
        "nguyen thi anh dao",
        "Đào",
        "dao",
        "anh dao",
        "dao anh",
        "ng thi đ",
        "NGUYỄN",
        "ánh",
    ],
)
def test_a_name_is_found_with_and_without_diacritics_by_the_beginnings_of_its_words(connection, typed):
    registered(connection)
    registered(connection, "Lê Văn Cường", sex="male")
    assert found(connection, typed) == ["Nguyễn Thị Ánh Đào"]
    assert found(connection, unicodedata.normalize("NFD", typed)) == ["Nguyễn Thị Ánh Đào"]


@pytest.mark.parametrize(
    "typed", ["", "  ", "xyz", "%", "_", "ao", "'; drop table person; --", "\U0010ffff", "a" * 200]
)
def test_what_matches_nobody_finds_nobody(connection, typed):
    registered(connection)
    assert found(connection, typed) == []


def test_who_has_the_diacritics_typed_comes_first(connection):
    for name in ("Nguyễn Văn Hòa", "Nguyễn Văn Hoa", "Nguyễn Văn Hoà"):
        registered(connection, name, sex="male")
    assert found(connection, "nguyễn văn hoa")[0] == "Nguyễn Văn Hoa"
    assert len(found(connection, "nguyen van hoa")) == 3


@pytest.mark.parametrize(
    "typed",
    [
        "15/08/1984", "15.8.1984", "15-08-1984", "15081984", "ánh 1984", "1984 anh dao", "anh 15/8/1984 thi",
        "15081984 ng",
    ],
)  # fmt: skip
def test_a_person_is_found_by_birth_date_or_year_with_or_without_words_of_the_name(connection, typed):
    registered(connection, born_on=date(1984, 8, 15))
    registered(connection, born_on=date(1985, 8, 15))
    registered(connection, "Lê Văn Cường", born_on=date(1985, 8, 16), sex="male")
    (found_one,) = registry.find(connection, typed)
    assert (found_one.name, found_one.born_on) == ("Nguyễn Thị Ánh Đào", date(1984, 8, 15))


@pytest.mark.parametrize(
    "typed", ["31/02/1984", "a", "n t l", "15/08/1884", "1880", "anh 99/99/9999", "'&|!:*"]
)
def test_what_is_no_date_or_says_too_little_finds_nobody(connection, typed):
    registered(connection, born_on=date(1984, 2, 28))
    assert found(connection, typed) == []


@given(st.text(max_size=40))
def test_whatever_is_typed_is_read_without_an_error(typed):
    wanted = searches.read(typed)
    assert wanted is None or wanted.words or wanted.born


ODD = st.text(st.sampled_from("an'\\&|!:*()<->%_ 19/84đêỳ\"$"), max_size=12)


@settings_of_hypothesis(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
@given(ODD)
def test_whatever_is_typed_is_searched_without_an_error(connection, typed):
    registry.find(connection, typed)


def test_a_name_is_searched_through_the_index(connection):
    for details in synthetic.people(1, 400):
        registry.register(connection, details, AT, None)
    connection.execute(text("analyze person"))
    connection.execute(text("set local enable_seqscan = off"))
    query = select(tables_of_people.person.c.person_id).where(
        searches.words_begin(tables_of_people.person.c.name_key, ("nguyen", "kha"))
    )
    compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
    plan = "\n".join(connection.scalars(text("explain " + str(compiled).replace(":*", "\\:*"))))
    assert "ix_person_words" in plan


def test_a_paper_belongs_to_one_person(connection):
    paper = (Identifier("cccd", "079190123456"),)
    registered(connection, identifiers=paper)
    with pytest.raises(Conflict) as caught:
        registered(connection, "Lê Văn Cường", identifiers=paper)
    assert caught.value.code == "identifier_taken"


def test_nobody_has_an_id_that_was_not_given(connection):
    with pytest.raises(NotFound):
        registry.person(connection, 1)


# --- through the catalogue --------------------------------------------------------------------------------


def context(connection) -> Context:
    return Context("1-1-register", AT, connection, SYSTEM)


NEW = {"name": "  Nguyễn  Thị Ánh Đào ", "born_on": "1990-02-03", "sex": "female"}


def register(connection, **others):
    return catalogue.current().service_task("people.register").call({**NEW, **others}, context(connection))


def test_a_process_registers_a_person(connection):
    given = register(
        connection,
        identifiers=[{"type": "cccd", "value": "079 090 123456"}],
        phones=["+84912345678", "0912345678"],
    )
    assert given["warnings"] == ["sex_differs"]
    person = registry.person(connection, int(given["person_id"]))
    assert (person.name, person.code, person.phones) == ("Nguyễn Thị Ánh Đào", given["code"], ("0912345678",))


def test_a_paper_that_is_taken_is_a_refusal_the_process_models(connection):
    paper = [{"type": "cccd", "value": "079190123456"}]
    register(connection, identifiers=paper)
    with pytest.raises(BusinessError) as caught:
        register(connection, identifiers=paper)
    assert caught.value.code == "IDENTIFIER_TAKEN"


@pytest.mark.parametrize(
    ("others", "pointer"),
    [
        ({"identifiers": [{"type": "cccd", "value": "12"}]}, "/identifiers/0/value"),
        ({"phones": ["0912345678", "call me"]}, "/phones/1"),
        ({"name": " - "}, "/name"),
        ({"sex": "f"}, "/sex"),
        ({"born_on": "3/2/1990"}, "/born_on"),
    ],
)
def test_details_that_cannot_be_are_refused_with_their_place(connection, others, pointer):
    with pytest.raises(Invalid) as caught:
        register(connection, **others)
    assert [finding.pointer for finding in caught.value.findings] == [pointer]
    for language in ("vi", "en"):
        assert not caught.value.findings[0].sentence(language).startswith("findings.")


def test_a_look_at_a_person_is_answered_and_audited(connection, nurse):
    person = registered(connection)
    told = catalogue.ask(connection, "people.person", {"person_id": str(person.id)}, nurse)
    assert (told["id"], told["name"], told["shown_code"]) == (
        str(person.id),
        person.name,
        codes.shown(person.code),
    )
    listed = catalogue.ask(connection, "people.find", {"text": "anh dao"}, nurse)
    assert listed["found"] == [told]
    looks = connection.execute(select(tables.lookup).order_by(tables.lookup.c.lookup_id)).all()
    assert [(look.actor_id, look.what, look.subject) for look in looks] == [
        (7, "people.person", str(person.id)),
        (7, "people.find", None),
    ]


def test_what_contradicts_in_a_persons_papers_is_told_with_the_person(connection, nurse):
    person = registered(connection, identifiers=(Identifier("cccd", "079090123456"),))
    told = catalogue.ask(connection, "people.person", {"person_id": str(person.id)}, nurse)
    assert told["warnings"] == ["sex_differs"]


def test_who_works_nowhere_may_not_ask(connection, nurse):
    visitor = Actor(AccountId(8), "visitor", "Visitor")
    with pytest.raises(NotAllowed):
        catalogue.ask(connection, "people.find", {"text": "anh"}, visitor)


@pytest.mark.parametrize("person_id", ["", "x", "0", "-1", "9" * 19, "9" * 30, "١٢"])
def test_an_id_nobody_has_is_not_found(connection, nurse, person_id):
    with pytest.raises(NotFound):
        catalogue.ask(connection, "people.person", {"person_id": person_id}, nurse)


def test_a_history_is_the_records_that_name_the_person_newest_first(connection, nurse):
    person, other = registered(connection), registered(connection, "Lê Văn Cường")
    for number, (who, kind) in enumerate(
        [(person, "dose"), (other, "dose"), (person, "deferral"), (person, "dose")]
    ):
        connection.execute(
            insert(tables.record).values(
                instance_id=ids.issue(connection), seq=1, kind=kind, at=AT.replace(hour=number), unit_path="/vn/",
                subject=str(who.id), version_id=1, entries={"dose_no": number},
            )
        )  # fmt: skip
    asked = {"person_id": str(person.id)}
    doses = catalogue.ask(connection, "people.history", asked, nurse)["doses"]
    assert [dose["dose_no"] for dose in doses] == [3, 0]
    task = catalogue.current().service_task("people.history")
    assert task.call(asked, context(connection)) == {"doses": doses}
    assert len(task.call({**asked, "kind": "deferral"}, context(connection))["doses"]) == 1


def test_a_look_at_many_leaves_an_audit_row_for_each(connection, nurse):
    first, second = registered(connection, "Lê Văn An"), registered(connection, "Lê Văn Bình")
    asked = {"person_ids": [str(second.id), str(first.id), "1"]}
    answer = catalogue.ask(connection, "people.people", asked, nurse)
    assert [one["name"] for one in answer["people"]] == ["Lê Văn Bình", "Lê Văn An"]
    looks = connection.scalars(select(tables.lookup.c.subject).where(tables.lookup.c.what == "people.people"))
    assert set(looks) == {str(first.id), str(second.id), "1"}
