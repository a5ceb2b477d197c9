"""The registry's service tasks; both run in the step's own transaction."""

from __future__ import annotations

from datetime import date

from engine import records
from engine.catalogue import Context, Json
from engine.errors import BusinessError, Conflict, Finding, Invalid
from integrations.people import contacts, corrections, names, registry

HISTORY_KIND = "dose"


def register(inputs: Json, context: Context) -> Json:
    """Add a person and give the id, the printed code, and what in a citizen number contradicts the rest.

    BusinessError IDENTIFIER_TAKEN when one of the identifiers belongs to somebody already.
    """
    findings: list[Finding] = []
    papers, phones = contacts.read(inputs, findings)
    details = registry.Details(
        name=names.written(inputs["name"]),
        born_on=date.fromisoformat(inputs["born_on"]),
        sex=inputs["sex"],
        address=inputs.get("address") or "",
        unit_code=inputs.get("unit_code"),
        identifiers=papers,
        phones=phones,
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
    return {"person_id": str(person.id), "code": person.code, "warnings": corrections.warnings(person)}


def history(inputs: Json, context: Context) -> Json:
    """`doses`: the entries of the person's records of a kind, newest first, each with `at` and `record_id`."""
    found = records.about(context.transaction(), inputs["person_id"], inputs.get("kind", HISTORY_KIND))
    return {
        "doses": [
            {**row.entries, "at": row.at.isoformat(), "record_id": f"{row.instance_id}-{row.seq}"}
            for row in reversed(found)
        ]
    }
