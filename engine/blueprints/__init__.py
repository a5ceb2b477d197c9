"""Writes a new integration that works at once: manifest, handler, clients, README and the contract test."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from string import Template

from engine.errors import Conflict, Finding, Invalid

SHEETS = Path(__file__).with_name("integration")
PARTS = ("README.md", "manifest.yaml", "handlers.py", "clients.py", "__init__.py")
TEST = "test_contract.py.txt"
_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")


def integration(name: str, integrations_dir: Path, tests_dir: Path) -> list[Path]:
    """Write `<integrations_dir>/<name>/` and its test; gives the files, in the order in which to read them.

    Invalid for a name that cannot name a Python package; Conflict, and nothing written, when one of the files is there.
    """
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise Invalid([Finding("integration_name", {"found": name[:60]})])
    title = name.replace("_", " ")
    words = {"name": name, "title": title, "Name": title.title().replace(" ", "")}
    sheets = [SHEETS / f"{part}.txt" for part in PARTS]
    sheet_of = {integrations_dir / name / sheet.name.removesuffix(".txt"): sheet for sheet in sheets}
    sheet_of[tests_dir / f"test_{name}.py"] = SHEETS / TEST
    taken = [path for path in sheet_of if path.exists()]
    if taken:
        raise Conflict("integration_exists", file=str(taken[0]))
    for path, sheet in sheet_of.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(sheet.read_text("utf-8")).substitute(words), "utf-8")
    return list(sheet_of)
