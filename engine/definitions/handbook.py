"""A process as a page to read: what it is, its drawing, steps, forms, tables, records; written from the definition.

Markdown, Vietnamese and English beside each other; the drawing is Mermaid. What the owner writes by hand in the
process's README.md stands on top; where the process has editions, a table tells them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from engine import texts
from engine.bpmn.model import Kind, Node
from engine.decisions.models import Decision, Table
from engine.definitions.definition import Definition
from engine.definitions.edition_changes import Changed
from engine.forms import Form
from engine.forms.reading import fields_by_key

README = "README.md"
_SHAPES = {
    Kind.START: "([{}])", Kind.END: "([{}])", Kind.EXCLUSIVE: "{{{}}}", Kind.INCLUSIVE: "{{{}}}",
    Kind.PARALLEL: "{{{}}}", Kind.EVENT_BASED: "{{{}}}", Kind.RULE_TASK: "[/{}/]",
    Kind.SERVICE_TASK: "[[{}]]", Kind.BOUNDARY: "({})",
}  # fmt: skip
_ROUND = "({})"
_BOX = "[{}]"
_PEOPLE = (Kind.USER_TASK, Kind.MANUAL_TASK)


def page(definition: Definition, editions: Iterable[Changed] = ()) -> str:
    """The whole page of a process, or of one of its editions, with a table of all editions there are."""
    parts = [_head(definition), _editions(definition, editions), _drawing(definition), _steps(definition)]
    parts += [_form(definition, definition.forms[name]) for name in definition.manifest.forms]
    parts += _decisions(definition)
    parts += [_levels(definition), _records(definition)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(definition: Definition) -> str:
    readme = definition.bundle.files.get(README, b"").decode().strip()
    name = " · ".join(dict.fromkeys(definition.name(language) for language in texts.LANGUAGES))
    prose = readme.partition("\n")[2].strip() if readme.startswith("# ") else readme
    said = "> Written by `tiemchung document` from the definition; change that, not this page."
    parts = (f"# {definition.key}: {name}", said, _edition(definition), prose)
    return "\n\n".join(part for part in parts if part)


def _edition(definition: Definition) -> str:
    """Which edition the page is of."""
    edition = definition.edition
    if edition is None:
        return ""
    authority = edition.authority
    return (
        f"Bản · Edition `{edition.name}`: {authority.number}, {authority.on.isoformat()}; "
        f"từ · from {edition.effective_from:%Y-%m-%d}."
    )


def _editions(definition: Definition, editions: Iterable[Changed]) -> str:
    """Every edition in order of effect: from when, by whose decision, and what it changes over which."""
    rows = [
        (
            f"`{one.edition.name}`{' (this page)' if one.edition == definition.edition else ''}",
            f"{one.edition.effective_from:%Y-%m-%d}", *_authority(one),
            f"`{one.over}`" if one.over else "", _changed(one) if one.over else "",
        )
        for one in editions
    ]  # fmt: skip
    head = ("edition", "from", "decision", "tiếng Việt", "English", "follows", "changes")
    return _table("Các bản đã ban hành · What each edition changes", head, rows)


def _authority(told: Changed) -> tuple[str, ...]:
    authority = told.edition.authority
    number = f"{authority.number}, {authority.on.isoformat()}"
    return (number, *(authority.title[language] for language in texts.LANGUAGES))


def _changed(told: Changed) -> str:
    groups = (("decisions", told.decisions), ("forms", told.forms), ("other", told.files))
    return " · ".join(f"{group}: {', '.join(names)}" for group, names in groups if names) or "words only"


def _drawing(definition: Definition) -> str:
    """The flow as Mermaid, sub-processes as boxes; labels in the first language."""
    lines = ["## Luồng · Flow", "", "```mermaid", "flowchart TD", *_scope(definition, None, "  ")]
    for flow in definition.model.flows.values():
        label = f"|{_quoted(flow.name)}|" if flow.name else ""
        lines.append(f"  {_id(flow.source)} -->{label} {_id(flow.target)}")
    for node in definition.model.nodes.values():
        if node.attached_to is not None:
            lines.append(f"  {_id(node.attached_to)} -.- {_id(node.id)}")
    return "\n".join([*lines, "```"])


def _scope(definition: Definition, scope: str | None, indent: str) -> Iterator[str]:
    for node in definition.model.inside(scope):
        name = definition.element_name(texts.LANGUAGES[0], node.id)
        label = _quoted(" " if name == node.id else name)  # what the written flow implies has no name
        inner = list(_scope(definition, node.id, indent + "  "))
        if inner:
            yield f"{indent}subgraph {_id(node.id)} [{label}]"
            yield from inner
            yield f"{indent}end"
        else:
            shape = _SHAPES.get(node.kind, _BOX if node.kind.value.endswith("Task") else _ROUND)
            yield f"{indent}{_id(node.id)}{shape.format(label)}"


def _steps(definition: Definition) -> str:
    """What people do, in the order of the file: step, lane, form, time allowed."""
    levels = definition.manifest.service_levels
    rows = [
        (
            f"`{node.id}`", *_both(definition, node), f"`{node.lane}`" if node.lane else "",
            f"`{node.form}`" if node.form else "", _duration(levels.get(node.id)),
        )
        for node in definition.model.nodes.values()
        if node.kind in _PEOPLE
    ]  # fmt: skip
    return _table(
        "Việc của người · What people do", ("step", "tiếng Việt", "English", "lane", "form", "within"), rows
    )


def _form(definition: Definition, form: Form) -> str:
    title = " · ".join(dict.fromkeys(_texts(definition, f"forms.{form.name}.title")))
    rows = []
    for key, field in fields_by_key(form.plan):
        options = ", ".join(f"`{option}`" for option in field.options)
        must = "yes" if key in form.plan.demanded else ""
        rows.append(
            (
                f"`{key}`",
                *_texts(definition, f"forms.{form.name}.fields.{key}.title"),
                field.kind.value,
                must,
                options,
            )
        )
    return _table(
        f"Biểu mẫu · Form `{form.name}`: {title}",
        ("field", "tiếng Việt", "English", "kind", "required", "options"),
        rows,
    )


def _decisions(definition: Definition) -> Iterator[str]:
    """What the process decides by, then every table and expression of the files they are in, those required too."""
    rows = [
        (
            f"`{key}`",
            *_texts(definition, f"decisions.{key}.name"),
            f"`{used.decision}`",
            f"`{used.model.file}`",
        )
        for key, used in definition.decisions.items()
    ]
    yield _table("Quyết định · Decisions", ("key", "tiếng Việt", "English", "decision", "file"), rows)
    for file, model in definition.models.items():
        told = model.decisions.values()
        yield from (_rules(definition, one, one.table, file) for one in told if one.table is not None)
        expressions = [
            (f"`{one.id}`", *_texts(definition, f"decisions.{one.id}.name"), f"`{_line(one.text)}`")
            for one in told
            if one.table is None and one.text
        ]
        head = ("decision", "tiếng Việt", "English", "expression")
        yield _table(f"Biểu thức · Expressions in `{file}`: {model.name}", head, expressions)


def _rules(definition: Definition, decision: Decision, table: Table, file: str) -> str:
    """A table, a rule on each line with what its author wrote about it, then what its columns ask.

    One that asks nothing is a plain list.
    """
    named = " · ".join(filter(None, dict.fromkeys(_texts(definition, f"decisions.{decision.id}.name"))))
    where = f"{named or decision.name} ({table.hit_policy.value}, `{file}`)"
    title = f"Bảng quyết định · Decision table `{decision.id}`: {where}"
    if all(test.text == "-" for rule in table.rules for test in rule.tests):
        head = ("#", *(column.label or column.name for column in table.outputs), "")
        rows = [
            (str(rule.number), *(f"`{_line(cell.text)}`" for cell in rule.outputs), rule.annotation)
            for rule in table.rules
        ]
        return _table(title, head, rows)
    asked = [column.label or column.expression.text for column in table.inputs]
    given = [column.label or column.name for column in table.outputs]
    said = [
        (
            str(rule.number),
            _said(asked, [test.text for test in rule.tests], "-"),
            _said(given, [cell.text for cell in rule.outputs], "null"),
            rule.annotation,
        )
        for rule in table.rules
    ]
    columns = [
        f"- {name}: `{_line(column.expression.text)}`"
        for name, column in zip(asked, table.inputs, strict=True)
    ]
    told = _table(title, ("#", "khi · when", "thì · then", ""), said)
    return "\n".join([told, "", "Cột hỏi · What the columns ask:", "", *columns])


def _said(names: Iterable[str], cells: Iterable[str], nothing: str) -> str:
    """The cells that say something, each after the name of its column."""
    told = zip(names, cells, strict=True)
    return " · ".join(f"{name} `{_line(cell)}`".strip() for name, cell in told if cell != nothing)


def _levels(definition: Definition) -> str:
    """The time allowed for every wait that is not a person's step."""
    people = {node.id for node in definition.model.nodes.values() if node.kind in _PEOPLE}
    rows = [
        (f"`{element}`", *_both(definition, definition.model.nodes[element]), _duration(level))
        for element, level in definition.manifest.service_levels.items()
        if element not in people and element in definition.model.nodes
    ]
    return _table("Thời hạn khác · Other service levels", ("wait", "tiếng Việt", "English", "within"), rows)


def _records(definition: Definition) -> str:
    rows = [
        (
            f"`{rule.kind}`", *_texts(definition, f"records.{rule.kind}.name"), f"`{rule.at}`",
            ", ".join(f"`{name}`" for name in rule.values),
        )
        for rule in definition.manifest.records
    ]  # fmt: skip
    return _table("Ghi lại · Records", ("kind", "tiếng Việt", "English", "written at", "values"), rows)


def _table(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(_cell(one) for one in row)} |" for row in rows]
    if not lines:
        return ""
    level = "###" if "`" in title else "##"
    return "\n".join(
        [
            f"{level} {title}",
            "",
            f"| {' | '.join(_cell(one) for one in head)} |",
            "|" + " --- |" * len(head),
            *lines,
        ]
    )


def _both(definition: Definition, node: Node) -> tuple[str, ...]:
    return tuple(definition.element_name(language, node.id) for language in texts.LANGUAGES)


def _texts(definition: Definition, key: str) -> tuple[str, ...]:
    return tuple(definition.text(language, key) or "" for language in texts.LANGUAGES)


def _line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _quoted(text: str) -> str:
    return '"' + " ".join(text.split()).replace('"', "#quot;") + '"'


def _id(element: str) -> str:
    """An id that Mermaid takes for nothing else: `end` is a word of its own."""
    return "e_" + "".join(letter if letter.isalnum() or letter == "_" else "_" for letter in element)


def _duration(length: timedelta | None) -> str:
    """A length in the two largest units that it has."""
    if length is None:
        return ""
    minutes, _ = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{number} {unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if number]
    return " ".join(parts[:2]) or f"{int(length.total_seconds())} s"
