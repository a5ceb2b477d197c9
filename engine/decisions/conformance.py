"""The standard's conformance kit, run from a folder: how many of its cases this engine decides as expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

from lxml import etree

from engine import errors, feel
from engine.decisions import evaluation, linking
from engine.decisions.models import DecisionModel
from engine.feel import comparisons, dates, durations, formats
from engine.feel.budgets import Run
from engine.feel.faults import FeelError, Refusal

_CASES = "{http://www.omg.org/spec/DMN/20160719/testcase}"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_MOMENT = feel.Moment(datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
_CLOSE = Decimal("1e-8")  # numbers are compared to eight digits, as the kit's own runner does


@dataclass(frozen=True, slots=True)
class Failure:
    """A case decided otherwise than expected."""

    folder: str
    case: str
    node: str
    expected: str
    found: str


@dataclass(slots=True)
class Tally:
    """How many cases passed; those that expect something other than null are counted on their own too."""

    passed: int = 0
    total: int = 0
    passed_with_value: int = 0
    total_with_value: int = 0

    def add(self, passed: bool, with_value: bool) -> None:
        self.total += 1
        self.passed += passed
        self.total_with_value += with_value
        self.passed_with_value += passed and with_value


@dataclass(slots=True)
class Report:
    """The tally of each level and folder, and every failure."""

    levels: dict[str, Tally] = field(default_factory=dict)
    folders: dict[str, Tally] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def summary(self) -> str:
        """A line for each level."""
        return "\n".join(
            f"{level}: {tally.passed}/{tally.total} ({tally.passed / max(tally.total, 1):.1%}), "
            f"not null {tally.passed_with_value}/{tally.total_with_value} "
            f"({tally.passed_with_value / max(tally.total_with_value, 1):.1%})"
            for level, tally in self.levels.items()
        )


def run(folder: Path) -> Report:
    """Run every case below a folder that holds the kit's `compliance-level-*` folders.

    Raises NotFound when the folder holds no case at all.
    """
    report = Report()
    for cases in sorted(folder.glob("**/*-test-*.xml")):
        level = cases.parent.parent.name
        tally = report.levels.setdefault(level, Tally())
        own = report.folders.setdefault(f"{level}/{cases.parent.name}", Tally())
        for passed, with_value in _run_file(cases, report):
            tally.add(passed, with_value)
            own.add(passed, with_value)
    if not report.levels:
        raise errors.NotFound("conformance_kit_missing", folder=str(folder))
    return report


def _run_file(path: Path, report: Report) -> Iterator[tuple[bool, bool]]:
    root = _parsed(path)
    model = _model(path.parent / (root.findtext(f"{_CASES}modelName") or "").strip())
    for case in root.iter(f"{_CASES}testCase"):
        variables = {node.get("name", ""): _value(node) for node in case.findall(f"{_CASES}inputNode")}
        passed, with_value = True, False
        for node in case.findall(f"{_CASES}resultNode"):
            expected = node.find(f"{_CASES}expected")
            wanted = None if expected is None else _value(expected)
            found = _result(model, case, node.get("name", ""), variables)
            with_value = with_value or wanted is not None
            if not _agree(found, wanted):
                passed = False
                report.failures.append(
                    Failure(
                        path.parent.name,
                        case.get("id", ""),
                        node.get("name", ""),
                        _words(wanted),
                        _words(found),
                    )
                )
        yield passed, with_value


def _result(
    model: DecisionModel, case: etree._Element, name: str, variables: Mapping[str, feel.Json]
) -> object:
    kind, invocable = case.get("type", "decision"), case.get("invocableName", "")
    try:
        if kind == "decisionService":
            return _service(model, invocable, name, variables)
        decision = model.decision(name)
        if decision is None:
            return f"no decision named {name}"
        return evaluation.evaluate(model, decision.id, variables, _MOMENT).result
    except (FeelError, Refusal):
        return None


def _service(model: DecisionModel, service: str, name: str, variables: Mapping[str, feel.Json]) -> object:
    found = next(known for known in model.services.values() if known.variable.name == service)
    work = evaluation.Evaluation(variables, Run(_MOMENT))
    function = work.service(model, found)
    value = function.call(
        work.run, [feel.from_json(variables.get(wanted)) for wanted in function.parameters or ()]
    )
    return value[name] if len(found.outputs) > 1 and isinstance(value, dict) else value


def _parsed(path: Path) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    return etree.fromstring(path.read_bytes(), parser)


def _model(path: Path) -> DecisionModel:
    """The model with those of its folder that it imports, and those they import."""
    roots = {other.name: _parsed(other) for other in sorted(path.parent.glob("*.dmn"))}
    models, _ = linking.read(roots, strict=False)
    return models[path.name]


def _value(node: etree._Element) -> object:
    """The FEEL value a test file writes: a value with its XML type, a list, or components."""
    for child in node:
        if child.tag == f"{_CASES}value":
            return _scalar(child)
        if child.tag == f"{_CASES}list":
            return None if _is_nil(child) else [_value(item) for item in child.findall(f"{_CASES}item")]
    parts = node.findall(f"{_CASES}component")
    return {part.get("name", ""): _value(part) for part in parts} if parts else None


def _is_nil(element: etree._Element) -> bool:
    return element.get(f"{_XSI}nil") == "true"


def _scalar(element: etree._Element) -> object:
    if _is_nil(element):
        return None
    text = element.text or ""
    match (element.get(f"{_XSI}type") or "").rpartition(":")[2]:
        case "string":
            return text
        case "boolean":
            return text.strip() == "true"
        case "decimal" | "double" | "integer" | "int" | "float" | "long":
            return _decimal(text.strip())
        case "date":
            return dates.read_date(text.strip())
        case "time":
            return dates.read_time(text.strip())
        case "dateTime":
            return dates.read_moment(text.strip())
        case "duration":
            return durations.read(text.strip())
    return text


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _agree(found: object, wanted: object) -> bool:
    if isinstance(found, Decimal) and isinstance(wanted, Decimal):
        return abs(found - wanted) <= _CLOSE
    if isinstance(found, list) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(_agree, found, wanted))
    if isinstance(found, dict) and isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(_agree(found[key], wanted[key]) for key in wanted)
    if type(found) is not type(wanted):
        return False
    if isinstance(found, dates.Time | dates.DateTime):
        return found == wanted
    return comparisons.same(found, wanted, Run(_MOMENT)) or found is wanted


def _words(value: object) -> str:
    return formats.literal(value)[:200]
