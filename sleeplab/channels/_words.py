"""From the text of a label to atoms: words with a meaning, and what separates them."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from sleeplab.channels._vocabulary import Meaning, load_vocabulary

_WORD = re.compile("(?:[^\\W_]|\ufffd)+")
_NUMBERED = re.compile(r"([a-z]+)([0-9]{1,2})")
_ELECTRODES = ("scalp", "reference", "eye")
_EDF_LABEL_BYTES = 16


class Word(NamedTuple):
    """One word, folded; `dash` when a dash, colon, slash or underscore stands before it."""

    text: str
    dash: bool
    start: int
    end: int


class Atom(NamedTuple):
    """One or more words that mean one thing; `sort` as in `Meaning`, or "number" or "unknown"."""

    sort: str
    value: str
    dash: bool
    start: int
    end: int


def repair_text(label: str) -> str:
    """Undo UTF-8 that was decoded as Latin-1, and tidy the spaces.

    Examples
    --------
    >>> repair_text(" C3  ImpÃ©dance ")
    'C3 Impédance'
    """
    composed = unicodedata.normalize("NFC", label)
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in composed).split())
    for encoding in ("latin-1", "cp1252"):
        try:
            better = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        return text if better == text else repair_text(better)
    return text


def read_atoms(text: str) -> list[Atom]:
    """Read a repaired label word by word, the longest known phrase first."""
    phrases, longest = load_vocabulary().phrases, load_vocabulary().longest
    words, atoms = _expanded(_split_words(text)), list[Atom]()
    while words:
        for size in range(min(longest, len(words)), 0, -1):
            meaning = phrases.get(tuple(word.text for word in words[:size]))
            if meaning:
                atoms.append(Atom(*meaning, words[0].dash, words[0].start, words[size - 1].end))
                break
        else:
            size = 1
            atoms.extend(_other_atoms(words[0]))
        words = words[size:]
    return atoms


def _other_atoms(word: Word) -> Iterator[Atom]:
    sort = "number" if word.text.isdecimal() else "unknown"
    meanings = _joined_electrodes(word.text) or [Meaning(sort, word.text)]
    for i, meaning in enumerate(meanings):
        yield Atom(*meaning, word.dash and i == 0, word.start, word.end)


def _joined_electrodes(text: str) -> list[Meaning]:
    """C3M2: two electrodes without a separator."""
    phrases = load_vocabulary().phrases
    for cut in range(1, len(text)):
        first, second = phrases.get((text[:cut],)), phrases.get((text[cut:],))
        if first and second and first.sort in ("scalp", "eye") and second.sort in _ELECTRODES:
            return [first, second]
    return []


def _split_words(text: str) -> list[Word]:
    words, end = list[Word](), 0
    for match in _WORD.finditer(text):
        dash = bool(words) and any(mark in "-:_/" for mark in text[end : match.start()])
        end = match.end()
        cut_off = end == len(text) and len(text.encode("utf-8", "replace")) == _EDF_LABEL_BYTES
        word = Word(_restored(_fold(match.group()), cut_off=cut_off), dash, match.start(), end)
        words.extend(_number_apart(word))
    return words


def _fold(text: str) -> str:
    """Lower case without accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(mark for mark in apart if not unicodedata.combining(mark)).casefold()


def _number_apart(word: Word) -> list[Word]:
    """EEG2 is EEG and 2; C3 and SpO2 are words of their own."""
    numbered = _NUMBERED.fullmatch(word.text)
    if word.text in _known_words() or not numbered or numbered[1] not in _known_words():
        return [word]
    return [word._replace(text=numbered[1]), word._replace(text=numbered[2], dash=False)]


def _restored(word: str, *, cut_off: bool) -> str:
    """Complete a word that lost letters: to the 16 bytes of an EDF label, or to a decoder (U+FFFD)."""
    if word in _known_words() or not ("\ufffd" in word or (cut_off and len(word) > 2)):
        return word
    pattern = re.sub("\ufffd+", lambda lost: f".{{1,{len(lost[0])}}}", word) + (".*" if cut_off else "")
    found = [known for known in _known_words() if re.fullmatch(pattern, known)]
    shortest = min(found, key=len, default=word)
    return shortest if all(other.startswith(shortest) for other in found) else word


@cache
def _known_words() -> frozenset[str]:
    vocabulary = load_vocabulary()
    return frozenset(word for phrase in (*vocabulary.phrases, *vocabulary.expand) for word in phrase)


def _expanded(words: list[Word]) -> list[Word]:
    """Write out the spellings that pack several words: LLEG is left leg."""
    expand, out = load_vocabulary().expand, list[Word]()
    while words:
        packed = tuple(word.text for word in words[:2])
        size = len(packed) if packed in expand else 1
        full = expand.get(packed[:size], packed[:1])
        start, end = words[0].start, words[size - 1].end
        out.extend(Word(text, words[0].dash and i == 0, start, end) for i, text in enumerate(full))
        words = words[size:]
    return out
