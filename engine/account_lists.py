"""Accounts made from a list: each row read, judged against what there is, and made once; the bad ones told why.

A row that is there already is said, never doubled: the same list may be sent again after it was mended.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Connection, select

from engine import accounts, campaign, clock, delegations, passwords, settings, spellings, tables, units
from engine.access import Actor
from engine.errors import Conflict, Finding, Invalid, NotFound
from engine.texts import LANGUAGES
from engine.units import Unit

COLUMNS = ("name", "sign_in", "roles", "unit", "language", "until")
_HEADINGS = {  # as people write them, without diacritics
    "name": "name", "full name": "name", "ho ten": "name", "ho va ten": "name",
    "sign in": "sign_in", "sign_in": "sign_in", "sign in name": "sign_in", "ten dang nhap": "sign_in",
    "roles": "roles", "role": "roles", "vai tro": "roles",
    "unit": "unit", "unit code": "unit", "unit_code": "unit", "don vi": "unit", "ma don vi": "unit",
    "language": "language", "ngon ngu": "language",
    "until": "until", "den ngay": "until", "het han": "until", "den het ngay": "until",
}  # fmt: skip
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list as it was written; `number` is its line there."""

    number: int
    cells: Mapping[str, str]

    def cell(self, column: str) -> str:
        return " ".join(self.cells.get(column, "").split())


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with what it means; `findings` say what is wrong, `known` is the account that is there already."""

    row: Row
    name: str
    sign_in: str
    roles: tuple[str, ...]
    unit: Unit | None
    language: str
    until_at: datetime | None
    findings: tuple[Finding, ...] = ()
    known: int | None = None
    unused: bool = False  # known, and never signed in to

    @property
    def is_new(self) -> bool:
        return not self.findings and self.known is None


@dataclass(frozen=True, slots=True)
class Slip:
    """What one person is handed: shown once, kept nowhere."""

    name: str
    sign_in: str
    password: str = field(repr=False)
    roles: tuple[str, ...]
    unit: Unit | None
    until_at: datetime | None
    must_change: bool


def read(text: str) -> list[Row]:
    """The rows of a list, apart by tabs, semicolons or commas, with or without a line of headings.

    Invalid when there is none, or more than the campaign allows.
    """
    lines = text.replace("\0", "").splitlines()
    first = next((line for line in lines if line.strip()), "")
    delimiter = max("\t;,", key=first.count) if any(mark in first for mark in "\t;,") else "\t"
    found = [
        (number, [cell.strip() for cell in cells])
        for number, cells in enumerate(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter), 1)
        if any(cell.strip() for cell in cells)
    ]
    columns: tuple[str, ...] = COLUMNS
    if found:
        headings = [_HEADINGS.get(spellings.plain(cell), "") for cell in found[0][1]]
        if "name" in headings:
            columns, found = tuple(headings), found[1:]
    most = campaign.current().accounts.most_imported
    if not found:
        raise Invalid([Finding("list_empty", pointer="/list")])
    if len(found) > most:
        raise Invalid([Finding("list_long", {"found": len(found), "most": most}, pointer="/list")])
    return [Row(number, dict(zip(columns, cells, strict=False))) for number, cells in found]


def judged(
    connection: Connection, actor: Actor, rows: Iterable[Row], here: Unit, language: str
) -> list[Judged]:
    """What each row means for an actor who works `here`; nothing is written. Every fault of every row is told."""
    reading = _Reading(connection, actor, here, language)
    return [reading.judge(row) for row in rows]


def made(connection: Connection, actor: Actor, found: Iterable[Judged]) -> list[Slip]:
    """The new ones of judged rows as accounts with their roles; the slips, with passwords told nowhere else."""
    slips = []
    for one in found:
        if not one.is_new:
            continue
        password = passwords.drawn()
        account_id = accounts.create(
            connection, one.sign_in, one.name, password, one.language,
            by=actor, unit=one.unit, until_at=one.until_at, is_given=True,
        )  # fmt: skip
        for role in one.roles:
            assert one.unit is not None
            accounts.grant(connection, account_id, role, one.unit, by=actor)
        slips.append(_slip(one, password))
    return slips


def given_anew(connection: Connection, actor: Actor, found: Iterable[Judged]) -> list[Slip]:
    """New passwords for the rows that are there and were never signed in to: when a printer failed."""
    slips = []
    for one in found:
        if one.known is None or not one.unused or one.findings:
            continue
        delegations.require_managed(connection, actor, one.known)
        slips.append(_slip(one, passwords.give(connection, one.known, actor)))
    return slips


def written(rows: Iterable[Row]) -> str:
    """Rows as a list again, with headings and tabs: to be mended and sent once more."""
    lines = ["\t".join(COLUMNS), *("\t".join(row.cell(column) for column in COLUMNS) for row in rows)]
    return "\n".join(lines) + "\n"


def proposed(name: str) -> str:
    """A name to sign in with: the given name and the first letters of those before it, "Nguyễn Văn An" → annv."""
    words = [
        word for word in spellings.plain(name).replace("'", "").split() if word.isascii() and word.isalnum()
    ]
    if not words:
        return ""
    initials = "".join(word[0] for word in words[:-1])
    return f"{words[-1]}{initials}"[:30]


def day(text: str) -> date | None:
    """A day as 31/12/2021, 31-12-2021 or 2021-12-31."""
    for shape in ("%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, shape).replace(tzinfo=None).date()
        except ValueError:
            continue
    return None


def _slip(one: Judged, password: str) -> Slip:
    must_change = bool(passwords.given(one.until_at)["must_change"])
    return Slip(one.name, one.sign_in, password, one.roles, one.unit, one.until_at, must_change)


class _Reading:
    def __init__(self, connection: Connection, actor: Actor, here: Unit, language: str) -> None:
        self._connection, self._actor, self._here, self._language = connection, actor, here, language
        self._own = delegations.require(actor)
        self._taken: dict[str, int] = {}  # sign-in names of this list, with their lines
        self._named: dict[tuple[str, str], int] = {}  # names without sign-in, by unit, with their lines
        self._units: dict[str, Unit | None] = {}

    def judge(self, row: Row) -> Judged:
        findings: list[Finding] = []
        name = row.cell("name")[:LONGEST_NAME]
        if not spellings.plain(name):
            findings.append(Finding("name_missing", pointer="name"))
        unit = self._unit(row.cell("unit"), findings)
        roles = self._roles(row.cell("roles"), unit, findings)
        language = row.cell("language").lower() or self._language
        if language not in LANGUAGES:
            known = ", ".join(LANGUAGES)
            findings.append(
                Finding("list_language", {"found": language[:20], "known": known}, pointer="language")
            )
        until_at = self._until(row.cell("until"), findings)
        sign_in, known_id, unused = self._sign_in(row, name, unit, findings)
        return Judged(
            row, name, sign_in, roles, unit, language, until_at, tuple(findings), known_id, unused
        )  # fmt: skip

    def _unit(self, code: str, findings: list[Finding]) -> Unit | None:
        if code and code not in self._units:
            try:
                self._units[code] = units.by_code(self._connection, code)
            except NotFound:
                self._units[code] = None
        unit = self._units[code] if code else self._here
        if unit is not None and unit.is_active and any(unit.path.startswith(path) for path in self._own):
            return unit
        findings.append(Finding("list_unit", {"found": (code or self._here.code)[:40]}, pointer="unit"))
        return None

    def _roles(self, text: str, unit: Unit | None, findings: list[Finding]) -> tuple[str, ...]:
        roles = campaign.current().roles
        spelt = {
            spellings.plain(word): role.key
            for role in roles.values()
            for word in (role.key, role.key.replace("_", " "), *role.names.values())
        }
        may = delegations.grantable(self._actor, unit.path) if unit is not None else frozenset(roles)
        names = ", ".join(roles[key].names.get(self._language, key) for key in roles if key in may)
        chosen: list[str] = []
        for part in filter(None, (one.strip() for one in _apart(text, spelt))):
            key = spelt.get(spellings.plain(part))
            if key is None or key not in may:
                findings.append(Finding("list_role", {"found": part[:40], "known": names}, pointer="roles"))
            elif key not in chosen:
                chosen.append(key)
        if not text:
            findings.append(Finding("list_role", {"found": "", "known": names}, pointer="roles"))
        return tuple(chosen)

    def _until(self, text: str, findings: list[Finding]) -> datetime | None:
        if not text:
            return None
        last = day(text)
        if last is None:
            findings.append(Finding("list_until", {"found": text[:20]}, pointer="until"))
            return None
        ends = datetime.combine(last + timedelta(days=1), time(), settings.current().zone_info)
        if ends <= clock.now():
            findings.append(Finding("list_until_past", {"found": text[:20]}, pointer="until"))
        return ends

    def _sign_in(
        self, row: Row, name: str, unit: Unit | None, findings: list[Finding]
    ) -> tuple[str, int | None, bool]:
        """The name to sign in with, and the account that has it already, if it is the same person's."""
        written = row.cell("sign_in").lower()
        if not written:
            return self._without(row, name, unit, findings)
        if not accounts.is_sign_in(written):
            findings.append(Finding("sign_in_name", {"found": written[:60]}, pointer="sign_in"))
            return written, None, False
        first = self._taken.setdefault(written, row.number)
        if first != row.number:
            findings.append(Finding("list_twice", {"line": first}, pointer="sign_in"))
            return written, None, False
        there = self._account(tables.account.c.sign_in == written)
        if there is None:
            return written, None, False
        if spellings.plain(there[1]) != spellings.plain(name):
            findings.append(Finding("list_taken", {"sign_in": written}, pointer="sign_in"))
            return written, None, False
        return written, there[0], there[3]

    def _without(
        self, row: Row, name: str, unit: Unit | None, findings: list[Finding]
    ) -> tuple[str, int | None, bool]:
        if unit is None or not name:
            return "", None, False
        first = self._named.setdefault((spellings.plain(name), unit.code), row.number)
        if first != row.number:
            findings.append(Finding("list_same_name", {"line": first}, pointer="sign_in"))
            return "", None, False
        same = self._account(tables.account.c.unit_id == unit.id, name)
        if same is not None:
            return same[2], same[0], same[3]
        base = proposed(name)
        if not accounts.is_sign_in(base):
            findings.append(Finding("sign_in_name", {"found": base}, pointer="sign_in"))
            return base, None, False
        for number in range(1, 10_000):
            offered = base if number == 1 else f"{base}{number}"
            if offered not in self._taken and self._account(tables.account.c.sign_in == offered) is None:
                self._taken[offered] = row.number
                return offered, None, False
        raise Conflict("sign_in_taken", sign_in=base)

    def _account(self, where: ColumnElement[bool], name: str = "") -> tuple[int, str, str, bool] | None:
        table = tables.account
        rows = self._connection.execute(
            select(table.c.account_id, table.c.name, table.c.sign_in, table.c.must_change).where(where)
        )
        wanted = spellings.plain(name)
        return next(
            (
                (row.account_id, row.name, row.sign_in, row.must_change)
                for row in rows
                if not name or spellings.plain(row.name) == wanted
            ),
            None,
        )


def _apart(text: str, spelt: Mapping[str, str]) -> list[str]:
    """The roles of a cell: the whole of it when that is one role's name, which may hold a comma; else its parts."""
    if spellings.plain(text) in spelt:
        return [text]
    return text.replace(";", ",").replace("+", ",").replace("/", ",").split(",")
