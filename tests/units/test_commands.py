"""The command line says what it did, what it found and what to do; its exit status can be relied on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy

import tiemchung
from engine import campaign, catalogue, database, settings
from engine.definitions import registry
from tests.book_loan import bundles
from tests.postgres import library as libraries

BOOKS = Path(bundles.__file__).parent
Captured = pytest.CaptureFixture[str]

DRAWING = """\
<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="urn:test">
  <bpmn:process id="shelf" isExecutable="true">
    <bpmn:startEvent id="begin"><bpmn:outgoing>to_ask</bpmn:outgoing></bpmn:startEvent>
    <bpmn:userTask id="ask"><bpmn:incoming>to_ask</bpmn:incoming><bpmn:outgoing>to_way</bpmn:outgoing></bpmn:userTask>
    <bpmn:exclusiveGateway id="way" default="to_short">
      <bpmn:incoming>to_way</bpmn:incoming><bpmn:outgoing>to_long</bpmn:outgoing><bpmn:outgoing>to_short</bpmn:outgoing>
    </bpmn:exclusiveGateway>
    <bpmn:endEvent id="long"><bpmn:incoming>to_long</bpmn:incoming></bpmn:endEvent>
    <bpmn:endEvent id="short"><bpmn:incoming>to_short</bpmn:incoming></bpmn:endEvent>
    <bpmn:sequenceFlow id="to_ask" sourceRef="begin" targetRef="ask" />
    <bpmn:sequenceFlow id="to_way" sourceRef="ask" targetRef="way" />
    <bpmn:sequenceFlow id="to_long" sourceRef="way" targetRef="long">
      <bpmn:conditionExpression>days &gt; 7</bpmn:conditionExpression>
    </bpmn:sequenceFlow>
    <bpmn:sequenceFlow id="to_short" sourceRef="way" targetRef="short" />
  </bpmn:process>
</bpmn:definitions>
"""


@pytest.fixture
def loan(tmp_path: Path) -> Iterator[Path]:
    """A copy of the book loan's folder, whose campaign and forms hold during the test."""
    shutil.copytree(BOOKS / "processes", tmp_path / "processes")
    (tmp_path / "pages").mkdir()
    chosen = replace(
        settings.current(),
        processes_dir=tmp_path / "processes",
        forms_dir=BOOKS / "forms",
        pages_dir=tmp_path / "pages",
        language="en",
    )
    with settings.using(chosen), campaign.using(bundles.library()), catalogue.using(bundles.services()):
        yield tmp_path / "processes" / "loan"


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    path = tmp_path / "shelf.bpmn"
    path.write_text(DRAWING, "utf-8")
    return path


# --- check ------------------------------------------------------------------------------------------------


def test_what_is_broken_in_several_files_is_found_in_one_go(loan: Path, capsys: Captured) -> None:
    for name, old, new in (
        ("process.yaml", "owner: process_owner", "owner: 7: 8"),
        ("texts/en.yaml", "process:", "process: ["),
        ("loan.bpmn", '= limit.outcome = "allow"', "= limit +"),
        ("limits.dmn", "<inputExpression", "<inputExpressions"),
    ):
        path = loan / name
        before = path.read_text("utf-8")
        assert old in before, name
        path.write_text(before.replace(old, new, 1), "utf-8")
    assert tiemchung.main(["check", str(loan)]) == 1
    said = capsys.readouterr().err
    for file in ("process.yaml:", "texts/en.yaml:", "loan.bpmn:", "limits.dmn:"):
        assert f"error: {file}" in said, file


def test_check_is_content_with_good_folders_and_exits_with_0(loan: Path, capsys: Captured) -> None:
    assert tiemchung.main(["check"]) == 0
    said = capsys.readouterr()
    assert f"{loan}: 0 lỗi / errors" in said.out
    assert f"{loan.parent / 'repair'}: 0 lỗi / errors" in said.out
    assert "error" not in said.err


def test_check_prints_every_finding_of_every_file_and_exits_with_1(loan: Path, capsys: Captured) -> None:
    table, scenario = loan / "limits.dmn", loan / "scenarios" / "loans.yaml"
    table.write_text(table.read_text("utf-8").replace("&gt; 50000", "&gt; 50000 +", 1), "utf-8")
    flow = loan / "loan.bpmn"
    flow.write_text(flow.read_text("utf-8").replace("count(books) &gt; 2", "count(books &gt; 2"), "utf-8")
    assert tiemchung.main(["check", str(loan)]) == 1
    said = capsys.readouterr()
    assert "error: limits.dmn:" in said.err
    assert "error: loan.bpmn:" in said.err
    assert f"{loan}: " in said.out
    assert f"{loan}: 0" not in said.out

    shutil.copy(BOOKS / "processes" / "loan" / "limits.dmn", table)
    shutil.copy(BOOKS / "processes" / "loan" / "loan.bpmn", flow)
    scenario.write_text(
        scenario.read_text("utf-8").replace("end: ended_returned", "end: ended_lost"), "utf-8"
    )
    assert tiemchung.main(["check", str(loan)]) == 1
    assert "scenarios/loans.yaml:" in capsys.readouterr().err


@pytest.mark.parametrize("what", ["empty", "absent", "a file"])
def test_check_of_what_is_no_process_folder_is_a_sentence(
    loan: Path, tmp_path: Path, capsys: Captured, what: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a file").write_text("x", "utf-8")
    assert tiemchung.main(["check", str(tmp_path / what)]) == 1
    said = capsys.readouterr()
    assert "process.yaml" in said.err
    assert "Traceback" not in said.err


# --- submit, approve, versions ----------------------------------------------------------------------------


def test_a_folder_is_submitted_by_one_approved_by_another_and_listed(
    database: sqlalchemy.Engine, move: Callable[..., datetime], loan: Path, capsys: Captured
) -> None:
    with libraries.opened() as library:
        owner, approver = signed(library, "process_owner"), signed(library, "approver")
        table = loan / "limits.dmn"
        table.write_text(table.read_text("utf-8").replace("50000", "40000"), "utf-8")
        move(minutes=1)
        assert tiemchung.main(["submit", str(loan), "--as", owner, "--reason", "Less debt"]) == 0
        number = capsys.readouterr().out.strip()
        assert number.isdecimal()

        assert tiemchung.main(["approve", number, "--as", owner, "--reason", "My own"]) == 1
        assert "permission “approve”" in capsys.readouterr().err
        assert tiemchung.main(["approve", number, "--as", approver, "--reason", "Looks right"]) == 0
        assert tiemchung.main(["approve", number, "--as", approver, "--reason", "Looks right"]) == 1
        assert "decided already" in capsys.readouterr().err

        assert tiemchung.main(["versions"]) == 0
        listed = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
        assert [(key, version, unit) for key, version, unit, *_ in listed] == [
            ("loan", "v2", "/"), ("loan", "v1", "/"), ("repair", "v1", "/"),
        ]  # fmt: skip
        with transaction() as connection:
            assert len(registry.versions(connection, "loan")) == 2


def test_all_editions_of_a_process_are_published_in_order_from_their_days(
    database: sqlalchemy.Engine, move: Callable[..., datetime], loan: Path, capsys: Captured
) -> None:
    said = "authority: {number: 17/QĐ-TV, on: 2021-03-10, title: {vi: Nội quy, en: House rules}}\n"
    for name, day in (("july", "2021-07-15"), ("may", "2021-05-01")):
        (loan / "editions" / name).mkdir(parents=True)
        (loan / "editions" / name / "edition.yaml").write_text(
            f"edition: {name}\neffective_from: {day}\n{said}", "utf-8"
        )
    assert tiemchung.main(["check", str(loan)]) == 0
    assert f"{loan} july: 0" in capsys.readouterr().out
    with libraries.opened() as library:
        owner, approver = signed(library, "process_owner"), signed(library, "approver")
        asked = ["submit", str(loan), "--all-editions", "--as", owner, "--reason", "The rules so far"]
        assert tiemchung.main(asked) == 0
        numbers = capsys.readouterr().out.split()
        assert len(numbers) == 2
        setting_up = ["approve", *numbers, "--at-setup", "--as", approver, "--reason", "Looks right"]
        assert tiemchung.main(setting_up) == 0
        with transaction() as connection:
            held = {one.effective_at.date().isoformat() for one in registry.releases(connection, "loan")}
        assert {"2021-04-30", "2021-07-14"} <= held, "from midnight in Vietnam"
        assert (
            tiemchung.main(["submit", str(loan), "--edition", "june", "--as", owner, "--reason", "No"]) == 1
        )
        assert "no edition “june”" in capsys.readouterr().err
        late = ["approve", "1", "--effective", "tomorrow", "--as", approver, "--reason", "Looks right"]
        assert tiemchung.main(late) == 1
        assert "“tomorrow” is neither a date" in capsys.readouterr().err


def test_who_is_unknown_or_may_not_submit_is_told_so(
    database: sqlalchemy.Engine, move: Callable[..., datetime], loan: Path, capsys: Captured
) -> None:
    with libraries.opened() as library:
        for sign_in in ("nobody", signed(library, "librarian")):
            assert tiemchung.main(["submit", str(loan), "--as", sign_in, "--reason", "For the test"]) == 1
            said = capsys.readouterr()
            assert said.out == ""
            assert len(said.err.splitlines()) == 1
        approver = signed(library, "approver")
        assert tiemchung.main(["approve", "12345", "--as", approver, "--reason", "For the test"]) == 1
        assert "no such submission" in capsys.readouterr().err


def signed(library: libraries.Library, role: str) -> str:
    """The sign-in of somebody who holds a role."""
    return library.people[role].sign_in


transaction = database.transaction


# --- run --------------------------------------------------------------------------------------------------


def test_run_prints_the_elements_a_drawing_passes(drawing: Path, capsys: Captured) -> None:
    assert tiemchung.main(["run", str(drawing), "--answers", '{"ask": {"days": 10}}']) == 0
    assert capsys.readouterr().out.split() == ["begin", "ask", "way", "long"]


def test_run_shows_spiffworkflow_side_by_side(drawing: Path, capsys: Captured) -> None:
    arguments = ["run", str(drawing), "--engine", "spiffworkflow", "--answers", '{"ask": {"days": 3}}']
    assert tiemchung.main(arguments) == 0
    title, *lines = capsys.readouterr().out.splitlines()
    assert title.split() == ["engine", "spiffworkflow"]
    assert [line.split() for line in lines] == [[element] * 2 for element in ("begin", "ask", "way", "short")]


@pytest.mark.parametrize(
    ("content", "answers"),
    [
        (DRAWING, "not JSON"),
        (DRAWING, "[1]"),
        (DRAWING.replace("bpmn:userTask", "bpmn:transaction"), "{}"),
        ("<not-bpmn", "{}"),
        ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + DRAWING[39:], "{}"),
    ],
    ids=[
        "answers that are no JSON",
        "answers that are no map",
        "an element not supported",
        "no XML",
        "an entity",
    ],
)
def test_run_of_what_cannot_run_is_a_sentence_and_not_a_traceback(
    tmp_path: Path, capsys: Captured, content: str, answers: str
) -> None:
    path = tmp_path / "shelf.bpmn"
    path.write_text(content, "utf-8")
    assert tiemchung.main(["run", str(path), "--answers", answers]) in (1, 2)
    said = capsys.readouterr()
    assert said.err.strip()
    assert "Traceback" not in said.err


def test_run_of_a_file_that_is_not_there_is_a_sentence(tmp_path: Path, capsys: Captured) -> None:
    assert tiemchung.main(["run", str(tmp_path / "nothing.bpmn")]) == 1
    assert "nothing.bpmn" in capsys.readouterr().err


# --- usage ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [[], ["fly"], ["approve", "twelve", "--as", "a", "--reason", "b"], ["simulate"], ["simulate", "--visits", "many"],
     ["simulate", "--visits", "0"], ["simulate", "--visits", "-3"], ["submit", "folder"], ["bench", "web"],
     ["bench", "engine", "--seconds", "-1"], ["run"]],
    ids=lambda given: " ".join(given) or "nothing",
)  # fmt: skip
def test_bad_usage_is_a_sentence_and_exits_with_2(given: list[str], capsys: Captured) -> None:
    with pytest.raises(SystemExit) as stopped:
        tiemchung.main(given)
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("usage: tiemchung")
    assert "error:" in said


def test_simulate_without_a_demonstration_says_what_to_do(
    database: sqlalchemy.Engine, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiemchung.database, "migrate", lambda: None)  # the test's database is migrated
    assert tiemchung.main(["simulate", "--visits", "3"]) == 1
    assert "demo" in capsys.readouterr().err


def test_a_reader_that_has_read_enough_ends_a_command_quietly(drawing: Path) -> None:
    command = [sys.executable, str(settings.CHECKOUT / "tiemchung.py"), "run", str(drawing)]
    command += ["--answers", '{"ask": {"days": 10}}']
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None and running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == ""
    assert running.returncode == 1


def test_help_names_every_command(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as stopped:
        tiemchung.main(["--help"])
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    for command in (
        "demo",
        "serve",
        "work",
        "check",
        "submit",
        "approve",
        "versions",
        "run",
        "simulate",
        "bench",
    ):
        assert f"\n    {command} " in said
