"""What somebody typed to find a person: words of a name, in any order, and a birth date or year among them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, literal_column

from integrations.people import names

MOST_WORDS = 12
LONGEST_WORD = 40
SHORTEST = 2  # letters of the longest word: less would name half the country
YEARS = range(1890, 2101)
_DATE = re.compile(r"(?<![0-9])([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})(?![0-9])", re.ASCII)
_RUN_TOGETHER = re.compile(r"(?<![0-9])([0-9]{2})([0-9]{2})([0-9]{4})(?![0-9])", re.ASCII)
_YEAR = re.compile(r"(?<![0-9])([0-9]{4})(?![0-9])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """`words` are without diacritics; `diacritics` the name as typed where it has any; `born` from and to a day."""

    words: tuple[str, ...]
    born: tuple[date, date] | None
    diacritics: str = ""

    @property
    def key(self) -> str:
        return " ".join(self.words)


def read(text: str) -> Wanted | None:
    """What a text asks for: "lan 1990", "15/08/1984", "nguyen van 15081984"; None when it says too little."""
    rest, born = _born(text)
    words = tuple(names.key(rest).split())
    if len(words) > MOST_WORDS or any(len(word) > LONGEST_WORD for word in words):
        return None
    if born is None and max(map(len, words), default=0) < SHORTEST:
        return None
    return Wanted(words, born, names.lowered(rest) if names.has_diacritics(rest) else "")


def words_begin(column: ColumnElement[str], words: tuple[str, ...]) -> ColumnElement[bool]:
    """Each word begins some word of the column; served by the index on its words (ix_person_words)."""
    asked = " & ".join(f"{_quoted(word)}:*" for word in words)
    simple: ColumnElement[str] = literal_column("'simple'::regconfig")
    return func.to_tsvector(simple, column).op("@@")(func.to_tsquery(simple, asked))


def begins(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """Begins with the prefix; a comparison of two bounds, which a plain index on a "C" column serves."""
    return and_(column >= prefix, column < prefix + "\U0010ffff")


def _born(text: str) -> tuple[str, tuple[date, date] | None]:
    """The text without its date, and the days that date may mean."""
    for shape in (_DATE, _RUN_TOGETHER):
        for found in shape.finditer(text):
            day, month, year = (int(part) for part in found.groups())
            try:
                born = date(year, month, day)
            except ValueError:
                continue
            if year in YEARS:
                return _without(text, found), (born, born)
    for found in _YEAR.finditer(text):
        year = int(found[1])
        if year in YEARS:
            return _without(text, found), (date(year, 1, 1), date(year, 12, 31))
    return text, None


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"


def _quoted(word: str) -> str:
    """A word as a quoted lexeme: nothing in it is an operator."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"
