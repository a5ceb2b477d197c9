"""Messages and timers: how an element begins to wait for them, and how a message leaves."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine import feel
from engine.bpmn.model import Message, Node, Timer, TimerKind
from engine.runtime.outcomes import Happened, Outgoing
from engine.runtime.state import Json, Token, Variables, Wait, WaitKind
from engine.runtime.step import Fault, Step

_CYCLE = re.compile(r"R(\d*)/(.+)")
_WEEKS = re.compile(r"P(\d+)W", re.ASCII)  # ISO 8601 has weeks, FEEL has not
_LATER = feel.compile("date and time(moment) + duration(length)", ("moment", "length"))


def await_message(step: Step, token: Token, node: Node) -> None:
    """Open the wait for a message at a node (its own token, or a token it is attached to)."""
    message = _message(node)
    key = correlation_key(step, message, step.visible(token.scope), node.id)
    step.open(Wait(WaitKind.MESSAGE, token.id, node.id, name=message.name, key=key))


def await_timer(step: Step, token: Token, node: Node) -> None:
    """Open the wait for a moment at a node."""
    if node.timer is None:
        raise Fault("timer_missing", element=node.id)
    text = step.value(node.timer.expression, step.visible(token.scope), node.id)
    due_at, cycle = due(node.timer, text, step.around.moment, node.id)
    step.open(Wait(WaitKind.TIMER, token.id, node.id, due_at=due_at, cycle=cycle))


def throw_message(step: Step, token: Token, node: Node) -> None:
    """Send a node's message to whoever waits for it: an outgoing, delivered after the step."""
    message = _message(node)
    variables = step.visible(token.scope)
    payload = step.value(message.payload, variables, node.id) if message.payload else {}
    if not isinstance(payload, dict):
        raise Fault("payload_not_a_context", element=node.id, found=str(payload)[:200])
    key = correlation_key(step, message, variables, node.id)
    step.outgoing.append(
        Outgoing("message", token.id, node.id, message.name, {"key": key, "payload": payload})
    )
    step.note(Happened.THROWN, node.id, token.id, {"message": message.name})


def correlation_key(step: Step, message: Message, variables: Variables, element: str) -> str:
    """The key as text; an empty key (null) would match a stranger, so it is a fault."""
    if message.key is None:
        return ""
    key = feel.as_text(step.value(message.key, variables, element))
    if not key:
        raise Fault("key_empty", element=element, expression=message.key.text)
    return key


def due(timer: Timer, value: Json, moment: feel.Moment, element: str) -> tuple[datetime, str]:
    """When a timer comes due, and what is left of its cycle ("" for none)."""
    if not isinstance(value, str):
        raise Fault("timer_value", element=element, expression=timer.expression.text, found=str(value))
    if timer.kind is TimerKind.DATE:
        return instant(value, moment, element), ""
    if timer.kind is TimerKind.DURATION:
        return later(moment.now, value, moment, element), ""
    cycle = _CYCLE.fullmatch(value)
    if cycle is None:
        raise Fault("timer_value", element=element, expression=timer.expression.text, found=value)
    return later(moment.now, cycle.group(2), moment, element), value


def next_in_cycle(
    cycle: str, fired_at: datetime, moment: feel.Moment, element: str
) -> tuple[datetime, str] | None:
    """The next moment of a cycle after one firing; None when it is used up."""
    found = _CYCLE.fullmatch(cycle)
    if found is None:
        return None
    count, length = found.groups()
    if count and int(count) <= 1:
        return None
    rest = f"R{int(count) - 1 if count else ''}/{length}"
    try:
        return later(fired_at, length, moment, element), rest
    except Fault:
        return None  # the calendar ends before the cycle does


def later(start: datetime, length: str, moment: feel.Moment, element: str) -> datetime:
    """`start` plus an ISO 8601 duration, by the calendar of the campaign's zone, clamped to month ends."""
    local = start.astimezone(moment.zone).isoformat()
    weeks = _WEEKS.fullmatch(length)
    try:
        value = _LATER.json(
            {"moment": local, "length": f"P{int(weeks[1]) * 7}D" if weeks else length}, moment
        )
    except feel.FeelError as error:
        raise Fault("timer_value", element=element, expression=length, found=length) from error
    if not isinstance(value, str):
        raise Fault("timer_value", element=element, expression=length, found=length)
    return instant(value, moment, element)


def instant(value: str, moment: feel.Moment, element: str) -> datetime:
    """A date (its midnight) or date-time, in the campaign's zone unless it names another; in UTC."""
    text, _, name = value.partition("@")
    try:
        parsed = datetime.fromisoformat(text)
        if "T" not in text:
            parsed = datetime.combine(parsed.date(), time())
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=ZoneInfo(name) if name else moment.zone)
        return parsed.astimezone(UTC)
    except (ValueError, OverflowError, ZoneInfoNotFoundError) as error:
        raise Fault("timer_value", element=element, expression=value, found=value) from error


def _message(node: Node) -> Message:
    if node.message is None:
        raise Fault("message_missing", element=node.id)
    return node.message
