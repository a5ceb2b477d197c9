"""Sub-process: a scope of its own that ends when nothing is left inside."""

from __future__ import annotations

from engine import runtime
from engine.runtime import Phase, WaitKind
from tests.elements.drawing import boundary, draw, exclusive, parallel, script, sub, user
from tests.elements.play import Play

PACK = draw(
    sub("pack", parallel("split"), user("wrap"), user("label"),
        """
        start_in -> split
        split -> wrap -> end_in
        split -> label -> end_in
        """),
    boundary("late", on="pack", after="P1D"), user("hurry"), user("post"),
    """
    start -> pack -> post -> end
    late -> hurry -> end
    """,
)  # fmt: skip


def test_it_ends_when_every_token_inside_has_ended() -> None:
    play = Play(PACK).start().rests("label", "wrap").complete("wrap").rests("label")
    play.complete("label").rests("post")


def test_what_is_written_inside_is_seen_outside() -> None:
    play = Play(PACK).start(book="A").complete("wrap", paper="blue").has(paper="blue")
    play.complete("label", to="R1").has(book="A", paper="blue", to="R1")


def test_interrupting_it_ends_everything_inside() -> None:
    play = Play(PACK).start()
    wrap = play.wait("wrap", WaitKind.USER_TASK)
    play.move(days=1).rests("hurry")
    play.refuses(runtime.Complete(wrap.token, "wrap"))
    assert list(play.state.scopes) == [0]


def test_its_end_closes_its_boundary() -> None:
    play = Play(PACK).start().complete("wrap").complete("label").rests("post")
    assert play.waits() == ["user_task post"]


def test_sub_processes_nest() -> None:
    model = draw(
        sub("outer", sub("inner", user("a"), "start_i -> a -> end_i"), user("b"), "start_o -> inner -> b -> end_o"),
        "start -> outer -> end",
    )  # fmt: skip
    play = Play(model).start().rests("a")
    hosts = [token.node for token in play.state.tokens.values() if token.phase is Phase.HOSTING]
    assert hosts == ["outer", "inner"]
    play.complete("a").rests("b").complete("b").ended("end")


def test_one_in_a_loop_opens_anew_each_time() -> None:
    model = draw(
        sub("pass", user("look"), "start_in -> look -> end_in"), exclusive("more"),
        """
        start -> pass -> more
        more -> pass: more
        more -> end: otherwise
        """,
    )  # fmt: skip
    play = Play(model).start()
    for _ in range(5):
        play.complete("look", more=True).rests("look")
        assert len(play.state.scopes) == 2
    play.complete("look", more=False).ended("end")


def test_one_that_passes_at_once_leaves_nothing() -> None:
    model = draw(
        sub("quick", script("count", "{n: 1}"), "start_in -> count -> end_in"), "start -> quick -> end"
    )
    Play(model).start().ended("end").has(n=1)


def test_without_a_start_it_stops() -> None:
    model = draw(sub("pack", user("wrap"), "wrap -> end_in"), "start -> pack -> end")
    Play(model).start().rests("pack").stopped("pack", "start_missing")


def test_a_reminder_beside_it_outlives_it() -> None:
    model = draw(
        sub("pack", user("wrap"), "start_in -> wrap -> end_in"),
        boundary("late", on="pack", after="P1D", interrupting=False), user("remind"), user("post"),
        """
        start -> pack -> post -> end
        late -> remind -> end
        """,
    )  # fmt: skip
    play = Play(model).start().move(days=1).rests("remind", "wrap").complete("wrap").rests("post", "remind")
    play.complete("post").rests("remind").complete("remind").ended("end")
