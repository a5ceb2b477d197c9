"""A rule changes without code: for the next case, for some units first, from a moment on, and back again."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy

from engine import clock, database, history, instances, settings, user_tasks
from engine.decisions import explanations
from engine.definitions import bundle as bundles
from engine.definitions import compare, deployment, registry
from engine.definitions import definition as definitions
from engine.definitions.bundle import Bundle
from engine.errors import Conflict, Invalid, NotAllowed
from engine.ids import VersionId
from tests import foundings
from tests.postgres.library import Library
from tests.processes import bundles as campaign_bundles
from tests.processes import clinic as clinics
from tests.processes.clinic import UNTIL_CONCLUSION, Clinic, Visit

LIBRARY = Path(__file__).parents[1] / "book_loan"
AGE_62 = "1959-01-01"


@pytest.fixture
def clinic(database: sqlalchemy.Engine, move: Callable[..., datetime]) -> Clinic:
    """The campaign's clinic, for the change of its own screening rule."""
    return foundings.once(clinics.founded)


transaction = database.transaction


def test_a_cell_is_edited_and_the_next_case_is_decided_by_it_while_the_one_in_screening_is_not(
    clinic: Clinic, move: Callable[..., datetime]
) -> None:
    owner, approver = clinic.staff["process_owner"], clinic.staff["approver"]
    in_screening = clinic.visit(born_on=AGE_62).goes_through("reception", "ask_questions")
    move(minutes=1)
    with transaction() as connection:
        submitted = deployment.submit(connection, clinics.over_60().files, owner, "Công văn: trên 60 tuổi")
    for somebody in ("process_owner", "screener", "site_lead"):
        with transaction() as connection, pytest.raises(NotAllowed):
            deployment.approve(connection, submitted, clinic.staff[somebody], "Tự duyệt")
    assert decided(clinic.visit(born_on=AGE_62)) == ("ELIGIBLE", set(), 1), "submitted is not yet in force"
    with transaction() as connection:
        deployment.approve(connection, submitted, approver, "Đã đối chiếu")

    following = clinic.visit(born_on=AGE_62)
    assert decided(following) == ("CAUTIOUS", {"old_age"}, 2)
    in_screening.goes_through("measure_vitals", "consent")
    assert decided(in_screening) == ("ELIGIBLE", set(), 1)
    for visit in (in_screening, following):  # and both histories say which version and which rule
        version_id = visit.decided("screening").version_id
        assert {row.version_id for row in visit.history()} == {version_id}
        steps = [step for row in visit.history() for step in row.details.get("steps", ())]
        (told,) = [step for step in steps if step[:2] == ["decided", "decide_screening"]]
        assert told[2]["decision"] == "screening"
        age = "fits" if visit is in_screening else "old"
        assert age in cautions(visit).values, "what was decided on is kept beside the outcome"
    assert cautions(in_screening).matched == ()
    assert cautions(following).matched == (11,)


def test_an_edit_that_an_owners_scenario_contradicts_is_refused_with_its_file_and_line(
    clinic: Clinic,
) -> None:
    unchanged = campaign_bundles.bundle("visit").files["scenarios/visits.yaml"]
    with transaction() as connection, pytest.raises(Invalid) as caught:
        deployment.submit(
            connection, clinics.over_60().changed({"scenarios/visits.yaml": unchanged}).files,
            clinic.staff["process_owner"], "Quên tình huống mẫu",
        )  # fmt: skip
    findings = [found for found in caught.value.findings if found.severity == "error"]
    assert {found.file for found in findings} == {"scenarios/visits.yaml"}
    assert all(found.line for found in findings)
    with transaction() as connection:
        assert deployment.submissions(connection, state=deployment.SUBMITTED) == []


def test_what_changes_is_said_in_words(clinic: Clinic) -> None:
    with transaction() as connection:
        held = registry.definition(connection, registry.in_force(connection, "visit", "/"))
        submitted = deployment.submit(
            connection, clinics.over_60().files, clinic.staff["process_owner"], "Trên 60 tuổi"
        )
        proposed = deployment.submission(connection, submitted).bundle
    changes = compare.changes(held, definitions.compile(proposed))
    told = [change.sentence("vi") for change in changes if change.area == "rules"]
    assert any("65" in sentence and "60" in sentence for sentence in told), told


def test_a_publication_is_taken_back_by_publishing_the_version_before(
    clinic: Clinic, move: Callable[..., datetime]
) -> None:
    with transaction() as connection:
        first = registry.in_force(connection, "visit", "/")
    move(minutes=1)
    clinic.publish(clinics.over_60())
    move(minutes=1)
    with transaction() as connection:
        again = deployment.republish(connection, first, clinic.staff["process_owner"], "Rút lại công văn")
        with pytest.raises(NotAllowed):
            deployment.approve(connection, again, clinic.staff["process_owner"], "Tự duyệt")
    with transaction() as connection:
        deployment.approve(connection, again, clinic.staff["approver"], "Đồng ý rút")
        assert registry.in_force(connection, "visit", "/") == first
        assert [one.version for one in registry.versions(connection, "visit")] == [2, 1]
    assert decided(clinic.visit(born_on=AGE_62)) == ("ELIGIBLE", set(), 1)


def test_a_pilot_holds_in_its_unit_only(clinic: Clinic, move: Callable[..., datetime]) -> None:
    move(minutes=1)
    clinic.publish(clinics.over_60(), unit="xa-2")
    assert decided(clinic.visit(born_on=AGE_62)) == ("ELIGIBLE", set(), 1)
    assert decided(clinic.visit(born_on=AGE_62, site="diem-2")) == ("CAUTIOUS", {"old_age"}, 2)


def test_a_version_holds_from_its_moment_on_and_not_before(
    clinic: Clinic, move: Callable[..., datetime]
) -> None:
    clinic.publish(clinics.over_60(), at=clock.now() + timedelta(hours=3))
    assert decided(clinic.visit(born_on=AGE_62)) == ("ELIGIBLE", set(), 1)
    move(hours=2, minutes=59)
    assert decided(clinic.visit(born_on=AGE_62)) == ("ELIGIBLE", set(), 1)
    move(minutes=1)
    assert decided(clinic.visit(born_on=AGE_62)) == ("CAUTIOUS", {"old_age"}, 2)


def test_the_same_rule_again_is_refused_kindly(clinic: Clinic) -> None:
    with transaction() as connection, pytest.raises(Conflict) as caught:
        deployment.submit(
            connection, campaign_bundles.bundle("visit").files, clinic.staff["process_owner"], "Không đổi gì"
        )
    assert caught.value.code == "submission_changes_nothing"


@pytest.mark.parametrize(("binding", "found"), [("latest", ("refuse", 2)), ("version", ("allow", 1))])
def test_a_table_bound_to_the_latest_version_reaches_the_cases_under_way(
    library: Library, move: Callable[..., datetime], binding: str, found: tuple[str, int]
) -> None:
    """A repair is judged by a table after the assessment; only `latest` sees there what was published meanwhile."""
    asks_again = repair_checked(binding)
    with transaction() as connection:
        library.publish(connection, asks_again)
    move(minutes=1)
    with transaction() as connection:
        started = instances.start(
            connection, "repair", library.branch, {"reader_id": "R1", "titles": ["Số đỏ"]},
            library.people["head_librarian"],
        )  # fmt: skip
    stricter = asks_again.files["prices.dmn"].decode().replace("&lt;= 500000", "&lt;= 1000").replace(
        "&gt; 500000", "&gt; 1000"
    )  # fmt: skip
    with transaction() as connection:
        library.publish(connection, asks_again.changed({"prices.dmn": stricter.encode()}))
    move(minutes=1)
    with transaction() as connection:
        library.answer(connection, started, "assess")
        (decision,) = history.decisions(connection, started)
        assert {row.version_id for row in history.of(connection, started)} == {
            registry.versions(connection, "repair")[1].id
        }
        version = registry.definition(connection, decision.version_id).version
    assert (decision.outcome, version - 1) == found


# --- by folder alone --------------------------------------------------------------------------------------


def test_a_step_a_field_a_lane_and_a_table_by_folder_alone(library: Library, tmp_path: Path) -> None:
    before = code_hashes()
    shutil.copytree(LIBRARY / "processes" / "repair", tmp_path / "processes" / "repair")
    shutil.copytree(LIBRARY / "forms", tmp_path / "forms")
    add_to_the_folder(tmp_path)
    with transaction() as connection:
        library.publish(connection, bundles.read(tmp_path / "processes" / "repair", tmp_path / "forms"))
        started = instances.start(
            connection, "repair", library.branch, {"reader_id": "R1", "titles": ["Số đỏ"]},
            library.people["head_librarian"],
        )  # fmt: skip
        library.answer(connection, started, "assess")
        assert library.elements(connection, started) == ["label_box"]
        (task,) = library.tasks(connection, started)
        assert (task.lane, task.role) == ("archive", "stacker")
        for refused in ({"box": "B-1"}, {"box": "B-1", "weight": 99}):
            with pytest.raises(Invalid) as caught:
                user_tasks.complete(connection, task.id, library.people["stacker"], refused)
            assert [finding.pointer for finding in caught.value.findings] == ["/weight"]
        user_tasks.complete(connection, task.id, library.people["stacker"], {"box": "B-1", "weight": 3})
        assert "mend_page" in library.elements(connection, started)
        (decision,) = history.decisions(connection, started)
        assert (decision.decision, decision.outcome) == ("prices", "allow")
        assert instances.state_of(connection, started).variables["weight"] == 3
    assert code_hashes() == before


PRICES = """\
<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="prices_definitions" name="Giá sửa"
             namespace="urn:tiemchung:decisions">
  <decision id="prices" name="prices">
    <variable id="prices_variable" name="prices" typeRef="Any" />
    <decisionTable id="prices_table" hitPolicy="UNIQUE">
      <input id="prices_cost">
        <inputExpression id="prices_cost_expression" typeRef="number"><text>cost</text></inputExpression>
      </input>
      <output id="prices_verdict" name="verdict" typeRef="string" />
      <rule id="cheap">
        <inputEntry id="cheap_cost"><text>&lt;= 500000</text></inputEntry>
        <outputEntry id="cheap_verdict"><text>"allow"</text></outputEntry>
      </rule>
      <rule id="dear">
        <inputEntry id="dear_cost"><text>&gt; 500000</text></inputEntry>
        <outputEntry id="dear_verdict"><text>"refuse"</text></outputEntry>
      </rule>
    </decisionTable>
  </decision>
</definitions>
"""
SUM_UP = "  - script: add_up"
AFTER_SUM = "  - switch: worth_it\n"


def repair_checked(binding: str) -> Bundle:
    """The repair with a table that judges the price once the damage is known."""
    held = bundles.read(LIBRARY / "processes" / "repair", LIBRARY / "forms")
    return held.changed({**with_table(held.files, binding), "prices.dmn": PRICES.encode()})


def with_table(files: dict[str, bytes], binding: str) -> dict[str, bytes]:
    process = files["process.yaml"].decode()
    decisions = (
        f"decisions:\n  prices: {{file: prices.dmn, decision: prices, binding: {binding}}}\nmessages:\n"
    )
    assert AFTER_SUM in process
    process = process.replace("messages:\n", decisions, 1)
    process = process.replace(AFTER_SUM, "  - decide: judge_price\n    decision: prices\n" + AFTER_SUM)
    changed = {"process.yaml": process.encode()}
    for language, (name, allow, refuse) in {
        "vi": ("Xét giá", "Sửa", "Không sửa"), "en": ("Judge the price", "Mend", "Leave"),
    }.items():  # fmt: skip
        text = files[f"texts/{language}.yaml"].decode()
        assert "elements:\n" in text
        text = text.replace("elements:\n", f"elements:\n  judge_price: {{name: {name}}}\n", 1)
        outcomes = f"{{allow: {allow}, refuse: {refuse}}}"
        words = f"\ndecisions: {{prices: {{name: {name}, outcomes: {outcomes}}}}}\n"
        changed[f"texts/{language}.yaml"] = (text + words).encode()
    return changed


def add_to_the_folder(root: Path) -> None:
    """What a process owner does with an editor: five files, none of them code."""
    repair = root / "processes" / "repair"
    texts = {path.name: path.read_bytes() for path in (repair / "texts").iterdir()}
    files = {"process.yaml": (repair / "process.yaml").read_bytes()}
    files |= {f"texts/{name}": content for name, content in texts.items()}
    for path, content in with_table(files, "version").items():
        (repair / path).write_bytes(content)
    (repair / "prices.dmn").write_text(PRICES, "utf-8")

    process = (repair / "process.yaml").read_text("utf-8")
    step = "  - user: label_box\n    lane: archive\n    form: box\n"
    for old, new in (
        (
            "  office: {role: head_librarian}\n",
            "  office: {role: head_librarian}\n  archive: {role: stacker}\n",
        ),
        ("forms: [", "forms: [box, "),
        ("service_levels:\n", "service_levels:\n  label_box: P1D\n"),
        (AFTER_SUM, step + AFTER_SUM),
    ):
        assert old in process
        process = process.replace(old, new, 1)
    (repair / "process.yaml").write_text(process, "utf-8")
    for language, (step_name, lane) in {
        "vi": ("Dán nhãn hộp", "Kho lưu"),
        "en": ("Label the box", "Archive"),
    }.items():
        path = repair / "texts" / f"{language}.yaml"
        text = path.read_text("utf-8").replace(
            "elements:\n", f"elements:\n  label_box: {{name: {step_name}}}\n", 1
        )
        text = text.replace("lanes: {", f"lanes: {{archive: {lane}, ", 1)
        path.write_text(text, "utf-8")
        form = root / "forms" / "texts" / f"{language}.yaml"
        fields = "fields: {box: {title: A}, weight: {title: B, unit: kg}}"
        form.write_text(form.read_text("utf-8") + f"\nbox: {{title: {step_name}, {fields}}}\n", "utf-8")
    (root / "forms" / "box.json").write_text(
        '{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "required": ["box", "weight"],'
        ' "properties": {"box": {"type": "string", "minLength": 1}, "weight": {"type": "integer", "maximum": 40}}}',
        "utf-8",
    )
    for scenario in (repair / "scenarios").glob("*.yaml"):  # every example passes the new step as well
        text = scenario.read_text("utf-8")
        lines = []
        for line in text.splitlines():
            lines.append(line)
            if "{at: assess," in line:
                lines.append(line[: line.index("{at:")] + '{at: label_box, answer: {box: "B-1", weight: 3}}')
        scenario.write_text("\n".join(lines) + "\n", "utf-8")


def code_hashes() -> dict[str, str]:
    """The content of every file of ours that is code, by path."""
    return {
        str(path.relative_to(settings.CHECKOUT)): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in ("engine", "web", "integrations")
        for path in sorted((settings.CHECKOUT / folder).rglob("*"))
        if path.is_file() and not {"__pycache__", "node_modules", "built"} & set(path.parts)
    }


def decided(visit: Visit) -> tuple[str, set[str], int]:
    """What the screening table proposed, what it found, and the version that decided; reached if need be."""
    if visit.waits_at() == ["reception"]:
        visit.goes_through(*UNTIL_CONCLUSION)
    return visit.proposes(), visit.findings(), visit.decided("screening").version


def cautions(visit: Visit) -> explanations.Explanation:
    """What is kept of the table of cautions of the screening: its inputs, and the rows that matched."""
    logged = visit.decided("screening")
    with transaction() as connection:
        used = registry.definition(connection, VersionId(logged.version_id)).decisions["screening"]
    told = explanations.read(used.model, used.id, logged.outcome, logged.trace)
    return next(one for one in told.every() if one.key == "cautions")
