"""Files that import each other are read together, each after those it imports; what cannot be told is said."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from lxml import etree

from engine import decisions, feel

NOON = feel.Moment(datetime(2021, 7, 10, 12, tzinfo=UTC), ZoneInfo("UTC"))
MODEL = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def file(
    name: str, expression: str, imports: str = "", needs: str = "", prefix: bool = True
) -> etree._Element:
    """A file whose namespace is urn:NAME, with one decision of that name; it imports `imports` by their names."""
    wanted = "".join(
        f'<import name="{one if prefix else ""}" namespace="urn:{one}" importType="{MODEL}"/>'
        for one in imports.split()
    )
    required = "".join(
        f'<informationRequirement id="needs_{one}"><requiredDecision href="urn:{one}#{one}"/></informationRequirement>'
        for one in needs.split()
    )
    return etree.fromstring(
        f'<definitions xmlns="{MODEL}" id="{name}_file" name="{name}" namespace="urn:{name}">{wanted}'
        f'<decision id="{name}" name="{name}"><variable name="{name}"/>{required}'
        f"<literalExpression><text>{expression}</text></literalExpression></decision></definitions>"
    )


def codes(findings) -> list[tuple[str, str | None]]:
    return [(found.code, found.file) for found in findings]


def test_a_file_reads_the_decisions_of_the_files_it_imports_whatever_their_order():
    models, findings = decisions.link(
        {
            "fines.dmn": file("fines", "rates.rates * days.days", "rates days", "rates days"),
            "rates.dmn": file("rates", "days.days + 1", "days", "days"),
            "days.dmn": file("days", "3"),
        }
    )
    assert findings == []
    assert decisions.evaluate(models["fines.dmn"], "fines", {}, NOON).value == 12
    assert dict(models["fines.dmn"].imports)["days"] is dict(models["rates.dmn"].imports)["days"], "read once"


def test_what_an_import_without_a_prefix_gives_is_not_read_from_outside():
    models, findings = decisions.link(
        {
            "rates.dmn": file("rates", "days + pace", "days", "days", prefix=False),
            "days.dmn": file("days", "3"),
        }
    )
    assert findings == []
    assert models["rates.dmn"].variables("rates") == {"pace"}
    assert decisions.evaluate(models["rates.dmn"], "rates", {"pace": 2, "days": 40}, NOON).value == 5


def test_an_import_that_is_not_among_the_files_is_named_with_its_file():
    models, findings = decisions.link({"fines.dmn": file("fines", "1", "rates")})
    assert (models, codes(findings)) == ({}, [("dmn.import_unknown", "fines.dmn")])


def test_files_that_import_each_other_in_a_circle_are_refused_once():
    models, findings = decisions.link(
        {
            "one.dmn": file("one", "1", "two"),
            "two.dmn": file("two", "2", "one"),
            "own.dmn": file("own", "3", "own"),
        }
    )
    assert models == {}
    assert codes(findings) == [("dmn.import_circle", "two.dmn"), ("dmn.import_circle", "own.dmn")]
    assert "one.dmn → two.dmn → one.dmn" in findings[0].sentence("en")


def test_a_namespace_of_two_files_cannot_be_imported_but_may_stand_unread():
    several = {"a.dmn": file("rates", "1"), "b.dmn": file("rates", "2")}
    models, findings = decisions.link(several)
    assert (set(models), findings) == ({"a.dmn", "b.dmn"}, [])
    models, findings = decisions.link({**several, "fines.dmn": file("fines", "1", "rates")})
    assert "fines.dmn" not in models
    assert codes(findings) == [("dmn.import_ambiguous", "fines.dmn")]
    assert "a.dmn, b.dmn" in findings[0].sentence("vi")


def test_a_file_that_cannot_be_read_is_complained_of_once_and_not_again_by_those_that_import_it():
    models, findings = decisions.link(
        {"fines.dmn": file("fines", "rates.rates", "rates", "rates"), "rates.dmn": file("rates", "1 +")}
    )
    assert models == {}
    assert {found.file for found in findings} == {"rates.dmn"}


def test_several_files_may_be_imported_without_a_prefix():
    models, findings = decisions.link(
        {
            "fines.dmn": file("fines", "rates * days", "rates days", "rates days", prefix=False),
            "rates.dmn": file("rates", "4"),
            "days.dmn": file("days", "3"),
        }
    )
    assert findings == []
    assert decisions.evaluate(models["fines.dmn"], "fines", {}, NOON).value == 12


def test_a_name_that_an_import_brings_a_second_time_is_refused():
    double = file("days", "3")
    double.append(file("rates", "5")[0])
    models, findings = decisions.link(
        {
            "fines.dmn": file("fines", "rates", "rates days", "rates", prefix=False),
            "rates.dmn": file("rates", "4"),
            "days.dmn": double,
        }
    )
    assert "fines.dmn" not in models
    assert codes(findings) == [("dmn.import_name_taken", "fines.dmn")]
    assert "rates" in findings[0].sentence("vi")
