"""A file fits in the head, a function on the screen."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.sources import named, parsed, python_files

LONGEST_FILE, LONGEST_FUNCTION = 400, 60  # lines
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "base", "manager", "service", "core", "impl"}


@pytest.mark.parametrize(
    "path", [p for p in python_files() if "migrations/versions" not in p.as_posix()], ids=named
)
def test_a_file_fits_in_the_head(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize(
    "path", [p for p in python_files() if "migrations/versions" not in p.as_posix()], ids=named
)
def test_a_function_fits_on_the_screen(path: Path) -> None:
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert not long


@pytest.mark.parametrize("path", python_files(), ids=named)
def test_a_module_is_named_for_what_it_holds(path: Path) -> None:
    assert path.stem not in FORBIDDEN_NAMES


@pytest.mark.parametrize("path", [p for p in python_files() if p.stem != "env"], ids=named)
def test_a_module_says_its_promise(path: Path) -> None:
    tree = parsed(path)
    assert not tree.body or ast.get_docstring(tree), "a module begins with a docstring: its one promise"
