"""Random processes for hypothesis: unstructured graphs with loops, and commands to play on them."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from engine.bpmn.model import ProcessModel
from tests.elements.drawing import draw, exclusive, inclusive, parallel, user

MODEST = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CONDITIONS = ("p", "q", "r")
KINDS = {"t": user, "x": exclusive, "a": parallel, "o": inclusive}


@st.composite
def graphs(draw_: st.DrawFn, most: int = 9) -> ProcessModel:
    """Tasks and gateways joined at random. Flows lead on, or back to a task: nothing runs round for ever."""
    kinds = draw_(st.lists(st.sampled_from("tttxaoo"), min_size=4, max_size=most))
    names = [f"{kind}{number}" for number, kind in enumerate(["a", *kinds])]
    tasks = [name for name in names if name[0] == "t"]
    lines = [f"start -> {names[0]}"]
    for number, name in enumerate(names):
        near = names[number + 1 : number + 5] or ["end"]
        targets = st.sampled_from([*near, *near, *near, "end", *tasks])
        least, greatest = (1, 1) if name[0] == "t" else (2, 3) if number == 0 else (1, 3)
        ways = draw_(st.lists(targets, min_size=least, max_size=greatest))
        for index, target in enumerate(ways):
            choice = name[0] in "xo" and len(ways) > 1
            condition = CONDITIONS[index] if index < len(ways) - 1 else "otherwise"
            lines.append(f"{name} -> {target}{': ' + condition if choice else ''}")
    return draw(*(KINDS[name[0]](name) for name in names), "\n".join(lines))


def choices() -> st.SearchStrategy[dict[str, bool]]:
    """What the conditions say."""
    return st.fixed_dictionaries({name: st.booleans() for name in CONDITIONS})
