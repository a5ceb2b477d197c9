"""Half-filled forms: kept as they are typed, whoever works on, until the task is done or withdrawn."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from engine import access, clock, tables, user_tasks
from engine.access import Actor
from engine.errors import Conflict
from engine.ids import TaskId
from engine.runtime import Variables


def save(connection: Connection, task_id: TaskId, actor: Actor, answers: Variables, revision: int) -> int:
    """Keep answers that need not be valid yet; the new revision.

    `revision` is the one the person last saw: Conflict when somebody else has saved since.
    """
    task = user_tasks.task(connection, task_id)
    access.require_role(actor, task.role, task.unit_path)
    _hold(connection, task_id)
    draft = tables.draft
    values = {"answers": answers, "saved_by": actor.account_id or 0, "saved_at": clock.now()}
    added = insert(draft).values(
        instance_id=task_id.instance, token=task_id.token, revision=revision + 1, **values
    )
    saved = connection.scalar(
        added.on_conflict_do_update(
            index_elements=[draft.c.instance_id, draft.c.token],
            set_={**values, "revision": draft.c.revision + 1},
            where=draft.c.revision == revision,
        ).returning(draft.c.revision)
    )
    if saved is None:
        raise Conflict("draft_saved_elsewhere")
    return int(saved)


def _hold(connection: Connection, task_id: TaskId) -> None:
    """Keep the task from being done while its draft is saved: no draft may outlive it. Conflict when it is done."""
    waiting = tables.user_task
    held = connection.scalar(
        select(waiting.c.token)
        .where(waiting.c.instance_id == task_id.instance, waiting.c.token == task_id.token)
        .with_for_update(read=True, key_share=True)
    )
    if held is None:
        raise Conflict("task_done")
