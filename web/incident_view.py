"""Why something stopped, wholly in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import texts

REFUSAL = "refusal"  # of an incident's params: {code, params} of the engine's refusal behind `reason`


def sentence(code: str, params: Mapping[str, Any], language: str) -> str:
    """What failed, and what to do; a reason that is one of the engine's own refusals is said anew."""
    known = dict(params)
    refusal = known.pop(REFUSAL, None)
    if isinstance(refusal, dict) and isinstance(refusal.get("code"), str):
        known["reason"] = texts.sentence(
            f"errors.{refusal['code']}", language, **(refusal.get("params") or {})
        )
    return texts.sentence(f"incidents.{code}", language, **known)
