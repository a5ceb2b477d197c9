"""What docs/decisions.md says is kept of an evaluation is what is kept."""

from __future__ import annotations

import re

from engine import decisions
from tests.architecture.sources import ROOT
from tests.units.decisions.drawn import MOMENT, decision, literal, model, table


def test_every_key_that_is_kept_is_explained_and_every_key_explained_is_kept() -> None:
    page = (ROOT / "docs" / "decisions.md").read_text("utf-8").partition("| key of a step |")[2]
    explained = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    inner = table("UNIQUE", ["price"], ["f"], [["> 5", "2"]])
    boxed = (
        f'<context><contextEntry><variable name="fee"/>{inner}</contextEntry>'
        f"<contextEntry>{literal('fee + unknown')}</contextEntry></context>"
    )
    refused = table("UNIQUE", [("kind", "string", '"book"')], ["fee"], [["-", "1"]])
    found = model(
        '<inputData id="price" name="price"/><inputData id="kind" name="kind"/>',
        decision("boxed", boxed, ["input:price"]),
        decision("refused", refused, ["input:kind"]),
        decision("d", literal("[boxed, refused]"), ["decision:boxed", "decision:refused"]),
    )
    outcome = decisions.evaluate(found, "d", {"price": 7, "kind": "map"}, MOMENT)
    kept = decisions.compact(found, outcome)["steps"]
    assert {key for step in kept.values() for key in step} == explained
