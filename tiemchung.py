"""The command line: how every command is called, and those that start, stop or need the web.

The only module that may import everything. What needs nothing but the engine is in `engine/command_line/`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from engine import blueprints, codes, daemons, database, demo, embedded, log, settings, worker
from engine.command_line import decisions, definitions, drawings, measures, printing
from engine.errors import EngineError, Invalid

Arguments = argparse.Namespace


def main(given: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0 when it did what was asked, 1 when it was refused, 2 for bad usage."""
    arguments = _parser().parse_args(given)
    try:
        with log.configured(settings.current().log_format):
            status = int(arguments.act(arguments) or 0)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # who reads has read enough, as `head` does; nothing is left to write it to
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Invalid as refused:
        printing.findings(refused.findings)
        return 1
    except EngineError as refusal:
        print(refusal.sentence(printing.language()), file=sys.stderr)
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
        with daemons.log_file("demo").open("a") as lines, log.configured("json", lines):
            made = demo.create(path, lambda line: print(f"  {line}", flush=True), printing.progress)
        printing.tally("hồ sơ / cases", made.ended)
    daemons.start("web", "serve")
    daemons.start("worker", "work")
    daemons.await_answer(_address() + "/health")
    _print_sign_ins(path)


def _stop(arguments: Arguments) -> None:
    """Stop the web application, the worker and the embedded database."""
    daemons.stop_all()
    embedded.stop()


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


# --- checking and writing ---------------------------------------------------------------------------------


def _check(arguments: Arguments) -> int:
    """Check process folders, or all of them and the declared pages; 1 when one of them would be refused."""
    refused = False if arguments.folders else _pages_refused()
    return int(definitions.check([Path(folder) for folder in arguments.folders]) or refused)


def _pages_refused() -> bool:
    """Check the declared pages and print every finding."""
    from web import app

    findings = app.check_pages()
    printing.findings(findings, str(settings.current().pages_dir))
    return any(finding.severity == "error" for finding in findings)


def _new(arguments: Arguments) -> None:
    """Write a working integration to begin from, and its contract test."""
    folder = settings.current().integrations_dir
    for path in blueprints.integration(arguments.name, folder, folder.parent / "tests" / "integrations"):
        print(path.relative_to(folder.parent))


# --- the parser -------------------------------------------------------------------------------------------


Command = Callable[[str, Callable[[Arguments], int | None]], argparse.ArgumentParser]


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
    _add_definitions(command)
    _add_trials(command)
    _add_measures(command)
    return parser


def _add_definitions(command: Command) -> None:
    """Check, write and publish."""
    command("check", _check).add_argument("folders", nargs="*", metavar="DIR")
    write = command("document", definitions.document)
    write.add_argument("folders", nargs="*", metavar="DIR")
    write.add_argument("--into", metavar="DIR", help="another folder than docs/processes")
    write.add_argument("--edition", metavar="NAME", help="one of DIR/editions, as DIR-NAME.md")
    new = command("new", _new)
    new.add_argument("what", choices=("integration",))
    new.add_argument("name", metavar="NAME")
    submit = command("submit", definitions.submit)
    submit.add_argument("folder", metavar="DIR")
    which = submit.add_mutually_exclusive_group()
    which.add_argument("--edition", metavar="NAME", help="one of DIR/editions")
    which.add_argument("--all-editions", action="store_true", help="each as a submission, in order of effect")
    approve = command("approve", definitions.approve)
    approve.add_argument("submissions", type=int, nargs="+", metavar="NUMBER")
    when = approve.add_mutually_exclusive_group()
    when.add_argument(
        "--effective", metavar="MOMENT", help="not before this date or moment, which lies ahead"
    )
    when.add_argument(
        "--at-setup", action="store_true", help="from when each edition took effect, even if past"
    )
    for one in (submit, approve):
        one.add_argument("--as", dest="sign_in", required=True, metavar="SIGN_IN")
        one.add_argument("--reason", required=True)
    command("versions", definitions.versions)


def _add_trials(command: Command) -> None:
    """Try a file in memory."""
    run = command("run", drawings.run)
    run.add_argument("file", metavar="FILE")
    run.add_argument("--engine", choices=("own", "spiffworkflow"), default="own")
    run.add_argument("--answers", metavar="JSON", help='per element, e.g. {"ask": {"days": 3}}')
    decide = command("decide", decisions.decide)
    decide.add_argument("file", metavar="FILE", help="a DMN file, or a process folder")
    decide.add_argument("--decision", required=True, metavar="NAME", help="a decision or decision service")
    decide.add_argument(
        "--input", default="{}", metavar="JSON", help="the variables; @FILE, or - for standard input"
    )
    decide.add_argument(
        "--explain", action="store_true", help="inputs, rules, what decided, what was required"
    )
    decide.add_argument("--at", metavar="MOMENT", help="decide as of this date or moment")
    decide.add_argument("--edition", metavar="NAME", help="one of the folder's editions")
    decide.add_argument("--json", action="store_true", help="with --explain: the explanation as JSON")
    kit = command("conformance", decisions.conformance)
    kit.add_argument("standard", choices=("dmn",))
    kit.add_argument("folder", metavar="DIR")
    kit.add_argument("--json", action="store_true")


def _add_measures(command: Command) -> None:
    """Play and measure."""
    play = command("simulate", measures.simulate)
    play.add_argument("--visits", type=_positive, required=True, metavar="N")
    measure = command("bench", measures.bench)
    measure.add_argument("what", choices=("engine", "decisions", "tables"))
    measure.add_argument("--json", action="store_true")
    measure.add_argument("--file", metavar="FILE", help="decisions: measure one of this DMN file too")
    measure.add_argument("--decision", metavar="NAME")
    measure.add_argument(
        "--input", default="{}", metavar="JSON", help="its variables; @FILE, or - for standard input"
    )
    measure.add_argument("--seconds", type=_duration, default=4.0, help="per measurement")


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
