"""Sending a letter: into a letterbox in memory, once per job."""

from __future__ import annotations

from engine.catalogue import Context, Json
from engine.errors import BusinessError, ServiceTaskFailed

NOWHERE = "nowhere"  # an address that does not exist
STRIKE = "strike"  # an address the post does not reach just now

letterbox: dict[str, Json] = {}


def send(inputs: Json, context: Context) -> Json:
    """Put a letter into the letterbox; the same job again is the same letter."""
    if inputs["to"] == NOWHERE:
        raise BusinessError("ADDRESS_UNKNOWN", "there is no such address")
    if inputs["to"] == STRIKE:
        raise ServiceTaskFailed("the post does not run")
    letterbox.setdefault(context.job_id, inputs)
    return {"message_id": context.job_id}
