"""What the ledger tells of stock, of a day, of a lot, of the units below; only where one may look."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from engine import access, units
from engine import tables as engine_tables
from engine.access import Permission
from engine.catalogue import Context, Json
from engine.errors import NotAllowed
from engine.units import Unit
from integrations.stock import lots, products, tables

SOON = timedelta(days=90)  # an expiry that near is a warning
MOST_MOVEMENTS, MOST_FOUND = 500, 30
FIGURES = (
    "received", "moved_in", "moved_out", "returned_in", "returned_out", "vials_opened", "injected",
    "wasted_closed", "wasted_open", "gained",
)  # fmt: skip


def at_unit(inputs: Json, context: Context) -> Json:
    """`products` with what is left of each, `lots` with their state, and the transfers under way to the unit."""
    connection, unit = context.transaction(), _within_reach(inputs["unit_code"], context)
    shelf = tables.stock_shelf
    rows = connection.execute(
        select(shelf.c.product, shelf.c.lot, shelf.c.store, shelf.c.transit, shelf.c.unreconciled)
        .where(
            shelf.c.unit_id == unit.id,
            or_(shelf.c.store != 0, shelf.c.transit != 0, shelf.c.unreconciled != 0),
        )
        .order_by(shelf.c.product, shelf.c.lot)
    ).all()
    kept = [_lot(connection, unit, row, context) for row in rows]
    limits = tables.stock_threshold
    known = {
        row.product: row.doses
        for row in connection.execute(select(limits).where(limits.c.unit_id == unit.id))
    }
    summed: dict[str, int] = dict.fromkeys(known, 0)
    for row in rows:
        summed[row.product] = summed.get(row.product, 0) + row.store
    return {
        "unit_code": unit.code,
        "products": [
            {"product": product, "name": products.of(product).name, "left": left, "threshold": known.get(product),
             "is_low": product in known and left <= known[product]}
            for product, left in sorted(summed.items())
        ],
        "lots": kept,
        "transfers": _under_way(connection, unit),
    }  # fmt: skip


def daily(inputs: Json, context: Context) -> Json:
    """The figures of a local day at a unit and below, by product and by lot."""
    unit = _within_reach(inputs["unit_code"], context)
    return _daily(context.transaction(), unit, date.fromisoformat(inputs["on"]), by_lot=True)


def public_daily(inputs: Json, context: Context) -> Json:
    """The figures of a local day that are announced to everybody: no lots, no losses of a single lot."""
    unit = units.by_code(context.transaction(), inputs["unit_code"])
    return _daily(context.transaction(), unit, date.fromisoformat(inputs["on"]), by_lot=False)


def below(inputs: Json, context: Context) -> Json:
    """The figures of a local day of each unit directly below, everything under it included, by product."""
    connection, unit = context.transaction(), _within_reach(inputs["unit_code"], context)
    figures = _figures(connection, unit, date.fromisoformat(inputs["on"]), by_child=True)
    named = {
        row.code: row
        for row in connection.execute(
            select(engine_tables.unit.c.code, engine_tables.unit.c.name, engine_tables.unit.c.kind).where(
                engine_tables.unit.c.parent_id == unit.id
            )
        )
    }
    return {
        "unit_code": unit.code,
        "units": [
            {"unit_code": code, "name": named[code].name, "kind": named[code].kind, **rest}
            for (code, _), rest in sorted(figures.items())
            if code in named
        ],
    }


def by_lot(inputs: Json, context: Context) -> Json:
    """Where a lot is and how it moved, in the units the actor may see; with every expiry and hold it had."""
    connection = context.transaction()
    shelf, line, event = tables.stock_shelf, tables.stock_line, tables.stock_event
    places = engine_tables.unit
    balances = connection.execute(
        select(shelf, places.c.code, places.c.name)
        .join(places, places.c.unit_id == shelf.c.unit_id)
        .where(*_same(shelf, inputs), _reach(shelf.c.unit_path, context))
        .order_by(shelf.c.unit_path)
        .limit(MOST_MOVEMENTS)
    ).all()
    moves = connection.execute(
        select(line, event.c.kind, event.c.reason, event.c.recorded_at, event.c.instance_id,
               places.c.code, places.c.name)
        .join(event, event.c.event_id == line.c.event_id)
        .join(places, places.c.unit_id == line.c.unit_id)
        .where(*_same(line, inputs), line.c.account == "store", _reach(line.c.unit_path, context))
        .order_by(line.c.occurred_at.desc(), line.c.event_id.desc())
        .limit(MOST_MOVEMENTS)
    ).all()  # fmt: skip
    found = sorted({row.product for row in balances} | {row.product for row in moves})
    return {
        "lot": inputs["lot"],
        "known_as": [_known(connection, product, inputs["lot"]) for product in found],
        "units": [
            {"unit_code": row.code, "name": row.name, "product": row.product, "left": row.store,
             "transit": row.transit, "injected": row.injected, "wasted": row.wasted_closed + row.wasted_open,
             "unreconciled": -row.unreconciled}
            for row in balances
        ],
        "movements": [
            {"unit_code": row.code, "name": row.name, "product": row.product, "kind": row.kind, "doses": row.doses,
             "at": row.occurred_at.isoformat(), "recorded_at": row.recorded_at.isoformat(), "reason": row.reason,
             "event_id": str(row.event_id), "instance_id": row.instance_id and str(row.instance_id)}
            for row in moves
        ],
    }  # fmt: skip


def find_lots(inputs: Json, context: Context) -> Json:
    """`found`: lots whose number begins with what was typed; `id` is the lot number."""
    table, text = tables.stock_lot, inputs["text"].strip()
    query = select(table).where(table.c.lot.istartswith(text, autoescape=True))
    if inputs.get("product"):
        query = query.where(table.c.product == inputs["product"])
    rows = context.transaction().execute(query.order_by(table.c.lot, table.c.product).limit(MOST_FOUND))
    return {
        "found": [
            {"id": row.lot, "lot": row.lot, "product": row.product,
             "label": _label(row),
             "expires_on": row.expires_on and row.expires_on.isoformat()}
            for row in rows
        ]
    }  # fmt: skip


def product(inputs: Json, context: Context) -> Json:
    """What is known of a product: doses in a vial, hours after opening, storage; and which of it is unverified."""
    found = products.of(inputs["product"])
    return {
        "product": found.key, "name": found.name, "doses_per_vial": found.doses_per_vial,
        "hours_after_opening": found.hours_after_opening, "coldest": found.celsius[0], "warmest": found.celsius[1],
        "tolerance": found.tolerance, "unverified": list(found.unverified),
    }  # fmt: skip


def all_products(inputs: Json, context: Context) -> Json:
    """`products`: every product listed, as `product` gives it."""
    return {"products": [product({"product": one.key}, context) for one in products.known()]}


def _label(row: Any) -> str:
    parts = [row.lot, products.of(row.product).name]
    return " · ".join([*parts, f"{row.expires_on:%d/%m/%Y}"] if row.expires_on else parts)


# --- reading ----------------------------------------------------------------------------------------------


def _daily(connection: Connection, unit: Unit, on: date, by_lot: bool) -> Json:
    rows = _figures(connection, unit, on)
    answer: Json = {
        "unit_code": unit.code,
        "on": on.isoformat(),
        "products": [
            {"product": key, "name": products.of(key).name, **rest} for (_, key), rest in sorted(rows.items())
        ],
    }  # fmt: skip
    for name in (*FIGURES, "left", "unreconciled", "wasted", "opening", "closing"):
        answer[name] = sum(rest[name] for rest in rows.values())
    if by_lot:
        lots_of_day = _figures(connection, unit, on, by_lot=True)
        answer["lots"] = [
            {"product": key, "lot": lot, **rest} for (lot, key), rest in sorted(lots_of_day.items())
        ]
    return answer


def _figures(
    connection: Connection, unit: Unit, on: date, by_child: bool = False, by_lot: bool = False
) -> dict[tuple[str, str], dict[str, int]]:
    """Figures of a day by (child or lot, product): one scan of the shelves and one of the days since, by path."""
    shelf, day = tables.stock_shelf, tables.stock_day
    figures: dict[tuple[str, str], dict[str, int]] = {}

    def grouped(table: Any) -> ColumnElement[Any]:
        if by_lot:
            return table.c.lot  # type: ignore[no-any-return]
        return func.split_part(table.c.unit_path, "/", unit.depth + 3 if by_child else 1)

    for row in connection.execute(
        select(grouped(shelf).label("part"), shelf.c.product, func.sum(shelf.c.store), func.sum(shelf.c.unreconciled))
        .where(shelf.c.unit_path.startswith(unit.path, autoescape=True))
        .group_by("part", shelf.c.product)
    ):  # fmt: skip
        figures[row[0], row[1]] = _empty(int(row[2]), -int(row[3]))
    is_day = day.c.local_on == on
    columns = [func.coalesce(func.sum(day.c[name]).filter(is_day), 0) for name in (*FIGURES, "store")]
    later = [
        func.coalesce(func.sum(day.c[name]).filter(day.c.local_on > on), 0)
        for name in ("store", "unreconciled")
    ]
    for row in connection.execute(
        select(grouped(day).label("part"), day.c.product, *columns, *later)
        .where(day.c.local_on >= on, day.c.unit_path.startswith(unit.path, autoescape=True))
        .group_by("part", day.c.product)
    ):
        entry = figures.setdefault((row[0], row[1]), _empty(0, 0))
        entry |= {name: int(value) for name, value in zip(FIGURES, row[2:], strict=False)}
        change, after, owed_after = (int(value) for value in row[-3:])
        entry["closing"] = entry["left"] = entry["left"] - after
        entry["opening"] = entry["closing"] - change
        entry["unreconciled"] += owed_after
        entry["wasted"] = entry["wasted_closed"] + entry["wasted_open"]
    return {key: entry for key, entry in figures.items() if any(entry.values())}


def _empty(left: int, owed: int) -> dict[str, int]:
    return {
        **dict.fromkeys(FIGURES, 0),
        "wasted": 0, "left": left, "opening": left, "closing": left, "unreconciled": owed,
    }  # fmt: skip


def _lot(connection: Connection, unit: Unit, row: Any, context: Context) -> Json:
    found = lots.of(connection, unit, row.product, row.lot, context.now)
    state = "usable"
    if found.expires_on and found.expires_on <= (context.now + SOON).date():
        state = "expires_soon"
    if found.is_expired(context.now):
        state = "expired"
    if found.held_because is not None:
        state = "held"
    return {
        "product": row.product, "name": products.of(row.product).name, "lot": row.lot, "left": row.store,
        "transit": row.transit, "unreconciled": -row.unreconciled, "state": state, "held_because": found.held_because,
        "expires_on": found.expires_on.isoformat() if found.expires_on else None,
    }  # fmt: skip


def _under_way(connection: Connection, unit: Unit) -> list[Json]:
    transfer, line, places = tables.stock_transfer, tables.stock_transfer_line, engine_tables.unit
    rows = connection.execute(
        select(transfer.c.transfer_id, transfer.c.issued_at, line.c.product, line.c.lot, line.c.transit, places.c.name)
        .join(line, line.c.transfer_id == transfer.c.transfer_id)
        .join(places, places.c.unit_id == transfer.c.from_unit_id)
        .where(transfer.c.to_unit_id == unit.id, transfer.c.state == "under_way")
        .order_by(transfer.c.issued_at, line.c.product, line.c.lot)
    )  # fmt: skip
    return [
        {"transfer_id": str(row.transfer_id), "from": row.name, "issued_at": row.issued_at.isoformat(),
         "product": row.product, "lot": row.lot, "doses": row.transit}
        for row in rows
    ]  # fmt: skip


def _known(connection: Connection, product: str, lot: str) -> Json:
    table, hold = tables.stock_lot, tables.stock_hold
    expires_on = connection.scalar(
        select(table.c.expires_on).where(table.c.product == product, table.c.lot == lot)
    )
    holds = connection.execute(
        select(hold).where(hold.c.product == product, hold.c.lot == lot).order_by(hold.c.held_at)
    )
    return {
        "product": product,
        "name": products.of(product).name,
        "expires_on": expires_on.isoformat() if expires_on else None,
        "expiries": [
            {"expires_on": row.expires_on.isoformat(), "reason": row.reason, "at": row.recorded_at.isoformat()}
            for row in lots.expiries(connection, product, lot)
        ],
        "holds": [
            {"held_at": row.held_at.isoformat(), "reason": row.reason,
             "freed_at": row.freed_at.isoformat() if row.freed_at else None, "freed_reason": row.freed_reason}
            for row in holds
        ],
    }  # fmt: skip


def _same(table: Any, inputs: Json) -> Sequence[ColumnElement[bool]]:
    conditions = [table.c.lot == inputs["lot"]]
    return [*conditions, table.c.product == inputs["product"]] if inputs.get("product") else conditions


def _within_reach(code: str, context: Context) -> Unit:
    """The unit, when the actor works or sees there; the service tasks ask as the engine itself."""
    unit = units.by_code(context.transaction(), code)
    actor = context.actor or access.SYSTEM
    if not any(access.allowed(actor, one, unit.path) for one in (Permission.WORK, Permission.SEE)):
        raise NotAllowed("query_not_allowed", name="stock")
    return unit


def _reach(column: ColumnElement[str], context: Context) -> ColumnElement[bool]:
    actor = context.actor or access.SYSTEM
    paths = {
        path for one in (Permission.WORK, Permission.SEE) for path in access.paths_with(actor, one)
    }  # fmt: skip
    return access.within(column, sorted(paths))
