"""The book loan's bundles, catalogue and campaign, as tests want them: whole, or with one thing changed."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from engine import campaign, catalogue, settings
from engine.definitions import bundle as bundles
from engine.definitions import definition as definitions
from engine.definitions import text_checks
from engine.definitions.bundle import Bundle
from engine.definitions.definition import Definition

HERE = Path(__file__).parent
PROCESSES = ("loan", "repair")


@functools.cache
def bundle(process: str = "loan") -> Bundle:
    """The bundle of one of the two processes."""
    return bundles.read(HERE / "processes" / process, HERE / "forms")


@functools.cache
def definition(process: str = "loan") -> Definition:
    """The same, compiled."""
    return definitions.compile(bundle(process))


def edited(path: str, old: str, new: str, process: str = "loan") -> Bundle:
    """The bundle with one text in one file replaced; the text must be there."""
    whole = bundle(process)
    content = whole.files[path].decode()
    assert old in content, f"{path} does not hold {old!r}"
    return whole.changed({path: content.replace(old, new).encode()})


def small(manifest: str, files: dict[str, bytes] | None = None, **forms: dict[str, Any]) -> Bundle:
    """A process of a few lines, with its files and forms, and a text for everything."""
    files = {"process.yaml": manifest.encode(), **(files or {})}
    files |= {f"forms/{name}.json": json.dumps(schema).encode() for name, schema in forms.items()}
    words: dict[str, Any] = {}
    for key in text_checks.wanted(definitions.compile(bundles.of(files))):
        *areas, last = key.split(".")
        inner = words
        for area in areas:
            inner = inner.setdefault(area, {})
        inner[last] = last
    said = json.dumps(words).encode()
    return bundles.of({**files, "texts/vi.yaml": said, "texts/en.yaml": said})


@functools.cache
def services() -> catalogue.Catalogue:
    """What integrations offer to the book loan: the post, and the registry of people."""
    return catalogue.load(
        settings.CHECKOUT / "integrations", HERE / "integrations", names=("people", "post", "counter")
    )


@functools.cache
def library() -> campaign.Campaign:
    """The library's own declaration."""
    return campaign.read(HERE / "processes" / "campaign.yaml")
