"""Every name an expression uses exists in the data the flow can have; else it is said, with the name probably meant."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from engine import decisions, feel, schemas
from engine.bpmn.model import Kind, Node, Trigger
from engine.catalogue import Catalogue
from engine.definitions import data as known_data
from engine.definitions import documents, expression_types, known_types
from engine.definitions.data import Data, Shape
from engine.definitions.definition import Definition
from engine.definitions.places import Places
from engine.errors import Finding
from engine.feel import syntax
from engine.feel.type_relations import may_become, words
from engine.feel.types import ANY, Type


@dataclass(frozen=True, slots=True)
class Site:
    """Where an expression stands."""

    file: str
    line: int | None
    element: str | None = None
    pointer: str | None = None


def findings(definition: Definition, catalogue: Catalogue, places: Places) -> Iterator[Finding]:
    """A finding for each name, and each member of a variable, that nothing in the flow sets."""
    data = known_data.of(definition, catalogue)
    for node in definition.model.nodes.values():
        site = Site(*places.node(node.id), node.id)
        for expression in _entering(node):
            yield from unknown(expression, data, site)
        yield from _timer(node, data, site)
        for finding in expression_types.of_parts(node, data):
            yield _placed(finding, site)
        back = known_data.results(definition, catalogue, node)
        for assignment in () if back.is_open else node.outputs:
            yield from unknown(assignment.source, _with(data, back), site)
        for expression, extra in _looping(node):
            yield from unknown(expression, data, site, extra)
        if node.loop and node.loop.completion_condition:
            names = known_data.LOOP_NAMES | known_data.COUNT_NAMES
            yield from unknown(node.loop.completion_condition, data, site, names, is_condition=True)
        yield from _decision_inputs(definition, node, data, site)
    for flow in definition.model.flows.values():
        if flow.condition is not None:
            site = Site(*places.node(flow.source), flow.id)
            yield from unknown(flow.condition, data, site, is_condition=True)
    yield from _manifest(definition, data)
    yield from _forms(definition, data)


def unknown(
    expression: feel.Expression,
    data: Data,
    site: Site,
    extra: Collection[str] = (),
    is_condition: bool = False,
) -> Iterator[Finding]:
    """What an expression reads that the data cannot have, and what cannot work with the data it reads.

    An error when the data is closed, else a warning.
    """
    severity = "warning" if data.is_open else "error"
    shown = schemas.shown(expression.text)
    typed = list(expression_types.findings(expression, data, extra, is_condition))
    called = {one.params["name"] for one in typed if one.code.startswith("feel_types.function_unknown")}
    for name in sorted(expression.names - set(data.shapes) - set(extra) - called):
        yield schemas.unknown(
            "name_unknown", name, {*data.shapes, *extra}, site.file, site.line, site.element, site.pointer, severity,
            expression=shown,
        )  # fmt: skip
    said: set[tuple[str, str]] = set()
    for variable, member, members in _members(expression.tree, data.shapes):
        if (variable, member) in said:
            continue
        said.add((variable, member))
        yield schemas.unknown(
            "member_unknown", member, members, site.file, site.line, site.element, site.pointer, severity,
            expression=shown, variable=variable,
        )  # fmt: skip
    for finding in typed:
        yield _placed(finding, site)


def _entering(node: Node) -> Iterator[feel.Expression]:
    """The expressions of an element that read the flow's data as it is before."""
    if node.timer and not (node.kind is Kind.START and node.scope is None):
        yield node.timer.expression
    if node.message:
        yield from (part for part in (node.message.key, node.message.payload) if part is not None)
    if node.script:
        yield node.script
    if node.kind is not Kind.SUB_PROCESS or node.inputs:
        yield from (assignment.source for assignment in node.inputs)
    if node.loop:
        yield from (part for part in (node.loop.collection, node.loop.cardinality) if part is not None)


def _timer(node: Node, data: Data, site: Site) -> Iterator[Finding]:
    """The time of a timer event; one that begins a case has no data to read yet."""
    if node.timer is None:
        return
    begins = node.kind is Kind.START and node.scope is None
    around = Data() if begins else data
    if begins:
        yield from unknown(node.timer.expression, around, site)
    for finding in expression_types.of_timer(node.timer, around):
        yield _placed(finding, site)


def _placed(finding: Finding, site: Site) -> Finding:
    return replace(finding, file=site.file, line=site.line, element=site.element, pointer=site.pointer)


def _looping(node: Node) -> Iterator[tuple[feel.Expression, frozenset[str]]]:
    """The expressions read inside and after iterations, with the names only they see."""
    if node.loop and node.loop.output_element:
        yield node.loop.output_element, known_data.LOOP_NAMES


def _decision_inputs(definition: Definition, node: Node, data: Data, site: Site) -> Iterator[Finding]:
    """The inputs of the decision a rule task asks."""
    used = definition.decisions.get(node.decision or "")
    decision = used.model.decision(used.decision) if used else None
    if used is None or decision is None:
        return
    given = {assignment.target: assignment.source for assignment in node.inputs}
    wanted = required_inputs(decision)
    severity = "warning" if data.is_open else "error"
    for name, of in wanted.items():
        found = (
            known_types.of_expression(given[name], data.types) if name in given else data.types.get(name, ANY)
        )
        if not may_become(found, of, reads_texts=True):
            said = {"name": name, "decision": used.decision, "table": used.model.file}
            said |= {"expected": words(of), "found": words(found)}
            yield Finding("decision_input_type", said, site.file, site.line, site.element, severity=severity)
    for name in sorted(wanted.keys() - given.keys() - set(data.shapes)):
        yield schemas.unknown(
            "decision_input_unknown", name, {*data.shapes, *given}, site.file, site.line, site.element,
            severity=severity, decision=used.decision, table=used.model.file,
        )  # fmt: skip


def required_inputs(decision: decisions.Decision, seen: frozenset[str] = frozenset()) -> dict[str, Type]:
    """The input data a decision needs, itself or through the decisions it requires, by name with the declared type."""
    found: dict[str, Type] = {}
    for need in decision.needs:
        if need.kind == "input":
            variable = need.model.inputs[need.id]
            prefixed = len(need.path) > 1
            found[need.path[0] if prefixed else variable.name] = ANY if prefixed else variable.type
        elif need.kind == "decision" and need.id not in seen:
            found |= required_inputs(need.model.decisions[need.id], seen | {need.id})
    return found


def _manifest(definition: Definition, data: Data) -> Iterator[Finding]:
    """Expressions of process.yaml and of documents."""
    manifest = definition.manifest
    if manifest.once is not None:
        pointer = "/once" if manifest.own_once is not None else "/subject/once"
        site = Site(manifest.marked.file, manifest.line(pointer), None, pointer)
        yield from unknown(manifest.once, data, site, ("unit",))
    yield from _as_of(definition)
    for key, lane in manifest.lanes.items():
        if lane.unit is not None:
            pointer = f"/lanes/{key}/unit"
            yield from unknown(
                lane.unit, data, Site(manifest.marked.file, manifest.line(pointer), None, pointer)
            )
    for number, record in enumerate(manifest.records):
        for name, expression in record.values.items():
            pointer = f"/records/{number}/values/{name}"
            yield from unknown(
                expression, data, Site(manifest.marked.file, manifest.line(pointer), record.at, pointer)
            )
    for key, document in definition.documents.items():
        site = Site(manifest.documents[key], None)
        shown = _with(data, Data(dict.fromkeys(documents.GIVEN)))
        for section in document.sections:
            for row in section.rows:
                yield from unknown(row.value, shown, site)
                if row.when is not None:
                    yield from unknown(row.when, shown, site, is_condition=True)
        for note in document.notes:
            if note.when is not None:
                yield from unknown(note.when, shown, site, is_condition=True)


def _as_of(definition: Definition) -> Iterator[Finding]:
    """The moment as of which a case begins reads the answers of the start form alone."""
    manifest = definition.manifest
    for node in definition.model.starts():
        rule = manifest.start_rule(node.id)
        if rule is None or rule.as_of is None or node.trigger is not Trigger.NONE:
            continue
        form = definition.forms.get(node.form or "")
        answers = Data()
        if form:
            answers.merge(known_data.of_form(form), known_types.of_form(form))
        own = f"/starts/{node.id}/as_of"
        pointer = own if node.id in manifest.starts else "/start/as_of"
        yield from unknown(
            rule.as_of, answers, Site(manifest.marked.file, manifest.line(pointer), node.id, pointer)
        )


def _forms(definition: Definition, data: Data) -> Iterator[Finding]:
    """Expressions of forms read the form's own answers, and the case's data."""
    severity = "warning" if data.is_open else "error"
    used = {node.form for node in definition.model.nodes.values() if node.form}
    for name, form in definition.forms.items():
        if name in used:
            yield from expression_types.of_form(form, data)
            for missing in sorted(form.uses - set(data.shapes)):
                yield schemas.unknown(
                    "form_name_unknown",
                    missing,
                    {*data.shapes, *form.names},
                    form.file,
                    severity=severity,
                    form=name,
                )


def _members(tree: syntax.Node, shapes: dict[str, Shape]) -> Iterator[tuple[str, str, Collection[str]]]:
    """Paths like `limit.days` whose variable has known members, but not this one.

    Only paths from a free name are judged: inside a filter or loop the same name may mean an item.
    """
    if isinstance(tree, syntax.Path):
        path, root = [tree.member], tree.source
        while isinstance(root, syntax.Path | syntax.Filter):
            if isinstance(root, syntax.Path):
                path.insert(0, root.member)
            root = root.source
        if isinstance(root, syntax.Name):
            shape: Shape = shapes.get(root.name)
            walked = root.name
            for member in path:
                if shape is None:
                    break
                if member not in shape:
                    yield walked, member, shape
                    break
                shape, walked = shape[member], f"{walked}.{member}"
    bound = _bound(tree)
    inner = {name: shape for name, shape in shapes.items() if name not in bound}
    for child in syntax.children(tree):
        yield from _members(child, inner)


def _bound(tree: syntax.Node) -> frozenset[str]:
    """The names a node binds for what is inside it."""
    match tree:
        case syntax.For(iterators=iterators) | syntax.Quantified(iterators=iterators):
            return frozenset(iterator.name for iterator in iterators)
        case syntax.FunctionLiteral(parameters=parameters):
            return frozenset(name for name, _ in parameters)
        case syntax.Context(entries=entries):
            return frozenset(name for name, _ in entries)
    return frozenset()


def _with(data: Data, more: Data) -> Data:
    both = Data(dict(data.shapes), data.is_open or more.is_open, dict(data.types))
    both.merge(more.shapes, more.types)
    return both
