"""`tiemchung decide` evaluates a decision without a database, says why, and refuses in sentences."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

import tiemchung
from engine import settings
from tests.book_loan import bundles
from tests.units.decisions.drawn import decision, literal, table, tree

BOOKS = Path(bundles.__file__).parent
LIMITS = BOOKS / "processes" / "loan" / "limits.dmn"
ASKED: dict[str, Any] = {"card_kind": "teacher", "books": [{"title": "Số đỏ"}], "debt": 0}
Captured = pytest.CaptureFixture[str]
Decide = Callable[..., int]


@pytest.fixture(autouse=True)
def _no_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """English, and a database that nobody could reach."""
    monkeypatch.setattr("engine.database.engine", lambda: pytest.fail("the database was asked for"))
    chosen = replace(settings.current(), language="en", forms_dir=BOOKS / "forms")
    with settings.using(chosen):
        yield


def decide(file: Path, name: str, given: Any = None, *more: str) -> int:
    text = given if isinstance(given, str) else json.dumps(given or {})
    return tiemchung.main(["decide", str(file), "--decision", name, "--input", text, *more])


def written(path: Path, *parts: str, namespace: str = "n") -> Path:
    root = tree(*parts)
    root.set("namespace", namespace)
    path.write_bytes(etree.tostring(root))
    return path


@pytest.fixture
def fees(tmp_path: Path) -> Path:
    """A decision of two tables and a literal, and a service around it."""
    by_age = table(
        "FIRST", [("age", "number")], ["share"], [["< 6", "0"], ["< 18", "0.5", "child"], ["-", "1"]]
    )
    service = (
        '<decisionService id="counter" name="counter"><variable name="counter"/><outputDecision href="#fee"/>'
        '<encapsulatedDecision href="#share"/><inputData href="#age"/><inputData href="#price"/></decisionService>'
    )
    return written(
        tmp_path / "fees.dmn",
        '<inputData id="age" name="age"/><inputData id="price" name="price"/>',
        decision("share", by_age, ["input:age"]),
        decision("fee", literal("price * share"), ["input:price", "decision:share"]),
        decision("day", literal("string(today())")),
        service,
    )


# --- the value --------------------------------------------------------------------------------------------


def test_the_value_is_printed_as_json_and_nothing_else(capsys: Captured) -> None:
    assert decide(LIMITS, "limits", {"card": None, **ASKED}) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["outcome"] == "allow"


def test_numbers_keep_all_their_digits(fees: Path, capsys: Captured) -> None:
    assert decide(fees, "fee", '{"age": 10, "price": 0.30000000000000000000000000002}') == 0
    assert capsys.readouterr().out.strip() == "0.150000000000000000000000000010"


def test_the_input_comes_from_a_file_or_from_standard_input(
    fees: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "given.json").write_text('{"age": 3, "price": 8}', "utf-8")
    assert decide(fees, "fee", f"@{tmp_path / 'given.json'}") == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"age": 30, "price": 8}'))
    assert decide(fees, "fee", "-") == 0
    assert capsys.readouterr().out.split() == ["0", "8"]


def test_letters_typed_in_pieces_are_the_same_letters(tmp_path: Path, capsys: Captured) -> None:
    """Some keyboards and editors write “có” as four characters: it is the name and the answer meant all the same."""
    one_row = table("UNIQUE", [("co\u0301 thai", "string")], ["d"], [['"co\u0301"', "1"]])
    file = written(
        tmp_path / "x.dmn", '<inputData id="i" name="c\xf3 thai"/>', decision("d", one_row, ["input:i"])
    )
    for answer in ('{"c\xf3 thai": "co\u0301"}', '{"co\u0301 thai": "c\xf3"}'):
        (tmp_path / "given.json").write_text(answer, "utf-8-sig")  # as Windows saves it
        assert decide(file, "d", f"@{tmp_path / 'given.json'}") == 0
    assert capsys.readouterr().out.split() == ["1", "1"]


def test_a_service_is_evaluated_by_its_name_and_explained_by_its_outputs(
    fees: Path, capsys: Captured
) -> None:
    assert decide(fees, "counter", {"age": 10, "price": 8}) == 0
    assert capsys.readouterr().out.strip() == "4"
    assert decide(fees, "counter", {"age": 10, "price": 8}, "--explain") == 0
    said = capsys.readouterr().out
    assert "counter = 4" in said
    assert "✓ 2  → 0.5" in said


def test_the_moment_is_the_one_given(fees: Path, capsys: Captured) -> None:
    assert decide(fees, "day", {}, "--at", "2021-07-20T23:30") == 0
    assert json.loads(capsys.readouterr().out) == "2021-07-20"
    assert decide(fees, "day", {}, "--at", "yesterday") == 1
    assert "“yesterday” is neither a date" in capsys.readouterr().err


def test_imports_are_found_beside_the_file_whatever_else_lies_there(tmp_path: Path, capsys: Captured) -> None:
    written(tmp_path / "below.dmn", decision("rate", literal("3")), namespace="below")
    (tmp_path / "broken.dmn").write_text("<definitions", "utf-8")
    bring = '<import name="b" namespace="below" importType="https://www.omg.org/spec/DMN/20191111/MODEL/"/>'
    need = '<informationRequirement><requiredDecision href="below#rate"/></informationRequirement>'
    own = f'<decision id="d" name="d"><variable name="d"/>{need}{literal("b.rate + 1")}</decision>'
    assert decide(written(tmp_path / "top.dmn", bring, own), "d", {}, "--explain") == 0
    said = capsys.readouterr().out
    assert "d = 4" in said
    assert "rate (below#rate) = 3" in said


def test_no_database_is_needed_at_all(fees: Path, tmp_path: Path) -> None:
    """In a process of its own, whose settings lead to a server that is not there."""
    given = ["decide", str(fees), "--decision", "fee", "--input", '{"age": 1, "price": 2}']
    nowhere = {"TIEMCHUNG_DATABASE_URL": "postgresql://nobody:x@127.0.0.1:1/nothing", "PYTHONPATH": "."}
    done = subprocess.run(
        [sys.executable, "tiemchung.py", *given], cwd=settings.CHECKOUT, env=nowhere, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "0"), done.stderr


# --- why --------------------------------------------------------------------------------------------------


def test_the_explanation_tells_inputs_rules_what_decided_and_what_was_required(
    fees: Path, capsys: Captured
) -> None:
    assert decide(fees, "fee", {"age": 10, "price": 8}, "--explain", "--at", "2021-07-20") == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "fees.dmn · as of 2021-07-20 00:00+07:00"
    assert "Expression: price * share" in lines
    assert "The first rule that matched decided (FIRST): rule 2." in lines
    assert [line.split() for line in lines if line.startswith(("age ", "price "))] == [
        ["price", "8"],
        ["age", "10"],
    ]
    assert "✗ 1  age: < 6 – found 10" in lines
    assert any(line.startswith("✓ 2  → 0.5") and line.endswith("child") for line in lines)
    assert "· 1 more rules did not need to be tried" in lines


def test_the_explanation_is_in_the_language_of_the_settings(fees: Path, capsys: Captured) -> None:
    with settings.using(replace(settings.current(), language="vi")):
        assert decide(fees, "share", {"age": 10}, "--explain") == 0
    said = capsys.readouterr().out
    assert "Quy tắc khớp đầu tiên quyết định (FIRST): quy tắc 2." in said
    assert "có 10" in said


def test_the_explanation_as_json_says_the_same(fees: Path, capsys: Captured) -> None:
    assert decide(fees, "fee", {"age": 10, "price": 8}, "--explain", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    (share,) = told["requires"]
    assert (told["value"], told["decided_by"], told["reads"]) == (4, "logic", {"price": 8})
    assert (share["deciding"], share["inputs"]) == ([2], [{"label": "age", "value": 10}])
    assert share["failed"] == [{"rule": 1, "label": "age", "cell": "< 6"}]


def test_warnings_are_told_with_their_place_and_not_mixed_with_the_value(
    tmp_path: Path, capsys: Captured
) -> None:
    file = written(tmp_path / "w.dmn", decision("d", literal('1 + "a"')))
    assert decide(file, "d") == 0
    said = capsys.readouterr()
    assert said.out.strip() == "null"
    assert said.err.startswith("warning: ")
    assert "1 + " in said.err
    assert decide(file, "d", {}, "--explain") == 0
    assert "! " in capsys.readouterr().out


# --- folders and editions ---------------------------------------------------------------------------------


@pytest.fixture
def loan(tmp_path: Path) -> Path:
    """The loan with a later edition that lends to debtors of up to 80 000."""
    folder = tmp_path / "loan"
    shutil.copytree(BOOKS / "processes" / "loan", folder)
    (folder / "edition.yaml").write_text(edition("may", "2021-05-01"), "utf-8")
    later = folder / "editions" / "june"
    later.mkdir(parents=True)
    (later / "edition.yaml").write_text(edition("june", "2021-06-01", "follows: may\n"), "utf-8")
    (later / "limits.dmn").write_text(LIMITS.read_text("utf-8").replace("50000", "80000"), "utf-8")
    return folder


def edition(name: str, begins: str, more: str = "") -> str:
    return (
        f"edition: {name}\neffective_from: {begins}\n{more}"
        "authority: {number: 1/QĐ, on: 2021-04-01, title: {vi: Nội quy, en: Rules}}\n"
    )


@pytest.mark.parametrize(
    ("at", "named", "outcome", "told"),
    [
        ("2021-05-20", None, "refuse", "may"),
        ("2021-06-20", None, "allow", "june"),
        ("2021-05-20", "june", "allow", "june"),
    ],
)  # fmt: skip
def test_a_folder_means_the_edition_of_the_moment_or_the_one_named(
    loan: Path, capsys: Captured, at: str, named: str | None, outcome: str, told: str
) -> None:
    more = ["--edition", named] if named else []
    given = {**ASKED, "debt": 60_000}
    assert decide(loan, "limits", given, "--at", at, "--explain", "--json", *more) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["value"]["outcome"], said["edition"]) == (outcome, told)


def test_before_the_first_edition_nothing_is_decided(loan: Path, capsys: Captured) -> None:
    assert decide(loan, "limits", ASKED, "--at", "2021-04-30") == 1
    assert "No edition was in force then; the first, may," in capsys.readouterr().err


def test_a_file_of_an_edition_is_told_as_of_that_edition(loan: Path, capsys: Captured) -> None:
    assert (
        decide(loan / "editions" / "june" / "limits.dmn", "limits", {**ASKED, "debt": 60_000}, "--explain")
        == 0
    )
    said = capsys.readouterr().out
    assert "Edition june (1/QĐ), in force from 2021-06-01" in said
    assert '"allow"' in said


# --- refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "given", "sentences"),
    [
        ("fea", "{}", ["There is no decision “fea” here. Did you mean “fee”?"]),
        ("xyz", "{}", ["There is no decision “xyz” here. Known:", "share", "counter"]),
        ("fee", '{"age": 1,\n "price" 2}', ["Line 2, column 10: this is not JSON"]),
        ("fee", '{"age": NaN, "price": 2}', ["Line 1, column 9: this is not JSON"]),
        ("fee", "[1]", ["Expected is a JSON object"]),
        ("fee", '{"price": 1}', ["Missing: age. The decision reads: age, price."]),
        ("fee", "@nowhere.json", ["nowhere.json", "cannot be read"]),
        ("fee", "[" * 100_000, ["nested too deeply"]),
    ],
    ids=["near", "far", "comma", "nan", "list", "missing", "no file", "deep"],
)
def test_what_cannot_be_decided_is_refused_in_a_sentence(
    fees: Path, capsys: Captured, name: str, given: str, sentences: list[str]
) -> None:
    assert decide(fees, name, given) == 1
    said = capsys.readouterr()
    assert said.out == ""
    for sentence in sentences:
        assert sentence in said.err


def test_a_name_the_decision_does_not_read_is_warned_of(fees: Path, capsys: Captured) -> None:
    assert decide(fees, "fee", {"age": 10, "price": 8, "prise": 1}) == 0
    said = capsys.readouterr()
    assert said.out.strip() == "4"
    assert "does not read “prise”. Did you mean “price”?" in said.err


def test_a_file_that_is_no_dmn_or_not_there_is_refused(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "x.dmn").write_text("<a/>", "utf-8")
    assert decide(tmp_path / "x.dmn", "d") == 1
    assert "not a DMN file" in capsys.readouterr().err
    assert decide(tmp_path / "y.dmn", "d") == 1
    assert "cannot be read" in capsys.readouterr().err


def test_a_required_input_that_is_not_known_is_refused_with_its_name(
    tmp_path: Path, capsys: Captured
) -> None:
    rules = table("UNIQUE", [("age", "number")], ["share"], [["< 18", "0.5"], [">= 18", "1"]])
    required = rules.replace('label="age"', 'label="Age" xmlns:tc="urn:tiemchung:bpmn:1" tc:required="true"')
    file = written(
        tmp_path / "r.dmn", '<inputData id="age" name="age"/>', decision("d", required, ["input:age"])
    )
    assert decide(file, "d", {"age": 8}) == 0
    assert decide(file, "d", {"age": None}) == 1
    assert capsys.readouterr().err.startswith("error: The table “d” requires “Age”")


def test_what_a_decision_computes_itself_need_not_be_given(tmp_path: Path, capsys: Captured) -> None:
    """A filter's condition that names a decision may mean it or a member of what is filtered."""
    logic = literal("count([{place: 1}, {place: 2}][place > 1])")
    file = written(tmp_path / "p.dmn", decision("place", logic))
    assert decide(file, "place", {}) == 0
    assert capsys.readouterr().out.strip() == "1"


def test_a_decision_that_never_ends_is_refused(tmp_path: Path, capsys: Captured) -> None:
    file = written(
        tmp_path / "w.dmn", decision("d", literal("count(for a in 1..9999, b in 1..9999 return a)"))
    )
    assert decide(file, "d") == 1
    assert capsys.readouterr().err.startswith("error: w.dmn")
