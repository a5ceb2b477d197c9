"""A small library at work: units, people of every role, both processes published; everything by the public verbs."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from engine import (
    access,
    accounts,
    campaign,
    catalogue,
    clock,
    database,
    instances,
    messages,
    settings,
    units,
    user_tasks,
)
from engine.access import Actor
from engine.definitions import bundle, deployment
from engine.ids import InstanceId, TaskId
from engine.units import Unit
from tests import foundings
from tests.book_loan import bundles

BOOKS = Path(__file__).parent / "book_loan"
INTEGRATIONS = (settings.CHECKOUT / "integrations", BOOKS / "integrations")
PASSWORD = "sach-hay-2021"
STAFF = {
    "thuthu": ("Nguyễn Thị Sách", "branch", ("librarian",)),
    "thuthu2": ("Trần Văn Bìa", "branch", ("librarian",)),
    "thuthu3": ("Đinh Thị Sông", "other", ("librarian",)),
    "nguoikho": ("Lê Văn Kho", "branch", ("stacker",)),
    "truong": ("Phạm Thu Trưởng", "library", ("head_librarian",)),
    "soan": ("Vũ Minh Soạn", "network", ("process_owner",)),
    "duyet": ("Hoàng Lan Duyệt", "network", ("approver",)),
    "quantri": ("Ngô Thị Quản Trị", "network", ("administrator",)),
}


@dataclass(frozen=True, slots=True)
class Library:
    """What there is: the units by kind, the staff by sign-in, the readers as the registry describes them."""

    units: dict[str, Unit]
    staff: dict[str, Actor]
    readers: tuple[dict[str, Any], ...]


@contextmanager
def declared() -> Iterator[None]:
    """Let the campaign, the catalogue and the settings be the library's."""
    chosen = replace(
        settings.current(), processes_dir=BOOKS / "processes", forms_dir=BOOKS / "forms",
        pages_dir=BOOKS / "pages",
    )  # fmt: skip
    with settings.using(chosen), campaign.using(bundles.library()), catalogue.using(_services()):
        yield


@functools.cache
def _services() -> catalogue.Catalogue:
    return catalogue.load(*INTEGRATIONS, names=("people", "post", "counter", "shelves"))


def opened() -> Library:
    """The library on an empty database, within `declared()`."""
    return foundings.once(_founded)


def _founded() -> Library:
    with database.transaction() as connection:
        made = _units(connection)
        staff = {name: _account(connection, name, made) for name in STAFF}
        known = tuple(_reader(connection, number) for number in range(len(_NAMES)))
        _publish(connection, staff["soan"], staff["duyet"])
    return Library(made, staff, known)


def started(library: Library, reader: int = 0, by: str = "thuthu", **answers: Any) -> InstanceId:
    """A loan that somebody at the desk has begun."""
    given = {
        "reader_id": library.readers[reader]["id"], "card_kind": "reader", "debt": 0, "home_unit": "thu-vien",
        "by_post": False, "books": [{"title": "Truyện Kiều"}],
    }  # fmt: skip
    with database.transaction() as connection:
        return instances.start(
            connection, "loan", library.units["branch"], given | answers, library.staff[by]
        )


def waiting(library: Library, instance_id: InstanceId, by: str) -> dict[str, TaskId]:
    """The tasks of a case that somebody may work, by element."""
    with database.transaction() as connection:
        return {
            task.element: task.id
            for task in user_tasks.queue(connection, library.staff[by], instance_id=instance_id)
        }


def done(library: Library, instance_id: InstanceId, by: str, element: str, **answers: Any) -> None:
    """One task of a case completed by somebody."""
    task_id = waiting(library, instance_id, by)[element]
    with database.transaction() as connection:
        user_tasks.complete(connection, task_id, library.staff[by], answers)


def lent(library: Library, reader: int = 0, **answers: Any) -> InstanceId:
    """A loan up to the moment the book leaves the library."""
    instance_id = started(library, reader, **answers)
    done(library, instance_id, "nguoikho", "fetch", found=True, place="VH-1")
    done(library, instance_id, "thuthu", "stamp_card", stamped=True)
    done(library, instance_id, "thuthu", "lend", condition="good")
    return instance_id


def returned(library: Library, instance_id: InstanceId, reader: int = 0) -> None:
    """The reader brings the books back."""
    with database.transaction() as connection:
        messages.correlate(connection, "book_returned", library.readers[reader]["id"], {}, access.SYSTEM)


def published(library: Library, *keys: str) -> None:
    """Further processes of the library, submitted and approved."""
    with database.transaction() as connection:
        for key in keys:
            files = bundle.read(BOOKS / "processes" / key, BOOKS / "forms").files
            submitted = deployment.submit(connection, files, library.staff["soan"], "Quy trình thêm")
            deployment.approve(connection, submitted, library.staff["duyet"], "Đã đọc kỹ")


def _units(connection: Connection) -> dict[str, Unit]:
    network = units.create(connection, "mang-luoi", "network", "Mạng lưới thư viện tỉnh")
    library = units.create(connection, "thu-vien", "library", "Thư viện thành phố", network)
    branch = units.create(connection, "chi-nhanh-1", "branch", "Chi nhánh Hồ Gươm", library)
    other = units.create(connection, "chi-nhanh-2", "branch", "Chi nhánh Bờ Sông", library)
    return {"network": network, "library": library, "branch": branch, "other": other}


def _account(connection: Connection, sign_in: str, made: dict[str, Unit]) -> Actor:
    name, unit, roles = STAFF[sign_in]
    account_id = accounts.create(connection, sign_in, name, PASSWORD)
    for role in roles:
        accounts.grant(connection, account_id, role, made[unit])
    return accounts.actor(connection, account_id)


_NAMES = (
    "Đặng Thùy Dương",
    "Bùi Quang Huy",
    "Ngô Bảo Châu",
    "Lý Thị Hòa",
    "Mai Văn Phúc",
    "Đỗ Thị Yến",
    "Hồ Anh Tuấn",
    "Vũ Khánh Linh",
)


def _reader(connection: Connection, number: int) -> dict[str, Any]:
    context = catalogue.Context(
        f"reader-{number}", clock.now(), connection, access.SYSTEM, None, settings.current()
    )
    inputs = {
        "name": _NAMES[number],
        "born_on": date(1960 + number, 3, 14).isoformat(),
        "sex": "other",
    }
    told = catalogue.current().service_task("people.register").call(inputs, context)
    return catalogue.ask(connection, "people.person", {"person_id": told["person_id"]}, access.SYSTEM)


def _publish(connection: Connection, owner: Actor, approver: Actor) -> None:
    keys = ["repair", "loan"]
    waiting = [
        deployment.submit(
            connection, bundle.read(BOOKS / "processes" / key, BOOKS / "forms").files, owner,
            "Quy định mượn sách năm 2021", together=keys,
        )
        for key in keys
    ]  # fmt: skip
    for submission_id in waiting:
        deployment.approve(connection, submission_id, approver, "Đã đọc kỹ")


def brought_into_force(library: Library, changed: bundle.Bundle) -> None:
    """Another bundle in force: submitted by one person, approved by another."""
    with database.transaction() as connection:
        submitted = deployment.submit(
            connection, changed.files, library.staff["soan"], "Quy định mới", together=["repair", "loan"]
        )
        deployment.approve(connection, submitted, library.staff["duyet"], "Đã đọc kỹ")
