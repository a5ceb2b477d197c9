"""Editions of a process: what one decision of an authority changed, as the files that differ, and from when.

A process folder holds its first edition. `editions/<name>/` holds the files that a later (or earlier) one changes
over the one it follows; laid over it they make an ordinary bundle, which is published like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine import schemas, settings
from engine.bpmn import marked_yaml
from engine.errors import Finding, Invalid

FILE = "edition.yaml"
FOLDER = "editions"

_NAME: dict[str, Any] = {"type": ["string", "integer"], "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$"}
_TEXT: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 300}


def _entry(required: list[str], /, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "additionalProperties": False, "properties": properties}


EDITION = _entry(
    ["edition", "effective_from", "authority"],
    edition=_NAME,
    follows=_NAME,
    effective_from={"type": "string"},
    authority=_entry(
        ["number", "on", "title"],
        number=_TEXT,
        on={"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
        title=_entry(["vi", "en"], vi=_TEXT, en=_TEXT),
    ),
    drops={"type": "array", "items": _TEXT},
)
_VALIDATOR = schemas.compiled(EDITION)


@dataclass(frozen=True, slots=True)
class Authority:
    """The decision behind an edition: its number, its day, and what it is about, by language."""

    number: str
    on: date
    title: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Edition:
    """What edition.yaml says: the edition it follows (None: the process folder itself), the moment it was meant to
    come into force, who decided it, and the files of the one it follows that it leaves out."""

    name: str
    follows: str | None
    effective_from: datetime
    authority: Authority
    drops: tuple[str, ...]


def read(content: bytes, file: str = FILE) -> Edition:
    """The edition that a file describes; Invalid with every finding."""
    marked = marked_yaml.load(content, file)
    findings = schemas.findings(_VALIDATOR, marked.value, file, marked.line)
    if findings:
        raise Invalid(findings)
    entry = marked.value
    authority = entry["authority"]
    begins, decided = moment(entry["effective_from"]), moment(authority["on"])
    if begins is None:
        findings.append(marked.finding("edition_moment", "/effective_from", found=entry["effective_from"]))
    if decided is None:
        findings.append(marked.finding("edition_moment", "/authority/on", found=authority["on"]))
    if begins is None or decided is None:
        raise Invalid(findings)
    return Edition(
        name=str(entry["edition"]),
        follows=str(entry["follows"]) if "follows" in entry else None,
        effective_from=begins,
        authority=Authority(authority["number"], decided.date(), MappingProxyType(authority["title"])),
        drops=tuple(entry.get("drops", ())),
    )


def moment(text: str) -> datetime | None:
    """The moment a text names: a date (its midnight) or a moment, local when it names no zone; None: neither."""
    try:
        is_date = len(text) == len("2021-08-10")
        at = datetime.combine(date.fromisoformat(text), time()) if is_date else datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=settings.current().zone_info)


def of(folder: Path) -> tuple[Edition, ...]:
    """Every edition of a process in order of effect, that of the folder itself among them when it names itself.

    Invalid when one of them cannot be read, is not called as its folder, or follows one that is not there.
    """
    known = _known(folder)
    for edition in known.values():
        _line(edition, known)
    return tuple(sorted(known.values(), key=lambda one: one.effective_from))


def changing(folder: Path) -> tuple[Edition, ...]:
    """The editions that change files of the folder, in order of effect."""
    return tuple(one for one in of(folder) if _place(folder, one.name).is_dir())


def layers(folder: Path, name: str) -> tuple[Edition, ...]:
    """The editions to lay over the process folder for the named one, the named one last; none for the folder's own."""
    known = _known(folder)
    if name not in known:
        raise Invalid([schemas.unknown("edition_unknown", name, known, f"{folder.name}/{FOLDER}")])
    return tuple(one for one in _line(known[name], known) if _place(folder, one.name).is_dir())


def _known(folder: Path) -> dict[str, Edition]:
    found: dict[str, Edition] = {}
    for path in (folder / FILE, *sorted(folder.glob(f"{FOLDER}/*/{FILE}"))):
        if not path.is_file():
            continue
        file = path.relative_to(folder).as_posix()
        edition = read(path.read_bytes(), file)
        if (path.parent != folder and path.parent.name != edition.name) or edition.name in found:
            raise Invalid(
                [Finding("edition_name", {"found": edition.name, "expected": path.parent.name}, file)]
            )
        found[edition.name] = edition
    return found


def _line(edition: Edition, known: Mapping[str, Edition]) -> tuple[Edition, ...]:
    """An edition with all it follows, the first one first."""
    line = [edition]
    while line[0].follows is not None:
        file, follows = f"{FOLDER}/{line[0].name}/{FILE}", line[0].follows
        if follows not in known:
            raise Invalid([schemas.unknown("edition_unknown", follows, known, file, pointer="/follows")])
        if known[follows] in line:
            raise Invalid([Finding("edition_circle", {"name": follows}, file, pointer="/follows")])
        line.insert(0, known[follows])
    return tuple(line)


def _place(folder: Path, name: str) -> Path:
    return folder / FOLDER / name
