"""What data a flow can have: every variable that something in it may set, and what is known of its members.

Order does not matter here: a name counts as known when any element may set it. Where names come from outside
undeclared (a message's content, a caller that does not declare), the data is open and a doubt is only a warning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from engine import forms
from engine.bpmn.model import Kind, Node, Trigger
from engine.catalogue import Catalogue, Contract
from engine.definitions import known_types
from engine.definitions.definition import Decision, Definition
from engine.feel import syntax
from engine.feel.type_relations import common, element
from engine.feel.types import ANY, BOOLEAN, NULL, NUMBER, ContextType, ListType, Type

Shape: TypeAlias = "Mapping[str, Shape] | None"
"""The members of a value, each with its own; None: anything. A list has the shape of its items, as in FEEL."""

LOOP_NAMES = frozenset({"loopCounter"})
COUNT_NAMES = frozenset({"numberOfInstances", "numberOfCompletedInstances", "numberOfActiveInstances"})
VERSION_MISSING = "as_of_version_missing"  # true when the version that held then could not be taken
PROBLEM: Mapping[str, Shape] = {"code": None, "message": None}


@dataclass(slots=True)
class Data:
    """The variables by name with what is known of their members and types, and whether others may come from outside."""

    shapes: dict[str, Shape] = field(default_factory=dict)
    is_open: bool = False
    types: dict[str, Type] = field(default_factory=dict)

    def add(self, name: str, shape: Shape = None, of: Type = ANY) -> None:
        """Let something set a variable; two different shapes or types make it anything that either is."""
        self.types[name] = common(self.types.get(name, NULL), of)
        if name not in self.shapes:
            self.shapes[name] = shape
            return
        before = self.shapes[name]
        self.shapes[name] = None if before is None or shape is None else _either(before, shape)

    def merge(self, shapes: Mapping[str, Shape], types: Mapping[str, Type] | None = None) -> None:
        for name, shape in shapes.items():
            self.add(name, shape, (types or {}).get(name, ANY))


def of(definition: Definition, catalogue: Catalogue) -> Data:
    """Everything the definition's flow may have at some point."""
    # What expressions make of data is known better once the types of that data are.
    return _gathered(definition, catalogue, _gathered(definition, catalogue, {}).types)


def _gathered(definition: Definition, catalogue: Catalogue, known: Mapping[str, Type]) -> Data:
    """The data, where variables are of the types known so far."""
    data = Data()
    manifest = definition.manifest
    if manifest.subject:
        data.add(manifest.subject.variable)
    for name in manifest.inputs or ():
        data.add(name)
    if any(rule and rule.as_of for rule in (manifest.start, *manifest.starts.values())):
        data.add(VERSION_MISSING, None, BOOLEAN)
    starts = definition.model.starts()
    if manifest.inputs is None and not any(start.form for start in starts):
        data.is_open = True
    for node in definition.model.nodes.values():
        if node.outputs:
            around = _around(known, results(definition, catalogue, node, known))
            for assignment in node.outputs:
                data.add(assignment.target, None, known_types.of_expression(assignment.source, around))
        else:
            _produced(data, definition, catalogue, node, known)
        _surrounding(data, node, known)
    return data


def results(
    definition: Definition, catalogue: Catalogue, node: Node, known: Mapping[str, Type] | None = None
) -> Data:
    """What an element's outputs may read besides the flow's data, whose types are `known`: what came back."""
    bare = Data()
    match node.kind:
        case Kind.CALL_ACTIVITY | Kind.SUB_PROCESS:
            bare.is_open = True
        case Kind.RULE_TASK:
            decision = definition.decisions.get(node.decision or "")
            bare.add(node.result or node.decision or "", outcome(decision), known_types.of_decision(decision))
        case _:
            _returned(bare, definition, catalogue, node, known or {})
    return bare


def outcome(decision: Decision | None) -> Shape:
    """The members of a decision's outcome: its outputs, when it has more than one; else anything."""
    found = decision.model.decision(decision.decision) if decision else None
    if found is None or len(found.outputs) < 2:
        return None
    return {output.name: None for output in found.outputs}


def of_form(form: forms.Form) -> dict[str, Shape]:
    """The answers a form can give, with their members."""
    shapes: dict[str, Any] = dict.fromkeys(form.names)
    for key in form.keys:
        parts = key.replace("[]", "").split(".")
        if len(parts) < 2:
            continue
        inside = shapes
        for part in parts[:-1]:
            if inside.get(part) is None:
                inside[part] = {}
            inside = inside[part]
        inside.setdefault(parts[-1], None)
    return shapes


def of_context(tree: syntax.Node) -> dict[str, Shape] | None:
    """The entries of a context literal; None for any other expression, whose members only running tells."""
    if isinstance(tree, syntax.Context):
        return {name: of_context(value) for name, value in tree.entries}
    return None


def of_contract(contract: Contract) -> dict[str, Shape]:
    """The outputs a service task declares, with the members of those that are objects."""
    return {name: _of_schema(schema) for name, schema in contract.schema.get("properties", {}).items()}


def _produced(
    data: Data, definition: Definition, catalogue: Catalogue, node: Node, known: Mapping[str, Type]
) -> None:
    """What an element without output assignments leaves in the scope."""
    if node.kind is Kind.CALL_ACTIVITY:
        return
    if node.kind is Kind.RULE_TASK:
        decision = definition.decisions.get(node.decision or "")
        data.add(node.result or node.decision or "", outcome(decision), known_types.of_decision(decision))
        return
    back = Data()
    _returned(back, definition, catalogue, node, known)
    if node.result:
        whole = known_types.of_expression(node.script, known) if node.script is not None else ANY
        data.add(node.result, None if back.is_open else back.shapes or None, whole)
    else:
        data.merge(back.shapes, back.types)
        data.is_open |= back.is_open


def _returned(
    back: Data, definition: Definition, catalogue: Catalogue, node: Node, known: Mapping[str, Type]
) -> None:
    """What comes back to an element: answers, outputs, a message's content, a script's entries."""
    if node.form and node.form in definition.forms:
        form = definition.forms[node.form]
        back.merge(of_form(form), known_types.of_form(form))
    if node.service:
        task = catalogue.service_tasks.get(node.service)
        if task is None or (task.outputs.is_open and not task.outputs.names):
            back.is_open = True
        if task is not None:
            properties = task.outputs.schema.get("properties", {})
            of = {name: known_types.of_schema(schema) for name, schema in properties.items()}
            back.merge(of_contract(task.outputs), of)
    if node.script is not None:
        entries = of_context(node.script.tree)
        whole = known_types.of_expression(node.script, known)
        back.merge(entries or {}, dict(whole.fields) if isinstance(whole, ContextType) else {})
        back.is_open |= entries is None and not node.result
    if node.trigger is Trigger.MESSAGE and node.kind in (Kind.START, Kind.CATCH, Kind.BOUNDARY):
        back.is_open = True
    if node.kind is Kind.RECEIVE_TASK:
        back.is_open = True


def _around(known: Mapping[str, Type], back: Data) -> dict[str, Type]:
    """The types of the flow's data and of what came back; a name of both may be either."""
    return {**known, **{name: common(known.get(name, NULL), of) for name, of in back.types.items()}}


def _surrounding(data: Data, node: Node, known: Mapping[str, Type]) -> None:
    """What an element's loop or boundary sets around it."""
    if node.error_variable:
        data.add(node.error_variable, PROBLEM)
    if node.kind is Kind.SUB_PROCESS:
        for assignment in node.inputs:
            data.add(assignment.target, None, known_types.of_expression(assignment.source, known))
    if node.loop is None:
        return
    data.add("loopCounter", None, NUMBER)
    if node.loop.element_variable:
        gone_through = node.loop.collection
        of = element(known_types.of_expression(gone_through, known)) if gone_through else ANY
        data.add(node.loop.element_variable, None, of)
    if node.loop.output_collection:
        one = node.loop.output_element
        of = ListType("list", known_types.of_expression(one, known) if one else ANY)
        data.add(node.loop.output_collection, of_context(one.tree) if one else None, of)


def _of_schema(schema: Any) -> Shape:
    while isinstance(schema, dict) and schema.get("type") == "array":
        schema = schema.get("items")
    if not isinstance(schema, dict) or "properties" not in schema or schema.get("additionalProperties", True):
        return None
    return {name: _of_schema(one) for name, one in schema["properties"].items()}


def _either(one: Mapping[str, Shape], other: Mapping[str, Shape]) -> Mapping[str, Shape]:
    both = Data(dict(one))
    both.merge(other)
    return both.shapes
