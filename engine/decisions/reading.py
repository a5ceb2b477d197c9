"""DMN XML to a compiled model: every expression is read once, and everything wrong with the file is found at once."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from engine import errors
from engine.decisions import boxes, elements, graphs, plans, structure
from engine.decisions.item_types import ItemTypes
from engine.decisions.models import Decision, DecisionModel, Knowledge, Need, Service, Variable
from engine.decisions.scopes import Scope
from engine.feel import types

_NEEDED = {"requiredInput": "input", "requiredDecision": "decision", "requiredKnowledge": "knowledge"}


def read(
    tree: etree._Element,
    file: str,
    imports: Mapping[str, DecisionModel] | None = None,
    *,
    strict: bool = True,
) -> DecisionModel:
    """The model in a parsed DMN file; `imports` are the models it may import, by namespace.

    Raises Invalid with a finding (file, line, element) for each thing that cannot be read. Not `strict`: logic
    that cannot be read evaluates to null with a warning instead, as the standard has it for a single decision.
    """
    findings: list[errors.Finding] = []
    model = _Reading(tree, file, imports or {}, findings).model()
    if findings and strict:
        raise errors.Invalid(sorted(findings, key=lambda found: found.line or 0))
    return model


class _Reading:
    """One file on its way to a model."""

    def __init__(
        self,
        root: etree._Element,
        file: str,
        imports: Mapping[str, DecisionModel],
        findings: list[errors.Finding],
    ) -> None:
        self.root, self.file, self.findings = root, file, findings
        self.result = DecisionModel(root.get("id", ""), elements.name(root), root.get("namespace", ""), file)
        self.available = imports
        drawn = [element for element in root if elements.tag(element) in _NAMED]
        self.named = {element.get("id", ""): _variable_name(element) for element in drawn}
        self.kinds = {element.get("id", ""): _KINDS[elements.tag(element)] for element in drawn}
        self.unseen = frozenset(
            _variable_name(element) for element in drawn if elements.tag(element) in _UNSEEN
        )

    def model(self) -> DecisionModel:
        if elements.tag(self.root) != "definitions":
            self.complain("not_dmn", self.root, tag=str(self.root.tag))
            return self.result
        self.findings += structure.findings(self.root, self.file)
        self._read_imports()
        bare = Scope(self.file, self.findings, frozenset(), {})
        item_types = ItemTypes(self.root, self._imported_types(), bare.cell, self.complain)
        self.types = item_types
        self.result.types = item_types.all()
        self.scope = Scope(self.file, self.findings, self._names(item_types), self.result.types)
        self._read_inputs()
        for element in elements.all_of(self.root, "businessKnowledgeModel"):
            self._read_knowledge(element)
        for element in elements.all_of(self.root, "decision"):
            self._read_decision(element)
        for element in elements.all_of(self.root, "decisionService"):
            self._read_service(element)
        self.findings += graphs.findings(self.result, self.root, self.file)
        return self.result

    def complain(self, code: str, element: etree._Element, **params: object) -> None:
        named = (at.get("id") or at.get("name") for at in (element, *element.iterancestors()))
        where = next((name for name in named if name), None)
        self.findings.append(errors.Finding(f"dmn.{code}", params, self.file, elements.line(element), where))

    # -- names and types

    def _read_imports(self) -> None:
        for element in elements.all_of(self.root, "import"):
            name, namespace = elements.name(element), element.get("namespace", "")
            if not elements.imports_decisions(element):
                self.complain("import_kind", element, name=name, kind=element.get("importType", ""))
                continue
            found = self.available.get(namespace)
            if found is None:
                self.complain("import_unknown", element, name=name, namespace=namespace)
            else:
                self.result.imports.append((name, found))
                self._refuse_twice(element, name, found)

    def _refuse_twice(self, element: etree._Element, prefix: str, found: DecisionModel) -> None:
        """A prefix stands for one model, and names without a prefix are told apart across all files."""
        others = self.result.imports[:-1]
        if prefix:
            twice = {prefix} & {name for name, _ in others}
        else:  # an input that two files declare is the same variable
            taken = set(self.named.values()).union(*(_exported(model) for name, model in others if not name))
            twice = taken & (_exported(found) - {variable.name for variable in found.inputs.values()})
        if twice:
            self.complain("import_name_taken", element, names=", ".join(sorted(twice)))

    def _imported_types(self) -> dict[str, types.Type]:
        return {
            f"{prefix}.{name}" if prefix else name: known
            for prefix, model in self.result.imports
            for name, known in model.types.items()
        }

    def _names(self, item_types: ItemTypes) -> frozenset[str]:
        """Every name an expression of this model may speak of, so that those with spaces are recognised."""
        names = {_variable_name(element) for element in self.root if elements.tag(element) in _NAMED}
        names |= set(item_types.members()) | {prefix for prefix, _ in self.result.imports}
        for _, model in self.result.imports:
            names |= _exported(model)
        return frozenset(names - {""})

    def _variable(self, element: etree._Element) -> Variable:
        declared = elements.child(element, "variable")
        logic = elements.logic(element)
        named = elements.type_name(declared) or (
            elements.type_name(logic) if elements.tag(element) == "decision" else ""
        )
        wanted = self.types.named(named)
        if isinstance(wanted, types.Reference):
            self.complain("type_unknown", element, name=named)
            wanted = types.ANY
        return Variable(_variable_name(element), wanted)

    # -- elements of the graph

    def _read_inputs(self) -> None:
        for element in elements.all_of(self.root, "inputData"):
            self.result.inputs[element.get("id", "")] = self._variable(element)

    def _read_decision(self, element: etree._Element) -> None:
        identity = elements.attribute(element, "id", "name")
        scope = self.scope.fresh()
        needs = self._needs(element)
        box = boxes.read(elements.logic(element), scope)
        own = self._needed_names(needs)
        named = _variable_name(element)
        undrawn = self._undrawn(named, needs)
        for name in sorted(scope.names & undrawn):
            self.complain("input_not_required", element, name=name)
        reads = frozenset(scope.reads) - own - undrawn
        self.result.decisions[identity] = Decision(
            identity, elements.name(element) or identity, self._variable(element), box.table, box.logic, needs,
            frozenset(scope.names) - own - {named}, reads,
            elements.description(element), elements.line(element), self.file,
            box.entries, box.text, box.members, box.infer, tuple(scope.tables), box.choice,
        )  # fmt: skip

    def _read_knowledge(self, element: etree._Element) -> None:
        scope = self.scope.fresh()
        function = elements.child(element, "encapsulatedLogic")
        parameters: tuple[Variable, ...] = ()
        box = boxes.Box(None, None)
        if function is not None:
            parameters = boxes.parameters(function, scope)
            with scope.binding([parameter.name for parameter in parameters]):
                box = boxes.function_body(function, scope)
        identity, own = elements.attribute(element, "id", "name"), _variable_name(element)
        needs = self._needs(element)
        if own in scope.names - self._needed_names(needs):  # it calls itself, which no editor can draw
            needs += (Need("knowledge", identity, self.result, ()),)
        for name in sorted(scope.names - self._needed_names(needs)):
            self.complain("knowledge_outside", element, name=name)
        self.result.knowledge[identity] = Knowledge(
            identity,
            self._variable(element),
            parameters,
            box.logic,
            needs,
            box.infer,
            tuple(scope.tables),
            elements.line(element),
        )

    def _read_service(self, element: etree._Element) -> None:
        def named(tag: str, kind: str) -> tuple[Need, ...]:
            return self._found(elements.children(element, tag), kind)

        identity = elements.attribute(element, "id", "name")
        self.result.services[identity] = Service(
            identity, self._variable(element), named("outputDecision", "decision"),
            named("encapsulatedDecision", "decision"), named("inputDecision", "decision"), named("inputData", "input"),
        )  # fmt: skip

    def _needs(self, element: etree._Element) -> tuple[Need, ...]:
        needs: list[Need] = []
        for requirement in element:
            for reference in requirement if elements.tag(requirement).endswith("Requirement") else ():
                kind = _NEEDED.get(elements.tag(reference))
                if kind:
                    needs += self._found([reference], kind)
        return tuple(needs)

    def _found(self, references: list[etree._Element], kind: str) -> tuple[Need, ...]:
        """What references point to, each with the name it is read by here."""
        needs: list[Need] = []
        for reference in references:
            namespace, _, identity = reference.get("href", "").rpartition("#")
            found = self._target(namespace, identity, kind)
            if found is None:
                self.complain("reference_unknown", reference, href=reference.get("href", ""))
                continue
            model, prefix = found
            needs.append(Need(kind, identity, model, prefix))
        return tuple(needs)

    def _target(
        self, namespace: str, identity: str, kind: str
    ) -> tuple[DecisionModel, tuple[str, ...]] | None:
        if namespace in ("", self.result.namespace):
            return (self.result, ()) if identity and self.kinds.get(identity) == kind else None
        for prefix, model in self.result.imports:
            if model.namespace == namespace and graphs.holds(model, identity, kind):
                return model, (prefix,) if prefix else ()
        return None

    def _undrawn(self, own: str, needs: tuple[Need, ...]) -> frozenset[str]:
        """The names of this model's inputs and decisions that are not required here, and so not in scope."""
        required = {
            self.named[need.id] for need in needs if need.model is self.result and need.id in self.named
        }
        return self.unseen - required - {own}

    def _needed_names(self, needs: tuple[Need, ...]) -> frozenset[str]:
        """The names that decisions and knowledge provide, so that no variable has to."""
        provided = {self._provided(need) for need in needs if need.kind != "input" and not need.path}
        return frozenset(provided | {need.path[0] for need in needs if need.path})

    def _provided(self, need: Need) -> str:
        """The name of what is needed; this model's own may be yet to be read, imported ones have been."""
        return self.named.get(need.id, "") if need.model is self.result else plans.variable(need).name


_UNSEEN = frozenset(("inputData", "decision"))
_KINDS = {"inputData": "input", "decision": "decision", "businessKnowledgeModel": "knowledge",
          "decisionService": "knowledge"}  # fmt: skip
_NAMED = frozenset(_KINDS)


def _variable_name(element: etree._Element) -> str:
    return elements.name(elements.child(element, "variable")) or elements.name(element)


def _exported(model: DecisionModel) -> set[str]:
    variables = [
        *model.inputs.values(),
        *(found.variable for found in model.decisions.values()),
        *(found.variable for found in model.knowledge.values()),
        *(found.variable for found in model.services.values()),
    ]
    return {variable.name for variable in variables}
