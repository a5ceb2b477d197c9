"""A hostile or broken XML file is refused with its line before it can do anything."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import errors
from engine.bpmn import xml

BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE definitions [
  <!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
  <!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
]>
<definitions name="&c;">&c;</definitions>"""


def refusal(content: bytes, limit: int = xml.SIZE_LIMIT) -> errors.Finding:
    with pytest.raises(errors.Invalid) as refused:
        xml.parse(content, "loan.bpmn", limit)
    (finding,) = refused.value.findings
    for language in ("vi", "en"):
        sentence = finding.sentence(language)
        assert not sentence.startswith("findings.") and "…" not in sentence
    assert finding.file == "loan.bpmn"
    return finding


def test_a_plain_file_is_read_with_lines() -> None:
    root = xml.parse(b"<a>\n <!-- x -->\n <b id='c'><d/></b></a>", "f")
    assert (xml.local(root), xml.line(root[0]), xml.named(root[0][0])) == ("a", 3, "c")
    assert len(root) == 1


def test_letters_are_read_composed_however_they_were_typed() -> None:
    spread = '<a name="tiê\u0309u sử"><b>&quot;co\u0301 thai&quot;</b></a>'
    root = xml.parse(unicodedata.normalize("NFD", spread).encode(), "f")
    assert (root.get("name"), root[0].text) == ("ti\u1ec3u s\u1eed", '"c\xf3 thai"')


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (BOMB, "xml.doctype", 2),
        (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>', "xml.doctype", 1),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<a>&x;</a>', "xml.doctype", 1),
        (b"<a>\n&x;</a>", "xml.syntax", 2),
        (b"<a>\n<b></a>", "xml.syntax", 2),
        (b"", "xml.syntax", 1),
        (b"not xml", "xml.syntax", 1),
        (b"<a>\n<t:b/></a>", "xml.syntax", 2),
        (b"<a>\n\xff</a>", "xml.not_utf8", 2),
        (b'<?xml version="1.0" encoding="UTF-7"?><a/>', "xml.encoding", 1),
        ('<?xml version="1.0"?><a/>'.encode("utf-16"), "xml.not_utf8", 1),
        (b"<a>\n" * 100 + b"</a>" * 100, "xml.too_deep", 65),
        (b"<a>" + b"<b/>" * 50_001 + b"</a>", "xml.too_many_elements", 1),
    ],
)
def test_what_is_hostile_or_broken_is_refused_with_its_line(content: bytes, code: str, line: int) -> None:
    finding = refusal(content)
    assert (finding.code, finding.line) == (code, line)


def test_an_oversized_file_is_refused_unread() -> None:
    assert refusal(b"<a/>" + b" " * 100, limit=50).code == "xml.too_large"


def test_an_external_entity_is_never_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden words")
    finding = refusal(f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret}">]><a>&x;</a>'.encode())
    assert "hidden words" not in finding.sentence("en")


@given(st.one_of(st.binary(max_size=200), st.text("<>/ab=\"'&;![]?x-: \n", max_size=80).map(str.encode)))
def test_no_bytes_end_in_anything_but_a_tree_or_a_finding(content: bytes) -> None:
    try:
        xml.parse(content, "loan.bpmn")
    except errors.Invalid as refused:
        assert refused.findings
