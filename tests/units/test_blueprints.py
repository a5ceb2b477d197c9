"""A new integration works at once: it loads, keeps its contract, and is written as the house writes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tiemchung
from engine import blueprints, settings
from engine.errors import Conflict, Invalid

ROOT = settings.CHECKOUT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the engine and no integration yet."""
    (tmp_path / "engine").symlink_to(ROOT / "engine")
    for name in ("pyproject.toml",):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "integrations").mkdir()
    shutil.copy(ROOT / "integrations" / "__init__.py", tmp_path / "integrations")
    return tmp_path


def ran(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    surroundings = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "PYTHONPATH": str(folder),
        "MYPYPATH": str(folder),
    }
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, env=surroundings
    )


@pytest.mark.parametrize("name", ["labs", "results_of_the_regional_centre"])
def test_what_is_written_works_and_reads_like_the_rest(checkout: Path, name: str) -> None:
    written = blueprints.integration(name, checkout / "integrations", checkout / "tests" / "integrations")
    assert [path.name for path in written] == [
        "README.md", "manifest.yaml", "handlers.py", "clients.py", "__init__.py", f"test_{name}.py",
    ]  # fmt: skip
    tests = ran(checkout, "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert tests.returncode == 0, tests.stdout + tests.stderr
    assert "passed" in tests.stdout and "skipped" not in tests.stdout
    for command in (("ruff", "check", "."), ("ruff", "format", "--check", ".")):
        checked = ran(checkout, *command)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    typed = ran(checkout, "mypy", "--cache-dir", str(checkout / "cache"), f"integrations/{name}")
    assert typed.returncode == 0, typed.stdout


def test_what_is_there_is_not_overwritten(checkout: Path) -> None:
    folders = (checkout / "integrations", checkout / "tests" / "integrations")
    first = blueprints.integration("labs", *folders)
    first[2].write_text("mine", "utf-8")
    with pytest.raises(Conflict):
        blueprints.integration("labs", *folders)
    assert first[2].read_text("utf-8") == "mine"


@pytest.mark.parametrize("name", ["Labs", "2labs", "lab-results", "import", "", "../labs", "x" * 40])
def test_a_name_that_cannot_be_a_package_is_refused(checkout: Path, name: str) -> None:
    with pytest.raises(Invalid):
        blueprints.integration(name, checkout / "integrations", checkout / "tests" / "integrations")
    assert not (checkout / "tests").exists()


def test_the_command_says_what_it_wrote_and_refuses_with_a_sentence(
    checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings.read(
        {"TIEMCHUNG_INTEGRATIONS_DIR": str(checkout / "integrations"), "TIEMCHUNG_LANGUAGE": "en"}
    )
    with settings.using(chosen):
        assert tiemchung.main(["new", "integration", "labs"]) == 0
        assert "integrations/labs/manifest.yaml" in capsys.readouterr().out
        assert tiemchung.main(["new", "integration", "labs"]) == 1
        assert "not overwritten" in capsys.readouterr().err
        assert tiemchung.main(["new", "integration", "Lab-s"]) == 1
        assert "a letter first" in capsys.readouterr().err
