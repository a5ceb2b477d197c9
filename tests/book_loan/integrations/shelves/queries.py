"""Numbers of branches, made up; one query that always breaks."""

from __future__ import annotations

from sqlalchemy import text

from engine import units
from engine.catalogue import Context, Json

PLACES = {"chi-nhanh-1": (21.03, 105.85), "chi-nhanh-2": (16.46, 107.59)}


def branches(inputs: Json, context: Context) -> Json:
    """Every branch, for everybody."""
    found = units.below(context.transaction(), "/", ("branch",))
    return {
        "branches": [
            {
                "unit_code": one.code, "name": one.name, "place": "12 phố Sách, phường Bờ Hồ", "desks": 3,
                "opens_at": "07:30", "share": 0.42, "is_open": one.code == "chi-nhanh-1",
                "north": PLACES[one.code][0], "east": PLACES[one.code][1],
            }
            for one in found
        ]
    }  # fmt: skip


def day(inputs: Json, context: Context) -> Json:
    """How a day went."""
    hours = [{"hour": f"{hour:02}:00", "visitors": hour * 3 - 20, "places": 30} for hour in range(8, 14)]
    return {"lent": 1234, "returned": 56, "open": True, "hours": hours}


def below(inputs: Json, context: Context) -> Json:
    """The same for the units below."""
    return {"units": [{"unit_code": "chi-nhanh-1", "lent": 12}, {"unit_code": "chi-nhanh-2", "lent": 7}]}


def damaged(inputs: Json, context: Context) -> Json:
    """Breaks, in the database."""
    context.transaction().execute(text("select * from a_table_that_nobody_made"))
    return {"count": 0}


def reader(inputs: Json, context: Context) -> Json:
    """Somebody's name."""
    return {"name": "–"}
