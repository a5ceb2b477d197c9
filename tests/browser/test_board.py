"""Many who wait, watched on one board: what is left for each, and one touch when it cannot wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine import accounts, database, history, instances, user_tasks
from engine.ids import InstanceId
from engine.worker import Worker
from tests.library import PASSWORD, Library

Visitor = Callable[..., Page]
Camera = Callable[[Page, str], Path]


@pytest.fixture
def repairs(library: Library, move: Callable[..., datetime]) -> list[InstanceId]:
    """Five books on the bench, twenty minutes apart, and two binders."""
    with database.transaction() as connection:
        for sign_in in ("thodong", "thodong2"):
            account = accounts.create(connection, sign_in, f"Thợ {sign_in}", PASSWORD)
            accounts.grant(connection, account, "binder", library.units["library"])
    begun = []
    for number in range(5):
        with database.transaction() as connection:
            given = {"reader_id": str(number), "titles": ["Truyện Kiều"]}
            unit, head = library.units["library"], library.staff["truong"]
            begun.append(instances.start(connection, "repair", unit, given, head))
        move(minutes=20)
    return begun


def test_everybody_is_on_one_board_with_what_is_left(
    visitor: Visitor, repairs: list[InstanceId], move: Callable[..., datetime], photographed: Camera
) -> None:
    board = visitor("thodong")
    board.goto("/stations/bench")
    expect(board.locator(".board-card")).to_have_count(5)
    expect(board.get_by_role("button", name="Cả quyển")).to_have_count(0)
    move(hours=23)
    Worker().settle()
    board = visitor("thodong")  # yesterday's sign-in has run out
    board.goto("/stations/bench")
    expect(board.locator(".board-card.is-over")).to_have_count(3)
    expect(board.locator(".board-card").first).to_have_class("board-card is-over")
    expect(board.get_by_role("button", name="Cả quyển")).to_have_count(3)
    photographed(board, "board")


def test_one_touch_ends_the_wait_whoever_has_it_in_hand(
    visitor: Visitor, repairs: list[InstanceId], library: Library, photographed: Camera
) -> None:
    first, second = visitor("thodong", phone=True), visitor("thodong2", phone=True, language="en")
    first.goto("/stations/bench")
    first.locator(".board-who").first.click()
    expect(first.locator("form[data-form]")).to_be_visible()
    second.goto("/stations/bench")
    expect(second.locator(".board-card").first).to_contain_text("Thợ thodong")
    photographed(second, "board-phone")
    second.get_by_role("button", name="One torn page").first.click()
    expect(second.get_by_role("button", name="One torn page")).to_have_count(4)
    with database.transaction() as connection:
        events = [row.event for row in history.of(connection, repairs[0])]
        assert events[-2:] == ["user_task_taken_over", "user_task_completed"]
    first.locator("[data-submit]").click()
    expect(first.locator("body")).to_contain_text("đã xong từ trước")


def test_a_touch_that_was_already_done_changes_nothing(
    visitor: Visitor, repairs: list[InstanceId], library: Library
) -> None:
    first, second = visitor("thodong"), visitor("thodong2")
    for page in (first, second):
        page.goto("/stations/bench")
    first.get_by_role("button", name="Rách một trang").first.click()
    expect(first.get_by_role("button", name="Rách một trang")).to_have_count(4)
    with database.transaction() as connection:
        before = len(user_tasks.queue(connection, library.staff["truong"]))
    second.get_by_role("button", name="Rách một trang").first.click()
    expect(second.locator("body")).to_contain_text("đã")
    with database.transaction() as connection:
        assert len(user_tasks.queue(connection, library.staff["truong"])) == before
