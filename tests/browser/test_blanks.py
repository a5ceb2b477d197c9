"""Empty forms for paper come from the same schemas as the screen: every question is on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.library import Library

Visitor = Callable[..., Page]
Camera = Callable[[Page, str], Path]


def test_the_forms_of_a_process_are_chosen_and_printed_so_many_times(
    visitor: Visitor, library: Library, photographed: Camera
) -> None:
    page = visitor("thuthu")
    page.goto("/blanks/loan")
    photographed(page, "choose")
    page.get_by_label("Phiếu hỏi mượn").check()
    page.get_by_label("Kiểm tra sách trả").check()
    page.get_by_label("Số bộ").fill("2")
    page.get_by_role("button", name="Xem để in").click()
    expect(page.locator("article.blank")).to_have_count(2)
    expect(page.locator("article.blank").first).to_contain_text("Nhan đề")
    photographed(page, "sheets")
    page.emulate_media(media="print")
    expect(page.locator(".paper-tools")).to_be_hidden()


def test_every_question_of_a_form_is_on_paper_also_those_asked_only_sometimes(
    visitor: Visitor, library: Library
) -> None:
    page = visitor("thuthu", language="en", scripts=False)
    page.goto("/blanks/loan/sheets?form=phone&copies=x")
    lines = page.locator(".blank-line:not(.blank-signed)")
    expect(lines).to_have_count(2)
    expect(page.locator(".is-asked-sometimes")).to_have_count(1)
    expect(page.locator(".blank-box")).to_have_count(3)


def test_whoever_works_on_none_of_its_steps_gets_no_forms(visitor: Visitor, library: Library) -> None:
    page = visitor("duyet")
    answer = page.goto("/blanks/loan")
    assert answer is not None and answer.status == 403
    answer = visitor("thuthu").goto("/blanks/loan/sheets?form=nothing")
    assert answer is not None and answer.status == 404
