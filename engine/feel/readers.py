"""A cursor over tokens that knows the names in scope, so that names with spaces are read by longest match."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Collection, Iterable
from collections.abc import Iterator as Turns
from contextlib import contextmanager

from engine.feel import habits
from engine.feel.faults import FeelError, Place, position
from engine.feel.tokens import KEYWORDS, Token, tokens, words

DEEPEST = 60  # parentheses within parentheses
LONGEST_NAME = 12  # words of a loop's name
LONGEST_CHAIN = 200  # operators in a row
_INSIDE_NAMES = frozenset(
    "./-'+*?"
)  # symbols a name may hold after its first word (DMN 1.5, 10.3.1.2, rules 28 and 30)


class Names:
    """Names of more than one token, by their tokens; per first token the lengths there are, longest first."""

    __slots__ = ("by_tokens", "lengths")

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.by_tokens: dict[tuple[str, ...], str] = {}
        self.lengths: dict[str, list[int]] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        if " " not in name and name.isidentifier():
            return
        parts = words(name)
        if len(parts) < 2:
            return
        self.by_tokens.setdefault(parts, name)
        lengths = self.lengths.setdefault(parts[0], [])
        if len(parts) not in lengths:
            lengths.append(len(parts))
            lengths.sort(reverse=True)

    def longest(self, found: list[Token], at: int) -> tuple[int, str] | None:
        """How many tokens from `at` make up a known name, and the name; None when none does."""
        for length in self.lengths.get(found[at].text, ()):
            name = self.by_tokens.get(tuple(token.text for token in found[at : at + length]))
            if name is not None:
                return length, name
        return None


@functools.lru_cache(maxsize=512)
def laid_out(names: frozenset[str]) -> Names:
    """The names around expressions, laid out once for all that share them; nobody adds to them."""
    return Names(names)


class Reader:
    """The tokens of one text, the position in them, and the names known there."""

    def __init__(self, text: str, names: Collection[str], types: Collection[str], functions: Names) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.at = 0
        self.depth = 0
        self.in_range_end = False
        self.functions = functions
        self.types = laid_out(frozenset(types))
        self.given = laid_out(frozenset(names))
        self.members = Names()  # besides those given
        self.scopes: list[Names] = [self.given, Names()]

    # -- tokens

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    @property
    def next(self) -> Token:
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    def advance(self) -> Token:
        found = self.tokens[self.at]
        if found.kind != "end":
            self.at += 1
        return found

    def sees(self, *texts: str) -> bool:
        """Whether the token here is one of these symbols or keywords (never a string or number)."""
        found = self.tokens[self.at]
        return found.text in texts and found.kind in ("op", "name")

    def takes(self, text: str) -> bool:
        if not self.sees(text):
            return False
        self.at += 1
        return True

    def has_ahead(self, text: str) -> bool:
        """Whether a keyword stands among the next few names, as `in` does behind the name of a loop."""
        ahead = self.tokens[self.at + 1 : self.at + 1 + LONGEST_NAME]
        return any(token.text == text and token.kind == "name" for token in ahead)

    def expect(self, text: str, opening: Token | None = None) -> Token:
        """The symbol or keyword that has to stand here; `opening` is the bracket that it closes."""
        if not self.sees(text):
            raise self.unexpected(text, opening)
        return self.advance()

    def unexpected(self, expected: str, opening: Token | None = None) -> FeelError:
        """The error of finding this token where something else belongs, with advice where a habit explains it."""
        found = self.token
        place = Place(self.text, found.start, found.end)
        pieces = self._pieces() if expected in ("end", ")", ",", "]", "}", "then") else ""
        if pieces and (near := self._near()):
            return FeelError("name_in_pieces_near", place, expected, found.text, name=pieces, near=near)
        habit = habits.of(self.tokens, self.at, expected)
        if habit is not None:
            said = {"found": found.text, **habit.params}
            place = Place(self.text, habit.first.start, found.end)
            return FeelError(habit.code, place, expected, said.pop("found"), **said)
        if pieces:
            return FeelError("name_in_pieces", place, expected, found.text, name=pieces)
        ending = "_at_end" if found.kind == "end" else ""
        if opening is not None:
            line, column = position(self.text, opening.start)
            said = {"opening": opening.text, "opened_line": line, "opened_column": column}
            return FeelError(f"bracket_open{ending}", place, expected, found.text, **said)
        is_kind = expected.isalpha() and expected not in KEYWORDS
        code = f"expected_{expected}" if is_kind else "expected_symbol"
        return FeelError(code + ending, place, expected, found.text)

    def _pieces(self) -> str:
        """The words around here that were meant as one name, it seems; empty when something else is wrong."""
        around = self.tokens[self.at - 1 : self.at + LONGEST_NAME] if self.at else []
        pieces = list(itertools.takewhile(_may_be_piece, around))
        return " ".join(token.text for token in pieces) if len(pieces) > 1 else ""

    def _near(self) -> str:
        """The known name of several words most like the words here; empty when none is like them."""
        known = [parts for names in (self.functions, *self.scopes) for parts in names.by_tokens]
        return habits.near_name(self.tokens, self.at, known)

    @contextmanager
    def deeper(self) -> Turns[None]:
        """One level of nesting more, within bounds."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise FeelError(
                "nested_too_deep", Place(self.text, self.token.start, self.token.end), most=DEEPEST
            )
        before, self.in_range_end = self.in_range_end, False
        try:
            yield
        finally:
            self.depth -= 1
            self.in_range_end = before

    # -- names

    @contextmanager
    def scope(self, names: Iterable[str] = ()) -> Turns[Names]:
        """Names known inside the block only; more can be added to what it yields."""
        inner = Names(names)
        self.scopes.append(inner)
        try:
            yield inner
        finally:
            self.scopes.pop()

    def declare(self, name: str) -> None:
        """Make a name known from here to the end of the innermost scope, and as a member everywhere after."""
        self.scopes[-1].add(name)
        self.members.add(name)

    def known_name(self) -> tuple[int, str] | None:
        """The longest known name that starts here: variables before functions."""
        best: tuple[int, str] | None = None
        for scope in reversed(self.scopes):
            found = scope.longest(self.tokens, self.at)
            if found and (best is None or found[0] > best[0]):
                best = found
        function = self.functions.longest(self.tokens, self.at)
        if function and (best is None or function[0] > best[0]):
            after = self.tokens[self.at + function[0]]
            if after.text == "(" or (function[1] != "date and time" and after.text in (")", ",", "")):
                return function
        return best

    def name_until(self, *stops: str) -> str:
        """A name being declared: every token up to one of the stops, its spacing made single."""
        first = self.token
        if first.kind != "name" or first.text in KEYWORDS:
            raise self.unexpected("name")
        parts = [self.advance()]
        while not self.sees(*stops):
            if stops == ("in",) and self.sees("return", "satisfies"):
                raise self.unexpected("in")
            if self.token.kind not in ("name", "number") and self.token.text not in _INSIDE_NAMES:
                raise self.unexpected(stops[0])
            parts.append(self.advance())
        return " ".join(self.text[parts[0].start : parts[-1].end].split())

    def member(self) -> str:
        """The name after a dot: the longest known member, or one word."""
        both = (names.longest(self.tokens, self.at) for names in (self.given, self.members))
        found = max((one for one in both if one), default=None)
        if found:
            self.at += found[0]
            return found[1]
        if self.token.kind != "name":
            raise self.unexpected("name")
        return self.advance().text

    def argument_name(self) -> str | None:
        """The name of a named argument, if one starts here (`start position: …`); consumes it with its colon."""
        if self.token.kind != "name":
            return None
        at = self.at
        while self.tokens[at].kind in ("name", "number") or self.tokens[at].text in _INSIDE_NAMES:
            at += 1
        if self.tokens[at].text != ":":
            return None
        name = " ".join(self.text[self.token.start : self.tokens[at - 1].end].split())
        self.at = at + 1
        return name


def _may_be_piece(token: Token) -> bool:
    """Whether a token looks like a word of a name: no keyword, but for the “of” of `date of issue`."""
    return token.kind == "name" and (token.text not in KEYWORDS or token.text == "of")
