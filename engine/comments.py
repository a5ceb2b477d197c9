"""What people say about a case to each other. Comments count for nothing in the flow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from engine import clock, history, instances, tables
from engine.access import Actor
from engine.errors import Finding, Invalid, NotFound

LONGEST = 1000  # characters


@dataclass(frozen=True, slots=True)
class Comment:
    """One thing somebody said; `name` is None for the engine and for accounts that are gone."""

    seq: int
    at: datetime
    account_id: int | None
    name: str | None
    text: str


def add(connection: Connection, instance_id: int, actor: Actor, text: str) -> Comment:
    """Say something about a case, also after its end. History tells that, not what.

    NotFound for whoever may not open the case, Invalid for nothing and for too much.
    """
    said = text.replace("\x00", "").strip()
    if not said:
        raise Invalid([Finding("comment_missing", pointer="/comment")])
    if len(said) > LONGEST:
        params = {"most": LONGEST, "found": len(said)}
        raise Invalid([Finding("comment_long", params, pointer="/comment")])
    if not instances.may_open(connection, actor, instance_id):
        raise NotFound("instance_not_found")
    seq = history.append(connection, instance_id, actor, "commented", None, None, even_ended=True)
    at = clock.now()
    row = {"instance_id": instance_id, "seq": seq, "at": at, "account_id": actor.account_id, "text": said}
    connection.execute(tables.comment.insert().values(row))
    return Comment(seq, at, actor.account_id, actor.name, said)


def of(connection: Connection, instance_id: int) -> list[Comment]:
    """What was said about a case, oldest first. The caller has checked who may open it."""
    comment, account = tables.comment, tables.account
    rows = connection.execute(
        select(comment, account.c.name)
        .outerjoin(account, account.c.account_id == comment.c.account_id)
        .where(comment.c.instance_id == instance_id)
        .order_by(comment.c.seq)
    )
    return [Comment(row.seq, row.at, row.account_id, row.name, row.text) for row in rows]
