"""People without an account: a code and a second fact open their cases to them, and nothing else does.

A code is a case's own, or the one that the registry of subjects gives. With a case's code one sees that case and
the later public ones about the same subject; with the subject's own code, all public ones. What was shown is kept
for a browser as a session, short and by the hash of its token only; several people may be in it, as in a family.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import distinct_on

from engine import access, case_codes, catalogue, clock, codes, history, instances, limits, runtime, tables
from engine.access import Actor, Bearer
from engine.definitions import registry
from engine.definitions.definition import Definition
from engine.errors import Conflict, NotAllowed
from engine.ids import InstanceId
from engine.instances import Summary
from engine.limits import Limit
from engine.runtime import Variables
from engine.tables.bearers import bearer_hold, bearer_session
from engine.units import Unit

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=8)
RENEWED_AFTER = timedelta(minutes=1)  # a session that is used lasts longer; not every look is a write
MOST_HOLDS = 20  # a large family
MOST_CASES = 30
PAUSE = timedelta(minutes=15)
BY_CODE = Limit("code", 5, PAUSE, "bearer_paused")
BY_ADDRESS = Limit("address", 40, PAUSE, "bearer_paused")  # many share one: a family, a provider's gateway
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Hold:
    """What was shown to be somebody's: a case, by its code, or a subject, by theirs."""

    position: int
    instance_id: InstanceId | None
    subject: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's session: whose cases it may see, whose it shows, and what the next start form begins with."""

    csrf: str
    holds: tuple[Hold, ...]
    chosen: int
    kept: dict[str, Any]

    def hold(self) -> Hold:
        """The one that is shown."""
        return next((one for one in self.holds if one.position == self.chosen), self.holds[-1])


# --- beginning a case -------------------------------------------------------------------------------------


def start(
    connection: Connection,
    process: str,
    unit: Unit,
    answers: Variables,
    start_key: bytes,
    address: str,
    most_per_hour: int,
) -> InstanceId:
    """Begin a case of a public process, once for each page that is sent.

    Conflict("started_already") when the page has begun one (`case_codes.started_by` says which); NotAllowed where
    the process is not public, or too many were begun from the address within the hour; Invalid as `instances.start`.
    """
    limit = Limit("start", most_per_hour, HOUR, "public_starts_paused")
    limits.refuse(connection, limit, address)
    instance_id = instances.start(connection, process, unit, answers, visitor(), start_key=start_key)
    if limits.count(connection, limit, address) > most_per_hour:
        limits.refuse(connection, limit, address)
    return instance_id


def visitor(language: str = "vi") -> Actor:
    """Somebody without an account who has shown nothing yet."""
    return Actor(None, "bearer", "bearer", language, bearer=Bearer())


# --- showing a code and a second fact ---------------------------------------------------------------------


def allow_try(connection: Connection, code: str, address: str) -> None:
    """Count a try, in a transaction of its own; NotAllowed after too many, for every code and address alike."""
    tried = [(BY_ADDRESS, address)]
    if (read := codes.read(code)) is not None:
        tried.append((BY_CODE, read))
    for limit, what in tried:
        if limits.count(connection, limit, what) > limit.most:
            limits.refuse(connection, limit, what)


def shown(connection: Connection, code: str, proofs: Collection[str], address: str) -> Hold:
    """Whose the code is, when one of `proofs` (the second fact as it may be written) is right for it.

    NotAllowed("bearer_wrong") for every wrong pair, whichever of the two is wrong.
    """
    read = codes.read(code)
    hold = _of_case(connection, read, proofs) or _of_subject(connection, read, proofs) if read else None
    if hold is None or read is None:
        raise NotAllowed("bearer_wrong")
    limits.give_back(connection, BY_ADDRESS, address)
    limits.give_back(connection, BY_CODE, read)
    return hold


def _of_case(connection: Connection, code: str, proofs: Collection[str]) -> Hold | None:
    instance_id = case_codes.case(connection, code)
    if instance_id is None:
        return None
    return Hold(0, instance_id, None) if _is_proven(connection, instance_id, proofs) else None


def _of_subject(connection: Connection, code: str, proofs: Collection[str]) -> Hold | None:
    """The subject with this code, if a public case about them knows the second fact."""
    public = {one.key: one for one in public_processes(connection)}
    for find in sorted({one.manifest.subject.find or "" for one in public.values() if one.manifest.subject}):
        for subject in _with_code(connection, find, code):
            for case in _about(connection, subject, set(public)):
                if _is_proven(connection, case.instance_id, proofs):
                    return Hold(0, None, subject)
    return None


def _with_code(connection: Connection, find: str, code: str) -> list[str]:
    """The subjects that a registry knows by this very code."""
    if find not in catalogue.current().queries:
        return []
    name = next(iter(sorted(catalogue.current().query(find).inputs.required)), "text")
    answer = catalogue.ask(connection, find, {name: code}, access.SYSTEM)
    entries = next((part for part in answer.values() if isinstance(part, list)), [])
    return [str(one["id"]) for one in entries if codes.read(str(one.get("code", ""))) == code]


def _is_proven(connection: Connection, instance_id: int, proofs: Collection[str]) -> bool:
    row = connection.execute(
        select(tables.instance.c.body, tables.instance.c.version_id).where(
            tables.instance.c.instance_id == instance_id
        )
    ).one_or_none()
    rule = registry.definition(connection, row.version_id).manifest.public if row else None
    value = runtime.restore(row.body).variables.get(rule.proof) if row and rule else None
    if value in (None, ""):
        return False
    known = _plain(str(value)).encode()
    return any(hmac.compare_digest(known, _plain(one).encode()) for one in proofs)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


# --- sessions ---------------------------------------------------------------------------------------------


def add(connection: Connection, token: str, hold: Hold) -> str:
    """Let a browser see one more person's cases, and show them; gives the token for its cookie, new each time.

    A token somebody else may have put into the browser is worth nothing after this.
    """
    now, found = clock.now(), session(connection, token)
    connection.execute(delete(bearer_session).where(bearer_session.c.expires_at < now))
    holds = list(found.holds) if found else []
    known = next(
        (one for one in holds if (one.instance_id, one.subject) == (hold.instance_id, hold.subject)), None
    )
    if known is None and len(holds) >= MOST_HOLDS:
        raise Conflict("bearer_full", most=MOST_HOLDS)
    position = known.position if known else 1 + max((one.position for one in holds), default=0)
    if known is None:
        holds.append(Hold(position, hold.instance_id, hold.subject))
    began = _row(connection, token)
    fresh = secrets.token_urlsafe(32)
    connection.execute(
        bearer_session.insert().values(
            token_hash=_hash(fresh), csrf=secrets.token_urlsafe(24), chosen=position, kept=found.kept if found else {},
            created_at=began.created_at if began is not None else now, expires_at=now + IDLE,
        )
    )  # fmt: skip
    connection.execute(
        bearer_hold.insert(),
        [
            {
                "token_hash": _hash(fresh),
                "position": one.position,
                "instance_id": one.instance_id,
                "subject": one.subject,
            }
            for one in holds
        ],
    )
    close(connection, token)
    return fresh


def session(connection: Connection, token: str) -> Session | None:
    """The session of a cookie's token, if it stands; using it lets it last longer."""
    row = _row(connection, token)
    if row is None:
        return None
    holds = connection.execute(
        select(bearer_hold).where(bearer_hold.c.token_hash == _hash(token)).order_by(bearer_hold.c.position)
    ).all()
    if not holds:
        return None
    until = min(clock.now() + IDLE, row.created_at + LONGEST)
    if until - row.expires_at > RENEWED_AFTER:
        connection.execute(
            update(bearer_session).where(bearer_session.c.token_hash == _hash(token)).values(expires_at=until)
        )
    return Session(
        row.csrf, tuple(Hold(one.position, one.instance_id, one.subject) for one in holds), row.chosen, row.kept
    )  # fmt: skip


def choose(connection: Connection, token: str, position: int) -> None:
    """Show another person of the session from now on."""
    _change(connection, token, chosen=position)


def keep(connection: Connection, token: str, kept: dict[str, Any]) -> None:
    """Remember what the next start form begins with."""
    _change(connection, token, kept=kept)


def close(connection: Connection, token: str) -> None:
    """Forget the session."""
    connection.execute(delete(bearer_session).where(bearer_session.c.token_hash == _hash(token)))


# --- what is seen -----------------------------------------------------------------------------------------


def actor(connection: Connection, hold: Hold, language: str = "vi") -> Actor:
    """Somebody without an account, for what they may see and do now."""
    subject = hold.subject
    if hold.instance_id is not None:
        subject = connection.scalar(
            select(tables.instance.c.subject).where(tables.instance.c.instance_id == hold.instance_id)
        )
    return Actor(None, "bearer", "bearer", language, bearer=Bearer(hold.instance_id, subject))


def cases(connection: Connection, who: Actor) -> list[Summary]:
    """The public cases somebody without an account may see, the newest first. Leaves an audit row."""
    bearer = who.bearer
    if bearer is None:
        return []
    public = {one.key for one in public_processes(connection)}
    table = tables.instance
    if bearer.subject is not None:
        found = [
            one
            for one in _about(connection, bearer.subject, public)
            if bearer.bears(one.instance_id, one.subject)
        ]
    else:
        found = instances.summaries(connection, table.c.instance_id == bearer.instance_id)
    history.looked_up(connection, who, "bearer", bearer.subject, instance_id=bearer.instance_id)
    return found


def told(connection: Connection, hold: Hold) -> list[tuple[Variables, Definition]]:
    """What the newest cases of a hold know, for the page to call the person by a name."""
    who = actor(connection, hold).bearer
    table = tables.instance
    chosen = table.c.instance_id == hold.instance_id
    if who is not None and who.subject is not None:
        chosen = (
            chosen | (table.c.subject == who.subject) if hold.instance_id else table.c.subject == who.subject
        )
    rows = connection.execute(
        select(table.c.instance_id, table.c.subject, table.c.body, table.c.version_id)
        .where(chosen)
        .order_by(table.c.instance_id.desc())
        .limit(MOST_CASES)
    )
    return [
        (runtime.restore(row.body).variables, registry.definition(connection, row.version_id))
        for row in rows
        if who is not None and who.bears(row.instance_id, row.subject)
    ]


def public_processes(connection: Connection) -> list[Definition]:
    """The newest version of each process that is public."""
    table = tables.definition_version
    newest = connection.scalars(
        select(table.c.version_id)
        .ext(distinct_on(table.c.process))
        .order_by(table.c.process, table.c.version.desc())
    )
    found = [registry.definition(connection, version_id) for version_id in newest]
    return [one for one in found if one.manifest.public is not None]


def _about(connection: Connection, subject: str, processes: Collection[str]) -> list[Summary]:
    table = tables.instance
    return instances.summaries(
        connection, (table.c.subject == subject) & table.c.process.in_(processes), limit=MOST_CASES
    )


def _row(connection: Connection, token: str) -> Any:
    table = bearer_session
    return connection.execute(
        select(table).where(
            table.c.token_hash == _hash(token),
            table.c.expires_at > clock.now(),
            table.c.created_at > clock.now() - LONGEST,
        )
    ).one_or_none()


def _change(connection: Connection, token: str, **values: Any) -> None:
    connection.execute(
        update(bearer_session).where(bearer_session.c.token_hash == _hash(token)).values(**values)
    )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
