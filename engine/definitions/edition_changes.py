"""What each edition of a process changes over the one it follows: the names of decisions, forms and files.

Files are compared by what they mean, decisions one by one. Names say where to look; `compare` tells the differences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lxml import etree

from engine.bpmn import xml
from engine.definitions import bundle, contents, editions
from engine.definitions.editions import Edition

_LOGIC = ("{*}decision", "{*}businessKnowledgeModel", "{*}decisionService")
_REMARKS = ("{*}description", "{*}annotationEntry")
_NOT_TOLD = ("texts/", "scenarios/", "forms/", editions.FILE, *contents.IGNORED)
"""Forms are told by name; texts and scenarios follow from what else changes."""


@dataclass(frozen=True, slots=True)
class Changed:
    """An edition, the one it is laid over (None: it is the process folder itself), and what it changes there.

    Names in alphabetical order: decisions by id and files of decisions as a whole, forms, other files. What was not
    there before ends in "(new)", what is left out in "(left out)".
    """

    edition: Edition
    over: str | None
    decisions: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def of(folder: Path, forms_dir: Path) -> tuple[Changed, ...]:
    """Every edition of a process folder in order of effect; none where there is only the one. Invalid as when read."""
    known = editions.of(folder)
    changing = {one.name for one in editions.changing(folder)}
    own = next((one.name for one in known if one.name not in changing), folder.name)
    if not changing:
        return ()
    return tuple(
        _changed(folder, forms_dir, one, own) if one.name in changing else Changed(one, None) for one in known
    )


def _changed(folder: Path, forms_dir: Path, edition: Edition, own: str) -> Changed:
    before, after = (bundle.read(folder, None, name).files for name in (edition.follows, edition.name))
    earlier, later = ({path: b"" for path in files if path.endswith(".dmn")} for files in (before, after))
    decisions = _names(earlier, later)
    for path in earlier.keys() & later.keys():
        decisions += _names(_logic(path, before[path]), _logic(path, after[path]))
    forms = _names(_forms(before), _forms(after))
    forms += [f"`{path.stem}`" for path in (forms_dir / editions.FOLDER / edition.name).glob("*.json")]
    told = (decisions, forms, _names(_others(before), _others(after)))
    return Changed(edition, edition.follows or own, *(tuple(sorted(names, key=_plain)) for names in told))


def _names(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[str]:
    """What means something else afterwards, by name."""
    return [
        f"`{name}`"
        + ("" if name in before and name in after else " (new)" if name in after else " (left out)")
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name)
    ]


def _plain(name: str) -> str:
    return name.replace("`", "")


def _logic(path: str, content: bytes) -> dict[str, bytes]:
    """The logic of each decision of a file without remarks; written out first, for lxml loses the namespaces declared
    further out."""
    logic = {}
    for element in xml.parse(content, path).iter(*_LOGIC):
        own = etree.fromstring(etree.tostring(element))
        etree.strip_elements(own, *_REMARKS, with_tail=False)
        logic[element.get("id", "")] = contents.canonical(own)
    return logic


def _forms(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What the forms in the process folder mean, by name."""
    forms = [path for path in files if path.startswith("forms/") and path.endswith(".json")]
    return {PurePosixPath(path).stem: contents.meaning(path, files[path]) for path in forms}


def _others(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What the files mean that are neither told in another column nor follow from those."""
    others = [path for path in files if not (path.endswith(".dmn") or path.startswith(_NOT_TOLD))]
    return {path: contents.meaning(path, files[path]) for path in others}
