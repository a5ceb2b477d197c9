"""Text without its diacritics, in lower case: what people type in a hurry, and what is compared when they search."""

from __future__ import annotations

import re
import unicodedata

_BETWEEN = re.compile(r"[^\w']+", re.UNICODE)


def plain(text: str) -> str:
    """Lower case without diacritics, words apart by one space: "Nguyễn Văn Đạt" → "nguyen van dat"."""
    spread = unicodedata.normalize("NFD", text).replace("đ", "d").replace("Đ", "D")
    letters = "".join(letter for letter in spread if not unicodedata.combining(letter))
    return " ".join(_BETWEEN.sub(" ", letters.casefold()).split())
