"""Characters that are none, or begin no word of the language, and what is written instead of them."""

from __future__ import annotations

from typing import Any

_INSTEAD = {
    "&": "and", "|": "or", "!": "not(…)", "≥": ">=", "≤": "<=", "≠": "!=", "×": "*", "÷": "/", "–": "-", "—": "-",
    "−": "-", "^": "**", "…": "..",
}  # fmt: skip
_ALONE = {";": "semicolon", "`": "backtick", "%": "percent"}
_CURLY = "“”„‟«»″‘’‚‛"


def paired(text: str) -> str:
    """A text that can be stored and searched: surrogate pairs are joined, half of one becomes “\ufffd”."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


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
