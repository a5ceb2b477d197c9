"""A morning at the lending desk: by keyboard and scanner, on a phone, without scripts, and when things go wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from engine import access, database, history, instances, user_tasks
from engine.worker import Worker
from tests import library as libraries
from tests.book_loan.integrations.post import handlers as post
from tests.library import PASSWORD, Library

Visitor = Callable[..., Page]
Camera = Callable[[Page, str], Path]


def submit(page: Page) -> None:
    """Press the form's button once what was typed is kept, so that no draft is under way."""
    kept = page.locator("[data-draft-state]")
    if kept.count():
        expect(kept).not_to_have_attribute("data-state", "unsaved")
        expect(kept).not_to_have_attribute("data-state", "saving")
    page.locator("[data-submit]").click()


def history_of(instance_id: int) -> list[str]:
    with database.transaction() as connection:
        return [row.event for row in history.of(connection, instance_id)]


def test_a_reader_is_served_by_keyboard_alone(
    visitor: Visitor, library: Library, photographed: Camera
) -> None:
    page = visitor("thuthu")
    photographed(page, "home")
    page.goto("/stations/counter")
    page.keyboard.type(library.readers[1]["shown_code"])  # a scanner types into the field that has the focus
    page.keyboard.press("Enter")
    expect(page.locator("#found")).to_contain_text("Bùi Quang Huy")
    photographed(page, "found")
    page.get_by_role("button", name="Mở hồ sơ cho người này").press("Enter")

    expect(page.locator("#f-reader_id")).to_have_value(library.readers[1]["shown_code"])
    page.locator("[name='books.0.title']").fill("Số đỏ")
    page.locator("#f-books-add").press("Enter")
    expect(page.locator("[name='books.1.title']")).to_be_focused()
    page.keyboard.type("Giông tố")
    page.locator("[name=by_post][value=true]").press("Space")
    expect(page.locator("[name=email]")).to_be_visible()  # the answer brought the question up
    with page.expect_response(lambda answer: "/draft" in answer.url):
        page.locator("[name=email]").fill("huy@example.org")
    photographed(page, "start")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Đóng dấu thẻ bạn đọc")
    expect(page.locator(".about-name")).to_have_text("Bùi Quang Huy")
    page.locator("[type=checkbox][name=stamped]").press("Space")
    photographed(page, "task")
    submit(page)
    expect(page).to_have_url("/stations/counter")
    expect(page.locator("#toasts")).to_contain_text("Đã xong")


def test_the_next_person_is_the_one_who_has_waited_longest(
    visitor: Visitor, library: Library, move: Any, photographed: Camera
) -> None:
    libraries.started(library, reader=2)
    move(minutes=25)  # longer than the service level
    libraries.started(library, reader=3)
    page = visitor("thuthu")
    page.goto("/stations/counter")
    expect(page.locator(".queue-row")).to_have_count(2)
    expect(page.locator(".queue-row").first).to_contain_text("chờ 25 phút")
    expect(page.locator(".queue-row.is-warn")).to_have_count(1)
    photographed(page, "station")
    page.locator("#scan").blur()
    page.keyboard.press("n")
    expect(page.locator(".about-name")).to_have_text("Ngô Bảo Châu")


def test_the_queue_refreshes_without_disturbing_who_types(visitor: Visitor, library: Library) -> None:
    page = visitor("thuthu")
    page.clock.install()
    page.goto("/stations/counter")
    expect(page.locator("#queue")).to_contain_text("Không ai chờ")
    page.locator("#scan").type("Ngô B")
    libraries.started(library, reader=2)
    page.clock.fast_forward(5_000)  # to the next refresh
    expect(page.locator("#queue")).to_contain_text("Ngô Bảo Châu")
    expect(page.locator("#scan")).to_be_focused()
    expect(page.locator("#scan")).to_have_value("Ngô B")


def test_the_same_person_may_go_on_with_the_case(
    visitor: Visitor, library: Library, photographed: Camera
) -> None:
    case = libraries.started(library)
    libraries.done(library, case, "nguoikho", "fetch", found=True)
    page = visitor("thuthu", phone=True)
    page.goto("/stations/counter")
    photographed(page, "station")
    page.locator(".queue-row").click()
    page.locator("[type=checkbox][name=stamped]").check()
    submit(page)
    expect(page.get_by_role("heading", name="Tiếp theo của cùng người này")).to_be_visible()
    photographed(page, "next_step")
    page.get_by_role("link", name="Làm tiếp: Giao sách").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Giao sách")
    photographed(page, "task")


def test_a_draft_is_kept_and_found_again(visitor: Visitor, library: Library) -> None:
    case = libraries.started(library, books=[{"title": "Vỡ đê"}])
    page = visitor("nguoikho")
    page.goto(f"/tasks/{libraries.waiting(library, case, 'nguoikho')['fetch']}")
    page.locator("[name=found][value=true]").check()
    expect(page.locator("[name=place]")).to_be_visible()
    page.locator("[name=place]").fill("VH-7")
    expect(page.locator("[data-draft-state]")).to_have_text("Đã lưu nháp")
    page.goto("/")
    page.locator(".queue-row").click()
    expect(page.locator("[name=place]")).to_have_value("VH-7")


def test_people_are_looked_up_in_a_list_and_in_a_group(
    visitor: Visitor, library: Library, photographed: Camera
) -> None:
    page = visitor("thuthu")
    page.goto("/start/loan")
    page.locator("#f-reader_id").fill(library.readers[0]["shown_code"])
    page.locator("#f-companions-add").click()
    page.locator("[name='companions.0.reader_id']").fill("ngo bao")  # chosen from the list under the field
    page.locator("#f-companions-0-reader_id-found [data-choose]").click()
    page.locator("#f-companions-add").click()
    field = page.locator("[name='companions.1.reader_id']")
    field.fill(library.readers[3]["shown_code"])
    field.press("Enter")  # as a scanner ends: on to the next field, not the form submitted half
    expect(page.locator("#f-companions-1-reader_id-found")).to_contain_text("Lý Thị Hòa")
    page.locator("[name=_remove][value='companions.0']").click()
    expect(page.locator("[name='companions.1.reader_id']")).to_have_count(0)
    expect(page.locator("#f-companions-0-reader_id-found")).to_contain_text("Lý Thị Hòa")
    page.locator("[name='guardian.reader_id']").fill("mai van phuc")  # only one such: judged by the server
    page.locator("[name='books.0.title']").fill("Số đỏ")
    page.locator("[name=by_post][value=false]").check()
    photographed(page, "lists")
    page.locator("[data-submit]").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Phiếu mượn sách")
    with database.transaction() as connection:
        (case,) = instances.find(connection, access.SYSTEM)
        held = instances.view(connection, case.instance_id, access.SYSTEM).variables
    assert held["companions"] == [{"reader_id": library.readers[3]["id"]}]
    assert held["guardian"] == {"reader_id": library.readers[4]["id"]}
    page.goto(f"/cases/{case.instance_id}")
    expect(page.locator("main")).to_contain_text("Lý Thị Hòa")
    photographed(page, "case")


def test_whom_a_text_in_a_list_does_not_name_alone_is_told_without_scripts(
    visitor: Visitor, library: Library, photographed: Camera
) -> None:
    page = visitor("thuthu", scripts=False, phone=True)
    page.goto("/start/loan")
    page.locator("#f-companions-add").click()
    page.locator("[name='companions.0.reader_id']").fill("thi")
    page.locator("#f-companions-add").click()
    page.locator("[name='companions.1.reader_id']").fill("nobody at all")
    page.locator("[data-submit]").click()
    expect(page.locator("#f-companions-0-reader_id-fault")).to_contain_text(library.readers[5]["shown_code"])
    expect(page.locator("#f-companions-1-reader_id-fault")).to_contain_text("Không tìm thấy")
    photographed(page, "faults")


def test_a_double_submit_changes_nothing_and_says_so(
    visitor: Visitor, library: Library, photographed: Camera
) -> None:
    case = libraries.started(library)
    task_id = libraries.waiting(library, case, "thuthu")["stamp_card"]
    page, twin = visitor("thuthu"), visitor("thuthu")
    for one in (page, twin):
        one.goto(f"/tasks/{task_id}")
        one.locator("[type=checkbox][name=stamped]").check()
    submit(page)
    expect(page.locator("#toasts")).to_contain_text("Đã xong")
    told = history_of(case)
    with twin.expect_response(
        lambda answer: answer.request.method == "POST" and answer.url.endswith(str(task_id))
    ) as sent:
        submit(twin)
    assert sent.value.status == 409
    expect(twin.get_by_role("heading", level=1)).to_have_text("Việc này đã xong từ trước")
    expect(twin.locator("main")).to_contain_text("không thay đổi gì")
    photographed(twin, "over")
    assert history_of(case) == told


def test_two_people_do_not_work_on_one_case_at_once(
    visitor: Visitor, library: Library, photographed: Camera
) -> None:
    case = libraries.started(library)
    task_id = libraries.waiting(library, case, "thuthu")["stamp_card"]
    first, second = visitor("thuthu"), visitor("thuthu2")
    first.goto(f"/tasks/{task_id}")
    second.goto(f"/tasks/{task_id}")
    expect(second.locator("main")).to_contain_text("Nguyễn Thị Sách đang làm việc này")
    expect(second.locator("[data-submit]")).to_have_count(0)
    photographed(second, "with_another")
    first.get_by_role("button", name="Trả lại danh sách chờ").click()
    second.goto(f"/tasks/{task_id}")
    expect(second.locator("[data-submit]")).to_be_visible()


def test_faults_come_back_on_the_form_with_what_was_typed(
    visitor: Visitor, library: Library, photographed: Camera
) -> None:
    page = visitor("thuthu", language="en", scripts=False)
    page.goto("/start/loan")
    page.locator("[name='books.0.title']").fill("Số đỏ")
    page.locator("[name='books.0.shelf']").fill("sai")
    page.locator("[data-submit]").click()
    expect(page.locator("#faults")).to_contain_text("A shelf mark is capital letters")
    expect(page.locator("[name='books.0.title']")).to_have_value("Số đỏ")
    photographed(page, "faults")


def test_everything_works_without_scripts(visitor: Visitor, library: Library) -> None:
    page = visitor("thuthu", scripts=False)
    page.goto("/stations/counter")
    page.locator("#scan").fill("dang thuy")
    page.locator("#scan").press("Enter")
    page.get_by_role("button", name="Mở hồ sơ cho người này").click()
    page.locator("[name='books.0.title']").fill("Số đỏ")
    page.locator("[name=by_post][value=false]").check()
    page.locator("[data-submit]").click()
    page.locator("[type=checkbox][name=stamped]").check()
    page.locator("[data-submit]").click()
    expect(page).to_have_url("/stations/counter")
    with database.transaction() as connection:
        (case,) = instances.find(connection, library.staff["truong"])
        assert {task.element for task in user_tasks.queue(connection, library.staff["nguoikho"])} == {"fetch"}
    assert case.subject == library.readers[0]["id"]


def test_the_case_page_tells_where_it_stands_and_why(
    visitor: Visitor, library: Library, photographed: Camera
) -> None:
    case = libraries.started(library, books=[{"title": f"Tập {number}"} for number in range(6)])
    page = visitor("truong", language="en")
    page.goto(f"/cases/{case}")
    page.wait_for_selector("[data-drawn]")
    expect(page.locator("g.token-here[data-element-id=grant]")).to_have_count(1)
    expect(page.locator("g.token-visited[data-element-id=check_limit]")).to_have_count(1)
    expect(page.locator(".bjs-powered-by")).to_be_visible()
    expect(page.locator(".decision").first).to_contain_text(
        "Ask the head librarian: rule 3, A reader with more than 5 books"
    )
    expect(page.locator("tr.is-decided")).to_contain_text("A reader with more than 5 books")
    expect(page.get_by_role("row", name="A reader with up to 5 books").locator(".is-broke")).to_contain_text(
        "≤ 5"
    )
    expect(page.locator(".facts").filter(has_text="Tập 5")).to_be_visible()
    expect(page.locator(".timeline")).to_contain_text("Lending limit: by rule 3")
    photographed(page, "case")


def test_a_paper_exists_only_after_its_step(visitor: Visitor, library: Library, photographed: Camera) -> None:
    case = libraries.lent(library)
    page = visitor("truong")
    assert page.goto(f"/cases/{case}/documents/receipt").status == 404
    libraries.returned(library, case)
    desk = visitor("thuthu")
    desk.goto(f"/tasks/{libraries.waiting(library, case, 'thuthu')['inspect']}")
    submit(desk)  # a list of damaged books that stays empty
    desk.wait_for_url("**/next")
    expect(desk.get_by_role("link", name="Biên nhận")).to_be_visible()  # whoever did the last step prints it
    page.goto(f"/cases/{case}")
    page.get_by_role("link", name="Biên nhận").first.click()
    paper = page.locator(".sheet")
    expect(paper).to_contain_text("Truyện Kiều")
    expect(paper).to_contain_text("Receipt")  # both languages on one paper
    expect(paper).to_contain_text("Biên nhận")
    photographed(page, "paper")
    page.emulate_media(media="print")
    expect(page.locator(".bar")).to_be_hidden()
    photographed(page, "printed")


def test_an_incident_is_told_in_words_and_tried_again(
    visitor: Visitor, library: Library, move: Any, monkeypatch: pytest.MonkeyPatch, photographed: Camera
) -> None:
    monkeypatch.setattr(post, "STRIKE", library.readers[0]["id"])
    case = libraries.started(library, by_post=True, email="a@example.org")
    libraries.done(library, case, "nguoikho", "fetch", found=True)
    libraries.done(library, case, "thuthu", "stamp_card", stamped=True)
    for _ in range(4):  # as often as the service is tried
        Worker().settle()
        move(hours=2)
    page = visitor("truong")
    page.goto(f"/cases/{case}")
    expect(page.locator(".incident")).to_contain_text("Gửi giấy báo mượn")
    photographed(page, "incident")
    monkeypatch.setattr(post, "STRIKE", "nobody")
    page.get_by_role("button", name="Thử lại").click()
    expect(page.locator("#toasts")).to_contain_text("Đang thử lại")  # a worker has it now; nobody knows yet
    Worker().settle()
    page.reload()
    expect(page.locator(".incident")).to_have_count(0)


def test_a_case_is_cancelled_with_a_reason(visitor: Visitor, library: Library) -> None:
    case = libraries.started(library)
    page = visitor("truong")
    page.goto(f"/cases/{case}")
    page.get_by_text("Hủy hồ sơ").first.click()
    page.locator("#reason").fill("Bạn đọc đổi ý")
    page.get_by_role("button", name="Hủy hồ sơ").click()
    page.get_by_role("button", name="Tiếp tục").or_(
        page.locator("dialog[open] button[value=yes]")
    ).first.click()
    expect(page.locator(".timeline")).to_contain_text("Bạn đọc đổi ý")
    assert history_of(case)[-1] == "instance_cancelled"


def test_cases_are_found_by_person_and_by_filter(
    visitor: Visitor, library: Library, photographed: Camera
) -> None:
    libraries.started(library, reader=0)
    libraries.started(library, reader=1, debt=60_000)  # over the limit: ends at once
    page = visitor("truong")
    page.goto("/cases")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.locator("#filter-state").select_option("completed")
    page.get_by_role("button", name="Lọc").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("#scan").fill("dang thuy duong")
    page.locator("#scan").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("Đang chạy")
    assert "thuy" not in page.url
    photographed(page, "cases")


def test_somebody_elses_work_is_refused(visitor: Visitor, library: Library) -> None:
    case = libraries.started(library)
    fetch = libraries.waiting(library, case, "nguoikho")["fetch"]
    page = visitor("thuthu")
    assert page.goto(f"/tasks/{fetch}").status == 403
    stacker = visitor("nguoikho")
    assert stacker.goto("/start/loan").status == 403
    assert stacker.goto("/cases").status == 403
    assert stacker.goto(f"/cases/{case + 1}").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/tasks/1-1",
        "/tasks/x",
        "/cases/1",
        "/cases/x",
        "/stations/none",
        "/no-such-page",
        "/cases/9223372036854775807",
        "/cases/9999999999999999999",
        "/tasks/1-99999999999",
        "/tasks/99999999999999999999999999-1",
        "/versions/9999999999999999999",
    ],
)
def test_an_unknown_address_is_a_page_that_says_so(visitor: Visitor, path: str) -> None:
    page = visitor("truong")
    assert page.goto(path).status == 404
    expect(page.locator("main")).to_contain_text("404")


@pytest.mark.parametrize("path", ["/cases?unit=%00", "/stuck?unit=%00", "/processes/%00"])
def test_an_address_with_a_zero_byte_is_answered_not_broken(visitor: Visitor, path: str) -> None:
    assert visitor("truong").request.get(path).status == 400


def test_a_task_of_another_unit_is_not_told_about(visitor: Visitor, library: Library) -> None:
    case = libraries.started(library)
    task_id = libraries.waiting(library, case, "thuthu")["stamp_card"]
    libraries.done(library, case, "thuthu", "stamp_card", stamped=True)
    assert visitor("thuthu3").goto(f"/tasks/{task_id}").status == 404


def test_a_post_without_its_guard_is_refused(visitor: Visitor, library: Library) -> None:
    case = libraries.started(library)
    task_id = libraries.waiting(library, case, "thuthu")["stamp_card"]
    page = visitor("thuthu")
    for path in (
        f"/tasks/{task_id}",
        f"/tasks/{task_id}/draft",
        f"/tasks/{task_id}/release",
        "/stations/counter/next",
        "/start/loan",
        "/sign-out",
        "/unit",
    ):
        answer = page.request.post(path, form={"stamped": "true", "csrf": "made-up"})
        assert answer.status == 403, path
    assert history_of(case) == ["instance_started"]


def test_signing_in_pauses_after_many_failures(visitor: Visitor) -> None:
    page = visitor()
    for _ in range(8):
        page.goto("/sign-in")
        page.locator("#sign_in").fill("thuthu")
        page.locator("#password").fill("sai-mat-khau")
        page.locator("form[action='/sign-in'] button").click()
        expect(page.locator("#reason")).to_contain_text("không đúng")
    page.locator("#password").fill(PASSWORD)
    page.locator("form[action='/sign-in'] button").click()
    expect(page.locator("#reason")).to_contain_text("5 phút")


@pytest.mark.parametrize(
    "wanted",
    ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)"],
)
def test_signing_in_never_leads_elsewhere(visitor: Visitor, address: str, wanted: str) -> None:
    page = visitor()
    page.goto(f"/sign-in?next={wanted}")
    page.locator("#sign_in").fill("thuthu")
    page.locator("#password").fill(PASSWORD)
    page.locator("form[action='/sign-in'] button").click()
    expect(page).to_have_url("/")


def test_a_page_that_needs_somebody_comes_back_after_signing_in(visitor: Visitor, address: str) -> None:
    page = visitor()
    page.goto("/stations/counter")
    page.locator("#sign_in").fill("thuthu")
    page.locator("#password").fill(PASSWORD)
    page.locator("form[action='/sign-in'] button").click()
    expect(page).to_have_url("/stations/counter")
    page.locator("[data-menu] summary").click()
    page.get_by_role("button", name="Đăng xuất").click()
    page.goto("/stations/counter")
    expect(page).to_have_url("/sign-in?next=/stations/counter")


def test_language_theme_and_unit_are_chosen(visitor: Visitor, library: Library, photographed: Camera) -> None:
    page = visitor("truong")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hello")
    page.locator("[data-theme-form] button").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    photographed(page, "home_dark")
    page.goto("/unit")
    photographed(page, "unit")
    page.get_by_role("button", name="Chi nhánh Bờ Sông").click()
    expect(page.locator(".page-head")).to_contain_text("Chi nhánh Bờ Sông")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_health_names_nobody(visitor: Visitor, library: Library) -> None:
    libraries.started(library)
    stranger, head = visitor(), visitor("truong")
    assert stranger.request.get("/health").json() == {"status": "ok"}
    told = head.request.get("/health").json()
    assert told["instances"] == {"active": {"loan": 1}}
    assert told["incidents"] == {"open": 0}
    assert set(told) == {"status", "jobs", "timers", "incidents", "instances"}


def test_every_look_at_a_person_leaves_a_row(
    visitor: Visitor, library: Library, move: Callable[..., datetime]
) -> None:
    case = libraries.started(library)
    page = visitor("truong")
    page.goto(f"/cases/{case}")
    with database.transaction() as connection:
        rows = connection.exec_driver_sql(
            "select what, subject from lookup where actor_id = %s", (library.staff["truong"].account_id,)
        ).all()
    assert {row.what for row in rows} == {"case", "people.person"}
    assert {row.subject for row in rows} == {library.readers[0]["id"]}
