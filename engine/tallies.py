"""How many records of each kind there are, per unit, local day and facet: exact at every moment.

The step that writes a record adds a narrow row; a worker folds those rows into sums. What is read is the sums and
what is not folded yet, so nothing is late, and no counter is a lock that everybody waits for.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Date, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT

from engine import access
from engine.access import Actor, Permission

MOST_FOLDED = 5_000  # rows in one transaction

# One statement, so that what it takes away and what it adds are one: killed in between, neither has happened.
# Sums are locked in one order, so that workers that fold at once never wait for each other in a circle.
_FOLD = text(
    """
    with taken as (
        delete from tally_delta where delta_id = any(array(
            select delta_id from tally_delta order by delta_id limit :most for update skip locked
        )) returning kind, "on", unit_path, facet, unit_id
    ), added as (
        insert into tally as t (kind, "on", unit_path, facet, unit_id, count)
        select kind, "on", unit_path, facet, max(unit_id), count(*) from taken
        group by kind, "on", unit_path, facet order by kind, "on", unit_path, facet
        on conflict (kind, "on", unit_path, facet) do update set count = t.count + excluded.count
    )
    select count(*) from taken
    """
)
_READ = text(
    """
    select kind, facet, place, "on", sum(count)::bigint as count from (
        select kind, facet, count, "on", unit_path,
            case when cast(:depth as int) is null then unit_path else
                array_to_string((string_to_array(unit_path, '/'))[1:cast(:depth as int) + 2], '/')
                || case when array_length(string_to_array(unit_path, '/'), 1) > cast(:depth as int) + 2
                    then '/' else '' end
            end as place
        from (
            select kind, facet, unit_path, "on", count from tally
            union all
            select kind, facet, unit_path, "on", 1 from tally_delta
        ) exact
        where kind = any(:kinds) and "on" between :since and :until
            and starts_with(unit_path, :unit_path)
            and exists (select 1 from unnest(:paths) path where starts_with(unit_path, path))
    ) found
    group by kind, facet, place, "on" order by "on", place, kind, facet
    """
).bindparams(
    bindparam("kinds", type_=ARRAY(TEXT)), bindparam("paths", type_=ARRAY(TEXT)),
    bindparam("since", type_=Date), bindparam("until", type_=Date),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tally:
    """How many records of a kind there are at a unit (or below it, see `depth`) on a local day; facet "" for none."""

    kind: str
    facet: str
    unit_path: str
    on: date
    count: int


def read(
    connection: Connection,
    scope: Actor | Collection[str],
    kinds: Collection[str],
    unit_path: str = "/",
    since: date = date.min,
    until: date = date.max,
    depth: int | None = None,
) -> list[Tally]:
    """The counts at and below a unit, of days since and until inclusive, by day and unit.

    `scope` is the actor, who gets what they oversee, or the unit paths whose figures may be told. `depth` sums up what
    lies below units of that depth (0: a root): one row for each of them instead of one for each unit.
    """
    paths = access.paths_with(scope, Permission.SEE) if isinstance(scope, Actor) else tuple(scope)
    given = {
        "kinds": list(kinds), "paths": list(paths), "unit_path": unit_path, "since": since, "until": until,
        "depth": depth,
    }  # fmt: skip
    return [Tally(*row) for row in connection.execute(_READ, given)]


def fold(connection: Connection, most: int = MOST_FOLDED) -> int:
    """Add what steps have written since to the sums; how many rows. Several workers may do so at once."""
    return int(connection.scalar(_FOLD, {"most": most}) or 0)
