"""What changed between two versions of a file of decisions: rule by rule and cell by cell.

Rules are paired by id, then (an editor may have given new ids) by equal conditions, then by equal conclusions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from engine.bpmn import xml
from engine.decisions.models import DecisionModel, Rule, Table
from engine.definitions import contents

Difference = tuple[str, str, dict[str, Any]]
"""The code of a sentence, the decision, and what fills the sentence."""


def differences(
    old: DecisionModel | None, new: DecisionModel | None, before: bytes, after: bytes, path: str
) -> Iterator[Difference]:
    """Every difference between two versions of a file; None for a model that process.yaml does not use."""
    if old is None or new is None:
        if contents.meaning(path, before) != contents.meaning(path, after):
            yield "file_changed", path, {"file": path}
        return
    for key in new.decisions.keys() - old.decisions.keys():
        yield "decision_added", key, {}
    for key in old.decisions.keys() - new.decisions.keys():
        yield "decision_removed", key, {}
    for key in sorted(old.decisions.keys() & new.decisions.keys()):
        earlier, later = old.decisions[key], new.decisions[key]
        if earlier.table is not None and later.table is not None:
            yield from ((code, key, params) for code, params in _tables(earlier.table, later.table))
        elif _logic(before, path, key) != _logic(after, path, key):
            yield "logic_changed", key, {"old": _text(before, path, key), "new": _text(after, path, key)}


def _tables(old: Table, new: Table) -> Iterator[tuple[str, dict[str, Any]]]:
    if old.hit_policy != new.hit_policy or old.aggregation != new.aggregation:
        yield "hit_policy_changed", {"old": old.hit_policy.value, "new": new.hit_policy.value}
    columns, missing = _columns(old), _columns(new)
    yield from (("column_added", {"column": name}) for name in missing if name not in columns)
    yield from (("column_removed", {"column": name}) for name in columns if name not in missing)
    yield from _required(old, new)
    yield from _permissive(old, new)
    paired = _paired(old, new)
    partners = {id(later): earlier for earlier, later in paired}
    for rule in new.rules:
        if id(rule) not in partners:
            yield "rule_added", {"rule": rule.number, "cells": _written(new, rule)}
            continue
        earlier = partners[id(rule)]
        before, after = _cells(old, earlier), _cells(new, rule)
        for column in after:
            if column in before and before[column] != after[column]:
                yield "cell_changed", {
                    "rule": rule.number, "column": column, "old": before[column] or "-", "new": after[column] or "-",
                }  # fmt: skip
        if earlier.annotation != rule.annotation:
            yield "annotation_changed", {
                "rule": rule.number, "old": earlier.annotation or "–", "new": rule.annotation or "–",
            }  # fmt: skip
    kept = {id(earlier) for earlier, _ in paired}
    for rule in old.rules:
        if id(rule) not in kept:
            yield "rule_removed", {"rule": rule.number, "cells": _written(old, rule)}
    order = [earlier.number for earlier, _ in sorted(paired, key=lambda pair: pair[1].number)]
    if order != sorted(order):
        yield "rules_moved", {"order": ", ".join(map(str, order))}


def _required(old: Table, new: Table) -> Iterator[tuple[str, dict[str, Any]]]:
    """The columns of both tables of which it changed whether their value must be known."""
    before = {_unique(old, place): clause.required for place, clause in enumerate(old.inputs)}
    for place, clause in enumerate(new.inputs):
        column = _unique(new, place)
        if column in before and before[column] != clause.required:
            words = {True: "true", False: "false", None: "–"}
            yield "required_changed", {
                "column": column, "old": words[before[column]], "new": words[clause.required],
            }  # fmt: skip


def _permissive(old: Table, new: Table) -> Iterator[tuple[str, dict[str, Any]]]:
    """The columns of both tables whose most permissive result is another one now."""
    before = {out.label or out.name: out.permissive for out in old.outputs}
    for out in new.outputs:
        column = out.label or out.name
        if before.get(column, out.permissive) != out.permissive:
            yield "permissive_changed", {
                "column": column, "old": before[column] or "–", "new": out.permissive or "–",
            }  # fmt: skip


def _paired(old: Table, new: Table) -> list[tuple[Rule, Rule]]:
    """Rules of both tables that are the same rule, changed or not."""
    pairs: list[tuple[Rule, Rule]] = []
    left_old, left_new = list(old.rules), list(new.rules)

    def pair(key: Any) -> None:
        known: dict[Any, Rule] = {}
        for rule in left_old:
            known.setdefault(key(old, rule), rule)
        for rule in list(left_new):
            earlier = known.pop(key(new, rule), None)
            if earlier is not None:
                pairs.append((earlier, rule))
                left_old.remove(earlier)
                left_new.remove(rule)

    pair(lambda table, rule: rule.id or object())
    pair(lambda table, rule: tuple(test.text for test in rule.tests))
    pair(lambda table, rule: (*(output.text for output in rule.outputs), rule.annotation))
    return pairs


def _columns(table: Table) -> list[str]:
    return [
        *(_unique(table, place) for place in range(len(table.inputs))),
        *(out.label or out.name for out in table.outputs),
    ]


def _unique(table: Table, place: int) -> str:
    """A column's label; its expression too where two columns share a label."""
    label = table.inputs[place].label or table.inputs[place].expression.text
    same = [one for one in table.inputs if (one.label or one.expression.text) == label]
    return label if len(same) == 1 else f"{label} ({table.inputs[place].expression.text})"


def _cells(table: Table, rule: Rule) -> dict[str, str]:
    texts = [*(test.text for test in rule.tests), *(output.text for output in rule.outputs)]
    return dict(zip(_columns(table), (text.strip() for text in texts), strict=False))


def _written(table: Table, rule: Rule) -> str:
    """A rule on one line: the cells that say something."""
    return " · ".join(
        f"{column}: {text}" for column, text in _cells(table, rule).items() if text not in ("", "-")
    )


def _element(content: bytes, path: str, key: str) -> etree._Element | None:
    root = xml.parse(content, path)
    return next((node for node in root.iter("{*}decision") if node.get("id") == key), None)


def _logic(content: bytes, path: str, key: str) -> bytes:
    """A decision's logic as canonical XML; written out first, because lxml loses namespaces declared further out."""
    found = _element(content, path, key)
    return b"" if found is None else contents.canonical(etree.fromstring(etree.tostring(found)))


def _text(content: bytes, path: str, key: str) -> str:
    """The words of a decision's logic, for a sentence."""
    found = _element(content, path, key)
    if found is None:
        return "–"
    return (
        " ".join(" ".join("".join(map(str, node.itertext())).split()) for node in found.iter("{*}text"))
        or "–"
    )
