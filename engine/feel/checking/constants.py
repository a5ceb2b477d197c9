"""Calls whose arguments are written out: what makes a number, date, time, duration or range of them, or cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.feel import patterns, types
from engine.feel import syntax as tree
from engine.feel.arithmetic import negate
from engine.feel.budgets import EPOCH, Run
from engine.feel.checking.mismatches import Mismatch
from engine.feel.faults import Refusal
from engine.feel.functions.declared import BUILT_IN
from engine.feel.types import Type
from engine.feel.values import kind

if TYPE_CHECKING:
    from engine.feel.checking.checker import Checker

_MAKERS = ("number", "date", "time", "date and time", "duration", "range")
_PATTERNS = {
    "matches": slice(1, 3),
    "replace": slice(1, 4, 2),
    "split": slice(1, 2),
}  # arguments: pattern, flags


def call(checker: Checker, node: tree.Call, name: str) -> Type | None:
    """What a call on constants gives; refused where that can only be null. None where it has to be worked out."""
    if name in _PATTERNS and not node.names:
        return _pattern(checker, node, name)
    if name not in _MAKERS or not all(map(_is_constant, node.arguments)):
        return None
    given, run = [_value(argument) for argument in node.arguments], Run(EPOCH)
    made = BUILT_IN[name]
    try:
        value = made.call_named(run, node.names, given) if node.names else made.call(run, given)
    except Refusal as refusal:
        return None if refusal.code == "argument_kind" else _unreadable(checker, node, name, refusal)
    return types.plain(kind(value)) if name != "range" else None


def _unreadable(checker: Checker, node: tree.Call, name: str, refusal: Refusal) -> Type:
    """Said of the text where there is one only, else of the call."""
    texts = [one for one in node.arguments if isinstance(one, tree.Literal) and isinstance(one.value, str)]
    at = texts[0] if len(texts) == len(node.arguments) == 1 else node
    code = "separators" if refusal.code == "separator_unknown" else f"unreadable_{name.replace(' ', '_')}"
    return checker.refuse(Mismatch(code, {}, checker.place(at)))


def _is_constant(node: tree.Node) -> bool:
    inner = node.operand if isinstance(node, tree.Negation) else node
    return isinstance(inner, tree.Literal)


def _value(node: tree.Node) -> object:
    if isinstance(node, tree.Negation):
        return negate(_value(node.operand))
    assert isinstance(node, tree.Literal)
    return node.value


def _pattern(checker: Checker, node: tree.Call, name: str) -> Type | None:
    """Null when a pattern written as a constant text can never be run."""
    written = node.arguments[_PATTERNS[name]]
    given = [one.value for one in written if isinstance(one, tree.Literal) and isinstance(one.value, str)]
    if not given or len(given) < len(written):
        return None
    try:
        found = patterns.compiled(given[0], "".join(given[1:]), Run(EPOCH), "")
        if name != "matches" and found.search("") is not None:
            raise Refusal("pattern_matches_nothing")
    except Refusal as refusal:
        place = checker.place(written[-1 if refusal.code == "pattern_flags" else 0])
        return checker.refuse(Mismatch(refusal.code, refusal.params, place))
    return None
