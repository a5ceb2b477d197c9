"""The grammar of types: `number`, `list<date>`, `context<name: string>`, `function<number> -> string`."""

from __future__ import annotations

from engine.feel import types
from engine.feel.readers import Names, Reader

_PLAIN = Names(known.name for known in types.PLAIN.values())


def read(reader: Reader) -> types.Type:
    """The type that starts here."""
    with reader.deeper():
        return _type(reader)


def _type(reader: Reader) -> types.Type:
    known = reader.types.longest(reader.tokens, reader.at) or _PLAIN.longest(reader.tokens, reader.at)
    if known:
        reader.at += known[0]
        return types.plain(known[1]) or types.Reference(known[1])
    if reader.token.kind != "name":
        raise reader.unexpected("type")
    word = reader.advance().text
    if reader.sees("<") and word in _PARTED:
        reader.advance()
        return _PARTED[word](reader)
    if types.plain(word) is not None:
        return types.plain(word) or types.ANY
    while reader.takes("."):
        if reader.token.kind != "name":
            raise reader.unexpected("name")
        word += "." + reader.advance().text
    return types.Reference(word)


def _list(reader: Reader) -> types.Type:
    element = read(reader)
    reader.expect(">")
    return types.ListType("list", element)


def _range(reader: Reader) -> types.Type:
    element = read(reader)
    reader.expect(">")
    return types.RangeType("range", element)


def _context(reader: Reader) -> types.Type:
    fields: list[tuple[str, types.Type]] = []
    while fields or not reader.sees(">"):
        name = reader.name_until(":")
        reader.expect(":")
        fields.append((name, read(reader)))
        if not reader.takes(","):
            break
    reader.expect(">")
    return types.ContextType("context", tuple(fields))


def _function(reader: Reader) -> types.Type:
    parameters: list[types.Type] = []
    while parameters or not reader.sees(">"):
        parameters.append(read(reader))
        if not reader.takes(","):
            break
    reader.expect(">")
    result = read(reader) if reader.takes("->") else types.ANY
    return types.FunctionType("function", tuple(parameters), result)


_PARTED = {"list": _list, "range": _range, "context": _context, "function": _function}
