"""Operating-system processes of a deployment on one machine: started detached, found again, stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from engine import settings
from engine.errors import EngineError

START_SECONDS = 60.0
STOP_SECONDS = 15.0


def start(name: str, *command: str) -> None:
    """Start `tiemchung <command>` detached under a name, unless it runs already. Its output goes to a log file."""
    if running(name):
        return
    folder = _folder()
    with log_file(name).open("ab") as output:
        started = subprocess.Popen(
            [sys.executable, "-m", "tiemchung", *command],
            cwd=settings.CHECKOUT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    (folder / f"{name}.pid").write_text(f"{started.pid} {_born(started.pid)}")


def running(name: str) -> int | None:
    """The process id under a name, if that very process still lives."""
    try:
        pid, born = (_folder() / f"{name}.pid").read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    return int(pid) if _born(int(pid)) == born else None


def log_file(name: str) -> Path:
    """Where what runs under a name writes its lines."""
    return _folder() / f"{name}.log"


def stop_all() -> None:
    """Stop every process started here, kindly first."""
    pids = [pid for path in _folder().glob("*.pid") if (pid := running(path.stem)) is not None]
    for kind in (signal.SIGTERM, signal.SIGKILL):
        for pid in pids:
            _send(pid, kind)
        ends_at = time.monotonic() + STOP_SECONDS
        while pids and time.monotonic() < ends_at:
            pids = [pid for pid in pids if _born(pid)]
            time.sleep(0.05)
    for path in _folder().glob("*.pid"):
        path.unlink()


def await_answer(address: str) -> None:
    """Wait until an address of this machine answers; EngineError naming the log when it does not."""
    ends_at = time.monotonic() + START_SECONDS
    while time.monotonic() < ends_at:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise EngineError("no_answer", address=address, log=log_file("web"))


def on_stop(act: Callable[[], None]) -> None:
    """Do something when this process is asked to stop."""
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, lambda *_: act())


def _send(pid: int, kind: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, kind)


def _born(pid: int) -> str:
    """When a living process was started, in ticks since boot: a pid used again is not mistaken for it."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if after_name[0] == "Z" else after_name[19]


def _folder() -> Path:
    folder = settings.current().data_dir / "run"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
