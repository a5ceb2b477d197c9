"""The words of a decision in a reader's language: names, columns, cells, rules and values, as its version has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from engine import feel, texts
from engine.decisions import conclusions, explanations, models
from engine.decisions.explanations import Explanation
from engine.definitions.definition import Definition
from engine.feel import syntax as tree
from web import cell_words, rendering, wordings

Json = Any
MOST_RULES = 3  # named in one sentence
MOST_ITEMS = 40  # of a list told


def words(definition: Definition, decision: str, language: str, zone: ZoneInfo) -> Words:
    """The words of a decision that process.yaml binds under this name."""
    said = wordings.Wordings(definition, language, zone)
    return Words(definition, decision, decision, language, zone, said)


@dataclass(frozen=True, slots=True)
class Words:
    """How one decision is said; `words` makes it.

    `asked` is the decision that process.yaml binds, `key` the one spoken of: it, or one that it requires, which goes
    by the words of the bound one too, and after these by those that all decisions of the process agree on. `given`
    holds what required decisions came to, by the name of their variable.
    """

    definition: Definition
    asked: str
    key: str
    language: str
    zone: ZoneInfo
    said: wordings.Wordings
    given: Mapping[str, Json] = field(default_factory=dict)
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
        """A column's value; a constant by the name the column has for it, else as the form that asked names it."""
        named = self._constants(f"inputs.{clause.id}").get(found) if isinstance(found, str) else None
        return named or self.value(found, _asked_for(clause))

    def condition(self, clause: models.Input, test: feel.UnaryTests) -> str:
        """A cell in words where it is plain enough; else as written."""
        return cell_words.Speech(
            self.language, lambda found: self.input(clause, found), self._pointed_at
        ).condition(test)

    def _pointed_at(self, node: tree.Node) -> str | None:
        """A part of what a required decision came to, as `limits.most`: its value, and what it is called."""
        if not isinstance(node, tree.Path) or not isinstance(node.source, tree.Name):
            return None
        held = self.given.get(node.source.name)
        if not isinstance(held, Mapping) or node.member not in held:
            return None
        return f"{self.value(held[node.member], node.member)} ({self.output_name(node.member)})"

    def output_label(self, clause: models.Output) -> str:
        """The declared name of a conclusion; to those who do not read the table's own language that of the bound
        decision's part of the same name, before the label."""
        own = self.text(f"outputs.{clause.name}") if clause.name else self.text("name")
        if own or not clause.name or self.language == texts.LANGUAGES[0]:
            return own or clause.label or self.output_name(clause.name)
        return self._bound(clause.name) or self._agreed("outputs").get(clause.name) or clause.label

    def output_name(self, name: str) -> str:
        """What a part of a value is called; one that a row of a table named goes by the name of that row."""
        declared = self.text(f"outputs.{name}") or self._bound(name) or self._agreed("outputs").get(name)
        return declared or self._agreed("constants").get(name) or self.said.label(name)

    def _bound(self, name: str, part: str = "outputs") -> str | None:
        return self.said.text(f"decisions.{self.asked}.{part}.{name}")

    def variable(self, name: str) -> str:
        declared = self.text(f"inputs.{name}") or self._bound(name, "inputs") or self.said.title(name)
        decided = self.definition.text(
            self.language, f"decisions.{name}"
        )  # by another decision, of this name
        return declared or decided or self._agreed("inputs").get(name) or self.said.label(name)

    def conclusion(self, clause: models.Output, cell: feel.Expression) -> str:
        """A conclusion: a constant by its name, a part of what is required by its value; else as written."""
        return cell_words.Speech(
            self.language, lambda found: self.value(found, clause.name), self._pointed_at
        ).conclusion(cell)

    def value(self, found: Json, name: str = "") -> str:
        """A value in words, the parts of a list or context each by its name; what is not known is left out of one.

        A constant that is the name of a part goes by that one's, that of a question is said as its form asks it.
        """
        if isinstance(found, list) and found:
            said = [self.value(one, name) for one in found[:MOST_ITEMS]]
            more = ["…"] if len(found) > MOST_ITEMS else []
            return (" · " if any(isinstance(one, Mapping) for one in found) else "; ").join(said + more)
        if isinstance(found, Mapping) and found:
            known = [(key, one) for key, one in found.items() if one is not None]
            return "; ".join(
                wordings.said_of(self.output_name(key), self.value(one, key)) for key, one in known
            )
        said_so = self.said.value(name, found, self._names(name))
        if isinstance(found, str) and said_so == found:
            named = self._agreed("constants").get(found) or self._agreed("outputs").get(found)
            return named or self.said.title(found) or found
        return said_so

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
        if told.how == "nothing_gathered":
            return rendering.sentence("case.none_found", self.language)
        said = self._because(told)
        if not said and told.decision is not None and told.decision.table is not None:
            said = told.decided_by(self.language)
        return said[:1].upper() + said[1:]

    def _because(self, told: Explanation) -> str:
        """The rules that a conclusion comes from, each with what it is about."""
        if told.how == "default":
            return rendering.sentence("case.by_default", self.language)
        reasons = conclusions.reasons(told) or self._findings(told)
        said = [
            (self if one is told else self.of(one.key))._rule_said(one, number, len(reasons) > 1)
            for one, number in _rules(reasons)
        ]
        more = len(said) - MOST_RULES
        if more > 0:
            said[MOST_RULES:] = [rendering.sentence("case.rules_more", self.language, count=more)]
        return "; ".join(said)

    def grounds(self, told: Explanation) -> list[tuple[str, str]]:
        """The required tables that a conclusion comes from: each by the key of its explanation, with its rules said."""
        reasons = conclusions.reasons(told) or self._findings(told)
        return [
            (one.key, rendering.sentence(
                "case.rules_in", self.language, rules=", ".join(map(str, reason.rules)),
                count=len(reason.rules), table=self.of(one.key).name(one.decision),
            ))
            for reason in reasons
            if (one := reason.explanation) is not told and one.decision is not None
        ]  # fmt: skip

    def _rule_said(self, one: Explanation, number: int, with_table: bool) -> str:
        """A rule with what it is about, of which table when that is asked for."""
        decision = one.decision
        assert decision is not None
        label = self.rule(decision, decision.rules[number - 1])
        form = ("case.rule_of" if with_table else "case.rule_about") if label else "case.rule_alone"
        return rendering.sentence(form, self.language, rule=number, about=label, table=self.name(decision))

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
        known = self.named.get((f"={self.key}", name))
        if known is None:
            own = self._constants(f"outputs.{name}") if name else {}
            every = self._every(self.asked, "outputs") | self._every(self.key, "outputs")
            known = self.named[f"={self.key}", name] = {**every, **self._constants("outcomes"), **own}
        return known

    def _every(self, decision: str, *parts: str) -> dict[str, str]:
        """The names of the constants of all columns: a finding is called the same wherever it is repeated."""
        words: dict[str, str] = {}
        for part in parts:
            for name, one in _nested(self._first(), decision, part).items():
                words |= self._constants(f"{part}.{name}", decision) if isinstance(one, Mapping) else {}
        return words

    def _agreed(self, part: str) -> dict[str, str]:
        """What all decisions of the process that name something call alike: `inputs`, `outputs`, or `constants`."""
        known = self.named.get(("", part))
        if known is None:
            said: dict[str, set[str]] = {}
            for decision in self._first():
                words = self._declared(decision, part)
                if part == "constants":
                    words = self._every(decision, "inputs", "outputs") | self._constants("outcomes", decision)
                for name, word in words.items():
                    said.setdefault(name, set()).add(word)
            known = self.named["", part] = {name: one.pop() for name, one in said.items() if len(one) == 1}
        return known

    def _declared(self, decision: str, part: str) -> dict[str, str]:
        declared = _nested(self._first(), decision, part)
        said = {name: self.said.text(f"decisions.{decision}.{part}.{name}") for name in declared}
        return {name: word for name, word in said.items() if word}

    def _first(self) -> Mapping[str, Json]:
        return _nested(self.definition.texts, texts.LANGUAGES[0], "decisions")

    def _constants(self, part: str, *decisions: str) -> dict[str, str]:
        """The names of constants a declaration gives, in the reader's language over the first."""
        of = decisions or tuple(dict.fromkeys((self.asked, self.key)))
        known = self.named.get((" ".join(of), part))
        if known is not None:
            return known
        words: dict[str, str] = {}
        for language in (texts.LANGUAGES[0], self.language):
            for decision in of:
                nested = _nested(self.definition.texts, language, "decisions", decision, *part.split("."))
                words |= {
                    str(key): text for key, text in nested.items() if isinstance(text, str) and key != "name"
                }
        self.named[" ".join(of), part] = words
        return words

    def text(self, rest: str) -> str | None:
        return self.said.text(f"decisions.{self.key}.{rest}")


def _rules(reasons: Iterable[conclusions.Reason]) -> Iterator[tuple[Explanation, int]]:
    """The rules of reasons, one by one."""
    for reason in reasons:
        for number in reason.rules if reason.explanation.decision else ():
            yield reason.explanation, number


def _asked_for(clause: models.Input) -> str:
    """The name under which a form may have asked for what a column looks at: `parcel.weight` asks for `weight`."""
    return clause.expression.text.strip().rpartition(".")[2]


def _nested(found: Json, *steps: str) -> Mapping[str, Json]:
    """What stands in texts under a path; empty where there is nothing to look into."""
    for step in steps:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}
