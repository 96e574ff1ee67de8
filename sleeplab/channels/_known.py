"""Which words of a label may be shown: a technician can type a name into a label."""

from collections.abc import Collection

from sleeplab.channels._vocabulary import load_vocabulary
from sleeplab.channels._words import Atom, read_atoms, repair_text

UNKNOWN = "X"
"""Stands for the words of a label that are not vocabulary, as X stands for the unknown in EDF+."""

_MOST_DIGITS = 3


def is_known_label(label: str, *, also: Collection[str] = ()) -> bool:
    """Whether a label is made of vocabulary, at most three digits and at most one single letter.

    Parameters
    ----------
    label : str
        A label as it stands in a file.
    also : collection of str
        More words that are known, in lower case.

    Returns
    -------
    bool
        False where any word could be a name, or the digits a number of a person.

    Examples
    --------
    >>> is_known_label("EEG C3-A2"), is_known_label("1-F (Imp)"), is_known_label("EEG Smith")
    (True, True, False)
    """
    text = repair_text(label)
    if not label.isprintable():
        return False
    return text.lower() in load_vocabulary().labels or not _strange(text, also)


def without_unknown_words(text: str) -> str:
    """Put one X in the place of all words of a repaired label that are not vocabulary.

    Examples
    --------
    >>> without_unknown_words("C4 Mme Dupont"), without_unknown_words("EEG 0612345678")
    ('C4 X', 'EEG X')
    """
    while text.lower() not in load_vocabulary().labels and (strange := _strange(text, ())):
        first = min(atom.start for atom in strange)
        for atom in sorted(strange, key=lambda atom: -atom.start):
            text = text[: atom.start] + UNKNOWN * (atom.start == first) + text[atom.end :]
        text = " ".join(text.split())
    return text


def _strange(text: str, also: Collection[str]) -> list[Atom]:
    """Return the words that could tell who it is; one single letter and a few digits cannot."""
    atoms = read_atoms(text)
    words = [atom for atom in atoms if atom.sort == "unknown" and atom.value not in also]
    numbers = [atom for atom in atoms if atom.sort == "number"]
    few = sum(len(atom.value) for atom in numbers) <= _MOST_DIGITS
    single = len(words) <= 1 and all(len(atom.value) == 1 for atom in words)
    return [] if few and single else words * (not single) + numbers * (not few)
