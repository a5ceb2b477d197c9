"""Sentences for people, Vietnamese first and English second, kept in YAML files beside this module.

Every file `<area>.<language>.yaml` in this folder is merged into one catalogue per language, so that
each part of the engine keeps its sentences in a file of its own (`feel.vi.yaml`, `bpmn.en.yaml`, ...).
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml

LANGUAGES = ("vi", "en")


def merged(into: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """`into` with the nested keys of `more` added; the later value wins."""
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merged(into[key], value)
        else:
            into[key] = value
    return into


@functools.cache
def catalogue(language: str) -> dict[str, Any]:
    """Every sentence of the engine in one language, nested by key."""
    sentences: dict[str, Any] = {}
    for path in sorted(Path(__file__).parent.glob(f"*.{language}.yaml")):
        merged(sentences, yaml.safe_load(path.read_text("utf-8")) or {})
    return sentences


def lookup(sentences: dict[str, Any], key: str) -> str | None:
    """The text under a dotted key, or None."""
    found: Any = sentences
    for part in key.split("."):
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return found if isinstance(found, str) else None


def sentence(key: str, language: str = "vi", /, **params: Any) -> str:
    """The sentence for `key` with its gaps filled; a key without a text shows itself, never an error.

    What fills a gap may be said in the language too: `{"says": key, …}` is a sentence of its own with its gaps,
    `{"parts": […], "between": "; "}` several after one another. Both are plain JSON, so that they can be kept.
    """
    text = lookup(catalogue(language), key)
    if text is None:
        return f"{key} {params}" if params else key
    return text.format_map(_Gaps({name: _said(value, language) for name, value in params.items()}))


def _said(value: Any, language: str) -> Any:
    match value:
        case {"says": str(key), **gaps}:
            return sentence(key, language, **{str(name): gap for name, gap in gaps.items()})
        case {"parts": list(parts), "between": between}:
            return str(between).join(str(_said(part, language)) for part in parts)
    return value


class _Gaps(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"
