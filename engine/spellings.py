"""The spellings of one text: composed, as files are read, and without diacritics, as people type when they search."""

from __future__ import annotations

import re
import unicodedata

_BETWEEN = re.compile(r"[^\w']+", re.UNICODE)


def composed(text: str) -> str:
    """Letters with their diacritics as one character each (NFC), whichever way a keyboard or an editor put them."""
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def plain(text: str) -> str:
    """Lower case without diacritics, words apart by one space: "Nguyễn Văn Đạt" → "nguyen van dat"."""
    spread = unicodedata.normalize("NFD", text).replace("đ", "d").replace("Đ", "D")
    letters = "".join(letter for letter in spread if not unicodedata.combining(letter))
    return " ".join(_BETWEEN.sub(" ", letters.casefold()).split())
