"""Declared pages are judged when they are read: what is wrong is said with file, line and a remedy."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import catalogue, settings
from engine.errors import Finding, Invalid
from tests import library as libraries
from web import app
from web.declared import page_checks, page_schema, pages
from web.declared.blocks.kinds import KINDS

PAGE = """\
path: /shelf
audience: see
parameters:
  unit: {kind: unit, kinds: [branch]}
asks:
  shelves: {query: shelves.day, inputs: {unit_code: = unit.code, "on": = string(today())}}
blocks:
  - key: numbers
    kind: figures
    figures: {lent: = shelves.lent}
"""
TEXTS = "shelf: {title: Kệ, numbers: {lent: Đã mượn}}\n"


@pytest.fixture(autouse=True)
def _library() -> Iterator[None]:
    with libraries.declared():
        yield


def findings(tmp_path: Path, text: str = PAGE, texts: str = TEXTS) -> list[Finding]:
    """What is wrong with a folder that holds one page."""
    (tmp_path / "texts").mkdir(exist_ok=True)
    (tmp_path / "shelf.yaml").write_text(text, "utf-8")
    for language in ("vi", "en"):
        (tmp_path / "texts" / f"{language}.yaml").write_text(texts, "utf-8")
    try:
        declared = pages.read(tmp_path)
    except Invalid as refused:
        return list(refused.findings)
    return page_checks.run(declared, catalogue.current(), {"tasks"})


def test_a_good_page_has_nothing_wrong_with_it(tmp_path: Path) -> None:
    assert findings(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("path: /shelf", "path: shelf", 1, "shelf"),
        ("path: /shelf", "path: /tasks/all", 1, "belongs to a screen of the application"),
        ("path: /shelf", "path: /shelf/{place}", 1, "“place”, which is not declared"),
        ("audience: see", "audience: sea", 2, "Did you mean “see”"),
        ("[branch]", "[brunch]", 4, "Did you mean “branch”"),
        ("shelves.day", "shelves.days", 6, "Did you mean “shelves.day”"),
        ("unit_code: = unit.code, ", "", 6, "needs “unit_code”"),
        ("unit_code: = unit.code", "unit_code: = unit.code, colour: red", 6, "does not take “colour”"),
        ("= unit.code", "= unti.code", 6, "Did you mean “unit”"),
        ("= unit.code", "= unit.", 6, "cannot be read"),
        ("kind: figures", "kind: figurs", 9, "figurs"),
        ("kind: figures", "kind: table", 8, "rows"),
        ("= shelves.lent", "= shelves.lant", 10, "Did you mean “lent”"),
        ("= shelves.lent", '= "lent" + 1', 10, "Convert it with string(…)"),
        ("= shelves.lent", "= 3 days", 10, 'duration("P3D")'),
        ("lent: = shelves", "gone: = shelves", 1, "“shelf.numbers.gone”"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    assert old in PAGE
    found = findings(tmp_path, PAGE.replace(old, new, 1))
    assert [one for one in found if one.line == line and said in one.sentence("en")], [
        f"{one.place()} {one.sentence('en')}" for one in found
    ]


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (PAGE.replace("audience: see", "audience: public"), "for everybody"),
        (PAGE.replace("asks:", "asks:\n  lines: {engine: queues}").replace("see", "public"), "may not ask the engine"),
        (
            PAGE.replace("asks:", 'refresh: PT10S\nasks:\n  who: {query: shelves.reader, inputs: {reader_id: "1"}}'),
            "leaves an audit row",
        ),
        (PAGE.replace("  unit: {kind: unit, kinds: [branch]}", "  unit: {kind: text}").replace(
            "asks:", "asks:\n  lines: {engine: stuck}"), "needs a unit"),
    ],
)  # fmt: skip
def test_a_page_cannot_tell_more_than_it_may(tmp_path: Path, page: str, said: str) -> None:
    assert [one for one in findings(tmp_path, page) if said in one.sentence("en")]


def test_every_text_must_stand_in_every_language(tmp_path: Path) -> None:
    found = findings(tmp_path, texts="shelf: {title: Kệ}\n")
    assert [(one.code, one.params["key"], one.params["language"]) for one in found] == [
        ("page_text", "shelf.numbers.lent", "vi"), ("page_text", "shelf.numbers.lent", "en"),
    ]  # fmt: skip


def test_two_pages_cannot_have_one_path(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(PAGE, "utf-8")
    assert [one.code for one in findings(tmp_path)] == ["page_path_twice"]


def test_the_application_does_not_start_with_a_broken_page(tmp_path: Path) -> None:
    (tmp_path / "shelf.yaml").write_text("path: /shelf\n", "utf-8")
    chosen = settings.current()
    with settings.using(dataclasses.replace(chosen, pages_dir=tmp_path)), pytest.raises(Invalid):
        app.create()


def test_the_pages_of_both_domains_are_sound() -> None:
    assert app.check_pages() == []


def test_every_kind_of_block_is_drawn_and_described() -> None:
    assert set(KINDS) == set(page_schema.BLOCKS)
