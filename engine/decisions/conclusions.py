"""What came out, in a word, and the rules that it comes from: what one sentence for a reader needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine import feel
from engine.decisions.explanations import Explanation, constant


@dataclass(frozen=True, slots=True)
class Headline:
    """The part of a decision's value that says most: `name` is empty where the value is all of it."""

    name: str
    value: feel.Json


@dataclass(frozen=True, slots=True)
class Reason:
    """Rules of one table that led to the conclusion, by number."""

    explanation: Explanation
    rules: tuple[int, ...]


def headline(explanation: Explanation) -> Headline | None:
    """The value itself when it is simple, else the first of its members that is; None when nothing is."""
    value = explanation.value
    if isinstance(value, Mapping):
        names = [name for name in members(explanation) if name in value]
        return next((Headline(name, value[name]) for name in names if _is_simple(value[name])), None)
    return Headline("", value) if _is_simple(value) else None


def members(explanation: Explanation) -> tuple[str, ...]:
    """The names of the value's parts in the order in which the model has them."""
    decision = explanation.decision
    if decision is None:
        return ()
    return tuple(clause.name for clause in decision.outputs) or decision.members


def reasons(explanation: Explanation) -> tuple[Reason, ...]:
    """The rules that the conclusion comes from.

    Those that decided it, or, where required decisions came to the very same word first, theirs: what says “defer”
    because a table of findings said so is explained by the finding. A table that requires another one with that
    word is left out for it.
    """
    found = headline(explanation)
    word = found.value if found is not None and isinstance(found.value, str) else None
    every = {one.key: one for one in explanation.every()}
    speaking = {key: rules for key, one in every.items() if (rules := _saying(one, word))}
    if explanation.deciding:
        speaking.setdefault(explanation.key, explanation.deciding)
    return tuple(
        Reason(every[key], rules)
        for key, rules in speaking.items()
        if not any(below in speaking for below in _below(every, key))
    )


def _saying(explanation: Explanation, word: str | None) -> tuple[int, ...]:
    """The deciding rules of a table that conclude a word, in so many words or as it came out."""
    decision = explanation.decision
    if decision is None or word is None:
        return ()
    return tuple(
        number
        for place, number in enumerate(explanation.deciding)
        if any(constant(cell) == word for cell in decision.rules[number - 1].outputs)
        or word in _gathered(explanation, place)
    )


def _gathered(explanation: Explanation, place: int) -> tuple[feel.Json, ...]:
    """What a rule of a table that gathers came to, of which the value has one for each rule that decided."""
    value = explanation.value
    if not isinstance(value, list) or len(value) != len(explanation.deciding):
        return ()
    return tuple(value[place].values()) if isinstance(value[place], Mapping) else (value[place],)


def _below(every: Mapping[str, Explanation], key: str) -> set[str]:
    """The decisions that one requires, directly or through others."""
    found: set[str] = set()
    open_ones = [key]
    while open_ones:
        one = every.get(open_ones.pop())
        for other in (*(part.key for part in one.parts), *one.again) if one else ():
            if other not in found:
                found.add(other)
                open_ones.append(other)
    return found


def _is_simple(value: feel.Json) -> bool:
    return value is not None and not isinstance(value, (Mapping, list))
