"""From atoms to what a label is about: its term, and the electrodes or places it names."""

from typing import NamedTuple

from sleeplab.channels._vocabulary import Term, load_vocabulary
from sleeplab.channels._words import Atom

ELECTRODES = ("scalp", "eye", "reference")


class Site(NamedTuple):
    """One end of a derivation; `sort` is "scalp", "eye", "reference" or "place" (Chin1, LegL, ECG)."""

    sort: str
    value: str


def main_terms(atoms: list[Atom]) -> list[Term]:
    """Return the terms that a label is about: a vague one gives way (EMG Chin), EEG to all (EEG ECG)."""
    named = {atom.value for atom in atoms if atom.sort == "term"}
    terms = [term for term in load_vocabulary().terms.values() if term.name in named]
    specific = [term for term in terms if not term.vague]
    vague = [term for term in terms if term.name not in ("EEG", "Resp")]
    return specific or vague or terms[-1:]


def read_sites(atoms: list[Atom], term: Term | None) -> list[Site]:
    """Return the ends of the derivation, in order: electrode, then reference."""
    if any(atom.sort in ("scalp", "eye") for atom in atoms):
        ends = [(Site(atom.sort, atom.value), atom.dash) for atom in atoms if atom.sort in ELECTRODES]
    elif term is not None and term.paired:
        ends = [end for part in _parts(atoms, term) for end in _ends(part, term)]
    else:
        ends = [(Site(atom.sort, atom.value), atom.dash) for atom in atoms if atom.sort == "reference"]
    return _linked(ends)


def _linked(ends: list[tuple[Site, bool]]) -> list[Site]:
    """Merge M1 M2 without a dash between them: the two mastoids linked."""
    sites = [site for site, _ in ends]
    if [site.value for site in sites[-2:]] == ["M1", "M2"] and not ends[-1][1]:
        return [*sites[:-2], Site("reference", "M1M2")]
    return sites


def _parts(atoms: list[Atom], term: Term) -> list[list[Atom]]:
    """Cut at the dashes that separate two places: EMG1-EMG2 and ECG1-2, but not EOG-L."""
    parts: list[list[Atom]] = [[]]
    pieces: list[list[Atom]] = []
    for atom in atoms:
        if atom.dash or not pieces:
            pieces.append([])
        pieces[-1].append(atom)
    for piece in pieces:
        here = any(_says_place(atom, term) for atom in parts[-1])
        more = any(_says_place(atom, term) for atom in piece)
        counted = all(any(atom.sort in ("number", "side") for atom in part) for part in (parts[-1], piece))
        if here and (more or counted):
            parts.append(piece if more else [Atom("term", term.name, *piece[0][2:]), *piece])
        else:
            parts[-1] = parts[-1] + piece
    return parts


def _says_place(atom: Atom, term: Term) -> bool:
    return atom.sort == "reference" or atom[:2] == ("term", term.name)


def _ends(part: list[Atom], term: Term) -> list[tuple[Site, bool]]:
    references = [(Site(atom.sort, atom.value), atom.dash) for atom in part if atom.sort == "reference"]
    if not any(atom.sort == "term" for atom in part):
        return references
    return [(_place(part, term), part[0].dash), *references]


def _place(part: list[Atom], term: Term) -> Site:
    """Name a place by side and number: LegL, Chin1; EOG left and EOG 1 are the electrode E1."""
    side, number = side_of(part), number_of(part)
    eye = {"L": "E1", "R": "E2", "1": "E1", "2": "E2"}.get(side or number)
    if term.name == "EOG" and eye:
        return Site("eye", eye)
    return Site("place", f"{term.name}{side}{number}")


def side_of(atoms: list[Atom]) -> str:
    """Return the first side that is named: "L", "R", "Z" (midline) or nothing."""
    return next((atom.value for atom in atoms if atom.sort == "side"), "")


def number_of(atoms: list[Atom]) -> str:
    """Return the first number, without leading zeros, or nothing."""
    return next((atom.value.lstrip("0") for atom in atoms if atom.sort == "number"), "")
