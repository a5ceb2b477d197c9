"""Tokens to tree: FEEL's grammar (DMN 1.5, 10.3.1.2) by precedence climbing, so that every error has its place."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from engine.feel import dates, durations, parsing_blocks, parsing_types
from engine.feel import syntax as tree
from engine.feel.budgets import NUMBERS
from engine.feel.faults import FeelError, Place
from engine.feel.readers import LONGEST_CHAIN, Names, Reader
from engine.feel.tokens import KEYWORDS, Token, unescaped

COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_POWERS = {"or": 1, "and": 2, "between": 3, "in": 3, **dict.fromkeys(COMPARISONS, 3), "+": 4, "-": 4, "*": 5, "/": 5,
           "**": 6, "instance": 7}  # fmt: skip
_ADDING, _NEGATING = 4, 7
_INFIX_WORDS = frozenset(
    ("and", "or", "in", "between", "instance", "then", "else", "return", "satisfies", "of")
)
MEMBERS = ("time offset", "start included", "end included")


def expression(text: str, names: Collection[str], functions: Names, types: Collection[str] = ()) -> tree.Node:
    """The tree of an expression; raises FeelError with line, column, what was expected and what was found."""
    reader = _reader(text, names, functions, types)
    node = _expression(reader)
    _finish(reader)
    return node


def unary_tests(
    text: str, names: Collection[str], functions: Names, types: Collection[str] = ()
) -> tree.Tests:
    """The tree of a decision table's cell; an empty cell and `-` mean anything goes."""
    reader = _reader(text, names, functions, types)
    if reader.token.kind == "end" or (reader.token.text == "-" and reader.next.kind == "end"):
        return tree.Tests(0, len(text), (), False, True)
    if reader.sees("not") and reader.next.text == "(":
        negated = _negated(reader)
        if negated is not None:
            return negated
    tests = _listed(reader, _test)
    _finish(reader)
    return tree.Tests(0, len(text), tests, False, False)


def _reader(text: str, names: Collection[str], functions: Names, types: Collection[str]) -> Reader:
    reader = Reader(text, names, types, functions)
    for name in MEMBERS:
        reader.members.add(name)
    return reader


def _finish(reader: Reader) -> None:
    if reader.token.kind != "end":
        raise reader.unexpected("end")


def _negated(reader: Reader) -> tree.Tests | None:
    """`not(test, test)` as the whole cell; None when it is part of a longer expression."""
    start = reader.at
    reader.at += 2
    with reader.deeper():
        tests = _listed(reader, _test)
    if reader.takes(")") and reader.token.kind == "end":
        return tree.Tests(0, len(reader.text), tests, True, False)
    reader.at = start
    return None


def _listed(reader: Reader, read: Callable[[Reader], tree.Node]) -> tuple[tree.Node, ...]:
    found = [read(reader)]
    while reader.takes(","):
        found.append(read(reader))
    return tuple(found)


def _test(reader: Reader) -> tree.Node:
    return _bound(reader) or _expression(reader)


def _short_test(reader: Reader) -> tree.Node:
    """A test after `in`, which binds tighter than `and`."""
    return _bound(reader) or _expression(reader, _ADDING)


def _bound(reader: Reader) -> tree.Bound | None:
    if not reader.sees(*COMPARISONS):
        return None
    operator = reader.advance()
    operand = _expression(reader, _ADDING)
    return tree.Bound(operator.start, operand.end, operator.text, operand)


# -- operators


def _expression(reader: Reader, least: int = 0) -> tree.Node:
    """An expression whose operators bind at least as tightly as `least`."""
    return _continued(reader, _operand(reader), least)


def _continued(reader: Reader, left: tree.Node, least: int) -> tree.Node:
    """The expression that begins with an operand already read."""
    for _ in range(LONGEST_CHAIN):
        token = reader.token
        power = _POWERS.get(token.text, 0) if token.kind in ("op", "name") else 0
        if power == 0 or power < least:
            return left
        left = _INFIX.get(token.text, _comparison)(reader, left)
    raise FeelError("chain_too_long", _place(reader), most=LONGEST_CHAIN)


def _comparison(reader: Reader, left: tree.Node) -> tree.Node:
    operator = reader.advance().text
    right = _expression(reader, _ADDING)
    return tree.Comparison(left.start, right.end, operator, left, right)


def _arithmetic(reader: Reader, left: tree.Node) -> tree.Node:
    operator = reader.advance().text
    right = _expression(reader, _POWERS[operator] + 1)
    return tree.Arithmetic(left.start, right.end, operator, left, right)


def _logic(reader: Reader, left: tree.Node) -> tree.Node:
    operator = reader.token.text
    parts = [left]
    while reader.takes(operator):
        parts.append(_expression(reader, _POWERS[operator] + 1))
    return tree.Logic(left.start, parts[-1].end, operator, tuple(parts))


def _between(reader: Reader, value: tree.Node) -> tree.Node:
    reader.advance()
    low = _expression(reader, _ADDING)
    reader.expect("and")
    high = _expression(reader, _ADDING)
    return tree.Between(value.start, high.end, value, low, high)


def _membership(reader: Reader, value: tree.Node) -> tree.Node:
    """`value in test`, or `value in (test, test)`: what begins as a list of tests may turn out to be an operand.

    It is read on from there, never again from its start: going back would take twice as long per level.
    """
    reader.advance()
    if not reader.sees("("):
        test = _short_test(reader)
        return tree.Membership(value.start, test.end, value, (test,))
    opening = reader.token
    with reader.deeper():
        reader.advance()
        tests = _listed(reader, _test)
        if len(tests) == 1 and reader.sees("..") and not isinstance(tests[0], tree.Bound):
            inner = _interval(reader, opening, tests[0])
        else:
            closing = reader.expect(")")
            if len(tests) > 1 or reader.token.text not in _GOES_ON:
                return tree.Membership(value.start, closing.end, value, tests)
            inner = tests[0]
    test = _continued(reader, _postfixed(reader, inner), _ADDING)
    return tree.Membership(value.start, test.end, value, (test,))


_GOES_ON = frozenset((".", "[", "(", "+", "-", "*", "/", "**", "instance"))


def _instance_of(reader: Reader, value: tree.Node) -> tree.Node:
    reader.advance()
    reader.expect("of")
    wanted = parsing_types.read(reader)
    return tree.InstanceOf(value.start, reader.tokens[reader.at - 1].end, value, wanted)


_INFIX: dict[str, Callable[[Reader, tree.Node], tree.Node]] = {
    "and": _logic, "or": _logic, "between": _between, "in": _membership, "instance": _instance_of,
    **dict.fromkeys(("+", "-", "*", "/", "**"), _arithmetic),
}  # fmt: skip


# -- operands: a start, then paths, filters and calls


def _operand(reader: Reader) -> tree.Node:
    if reader.sees("-"):
        sign = reader.advance()
        with reader.deeper():
            operand = _expression(reader, _NEGATING)
        return tree.Negation(sign.start, operand.end, operand)
    return _postfixed(reader, _start(reader))


def _postfixed(reader: Reader, left: tree.Node) -> tree.Node:
    """The paths, filters and calls that follow a start."""
    for _ in range(LONGEST_CHAIN):
        if reader.sees("."):
            reader.advance()
            member = reader.member()
            left = tree.Path(left.start, reader.tokens[reader.at - 1].end, left, member)
        elif reader.sees("[") and not _closes_range(reader):
            left = _filter(reader, left)
        elif reader.sees("(") and not isinstance(left, tree.Literal):
            left = _call(reader, left)
        else:
            return left
    raise FeelError("chain_too_long", _place(reader), most=LONGEST_CHAIN)


def _closes_range(reader: Reader) -> bool:
    """Whether `[` ends a range (`]1..10[`): it does unless something that could be a filter follows."""
    if not reader.in_range_end:
        return False
    after = reader.next
    return (
        after.kind == "end"
        or after.text in _INFIX_WORDS
        or (after.kind == "op" and after.text not in "([{-@?]")
    )


def _filter(reader: Reader, source: tree.Node) -> tree.Node:
    opening = reader.advance()
    with reader.deeper(), reader.scope(("item",)):
        condition = _expression(reader)
    return tree.Filter(source.start, reader.expect("]", opening).end, source, condition)


def _call(reader: Reader, callee: tree.Node) -> tree.Node:
    opening = reader.advance()
    arguments: list[tree.Node] = []
    names: list[str] = []
    with reader.deeper():
        while not reader.sees(")"):
            name = reader.argument_name()
            if len(names) != (len(arguments) if name is not None else 0):
                raise FeelError("arguments_mixed", _place(reader))
            if name is not None:
                names.append(name)
            arguments.append(_expression(reader))
            if not reader.takes(","):
                break
            if reader.sees(")"):
                raise reader.unexpected("expression")
    return tree.Call(callee.start, reader.expect(")", opening).end, callee, tuple(arguments), tuple(names))


def _start(reader: Reader) -> tree.Node:
    token = reader.token
    if token.kind == "number":
        return _number(reader)
    if token.kind == "string":
        reader.advance()
        return tree.Literal(token.start, token.end, unescaped(token.text))
    if token.kind == "name":
        return _name_or_word(reader, token)
    starts = _STARTS.get(token.text) if token.kind == "op" else None
    if starts is None:
        raise reader.unexpected("expression")
    with reader.deeper():
        return starts(reader)


def _number(reader: Reader) -> tree.Node:
    token = reader.advance()
    try:
        value = NUMBERS.create_decimal(token.text)
    except ArithmeticError:
        raise FeelError(
            "number_too_large", Place(reader.text, token.start, token.end), found=token.text
        ) from None
    return tree.Literal(token.start, token.end, value)


def _name_or_word(reader: Reader, token: Token) -> tree.Node:
    known = reader.known_name()
    if known is None and token.text in KEYWORDS:
        return _word(reader, token)
    if known is None:
        reader.advance()
        return tree.Name(token.start, token.end, token.text)
    reader.at += known[0]
    return tree.Name(token.start, reader.tokens[reader.at - 1].end, known[1])


def _word(reader: Reader, token: Token) -> tree.Node:
    if token.text in _CONSTANTS:
        reader.advance()
        return tree.Literal(token.start, token.end, _CONSTANTS[token.text])
    if token.text not in parsing_blocks.BLOCKS:
        raise reader.unexpected("expression")
    with reader.deeper():
        return parsing_blocks.BLOCKS[token.text](reader, _expression)


_CONSTANTS = {"null": None, "true": True, "false": False}


# -- brackets


def _parenthesis(reader: Reader) -> tree.Node:
    """`(expression)`, `(low..high]`, or a unary range `(< 5)`."""
    opening = reader.advance()
    bound = _bound(reader)
    inner = bound or _expression(reader)
    if bound is None and reader.sees(".."):
        return _interval(reader, opening, inner)
    return replace(inner, start=opening.start, end=reader.expect(")", opening).end)


def _bracket(reader: Reader) -> tree.Node:
    """`[item, item]` or `[low..high]`."""
    opening = reader.advance()
    if reader.sees("]"):
        return tree.List(opening.start, reader.advance().end, ())
    items = [_expression(reader)]
    if reader.sees(".."):
        return _interval(reader, opening, items[0])
    while reader.takes(","):
        items.append(_expression(reader))
    return tree.List(opening.start, reader.expect("]", opening).end, tuple(items))


def _open_bracket(reader: Reader) -> tree.Node:
    """`]low..high]`."""
    opening = reader.advance()
    low = _expression(reader)
    if not reader.sees(".."):
        raise reader.unexpected("..")
    return _interval(reader, opening, low)


def _interval(reader: Reader, opening: Token, low: tree.Node) -> tree.Node:
    reader.advance()
    reader.in_range_end = True
    high = _expression(reader)
    if not reader.sees(")", "]", "["):
        raise reader.unexpected("]")
    closing = reader.advance()
    return tree.Interval(opening.start, closing.end, low, high, opening.text == "[", closing.text == "]")


def _context(reader: Reader) -> tree.Node:
    opening = reader.advance()
    entries: list[tuple[str, tree.Node]] = []
    known: set[str] = set()
    with reader.scope():
        while entries or not reader.sees("}"):
            key = _key(reader)
            if key in known:
                raise FeelError("key_twice", _place(reader), entry=key)
            known.add(key)
            reader.expect(":")
            entries.append((key, _expression(reader)))
            reader.declare(key)
            if not reader.takes(","):
                break
    return tree.Context(opening.start, reader.expect("}", opening).end, tuple(entries))


def _key(reader: Reader) -> str:
    if reader.token.kind == "string":
        return unescaped(reader.advance().text)
    return reader.name_until(":")


def _temporal(reader: Reader) -> tree.Node:
    """`@"2021-03-04"`, `@"PT5M"` …: the standard's literal for dates, times and durations."""
    opening = reader.advance()
    if reader.token.kind != "string":
        raise reader.unexpected("temporal")
    token = reader.advance()
    text = unescaped(token.text)
    place = Place(reader.text, opening.start, token.end)
    value = dates.read_date(text) or dates.read_moment(text) or dates.read_time(text) or durations.read(text)
    if value is None:
        raise FeelError("temporal_unreadable", place, found=text[:60])
    return tree.Literal(opening.start, token.end, value)


def _question(reader: Reader) -> tree.Node:
    token = reader.advance()
    return tree.Name(token.start, token.end, "?")


_STARTS: dict[str, Callable[[Reader], tree.Node]] = {
    "(": _parenthesis, "[": _bracket, "]": _open_bracket, "{": _context, "@": _temporal, "?": _question,
}  # fmt: skip


def _place(reader: Reader) -> Place:
    return Place(reader.text, reader.token.start, reader.token.end)
