"""The catalogue: manifests read strictly, handlers found, and every call held to its contract both ways."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine import catalogue, settings
from engine.catalogue import Context, Mode
from engine.errors import BusinessError, Invalid, NotFound, ServiceTaskFailed
from tests.book_loan.bundles import HERE
from tests.book_loan.integrations.post import handlers

CONTEXT = Context("job-1", datetime(2021, 7, 1, tzinfo=UTC))
HANDLER = "tests.book_loan.integrations.post.handlers:send"
GOOD = """\
service_tasks:
  send:
    handler: tests.book_loan.integrations.post.handlers:send
    inputs: {required: [to], properties: {to: {type: string}}}
    outputs: {properties: {message_id: {type: string}}}
    errors: [ADDRESS_UNKNOWN]
    retry: {attempts: 8, first: 30s, factor: 3, longest: 2h}
    timeout: 20s
    mode: transaction
queries:
  letters:
    handler: tests.book_loan.integrations.post.handlers:send
    inputs: {}
    outputs: {}
    scope: all
"""


def loaded(tmp_path: Path, text: str) -> catalogue.Catalogue:
    (tmp_path / "post").mkdir(exist_ok=True)
    (tmp_path / "post" / "manifest.yaml").write_text(text, "utf-8")
    return catalogue.load(tmp_path)


def refused(tmp_path: Path, text: str) -> list[tuple[str, int | None]]:
    with pytest.raises(Invalid) as caught:
        loaded(tmp_path, text)
    assert {finding.file for finding in caught.value.findings} == {"post/manifest.yaml"}
    return [(finding.code, finding.line) for finding in caught.value.findings]


def post() -> catalogue.ServiceTask:
    return catalogue.load(HERE / "integrations").service_task("post.send")


def test_a_manifest_is_read_into_tasks_and_queries_by_full_name(tmp_path):
    read = loaded(tmp_path, GOOD)
    task = read.service_task("post.send")
    assert task.retry == catalogue.Retry(8, timedelta(seconds=30), 3.0, timedelta(hours=2))
    assert (task.timeout_seconds, task.mode, task.errors) == (
        20.0,
        Mode.TRANSACTION,
        frozenset({"ADDRESS_UNKNOWN"}),
    )
    assert task.inputs.required == {"to"}
    assert not task.inputs.is_open
    assert read.query("post.letters").scope is catalogue.Scope.ALL
    assert not read.query("post.letters").audit


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("retry:", "retries:", [("declared_key_close", 7)]),
        (f"handler: {HANDLER}\n    inputs: {{r", "inputs: {r", [("declared_missing", 2)]),
        ("post.handlers:send\n    inputs: {r", "post.handlers:sand\n    inputs: {r", [("manifest_handler", 3)]),
        ("post.handlers:send\n    inputs: {r", "past.handlers:send\n    inputs: {r", [("manifest_handler", 3)]),
        ("{to: {type: string}}", "{to: {type: strong}}", [("declared_schema", 4)]),
        ("first: 30s", "first: half an hour", [("declared_value", 7)]),
        ("mode: transaction", "mode: later", [("declared_choice", 9)]),
        ("[ADDRESS_UNKNOWN]", "[address unknown]", [("declared_value", 6)]),
        ("service_tasks:", "service_tasks: &x", [("yaml.anchor", 1)]),
    ],
)  # fmt: skip
def test_a_manifest_that_is_wrong_is_refused_at_its_line(tmp_path, old, new, expected):
    assert old in GOOD
    assert refused(tmp_path, GOOD.replace(old, new, 1)) == expected


def test_only_the_integrations_named_are_loaded_and_a_wrong_name_is_told():
    folder = settings.CHECKOUT / "integrations"
    assert {name.split(".")[0] for name in catalogue.load(folder, names=("sms",)).service_tasks} == {"sms"}
    with pytest.raises(Invalid) as caught:
        catalogue.load(folder, names=("smss",))
    assert "“sms”" in caught.value.findings[0].sentence("en")


def test_what_is_offered_is_what_the_settings_in_use_name():
    whole = catalogue.current()
    with settings.using(replace(settings.current(), integrations=("people",))):
        assert {name.partition(".")[0] for name in catalogue.current().service_tasks} == {"people"}
    assert catalogue.current() is whole


def test_every_integration_of_the_product_can_be_loaded():
    read = catalogue.load(settings.CHECKOUT / "integrations")
    assert {"people.register", "people.history", "people.person", "sms.send"} <= set(read.service_tasks)
    assert {"people.person", "people.find", "people.history", "sms.outbox"} <= set(read.queries)


def test_a_call_is_held_to_its_contract_both_ways():
    assert post().call({"to": "R1", "text_key": "due"}, CONTEXT) == {"message_id": "job-1"}
    with pytest.raises(Invalid) as caught:
        post().call({"to": 7}, CONTEXT)
    assert {(finding.code, finding.pointer) for finding in caught.value.findings} == {
        ("service_input", "/to"), ("service_input", ""),
    }  # fmt: skip
    broken = catalogue.ServiceTask(
        "post.send", lambda inputs, context: {"message_id": 7}, post().inputs, post().outputs, frozenset(),
        catalogue.Retry(), 1.0, Mode.JOB,
    )  # fmt: skip
    with pytest.raises(Invalid) as caught:
        broken.call({"to": "R1", "text_key": "due"}, CONTEXT)
    assert [finding.code for finding in caught.value.findings] == ["service_output"]


def test_refusals_and_failures_of_the_outside_pass_through():
    with pytest.raises(BusinessError) as refusal:
        post().call({"to": handlers.NOWHERE, "text_key": "due"}, CONTEXT)
    assert refusal.value.code in post().errors
    with pytest.raises(ServiceTaskFailed):
        post().call({"to": handlers.STRIKE, "text_key": "due"}, CONTEXT)


def test_a_name_nobody_offers_is_not_found():
    empty = catalogue.Catalogue({}, {})
    for look in (empty.service_task, empty.query):
        with pytest.raises(NotFound):
            look("post.send")


@pytest.mark.parametrize("text", ["30", "0s", "1w", "", "-1s", "1.5h"])
def test_a_duration_of_a_manifest_has_one_unit(text):
    with pytest.raises(ValueError, match="not a duration"):
        catalogue.seconds(text)
