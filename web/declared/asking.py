"""One look at a page: who looks, about which unit and day, and the answers, each asked at most once.

An ask that fails leaves the page standing: whatever shows its answer says the reason instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from engine import catalogue, feel, log, settings
from engine.access import Actor
from engine.errors import EngineError, ServiceTaskFailed
from engine.units import Unit
from web.declared import sources
from web.declared.pages import Ask, Page, Pages
from web.declared.sources import Question

VISITOR = Actor(None, "public", "public")  # holds no role anywhere: only queries for everybody answer it


class Unanswered(Exception):
    """What a block would show could not be found out; `refusal` says why, if the engine refused."""

    def __init__(self, refusal: EngineError | None = None) -> None:
        self.refusal = refusal
        super().__init__()


@dataclass(slots=True)
class Asking:
    """What the blocks of one page may rely on while they are shown."""

    pages: Pages
    page: Page
    connection: Connection
    actor: Actor
    language: str
    at: datetime
    unit: Unit | None
    values: dict[str, Any]  # parameters by name; of a unit its code, kind and name
    _answers: dict[str, Any] = field(default_factory=dict)
    _failures: dict[str, Unanswered] = field(default_factory=dict)

    def value(self, found: Any, more: Mapping[str, Any] | None = None) -> Any:
        """A declared value as JSON: an expression evaluated over parameters, answers and `more`, else itself."""
        if not isinstance(found, feel.Expression):
            return found
        known: dict[str, Any] = dict(self.values)
        for name in found.reads & self.page.asks.keys():
            if more is None or name not in more:
                known[name] = self.answer(name)
        known |= more or {}
        try:
            return _plain(feel.to_json(found.evaluate(known, self.moment).value))
        except (feel.FeelError, TypeError, ValueError) as unreadable:
            raise Unanswered from unreadable

    def holds(self, condition: Any, more: Mapping[str, Any] | None = None) -> bool:
        """Whether a condition is absent or true."""
        return condition is None or self.value(condition, more) is True

    def answer(self, name: str) -> Any:
        """The answer of an ask; Unanswered, each time, when it failed."""
        if name in self._failures:
            raise self._failures[name]
        if name not in self._answers:
            try:
                self._answers[name] = self._asked(self.page.asks[name])
            except Unanswered as failed:
                self._failures[name] = failed
                raise
        return self._answers[name]

    def text(self, key: str) -> str | None:
        """A text of this page, else one all pages share under `shared`, by the last part of its key."""
        found = self.pages.text(f"{self.page.key}.{key}", self.language)
        return (
            found if found is not None else self.pages.text(f"shared.{key.rpartition('.')[2]}", self.language)
        )

    def word(self, words: str, value: str) -> str:
        """The word for a constant; the constant itself where the pages have none."""
        return self.pages.text(f"words.{words}.{value}", self.language) or value

    @property
    def moment(self) -> feel.Moment:
        return feel.Moment(self.at, settings.current().zone_info)

    def question(self) -> Question:
        """What is asked of the engine; Unanswered when no unit is chosen."""
        if self.unit is None:
            raise Unanswered
        return Question(self.connection, self.actor, self.unit, self.language)

    def _asked(self, ask: Ask) -> Any:
        """Ask within a savepoint: a query that breaks must not take the page's transaction with it."""
        inputs = {name: self.value(one) for name, one in ask.inputs.items()}
        try:
            with self.connection.begin_nested():
                if ask.query is None:
                    return sources.answer(ask, self.question(), inputs)
                return catalogue.ask(self.connection, ask.query, inputs, self.actor, self.unit)
        except EngineError as refusal:
            log.warning("page_ask_refused", query=ask.query or ask.engine, code=refusal.code)
            raise Unanswered(refusal) from refusal
        except (
            SQLAlchemyError,
            ServiceTaskFailed,
            LookupError,
            TypeError,
            ValueError,
            ArithmeticError,
        ) as bug:
            log.error("page_ask_failed", query=ask.query or ask.engine, _failure=bug)
            raise Unanswered from bug


def _plain(value: Any) -> Any:
    """JSON with numbers as queries and drawings take them."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
