"""process.yaml: read into frozen values, or refused with every finding at its line."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.definitions import manifest
from engine.errors import Invalid

GOOD = """\
process: loan
owner: process_owner
subject: {variable: reader_id, query: people.person, find: people.find}
start: {roles: [librarian], at: [branch]}
inputs: [reader_id]
lanes:
  desk: {role: librarian}
  head: {role: head_librarian, unit: "= home_unit"}
forms: [ask, lend]
decisions:
  limits: {file: limits.dmn}
messages:
  book_returned: {keep: PT1H}
service_levels: {lend: PT15M, wait_return: P21DT12H}
records:
  - {kind: loan, at: lend, values: {book: "= book_id"}, required: [book]}
expects:
  - {after: lend, reaches: receipt, within: PT1H}
documents: {receipt: documents/receipt.yaml}
"""


def refused(text: str) -> list[tuple[str, int | None]]:
    with pytest.raises(Invalid) as caught:
        manifest.read(text.encode())
    return [(finding.code, finding.line) for finding in caught.value.findings]


def test_everything_it_says_is_read():
    read = manifest.read(GOOD.encode())
    assert (read.key, read.owner, read.inputs, read.forms) == (
        "loan",
        "process_owner",
        ("reader_id",),
        ("ask", "lend"),
    )
    assert read.subject == manifest.Subject("reader_id", "people.person", "people.find")
    assert read.start == manifest.StartRule(frozenset({"librarian"}), frozenset({"branch"}))
    assert read.lanes["desk"].unit is None
    assert read.lanes["head"].unit is not None
    assert read.lanes["head"].unit.names == {"home_unit"}
    assert read.decisions["limits"] == manifest.DecisionUse("limits.dmn", "limits", "version")
    assert read.messages["book_returned"].keep == timedelta(hours=1)
    assert read.service_levels["wait_return"] == timedelta(days=21, hours=12)
    assert read.records[0].values["book"].text == "book_id"
    assert read.expects == (manifest.Expectation("lend", "receipt", timedelta(hours=1)),)
    assert not read.has_flow


def test_an_unknown_key_is_refused_with_the_one_probably_meant():
    with pytest.raises(Invalid) as caught:
        manifest.read(GOOD.replace("service_levels:", "service_level:").encode())
    (finding,) = caught.value.findings
    assert (finding.code, finding.line, finding.file) == ("declared_key_close", 14, "process.yaml")
    assert "service_levels" in finding.sentence("vi")
    assert "Did you mean “service_levels”?" in finding.sentence("en")


def test_every_finding_is_told_at_once():
    text = GOOD.replace("owner: process_owner\n", "").replace("PT15M", "15 minutes").replace("keep:", "kept:")
    assert refused(text) == [("declared_missing", 1), ("declared_key_close", 12), ("declared_value", 13)]


def test_an_expression_that_cannot_be_read_is_refused_at_its_line():
    assert refused(GOOD.replace('"= book_id"', '"= book_id +"')) == [("expression_unreadable", 16)]


def test_a_required_value_must_be_among_the_values():
    assert refused(GOOD.replace("required: [book]", "required: [bok]")) == [("record_required_close", 16)]


def test_a_name_with_accents_is_refused_where_it_stands():
    assert refused(GOOD.replace("  desk:", "  quầy:")) == [("declared_name", 7)]


@pytest.mark.parametrize("text", ["P1M", "P1Y", "PT", "P", "1h", "P1.5D", "-P1D", "PT1H30"])
def test_a_duration_of_months_or_without_form_is_refused(text):
    with pytest.raises(ValueError, match="not a duration"):
        manifest.duration(text)


@given(st.integers(0, 999), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_a_duration_is_the_sum_of_its_parts(days, hours, minutes, seconds):
    text = f"P{days}DT{hours}H{minutes}M{seconds}S"
    assert manifest.duration(text) == timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_the_file_holds_it_is_read_or_refused_with_findings(content):
    try:
        manifest.read(content)
    except Invalid as refusal:
        assert refusal.findings
        for finding in refusal.findings:
            assert finding.file == "process.yaml"
            for language in ("vi", "en"):
                assert not finding.sentence(language).startswith("findings.")
