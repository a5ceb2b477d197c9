"""What the reference pages list is what the code has."""

from __future__ import annotations

import argparse
import re
import textwrap
from pathlib import Path

import pytest

import tiemchung
from engine import catalogue
from tests.architecture.sources import ROOT, python_files
from web.declared import page_checks, page_schema, pages


def _source() -> str:
    return "\n".join(path.read_text("utf-8") for path in python_files())


def _listed(page: str) -> set[str]:
    lines = (ROOT / "docs" / page).read_text("utf-8").splitlines()
    rows = [line.split("|")[1] for line in lines if line.startswith("| `")]
    return {word for row in rows for word in re.findall(r"`([a-z_]+)", row)}


def test_every_event_of_the_code_is_explained() -> None:
    source = _source()
    logged = set(re.findall(r'log\.(?:info|warning|error|unit_of_work)\(\s*"([a-z_]+)"', source))
    acts = set(re.findall(r'Act\(\s*"([a-z_]+)"', source))
    ends = set(re.findall(r'_end\([^)]*"([a-z]+_[a-z_]+)"\)', source))
    beside = set(re.findall(r'history\.append\([^)]*"(user_task_[a-z]+)"', source))
    assert logged | acts | ends | beside <= _listed("events.md")


def test_every_event_explained_is_in_the_code() -> None:
    source = _source()
    assert not [event for event in _listed("events.md") if f'"{event}"' not in source]


def test_every_command_is_explained() -> None:
    parser = tiemchung._parser()
    commands = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    assert set(commands.choices) == _listed("cli.md")


LINKED = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("page", LINKED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", page.read_text("utf-8"))
    assert not [target for target in targets if not (page.parent / target).exists()]


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md"])
def test_folders_and_modules_named_exist(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    named = re.findall(r"`((?:engine|web|integrations|processes|forms|tests|docs)/[\w./*-]*)`", text)
    assert not [
        path for path in named if not (list(ROOT.glob(path)) if "*" in path else (ROOT / path).exists())
    ]


def test_the_readme_begins_with_the_two_commands() -> None:
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert len(lines) <= 120
    first = "\n".join(lines[:8])
    assert "make demo" in first and "make test" in first


def _pages_schema() -> set[str]:
    """Every entry a declared page may have."""
    properties = page_schema.PAGE["properties"]
    asks = [one["properties"] for one in properties["asks"]["additionalProperties"]["oneOf"]]
    parameters = properties["parameters"]["additionalProperties"]["properties"]
    blocks = [entries for entries, _ in page_schema.BLOCKS.values()]
    found = {*properties, *parameters, *(name for some in (*asks, *blocks) for name in some)}
    return found | set(page_schema.BLOCKS) | set(page_schema.ENGINE)


def test_every_entry_of_a_declared_page_is_explained() -> None:
    text = (ROOT / "docs" / "pages.md").read_text("utf-8")
    assert not [name for name in sorted(_pages_schema()) if f"`{name}`" not in text]


def test_every_format_and_tone_of_a_page_is_explained() -> None:
    words = set(re.findall(r"[a-z_]+", (ROOT / "docs" / "pages.md").read_text("utf-8")))
    assert {*page_schema.FORMATS, *page_schema.TONES} <= words


def test_the_page_of_the_how_to_works(tmp_path: Path) -> None:
    """The page and its texts, as the how-to gives them, are read and have nothing wrong with them."""
    page, words = re.findall(
        r"```yaml\n(.*?)```", (ROOT / "docs" / "how-to" / "add-a-page.md").read_text("utf-8"), re.S
    )
    (tmp_path / "texts").mkdir()
    (tmp_path / "refusals.yaml").write_text(textwrap.dedent(page), "utf-8")
    for language in ("vi", "en"):
        (tmp_path / "texts" / f"{language}.yaml").write_text(textwrap.dedent(words), "utf-8")
    assert page_checks.run(pages.read(tmp_path), catalogue.current()) == []
