"""Item definitions: a model's own types, with their parts, collections and allowed values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from lxml import etree

from engine.decisions import elements
from engine.feel import types
from engine.feel.budgets import Run
from engine.feel.expressions import UnaryTests
from engine.feel.frames import Frame

CompileTests = Callable[[etree._Element], UnaryTests]


class ItemTypes:
    """The types of one model by name, each worked out when first asked for; within itself a type is Any."""

    def __init__(
        self,
        root: etree._Element,
        imported: Mapping[str, types.Type],
        compile_tests: CompileTests,
        complain: Callable[..., None],
    ) -> None:
        self.definitions = {elements.name(found): found for found in elements.all_of(root, "itemDefinition")}
        self.known: dict[str, types.Type] = dict(imported)
        self.compile_tests = compile_tests
        self.complain = complain
        self._open: set[str] = set()

    def all(self) -> dict[str, types.Type]:
        """Every type of the model, imported ones under their prefix."""
        for name in self.definitions:
            self.named(name)
        return self.known

    def named(self, name: str) -> types.Type:
        """The type a typeRef means; a name nobody explains is a Reference, an empty one Any."""
        if not name:
            return types.ANY
        if name in self.known:
            return self.known[name]
        if name not in self.definitions:
            return types.from_xml(name) or types.Reference(name)
        if name in self._open:
            self.complain("type_circle", self.definitions[name], name=name)
            return types.ANY
        self._open.add(name)
        found = self._read(self.definitions[name], name)
        self._open.discard(name)
        self.known[name] = found
        return found

    def _known(self, name: str, element: etree._Element) -> types.Type:
        """The type a typeRef means, Any after complaining when nobody explains it."""
        found = self.named(name)
        if isinstance(found, types.Reference):
            self.complain("type_unknown", element, name=name)
            return types.ANY
        return found

    def members(self) -> Iterator[str]:
        """The names of all parts of all types, which paths may use."""
        for definition in self.definitions.values():
            for part in definition.iter():
                if elements.tag(part) == "itemComponent":
                    yield elements.name(part)

    def _read(self, element: etree._Element, name: str) -> types.Type:
        function = elements.child(element, "functionItem")
        components = elements.children(element, "itemComponent")
        found: types.Type
        if function is not None:
            parameters = tuple(
                self._known(elements.type_name(part), part)
                for part in elements.children(function, "parameters")
            )
            found = types.FunctionType(
                name,
                parameters,
                self._known(elements.local_type(function, function.get("outputTypeRef", "")), function),
            )
        elif components:
            found = types.ContextType(
                name, tuple((elements.name(part), self._read(part, name)) for part in components)
            )
        else:
            found = self._known(elements.type_name(element), element)
        allowed = elements.child(element, "allowedValues")
        if allowed is not None and elements.text(allowed):
            tests = self.compile_tests(allowed)
            found = types.Restricted(name, found, self._test(tests), tests.text)
        if element.get("isCollection") == "true":
            found = types.ListType(name, found)
        constraint = elements.child(element, "typeConstraint")
        if constraint is not None and elements.text(constraint):
            tests = self.compile_tests(constraint)
            found = types.Restricted(name, found, self._test(tests), tests.text)
        return found

    @staticmethod
    def _test(tests: UnaryTests) -> Callable[[object, Run], bool | None]:
        """Whether a value is allowed, within the evaluation's budget; why it is not is said by who asks."""

        def allows(value: object, run: Run) -> bool | None:
            before = len(run.warnings)
            verdict = tests.run(value, Frame({}, None, run))
            del run.warnings[before:]
            return verdict

        return allows
