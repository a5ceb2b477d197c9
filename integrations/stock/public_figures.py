"""What everybody may know of a place's stock today: doses received, injected and left; no lot and no loss."""

from __future__ import annotations

from sqlalchemy import text

from engine import units
from engine.catalogue import Context, Json
from integrations.stock import moments

MOST_UNITS = 5_000

_TODAY = text(
    """
    with shelves as (
        select unit_path, sum(store) as left from stock_shelf
        where starts_with(unit_path, :path) group by unit_path
    ), days as (
        select unit_path, sum(received + moved_in) as received, sum(injected) as injected from stock_day
        where local_on = cast(:today as date) and starts_with(unit_path, :path) group by unit_path
    )
    select unit_path, coalesce(shelves.left, 0) as left, coalesce(received, 0) as received,
        coalesce(injected, 0) as injected
    from shelves full join days using (unit_path) order by unit_path limit :most
    """
)


def today(inputs: Json, context: Context) -> Json:
    """`units`: each unit that has or had doses today, at and below the one named (everywhere without one)."""
    connection = context.transaction()
    path = units.by_code(connection, inputs["unit_code"]).path if inputs.get("unit_code") else "/"
    local_day = moments.local_day(context.now).isoformat()
    rows = connection.execute(_TODAY, {"path": path, "today": local_day, "most": MOST_UNITS})
    return {
        "on": local_day,
        "units": [
            {"unit_code": row.unit_path.rstrip("/").rpartition("/")[2], "received": int(row.received),
             "injected": int(row.injected), "left": int(row.left)}
            for row in rows
        ],
    }  # fmt: skip
