"""Whether somebody is in the registry already: certain, suspected with a score and the grounds, or new.

*Certain* needs a paper in common and nothing that contradicts it: a number that two people show, with another
name or birth date, is a mistake in one of the two, so it makes a suspect. A telephone in common never decides
anything alone: households share them. Weights are parameters of this registry, not facts of medicine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher

from sqlalchemy import Connection, or_, select

from engine.catalogue import Context, Json
from engine.errors import Finding
from integrations.people import contacts, names, queries, registry, searches, tables
from integrations.people.identifiers import Identifier
from integrations.people.registry import Person

SAME_NAME = 0.85  # alike enough to be one name, with a slip of the pen
LIKE_NAME = 0.6
LEAST = 0.5  # below this nobody is suspected
MOST = 8  # suspects told
MOST_CONSIDERED = 60
WEIGHTS = {"identifier": 0.5, "name": 0.3, "born_on": 0.25, "birth_year": 0.1, "sex": 0.05, "phone": 0.1}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of somebody who may be in the registry."""

    name: str
    born_on: date
    sex: str | None
    identifiers: tuple[Identifier, ...]
    phones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much somebody is like a person of the registry: from 0 to 1, on which grounds, against which."""

    score: float
    because: tuple[str, ...]
    against: tuple[str, ...]

    @property
    def is_certain(self) -> bool:
        return "identifier" in self.because and not self.against

    @property
    def is_suspect(self) -> bool:
        """More than a telephone in common, and enough of it."""
        return "identifier" in self.because or (self.score >= LEAST and "name" in self.because)


def match(inputs: Json, context: Context) -> Json:
    """`certain`: the person's id or null; `suspects`: {person_id, label, score, because, against}, likeliest first.

    Papers and telephones that cannot be are left out of the comparison: a list is matched before it is mended.
    """
    ignored: list[Finding] = []
    papers, phones = contacts.read(inputs, ignored)
    known = Known(
        names.written(inputs["name"]),
        date.fromisoformat(inputs["born_on"]),
        inputs.get("sex"),
        papers,
        phones,
    )
    return found(context.transaction(), known)


def found(connection: Connection, known: Known) -> Json:
    """The same for what is known of somebody."""
    judged = [(likeness(known, person), person) for person in _candidates(connection, known)]
    certain = [person for like, person in judged if like.is_certain]
    suspects = sorted(
        ((like, person) for like, person in judged if like.is_suspect),
        key=lambda pair: (-pair[0].score, pair[1].id),
    )
    only = certain[0] if len({person.id for person in certain}) == 1 else None
    return {
        "certain": str(only.id) if only else None,
        "suspects": [
            {
                "person_id": str(person.id), "label": queries.label(person), "score": round(like.score, 2),
                "because": list(like.because), "against": list(like.against),
            }
            for like, person in suspects[:MOST]
            if only is None or person.id != only.id
        ],
    }  # fmt: skip


def likeness(known: Known, person: Person) -> Likeness:
    """How somebody compares with a person; pure."""
    because, against, score = [], [], 0.0
    if set(known.identifiers) & set(person.identifiers):
        because.append("identifier")
    elif _contradict(known.identifiers, person.identifiers):
        against.append("identifier")
    alike = name_likeness(known.name, person.name)
    if alike >= SAME_NAME:
        because.append("name")
        score += WEIGHTS["name"] * alike
    elif alike >= LIKE_NAME:
        because.append("name")
        against.append("name")
        score += WEIGHTS["name"] * alike / 2
    else:
        against.append("name")
    if known.born_on == person.born_on:
        because.append("born_on")
    elif known.born_on.year == person.born_on.year:
        because.append("birth_year")
        against.append("born_on")
    else:
        against.append("born_on")
    if known.sex and known.sex == person.sex:
        because.append("sex")
    elif known.sex:
        against.append("sex")
    if set(known.phones) & set(person.phones):
        because.append("phone")
    score += sum(WEIGHTS[ground] for ground in because if ground != "name")
    return Likeness(min(score, 1.0), tuple(because), tuple(against))


def name_likeness(one: str, other: str) -> float:
    """From 0 to 1, without diacritics; words in another order are nearly as good."""
    left, right = names.key(one), names.key(other)
    straight = SequenceMatcher(None, left, right, autojunk=False).ratio()
    sorted_ratio = SequenceMatcher(
        None, " ".join(sorted(left.split())), " ".join(sorted(right.split())), autojunk=False
    ).ratio()
    return max(straight, 0.95 * sorted_ratio)


def _contradict(one: tuple[Identifier, ...], other: tuple[Identifier, ...]) -> bool:
    """Whether both show a paper of one type, with different numbers."""
    mine = {paper.type: paper.value for paper in one}
    return any(paper.type in mine and mine[paper.type] != paper.value for paper in other)


def _candidates(connection: Connection, known: Known) -> list[Person]:
    """Who might be the one: by paper, by telephone, by birth date with a word of the name, by the whole name."""
    person, paper = tables.person, tables.person_identifier
    phone = tables.person_phone
    asked = [
        select(paper.c.person_id).where(paper.c.type == one.type, paper.c.value == one.value)
        for one in known.identifiers
    ]
    if known.phones:
        asked.append(select(phone.c.person_id).where(phone.c.phone.in_(known.phones)))
    words = names.words(known.name)
    if words:
        some_word = or_(*(searches.words_begin(person.c.name_key, (word,)) for word in words))
        asked.append(select(person.c.person_id).where(person.c.born_on == known.born_on, some_word))
    asked.append(
        select(person.c.person_id).where(
            person.c.name_key == names.key(known.name),
            person.c.born_on.between(date(known.born_on.year, 1, 1), date(known.born_on.year, 12, 31)),
        )
    )
    found: dict[int, None] = {}
    for query in asked:
        found |= dict.fromkeys(connection.scalars(query.limit(MOST_CONSIDERED)))
    return registry.people(connection, tuple(found))
