"""Many who take from one lot at once: never below nothing, nobody waits for ever, what was granted is what is gone."""

from __future__ import annotations

import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import func, select

from engine import access, catalogue, clock, database, settings, units
from engine import tables as engine_tables
from engine.catalogue import Context, Json
from engine.errors import BusinessError
from engine.units import Unit
from integrations.stock import tables

PRODUCT, LOTS, THREADS = "astrazeneca", ("L1", "L2", "L3"), 6


@pytest.fixture
def places(database: sqlalchemy.Engine) -> dict[str, Unit]:
    with database.begin() as connection:
        district = units.create(connection, "219", "district", "Huyện")
        return {
            code: units.create(connection, code, kind, code, district)
            for code, kind in (("kho", "store"), ("diem-1", "site"), ("diem-2", "site"))
        }


def call(name: str, unit: Unit, job: str, **inputs: Any) -> Json:
    def once() -> Json:
        with database.transaction() as connection:
            context = Context(job, clock.now(), connection, access.SYSTEM, unit, settings.current())
            task = catalogue.current().service_task(f"stock.{name}")
            return task.call({"product": PRODUCT} | inputs, context)

    return database.retried(once)


def together(act: Callable[[int], None]) -> list[BaseException]:
    """Every thread acts, all from the same moment on; what none of them should have met."""
    ready, failures = threading.Barrier(THREADS), list[BaseException]()

    def run(number: int) -> None:
        ready.wait()
        try:
            act(number)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return failures


def shelves() -> dict[tuple[str, str], Any]:
    with database.transaction() as connection:
        shelf, unit = tables.stock_shelf, engine_tables.unit
        rows = connection.execute(select(shelf, unit.c.code).join(unit, unit.c.unit_id == shelf.c.unit_id))
        return {(row.code, row.lot): row for row in rows}


def test_many_issue_from_the_same_lots_in_any_order_and_no_store_goes_below_nothing(
    places: dict[str, Unit],
) -> None:
    for lot in LOTS:
        call(
            "receive",
            places["kho"],
            f"in-{lot}",
            lot=lot,
            doses=40,
            source="manufacturer",
            expires_on="2030-01-01",
        )
    granted: Counter[str] = Counter()
    counting = threading.Lock()

    def issue(job: str, where: str, lots: list[str]) -> bool:
        """Whether all of what was asked for was there."""
        try:
            with database.transaction() as connection:
                context = Context(
                    job, clock.now(), connection, access.SYSTEM, places["kho"], settings.current()
                )
                lines = [{"product": PRODUCT, "lot": lot, "doses": 4} for lot in lots]
                task = catalogue.current().service_task("stock.issue")
                task.call({"to_unit": where, "lines": lines}, context)
        except BusinessError as short:
            assert short.code == "STOCK_SHORT"
            return False
        with counting:
            granted.update(lots)
        return True

    def act(number: int) -> None:
        chance = random.Random(number)
        for turn in range(8):
            lots = chance.sample(LOTS, chance.randint(1, 3))
            issue(f"out-{number}-{turn}", ("diem-1", "diem-2")[turn % 2], lots)
        for lot in LOTS:  # a request is never split, so the last doses of a lot may lie there until now
            turns = itertools.count()
            while issue(f"rest-{number}-{lot}-{next(turns)}", "diem-1", [lot]):
                pass

    assert together(act) == []
    now = shelves()
    for lot in LOTS:
        assert now["kho", lot].store == 40 - 4 * granted[lot] >= 0
        assert now["kho", lot].transit == 4 * granted[lot]
        assert now["kho", lot].store == 0


def test_doses_given_at_once_are_all_booked_and_what_is_not_there_is_owed(places: dict[str, Unit]) -> None:
    site = places["diem-1"]
    call("receive", site, "in", lot="L1", doses=30, source="manufacturer", expires_on="2030-01-01")

    def act(number: int) -> None:
        for turn in range(8):
            reference = f"{number}-{turn}"
            call("post_dose", site, f"dose-{reference}", lot="L1", given_at=None, reference=reference)

    assert together(act) == []
    shelf = shelves()["diem-1", "L1"]
    assert (shelf.store, shelf.injected, shelf.unreconciled) == (0, 48, -18)
    call("receive", site, "more", lot="L1", doses=20, source="manufacturer", expires_on="2030-01-01")
    shelf = shelves()["diem-1", "L1"]
    assert (shelf.store, shelf.injected, shelf.unreconciled) == (2, 48, 0)
    with database.transaction() as connection:
        owed = (
            select(func.count())
            .select_from(tables.stock_dose)
            .where(tables.stock_dose.c.covered_at.is_(None))
        )
        assert connection.scalar(owed) == 0


def test_one_job_done_by_two_workers_at_once_counts_once(places: dict[str, Unit]) -> None:
    def act(number: int) -> None:
        call(
            "receive",
            places["kho"],
            "the-same-job",
            lot="L1",
            doses=10,
            source="manufacturer",
            expires_on="2030-01-01",
        )

    assert together(act) == []
    assert shelves()["kho", "L1"].store == 10
