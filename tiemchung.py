"""The command line: every command in one place, each a few lines over the packages' own verbs.

The only module that may import everything: it starts the web application and the workers, and knows the
benchmarks and the simulation.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from engine import (
    accounts,
    bench,
    blueprints,
    campaign,
    catalogue,
    clock,
    codes,
    daemons,
    database,
    demo,
    embedded,
    errors,
    feel,
    log,
    settings,
    worker,
)  # fmt: skip
from engine.bpmn import reading
from engine.decisions import conformance
from engine.definitions import bundle, checks, deployment, handbook, registry, trace
from engine.definitions import definition as definitions
from engine.errors import EngineError, Finding, Invalid

Arguments = argparse.Namespace


def main(given: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0 when it did what was asked, 1 when it was refused, 2 for bad usage."""
    arguments = _parser().parse_args(given)
    try:
        log.configure(settings.current().log_format)
        return int(arguments.act(arguments) or 0)
    except Invalid as refused:
        _print_findings(refused.findings)
        return 1
    except EngineError as refusal:
        print(refusal.sentence(_language()), file=sys.stderr)
        return 1


# --- running ----------------------------------------------------------------------------------------------


def _serve(arguments: Arguments) -> None:
    """The web application, in the foreground."""
    import uvicorn

    chosen = settings.current()
    if _pages_refused():
        raise SystemExit(1)
    database.migrate()
    uvicorn.run(
        "web.app:create", factory=True, host=chosen.host, port=chosen.port, workers=chosen.servers,
        log_config=None, access_log=False, proxy_headers=False, server_header=False,
    )  # fmt: skip


def _work(arguments: Arguments) -> None:
    """One worker, in the foreground, until it is told to stop."""
    database.migrate()
    running = worker.Worker()
    daemons.on_stop(running.stop)
    running.run()


def _migrate(arguments: Arguments) -> None:
    """Bring the schema up to date."""
    database.migrate()


def _demo(arguments: Arguments) -> None:
    """Everything for a first look: database, demonstration campaign, web application, worker."""
    if arguments.reset:
        daemons.stop_all()
        embedded.reset()
    database.migrate()
    path = settings.current().processes_dir / "demo.yaml"
    with database.transaction() as connection:
        is_new = not demo.exists(connection)
    if is_new:
        print("Đang tạo chiến dịch mẫu / Making the demonstration campaign …", flush=True)
        with daemons.log_file("demo").open("a") as lines:
            log.configure("json", lines)
            made = demo.create(path, lambda line: print(f"  {line}", flush=True), _progress)
        _print_tally("hồ sơ / cases", made.ended)
    daemons.start("web", "serve")
    daemons.start("worker", "work")
    daemons.await_answer(_address() + "/health")
    _print_sign_ins(path)


def _stop(arguments: Arguments) -> None:
    """Stop the web application, the worker and the embedded database."""
    daemons.stop_all()
    embedded.stop()


# --- definitions ------------------------------------------------------------------------------------------


def _check(arguments: Arguments) -> int:
    """Check process folders, or all of them and the declared pages; 1 when one of them would be refused."""
    chosen = settings.current()
    own = sorted(path.parent for path in chosen.processes_dir.glob("*/process.yaml"))
    folders = [Path(folder) for folder in arguments.folders] or own
    refused = False if arguments.folders else _pages_refused()
    known = {folder.name for folder in (*folders, *own)}
    for folder in folders:
        findings = _findings(folder, known)
        _print_findings(findings, str(folder))
        refused = refused or any(finding.severity == "error" for finding in findings)
    return int(refused)


def _pages_refused() -> bool:
    """Check the declared pages and print every finding."""
    from web import app

    findings = app.check_pages()
    _print_findings(findings, str(settings.current().pages_dir))
    return any(finding.severity == "error" for finding in findings)


def _findings(folder: Path, known: set[str]) -> list[Finding]:
    try:
        read = bundle.read(folder, settings.current().forms_dir)
        return checks.run(read, catalogue.current(), known, campaign.current().roles)[1]
    except Invalid as refused:
        return list(refused.findings)


def _new(arguments: Arguments) -> None:
    """Write a working integration to begin from, and its contract test."""
    folder = settings.current().integrations_dir
    for path in blueprints.integration(arguments.name, folder, folder.parent / "tests" / "integrations"):
        print(path.relative_to(folder.parent))


def _document(arguments: Arguments) -> None:
    """Write the page of each process from its definition, into docs/processes."""
    chosen = settings.current()
    folders = [Path(folder) for folder in arguments.folders]
    folders = folders or sorted(path.parent for path in chosen.processes_dir.glob("*/process.yaml"))
    into = Path(arguments.into) if arguments.into else chosen.processes_dir.parent / "docs" / "processes"
    into.mkdir(parents=True, exist_ok=True)
    for folder in folders:
        read = definitions.compile(bundle.read(folder, chosen.forms_dir))
        (into / f"{read.key}.md").write_text(handbook.page(read), "utf-8")
        print(into / f"{read.key}.md")


def _submit(arguments: Arguments) -> None:
    """Submit a folder for approval, in a process owner's name."""
    files = bundle.read(Path(arguments.folder), settings.current().forms_dir).files
    with database.transaction() as connection:
        actor = accounts.by_sign_in(connection, arguments.sign_in)
        print(deployment.submit(connection, files, actor, arguments.reason))


def _approve(arguments: Arguments) -> None:
    """Approve a submission, in another person's name."""
    with database.transaction() as connection:
        actor = accounts.by_sign_in(connection, arguments.sign_in)
        print(deployment.approve(connection, arguments.submission, actor, arguments.reason))


def _versions(arguments: Arguments) -> None:
    """The published versions and releases of each process."""
    with database.transaction() as connection:
        for key in registry.processes(connection):
            for release in registry.releases(connection, key):
                print(
                    f"{key}\tv{release.version}\t{release.unit_path}\t{release.effective_at.isoformat()}\t{release.version_id}"
                )


def _run(arguments: Arguments) -> int:
    """Run a BPMN file in memory and print the elements it passes."""
    from engine.bpmn import reference  # SpiffWorkflow takes a second to load, and only this needs it

    content, answers = _content(arguments.file), _answers(arguments.answers)
    moment = feel.Moment(clock.now(), settings.current().zone_info)
    own = trace.trace(reading.read(content, arguments.file), answers, {}, moment)
    if arguments.engine == "own":
        print("\n".join(own))
        return 0
    stock = reference.trace(content, answers, {}, moment, arguments.file)
    width = max([len(step) for step in own] + [8])
    print(f"{'engine'.ljust(width)}  spiffworkflow")
    for left, right in _side_by_side(own, stock):
        print(f"{left.ljust(width)}  {right}")
    return int(own != stock)


def _content(file: str) -> bytes:
    """A file given on the command line."""
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise Invalid([Finding("file_unreadable", {"reason": error.strerror or str(error)}, file)]) from error


def _answers(text: str | None) -> dict[str, object]:
    """Answers per element, from the command line."""
    try:
        read = json.loads(text or "{}")
    except ValueError as error:
        raise Invalid([Finding("answers_unreadable", {"reason": str(error)}, "--answers")]) from error
    if not isinstance(read, dict):
        raise Invalid([Finding("answers_unreadable", {"reason": type(read).__name__}, "--answers")])
    return read


def _side_by_side(left: list[str], right: list[str]) -> list[tuple[str, str]]:
    longest = max(len(left), len(right))
    return list(zip(left + [""] * (longest - len(left)), right + [""] * (longest - len(right)), strict=True))


# --- simulation and benchmarks ----------------------------------------------------------------------------


def _simulate(arguments: Arguments) -> None:
    """Drive cases of the demonstration through the public verbs, as staff would."""
    database.migrate()
    path = settings.current().processes_dir / "demo.yaml"
    with database.transaction() as connection:
        if not demo.exists(connection):
            raise errors.NotFound("campaign_missing")
    with daemons.log_file("simulate").open("a") as lines:
        log.configure("json", lines)
        ended = demo.play_more(path, arguments.visits, _progress)
    _print_tally("hồ sơ / cases", Counter(one.outcome for one in ended))


def _bench(arguments: Arguments) -> None:
    """Measure; medians and ratios against a floor measured in the same run."""
    report = bench.engine(arguments.seconds)
    print(json.dumps(report, indent=2) if arguments.json else bench.told(report))


def _conformance(arguments: Arguments) -> None:
    """Run a folder of the DMN conformance kit and print passed and total per level, and every failure."""
    report = conformance.run(Path(arguments.folder))
    print(
        json.dumps(dataclasses.asdict(report), indent=2, default=str) if arguments.json else report.summary()
    )


# --- printing ---------------------------------------------------------------------------------------------


def _progress(done: int, total: int) -> None:
    end = "\n" if done == total else "\r"
    print(f"  {done}/{total}", end=end, flush=True)


def _print_tally(what: str, tally: Counter[str]) -> None:
    """How many cases came out how; `@` marks where those rest that have not ended."""
    names: dict[str, str] = {}
    with database.transaction() as connection:
        for key in registry.processes(connection):
            definition = registry.definition(connection, registry.in_force(connection, key, "/"))
            names |= {
                element: definition.element_name(_language(), element) for element in definition.model.nodes
            }
    print(f"{sum(tally.values())} {what}:")
    for outcome, count in tally.most_common():
        name = names.get(outcome.removeprefix("@"), outcome)
        print(f"  {count:5}  {'… ' if outcome.startswith('@') else ''}{name} ({outcome})")


def _print_findings(findings: Sequence[Finding], where: str = "") -> None:
    for finding in findings:
        print(f"{finding.severity}: {finding.place()}: {finding.sentence(_language())}", file=sys.stderr)
    if where:
        count = sum(finding.severity == "error" for finding in findings)
        print(f"{where}: {count} lỗi / errors, {len(findings) - count} cảnh báo / warnings")


def _print_sign_ins(path: Path) -> None:
    print(f"\n  {_address()}\n")
    for one in demo.sign_ins(path):
        print(f"  {one.sign_in:22} {one.password:18} {one.name:28} {one.roles}")
    with database.transaction() as connection:
        held = demo.codes(connection)
    if held:
        print(f"\n  {_address()}/my  (mã, ngày sinh / code, birth date)\n")
    for code, proof in held:
        print(f"  {codes.shown(code):22} {proof}")
    print("\n  make stop · make demo-reset")


def _address() -> str:
    chosen = settings.current()
    return f"http://{chosen.host}:{chosen.port}"


def _language() -> str:
    return settings.current().language


# --- the parser -------------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tiemchung", description=__doc__.splitlines()[0] if __doc__ else None
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, act: Callable[[Arguments], int | None]) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=act.__doc__, description=act.__doc__)
        added.set_defaults(act=act)
        return added

    command("demo", _demo).add_argument("--reset", action="store_true", help="start over, all data lost")
    command("serve", _serve)
    command("work", _work)
    command("stop", _stop)
    command("migrate", _migrate)
    command("check", _check).add_argument("folders", nargs="*", metavar="DIR")
    write = command("document", _document)
    write.add_argument("folders", nargs="*", metavar="DIR")
    write.add_argument("--into", metavar="DIR", help="another folder than docs/processes")
    new = command("new", _new)
    new.add_argument("what", choices=("integration",))
    new.add_argument("name", metavar="NAME")
    submit = command("submit", _submit)
    submit.add_argument("folder", metavar="DIR")
    approve = command("approve", _approve)
    approve.add_argument("submission", type=int)
    for one in (submit, approve):
        one.add_argument("--as", dest="sign_in", required=True, metavar="SIGN_IN")
        one.add_argument("--reason", required=True)
    command("versions", _versions)
    run = command("run", _run)
    run.add_argument("file", metavar="FILE")
    run.add_argument("--engine", choices=("own", "spiffworkflow"), default="own")
    run.add_argument("--answers", metavar="JSON", help='per element, e.g. {"ask": {"days": 3}}')
    kit = command("conformance", _conformance)
    kit.add_argument("standard", choices=("dmn",))
    kit.add_argument("folder", metavar="DIR")
    kit.add_argument("--json", action="store_true")
    command("simulate", _simulate).add_argument("--visits", type=_positive, required=True, metavar="N")
    measure = command("bench", _bench)
    measure.add_argument("what", choices=("engine",))
    measure.add_argument("--json", action="store_true")
    measure.add_argument("--seconds", type=_duration, default=4.0, help="per measurement")
    return parser


def _positive(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1 on is expected, not {text!r}")
    return int(text)


def _duration(text: str) -> float:
    """Seconds, more than none and at most an hour."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"seconds between 0 and 3600 are expected, not {text!r}")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
