"""A worker killed between claim and completion leaves nothing undone: its lease runs out, another takes over."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from engine import clock, database, settings
from engine.worker import Worker
from tests.book_loan.integrations.post import handlers
from tests.postgres import rows
from tests.postgres.library import Library


@contextmanager
def doomed() -> Iterator[subprocess.Popen[str]]:
    """A worker process at the present moment of the test."""
    address = database.engine().url.render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.doomed_worker", address, clock.now().isoformat()],
        cwd=settings.CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def told(process: subprocess.Popen[str]) -> str:
    """The line in which it says which job it holds."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("holds "):
            return line.split()[1]
    raise AssertionError("the worker ended without holding a job")


def test_a_killed_workers_job_is_done_by_another_once_and_under_the_same_key(
    library: Library, move: Callable[..., datetime]
) -> None:
    with database.transaction() as connection:
        instance_id = library.start(connection, by_post=True, email="a@example.org")
        library.answer(connection, instance_id, "fetch", "stamp_card")
    with doomed() as process:
        key = told(process)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    Worker().settle()
    assert handlers.letterbox == {}, "the dead worker's lease still holds"
    move(seconds=settings.current().lease_seconds - 1)
    Worker().settle()
    assert handlers.letterbox == {}
    move(seconds=2)
    Worker().settle()
    assert list(handlers.letterbox) == [key]
    with database.transaction() as connection:
        rows.agree(connection)
        assert library.elements(connection, instance_id) == ["lend"]


def test_a_case_goes_on_while_a_worker_that_will_die_holds_one_of_its_jobs(library: Library) -> None:
    with database.transaction() as connection:
        instance_id = library.start(connection, by_post=True, email="a@example.org")
        library.answer(connection, instance_id, "fetch", "stamp_card")
        other = library.start(connection, reader_id="R2")
    with doomed() as process:
        assert told(process).startswith(f"{instance_id}-")
        with database.transaction() as connection:
            library.answer(connection, other, "fetch", "stamp_card")
            assert library.elements(connection, other) == ["lend"]
