"""One line for each unit of work, with identifiers only: what is personal cannot get into the log.

Only the keys in ALLOWED pass, and of their values only numbers and short texts without spaces. An error
is logged by its type and its places in the code; its message may show values and stays out.
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

import msgspec
import structlog

from engine import errors

ALLOWED = frozenset(
    """
    account_id actor_id address attempt call code command_id count definition deployment_id duration_ms
    element error event incident_id instance_id instance_state job job_id kind language lane level logger method
    outcome pid port process query queue release_id request_id revision role route service_task state status
    submission_id task_id timer token unit_id url_path version version_id worker
    """.split()
)
LONGEST = 160  # characters of a text
LIBRARIES_IN_WORDS = ("uvicorn.error", "alembic")  # say nothing of persons; of others only that they spoke
FRAMES = 12

_work: ContextVar[dict[str, Any] | None] = ContextVar("work", default=None)


@contextmanager
def configured(log_format: str = "auto", stream: TextIO | None = None) -> Iterator[None]:
    """Write lines to `stream` (standard error): `json`, `text`, or `auto`: text on a terminal, else JSON.

    The warnings of libraries that use Python's own logging become lines too. When the block ends, lines go where
    they went before.
    """
    was_configured, before = structlog.is_configured(), structlog.get_config()
    libraries = logging.getLogger()
    handlers, level = libraries.handlers[:], libraries.level
    _configure(log_format, stream)
    try:
        yield
    finally:
        libraries.handlers[:] = handlers
        libraries.setLevel(level)
        if was_configured:
            structlog.configure(**before)
        else:
            structlog.reset_defaults()


def info(event: str, **facts: Any) -> None:
    """Note something that happened: `event` in the past tense, the rest identifiers and counts."""
    structlog.get_logger().info(event, **facts)


def warning(event: str, **facts: Any) -> None:
    """Note something that somebody should look at one day."""
    structlog.get_logger().warning(event, **facts)


def error(event: str, **facts: Any) -> None:
    """Note something that somebody must look at now; `_failure` takes the exception, shown by type and places."""
    structlog.get_logger().error(event, **facts)


def bind(**facts: Any) -> None:
    """Add to the line which the present unit of work ends with; outside of one there is none to add to."""
    work = _work.get()
    if work is not None:
        work.update(facts)


@contextmanager
def unit_of_work(name: str, **facts: Any) -> Iterator[dict[str, Any]]:
    """One request, job, timer or command: its single line is written at its end, and how it ended.

    `outcome` is `done`, `refused` (one of our refusals, with its code) or `failed` (with type and places),
    unless the work bound another. What is raised goes on to the caller.
    """
    work = dict(facts)
    before = _work.set(work)  # a mapping, not a context variable each: a thread started within adds to it too
    began = time.perf_counter()
    write = info
    try:
        yield work
        work.setdefault("outcome", "done")
    except errors.EngineError as refusal:
        work.setdefault("outcome", "refused")
        work["code"] = refusal.code
        raise
    except Exception as failure:
        work.setdefault("outcome", "failed")
        work["_failure"] = failure
        write = error
        raise
    finally:
        work["duration_ms"] = round((time.perf_counter() - began) * 1000, 1)
        write(name)
        _work.reset(before)


def only_allowed(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The line with what may be in it; the names of what was left out are told, so that they are mended."""
    failure = event.pop("_failure", None)
    kept: dict[str, Any] = {key: _shown(value) for key, value in event.items() if key in ALLOWED}
    left_out = sorted(key for key in event if key not in ALLOWED)
    if left_out:
        kept["left_out"] = left_out
    if failure is not None:
        kept |= {"error": type(failure).__qualname__, "places": places(failure)}
    return kept


def places(failure: BaseException) -> list[str]:
    """Where in the code it happened, innermost last, without the words of the error."""
    frames = traceback.extract_tb(failure.__traceback__)[-FRAMES:]
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _configure(log_format: str, stream: TextIO | None) -> None:
    target = stream or sys.stderr
    as_text = log_format == "text" or (log_format == "auto" and target.isatty())
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=target.isatty(), sort_keys=False)
        if as_text
        else structlog.processors.JSONRenderer(serializer=_json)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _with_work,
            only_allowed,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at" if not as_text else "timestamp"),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=stream) if stream else _standard_error,
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_FromLibraries()], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"  # a request is a unit of work of ours


def _with_work(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {**(_work.get() or {}), **event}


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    if len(text) > LONGEST or any(letter.isspace() for letter in text):
        return "(withheld)"
    return text


def _short(filename: str) -> str:
    """The path from the package on: where the program is installed tells nothing."""
    parts = filename.split("/")
    return "/".join(parts[parts.index("site-packages") + 1 :] if "site-packages" in parts else parts[-3:])


def _json(value: Any, **_options: Any) -> str:
    return msgspec.json.encode(value).decode()


def _standard_error(*_names: Any) -> structlog.PrintLogger:
    """Looked up at each line, since tests and services exchange the stream."""
    return structlog.PrintLogger(file=sys.stderr)


class _FromLibraries(logging.Handler):
    """Python's own log records as lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        facts: dict[str, Any] = {"logger": record.name}
        if record.exc_info and record.exc_info[1] is not None:
            facts["_failure"] = record.exc_info[1]
        structlog.get_logger().log(record.levelno, self._event(record), **facts)

    @staticmethod
    def _event(record: logging.LogRecord) -> str:
        if record.exc_info or not record.name.startswith(LIBRARIES_IN_WORDS):
            return "library_spoke"
        return record.getMessage().splitlines()[0].replace(" ", "_")
