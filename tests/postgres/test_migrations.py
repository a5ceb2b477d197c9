"""The migrations make exactly the schema that the tables declare, and can be taken back."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from engine import account_tables, settings, tables
from engine import database as databases

assert account_tables.device.metadata is tables.metadata
for own in sorted(settings.CHECKOUT.glob("integrations/*/tables.py")):  # they add theirs to the one metadata
    importlib.import_module(f"integrations.{own.parent.name}.tables")


@pytest.fixture
def empty(database: sqlalchemy.Engine) -> Iterator[sqlalchemy.Engine]:
    """A database of its own, not migrated."""
    name = f"{database.url.database}_migrations"
    server = database.url.render_as_string(hide_password=False)
    administration = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT")
    with administration.connect() as connection:
        connection.exec_driver_sql(f'drop database if exists "{name}" with (force)')
        connection.exec_driver_sql(f'create database "{name}"')
    engine = databases.connect(database.url.set(database=name).render_as_string(hide_password=False), size=1)
    yield engine
    engine.dispose()
    with administration.connect() as connection:
        connection.exec_driver_sql(f'drop database if exists "{name}" with (force)')
    administration.dispose()


def test_the_migrated_schema_is_what_the_tables_declare(database: sqlalchemy.Engine) -> None:
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_migrations_go_up_down_and_up_again(empty: sqlalchemy.Engine) -> None:
    url = empty.url.render_as_string(hide_password=False)
    databases.migrate(url)
    with empty.begin() as connection:
        command.downgrade(databases._alembic(connection), "base")
    with empty.begin() as connection:
        left = sqlalchemy.inspect(connection).get_table_names()
    assert left == ["alembic_version"]
    databases.migrate(url)
    with empty.begin() as connection:
        assert set(sqlalchemy.inspect(connection).get_table_names()) >= set(tables.metadata.tables)
