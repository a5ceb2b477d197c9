"""What each edition of a process changes over the one it follows, as short lists of names for a table to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.definitions import bundle, compare, definition, editions
from engine.definitions.compare import Change
from engine.definitions.definition import Definition
from engine.definitions.editions import Edition

NOT_TOLD = ("scenarios", "texts")
"""Areas that follow from a change elsewhere."""


@dataclass(frozen=True, slots=True)
class Changed:
    """An edition, the one it is laid over (None: it is the process folder itself), and what it changes there.

    `decisions` and `forms` are names in alphabetical order, those that were added or left out marked as such; `areas`
    are the other areas of the process in which something differs, as `compare` names them.
    """

    edition: Edition
    over: str | None
    decisions: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()


def of(folder: Path, forms_dir: Path) -> tuple[Changed, ...]:
    """Every edition of a process folder in order of effect; none where it has only the one. Invalid as when checked."""
    known = editions.of(folder)
    changing = {one.name for one in editions.changing(folder)}
    if not changing:
        return ()
    own = next((one.name for one in known if one.name not in changing), folder.name)
    read = {name: definition.compile(bundle.read(folder, forms_dir, name)) for name in sorted(changing)}
    read[own] = definition.compile(bundle.read(folder, forms_dir))
    return tuple(
        _changed(one, one.follows or own, read) if one.name in changing else Changed(one, None)
        for one in known
    )


def _changed(edition: Edition, over: str, read: Mapping[str, Definition]) -> Changed:
    found = compare.changes(read[over], read[edition.name])
    decisions, forms = _names(found, "rules", "decision"), _names(found, "forms", "form")
    return Changed(edition, over, decisions, forms, _areas(found))


def _names(changes: Iterable[Change], area: str, noun: str) -> tuple[str, ...]:
    """What was changed of an area, by name, each once; `(new)` or `(left out)` when as a whole."""
    whole = {"added": " (new)", "removed": " (left out)"}
    told: dict[str, str] = {}
    for change in changes:
        if change.area != area or change.code == "annotation_changed":
            continue
        word, _, how = change.code.partition("_")
        name = str(change.params.get(noun) or change.params.get("name") or change.params["file"])
        told.setdefault(name, whole.get(how, "") if word in (noun, "file") else "")
    return tuple(f"`{name}`{how}" for name, how in sorted(told.items()))


def _areas(changes: Iterable[Change]) -> tuple[str, ...]:
    told = {change.area for change in changes} - {"rules", "forms", *NOT_TOLD}
    return tuple(sorted(told))
