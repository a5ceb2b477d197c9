"""The key by which a lane is known: its id, or its name where the id is one that a modeler made up."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

# bpmn-js and its relatives write `Lane_` and seven characters, or a number.
_GENERATED = re.compile(r"Lane_([0-9a-z]{7}|[0-9]+)\Z")


def keys(lanes: Mapping[str, str]) -> dict[str, str]:
    """Lane id -> key, for lanes by id with their names.

    A lane with an id of its own keeps it. One with a made-up id takes its name in plain letters
    (`Quầy mượn trả` is `quay_muon_tra`), unless two lanes would then share a key.
    """
    wanted = {lane: plain(name) if _GENERATED.match(lane) else lane for lane, name in lanes.items()}
    often = Counter(wanted.values())
    return {lane: key if key and often[key] == 1 else lane for lane, key in wanted.items()}


def plain(name: str) -> str:
    """A name in lower-case letters without accents, digits and underscores."""
    letters = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "_", bare).strip("_")
