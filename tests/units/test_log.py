"""One line for each unit of work, and nothing of persons in any."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator
from contextvars import copy_context

import pytest

from engine import errors, log


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    with log.configured("json", stream):
        yield stream


def read(lines: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_a_unit_of_work_is_one_line_with_everything_bound_along_the_way(lines):
    with log.unit_of_work("request", route="/tasks/{task_id}", method="POST"):
        log.bind(instance_id=7, element="lend")
        log.bind(status=200)
    (line,) = read(lines)
    assert line["event"] == "request"
    assert (line["route"], line["instance_id"], line["element"], line["status"]) == (
        "/tasks/{task_id}",
        7,
        "lend",
        200,
    )
    assert line["outcome"] == "done"
    assert line["duration_ms"] >= 0
    assert line["at"].endswith("Z")


def test_a_refusal_is_told_by_its_code(lines):
    with pytest.raises(errors.Conflict), log.unit_of_work("request"):
        raise errors.Conflict("task_ended", by="Nguyễn Văn An")
    (line,) = read(lines)
    assert (line["outcome"], line["code"], line["level"]) == ("refused", "task_ended", "info")
    assert "Văn" not in lines.getvalue()


def test_a_failure_is_told_by_type_and_place_without_its_words(lines):
    with pytest.raises(ValueError, match="0912"), log.unit_of_work("job", job_id="1-2"):
        raise ValueError("phone 0912 345 678 of Nguyễn Văn An")
    (line,) = read(lines)
    assert (line["outcome"], line["error"], line["level"], line["job_id"]) == (
        "failed",
        "ValueError",
        "error",
        "1-2",
    )
    assert "test_log.py" in line["places"][-1]
    assert "0912" not in lines.getvalue()


def test_unknown_keys_do_not_pass_and_are_named(lines):
    log.info("loan_started", instance_id=7, reader="Nguyễn Văn An", answers={"phone": "0912345678"})
    (line,) = read(lines)
    assert line["left_out"] == ["answers", "reader"]
    assert "Văn" not in lines.getvalue()
    assert "0912345678" not in lines.getvalue()


def test_a_sentence_under_an_allowed_key_is_withheld(lines):
    log.info("loan_started", code="Nguyễn Văn An", element="x" * 1000)
    (line,) = read(lines)
    assert (line["code"], line["element"]) == ("(withheld)", "(withheld)")


def test_a_thread_started_within_a_unit_adds_to_its_line(lines):
    with log.unit_of_work("request"):
        context = copy_context()
        thread = threading.Thread(target=context.run, args=(lambda: log.bind(instance_id=9),))
        thread.start()
        thread.join()
    assert read(lines)[0]["instance_id"] == 9


def test_an_inner_unit_does_not_leak_into_the_outer_one(lines):
    with log.unit_of_work("turn", worker="w1"), log.unit_of_work("job", job_id="1-2"):
        log.bind(attempt=2)
    inner, outer = read(lines)
    assert (inner["event"], inner["job_id"], inner["attempt"]) == ("job", "1-2", 2)
    assert outer["event"] == "turn"
    assert "job_id" not in outer


def test_binding_outside_of_a_unit_stays_without_effect(lines):
    log.bind(instance_id=7)
    log.info("worker_started")
    assert "instance_id" not in read(lines)[0]


def test_a_library_s_warning_becomes_a_line_without_its_words(lines):
    logging.getLogger("some.library").warning("no such reader: %s", "Nguyễn Văn An")
    (line,) = read(lines)
    assert (line["event"], line["logger"], line["level"]) == ("library_spoke", "some.library", "warning")


def test_the_web_server_speaks_in_its_own_words(lines):
    logging.getLogger("uvicorn.error").warning("Shutting down")
    assert read(lines)[0]["event"] == "Shutting_down"


def test_the_web_server_s_own_request_log_is_off(lines):
    logging.getLogger("uvicorn.access").warning("GET /people?name=An")
    assert lines.getvalue() == ""


def test_text_is_for_terminals():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    with log.configured("auto", stream):
        log.info("worker_started", pid=5)
    assert "worker_started" in stream.getvalue()
    with pytest.raises(json.JSONDecodeError):
        json.loads(stream.getvalue())


def test_lines_go_where_they_went_before_once_a_block_has_ended(lines):
    handlers = logging.getLogger().handlers[:]
    with log.configured("text", io.StringIO()) as _, io.StringIO() as closed, log.configured("json", closed):
        log.info("job_taken")
    log.info("worker_started", pid=5)
    assert [line["event"] for line in read(lines)] == ["worker_started"]
    assert logging.getLogger().handlers == handlers
