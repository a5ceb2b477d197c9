"""A form as a page shows it: its questions with labels, values, options and faults, in sections, in one language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from engine import feel, forms, texts
from engine.errors import Finding
from engine.forms.kinds import Kind
from web import form_fields, locales, wordings

_KEYBOARDS = {
    "number": "decimal",
    "date": "numeric",
    "time": "numeric",
    "tel": "tel",
    "email": "email",
    "url": "url",
}
_WIDTHS = {
    "number": "short",
    "date": "short",
    "time": "short",
    "datetime": "medium",
    "tel": "medium",
    "select": "medium",
}
_SPELT = {"true": True, "yes": True, "false": False, "no": False}
_TEXT_NAMES = {"vi": {True: "Có", False: "Không"}, "en": {True: "Yes", False: "No"}}

Texts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Option:
    id: str
    text: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Widget:
    """One question as it is drawn; `kind` names the macro that draws it."""

    kind: str
    id: str
    name: str
    pointer: str
    label: str
    required: bool
    value: str = ""
    help: str = ""
    unit: str = ""
    placeholder: str = ""
    fault: str = ""
    options: tuple[Option, ...] = ()
    inner: tuple[Widget, ...] = ()
    entry: str = ""  # what one entry of a list is called
    may_add: bool = True
    may_remove: bool = True
    autofocus: bool = False
    width: str = "full"
    inputmode: str = ""
    query: str = ""
    found: str = ""  # the line of what is looked up
    longest: int | None = None
    wide: bool = False  # options stand below each other

    @property
    def described_by(self) -> str:
        """Ids of the help and the fault, for aria-describedby."""
        parts = (f"{self.id}-help" if self.help else "", f"{self.id}-fault" if self.fault else "")
        return " ".join(part for part in parts if part)

    @property
    def target(self) -> str:
        """The id of the control that gets the focus from the summary."""
        return self.options[0].id if self.options and self.kind != "select" else self.id


@dataclass(frozen=True, slots=True)
class Section:
    key: str
    title: str
    widgets: tuple[Widget, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One line of the summary; `target` is empty when no control on the page can mend it."""

    sentence: str
    target: str


@dataclass(frozen=True, slots=True)
class FormView:
    """`kept` are answers to questions not asked now, carried along until the form is submitted; `focus` is an id."""

    name: str
    title: str
    intro: str
    submit: str
    sections: tuple[Section, ...]
    faults: tuple[Fault, ...]
    kept: tuple[form_fields.Pair, ...]
    focus: str = ""

    def widgets(self) -> Iterator[Widget]:
        """Every widget with its inner ones."""
        waiting = [widget for section in self.sections for widget in section.widgets]
        while waiting:
            widget = waiting.pop(0)
            yield widget
            waiting[:0] = widget.inner


@dataclass(frozen=True, slots=True)
class Situation:
    """What surrounds a form: the case's variables, the moment (with the campaign's zone) and the reader's language.

    `wording` is the form's section of the definition's texts; `fallback` the same in the first language. `offers`
    are the options that queries gave, by field; `labels` the lines of what look-up fields hold, by pointer.
    """

    variables: Mapping[str, Any]
    moment: feel.Moment
    language: str
    wording: Texts
    fallback: Texts
    offers: Mapping[str, Iterable[tuple[str, str]]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


def view(
    form: forms.Form,
    answers: dict[str, Any],
    situation: Situation,
    findings: Iterable[Finding] = (),
    posted: form_fields.Posted | None = None,
) -> FormView:
    """The form for these answers; `posted` when it is shown again, for the entries of lists and the focus."""
    rows = None if posted is None else posted.rows
    asked = forms.asked(form, answers, situation.variables, situation.moment, rows)
    drawing = _Drawing(form, situation, tuple(findings), posted)
    widgets = tuple(drawing.widget(question) for question in asked)
    kept = form_fields.pairs(form, answers, situation.language, situation.moment.zone)
    return FormView(
        name=form.name,
        title=drawing.text("title") or form.name,
        intro=drawing.text("intro"),
        submit=drawing.text("submit"),
        sections=_sections(form, drawing, widgets),
        faults=drawing.faults(widgets),
        kept=tuple(pair for pair in kept if not drawing.draws(pair[0])),
        focus=_focus(widgets, posted),
    )


def _focus(widgets: Iterable[Widget], posted: form_fields.Posted | None) -> str:
    """After an entry was added: its first control; after one was removed: the button that adds."""
    if posted is None or not posted.focus:
        return ""
    waiting = list(widgets)
    while waiting:
        widget = waiting.pop(0)
        if widget.name == posted.focus:
            if posted.asks != form_fields.ADD or not widget.inner:
                return f"{widget.id}-add"
            entry = widget.inner[-1]
            return (entry.inner[0] if entry.inner else entry).target
        waiting.extend(widget.inner)
    return ""


def _sections(form: forms.Form, drawing: _Drawing, widgets: tuple[Widget, ...]) -> tuple[Section, ...]:
    """Widgets by section in the declared order; what belongs to none stands first, without a title."""
    listed = {name: one["key"] for one in form.plan.sections for name in one.get("fields", ())}
    keys = {"": None, **{one["key"]: None for one in form.plan.sections}}
    grouped: dict[str, list[Widget]] = {key: [] for key in keys}
    fields = form.plan.every()
    for widget in widgets:
        key = fields[widget.name].hint.section or listed.get(widget.name, "")
        grouped.setdefault(key, []).append(widget)
    return tuple(
        Section(key, drawing.text("sections", key, "title"), tuple(found))
        for key, found in grouped.items()
        if found
    )


class _Drawing:
    def __init__(
        self,
        form: forms.Form,
        situation: Situation,
        findings: tuple[Finding, ...],
        posted: form_fields.Posted | None,
    ) -> None:
        self._form, self._situation, self._posted = form, situation, posted
        self._findings = findings
        self._names: set[str] = set()

    def text(self, *path: str) -> str:
        """A text of the form in the reader's language, else in the first language, else empty."""
        return _found(self._situation.wording, path) or _found(self._situation.fallback, path)

    def draws(self, name: str) -> bool:
        """Whether a control of this name is on the page."""
        return name in self._names

    def widget(self, question: forms.Question) -> Widget:
        """The question, and those inside it, ready to be drawn."""
        field, key = question.field, question.key
        name = ".".join(map(str, question.path))
        schema, hint = field.schema, field.hint
        kind = self._kind(question)
        widget = Widget(
            kind=kind,
            id=f"f-{name.replace('.', '-')}",
            name=name,
            pointer=question.pointer,
            label=self._label(question),
            required=question.required,
            value=self._value(question),
            help=self.text("fields", key, "help"),
            unit=self.text("fields", key, "unit") or hint.unit or "",
            placeholder=self.text("fields", key, "placeholder"),
            fault=self._fault(question.pointer, key),
            options=self._options(question, name),
            inner=self._inner(question),
            entry=self.text("fields", key, "item"),
            may_add=len(question.items) < schema.get("maxItems", 200),
            may_remove=len(question.items) > (schema.get("minItems", 0) if question.required else 0),
            autofocus=hint.autofocus,
            width=hint.width or _WIDTHS.get(kind, "full"),
            inputmode=hint.inputmode
            or ("numeric" if field.kind is Kind.INTEGER else _KEYBOARDS.get(kind, "")),
            query=hint.query or "",
            found=self._situation.labels.get(question.pointer, ""),
            longest=schema.get("maxLength"),
        )
        if kind not in ("group", "list", "read_only"):
            self._names.add(name)
        return replace(
            widget, wide=any(len(option.label) > 16 for option in widget.options) or len(widget.options) > 4
        )

    def faults(self, widgets: tuple[Widget, ...]) -> tuple[Fault, ...]:
        """The summary, in the order of the findings."""
        waiting, shown = list(widgets), dict[str, Widget]()
        while waiting:
            widget = waiting.pop(0)
            shown[widget.pointer] = widget
            waiting.extend(widget.inner)
        return tuple(self._summary(finding, shown) for finding in self._findings)

    def _summary(self, finding: Finding, shown: Mapping[str, Widget]) -> Fault:
        pointer = finding.pointer or ""
        names = finding.params.get("names") or [""]
        widget = shown.get(pointer) or shown.get(f"{pointer}/{names[0]}")
        key = _text_key(pointer)
        sentence = self._sentence(finding, key)
        if pointer in shown and shown[pointer].label:
            return Fault(wordings.said_of(shown[pointer].label, sentence), shown[pointer].target)
        if len(names) > 1:
            labels = [shown[f"{pointer}/{name}"].label for name in names if f"{pointer}/{name}" in shown]
            sentence = f"{sentence} ({', '.join(labels)})" if labels else sentence
        return Fault(sentence, widget.target if widget else "")

    def _fault(self, pointer: str, key: str) -> str:
        found = [self._sentence(finding, key) for finding in self._findings if finding.pointer == pointer]
        return " ".join(dict.fromkeys(found))

    def _sentence(self, finding: Finding, key: str) -> str:
        """The form's own sentence for this fault, else the engine's, with numbers in local style."""
        language = self._situation.language
        keyword = finding.code.partition("_")[0]
        own = self.text("fields", key, "errors", finding.code) or self.text("fields", key, "errors", keyword)
        params = {name: self._readable(value, key) for name, value in finding.params.items()}
        return (
            own.format_map(_Gaps(params))
            if own
            else texts.sentence(f"findings.{finding.code}", language, **params)
        )

    def _readable(self, value: Any, key: str) -> Any:
        if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
            return locales.number(value, self._situation.language)
        if isinstance(value, str):
            parent = key.rpartition(".")[0]
            return self.text("fields", f"{parent}.{value}" if parent else value, "title") or value
        return value

    def _kind(self, question: forms.Question) -> str:
        field = question.field
        if field.read_only:
            return "read_only"
        if field.kind is Kind.AGREEMENT:
            return "agreement"
        if field.kind is Kind.CHOICES:
            return "checkboxes"
        return field.widget

    def _label(self, question: forms.Question) -> str:
        title = self.text("fields", question.key, "title") or str(question.field.schema.get("title", ""))
        if isinstance(question.path[-1], int):
            entry = self.text("fields", question.key.removesuffix("[]"), "item")
            return title or f"{entry} {question.path[-1] + 1}".strip()
        return title or str(question.path[-1]).replace("_", " ")

    def _value(self, question: forms.Question) -> str:
        field, value = question.field, question.value
        if field.kind is Kind.CHOICES and field.read_only and isinstance(value, list):
            return "; ".join(self._option_label(question.key, one) for one in value)
        if value is None or field.write_only or field.kind in (Kind.GROUP, Kind.LIST, Kind.CHOICES):
            return ""
        if field.read_only and (field.options or isinstance(value, bool)):
            return self._option_label(question.key, value)
        return form_fields.written(field, value, self._situation.language, self._situation.moment.zone)

    def _options(self, question: forms.Question, name: str) -> tuple[Option, ...]:
        field, value = question.field, question.value
        if field.hint.options_query is not None:
            return tuple(
                Option(f"f-{name.replace('.', '-')}-{index}", text, label, text == value)
                for index, (text, label) in enumerate(self._situation.offers.get(field.name, ()))
            )
        offered = (True, False) if field.kind is Kind.BOOLEAN else field.options
        ticked = field.kind is Kind.BOOLEAN and field.widget == "checkbox"
        if field.read_only or ticked or field.kind is Kind.AGREEMENT:
            return ()
        chosen = value if isinstance(value, list) else [value]
        return tuple(
            Option(
                id=f"f-{name.replace('.', '-')}-{index}",
                text=form_fields.option_text(option),
                label=self._option_label(question.key, option),
                chosen=any(form_fields.alike(option, one) for one in chosen),
            )
            for index, option in enumerate(offered)
        )

    def _option_label(self, key: str, option: Any) -> str:
        text = form_fields.option_text(option)
        own = self.text("fields", key, "options", text)
        if not own and text in _SPELT:  # YAML reads an unquoted yes or no as a boolean key
            own = _found(self._situation.wording, ("fields", key, "options", _SPELT[text]))
        if own:
            return own
        return _TEXT_NAMES[self._situation.language][option] if isinstance(option, bool) else text

    def _inner(self, question: forms.Question) -> tuple[Widget, ...]:
        return tuple(self.widget(inner) for inner in (*question.inner, *question.items))


def _text_key(pointer: str) -> str:
    """The text key of a pointer: `/books/0/title` → `books[].title`."""
    parts = pointer.split("/")[1:]
    return "".join("[]" if part.isdecimal() else f".{part}" for part in parts).removeprefix(".")


def _found(wording: Any, path: Iterable[Any]) -> str:
    for step in path:
        if not isinstance(wording, Mapping) or step not in wording:
            return ""
        wording = wording[step]
    return wording if isinstance(wording, str) else ""


class _Gaps(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "…"
