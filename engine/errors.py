"""The engine's refusals and outside failures: seven classes, no more (docs/STYLE rules in CONTRIBUTING)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from engine import texts


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a definition or an answer, said so that a person can mend it.

    `code` names a sentence under `findings:` in engine/texts/{vi,en}.yaml; `params` fill its gaps.
    `file`, `line` and `element` say where; `pointer` is a JSON pointer into answers or a YAML/JSON file.
    """

    code: str
    params: dict[str, Any] = field(default_factory=dict)
    file: str | None = None
    line: int | None = None
    element: str | None = None
    pointer: str | None = None
    severity: str = "error"  # "error" stops a publication, "warning" is shown and does not

    def sentence(self, language: str = "vi") -> str:
        """What was expected, what was found, what to do: in the reader's language."""
        return texts.sentence(f"findings.{self.code}", language, **self.params)

    def place(self) -> str:
        """Where it is, as `file:line element`, with what is known."""
        where = f"{self.file or ''}:{self.line}" if self.line else (self.file or "")
        return " ".join(part for part in (where, self.element or self.pointer) if part)


class EngineError(Exception):
    """Base of the refusals. `code` names a sentence under `errors:` in engine/texts/{vi,en}.yaml."""

    def __init__(self, code: str, **params: Any) -> None:
        self.code, self.params = code, params
        super().__init__(code)

    def sentence(self, language: str = "vi") -> str:
        return texts.sentence(f"errors.{self.code}", language, **self.params)

    def __str__(self) -> str:
        return self.sentence("en")


class NotFound(EngineError):
    """No such thing, or not for you."""


class NotAllowed(EngineError):
    """The actor's roles or units do not permit it."""


class Conflict(EngineError):
    """The world moved on: somebody else was faster, or the thing has ended."""


class Invalid(EngineError):
    """Answers or a definition break a rule; `findings` say which and how to mend it."""

    def __init__(self, findings: Iterable[Finding], code: str = "invalid") -> None:
        self.findings = tuple(findings)
        super().__init__(code, count=len(self.findings))

    def __str__(self) -> str:
        return "; ".join(f"{found.place()}: {found.sentence('en')}".lstrip(": ") for found in self.findings)


def told(failure: Exception) -> dict[str, Any]:
    """A failure as an incident keeps it: its sentence, and of a refusal what is needed to say it in any language."""
    if isinstance(failure, EngineError) and not isinstance(failure, Invalid):
        params = {name: str(value)[:200] for name, value in failure.params.items()}
        return {"reason": str(failure)[:500], "refusal": {"code": failure.code, "params": params}}
    return {"reason": str(failure)[:500]}


class ServiceTaskFailed(Exception):
    """Something outside failed technically; the job is tried again later, then becomes an incident."""


class BusinessError(Exception):
    """A refusal the process models: becomes the BPMN error `code`."""

    def __init__(self, code: str, message: str = "") -> None:
        self.code, self.message = code, message
        super().__init__(f"{code}: {message}" if message else code)
