"""What is installed is exactly what was chosen, by version and by hash, and from no particular place."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from tests.architecture.sources import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PYTHON_LOCKS = {
    "requirements.lock": PROJECT["dependencies"],
    "requirements-test.lock": PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"],
}


def locked(name: str) -> dict[str, tuple[str, int]]:
    """Each package of a lock with its version and the number of its hashes."""
    entries = re.split(r"\n(?=\w)", (ROOT / name).read_text("utf-8"))
    found = (re.match(r"([\w.-]+)(?:\[.*\])?==(\S+)", entry) for entry in entries)
    return {
        match[1].lower(): (match[2], entry.count("--hash=sha256:"))
        for entry, match in zip(entries, found, strict=True)
        if match
    }


@pytest.mark.parametrize("name", PYTHON_LOCKS)
def test_every_python_dependency_is_locked_as_it_was_chosen(name: str) -> None:
    packages = locked(name)
    for chosen in PYTHON_LOCKS[name]:
        package, version = re.sub(r"\[.*\]", "", chosen).lower().split("==")
        assert packages[package][0] == version
    assert all(hashes for _, hashes in packages.values())


def test_every_browser_dependency_is_locked_as_it_was_chosen() -> None:
    chosen = json.loads((ROOT / "web" / "package.json").read_text("utf-8"))
    packages = json.loads((ROOT / "web" / "package-lock.json").read_text("utf-8"))["packages"]
    for name, version in {**chosen["dependencies"], **chosen["devDependencies"]}.items():
        assert packages[f"node_modules/{name}"]["version"] == version
    assert all("integrity" in entry for path, entry in packages.items() if path)


@pytest.mark.parametrize("name", [*PYTHON_LOCKS, "web/package-lock.json"])
def test_no_lock_names_a_host_to_install_from(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert '"resolved"' not in text
    assert not re.search(r"index-url|find-links|file:|git\+", text)
    if name in PYTHON_LOCKS:
        assert "://" not in text
