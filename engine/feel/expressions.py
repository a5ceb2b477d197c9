"""Compiled expressions and unary tests: what the rest of the engine holds and evaluates."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from engine.feel import compiling_tests, parsing, types
from engine.feel import syntax as tree
from engine.feel.budgets import Moment, Run
from engine.feel.compiling import Compiler
from engine.feel.faults import FeelError, Place, Warning
from engine.feel.frames import Eval, Frame, Test
from engine.feel.functions.declared import BUILT_IN
from engine.feel.json_values import Json, from_json, to_json
from engine.feel.readers import Names
from engine.feel.syntax import Node

Types = Mapping[str, types.Type]


@dataclass(frozen=True, slots=True)
class Result:
    """A FEEL value, and why parts of it became null."""

    value: object
    warnings: tuple[Warning, ...]


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression; `names` are the free top-level variable names it reads."""

    text: str
    names: frozenset[str]
    tree: tree.Node
    closure: Eval
    reads: frozenset[str]  # `names`, and those a filter's item or a built-in might provide instead
    steps: int = 0  # what evaluating it once more is worth, besides what it pays itself

    @property
    def shared(self) -> frozenset[str]:
        """The names it reads that built-in functions bear; data may bear them too (`all.branches`)."""
        return self.reads & BUILT_IN.keys()

    def evaluate(self, variables: Mapping[str, object], moment: Moment) -> Result:
        """The value for these variables; never raises on data, FeelError only when a budget is exhausted."""
        run = Run(moment)
        value = self.run(frame_of(variables, self.reads, run))
        return Result(value, tuple(run.warnings))

    def json(self, variables: Mapping[str, object], moment: Moment) -> Json:
        """The value as JSON."""
        return to_json(self.evaluate(variables, moment).value)

    def run(self, frame: Frame) -> object:
        """The value where the names are as in the frame: FEEL values already, warnings to the frame's run."""
        try:
            return self.closure(frame)
        except RecursionError:
            raise FeelError("too_deep", Place(self.text, 0, len(self.text)), most=0) from None


@dataclass(frozen=True, slots=True)
class UnaryTests:
    """A compiled cell of a decision table; `names` are the free names it reads, without `?`.

    `constants` are the values of those of its nodes that were worked out already: `date("2021-07-26")` …
    """

    text: str
    names: frozenset[str]
    tree: tree.Tests
    test: Test
    reads: frozenset[str]
    steps: int = 0
    constants: Mapping[Node, object] = field(default_factory=dict, compare=False, repr=False)

    def matches(self, value: object, variables: Mapping[str, object], moment: Moment) -> bool | None:
        """Whether the value passes; None when it cannot be told."""
        return self.evaluate(value, variables, moment).value  # type: ignore[return-value]

    def evaluate(self, value: object, variables: Mapping[str, object], moment: Moment) -> Result:
        """`matches`, with the reasons for a None."""
        run = Run(moment)
        outcome = self.run(from_json(value), frame_of(variables, self.reads, run))
        return Result(outcome, tuple(run.warnings))

    def run(self, value: object, frame: Frame) -> bool | None:
        try:
            return self.test(value, frame)
        except RecursionError:
            raise FeelError("too_deep", Place(self.text, 0, len(self.text)), most=0) from None


def frame_of(variables: Mapping[str, object], reads: Collection[str], run: Run) -> Frame:
    """The outermost frame: those of the variables that are read, as FEEL values."""
    return Frame({name: from_json(variables[name]) for name in reads if name in variables}, None, run)


def compile(text: str, names: Collection[str] = (), known_types: Types | None = None) -> Expression:
    """Read and compile an expression; `names` are known in scope (needed for those with spaces).

    Raises FeelError with line, column, what was expected and what was found.
    """
    if known_types is None:
        return _compiled(text, frozenset(names))
    return _compile(text, frozenset(names), known_types)


def compile_unary(text: str, names: Collection[str] = (), known_types: Types | None = None) -> UnaryTests:
    """Read and compile a decision table's cell: `-`, `< 5`, `[1..3]`, `"a", "b"`, `not(…)`, or a test of `?`."""
    if known_types is None:
        return _compiled_unary(text, frozenset(names))
    return _compile_unary(text, frozenset(names), known_types)


@functools.lru_cache(maxsize=4096)
def _compiled(text: str, names: frozenset[str]) -> Expression:
    return _compile(text, names, {})


@functools.lru_cache(maxsize=4096)
def _compiled_unary(text: str, names: frozenset[str]) -> UnaryTests:
    return _compile_unary(text, names, {})


def _compile(text: str, names: frozenset[str], known_types: Types) -> Expression:
    try:
        node = parsing.expression(text, names, functions(), known_types)
        compiler = Compiler(text, names, known_types)
        closure = compiler.compile(node)
    except RecursionError:
        raise FeelError("nested_too_deep", Place(text, 0, len(text)), most=0) from None
    return Expression(
        text, frozenset(compiler.names), node, closure, frozenset(compiler.reads), compiler.steps
    )


def _compile_unary(text: str, names: frozenset[str], known_types: Types) -> UnaryTests:
    try:
        node = parsing.unary_tests(text, names, functions(), known_types)
        compiler = Compiler(text, names, known_types)
        test = compiling_tests.cell(compiler, node)
    except RecursionError:
        raise FeelError("nested_too_deep", Place(text, 0, len(text)), most=0) from None
    return UnaryTests(
        text,
        frozenset(compiler.names),
        node,
        test,
        frozenset(compiler.reads),
        compiler.steps,
        compiler.constants,
    )


@functools.cache
def functions() -> Names:
    """The built-in functions' names with spaces."""
    return Names(BUILT_IN)
