"""Every line has one home: what may lie where."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.architecture.sources import ROOT

TOP = {
    "processes", "forms", "engine", "web", "integrations", "tests", "docs", ".ci",
}  # fmt: skip
_MACHINE = re.compile(r"(?<![\w./-])/(?:root|home/\w+|work|farm)/")
_HOST = re.compile(r"https?://[^\s\"')]*(?:pypi|npmjs|registry|mirror)[^\s\"')]*", re.I)


def _tracked() -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).exists()]


def test_the_top_level_folders_are_the_agreed_ones() -> None:
    folders = {
        path.relative_to(ROOT).parts[0] for path in _tracked() if len(path.relative_to(ROOT).parts) > 1
    }
    assert folders <= TOP


def test_declarations_hold_no_python() -> None:
    assert not [path for folder in ("processes", "forms") for path in (ROOT / folder).rglob("*.py")]


def test_third_party_files_are_installed_not_committed() -> None:
    assert not [
        path for path in _tracked() if re.search(r"\.min\.(js|css)$|node_modules/|/vendor/", path.as_posix())
    ]


def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    found = []
    for path in _tracked():
        if path.suffix in {".png", ".woff", ".woff2", ".ico"} or path == Path(__file__):
            continue
        text = path.read_text("utf-8", errors="replace")
        found += [
            f"{path.relative_to(ROOT)}: {match}" for match in _MACHINE.findall(text) + _HOST.findall(text)
        ]
    assert not found


def test_templates_have_no_inline_scripts_or_handlers() -> None:
    pattern = re.compile(r"<script(?![^>]*\b(?:src|type=\"application/json\"))|\son[a-z]+=|\sstyle=", re.I)
    found = [
        f"{path.name}: {match.group(0)}"
        for path in (ROOT / "web" / "templates").rglob("*.html")
        for match in pattern.finditer(path.read_text("utf-8"))
    ]
    assert not found
