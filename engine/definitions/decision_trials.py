"""Tries a decision alone, case by case: these inputs, that outcome, in memory and without a flow around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine import decisions, feel, schemas, settings
from engine.decisions import Outcome
from engine.definitions.definition import Decision, Definition
from engine.definitions.scenario_files import Case, DecisionTable
from engine.definitions.scenario_verdicts import same, written
from engine.errors import Finding, Invalid

Json = Any
REFUSED = "refused"  # what a case expects that a table is to refuse for what is not known


def findings(definition: Definition, tried: DecisionTable) -> Iterator[Finding]:
    """What the cases contradict, each with its line."""
    used = definition.decisions.get(tried.decision)
    if used is None:
        yield schemas.unknown(
            "decision_unknown", tried.decision, definition.decisions, tried.file, tried.line
        )
        return
    moment = feel.Moment(tried.at, settings.current().zone_info)
    for case in tried.cases:
        yield from _contradicted(tried, case, used, moment)


def laid_over(shared: Mapping[str, Json], own: Mapping[str, Json]) -> dict[str, Json]:
    """What all cases are given with what one of them changes, maps key by key."""
    merged = dict(shared)
    for key, value in own.items():
        before = merged.get(key)
        is_map = isinstance(before, Mapping) and isinstance(value, Mapping)
        merged[key] = laid_over(before or {}, value) if is_map else value
    return merged


def _contradicted(tried: DecisionTable, case: Case, used: Decision, moment: feel.Moment) -> Iterator[Finding]:
    told = {"scenario": tried.name, "decision": tried.decision}
    given = laid_over(tried.given, case.given)
    try:
        outcome = decisions.evaluate(used.model, used.decision, given, moment)
    except feel.FeelError as error:
        yield Finding("scenario_case_failed", {**told, "reason": str(error)}, tried.file, case.line)
    except Invalid as refused:
        if case.expected != {REFUSED: True}:
            params = {**told, "inputs": refused.findings[0].params["inputs"]}
            yield Finding("scenario_case_refused", params, tried.file, case.line)
    else:
        yield from _differences(tried, case, outcome, moment)


def _differences(
    tried: DecisionTable, case: Case, outcome: Outcome, moment: feel.Moment
) -> Iterator[Finding]:
    for name, expected in case.expected.items():
        found = _found(outcome, name, moment)
        if not same(found, expected):
            params = {
                "scenario": tried.name,
                "decision": tried.decision,
                "name": name,
                "expected": written(expected),
                "found": written(found),
                "rules": ", ".join(map(str, outcome.matched)) or "–",
            }
            yield Finding("scenario_decided", params, tried.file, case.line)


def _found(outcome: Outcome, name: str, moment: feel.Moment) -> Json:
    """An output by its name or the path into it; `rules`: those that matched; `refused`: never, for it answered; of
    a value that is no map, the value."""
    if name == REFUSED:
        return False
    if name == "rules":
        return list(outcome.matched)
    if not isinstance(outcome.value, dict):
        return outcome.value
    return feel.compile(name).json(outcome.value, moment)
