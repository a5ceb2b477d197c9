"""Bundles: the canonical set of files, the hash of what they say, and what is refused at the door."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bpmn import marked_yaml
from engine.definitions import bundle as bundles
from engine.errors import Invalid
from tests.book_loan.bundles import HERE, bundle, edited


def packed(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return target.getvalue()


def codes(call) -> list[str]:
    with pytest.raises(Invalid) as caught:
        call()
    return [finding.code for finding in caught.value.findings]


def test_a_folder_gets_the_forms_it_names_and_their_texts():
    whole = bundle()
    assert {path for path in whole.files if path.startswith("forms/")} == {
        f"forms/{name}.json"
        for name in (
            "ask",
            "grant",
            "fetch",
            "card",
            "lend",
            "phone",
            "recover",
            "inspect",
            "shelve",
            "receipt",
        )
    }
    words = marked_yaml.load(whole.files["texts/vi.yaml"], "vi.yaml").value
    assert words["forms"]["lend"]["title"] == "Giao sách"
    assert words["elements"]["lend"]
    assert "assess" not in words["forms"], "a form of another process is not taken along"


def test_merged_texts_keep_what_yaml_would_change():
    words = marked_yaml.load(bundle().files["texts/vi.yaml"], "vi.yaml").value
    assert words["forms"]["phone"]["fields"]["reached"]["options"] == {
        "yes": "Có",
        "no": "Không",
        "unknown": "Không rõ",
    }


def test_what_is_stored_comes_back():
    assert bundles.restore(bundle().store()) == bundle()


def test_a_zip_a_list_of_files_and_the_folder_are_the_same_bundle():
    files = dict(bundle().files)
    assert bundles.from_upload(packed(files)) == bundle()
    assert (
        bundles.from_upload(packed({f"loan/{path}": content for path, content in files.items()})) == bundle()
    )
    assert bundles.from_upload([(f"loan\\{path}", content) for path, content in files.items()]) == bundle()


def test_a_folder_without_forms_is_completed_from_the_shared_ones():
    folder = HERE / "processes" / "loan"
    entries = [
        (path.relative_to(folder).as_posix(), path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    ]
    assert bundles.from_upload(entries, HERE / "forms") == bundle()


def test_files_of_the_desktop_are_left_out():
    files = {**bundle().files, "__MACOSX/._process.yaml": b"x", ".DS_Store": b"x", "texts/Thumbs.db": b"x"}
    assert bundles.from_upload(packed(files)) == bundle()


def test_the_hash_leaves_out_layout_comments_and_the_changelog():
    whole = bundle()
    drawn = whole.files["loan.bpmn"].decode()
    moved = drawn.replace('x="632"', 'x="640"') if 'x="632"' in drawn else drawn.replace('y="190"', 'y="195"')
    assert moved != drawn
    process = whole.files["process.yaml"].decode()
    changed = whole.changed(
        {
            "loan.bpmn": moved.encode(),
            "process.yaml": ("# a comment\n" + process).encode(),
            "CHANGELOG.md": b"# more\n",
            "limits.dmn": whole.files["limits.dmn"].replace(b"    <decision ", b"\n\n  <decision "),
        }
    )
    assert changed.files != whole.files
    assert changed.content_hash == whole.content_hash


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("limits.dmn", "&gt; 50000", "&gt; 60000"),
        ("process.yaml", "lend: PT15M", "lend: PT16M"),
        ("loan.bpmn", 'limit.outcome = "ask"', 'limit.outcome = "allow"'),
        ("forms/lend.json", '"worn"', '"old"'),
        ("texts/vi.yaml", "Giao sách", "Trao sách"),
        ("scenarios/loans.yaml", "advance: PT25H", "advance: PT26H"),
        ("documents/receipt.yaml", "numbered: true", "numbered: false"),
    ],
)
def test_the_hash_changes_with_anything_that_means_something(path, old, new):
    assert edited(path, old, new).content_hash != bundle().content_hash


def test_a_path_that_leaves_the_folder_is_refused():
    files = dict(bundle().files)
    for path in ("../evil.yaml", "/etc/passwd", "a/../../b.yaml", "C:/x.yaml", "texts\\..\\..\\x.yaml"):
        assert codes(lambda path=path: bundles.from_upload([*files.items(), (path, b"x")])) == ["bundle_path"]


def test_a_file_twice_is_refused():
    files = list(bundle().files.items())
    assert codes(lambda: bundles.from_upload([*files, files[0]])) == ["bundle_twice"]


def test_a_file_that_has_no_place_is_refused_and_code_is_such_a_file():
    assert codes(lambda: bundles.from_upload([*bundle().files.items(), ("handlers.py", b"print()")])) == [
        "bundle_file_unknown"
    ]


def test_a_bundle_needs_its_process():
    assert codes(lambda: bundles.from_upload([("texts/vi.yaml", b"{}")])) == ["bundle_without_process"]
    assert codes(lambda: bundles.read(HERE / "nowhere")) == ["bundle_without_process"]


def test_too_many_files_are_refused():
    files = [(f"scenarios/{number}.yaml", b"[]") for number in range(bundles.MOST_FILES + 1)]
    assert codes(lambda: bundles.from_upload(files)) == ["bundle_files"]
    assert codes(lambda: bundles.from_upload(packed(dict(files)))) == ["bundle_files"]


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    bomb = packed({f"scenarios/{number}.yaml": bytes(bundles.LARGEST_FILE) for number in range(6)})
    assert len(bomb) < 20_000
    assert codes(lambda: bundles.from_upload(bomb)) == ["bundle_size"]
    assert codes(lambda: bundles.from_upload(packed({"texts/vi.yaml": bytes(bundles.LARGEST_FILE + 1)}))) == [
        "bundle_file_size",
        "bundle_without_process",
    ]


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    (tmp_path / "process.yaml").write_bytes(b"process: loan\nowner: o\n")
    (tmp_path / "CHANGELOG.md").symlink_to("/etc/hostname")
    assert codes(lambda: bundles.read(tmp_path)) == ["bundle_link"]


def test_an_entry_of_a_zip_without_a_name_is_refused():
    whole = packed({"process.yaml": b"process: loan\n", "nameless": b"?"}).replace(b"nameless", b"\0ameless")
    assert codes(lambda: bundles.from_upload(whole)) == ["bundle_file_unknown"]


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_bundle_or_refused(content):
    assert codes(lambda: bundles.from_upload(content))


@settings(deadline=None)
@given(st.data())
def test_a_damaged_zip_is_a_bundle_or_refused(data):
    small = {"process.yaml": b"process: loan\nowner: process_owner\n", "CHANGELOG.md": b"# Changes\n" * 9}
    whole = bytearray(packed(small, data.draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        bundles.from_upload(bytes(whole))
    except Invalid as refusal:
        assert refusal.findings
