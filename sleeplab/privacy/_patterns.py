"""What looks like a person in bytes: names that are given, dates, numbers, addresses.

UTF-8 and Latin-1 are searched as they stand. UTF-16 is first narrowed to one byte per letter, from either
byte and in either order, so that the same patterns serve.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote

import numpy as np

_MONTH = (
    rb"(?:jan|feb|f..?v|mar|apr|avr|may|mai|jun|juin|jul|juil|aug|ao..?t|sep|oct|nov|dec|d..?c)[a-z]{0,6}\.?"
)
_PARTS = {
    b"day": rb"(?:0?[1-9]|[12]\d|3[01])",
    b"month": rb"(?:0?[1-9]|1[0-2])",
    b"year": rb"(?:19|20)\d\d",
    b"word": _MONTH,
}
_ALONE = rb"(?<![^\W_])(?<!\d\.)"  # not in a word, a number or its decimals; file names join by underscores
_PATTERNS = {
    "date": _ALONE
    + rb"(?:%(day)s([./\- ])%(month)s\1(?:%(year)s|\d\d)|%(year)s([./\-])%(month)s\2%(day)s" % _PARTS
    + rb"|%(day)s[ \-_]%(word)s[ \-_]%(year)s)(?!\d)" % _PARTS,
    "number like a French NIR": _ALONE
    + rb"[1-478][ .]?\d\d[ .]?(?:0[1-9]|1[0-2]|[2-9]\d)[ .]?(?:\d\d|2[AB])[ .]?\d{3}[ .]?\d{3}"
    + rb"(?:[ .]?\d\d)?(?![^\W_])",
    "phone": _ALONE + rb"(?:0|(?:\+|00)33[ .\-]?(?:\(0\))?)[1-9](?:[ .\-]?\d\d){4}(?![^\W_])",
    "e-mail": rb"(?<![\w.])[a-z0-9][\w.+\-]{0,63}@[a-z0-9][a-z0-9\-]{1,62}\.[a-z]{2,}",
    "serial number": rb"(?:serial|s/n|device|appareil|equipment)[ \-]?(?:number|no\.?|nr\.?)?[ ]?[:=#]?[ ]?"
    rb"[a-z]{0,6}-?\d{4,}",
}
PATTERNS = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _PATTERNS.items()}
_LEAST_LETTERS, _LEAST_DIGITS = 3, 5
_LEAST_AMONG_SAMPLES = {"8 bits": 5, "UTF-16": 7}
"""Letters that a word needs to be looked for among samples: shorter ones stand there by chance."""


class Hit(NamedTuple):
    """Something found: what it looks like, how it is written, and at which byte it begins."""

    kind: str
    encoding: str
    position: int


class Needle(NamedTuple):
    """One word to look for, in all its spellings, lower case; ``raw`` are those without an escape."""

    kind: str
    n_letters: int
    raw: frozenset[bytes]
    spellings: frozenset[bytes]


def needles_for(names: Sequence[str]) -> list[Needle]:
    """Make a needle of each name and of each of its words.

    Raises
    ------
    ValueError
        If a name has fewer than three letters.

    Examples
    --------
    >>> [(needle.kind, needle.n_letters) for needle in needles_for(["Jane Smith"])]
    [('name 1', 9), ('name 1', 4), ('name 1', 5)]
    """
    needles = []
    for number, name in enumerate(names, start=1):
        words = [word for word in re.split(r"[\s_^,;]+", name.strip()) if word]
        n_letters = sum(map(len, words))
        if n_letters < _LEAST_LETTERS:
            msg = f"a name to look for must have {_LEAST_LETTERS} letters; name {number} has {n_letters}."
            raise ValueError(msg)
        wholes = [joint.join(words) for joint in (" ", "_", "^", "-", ", ", "")]
        needles.append(_needle(f"name {number}", n_letters, wholes))
        if len(words) > 1:
            needles += [_needle(f"name {number}", len(word), [word]) for word in words if _tells(word)]
    return needles


def _tells(word: str) -> bool:
    """Whether a word by itself tells something: letters from three on, digits from five."""
    return len(word) >= (_LEAST_DIGITS if word.isdecimal() else _LEAST_LETTERS)


def _needle(kind: str, n_letters: int, words: list[str]) -> Needle:
    """With accents and without, in UTF-8 and Latin-1; then as JSON, addresses and HTML write them."""
    raw, escaped = set(), set()
    for word in words:
        accented = unicodedata.normalize("NFC", word)
        bare = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
        for variant in (accented, accented.lower(), accented.upper(), bare):
            raw |= {variant.encode(), variant.encode("latin-1", "replace")}
            escaped |= {json.dumps(variant)[1:-1].encode(), variant.encode("ascii", "xmlcharrefreplace")}
            escaped.add(quote(variant).encode())
    raw, escaped = ({spelling.lower() for spelling in spellings} for spellings in (raw, escaped))
    return Needle(kind, n_letters, frozenset(raw), frozenset(raw | escaped))


def search(data: bytes, needles: Sequence[Needle], *, samples: bool = False) -> Iterator[Hit]:
    r"""Find every needle and pattern in `data`.

    Parameters
    ----------
    data : bytes
        What to search.
    needles : sequence of Needle
        The names.
    samples : bool
        Whether these are samples of signals: then only long names are looked for.

    Examples
    --------
    >>> [(hit.kind, hit.position) for hit in search(b"born 02/03/1951", [])]
    [('date', 5)]
    >>> [(h.encoding, h.position) for h in search("  SMITH".encode("utf-16-be"), needles_for(["smith"]))]
    [('UTF-16', 5)]
    """
    for encoding, step, begin, text in _streams(data):
        least = _LEAST_AMONG_SAMPLES[encoding] if samples else 0
        if not _has_run(text, least):
            continue
        folded = text.lower()
        for needle in needles:
            if needle.n_letters >= least:
                for spelling in needle.raw if samples else needle.spellings:
                    places = _places(folded, spelling)
                    yield from (Hit(needle.kind, encoding, begin + step * i) for i in places)
        for kind in () if samples else PATTERNS:
            found = PATTERNS[kind].finditer(text)
            yield from (Hit(kind, encoding, begin + step * match.start()) for match in found)


def _has_run(text: bytes, n: int) -> bool:
    """Whether `n` bytes in a row are not 0, as letters are; samples narrowed to bytes hardly ever are."""
    run = np.frombuffer(text, np.uint8) != 0
    for _ in range(n - 1):
        run = run[1:] & run[:-1]
    return bool(run.any())


def _streams(data: bytes) -> Iterator[tuple[str, int, int, bytes]]:
    """Give the bytes as they are, then as UTF-16 from either byte and in either order, one byte a letter."""
    yield "8 bits", 1, 0, data
    raw = np.frombuffer(data, np.uint8)
    for begin in (0, 1):
        pairs = raw[begin : begin + (len(raw) - begin) // 2 * 2].reshape(-1, 2)
        for low, high in ((0, 1), (1, 0)):
            narrow = np.where(pairs[:, high] == 0, pairs[:, low], 0)
            yield "UTF-16", 2, begin + low, narrow.astype(np.uint8).tobytes()


def _places(text: bytes, word: bytes) -> Iterator[int]:
    """Where a word stands by itself: no letter goes on at a letter, no digit at a digit."""
    at = text.find(word)
    while at >= 0:
        before, after = text[max(0, at - 1) : at], text[at + len(word) : at + len(word) + 1]
        if not (_goes_on(before, word[:1]) or _goes_on(after, word[-1:])):
            yield at
        at = text.find(word, at + 1)


def _goes_on(beside: bytes, edge: bytes) -> bool:
    return beside.isdigit() if edge.isdigit() else beside.isalpha()
