"""The free hours of the counter; those taken are held in memory, where a test can take one."""

from __future__ import annotations

from engine.catalogue import Context, Json

HOURS = ("2021-07-27T08:00:00+07:00", "2021-07-27T09:00:00+07:00", "2021-07-27T10:00:00+07:00")
taken: set[str] = set()


def free_hours(inputs: Json, context: Context) -> Json:
    """The hours that nobody has taken."""
    place = context.unit.name if context.unit else ""
    return {"hours": [{"hour": hour, "place": place} for hour in HOURS if hour not in taken]}
