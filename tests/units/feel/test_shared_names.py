"""Names known around a text are shared by all texts read there; what one text declares stays its own."""

from __future__ import annotations

import pytest

from engine import feel
from engine.feel.types import NUMBER
from tests.units.feel.evaluated import MOMENT

NAMES = ("first name", "age")


def test_what_one_text_declares_is_unknown_to_the_next() -> None:
    names = ("year of birth",)
    assert feel.compile("{own name: 1, twice: own name * 2}.twice", names).json({}, MOMENT) == 2
    for text in ("own name", "{a: 1}.own name"):
        with pytest.raises(feel.FeelError):
            feel.compile(text, names)


def test_names_with_spaces_are_read_in_every_text_of_their_scope() -> None:
    for _ in range(2):
        assert feel.compile("first name + x.first name", NAMES).names == {"first name", "x"}
        assert feel.compile('time("12:00:00+01:00").time offset', NAMES).json({}, MOMENT) == "PT1H"


def test_the_types_known_around_a_text_matter_to_it_alone() -> None:
    assert feel.compile("1 instance of my number", (), {"my number": NUMBER}).json({}, MOMENT) is True
    with pytest.raises(feel.FeelError):
        feel.compile("1 instance of my number", (), {})
