"""YAML as people write it is read with lines; YAML's surprises and attacks are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import errors
from engine.bpmn import marked_yaml


def codes(content: bytes) -> list[tuple[str, int | None]]:
    with pytest.raises(errors.Invalid) as refused:
        marked_yaml.load(content, "process.yaml")
    for finding in refused.value.findings:
        for language in ("vi", "en"):
            assert not finding.sentence(language).startswith("findings."), finding
            assert "…" not in finding.sentence(language)
    return [(finding.code, finding.line) for finding in refused.value.findings]


def test_values_are_plain_and_have_lines() -> None:
    marked = marked_yaml.load(
        b"process: loan\nflow:\n  - user: ask\n    lane: desk\n  - wait: later\n    for: P1D\n",
        "process.yaml",
    )
    assert marked.value == {
        "process": "loan",
        "flow": [{"user": "ask", "lane": "desk"}, {"wait": "later", "for": "P1D"}],
    }
    assert [marked.line(p) for p in ("", "/process", "/flow", "/flow/0", "/flow/0/lane", "/flow/1/for")] == [
        1, 1, 2, 3, 4, 6,
    ]  # fmt: skip


def test_letters_are_read_composed_however_they_were_typed() -> None:
    assert marked_yaml.load("answer: co\u0301\n".encode(), "process.yaml").value == {"answer": "c\xf3"}


def test_an_absent_value_has_the_line_of_its_nearest_parent() -> None:
    marked = marked_yaml.load(b"a: 1\nlanes:\n  desk: {}\n", "process.yaml")
    assert marked.line("/lanes/desk/role") == 3
    assert marked.line("/nothing") == 1


def test_keys_with_slashes_and_tildes_are_escaped_in_pointers() -> None:
    assert marked_yaml.load(b"x: 1\na/b~c: 2\n", "f").line("/a~1b~0c") == 2


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("Off", "Off"), ("y", "y"),
        ("2021-07-01", "2021-07-01"), ("12:30:00", "12:30:00"), ("0912", "0912"), ("1_000", "1_000"),
        ("0x1F", "0x1F"), (".inf", ".inf"), ("=", "="), ("= a > 1", "= a > 1"), ("PT1H", "PT1H"),
        ("12", 12), ("-3", -3), ("0", 0), ("1.50", 1.5), ("1e3", 1000.0), ("true", True), ("false", False),
        ("null", None), ("~", None), ("", None), ('"12"', "12"), ("'true'", "true"),
    ],
)  # fmt: skip
def test_a_plain_value_means_what_a_reader_expects(written: str, value: object) -> None:
    read = marked_yaml.load(f"value: {written}\n".encode(), "f").value["value"]
    assert read == value and type(read) is type(value)


def test_keys_are_text_as_written() -> None:
    content = b"options: {yes: A, no: B, 3: C, true: D, 2021-07-01: E}\n"
    assert marked_yaml.load(content, "f").value == {
        "options": {"yes": "A", "no": "B", "3": "C", "true": "D", "2021-07-01": "E"}
    }


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"a: 1\nb: 2\na: 3\n", "yaml.duplicate_key", 3),
        (b"a: &x 1\nb: 2\n", "yaml.anchor", 1),
        (b"a: 1\nb: !!python/object/apply:os.system [ls]\n", "yaml.tag", 2),
        (b"a: !!str 1\n", "yaml.tag", 1),
        (b"a: 1\n<<: {b: 2}\n", "yaml.merge", 2),
        (b"a: 1\n---\nb: 2\n", "yaml.several_documents", 2),
        (b"", "yaml.empty", 1),
        (b"# only a remark\n", "yaml.empty", 1),
        (b"- a\n", "yaml.not_a_map", 1),
        (b"text\n", "yaml.not_a_map", 1),
        (b"a: 1\n? [b, c]\n: 2\n", "yaml.complex_key", 2),
        (b'a: 1\n"": 2\n', "yaml.empty_key", 2),
        (b"a: 1\nb: [1, 2\n", "yaml.syntax", 3),
        (b"a: 1\n\tb: 2\n", "yaml.syntax", 2),
        (b"a: 1\nb: x\xff\n", "yaml.not_utf8", 2),
        (b"a: 1\nb: x\x07\n", "yaml.control_character", 2),
        (b"a: 1\nb: 1e999\n", "yaml.number", 2),
        (b"a: " + b"9" * 5000 + b"\n", "yaml.number", 1),
        (b"a: 1.23456789012345678901\n", "yaml.number", 1),
        (b"a: 123456789012345678901\n", "yaml.number", 1),
        (b"a: " + b"[" * 100_000, "yaml.too_deep", 1),
        (b"a: x\n" * 1 + b"b: " + b"y" * (1 << 20) + b"\n", "yaml.too_large", None),
    ],
)
def test_what_is_refused_says_where(content: bytes, code: str, line: int | None) -> None:
    assert (code, line) in codes(content)


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    found = {code for code, _ in codes("\n".join(lines).encode())}
    assert found == {"yaml.anchor", "yaml.alias"}


def test_all_findings_come_at_once() -> None:
    assert codes(b"a: !!int 1\na: 2\nb: &x 3\nc: *x\n") == [
        ("yaml.tag", 1), ("yaml.duplicate_key", 2), ("yaml.anchor", 3), ("yaml.alias", 4),
    ]  # fmt: skip


@given(
    st.one_of(st.binary(max_size=200), st.text("ab:-[]{}&*!?|>'\"\n #,%<~1=", max_size=60).map(str.encode))
)
def test_no_bytes_end_in_anything_but_a_map_or_findings(content: bytes) -> None:
    try:
        marked = marked_yaml.load(content, "process.yaml")
    except errors.Invalid as refused:
        assert refused.findings
    else:
        assert isinstance(marked.value, dict)
