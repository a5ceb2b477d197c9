"""Four processes, two hundred bookings at once, one killed in the middle: exactly full, nothing leaked."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

import sqlalchemy
from sqlalchemy import text

from engine import clock, database, settings
from engine.catalogue import Json
from engine.database import Connection
from engine.errors import BusinessError
from engine.units import Unit
from integrations.sessions import releases
from tests import blocked
from tests.integrations import sessions_desk
from tests.integrations.sessions_desk import DAY, Desk

HOURS = [f"{DAY}T{hour:02}:00:00+07:00" for hour in (8, 9, 10, 11)]
CAPACITY = 25  # an hour


@contextmanager
def booker(
    session_id: str, people: list[str], hold_after: int = 1_000_000
) -> Iterator[subprocess.Popen[str]]:
    """A process that is ready to book, at the present moment of the test."""
    address = database.engine().url.render_as_string(hide_password=False)
    arguments = [
        address,
        clock.now().isoformat(),
        session_id,
        ",".join(HOURS),
        ",".join(people),
        str(hold_after),
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.rival_booker", *arguments],
        cwd=settings.CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def said(process: subprocess.Popen[str], until: str = "") -> list[tuple[str, str]]:
    """What a process says of people, up to a word or to its end."""
    assert process.stdout is not None
    lines: list[tuple[str, str]] = []
    for line in process.stdout:
        became, _, person_id = line.strip().partition(" ")
        lines.append((became, person_id))
        if became == until:
            return lines
    assert not until, f"the process ended without {until!r}"
    return lines


def test_an_hour_is_exactly_full_after_four_rivals_and_a_kill(
    database: sqlalchemy.Engine, move: Callable[..., datetime]
) -> None:
    with database.begin() as connection:
        desk = sessions_desk.opened(connection)
        session_id = desk.session(
            round_id=desk.round_(), opens="08:00", closes="12:00", tables=1, per_table_hour=CAPACITY
        )
    shares = [[f"p{number}" for number in range(start, 200, 4)] for start in range(4)]
    with ExitStack() as stack:
        doomed = stack.enter_context(booker(session_id, shares[0], hold_after=12))
        rivals = [stack.enter_context(booker(session_id, share)) for share in shares[1:]]
        for process in (doomed, *rivals):
            assert said(process, "ready") == [("ready", "")]
        for process in (doomed, *rivals):
            go(process)
        *done, (_, holding) = said(doomed, "holds")
        doomed.send_signal(signal.SIGKILL)
        assert doomed.wait() == -signal.SIGKILL
        again = stack.enter_context(booker(session_id, shares[0]))
        go(again)
        became = {person: what for process in rivals for what, person in said(process)}
        retried = {person: what for what, person in said(again) if person}
    committed = {person for what, person in done if what == "booked"}
    assert len(committed) == 12
    assert {person for person, what in retried.items() if what == "already"} == committed
    assert retried[holding] in ("booked", "full"), "what was not committed is not there"
    counted = Counter([*became.values(), *retried.values()])
    assert counted["booked"] + counted["already"] == 4 * CAPACITY
    assert counted["full"] == 200 - 4 * CAPACITY
    with database.begin() as connection:
        assert sessions_desk.agree(connection) == 4 * CAPACITY
        rows = connection.execute(text("select taken, capacity from slot")).all()
        assert [tuple(row) for row in rows] == [(CAPACITY, CAPACITY)] * 4


# --- two at once, one waiting for the other ----------------------------------------------------------------


def meanwhile(
    engine: sqlalchemy.Engine, site: Unit, first: Callable[[Desk], object], second: Callable[[Desk], Json]
) -> Json:
    """What the second gives, who begins before the first commits and has to wait for it."""
    given: list[Json] = []

    def other() -> None:
        with engine.begin() as connection:
            given.append(second(Desk(connection, site)))

    thread = threading.Thread(target=other)
    with engine.begin() as connection:
        first(Desk(connection, site))
        thread.start()
        blocked.until_somebody_waits(engine, thread)
    thread.join()
    return given[0]


def test_a_booking_can_be_given_back_while_it_is_being_moved_to_an_empty_hour(
    database: sqlalchemy.Engine, move: Callable[..., datetime]
) -> None:
    with database.begin() as connection:
        desk = sessions_desk.opened(connection)
        session_id = desk.session()
        booking_id = desk.booked(session_id, "p")
    ended = meanwhile(
        database, desk.site,
        lambda one: one.does("move", booking_id=booking_id, session_id=session_id, starts_at=HOURS[1]),
        lambda two: two.does("release", booking_id=booking_id, state="cancelled"),
    )  # fmt: skip
    assert ended["released"]
    with database.begin() as connection:
        assert sessions_desk.agree(connection) == 0


def test_who_missed_an_hour_arrives_all_the_same_while_another_is_being_booked_for_them(
    database: sqlalchemy.Engine, move: Callable[..., datetime]
) -> None:
    with database.begin() as connection:
        desk = sessions_desk.opened(connection)
        session_id = desk.session(round_id=desk.round_())
        missed = desk.booked(session_id, "p")
        desk.does("release", booking_id=missed, state="missed")
    told = meanwhile(
        database, desk.site, lambda one: one.booked(session_id, "p", "10:00"),
        lambda two: two.does("arrive", person_id="p", arrival_kind="booked", at=HOURS[0]),
    )  # fmt: skip
    assert told["booking_id"] == missed
    with database.begin() as connection:
        assert Desk(connection, desk.site).state(missed) == "missed"
        assert sessions_desk.agree(connection) == 2


# --- every verb at once -----------------------------------------------------------------------------------


def act(desk: Desk, sessions: list[str], rounds: list[str], chance: random.Random) -> None:
    """One verb, chosen by chance, of anybody to anything."""
    connection = desk.connection
    session_id, person = chance.choice(sessions), f"p{chance.randrange(40)}"
    known = connection.scalars(text("select booking_id from booking order by random() limit 1")).first()
    verbs = "reserve reserve reserve offer offer accept release release move join arrive end lapse".split()
    verb = chance.choice(verbs)
    if verb == "reserve":
        desk.does("reserve", session_id=session_id, starts_at=chance.choice(HOURS), person_id=person)
    elif verb == "offer":
        desk.does("offer", session_id=session_id, most=chance.randrange(1, 4), hours=2)
    elif verb == "lapse":
        releases.lapse(connection, int(session_id), clock.now() + timedelta(hours=3))
    elif verb == "join":
        desk.does(
            "join_list",
            round_id=chance.choice(rounds),
            person_id=person,
            priority_group=chance.randrange(1, 4),
        )
    elif verb == "arrive":
        desk.does("arrive", person_id=person, arrival_kind="booked", at=HOURS[0])
    elif verb == "end":
        outcome = chance.choice(["vaccinated", "deferred", "left"])
        desk.does("outcome", session_id=session_id, person_id=person, outcome=outcome)
    elif known is not None and verb == "accept":
        desk.does("accept", booking_id=str(known))
    elif known is not None and verb == "release":
        state = chance.choice(["declined", "expired", "cancelled", "missed"])
        desk.does("release", booking_id=str(known), state=state)
    elif known is not None:
        desk.does("move", booking_id=str(known), session_id=session_id, starts_at=chance.choice(HOURS))


def rival(
    engine: sqlalchemy.Engine, site: Unit, things: tuple[list[str], list[str]], seed: int,
    wrong: list[BaseException],
) -> None:  # fmt: skip
    """Eighty verbs, each in a transaction of its own; refusals are part of the day."""
    chance = random.Random(seed)

    def once() -> None:
        with engine.begin() as connection:
            act(Desk(connection, site), *things, chance)

    try:
        for _ in range(80):
            try:
                database.retried(once)
            except BusinessError:
                continue
    except BaseException as error:
        wrong.append(error)


def test_counters_and_bookings_agree_after_every_verb_was_used_by_four_at_once(
    database: sqlalchemy.Engine, move: Callable[..., datetime]
) -> None:
    with database.begin() as connection:
        desk = sessions_desk.opened(connection)
        rounds = [desk.round_(), desk.round_()]
        sessions = [
            desk.session(
                round_id=round_id, closes="12:00", tables=1, per_table_hour=3, place=f"Phòng {number}"
            )
            for number, round_id in enumerate([rounds[0], rounds[0], rounds[1]])
        ]
        for number in range(40):
            desk.listed(rounds[number % 2], f"p{number}", group=number % 3)
    for day in range(3):
        wrong: list[BaseException] = []
        threads = [
            threading.Thread(
                target=rival, args=(database, desk.site, (sessions, rounds), 10 * day + number, wrong)
            )
            for number in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        with database.begin() as connection:
            sessions_desk.agree(connection)
            _lists_agree(connection)


def _lists_agree(connection: Connection) -> None:
    """Who is said to be offered or booked in a round has a booking there, and nobody who waits has a hold."""
    rows = connection.execute(
        text(
            """
            select listing.state, booking.state as booked from listing
            left join booking on booking.round_id = listing.round_id and booking.person_id = listing.person_id
                             and booking.state in ('held', 'booked', 'arrived')
            """
        )
    ).all()
    for row in rows:
        if row.state in ("offered", "booked"):
            assert row.booked is not None
        if row.booked == "held":
            assert row.state == "offered"
