"""Walks over the nodes and flows of a model; each visits every edge at most once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable

Edges = Callable[[str], Iterable[str]]


def reached(starts: Iterable[str], following: Edges, without: Collection[str] = ()) -> set[str]:
    """Everything that can be reached from `starts`, themselves included, not stepping on `without`."""
    seen = {start for start in starts if start not in without}
    queue = deque(seen)
    while queue:
        for after in following(queue.popleft()):
            if after not in seen and after not in without:
                seen.add(after)
                queue.append(after)
    return seen


def cycles(nodes: Collection[str], following: Edges) -> list[list[str]]:
    """The strongly connected parts that hold a cycle, by Tarjan's algorithm with its own stack."""
    inside = set(nodes)
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[list[str]] = []
    for root in nodes:
        if root in number:
            continue
        work = [(root, iter([step for step in following(root) if step in inside]))]
        number[root] = low[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, steps = work[-1]
            step = next(steps, None)
            if step is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == number[node]:
                    found.append(_popped(stack, on_stack, node))
            elif step not in number:
                number[step] = low[step] = len(number)
                stack.append(step)
                on_stack.add(step)
                work.append((step, iter([after for after in following(step) if after in inside])))
            elif step in on_stack:
                low[node] = min(low[node], number[step])
    return [part for part in found if len(part) > 1 or part[0] in following(part[0])]


def _popped(stack: list[str], on_stack: set[str], until: str) -> list[str]:
    part: list[str] = []
    while not part or part[-1] != until:
        part.append(stack.pop())
        on_stack.discard(part[-1])
    return part
