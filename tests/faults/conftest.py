"""The library, as the PostgreSQL tests have it."""

from __future__ import annotations

from tests.postgres.conftest import library

__all__ = ["library"]
