"""The standard's conformance kit, run from a folder: how many of its cases this engine decides as expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from lxml import etree

from engine import errors, feel
from engine.decisions import evaluation, linking
from engine.decisions.models import DecisionModel, Knowledge, Service
from engine.feel import comparisons, dates, durations, formats
from engine.feel.budgets import Run
from engine.feel.faults import FeelError, Place, Refusal
from engine.feel.values import Function

_CASES = "{http://www.omg.org/spec/DMN/20160719/testcase}"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_MOMENT = feel.Moment(datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
Invocable = TypeVar("Invocable", Service, Knowledge)
_CLOSE = Decimal("1e-8")  # numbers are compared to eight digits, as the kit's own runner does


# What is refused on purpose (docs/conformance.md): code outside the language, patterns without a linear bound.
ON_PURPOSE = frozenset(("external_function", "pattern_back_reference"))


@dataclass(frozen=True, slots=True)
class Failure:
    """A case decided otherwise than expected; `said` is the first reason given, with the code of every one."""

    folder: str
    case: str
    node: str
    expected: str
    found: str
    reasons: tuple[str, ...] = ()
    said: str = ""

    @property
    def on_purpose(self) -> bool:
        """Whether it fails because of something that is refused on purpose."""
        return not ON_PURPOSE.isdisjoint(self.reasons)

    def told(self) -> str:
        """The failure as one line."""
        found = f"{self.folder} {self.case}" + (f" ({self.node})" if self.node != self.case else "")
        reason = f" · {' '.join(self.said.split())}" if self.said else ""
        return f"{found}: expected {self.expected}, found {self.found}{reason}"


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

    def told(self) -> str:
        """Passed and total, of all and of those that expect a value, with their rates."""
        return (
            f"{self.passed}/{self.total} ({self.passed / max(self.total, 1):.1%}), "
            f"not null {self.passed_with_value}/{self.total_with_value} "
            f"({self.passed_with_value / max(self.total_with_value, 1):.1%})"
        )


@dataclass(slots=True)
class Report:
    """The tally of everything, of each level and folder, and every failure."""

    total: Tally = field(default_factory=Tally)
    levels: dict[str, Tally] = field(default_factory=dict)
    folders: dict[str, Tally] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    @property
    def as_intended(self) -> bool:
        """Whether nothing fails but what is refused on purpose."""
        return all(failure.on_purpose for failure in self.failures)

    def told(self) -> str:
        """A line for each folder, level and failure; failures on purpose last."""
        lines = [f"{folder}: {tally.told()}" for folder, tally in self.folders.items()]
        lines += ["", *(f"{level}: {tally.told()}" for level, tally in self.levels.items())]
        lines.append(f"total: {self.total.told()}")
        for title, on_purpose in (("otherwise than expected", False), ("refused on purpose", True)):
            failed = [failure.told() for failure in self.failures if failure.on_purpose is on_purpose]
            if failed:
                lines += ["", f"{title} ({len(failed)}):", *(f"  {line}" for line in failed)]
        return "\n".join(lines)


def run(folder: Path, language: str = "en") -> Report:
    """Run every case below a folder: the kit, one of its levels, or one folder of a level.

    Reasons are said in the language. Raises NotFound when there is no such folder, or no case in it.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        raise errors.NotFound("conformance_folder_missing", folder=str(folder))
    report = Report()
    for cases in sorted(folder.glob("**/*-test-*.xml")):
        level = cases.parent.parent.name
        tallies = (
            report.total,
            report.levels.setdefault(level, Tally()),
            report.folders.setdefault(f"{level}/{cases.parent.name}", Tally()),
        )
        for passed, with_value in _run_file(cases, report, language):
            for tally in tallies:
                tally.add(passed, with_value)
    if not report.levels:
        raise errors.NotFound("conformance_kit_missing", folder=str(folder))
    return report


def _run_file(path: Path, report: Report, language: str) -> Iterator[tuple[bool, bool]]:
    """Whether each case of a file passes, and whether it expects a value; a file that cannot be read fails as one."""
    try:
        root = _parsed(path)
        model = _model(path.parent / (root.findtext(f"{_CASES}modelName") or "").strip())
    except (OSError, etree.XMLSyntaxError, KeyError) as error:
        report.failures.append(
            Failure(path.parent.name, path.name, "", "-", "-", ("unreadable",), str(error))
        )
        yield False, True
        return
    for case in root.iter(f"{_CASES}testCase"):
        variables = {node.get("name", ""): _value(node) for node in case.findall(f"{_CASES}inputNode")}
        passed, with_value = True, False
        for node in case.findall(f"{_CASES}resultNode"):
            expected, name = node.find(f"{_CASES}expected"), node.get("name", "")
            wanted = None if expected is None else _value(expected)
            found, reasons, said = _decided(model, case, name, variables, language)
            with_value = with_value or wanted is not None
            if not _agree(found, wanted):
                passed = False
                identity = case.get("id", "")
                report.failures.append(
                    Failure(path.parent.name, identity, name, _words(wanted), _words(found), reasons, said)
                )
        yield passed, with_value


def _decided(
    model: DecisionModel, case: etree._Element, name: str, variables: Mapping[str, feel.Json], language: str
) -> tuple[object, tuple[str, ...], str]:
    """What a case's decision, service or knowledge gives; the codes of its warnings, and what the first one says."""
    work = evaluation.Evaluation(variables, Run(_MOMENT))
    try:
        found = _result(work, model, case, name)
    except FeelError as error:
        return None, (error.code,), error.sentence(language)
    except Refusal as refusal:
        work.run.note(refusal, Place(name, 0, len(name)))
        found = None
    except (errors.EngineError, LookupError) as error:
        return None, (type(error).__name__,), str(error)
    warnings = work.run.warnings
    codes = tuple(dict.fromkeys(warning.code for warning in warnings))
    return found, codes, warnings[0].sentence(language) if warnings else ""


def _result(work: evaluation.Evaluation, model: DecisionModel, case: etree._Element, name: str) -> object:
    invocable = case.get("invocableName", "")
    match case.get("type", "decision"):
        case "decisionService":
            service = _named(model.services, invocable)
            value = _called(work, work.service(model, service))
            return value[name] if len(service.outputs) > 1 and isinstance(value, dict) else value
        case "bkm":
            return _called(work, work.function(model, _named(model.knowledge, invocable)))
    decision = model.decision(name)
    if decision is None:
        raise errors.NotFound("decision_unknown", decision=name, known=", ".join(model.decisions))
    return work.outcome(model, decision).result


def _named(known: Mapping[str, Invocable], name: str) -> Invocable:
    found = next((one for one in known.values() if one.variable.name == name), None)
    if found is None:
        raise errors.NotFound("decision_unknown", decision=name, known=", ".join(known))
    return found


def _called(work: evaluation.Evaluation, function: Function) -> object:
    """A function called with the case's values by the names of its parameters."""
    given = [feel.from_json(work.variables.get(wanted)) for wanted in function.parameters or ()]
    return function.call(work.run, given)


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
