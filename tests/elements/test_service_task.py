"""Service task: a job with inputs; completed, failed to an incident, or refused as a BPMN error."""

from __future__ import annotations

from engine import runtime
from engine.runtime import WaitKind
from tests.elements.drawing import boundary, draw, service, user
from tests.elements.play import Play

ANNOUNCE = draw(
    service("announce", "post.send", {"to": "reader", "params": "{due: due}"}, {"announced": "message_id"}),
    "start -> announce -> end",
)


def test_its_job_has_the_inputs_that_are_mapped() -> None:
    play = Play(ANNOUNCE).start(reader="R1", due="2021-08-01", debt=3)
    assert [(job.element, job.inputs) for job in play.jobs] == [
        ("announce", {"to": "R1", "params": {"due": "2021-08-01"}})
    ]
    assert play.wait("announce", WaitKind.JOB).name == "post.send"


def test_only_the_outputs_that_are_mapped_come_back() -> None:
    Play(ANNOUNCE).start(reader="R1").complete("announce", message_id="m1", cost=3).ended("end").has(
        announced="m1", message_id=None, cost=None
    )


def test_without_a_mapping_all_outputs_come_back_or_go_into_one_variable() -> None:
    Play(draw(service("announce"), "start -> announce -> end")).start().complete("announce", a=1).has(a=1)
    model = draw(service("announce", result="sent"), "start -> announce -> end")
    Play(model).start().complete("announce", a=1).has(sent={"a": 1}, a=None)


def test_a_job_that_gave_up_is_an_incident_and_retry_opens_the_same_job() -> None:
    play = Play(ANNOUNCE).start(reader="R1")
    job = play.wait("announce", WaitKind.JOB)
    play.fail("announce").rests("announce").stopped("announce", "service_task_failed")
    play.refuses(runtime.Complete(job.token, job.element))
    play.retry("announce")
    assert play.wait("announce", WaitKind.JOB) == job, "a job tried again keeps its idempotency key"
    assert play.jobs[0].inputs == {"to": "R1", "params": {"due": None}}
    play.complete("announce", message_id="m1").ended("end")


def test_a_deadline_goes_on_while_the_job_is_an_incident() -> None:
    model = draw(
        service("announce"), boundary("late", on="announce", after="P1D"), user("phone"),
        """
        start -> announce -> end
        late -> phone -> end
        """,
    )  # fmt: skip
    play = Play(model).start().fail("announce").move(hours=20).rests("announce")
    play.move(hours=4).rests("phone")
    assert play.waits() == ["user_task phone"]


def test_a_refusal_that_nothing_catches_is_an_incident_that_can_be_tried_again() -> None:
    play = Play(ANNOUNCE).start(reader="R1").refuse("announce", "ADDRESS_UNKNOWN", "no such street")
    play.stopped("announce", "error_not_caught")
    assert play.state.waits[0].params == {"code": "ADDRESS_UNKNOWN", "message": "no such street"}
    play.retry("announce").complete("announce", message_id="m1").ended("end")


def test_without_a_service_it_stops() -> None:
    Play(draw(service("announce", None), "start -> announce -> end")).start().stopped(
        "announce", "service_missing"
    )
