"""What the outside offers the processes: service tasks and queries, declared in manifests and found by name.

The engine imports no integration. It reads `<folder>/<integration>/manifest.yaml`, resolves each handler
by its dotted path, and holds every call to the schemas declared, both ways.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from sqlalchemy import Connection

from engine import access, clock, history, schemas, settings
from engine.access import Actor, Permission
from engine.bpmn import marked_yaml
from engine.errors import Finding, Invalid, NotAllowed, NotFound
from engine.held import Held
from engine.ids import InstanceId
from engine.units import Unit

Json = dict[str, Any]
Handler = Callable[[Json, "Context"], Json]


class Mode(StrEnum):
    """How a service task runs: by a worker outside any transaction, or inside the step's own."""

    JOB = "job"
    TRANSACTION = "transaction"


class Scope(StrEnum):
    """Who may ask a query: those who work or see somewhere, or everybody."""

    UNIT = "unit"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler may rely on besides its inputs.

    `job_id` is the same each time a job is tried again: the idempotency key. `connection` is the caller's
    transaction, given to queries and to tasks of mode `transaction` only; `instance_id` and `unit` are those of
    the case that asks, if one does.
    """

    job_id: str
    now: datetime
    connection: Connection | None = None
    actor: Actor | None = None
    unit: Unit | None = None
    settings: settings.Settings | None = None
    instance_id: InstanceId | None = None

    def transaction(self) -> Connection:
        """The caller's transaction; a bug of the manifest (its mode) when there is none."""
        if self.connection is None:
            raise RuntimeError(
                "this handler works inside the caller's transaction: declare mode: transaction"
            )
        return self.connection


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a technical failure is tried again, and how long apart: first, first·factor, … longest."""

    attempts: int = 5
    first: timedelta = timedelta(seconds=30)
    factor: float = 2.0
    longest: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Contract:
    """A JSON Schema kept compiled, with what the checks of a process need to know of it."""

    schema: Json
    validator: Draft202012Validator

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.schema.get("properties", {}))

    @property
    def required(self) -> frozenset[str]:
        return frozenset(self.schema.get("required", ()))

    @property
    def is_open(self) -> bool:
        """Whether names that are not declared are let through."""
        return "properties" not in self.schema or bool(self.schema.get("additionalProperties", False))


@dataclass(frozen=True, slots=True)
class ServiceTask:
    """Something an integration does for a process."""

    name: str
    handler: Handler
    inputs: Contract
    outputs: Contract
    errors: frozenset[str]
    retry: Retry
    timeout_seconds: float
    mode: Mode

    def call(self, inputs: Json, context: Context) -> Json:
        """Run the handler, its inputs and outputs held to the declared schemas (Invalid otherwise).

        ServiceTaskFailed and BusinessError of the handler pass through.
        """
        _hold(self.inputs, inputs, "service_input", self.name)
        outputs = self.handler(inputs, context)
        _hold(self.outputs, outputs, "service_output", self.name)
        return outputs


@dataclass(frozen=True, slots=True)
class Query:
    """Something an integration knows, asked for by forms and pages.

    `subject` names the input, or else the output, that says whom an audited answer is about; it may be a list.
    """

    name: str
    handler: Handler
    inputs: Contract
    outputs: Contract
    audit: bool
    scope: Scope
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every service task and query by its full name, `<integration>.<name>`."""

    service_tasks: Mapping[str, ServiceTask]
    queries: Mapping[str, Query]

    def service_task(self, name: str) -> ServiceTask:
        """The task of that name, or NotFound."""
        if name not in self.service_tasks:
            raise NotFound("service_task_not_found", name=name)
        return self.service_tasks[name]

    def query(self, name: str) -> Query:
        """The query of that name, or NotFound."""
        if name not in self.queries:
            raise NotFound("query_not_found", name=name)
        return self.queries[name]


_held: Held[Catalogue] = Held()
using = _held.using  # let `current()` answer with this catalogue until the block ends


def current() -> Catalogue:
    """The catalogue of the integrations that the settings name, loaded on first use."""
    if _held.value is not None:
        return _held.value
    chosen = settings.current()
    return _offered(chosen.integrations_dir, chosen.integrations)


@functools.cache
def _offered(folder: Path, names: tuple[str, ...] | None) -> Catalogue:
    return load(folder, names=names)


def load(*folders: Path, names: Collection[str] | None = None) -> Catalogue:
    """Everything the manifests under the folders declare, or those of the integrations named.

    Invalid with every finding of every manifest.
    """
    findings: list[Finding] = []
    tasks: dict[str, ServiceTask] = {}
    queries: dict[str, Query] = {}
    found = {path.parent.name: path for folder in folders for path in sorted(folder.glob("*/manifest.yaml"))}
    for name in found if names is None else names:
        if name in found:
            _read(found[name], tasks, queries, findings)
        else:
            findings.append(schemas.unknown("integration_unknown", name, found))
    if findings:
        raise Invalid(findings)
    return Catalogue(tasks, queries)


def ask(connection: Connection, name: str, inputs: Json, actor: Actor, unit: Unit | None = None) -> Json:
    """The answer of a query, read in the caller's transaction, the look written to the audit where declared.

    NotFound for no such query, NotAllowed outside its scope, Invalid for inputs that break its schema.
    """
    query = current().query(name)
    if query.scope is Scope.UNIT and not any(
        access.paths_with(actor, permission) for permission in (Permission.WORK, Permission.SEE)
    ):
        raise NotAllowed("query_not_allowed", name=name)
    if actor.bearer is not None and query.audit:  # without an account nobody looks others up
        raise NotAllowed("query_not_allowed", name=name)
    _hold(query.inputs, inputs, "query_input", name)
    at = clock.now()
    outputs = query.handler(inputs, Context("", at, connection, actor, unit, settings.current()))
    _hold(query.outputs, outputs, "query_output", name)
    if query.audit:
        about = (inputs | outputs).get(query.subject) if query.subject else None
        for subject in about if isinstance(about, list) else [about]:  # of many at once, a row for each
            history.looked_up(connection, actor, name, None if subject is None else str(subject), at)
    return outputs


# --- manifests --------------------------------------------------------------------------------------------

_DURATION = r"^([1-9][0-9]{0,5})(s|m|h|d)$"
_NAME = r"^[a-z][a-z0-9_]{0,40}$"
_SIDES = {"inputs": {"type": "object"}, "outputs": {"type": "object"}}
_HANDLER = {"type": "string", "pattern": r"^[a-z_][\w.]*:[a-z_]\w*$"}
_TASK = {
    "type": "object",
    "required": ["handler", "inputs", "outputs"],
    "additionalProperties": False,
    "properties": {
        "handler": _HANDLER,
        **_SIDES,
        "errors": {"type": "array", "items": {"type": "string", "pattern": r"^[A-Z][A-Z0-9_]{0,60}$"}},
        "retry": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "attempts": {"type": "integer", "minimum": 1, "maximum": 100},
                "first": {"type": "string", "pattern": _DURATION},
                "factor": {"type": "number", "minimum": 1, "maximum": 100},
                "longest": {"type": "string", "pattern": _DURATION},
            },
        },
        "timeout": {"type": "string", "pattern": _DURATION},
        "mode": {"enum": ["job", "transaction"]},
        "description": {"type": "string"},
    },
}
_QUERY = {
    "type": "object",
    "required": ["handler", "inputs", "outputs"],
    "additionalProperties": False,
    "properties": {
        "handler": _HANDLER,
        **_SIDES,
        "audit": {"type": "boolean"},
        "scope": {"enum": ["unit", "all"]},
        "subject": {"type": "string"},
        "description": {"type": "string"},
    },
}
_MANIFEST = schemas.compiled(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string"},
            "service_tasks": {
                "type": "object",
                "propertyNames": {"pattern": _NAME},
                "additionalProperties": _TASK,
            },
            "queries": {
                "type": "object",
                "propertyNames": {"pattern": _NAME},
                "additionalProperties": _QUERY,
            },
        },
    }
)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _read(
    path: Path, tasks: dict[str, ServiceTask], queries: dict[str, Query], findings: list[Finding]
) -> None:
    """Add what one manifest declares, or its findings."""
    file = f"{path.parent.name}/{path.name}"
    try:
        marked = marked_yaml.load(path.read_bytes(), file)
    except Invalid as refused:
        findings.extend(refused.findings)
        return
    wrong = schemas.findings(_MANIFEST, marked.value, file, marked.line)
    if wrong:
        findings.extend(wrong)
        return
    parts = _Parts(file, marked.line, findings)
    for key, entry in (marked.value.get("service_tasks") or {}).items():
        pointer = f"/service_tasks/{key}"
        task = ServiceTask(
            f"{path.parent.name}.{key}", parts.handler(entry, pointer), parts.contract(entry, "inputs", pointer),
            parts.contract(entry, "outputs", pointer), frozenset(entry.get("errors", ())),
            _retry(entry.get("retry") or {}), seconds(entry.get("timeout", "30s")), Mode(entry.get("mode", "job")),
        )  # fmt: skip
        tasks[task.name] = task
    for key, entry in (marked.value.get("queries") or {}).items():
        pointer = f"/queries/{key}"
        query = Query(
            f"{path.parent.name}.{key}", parts.handler(entry, pointer), parts.contract(entry, "inputs", pointer),
            parts.contract(entry, "outputs", pointer), bool(entry.get("audit", False)),
            Scope(entry.get("scope", "unit")), entry.get("subject"),
        )  # fmt: skip
        queries[query.name] = query


@dataclass(frozen=True, slots=True)
class _Parts:
    """Reads the parts of one manifest that can be wrong beyond its shape."""

    file: str
    line: schemas.Line
    findings: list[Finding]

    def handler(self, entry: Json, pointer: str) -> Handler:
        module, _, function = entry["handler"].partition(":")
        try:
            found = getattr(importlib.import_module(module), function)
        except (ImportError, AttributeError) as error:
            self._wrong("manifest_handler", f"{pointer}/handler", handler=entry["handler"], found=str(error))
            return _absent
        return found  # type: ignore[no-any-return]

    def contract(self, entry: Json, side: str, pointer: str) -> Contract:
        schema: Json = {"type": "object", **entry[side]}
        where = f"{pointer}/{side}"
        found = schemas.schema_finding(schema, self.file, self.line(where), where)
        if found is not None:
            self.findings.append(found)
            return Contract({}, schemas.compiled({}))
        return Contract(schema, schemas.compiled(schema))

    def _wrong(self, code: str, pointer: str, **params: Any) -> None:
        self.findings.append(Finding(code, params, self.file, self.line(pointer), pointer=pointer))


def seconds(text: str) -> float:
    """The seconds of a duration as manifests write it: 30s, 5m, 1h, 2d."""
    matched = re.match(_DURATION, text)
    if matched is None:
        raise ValueError(f"{text!r} is not a duration such as 30s, 5m, 1h or 2d")
    return float(int(matched[1]) * _SECONDS[matched[2]])


def _retry(entry: Json) -> Retry:
    usual = Retry()
    return Retry(
        entry.get("attempts", usual.attempts),
        timedelta(seconds=seconds(entry["first"])) if "first" in entry else usual.first,
        float(entry.get("factor", usual.factor)),
        timedelta(seconds=seconds(entry["longest"])) if "longest" in entry else usual.longest,
    )


def _hold(contract: Contract, value: Json, code: str, name: str) -> None:
    """Invalid when the value breaks the contract; the sentence names the task and the place."""
    found = [
        Finding(
            code,
            {"name": name, "reason": error.message[:200]},
            pointer=schemas.pointer_of(error.absolute_path),
        )
        for error in contract.validator.iter_errors(value)
    ]
    if found:
        raise Invalid(found)


def _absent(inputs: Json, context: Context) -> Json:
    raise NotFound("service_task_not_found", name="–")
