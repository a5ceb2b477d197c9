"""How types stand to each other: what two have in common, and whether values of them can ever be equal, ordered or fit.

Each `may_…` is True unless no two values can do it: null is of every type, and a list of one stands for its item.
"""

from __future__ import annotations

from engine.feel import types
from engine.feel.types import ContextType, ExactContext, FunctionType, ListType, RangeType, Type

ORDERED = ("number", "string", "date", "time", "date and time", "days and time duration",
           "years and months duration")  # fmt: skip
READ_FROM_TEXT = ("date", "time", "date and time", "days and time duration", "years and months duration")
_PARTED = {"list": ListType("list", types.ANY), "range": RangeType("range", types.ANY)}


def base(of: Type) -> Type:
    """The type without its allowed values; one that nobody explains is Any, a bare list or range one of Any."""
    while isinstance(of, types.Restricted):
        of = of.of
    if isinstance(of, types.Reference):
        return types.ANY
    return _PARTED.get(of.name, of) if type(of) is Type else of


def kind(of: Type) -> str:
    """The name of the kind of value: `list`, `context`, `number` …, `Any` where unknown, `null` for nothing else."""
    match base(of):
        case ListType():
            return "list"
        case RangeType():
            return "range"
        case ContextType():
            return "context"
        case FunctionType():
            return "function"
        case plain:
            return plain.name


def is_known(of: Type) -> bool:
    """Whether values other than null exist and are known to be of one kind."""
    return kind(of) not in ("Any", "null")


def element(of: Type) -> Type:
    """What a list or range holds; anything else stands for itself."""
    plain = base(of)
    return base(plain.element) if isinstance(plain, ListType | RangeType) else plain


def words(of: Type) -> str:
    """The type as a reader writes it: `list<number>`, or the name an item definition gives it."""
    plain = base(of)
    if isinstance(plain, ListType | RangeType) and plain.name in _PARTED:
        inner = base(plain.element)
        return plain.name if inner in (types.ANY, types.NULL) else f"{plain.name}<{words(inner)}>"
    return plain.name


def common(one: Type, other: Type) -> Type:
    """The narrowest type that values of both have; Any where they have none."""
    one, other = base(one), base(other)
    if one == other or other == types.NULL:
        return one
    match one, other:
        case (Type(name="null"), _):
            return other
        case (ListType(element=left), ListType(element=right)):
            return ListType("list", common(left, right))
        case (RangeType(element=left), RangeType(element=right)):
            return RangeType("range", common(left, right))
        case (ContextType(), ContextType()):
            return _common_context(one, other)
    shared = kind(one)
    return Type(shared) if shared == kind(other) and shared in ("context", "function") else types.ANY


def _common_context(one: ContextType, other: ContextType) -> Type:
    left, right = dict(one.fields), dict(other.fields)
    if left.keys() != right.keys():
        return types.CONTEXT
    exact = isinstance(one, ExactContext) and isinstance(other, ExactContext)
    made = ExactContext if exact else ContextType
    return made("context", tuple((key, common(of, right[key])) for key, of in left.items()))


def may_equal(one: Type, other: Type) -> bool:
    """Whether `=` can say true or false of two values that are not null."""
    left, right = kind(one), kind(other)
    if left == right or not (is_known(one) and is_known(other)):
        return True
    if left == "list":
        return may_equal(element(one), other)
    return right == "list" and may_equal(one, element(other))


def may_order(one: Type, other: Type) -> bool:
    """Whether `<` can say true or false."""
    left, right = kind(one), kind(other)
    if not (is_known(one) and is_known(other)):
        return all(name in (*ORDERED, "Any", "null") for name in (left, right))
    return left == right and left in ORDERED


def may_be_in(value: Type, wanted: Type) -> bool:
    """Whether a value can be in a range or list, or be equal to what is neither."""
    if not (is_known(value) and is_known(wanted)):
        return True
    match kind(wanted):
        case "range":
            return kind(value) == "range" or _may_lie(value, element(wanted))
        case "list":
            return kind(value) == "list" or _may_be_item(value, element(wanted))
    return may_equal(value, wanted)


def _may_lie(value: Type, end: Type) -> bool:
    return not is_known(end) or kind(value) == kind(end)


def _may_be_item(value: Type, item: Type) -> bool:
    match kind(item):
        case "range":
            return _may_lie(value, element(item)) or kind(value) == "range"
        case "list":
            return _may_be_item(value, element(item))
    return not is_known(item) or kind(value) == kind(item)


def may_become(given: Type, wanted: Type, reads_texts: bool = False) -> bool:
    """Whether a value can be made to fit a type (`types.coerced`); with `reads_texts`, texts are dates too."""
    given, wanted = base(given), base(wanted)
    if _may_conform(given, wanted, reads_texts):
        return True
    if isinstance(given, ListType) and _may_conform(given.element, wanted, False):
        return True
    if isinstance(wanted, ListType) and _may_conform(given, wanted.element, False):
        return True
    return given == types.DATE and wanted == types.DATE_TIME


def _may_conform(given: Type, wanted: Type, reads_texts: bool) -> bool:
    given, wanted = base(given), base(wanted)
    if not is_known(given) or wanted == types.ANY:
        return True
    if reads_texts and given == types.STRING and wanted.name in READ_FROM_TEXT:
        return True
    match wanted:
        case ContextType(fields=fields):
            return kind(given) == "context" and _may_have(given, dict(fields), reads_texts)
        case RangeType(element=end):
            return isinstance(given, RangeType) and _may_lie(given.element, end)
    return kind(given) == kind(wanted)


def _may_have(given: Type, wanted: dict[str, Type], reads_texts: bool) -> bool:
    if not isinstance(given, ContextType):
        return True
    own = dict(given.fields)
    if isinstance(given, ExactContext) and not wanted.keys() <= own.keys():
        return False
    return all(
        _may_conform(own[key], of, reads_texts) or _may_conform(own[key], of, False)
        for key, of in wanted.items()
        if key in own
    )
