"""Papers and numbers people are known by: one written form each, and what does not fit is said.

Rules: the citizen number of Nghị định 137/2015/NĐ-CP and Thông tư 07/2016/TT-BCA (three digits of province,
one of century and sex, two of birth year, six random); what contradicts sex or birth is a warning, never a
refusal, because papers in use do contradict.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

PROVINCES = frozenset(
    "001 002 004 006 008 010 011 012 014 015 017 019 020 022 024 025 026 027 030 031 033 034 035 036 037 038 040 042 "
    "044 045 046 048 049 051 052 054 056 058 060 062 064 066 067 068 070 072 074 075 077 079 080 082 083 084 086 087 "
    "089 091 092 093 094 095 096".split()
)
_SHAPES = {
    "cccd": re.compile(r"[0-9]{12}"),  # citizen card
    "cmnd": re.compile(r"[0-9]{9}"),  # older identity card
    "army": re.compile(r"[0-9]{8,12}"),
    "passport": re.compile(r"[A-Z][0-9]{7,8}"),
    "bhyt": re.compile(r"[A-Z]{2}[0-9]{13}|[0-9]{10}"),  # health insurance card, whole or its last ten digits
    "birth": re.compile(r"[0-9]{12}"),  # number on a birth certificate since 2016
}
TYPES = tuple(_SHAPES)
_MOBILE = re.compile(r"0[35789][0-9]{8}")
_LANDLINE = re.compile(r"02[0-9]{9}")


@dataclass(frozen=True, slots=True)
class Identifier:
    type: str
    value: str


def read(type_: str, text: str) -> Identifier | None:
    """The identifier in its one written form; None when it has not the shape of its type."""
    value = re.sub(r"[\s.-]", "", text).upper()
    shape = _SHAPES.get(type_)
    return Identifier(type_, value) if shape is not None and shape.fullmatch(value) else None


def shape(type_: str) -> str:
    """How the values of a type look, for a sentence."""
    return _SHAPES[type_].pattern


def possible(text: str) -> str | None:
    """What somebody typed, when it could be the value of some identifier or a telephone; for searching."""
    value = re.sub(r"[\s.-]", "", text).upper()
    return value if any(shape.fullmatch(value) for shape in _SHAPES.values()) else None


def phone(text: str) -> str | None:
    """A Vietnamese telephone as ten or eleven digits from 0; None when it is none."""
    digits = re.sub(r"[\s().-]", "", text)
    if digits.startswith(("+84", "0084")):
        digits = "0" + digits.removeprefix("+84").removeprefix("0084").lstrip("0")
    return digits if _MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits) else None


def warnings(identifier: Identifier, born_on: date, sex: str) -> list[str]:
    """What in a citizen number contradicts the person: `province_unknown`, `sex_differs`, `birth_year_differs`."""
    if identifier.type not in ("cccd", "birth"):
        return []
    found = []
    value = identifier.value
    century, is_female = 19 + int(value[3]) // 2, int(value[3]) % 2 == 1
    if value[:3] not in PROVINCES:
        found.append("province_unknown")
    if sex in ("male", "female") and is_female != (sex == "female"):
        found.append("sex_differs")
    if century * 100 + int(value[4:6]) != born_on.year:
        found.append("birth_year_differs")
    return found


def contradictions(papers: Iterable[Identifier], born_on: date, sex: str) -> list[str]:
    """What in somebody's papers contradicts birth or sex, each once."""
    return list(dict.fromkeys(found for paper in papers for found in warnings(paper, born_on, sex)))
