"""Built-in functions on contexts (DMN 1.5, 10.3.4.11)."""

from __future__ import annotations

from engine.feel.budgets import Run
from engine.feel.faults import Refusal
from engine.feel.functions.declared import built_in
from engine.feel.values import kind

Context = dict[str, object]


@built_in("get value", "m: context, key: string -> Any", 2)
def value_of_key(run: Run, m: Context, key: str) -> object:
    if key not in m:
        raise Refusal("entry_unknown", name=key)
    return m[key]


@built_in("get value", "m: context, keys: list -> Any", 2)
def value_of_keys(run: Run, m: Context, keys: list[object]) -> object:
    found: object = m
    for key in _path(keys):
        if not isinstance(found, dict) or key not in found:
            raise Refusal("entry_unknown", name=key)
        found = found[key]
    return found


@built_in("get entries", "m: context -> list<context>")
def entries_of(run: Run, m: Context) -> object:
    run.spend(len(m))
    return [{"key": key, "value": value} for key, value in m.items()]


@built_in("context", "entries: list -> context")
def context_of(run: Run, entries: list[object]) -> object:
    """A context from `{key, value}` entries; a key twice, or an entry without either, is refused."""
    run.spend(len(entries))
    built: Context = {}
    for entry in entries:
        key = entry.get("key") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(key, str) or "value" not in entry:
            raise Refusal("entry_shape")
        if key in built:
            raise Refusal("entry_twice", name=key)
        built[key] = entry["value"]
    return built


@built_in("context put", "context: context, key: string, value: any -> context")
def put_key(run: Run, context: Context, key: str, value: object) -> object:
    run.spend(len(context))
    return {**context, key: value}


@built_in("context put", "context: context, keys: list, value: any -> context")
def put_keys(run: Run, context: Context, keys: list[object], value: object) -> object:
    return _put(run, context, _path(keys), value)


@built_in("context merge", "contexts: list -> context")
def merge(run: Run, contexts: list[object]) -> object:
    merged: Context = {}
    for context in contexts:
        if not isinstance(context, dict):
            raise Refusal("argument_kind", expected="context", found=kind(context))
        run.spend(len(context) + 1)
        merged.update(context)
    return merged


def _path(keys: list[object]) -> list[str]:
    if not keys or len(keys) > 60:
        raise Refusal("entry_path")
    if not all(isinstance(key, str) for key in keys):
        raise Refusal("entry_path")
    return [key for key in keys if isinstance(key, str)]


def _put(run: Run, context: Context, keys: list[str], value: object) -> Context:
    run.spend(len(context) + 1)
    if len(keys) == 1:
        return {**context, keys[0]: value}
    inner = context.get(keys[0], {})
    if not isinstance(inner, dict):
        raise Refusal("entry_path")
    return {**context, keys[0]: _put(run, inner, keys[1:], value)}
