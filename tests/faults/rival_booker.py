"""A process of its own that books people, each in a transaction, as fast as it can, once it is told to go.

Run as `python -m tests.faults.rival_booker DATABASE MOMENT SESSION HOURS PEOPLE [HOLD_AFTER]`: lists are separated by
commas. It says what became of each person. After HOLD_AFTER bookings it makes one more and does not commit it, says
so, and waits to be killed.
"""

from __future__ import annotations

import sys
from datetime import datetime

from engine import access, catalogue, clock, database, settings
from engine.catalogue import Context
from engine.database import Connection
from engine.errors import BusinessError


def book(connection: Connection, session_id: str, starts_at: str, person_id: str) -> None:
    """One place, as a step takes it."""
    context = Context("1-1-x", clock.now(), connection, access.SYSTEM, None, settings.current())
    inputs = {"session_id": session_id, "starts_at": starts_at, "person_id": person_id}
    with connection.begin_nested():
        catalogue.current().service_task("sessions.reserve").call(inputs, context)


def served(session_id: str, hours: list[str], person_id: str) -> str:
    """What became of a person who takes any of the hours, in the order given."""
    for starts_at in hours:
        try:
            with database.transaction() as connection:
                book(connection, session_id, starts_at, person_id)
        except BusinessError as refusal:
            if refusal.code == "ALREADY_BOOKED":
                return "already"
        else:
            return "booked"
    return "full"


def main(
    address: str, moment: str, session_id: str, hours: str, people: str, hold_after: str = "1000000"
) -> None:
    chosen = settings.Settings(log_format="json", given_secret_key="of tests " * 4)
    held = clock.frozen(datetime.fromisoformat(moment))
    with settings.using(chosen), database.using(database.connect(address, size=2)), held:
        catalogue.current()
        print("ready", flush=True)
        sys.stdin.readline()
        wanted, booked = hours.split(","), 0
        for number, person_id in enumerate(people.split(",")):
            turned = wanted[number % len(wanted) :] + wanted[: number % len(wanted)]
            if booked == int(hold_after):
                with database.transaction() as connection:
                    book(connection, session_id, turned[0], person_id)
                    print(f"holds {person_id}", flush=True)
                    sys.stdin.read()
                    raise AssertionError("nobody ends this booker but a kill")
            became = database.retried(
                lambda turned=turned, person=person_id: served(session_id, turned, person)
            )
            booked += became == "booked"
            print(f"{became} {person_id}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
