"""The registry's service tasks; both run in the step's own transaction."""

from __future__ import annotations

from datetime import date

from engine import records
from engine.catalogue import Context, Json
from engine.errors import BusinessError, Conflict, Finding, Invalid
from integrations.people import identifiers, names, registry
from integrations.people.identifiers import Identifier

HISTORY_KIND = "dose"


def register(inputs: Json, context: Context) -> Json:
    """Add a person and give the id, the printed code, and what in a citizen number contradicts the rest.

    BusinessError IDENTIFIER_TAKEN when one of the identifiers belongs to somebody already.
    """
    findings: list[Finding] = []
    details = registry.Details(
        name=names.written(inputs["name"]),
        born_on=date.fromisoformat(inputs["born_on"]),
        sex=inputs["sex"],
        address=inputs.get("address") or "",
        unit_code=inputs.get("unit_code"),
        identifiers=_identifiers(inputs, findings),
        phones=_phones(inputs, findings),
    )
    if not names.words(details.name):
        expected = {"expected": "Nguyễn Văn An", "found": details.name}
        findings.append(Finding("declared_value", expected, pointer="/name"))
    if findings:
        raise Invalid(findings)
    by = context.actor.account_id if context.actor else None
    try:
        person = registry.register(context.transaction(), details, context.now, by)
    except Conflict as conflict:
        raise BusinessError("IDENTIFIER_TAKEN", conflict.sentence()) from conflict
    contradictions = [
        warning
        for identifier in person.identifiers
        for warning in identifiers.warnings(identifier, person.born_on, person.sex)
    ]
    return {"person_id": str(person.id), "code": person.code, "warnings": contradictions}


def history(inputs: Json, context: Context) -> Json:
    """`doses`: the entries of the person's records of a kind, newest first, each with `at` and `record_id`."""
    found = records.about(context.transaction(), inputs["person_id"], inputs.get("kind", HISTORY_KIND))
    return {
        "doses": [
            {**row.entries, "at": row.at.isoformat(), "record_id": f"{row.instance_id}-{row.seq}"}
            for row in reversed(found)
        ]
    }


def _identifiers(inputs: Json, findings: list[Finding]) -> tuple[Identifier, ...]:
    read = []
    for place, entry in enumerate(inputs.get("identifiers", ())):
        identifier = identifiers.read(entry["type"], entry["value"])
        if identifier is None:
            shape = identifiers.shape(entry["type"])
            findings.append(
                Finding(
                    "declared_value", {"expected": f"{entry['type']} {shape}", "found": entry["value"]},
                    pointer=f"/identifiers/{place}/value",
                )
            )  # fmt: skip
        else:
            read.append(identifier)
    return tuple(dict.fromkeys(read))


def _phones(inputs: Json, findings: list[Finding]) -> tuple[str, ...]:
    read = []
    for place, text in enumerate(inputs.get("phones", ())):
        phone = identifiers.phone(text)
        if phone is None:
            findings.append(
                Finding(
                    "declared_value", {"expected": "0912345678", "found": text}, pointer=f"/phones/{place}"
                )
            )
        else:
            read.append(phone)
    return tuple(dict.fromkeys(read))
