"""The outside system behind text messages: what any gateway promises, and the one that writes to an outbox."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from engine import database
from engine.errors import BusinessError
from integrations.sms import tables

UNREACHABLE = "NUMBER_UNREACHABLE"
NOBODY = (
    "0199999"  # numbers that begin so belong to nobody; the console gateway refuses them, to try the refusal
)
LONGEST = 612  # characters: four parts of a long Unicode message are enough


@dataclass(frozen=True, slots=True)
class Sent:
    """What the gateway calls the message it accepted."""

    id: str


class Gateway(Protocol):
    """Sends a text to a telephone."""

    def send(self, to: str, text: str, key: str, at: datetime) -> Sent:
        """Accept a message. The same `key` again is the same message: sent once, the same answer.

        BusinessError NUMBER_UNREACHABLE when the number can never be reached; ServiceTaskFailed when the
        gateway did not answer or refused for now.
        """
        ...


@dataclass(frozen=True, slots=True)
class ConsoleGateway:
    """Writes messages to the table `sms_outbox` instead of sending them: for demonstration, training and tests."""

    database: database.Database

    def send(self, to: str, text: str, key: str, at: datetime) -> Sent:
        """Keep the message in the outbox, in a transaction of its own."""
        number = reachable(to)
        with database.transaction(self.database) as connection:
            row = {"key": key, "to": number, "text": text[:LONGEST], "sent_at": at}
            connection.execute(
                insert(tables.sms_outbox).values(row).on_conflict_do_nothing(index_elements=["key"])
            )
            kept = select(tables.sms_outbox.c.message_id).where(tables.sms_outbox.c.key == key)
            return Sent(str(connection.scalars(kept).one()))


def reachable(to: str) -> str:
    """The number as digits from 0; BusinessError when no telephone can have it."""
    number = re.sub(r"[\s().-]", "", to)
    number = re.sub(r"^(\+84|0084)0?", "0", number)
    if not re.fullmatch(r"0[0-9]{9,10}", number) or number.startswith(NOBODY):
        raise BusinessError(UNREACHABLE, "…" + number[-3:])
    return number
