"""The gate before publication: everything that can be known to be wrong with a bundle, said at once.

Errors stop a submission; warnings go with it to the person who approves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from engine import schemas
from engine.bpmn import structure
from engine.bpmn.model import Kind, Node, Trigger
from engine.catalogue import Catalogue
from engine.decisions import DecisionModel, type_checks
from engine.decisions.verification import analysis, graph_nulls
from engine.definitions import definition as definitions
from engine.definitions import manifest as manifests
from engine.definitions import name_checks, places, public_checks, scenarios, text_checks
from engine.definitions.bundle import Bundle
from engine.definitions.definition import Definition
from engine.errors import Finding, Invalid

_OF_KIND = "dmn_table.cell_kind"
WAITING = frozenset(
    {Kind.USER_TASK, Kind.RECEIVE_TASK, Kind.CALL_ACTIVITY, Kind.EVENT_BASED, Kind.SERVICE_TASK}
)


def run(
    bundle: Bundle,
    catalogue: Catalogue,
    known: Collection[str] | None = None,
    roles: Collection[str] | None = None,
    unit_kinds: Collection[str] | None = None,
) -> tuple[Definition | None, list[Finding]]:
    """The compiled bundle (None when it cannot be compiled) and all findings, errors first.

    `known` are the processes it may call, `roles` and `unit_kinds` those of the campaign; None: not checked.
    """
    try:
        compiled = definitions.compile(bundle)
    except Invalid as refused:
        return None, list(refused.findings)
    check = _Check(compiled, catalogue, places.of(compiled), known, roles, unit_kinds)
    found = list(check.everything())
    if not any(finding.severity == "error" for finding in found):
        found += tried(compiled, catalogue)
    distinct = {(one.code, one.place(), str(one.params)): one for one in found}
    return compiled, sorted(distinct.values(), key=lambda one: one.severity != "error")


def tried(compiled: Definition, catalogue: Catalogue) -> list[Finding]:
    """What the owner's scenarios contradict; a warning when there are none."""
    if not compiled.scenarios:
        return [Finding("scenarios_missing", {}, manifests.FILE, 1, severity="warning")]
    return [finding for one in scenarios.run(compiled, None, catalogue) for finding in one.findings]


@dataclass(frozen=True, slots=True)
class _Check:
    """The checks of one compiled bundle; each yields its findings."""

    definition: Definition
    catalogue: Catalogue
    places: places.Places
    known: Collection[str] | None
    roles: Collection[str] | None
    unit_kinds: Collection[str] | None

    def everything(self) -> Iterator[Finding]:
        yield from structure.findings(self.definition.model, self.places.file)
        yield from self.people()
        yield from self.forms()
        for node in self.definition.model.nodes.values():
            yield from self.lane(node)
            yield from self.service(node)
            yield from self.call(node)
            yield from self.decision(node)
            yield from self.message(node)
            yield from self.service_level(node)
        yield from self.decisions()
        yield from self.messages()
        yield from self.named_elements()
        yield from self.queries()
        yield from name_checks.findings(self.definition, self.catalogue, self.places)
        yield from public_checks.findings(self.definition, self.catalogue)
        yield from text_checks.findings(self.definition)

    # --- people -------------------------------------------------------------------------------------------

    def people(self) -> Iterator[Finding]:
        """Roles and kinds of unit exist; lanes are used."""
        manifest = self.definition.manifest
        yield from self.word("role_undeclared", manifest.owner, self.roles, "/owner")
        for key, lane in manifest.lanes.items():
            yield from self.word("role_undeclared", lane.role, self.roles, f"/lanes/{key}/role")
        rules = {
            "/start": manifest.start,
            **{f"/starts/{key}": rule for key, rule in manifest.starts.items()},
        }
        for pointer, rule in rules.items():
            for role in sorted(rule.roles) if rule else ():
                yield from self.word("role_undeclared", role, self.roles, f"{pointer}/roles")
            for kind in sorted(rule.unit_kinds) if rule else ():
                yield from self.word("unit_kind_unknown", kind, self.unit_kinds, f"{pointer}/at")
        used = {node.lane for node in self.definition.model.nodes.values()}
        for key in manifest.lanes:
            if key not in used:
                yield self.wrong("lane_unused", f"/lanes/{key}", severity="warning", name=key)

    def lane(self, node: Node) -> Iterator[Finding]:
        """A person's task lies in a lane that process.yaml gives to a role."""
        lanes = self.definition.manifest.lanes
        if node.kind is not Kind.USER_TASK:
            return
        if node.lane is None:
            yield self.at(node, "task_without_lane", known=", ".join(lanes) or "–")
        elif node.lane not in lanes:
            yield self.unknown(node, "lane_unknown", node.lane, lanes)

    # --- forms --------------------------------------------------------------------------------------------

    def forms(self) -> Iterator[Finding]:
        """Forms exist where they are named, and are used."""
        forms, manifest = self.definition.forms, self.definition.manifest
        for number, name in enumerate(manifest.forms):
            if name not in forms:
                yield from self.word("form_unknown", name, forms, f"/forms/{number}")
        used = set()
        for node in self.definition.model.nodes.values():
            if node.form is not None:
                used.add(node.form)
                if node.form not in forms:
                    yield self.unknown(node, "form_unknown", node.form, forms)
                elif node.form not in manifest.forms:
                    yield self.at(node, "form_not_listed", "warning", name=node.form)
        for name, form in forms.items():
            yield from form.warnings
            if name not in used:
                yield Finding("form_unused", {"name": name}, form.file, severity="warning")

    # --- the outside --------------------------------------------------------------------------------------

    def service(self, node: Node) -> Iterator[Finding]:
        """The service task exists, gets what it needs, and the errors caught are ones it can raise."""
        if node.service is None:
            return
        task = self.catalogue.service_tasks.get(node.service)
        if task is None:
            yield self.unknown(node, "service_unknown", node.service, self.catalogue.service_tasks)
            return
        given = {assignment.target for assignment in node.inputs}
        for name in sorted(task.inputs.required - given):
            yield self.at(node, "service_input_missing", name=name, service=task.name)
        for name in sorted(given - task.inputs.names) if not task.inputs.is_open else ():
            yield self.unknown(node, "service_input_unknown", name, task.inputs.names, service=task.name)
        for boundary in (self.definition.model.nodes[one] for one in node.boundaries):
            code = boundary.error_code
            if boundary.trigger is Trigger.ERROR and code is not None and code not in task.errors:
                yield self.unknown(boundary, "service_error_unknown", code, task.errors, service=task.name)

    def call(self, node: Node) -> Iterator[Finding]:
        """The called process is published, or submitted with this one."""
        known = self.known
        if node.called not in (None, self.definition.key) and known is not None and node.called not in known:
            yield self.unknown(node, "process_unknown", node.called or "", known)

    def queries(self) -> Iterator[Finding]:
        """Queries that forms and the subject name exist."""
        queries = self.catalogue.queries
        subject = self.definition.manifest.subject
        for word, name in (("query", subject.query), ("find", subject.find)) if subject else ():
            if name is not None:
                yield from self.word("query_unknown", name, queries, f"/subject/{word}")
        for form in self.definition.forms.values():
            for name in sorted(form.queries - set(queries)):
                yield schemas.unknown("query_unknown", name, queries, form.file)

    # --- decisions ----------------------------------------------------------------------------------------

    def decision(self, node: Node) -> Iterator[Finding]:
        if node.decision is not None and node.decision not in self.definition.decisions:
            yield self.unknown(node, "decision_unknown", node.decision, self.definition.decisions)

    def decisions(self) -> Iterator[Finding]:
        """Decisions exist in their files, are used, and their tables have neither gap nor overlap nor silent input."""
        asked = {node.decision for node in self.definition.model.nodes.values()}
        for key, use in self.definition.decisions.items():
            pointer = f"/decisions/{key}"
            found = use.model.decision(use.decision)
            if found is None:
                yield from self.word(
                    "decision_not_in_file", use.decision, use.model.decisions, f"{pointer}/decision"
                )
                continue
            if key not in asked:
                yield self.wrong("decision_unused", pointer, severity="warning", name=key)
        for model in self.definition.models.values():
            yield from self.tables(model)

    def tables(self, model: DecisionModel) -> Iterator[Finding]:
        """What types tell of a model's decisions, then what values do; a cell of the wrong type is said once."""
        typed = type_checks.findings(model)
        yield from typed
        said = {_cell(one) for one in typed}
        for found in analysis.of_model(model):
            if not found.code.startswith(_OF_KIND) or _cell(found) not in said:
                yield found
        yield from graph_nulls.findings(model)

    # --- messages and time --------------------------------------------------------------------------------

    def message(self, node: Node) -> Iterator[Finding]:
        """A message has a rule in process.yaml, and a key wherever several cases may wait for it."""
        if node.message is None:
            return
        rules = self.definition.manifest.messages
        if node.message.name not in rules:
            yield self.unknown(node, "message_undeclared", node.message.name, rules)
        is_start = node.kind is Kind.START and node.scope is None
        if node.message.key is None and not is_start:
            yield self.at(node, "message_without_key", name=node.message.name)

    def messages(self) -> Iterator[Finding]:
        used = {node.message.name for node in self.definition.model.nodes.values() if node.message}
        for name in self.definition.manifest.messages:
            if name not in used:
                yield self.wrong("message_unused", f"/messages/{name}", severity="warning", name=name)

    def service_level(self, node: Node) -> Iterator[Finding]:
        """Whatever waits has a time after which it counts as late."""
        waits = (
            node.kind in WAITING
            or (node.kind is Kind.CATCH)
            or (node.kind is Kind.SEND_TASK and node.service)
        )
        if (
            waits
            and not self._is_behind_gateway(node)
            and node.id not in self.definition.manifest.service_levels
        ):
            yield self.at(node, "service_level_missing")

    def _is_behind_gateway(self, node: Node) -> bool:
        """Events behind an event-based gateway wait at the gateway, under its service level."""
        model = self.definition.model
        sources = (model.nodes[model.flows[flow].source] for flow in node.incoming)
        return node.kind is not Kind.EVENT_BASED and any(
            source.kind is Kind.EVENT_BASED for source in sources
        )

    # --- process.yaml -------------------------------------------------------------------------------------

    def named_elements(self) -> Iterator[Finding]:
        """Elements that process.yaml and documents name exist."""
        manifest, nodes = self.definition.manifest, self.definition.model.nodes
        for element in manifest.service_levels:
            yield from self.word("element_unknown", element, nodes, f"/service_levels/{element}")
        begun = [node.id for node in self.definition.model.starts() if node.trigger is Trigger.NONE]
        for element in manifest.starts:
            yield from self.word("start_unknown", element, begun, f"/starts/{element}")
        for number, record in enumerate(manifest.records):
            yield from self.word("element_unknown", record.at, nodes, f"/records/{number}/at")
        for number, expected in enumerate(manifest.expects):
            yield from self.word("element_unknown", expected.after, nodes, f"/expects/{number}/after")
            yield from self.word("element_unknown", expected.reaches, nodes, f"/expects/{number}/reaches")
        for key, document in self.definition.documents.items():
            if document.after not in nodes:
                yield schemas.unknown(
                    "element_unknown", document.after, nodes, manifest.documents[key], pointer="/after"
                )

    # --- saying it ----------------------------------------------------------------------------------------

    def word(self, code: str, name: str, known: Iterable[str] | None, pointer: str) -> Iterator[Finding]:
        """A finding at a place of process.yaml for a word that is not known; None: not checked."""
        if known is not None and name not in known:
            line = self.definition.manifest.line(pointer)
            yield schemas.unknown(code, name, known, manifests.FILE, line, pointer=pointer)

    def wrong(self, code: str, pointer: str, severity: str = "error", **params: object) -> Finding:
        line = self.definition.manifest.line(pointer)
        return Finding(code, dict(params), manifests.FILE, line, pointer=pointer, severity=severity)

    def at(self, node: Node, code: str, severity: str = "error", **params: object) -> Finding:
        return Finding(code, dict(params), *self.places.node(node.id), node.id, severity=severity)

    def unknown(self, node: Node, code: str, name: str, known: Iterable[str], **params: Any) -> Finding:
        return schemas.unknown(code, name, known, *self.places.node(node.id), node.id, **params)


def _cell(finding: Finding) -> tuple[object, ...]:
    """The cell of a table that a finding is about."""
    return finding.file, finding.element, finding.params.get("label")
