"""Characters that begin no word of the language, and what is written instead of those of other keyboards and papers."""

from __future__ import annotations

from typing import Any

_INSTEAD = {
    "&": "and", "|": "or", "!": "not(…)", "≥": ">=", "≤": "<=", "≠": "!=", "×": "*", "÷": "/", "–": "-", "—": "-",
    "−": "-", "^": "**", "…": "..",
}  # fmt: skip
_ALONE = {";": "semicolon", "`": "backtick", "%": "percent"}
_CURLY = "“”„‟«»″‘’‚‛"


def refused(text: str, at: int) -> tuple[str, dict[str, Any]]:
    """The sentence under `findings.feel`, and its gaps, for the character at a position."""
    found = text[at : at + 2] if text.startswith(("&&", "||"), at) else text[at]
    if found == '"':
        return "string_open", {"found": found}
    if text.startswith("/*", at):
        return "comment_open", {"found": found}
    if found in _CURLY:
        return "curly_quote", {"found": found}
    if found[0] in _INSTEAD:
        return "write_instead", {"found": found, "instead": _INSTEAD[found[0]]}
    return _ALONE.get(found, "character_unknown"), {"found": found}
