"""One way to PostgreSQL: transactions belong to the caller, and one that was broken off may be tried again."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from decimal import Decimal

import psycopg
import pytest
import sqlalchemy as sa

from engine import database as databases
from engine import errors, settings


@pytest.fixture
def loan(database):
    """A table of this test's own."""
    with databases.transaction() as connection:
        connection.exec_driver_sql("CREATE TABLE loan (id int PRIMARY KEY, book text, facts jsonb)")
    yield "loan"
    with databases.transaction() as connection:
        connection.exec_driver_sql("DROP TABLE loan")


def test_a_transaction_is_committed_at_its_end(loan):
    with databases.transaction() as connection:
        connection.execute(sa.text("INSERT INTO loan VALUES (1, 'Dế Mèn')"))
    with databases.transaction() as connection:
        assert connection.execute(sa.text("SELECT book FROM loan")).scalar_one() == "Dế Mèn"


def test_a_transaction_that_raises_leaves_nothing(loan):
    with pytest.raises(errors.Conflict), databases.transaction() as connection:
        connection.execute(sa.text("INSERT INTO loan VALUES (1, 'Dế Mèn')"))
        raise errors.Conflict("invalid")
    with databases.transaction() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM loan")).scalar_one() == 0


def test_the_driver_s_connection_is_in_the_same_transaction(loan):
    with databases.transaction() as connection:
        databases.driver(connection).execute("INSERT INTO loan VALUES (1, 'Dế Mèn')")
        connection.rollback()
    with databases.transaction() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM loan")).scalar_one() == 0


def test_moments_come_back_in_utc(database):
    with databases.transaction() as connection:
        moment = connection.execute(sa.text("SELECT timestamptz '2021-07-26 09:00+07'")).scalar_one()
    assert moment == datetime(2021, 7, 26, 2, tzinfo=UTC)
    assert moment.utcoffset() == UTC.utcoffset(None)


def test_json_keeps_numbers_exact_on_the_way_in(loan):
    facts = sa.Table("loan", sa.MetaData(), sa.Column("id", sa.Integer), sa.Column("facts", sa.JSON))
    with databases.transaction() as connection:
        connection.execute(
            sa.insert(facts).values(id=1, facts={"fine": Decimal("36.50"), "tên": ["đ", None, True]})
        )
        assert connection.execute(sa.text("SELECT facts::text FROM loan")).scalar_one() == (
            '{"fine": 36.50, "tên": ["đ", null, true]}'
        )
        assert connection.execute(sa.select(facts.c.facts)).scalar_one()["tên"] == ["đ", None, True]


def test_a_deadlock_s_victim_is_tried_again(loan):
    with databases.transaction() as connection:
        connection.execute(sa.text("INSERT INTO loan VALUES (1, ''), (2, '')"))
    both_hold_one = threading.Barrier(2, timeout=20)
    tries: list[int] = []

    def lend(first: int, second: int) -> None:
        tries.append(first)
        with databases.transaction() as connection:
            connection.execute(sa.text("UPDATE loan SET book = book || 'x' WHERE id = :id"), {"id": first})
            if len(tries) <= 2:
                both_hold_one.wait()
            connection.execute(sa.text("UPDATE loan SET book = book || 'x' WHERE id = :id"), {"id": second})

    other = threading.Thread(target=lambda: databases.retried(lambda: lend(2, 1)))
    other.start()
    databases.retried(lambda: lend(1, 2))
    other.join()
    assert len(tries) == 3
    with databases.transaction() as connection:
        assert connection.execute(sa.text("SELECT array_agg(book) FROM loan")).scalar_one() == ["xx", "xx"]


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_what_is_broken_off_again_and_again_is_raised_in_the_end(state):
    tries = []

    def never() -> None:
        tries.append(state)
        raise psycopg.errors.lookup(state)

    with pytest.raises(psycopg.OperationalError):
        databases.retried(never, attempts=3)
    assert len(tries) == 3


def test_other_errors_are_not_tried_again(loan):
    tries = []

    def lend_twice() -> None:
        tries.append(1)
        with databases.transaction() as connection:
            connection.execute(sa.text("INSERT INTO loan VALUES (1), (1)"))

    with pytest.raises(sa.exc.IntegrityError):
        databases.retried(lend_twice)
    assert len(tries) == 1


def test_the_schema_is_made_once_and_found_the_second_time(database):
    with databases.transaction() as connection:
        before = databases.revision(connection)
    databases.migrate()
    with databases.transaction() as connection:
        assert databases.revision(connection) == before


def test_a_schema_of_a_newer_program_is_refused(database):
    with databases.transaction() as connection:
        before = databases.revision(connection)
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'of_tomorrow'"))
    try:
        with pytest.raises(errors.EngineError, match=r"newer version.*of_tomorrow"):
            databases.migrate()
    finally:
        with databases.transaction() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = :v"), {"v": before})


def test_options_in_the_address_are_kept(database):
    url = database.url.update_query_dict({"options": "-c statement_timeout=1234"})
    engine = databases.connect(url.render_as_string(hide_password=False), size=1)
    with databases.transaction(engine) as connection:
        assert connection.execute(sa.text("SHOW statement_timeout")).scalar_one() == "1234ms"
        assert connection.execute(sa.text("SHOW TimeZone")).scalar_one() == "UTC"
    engine.dispose()


@pytest.mark.parametrize(("prepared", "expected"), [(True, 1), (False, 0)])
def test_statements_are_prepared_unless_the_settings_say_no(database, prepared, expected):
    with settings.using(settings.Settings(prepared_statements=prepared)):
        engine = databases.connect(database.url.render_as_string(hide_password=False), size=1)
        with databases.transaction(engine) as connection:
            connection.execute(sa.text("SELECT 7 AS seven"))
            found = sa.text(
                "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT 7 AS seven'"
            )
            assert connection.execute(found).scalar_one() == expected
        engine.dispose()
