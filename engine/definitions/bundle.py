"""A process with its forms, texts and decisions as one set of files: what is published together, or not at all.

Reading is strict about shape and size and says everything that is wrong; it does not judge the contents
(`engine.definitions.definition` and `checks` do).
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

import msgspec
import yaml
import zstandard

from engine import schemas, texts
from engine.bpmn import marked_yaml
from engine.definitions import contents, editions, manifest
from engine.definitions.editions import Edition
from engine.errors import Finding, Invalid

MOST_FILES = 300
LARGEST_FILE = 1 << 20  # bytes
LARGEST_BUNDLE = 4 << 20  # bytes, unpacked
NAME_LIMIT = 160  # characters of a path

_ALLOWED = (
    r"process\.yaml|edition\.yaml|[A-Za-z0-9_.-]+\.bpmn|[A-Za-z0-9_.-]+\.dmn|forms/[a-z][a-z0-9_]*\.json|"
    r"(forms/)?texts/[a-z]{2}\.yaml|documents/[A-Za-z0-9_.-]+\.yaml|scenarios/[A-Za-z0-9_. -]+\.yaml|"
    r"CHANGELOG\.md|README\.md"
)
_IGNORED = re.compile(r"(^|/)(\.[^/]*|__MACOSX|Thumbs\.db|desktop\.ini)(/|$)")


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files of one process by relative path, in their canonical layout."""

    files: Mapping[str, bytes]
    content_hash: str

    @property
    def key(self) -> str:
        """The process it says it is; its process.yaml has been read before."""
        return manifest.read(self.files[manifest.FILE]).key

    def changed(self, changes: Mapping[str, bytes | None]) -> Bundle:
        """This bundle with files replaced, added, or (None) left out."""
        files = {**self.files, **{path: content for path, content in changes.items() if content is not None}}
        return of(
            {path: content for path, content in files.items() if changes.get(path, content) is not None}
        )

    def store(self) -> bytes:
        """The files as bytes for a table."""
        return zstandard.ZstdCompressor(level=9).compress(msgspec.msgpack.encode(dict(self.files)))


def restore(stored: bytes) -> Bundle:
    """The bundle that was stored."""
    packed = zstandard.ZstdDecompressor().decompress(stored, max_output_size=2 * LARGEST_BUNDLE)
    files = msgspec.msgpack.decode(packed, type=dict[str, bytes])
    return Bundle(MappingProxyType(files), contents.hashed(files))


def of(files: Mapping[str, bytes]) -> Bundle:
    """A bundle of files that are already in the canonical layout; Invalid when one may not be there."""
    findings = [found for path, content in files.items() for found in _findings(path, len(content))]
    if len(files) > MOST_FILES:
        findings.append(Finding("bundle_files", {"found": len(files), "limit": MOST_FILES}))
    size = sum(map(len, files.values()))
    if size > LARGEST_BUNDLE:
        findings.append(Finding("bundle_size", {"found": size, "limit": LARGEST_BUNDLE}))
    if manifest.FILE not in files:
        findings.append(Finding("bundle_without_process", {"found": ", ".join(sorted(files)[:8]) or "–"}))
    if findings:
        raise Invalid(findings)
    ordered = {path: files[path] for path in sorted(files)}
    return Bundle(MappingProxyType(ordered), contents.hashed(ordered))


def read(folder: Path, forms_dir: Path | None = None, edition: str | None = None) -> Bundle:
    """The bundle of a process folder, or of one of its editions; Invalid when it cannot be one.

    A folder with its own `forms/` is taken as it is. Otherwise the forms that process.yaml names come
    from `forms_dir`, and their texts from `forms_dir/texts`: `vi.yaml`, or one file per process, `loan.vi.yaml`.
    An edition's forms and texts in `forms_dir/editions/<name>` come before those.
    """
    files = _files(folder)
    if manifest.FILE not in files:
        raise Invalid([Finding("bundle_without_process", {"found": folder.name}, folder.name)])
    laid = editions.layers(folder, edition) if edition is not None else ()
    for one in laid:
        files = _over(files, one, _files(folder / editions.FOLDER / one.name))
    return completed(files, forms_dir, [one.name for one in laid])


def from_upload(content: bytes | Iterable[tuple[str, bytes]], forms_dir: Path | None = None) -> Bundle:
    """The bundle of an uploaded zip file, or of uploaded files with their paths; Invalid when it cannot be one.

    A single folder around everything is taken off; a folder with further editions is refused, for it would not be
    clear which one is meant. Paths that leave the folder, too many files, and files that unpack to more than the
    limits are refused before they are unpacked.
    """
    entries = list(_unzipped(content)) if isinstance(content, bytes) else list(content)
    if len(entries) > MOST_FILES:
        raise Invalid([Finding("bundle_files", {"found": len(entries), "limit": MOST_FILES})])
    files: dict[str, bytes] = {}
    findings: list[Finding] = []
    for name, data in entries:
        path = name.replace("\\", "/")
        if path.startswith("/") or ":" in path or ".." in PurePosixPath(path).parts or "\0" in path:
            findings.append(Finding("bundle_path", {"path": schemas.shown(path)}, schemas.shown(path)))
        elif path in files:
            findings.append(Finding("bundle_twice", {"path": schemas.shown(path)}, schemas.shown(path)))
        elif not _IGNORED.search(path):
            files[path] = data
    if findings:
        raise Invalid(findings)
    files = _without_folder(files)
    if any(path.startswith(f"{editions.FOLDER}/") for path in files):
        raise Invalid([Finding("bundle_editions", {})])
    return completed(files, forms_dir)


def completed(files: Mapping[str, bytes], forms_dir: Path | None, laid: Sequence[str] = ()) -> Bundle:
    """A bundle in the canonical layout: forms it names taken from `forms_dir`, all texts in two files.

    `laid` names the editions whose forms come first, the latest last.
    """
    own_texts = {path: content for path, content in files.items() if path.startswith("forms/texts/")}
    kept = {path: content for path, content in files.items() if path not in own_texts}
    if any(path.startswith("forms/") for path in kept):
        for path, content in own_texts.items():
            language = PurePosixPath(path).stem
            kept[f"texts/{language}.yaml"] = _merged(
                kept.get(f"texts/{language}.yaml"), [content], None, language
            )
    elif forms_dir is not None and manifest.FILE in kept:
        # a process.yaml that cannot be read is a finding later, with those of all files
        with suppress(Invalid):
            places = [*(forms_dir / editions.FOLDER / name for name in reversed(laid)), forms_dir]
            _add_forms(kept, places, manifest.read(kept[manifest.FILE]).forms)
    return of(kept)


def _files(folder: Path) -> dict[str, bytes]:
    """The files of a process folder or of one edition, without those of other editions."""
    files: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        relative = path.relative_to(folder).as_posix()
        if not path.is_file() or _IGNORED.search(relative) or relative.startswith(f"{editions.FOLDER}/"):
            continue
        if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
            raise Invalid([Finding("bundle_link", {"path": relative}, relative)])
        files[relative] = (
            path.read_bytes() if path.stat().st_size <= LARGEST_FILE else bytes(LARGEST_FILE + 1)
        )
    return files


def _over(files: Mapping[str, bytes], edition: Edition, changed: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with those of an edition laid over them: texts and process.yaml key by key, everything else whole."""
    absent = sorted(set(edition.drops) - set(files))
    if absent:
        place = f"{editions.FOLDER}/{edition.name}/{editions.FILE}"
        raise Invalid(
            schemas.unknown("edition_drops", path, files, place, pointer="/drops") for path in absent
        )
    laid = {path: content for path, content in files.items() if path not in edition.drops}
    for path, content in changed.items():
        if path in laid and (PurePosixPath(path).parent.name == "texts" or path == manifest.FILE):
            earlier, later = (marked_yaml.load(one, path).value for one in (laid[path], content))
            content = _dumped(texts.merged(earlier, later))
        laid[path] = content
    return laid


def _add_forms(files: dict[str, bytes], places: Sequence[Path], names: tuple[str, ...]) -> None:
    """Add the named forms and their sections of the shared texts, each from the first place that has it; a form that
    is absent is a finding later."""
    for name in names:
        path = next((path for place in places if (path := place / f"{name}.json").is_file()), None)
        if path is not None:
            files[f"forms/{name}.json"] = path.read_bytes()
    shared = [path for place in places for path in sorted((place / "texts").glob("*.yaml"))] if names else []
    for language in texts.LANGUAGES:
        own = f"texts/{language}.yaml"
        said = [path for path in shared if path.name.endswith(f"{language}.yaml")]
        with suppress(Invalid):  # texts that cannot be read are a finding later, with those of all files
            files[own] = _merged(files.get(own), [path.read_bytes() for path in said], names, language)


def _merged(
    own: bytes | None, shared: Sequence[bytes], names: tuple[str, ...] | None, language: str
) -> bytes:
    """Texts of a process with those of its forms under `forms`; what the process says itself wins, then the first."""
    of_process: dict[str, Any] = marked_yaml.load(own, f"texts/{language}.yaml").value if own else {}
    chosen: dict[str, Any] = {}
    for content in reversed(shared):
        of_forms = marked_yaml.load(content, f"forms/texts/{language}.yaml").value
        wanted = of_forms if names is None else [name for name in names if name in of_forms]
        texts.merged(chosen, {name: of_forms[name] for name in wanted})
    if not chosen:
        return own or b"{}\n"
    return _dumped(texts.merged({"forms": chosen}, of_process))


def _dumped(value: Any) -> bytes:
    text = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1000)
    return text.encode()


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes text so that `marked_yaml` reads back exactly the same."""


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = (
        re.fullmatch(r"[^\W\d_][\w ./-]*", text)
        and text.strip() == text
        and text not in {"null", "true", "false"}
    )
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Dumper.add_representer(str, _quoted)


def _without_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files as seen from the folder that holds process.yaml, when all lie in it."""
    places = [PurePosixPath(path).parent for path in files if PurePosixPath(path).name == manifest.FILE]
    if not places:
        return files
    top = min(places, key=lambda place: len(place.parts)).as_posix()
    if top == "." or not all(path.startswith(f"{top}/") for path in files):
        return files
    return {path[len(top) + 1 :]: content for path, content in files.items()}


def _unzipped(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The files of a zip, never more bytes than the limit, whatever its directory claims."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
            if len(entries) > MOST_FILES:
                raise Invalid([Finding("bundle_files", {"found": len(entries), "limit": MOST_FILES})])
            left = LARGEST_BUNDLE
            for entry in entries:
                with archive.open(entry) as stream:
                    data = stream.read(min(left, LARGEST_FILE) + 1)
                left -= len(data)
                if left < 0:
                    raise Invalid(
                        [Finding("bundle_size", {"found": f"> {LARGEST_BUNDLE}", "limit": LARGEST_BUNDLE})]
                    )
                yield entry.filename, data
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
    ) as error:
        raise Invalid([Finding("bundle_zip", {"reason": str(error)[:120]})]) from None


def _findings(path: str, size: int) -> Iterator[Finding]:
    if len(path) > NAME_LIMIT or not re.fullmatch(_ALLOWED, path):
        yield Finding("bundle_file_unknown", {"path": schemas.shown(path)}, schemas.shown(path))
    if size > LARGEST_FILE:
        yield Finding(
            "bundle_file_size", {"path": schemas.shown(path), "limit": LARGEST_FILE}, schemas.shown(path)
        )
