"""One PostgreSQL server of our own in the data folder: started by whoever needs it first, shared by all.

It listens on a socket only its owner (and root) can reach, keeps running when the process that started
it ends, and comes back with every committed row after any crash. `stop` ends it.
"""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from engine import clusters, errors, programs, settings

START_SECONDS = 600  # replaying the log after a crash may take minutes
STOP_SECONDS = 120
REMAINS_SECONDS = 10  # for what a killed server left running to notice and end
UNREACHABLE_SECONDS = 10  # a server that says "ready" and cannot be reached has lost its socket

PARAMETERS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "fsync": "on",
    "TimeZone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",  # a week of logs, then each day overwrites its own
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_error_verbosity": "terse",  # the detail of an error shows values of rows: persons' data
}


@dataclass(frozen=True, slots=True)
class Status:
    """What can be seen of the server: `ready` means that it answers a real connection."""

    ready: bool
    pid: int | None
    url: str | None
    folder: Path


def start(data_dir: Path | None = None, parameters: Mapping[str, str] | None = None) -> str:
    """Make sure that the server of the data folder runs and answers; its address.

    `parameters` are PostgreSQL's, and take effect when this call is the one that starts the server.
    Safe to call from several processes at once. Raises errors.EngineError with a remedy.
    """
    data_dir = clusters.make_data_dir(data_dir or settings.current().data_dir)
    with _locked(data_dir):
        home = clusters.at(data_dir) or clusters.make_home(data_dir)
        if not _answers_while_it_lives(home):
            binaries = programs.folder(home.owner, settings.current().pg_bin)
            clusters.make_cluster(home, binaries)
            _clear_remains(home)
            _launch(home, binaries, {**PARAMETERS, **(parameters or {})})
        return home.url()


def stop(data_dir: Path | None = None) -> bool:
    """Stop the server, open transactions rolled back; whether one was running."""
    data_dir = data_dir or settings.current().data_dir
    if not (data_dir / "postgres.lock").exists():
        return False
    with _locked(data_dir):
        home = clusters.at(data_dir)
        return home is not None and _stop(home)


def reset(data_dir: Path | None = None) -> None:
    """Stop the server and delete its cluster with all its data."""
    data_dir = data_dir or settings.current().data_dir
    if not (data_dir / "postgres.lock").exists():
        return
    with _locked(data_dir):
        home = clusters.at(data_dir)
        if home is None:
            return
        _stop(home)
        _clear_remains(home)
        clusters.done(home, "/bin/sh", "-c", 'rm -rf -- "$0"/* "$1"', home.folder, home.socket_dir)
        home.folder.rmdir()
        with suppress(FileNotFoundError):
            (data_dir / "postgres").unlink()  # the link to a folder elsewhere


def status(data_dir: Path | None = None) -> Status:
    """The server as it is now; starts and changes nothing."""
    data_dir = data_dir or settings.current().data_dir
    home = clusters.at(data_dir)
    if home is None:
        return Status(False, None, None, data_dir / "postgres")
    return Status(_connection_error(home) is None, clusters.postmaster(home), home.url(), home.folder)


# Whether it lives.


def _connection_error(home: clusters.Home) -> str | None:
    """Why a real connection fails, or None."""
    try:
        psycopg.connect(home.url("postgres"), connect_timeout=10).close()
    except psycopg.OperationalError as refused:
        return str(refused)
    return None


def _answers_while_it_lives(home: clusters.Home) -> bool:
    """Wait while the server lives and is not ready; True when it answers, False when there is none."""
    deadline = time.monotonic() + START_SECONDS
    unreachable_since: float | None = None
    while clusters.postmaster(home) is not None:
        answer = _connection_error(home)
        if answer is None:
            return True
        state = [*clusters.recorded(home), *[""] * 8][7].strip()
        if state == "ready" and "FATAL" in answer:
            raise errors.EngineError("postgres_refuses", answer=answer.strip())
        if state != "ready":
            unreachable_since = None
        elif unreachable_since is None:
            unreachable_since = time.monotonic()
        elif time.monotonic() > unreachable_since + UNREACHABLE_SECONDS:
            _stop(home)
            return False
        if time.monotonic() > deadline:
            raise errors.EngineError("postgres_not_ready", seconds=START_SECONDS, log=home.log)
        time.sleep(0.1)
    return False


# Its start and its end.


def _clear_remains(home: clusters.Home) -> None:
    """End what a killed server left behind, and remove the marks that would keep a new one from starting.

    A stale postmaster.pid is left to PostgreSQL, which knows more from it; only one whose number is that
    of another living process or a zombie is removed, and only when nothing works in the cluster any more.
    """
    for signal_number in (signal.SIGQUIT, signal.SIGKILL):
        if _becomes_true(lambda: not clusters.living(home), REMAINS_SECONDS):
            break
        _send(signal_number, clusters.living(home))
    else:
        if not _becomes_true(lambda: not clusters.living(home), REMAINS_SECONDS):
            raise errors.EngineError("postgres_remains", folder=home.cluster)
    recorded = clusters.recorded(home)
    if recorded and recorded[0].isdigit() and Path("/proc", recorded[0]).exists():
        clusters.done(home, "/bin/rm", "-f", "--", home.cluster / "postmaster.pid")
    if home.socket_dir.exists():
        clusters.done(home, "/bin/rm", "-rf", "--", home.socket_dir)


def _launch(home: clusters.Home, binaries: Path, parameters: Mapping[str, str]) -> None:
    """Start the server on its own, wait until it answers, and see that the database exists."""
    clusters.done(home, "/bin/mkdir", "-m", "700", "--", home.socket_dir)
    parameters = {**parameters, "unix_socket_directories": str(home.socket_dir), "port": str(clusters.PORT)}
    options = " ".join("-c " + shlex.quote(f"{name}={value}") for name, value in parameters.items())
    answer = programs.run(  # pg_ctl hands names to a shell: short ones of ours, seen from within the folder
        home.owner, "/bin/sh", "-c", 'cd "$0" && exec "$@"', home.folder, binaries / "pg_ctl", "start",
        "-w", "-t", str(START_SECONDS), "-s", "-D", "cluster", "-l", home.log.name, "-o", options,
        seconds=START_SECONDS + 30,
    )  # fmt: skip
    if answer.returncode != 0:
        words = _last_words(home) or answer.stderr.strip()
        raise errors.EngineError("postgres_did_not_start", log=home.log, last=words)
    if not _answers_while_it_lives(home):
        raise errors.EngineError("postgres_did_not_start", log=home.log, last=_last_words(home))
    with psycopg.connect(home.url("postgres"), autocommit=True) as connection:
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [clusters.NAME])
        if exists.fetchone() is None:
            connection.execute(f"CREATE DATABASE {clusters.NAME}")


def _stop(home: clusters.Home) -> bool:
    pid = clusters.postmaster(home)
    if pid is None:
        return False
    for signal_number in (signal.SIGINT, signal.SIGQUIT):  # roll back and write all out; then give up at once
        _send(signal_number, {pid})
        if _becomes_true(lambda: not clusters.living(home), STOP_SECONDS):
            return True
    raise errors.EngineError("postgres_remains", folder=home.cluster)


def _send(signal_number: signal.Signals, pids: set[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal_number)


def _last_words(home: clusters.Home) -> str:
    """What the server wrote last about why it ended, from whichever log is the newest."""
    script = 'cd "$0" && tail -q -n 12 start.log "cluster/log/$(ls -t cluster/log 2>/dev/null | head -n 1)"'
    said = programs.run(home.owner, "/bin/sh", "-c", script, home.folder).stdout
    return " | ".join(line for line in said.splitlines() if re.search("FATAL|PANIC|ERROR|HINT", line))[-800:]


@contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    """Only one process at a time looks at the server and starts or stops it; a dead one lets go by itself."""
    descriptor = os.open(data_dir / "postgres.lock", os.O_RDONLY)
    try:
        if not _becomes_true(lambda: _taken(descriptor), START_SECONDS + STOP_SECONDS):
            raise errors.EngineError("postgres_locked", file=data_dir / "postgres.lock")
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _becomes_true(condition: Callable[[], bool], seconds: float) -> bool:
    """Look again and again until the condition holds or the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
