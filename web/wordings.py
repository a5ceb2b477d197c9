"""Names and values that stand outside their form (in a record, a decision, a variable), said as the form says them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from engine.definitions.definition import Definition
from engine.forms import Form
from engine.forms.kinds import Kind
from engine.forms.plans import Plan
from web import form_fields, readable

DEEPEST = 6  # groups and lists within each other


@dataclass(frozen=True, slots=True)
class Wordings:
    """The words of one definition in one language; `names` are those of ids that the page has looked up."""

    definition: Definition
    language: str
    zone: ZoneInfo
    names: Mapping[str, str] = field(default_factory=dict)
    _places: dict[str, list[str]] = field(default_factory=dict)
    _texts: dict[str, str | None] = field(default_factory=dict)  # looked up so far

    def label(self, name: str) -> str:
        """What a name is called: by its `title`, else as it is spelt."""
        return self.title(name) or name.replace("_", " ")

    def title(self, name: str) -> str | None:
        """What a name is declared to be called: as a variable, else as the one title all forms give it, else as the
        subject's; None when nothing says."""
        declared = self.text(f"variables.{name}")
        titles = {self.text(f"{place}.title") for place in self._of(name)} - {None}
        only = titles.pop() if len(titles) == 1 else None
        return declared or only or self.text(f"subject.{name}.title")

    def value(self, name: str, found: Any, words: Mapping[str, str] | None = None) -> str:
        """What a value held under a name reads as: `words`, a looked-up name, the text of a form's option."""
        if isinstance(found, list):
            written = "; ".join(self.value(name, one, words) for one in found)
            return readable.value(written, self.language, self.zone)
        if isinstance(found, Mapping) and found:
            parts = (said_of(self.label(key), self.value(key, one, words)) for key, one in found.items())
            return "; ".join(parts)
        if isinstance(found, str) and (found in self.names or found in (words or {})):
            return {**self.names, **(words or {})}[found]
        if isinstance(found, (str, bool, int)):
            return self._option(name, found) or readable.value(found, self.language, self.zone)
        return readable.value(found, self.language, self.zone)

    def options(self, place: str) -> dict[str, str]:
        """The words a process declares for the constants of a value, in the reader's language or the first one."""
        found: Any = self.definition.texts.get(self.language) or next(
            iter(self.definition.texts.values()), {}
        )
        for part in place.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return {key: str(word) for key, word in found.items()} if isinstance(found, Mapping) else {}

    def _option(self, name: str, found: str | bool | int) -> str | None:
        spelt = form_fields.option_text(found)
        if not spelt or "." in spelt:  # no option is spelt so; a dot would lead astray in the texts
            return None
        texts = (self.text(f"{place}.options.{spelt}") for place in (*self._of(name), f"subject.{name}"))
        return next((text for text in texts if text), None)

    def _of(self, name: str) -> list[str]:
        if not self._places:
            for form in self.definition.forms.values():
                for key, place in _fields(form, form.plan, f"forms.{form.name}.fields.", 0):
                    self._places.setdefault(key, []).append(place)
        return self._places.get(name, [])

    def text(self, key: str) -> str | None:
        """A text of the definition in this language, looked up once."""
        if key not in self._texts:
            self._texts[key] = self.definition.text(self.language, key)
        return self._texts[key]


def said_of(label: str, sentence: str) -> str:
    """A sentence said of what is labelled; a question keeps its mark as the only one between them."""
    return f"{label} {sentence}" if label.endswith(("?", ":", ".")) else f"{label}: {sentence}"


def _fields(form: Form, plan: Plan, prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    """Every field of a form by name, with the key of its texts."""
    for name, found in plan.every().items():
        yield name, f"{prefix}{name}"
        if depth >= DEEPEST:
            continue
        if found.kind is Kind.GROUP:
            yield from _fields(form, found.plan(), f"{prefix}{name}.", depth + 1)
        elif found.kind is Kind.LIST and found.item().kind is Kind.GROUP:
            yield from _fields(form, found.item().plan(), f"{prefix}{name}[].", depth + 1)
