"""The state of one instance: tokens, scopes, waits; small, versioned, and equal after store and restore.

Tokens exist only where something rests: at a wait, at a join, around an inner scope, at a fault. A token
that moves on ends and another begins, so a pair (token, element) never comes back: a late click, a timer
fired twice or a repeated message finds nothing and changes nothing.

Values inside are treated as immutable: a change makes a new dict or struct, so copies are shallow.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
import zstandard

Json = Any  # null, booleans, int, Decimal, text, lists and maps of these
Variables = dict[str, Json]

FORMAT = 1
ROOT = 0  # id of the process scope


class Phase(StrEnum):
    """What a resting token is doing."""

    WAITING = "w"  # at an element with waits
    JOINING = "j"  # arrived at a join
    HOSTING = "h"  # around an inner scope: a sub-process or a multi-instance
    FAULT_ENTERING = "e"  # the model failed while entering; retry enters again
    FAULT_COMPLETING = "c"  # the model failed while completing; `payload` is kept, retry completes again


class WaitKind(StrEnum):
    """What ends a wait; each has a table of its own."""

    USER_TASK = "user_task"
    JOB = "job"
    TIMER = "timer"
    MESSAGE = "message"
    CALL = "call"
    INCIDENT = "incident"


class Token(msgspec.Struct, frozen=True, array_like=True):
    """A place where the process rests. `flow` is the sequence flow by which it came (joins count them)."""

    id: int
    node: str
    scope: int
    phase: Phase
    flow: str | None = None
    payload: Json = None


class Scope(msgspec.Struct, frozen=True, array_like=True):
    """The process (id 0), a sub-process, or one iteration of a multi-instance.

    A `local` scope keeps what is written inside; the others write through to the nearest local one above.
    """

    id: int
    parent: int | None
    host: int | None  # the token that waits for this scope to end
    node: str | None  # the sub-process or looping activity
    variables: Variables
    local: bool = True
    index: int | None = None  # of an iteration, from 0


class Wait(msgspec.Struct, frozen=True, array_like=True):
    """One thing the instance waits for, keyed (token, element)."""

    kind: WaitKind
    token: int
    element: str
    name: str = ""  # job: service task · message: its name · call: the process · incident: its code
    key: str = ""  # message: correlation key
    due_at: datetime | None = None  # timer
    cycle: str = ""  # timer: what is left of a cycle, e.g. "R2/PT1H"
    params: Json = None  # incident: what fills its sentence


class LoopState(msgspec.Struct, frozen=True, array_like=True):
    """How far a multi-instance has come, keyed by its host token."""

    items: list[Json]
    started: int
    done: int
    results: dict[int, Json]


class State(msgspec.Struct, array_like=True):
    """Everything an instance needs to go on. Mutable only inside one `apply`."""

    format: int
    next_id: int
    tokens: dict[int, Token]
    scopes: dict[int, Scope]
    waits: list[Wait]
    loops: dict[int, LoopState]
    ended: str | None = None  # "completed", "cancelled", or None while it lives
    outcome: str | None = None  # id of the last end event reached
    error: str | None = None  # code of an error that left the process
    is_child: bool = False

    def copy(self) -> State:
        """A working copy; the values are shared and immutable."""
        return State(
            self.format, self.next_id, dict(self.tokens), dict(self.scopes), list(self.waits), dict(self.loops),
            self.ended, self.outcome, self.error, self.is_child,
        )  # fmt: skip

    @property
    def variables(self) -> Variables:
        """The variables of the process."""
        return self.scopes[ROOT].variables

    def visible(self, scope_id: int) -> Variables:
        """The variables in scope: the nearest wins. Not to be changed."""
        scope = self.scopes[scope_id]
        if scope.parent is None:
            return scope.variables
        outer = self.visible(scope.parent)
        return {**outer, **scope.variables} if scope.variables else outer


def fresh() -> State:
    """The state before anything happened."""
    return State(FORMAT, 1, {}, {ROOT: Scope(ROOT, None, None, None, {})}, [], {})


_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(State, float_hook=Decimal)
_json = msgspec.json.Decoder(float_hook=Decimal)
_LARGEST = 64 * 1024 * 1024


def store(state: State) -> bytes:
    """The state as bytes: JSON, compressed. Decimal numbers keep every digit."""
    return zstandard.ZstdCompressor(level=1).compress(_encoder.encode(state))


def restore(body: bytes) -> State:
    """The state that was stored; `restore(store(x)) == x`."""
    return _decoder.decode(zstandard.ZstdDecompressor().decompress(body, max_output_size=_LARGEST))


def encoded(value: Json) -> bytes:
    """JSON text of a value, decimals exact."""
    return _encoder.encode(value)


def decoded(content: bytes | str) -> Json:
    """The value of a JSON text: whole numbers as int, others as Decimal."""
    return _json.decode(content)
