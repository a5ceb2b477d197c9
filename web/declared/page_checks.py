"""Whether declared pages can work: what they ask exists, every name in an expression is known, no text is missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from engine import campaign, feel, schemas, texts
from engine.access import Permission
from engine.campaign import Campaign
from engine.catalogue import Catalogue, Scope
from engine.errors import Finding
from engine.feel import checking, types
from web.declared.page_schema import ENGINE
from web.declared.pages import PUBLIC, SIGNED_IN, Ask, Block, Page, Pages

_OF_ROWS = {
    "table": ("columns", "first", "search"), "cards": ("name", "about", "facts", "badge", "first", "search"),
    "map": ("name", "north", "east", "tone", "search"), "bars": ("name", "value", "of", "tone"),
    "children": ("columns", "first"),
}  # fmt: skip
_CHILD = frozenset({"unit", "name"})
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')

Told = Callable[..., None]


def run(declared: Pages, catalogue: Catalogue, taken: Collection[str] = ()) -> list[Finding]:
    """Everything that is wrong with the pages; `taken` are the first parts of the addresses the application has."""
    findings: list[Finding] = []
    for page in declared.pages.values():
        _Checks(declared, page, catalogue, campaign.current(), findings).run(taken)
    return findings


class _Checks:
    """The checks of one page."""

    def __init__(
        self, declared: Pages, page: Page, catalogue: Catalogue, chosen: Campaign, findings: list[Finding]
    ) -> None:
        self.declared, self.page, self.catalogue, self.campaign = declared, page, catalogue, chosen
        self.findings = findings

    def run(self, taken: Collection[str]) -> None:
        page = self.page
        first = page.path.split("/")[1]
        if first and first in taken:
            self._tell("page_path_taken", "/path", path=page.path)
        allowed = [PUBLIC, SIGNED_IN, *(one.value for one in Permission)]
        if page.audience not in allowed:
            self._unknown("page_audience", page.audience, allowed, "/audience")
        for name in re.findall(r"\{(\w+)\}", page.path):
            if name not in page.parameters:
                self._unknown("page_parameter", name, page.parameters, "/path")
        self._kinds()
        known: set[str] = set(page.parameters)
        for ask in page.asks.values():
            self._ask(ask, known)
            known.add(ask.name)
        keys: set[str] = set()
        for number, block in enumerate(page.blocks):
            if block.key in keys:
                self._tell("page_block_twice", f"/blocks/{number}/key", key=block.key)
            keys.add(block.key)
            self._block(block, number, known)
        self._texts()

    def _kinds(self) -> None:
        """Kinds of units that the campaign has."""
        for name, parameter in self.page.parameters.items():
            for part, kinds in (("kinds", parameter.kinds), ("offers", parameter.offers)):
                self._known_kinds(kinds, f"/parameters/{name}/{part}")
        if self.page.way is not None:
            self._known_kinds(self.page.way.kinds, "/way/kinds")

    def _known_kinds(self, kinds: Collection[str], pointer: str) -> None:
        for kind in kinds:
            if kind not in self.campaign.unit_kinds:
                self._unknown("unit_kind_unknown", kind, self.campaign.unit_kinds, pointer)

    def _ask(self, ask: Ask, known: Collection[str]) -> None:
        """The query exists, is given what it needs and nothing else, and may be asked by those who see the page."""
        pointer = f"/asks/{ask.name}"
        for name, expression in _expressions(ask.inputs):
            self._names(expression, known, f"{pointer}/inputs/{name}")
        if ask.query is None:
            if ask.engine == "tally" and not ask.kinds:
                self._tell("declared_missing", pointer, name="kinds")
            if self.page.is_public and ask.engine != "units":
                self._tell("page_public_engine", pointer, name=ask.engine, known=", ".join(ENGINE))
            if self.page.unit is None:
                self._tell("page_without_unit", pointer, name=ask.engine)
            return
        query = self.catalogue.queries.get(ask.query)
        if query is None:
            self._unknown("query_unknown", ask.query, self.catalogue.queries, f"{pointer}/query")
            return
        for name in sorted(query.inputs.required - ask.inputs.keys()):
            self._tell("page_input_missing", pointer, query=ask.query, name=name)
        if not query.inputs.is_open:
            for name in sorted(ask.inputs.keys() - query.inputs.names):
                self._unknown(
                    "page_input", name, query.inputs.names, f"{pointer}/inputs/{name}", query=ask.query
                )
        if self.page.is_public and (query.scope is not Scope.ALL or query.audit):
            self._tell("page_public_query", f"{pointer}/query", query=ask.query)
        if query.audit and self.page.refresh is not None:
            self._tell("page_audited_refresh", f"{pointer}/query", query=ask.query)

    def _block(self, block: Block, number: int, known: set[str]) -> None:
        """Names of expressions: of the page everywhere, of rows only where rows are shown."""
        pointer = f"/blocks/{number}"
        if block.when is not None:
            self._names(block.when, known, f"{pointer}/when")
        of_rows = _OF_ROWS.get(block.kind, ())
        for path, expression in _expressions(block.entries):
            part = path.split("/")[0]
            if part not in of_rows:
                self._names(expression, known, f"{pointer}/{path}")
            elif block.kind == "children":
                joined = set(block.entries.get("joined", {}))
                self._names(expression, known | _CHILD | joined, f"{pointer}/{path}", joined)
            else:
                self._outputs(expression, f"{pointer}/{path}", block.entries.get("joined", {}))
        if block.kind == "children":
            self._known_kinds(block.entries.get("kinds", ()), f"{pointer}/kinds")

    def _names(
        self,
        expression: feel.Expression,
        known: Collection[str],
        pointer: str,
        hidden: Collection[str] = (),
    ) -> None:
        """Every name is known; `hidden` are those that mean something else than the page's own here."""
        for name in sorted(expression.names):
            if name not in known:
                self._unknown("page_name", name, known, pointer)
        self._outputs(expression, pointer, hidden)

    def _outputs(self, expression: feel.Expression, pointer: str, hidden: Collection[str] = ()) -> None:
        """`ask.field` names something the query tells, and the whole can be something else than null."""
        self._types(expression, pointer)
        text = _STRING.sub('""', expression.text)
        for name in expression.names & self.page.asks.keys() - set(hidden):
            query = self.catalogue.queries.get(self.page.asks[name].query or "")
            if query is None or query.outputs.is_open:
                continue
            for output in re.findall(rf"\b{re.escape(name)}\.(\w+)", text):
                if output not in query.outputs.names:
                    self._unknown("page_output", output, query.outputs.names, pointer, query=query.name)

    def _types(self, expression: feel.Expression, pointer: str) -> None:
        """What can only be null, whatever the page's data is."""
        around = dict.fromkeys(expression.names | expression.shared, types.ANY)
        checked = checking.expression(expression.text, expression.tree, around)
        if checked.is_hopeless:
            file, line = self.page.marked.file, self.page.marked.line(pointer)
            for mismatch in checked.mismatches:
                self.findings.append(replace(mismatch.finding(file, pointer=pointer), line=line))

    def _texts(self) -> None:
        """Every word the page shows, in every language."""
        wanted = ["title"]
        if self.page.way is not None:
            wanted += ["about"]
        for block in self.page.blocks:
            wanted += [f"{block.key}.{name}" for name in _labels(block)]
        for language in texts.LANGUAGES:
            words = self.declared.words.get(language, {})
            for key in wanted:
                full = f"{self.page.key}.{key}"
                shared = f"shared.{key.rpartition('.')[2]}"
                if texts.lookup(words, full) is None and (
                    "." not in key or texts.lookup(words, shared) is None
                ):
                    self._tell("page_text", "", key=full, language=language)

    def _tell(self, code: str, pointer: str, **params: Any) -> None:
        self.findings.append(self.page.marked.finding(code, pointer, **params))

    def _unknown(self, code: str, word: str, known: Collection[str], pointer: str, **params: Any) -> None:
        marked = self.page.marked
        self.findings.append(
            schemas.unknown(code, word, known, marked.file, marked.line(pointer), pointer=pointer, **params)
        )


def _labels(block: Block) -> list[str]:
    """The keys of the texts a block shows."""
    entries = block.entries
    match block.kind:
        case "figures" | "facts":
            return list(entries[block.kind])
        case "table":
            return [*entries["columns"], "empty"]
        case "children":
            return ["name", *entries["columns"], "empty"]
        case "queues":
            return ["name", "waiting", "longest", "median", "late", "empty"]
        case "cards":
            return [*entries.get("facts", {}), "empty"]
        case "links":
            return list(entries["links"])
        case "text":
            return ["body"]
        case "map" | "bars":
            return ["title", "empty"]
    return ["title"]


def _expressions(value: Any, path: str = "") -> Iterator[tuple[str, feel.Expression]]:
    """Every expression in a declaration, with where it stands."""
    if isinstance(value, feel.Expression):
        yield path, value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _expressions(one, f"{path}/{name}" if path else str(name))
