"""The how-to “write a rule table”, in both languages: its table, cells, trials and scenario are what really happens."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import yaml
from lxml import etree

import tiemchung
from engine import decisions, errors, feel
from engine.decisions.verification import analysis
from tests.architecture.sources import ROOT
from tests.docs.feel_examples import MOMENT, value_of

FOLDER = ROOT / "docs" / "how-to"
FILE = FOLDER / "rule-table-example.dmn"
PAGES = {"en": FOLDER / "write-a-rule-table.md", "vi": FOLDER / "write-a-rule-table.vi.md"}
TEXTS = {language: page.read_text("utf-8") for language, page in PAGES.items()}
INPUTS = ("age", "temperature", "pulse", "pregnant")
GIVEN = '{"age": 70, "temperature": 36.8, "pulse": 72, "pregnant": "no"}'
both = pytest.mark.parametrize("language", PAGES)


def _model() -> decisions.DecisionModel:
    return decisions.read(etree.parse(FILE).getroot(), FILE.name)


def _rows(text: str, first: str) -> list[list[str]]:
    """The rows of the Markdown table whose head begins with a cell, without head and line."""
    table = text[text.index(f"\n| {first} |") + 1 :].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def _code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_nothing_is_wrong_with_the_example() -> None:
    found = [analysis.findings(decision) for decision in _model().decisions.values()]
    assert [finding for findings in found for finding in findings] == []


@both
def test_the_table_of_the_page_is_that_of_the_file(language: str) -> None:
    table = _model().decisions["findings"].table
    assert table
    shown = [[cell for column in row[1:-1] for cell in _code(column)] for row in _rows(TEXTS[language], "R")]
    written = [[part.text for part in (*rule.tests, *rule.outputs)] for rule in table.rules]
    assert [[cell or "-" for cell in row] for row in written] == shown


@both
def test_every_form_of_cell_means_what_the_page_says(language: str) -> None:
    rows = _rows(TEXTS[language], {"en": "cell", "vi": "ô"}[language])
    assert len(rows) >= 15
    for cell, _, matches, others in rows:
        test = feel.compile_unary(_code(cell)[0])
        assert all(test.matches(value_of(value), {}, MOMENT) is True for value in _code(matches)), cell
        assert not any(test.matches(value_of(value), {}, MOMENT) for value in _code(others)), cell


def test_both_pages_show_the_same_cells() -> None:
    assert [_code(row) for row in TEXTS["en"].splitlines() if row.startswith("|")] == [
        _code(row) for row in TEXTS["vi"].splitlines() if row.startswith("|")
    ]


@both
def test_what_is_tried_gives_what_the_page_says(language: str) -> None:
    tried = _rows(TEXTS[language], {"en": "age", "vi": "tuổi"}[language])
    assert len(tried) == 7
    for row in tried:
        given = dict(zip(INPUTS, (feel.to_json(value_of(_code(cell)[0])) for cell in row[:4]), strict=True))
        try:
            found = decisions.evaluate(_model(), "screening", given, MOMENT).value
        except errors.Invalid:
            assert row[4] in ("refused", "từ chối"), given
            continue
        wanted = [value_of(_code(cell)[0]) for cell in row[4:]]
        assert [found["conclusion"], found["place"], found["found"]] == wanted, given


@both
def test_the_command_says_what_the_page_shows(
    language: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command, told = re.findall(
        r"```(?:sh|text)\n(.*?)```", TEXTS[language][TEXTS[language].index("## 6") :], re.S
    )[:2]
    assert "rule-table-example.dmn --decision screening --explain" in command and GIVEN in command
    monkeypatch.setattr(tiemchung.printing, "language", lambda: language)
    arguments = ["decide", str(FILE), "--decision", "screening", "--input", GIVEN, "--explain"]
    assert tiemchung.main(arguments) == 0
    assert told in capsys.readouterr().out


@both
def test_the_scenario_of_the_page_holds(language: str) -> None:
    declared, scenarios = (block.split("```")[0] for block in TEXTS[language].split("```yaml\n")[1:3])
    (key, named), (scenario,) = *yaml.safe_load(declared)["decisions"].items(), yaml.safe_load(scenarios)
    assert scenario["decision"] == key
    assert named == {"file": FILE.name, "decision": "screening"}
    for case in scenario["cases"]:
        given = {**scenario["given"], **case.get("given", {})}
        if case["expect"].get("refused"):
            with pytest.raises(errors.Invalid):
                decisions.evaluate(_model(), "screening", given, MOMENT)
            continue
        found = decisions.evaluate(_model(), "screening", given, MOMENT).value
        assert {key: found[key] for key in case["expect"]} == case["expect"]


def _sentences(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        for inner in part.values():
            yield from _sentences(inner)
    elif isinstance(part, str):
        yield part


@both
def test_what_the_check_is_quoted_to_say_it_says(language: str) -> None:
    rows = _rows(TEXTS[language], {"en": "it says", "vi": "câu báo"}[language])
    quoted = [words for row in rows for words in re.findall(r"“([^”]+)”", row[0])]
    files = [ROOT / "engine" / "texts" / f"{name}.{language}.yaml" for name in ("decisions", "feel")]
    texts = [yaml.safe_load(file.read_text("utf-8"))["findings"] for file in files]
    said = [sentence for text in texts for sentence in _sentences(text)]
    assert len(quoted) == 10
    assert [words for words in quoted if not any(words in sentence for sentence in said)] == []


def test_the_pages_lead_to_each_other() -> None:
    assert f"({PAGES['vi'].name})" in TEXTS["en"] and f"({PAGES['en'].name})" in TEXTS["vi"]
    assert all(f"({FILE.name})" in text for text in TEXTS.values())
