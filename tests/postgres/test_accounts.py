"""Accounts: who may change whose, lists read row by row, passwords given once, PINs bound to a device, ends at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import argon2
import pytest

from engine import (
    access,
    account_events,
    account_lists,
    accounts,
    campaign,
    clock,
    delegations,
    devices,
    passwords,
    settings,
    suspensions,
    units,
)  # fmt: skip
from engine.access import Permission
from engine.errors import Conflict, Finding, Invalid, NotAllowed, NotFound

BOOKS = settings.CHECKOUT / "tests" / "book_loan" / "processes" / "campaign.yaml"
PASSWORD = "a long password"


class Library:
    def __init__(self, connection) -> None:
        self.connection = connection
        self.network = units.create(connection, "network", "network", "Mạng lưới")
        self.library = units.create(connection, "city", "library", "Thư viện", self.network)
        self.branch = units.create(connection, "branch", "branch", "Chi nhánh", self.library)
        self.other = units.create(connection, "other", "branch", "Chi nhánh khác", self.library)
        self.admin = self.person("admin", "administrator", self.network)
        self.head = self.person("head", "head_librarian", self.library)
        self.librarian = self.person("librarian", "librarian", self.branch)

    def person(self, sign_in, role, unit, **others):
        account_id = accounts.create(self.connection, sign_in, f"A {sign_in}", PASSWORD, unit=unit, **others)
        accounts.grant(self.connection, account_id, role, unit)
        return accounts.actor(self.connection, account_id)

    def judged(self, text, actor=None, here=None):
        rows = account_lists.read(text)
        return account_lists.judged(self.connection, actor or self.head, rows, here or self.branch, "en")

    def made(self, text):
        return account_lists.made(self.connection, self.head, self.judged(text))


@pytest.fixture
def library(connection, move, monkeypatch) -> Iterator[Library]:
    cheap = argon2.PasswordHasher.from_parameters(argon2.profiles.CHEAPEST)
    for name in ("hasher", "given_hasher"):
        monkeypatch.setattr(passwords, name, lambda: cheap)
    with campaign.using(campaign.read(BOOKS)):
        yield Library(connection)


def codes(judged) -> list[list[str]]:
    return [[finding.code for finding in one.findings] for one in judged]


# --- who looks after whom ---------------------------------------------------------------------------------


def test_a_role_gives_the_roles_that_the_campaign_lists_and_no_others(library):
    assert delegations.grantable(library.head, library.branch.path) == {"librarian", "stacker", "binder"}
    assert delegations.grantable(library.head, library.network.path) == frozenset()
    assert delegations.grantable(library.librarian, library.branch.path) == frozenset()
    everything = delegations.grantable(library.admin, library.branch.path)
    assert {"administrator", "head_librarian"} <= everything
    assert "reader" not in everything, "a role that allows nothing is nobody's"


def test_nobody_changes_an_account_that_holds_more_than_they_may_give(library):
    connection = library.connection
    assert delegations.require_managed(connection, library.head, library.librarian.account_id)
    second = library.person("second", "head_librarian", library.library)
    both = library.person("both", "librarian", library.branch)
    accounts.grant(connection, both.account_id, "approver", library.network)
    for who in (second, both, library.head):  # an equal, somebody above, oneself
        with pytest.raises(NotAllowed):
            delegations.require_managed(connection, library.head, who.account_id)
    with pytest.raises(NotFound):
        delegations.require_managed(connection, library.head, library.admin.account_id)
    assert delegations.require_managed(connection, library.admin, both.account_id)
    assert [one.id for one in delegations.managed(connection, library.head, [both.account_id])] == []


def test_accounts_are_found_where_one_looks_after_them(library):
    def names(**wanted):
        return [one.sign_in for one in delegations.find(library.connection, library.head, **wanted)]

    assert names() == ["head", "librarian"]
    assert names(text="A LIBR") == ["librarian"]
    assert names(unit=library.other) == []
    assert names(role="librarian") == ["librarian"]
    assert delegations.find(library.connection, library.librarian) == []
    suspensions.suspend(library.connection, library.librarian.account_id, "left", library.head)
    assert (names(state="suspended"), names(state="open")) == (["librarian"], ["head"])


# --- roles and accounts for a time ------------------------------------------------------------------------


def test_an_account_ends_by_itself_and_its_open_session_with_it(library, move):
    until = clock.now().replace(hour=17)
    who = library.person("temp", "librarian", library.branch, until_at=until)
    token = accounts.open_session(library.connection, who, library.branch.id)
    assert accounts.session(library.connection, token)
    move(hours=15)
    assert accounts.session(library.connection, token) is None
    with pytest.raises(NotAllowed) as refused:
        accounts.verified(library.connection, "temp", PASSWORD)
    assert refused.value.code == "account_over"
    with pytest.raises(NotAllowed) as refused:
        accounts.verified(library.connection, "temp", "not the password")
    assert refused.value.code == "sign_in_wrong", "only who knows the password is told"
    assert who.account_id not in [
        one.account_id for one in accounts.holding(library.connection, "librarian", library.branch.path)
    ]


def test_a_suspended_account_is_out_at_once_everywhere_and_may_come_back(library):
    connection, who = library.connection, library.librarian
    token = accounts.open_session(connection, who, library.branch.id)
    device_id, device = devices.remember(connection)
    devices.set_pin(connection, device, device_id, who, library.branch.id, "274913", "274913")
    with pytest.raises(Invalid):
        suspensions.suspend(connection, who.account_id, "  ", library.head)
    suspensions.suspend(connection, who.account_id, "the day is over", library.head)
    assert accounts.session(connection, token) is None
    assert devices.people(connection, device) == []
    with pytest.raises(Conflict):
        suspensions.suspend(connection, who.account_id, "again", library.head)
    suspensions.restore(connection, who.account_id, library.head)
    assert accounts.actor(connection, who.account_id).grants == who.grants
    assert accounts.session(connection, token) is None, "sessions do not come back"
    events = account_events.of(connection, who.account_id)
    assert [(one.event, one.actor_name) for one in events[:2]] == [
        ("restored", "A head"),
        ("suspended", "A head"),
    ]
    assert events[1].details == {"reason": "the day is over"}


def test_in_the_evening_only_temporary_accounts_of_the_unit_are_meant(library, move):
    until = datetime(2021, 7, 31, 17, tzinfo=UTC)
    here = library.person("here", "librarian", library.branch, until_at=until)
    library.person("there", "librarian", library.other, until_at=until)
    assert suspensions.temporary(library.connection, library.branch) == [here.account_id]
    assert len(suspensions.temporary(library.connection, library.library)) == 2
    suspensions.suspend(library.connection, here.account_id, "evening", library.head)
    assert suspensions.temporary(library.connection, library.branch) == []
    assert suspensions.temporary(library.connection, library.branch, suspended=True) == [here.account_id]
    move(days=6)
    assert suspensions.temporary(library.connection, library.branch, suspended=True) == [], "over for good"


# --- lists ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "An Bình\tan\tlibrarian\tbranch\ten\t31/07/2021",
        "An Bình;an;Librarian;branch;EN;2021-07-31",
        '"An Bình",an,"Thủ thư",branch,en,31-07-2021',
        "Ngôn ngữ;Họ và tên;Vai trò;Đến ngày;Tên đăng nhập;Mã đơn vị\nen;An Bình;LIBRARIAN;31.07.2021;An;branch",
    ],
)
def test_a_list_is_read_however_it_is_written(library, text):
    (one,) = library.judged(text)
    assert one.findings == ()
    assert (one.name, one.sign_in, one.roles, one.unit, one.language) == (
        "An Bình", "an", ("librarian",), library.branch, "en",
    )  # fmt: skip
    assert one.until_at.isoformat() == "2021-08-01T00:00:00+07:00", "to the end of the day"


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (";x1;librarian", ["name_missing"]),
        ("A B;x y;librarian", ["sign_in_name"]),
        ("A B;;", ["list_role"]),
        ("A B;;head_librarian", ["list_role"]),
        ("A B;;librarian, no such", ["list_role"]),
        ("A B;;librarian;nowhere", ["list_unit"]),
        ("A B;;librarian;network", ["list_unit"]),
        ("A B;;librarian;;fr", ["list_language"]),
        ("A B;;librarian;;;32/01/2021", ["list_until"]),
        ("A B;;librarian;;;25/07/2021", ["list_until_past"]),
        ("A B;librarian;librarian", ["list_taken"]),
        (";;no such;nowhere;fr;x", ["name_missing", "list_unit", "list_role", "list_language", "list_until"]),
    ],
)
def test_every_fault_of_a_row_is_told_with_what_to_do(library, line, wrong):
    (one,) = library.judged(line)
    assert [finding.code for finding in one.findings] == wrong
    for language in ("vi", "en"):
        for finding in one.findings:
            assert not finding.sentence(language).startswith("findings.")
    assert account_lists.made(library.connection, library.head, [one]) == []


def test_rows_that_cannot_be_told_apart_are_told(library):
    judged = library.judged("An B;;librarian\nan b;;librarian\nC D;cd;librarian\nE F;CD;librarian")
    assert codes(judged) == [[], ["list_same_name"], [], ["list_twice"]]


def test_sign_in_names_are_made_from_names_and_never_twice(library):
    made = library.made("Nguyễn Văn An;;librarian\nNgô Vũ An;;librarian\nĐặng Ái;;librarian")
    assert [slip.sign_in for slip in made] == ["annv", "annv2", "aid"]


def test_the_same_list_again_doubles_nobody(library):
    text = "Nguyễn Văn An;;librarian;;;31/07/2021\nC D;cd;librarian, stacker"
    first = library.made(text)
    assert [slip.roles for slip in first] == [("librarian",), ("librarian", "stacker")]
    again = library.judged(text)
    assert all(one.known is not None and one.unused for one in again)
    assert account_lists.made(library.connection, library.head, again) == []
    anew = account_lists.given_anew(library.connection, library.head, again)
    assert [slip.sign_in for slip in anew] == ["annv", "cd"]
    with pytest.raises(NotAllowed):
        accounts.verified(library.connection, "annv", first[0].password)
    assert accounts.verified(library.connection, "annv", anew[0].password)
    written = account_lists.written(one.row for one in again)
    assert [one.known for one in library.judged(written)] == [one.known for one in again]


@pytest.mark.parametrize("text", ["", " \n;;\n", "name;roles\n", "\n".join(["A B;;librarian"] * 501)])
def test_a_list_of_nobody_or_of_too_many_is_refused(library, text):
    with pytest.raises(Invalid):
        library.judged(text)


def test_no_secret_stands_in_a_slip_that_is_logged(library):
    (slip,) = library.made("A B;;librarian")
    assert slip.password not in repr(slip)


# --- passwords --------------------------------------------------------------------------------------------


def test_a_password_that_was_given_is_changed_first_and_in_time(library, move):
    connection = library.connection
    (slip,) = library.made("A B;ab;librarian")
    who = accounts.verified(connection, "ab", slip.password)
    token = accounts.open_session(connection, who, library.branch.id)
    assert accounts.session(connection, token).must_change
    for new, again, wrong in (
        ("short", "short", "password_short"),
        ("aaaaaaaaaaaa", "aaaaaaaaaaaa", "password_plain"),
        ("a new password", "another", "password_differs"),
        (slip.password, slip.password, "password_same"),
    ):
        with pytest.raises(Invalid) as refused:
            passwords.change(connection, who.account_id, "", new, again)
        assert [finding.code for finding in refused.value.findings] == [wrong]
    passwords.change(connection, who.account_id, "", "a new password", "a new password")
    assert not accounts.session(connection, token).must_change
    with pytest.raises(Invalid) as refused:
        passwords.change(connection, who.account_id, "", "another password", "another password")
    assert refused.value.findings == (Finding("password_wrong", pointer="/known"),)
    move(days=4)
    assert accounts.verified(connection, "ab", "a new password"), "one's own does not run out"


def test_a_slip_that_was_not_used_in_time_is_worth_nothing(library, move):
    (slip,) = library.made("A B;ab;librarian")
    move(hours=73)
    with pytest.raises(NotAllowed) as refused:
        accounts.verified(library.connection, "ab", slip.password)
    assert refused.value.code == "password_over"


def test_a_reset_ends_sessions_and_the_old_password(library):
    connection, who = library.connection, library.librarian
    token = accounts.open_session(connection, who, library.branch.id)
    given = passwords.give(connection, who.account_id, library.head)
    assert accounts.session(connection, token) is None
    with pytest.raises(NotAllowed):
        accounts.verified(connection, "librarian", PASSWORD)
    assert accounts.verified(connection, "librarian", given)
    assert given not in str(account_events.of(connection, who.account_id))


def test_passwords_on_slips_are_never_the_same():
    drawn = {passwords.drawn() for _ in range(500)}
    assert len(drawn) == 500
    assert all(passwords.findings(one, "somebody") == [] for one in drawn)


# --- devices ----------------------------------------------------------------------------------------------


def pinned(library, who, pin="274913", device=None):
    device_id, token = device or devices.remember(library.connection)
    devices.set_pin(library.connection, token, device_id, who, library.branch.id, pin, pin)
    return device_id, token


@pytest.mark.parametrize(
    ("pin", "again", "wrong"),
    [
        ("12345", "12345", "pin_shape"), ("12345a", "12345a", "pin_shape"), ("١٢٣٤٥٦", "١٢٣٤٥٦", "pin_shape"),
        ("274913", "274914", "pin_differs"), ("111111", "111111", "pin_plain"), ("345678", "345678", "pin_plain"),
        ("987654", "987654", "pin_plain"), ("121212", "121212", "pin_plain"),
    ],
)  # fmt: skip
def test_a_pin_that_is_guessed_at_once_is_refused(library, pin, again, wrong):
    device_id, token = devices.remember(library.connection)
    with pytest.raises(Invalid) as refused:
        devices.set_pin(
            library.connection, token, device_id, library.librarian, library.branch.id, pin, again
        )
    assert refused.value.findings[0].code == wrong


def test_a_pin_works_on_its_own_device_for_the_day(library, move):
    device_id, token = pinned(library, library.librarian)
    found = devices.come_back(library.connection, token, library.librarian.account_id, "274913")
    assert (found.actor, found.device_id, found.unit_id) == (library.librarian, device_id, library.branch.id)
    _, elsewhere = pinned(library, library.head, "508264")
    for device in (elsewhere, "", "made up"):
        with pytest.raises(NotAllowed) as refused:
            devices.come_back(library.connection, device, library.librarian.account_id, "274913")
        assert refused.value.code == "device_unknown"
    move(hours=14)
    with pytest.raises(NotAllowed):
        devices.come_back(library.connection, token, library.librarian.account_id, "274913")
    assert devices.people(library.connection, token) == []


def test_after_three_wrong_pins_the_password_is_needed(library):
    device_id, token = pinned(library, library.librarian)
    pinned(library, library.head, "508264", (device_id, token))
    account_id = library.librarian.account_id
    left = []
    for _ in range(3):
        with pytest.raises(NotAllowed):
            devices.come_back(library.connection, token, account_id, "000111")
        left.append(devices.missed(library.connection, token, account_id))
    assert left == [2, 1, 0]
    with pytest.raises(NotAllowed) as refused:
        devices.come_back(library.connection, token, account_id, "274913")
    assert refused.value.code == "device_unknown"
    assert [one.sign_in for one in devices.people(library.connection, token)] == ["head"]


def test_a_right_pin_forgives_the_wrong_ones_before(library):
    _, token = pinned(library, library.librarian)
    account_id = library.librarian.account_id
    for _ in range(3):
        devices.missed(library.connection, token, account_id)
        assert devices.come_back(library.connection, token, account_id, "274913")


def test_a_shared_device_locks_when_nobody_works_and_a_device_of_ones_own_does_not(library, move):
    connection, who = library.connection, library.librarian
    device_id, _ = pinned(library, who)
    shared = accounts.open_session(connection, who, library.branch.id, device_id)
    own = accounts.open_session(connection, who, library.branch.id)
    move(minutes=9)
    assert not accounts.session(connection, shared, is_active=True).is_locked
    move(minutes=9)
    assert not accounts.session(connection, shared, is_active=False).is_locked, (
        "somebody worked nine minutes ago"
    )
    move(minutes=2)
    assert accounts.session(connection, shared).is_locked, "a page that refreshes itself is nobody"
    assert accounts.session(connection, shared).is_locked
    assert not accounts.session(connection, own).is_locked
    again = accounts.open_session(connection, who, library.branch.id, device_id)
    accounts.lock(connection, again)
    assert accounts.session(connection, again).is_locked
    accounts.lock(connection, own)
    assert not accounts.session(connection, own).is_locked


def test_permissions_to_look_after_accounts_are_declared(library):
    assert access.allowed(library.head, Permission.STAFF, library.branch.path)
    assert delegations.paths(library.librarian) == ()
    with pytest.raises(NotAllowed):
        delegations.require(library.librarian)
