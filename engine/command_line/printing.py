"""What several commands print: findings, progress and tallies, in the language of the settings."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

from engine import database, settings
from engine.definitions import registry
from engine.errors import Finding


def language() -> str:
    return settings.current().language


def findings(found: Sequence[Finding], where: str = "") -> None:
    """Print findings, a line each, and with `where` how many there were."""
    for finding in found:
        said = (finding.severity, finding.place(), finding.sentence(language()))
        print(": ".join(part for part in said if part), file=sys.stderr)
    if where:
        count = sum(finding.severity == "error" for finding in found)
        print(f"{where}: {count} lỗi / errors, {len(found) - count} cảnh báo / warnings")


def warnings(sentences: Sequence[str]) -> None:
    """Print sentences that are no part of the answer."""
    for sentence in sentences:
        print(f"warning: {sentence}", file=sys.stderr)


def progress(done: int, total: int) -> None:
    end = "\n" if done == total else "\r"
    print(f"  {done}/{total}", end=end, flush=True)


def tally(what: str, counted: Counter[str]) -> None:
    """How many cases came out how; `@` marks where those rest that have not ended."""
    names: dict[str, str] = {}
    with database.transaction() as connection:
        for key in registry.processes(connection):
            definition = registry.definition(connection, registry.in_force(connection, key, "/"))
            names |= {
                element: definition.element_name(language(), element) for element in definition.model.nodes
            }
    print(f"{sum(counted.values())} {what}:")
    for outcome, count in counted.most_common():
        name = names.get(outcome.removeprefix("@"), outcome)
        print(f"  {count:5}  {'… ' if outcome.startswith('@') else ''}{name} ({outcome})")
