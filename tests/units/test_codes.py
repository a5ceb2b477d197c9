"""Codes survive being read aloud, typed and scanned: what is wrong is noticed, what is meant is understood."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine import codes

CODES = st.integers(0, (1 << 35) - 1).map(codes.issue)


@given(CODES, st.data())
def test_a_code_notices_every_wrong_character(code, data):
    place = data.draw(st.integers(0, codes.LENGTH - 1))
    other = data.draw(st.sampled_from([symbol for symbol in codes.ALPHABET if symbol != code[place]]))
    assert codes.read(code) == code
    assert codes.read(code[:place] + other + code[place + 1 :]) is None


@given(CODES, st.integers(0, codes.LENGTH - 1), st.integers(0, codes.LENGTH - 1))
def test_a_code_notices_two_characters_exchanged(code, one, other):
    letters = list(code)
    letters[one], letters[other] = letters[other], letters[one]
    swapped = "".join(letters)
    assert codes.read(swapped) == (code if swapped == code else None)


@given(CODES)
def test_a_code_is_read_as_people_type_it(code):
    assert codes.read(f" {codes.shown(code).lower()} ") == code
    assert codes.read(code.replace("0", "O").replace("1", "I")) == code
    assert codes.read(code.replace("0", "o").replace("1", "l")) == code


@given(st.text(max_size=30))
def test_anything_else_is_no_code_or_a_valid_one(typed):
    code = codes.read(typed)
    assert code is None or codes.read(code) == code


def test_a_random_code_is_hardly_ever_the_same():
    assert len({codes.issue() for _ in range(1000)}) == 1000
