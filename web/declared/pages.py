"""The declared pages of this deployment: read once from their folder, every fault named with file and line.

A page says at which path it stands, who may open it, what it asks, and which blocks show the answers.
Its words stand in the folder's texts, found by page and block; `texts/<area>.<language>.yaml` are merged.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from engine import feel, schemas, settings, texts
from engine.access import Permission
from engine.bpmn import marked_yaml
from engine.definitions import manifest
from engine.errors import Finding, Invalid
from web.declared import page_schema

Json = dict[str, Any]

PUBLIC, SIGNED_IN = "public", "signed_in"
FRONT = "/"  # the page of this path is what those see who are not signed in


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing the address may say: a unit's code, a day, a text."""

    name: str
    kind: str
    kinds: tuple[str, ...] = ()
    default: Any = None  # a value, an expression, or None: own unit, today, nothing
    is_filter: bool = False
    offers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing the page asks: a query of an integration with its inputs, or something the engine knows."""

    name: str
    query: str | None
    inputs: Mapping[str, Any]
    engine: str | None = None
    is_below: bool = False
    kinds: tuple[str, ...] = ()
    is_required: bool = False  # what refuses it refuses the page


@dataclass(frozen=True, slots=True)
class Block:
    """One part of the page; in `entries` every expression stands compiled where its text stood."""

    key: str
    kind: str
    is_half: bool
    when: feel.Expression | None
    entries: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Way:
    """How a page appears in the navigation and on the home page; `kinds` are the kinds of unit it is offered at."""

    icon: str
    order: int
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One declared page."""

    key: str
    path: str
    audience: str
    way: Way | None
    parameters: Mapping[str, Parameter]
    refresh: timedelta | None
    is_paper: bool  # it is printed: a button says so, and the sheet lies on its side
    asks: Mapping[str, Ask]
    blocks: tuple[Block, ...]
    marked: marked_yaml.Marked

    @property
    def is_public(self) -> bool:
        return self.audience == PUBLIC

    @property
    def permission(self) -> Permission | None:
        """The permission it takes; None where being signed in, or nothing at all, is enough."""
        return None if self.audience in (PUBLIC, SIGNED_IN) else Permission(self.audience)

    @property
    def unit(self) -> Parameter | None:
        """The parameter that says which unit the page is about."""
        return next((one for one in self.parameters.values() if one.kind == "unit"), None)


@dataclass(frozen=True, slots=True)
class Pages:
    """All pages, by key, and their words by language."""

    folder: Path
    pages: Mapping[str, Page]
    words: Mapping[str, dict[str, Any]]

    def text(self, key: str, language: str) -> str | None:
        """The text under a dotted key; in Vietnamese where the language lacks it."""
        for one in (language, texts.LANGUAGES[0]):
            found = texts.lookup(self.words.get(one, {}), key)
            if found is not None:
                return found
        return None

    def at(self, path: str) -> Page | None:
        """The page of this very path."""
        return next((page for page in self.pages.values() if page.path == path), None)


def current() -> Pages:
    """The pages of this deployment, read once; Invalid with every finding of every page."""
    return _read_once(settings.current().pages_dir)


@functools.cache
def _read_once(folder: Path) -> Pages:
    return read(folder)


def read(folder: Path) -> Pages:
    """Everything a folder declares; Invalid with every finding."""
    findings: list[Finding] = []
    found: dict[str, Page] = {}
    words = {language: _words(folder, language, findings) for language in texts.LANGUAGES}
    for path in sorted(folder.glob("*.yaml")):
        try:
            found[path.stem] = page(path.read_bytes(), path.stem, f"{folder.name}/{path.name}")
        except Invalid as refused:
            findings.extend(refused.findings)
    findings.extend(_twice(found))
    if findings:
        raise Invalid(findings)
    return Pages(folder, found, words)


_OF_EVERY_BLOCK = ("key", "kind", "width", "when")


def page(content: bytes, key: str, file: str) -> Page:
    """The page a file declares; Invalid with every finding."""
    marked = marked_yaml.load(content, file)
    findings = schemas.findings(page_schema.VALIDATOR, marked.value, file, marked.line)
    if not findings:
        findings = [
            found for number in range(len(marked.value["blocks"])) for found in _judged(marked, number)
        ]
    if findings:
        raise Invalid(findings)
    return _made(marked, key)


def _made(marked: marked_yaml.Marked, key: str) -> Page:
    """The page of a file whose shape is right, its expressions compiled; Invalid where one does not read."""
    value = marked.value
    findings: list[Finding] = []

    def compiled(found: Any, pointer: str) -> Any:
        if isinstance(found, dict):
            return {name: compiled(one, f"{pointer}/{name}") for name, one in found.items()}
        if isinstance(found, str) and found.lstrip().startswith("="):
            return manifest.expression(marked, found, pointer, findings)
        return found

    parameters = {
        name: Parameter(
            name, one["kind"], tuple(one.get("kinds", ())), compiled(one.get("default"), f"/parameters/{name}/default"),
            one.get("filter", False), tuple(one.get("offers", ())),
        )
        for name, one in (value.get("parameters") or {}).items()
    }  # fmt: skip
    asks = {
        name: Ask(
            name, one.get("query"), _inputs(one, f"/asks/{name}", compiled), one.get("engine"),
            one.get("below", False), tuple(one.get("kinds", ())), one.get("required", False),
        )
        for name, one in (value.get("asks") or {}).items()
    }  # fmt: skip
    blocks = tuple(
        Block(
            one["key"], one["kind"], one.get("width") == "half", compiled(one.get("when"), f"/blocks/{number}/when"),
            compiled({name: part for name, part in one.items() if name not in _OF_EVERY_BLOCK}, f"/blocks/{number}"),
        )
        for number, one in enumerate(value["blocks"])
    )  # fmt: skip
    if findings:
        raise Invalid(findings)
    way = value.get("way")
    return Page(
        key, value["path"], value["audience"],
        Way(way.get("icon", "next"), way.get("order", 500), tuple(way.get("kinds", ()))) if way is not None else None,
        parameters, manifest.duration(value["refresh"]) if "refresh" in value else None,
        bool(value.get("paper", False)), asks, blocks, marked,
    )  # fmt: skip


def _inputs(ask: Json, pointer: str, compiled: Callable[[Any, str], Any]) -> Json:
    """What an ask is given: a query its inputs, the engine its days."""
    days = {name: compiled(ask[name], f"{pointer}/{name}") for name in ("since", "until") if name in ask}
    return {**days, **compiled(ask.get("inputs") or {}, f"{pointer}/inputs")}


def _judged(marked: marked_yaml.Marked, number: int) -> list[Finding]:
    """What is wrong with the shape of one block, said by the rules of its kind."""
    block = marked.value["blocks"][number]

    def line(pointer: str) -> int | None:
        return marked.line(f"/blocks/{number}{pointer}")

    found = schemas.findings(page_schema.ANY_BLOCK, block, marked.file, line)
    return found or schemas.findings(page_schema.BLOCK_VALIDATORS[block["kind"]], block, marked.file, line)


def _twice(found: Mapping[str, Page]) -> list[Finding]:
    first: dict[str, str] = {}
    wrong = []
    for key, one in found.items():
        if one.path in first:
            wrong.append(one.marked.finding("page_path_twice", "/path", path=one.path, other=first[one.path]))
        first.setdefault(one.path, key)
    return wrong


def _words(folder: Path, language: str, findings: list[Finding]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for path in sorted((folder / "texts").glob(f"*{language}.yaml")):
        if path.name not in (f"{language}.yaml",) and not path.name.endswith(f".{language}.yaml"):
            continue
        try:
            texts.merged(
                merged, marked_yaml.load(path.read_bytes(), f"{folder.name}/texts/{path.name}").value
            )
        except Invalid as refused:
            findings.extend(refused.findings)
    return merged
