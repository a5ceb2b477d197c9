"""Options that a query gives are compared with the answer as it is kept."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from engine import catalogue, forms
from web import offers, sheets

FORM = {
    "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
    "properties": {"hour": {"type": "string", "x-ui": {"options_query": {
        "query": "counter.free_hours", "value": "hour", "label": ["hour"]}}}},
}  # fmt: skip


def test_an_hour_told_in_utc_is_still_free_when_it_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"hours": [{"hour": "2021-07-27T01:00:00Z"}, {"hour": "2021-07-27T09:00:00+07:00"}]}
    monkeypatch.setattr(catalogue, "current", lambda: SimpleNamespace(queries={"counter.free_hours": None}))
    monkeypatch.setattr(catalogue, "ask", lambda *asked: told)
    form = forms.read("wish_hour", json.dumps(FORM).encode(), "wish_hour.json")
    nobody: Any = None
    options = offers.of(nobody, form, {}, {}, nobody, nobody, "en")
    assert [value for value, _ in options["hour"]] == [
        "2021-07-27T08:00:00+07:00",
        "2021-07-27T09:00:00+07:00",
    ]
    for posted in ("2021-07-27T01:00:00Z", "2021-07-27T08:00:00+07:00"):
        kept = forms.judge(form, {"hour": posted}, {}, sheets.moment()).answers
        assert offers.gone(kept, options) == []
