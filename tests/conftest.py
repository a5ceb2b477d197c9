"""What every test may ask for; the fixtures live in modules of their own."""

from __future__ import annotations

import hypothesis

pytest_plugins = ["tests.database_fixtures"]

# A verdict is about the code: every run tries the same examples, however busy the machine is.
# Others are drawn by `pytest --hypothesis-profile=default`.
hypothesis.settings.register_profile(
    "repeated", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("repeated")
