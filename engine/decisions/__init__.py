"""Decision models (DMN 1.1 to 1.5): read once, evaluated many times, every evaluation able to explain itself."""

from __future__ import annotations

from engine.decisions.evaluation import evaluate, evaluate_service
from engine.decisions.explanations import Explanation, compact
from engine.decisions.linking import read as link
from engine.decisions.models import Decision, DecisionModel, HitPolicy, Outcome, Rule, RuleTrace
from engine.decisions.reading import read

__all__ = [
    "Decision", "DecisionModel", "Explanation", "HitPolicy", "Outcome", "Rule", "RuleTrace", "compact", "evaluate",
    "evaluate_service", "link", "read",
]  # fmt: skip
