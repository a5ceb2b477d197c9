"""Editions: what one decision changed, laid over the edition it follows, is a bundle like any other."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from engine.bpmn import marked_yaml
from engine.definitions import bundle as bundles
from engine.definitions import checks, edition_changes, editions, handbook
from engine.definitions import definition as definitions
from engine.errors import Invalid
from tests.book_loan.bundles import HERE, library, services

FIRST = """\
edition: may
effective_from: 2021-05-01
authority: {number: 9/QĐ, on: 2021-04-20, title: {vi: Nội quy, en: House rules}}
"""
JUNE = FIRST.replace("may", "june").replace("05-01", "06-18")
JULY = FIRST.replace("may", "july").replace("05-01", "07-15T07:00") + "follows: june\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The book loan's processes and forms, to be added to."""
    shutil.copytree(HERE / "processes", tmp_path / "processes")
    shutil.copytree(HERE / "forms", tmp_path / "forms")
    return tmp_path / "processes" / "loan"


def edition(folder: Path, name: str, said: str, **files: str) -> None:
    """An edition with its files, named with `__` for a slash and `_dot_` for a dot."""
    for path, content in {"edition.yaml": said, **files}.items():
        place = folder / "editions" / name / path.replace("__", "/").replace("_dot_", ".")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content, "utf-8")


def read(folder: Path, name: str | None = None) -> bundles.Bundle:
    return bundles.read(folder, folder.parent.parent / "forms", name)


def codes(call) -> list[str]:
    with pytest.raises(Invalid) as caught:
        call()
    for finding in caught.value.findings:
        assert not finding.sentence("vi").startswith("findings."), finding
    return [finding.code for finding in caught.value.findings]


def test_an_edition_replaces_files_and_adds_to_texts(folder):
    table = (folder / "limits.dmn").read_text("utf-8").replace("Nội quy, mục 4", "Nội quy tháng sáu, mục 2")
    edition(
        folder,
        "june",
        JUNE,
        limits_dot_dmn=table,
        texts__vi_dot_yaml="elements: {lend: {name: Giao tận tay}}\n",
    )
    base, june = read(folder), read(folder, "june")

    assert june.files["limits.dmn"] == table.encode() != base.files["limits.dmn"]
    assert june.files["loan.bpmn"] == base.files["loan.bpmn"]
    words = marked_yaml.load(june.files["texts/vi.yaml"], "vi.yaml").value
    assert words["elements"]["lend"]["name"] == "Giao tận tay"
    assert words["elements"]["fetch"] and words["forms"]["lend"]["title"] == "Giao sách"
    assert june.content_hash != base.content_hash
    _, findings = checks.run(june, services(), {"loan", "repair"}, library().roles)
    assert [one for one in findings if one.severity == "error"] == []


def test_an_edition_changes_a_form_and_its_words(folder):
    forms = folder.parent.parent / "forms"
    changed = (forms / "lend.json").read_text("utf-8").replace('"good"', '"fine"')
    edition(folder, "june", JUNE)
    edition(folder, "july", JULY)
    (forms / "editions" / "june" / "texts").mkdir(parents=True)
    (forms / "editions" / "june" / "lend.json").write_text(changed, "utf-8")
    (forms / "editions" / "june" / "texts" / "vi.yaml").write_text("lend: {title: Trao sách}\n", "utf-8")

    assert read(folder).files["forms/lend.json"] == (forms / "lend.json").read_bytes()
    for name in ("june", "july"):
        files = read(folder, name).files
        assert files["forms/lend.json"] == changed.encode()
        words = marked_yaml.load(files["texts/vi.yaml"], "vi.yaml").value["forms"]["lend"]
        assert words["title"] == "Trao sách"
        assert words["fields"]["condition"]["title"], "what the edition does not say again stays"


def test_editions_follow_one_another_and_stand_in_order_of_effect(folder):
    (folder / "edition.yaml").write_text(FIRST, "utf-8")
    edition(folder, "july", JULY, CHANGELOG_dot_md="July\n")
    edition(folder, "june", JUNE, CHANGELOG_dot_md="June\n", README_dot_md="June\n")

    assert [one.name for one in editions.of(folder)] == ["may", "june", "july"]
    assert read(folder, "may") == read(folder)
    files = read(folder, "july").files
    assert (files["CHANGELOG.md"], files["README.md"]) == (b"July\n", b"June\n")


def test_the_page_of_a_process_tells_its_editions_who_decided_them_and_what_each_changes(folder):
    forms = folder.parent.parent / "forms"
    assert edition_changes.of(folder, forms) == (), "one rule, nothing to tell"
    (folder / "edition.yaml").write_text(FIRST, "utf-8")
    table = (folder / "limits.dmn").read_text("utf-8").replace("&gt; 50000", "&gt; 60000")
    edition(folder, "june", JUNE, limits_dot_dmn=table)
    edition(folder, "july", JULY, process_dot_yaml="service_levels: {lend: PT20M}\n")
    (forms / "editions" / "july").mkdir(parents=True)
    changed = (forms / "lend.json").read_text("utf-8").replace('"good"', '"fine"')
    (forms / "editions" / "july" / "lend.json").write_text(changed, "utf-8")

    told = edition_changes.of(folder, forms)
    page = handbook.page(definitions.compile(read(folder)), told).splitlines()
    decided = "9/QĐ, 2021-04-20 | Nội quy | House rules"
    rows = [
        f"| `may` (this page) | 2021-05-01 | {decided} |  |  |",
        f"| `june` | 2021-06-18 | {decided} | `may` | decisions: `limits` |",
        f"| `july` | 2021-07-15 | {decided} | `june` | forms: `lend` · other: `process.yaml` |",
    ]
    assert [line for line in page if decided in line] == rows
    june = handbook.page(definitions.compile(read(folder, "june")), told)
    assert "Edition `june`: 9/QĐ, 2021-04-20; từ · from 2021-06-18." in june
    assert "| `june` (this page) |" in june and "`> 60000`" in june


def test_scenarios_that_no_longer_apply_are_left_out(folder):
    edition(folder, "june", JUNE + "drops: [scenarios/loans.yaml]\n")
    assert "scenarios/loans.yaml" in read(folder).files
    assert not [path for path in read(folder, "june").files if path.startswith("scenarios/")]


def test_a_version_says_which_decision_it_was_published_for(folder):
    edition(folder, "july", JULY.replace("follows: june", ""))
    assert definitions.compile(read(folder)).edition is None
    found = definitions.compile(read(folder, "july")).edition
    assert found is not None
    assert (found.name, found.authority.number) == ("july", "9/QĐ")
    assert found.effective_from == datetime.fromisoformat("2021-07-15T07:00:00+07:00")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (JUNE.replace("june", "june-2"), "edition_name"),
        (JUNE + "follows: spring\n", "edition_unknown"),
        (JUNE + "follows: june\n", "edition_circle"),
        (JUNE + "drops: [scenarios/debts.yaml]\n", "edition_drops_close"),
        (JUNE.replace("2021-06-18", "2021-06-31"), "edition_moment"),
        (JUNE.replace("effective_from", "effective"), "declared_missing"),
    ],
)
def test_what_is_wrong_with_an_edition_is_said(folder, said, code):
    edition(folder, "june", said)
    assert code in codes(lambda: read(folder, "june"))


def test_an_edition_that_is_not_there_is_named(folder):
    edition(folder, "june", JUNE)
    assert codes(lambda: read(folder, "jume")) == ["edition_unknown_close"]


def test_an_edition_says_of_process_yaml_only_what_it_changes(folder):
    edition(folder, "june", JUNE, process_dot_yaml="decisions:\n  limits: {binding: latest}\n")
    first, june = definitions.compile(read(folder)), definitions.compile(read(folder, "june"))
    assert (first.decisions["limits"].is_latest, june.decisions["limits"].is_latest) == (False, True)
    assert june.decisions["limits"].decision == "limits"
    assert (june.manifest.records, june.manifest.lanes) == (first.manifest.records, first.manifest.lanes)


def test_an_uploaded_folder_with_several_editions_is_refused(folder):
    edition(folder, "june", JUNE)
    files = [(path.relative_to(folder.parent).as_posix(), path.read_bytes()) for path in folder.rglob("*.*")]
    assert codes(lambda: bundles.from_upload(files)) == ["bundle_editions"]
    assert bundles.from_upload([one for one in files if "editions" not in one[0]])
