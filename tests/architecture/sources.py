"""The files the house rules speak of."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("engine", "web", "integrations")


def python_files(*folders: str) -> list[Path]:
    """Python files of the given top-level folders (the three code folders and the root module by default)."""
    found = [path for folder in folders or CODE for path in (ROOT / folder).rglob("*.py")]
    if not folders:
        found.append(ROOT / "tiemchung.py")
    return sorted(path for path in found if "node_modules" not in path.parts)


@functools.cache
def parsed(path: Path) -> ast.Module:
    """The tree of a file, read once for all rules."""
    return ast.parse(path.read_text("utf-8"))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
