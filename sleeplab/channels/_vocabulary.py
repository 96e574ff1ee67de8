"""The words of labels, loaded once from ``vocabulary.toml``."""

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any, NamedTuple


class Term(NamedTuple):
    """A thing that a label may name, with what follows from it."""

    name: str
    role: str
    modality: str
    kind: str
    vague: bool
    paired: bool


class Meaning(NamedTuple):
    """What a spelling means: ``sort`` is "term", "scalp", "reference", "eye", "side", "state" or "filler"."""

    sort: str
    value: str


class Vocabulary(NamedTuple):
    """Every spelling (a tuple of words) with its meaning, and what belongs to it."""

    phrases: dict[tuple[str, ...], Meaning]
    expand: dict[tuple[str, ...], tuple[str, ...]]
    terms: dict[str, Term]
    labels: dict[str, str]
    beside: dict[str, str]
    beside_tracks: tuple[str, ...]
    longest: int


@cache
def load_vocabulary() -> Vocabulary:
    """Read the vocabulary; the same object each time."""
    text = resources.files(__package__).joinpath("vocabulary.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    phrases = {tuple(spelling.split()): meaning for spelling, meaning in _spellings(data)}
    terms = {term["name"]: _term(term) for term in data["terms"]}
    expand = {tuple(key.split()): tuple(value.split()) for key, value in data["expand"].items()}
    expand |= {(f"{name}{side}".lower(),): pair for name, side, pair in _sided_names(terms, data["sides"])}
    beside = data["beside"]
    return Vocabulary(
        phrases=phrases,
        expand=expand,
        terms=terms,
        labels=data["labels"],
        beside={key: value for key, value in beside.items() if key != "tracks"},
        beside_tracks=tuple(beside["tracks"]),
        longest=max(map(len, phrases)),
    )


def _term(entry: dict[str, Any]) -> Term:
    return Term(
        name=entry["name"],
        role=entry["role"],
        modality=entry["modality"],
        kind=entry.get("kind", "signal"),
        vague=entry.get("vague", False),
        paired=entry.get("paired", False),
    )


def _sided_names(
    terms: dict[str, Term], sides: dict[str, list[str]]
) -> Iterator[tuple[str, str, tuple[str, str]]]:
    """Yield the names that carry a side: LegL is leg, left."""
    for term in terms.values():
        if term.paired:
            yield from ((term.name, side, (term.name.lower(), words[0])) for side, words in sides.items())


def _spellings(data: dict[str, Any]) -> Iterator[tuple[str, Meaning]]:
    for row, columns in data["scalp"].items():
        for column in columns:
            yield f"{row}{column}".lower(), Meaning("scalp", f"{row}{column}")
    for sort in ("reference", "eye", "side", "state"):
        for value, words in data[f"{sort}s"].items():
            yield from ((word, Meaning(sort, value)) for word in words)
    yield from ((word, Meaning("filler", word)) for word in data["fillers"]["words"])
    for term in data["terms"]:
        yield from ((word, Meaning("term", term["name"])) for word in term["words"])
