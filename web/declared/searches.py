"""Whether what somebody typed occurs in a text: every word of it, in any order, with or without diacritics."""

from __future__ import annotations

import unicodedata


def matches(typed: str, text: str) -> bool:
    """Whether each typed word begins somewhere in the text."""
    found = folded(text)
    return all(word in found for word in folded(typed).split())


def folded(text: str) -> str:
    """A text without case and without marks above and below its letters."""
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))
