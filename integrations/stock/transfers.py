"""A transfer's other end: what is counted on arrival, and how a difference is explained. Receipt and difference
together are what was issued."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects.postgresql import insert

from engine import units
from engine.catalogue import Context, Json
from engine.errors import BusinessError
from engine.units import Unit
from integrations.stock import entries, ledger, movements, postings, products, tables
from integrations.stock.entries import Account, Kind, Line

HOW = ("lost", "damaged", "sent_wrong", "counted_wrong")


def receive_transfer(inputs: Json, context: Context) -> Json:
    """Doses arrive; what was issued and counted comes into the store, the rest stays unexplained in transit.

    What was counted beyond what was issued waits until the difference is resolved. BusinessError
    TRANSFER_UNKNOWN, or TRANSFER_RECEIVED when somebody received it before.
    """
    connection = context.transaction()
    transfer, sender, receiver = _locked(connection, inputs["transfer_id"])
    if transfer.state != "under_way":
        if postings.posted(connection, context.job_id) is None:
            raise BusinessError("TRANSFER_RECEIVED", inputs["transfer_id"])
        return _described(connection, transfer.transfer_id, receiver, inputs)
    counted = movements.summed(inputs["lines"])
    sent = {(row.product, row.lot): row for row in _lines(connection, transfer.transfer_id)}
    at = max(transfer.issued_at, context.now)
    lines: list[Line] = []
    for (product, lot), doses in counted.items():
        row = sent.get((product, lot))
        lines += _arrived(
            sender, receiver, transfer.transfer_id, product, lot, min(doses, row.transit if row else 0), at
        )
    happened = entries.event(
        context, Kind.ARRIVED, receiver, at, inputs.get("reason"), other=sender, transfer_id=transfer.transfer_id,
        details={"temperature": inputs.get("temperature"), "condition": inputs.get("condition"),
                 "counted": [[*place, doses] for place, doses in counted.items()]},
    )  # fmt: skip
    ledger.post(connection, happened, lines)
    differs = _count(connection, transfer.transfer_id, sent, counted)
    connection.execute(
        update(tables.stock_transfer)
        .where(tables.stock_transfer.c.transfer_id == transfer.transfer_id)
        .values(
            state="differing" if differs else "closed",
            received_at=at,
            temperature=inputs.get("temperature"),
        )
    )
    return _described(connection, transfer.transfer_id, receiver, inputs)


def resolve(inputs: Json, context: Context) -> Json:
    """Explain every difference of a transfer: `lost` or `damaged` on the way, `sent_wrong` (the store sent another
    number than it wrote), or `counted_wrong` on arrival. BusinessError TRANSFER_UNKNOWN, STOCK_SHORT."""
    connection = context.transaction()
    transfer, sender, receiver = _locked(connection, inputs["transfer_id"])
    if transfer.state == "under_way":
        raise BusinessError("TRANSFER_UNKNOWN", inputs["transfer_id"])
    how, at = inputs["how"], max(transfer.received_at, context.now)
    lines: list[Line] = []
    for row in _lines(connection, transfer.transfer_id):
        lines += _explained(sender, receiver, row, how, at)
    if transfer.state == "differing":
        happened = entries.event(
            context, Kind.RESOLVED, receiver, at, inputs["reason"], other=sender, transfer_id=transfer.transfer_id,
            details={"how": how},
        )  # fmt: skip
        ledger.post(connection, happened, lines)
        line = tables.stock_transfer_line
        connection.execute(
            update(line).where(line.c.transfer_id == transfer.transfer_id).values(transit=0, surplus=0)
        )
        connection.execute(
            update(tables.stock_transfer)
            .where(tables.stock_transfer.c.transfer_id == transfer.transfer_id)
            .values(state="closed")
        )
    return {"state": "closed", "how": how}


def _locked(connection: Connection, transfer_id: str) -> tuple[Row[Any], Unit, Unit]:
    table = tables.stock_transfer
    number = int(transfer_id) if transfer_id.isascii() and transfer_id.isdecimal() else -1
    row = connection.execute(
        select(table).where(table.c.transfer_id == number).with_for_update()
    ).one_or_none()
    if row is None:
        raise BusinessError("TRANSFER_UNKNOWN", transfer_id)
    return row, units.by_id(connection, row.from_unit_id), units.by_id(connection, row.to_unit_id)


def _lines(connection: Connection, transfer_id: int) -> list[Row[Any]]:
    line = tables.stock_transfer_line
    query = select(line).where(line.c.transfer_id == transfer_id).order_by(line.c.product, line.c.lot)
    return list(connection.execute(query))


def _arrived(
    sender: Unit, receiver: Unit, transfer_id: int, product: str, lot: str, doses: int, at: Any,
    into: Account = Account.STORE,
) -> list[Line]:  # fmt: skip
    """Doses leave the transit of a transfer for an account at the receiver."""
    if doses == 0:
        return []
    source, target = entries.key_of(sender, product, lot), entries.key_of(receiver, product, lot)
    return [
        Line(source, sender.path, Account.TRANSIT, -doses, at, transfer_id),
        Line(target, receiver.path, into, doses, at),
    ]


def _explained(sender: Unit, receiver: Unit, row: Row[Any], how: str, at: Any) -> list[Line]:
    into = {"sent_wrong": Account.STORE, "counted_wrong": Account.STORE}.get(how, Account.WASTED_CLOSED)
    back = sender if how == "sent_wrong" else receiver
    lines = _arrived(sender, back, row.transfer_id, row.product, row.lot, row.transit, at, into)
    if row.surplus and how != "counted_wrong":  # the doses are there, so the store has fewer than it believes
        lines += [
            Line(entries.key_of(sender, row.product, row.lot), sender.path, Account.STORE, -row.surplus, at),
            Line(
                entries.key_of(receiver, row.product, row.lot), receiver.path, Account.STORE, row.surplus, at
            ),
        ]
    return lines


def _count(
    connection: Connection,
    transfer_id: int,
    sent: dict[tuple[str, str], Row[Any]],
    counted: dict[tuple[str, str], int],
) -> bool:
    """Write down what was counted of each lot; whether anything differs."""
    line, differs = tables.stock_transfer_line, False
    for product, lot in sorted(sent.keys() | counted.keys()):
        row, doses = sent.get((product, lot)), counted.get((product, lot), 0)
        issued = row.issued if row else 0
        values = {
            "counted": doses, "transit": max(0, issued - doses), "surplus": max(0, doses - issued)
        }  # fmt: skip
        differs = differs or issued != doses
        connection.execute(
            insert(line)
            .values(transfer_id=transfer_id, product=product, lot=lot, issued=issued, **values)
            .on_conflict_do_update(index_elements=list(line.primary_key), set_=values)
        )
    return differs


def _described(connection: Connection, transfer_id: int, receiver: Unit, inputs: Json) -> Json:
    rows = _lines(connection, transfer_id)
    temperature = inputs.get("temperature")
    outside = sorted(
        {row.product for row in rows if products.of(row.product).is_too_warm_or_cold(temperature)}
    )
    return {
        "discrepancies": [
            {"product": row.product, "lot": row.lot, "issued": row.issued, "received": row.counted,
             "difference": (row.counted or 0) - row.issued}
            for row in rows if row.counted != row.issued
        ],
        "temperature_outside": bool(outside),
        "products_outside": outside,
        "unit_code": receiver.code,
    }  # fmt: skip
