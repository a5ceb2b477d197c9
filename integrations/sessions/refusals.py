"""What these verbs refuse, as errors the processes model, each with a sentence for people."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from engine import texts
from engine.bpmn import marked_yaml
from engine.errors import BusinessError, NotFound

TEXTS = Path(__file__).parent / "texts"


def refused(code: str, key: str, **params: Any) -> BusinessError:
    """The error with its sentence, in the campaign's first language."""
    return BusinessError(code, sentence(key, texts.LANGUAGES[0], **params))


def sentence(key: str, language: str, **params: Any) -> str:
    """The sentence of a key with its gaps filled."""
    return _texts(language)[key].format_map(params)


def parsed(text: str) -> int:
    """An id written in JSON; NotFound when it cannot be one."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 19 and int(text) < 1 << 63):
        raise NotFound("not_found")
    return int(text)


@functools.cache
def _texts(language: str) -> dict[str, str]:
    path = TEXTS / f"{language}.yaml"
    loaded: dict[str, str] = marked_yaml.load(path.read_bytes(), path.name).value
    return loaded
