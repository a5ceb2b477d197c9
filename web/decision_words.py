"""The words of a decision in a reader's language: names, columns, cells, rules and values, as its version has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from engine import feel, texts
from engine.decisions import conclusions, explanations, models
from engine.decisions.explanations import Explanation
from engine.definitions.definition import Definition
from engine.feel import syntax as tree
from web import rendering, wordings

Json = Any
MOST_RULES = 3  # named in one sentence


def words(definition: Definition, decision: str, language: str, zone: ZoneInfo) -> Words:
    """The words of a decision that process.yaml binds under this name."""
    said = wordings.Wordings(definition, language, zone)
    return Words(definition, decision, decision, language, zone, said)


@dataclass(frozen=True, slots=True)
class Words:
    """How one decision is said; `words` makes it.

    `asked` is the decision that process.yaml binds, `key` the one spoken of: it, or one that it requires, for which
    the names of constants of the bound one serve too.
    """

    definition: Definition
    asked: str
    key: str
    language: str
    zone: ZoneInfo
    said: wordings.Wordings
    named: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)  # constants gathered so far

    def of(self, key: str) -> Words:
        """The words of a decision that this one requires; one of another file goes by its id too."""
        return replace(self, key=key.rpartition("#")[2].partition("/")[0])

    def name(self, decision: models.Decision | None = None) -> str:
        return self.text("name") or (decision.name if decision else self.key)

    def rule(self, decision: models.Decision, rule: models.Rule) -> str:
        """What a rule is about: by its number or id in the texts, else by the name an output's constant has there (the
        finding it makes), else what its author wrote beside it."""
        own = self.text(f"rules.{rule.number}") or self.text(f"rules.{rule.id}")
        return own or self._found(decision, rule) or rule.annotation

    def _found(self, decision: models.Decision, rule: models.Rule) -> str:
        for clause, cell in zip(decision.outputs, rule.outputs, strict=True):
            said = explanations.constant(cell)
            words = self._constants(f"outputs.{clause.name}") if isinstance(said, str) and clause.name else {}
            if said in words:
                return words[said]
        return ""

    def input_label(self, clause: models.Input) -> str:
        """The declared name of a column: by its expression, or the one variable it reads, else its own label."""
        names = sorted(clause.expression.names)
        keys = [clause.id, clause.expression.text.strip(), *(names if len(names) == 1 else ())]
        declared = next((named for key in keys if (named := self.text(f"inputs.{key}"))), None)
        return declared or self._asked(clause) or clause.label

    def _asked(self, clause: models.Input) -> str:
        """What the form that asked for it calls a column, for those who do not read the table's own language."""
        name = _asked_for(clause)
        if self.language == texts.LANGUAGES[0] or not name.isidentifier():
            return ""
        said = self.said.label(name)
        return said if said != name.replace("_", " ") else ""

    def input(self, clause: models.Input, found: Json) -> str:
        """A column's value; a constant as the form that asked for it names it."""
        return self.value(found, _asked_for(clause))

    def condition(self, clause: models.Input, test: feel.UnaryTests) -> str:
        """A cell as written; one that only lists constants by their names."""
        parts = test.tree.tests
        if test.tree.any or test.tree.negated or not all(map(_is_word, parts)):
            return test.text.strip()
        said = (
            self.value(part.value, _asked_for(clause)) for part in parts if isinstance(part, tree.Literal)
        )
        return rendering.sentence("case.or", self.language).join(said)

    def output_label(self, clause: models.Output) -> str:
        """The declared name of a conclusion; to those who do not read the table's own language that of the bound
        decision's part of the same name, before the label."""
        own = self.text(f"outputs.{clause.name}") if clause.name else self.text("name")
        foreign = self._bound(clause.name) if self.language != texts.LANGUAGES[0] and clause.name else None
        return own or foreign or clause.label or self.output_name(clause.name)

    def output_name(self, name: str) -> str:
        return self.text(f"outputs.{name}") or self._bound(name) or self.said.label(name)

    def _bound(self, name: str) -> str | None:
        return self.definition.text(self.language, f"decisions.{self.asked}.outputs.{name}")

    def variable(self, name: str) -> str:
        return self.text(f"inputs.{name}") or self.said.label(name)

    def conclusion(self, cell: feel.Expression) -> str:
        """A conclusion as written; a constant by its name."""
        text = cell.text.strip()
        return self.value(feel.to_json(cell.tree.value)) if isinstance(cell.tree, tree.Literal) else text

    def value(self, found: Json, name: str = "") -> str:
        """A value in words, the parts of a list or context each by its name; what is not known is left out of one."""
        if isinstance(found, list) and any(isinstance(one, Mapping) for one in found):
            return " · ".join(self.value(one, name) for one in found)
        if isinstance(found, Mapping) and found:
            known = [(key, one) for key, one in found.items() if one is not None]
            return "; ".join(
                wordings.said_of(self.output_name(key), self.value(one, key)) for key, one in known
            )
        return self.said.value(name, found, self._names(name))

    def sentence(self, told: Explanation) -> str:
        """What came out and why, in one sentence for those who work with it; empty where nothing says it in a word."""
        head = conclusions.headline(told)
        if head is None:
            return self._gathered(told)
        what = self.value(head.value, head.name)
        if head.name and not isinstance(head.value, str):
            what = wordings.said_of(self.output_name(head.name), what)
        because = self._because(told)
        return (
            rendering.sentence("case.concluded", self.language, what=what, why=because) if because else what
        )

    def _gathered(self, told: Explanation) -> str:
        """Of a value that no word says: the rules that gave it, or that there were none."""
        said = self._because(told)
        if not said and told.decision is not None and told.decision.table is not None:
            said = told.decided_by(self.language)
        return said[:1].upper() + said[1:]

    def _because(self, told: Explanation) -> str:
        """The rules that a conclusion comes from, each with what it is about."""
        if told.how == "default":
            return rendering.sentence("case.by_default", self.language)
        said = []
        reasons = conclusions.reasons(told) or self._findings(told)
        for reason in reasons:
            decision = reason.explanation.decision
            inner = self if reason.explanation is told else self.of(reason.explanation.key)
            for number in reason.rules if decision else ():
                assert decision is not None
                label = inner.rule(decision, decision.rules[number - 1])
                form = "case.rule_about" if label else "case.rule_alone"
                form = "case.rule_of" if len(reasons) > 1 and label else form
                table = inner.name(decision)
                said.append(rendering.sentence(form, self.language, rule=number, about=label, table=table))
        more = len(said) - MOST_RULES
        if more > 0:
            said[MOST_RULES:] = [rendering.sentence("case.rules_more", self.language, count=more)]
        return "; ".join(said)

    def _findings(self, told: Explanation) -> tuple[conclusions.Reason, ...]:
        """Of a conclusion that no rule says in its own word: the rules of required tables that made a finding which the
        process has a name for."""
        found = []
        for one in told.every():
            decision, inner = one.decision, self.of(one.key)
            if decision is None or decision.table is None or one is told:
                continue
            rules = tuple(
                number for number in one.deciding if inner._found(decision, decision.rules[number - 1])
            )
            found += [conclusions.Reason(one, rules)] if rules else []
        return tuple(found)

    def _names(self, name: str) -> dict[str, str]:
        """The names of constants under a name: its own before those of outcomes before those of any output."""
        known = self.named.get((self.key, name))
        if known is None:
            own = self._constants(f"outputs.{name}") if name else {}
            known = self.named[self.key, name] = {**self._every(), **self._constants("outcomes"), **own}
        return known

    def _every(self) -> dict[str, str]:
        """The names of the constants of all outputs: a finding is called the same wherever it is repeated."""
        decisions = self.definition.texts.get(texts.LANGUAGES[0], {}).get("decisions")
        own = decisions.get(self.asked) if isinstance(decisions, Mapping) else None
        outputs = own.get("outputs") if isinstance(own, Mapping) else None
        words: dict[str, str] = {}
        for name, nested in outputs.items() if isinstance(outputs, Mapping) else ():
            words |= self._constants(f"outputs.{name}") if isinstance(nested, Mapping) else {}
        return words

    def _constants(self, part: str) -> dict[str, str]:
        """The names of constants a declaration gives, in the reader's language over the first."""
        words: dict[str, str] = {}
        for language in (texts.LANGUAGES[0], self.language):
            for decision in dict.fromkeys((self.asked, self.key)):
                nested: Json = self.definition.texts.get(language, {}).get("decisions")
                for step in (decision, *part.split(".")):
                    nested = nested.get(step) if isinstance(nested, Mapping) else None
                if isinstance(nested, Mapping):
                    words |= {str(key): text for key, text in nested.items() if isinstance(text, str)}
        return words

    def text(self, rest: str) -> str | None:
        return self.definition.text(self.language, f"decisions.{self.key}.{rest}")


def _asked_for(clause: models.Input) -> str:
    """The name under which a form may have asked for what a column looks at: `parcel.weight` asks for `weight`."""
    return clause.expression.text.strip().rpartition(".")[2]


def _is_word(node: tree.Node) -> bool:
    return isinstance(node, tree.Literal) and isinstance(node.value, (str, bool))
