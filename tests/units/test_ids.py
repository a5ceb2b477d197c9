"""Ids in addresses: read exactly, or there is no such thing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import ids
from engine.errors import NotFound
from engine.ids import InstanceId, TaskId


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**31 - 1))
def test_a_task_is_named_and_found_by_its_address(instance: int, token: int) -> None:
    task_id = TaskId(InstanceId(instance), token)
    assert TaskId.parse(str(task_id)) == task_id


@given(st.text(max_size=60))
def test_whatever_stands_in_an_address_is_an_id_or_not_found(text: str) -> None:
    for read in (ids.parsed, TaskId.parse):
        try:
            found = read(text)
        except NotFound:
            continue
        assert (
            str(found) == text.lstrip("0") or text.strip("0-") == "" or "-0" in text or text.startswith("0")
        )


@pytest.mark.parametrize("text", ["9999999999999999999", "1" * 20, "-1", "1.0", "١٢", "", "1\0"])
def test_what_no_id_can_be_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        ids.parsed(text)


@pytest.mark.parametrize("text", ["1-2147483648", "9" * 19 + "-1", "1-", "-1", "1", "1-2-3", "1-x"])
def test_what_no_task_can_be_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        TaskId.parse(text)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2080, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),
    st.integers(0, 2**22 - 1),
    st.integers(0, ids.SHARDS - 1),
)
def test_ids_sort_by_time_and_fit_into_63_bits(at: datetime, sequence: int, shard: int) -> None:
    identifier = ids.composed(at, sequence, shard)
    assert 0 <= identifier < 2**63
    assert identifier < ids.composed(at + timedelta(seconds=1), 0, 0)
    assert abs(ids.issued_at(identifier) - at) < timedelta(seconds=1)
