"""Papers and telephones as a process gives them: read into one written form; what cannot be is said with its place."""

from __future__ import annotations

from engine.catalogue import Json
from engine.errors import Finding, Invalid
from integrations.people import identifiers
from integrations.people.identifiers import Identifier


def read(
    inputs: Json, findings: list[Finding] | None = None
) -> tuple[tuple[Identifier, ...], tuple[str, ...]]:
    """The identifiers and telephones of an input; what is wrong joins `findings`, or is raised as Invalid."""
    wrong: list[Finding] = [] if findings is None else findings
    papers, phones = [], []
    for place, entry in enumerate(inputs.get("identifiers") or ()):
        paper = identifiers.read(entry["type"], entry["value"])
        if paper is None:
            expected = f"{entry['type']} {identifiers.shape(entry['type'])}"
            wrong.append(_wrong(expected, entry["value"], f"/identifiers/{place}/value"))
        else:
            papers.append(paper)
    for place, text in enumerate(inputs.get("phones") or ()):
        phone = identifiers.phone(text)
        if phone is None:
            wrong.append(_wrong("0912345678", text, f"/phones/{place}"))
        else:
            phones.append(phone)
    if findings is None and wrong:
        raise Invalid(wrong)
    return tuple(dict.fromkeys(papers)), tuple(dict.fromkeys(phones))


def _wrong(expected: str, found: str, pointer: str) -> Finding:
    return Finding("declared_value", {"expected": expected, "found": found}, pointer=pointer)
