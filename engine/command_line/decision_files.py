"""Where a decision to try comes from: a DMN file with those beside it, a process folder, or one of its editions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lxml import etree

from engine import decisions, schemas, settings
from engine.bpmn import xml
from engine.command_line import inputs
from engine.decisions import DecisionModel
from engine.decisions.models import Decision, Service
from engine.definitions import bundle, editions, manifest
from engine.definitions.editions import Edition
from engine.errors import Finding, Invalid


@dataclass(frozen=True, slots=True)
class Source:
    """Models by file, the names process.yaml gives their decisions (file and id), and the edition they are of."""

    models: Mapping[str, DecisionModel]
    bound: Mapping[str, tuple[str, str]]
    edition: Edition | None


@dataclass(frozen=True, slots=True)
class Found:
    """A decision or a decision service, with the model it is of."""

    model: DecisionModel
    what: Decision | Service


def read(path: Path, edition: str | None, at: datetime) -> Source:
    """The models a path leads to.

    A process folder means the edition named, else the one in force at the moment, else, where it has no editions,
    the folder. A file within an edition sees all files of that edition, any other file those beside it.
    """
    if path.is_dir():
        return _folder(path, edition, at)
    within = _edition_of(path)
    if within is not None and edition in (None, within):
        laid = _folder(path.parent.parent.parent, within, at)
        return Source({path.name: laid.models[path.name]}, {}, laid.edition)
    if edition is not None:
        laid = _folder(path.parent, edition, at)
        return Source({path.name: laid.models[path.name]}, {}, laid.edition)
    return Source({path.name: _file(path)}, {}, None)


def find(source: Source, wanted: str) -> Found:
    """The decision or service of this id or name; Invalid with those there are when there is none, or several."""
    if wanted in source.bound:
        file, wanted = source.bound[wanted]
        held = [(file, source.models[file])] if file in source.models else []
    else:
        held = list(source.models.items())
    found = {file: one for file, model in held if (one := _find(model, wanted))}
    if len(found) > 1:
        files = ", ".join(found)
        raise Invalid([Finding("decision_in_files", {"name": wanted, "files": files}, "--decision")])
    if not found:
        known = [*source.bound, *(name for model in source.models.values() for name in names(model))]
        raise Invalid([schemas.unknown("decision_here", wanted, dict.fromkeys(known), "--decision")])
    return next(iter(found.values()))


def names(model: DecisionModel) -> Iterator[str]:
    """The decisions and services of a model, by id."""
    yield from model.decisions
    yield from model.services


def _find(model: DecisionModel, wanted: str) -> Found | None:
    found = model.decision(wanted) or model.service(wanted)
    return Found(model, found) if found else None


def _folder(folder: Path, edition: str | None, at: datetime) -> Source:
    known = editions.of(folder)
    if edition is None and known:
        begun = [one for one in known if one.effective_from <= at]
        if not begun:
            first = {"name": known[0].name, "at": known[0].effective_from.isoformat()}
            raise Invalid([Finding("edition_not_yet", first, folder.name)])
        edition = begun[-1].name
    read = bundle.read(folder, settings.current().forms_dir, edition)
    roots = {file: xml.parse(content, file) for file, content in read.files.items() if file.endswith(".dmn")}
    models, findings = decisions.link(roots)
    if findings:
        raise Invalid(findings)
    used = manifest.read(read.files[manifest.FILE]).decisions
    bound = {key: (use.file, use.decision) for key, use in used.items()}
    return Source(models, bound, next((one for one in known if one.name == edition), None))


def _file(path: Path) -> DecisionModel:
    """The model of a file; of those beside it only what it imports has to be readable."""
    roots = {path.name: xml.parse(inputs.content(path), path.name)}
    for other in sorted(path.parent.glob("*.dmn")):
        if other.name != path.name and (root := _readable(other)) is not None:
            roots[other.name] = root
    models, findings = decisions.link(roots)
    if path.name not in models:
        raise Invalid([one for one in findings if one.file == path.name] or findings)
    return models[path.name]


def _edition_of(path: Path) -> str | None:
    """The edition whose folder holds a file."""
    place = path.resolve().parent
    return place.name if place.parent.name == editions.FOLDER and (place / editions.FILE).exists() else None


def _readable(path: Path) -> etree._Element | None:
    try:
        return xml.parse(inputs.content(path), path.name)
    except Invalid:
        return None
