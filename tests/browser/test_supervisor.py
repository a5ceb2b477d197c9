"""A supervisor frees a case: finds it, sees why and for how long, tries again once the cause is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from engine import database, instances
from engine.definitions import deployment
from engine.ids import InstanceId
from engine.worker import Worker
from tests import library as libraries
from tests.book_loan import bundles
from tests.book_loan.integrations.post import handlers as post
from tests.library import Library

Visitor = Callable[..., Page]
Camera = Callable[[Page, str], Path]
Move = Callable[..., datetime]

ANNOUNCE = """tc:service="post.send">
      <bpmn:extensionElements>
        <tc:io>
          <tc:input target="to" source="= reader_id" />
          <tc:input target="text_key" source='= "loan_announced"' />
          <tc:input target="params" source="= {due_on: due_on}" />
          <tc:output target="announced_as" source="= message_id" />"""
ASK_FOR_NOBODY = """tc:service="people.person">
      <bpmn:extensionElements>
        <tc:io>
          <tc:input target="person_id" source='= "404"' />
          <tc:output target="announced_as" source="= id" />"""


def stuck_at_the_post(library: Library, move: Move, monkeypatch: pytest.MonkeyPatch) -> InstanceId:
    """A loan whose announcement the post has refused to carry three times."""
    monkeypatch.setattr(post, "STRIKE", library.readers[2]["id"])
    case = prepared(library)
    for seconds in (1, 31, 61):
        move(seconds=seconds)
        Worker().settle()
    return case


def prepared(library: Library) -> InstanceId:
    case = libraries.started(library, reader=2, by_post=True, email="chau@example.org")
    libraries.done(library, case, "nguoikho", "fetch", found=True, place="VH-1")
    libraries.done(library, case, "thuthu", "stamp_card", stamped=True)
    return case


def row_of(page: Page, case: InstanceId) -> Locator:
    return page.locator(f"tr[data-case='{case}']")


def waits_at(case: InstanceId) -> set[str]:
    with database.transaction() as connection:
        return {wait.element for wait in instances.state_of(connection, case).waits}


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_a_stuck_case_is_found_understood_and_freed_once_the_cause_is_gone(
    visitor: Visitor,
    library: Library,
    move: Move,
    monkeypatch: pytest.MonkeyPatch,
    photographed: Camera,
    phone: bool,
) -> None:
    case = stuck_at_the_post(library, move, monkeypatch)
    late = libraries.started(library, reader=3)
    move(hours=2, minutes=5)
    page = visitor("truong", phone=phone)
    page.goto("/stuck")
    expect(page.locator("tbody tr")).to_have_count(3)  # the late loan waits at two steps at once
    photographed(page, "all")

    page.locator("#element").select_option("announce")
    page.get_by_role("button", name="Lọc").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    row = row_of(page, case)
    expect(row).to_contain_text("Gửi giấy báo mượn")
    expect(row.locator(".badge")).to_have_text(["Sự cố", "Quá thời hạn"])  # one row with both reasons
    expect(row).to_contain_text("post.send")
    expect(row).to_contain_text("2 giờ")
    expect(row).to_contain_text("Chi nhánh Hồ Gươm")
    photographed(page, "filtered")

    row.get_by_role("button", name="Thử lại").click()  # the post is still on strike
    expect(page.locator("#toasts")).to_contain_text("Đang thử lại")
    expect(page).to_have_url("/stuck?process=&element=announce&unit=&reason=")
    for seconds in (1, 31, 61):
        move(seconds=seconds)
        Worker().settle()
    page.reload()
    expect(row.locator(".badge").first).to_have_text("Sự cố")

    monkeypatch.setattr(post, "STRIKE", "nobody")
    row.get_by_role("button", name="Thử lại").click()
    expect(page.locator("#toasts")).to_contain_text("Đang thử lại")
    Worker().settle()
    page.reload()
    expect(page.locator("tbody tr")).to_have_count(0)
    expect(page.get_by_text("Không có hồ sơ nào vướng khớp với bộ lọc")).to_be_visible()
    photographed(page, "freed")
    assert waits_at(case) == {"lend"}
    page.get_by_role("link", name="Bỏ bộ lọc").click()
    expect(row_of(page, late)).to_have_count(2)


def test_a_retry_that_stops_again_says_so(
    visitor: Visitor, library: Library, move: Move, photographed: Camera
) -> None:
    publish_an_announcement_to_nobody(library)
    move(minutes=1)
    case = prepared(library)
    page = visitor("truong")
    page.goto("/stuck?reason=incident")
    expect(row_of(page, case)).to_contain_text(
        "people.person không thực hiện được: Không tìm thấy"
    )  # no English in it
    photographed(page, "incident")
    row_of(page, case).get_by_role("button", name="Thử lại").click()
    expect(page.locator("#toasts")).to_contain_text("Vẫn dừng ở đúng bước đó")
    expect(row_of(page, case)).to_be_visible()
    assert waits_at(case) == {"announce"}


def test_filters_narrow_by_process_unit_and_reason(visitor: Visitor, library: Library, move: Move) -> None:
    libraries.started(library, reader=1)
    move(minutes=40)  # both tasks of the loan are late
    page = visitor("truong")
    for query, count in (
        ("", 2), ("process=loan", 2), ("process=repair", 0), ("reason=late", 2), ("reason=incident", 0),
        ("unit=chi-nhanh-1", 2), ("unit=chi-nhanh-2", 0), ("element=fetch", 1), ("element=fetch&reason=stalled", 0),
    ):  # fmt: skip
        page.goto(f"/stuck?{query}")
        expect(page.locator("tbody tr")).to_have_count(count)


def test_who_may_see_but_not_free_is_offered_no_retry(
    visitor: Visitor, library: Library, move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = stuck_at_the_post(library, move, monkeypatch)
    page = visitor("duyet")
    page.goto("/stuck")
    expect(row_of(page, case)).to_be_visible()
    expect(page.get_by_role("button", name="Thử lại")).to_have_count(0)


def test_who_oversees_nothing_is_refused(visitor: Visitor) -> None:
    page = visitor("thuthu")
    answer = page.goto("/stuck")
    assert answer is not None
    assert answer.status == 403


def test_it_is_said_in_english_too(
    visitor: Visitor, library: Library, move: Move, monkeypatch: pytest.MonkeyPatch, photographed: Camera
) -> None:
    case = stuck_at_the_post(library, move, monkeypatch)
    page = visitor("truong", language="en")
    page.goto("/stuck")
    row = row_of(page, case)
    expect(row).to_contain_text("Announce the loan")
    expect(row.get_by_role("button", name="Try again")).to_be_visible()
    photographed(page, "english")


def publish_an_announcement_to_nobody(library: Library) -> None:
    """A version whose announcement looks up somebody who does not exist: it fails within the step."""
    changed = bundles.edited("loan.bpmn", ANNOUNCE, ASK_FOR_NOBODY)
    scenarios = changed.files["scenarios/loans.yaml"].decode()
    stubs = "services: {post.send: [{message_id: m1}, {error: ADDRESS_UNKNOWN}]}"
    assert stubs in scenarios
    told = scenarios.replace(
        stubs, 'services: {people.person: {id: "1"}, post.send: {error: ADDRESS_UNKNOWN}}'
    )
    changed = changed.changed({"scenarios/loans.yaml": told.encode()})
    with database.transaction() as connection:
        given: Any = changed.files
        submitted = deployment.submit(
            connection, given, library.staff["soan"], "Báo qua sổ người", ("loan", "repair")
        )
        deployment.approve(connection, submitted, library.staff["duyet"], "Đã đọc")
