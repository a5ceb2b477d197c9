"""process.yaml, read into frozen values: who owns, starts and works a process, and what surrounds its flow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any, TypeVar

from engine import feel, schemas
from engine.bpmn import marked_yaml
from engine.definitions import process_schema
from engine.errors import Finding, Invalid

_Value = TypeVar("_Value")

FILE = "process.yaml"
LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom or what a case is about: the variable that holds the id, the query that shows it, the one that finds it.

    While a case is active, no other begins for which `once` has the same value.
    """

    variable: str
    query: str | None
    find: str | None
    once: feel.Expression | None = None


@dataclass(frozen=True, slots=True)
class StartRule:
    """Who may start a case by hand, and in which kinds of unit (none named: in every kind).

    `as_of` gives the moment at which what is entered happened, from the answers of the start form.
    """

    roles: frozenset[str]
    unit_kinds: frozenset[str]
    as_of: feel.Expression | None = None


@dataclass(frozen=True, slots=True)
class PublicRule:
    """What people without an account may do with cases of the process, by a code and a second fact.

    `starts`: begin one; `proof`, `label`: the variables that hold the second fact and what the case is called;
    `keep`: the answers of the start form that the next one begins with; the lanes they work, the documents they
    print, the kinds of earlier records they are shown.
    """

    starts: bool
    proof: str
    label: str | None = None
    keep: tuple[str, ...] = ()
    lanes: frozenset[str] = frozenset()
    documents: tuple[str, ...] = ()
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lane:
    """The role that works a lane; `unit` gives the code of another unit than the case's."""

    role: str
    unit: feel.Expression | None = None


@dataclass(frozen=True, slots=True)
class DecisionUse:
    """Which decision of which file, and whether a running case takes its own version's or the latest in force."""

    file: str
    decision: str
    binding: str

    @property
    def is_latest(self) -> bool:
        return self.binding == LATEST


@dataclass(frozen=True, slots=True)
class MessageRule:
    """How long a message that nobody awaits is kept and tried again; `key` for flows written in YAML."""

    keep: timedelta
    key: str | None = None


@dataclass(frozen=True, slots=True)
class RecordRule:
    """A row of the read model, written when element `at` completes; `required` values may not be null.

    `facet` names the value by which the rows are also counted apart.
    """

    kind: str
    at: str
    values: Mapping[str, feel.Expression]
    required: frozenset[str]
    facet: str | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """After one element another must be reached within a time, or the case is stuck."""

    after: str
    reaches: str
    within: timedelta


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything process.yaml says, the flow excepted; `marked` keeps the text's lines for findings."""

    key: str
    owner: str
    subject: Subject | None
    own_once: feel.Expression | None  # of a process about nobody
    start: StartRule | None
    public: PublicRule | None
    starts: Mapping[str, StartRule]  # by start event, whole; an event that is not here goes by `start`
    inputs: tuple[str, ...] | None  # variables a caller gives; None: not declared
    lanes: Mapping[str, Lane]
    forms: tuple[str, ...]
    decisions: Mapping[str, DecisionUse]
    messages: Mapping[str, MessageRule]
    service_levels: Mapping[str, timedelta]
    records: tuple[RecordRule, ...]
    expects: tuple[Expectation, ...]
    documents: Mapping[str, str]
    has_flow: bool
    marked: marked_yaml.Marked = field(repr=False, compare=False)

    @property
    def once(self) -> feel.Expression | None:
        """What no two active cases share: as the subject says it, or the process itself."""
        return self.own_once or (self.subject.once if self.subject else None)

    def start_rule(self, element: str | None) -> StartRule | None:
        """Who may begin a case by hand at a start event; None: nobody."""
        return self.starts.get(element or "", self.start)

    def line(self, pointer: str) -> int:
        """The line of process.yaml that a JSON pointer names."""
        return self.marked.line(pointer)


def read(content: bytes, file: str = FILE) -> Manifest:
    """The manifest in a process.yaml; raises Invalid with every finding."""
    marked = marked_yaml.load(content, file)
    value = marked.value
    findings = schemas.findings(process_schema.VALIDATOR, value, file, marked.line)
    if findings:
        raise Invalid(findings)
    reader = _Reader(marked, findings)
    manifest = Manifest(
        key=value["process"],
        owner=value["owner"],
        public=_public(value.get("public")),
        subject=reader.subject(),
        own_once=reader.expression(value["once"], "/once") if "once" in value else None,
        start=reader.start("/start", value.get("start")),
        starts=reader.starts(),
        inputs=tuple(value["inputs"]) if "inputs" in value else None,
        lanes=reader.lanes(),
        forms=tuple(dict.fromkeys(value.get("forms", ()))),
        decisions=_decisions(value.get("decisions") or {}),
        messages=_messages(value.get("messages") or {}),
        service_levels=_map(
            {key: duration(text) for key, text in (value.get("service_levels") or {}).items()}
        ),
        records=reader.records(),
        expects=tuple(
            Expectation(entry["after"], entry["reaches"], duration(entry["within"]))
            for entry in value.get("expects", ())
        ),
        documents=_map(value.get("documents") or {}),
        has_flow="flow" in value,
        marked=marked,
    )
    if findings:
        raise Invalid(findings)
    return manifest


def duration(text: str) -> timedelta:
    """The length of an ISO 8601 duration of weeks, or of days, hours, minutes and seconds."""
    if not re.match(process_schema.DURATION, text):
        raise ValueError(f"{text!r} is not a duration such as PT15M or P21D")
    weeks = re.fullmatch(r"P(\d+)W", text)
    if weeks:
        return timedelta(weeks=int(weeks[1]))
    days, hours, minutes, seconds = (
        int(part or 0)
        for part in re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", text).groups()  # type: ignore[union-attr]
    )
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def expression(
    marked: marked_yaml.Marked, text: str, pointer: str, findings: list[Finding]
) -> feel.Expression | None:
    """The expression in a YAML value, with or without a leading `=`; None with a finding at its line."""
    try:
        return feel.compile(text.strip().removeprefix("=").strip())
    except feel.FeelError as error:
        shown = schemas.shown(text)
        reasons = {"reason_vi": error.sentence("vi"), "reason_en": error.sentence("en")}
        findings.append(marked.finding("expression_unreadable", pointer, expression=shown, **reasons))
        return None


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the parts that hold expressions, gathering what is wrong with them."""

    marked: marked_yaml.Marked
    findings: list[Finding]

    def subject(self) -> Subject | None:
        entry = self.marked.value.get("subject")
        if not entry:
            return None
        once = self.expression(entry["once"], "/subject/once") if "once" in entry else None
        return Subject(entry["variable"], entry.get("query"), entry.get("find"), once)

    def start(self, pointer: str, entry: Any) -> StartRule | None:
        if entry is None:
            return None
        as_of = self.expression(entry["as_of"], f"{pointer}/as_of") if "as_of" in entry else None
        return StartRule(frozenset(entry.get("roles", ())), frozenset(entry.get("at", ())), as_of)

    def starts(self) -> Mapping[str, StartRule]:
        """The rules of single start events; what one leaves out it has from `start`."""
        shared = self.marked.value.get("start") or {}
        rules = {}
        for element, entry in (self.marked.value.get("starts") or {}).items():
            whole = {**shared, **entry}
            where = f"/starts/{element}" if "as_of" in entry else "/start"
            rules[element] = self.start(where, whole)
        return _map({element: rule for element, rule in rules.items() if rule is not None})

    def lanes(self) -> Mapping[str, Lane]:
        lanes = {}
        for key, entry in (self.marked.value.get("lanes") or {}).items():
            unit = self.expression(entry["unit"], f"/lanes/{key}/unit") if "unit" in entry else None
            lanes[key] = Lane(entry["role"], unit)
        return _map(lanes)

    def records(self) -> tuple[RecordRule, ...]:
        records = []
        for number, entry in enumerate(self.marked.value.get("records", ())):
            values = {
                name: self.expression(text, f"/records/{number}/values/{name}")
                for name, text in entry["values"].items()
            }
            for name in entry.get("required", ()):
                if name not in values:
                    where = f"/records/{number}/required"
                    self.findings.append(
                        schemas.unknown(
                            "record_required", name, values, FILE, self.marked.line(where), pointer=where
                        )
                    )
            facet = entry.get("facet")
            if facet is not None and facet not in values:
                where = f"/records/{number}/facet"
                self.findings.append(
                    schemas.unknown(
                        "record_facet", facet, values, FILE, self.marked.line(where), pointer=where
                    )
                )
            kept = {name: one for name, one in values.items() if one is not None}
            required = frozenset(entry.get("required", ()))
            records.append(RecordRule(entry["kind"], entry["at"], _map(kept), required, facet))
        return tuple(records)

    def expression(self, text: str, pointer: str) -> feel.Expression | None:
        return expression(self.marked, text, pointer, self.findings)


def _public(entry: Any) -> PublicRule | None:
    if entry is None:
        return None
    keep, lanes, papers, kinds = (
        tuple(entry.get(key, ())) for key in ("keep", "lanes", "documents", "records")
    )
    return PublicRule(
        entry.get("start", False), entry["proof"], entry.get("label"), keep, frozenset(lanes), papers, kinds
    )


def _decisions(entries: dict[str, Any]) -> Mapping[str, DecisionUse]:
    return _map(
        {
            key: DecisionUse(entry["file"], entry.get("decision", key), entry.get("binding", "version"))
            for key, entry in entries.items()
        }
    )


def _messages(entries: dict[str, Any]) -> Mapping[str, MessageRule]:
    return _map(
        {
            name: MessageRule(duration(entry.get("keep", "PT1H")), entry.get("key"))
            for name, entry in entries.items()
        }
    )


def _map(values: Mapping[str, _Value]) -> Mapping[str, _Value]:
    return MappingProxyType(dict(values))
