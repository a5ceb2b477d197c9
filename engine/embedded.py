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
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from engine import errors, programs, settings

NAME = "tiemchung"  # of the database, and of the role that owns it
PORT = 5432  # names the socket file; nothing listens on the network
START_SECONDS = 600  # replaying the log after a crash may take minutes
STOP_SECONDS = 120
REMAINS_SECONDS = 10  # for what a killed server left running to notice and end
UNREACHABLE_SECONDS = 10  # a server that says "ready" and cannot be reached has lost its socket
SOCKET_PATH_LIMIT = 107  # bytes, Linux's sun_path without its closing zero

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
class Home:
    """Where one server lives: `folder` belongs to `owner` alone and holds the cluster and the socket."""

    folder: Path
    owner: programs.Owner

    @property
    def cluster(self) -> Path:
        return self.folder / "cluster"

    @property
    def log(self) -> Path:
        return self.folder / "start.log"

    @property
    def socket_dir(self) -> Path:
        """Beside the cluster; in /tmp when that path is too long or too odd to name a socket."""
        beside = self.folder / "socket"
        fits = len(os.fsencode(beside / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT
        if fits and re.fullmatch(r"[\w/. -]+", str(beside)):
            return beside
        place = self.folder.stat()  # survives a move of the folder, unlike its path
        return Path(tempfile.gettempdir(), f"tiemchung-{self.owner.uid}-{place.st_dev:x}-{place.st_ino:x}")

    def url(self, database: str = NAME) -> str:
        """The address for SQLAlchemy, psycopg and psql alike."""
        return f"postgresql://{NAME}@/{database}?host={quote(str(self.socket_dir), safe='')}&port={PORT}"


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
    data_dir = _made_data_dir(data_dir or settings.current().data_dir)
    with _locked(data_dir):
        home = _home(data_dir) or _made_home(data_dir)
        if not _answers_while_it_lives(home):
            binaries = programs.folder(home.owner, settings.current().pg_bin)
            _make_cluster(home, binaries)
            _clear_remains(home)
            _launch(home, binaries, {**PARAMETERS, **(parameters or {})})
        return home.url()


def stop(data_dir: Path | None = None) -> bool:
    """Stop the server, open transactions rolled back; whether one was running."""
    data_dir = data_dir or settings.current().data_dir
    if not (data_dir / "postgres.lock").exists():
        return False
    with _locked(data_dir):
        home = _home(data_dir)
        return home is not None and _stop(home)


def reset(data_dir: Path | None = None) -> None:
    """Stop the server and delete its cluster with all its data."""
    data_dir = data_dir or settings.current().data_dir
    if not (data_dir / "postgres.lock").exists():
        return
    with _locked(data_dir):
        home = _home(data_dir)
        if home is None:
            return
        _stop(home)
        _clear_remains(home)
        _done(home, "/bin/rm", "-rf", "--", home.cluster, home.log, home.socket_dir)
        home.folder.rmdir()
        with suppress(FileNotFoundError):
            (data_dir / "postgres").unlink()  # the link to a folder elsewhere


def status(data_dir: Path | None = None) -> Status:
    """The server as it is now; starts and changes nothing."""
    data_dir = data_dir or settings.current().data_dir
    home = _home(data_dir)
    if home is None:
        return Status(False, None, None, data_dir / "postgres")
    return Status(_connection_error(home) is None, _postmaster(home), home.url(), home.folder)


# Where it lives.


def _made_data_dir(data_dir: Path) -> Path:
    """The data folder; one that we make may be entered by every account, and listed by its owner alone."""
    try:
        if not data_dir.is_dir():
            data_dir.mkdir(parents=True, exist_ok=True)
            data_dir.chmod(0o711)
        os.close(os.open(data_dir / "postgres.lock", os.O_RDONLY | os.O_CREAT, 0o644))
    except OSError as refused:
        raise errors.EngineError("data_not_writable", folder=data_dir, answer=refused.strerror) from refused
    return data_dir


def _home(data_dir: Path) -> Home | None:
    """The home of the server for a data folder, if it has been made."""
    folder = (data_dir / "postgres").resolve()
    if not folder.exists():
        return None
    owner = programs.account(folder.stat().st_uid)
    if owner.uid != os.geteuid() and os.geteuid() != 0:
        raise errors.EngineError("data_of_another", folder=folder, account=owner.name)
    if owner.uid == 0:
        raise errors.EngineError("data_of_root", folder=folder)
    if not programs.may_enter(owner, folder):
        raise errors.EngineError("data_out_of_reach", folder=folder, account=owner.name)
    return Home(folder, owner)


def _made_home(data_dir: Path) -> Home:
    """A private folder in the data folder; for root in its shelter, when the account cannot reach it there.

    The folder appears under its name only when it belongs to its owner, so that a crash leaves no half.
    """
    link = data_dir.resolve() / "postgres"
    if os.geteuid() != 0:
        link.mkdir(mode=0o700)
        return Home(link, programs.myself())
    owner = programs.system_account()
    draft = Path(tempfile.mkdtemp(prefix=".postgres-", dir=link.parent))
    try:
        os.chown(draft, owner.uid, owner.gid)
    except PermissionError:  # a mounted folder whose owner cannot be changed
        reachable = False
    else:
        reachable = programs.may_enter(owner, draft)
    if reachable:
        draft.rename(link)
        return Home(link, owner)
    draft.rmdir()
    programs.SHELTER.mkdir(mode=0o755, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=programs.SHELTER))
    os.chown(folder, owner.uid, owner.gid)
    link.unlink(missing_ok=True)  # a link to a folder that is gone
    link.symlink_to(folder)
    return Home(folder, owner)


def _make_cluster(home: Home, binaries: Path) -> None:
    """The cluster, made once; refuses one that was made by another major version."""
    version = programs.major_version(home.owner, binaries)
    if home.cluster.exists():
        made_by = (home.cluster / "PG_VERSION").read_text().strip()
        if made_by != str(version):
            raise errors.EngineError(
                "cluster_of_another_version", folder=home.cluster, made_by=made_by, found=version
            )
        return
    draft = home.folder / "cluster.draft"
    _done(home, "/bin/rm", "-rf", "--", draft)
    locale = ["--locale=C.UTF-8"]
    if version >= 17:  # the same rules for upper and lower case on every machine
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    _done(
        home, binaries / "initdb", "-D", draft, "-U", NAME, "--encoding=UTF8", "--data-checksums",
        "--auth-local=peer", "--auth-host=scram-sha-256", "--no-instructions", *locale, seconds=START_SECONDS,
    )  # fmt: skip
    _write(home, draft / "pg_hba.conf", f"local all all peer map={NAME}\n")
    persons = {home.owner.name, "root"}
    _write(home, draft / "pg_ident.conf", "".join(f'{NAME} "{person}" {NAME}\n' for person in sorted(persons)))
    _done(home, "/bin/mv", "-T", "--", draft, home.cluster)


# Whether it lives.


def _living(home: Home) -> set[int]:
    """The processes of PostgreSQL at work in the cluster, as the kernel knows them.

    A number in a file proves nothing: it may belong to a zombie, or by now to a stranger. A process
    counts when the folder it works in *is* the cluster's, however that is called today.
    """
    found = set()
    for entry in Path("/proc").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError, NotADirectoryError):
            if entry.name.isdigit() and (entry / "comm").read_text().strip() == "postgres":
                try:
                    inside = os.path.samestat((entry / "cwd").stat(), home.cluster.stat())
                except PermissionError:  # root without the right to trace, as in most containers
                    test = ("/bin/sh", "-c", 'test "$0/cwd" -ef "$1"', entry, home.cluster)
                    inside = programs.run(home.owner, *test).returncode == 0
                if inside:
                    found.add(int(entry.name))
    return found


def _recorded(home: Home) -> list[str]:
    """The lines of postmaster.pid: the number first, the socket's folder fifth, the state eighth."""
    try:
        return (home.cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _postmaster(home: Home) -> int | None:
    """The number of the server's first process, if it lives."""
    recorded = _recorded(home)
    pid = int(recorded[0]) if recorded and recorded[0].isdigit() else 0
    return pid if pid in _living(home) else None


def _connection_error(home: Home) -> str | None:
    """Why a real connection fails, or None."""
    try:
        psycopg.connect(home.url("postgres"), connect_timeout=10).close()
    except psycopg.OperationalError as refused:
        return str(refused)
    return None


def _answers_while_it_lives(home: Home) -> bool:
    """Wait while the server lives and is not ready; True when it answers, False when there is none."""
    deadline = time.monotonic() + START_SECONDS
    unreachable_since: float | None = None
    while _postmaster(home) is not None:
        answer = _connection_error(home)
        if answer is None:
            return True
        state = [*_recorded(home), *[""] * 8][7].strip()
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


def _clear_remains(home: Home) -> None:
    """End what a killed server left behind, and remove the marks that would keep a new one from starting.

    A stale postmaster.pid is left to PostgreSQL, which knows more from it; only one whose number is that
    of another living process or a zombie is removed, and only when nothing works in the cluster any more.
    """
    for signal_number in (signal.SIGQUIT, signal.SIGKILL):
        if _becomes_true(lambda: not _living(home), REMAINS_SECONDS):
            break
        _send(signal_number, _living(home))
    else:
        if not _becomes_true(lambda: not _living(home), REMAINS_SECONDS):
            raise errors.EngineError("postgres_remains", folder=home.cluster)
    recorded = _recorded(home)
    if recorded and recorded[0].isdigit() and Path("/proc", recorded[0]).exists():
        _done(home, "/bin/rm", "-f", "--", home.cluster / "postmaster.pid")
    if home.socket_dir.exists():
        _done(home, "/bin/rm", "-rf", "--", home.socket_dir)


def _launch(home: Home, binaries: Path, parameters: Mapping[str, str]) -> None:
    """Start the server on its own, wait until it answers, and see that the database exists."""
    _done(home, "/bin/mkdir", "-m", "700", "--", home.socket_dir)
    parameters = {**parameters, "unix_socket_directories": str(home.socket_dir), "port": str(PORT)}
    options = " ".join("-c " + shlex.quote(f"{name}={value}") for name, value in parameters.items())
    answer = programs.run(
        home.owner, binaries / "pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-s",
        "-D", home.cluster, "-l", home.log, "-o", options, seconds=START_SECONDS + 30,
    )  # fmt: skip
    if answer.returncode != 0:
        raise errors.EngineError("postgres_did_not_start", log=home.log, last=_last_words(home) or answer.stderr)
    if not _answers_while_it_lives(home):
        raise errors.EngineError("postgres_did_not_start", log=home.log, last=_last_words(home))
    with psycopg.connect(home.url("postgres"), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone() is None:
            connection.execute(f"CREATE DATABASE {NAME}")


def _stop(home: Home) -> bool:
    pid = _postmaster(home)
    if pid is None:
        return False
    for signal_number in (signal.SIGINT, signal.SIGQUIT):  # roll back and write all out; then give up at once
        _send(signal_number, {pid})
        if _becomes_true(lambda: not _living(home), STOP_SECONDS):
            return True
    raise errors.EngineError("postgres_remains", folder=home.cluster)


def _send(signal_number: signal.Signals, pids: set[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal_number)


def _last_words(home: Home) -> str:
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


def _done(home: Home, *command: str | Path, text: str = "", seconds: float = 60) -> None:
    """Run a command as the owner; what it did wrong is raised in its own words."""
    answer = programs.run(home.owner, *command, text=text, seconds=seconds)
    if answer.returncode != 0:
        words = (answer.stderr or answer.stdout).strip()[-400:]
        raise errors.EngineError("command_failed", command=Path(command[0]).name, folder=home.folder, answer=words)


def _write(home: Home, path: Path, text: str) -> None:
    """Write as the owner: root must not follow what the account might have put in its place."""
    _done(home, "/bin/sh", "-c", 'cat > "$0"', path, text=text)
