"""The values in a YAML flow: names, expressions, times, literals; each wrong one a finding with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine import errors, feel
from engine.bpmn import times
from engine.bpmn.marked_yaml import Marked, escaped

NAME_LIMIT = 40

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z", re.ASCII)
_KEY = re.compile(r"[a-z][a-z0-9_-]*\Z", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}\Z", re.ASCII)
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}\Z", re.ASCII)
_SERVICE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\Z", re.ASCII)


class Findings:
    """Reads values out of a process.yaml and gathers what is wrong, and the line of each element."""

    def __init__(self, process: Marked, file: str) -> None:
        self.process, self.file = process, file
        self.findings: list[errors.Finding] = []
        self.lines: dict[str, int] = {}

    def add(self, code: str, pointer: str, element: str | None = None, **params: object) -> None:
        line = self.process.line(pointer)
        self.findings.append(errors.Finding(f"flow.{code}", params, self.file, line, element, pointer))

    def name(self, value: Any, pointer: str) -> str | None:
        """A step's or branch's name."""
        if is_name(value):
            return str(value)
        self.add("name", pointer, found=shown(value), limit=NAME_LIMIT)
        return None

    def key(self, value: Any, pointer: str) -> str | None:
        """The key of a form, decision, message or process."""
        if is_name(value, hyphens=True):
            return str(value)
        self.add("key", pointer, found=shown(value))
        return None

    def variable(self, value: Any, pointer: str) -> str | None:
        return self._matching(value, pointer, _VARIABLE, "variable")

    def code(self, value: Any, pointer: str) -> str | None:
        return self._matching(value, pointer, _CODE, "error_code")

    def service(self, value: Any, pointer: str) -> str | None:
        return self._matching(value, pointer, _SERVICE, "service")

    def _matching(self, value: Any, pointer: str, pattern: re.Pattern[str], code: str) -> str | None:
        if isinstance(value, str) and pattern.match(value):
            return value
        self.add(code, pointer, found=shown(value))
        return None

    def boolean(self, value: Any, pointer: str) -> bool:
        if not isinstance(value, bool):
            self.add("boolean", pointer, found=shown(value))
        return value is True

    def steps(self, value: Any, pointer: str) -> list[Any]:
        """A list of steps, possibly empty."""
        if isinstance(value, list):
            return value
        if value is not None:
            self.add("steps", pointer, found=shown(value))
        return []

    def entries(self, value: Any, pointer: str) -> list[tuple[str, dict[str, Any]]]:
        """The maps of a list, each with its pointer."""
        if not isinstance(value, list) or not value:
            self.add("list", pointer, found=shown(value))
            return []
        found = []
        for index, entry in enumerate(value):
            if isinstance(entry, dict):
                found.append((f"{pointer}/{index}", entry))
            else:
                self.add("map", f"{pointer}/{index}", found=shown(entry))
        return found

    def map(self, value: Any, pointer: str) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        self.add("map", pointer, found=shown(value))
        return {}

    def expression(self, value: Any, pointer: str) -> str:
        """What must be FEEL; a leading `=` is optional."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, (str, int, float)) or not str(value).strip():
            self.add("expression", pointer, found=shown(value))
            return "null"
        return self._compiled(literal(value) if not isinstance(value, str) else _without_mark(value), pointer)

    def value(self, value: Any, pointer: str) -> str:
        """What may be FEEL: text beginning with `=`, also inside maps and lists; all else stands for itself."""
        match value:
            case str() if value.lstrip().startswith("="):
                return self._compiled(_without_mark(value), pointer)
            case dict():
                parts = [
                    f"{literal(k)}: {self.value(v, f'{pointer}/{escaped(k)}')}" for k, v in value.items()
                ]
                return "{" + ", ".join(parts) + "}"
            case list():
                return "[" + ", ".join(self.value(v, f"{pointer}/{i}") for i, v in enumerate(value)) + "]"
            case _:
                return literal(value)

    def assignments(self, value: Any, pointer: str, must_be_feel: bool = False) -> dict[str, str]:
        """A map of variables to values, as FEEL."""
        found = {}
        for target, source in self.map(value, pointer).items():
            at = f"{pointer}/{escaped(target)}"
            if self.variable(target, at):
                found[target] = self.expression(source, at) if must_be_feel else self.value(source, at)
        return found

    def time(self, value: Any, pointer: str, kind: str) -> str:
        """A literal time or `= FEEL`, as it is written in BPMN."""
        text = str(value).strip() if isinstance(value, str) else ""
        if text.startswith("="):
            return f"= {self._compiled(_without_mark(text), pointer)}"
        if not times.valid(kind, text):
            line = self.process.line(pointer)
            params = {"text": shown(value)}
            self.findings.append(
                errors.Finding(f"structure.timer.{kind}", params, self.file, line, None, pointer)
            )
        return text

    def _compiled(self, text: str, pointer: str) -> str:
        try:
            feel.compile(text)
        except feel.FeelError as error:
            self.add("feel", pointer, text=shown(text), vi=error.sentence("vi"), en=error.sentence("en"))
            return "null"
        return text


def is_name(value: Any, hyphens: bool = False) -> bool:
    """Whether a value may name a step, or with hyphens a key. Ids of flows have `__` in them, those of
    generated nodes a hyphen, those of messages and errors a capital: none can be that of a step."""
    if not isinstance(value, str) or len(value) > NAME_LIMIT:
        return False
    return bool((_KEY if hyphens else _NAME).match(value)) and "__" not in value and not value.endswith("_")


def correlation_keys(found: Findings) -> Mapping[str, str]:
    """The FEEL of each message's correlation key, from `messages:` of process.yaml."""
    messages = found.process.value.get("messages")
    keys = {}
    for name, rule in messages.items() if isinstance(messages, dict) else ():
        if isinstance(rule, dict) and rule.get("key") is not None:
            keys[name] = found.expression(rule["key"], f"/messages/{escaped(name)}/key")
    return keys


def literal(value: Any) -> str:
    """A YAML value as FEEL."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return format(Decimal(repr(value)), "f")
        case _:
            return json.dumps(value, ensure_ascii=False)


def shown(value: Any) -> str:
    """A value as a sentence may show it."""
    if value is None:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _without_mark(text: str) -> str:
    stripped = text.strip()
    return stripped[1:].strip() if stripped.startswith("=") else stripped
