"""docs/process-yaml.md, docs/scenarios.md and docs/editions.md say what the schemas accept, neither more nor less."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine import settings
from engine.definitions import documents, editions, manifest, process_schema, scenario_files, scenarios
from tests.book_loan.bundles import definition, services

DOCS = settings.CHECKOUT / "docs"
ROW = re.compile(r"^\| `([a-z_]+)` \|", re.MULTILINE)


def sections(file: str) -> dict[str, set[str]]:
    """The keys in each section's table, by the first word of the section's title ("": the main table)."""
    parts = re.split(r"^###? (.+)$", (DOCS / file).read_text("utf-8"), flags=re.MULTILINE)
    told = {
        title.split()[0].strip(","): set(ROW.findall(body))
        for title, body in zip(parts[1::2], parts[2::2], strict=True)
    }
    return {"": set(ROW.findall(parts[0])), **told}


def example(file: str, number: int = 0) -> bytes:
    found = re.findall(r"```yaml\n(.*?)```", (DOCS / file).read_text("utf-8"), flags=re.DOTALL)
    return str(found[number]).encode()


def keys(schema: dict) -> set[str]:
    """The keys of an entry, or of the entries of a map or list of them."""
    inner = schema.get("items") or schema.get("additionalProperties") or {}
    return set(
        schema.get("properties") or (inner.get("properties") if isinstance(inner, dict) else None) or {}
    )


def test_every_key_of_process_yaml_is_told_and_none_beside():
    told = sections("process-yaml.md")
    properties = process_schema.PROCESS["properties"]
    assert told["Keys"] == properties.keys()
    for name, schema in properties.items():
        if keys(schema):
            assert told[name] == keys(schema), name


def test_what_is_required_is_told():
    text = (DOCS / "process-yaml.md").read_text("utf-8")
    for name in process_schema.PROCESS["required"]:
        assert re.search(rf"^\| `{name}` \| required\.", text, re.MULTILINE), name


def test_every_key_of_a_scenario_is_told_and_none_beside():
    told = sections("scenarios.md")
    either = scenario_files.VALIDATOR.schema["properties"]["scenarios"]["items"]
    scenario, decision = either["else"]["properties"], either["then"]["properties"]
    assert told[""] == scenario.keys()
    assert told["A"] | {"scenario", "at"} == decision.keys()
    assert told["cases"] == keys(decision["cases"])
    assert told["start"] == keys(scenario["start"])
    assert told["expect"] == keys(scenario["expect"])
    steps = (DOCS / "scenarios.md").read_text("utf-8").partition("### steps")[2].partition("### expect")[0]
    for name in keys(scenario["steps"]) | keys(scenario["steps"]["items"]["properties"]["message"]):
        assert f"`{name}`" in steps, name


def test_the_example_of_process_yaml_can_be_read():
    read = manifest.read(example("process-yaml.md"))
    assert set(process_schema.PROCESS["properties"]) - set(read.marked.value) == {
        "flow",
        "once",
    }  # written here under `subject`


def test_the_example_of_a_document_can_be_read():
    assert documents.read(example("process-yaml.md", 1), "documents/receipt.yaml").after == "receipt"


@pytest.mark.parametrize("number", [0, 1])
def test_the_examples_of_scenarios_hold(number):
    tried = scenarios.run(
        definition(),
        scenario_files.read(example("scenarios.md", number), "scenarios.md"),
        services(),
    )
    assert [one.findings for one in tried] == [()]


def test_every_key_of_an_edition_is_told_and_none_beside():
    told = sections("editions.md")
    assert told["edition.yaml"] == editions.EDITION["properties"].keys()
    assert told["authority"] == keys(editions.EDITION["properties"]["authority"])


def test_the_example_of_an_edition_can_be_read():
    assert editions.read(example("editions.md")).follows == "rules-of-may"


@pytest.mark.parametrize("file", ["process-yaml.md", "scenarios.md", "editions.md"])
def test_every_link_leads_somewhere(file):
    text = (DOCS / file).read_text("utf-8")
    for target in re.findall(r"\]\(([a-z][\w./-]*)\)", text):
        assert Path(DOCS / target).exists(), target
