"""Built-in functions, a module per kind of value: each declared once with its parameters; names, kinds and counts are
checked here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.feel.budgets import Run
from engine.feel.faults import Refusal
from engine.feel.values import KINDS, Function, kind

Body = Callable[..., object]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its name, the kind it takes, and whether it may be left out (or be null)."""

    name: str
    kind: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a built-in. `body` takes the run and one value per parameter (all values when `variadic`).

    `result` is the type of what it gives: one of FEEL, a word of `_KINDS` such as `duration`, or `T`, the type of
    the items it is given (`list<T>`: a list of such). `steps` is what a call is worth, besides what sizes add.
    """

    parameters: tuple[Parameter, ...]
    variadic: bool
    result: str
    body: Body
    steps: int

    @property
    def required(self) -> int:
        return sum(not parameter.optional for parameter in self.parameters)

    @property
    def words(self) -> str:
        """The parameters' names, `?` behind optional ones."""
        listed = ", ".join(known.name + ("?" if known.optional else "") for known in self.parameters)
        return listed + (", …" if self.variadic else "")

    def takes(self, count: int) -> bool:
        return self.required <= count and (self.variadic or count <= len(self.parameters))

    def order(self, names: Sequence[str]) -> list[int] | None:
        """For named arguments: the place of each parameter's argument (-1 if left out); None when they do not fit."""
        known = [parameter.name for parameter in self.parameters]
        if self.variadic or len(set(names)) != len(names) or any(name not in known for name in names):
            return None
        places = [names.index(name) if name in names else -1 for name in known]
        fits = all(
            place >= 0 or parameter.optional for place, parameter in zip(places, self.parameters, strict=True)
        )
        return places if fits else None

    def call(self, run: Run, values: list[object]) -> object:
        """The result for values in the parameters' order; refuses values of another kind, and results out of bounds."""
        for value in values:
            if type(value) is str and len(value) > 64:
                run.spend(len(value) // 64)
        try:
            return self.body(run, *self._fitting(values))
        except ArithmeticError:
            raise Refusal("number_out_of_bounds") from None

    def _fitting(self, values: list[object]) -> list[object]:
        """What the body takes: one value per parameter, or the one list of all of them."""
        if self.variadic:
            wanted = self.parameters[-1].kind
            return [[fitted(value, wanted, False) for value in values]]
        fitting = [
            fitted(value, parameter.kind, parameter.optional)
            for value, parameter in zip(values, self.parameters, strict=False)
        ]
        return fitting + [None] * (len(self.parameters) - len(values))


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A built-in function with all the ways to call it."""

    name: str
    signatures: list[Signature]

    @property
    def steps(self) -> int:
        """What a call is worth at most, besides what the sizes of its values add."""
        return max(signature.steps for signature in self.signatures)

    @property
    def value(self) -> Function:
        """The function as a value, for `sort(list, f)` and the like."""
        first = self.signatures[0]
        names = (
            None if len(self.signatures) > 1 or first.variadic else tuple(p.name for p in first.parameters)
        )
        return Function(self.name, names, self._paid, call_named=self._paid_named)

    def _paid(self, run: Run, values: list[object]) -> object:
        """A call whose caller could not know that it calls a built-in, and so did not pay for it."""
        run.spend(self.steps)
        return self.call(run, values)

    def _paid_named(self, run: Run, names: tuple[str, ...], values: list[object]) -> object:
        run.spend(self.steps)
        return self.call_named(run, names, values)

    @property
    def ways(self) -> str:
        """How it is called, for a sentence: `substring(string, start position, length?)`."""
        said = (f"{self.name}({signature.words})" for signature in self.signatures)
        return ", ".join(dict.fromkeys(said))  # some ways differ in the kinds they take only

    def call(self, run: Run, values: list[object]) -> object:
        """Try each signature that takes so many values; the first whose kinds fit decides."""
        fitting = [signature for signature in self.signatures if signature.takes(len(values))]
        if not fitting:
            raise Refusal("arguments_count", name=self.name, count=len(values))
        for signature in fitting[:-1]:
            try:
                return signature.call(run, values)
            except Misfit:
                continue
        return fitting[-1].call(run, values)

    def call_named(self, run: Run, names: tuple[str, ...], values: list[object]) -> object:
        ordered = [(signature, signature.order(names)) for signature in self.signatures]
        fitting = [(signature, places) for signature, places in ordered if places is not None]
        if not fitting:
            raise Refusal("arguments_unknown", name=self.name, names=", ".join(names))
        # `before(range: …, point: …)` and `before(point: …, range: …)` differ in nothing but the order.
        fitting.sort(key=lambda one: [place for place in one[1] if place >= 0] != list(range(len(names))))
        misfit: Misfit | None = None
        for signature, places in fitting:
            try:
                return signature.call(run, [None if place < 0 else values[place] for place in places])
            except Misfit as found:
                misfit = found
        assert misfit is not None
        raise misfit


class Misfit(Refusal):
    """A value of a kind the parameter does not take."""


BUILT_IN: dict[str, BuiltIn] = {}


def built_in(name: str, signature: str, steps: int = 1) -> Callable[[Body], Body]:
    """Declare a way to call a built-in: `@built_in("substring", "string: string, …, length: number? -> string")`.

    `?` marks an optional parameter, `...` after a kind that any number of arguments go; the result's type is last.
    `steps` is what a call is worth; what grows with the sizes of its values the body pays itself.
    """
    taken, _, result = signature.rpartition("-> ")

    def declare(body: Body) -> Body:
        listed = taken.rstrip()
        variadic = listed.endswith("...")
        found = tuple(_parameter(part) for part in listed.removesuffix("...").split(", ") if part)
        BUILT_IN.setdefault(name, BuiltIn(name, [])).signatures.append(
            Signature(found, variadic, result, body, steps)
        )
        return body

    return declare


def fitted(value: object, wanted: str, optional: bool) -> object:
    """A value as a parameter takes it: a list of one stands for its item, and an item for a list of one."""
    check = _KINDS.get(wanted)
    if check is None or type(value) in check:
        return value
    if value is None and optional:
        return None
    if type(value) is list and len(value) == 1 and type(value[0]) in check:
        return value[0]
    if wanted == "list" and value is not None:
        return [value]
    raise Misfit("argument_kind", expected=wanted, found=kind(value))


def _parameter(declared: str) -> Parameter:
    name, _, wanted = declared.partition(": ")
    return Parameter(name, wanted.removesuffix("?"), wanted.endswith("?"))


def _types(*kinds: str) -> frozenset[type[Any]]:
    return frozenset(found for found, name in KINDS.items() if name in kinds)


_KINDS: dict[str, frozenset[type[Any]]] = {
    **{name: _types(name) for name in KINDS.values()},
    "calendar": _types("date", "date and time"),
    "clock": _types("time", "date and time", "date"),
    "moment": _types("date and time"),
    "duration": _types("days and time duration", "years and months duration"),
    "boolean or null": _types("boolean", "null"),
    "number or duration": _types("number", "days and time duration", "years and months duration"),
    "string or list": _types("string", "list"),
    "number or function": _types("number", "function"),
    "point": _types("number", "string", "date", "time", "date and time", "days and time duration",
                    "years and months duration"),
}  # fmt: skip


def accepted(wanted: str) -> frozenset[str] | None:
    """The names of the types that a parameter of this kind takes; None when it takes any."""
    found = _KINDS.get(wanted)
    return None if found is None else frozenset(KINDS[one] for one in found)


def integer(value: object) -> int:
    """A number's whole part, for positions and counts; refuses what no list or text can be that long for."""
    assert isinstance(value, Decimal)
    if value.adjusted() > 18:
        raise Refusal("number_out_of_bounds")
    return int(value)
