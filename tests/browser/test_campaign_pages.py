"""The campaign's own pages: people find a site, its lead sees the day, supervisors go down level by level."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy
from playwright.sync_api import Page, expect
from sqlalchemy import text

from engine import database as databases
from tests import foundings
from tests.browser import campaign_day
from tests.processes.clinic import PASSWORD, Clinic

Visitor = Callable[..., Page]
Camera = Callable[[Page, str], Path]
Judge = Callable[[Page], None]
Move = Callable[..., datetime]
SIZES = pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
LANGUAGES = pytest.mark.parametrize("language", ["vi", "en"])


@pytest.fixture
def library(database: sqlalchemy.Engine, move: Move) -> Clinic:
    """Instead of the library: the campaign, a quarter of an hour into a Monday morning."""
    move(hours=-2)
    begun = foundings.once(campaign_day.begun)
    move(minutes=35)
    return begun


def signed_in(visitor: Visitor, sign_in: str, **wishes: object) -> Page:
    page = visitor(**wishes)
    page.goto("/sign-in")
    page.locator("#sign_in").fill(sign_in)
    page.locator("#password").fill(PASSWORD)
    page.locator("form[action='/sign-in'] button").click()
    return page


@SIZES
@LANGUAGES
def test_people_find_an_open_site_without_signing_in(
    visitor: Visitor, photographed: Camera, accessible: Judge, phone: bool, language: str
) -> None:
    page = visitor(phone=phone, language=language)
    page.goto("/")
    expect(page.locator("#block-today")).to_contain_text("23")
    photographed(page, "front")
    accessible(page)
    for address in ("/public", "/my"):
        answer = page.request.get(address)
        assert answer.status == 200
    page.locator("#block-ways a[href='/sites']").click()
    expect(page.locator(".block-cards > li")).to_have_count(2)
    expect(page.locator(".block-cards > li").first).to_contain_text({"vi": "Đang mở", "en": "Open"}[language])
    expect(page.locator(".map-dot")).to_have_count(2)
    photographed(page, "sites")
    accessible(page)
    page.locator("#filter-unit").select_option("24")
    page.locator("#filter-text").fill("bich dong")
    page.locator(".filters button").click()
    expect(page.locator(".block-cards > li")).to_have_count(1)
    page.locator("#filter-text").fill("khong co noi nay")
    page.locator(".filters button").click()
    expect(page.locator("#block-list .empty")).to_be_visible()
    photographed(page, "none")
    page.goto("/sites/diem-1")
    expect(page.locator("#block-planned tbody tr")).to_have_count(2)
    expect(page.locator("#block-today")).to_contain_text("697")
    photographed(page, "site")
    accessible(page)


@SIZES
@LANGUAGES
def test_the_lead_of_a_site_sees_the_day_at_a_glance(
    visitor: Visitor, photographed: Camera, accessible: Judge, phone: bool, language: str
) -> None:
    page = signed_in(visitor, "site_lead", phone=phone, language=language)
    page.locator(".ways a[href='/day']").click()
    expect(page.locator("#block-people")).to_contain_text("23")
    expect(page.locator("#block-lines tbody tr").first).to_contain_text("3")
    expect(page.locator("#block-shelf tbody tr")).to_have_count(2)
    photographed(page, "day")
    accessible(page)


@SIZES
@LANGUAGES
def test_a_supervisor_goes_down_level_by_level_to_the_place_in_trouble(
    visitor: Visitor, photographed: Camera, accessible: Judge, phone: bool, language: str
) -> None:
    page = signed_in(visitor, "province_supervisor", phone=phone, language=language)
    photographed(page, "home")
    accessible(page)
    page.locator(".ways a[href='/below']").click()
    expect(page.locator("#block-children tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Huyện Việt Yên").click()
    expect(page.locator("#block-children tbody th").first).to_have_text(
        "Xã Quảng Minh"
    )  # its session was stopped
    photographed(page, "district")
    accessible(page)
    page.get_by_role("link", name="Xã Quảng Minh").click()
    page.get_by_role("link", name="Điểm tiêm Nhà văn hóa Quảng Minh").click()
    expect(page).to_have_url("/day?unit=diem-2")
    answer = page.goto("/below?unit=vn")
    assert answer is not None and answer.status == 404


@SIZES
def test_the_list_of_a_session_is_printed_with_names_and_room_to_write(
    visitor: Visitor, photographed: Camera, accessible: Judge, phone: bool
) -> None:
    page = signed_in(visitor, "receptionist", phone=phone)
    page.goto("/session-list")
    rows = page.locator("#block-list tbody tr")
    expect(rows.first).to_contain_text("Nguyễn Minh Anh")
    assert rows.count() > 40
    expect(page.locator("[data-print]")).to_be_visible()
    photographed(page, "list")
    accessible(page)
    page.goto("/session-list?on=1/1/2021")
    expect(page.locator("#block-which")).to_contain_text("không có buổi tiêm")
    with databases.transaction() as connection:
        looks = connection.scalar(text("select count(*) from lookup where what = 'people.people'"))
    assert looks >= 40
    answer = page.goto("/session-list?unit=diem-2")
    assert answer is not None and answer.status == 404
