"""The columns of a table as dimensions: the pieces of their values, and which of them each rule's cell passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine import feel
from engine.decisions.models import Decision, Input, Table
from engine.decisions.table_reading import speaks_of_null
from engine.decisions.verification import constants
from engine.decisions.verification.constants import ORDERED, BeyondAnalysis, Constants, Known
from engine.decisions.verification.covers import TooLarge
from engine.decisions.verification.pieces import Piece, pieces
from engine.feel import printing, types
from engine.feel import syntax as tree
from engine.feel.expressions import UnaryTests
from engine.feel.faults import FeelError

MOST_TESTS = 2_000_000  # samples times different cells of one column
_SCALAR = ORDERED | {"string", "boolean"}
_COUNTS = frozenset(("count", "string length"))


@dataclass(frozen=True, slots=True)
class Column:
    """One dimension of a table: an input, or several that ask the same; its pieces, and per rule those passed.

    `places` are the inputs meant, `kinds` the kinds of value that are certain to come (none: any). `masks` has a bit
    per piece; a rule whose cell is beyond analysis has None, and stands in `unread`, with the pieces that it may pass
    in `perhaps`. `null` is the piece of what is not known, 0 where that cannot occur; `barred` are those that the
    input's allowed values rule out: neither `full` nor any mask has them.
    """

    label: str
    places: tuple[int, ...]
    pieces: tuple[Piece, ...]
    masks: tuple[int | None, ...]
    full: int
    kinds: tuple[str, ...]
    null: int
    barred: int
    unread: Mapping[int, BeyondAnalysis] = field(default_factory=dict)
    perhaps: Mapping[int, int] = field(default_factory=dict)
    untyped: str = ""  # the kind its cells compare with, when a text would arrive for want of a declared type

    @property
    def ordered(self) -> bool:
        """Whether neighbouring pieces are neighbours in value too."""
        return any(not piece.point and not piece.other for piece in self.pieces)


def columns(decision: Decision, known: Known) -> list[Column]:
    """The dimensions of a decision table; inputs with the same expression, however it is spaced, are one."""
    table = decision.table
    assert table is not None
    places: dict[str, list[int]] = {}
    for at, clause in enumerate(table.inputs):
        places.setdefault(printing.text(clause.expression.tree), []).append(at)
    return [_Reading(decision, table, group, known).column() for group in places.values()]


class _Reading:
    """One column on its way."""

    def __init__(self, decision: Decision, table: Table, places: Sequence[int], known: Known) -> None:
        self.table, self.places, self.known = table, tuple(places), known
        self.clauses = [table.inputs[at] for at in places]
        self.cells = [[rule.tests[at] for at in places if at < len(rule.tests)] for rule in table.rules]
        self.wanted = _type(decision, self.clauses[0])
        self.found = Constants()
        self.unread = {
            at: beyond
            for at, tests in enumerate(self.cells)
            if (beyond := constants.read(tests, self.found, known)) is not None
        }
        listed = [one for clause in self.clauses for one in allowed(decision, clause)]
        self.allowed = [one for one in listed if constants.read([one], self.found, known) is None]

    def column(self) -> Column:
        kinds = self._kinds()
        try:
            if _plain(self.wanted) not in (*_SCALAR, types.ANY.name):
                raise BeyondAnalysis("computed")
            cut = self._cut(kinds)
        except BeyondAnalysis as beyond:
            cut = (Piece("", point=False),)
            self.unread = {at: beyond for at, tests in enumerate(self.cells) if not _any(tests)}
        full = sum(1 << at for at, piece in enumerate(cut) if self._may_come(piece))
        if kinds and all(piece.point for at, piece in enumerate(cut) if full >> at & 1):
            self._try_what_computes()
        masks = self._masks(cut)
        known = sum(1 << at for at, piece in enumerate(cut) if piece.sample is not None) & full
        perhaps = {at: known if _orders(self.cells[at]) else full for at in self.unread}
        return Column(
            self.clauses[0].label, self.places, cut,
            tuple(None if at in self.unread else mask & full for at, mask in enumerate(masks)),
            full, kinds, full & ~known, (1 << len(cut)) - 1 & ~full, self.unread, perhaps, self._untyped(),
        )  # fmt: skip

    def _kinds(self) -> tuple[str, ...]:
        """The kinds of value that are certain to come: the declared one, or that of the allowed values."""
        declared = _plain(self.wanted)
        if declared in _SCALAR:
            return (declared,)
        listed = Constants()
        for allowed in self.allowed:
            constants.read([allowed], listed, self.known)
        return tuple(sorted(listed.by_kind.keys() - {"null"}))

    def _cut(self, kinds: tuple[str, ...]) -> tuple[Piece, ...]:
        node = self.clauses[0].expression.tree
        try:
            return (Piece(constants.value(node, self.clauses[0].expression.text, self.known)),)
        except BeyondAnalysis:
            pass
        counted = (
            isinstance(node, tree.Call) and isinstance(node.callee, tree.Name) and node.callee.name in _COUNTS
        )
        return tuple(pieces(self.found, kinds, whole=counted, null=self._may_be_null()))

    def _may_be_null(self) -> bool:
        """Whether null is looked at: it may come where an input is optional, and where a rule speaks of it."""
        if any(at in self.table.needed for at in self.places):
            return False
        named = "null" in self.found.by_kind or any(
            speaks_of_null(one.tree) for tests in self.cells for one in tests
        )
        return named or any(clause.required is False for clause in self.clauses)

    def _may_come(self, piece: Piece) -> bool:
        return piece.sample is None or all(passes(one, piece.sample, self.known) for one in self.allowed)

    def _try_what_computes(self) -> None:
        """Where every value that may come is a piece of its own, what computes with it is known by trying."""
        for at in [at for at, beyond in self.unread.items() if beyond.reason == "computed"]:
            tests = [test for one in self.cells[at] for test in one.tree.tests]
            if all(constants.reads_its_value_alone(test, self.known) for test in tests):
                del self.unread[at]

    def _masks(self, cut: Sequence[Piece]) -> Iterator[int]:
        """Per rule the pieces its cells pass; equal cells are asked once."""
        asked: dict[tuple[str, ...], int] = {}
        frame = constants.frame(self.known)
        for at, tests in enumerate(self.cells):
            key = tuple(one.text for one in tests)
            if key not in asked and at not in self.unread:
                if (len(asked) + 1) * len(cut) > MOST_TESTS:
                    raise TooLarge
                closures = [one.test for one in tests if not one.tree.any]
                asked[key] = sum(
                    1 << bit
                    for bit, piece in enumerate(cut)
                    if all(test(piece.sample, frame) is True for test in closures)
                )
            yield asked.get(key, 0)

    def _untyped(self) -> str:
        """Dates, times and durations arrive as texts unless a type says what they are."""
        expression = self.clauses[0].expression
        computed = not isinstance(expression.tree, tree.Name | tree.Path) or not expression.names
        temporal = [name for name in self.found.by_kind if name in ORDERED and name != "number"]
        undeclared = self.wanted in (types.ANY, types.STRING)
        return temporal[0] if temporal and not computed and undeclared else ""


def allowed(decision: Decision, clause: Input) -> list[UnaryTests]:
    """What is asked of a column's values: its own allowed values, and those of its type."""
    return ([] if clause.allowed is None else [clause.allowed]) + _item_values(_type(decision, clause))


def passes(tests: UnaryTests, value: object, known: Known) -> bool:
    """Whether a constant cell passes a value."""
    try:
        return tests.run(value, constants.frame(known)) is True
    except FeelError:
        return False


def _orders(tests: Sequence[UnaryTests]) -> bool:
    """Whether cells compare by order alone, which null never passes, whatever it is compared with."""
    return any(
        not one.tree.negated and all(_is_order(test) for test in one.tree.tests)
        for one in tests
        if not one.tree.any
    )


def _is_order(test: tree.Node) -> bool:
    return isinstance(test, tree.Interval) or (
        isinstance(test, tree.Bound) and test.operator in ("<", "<=", ">", ">=")
    )


def _any(tests: Sequence[UnaryTests]) -> bool:
    return all(one.tree.any for one in tests)


def _type(decision: Decision, clause: Input) -> types.Type:
    """The type of a column: its own, or that of the input data it names."""
    node = clause.expression.tree
    for need in decision.needs:
        if need.kind == "input" and isinstance(node, tree.Name) and not need.path:
            variable = need.model.inputs[need.id]
            if variable.name == node.name and variable.type != types.ANY:
                return variable.type
    return clause.type


def _item_values(wanted: types.Type) -> list[UnaryTests]:
    """The allowed values of a type and of the types it restricts."""
    if not isinstance(wanted, types.Restricted):
        return []
    own = [feel.compile_unary(wanted.allowed)] if wanted.allowed else []
    return own + _item_values(wanted.of)


def _plain(wanted: types.Type) -> str:
    return _plain(wanted.of) if isinstance(wanted, types.Restricted) else wanted.name
