"""A module imports only from floors below its own; the contracts in pyproject.toml say which."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={"PYTHONPATH": str(folder)}
    )


def test_the_floors_hold() -> None:
    checked = _lint(ROOT)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("engine/runtime/state.py", "from engine import tables"),
        ("engine/units.py", "import integrations.sms.handlers"),
        ("web/app.py", "import integrations.sms.handlers"),
        ("engine/jobs.py", "import SpiffWorkflow"),
        ("engine/worker.py", "import fastapi"),
        ("integrations/sms/handlers.py", "import integrations.people"),
        ("engine/a_new_module_without_a_floor.py", ""),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, file: str, line: str) -> None:
    for folder in ("engine", "web", "integrations"):
        ignored = shutil.ignore_patterns("node_modules", "static", "__pycache__", "*.html", "texts")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for name in ("pyproject.toml", "tiemchung.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    planted = tmp_path / file
    before = planted.read_text("utf-8") if planted.exists() else '"""Nobody has placed this yet."""\n'
    planted.write_text(f"{before}\n{line}\n", "utf-8")
    assert _lint(tmp_path).returncode != 0
