"""Every format accepts what it promises and nothing near it."""

from __future__ import annotations

import pytest

from engine.forms import formats

GOOD = {
    "date": ["2021-07-10", "2020-02-29"],
    "time": ["07:30:00+07:00", "23:59:59Z", "07:30:00.5+07:00"],
    "date-time": ["2021-07-10T07:30:00+07:00", "2021-07-10T00:30:00Z"],
    "duration": ["P21D", "PT15M", "P1Y2M3DT4H5M6S", "P3W", "PT0.5S"],
    "email": ["an@example.vn", "nguyen.an+1@thu-vien.hue.vn"],
    "uri": ["https://example.vn/a?b=c", "urn:isbn:0451450523"],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000"],
    "regex": ["^[a-z]+$"],
    "phone": ["0912345678", "+84912345678"],
}
BAD = {
    "date": ["2021-02-30", "20210710", "2021-W27-6", "10/07/2021", "", "2021-07-10\n", "٢٠٢١-07-10"],
    "time": ["07:30", "25:00:00Z", "07:30:00", "07:30:00+07:00x"],
    "date-time": ["2021-07-10", "2021-07-10 07:30", "2021-07-10T07:30:00", "2021-02-30T07:30:00Z"],
    "duration": ["P", "PT", "21D", "P1DT", "P3W1D", "P-1D", ""],
    "email": ["an", "an@", "an@host", "a b@c.vn", "a@b@c.vn", ""],
    "uri": ["example.vn", "//x", "https://", "a b:c", ""],
    "uuid": ["123e4567e89b12d3a456426614174000", "{123e4567-e89b-12d3-a456-426614174000}", ""],
    "regex": ["(", "(a)\\1", "a(?=b)"],
    "phone": ["0912 345 678", "12345", "+", "09123456789012345", "phone"],
}


def test_every_format_is_tried_both_ways() -> None:
    assert set(GOOD) == set(BAD) == set(formats.FORMATS)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in GOOD.items() for text in texts])
def test_a_text_of_the_format_is_accepted(name: str, text: str) -> None:
    assert formats.FORMATS[name](text)
    formats.checker().check(text, name)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BAD.items() for text in texts])
def test_a_text_near_the_format_is_refused(name: str, text: str) -> None:
    assert not formats.FORMATS[name](text)
    assert not formats.checker().conforms(text, name)


def test_a_pattern_runs_in_linear_time() -> None:
    search = formats.pattern("^(a+)+$")
    assert search is not None and search("a" * 20_000 + "b") is None
