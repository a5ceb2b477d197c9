"""Whom a case is about: what does not fit together in what is known is a warning in the process's own words."""

from __future__ import annotations

from typing import Any

from web import rendering, subjects

TEXTS = {"subject.warnings.options.sex_differs": "The number says another sex", "subject.sex.title": "Sex"}


class Definition:
    def text(self, _language: str, key: str) -> str | None:
        return TEXTS.get(key)


def shown(**found: Any) -> subjects.Subject:
    return subjects._shown("7", {"name": "A", "label": "A · 1990", **found}, Definition(), "en")  # type: ignore[arg-type]


def test_a_warning_is_said_and_is_no_detail() -> None:
    subject = shown(sex="female", warnings=["sex_differs", "no_text_for_this"])
    assert subject.warnings == ("The number says another sex",)
    assert subject.details == (("Sex", "female"),)
    page = rendering.text(
        '{% import "parts.html" as parts with context %}{{ parts.about(subject) }}', "en", subject=subject
    )
    assert "tone-warn" in page
    assert "The number says another sex" in page


def test_nothing_is_warned_of_where_nothing_is_told() -> None:
    assert shown().warnings == ()
    assert shown(warnings="not a list").warnings == ()
