"""The page of a process says what its definition says, and every process has one."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import settings
from engine.definitions import edition_changes, handbook
from tests.book_loan import bundles as library
from tests.processes import bundles as campaign

PAGES = settings.CHECKOUT / "docs" / "processes"
FOLDERS = sorted(path.parent for path in (settings.CHECKOUT / "processes").glob("*/process.yaml"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_page_of_a_process_is_written_from_its_definition(folder: Path) -> None:
    written = (PAGES / f"{folder.name}.md").read_text("utf-8")
    told = edition_changes.of(folder, settings.CHECKOUT / "forms")
    assert written == handbook.page(campaign.definition(folder.name), told), "run `tiemchung document`"


def test_there_is_no_page_without_a_process() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == {folder.name for folder in FOLDERS}


def test_a_page_shows_drawing_steps_forms_tables_and_times() -> None:
    page = handbook.page(library.definition("loan"))
    for part in (
        "```mermaid", "| `lend` |", "### Biểu mẫu · Form `ask`", "Decision table `limits`", "| 15 min |", "| `loan` |",
    ):  # fmt: skip
        assert part in page, part


def test_a_page_tells_every_rule_of_the_tables_and_the_expressions_they_require() -> None:
    definition = library.definition("loan")
    page = handbook.page(definition).splitlines()
    table = definition.models["limits.dmn"].decisions["limits"].table
    assert table
    told = page[page.index("| # | khi · when | thì · then |  |") + 2 :][: len(table.rules)]
    assert [line.split(" | ")[0] for line in told] == [f"| {rule.number}" for rule in table.rules]
    first = '| 1 | Nợ (đồng) `> 50000` | outcome `"refuse"` · days `0` · because `"debt"` | Nội quy, mục 4 |'
    assert told[0] == first
    assert "- Số sách hỏi mượn: `count(books)`" in page
    assert any(line.endswith('| `if card_kind = "teacher" then 60 else 21` |') for line in page)
