"""The literal times of timers: ISO 8601 dates, durations and repetitions, known to be right or wrong.

Durations follow ISO 8601 as XML Schema and FEEL write them: `P2D`, `PT1H30M`, `P1M`, also weeks `P3W`.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime

_DURATION = re.compile(
    r"P(?!\Z)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?)\Z", re.ASCII
)
_CYCLE = re.compile(r"R(\d*)/(P.*)\Z", re.ASCII)


def literal(text: str) -> str | None:
    """The text of an expression that is nothing but a quoted string; None for any other expression."""
    if len(text) < 2 or text[0] != '"' or '"' in text[1:-1].replace('\\"', ""):
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, str) else None


def valid(kind: str, text: str) -> bool:
    """Whether a literal is a time of the kind `timeDate`, `timeDuration` or `timeCycle`."""
    match kind:
        case "timeDate":
            return _is_date(text)
        case "timeDuration":
            return _is_duration(text)
        case _:
            cycle = _CYCLE.match(text)
            return cycle is not None and cycle.group(1) != "0" and _is_duration(cycle.group(2))


def _is_duration(text: str) -> bool:
    return len(text) <= 40 and _DURATION.match(text) is not None


def _is_date(text: str) -> bool:
    try:
        (datetime if "T" in text else date).fromisoformat(text)
    except ValueError:
        return False
    return bool(re.match(r"\d{4}-\d{2}-\d{2}", text, re.ASCII))
