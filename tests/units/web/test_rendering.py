"""Pages: every text exists in both languages, nothing runs inline, fragments stand alone, the flash brings no text."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request

from engine import texts
from web import rendering

TEMPLATES = sorted((rendering.HERE / "templates").glob("*.html"))
_KEY = re.compile(r"""\bt\(\s*"([a-z0-9_.]+)"\s*[,)]""")


def keys(found: dict[str, Any], prefix: str = "") -> set[str]:
    return {
        key
        for name, value in found.items()
        for key in (
            keys(value, f"{prefix}{name}.")
            if isinstance(value, dict) and "other" not in value
            else {f"{prefix}{name}"}
        )
    }


def test_both_languages_say_the_same_things() -> None:
    assert keys(rendering.catalogue("vi")) == keys(rendering.catalogue("en"))


def test_both_languages_leave_the_same_gaps() -> None:
    for key in keys(rendering.catalogue("vi")):
        gaps = [
            set(re.findall(r"{(\w+)}", rendering.sentence(key, language))) for language in texts.LANGUAGES
        ]
        assert gaps[0] == gaps[1], key


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_text_a_template_names_exists(path: Path) -> None:
    known = keys(rendering.catalogue("vi"))
    assert not [key for key in _KEY.findall(path.read_text("utf-8")) if key not in known]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_reads_and_holds_no_inline_script_or_style(path: Path) -> None:
    source = path.read_text("utf-8")
    rendering.environment().get_template(path.name)
    assert not re.search(r"\son[a-z]+\s*=|\sstyle\s*=|<style|javascript:|hx-on", source)
    for script in re.findall(r"<script[^>]*>", source):
        assert "src=" in script or 'type="application/json"' in script


@pytest.mark.parametrize("name", ["base.html", "components.html", "error.html", "form.html", "style.html"])
def test_the_common_templates_spell_out_no_sentence_of_their_own(name: str) -> None:
    """Words between tags, without template code, would stand in one language only."""
    source = (rendering.HERE / "templates" / name).read_text("utf-8")
    source = re.sub(r"{% block main_class %}.*?{% endblock %}|{% macro attributes.*?endmacro %}", " ", source)
    source = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}|<[^>]*>", " ", source, flags=re.DOTALL)
    words = re.findall(r"[^\W\d_]{2,}", source, flags=re.UNICODE)
    assert not [word for word in words if word not in ("Ctrl", "Enter")]


def test_a_fragment_stands_alone_and_knows_the_macros() -> None:
    html = rendering.text(
        "{% block a %}{{ ui.badge('x', 'good') }}{% endblock %}<p>rest</p>", "vi", block="a"
    )
    assert html == '<span class="badge tone-good">x</span>'


def test_json_in_a_page_cannot_end_its_element() -> None:
    html = rendering.text(
        "<script type='application/json'>{{ value | json_text }}</script>", "vi", value={"a": "</script><b>&"}
    )
    assert html.count("</script>") == 1 and "<b>" not in html
    assert json.loads(html.partition(">")[2].partition("</script>")[0]) == {"a": "</script><b>&"}


def test_a_count_chooses_the_form_of_the_sentence_and_numbers_are_local() -> None:
    assert rendering.sentence("form.faults", "en", count=1) == "There is 1 point to correct"
    assert rendering.sentence("form.faults", "en", count=1200) == "There are 1,200 points to correct"
    assert rendering.sentence("form.faults", "vi", count=1200) == "Có 1.200 điểm cần sửa"


def test_an_unknown_text_shows_its_key() -> None:
    assert rendering.sentence("no.such.text", "vi") == "no.such.text"


def request(**cookies: str) -> Request:
    pairs = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/",
            "query_string": b"",
            "headers": [(b"cookie", pairs.encode())],
        }
    )


def cookie(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def test_the_page_after_says_once_what_the_page_before_wanted() -> None:
    response = rendering.redirect(request(), "/stuck", "form.repeated", "warn")
    assert response.status_code == 303 and response.headers["location"] == "/stuck"
    found = re.search(r"tiemchung_flash=\"?([^;\"]+)", response.headers["set-cookie"])
    assert found is not None
    assert rendering.said(request(tiemchung_flash=found[1]), "en") == (
        "This was submitted before; nothing changed again.",
        "warn",
    )


@pytest.mark.parametrize(
    "content",
    [
        ["Your account is blocked, call 0900", "bad", {}],
        ["form.repeated", "x onclick=", {}],
        ["form.repeated", "bad"],
        "x",
        [1, 2, 3],
        {},
        None,
    ],
)
def test_a_forged_flash_says_nothing(content: Any) -> None:
    assert rendering.said(request(tiemchung_flash=cookie(content)), "en") is None


def test_a_flash_that_is_no_flash_says_nothing() -> None:
    assert rendering.said(request(tiemchung_flash="%%%"), "vi") is None
    assert rendering.said(request(), "vi") is None


def test_an_asset_carries_the_hash_of_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "manifest.json").write_text('{"app.css": "0123abcd"}')
    monkeypatch.setattr(rendering, "BUILT", tmp_path)
    assert rendering.asset("app.css") == "/static/built/app.css?v=0123abcd"
    assert rendering.asset("other.css") == "/static/built/other.css"
