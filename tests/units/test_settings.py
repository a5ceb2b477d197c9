"""A machine's settings: read once, checked, refused with a remedy, and written down where one looks."""

from __future__ import annotations

import dataclasses
import multiprocessing
import re
import stat
from pathlib import Path

import pytest

from engine import errors, settings, texts

DOCUMENT = settings.CHECKOUT / "docs" / "settings.md"
ROW = re.compile(r"^\| `(TIEMCHUNG_\w+)` \| (.+?) \| `(.+?)` \|", re.MULTILINE)


def refusals(**environment: str) -> list[errors.Finding]:
    with pytest.raises(errors.Invalid) as refused:
        settings.read({"TIEMCHUNG_" + name: value for name, value in environment.items()})
    return list(refused.value.findings)


def test_nothing_needs_to_be_set():
    assert settings.read({"PATH": "/bin"}) == settings.Settings()


def test_an_empty_variable_counts_as_unset():
    assert settings.read({"TIEMCHUNG_PORT": " "}).port == 8000


def test_what_is_set_is_what_is_found(tmp_path):
    found = settings.read(
        {
            "TIEMCHUNG_DATABASE_URL": "postgres://me@db.example/loans",
            "TIEMCHUNG_DATA_DIR": str(tmp_path / "later"),
            "TIEMCHUNG_PORT": "0",
            "TIEMCHUNG_INTEGRATIONS": "people, post",
            "TIEMCHUNG_SECURE_COOKIES": "Yes",
            "TIEMCHUNG_LANGUAGE": "en",
        }
    )
    assert found.database_url == "postgresql://me@db.example/loans"
    assert found.data_dir == tmp_path / "later"
    assert (found.port, found.integrations, found.secure_cookies) == (0, ("people", "post"), True)
    assert found.language == "en"


def test_an_unknown_variable_is_refused_and_the_nearest_named():
    (finding,) = refusals(DATABASEURL="x")
    assert "TIEMCHUNG_DATABASEURL is not a setting" in finding.sentence("en")
    assert "TIEMCHUNG_DATABASE_URL=postgresql://" in finding.sentence("en")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://db.example/loans"),
        ("PREPARED_STATEMENTS", "perhaps"),
        ("DATA_DIR", "/etc/passwd"),
        ("PG_BIN", "/usr"),
        ("PG_BIN", "/nowhere"),
        ("HOST", "two words"),
        ("PORT", "65536"),
        ("PORT", "eight"),
        ("SERVERS", "0"),
        ("THREADS", "65"),
        ("WORKERS", "-1"),
        ("ZONE", "Asia/Saigon-on-Mars"),
        ("LANGUAGE", "fr"),
        ("PROCESSES_DIR", "/nowhere"),
        ("FORMS_DIR", "/etc/passwd"),
        ("INTEGRATIONS_DIR", "/nowhere"),
        ("INTEGRATIONS", "people,,post"),
        ("INTEGRATIONS", "../people"),
        ("SECRET_KEY", "short"),
        ("SECURE_COOKIES", "2"),
        ("UPLOAD_LIMIT_BYTES", "1MB"),
        ("POLL_MS", "9"),
        ("CLAIM_BATCH", "1001"),
        ("LEASE_SECONDS", "4"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_bad_value_is_refused_with_what_was_found_and_an_example(name, value):
    (finding,) = refusals(**{name: value})
    for language in settings.LANGUAGES:
        sentence = finding.sentence(language)
        assert f"TIEMCHUNG_{name}" in sentence
        assert "…" not in sentence
        if name not in ("SECRET_KEY", "DATABASE_URL"):
            assert f"“{value}”" in sentence
            assert f"TIEMCHUNG_{name}=" in sentence


def test_every_bad_value_is_told_at_once():
    assert len(refusals(PORT="x", LANGUAGE="fr", COLOUR="red")) == 3


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL"])
def test_a_secret_is_never_shown(name):
    (finding,) = refusals(**{name: "hunter2"})
    assert "hunter2" not in finding.sentence("en") + finding.sentence("vi") + repr(finding)
    given = settings.Settings(database_url="postgresql://me:hunter2@db/x", given_secret_key="hunter2" * 8)
    assert "hunter2" not in repr(given)


@pytest.mark.parametrize(("host", "secure"), [("127.0.0.1", False), ("::1", False), ("0.0.0.0", True)])
def test_cookies_are_secure_unless_the_application_listens_to_this_machine_alone(host, secure):
    assert settings.read({"TIEMCHUNG_HOST": host}).secure_cookies is secure


def test_the_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    chosen = settings.Settings(data_dir=tmp_path / "data")
    secret = chosen.secret_key
    assert len(secret) >= 32
    assert settings.Settings(data_dir=tmp_path / "data").secret_key == secret
    assert stat.S_IMODE((tmp_path / "data" / "secret").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret"]


def secret_of(folder: Path) -> str:
    return settings.Settings(data_dir=folder).secret_key


def test_processes_that_need_the_secret_at_once_find_the_same(tmp_path):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert len(set(pool.map(secret_of, [tmp_path / "data"] * 8, chunksize=1))) == 1


def test_a_given_secret_is_taken_and_none_is_made(tmp_path):
    given = settings.read({"TIEMCHUNG_SECRET_KEY": "k" * 32, "TIEMCHUNG_DATA_DIR": str(tmp_path)})
    assert given.secret_key == "k" * 32
    assert list(tmp_path.iterdir()) == []


def test_settings_can_be_held_for_a_while():
    with settings.using(settings.Settings(port=1)) as held:
        assert settings.current() is held
    assert settings.current().port != 1


def test_every_field_has_its_variable_and_every_refusal_its_sentence():
    assert {variable.field for variable in settings.VARIABLES} == {
        field.name for field in dataclasses.fields(settings.Settings)
    }
    for variable in settings.VARIABLES:
        for language in texts.LANGUAGES:
            assert texts.lookup(texts.catalogue(language), f"findings.setting_not_{variable.expected}")


def test_the_document_lists_every_setting_and_no_other():
    rows = {name: (default, example) for name, default, example in ROW.findall(DOCUMENT.read_text("utf-8"))}
    assert list(rows) == [variable.name for variable in settings.VARIABLES]
    defaults = settings.Settings()
    for variable in settings.VARIABLES:
        default, example = rows[variable.name]
        assert example == variable.example
        value = getattr(defaults, variable.field)
        if isinstance(value, Path):
            assert default == f"`{value.relative_to(settings.CHECKOUT)}` in the checkout"
        elif isinstance(value, bool):
            assert default.startswith("`yes`" if value else "`no`")
        elif value not in (None, {}):
            assert default == f"`{value}`"


def test_the_examples_can_be_used(tmp_path):
    folders = {"place", "folder", "programs"}
    for variable in settings.VARIABLES:
        if variable.expected not in folders:
            assert variable.read(variable.example) is not None
