"""The commands about process definitions: check, document, submit, approve, versions."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from engine import accounts, campaign, catalogue, database, settings
from engine.command_line import printing
from engine.definitions import (
    bundle,
    checks,
    definition,
    deployment,
    edition_changes,
    editions,
    handbook,
    registry,
)
from engine.errors import Finding, Invalid


def check(folders: Sequence[Path]) -> bool:
    """Check process folders, or all there are, and print every finding; whether one of them would be refused."""
    chosen = settings.current()
    own = sorted(path.parent for path in chosen.processes_dir.glob("*/process.yaml"))
    folders = folders or own
    known = {folder.name for folder in (*folders, *own)}
    refused = False
    for folder in folders:
        for edition in _editions(folder):
            found = _findings(folder, edition, known)
            printing.findings(found, f"{folder} {edition or ''}".rstrip())
            refused = refused or any(finding.severity == "error" for finding in found)
    return refused


def document(arguments: Namespace) -> None:
    """Write the page of each process, or of an edition, from its definition, into docs/processes."""
    chosen = settings.current()
    folders = [Path(folder) for folder in arguments.folders]
    folders = folders or sorted(path.parent for path in chosen.processes_dir.glob("*/process.yaml"))
    into = Path(arguments.into) if arguments.into else chosen.processes_dir.parent / "docs" / "processes"
    into.mkdir(parents=True, exist_ok=True)
    for folder in folders:
        read = definition.compile(bundle.read(folder, chosen.forms_dir, arguments.edition))
        page = into / f"{'-'.join(filter(None, (read.key, arguments.edition)))}.md"
        page.write_text(handbook.page(read, edition_changes.of(folder, chosen.forms_dir)), "utf-8")
        print(page)


def submit(arguments: Namespace) -> None:
    """Submit a folder, one of its editions, or all of them, for approval, in a process owner's name."""
    folder, chosen = Path(arguments.folder), settings.current()
    names = [one.name for one in editions.of(folder)] if arguments.all_editions else [arguments.edition]
    with database.transaction() as connection:
        actor = accounts.by_sign_in(connection, arguments.sign_in)
        for name in names:
            files = bundle.read(folder, chosen.forms_dir, name).files
            print(deployment.submit(connection, files, actor, arguments.reason))


def approve(arguments: Namespace) -> None:
    """Approve submissions, in another person's name."""
    at = arguments.effective and editions.moment(arguments.effective)
    if arguments.effective and at is None:
        raise Invalid([Finding("edition_moment", {"found": arguments.effective}, "--effective")])
    with database.transaction() as connection:
        actor = accounts.by_sign_in(connection, arguments.sign_in)
        for submission in arguments.submissions:
            print(
                deployment.approve(
                    connection, submission, actor, arguments.reason, at, at_setup=arguments.at_setup
                )
            )


def versions(arguments: Namespace) -> None:
    """The published versions and releases of each process."""
    with database.transaction() as connection:
        for key in registry.processes(connection):
            for release in registry.releases(connection, key):
                print(
                    f"{key}\tv{release.version}\t{release.unit_path}\t{release.effective_at.isoformat()}\t{release.version_id}"
                )


def _editions(folder: Path) -> list[str | None]:
    """The folder itself (None) and the editions laid over it; with unreadable ones the folder alone, which says why."""
    with suppress(Invalid):
        return [None, *(one.name for one in editions.changing(folder))]
    return [None]


def _findings(folder: Path, edition: str | None, known: set[str]) -> list[Finding]:
    try:
        editions.of(folder)
        read = bundle.read(folder, settings.current().forms_dir, edition)
        return checks.run(read, catalogue.current(), known, campaign.current().roles)[1]
    except Invalid as refused:
        return list(refused.findings)
