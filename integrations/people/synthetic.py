"""Invented people, the same for the same seed: plausible Vietnamese names, valid papers, nobody real.

Frequencies of surnames are rough shares of the population; citizen numbers follow their rule
(`identifiers`), with the province of one's unit; telephones use the prefixes of mobile networks.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from integrations.people.identifiers import Identifier
from integrations.people.registry import Details

_SURNAMES = (
    ("Nguyễn", 384), ("Trần", 121), ("Lê", 95), ("Phạm", 70), ("Hoàng", 51), ("Huỳnh", 51), ("Phan", 45), ("Vũ", 39),
    ("Võ", 39), ("Đặng", 21), ("Bùi", 20), ("Đỗ", 14), ("Hồ", 13), ("Ngô", 13), ("Dương", 10), ("Lý", 5), ("Đinh", 5),
    ("Trịnh", 4), ("Mai", 3), ("Đoàn", 3),
)  # fmt: skip
_MIDDLE = {
    "male": (
        "Văn",
        "Hữu",
        "Đức",
        "Công",
        "Quang",
        "Minh",
        "Anh",
        "Đình",
        "Xuân",
        "Ngọc",
        "Thành",
        "Quốc",
        "",
    ),
    "female": (
        "Thị",
        "Thị",
        "Thị",
        "Ngọc",
        "Thu",
        "Thanh",
        "Kim",
        "Phương",
        "Mai",
        "Bích",
        "Hồng",
        "Minh",
        "",
    ),
}
_GIVEN = {
    "male": (
        "An", "Bình", "Cường", "Dũng", "Đạt", "Đức", "Giang", "Hải", "Hiếu", "Hòa", "Hùng", "Huy", "Khang", "Khoa",
        "Kiên", "Lâm", "Long", "Mạnh", "Minh", "Nam", "Nghĩa", "Phong", "Phúc", "Quân", "Quang", "Sơn", "Tài", "Thắng",
        "Thịnh", "Tiến", "Toàn", "Trung", "Tuấn", "Tùng", "Việt", "Vinh",
    ),
    "female": (
        "An", "Ánh", "Bích", "Châu", "Chi", "Diễm", "Dung", "Duyên", "Hà", "Hạnh", "Hằng", "Hiền", "Hoa", "Hồng",
        "Hương", "Huyền", "Lan", "Liên", "Linh", "Loan", "Ly", "Mai", "My", "Nga", "Ngân", "Ngọc", "Nhung", "Oanh",
        "Phương", "Quyên", "Tâm", "Thảo", "Thủy", "Trang", "Trinh", "Tuyết", "Vân", "Yến",
    ),
}  # fmt: skip
_STREETS = (
    "Trần Hưng Đạo",
    "Lê Lợi",
    "Nguyễn Huệ",
    "Hai Bà Trưng",
    "Quang Trung",
    "Lý Thường Kiệt",
    "Điện Biên Phủ",
)
_MOBILE = ("032", "035", "038", "056", "070", "077", "081", "086", "090", "091", "093", "096", "098")


def people(
    seed: int,
    count: int,
    provinces: Sequence[str] = ("079",),
    units: Sequence[str] = (),
    on: date = date(2021, 7, 1),
) -> Iterator[Details]:
    """`count` different people, aged 0 to 99 on a day; `provinces` are codes of three digits, `units` unit codes."""
    drawn = random.Random(seed)
    taken: set[str] = set()
    for _ in range(count):
        sex = drawn.choice(("male", "female"))
        born_on = on - timedelta(days=int(drawn.triangular(0, 99 * 365.25, 34 * 365.25)))
        number = _citizen_number(drawn, drawn.choice(list(provinces)), born_on, sex)
        while number in taken:
            number = _citizen_number(drawn, drawn.choice(list(provinces)), born_on, sex)
        taken.add(number)
        of_age = on.year - born_on.year >= 14
        yield Details(
            name=_name(drawn, sex),
            born_on=born_on,
            sex=sex,
            address=f"{drawn.randint(1, 299)} {drawn.choice(_STREETS)}",
            unit_code=drawn.choice(list(units)) if units else None,
            identifiers=(Identifier("cccd" if of_age else "birth", number),),
            phones=(f"{drawn.choice(_MOBILE)}{drawn.randrange(10_000_000):07d}",),
            number=drawn.getrandbits(35),
        )


def _name(drawn: random.Random, sex: str) -> str:
    surname = drawn.choices([name for name, _ in _SURNAMES], [share for _, share in _SURNAMES])[0]
    return " ".join(part for part in (surname, drawn.choice(_MIDDLE[sex]), drawn.choice(_GIVEN[sex])) if part)


def _citizen_number(drawn: random.Random, province: str, born_on: date, sex: str) -> str:
    century_and_sex = 2 * (born_on.year // 100 - 19) + (1 if sex == "female" else 0)
    return f"{province}{century_and_sex}{born_on.year % 100:02d}{drawn.randrange(1_000_000):06d}"
