"""The reference runs what both engines understand, says what it cannot run, and agrees with our runtime."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import errors, feel, runtime
from engine.bpmn import flows, marked_yaml, reading, reference

MOMENT = feel.Moment(datetime(2021, 7, 8, 2, tzinfo=UTC), ZoneInfo("Asia/Ho_Chi_Minh"))


def compiled(flow: str) -> bytes:
    text = f"process: loan\nlanes: {{desk: {{role: librarian}}}}\nflow:\n{flow}"
    return flows.to_bpmn(marked_yaml.load(text.encode(), "process.yaml"), "process.yaml")


LOAN = (
    "- {start: asked}\n- {user: ask, lane: desk}\n- {decide: limit, decision: limits, result: limit}\n"
    "- switch: allowed\n  cases:\n"
    "  - {when: 'limit.ok', name: granted, do: [{service: pack, call: post.send, take: {parcel: '= id + 1'}}]}\n"
    "  - {otherwise: true, name: refused, do: [{end: turned_away}]}\n"
    "- {script: add, set: {total: '= parcel * 2'}}\n"
    "- group: part\n  do: [{user: sign, result: signed}]\n- {end: lent}\n"
)


def test_people_workers_and_decisions_are_answered():
    answers = {"ask": {"books": 2}, "limit": {"ok": True}, "pack": {"id": 20}}
    assert reference.trace(compiled(LOAN), answers, {}, MOMENT) == [
        "asked", "ask", "limit", "allowed", "pack", "add", "part-start", "sign", "part-end", "part", "lent",
    ]  # fmt: skip


def test_answers_may_depend_on_the_variables():
    seen = {}

    def answer(element, variables):
        seen[element] = dict(variables)
        return {"limit": {"ok": variables["books"] < 3}}.get(element, {})

    assert reference.trace(compiled(LOAN), answer, {"books": 5}, MOMENT)[-1] == "turned_away"
    assert seen["limit"]["books"] == 5


def test_a_list_of_answers_is_used_one_after_another():
    loop = "- repeat: again\n  while: 'n < 3'\n  do: [{user: ask}]\n"
    done = reference.trace(compiled(loop), {"ask": [{"n": 1}, {"n": 2}, {"n": 3}]}, {}, MOMENT)
    assert done.count("ask") == 3


@pytest.mark.parametrize(
    ("flow", "code", "element"),
    [
        ("- {wait: a, for: P1D}\n", "bpmn.reference_outside", "a"),
        ("- {each: e, in: '= x', do: [{user: a}]}\n", "bpmn.reference_outside", "e"),
        ("- {user: a, timeout: {after: P1D, name: late, do: []}}\n", "bpmn.reference_outside", "late"),
        ("- {call: other, process: repair}\n", "bpmn.reference_outside", "other"),
        ("- {repeat: r, while: 'true', do: [{user: a}]}\n", "bpmn.reference_too_long", None),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(flow, code, element):
    with pytest.raises(errors.Invalid) as caught:
        reference.trace(compiled(flow), {}, {}, MOMENT)
    assert (code, element) in [(f.code, f.element) for f in caught.value.findings]
    assert not caught.value.findings[0].sentence("vi").startswith("findings.")


def test_ids_that_stock_spiffworkflow_would_lose_are_refused():
    content = compiled("- {user: ask}\n").replace(b'"start"', b'"Start"').replace(b">start<", b">Start<")
    with pytest.raises(errors.Invalid) as caught:
        reference.trace(content, {}, {}, MOMENT)
    assert [f.element for f in caught.value.findings] == ["Start"]


def ours(content: bytes, variables) -> list[str]:
    """The same run on our own runtime, nobody giving any answers."""
    model = reading.read(content, "loan.bpmn")
    place = {node_id: number for number, node_id in enumerate(model.nodes)}
    around = runtime.Surroundings(MOMENT, lambda *_: pytest.fail("no decision in these models"))
    outcome = runtime.apply(model, runtime.fresh(), runtime.Start(dict(variables)), around)
    done = list(outcome.events)
    while outcome.state.ended is None:
        wait = min(outcome.state.waits, key=lambda wait: place[wait.element])
        outcome = runtime.apply(model, outcome.state, runtime.Complete(wait.token, wait.element), around)
        done += outcome.events
    return [event.element for event in done if event.happened == runtime.Happened.COMPLETED]


SIMPLE = st.one_of(st.just({"user": None}), st.just({"script": None, "set": {"m": "= n + 1"}}))


def nested(inside):
    """Steps among which some hold steps of their own."""
    switch = st.builds(
        lambda when, one, two: {
            "switch": None,
            "cases": [{"when": when, "name": "yes", "do": one}, {"otherwise": True, "name": "no", "do": two}],
        },
        st.sampled_from(["n > 1", "n = 0", "true"]),
        inside,
        inside,
    )
    parallel = st.builds(
        lambda one, two: {"parallel": None, "branches": {"left": one, "right": two}}, inside, inside
    )
    group = st.builds(lambda steps: {"group": None, "do": steps}, inside)
    return st.lists(st.one_of(SIMPLE, switch, parallel, group), min_size=1, max_size=3)


BLOCKS = st.recursive(st.lists(SIMPLE, min_size=1, max_size=3), nested, max_leaves=8)


def named(blocks, numbers):
    """The steps with a name each; in tests they may be counted."""
    steps = []
    for block in blocks:
        kind = next(iter(block))
        step = {**block, kind: f"{kind}{next(numbers)}"}
        if "do" in step:
            step["do"] = named(step["do"], numbers)
        if "cases" in step:
            step["cases"] = [{**case, "do": named(case["do"], numbers)} for case in step["cases"]]
        if "branches" in step:
            step["branches"] = {key: named(inside, numbers) for key, inside in step["branches"].items()}
        steps.append(step)
    return steps


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(BLOCKS, st.integers(0, 2))
def test_our_runtime_completes_what_stock_spiffworkflow_completes(blocks, n):
    """Any nesting of steps, choices, parallel branches and groups without loops; the order inside parallel
    branches is each engine's own."""
    steps = named(blocks, itertools.count())
    content = compiled(f"  {json.dumps(steps)}\n")
    theirs = reference.trace(content, {}, {"n": n}, MOMENT)
    assert sorted(theirs) == sorted(ours(content, {"n": n}))
    if "parallel" not in str(steps):
        assert theirs == ours(content, {"n": n})
