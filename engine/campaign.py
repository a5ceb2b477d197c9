"""The campaign's own declaration, campaign.yaml: kinds of units, roles and what they may do, stations.

It is data of the deployment, checked when it is read; the engine knows no kind and no role by name.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from engine import settings
from engine.bpmn import marked_yaml
from engine.errors import Finding, Invalid
from engine.held import Held

LOOKS = ("", "main", "bad")
PERMISSIONS = ("work", "start", "see", "free", "submit", "approve", "administer", "staff", "audit")


@dataclass(frozen=True, slots=True)
class Role:
    key: str
    names: dict[str, str]
    may: frozenset[str]
    grants: frozenset[str] = frozenset()  # the roles its holder may give others, at one's units and below


@dataclass(frozen=True, slots=True)
class UnitKind:
    key: str
    names: dict[str, str]
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quick:
    """One touch on a board that completes a task with these answers; `waits` until the countdown is over."""

    key: str
    names: dict[str, str]
    answers: dict[str, Any]
    look: str
    waits: bool


@dataclass(frozen=True, slots=True)
class Board:
    """A queue watched all at once: a countdown each, until the timer event `until` of the waiting task."""

    until: str
    quick: tuple[Quick, ...]


@dataclass(frozen=True, slots=True)
class Station:
    """Where a queue is worked: the lanes it serves, and the process it may start for somebody who comes."""

    key: str
    names: dict[str, str]
    process: str
    lanes: tuple[str, ...]
    start: str | None
    board: Board | None = None


@dataclass(frozen=True, slots=True)
class Accounts:
    """What the deployment decides about accounts; `accounts` in campaign.yaml, each a whole number."""

    initial_password_hours: int = 72  # how long a password on a slip may wait for its first use
    keep_password_hours: int = 0  # an account that ends within this time need not change the one given
    pin_hours: int = 14  # how long a PIN stands on a shared device
    lock_minutes: int = 10  # nobody touches a shared device: the person there must show the PIN again
    most_imported: int = 500  # rows of a list


@dataclass(frozen=True, slots=True)
class Campaign:
    """What campaign.yaml says."""

    names: dict[str, str]
    roles: dict[str, Role]
    unit_kinds: dict[str, UnitKind]
    stations: dict[str, Station]
    entry_back: timedelta = timedelta(days=60)  # how far back what is entered late may have happened
    accounts: Accounts = Accounts()

    def roles_with(self, permission: str) -> frozenset[str]:
        return frozenset(role.key for role in self.roles.values() if permission in role.may)


def read(path: Path) -> Campaign:
    """The declaration in a file; Invalid with every finding when it is malformed."""
    marked = marked_yaml.load(path.read_bytes(), path.name)
    content: Any = marked.value
    findings: list[Finding] = []

    def wrong(pointer: str, expected: str, found: object) -> None:
        findings.append(marked.finding("campaign_entry", pointer, expected=expected, found=found))

    if not isinstance(content, dict):
        raise Invalid([Finding("campaign_entry", {"expected": "a map", "found": content}, path.name, 1)])
    roles = {}
    for key, entry in _entries(content, "roles", wrong):
        may = entry.get("may", [])
        if not isinstance(may, list) or any(word not in PERMISSIONS for word in may):
            wrong(f"/roles/{key}/may", ", ".join(PERMISSIONS), may)
            continue
        grants = entry.get("grants", [])
        if not isinstance(grants, list) or any(role not in content["roles"] for role in grants):
            wrong(f"/roles/{key}/grants", ", ".join(content["roles"]), grants)
            continue
        roles[key] = Role(key, _names(entry), frozenset(may), frozenset(grants))
    kinds = {
        key: UnitKind(key, _names(entry), tuple(entry.get("parents", ())))
        for key, entry in _entries(content, "unit_kinds", wrong)
    }
    for kind in kinds.values():
        for parent in kind.parents:
            if parent not in kinds:
                wrong(f"/unit_kinds/{kind.key}/parents", ", ".join(kinds), parent)
    stations = {
        key: Station(
            key,
            _names(entry),
            str(entry.get("process")),
            tuple(entry.get("lanes", ())),
            entry.get("start"),
            _board(entry.get("board"), f"/stations/{key}/board", wrong),
        )
        for key, entry in _entries(content, "stations", wrong)
    }
    for key, station in stations.items():
        if station.process == "None" or not station.lanes:
            wrong(f"/stations/{key}", "process, lanes", ", ".join(content["stations"][key]))
    chosen = _accounts(content.get("accounts") or {}, wrong)
    back = re.fullmatch(r"P([1-9][0-9]{0,2})D", str(content.get("entry_back", "P60D")))
    if back is None:
        wrong("/entry_back", "P60D", content["entry_back"])
    if findings or back is None:
        raise Invalid(findings)
    return Campaign(_names(content), roles, kinds, stations, timedelta(days=int(back[1])), chosen)


_held: Held[Campaign] = Held()
using = _held.using  # let `current()` answer with this campaign until the block ends


def current() -> Campaign:
    """The campaign in the folder that the settings name, read once."""
    return _held.value or _declared(settings.current().processes_dir)


@functools.cache
def _declared(folder: Path) -> Campaign:
    return read(folder / "campaign.yaml")


def _accounts(entry: Any, wrong: Any) -> Accounts:
    known = {field.name for field in dataclasses.fields(Accounts)}
    if not isinstance(entry, dict) or not entry.keys() <= known:
        wrong("/accounts", ", ".join(sorted(known)), entry)
        return Accounts()
    for name, value in entry.items():
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10_000:
            wrong(f"/accounts/{name}", "0–10000", value)
            return Accounts()
    return Accounts(**entry)


def _entries(content: dict[str, Any], key: str, wrong: Any) -> list[tuple[str, dict[str, Any]]]:
    entries = content.get(key) or {}
    if not isinstance(entries, dict):
        wrong(f"/{key}", "a map", entries)
        return []
    good = []
    for name, entry in entries.items():
        if isinstance(entry, dict):
            good.append((str(name), entry))
        else:
            wrong(f"/{key}/{name}", "a map", entry)
    return good


def _board(entry: Any, pointer: str, wrong: Any) -> Board | None:
    """The board of a station; a finding for what cannot be read."""
    if entry is None:
        return None
    if not isinstance(entry, dict) or not isinstance(entry.get("until"), str):
        wrong(pointer, "until, quick", entry)
        return None
    found = []
    for number, one in enumerate(entry.get("quick") or ()):
        good = (
            isinstance(one, dict) and isinstance(one.get("key"), str) and isinstance(one.get("answers"), dict)
        )
        if not good or one.get("look", "") not in LOOKS:
            wrong(f"{pointer}/quick/{number}", "key, name, answers, look, waits", one)
            continue
        waits = str(one.get("waits", "false")) == "true"
        found.append(Quick(one["key"], _names(one), one["answers"], one.get("look", ""), waits))
    return Board(entry["until"], tuple(found))


def _names(entry: dict[str, Any]) -> dict[str, str]:
    name = entry.get("name") or {}
    if not isinstance(name, dict):
        return {"vi": str(name), "en": str(name)}
    return {str(language): str(text) for language, text in name.items()}
