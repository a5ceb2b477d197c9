"""Decision models written as short Python values, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

from lxml import etree

from engine import decisions, errors, feel

MOMENT = feel.Moment(datetime(2026, 1, 31, 20, 30, tzinfo=UTC), ZoneInfo("Asia/Ho_Chi_Minh"))
NAMESPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def clause(
    tag: str, name: str, type_ref: str = "", allowed: str = "", default: str = "", more: str = ""
) -> str:
    """One input or output column; `more` are further attributes, as they stand in the file."""
    values = f"<{tag}Values><text>{escape(allowed)}</text></{tag}Values>" if allowed else ""
    if tag == "input":
        inner = f'<inputExpression typeRef="{type_ref}"><text>{escape(name)}</text></inputExpression>'
        return f"<input label={quoteattr(name)} {more}>{inner}{values}</input>"
    fallback = f"<defaultOutputEntry><text>{escape(default)}</text></defaultOutputEntry>" if default else ""
    return f'<output name="{name}" typeRef="{type_ref}" {more}>{values}{fallback}</output>'


def table(
    policy: str,
    inputs: Sequence[str | tuple[str, ...]],
    outputs: Sequence[str | tuple[str, ...]],
    rules: Sequence[Sequence[str]],
    aggregation: str = "",
) -> str:
    """A decision table; a column is a name or the arguments of `clause`, a rule its cells in order."""
    columns = [clause("input", *([one] if isinstance(one, str) else one)) for one in inputs]
    columns += [clause("output", *([one] if isinstance(one, str) else one)) for one in outputs]
    rows = []
    for rule in rules:
        cells = [("inputEntry" if at < len(inputs) else "outputEntry", cell) for at, cell in enumerate(rule)]
        note = cells[len(inputs) + len(outputs) :]
        kept = cells[: len(inputs) + len(outputs)]
        annotations = [f"<annotationEntry><text>{escape(cell)}</text></annotationEntry>" for _, cell in note]
        rows.append(
            "<rule>"
            + "".join(f"<{tag}><text>{escape(cell)}</text></{tag}>" for tag, cell in kept)
            + "".join(annotations)
            + "</rule>"
        )
    gathered = f' aggregation="{aggregation}"' if aggregation else ""
    return f'<decisionTable hitPolicy="{policy}"{gathered}>{"".join(columns)}{"".join(rows)}</decisionTable>'


def literal(text: str) -> str:
    return f"<literalExpression><text>{escape(text)}</text></literalExpression>"


def decision(identity: str, logic: str, requires: Sequence[str] = (), type_ref: str = "") -> str:
    """A decision; `requires` are ids prefixed `input:`, `decision:` or `knowledge:`."""
    kinds = {"input": ("information", "Input"), "decision": ("information", "Decision"),
             "knowledge": ("knowledge", "Knowledge")}  # fmt: skip
    needs = []
    for need in requires:
        kind, _, target = need.partition(":")
        group, what = kinds[kind]
        needs.append(f'<{group}Requirement><required{what} href="#{target}"/></{group}Requirement>')
    variable = f'<variable name="{identity}"' + (f' typeRef="{type_ref}"' if type_ref else "") + "/>"
    return f'<decision id="{identity}" name="{identity}">{variable}{"".join(needs)}{logic}</decision>'


def tree(*parts: str, namespace: str = NAMESPACE) -> Any:
    """The parsed XML of a model."""
    body = "\n".join(parts)
    spaces = f'xmlns="{namespace}" xmlns:tc="urn:tiemchung:bpmn:1"'
    return etree.fromstring(f'<definitions {spaces} id="m" name="m" namespace="n">\n{body}\n</definitions>')


def model(*parts: str, namespace: str = NAMESPACE) -> decisions.DecisionModel:
    return decisions.read(tree(*parts, namespace=namespace), "rules.dmn")


def one_table(*arguments: Any, **more: Any) -> decisions.DecisionModel:
    """A model with a single table, the decision `d`."""
    return model(decision("d", table(*arguments, **more)))


def outcome(found: decisions.DecisionModel, identity: str = "d", /, **variables: Any) -> decisions.Outcome:
    return decisions.evaluate(found, identity, variables, MOMENT)


def findings(*parts: str) -> list[errors.Finding]:
    """What reading a model complains about."""
    try:
        model(*parts)
    except errors.Invalid as refused:
        return list(refused.findings)
    return []
