"""Waits that need help: what the model or the outside failed at, and the way to try again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from engine import access, advance, runtime, tables, texts
from engine.access import Actor, Permission
from engine.advance import Act
from engine.errors import NotFound
from engine.ids import InstanceId


@dataclass(frozen=True, slots=True)
class Incident:
    """One open incident; `code` names a sentence under `incidents:` of the engine's texts."""

    instance_id: InstanceId
    token: int
    element: str
    code: str
    params: dict[str, Any]
    process: str
    unit_path: str
    opened_at: datetime

    def sentence(self, language: str) -> str:
        """What failed, and what to do."""
        return sentence(self.code, self.params, language)


def sentence(code: str, params: Mapping[str, Any], language: str) -> str:
    """What failed, and what to do; a reason that is one of the engine's own refusals is said in the language too."""
    known = dict(params)
    refusal = known.pop("refusal", None)  # errors.told keeps it
    if isinstance(refusal, dict) and isinstance(refusal.get("code"), str):
        gaps = refusal.get("params") or {}
        known["reason"] = texts.sentence(f"errors.{refusal['code']}", language, **gaps)
    return texts.sentence(f"incidents.{code}", language, **known)


def of(connection: Connection, instance_id: int) -> list[Incident]:
    """The open incidents of one instance, oldest first."""
    incident = tables.incident
    rows = connection.execute(
        select(incident).where(incident.c.instance_id == instance_id).order_by(incident.c.opened_at)
    )
    return [Incident(**row._mapping) for row in rows]


def retry(connection: Connection, instance_id: int, token: int, element: str, actor: Actor) -> bool:
    """Try again what stopped. True when it went on; False when it stopped at the same place again."""
    locked = advance.lock(connection, instance_id)
    access.require(actor, Permission.FREE, locked.unit_path)
    if not any(_is(wait, token, element) for wait in locked.state.waits):
        raise NotFound("incident_not_found")
    command = runtime.Retry(token, element)
    outcome = advance.step(connection, locked, command, actor, Act("incident_retried", element, token))
    return not any(_is(wait, token, element) for wait in outcome.state.waits)


def _is(wait: runtime.Wait, token: int, element: str) -> bool:
    return wait.kind is runtime.WaitKind.INCIDENT and wait.token == token and wait.element == element
