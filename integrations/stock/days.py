"""What the lines of a local day add up to, kept in the transaction that adds them; reports read nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from integrations.stock import moments
from integrations.stock.entries import Account, Event, Key, Kind, Line

Figures = dict[tuple[Key, date], dict[str, int]]

_COUNTED = {
    Account.INJECTED: ("injected", 1),
    Account.WASTED_CLOSED: ("wasted_closed", 1),
    Account.WASTED_OPEN: ("wasted_open", 1),
    Account.UNRECONCILED: ("unreconciled", 1),
    Account.MANUFACTURER: ("received", -1),
    Account.DONOR: ("received", -1),
    Account.GAIN: ("gained", -1),
}
_WAYS = {Kind.ISSUED: "moved", Kind.ARRIVED: "moved", Kind.RESOLVED: "moved", Kind.RETURNED: "returned"}


def of(happened: Event, lines: Sequence[Line]) -> Figures:
    """What the lines add to each day of each shelf; what is taken back is taken from the figure it was added to."""
    figures: Figures = {}
    kind = happened.of or happened.kind
    way = _WAYS.get(kind)
    back = -1 if happened.reverses is not None else 1
    for line in lines:
        counted = figures.setdefault((line.key, moments.local_day(line.at)), {})
        if line.account in _COUNTED:
            name, sign = _COUNTED[line.account]
            counted[name] = counted.get(name, 0) + sign * line.doses
            if kind is Kind.RESOLVED:  # lost on the way: it came, and went to waste
                counted["moved_in"] = counted.get("moved_in", 0) + line.doses
        elif line.account is Account.STORE:
            counted["store"] = counted.get("store", 0) + line.doses
            if way is not None:
                name, sign = (f"{way}_in", 1) if line.doses * back > 0 else (f"{way}_out", -1)
                counted[name] = counted.get(name, 0) + sign * line.doses
    return {place: counted for place, counted in figures.items() if counted}
