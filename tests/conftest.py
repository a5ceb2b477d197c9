"""What every test may ask for; the fixtures live in modules of their own."""

from __future__ import annotations

pytest_plugins = ["tests.database_fixtures"]
