"""The types of FEEL: what `instance of` asks, and parameters and item definitions demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engine.feel import dates, durations
from engine.feel.budgets import Run
from engine.feel.faults import Refusal
from engine.feel.values import Function, Range, kind


@dataclass(frozen=True, slots=True)
class Type:
    """Any type; the plain ones are told apart by `name` alone (`number`, `date and time`, `Any` …)."""

    name: str


@dataclass(frozen=True, slots=True)
class Reference(Type):
    """A name that only the model's item definitions can explain."""


@dataclass(frozen=True, slots=True)
class ListType(Type):
    element: Type


@dataclass(frozen=True, slots=True)
class RangeType(Type):
    element: Type


@dataclass(frozen=True, slots=True)
class ContextType(Type):
    fields: tuple[tuple[str, Type], ...]


@dataclass(frozen=True, slots=True)
class FunctionType(Type):
    parameters: tuple[Type, ...]
    result: Type


@dataclass(frozen=True, slots=True)
class ExactContext(ContextType):
    """What a context literal is: these entries and no others, where a declared context may hold more."""


@dataclass(frozen=True, slots=True)
class NamedFunction(FunctionType):
    """A function whose parameters can be given by name."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restricted(Type):
    """A type with allowed values: a test that must be true of each value."""

    of: Type
    allows: Callable[[object, Run], bool | None] = field(compare=False, hash=False)
    allowed: str = field(default="", compare=False)  # the test as written


ANY = Type("Any")
NUMBER = Type("number")
STRING = Type("string")
BOOLEAN = Type("boolean")
DATE = Type("date")
TIME = Type("time")
DATE_TIME = Type("date and time")
DAYS_TIME = Type("days and time duration")
YEARS_MONTHS = Type("years and months duration")
CONTEXT = Type("context")
LIST = Type("list")
FUNCTION = Type("function")
RANGE = Type("range")
NULL = Type("null")

# Types that `instance of` can only ask with their parts: `list<number>`, `context<a: number>` …
UNFINISHED = (CONTEXT, LIST, FUNCTION, RANGE)

PLAIN: dict[str, Type] = {
    known.name.lower(): known
    for known in (ANY, NUMBER, STRING, BOOLEAN, DATE, TIME, DATE_TIME, DAYS_TIME, YEARS_MONTHS,
                  CONTEXT, LIST, FUNCTION, RANGE, NULL)
}  # fmt: skip
# Spellings of typeRef in the XML of DMN 1.1 and later.
PLAIN |= {"datetime": DATE_TIME, "daytimeduration": DAYS_TIME, "yearmonthduration": YEARS_MONTHS}


def plain(name: str) -> Type | None:
    """The built-in type of that name, in FEEL's spelling or the XML's; None when it is none."""
    return PLAIN.get(" ".join(name.split()).lower()) if name else None


def from_xml(name: str) -> Type | None:
    """The built-in type a typeRef names, also in the words of editors of their own; None when it is none."""
    return _OF_EDITORS.get(name) or plain(name)


_OF_EDITORS = {"integer": NUMBER, "long": NUMBER, "double": NUMBER, "<Undefined>": ANY}


def resolved(wanted: Type, known: Mapping[str, Type]) -> Type:
    """The type with every reference replaced by what the model knows under that name."""
    match wanted:
        case Reference(name=name):
            return known.get(name, wanted)
        case ListType(name=name, element=element):
            return ListType(name, resolved(element, known))
        case RangeType(name=name, element=element):
            return RangeType(name, resolved(element, known))
        case ContextType(name=name, fields=fields):
            return ContextType(name, tuple((key, resolved(of, known)) for key, of in fields))
        case FunctionType(name=name, parameters=parameters, result=result):
            return FunctionType(
                name, tuple(resolved(of, known) for of in parameters), resolved(result, known)
            )
    return wanted


def conforms(value: object, wanted: Type, run: Run, depth: int = 0) -> bool:
    """Whether a value is of a type; null is of every type where a value may be missing, but see `is_instance`."""
    if value is None or wanted == ANY:
        return True
    if depth > 60:
        raise Refusal("too_deep")
    match wanted:
        case Restricted(of=of, allows=allows):
            return conforms(value, of, run, depth + 1) and allows(value, run) is True
        case ListType(element=element):
            return isinstance(value, list) and _all_conform(value, element, run, depth)
        case RangeType(element=element):
            return isinstance(value, Range) and _range_conforms(value, element, run, depth)
        case ContextType(fields=fields):
            run.spend(len(fields))
            return isinstance(value, dict) and all(
                key in value and conforms(value[key], of, run, depth + 1) for key, of in fields
            )
        case FunctionType():
            return isinstance(value, Function) and _function_conforms(value, wanted)
        case Reference():
            return False
    return kind(value) == wanted.name


def is_instance(value: object, wanted: Type, run: Run) -> bool:
    """`value instance of type`: null is an instance of nothing but null."""
    return wanted == NULL if value is None else conforms(value, unrestricted(wanted), run)


def unrestricted(wanted: Type) -> Type:
    """The type without its allowed values, which `instance of` does not ask about."""
    match wanted:
        case Restricted(of=of):
            return unrestricted(of)
        case ListType(name=name, element=element):
            return ListType(name, unrestricted(element))
        case ContextType(name=name, fields=fields):
            return ContextType(name, tuple((key, unrestricted(of)) for key, of in fields))
    return wanted


def coerced(value: object, wanted: Type, run: Run) -> object:
    """A value made to fit a type (DMN 1.5, 10.3.2.9.4: list of one ↔ one, date → midnight); refuses the rest."""
    if wanted == ANY or value is None:
        return value
    if conforms(value, wanted, run):
        return value
    if isinstance(value, list) and len(value) == 1 and conforms(value[0], wanted, run):
        return value[0]
    if conforms([value], wanted, run):
        return [value]
    if wanted == DATE_TIME and isinstance(value, dates.Date):
        return dates.DateTime(value, dates.Time(0, 0))
    if isinstance(wanted, FunctionType) and isinstance(value, Function):
        return value
    raise _misfit(value, wanted, run)


def _misfit(value: object, wanted: Type, run: Run, part: str = "") -> Refusal:
    """Why a value is not of a type: the first part of it that is not, by its path, and what belongs there."""
    said = {"expected": wanted.name, "found": kind(value)}
    match wanted:
        case Restricted(of=of, allowed=allowed) if conforms(value, of, run):
            return Refusal(
                "part_not_allowed" if part else "value_not_allowed", part=part, allowed=allowed, **said
            )
        case Restricted(of=of):
            return _misfit(value, of, run, part)
        case ListType(element=element) if isinstance(value, list):
            for number, item in enumerate(value, 1):
                if not conforms(item, element, run):
                    return _misfit(item, element, run, f"{part}[{number}]")
        case ContextType(fields=fields) if isinstance(value, dict):
            for key, of in fields:
                named = f"{part}.{key}" if part else key
                if key not in value:
                    return Refusal("part_missing", part=named, **said)
                if not conforms(value[key], of, run):
                    return _misfit(value[key], of, run, named)
    return Refusal("part_differs" if part else "type_differs", part=part, **said)


def read_as(value: object, wanted: Type) -> object:
    """A JSON value with the texts its type calls dates, times and durations read as such; the rest unchanged.

    A list of one and an item alone are read alike, so that `coerced` can make one of the other.
    """
    match wanted:
        case Restricted(of=of):
            return read_as(value, of)
        case ListType(element=element) if isinstance(value, list):
            return [read_as(item, element) for item in value]
        case ListType(element=element):
            return read_as(value, element)
        case ContextType(fields=fields) if isinstance(value, dict):
            kinds = dict(fields)
            return {key: read_as(item, kinds[key]) if key in kinds else item for key, item in value.items()}
    if isinstance(value, list) and len(value) == 1:
        return [read_as(value[0], wanted)]
    if not isinstance(value, str):
        return value
    reader = _READERS.get(wanted.name)
    read = reader(value) if reader else value
    return value if read is None else read


def reads_texts(wanted: Type) -> bool:
    """Whether `read_as` can change a value of this type at all."""
    match wanted:
        case Restricted(of=of):
            return reads_texts(of)
        case ListType() | ContextType():
            return True
    return wanted.name in _READERS


_READERS: dict[str, Callable[[str], object]] = {
    "date": dates.read_date,
    "time": dates.read_time,
    "date and time": dates.read_moment,
    "days and time duration": durations.read,
    "years and months duration": durations.read,
}


def _all_conform(items: list[object], element: Type, run: Run, depth: int) -> bool:
    run.spend(1 + len(items) // 2)
    return all(conforms(item, element, run, depth + 1) for item in items)


def _range_conforms(value: Range, element: Type, run: Run, depth: int) -> bool:
    return conforms(value.low, element, run, depth + 1) and conforms(value.high, element, run, depth + 1)


def _function_conforms(value: Function, wanted: FunctionType) -> bool:
    if value.parameter_types is None:
        return True
    if len(value.parameter_types) != len(wanted.parameters):
        return False
    pairs = zip(value.parameter_types, wanted.parameters, strict=True)
    return all(accepts(own, asked) for own, asked in pairs) and accepts(
        wanted.result, value.result_type or ANY
    )


def accepts(wider: Type, narrower: Type) -> bool:
    """Whether every value of `narrower` is one of `wider`, as far as their names and parts tell."""
    match wider, narrower:
        case (Type(name="Any"), _):
            return True
        case (ListType(element=left), ListType(element=right)) | (
            RangeType(element=left),
            RangeType(element=right),
        ):
            return accepts(left, right)
        case (ContextType(fields=asked), ContextType(fields=given)):
            has = dict(given)
            return all(key in has and accepts(of, has[key]) for key, of in asked)
        case (_, Restricted(of=of)):
            return accepts(wider, of)
    return wider == narrower
