"""Forms declared as JSON Schema 2020-12: read and checked once, then judged against answers in microseconds.

`read` a form, `initial` what it starts with, `asked` which questions it asks right now, `judge` answers
(or `validate` and `cleaned`, the two halves of judging).
"""

from __future__ import annotations

from engine.forms.judgements import Judgement, cleaned, judge, validate
from engine.forms.prefills import initial, without_secrets
from engine.forms.questions import Question, asked
from engine.forms.reading import Form, read

__all__ = [
    "Form",
    "Judgement",
    "Question",
    "asked",
    "cleaned",
    "initial",
    "judge",
    "read",
    "validate",
    "without_secrets",
]
