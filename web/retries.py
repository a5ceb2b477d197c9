"""An incident tried again, and what honestly came of it: it went on, is with a worker now, or stopped again."""

from __future__ import annotations

from engine import database, incidents, instances
from engine.access import Actor
from engine.runtime import WaitKind


def retried(instance_id: int, token: int, element: str, actor: Actor) -> tuple[str, str]:
    """Try again; the key of the sentence that says how it went, and its tone."""
    with database.transaction() as connection:
        went_on = incidents.retry(connection, instance_id, token, element, actor)
        waits = instances.state_of(connection, instance_id).waits if went_on else ()
    is_begun = any(
        wait.kind is WaitKind.JOB and wait.token == token and wait.element == element for wait in waits
    )
    said = "retry_begun" if is_begun else "retry_went_on" if went_on else "retry_stopped_again"
    return f"said.{said}", "good" if went_on else "bad"
