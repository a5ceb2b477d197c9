"""Who may do what, where: roles granted at units, permissions given to roles by the campaign's declaration.

A role reaches the unit it was granted at and all below. Two questions only: does the actor hold a
*permission* at a unit (`require`), and does the actor hold the *role* a lane asks for (`require_role`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, or_

from engine import campaign
from engine.errors import NotAllowed
from engine.ids import AccountId, InstanceId, UnitId


class Permission(StrEnum):
    """What a role may allow; which role allows which is declared in campaign.yaml."""

    WORK = "work"  # claim and complete the tasks of its lanes
    START = "start"  # start a case by hand
    SEE = "see"  # open any case at its units
    FREE = "free"  # retry, cancel, release others' tasks
    SUBMIT = "submit"  # propose a version of a process it owns
    APPROVE = "approve"  # let another person's version come into force
    ADMINISTER = "administer"  # accounts and units
    STAFF = "staff"  # accounts at and below one's units, with the roles one may give
    AUDIT = "audit"  # who looked at whose record


@dataclass(frozen=True, slots=True)
class Grant:
    """A role held at a unit and below."""

    role: str
    unit_id: UnitId
    unit_path: str

    def reaches(self, unit_path: str) -> bool:
        return unit_path.startswith(self.unit_path)


@dataclass(frozen=True, slots=True)
class Bearer:
    """What somebody without an account has shown to be theirs: a case by its code, or a subject by its own."""

    instance_id: InstanceId | None = None
    subject: str | None = None  # of the case, when it is by a case that they came

    def bears(self, instance_id: int, subject: str | None) -> bool:
        """Whether a public case is theirs: the one whose code they had and the later ones of its subject, or, by the
        subject's own code, all of its."""
        if self.instance_id is not None and instance_id == self.instance_id:
            return True
        is_same = self.subject is not None and subject == self.subject
        return is_same and (self.instance_id is None or instance_id > self.instance_id)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. The engine itself acts as SYSTEM, with every permission and no account; a bearer holds no role."""

    account_id: AccountId | None
    sign_in: str
    name: str
    language: str = "vi"
    grants: tuple[Grant, ...] = ()
    is_system: bool = False
    bearer: Bearer | None = None


SYSTEM = Actor(None, "system", "system", is_system=True)


def allowed(actor: Actor, permission: Permission, unit_path: str) -> bool:
    """Whether one of the actor's roles gives the permission at the unit."""
    if actor.is_system:
        return True
    roles = campaign.current().roles_with(permission)
    return any(grant.role in roles and grant.reaches(unit_path) for grant in actor.grants)


def require(actor: Actor, permission: Permission, unit_path: str) -> None:
    """Refuse with NotAllowed unless the actor holds the permission at the unit."""
    if not allowed(actor, permission, unit_path):
        raise NotAllowed("permission_missing", permission=permission.value)


def require_role(actor: Actor, role: str, unit_path: str) -> None:
    """Refuse with NotAllowed unless the actor holds this very role at the unit."""
    if not has_role(actor, role, unit_path):
        raise NotAllowed("role_missing", role=role)


def has_role(actor: Actor, role: str, unit_path: str) -> bool:
    return actor.is_system or any(grant.role == role and grant.reaches(unit_path) for grant in actor.grants)


def roles_at(actor: Actor, unit_path: str) -> frozenset[str]:
    """The roles the actor holds at a unit."""
    return frozenset(grant.role for grant in actor.grants if grant.reaches(unit_path))


def paths_with(actor: Actor, permission: Permission) -> tuple[str, ...]:
    """The unit paths at and below which the actor holds the permission."""
    if actor.is_system:
        return ("/",)
    roles = campaign.current().roles_with(permission)
    return _widest(grant.unit_path for grant in actor.grants if grant.role in roles)


def within(column: ColumnElement[str], paths: Iterable[str]) -> ColumnElement[bool]:
    """The scope of a query: the column's unit path lies at or below one of the paths; no paths, no rows."""
    clauses = [column.startswith(path, autoescape=True) for path in paths]
    return or_(*clauses) if clauses else column.is_distinct_from(column)


def _widest(paths: Iterable[str]) -> tuple[str, ...]:
    chosen: list[str] = []
    for path in sorted(set(paths)):
        if not any(path.startswith(wider) for wider in chosen):
            chosen.append(path)
    return tuple(chosen)
