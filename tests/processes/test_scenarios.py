"""Every scenario an owner has written is tried, and one that is contradicted is named with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import catalogue, settings
from engine.definitions import bundle, checks, editions, scenario_files, scenarios
from engine.definitions.definition import Definition
from tests.book_loan import bundles as library
from tests.processes import bundles as campaign

LIBRARY = Path(library.__file__).parent
FOLDERS = [
    *(path.parent for path in sorted(settings.CHECKOUT.glob("processes/*/process.yaml"))),
    *(path.parent for path in sorted(LIBRARY.glob("processes/*/process.yaml"))),
]


EDITIONS = [(folder, one.name) for folder in FOLDERS for one in editions.changing(folder)]


def compiled(folder: Path) -> Definition:
    """The process of either domain that a folder holds."""
    return (library if folder.is_relative_to(LIBRARY) else campaign).definition(folder.name)


def services(folder: Path) -> catalogue.Catalogue:
    return library.services() if folder.is_relative_to(LIBRARY) else catalogue.current()


def test_there_are_processes_of_both_domains() -> None:
    assert {folder.name for folder in FOLDERS} >= {"visit", "deferral", "loan", "repair"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_scenario_of_the_owners_passes(folder: Path) -> None:
    definition = compiled(folder)
    tried = scenarios.run(definition, None, services(folder))
    files = [content for path, content in definition.bundle.files.items() if path.startswith("scenarios/")]
    assert len(tried) == sum(content.decode().count("- scenario:") for content in files) > 0
    assert [finding.sentence("en") for one in tried for finding in one.findings] == []


@pytest.mark.parametrize(("folder", "edition"), EDITIONS, ids=lambda one: getattr(one, "name", one))
def test_every_edition_can_be_published_and_its_scenarios_pass(folder: Path, edition: str) -> None:
    read = bundle.read(folder, folder.parent.parent / "forms", edition)
    _, findings = checks.run(read, services(folder))
    assert [one.sentence("en") for one in findings if one.severity == "error"] == []
    assert "scenarios_missing" not in {one.code for one in findings}


def test_a_contradicted_expectation_is_reported_with_file_and_line_and_what_was_found() -> None:
    folder = settings.CHECKOUT / "processes" / "visit"
    definition = compiled(folder)
    text = (folder / "scenarios" / "visits.yaml").read_text("utf-8")
    second = text.index("- scenario:", text.index("- scenario:") + 1)
    wrong = text[:second].replace("end: ended_confirmed", "end: ended_deferred")
    line = 1 + wrong[: wrong.index("end: ended_deferred")].count("\n")

    (tried,) = scenarios.run(definition, scenario_files.read(wrong.encode(), "scenarios/visits.yaml"))
    (finding,) = tried.findings
    assert finding.file == "scenarios/visits.yaml"
    assert finding.line is not None
    assert abs(finding.line - line) <= 1
    for language in ("vi", "en"):
        assert "ended_deferred" in finding.sentence(language)
        assert "ended_confirmed" in finding.sentence(language)


def test_a_contradicted_scenario_keeps_its_process_from_being_published() -> None:
    read = library.edited("scenarios/loans.yaml", "end: ended_over_limit", "end: ended_lost")
    _, findings = checks.run(read, library.services(), {"loan", "repair"}, library.library().roles)
    assert [(one.file, one.severity) for one in findings if one.severity == "error"] == [
        ("scenarios/loans.yaml", "error")
    ]
