"""Names as people write and say them: one spelling to keep, and a key that ignores diacritics to search by."""

from __future__ import annotations

import re
import unicodedata

from engine import spellings

_BETWEEN = re.compile(r"[^\w']+", re.UNICODE)


def written(name: str) -> str:
    """A name as it is kept: composed (NFC), single spaces, no control characters."""
    composed = unicodedata.normalize("NFC", name)
    kept = (letter for letter in composed if letter.isspace() or unicodedata.category(letter)[0] != "C")
    return " ".join("".join(kept).split())


def lowered(name: str) -> str:
    """A name with its diacritics, in lower case: what is compared when the searcher typed diacritics."""
    return written(name).lower()


def key(name: str) -> str:
    """A name without diacritics, in lower case, words apart by one space: "Nguyễn Văn Đạt" → "nguyen van dat"."""
    return spellings.plain(name)


def words(name: str) -> tuple[str, ...]:
    """The different words of a name's key, in order."""
    return tuple(dict.fromkeys(key(name).split()))


def has_diacritics(text: str) -> bool:
    """Whether the searcher took the trouble to type diacritics."""
    return key(text) != " ".join(_BETWEEN.sub(" ", text.casefold()).split())
