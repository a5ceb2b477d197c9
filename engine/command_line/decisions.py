"""The commands about decisions: evaluate one without a database, run the standard's conformance kit."""

from __future__ import annotations

import dataclasses
import json
from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine import clock, feel, schemas, settings
from engine.command_line import decision_files, inputs, printing, telling
from engine.command_line.decision_files import Found
from engine.decisions import conformance as kit
from engine.decisions import evaluation, explanations, plans
from engine.decisions.explanations import Explanation
from engine.decisions.models import Service
from engine.definitions import editions
from engine.errors import Finding, Invalid


def decide(arguments: Namespace) -> None:
    """Evaluate a decision of a DMN file or process folder without a database, and say why."""
    moment = _moment(arguments.at)
    given = inputs.read(arguments.input, "--input")
    source = decision_files.read(Path(arguments.file), arguments.edition, moment.now)
    found = decision_files.find(source, arguments.decision)
    printing.findings(list(_checked(found, given)))
    try:
        told = _explained(found, given, moment)
    except feel.FeelError as error:
        raise Invalid([error.finding(found.model.file)]) from error
    told_of = telling.Told(told, found.model.file, source.edition, moment, printing.language())
    if not arguments.explain:
        printing.warnings(telling.warnings(told_of))
        print(telling.json_text(told.value))
    elif arguments.json:
        print(telling.json_text(telling.as_json(told_of)))
    else:
        print("\n".join(telling.lines(told_of)))


def conformance(arguments: Namespace) -> int:
    """Run a folder of the DMN conformance kit: passed and total per folder and level, and every failure.

    1 when a case fails that is not refused on purpose.
    """
    report = kit.run(Path(arguments.folder), printing.language())
    failures = [{**dataclasses.asdict(one), "on_purpose": one.on_purpose} for one in report.failures]
    told = {**dataclasses.asdict(report), "failures": failures, "as_intended": report.as_intended}
    print(json.dumps(told, indent=2, ensure_ascii=False) if arguments.json else report.told())
    return 0 if report.as_intended else 1


def _moment(text: str | None) -> feel.Moment:
    """The moment asked about; now when none is."""
    at = editions.moment(text) if text else clock.now()
    if at is None:
        raise Invalid([Finding("edition_moment", {"found": text}, "--at")])
    return feel.Moment(at, settings.current().zone_info)


def _checked(found: Found, given: Mapping[str, Any]) -> Iterator[Finding]:
    """Warnings of names that the decision does not read; Invalid when it reads some that are not given."""
    reads = _reads(found)
    missing = [name for name in reads if name not in given]
    if missing:
        params = {"missing": ", ".join(missing), "reads": ", ".join(reads)}
        raise Invalid([Finding("input_missing", params, "--input")])
    for name in given:
        if name not in reads:
            yield schemas.unknown("input_unread", name, reads, "--input", severity="warning")


def _reads(found: Found) -> list[str]:
    """The names that a decision or service reads from outside."""
    if not isinstance(found.what, Service):
        return sorted(found.model.variables(found.what.id))
    return sorted(plans.variable(need).name for need in found.what.input_data + found.what.input_decisions)


def _explained(found: Found, given: Mapping[str, Any], moment: feel.Moment) -> Explanation:
    model = found.model
    if not isinstance(found.what, Service):
        return explanations.of(model, evaluation.evaluate(model, found.what.id, given, moment))
    outcomes = evaluation.service_outcomes(model, found.what.id, given, moment)
    parts = tuple(explanations.of(of, outcome) for of, outcome in outcomes)
    value = evaluation.evaluate_service(model, found.what.id, given, moment)
    return Explanation(found.what.id, None, value, parts=parts)
