"""Declared pages: everybody finds a branch, a head librarian follows the day, and goes one level down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import library as libraries
from tests.library import Library

Visitor = Callable[..., Page]
Camera = Callable[[Page, str], Path]
Move = Callable[..., datetime]


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_somebody_who_is_not_signed_in_finds_a_branch(
    visitor: Visitor, photographed: Camera, accessible: Callable[[Page], None], phone: bool, language: str
) -> None:
    page = visitor(phone=phone, language=language)
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        {"vi": "Thư viện của thành phố", "en": "The city's library"}[language]
    )
    photographed(page, "front")
    accessible(page)
    page.get_by_role("link", name={"vi": "Tìm chi nhánh", "en": "Find a branch"}[language]).click()
    expect(page.locator(".block-cards > li")).to_have_count(2)
    expect(page.locator(".map-dot")).to_have_count(2)
    expect(page.locator(".map-list a")).to_have_count(2)
    photographed(page, "branches")
    accessible(page)
    page.locator("#filter-text").fill("bo song")
    page.locator(".filters button").click()
    expect(page.locator(".block-cards > li")).to_have_count(1)
    page.locator(".block-cards a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Chi nhánh Bờ Sông")
    expect(page.locator(".figure-value").first).to_have_text("3")


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_day_of_a_branch_is_seen_at_a_glance(
    visitor: Visitor,
    library: Library,
    move: Move,
    photographed: Camera,
    accessible: Callable[[Page], None],
    phone: bool,
) -> None:
    libraries.started(library, reader=1)
    move(minutes=40)  # both tasks of the loan are late
    page = visitor("truong", phone=phone)
    page.goto("/")
    page.get_by_role("link", name="Bên dưới").first.click()
    expect(page.locator(".block-table tbody tr")).to_have_count(2)
    expect(page.locator(".block-table tbody tr").first).to_contain_text("Chi nhánh Hồ Gươm")
    photographed(page, "below")
    accessible(page)
    page.get_by_role("link", name="Chi nhánh Hồ Gươm").click()
    expect(page).to_have_url("/day?unit=chi-nhanh-1")
    expect(page.locator("#block-numbers")).to_contain_text("1.234")
    expect(page.locator("#block-numbers")).to_contain_text("40 phút")
    expect(page.locator("#block-damage")).to_contain_text("Chưa lấy được số liệu")  # the others stand
    expect(page.locator("#block-trouble")).to_contain_text("2 quá hạn")
    expect(page.locator("#block-hours tr")).to_have_count(6)
    expect(page.locator("#block-most tbody tr")).to_have_count(4)
    photographed(page, "day")
    accessible(page)


def test_a_page_refreshes_itself(visitor: Visitor, library: Library, move: Move) -> None:
    page = visitor("truong")
    page.clock.install()
    page.goto("/day?unit=chi-nhanh-1")
    expect(page.locator(".as-of")).to_contain_text("09:00")
    move(minutes=5)
    page.clock.run_for(11_000)
    expect(page.locator(".as-of")).to_contain_text("09:05")


def test_nobody_opens_a_page_for_a_unit_that_is_not_theirs(visitor: Visitor) -> None:
    page = visitor("thuthu")
    answer = page.goto("/day?unit=chi-nhanh-1")  # a librarian works there, but oversees nothing
    assert answer is not None and answer.status == 403
    page = visitor("truong")
    for address in ("/day?unit=chi-nhanh-9", "/day?unit=thu-vien", "/below?unit=mang-luoi"):
        answer = page.goto(address)  # no such unit, another kind of unit, a unit above one's own
        assert answer is not None and answer.status == 404
    answer = page.goto("/day?unit=chi-nhanh-1&on=31/31/2021")
    assert answer is not None and answer.status == 422
    expect(page.locator("main")).to_contain_text("26/07/2021")  # how a day is written
    answer = visitor().goto("/day")
    assert answer is not None and "/sign-in" in answer.url


def test_who_oversees_several_units_chooses_one(
    visitor: Visitor, photographed: Camera, accessible: Callable[[Page], None]
) -> None:
    page = visitor("truong")
    page.goto("/day")
    expect(page.locator(".unit-choice")).to_have_count(2)
    photographed(page, "choice")
    accessible(page)
    page.get_by_role("link", name="Chi nhánh Bờ Sông").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Chi nhánh Bờ Sông")


def test_public_pages_are_kept_by_caches_for_a_moment_and_others_never(visitor: Visitor) -> None:
    page = visitor()
    first = page.request.get("/branches")
    assert first.headers["cache-control"] == "public, max-age=15"
    again = page.request.get("/branches", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body()) == (304, b"")
    other = page.request.get("/branches?text=song", headers={"If-None-Match": first.headers["etag"]})
    assert other.status == 200
    staff = visitor("truong")
    for address in ("/branches", "/day?unit=chi-nhanh-1"):
        assert staff.request.get(address).headers["cache-control"] == "no-store"


def test_pages_work_without_scripts(visitor: Visitor) -> None:
    page = visitor(scripts=False)
    page.goto("/branches")
    page.locator("#filter-text").fill("guom")
    page.locator(".filters button").click()
    expect(page.locator(".block-cards > li")).to_have_count(1)
