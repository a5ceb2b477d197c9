"""Tree to text: an expression written so that reading it again gives the same tree."""

from __future__ import annotations

from decimal import Decimal

from engine.feel import dates, durations, formats, types
from engine.feel import syntax as tree

_TEMPORAL = (dates.Date, dates.Time, dates.DateTime, durations.DaysTime, durations.YearsMonths)
_SIMPLE = (tree.Literal, tree.Name, tree.List, tree.Context, tree.Interval, tree.Path, tree.Filter, tree.Call)


def text(node: tree.Node) -> str:
    """The expression or cell of a tree, every composite operand in parentheses."""
    match node:
        case tree.Literal(value=value):
            return _literal(value)
        case tree.Name(name=name):
            return name
        case tree.List(items=items):
            return f"[{_listed(items)}]"
        case tree.Context(entries=entries):
            return "{" + ", ".join(f"{_key(key)}: {text(value)}" for key, value in entries) + "}"
        case tree.Interval():
            return _interval(node)
        case tree.Bound(operator=operator, operand=operand):
            return f"({operator} {_operand(operand)})"
        case tree.Negation(operand=operand):
            return f"-{_side(operand)}"
        case tree.Arithmetic(operator=sign, left=left, right=right):
            return f"{_side(left)} {sign} {_side(right)}"
        case tree.Comparison(operator=sign, left=left, right=right):
            return f"{_operand(left)} {sign} {_operand(right)}"
        case tree.Logic(operator=word, parts=parts):
            return f" {word} ".join(map(_side, parts))
        case tree.Between(value=value, low=low, high=high):
            return f"{_side(value)} between {_side(low)} and {_side(high)}"
        case tree.Membership(value=value, tests=tests):
            return f"{_side(value)} in ({', '.join(map(_test, tests))})"
        case tree.InstanceOf(value=value, type=wanted):
            return f"{_side(value)} instance of {_type(wanted)}"
        case tree.Tests():
            return _tests(node)
    return _block(node)


def _block(node: tree.Node) -> str:
    match node:
        case tree.If(condition=condition, then=then, otherwise=otherwise):
            return f"if {_apart(condition)} then {_apart(then)} else {text(otherwise)}"
        case tree.Iterator(name=name, source=source, high=high):
            return f"{name} in {_apart(source)}" + ("" if high is None else f"..{_apart(high)}")
        case tree.For(iterators=iterators, body=body):
            return f"for {_listed(iterators)} return {text(body)}"
        case tree.Quantified(quantifier=quantifier, iterators=iterators, body=body):
            return f"{quantifier} {_listed(iterators)} satisfies {text(body)}"
        case tree.Path(source=source, member=member):
            return f"{_side(source)}.{member}"
        case tree.Filter(source=source, condition=condition):
            return f"{_operand(source)}[{text(condition)}]"
        case tree.Call(callee=callee, arguments=arguments, names=names):
            given = [f"{name}: " for name in names] or [""] * len(arguments)
            words = [name + text(value) for name, value in zip(given, arguments, strict=True)]
            return f"{_operand(callee)}({', '.join(words)})"
        case tree.FunctionLiteral(parameters=parameters, body=body, external=external):
            taken = ", ".join(name + ("" if of == types.ANY else f": {_type(of)}") for name, of in parameters)
            return f"function({taken}) {'external ' if external else ''}{text(body)}"
    raise AssertionError(f"no text for {type(node).__name__}")


def _operand(node: tree.Node) -> str:
    negative = isinstance(node, tree.Literal) and isinstance(node.value, Decimal) and node.value < 0
    bound = isinstance(node, tree.Bound)
    return text(node) if bound or (isinstance(node, _SIMPLE) and not negative) else f"({text(node)})"


def _side(node: tree.Node) -> str:
    """An operand of an operator that names may hold: `a * b` would be read as the name `a * b` where there is one."""
    return _apart(node) if isinstance(node, tree.Name) else _operand(node)


def _apart(node: tree.Node) -> str:
    """An expression before a word of the language, which a name could go on with: `(a) then b`."""
    return f"({node.name})" if isinstance(node, tree.Name) else text(node)


def _test(node: tree.Node) -> str:
    """A unary test; a bound needs no parentheses there, and a range value must keep its own."""
    return f"{node.operator} {_operand(node.operand)}" if isinstance(node, tree.Bound) else text(node)


def _tests(node: tree.Tests) -> str:
    if node.any:
        return "-"
    listed = ", ".join(map(_test, node.tests))
    return f"not({listed})" if node.negated else listed


def _listed(nodes: tuple[tree.Node, ...]) -> str:
    return ", ".join(map(text, nodes))


def _interval(node: tree.Interval) -> str:
    opening, closing = "[" if node.low_included else "(", "]" if node.high_included else ")"
    return f"{opening}{_operand(node.low)}..{_operand(node.high)}{closing}"


def _literal(value: object) -> str:
    return f'@"{value}"' if isinstance(value, _TEMPORAL) else formats.literal(value)


def _key(key: str) -> str:
    return formats.quoted(key)


def _type(wanted: types.Type) -> str:
    match wanted:
        case types.ListType(element=element):
            return f"list<{_type(element)}>"
        case types.RangeType(element=element):
            return f"range<{_type(element)}>"
        case types.ContextType(fields=fields):
            return "context<" + ", ".join(f"{name}: {_type(of)}" for name, of in fields) + ">"
        case types.FunctionType(parameters=parameters, result=result):
            return f"function<{', '.join(map(_type, parameters))}> -> {_type(result)}"
    return wanted.name
