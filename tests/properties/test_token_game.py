"""The runtime and a naive token game agree on where tokens rest, on random models with loops and joins."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, note, settings
from hypothesis import strategies as st

from engine.bpmn.model import ProcessModel
from engine.runtime import State, WaitKind
from tests.elements.drawing import draw, exclusive, inclusive, parallel, user
from tests.elements.play import Play
from tests.elements.token_game import Game, Marking
from tests.properties.models import MODEST, choices, graphs


def marking(model: ProcessModel, state: State) -> Marking:
    """Where the tokens of a state rest, as the game counts them."""
    tasks: Counter[str] = Counter()
    joins: Counter[str] = Counter()
    for token in state.tokens.values():
        if any(wait.token == token.id and wait.kind is WaitKind.USER_TASK for wait in state.waits):
            tasks[token.node] += 1
        else:
            assert token.flow is not None
            joins[token.flow] += 1
    return Marking.of(tasks, joins)


@settings(MODEST, max_examples=300)
@given(graphs(), choices(), st.lists(st.tuples(st.integers(0, 99), choices()), max_size=8))
def test_tokens_rest_where_the_game_says(
    model: ProcessModel, first: dict[str, bool], moves: list[tuple[int, dict[str, bool]]]
) -> None:
    note(
        "\n".join(
            f"{f.source} -> {f.target}: {f.condition and f.condition.text}" for f in model.flows.values()
        )
    )
    game, play = Game(model), Play(model).start(**first)
    allowed = game.begin("start", first)
    for which, chosen in moves:
        assert marking(model, play.state) in allowed
        tasks = [wait for wait in play.state.waits if wait.kind is WaitKind.USER_TASK]
        if not tasks:
            break
        task = tasks[which % len(tasks)]
        allowed = game.complete(marking(model, play.state), task.element, chosen)
        play.complete(task.element, **chosen)
    here = marking(model, play.state)
    assert here in allowed
    assert here.is_empty == (play.state.ended is not None)
    stopped = {wait.name for wait in play.state.waits if wait.kind is WaitKind.INCIDENT}
    assert stopped <= {"join_never_complete"}
    assert bool(stopped) == (not here.tasks and not here.is_empty), "stopped exactly when only joins are left"


def test_the_game_knows_a_join_that_waits() -> None:
    """The game itself is right on a case worked out by hand."""
    model = draw(
        inclusive("which"), user("a"), user("b"), exclusive("way"), inclusive("join"), parallel("never"),
        """
        start -> which
        which -> a: p
        which -> b: q
        which -> join: otherwise
        a -> join
        b -> way
        way -> join: r
        way -> never: otherwise
        never -> end
        start -> never
        join -> end
        """,
    )  # fmt: skip
    game = Game(model)
    [begun] = game.begin("start", {"p": True, "q": True, "r": True})
    assert begun == Marking(frozenset({("a", 1), ("b", 1)}), frozenset({("start__never", 1)}))
    [waiting] = game.complete(begun, "a", {"p": True, "q": True, "r": True})
    assert dict(waiting.joins) == {"start__never": 1, "a__join": 1}
    [gone] = game.complete(waiting, "b", {"p": True, "q": True, "r": False})
    assert gone.is_empty
