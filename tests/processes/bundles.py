"""The campaign's own processes as they stand in the repository, each read and compiled once in a run."""

from __future__ import annotations

import functools

from engine import settings
from engine.definitions import bundle as bundles
from engine.definitions import definition as definitions
from engine.definitions.bundle import Bundle
from engine.definitions.definition import Definition

PROCESSES = settings.CHECKOUT / "processes"


@functools.cache
def bundle(process: str, edition: str | None = None) -> Bundle:
    """A process, or one of its editions."""
    return bundles.read(PROCESSES / process, settings.CHECKOUT / "forms", edition)


@functools.cache
def definition(process: str, edition: str | None = None) -> Definition:
    """The same, compiled."""
    return definitions.compile(bundle(process, edition))
