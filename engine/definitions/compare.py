"""What changed between two versions of a process, in words: elements, lanes, forms, rules cell by cell, texts.

Pure: two definitions in, a list of changes out, in the order in which a reader wants them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine import schemas, texts
from engine.bpmn.model import Assignment, Node
from engine.definitions import compare_rules
from engine.definitions.definition import Definition
from engine.definitions.scenario_files import DecisionTable

# Parts of a form's schema that say little when they are quoted: a change there is named.
PARTS = {
    "/allOf": "form_conditions_changed",
    "/x-ui/order": "form_order_changed",
    "/x-ui/sections": "form_sections_changed",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `code` names a sentence under `changes:`; `area` groups changes on a page."""

    area: str  # flow, people, forms, rules, process, texts, documents, scenarios
    code: str
    params: dict[str, Any] = field(default_factory=dict)
    element: str | None = None

    def sentence(self, language: str = "vi") -> str:
        """The difference in the reader's language."""
        return texts.sentence(f"changes.{self.code}", language, **self.params)


def changes(before: Definition, after: Definition) -> list[Change]:
    """Everything that differs in meaning; empty when only layout or comments do."""
    return [
        *_rules(before, after),
        *_elements(before, after),
        *_flows(before, after),
        *_process(before, after),
        *_forms(before, after),
        *_documents(before, after),
        *_texts(before, after),
        *_scenarios(before, after),
    ]


# --- the flow ----------------------------------------------------------------------------------------------


def _elements(before: Definition, after: Definition) -> Iterator[Change]:
    old, new = before.model.nodes, after.model.nodes
    for element in new:
        if element not in old:
            yield _element("element_added", after, element)
    for element in old:
        if element not in new:
            yield _element("element_removed", before, element)
    for element, node in new.items():
        if element not in old:
            continue
        earlier, later = _described(old[element]), _described(node)
        for word in sorted(earlier.keys() | later.keys()):
            if earlier.get(word) != later.get(word):
                yield _element(
                    "element_changed", after, element, word=word, old=_shown(earlier.get(word)),
                    new=_shown(later.get(word)),
                )  # fmt: skip


def _flows(before: Definition, after: Definition) -> Iterator[Change]:
    def ways(definition: Definition) -> dict[str, tuple[str, str, str]]:
        return {
            flow.id: (flow.source, flow.target, flow.condition.text if flow.condition else "")
            for flow in definition.model.flows.values()
        }

    old, new = ways(before), ways(after)
    for flow, (source, target, condition) in new.items():
        if flow not in old:
            yield Change(
                "flow",
                "flow_added",
                {"source": source, "target": target, "condition": condition or "–"},
                flow,
            )
        elif old[flow][:2] != (source, target):
            params = {"old": " → ".join(old[flow][:2]), "new": f"{source} → {target}"}
            yield Change("flow", "flow_moved", params, flow)
        elif old[flow][2] != condition:
            params = {"source": source, "target": target, "old": old[flow][2] or "–", "new": condition or "–"}
            yield Change("flow", "condition_changed", params, flow)
    for flow, (source, target, _) in old.items():
        if flow not in new:
            yield Change("flow", "flow_removed", {"source": source, "target": target}, flow)


def _element(code: str, definition: Definition, element: str, **params: Any) -> Change:
    names = {f"name_{language}": definition.element_name(language, element) for language in texts.LANGUAGES}
    kind = definition.model.nodes[element].kind.value
    return Change("flow", code, {"element": element, "kind": kind, **names, **params}, element)


def _described(node: Node) -> dict[str, str]:
    """What an element does, word by word; lines and the flows around it are left out."""
    words: dict[str, Any] = {
        "kind": node.kind.value, "name": node.name, "lane": node.lane, "scope": node.scope, "form": node.form,
        "service": node.service, "decision": node.decision, "result": node.result, "calls": node.called,
        "trigger": node.trigger.value, "attached_to": node.attached_to, "error_code": node.error_code,
        "error_variable": node.error_variable, "interrupting": node.interrupting if node.attached_to else None,
        "default": node.default, "script": node.script and node.script.text,
        "inputs": _assigned(node.inputs), "outputs": _assigned(node.outputs),
    }  # fmt: skip
    if node.timer:
        words["timer"] = f"{node.timer.kind.value} {node.timer.expression.text}"
    if node.message:
        parts = (node.message.key, node.message.payload)
        words["message"] = " · ".join([node.message.name, *(part.text for part in parts if part)])
    if node.loop:
        loop = node.loop
        expressions = (loop.collection, loop.cardinality, loop.output_element, loop.completion_condition)
        told = [part.text for part in expressions if part]
        words["loop"] = " · ".join(
            ["sequential" if loop.sequential else "parallel", loop.element_variable or "", *told]
        )
    return {word: str(value) for word, value in words.items() if value not in (None, "", ())}


def _assigned(assignments: tuple[Assignment, ...]) -> str:
    return "; ".join(f"{one.target} = {one.source.text}" for one in assignments)


# --- rules -------------------------------------------------------------------------------------------------


def _rules(before: Definition, after: Definition) -> Iterator[Change]:
    old, new = before.decisions, after.decisions
    for key in new.keys() - old.keys():
        yield Change("rules", "decision_added", {"decision": key}, key)
    for key in old.keys() - new.keys():
        yield Change("rules", "decision_removed", {"decision": key}, key)
    for key in sorted(old.keys() & new.keys()):
        if old[key].binding != new[key].binding:
            params = {"decision": key, "old": old[key].binding, "new": new[key].binding}
            yield Change("rules", "binding_changed", params, key)
    for path in sorted(before.dmn_files.keys() | after.dmn_files.keys()):
        earlier, later = before.dmn_files.get(path), after.dmn_files.get(path)
        if earlier is None or later is None:
            yield Change("rules", "file_added" if earlier is None else "file_removed", {"file": path})
            continue
        old_model, new_model = before.models.get(path), after.models.get(path)
        for code, decision, params in compare_rules.differences(old_model, new_model, earlier, later, path):
            yield Change("rules", code, {"decision": decision, **params}, decision)


# --- process.yaml, forms, documents, texts, scenarios ------------------------------------------------------


def _process(before: Definition, after: Definition) -> Iterator[Change]:
    left_out = {"flow", "forms", "decisions", "documents"}
    old, new = (
        {key: value for key, value in side.manifest.marked.value.items() if key not in left_out}
        for side in (before, after)
    )
    people = ("owner", "start", "lanes")
    for code, pointer, earlier, later in _differences(old, new):
        area = "people" if pointer.split("/")[1] in people else "process"
        yield Change(area, f"entry_{code}", {"entry": pointer, "old": _shown(earlier), "new": _shown(later)})


def _forms(before: Definition, after: Definition) -> Iterator[Change]:
    yield from _whole(before.forms, after.forms, "forms", "form")
    for name in sorted(before.forms.keys() & after.forms.keys()):
        old, new = before.forms[name], after.forms[name]
        for key in sorted(new.keys.keys() - old.keys.keys()):
            yield Change("forms", "field_added", {"form": name, "field": key}, name)
        for key in sorted(old.keys.keys() - new.keys.keys()):
            yield Change("forms", "field_removed", {"form": name, "field": key}, name)
        fields = {f"/properties/{key}" for key in new.keys.keys() ^ old.keys.keys()}
        for _, pointer, earlier, later in _differences(old.schema, new.schema):
            if pointer in fields:
                continue
            params = {"form": name, "entry": pointer, "old": _shown(earlier), "new": _shown(later)}
            if isinstance(earlier or later, (list, Mapping)):
                code = next(
                    (code for part, code in PARTS.items() if pointer.startswith(part)), "form_part_changed"
                )
                yield Change("forms", code, {"form": name, "entry": pointer}, name)
            else:
                yield Change("forms", "field_changed", params, name)


def _documents(before: Definition, after: Definition) -> Iterator[Change]:
    yield from _whole(before.documents, after.documents, "documents", "document")
    for name in sorted(before.documents.keys() & after.documents.keys()):
        old, new = (side.bundle.files[side.manifest.documents[name]] for side in (before, after))
        if old != new:
            yield Change("documents", "document_changed", {"name": name})


def _texts(before: Definition, after: Definition) -> Iterator[Change]:
    for language in texts.LANGUAGES:
        old, new = before.texts.get(language, {}), after.texts.get(language, {})
        for code, pointer, earlier, later in _leaves(_differences(old, new)):
            key = pointer.strip("/").replace("/", ".")
            params = {"name": key, "into": language, "old": _shown(earlier), "new": _shown(later)}
            yield Change("texts", f"text_{code}", params)


def _scenarios(before: Definition, after: Definition) -> Iterator[Change]:
    old, new = ({one.name: _without_lines(one) for one in side.scenarios} for side in (before, after))
    yield from _whole(old, new, "scenarios", "scenario")
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name]:
            yield Change("scenarios", "scenario_changed", {"name": name})


def _without_lines(scenario: Any) -> str:
    if isinstance(scenario, DecisionTable):
        cases = [(case.given, case.expected) for case in scenario.cases]
        return repr((scenario.at, scenario.decision, scenario.given, cases))
    steps = [
        tuple(getattr(step, name) for name in step.__slots__ if name != "line") for step in scenario.steps
    ]
    return repr((scenario.at, scenario.start, scenario.variables, scenario.stubs, steps, scenario.expected))


def _whole(old: Mapping[str, Any], new: Mapping[str, Any], area: str, word: str) -> Iterator[Change]:
    for name in sorted(new.keys() - old.keys()):
        yield Change(area, f"{word}_added", {"name": name})
    for name in sorted(old.keys() - new.keys()):
        yield Change(area, f"{word}_removed", {"name": name})


def _differences(old: Any, new: Any, pointer: str = "") -> Iterator[tuple[str, str, Any, Any]]:
    """(`added`, `removed` or `changed`, JSON pointer, old, new) for each place where two JSON values differ."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            where = pointer + schemas.pointer_of([key])
            if key not in old:
                yield "added", where, None, new[key]
            elif key not in new:
                yield "removed", where, old[key], None
            else:
                yield from _differences(old[key], new[key], where)
    elif old != new:
        yield "changed", pointer, old, new


def _leaves(found: Iterable[tuple[str, str, Any, Any]]) -> Iterator[tuple[str, str, Any, Any]]:
    """The same, each text by itself where a whole group of them came or went."""
    for code, pointer, earlier, later in found:
        whole = earlier or later
        if code == "changed" or not isinstance(whole, Mapping):
            yield code, pointer, earlier, later
            continue
        parts = [(code, pointer + schemas.pointer_of([key]), value) for key, value in whole.items()]
        yield from _leaves(
            (code, where, None, value) if code == "added" else (code, where, value, None)
            for code, where, value in parts
        )


def _shown(value: Any) -> str:
    return "–" if value is None else schemas.shown(value)
