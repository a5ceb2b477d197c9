"""A bundle compiled: everything an instance of this version needs, immutable, with every expression ready."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, TypeVar

from engine import decisions, feel, forms, texts
from engine.bpmn import flows, layout, marked_yaml, reading, xml
from engine.bpmn.model import Node, ProcessModel, Trigger
from engine.decisions import DecisionModel
from engine.definitions import documents, editions, scenario_files
from engine.definitions import manifest as manifests
from engine.definitions.bundle import Bundle
from engine.definitions.documents import Document
from engine.definitions.editions import Edition
from engine.definitions.manifest import Manifest
from engine.definitions.scenario_files import DecisionTable, Scenario
from engine.errors import Finding, Invalid
from engine.forms import Form
from engine.ids import VersionId
from engine.runtime import Fault

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision of the process: the model of its file, which decision of it, and how it is bound."""

    model: DecisionModel
    decision: str
    binding: str

    @property
    def id(self) -> str:
        """The id of the decision in its file."""
        return self.decision

    @property
    def is_latest(self) -> bool:
        """Whether a running case asks the version in force at that moment instead of its own."""
        return self.binding == manifests.LATEST

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """The block in which it is evaluated: what it refuses, or fails at, is a fault of the process that asks."""
        try:
            yield
        except feel.FeelError as error:
            raise Fault("decision_failed", decision=self.id, reason=str(error)) from error
        except Invalid as refused:
            raise Fault(refused.findings[0].code, **refused.findings[0].params) from refused


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of a process, ready to run and to be shown.

    `version_id` and `version` are None and 0 for a bundle that is not published yet.
    """

    version_id: VersionId | None
    key: str
    version: int
    content_hash: str
    manifest: Manifest
    model: ProcessModel
    forms: Mapping[str, Form]
    decisions: Mapping[str, Decision]
    texts: Mapping[str, Mapping[str, Any]]  # language -> nested texts
    documents: Mapping[str, Document]
    scenarios: tuple[Scenario | DecisionTable, ...]
    edition: Edition | None  # the decision it was published for, when its files say so
    bpmn_xml: bytes  # with layout
    dmn_files: Mapping[str, bytes]
    models: Mapping[str, DecisionModel]  # by file, those that are only imported too
    bundle: Bundle = field(repr=False, compare=False)

    def text(self, language: str, key: str) -> str | None:
        """The text under a dotted key; else in Vietnamese; else the name in the BPMN; else None.

        `elements.lend` without a last part means its name, as do lanes, messages and the process.
        """
        first = texts.LANGUAGES[0]
        return (
            self.text_in(language, key)
            or (self.text_in(first, key) if language != first else None)
            or self.drawn(key)
        )

    def text_in(self, language: str, key: str) -> str | None:
        """The text in this very language, or None."""
        nested = self.texts.get(language, {})
        return _looked_up(nested, key) or _looked_up(nested, f"{key}.name")

    def name(self, language: str) -> str:
        """The process's name for a reader."""
        return self.text(language, "process.name") or self.model.name or self.key

    def element_name(self, language: str, element: str) -> str:
        """An element's name for a reader, its id when it has none."""
        return self.text(language, f"elements.{element}.name") or element

    def public_start(self) -> Node | None:
        """The start event by which people without an account begin a case, if they may: the first plain one."""
        if self.manifest.public is None or not self.manifest.public.starts:
            return None
        return next((node for node in self.model.starts() if node.trigger is Trigger.NONE), None)

    def drawn(self, key: str) -> str | None:
        """What the BPMN itself calls an element, lane or the process."""
        area, _, rest = key.removesuffix(".name").partition(".")
        if area == "process":
            return self.model.name or None
        if area == "lanes":
            return self.model.lanes.get(rest)
        node = self.model.nodes.get(rest) if area == "elements" else None
        return node.name or None if node else None


def compile(
    bundle: Bundle, version_id: VersionId | None = None, version: int = 0, content_hash: str | None = None
) -> Definition:
    """The definition a bundle holds; raises Invalid with the findings of all its files."""
    read = _Reading(bundle, [])
    manifest = read.one(manifests.FILE, manifests.read)
    languages = read.each("texts/", lambda content, path: marked_yaml.load(content, path).value)
    flow = read.flow(manifest, languages.get(f"texts/{texts.LANGUAGES[0]}.yaml", {}))
    model = None if flow is None else read.model(flow, manifest)
    dmn_files = {path: content for path, content in bundle.files.items() if path.endswith(".dmn")}
    tables = read.tables(dmn_files)
    sheets = read.each("forms/", lambda content, path: forms.read(PurePosixPath(path).stem, content, path))
    papers = read.each("documents/", documents.read)
    tried = read.each("scenarios/", scenario_files.read)
    edition = read.one(editions.FILE, editions.read) if editions.FILE in bundle.files else None
    used = {} if manifest is None else read.decisions(manifest, dmn_files, tables)
    filed = {} if manifest is None else read.documents(manifest, papers)
    if read.findings or manifest is None or model is None or flow is None:
        raise Invalid(read.findings)
    return Definition(
        version_id=version_id,
        key=manifest.key,
        version=version,
        content_hash=content_hash or bundle.content_hash,
        manifest=manifest,
        model=model,
        forms=_by_stem(sheets),
        decisions=MappingProxyType(used),
        texts=_by_stem(languages),
        documents=MappingProxyType(filed),
        scenarios=tuple(scenario for one in tried.values() for scenario in one),
        edition=edition,
        bpmn_xml=layout.ensure(flow[1]),
        dmn_files=MappingProxyType(dmn_files),
        models=MappingProxyType(tables),
        bundle=bundle,
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads the files of a bundle one after another, gathering the findings of all."""

    bundle: Bundle
    findings: list[Finding]

    def part(self, read: Callable[[], _Read]) -> _Read | None:
        try:
            return read()
        except Invalid as refused:
            self.findings.extend(refused.findings)
            return None

    def one(self, path: str, read: Callable[[bytes, str], _Read]) -> _Read | None:
        return self.part(lambda: read(self.bundle.files[path], path))

    def each(self, folder: str, read: Callable[[bytes, str], _Read]) -> dict[str, _Read]:
        """Every file of a folder that can be read, by path."""
        found = {path: self.one(path, read) for path in self.bundle.files if path.startswith(folder)}
        return {path: one for path, one in found.items() if one is not None}

    def flow(self, manifest: Manifest | None, words: Mapping[str, Any]) -> tuple[str, bytes] | None:
        """The flow as BPMN, and the file it is written in: drawn, or made from the flow in process.yaml."""
        drawn = [path for path in self.bundle.files if path.endswith(".bpmn")]
        if manifest is None:
            return (drawn[0], self.bundle.files[drawn[0]]) if len(drawn) == 1 else None
        expected = f"{manifest.key}.bpmn"
        for path in drawn:
            if path != expected:
                self.findings.append(Finding("flow_file_name", {"expected": expected, "found": path}, path))
        if manifest.has_flow and expected in drawn:
            line = manifest.line("/flow")
            self.findings.append(
                Finding("flow_twice", {"file": expected}, manifests.FILE, line, pointer="/flow")
            )
            return None
        if expected in drawn:
            return expected, self.bundle.files[expected]
        if not manifest.has_flow:
            self.findings.append(Finding("flow_missing", {"file": expected}, manifests.FILE, 1))
            return None
        names = {key: name for key, one in _elements(words) if (name := _name_of(one)) is not None}
        made = self.part(lambda: flows.to_bpmn(manifest.marked, manifests.FILE, names))
        return None if made is None else (manifests.FILE, made)

    def model(self, flow: tuple[str, bytes], manifest: Manifest | None) -> ProcessModel | None:
        """The model of the flow; findings about a flow written in YAML name the lines its author knows."""
        file, content = flow
        try:
            return reading.read(content, file)
        except Invalid as refused:
            is_written = manifest is not None and file == manifests.FILE
            found = refused.findings
            self.findings.extend(
                flows.placed(found, manifest.marked, file) if is_written and manifest else found
            )
            return None

    def tables(self, files: Mapping[str, bytes]) -> dict[str, DecisionModel]:
        """The models of the files of decisions, which may import each other; those that cannot be read left out."""
        parsed = {path: self.one(path, xml.parse) for path in files}
        models, findings = decisions.link({path: root for path, root in parsed.items() if root is not None})
        self.findings.extend(findings)
        return models

    def decisions(
        self, manifest: Manifest, files: Mapping[str, bytes], tables: Mapping[str, DecisionModel]
    ) -> dict[str, Decision]:
        """The decisions that process.yaml binds, each in the model of its file."""
        used = {}
        for key, use in manifest.decisions.items():
            pointer = f"/decisions/{key}/file"
            if use.file not in files:
                self.findings.append(
                    Finding("decision_file", {"found": use.file, "known": ", ".join(sorted(files)) or "–"},
                            manifests.FILE, manifest.line(pointer), pointer=pointer)
                )  # fmt: skip
                continue
            model = tables.get(use.file)
            if model is not None:
                used[key] = Decision(model, use.decision, use.binding)
        return used

    def documents(self, manifest: Manifest, papers: Mapping[str, Document]) -> dict[str, Document]:
        """The documents that process.yaml names, by key."""
        filed = {}
        for key, path in manifest.documents.items():
            if path in papers:
                filed[key] = papers[path]
            elif path not in self.bundle.files:
                pointer = f"/documents/{key}"
                self.findings.append(
                    Finding(
                        "document_file",
                        {"found": path},
                        manifests.FILE,
                        manifest.line(pointer),
                        pointer=pointer,
                    )
                )
        return filed


def _looked_up(nested: Mapping[str, Any], key: str) -> str | None:
    """The text under a dotted key, whose parts may themselves hold dots (`books[].title`, `address.street`)."""
    found = nested.get(key)
    if isinstance(found, str):
        return found
    at = key.find(".")
    while at != -1:
        inner = nested.get(key[:at])
        if isinstance(inner, Mapping):
            deeper = _looked_up(inner, key[at + 1 :])
            if deeper is not None:
                return deeper
        at = key.find(".", at + 1)
    return None


def _elements(words: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The texts of elements and, under `process`, of the process itself."""
    elements = words.get("elements")
    named = list(elements.items()) if isinstance(elements, Mapping) else []
    return [*named, ("process", words.get("process"))]


def _name_of(entry: Any) -> str | None:
    name = entry.get("name") if isinstance(entry, Mapping) else entry
    return name if isinstance(name, str) else None


def _by_stem(read: Mapping[str, _Read]) -> Mapping[str, _Read]:
    return MappingProxyType({PurePosixPath(path).stem: one for path, one in read.items()})
