"""What a decision and all it requires read from outside, each cut into pieces that the graph does not tell apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from engine import feel
from engine.decisions import fitting
from engine.decisions.models import Decision, DecisionModel
from engine.decisions.verification import constants, domains, flows, paths, pieces
from engine.decisions.verification.constants import BeyondAnalysis, Constants
from engine.decisions.verification.covers import TooLarge
from engine.decisions.verification.flows import SCALAR
from engine.decisions.verification.graph_scopes import MOMENT
from engine.decisions.verification.paths import Path
from engine.decisions.verification.possibilities import SOMETHING
from engine.decisions.verification.uses import Flows, Key, Use
from engine.feel import syntax as tree
from engine.feel import types
from engine.feel.budgets import Run
from engine.feel.faults import Place

MOST_PIECES = 500  # of one input
MOST_INPUTS = 200
DEEPEST = 8  # contexts within contexts that are looked into
NULL = 0  # the piece of what is not known
_OTHER = "…"  # a text that nothing compares with
_DAYS = tuple(
    (MOMENT.now - timedelta(days)).date().isoformat()
    for days in (10_000, 0, 100, 1_000, 3_000, 5_000, 20_000, 30_000, -1_000)
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """Something read from outside: what it is called, and its pieces, each by a value as given and as decisions see it.

    The first piece is null. Where it is `beyond` analysis the last stands for every other value.
    """

    path: Path
    label: str
    given: tuple[feel.Json, ...]
    seen: tuple[object, ...]
    beyond: bool


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that is read from outside, in order of reading.

    `bare` are contexts that are taken as a whole too, `asked` the names that may be asked of conclusions; `clock` where
    the moment makes a difference. `beyond` names what is beyond analysis, in whole or in part. `counted` and
    `counted_by` say for the counts of expressions and tables from which on more makes no difference. `unread`
    are members that declared contexts have besides, without which these would not be of their types.
    """

    leaves: tuple[Leaf, ...]
    bare: tuple[Path, ...]
    asked: frozenset[str]
    clock: bool
    beyond: tuple[str, ...]
    counted: Mapping[tree.Node, int]
    counted_by: Mapping[Key, int]
    unread: tuple[Path, ...]


def of(model: DecisionModel, decision: Decision) -> Inputs:
    """The inputs of a decision's graph; raises TooLarge where there are too many, or one has too many pieces."""
    found = flows.of(list(parts(model, decision)))
    lists = {path for path, use in found.leaves.items() if use.is_list()}
    read = [path for path in found.leaves if not any(path[:size] in lists for size in range(1, len(path)))]
    bare = [path for path in read if any(other[: len(path)] == path != other for other in read)]
    if len(read) > MOST_INPUTS:
        raise TooLarge
    leaves = tuple(_leaf(path, found.leaves[path], found) for path in read if path not in bare)
    unread = [part for _, part in parts(model, decision) if flows.is_unread(part)]
    every = [decision] if not found.is_all_asked else [part for _, part in parts(model, decision)]
    asked = found.asked | {clause.name for part in every for clause in part.outputs}
    beyond = [leaf.label for leaf in leaves if leaf.beyond] + [".".join(path) for path in bare]
    beyond += [part.name for part in unread] + (["today()"] if found.clock else [])
    counts = {node: found.most_counted(uses) for node, uses in found.counts.items()}
    tables = {key: found.most_counted([use]) for key, use in found.decisions.items()}
    return Inputs(
        leaves, tuple(bare), frozenset(asked), found.clock, tuple(dict.fromkeys(beyond)),
        {node: most for node, most in counts.items() if most is not None},
        {key: most for key, most in tables.items() if most is not None},
        tuple(path for name, declared in found.types.items() for path in _unread((name,), declared, read)),
    )  # fmt: skip


def read_by(model: DecisionModel, decision: Decision) -> set[Path]:
    """The paths of all that is read from outside."""
    return set(flows.of(list(parts(model, decision))).leaves)


def parts(model: DecisionModel, decision: Decision) -> Iterator[tuple[DecisionModel, Decision]]:
    """A decision and all it requires, with the models they stand in, those below first."""
    seen: set[tuple[int, str]] = set()

    def below(model: DecisionModel, decision: Decision) -> Iterator[tuple[DecisionModel, Decision]]:
        if (id(model), decision.id) in seen:
            return
        seen.add((id(model), decision.id))
        for need in decision.needs:
            if need.kind == "decision":
                yield from below(need.model, need.model.decisions[need.id])
        yield model, decision

    return below(model, decision)


def variables(case: Mapping[Path, feel.Json]) -> dict[str, feel.Json]:
    """A value for each input as the variables an evaluation takes."""
    found: dict[str, feel.Json] = {}
    for path, value in case.items():
        paths.put(found, path, value)
    return found


def _leaf(path: Path, first: Use, found: Flows) -> Leaf:
    uses = list(first.further())
    declared = _declared(path, found)
    samples, is_all = _samples(uses, declared)
    beyond = not is_all or any(use.beyond or use.listed for use in uses)
    given: list[feel.Json] = [None]
    seen: list[object] = [None]
    for value in samples:
        taken = _taken(value, declared)
        if taken is None or not all(domains.passes(one, taken, {}) for one in found.allowed.get(path, ())):
            continue
        if not any(type(one) is type(taken) and one == taken for one in seen):
            given.append(value)
            seen.append(taken)
    if len(seen) > MOST_PIECES:
        raise TooLarge
    if beyond or len(seen) == 1:
        given.append(_OTHER)
        seen.append(SOMETHING)
        beyond = True
    label = found.labels.get(path) or ".".join(path)
    return Leaf(path, label, tuple(given), tuple(seen), beyond)


def _unread(path: Path, declared: types.Type, read: Sequence[Path], depth: int = 0) -> Iterator[Path]:
    """The members of a declared context that nothing reads, where something reads others."""
    plain = types.unrestricted(declared)
    if path in read:
        return
    if not any(other[: len(path)] == path for other in read):
        if len(path) > 1:
            yield path
    elif isinstance(plain, types.ContextType) and depth < DEEPEST:
        for name, member in plain.fields:
            yield from _unread((*path, name), member, read, depth + 1)


def _declared(path: Path, found: Flows) -> types.Type:
    """The type of an input, or of a member of it, as its model declares it."""
    wanted = found.types.get(path[0], types.ANY)
    for name in path[1:]:
        plain = types.unrestricted(wanted)
        members = dict(plain.fields) if isinstance(plain, types.ContextType) else {}
        wanted = members.get(name, types.ANY)
    return wanted


def _samples(uses: Sequence[Use], declared: types.Type) -> tuple[list[feel.Json], bool]:
    """A value of each piece, as it is given from outside; whether constants could be put in order at all."""
    if any(use.listed for use in uses):
        return [[]], True
    known = Constants()
    kinds: set[str] = set()
    for use in uses:
        kinds |= use.kinds
        known.ordered = known.ordered or use.constants.ordered
        for kind, values in use.constants.by_kind.items():
            known.by_kind.setdefault(kind, []).extend(values)
    plain = types.unrestricted(declared).name
    wanted = {plain} if plain in SCALAR else kinds | (known.by_kind.keys() - {"null"})
    restricting = [declared.allowed] if isinstance(declared, types.Restricted) and declared.allowed else []
    constants.read([feel.compile_unary(text) for text in restricting], known, {})
    found: list[feel.Json] = list(_DAYS) if any(use.dated for use in uses) else []
    is_all = True
    for kind in sorted(wanted):
        try:
            cut = list(pieces.pieces(known, (kind,), whole=False, null=False))
        except BeyondAnalysis:  # times of several offsets
            is_all = False
            continue
        found += [feel.to_json(piece.sample) for piece in cut]
    return found if wanted else [*found, _OTHER], is_all


def _taken(value: feel.Json, declared: types.Type) -> object:
    """A value as decisions see it; null where its type does not allow it."""
    taken = feel.from_json(value)
    if declared == types.ANY:
        return taken
    return fitting.coerced(taken, declared, Run(MOMENT), Place("", 0, 0))
