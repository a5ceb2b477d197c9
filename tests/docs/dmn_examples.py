"""The examples of the page on DMN: tables and models with lines `{inputs} → what it gives ! warnings` below them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from engine import decisions, errors, feel
from engine.feel import formats
from tests.architecture.sources import ROOT
from tests.docs.feel_examples import MOMENT, identical, value_of
from tests.units.decisions.drawn import NAMESPACE, decision, model, table

PAGE = ROOT / "docs" / "dmn.md"
POLICIES = {
    "U": ("UNIQUE", ""), "A": ("ANY", ""), "F": ("FIRST", ""), "P": ("PRIORITY", ""), "R": ("RULE ORDER", ""),
    "O": ("OUTPUT ORDER", ""), "C": ("COLLECT", ""), "C+": ("COLLECT", "SUM"), "C#": ("COLLECT", "COUNT"),
    "C<": ("COLLECT", "MIN"), "C>": ("COLLECT", "MAX"),
}  # fmt: skip
_DRAWN = re.compile(
    r"(?P<table>(?:^\|[^\n]*\n)+)\n```dmn\n|^```xml\n(?P<xml>.*?)^```\n\n```dmn\n", re.M | re.S
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A table or model of the page, with the lines below it; `parts` are the XML of its elements."""

    line: int
    policy: str
    parts: str
    claims: tuple[str, ...]

    def faults(self) -> Iterator[str]:
        """What is otherwise than the page says."""
        try:
            read = model(self.parts)
        except errors.Invalid as refused:
            codes = {finding.code for finding in refused.findings}
            said = [set(_codes(claim)) for claim in self.claims if claim.startswith("refused")]
            if said != [codes]:
                yield f"line {self.line}: refused ! {', '.join(sorted(codes))}"
            return
        for claim in self.claims:
            yield from self._fault(read, claim)

    def _fault(self, read: decisions.DecisionModel, claim: str) -> Iterator[str]:
        given, _, outcome = claim.partition(" → ")
        wanted, _, _ = outcome.partition(" ! ")
        inputs = value_of(given)
        assert isinstance(inputs, dict), claim
        last = list(read.decisions)[-1]
        found = decisions.evaluate(
            read, last, {key: feel.to_json(item) for key, item in inputs.items()}, MOMENT
        )
        codes = {warning.code for warning in found.warnings}
        if not identical(found.result, value_of(wanted)) or codes != set(_codes(claim)):
            yield f"line {self.line}: {given} → {formats.literal(found.result)} ! {', '.join(sorted(codes))}"


def drawn() -> list[Drawn]:
    """Every table and model that has lines below it."""
    text = PAGE.read_text("utf-8")
    found = []
    for match in _DRAWN.finditer(text):
        claims = text[match.end() : text.index("```", match.end())].strip().splitlines()
        policy, parts = _table(match["table"]) if match["table"] else ("", match["xml"])
        found.append(Drawn(text[: match.start()].count("\n") + 1, policy, parts, tuple(claims)))
    return found


def tags() -> set[str]:
    """The names of all elements drawn."""
    roots = [etree.fromstring(f'<d xmlns="{NAMESPACE}">{one.parts}</d>') for one in drawn()]
    return {etree.QName(element).localname for root in roots for element in root.iter()}


def _table(lines: str) -> tuple[str, str]:
    """The policy and the XML of a table drawn in Markdown."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines.splitlines()]
    header, body = rows[0], rows[2:]
    width = sum(not name.startswith("**") for name in header[1:])
    extra = {row[0]: row[1:] for row in body if row[0] in ("values", "default")}
    names = [name.strip("*") for name in header[1:]]

    def column(at: int) -> tuple[str, ...]:
        return (
            names[at],
            "",
            *(_cell(extra[kind][at]) if kind in extra else "" for kind in ("values", "default")),
        )

    columns = [column(at) for at in range(len(names))]
    rules = [[_cell(cell) for cell in row[1:]] for row in body if row[0].isdigit()]
    policy, aggregation = POLICIES[header[0]]
    logic = table(policy, [one[:3] for one in columns[:width]], columns[width:], rules, aggregation)
    parts = [
        f'<inputData id="in_{at}" name="{name}"><variable name="{name}"/></inputData>'
        for at, name in enumerate(names[:width])
    ]
    return header[0], "".join([*parts, decision("d", logic, [f"input:in_{at}" for at in range(width)])])


def _cell(shown: str) -> str:
    return shown.strip("`")


def _codes(claim: str) -> list[str]:
    return re.findall(r"[a-z_.]+", claim.partition(" ! ")[2])
