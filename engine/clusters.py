"""Where the embedded server keeps its data: a folder of its own, owned by the account that runs it."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from engine import errors, programs

NAME = "tiemchung"  # of the database, and of the role that owns it
PORT = 5432  # names the socket file; nothing listens on the network
SOCKET_PATH_LIMIT = 107  # bytes, Linux's sun_path without its closing zero
INIT_SECONDS = 600


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
        return Path("/tmp", f"tiemchung-{self.owner.uid}-{place.st_dev:x}-{place.st_ino:x}")

    def url(self, database: str = NAME) -> str:
        """The address for SQLAlchemy, psycopg and psql alike."""
        return f"postgresql://{NAME}@/{database}?host={quote(str(self.socket_dir), safe='')}&port={PORT}"


def make_data_dir(data_dir: Path) -> Path:
    """Make the data folder, if need be, so that every account may pass through it and only its owner list it."""
    try:
        if not data_dir.is_dir():
            data_dir.mkdir(parents=True, exist_ok=True)
            data_dir.chmod(0o711)
        os.close(os.open(data_dir / "postgres.lock", os.O_RDONLY | os.O_CREAT, 0o644))
    except OSError as refused:
        raise errors.EngineError("data_not_writable", folder=data_dir, answer=refused.strerror) from refused
    return data_dir


def at(data_dir: Path) -> Home | None:
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


def make_home(data_dir: Path) -> Home:
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
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=programs.shelter()))
    os.chown(folder, owner.uid, owner.gid)
    link.unlink(missing_ok=True)  # a link to a folder that is gone
    link.symlink_to(folder)
    return Home(folder, owner)


def make_cluster(home: Home, binaries: Path) -> None:
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
    done(home, "/bin/rm", "-rf", "--", draft)
    locale = ["--locale=C.UTF-8"]
    if version >= 17:  # the same rules for upper and lower case on every machine
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    done(
        home, binaries / "initdb", "-D", draft, "-U", NAME, "--encoding=UTF8", "--data-checksums",
        "--auth-local=peer", "--auth-host=scram-sha-256", "--no-instructions", *locale, seconds=INIT_SECONDS,
    )  # fmt: skip
    write(home, draft / "pg_hba.conf", f"local all all peer map={NAME}\n")
    persons = {home.owner.name, "root"}
    write(home, draft / "pg_ident.conf", "".join(f'{NAME} "{person}" {NAME}\n' for person in sorted(persons)))
    done(home, "/bin/mv", "-T", "--", draft, home.cluster)


def living(home: Home) -> set[int]:
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


def recorded(home: Home) -> list[str]:
    """The lines of postmaster.pid: the number first, the socket's folder fifth, the state eighth."""
    try:
        return (home.cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def postmaster(home: Home) -> int | None:
    """The number of the server's first process, if it lives."""
    lines = recorded(home)
    pid = int(lines[0]) if lines and lines[0].isdigit() else 0
    return pid if pid in living(home) else None


def done(home: Home, *command: str | Path, text: str = "", seconds: float = 60) -> None:
    """Run a command as the owner; what it did wrong is raised in its own words."""
    answer = programs.run(home.owner, *command, text=text, seconds=seconds)
    if answer.returncode != 0:
        words = (answer.stderr or answer.stdout).strip()[-400:]
        raise errors.EngineError(
            "command_failed", command=Path(command[0]).name, folder=home.folder, answer=words
        )


def write(home: Home, path: Path, text: str) -> None:
    """Write as the owner: root must not follow what the account might have put in its place."""
    done(home, "/bin/sh", "-c", 'cat > "$0"', path, text=text)
