"""A worker of its own process whose post never answers: it claims, says so, and waits to be killed.

Run as `python -m tests.faults.doomed_worker DATABASE MOMENT`.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime

from engine import campaign, catalogue, clock, database, settings
from engine.catalogue import Context, Json
from engine.worker import Worker
from tests.book_loan import bundles


def never_answers(inputs: Json, context: Context) -> Json:
    """Take the letter, and never come back."""
    print(f"holds {context.job_id}", flush=True)
    sys.stdin.read()
    raise AssertionError("nobody ends this worker but a kill")


def main(address: str, moment: str) -> None:
    whole = bundles.services()
    tasks = {name: replace(task, handler=never_answers) for name, task in whole.service_tasks.items()}
    services = catalogue.using(catalogue.Catalogue(tasks, whole.queries))
    chosen = settings.Settings(log_format="json", given_secret_key="of tests " * 4)
    held = clock.frozen(datetime.fromisoformat(moment))
    connected = database.using(database.connect(address, size=2))
    with settings.using(chosen), connected, held, services, campaign.using(bundles.library()):
        Worker().turn()


if __name__ == "__main__":
    main(*sys.argv[1:])
