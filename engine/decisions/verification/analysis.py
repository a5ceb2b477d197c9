"""What publication says of a decision table: each finding with rule numbers and, where there is one, an example."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine import errors
from engine.decisions.models import Decision, DecisionModel, Output
from engine.decisions.verification import cells, domains, nulls, studies, wording
from engine.decisions.verification.constants import BeyondAnalysis
from engine.decisions.verification.covers import Box, TooLarge
from engine.decisions.verification.domains import Column
from engine.decisions.verification.nulls import Permitted
from engine.decisions.verification.studies import Study
from engine.decisions.verification.wording import Words

_BEYOND = {
    "data": "cell_reads_data", "clock": "cell_reads_clock", "computed": "cell_computes", "offsets": "cell_offsets",
}  # fmt: skip


def of_model(model: DecisionModel) -> Iterator[errors.Finding]:
    """The findings about every table of a model: of its decisions and of its functions, within other boxes too."""
    for decision in model.decisions.values():
        for table in decision.tables:
            yield from findings(replace(decision, table=table))
    for one in model.knowledge.values():
        for table in one.tables:
            empty: frozenset[str] = frozenset()
            asked = Decision(one.id, one.variable.name, one.variable, table, None, one.needs, empty, empty)
            yield from findings(replace(asked, line=one.line, file=model.file))


def findings(decision: Decision) -> list[errors.Finding]:
    """Everything found about a decision's table; nothing where there is no table.

    Rules that overlap under UNIQUE or contradict each other under ANY, and conclusions that are not allowed, are
    errors; all else is a warning. Columns are taken to be independent of each other.
    """
    if decision.table is None or not decision.table.outputs:
        return []
    return list(_Report(decision, studies.study(decision)).everything())


class _Report:
    """The findings of one study, in sentences."""

    def __init__(self, decision: Decision, found: Study) -> None:
        self.decision, self.found = decision, found

    def everything(self) -> Iterator[errors.Finding]:
        empty = [column for column in self.found.columns if column.full in (0, column.null)]
        yield from (self.never(column) for column in empty if self.allowed(column) != "–")
        if any(column.full == 0 for column in empty):
            return
        yield from self.overlaps()
        yield from self.gaps()
        yield from self.cells()
        yield from self.rules()
        yield from self.outputs()
        yield from self.columns()
        yield from self.nulls()
        yield from (self.finding(f"unfinished_{part}") for part in self.found.unfinished)
        yield from (self.finding(f"more_{part}") for part in self.found.cut)

    def never(self, column: Column) -> errors.Finding:
        """A column whose value can never be known, as when its allowed values are of another kind."""
        return self.finding("column_empty", None, "error", label=column.label, allowed=self.allowed(column))

    def overlaps(self) -> Iterator[errors.Finding]:
        code = "rules_overlap" if self.decision.hit_policy == "UNIQUE" else "rules_disagree"
        for one, other, box in self.found.overlaps:
            yield self.finding(code, other, "error", rules=wording.numbers((one, other)), **self.box(box))
        for one, other, box in self.found.doubtful:
            yield self.finding(
                "rules_may_disagree", other, rules=wording.numbers((one, other)), **self.box(box)
            )

    def gaps(self) -> Iterator[errors.Finding]:
        for box in self.found.gaps:
            unknown = [
                column
                for column, bits in zip(self.found.columns, box, strict=True)
                if bits == column.null != 0
            ]
            code = "gap_unknown" if unknown else "gap"
            yield self.finding(code, labels=wording.labels(unknown), **self.box(box))

    def cells(self) -> Iterator[errors.Finding]:
        """Cells that cannot mean what they say, and cells beyond analysis."""
        for doubt in cells.doubts(self.found.table, self.found.columns, self.found.known):
            yield self.finding(
                f"cell_{doubt.code}" + ("_idle" if doubt.whole else ""), doubt.rule, rules=doubt.rule + 1,
                label=doubt.column.label, text=doubt.text, found=_kinds(doubt.found), expected=_kinds(doubt.expected),
                allowed=self.allowed(doubt.column),
            )  # fmt: skip
        for column in self.found.columns:
            for rule, beyond in sorted(column.unread.items()):
                yield self.unread(column, rule, beyond)

    def rules(self) -> Iterator[errors.Finding]:
        """Rules that no input matches, where no cell alone is to blame for a reason said already; and masked ones."""
        blamed = {
            doubt.rule
            for doubt in cells.doubts(self.found.table, self.found.columns, self.found.known)
            if doubt.whole
        }
        for rule in self.found.idle:
            if rule not in blamed:
                column = next(column for column in self.found.columns if column.masks[rule] == 0)
                texts = [self.found.table.rules[rule].tests[at].text for at in column.places]
                yield self.finding(
                    "rule_impossible", rule, rules=rule + 1, label=column.label, text="; ".join(texts)
                )
        for rule, others in self.found.masked:
            yield self.finding("rule_masked", rule, rules=rule + 1, by=wording.numbers(others))

    def outputs(self) -> Iterator[errors.Finding]:
        """Conclusions that are not allowed, and allowed ones that never come."""
        for place, clause, value in self.found.results.disallowed():
            params = {"label": _label(clause), "value": wording.literal(value), "allowed": _allowed(clause)}
            if place is None:
                yield self.finding("default_outside", None, "error", **params)
            else:
                yield self.finding("output_outside", place, "error", rules=place + 1, **params)
        for clause, value in self.found.results.never():
            yield self.finding("output_unused", label=_label(clause), value=wording.literal(value))

    def columns(self) -> Iterator[errors.Finding]:
        """Columns whose values arrive as another kind than their cells compare with, or as several."""
        for column in self.found.columns:
            if column.untyped:
                yield self.finding("column_untyped", label=column.label, kind=_kinds([column.untyped]))
        for column, rules in cells.mixed(self.found.columns, self.found.table, self.found.known):
            said: list[Words] = [
                {"says": "decision_table.compared", "kind": _kinds([name]), "rules": wording.numbers(numbers)}
                for name, numbers in sorted(rules.items())
            ]
            yield self.finding("column_mixed", label=column.label, kinds={"parts": said, "between": "; "})

    def nulls(self) -> Iterator[errors.Finding]:
        """Inputs of which it is not said whether they must be known, and what becomes of those that are not."""
        yield from nulls.undeclared(self.decision)
        if not self.found.columns:
            return
        try:
            listed, more = nulls.permitted(self.found)
        except TooLarge:
            self.found.unfinished.append("nulls")
            return
        for one in listed:
            code = "null_permits" if one.sure else "null_may_permit"
            inputs = wording.labels(self.found.columns[place] for place in one.unknown)
            example = wording.example(self.found.columns, one.box)
            yield self.finding(code, one.rule, inputs=inputs, result=_result(one), example=example)
        if more:
            self.found.cut.append("nulls")

    # -- saying it

    def unread(self, column: Column, rule: int, beyond: BeyondAnalysis) -> errors.Finding:
        names = ", ".join(f"“{name}”" for name in beyond.names)
        return self.finding(_BEYOND[beyond.reason], rule, rules=rule + 1, label=column.label, names=names)

    def allowed(self, column: Column) -> str:
        clauses = [self.found.table.inputs[at] for at in column.places]
        texts = [one.text for clause in clauses for one in domains.allowed(self.decision, clause)]
        return "; ".join(dict.fromkeys(texts)) or "–"

    def box(self, box: Box) -> dict[str, Words]:
        columns = self.found.columns
        return {"where": wording.where(columns, box), "example": wording.example(columns, box)}

    def finding(
        self, code: str, rule: int | None = None, severity: str = "warning", **params: object
    ) -> errors.Finding:
        """A finding about a rule (from 0), or about the whole table."""
        line, element = self.decision.line, self.decision.id
        if rule is not None:
            row = self.decision.rules[rule]
            line, element = row.line or line, row.id or element
        return errors.Finding(
            f"dmn_table.{code}", params, self.decision.file, line, element, severity=severity
        )


def _result(one: Permitted) -> Words:
    """How the most permissive outcome comes about."""
    outcome = wording.literal(one.outcome)
    if one.rule is not None:
        return {"says": "decision_table.result.rule", "rules": one.rule + 1, "outcome": outcome}
    if one.outcome is None:
        return {"says": "decision_table.result.nothing"}
    return {"says": "decision_table.result.default", "outcome": outcome}


def _kinds(names: Sequence[str]) -> Words:
    said: list[Words] = [{"says": f"decision_table.kind.{name.replace(' ', '_')}"} for name in names]
    return {"parts": said, "between": ", "}


def _label(clause: Output) -> str:
    return clause.label or clause.name


def _allowed(clause: Output) -> str:
    return clause.allowed.text if clause.allowed else "–"
