"""What process.yaml opens to people without an account exists, and no form of theirs can reveal other people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from engine import schemas
from engine.bpmn.model import Kind
from engine.catalogue import Catalogue, Scope
from engine.definitions import data as known_data
from engine.definitions import manifest as manifests
from engine.definitions.definition import Definition
from engine.definitions.manifest import PublicRule
from engine.errors import Finding


def findings(definition: Definition, catalogue: Catalogue) -> Iterator[Finding]:
    """A finding for each name under `public` that there is not, and for each look-up that is not for everybody."""
    rule = definition.manifest.public
    if rule is None:
        return
    data = known_data.of(definition, catalogue)
    named: dict[str, tuple[Iterable[str], Collection[str]]] = {
        "proof": ((rule.proof,), data.shapes),
        "label": ((rule.label,) if rule.label else (), data.shapes),
        "keep": (rule.keep, _asked(definition)),
        "lanes": (rule.lanes, definition.manifest.lanes),
        "documents": (rule.documents, definition.documents),
    }
    for word, (names, known) in named.items():
        pointer = f"/public/{word}"
        severity = "warning" if word in ("proof", "label") and data.is_open else "error"
        for name in sorted(set(names) - set(known)):
            yield schemas.unknown(
                "public_unknown", name, known, manifests.FILE, definition.manifest.line(pointer), None, pointer,
                severity, entry=word,
            )  # fmt: skip
    yield from _texts(definition, rule)
    yield from _forms(definition, catalogue, rule)


def texts(definition: Definition) -> Iterator[str]:
    """The keys of the texts that people without an account need."""
    rule = definition.manifest.public
    if rule is None:
        return
    yield from ("public.title", "public.proof")
    if rule.starts:
        yield "public.about"


def _asked(definition: Definition) -> Collection[str]:
    """The questions of the form by which people without an account begin a case."""
    first = definition.public_start()
    form = definition.forms.get(first.form) if first is not None and first.form else None
    return form.names if form is not None else ()


def _texts(definition: Definition, rule: PublicRule) -> Iterator[Finding]:
    """Whoever is to do something is told what; the other steps may go without words of their own."""
    for node in definition.model.nodes.values():
        key = f"public.states.{node.id}"
        if node.kind is Kind.USER_TASK and node.lane in rule.lanes and not definition.text("vi", key):
            yield Finding(
                "text_missing", {"name": key, "into": "vi"}, "texts/vi.yaml", element=node.id,
                severity="warning",
            )  # fmt: skip


def _forms(definition: Definition, catalogue: Catalogue, rule: PublicRule) -> Iterator[Finding]:
    """The forms that people without an account fill in ask only what everybody may know."""
    names = {
        node.form
        for node in definition.model.nodes.values()
        if node.form
        and (node is definition.public_start() or (node.kind is Kind.USER_TASK and node.lane in rule.lanes))
    }
    for name in sorted(names & set(definition.forms)):
        form = definition.forms[name]
        for query in sorted(form.queries & set(catalogue.queries)):
            asked = catalogue.queries[query]
            if asked.audit or asked.scope is not Scope.ALL:
                yield Finding("public_query", {"form": name, "query": query}, form.file)
