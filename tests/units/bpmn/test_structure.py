"""Flows that can be read but would not work are found, with the element and the right severity."""

from __future__ import annotations

import pytest

from engine.bpmn import reading, structure, times

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:tc="urn:tiemchung:bpmn:1"'
    ' id="file" targetNamespace="urn:test"><bpmn:message id="m1" name="book_returned"/>'
    '<bpmn:process id="loan" isExecutable="true">\n'
)
TIMER = "<bpmn:timerEventDefinition><bpmn:timeDuration>{}</bpmn:timeDuration></bpmn:timerEventDefinition>"


def flow(path: str) -> str:
    """`a>b b>c?x` as sequence flows; after `?` the condition."""
    written = []
    for part in path.split():
        ends, _, condition = part.partition("?")
        source, target = ends.split(">")
        inside = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
        written.append(
            f'<bpmn:sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">'
            f"{inside}</bpmn:sequenceFlow>"
        )
    return "\n".join(written)


def nodes(text: str) -> str:
    """`user:ask exclusive:which/default` as nodes, one to a line."""
    tags = {
        "start": "startEvent", "end": "endEvent", "user": "userTask", "manual": "manualTask", "both": "parallelGateway",
        "which": "exclusiveGateway", "some": "inclusiveGateway", "race": "eventBasedGateway",
    }  # fmt: skip
    written = []
    for part in text.split():
        tag, _, rest = part.partition(":")
        node_id, _, default = rest.partition("/")
        attribute = f' default="{default}"' if default else ""
        written.append(f'<bpmn:{tags[tag]} id="{node_id}"{attribute}/>')
    return "\n".join(written)


def found(body: str) -> list[tuple[str, str | None, str]]:
    model = reading.read(f"{HEAD}{body}</bpmn:process></bpmn:definitions>".encode(), "loan.bpmn")
    findings = structure.findings(model, "loan.bpmn")
    for finding in findings:
        for language in ("vi", "en"):
            sentence = finding.sentence(language)
            assert not sentence.startswith("findings."), finding
            assert "…" not in sentence, sentence
    return [
        (finding.code.removeprefix("structure."), finding.element, finding.severity) for finding in findings
    ]


def test_a_sound_process_has_no_findings():
    body = nodes("start:s which:w/w_b user:a user:b which:j end:e")
    assert found(body + flow("s>w w>a?x w>b a>j b>j j>e")) == []


def test_a_missing_start_and_end_are_errors():
    assert ("no_start", "loan", "error") in found(nodes("user:a end:e") + flow("a>e"))
    assert ("no_end", "loan", "error") in found(nodes("start:s user:a") + flow("s>a"))


def test_a_node_that_nothing_leads_to_is_an_error():
    assert found(nodes("start:s end:e user:lost end:e2") + flow("s>e lost>e2")) == [
        ("unreachable", "lost", "error"),
        ("unreachable", "e2", "error"),
    ]


def test_a_node_that_leads_nowhere_is_an_error():
    body = nodes("start:s which:w/w_e user:a end:e")
    assert found(body + flow("s>w w>e w>a?x")) == [("dead_end", "a", "error")]


def test_a_loop_without_a_way_out_is_an_error():
    body = nodes("start:s which:w/w_e user:a user:b end:e")
    assert found(body + flow("s>w w>e w>a?x a>b b>a")) == [
        ("no_way_out", "a", "error"),
        ("no_way_out", "b", "error"),
    ]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("x", "y", [("no_default", "w", "warning")]),
        ("x", "not(x)", []),
        ("a &gt; 1", "not( a&gt;1 )", []),
        ("x", "true", []),
        ("a &gt; 1", "a &lt;= 1", [("no_default", "w", "warning")]),
    ],
)
@pytest.mark.parametrize("kind", ["which", "some"])
def test_a_choice_that_may_find_no_way_is_a_warning(kind, first, second, expected):
    body = nodes(f"start:s {kind}:w end:e end:f")
    written = flow("s>w w>e?FIRST w>f?SECOND").replace("FIRST", first).replace("SECOND", second)
    assert found(body + written) == expected


def test_a_condition_after_anything_but_a_choice_is_an_error():
    assert found(nodes("start:s user:a end:e") + flow("s>a a>e?x")) == [
        ("condition_elsewhere", "a_e", "error")
    ]
    body = nodes("start:s both:p user:a user:b both:j end:e")
    assert found(body + flow("s>p p>a?x p>b a>j b>j j>e")) == [("condition_elsewhere", "p_a", "error")]


def test_a_boundary_event_on_a_gateway_is_an_error():
    boundary = f'<bpmn:boundaryEvent id="late" attachedToRef="w">{TIMER.format("P1D")}</bpmn:boundaryEvent>'
    body = nodes("start:s which:w end:e end:f") + boundary
    assert ("boundary_elsewhere", "late", "error") in found(body + flow("s>w w>e late>f"))


def event(node_id: str, definition: str) -> str:
    return f'<bpmn:intermediateCatchEvent id="{node_id}">{definition}</bpmn:intermediateCatchEvent>'


MESSAGE = '<bpmn:messageEventDefinition messageRef="m1"/>'


def test_only_waits_may_follow_an_event_based_gateway():
    waits = event("m", MESSAGE) + event("t", TIMER.format("P1D"))
    body = nodes("start:s race:r end:e") + waits
    assert found(body + flow("s>r r>m r>t m>e t>e")) == []
    body = nodes("start:s race:r end:e user:a") + event("m", MESSAGE)
    assert found(body + flow("s>r r>m r>a m>e a>e")) == [("race_target", "r_a", "error")]
    body = nodes("start:s which:w/w_r race:r end:e") + waits
    assert ("race_shared", "r_m", "error") in found(body + flow("s>w w>r w>m?x r>m r>t m>e t>e"))
    body = nodes("start:s race:r end:e") + event("m", MESSAGE)
    assert found(body + flow("s>r r>m m>e")) == [("race_alone", "r", "warning")]


def test_a_parallel_join_after_an_exclusive_choice_would_wait_for_ever():
    body = nodes("start:s which:w/w_b user:a user:b both:j end:e")
    assert found(body + flow("s>w w>a?x w>b a>j b>j j>e")) == [("join_waits", "j", "warning")]


def test_a_parallel_join_inside_one_way_of_a_choice_does_not_wait():
    body = nodes("start:s which:w/w_e both:p user:a user:b both:j which:m end:e")
    assert found(body + flow("s>w w>p?x w>e p>a p>b a>j b>j j>m m>e")) == []
    loop = nodes("start:s both:p user:a user:b both:j which:w/w_e end:e which:again")
    assert found(loop + flow("s>again again>p p>a p>b a>j b>j j>w w>again?x w>e")) == []


def test_a_choice_inside_one_branch_that_comes_together_again_does_not_starve_the_join():
    body = nodes("start:s both:p which:w/w_b user:a user:b which:m user:c both:j end:e")
    assert found(body + flow("s>p p>w p>c w>a?x w>b a>m b>m m>j c>j j>e")) == []


def test_an_interrupting_boundary_event_that_bypasses_its_branch_starves_the_join():
    late = f'<bpmn:boundaryEvent id="late" attachedToRef="a">{TIMER.format("P1D")}</bpmn:boundaryEvent>'
    body = nodes("start:s both:p user:a user:b both:j end:e") + late
    assert found(body + flow("s>p p>a p>b a>j b>j late>j j>e")) == [("join_waits", "j", "warning")]
    assert found(body + nodes("which:m") + flow("s>p p>a p>b a>m late>m m>j b>j j>e")) == []


def test_a_loop_that_waits_for_nothing_is_a_warning():
    script = '<bpmn:scriptTask id="c"><bpmn:script>{a: 1}</bpmn:script></bpmn:scriptTask>'
    body = nodes("start:s which:w/w_e end:e which:again") + script
    codes = [code for code, _, _ in found(body + flow("s>again again>c c>w w>again?x w>e"))]
    assert codes == ["endless_loop"]
    waiting = nodes("start:s which:w/w_e end:e which:again user:ask")
    assert found(waiting + flow("s>again again>ask ask>w w>again?x w>e")) == []


def loop(attributes: str, inside: str = "") -> str:
    return (
        '<bpmn:userTask id="a"><bpmn:multiInstanceLoopCharacteristics '
        f"{attributes}>{inside}</bpmn:multiInstanceLoopCharacteristics></bpmn:userTask>"
    )


@pytest.mark.parametrize(
    ("attributes", "inside", "code"),
    [
        ("", "", "loop_without_count"),
        ('tc:collection="= x"', "<bpmn:loopCardinality>3</bpmn:loopCardinality>", "loop_counted_twice"),
        ('tc:collection="= x" tc:outputCollection="y"', "", "loop_output"),
        ('tc:elementVariable="b"', "<bpmn:loopCardinality>3</bpmn:loopCardinality>", "loop_element"),
    ],
)
def test_multi_instance_must_know_how_often(attributes, inside, code):
    body = nodes("start:s end:e") + loop(attributes, inside) + flow("s>a a>e")
    assert found(body) == [(code, "a", "error")]


@pytest.mark.parametrize(
    ("definition", "code"),
    [
        (TIMER.format("two days"), "timer.timeDuration"),
        (TIMER.format("P"), "timer.timeDuration"),
        (TIMER.format("= &quot;PT&quot;"), "timer.timeDuration"),
        (TIMER.replace("timeDuration", "timeDate").format("8/7/2021"), "timer.timeDate"),
        (TIMER.replace("timeDuration", "timeCycle").format("PT1H"), "timer.timeCycle"),
        (TIMER.replace("timeDuration", "timeCycle").format("R/PT1H"), "cycle_once"),
    ],
)  # fmt: skip
def test_a_literal_time_that_is_none_is_an_error(definition, code):
    body = nodes("start:s end:e") + event("t", definition) + flow("s>t t>e")
    assert (code, "t", "error") in found(body)


@pytest.mark.parametrize(
    ("kind", "text", "valid"),
    [
        ("timeDate", "2021-07-08", True), ("timeDate", "2021-07-08T09:00:00Z", True),
        ("timeDate", "2021-07-08T09:00:00+07:00", True), ("timeDate", "2021-02-30", False),
        ("timeDate", "20210708", False), ("timeDate", "", False), ("timeDuration", "P2D", True),
        ("timeDuration", "PT1H30M", True), ("timeDuration", "P3W", True),
        ("timeDuration", "P1Y2M", True), ("timeDuration", "PT0.5S", True), ("timeDuration", "P1DT", False),
        ("timeDuration", "1D", False), ("timeDuration", "P1W2D", False), ("timeDuration", "-P1D", False),
        ("timeCycle", "R/P1D", True), ("timeCycle", "R3/PT1H", True), ("timeCycle", "R0/PT1H", False),
        ("timeCycle", "R3", False), ("timeCycle", "0 9 * * *", False), ("timeDuration", "P" + "9" * 50 + "D", False),
    ],
)  # fmt: skip
def test_literal_times(kind, text, valid):
    assert times.valid(kind, text) is valid


@pytest.mark.parametrize(
    ("text", "value"),
    [('"P1D"', "P1D"), ("patience", None), ('"a" + "b"', None), ('"a\\"b"', 'a"b'), ('"', None), ('""', "")],
)
def test_only_a_single_quoted_string_is_a_literal(text, value):
    assert times.literal(text) == value
