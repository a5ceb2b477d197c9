"""Where a request comes from is what the peer or our own proxies say, never what the visitor claims."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fastapi import Request

from engine import settings
from web import bearer_view, visitors


def asked(*headers: tuple[str, str]) -> Request:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    return Request({"type": "http", "headers": raw, "client": ("10.0.0.9", 1), "method": "GET", "path": "/"})


@pytest.mark.parametrize(
    ("proxies", "told", "expected"),
    [
        (0, "1.1.1.1", "10.0.0.9"),
        (1, "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        (2, "6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1"),
        (2, "1.1.1.1", "10.0.0.9"),
        (1, "", "10.0.0.9"),
    ],
)
def test_only_entries_of_our_own_proxies_count(proxies: int, told: str, expected: str) -> None:
    with settings.using(replace(settings.current(), proxies=proxies)):
        assert visitors.address_of(asked(("x-forwarded-for", told))) == expected


def test_a_gap_names_a_variable_or_a_part_of_one_and_nothing_else() -> None:
    held = {"hour": {"at": "2021-07-27T08:00:00+07:00"}, "name": "Lan"}
    told = "{name}: {hour.at} {hour.__class__} {missing} {0} {name!r}"
    assert bearer_view.filled(told, held, "vi") == "Lan: 27/07/2021 08:00 – – {0} {name!r}"
