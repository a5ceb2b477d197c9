"""A process owner changes a rule in the browser, a colleague approves it; what is broken or hostile stays out."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from engine import database, history, instances, settings
from engine.definitions import deployment, registry
from engine.ids import InstanceId
from tests import library as libraries
from tests.book_loan import bundles
from tests.library import BOOKS, Library

Visitor = Callable[..., Page]
Camera = Callable[[Page, str], Path]
Move = Callable[..., datetime]
Files = dict[str, bytes]

THREE_BOOKS = [{"title": "Số đỏ"}, {"title": "Giông tố"}, {"title": "Vỡ đê"}]
READ_A_FILE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
TEN_TIMES = zip("abcd", "bcde", strict=True)
BOMB = (
    '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in TEN_TIMES)
    + "]>"
)


AUTUMN = """\
edition: autumn
effective_from: 2021-09-15
authority: {number: 17/QĐ-TV, on: 2021-09-01, title: {vi: Nội quy mượn sách mùa thu, en: Rules of lending for autumn}}
"""


def test_a_table_is_edited_submitted_approved_and_decides_the_next_case(
    visitor: Visitor, library: Library, move: Move, photographed: Camera, tmp_path: Path
) -> None:
    owner = visitor("soan")
    owner.goto("/processes")
    photographed(owner, "processes")
    owner.locator("a[href='/processes/loan']").click()
    photographed(owner, "process")
    owner.get_by_role("link", name="v1").first.click()
    owner.evaluate("document.querySelectorAll('.rules-sheet').forEach(one => one.open = true)")
    expect(owner.locator(".rules-sheet a[href='#table-limits-lending_days']")).to_be_visible()
    expect(owner.locator("#table-limits-lending_days pre")).to_contain_text('if card_kind = "teacher"')
    expect(owner.locator("[data-decisions][data-drawn] [data-element-id=lending_days]")).to_be_visible()
    photographed(owner, "version")
    owner.go_back()
    with owner.expect_download() as downloading:
        owner.get_by_role("link", name="Tải về (.zip)").click()
    with zipfile.ZipFile(downloading.value.path()) as archive:
        table = archive.read("limits.dmn").decode()
    edited = table.replace("&lt;= 5<", "&lt;= 2<").replace("&gt; 5<", "&gt; 2<")
    assert edited != table

    # A slip first: it comes back with the place, and what was typed is still there.
    send(owner, {"limits.dmn": edited.replace("&lt;= 2<", "&lt;= 2 2<").encode()}, "Công văn 12: hai quyển")
    expect(owner.get_by_role("heading", level=1)).to_have_text("Chưa gửi được")
    finding = owner.locator(".finding.is-error").first
    expect(finding.locator(".finding-place")).to_contain_text("limits.dmn:")
    expect(owner.locator("#reason")).to_have_value("Công văn 12: hai quyển")
    photographed(owner, "refused")

    send(owner, {"limits.dmn": edited.encode()}, "Công văn 12: hai quyển")
    expect(owner.locator("#toasts")).to_contain_text("Chờ một người khác duyệt")
    expect(owner.get_by_text("Bạn là người gửi; người khác phải duyệt.")).to_be_visible()
    expect(owner.locator(".change", has_text="<= 2")).to_have_count(1)  # what changes, in words
    expect(owner.get_by_role("button", name="Duyệt")).to_have_count(0)
    photographed(owner, "submitted")
    assert ways(libraries.started(library, reader=0, books=THREE_BOOKS)) == (
        "allow",
        1,
        {"fetch", "stamp_card"},
    )

    move(minutes=1)
    approver = visitor("duyet")
    approver.goto("/processes")
    approver.locator(".notice").get_by_role("link", name="loan").click()
    photographed(approver, "to-approve")
    approver.locator("#approve-reason").fill("Đã đối chiếu với công văn")
    approver.get_by_role("button", name="Duyệt").click()
    expect(approver.locator("#toasts")).to_contain_text("Đã duyệt")
    expect(approver.get_by_text("Hoàng Lan Duyệt · ")).to_be_visible()
    expect(approver.locator(".change", has_text="<= 2")).to_have_count(
        1
    )  # against what was before, not itself
    photographed(approver, "approved")

    assert ways(libraries.started(library, reader=1, books=THREE_BOOKS)) == ("ask", 2, {"grant"})


def test_a_publication_is_taken_back_from_the_page_of_the_version_before(
    visitor: Visitor, library: Library, move: Move
) -> None:
    move(minutes=1)
    published(library, bundles.bundle().changed(narrowed()).files)
    move(minutes=1)
    owner = visitor("soan")
    owner.goto("/processes/loan")
    owner.get_by_role("row", name="v1").last.get_by_role("link", name="v1").click()
    owner.locator("#reason").fill("Rút lại công văn")
    owner.get_by_role("button", name="Gửi lại phiên bản này").click()
    owner.wait_for_url("**/submissions/*")
    approver = visitor("duyet")
    approver.goto(owner.url)
    approver.locator("#approve-reason").fill("Đồng ý rút")
    approver.get_by_role("button", name="Duyệt").click()
    expect(approver.locator("#toasts")).to_contain_text("Đã duyệt")
    with database.transaction() as connection:
        held = registry.definition(connection, registry.in_force(connection, "loan", "/"))
    assert held.version == 1


def test_a_pilot_from_a_later_moment_is_said_on_the_page_of_the_process(
    visitor: Visitor, library: Library, photographed: Camera
) -> None:
    owner, approver = visitor("soan"), visitor("duyet", phone=True)
    owner.goto("/processes/loan")
    send(owner, narrowed(), "Thử ở một chi nhánh")
    owner.wait_for_url("**/submissions/*")
    approver.goto(owner.url)
    approver.locator("#approve-reason").fill("Thử trước một tuần")
    approver.locator("#effective_at").fill("2021-08-02T07:30")
    approver.locator("#unit").select_option("chi-nhanh-2")
    photographed(approver, "to-approve")
    approver.get_by_role("button", name="Duyệt").click()
    approver.goto("/processes/loan")
    pilot = approver.locator("tr", has_text="Chi nhánh Bờ Sông")
    expect(pilot).to_contain_text("thí điểm")
    expect(pilot).to_contain_text("sắp hiệu lực")
    expect(pilot).to_contain_text("02/08/2021 07:30")
    expect(pilot).to_contain_text("Thử ở một chi nhánh")
    photographed(approver, "process")


def test_what_is_hostile_or_broken_comes_back_with_its_findings_and_nothing_is_stored(
    visitor: Visitor, library: Library, photographed: Camera
) -> None:
    owner = visitor("soan")
    whole = dict(bundles.bundle().files)
    drawn, process = whole["loan.bpmn"].decode(), whole["process.yaml"].decode()
    start = drawn.index("<bpmn:definitions")
    head, body = drawn[:start], drawn[start:].replace('name="Kho sách"', 'name="&e;"')
    strange = (
        whole["forms/lend.json"]
        .decode()
        .replace('"type": "string",', '"type": "string", "patternProperties": {},', 1)
    )
    broken: dict[str, tuple[Files, str]] = {
        "external entity": (drawing(head + READ_A_FILE + body), "loan.bpmn:"),
        "entity bomb": (drawing(head + BOMB + body), "loan.bpmn:"),
        "markup in a label": (drawing(drawn, 'name="Kho sách"', 'name="<script>x()</script>"'), "loan.bpmn:"),
        "broken YAML": ({"process.yaml": process.replace("lanes:", "lanes: [").encode()}, "process.yaml:"),
        "unsupported keyword": ({"forms/lend.json": strange.encode()}, "forms/lend.json:"),
        "Python in a script": (drawing(drawn, "<bpmn:script>", '<bpmn:script>import os; '), "loan.bpmn:"),
        "a path that leaves the folder": ({"../../engine/worker.py": b"x = 1"}, "../../engine/worker.py"),
        "an unknown file": ({"run.py": b"print(1)"}, "run.py"),
        "a file beyond the limit": ({"CHANGELOG.md": b"a" * ((1 << 20) + 1)}, "CHANGELOG.md"),
    }  # fmt: skip
    before = stored()
    for name, (changes, place) in broken.items():
        owner.goto("/processes")
        send(owner, {"loan.zip": zipped({**whole, **changes})}, f"Thử: {name}")
        expect(owner.get_by_role("heading", level=1), name).to_have_text("Chưa gửi được")
        expect(owner.locator(".finding.is-error .finding-place", has_text=place).first, name).to_be_visible()
        said(owner.locator(".finding"), name)
        expect(owner.locator("#reason")).to_have_value(f"Thử: {name}")
        assert stored() == before, name
    photographed(owner, "refused")

    everything = {
        path: content for changes, _ in list(broken.values())[3:6] for path, content in changes.items()
    }
    owner.goto("/processes")
    send(owner, {"loan.zip": zipped({**whole, **everything})}, "Ba lỗi một lần")
    expect(owner.locator(".finding.is-error").nth(1)).to_be_visible()  # all of them at once
    assert stored() == before


def test_what_changes_nothing_is_refused_kindly(visitor: Visitor, library: Library) -> None:
    owner = visitor("soan")
    owner.goto("/processes/loan")
    owner.locator("#reason").fill("Gửi lại như cũ")
    owner.get_by_role("button", name="Kiểm tra và gửi").click()
    expect(owner.get_by_role("heading", level=1)).to_have_text("Chưa gửi được")
    expect(owner.locator(".finding")).to_contain_text("giống hệt phiên bản 1")
    expect(owner.locator("#reason")).to_have_value("Gửi lại như cũ")


def test_an_upload_beyond_the_limit_is_a_page_that_says_so(visitor: Visitor, library: Library) -> None:
    owner = visitor("soan")
    owner.goto("/processes")
    limit = settings.current().upload_limit_bytes
    before = stored()
    with owner.expect_response(lambda answer: answer.request.method == "POST") as answering:
        send(owner, {"loan.zip": b"\0" * (limit + 1)}, "Quá lớn")
    assert answering.value.status == 413
    expect(owner.get_by_role("heading", level=1)).to_be_visible()
    assert stored() == before


def test_a_label_with_markup_is_text_everywhere_and_never_runs(
    visitor: Visitor, library: Library, move: Move
) -> None:
    evil = "<script>window.ran=1</script><img src=x onerror=window.ran=1>"
    files = dict(bundles.bundle().files)
    escaped = evil.replace("<", "&lt;").replace(">", "&gt;")
    drawn = files["loan.bpmn"].decode().replace('name="Lấy sách trong kho"', f'name="{escaped}"')
    texts = files["texts/vi.yaml"].decode()
    texts = texts.replace("Lấy sách trong kho", evil).replace("Mượn sách", f"Mượn sách {evil}")
    assert evil in texts
    owner = visitor("soan")
    owner.goto("/processes/loan")
    sent = {"loan.zip": zipped({**files, "loan.bpmn": drawn.encode(), "texts/vi.yaml": texts.encode()})}
    send(owner, sent, f"Lý do {evil}")
    expect(owner.locator("#toasts")).to_contain_text("Chờ một người khác duyệt")
    submission = owner.url
    approver = visitor("duyet")
    approver.goto(submission)
    expect(approver.locator("main")).to_contain_text("<script>window.ran=1</script>")
    approver.locator("#approve-reason").fill("Duyệt thử")
    approver.get_by_role("button", name="Duyệt").click()
    expect(approver.locator("#toasts")).to_contain_text("Đã duyệt")
    move(minutes=1)
    case = libraries.started(library, reader=0)
    move(hours=1)
    lead = visitor("truong")
    for page, paths in (
        (approver, (submission, "/submissions", "/processes", "/processes/loan")),
        (lead, ("/stuck", f"/cases/{case}", "/cases")),
        (visitor("nguoikho"), ("/", "/stations/stacks")),
    ):
        for path in paths:
            page.goto(path)
            page.wait_for_load_state("networkidle")
            assert page.evaluate("window.ran") is None, path
            assert page.locator("img[src=x]").count() == 0, path
    lead.goto("/stuck")
    expect(lead.locator("tbody")).to_contain_text("<script>window.ran=1</script>")


def test_who_may_not_submit_or_approve_is_refused(visitor: Visitor, library: Library) -> None:
    owner = visitor("soan")
    owner.goto("/processes/loan")
    send(owner, narrowed(), "Nợ ít hơn")
    owner.wait_for_url("**/submissions/*")
    submission = owner.url
    desk = visitor("thuthu")
    desk.goto("/processes")
    expect(desk.locator("input[type=file]")).to_have_count(0)
    for page in (owner, desk):
        guard = page.locator("input[name=csrf]").first.get_attribute("value") or ""
        answer = page.request.post(f"{submission}/approve", form={"csrf": guard, "reason": "Tự duyệt lấy"})
        assert answer.status == 403
    assert stored()[1] == "submitted"


def test_an_edition_is_chosen_submitted_and_holds_from_its_own_day(
    visitor: Visitor, library: Library, photographed: Camera, tmp_path: Path
) -> None:
    shutil.copytree(BOOKS / "processes", tmp_path / "processes")
    folder = tmp_path / "processes" / "loan" / "editions" / "autumn"
    folder.mkdir(parents=True)
    table = bundles.bundle().files["limits.dmn"].decode()
    (folder / "limits.dmn").write_text(table.replace("mục 4", "mục 5"), "utf-8")
    (folder / "edition.yaml").write_text(AUTUMN, "utf-8")
    with settings.using(replace(settings.current(), processes_dir=tmp_path / "processes")):
        owner = visitor("soan")
        owner.goto("/processes")
        owner.locator("#folder").select_option("loan/autumn")
        owner.locator("#reason").fill("Nội quy mùa thu")
        owner.get_by_role("button", name="Kiểm tra và gửi").click()
        owner.wait_for_url("**/submissions/*")
    expect(owner.locator("main")).to_contain_text("17/QĐ-TV")
    expect(owner.locator("main")).to_contain_text("Nội quy mượn sách mùa thu")
    photographed(owner, "edition")

    approver = visitor("duyet")
    approver.goto(owner.url)
    expect(approver.locator("#effective_at")).to_have_value("2021-09-15T00:00")
    approver.locator("#approve-reason").fill("Đã đối chiếu")
    approver.get_by_role("button", name="Duyệt").first.click()
    expect(approver.locator("#toasts")).not_to_be_empty()
    with database.transaction() as connection:
        newest = registry.releases(connection, "loan")[0]
    assert newest.effective_at == datetime.fromisoformat("2021-09-15T00:00:00+07:00")


def send(page: Page, files: Files, reason: str) -> None:
    """Choose files, say why, submit; over the version in force of the loan."""
    payload = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        for name, content in files.items()
    ]
    page.locator("#files").set_input_files(payload)  # type: ignore[arg-type]
    page.locator("#folder").select_option("loan")
    page.locator("#reason").fill(reason)
    page.get_by_role("button", name="Kiểm tra và gửi").click()


def drawing(text: str, old: str = "", new: str = "") -> Files:
    """The loan's drawing, with its first `old` replaced."""
    assert old in text
    return {"loan.bpmn": (text.replace(old, new, 1) if old else text).encode()}


def zipped(files: Files) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return packed.getvalue()


def stored() -> tuple[int, str, int]:
    """How much has been submitted, what became of the last, and how many versions of the loan there are."""
    with database.transaction() as connection:
        found = deployment.submissions(connection)
        return len(found), found[0].state, len(registry.versions(connection, "loan"))


def said(findings: Locator, name: str) -> None:
    """Every finding is a sentence, not the key of a text that is missing."""
    for text in findings.all_inner_texts():
        assert " " in text, name
        assert "findings." not in text, name


def narrowed() -> Files:
    table = bundles.bundle().files["limits.dmn"].decode()
    return {"limits.dmn": table.replace("50000", "40000").encode()}


def published(library: Library, files: object) -> None:
    with database.transaction() as connection:
        submitted = deployment.submit(
            connection, files, library.staff["soan"], "Nợ ít hơn", ("loan", "repair")
        )  # type: ignore[arg-type]
        deployment.approve(connection, submitted, library.staff["duyet"], "Đã đọc")


def ways(case: InstanceId) -> tuple[str, int, set[str]]:
    """What the table decided of a case, by which version, and where the case waits now."""
    with database.transaction() as connection:
        (decision,) = history.decisions(connection, case)
        waits = {wait.element for wait in instances.state_of(connection, case).waits}
    return decision.outcome["outcome"], decision.version, waits
