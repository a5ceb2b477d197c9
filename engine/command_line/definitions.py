"""The commands about process definitions: check, document, submit, approve, versions."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from engine import accounts, campaign, catalogue, database, settings
from engine.command_line import printing
from engine.definitions import bundle, checks, definition, deployment, handbook, registry
from engine.errors import Finding, Invalid


def check(folders: Sequence[Path]) -> bool:
    """Check process folders, or all there are, and print every finding; whether one of them would be refused."""
    chosen = settings.current()
    own = sorted(path.parent for path in chosen.processes_dir.glob("*/process.yaml"))
    folders = folders or own
    known = {folder.name for folder in (*folders, *own)}
    refused = False
    for folder in folders:
        found = _findings(folder, known)
        printing.findings(found, str(folder))
        refused = refused or any(finding.severity == "error" for finding in found)
    return refused


def document(arguments: Namespace) -> None:
    """Write the page of each process from its definition, into docs/processes."""
    chosen = settings.current()
    folders = [Path(folder) for folder in arguments.folders]
    folders = folders or sorted(path.parent for path in chosen.processes_dir.glob("*/process.yaml"))
    into = Path(arguments.into) if arguments.into else chosen.processes_dir.parent / "docs" / "processes"
    into.mkdir(parents=True, exist_ok=True)
    for folder in folders:
        read = definition.compile(bundle.read(folder, chosen.forms_dir))
        (into / f"{read.key}.md").write_text(handbook.page(read), "utf-8")
        print(into / f"{read.key}.md")


def submit(arguments: Namespace) -> None:
    """Submit a folder for approval, in a process owner's name."""
    files = bundle.read(Path(arguments.folder), settings.current().forms_dir).files
    with database.transaction() as connection:
        actor = accounts.by_sign_in(connection, arguments.sign_in)
        print(deployment.submit(connection, files, actor, arguments.reason))


def approve(arguments: Namespace) -> None:
    """Approve a submission, in another person's name."""
    with database.transaction() as connection:
        actor = accounts.by_sign_in(connection, arguments.sign_in)
        print(deployment.approve(connection, arguments.submission, actor, arguments.reason))


def versions(arguments: Namespace) -> None:
    """The published versions and releases of each process."""
    with database.transaction() as connection:
        for key in registry.processes(connection):
            for release in registry.releases(connection, key):
                print(
                    f"{key}\tv{release.version}\t{release.unit_path}\t{release.effective_at.isoformat()}\t{release.version_id}"
                )


def _findings(folder: Path, known: set[str]) -> list[Finding]:
    try:
        read = bundle.read(folder, settings.current().forms_dir)
        return checks.run(read, catalogue.current(), known, campaign.current().roles)[1]
    except Invalid as refused:
        return list(refused.findings)
