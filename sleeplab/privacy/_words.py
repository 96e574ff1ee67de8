"""What may stay: texts that are made of known words, and of nothing else.

A list of what is allowed, never of what is forbidden: no list holds all names. The words are those of
`sleeplab.scoring` and `sleeplab.channels`, French and English. A name that is itself such a word stays.
"""

from __future__ import annotations

import functools
import re
import tomllib
from importlib import resources

from sleeplab.channels import is_known_label, parse_label
from sleeplab.recording.edf import text
from sleeplab.scoring import find_kind, find_stage

REMOVED = "X"
"""Stands for a removed text, as X stands for the unknown in EDF+. One byte: it fits wherever a text stood."""

DROPPED_KINDS = {
    "audio": "audio",
    "light": "light",
    "battery": "battery",
    "annotation": "a track of notes that is not EDF+",
}
_PICTURES = re.compile(r"(?i)\b(video|camera|webcam|cam)\b")
_NOTES = ("edf annotations", "bdf annotations")

_FILTER = r"\d{1,4}(?:[.,]\d{1,4})?\s*(?:m?Hz|s)?"
_PREFILTER = re.compile(
    rf"(?i)(?:(?:(?:HP|LP|BP|BS|N|AP|DC|notch)\s*[:=]?\s*(?:DC|none|{_FILTER}(?:\s*-\s*{_FILTER})?)|none|"
    r"rectification)(?:[\s,;]+|$))*"
)


@functools.lru_cache(maxsize=4096)
def is_known_text(words: str) -> bool:
    """Whether a text of an annotation is made of scoring vocabulary throughout.

    Every part between ``|`` must be known, and the channel after ``@@``.

    Examples
    --------
    >>> is_known_text("Micro-éveil@@C4-M1"), is_known_text("Arousal|Mr Smith")
    (True, False)
    """
    said, _, channel = words.partition("@@")
    parts_known = all(find_kind(part) or find_stage(part) for part in said.split("|"))
    return words.isprintable() and parts_known and (not channel or is_known_label(channel))


def is_known_transducer(words: str) -> bool:
    """Whether a transducer is described by vocabulary and materials only; two letters are no word.

    Examples
    --------
    >>> is_known_transducer("Ag-AgCl electrodes"), is_known_transducer("Nurse Smith's cup")
    (True, False)
    """
    return is_known_label(words, also=_materials())


def is_known_prefilter(words: str) -> bool:
    """Whether the words are filters and nothing else.

    Examples
    --------
    >>> is_known_prefilter("HP:0.1Hz LP:75Hz N:50Hz"), is_known_prefilter("HP:0.1Hz Smith")
    (True, False)
    """
    return bool(_PREFILTER.fullmatch(words))


def is_notes(label: bytes) -> bool:
    """Whether a track holds EDF+ annotations."""
    return text(label).lower() in _NOTES


def why_dropped(label: bytes) -> str:
    """Why a track is left out, ``""`` where it stays.

    Examples
    --------
    >>> why_dropped(b"Audio Volume dB "), why_dropped(b"C3-M2           ")
    ('audio', '')
    """
    if is_notes(label):
        return ""
    words = text(label)
    return "video" if _PICTURES.search(words) else DROPPED_KINDS.get(parse_label(words).kind, "")


def neutral_label(label: str, number: int) -> str:
    """Label without names; what is certainly EEG stays EEG.

    Examples
    --------
    >>> neutral_label("EEG Smith", 3), neutral_label("Smith", 4)
    ('EEG 3', 'Channel 4')
    """
    return f"{'EEG' if parse_label(label).role == 'eeg' else 'Channel'} {number}"


@functools.cache
def _materials() -> frozenset[str]:
    path = resources.files(__package__).joinpath("allowed.toml")
    return frozenset(tomllib.loads(path.read_text("utf-8"))["materials"])
