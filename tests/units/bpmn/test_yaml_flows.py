"""Flows written as YAML compile to BPMN that reads as it was meant, with ids that stay, or say what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import errors
from engine.bpmn import flows, layout, marked_yaml, reading, structure, xml
from engine.bpmn.model import Kind, ProcessModel, Trigger

HEAD = """process: loan
owner: process_owner
lanes:
  desk: {role: librarian}
  stacks: {role: stacker}
messages:
  book_returned: {keep: PT1H, key: "= reader_id"}
flow:
"""
REPAIR = Path(__file__).parents[2] / "book_loan" / "processes" / "repair" / "process.yaml"


def compiled(flow: str, head: str = HEAD) -> ProcessModel:
    content = flows.to_bpmn(marked_yaml.load((head + flow).encode(), "process.yaml"), "process.yaml")
    model = reading.read(content, "loan.bpmn")
    assert [f for f in structure.findings(model, "loan.bpmn") if f.severity == "error"] == []
    return model


def problems(flow: str, head: str = HEAD) -> list[tuple[str, int | None]]:
    with pytest.raises(errors.Invalid) as caught:
        flows.to_bpmn(marked_yaml.load((head + flow).encode(), "process.yaml"), "process.yaml")
    for finding in caught.value.findings:
        assert finding.file == "process.yaml"
        for language in ("vi", "en"):
            sentence = finding.sentence(language)
            assert not sentence.startswith("findings."), finding
            assert "…" not in sentence, sentence
    return [(f.code, (f.line or 0) - head.count("\n")) for f in caught.value.findings]


def paths(model: ProcessModel) -> set[tuple[str, str]]:
    return {(flow.source, flow.target) for flow in model.flows.values()}


def test_a_sequence_gets_a_start_and_an_end():
    model = compiled("- {user: ask, lane: desk, form: ask, result: asked}\n- {manual: stamp}\n")
    assert paths(model) == {("start", "ask"), ("ask", "stamp"), ("stamp", "end")}
    ask = model.nodes["ask"]
    assert (ask.kind, ask.lane, ask.form, ask.result, ask.name) == (
        Kind.USER_TASK,
        "desk",
        "ask",
        "asked",
        "ask",
    )
    assert dict(model.lanes) == {"desk": "desk", "stacks": "stacks"}
    assert list(model.flows) == ["start__ask", "ask__stamp", "stamp__end"]


def test_a_written_start_may_have_a_form_or_a_trigger():
    start = compiled("- {start: asked, form: ask}\n- {manual: stamp}\n").nodes["asked"]
    assert (start.kind, start.form) == (Kind.START, "ask")
    start = compiled("- {start: back, message: book_returned}\n- {manual: stamp}\n").nodes["back"]
    assert start.trigger is Trigger.MESSAGE
    start = compiled("- {start: daily, every: R/P1D}\n- {manual: stamp}\n").nodes["daily"]
    assert start.trigger is Trigger.TIMER


def test_several_starts_lead_to_the_same_first_step():
    model = compiled(
        "- {start: asked, form: ask}\n- {start: heard, message: book_returned}\n- {manual: stamp}\n"
    )
    assert paths(model) == {("asked", "stamp"), ("heard", "stamp"), ("stamp", "end")}
    assert [(node.id, node.trigger) for node in model.starts()] == [
        ("asked", Trigger.NONE),
        ("heard", Trigger.MESSAGE),
    ]


def test_a_service_maps_literals_and_expressions():
    task = compiled(
        '- service: tell\n  call: post.send\n  with: {to: "= phone", text_key: loan_due, count: 2, ok: true,\n'
        '    parts: {who: "= name", tags: [a, "= b"]}}\n  take: {message_id: "= message_id"}\n'
    ).nodes["tell"]
    assert task.service == "post.send"
    assert {a.target: a.source.text for a in task.inputs} == {
        "to": "phone",
        "text_key": '"loan_due"',
        "count": "2",
        "ok": "true",
        "parts": '{"who": name, "tags": ["a", b]}',
    }
    assert {a.target: a.source.text for a in task.outputs} == {"message_id": "message_id"}


def test_a_decision_a_script_and_a_call():
    model = compiled(
        "- {decide: limit, decision: limits, result: limit}\n"
        '- {script: compute, set: {days: 21, due_on: "= today() + duration(\\"P21D\\")"}}\n'
        '- {call: mend, process: repair, with: {book: "= book_id"}, take: {cost: "= cost"}}\n'
    )
    assert (model.nodes["limit"].decision, model.nodes["limit"].result) == ("limits", "limit")
    script = model.nodes["compute"].script
    assert script is not None
    assert script.text == '{days: 21, due_on: today() + duration("P21D")}'
    assert model.nodes["mend"].called == "repair"


def test_waiting_for_time_and_for_messages():
    model = compiled(
        "- {wait: cool, for: P21D}\n- {wait: until_due, until: '= due_on'}\n"
        "- {receive: back, message: book_returned}\n"
        "- {send: tell, message: book_returned, payload: {book: '= book_id', note: hello}}\n"
    )
    cool, until, back, tell = (model.nodes[n] for n in ("cool", "until_due", "back", "tell"))
    assert cool.timer is not None and until.timer is not None
    assert back.message is not None and back.message.key is not None
    assert tell.message is not None and tell.message.payload is not None
    assert (cool.timer.kind, cool.timer.expression.text) == ("timeDuration", '"P21D"')
    assert (until.timer.kind, until.timer.expression.text) == ("timeDate", "due_on")
    assert (back.kind, back.message.name, back.message.key.text) == (
        Kind.RECEIVE_TASK,
        "book_returned",
        "reader_id",
    )
    assert tell.message.payload.text == '{"book": book_id, "note": "hello"}'


def test_a_switch_joins_again_and_ended_cases_do_not():
    model = compiled(
        "- switch: allowed\n  cases:\n"
        "    - {when: '= limit.ok', name: yes_way, do: [{user: lend, lane: desk}]}\n"
        "    - {when: 'limit.late', name: later, do: []}\n"
        "    - {otherwise: true, do: [{end: refused, error: REFUSED}]}\n"
        "- {manual: stamp}\n"
    )
    gateway = model.nodes["allowed"]
    assert gateway.outgoing == ("allowed__yes_way", "allowed__later", "allowed__refused")
    assert gateway.default == "allowed__refused"
    condition = model.flows["allowed__yes_way"].condition
    assert condition is not None
    assert condition.text == "limit.ok"
    assert paths(model) == {
        ("start", "allowed"), ("allowed", "lend"), ("lend", "allowed-join"), ("allowed", "allowed-join"),
        ("allowed", "refused"), ("allowed-join", "stamp"), ("stamp", "end"),
    }  # fmt: skip
    assert (model.nodes["refused"].trigger, model.nodes["refused"].error_code) == (Trigger.ERROR, "REFUSED")


def test_parallel_branches_join():
    model = compiled(
        "- parallel: both\n  branches:\n    pack: [{manual: pack}]\n    tell: [{manual: tell}]\n    nothing: []\n"
    )
    assert (model.nodes["both"].kind, model.nodes["both-join"].kind) == (Kind.PARALLEL, Kind.PARALLEL)
    assert len(model.nodes["both-join"].incoming) == 3
    assert "both__nothing" in model.flows


def test_a_switch_inside_a_branch_reaches_the_join_by_one_flow():
    model = compiled(
        "- parallel: both\n  branches:\n    pack:\n      - switch: fragile\n        cases:\n"
        "          - {when: fragile, name: soft, do: [{manual: pad}]}\n"
        "          - {otherwise: true, name: hard, do: []}\n"
        "    tell: [{manual: tell}]\n"
    )
    assert len(model.nodes["both-join"].incoming) == 2
    assert structure.findings(model, "x") == []


def test_a_race_is_decided_by_the_first_event():
    model = compiled(
        "- race: first_of\n  branches:\n    - {message: book_returned, do: [{manual: shelve}]}\n"
        "    - {after: P7D, name: late, do: []}\n"
    )
    assert model.nodes["first_of"].kind is Kind.EVENT_BASED
    assert model.nodes["first_of-message_book_returned"].trigger is Trigger.MESSAGE
    assert model.nodes["late"].trigger is Trigger.TIMER
    assert ("late", "first_of-join") in paths(model)


def test_each_is_a_sub_process_with_multi_instance():
    model = compiled(
        "- each: every_book\n  in: '= books'\n  as: book\n  sequential: true\n  lane: stacks\n"
        "  collect: {into: results, value: '= ok'}\n  until: '= enough'\n  do: [{user: inspect}]\n"
    )
    node = model.nodes["every_book"]
    assert node.loop is not None and node.loop.collection is not None and node.loop.output_element is not None
    assert (node.kind, node.loop.sequential, node.loop.element_variable) == (Kind.SUB_PROCESS, True, "book")
    assert (node.loop.collection.text, node.loop.output_collection, node.loop.output_element.text) == (
        "books",
        "results",
        "ok",
    )
    assert [n.id for n in model.inside("every_book")] == ["every_book-start", "inspect", "every_book-end"]
    assert model.nodes["inspect"].lane == "stacks"


def test_boundaries_come_back_after_the_step_unless_they_end_or_do_not_interrupt():
    model = compiled(
        "- user: ask\n  lane: desk\n"
        "  timeout: {after: P2D, do: [{manual: remind}], interrupting: false}\n"
        "  on_message:\n    - {message: book_returned, name: came_back, do: [{manual: note}]}\n"
        "    - {message: gone, do: [{end: lost, terminate: true}]}\n"
    )
    timeout = model.nodes["ask-timeout"]
    assert (timeout.attached_to, timeout.interrupting, timeout.trigger) == ("ask", False, Trigger.TIMER)
    assert model.nodes["came_back"].interrupting
    assert ("remind", "ask-timeout-end") in paths(model)
    assert {("ask", "ask-join"), ("note", "ask-join"), ("ask-join", "end")} <= paths(model)
    assert model.nodes["lost"].trigger is Trigger.TERMINATE
    assert model.nodes["ask"].boundaries == ("ask-timeout", "came_back", "ask-message_gone")


def test_errors_are_caught_by_code_or_all():
    model = compiled(
        "- group: part\n  do: [{service: tell, call: post.send}]\n"
        "  on_error:\n    - {code: NO_ADDRESS, as: problem, do: []}\n    - {name: anything, do: []}\n"
    )
    one, other = model.nodes["part-error_NO_ADDRESS"], model.nodes["anything"]
    assert (one.error_code, one.error_variable, other.error_code) == ("NO_ADDRESS", "problem", None)


def test_repeat_leads_back_while_its_condition_holds():
    model = compiled("- repeat: again\n  while: '= not(done)'\n  do: [{user: ask, lane: desk}]\n")
    condition = model.flows["again-again__repeat"].condition
    assert condition is not None
    assert (model.flows["again-again__repeat"].target, condition.text) == ("again", "not(done)")
    assert model.nodes["again-again"].default == "again-again__end"


def test_inserting_a_step_renames_no_other():
    before = compiled(
        "- {manual: a}\n- switch: s\n  cases: [{when: x, do: [{manual: b}]}, {otherwise: true, do: []}]\n"
    )
    after = compiled(
        "- {manual: zero}\n- {manual: a}\n- {manual: between}\n"
        "- switch: s\n  cases: [{when: x, do: [{manual: b}]}, {otherwise: true, do: []}]\n- {manual: more}\n"
    )
    assert set(before.nodes) < set(after.nodes)
    assert set(before.flows) - set(after.flows) == {"start__a", "a__s", "s-join__end"}


def test_compiling_twice_gives_the_same_bytes():
    marked = marked_yaml.load(REPAIR.read_bytes(), "process.yaml")
    assert flows.to_bpmn(marked, "process.yaml") == flows.to_bpmn(marked, "process.yaml")


def test_names_from_the_texts_are_shown():
    marked = marked_yaml.load((HEAD + "- {manual: stamp}\n").encode(), "process.yaml")
    content = flows.to_bpmn(marked, "process.yaml", {"stamp": "Đóng dấu", "process": "Mượn sách"})
    model = reading.read(content, "x")
    assert (model.name, model.nodes["stamp"].name) == ("Mượn sách", "Đóng dấu")


def test_elements_know_their_line_in_the_yaml():
    text = HEAD + "- {manual: a}\n- user: b\n  timeout: {after: P1D, name: late, do: []}\n"
    marked = marked_yaml.load(text.encode(), "process.yaml")
    lines = flows.lines(marked, "process.yaml")
    first = HEAD.count("\n") + 1
    assert (lines["a"], lines["b"], lines["late"], lines["a__b"]) == (first, first + 1, first + 2, first)
    finding = errors.Finding("structure.dead_end", {}, "loan.bpmn", 99, "late")
    (moved,) = flows.placed([finding], marked, "process.yaml")
    assert (moved.file, moved.line) == ("process.yaml", first + 2)


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        ("  []\n", ("flow.empty_flow", 0)),
        ("- ask\n", ("flow.step", 1)),
        ("- {task: ask}\n", ("flow.kind", 1)),
        ("- {lane: desk, user: ask}\n", ("flow.kind", 1)),
        ("- {user: ask, frm: x}\n", ("flow.step_key", 1)),
        ("- {user: Ask}\n", ("flow.name", 1)),
        ("- {user: a__b}\n", ("flow.name", 1)),
        ("- {user: null}\n", ("flow.name", 1)),
        (f"- {{user: {'a' * 41}}}\n", ("flow.name", 1)),
        ("- {user: ask, form: ../x}\n", ("flow.key", 1)),
        ("- {user: ask, lane: cellar}\n", ("flow.unknown_lane", 1)),
        ("- {manual: a}\n- {manual: a}\n", ("flow.duplicate_name", 2)),
        ("- {manual: desk}\n", ("flow.taken_name", 1)),
        ("- {manual: loan}\n", ("flow.taken_name", 1)),
        ("- {manual: start}\n", ("flow.duplicate_name", 1)),
        ("- {service: a}\n", ("flow.step_lacks", 1)),
        ("- {service: a, call: send}\n", ("flow.service", 1)),
        ("- {service: a, call: a.b, with: [x]}\n", ("flow.map", 1)),
        ("- {service: a, call: a.b, with: {to: '= 1 +'}}\n", ("flow.feel", 1)),
        ("- {service: a, call: a.b, take: {to: x}, result: r}\n", ("flow.take_or_result", 1)),
        ("- {script: a, set: {'b c': 1}}\n", ("flow.variable", 1)),
        ("- {script: a, set: {}}\n", ("flow.empty_set", 1)),
        ("- {wait: a}\n", ("flow.one_time", 1)),
        ("- {wait: a, for: P1D, until: 2021-07-08}\n", ("flow.one_time", 1)),
        ("- {wait: a, for: two days}\n", ("structure.timer.timeDuration", 1)),
        ("- {wait: a, for: 3}\n", ("structure.timer.timeDuration", 1)),
        ("- {switch: s, cases: []}\n", ("flow.list", 1)),
        ("- {switch: s, cases: [{do: []}]}\n", ("flow.when_or_otherwise", 1)),
        ("- switch: s\n  cases:\n  - {when: 'x ='}\n", ("flow.feel", 3)),
        (
            "- {switch: s, cases: [{otherwise: true}, {otherwise: true, name: b}]}\n",
            ("flow.one_otherwise", 1),
        ),
        ("- {switch: s, cases: [{when: x, do: []}, {when: y, do: []}]}\n", ("flow.same_way", 1)),
        ("- {switch: s, cases: [{when: x, then: []}]}\n", ("flow.entry_key", 1)),
        ("- {parallel: p, branches: {a: []}}\n", ("flow.two_branches", 1)),
        ("- {parallel: p, branches: [a, b]}\n", ("flow.map", 1)),
        ("- {race: r, branches: [{message: m, after: P1D}, {after: P2D}]}\n", ("flow.message_or_time", 1)),
        ("- {race: r, branches: [{do: []}, {after: P2D}]}\n", ("flow.one_time", 1)),
        ("- {each: e, do: [{manual: a}]}\n", ("flow.in_or_times", 1)),
        ("- {each: e, times: 3, as: b, do: [{manual: a}]}\n", ("flow.as_without_in", 1)),
        ("- {each: e, in: '= x', collect: {into: y}, do: [{manual: a}]}\n", ("flow.collect", 1)),
        ("- {group: g, do: []}\n", ("flow.empty_block", 1)),
        ("- {repeat: r, while: x, do: []}\n", ("flow.repeat_nothing", 1)),
        ("- {repeat: r, do: [{manual: a}]}\n", ("flow.step_lacks", 1)),
        ("- {end: stop}\n- {manual: a}\n", ("flow.unreachable_step", 2)),
        ("- {end: stop, terminate: true, error: X}\n", ("flow.one_ending", 1)),
        ("- {end: stop, payload: {a: 1}}\n", ("flow.payload_without_message", 1)),
        ("- {manual: a}\n- {start: s}\n", ("flow.start_first", 2)),
        ("- {start: s, form: ask, message: m}\n- {manual: a}\n", ("flow.start_form", 1)),
        ("- {user: a, timeout: {every: R/P1D, do: []}}\n", ("flow.every_interrupts", 1)),
        ("- {user: a, timeout: {after: P1D, do: [{user: b, lane: x}]}}\n", ("flow.unknown_lane", 1)),
        ("- {user: a, timeout: {after: P1D, interrupting: sometimes}}\n", ("flow.boolean", 1)),
        ("- {service: a, call: a.b, on_error: [{code: 'not ok'}]}\n", ("flow.error_code", 1)),
        ("- {user: a, on_error: []}\n", ("flow.step_key", 1)),
    ],
)
def test_what_is_wrong_is_said_with_its_line(flow, expected):
    assert expected in problems(flow)


def test_all_that_is_wrong_is_said_at_once():
    found = problems("- {user: Ask}\n- {service: a}\n- {wait: b, for: x}\n- {manual: a}\n")
    assert found == [
        ("flow.name", 1), ("flow.step_lacks", 2), ("structure.timer.timeDuration", 3), ("flow.duplicate_name", 4),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "head", ["flow:\n", "process: Loan Process\nflow:\n", "process: loan\nlanes: x\nflow:\n"]
)
def test_a_head_that_is_wrong_is_no_traceback(head):
    marked = marked_yaml.load((head + "- {manual: a}\n").encode(), "process.yaml")
    try:
        flows.to_bpmn(marked, "process.yaml")
    except errors.Invalid as caught:
        assert caught.findings


NAMES = st.sampled_from(["a", "b", "c", "d", "e", "lend", "ask", "start", "end", "desk"])
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(0, 3),
        NAMES,
        st.sampled_from(["= x", "P1D", "= 1 +", "post.send"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=4,
)
KEYS = st.sampled_from(
    "lane form result call with take decision set for until message payload process cases branches in as do "
    "while timeout on_message on_error terminate error times collect when otherwise name after interrupting".split()
)
KINDS = st.sampled_from(
    "user manual service decide script wait receive send call switch parallel race each group repeat end start".split()
)


def step(rest):
    """A step of any kind with the rest of its keys."""
    return st.builds(
        lambda kind, name, more: {kind: name, **{k: v for k, v in more.items() if k != kind}},
        KINDS,
        st.one_of(NAMES, VALUES),
        st.dictionaries(KEYS, rest, max_size=4),
    )


STEPS = st.recursive(
    st.lists(step(VALUES), max_size=3),
    lambda inner: st.lists(
        step(st.one_of(VALUES, inner, st.dictionaries(NAMES, inner, max_size=3))), max_size=3
    ),
    max_leaves=6,
)


@settings(max_examples=25, deadline=None)
@given(STEPS)
def test_any_flow_compiles_or_says_why_not(steps):
    """And what compiles is read again without an error."""
    text = json.dumps({"process": "loan", "lanes": {"desk": {}}, "flow": steps})
    try:
        marked = marked_yaml.load(text.encode(), "process.yaml")
    except errors.Invalid:
        return
    try:
        content = flows.to_bpmn(marked, "process.yaml")
    except errors.Invalid as refused:
        assert refused.findings
        assert all(f.line for f in refused.findings)
    else:
        reading.read(content, "loan.bpmn")


def test_a_derived_diagram_shows_every_element():
    marked = marked_yaml.load(REPAIR.read_bytes(), "process.yaml")
    content = flows.to_bpmn(marked, "process.yaml")
    model = reading.read(content, "repair.bpmn")
    root = xml.parse(content, "repair.bpmn")
    drawn = {n.get("bpmnElement") for n in root.iter() if n.get("bpmnElement")}
    assert set(model.nodes) | set(model.flows) <= drawn


def test_a_drawn_diagram_is_never_touched():
    drawn = flows.to_bpmn(marked_yaml.load(REPAIR.read_bytes(), "process.yaml"), "process.yaml")
    assert layout.ensure(drawn) is drawn


@pytest.mark.parametrize("count", [3, 700])
def test_models_of_any_size_get_a_diagram(count):
    flow = "".join(f"- {{manual: step{n}}}\n" for n in range(count))
    content = flows.to_bpmn(marked_yaml.load((HEAD + flow).encode(), "process.yaml"), "process.yaml")
    root = xml.parse(content, "x")
    assert sum(1 for n in root.iter() if xml.local(n) == "BPMNShape") >= count
    assert len(reading.read(content, "x").nodes) == count + 2
