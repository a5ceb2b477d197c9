"""A library with its units, people and published processes, all of it made by the public verbs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from engine import access, accounts, campaign, catalogue, database, instances, units, user_tasks
from engine.access import Actor
from engine.definitions import deployment
from engine.definitions.bundle import Bundle
from engine.ids import InstanceId
from engine.units import Unit
from engine.user_tasks import Task
from tests import foundings
from tests.book_loan import bundles
from tests.book_loan.integrations.post import handlers

PEOPLE = {
    "lan": ("librarian", "head_librarian"), "minh": ("stacker", "binder"),
    "hoa": ("process_owner",), "tam": ("approver",),
}  # fmt: skip
ASKED = {"reader_id": "R1", "card_kind": "reader", "debt": 0, "by_post": False, "books": [{"title": "Số đỏ"}]}
ANSWERS: dict[str, dict[str, Any]] = {
    "grant": {"granted": True, "why": "a teacher asked"}, "fetch": {"found": True, "place": "VH-12"},
    "stamp_card": {"stamped": True}, "lend": {"condition": "good"}, "phone_reader": {"reached": "no"},
    "recover": {"outcome": "written_off"}, "inspect": {"damaged_titles": []}, "replace": {"outcome": "replaced"},
    "shelve": {"place": "VH-12"}, "receipt": {"handed": True}, "mend_page": {"dry": True},
    "assess": {"torn_pages": [{"number": 1, "price": 1000}, {"number": 9, "price": 500}]},
    "decide_cost": {"agreed": False}, "check_binding": {"firm": True},
}  # fmt: skip
UNTIL_LENT = ("fetch", "stamp_card", "lend")


@dataclass(frozen=True)
class Library:
    """One branch, and somebody for every role."""

    branch: Unit
    people: dict[str, Actor]

    def start(self, connection: Connection, **more: Any) -> InstanceId:
        """A reader asks for books."""
        return instances.start(connection, "loan", self.branch, ASKED | more, self.people["librarian"])

    def lent(self, **more: Any) -> InstanceId:
        """A loan that waits for its return, in transactions of its own."""
        with database.transaction() as connection:
            instance_id = self.start(connection, **more)
            self.answer(connection, instance_id, *UNTIL_LENT)
        return instance_id

    def answer(self, connection: Connection, instance_id: int, *elements: str, **answers: Any) -> None:
        """Whoever may do them completes the open tasks at these elements, in this order."""
        for element in elements:
            task = next(task for task in self.tasks(connection, instance_id) if task.element == element)
            user_tasks.complete(connection, task.id, self.people[task.role], ANSWERS[element] | answers)

    def tasks(self, connection: Connection, instance_id: int) -> list[Task]:
        return user_tasks.queue(connection, access.SYSTEM, instance_id=InstanceId(instance_id))

    def elements(self, connection: Connection, instance_id: int) -> list[str]:
        """The elements at which somebody has a task."""
        return sorted(task.element for task in self.tasks(connection, instance_id))

    def publish(self, connection: Connection, *changed: Bundle) -> None:
        """Put bundles in force at once: submitted by one person, approved by another."""
        owner, approver = self.people["process_owner"], self.people["approver"]
        for bundle in changed:
            submitted = deployment.submit(connection, bundle.files, owner, "for the tests", bundles.PROCESSES)
            deployment.approve(connection, submitted, approver, "looks right")


@contextmanager
def opened() -> Iterator[Library]:
    """The library in the present, empty database; its campaign and catalogue hold until the block ends.

    Founded and published once in a run, since hashing and checking take seconds.
    """
    handlers.letterbox.clear()
    with campaign.using(bundles.library()), catalogue.using(bundles.services()):
        yield foundings.once(_founded)


def _founded() -> Library:
    with database.transaction() as connection:
        library = _staffed(connection)
        library.publish(connection, *(bundles.bundle(process) for process in reversed(bundles.PROCESSES)))
    return library


def _staffed(connection: Connection) -> Library:
    network = units.create(connection, "net", "network", "Mạng lưới")
    main = units.create(connection, "main", "library", "Thư viện chính", network)
    branch = units.create(connection, "north", "branch", "Chi nhánh Bắc", main)
    people = {}
    for name, roles in PEOPLE.items():
        account = accounts.create(connection, name, name.title(), "a long enough password")
        for role in roles:
            accounts.grant(connection, account, role, network)
        people |= dict.fromkeys(roles, accounts.actor(connection, account))
    return Library(branch, people)
