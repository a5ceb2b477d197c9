"""The campaign stays out of the engine: its words live in processes, forms and integrations only."""

from __future__ import annotations

import functools
import io
import re
import tokenize
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest
import yaml

from tests.architecture.sources import ROOT, named, python_files

_WORD = re.compile(r"[a-z]+")
_SHORTEST = 4  # letters; shorter ones are too common to mean anything


@functools.cache
def campaign_words() -> frozenset[str]:
    """Words of process keys, element ids, lanes, form names and fields, less the engine's own and plain English."""
    found: set[str] = set()
    for path in (ROOT / "processes").glob("*/texts/vi.yaml"):
        content = yaml.safe_load(path.read_text("utf-8"))
        found |= {path.parent.parent.name}
        for area in ("elements", "lanes", "decisions", "records"):
            found |= set(content.get(area) or {})
    for path in (ROOT / "forms" / "texts").glob("*vi.yaml"):
        for name, form in yaml.safe_load(path.read_text("utf-8")).items():
            found |= {name, *(form.get("fields") or {})}
    words = {word for name in found for word in _WORD.findall(name.lower()) if len(word) >= _SHORTEST}
    return frozenset(words - engine_words())


def engine_words() -> set[str]:
    """The words GLOSSARY lists as the engine's own, and those that are plain English there."""
    text = (ROOT / "GLOSSARY.md").read_text("utf-8")
    listed = text.partition("<!-- engine words -->")[2].partition("<!-- end -->")[0]
    return set(_WORD.findall(listed.lower()))


def violations(words: AbstractSet[str], files: Iterable[tuple[str, str]]) -> list[str]:
    """`file: word` for each campaign word found in names, comments and texts of a file."""
    return [
        f"{name}: {word}" for name, text in files for word in sorted(words & set(_WORD.findall(text.lower())))
    ]


def _sources() -> list[Path]:
    # migrations also make the tables of integrations, which have the campaign's own names
    generic = [path for path in python_files("engine", "web") if "migrations/versions" not in path.as_posix()]
    texts = [*(ROOT / "engine" / "texts").glob("*.yaml"), *(ROOT / "web" / "texts").glob("*.en.yaml")]
    templates = (ROOT / "web" / "templates").rglob("*.html")
    scripts = [*(ROOT / "web" / "scripts").glob("*.js"), *(ROOT / "web" / "styles").glob("*.css")]
    return [*generic, *texts, *templates, *scripts]


def _read(path: Path) -> str:
    """The file's words; snake_case and camelCase names taken apart."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        text = " ".join(token.string for token in tokenize.generate_tokens(io.StringIO(text).readline))
    return re.sub(r"([a-z])([A-Z])", r"\1 \2", text).replace("_", " ")


@pytest.mark.parametrize("path", _sources(), ids=named)
def test_the_engine_and_the_generic_web_know_no_word_of_the_campaign(path: Path) -> None:
    assert not violations(campaign_words(), [(named(path), _read(path))])


def test_the_vocabulary_check_bites() -> None:
    planted = "def admit(loan): return loan.vaccine"
    assert violations({"vaccine"}, [("planted.py", planted)]) == ["planted.py: vaccine"]


def test_the_campaign_has_words_to_look_for() -> None:
    assert len(campaign_words()) > 40
