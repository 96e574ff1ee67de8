"""From a label to what it says: the grammar. Its words are in ``vocabulary.toml``."""

import re
from typing import NamedTuple

from sleeplab.channels._known import UNKNOWN, without_unknown_words
from sleeplab.channels._sites import Site, main_terms, number_of, read_sites
from sleeplab.channels._vocabulary import Term, load_vocabulary
from sleeplab.channels._words import Atom, read_atoms, repair_text

_COPY = re.compile(r"(.*\S) \(([2-9]|[1-9][0-9]+)\)")
_NOT_UNDERSTOOD = "the label has words that are not in the vocabulary"


class Channel(NamedTuple):
    """What a label says of its track; every field is a string, empty where the label says nothing.

    Attributes
    ----------
    label : str
        The label as it stands in the file.
    name : str
        The canonical spelling: ``C3-M2``, ``E1-M2``, ``Chin``, ``LegL``, ``SpO2``. `parse_label` of a name
        gives the same name and role.
    role : str
        What the track serves as: a key of `MNE_TYPES`. A track that is not a signal has the role "other".
    kind : str
        "signal", "derived" (computed by the recorder), "impedance", "calibration", "status", "battery",
        "audio", "light", "annotation"; in a table also "envelope".
    modality : str
        What is measured: "EEG", "EOG", "EMG", "ECG", "nasal pressure", "thermistor", "belt", "oximetry" …
    electrode, reference : str
        The track is electrode minus reference; A1 and A2 are written M1 and M2. Muscles too: ``Chin1``.
    side : str
        "L", "R" or empty.
    reason : str
        Why the role was given.
    """

    label: str
    name: str
    role: str = "other"
    kind: str = "signal"
    modality: str = ""
    electrode: str = ""
    reference: str = ""
    side: str = ""
    reason: str = ""


def parse_label(label: str) -> Channel:
    """Read what a channel label says, word by word; nothing is guessed from parts of words.

    Parameters
    ----------
    label : str
        A label as it stands in a file, upper or lower case, French or English.

    Returns
    -------
    Channel
        Its role, kind, electrode, reference and canonical name, with the reason.

    Notes
    -----
    Names of derivations follow the AASM scoring manual (M1 and M2 for the mastoids, E1 and E2 for the eyes).
    A word that is not in the vocabulary could be a person's name: X stands for it in the canonical name.
    Such a label has the role "other" unless it says EEG or EMG.

    References
    ----------
    Berry R. B. et al. (2017), AASM Scoring Manual Updates for 2017 (Version 2.4). https://doi.org/10.5664/jcsm.6576

    Examples
    --------
    >>> channel = parse_label("EEG C3-A2")
    >>> channel.name, channel.role, channel.electrode, channel.reference, channel.side
    ('C3-M2', 'eeg', 'C3', 'M2', 'L')
    >>> parse_label("Jambe gauche").name, parse_label("C3 ImpÃ©dance").kind
    ('LegL', 'impedance')
    """
    text = without_unknown_words(repair_text(label))
    copy = _COPY.fullmatch(text)
    core, suffix = (copy[1], f" ({copy[2]})") if copy else (text, "")
    channel = _parse_core(core)
    return channel._replace(label=label, name=(channel.name or UNKNOWN) + suffix)


def _parse_core(text: str) -> Channel:
    alias = load_vocabulary().labels.get(text.lower())
    if alias:
        return parse_label(alias)
    atoms = read_atoms(text)
    states = [atom for atom in atoms if atom.sort == "state"]
    return _parse_about(text, states) if states else _parse_signal(text, atoms)


def _parse_about(text: str, states: list[Atom]) -> Channel:
    """Read the label of a track about a signal: its impedance, its calibration, its status."""
    kind, rest = states[0].value, text
    for atom in reversed(states):
        rest = rest[: atom.start] + " " + rest[atom.end :]
    about = parse_label(re.sub(r"^[\s\-:_/.,(\[]+|[\s\-:_/.,()\[]+$", "", rest))
    if about.kind not in ("signal", "derived"):
        return about
    name = kind.capitalize() if about.name == UNKNOWN else f"{about.name} ({kind})"
    reason = f"{kind} track: about a signal, not a signal"
    return about._replace(name=name, role="other", kind=kind, reason=reason)


def _parse_signal(text: str, atoms: list[Atom]) -> Channel:
    if _is_bare_emg(atoms):
        atoms = [atom._replace(value="Chin") if atom.value == "EMG" else atom for atom in atoms]
    terms = main_terms(atoms)
    term = terms[0] if terms else None
    sites = read_sites(atoms, term)
    unknown = any(atom.sort == "unknown" for atom in atoms)
    one_eye_unsided = {site.sort for site in sites} == {"eye", "place"}
    if unknown or one_eye_unsided or len(sites) > 2 or len({each.role for each in terms}) > 1:
        return _unclear(text, sites, term)
    if term is None or term.name == "EEG":
        return _electrodes(text, sites) if sites else _unnamed(text, atoms, term)
    if term.name == "EOG":
        return _eyes(sites)
    if term.name == "EMG" or any(site.sort in ("scalp", "eye") for site in sites):
        return _unclear(text, sites, term)
    return _named(atoms, sites, term)._replace(label=text)


def _is_bare_emg(atoms: list[Atom]) -> bool:
    """EMG without a place is the chin: the one muscle that every recording of sleep has."""
    terms = {atom.value for atom in atoms if atom.sort == "term"} - {"EEG"}
    return terms == {"EMG"} and all(atom.sort not in ("unknown", "side") for atom in atoms)


def _unclear(text: str, sites: list[Site], term: Term | None) -> Channel:
    """Keep the words that are known; EEG that says so is still EEG, EMG some muscle, all else is other."""
    first = sites[0].sort if sites else "scalp" if term else ""
    says_eeg = first == "scalp" and (term is None or term.name == "EEG")
    role = "eeg" if says_eeg else "emg" if term and term.name == "EMG" else "other"
    modality = "EEG" if says_eeg else term.modality if term else ""
    return Channel(text, text, role, modality=modality, reason=_NOT_UNDERSTOOD)


def _electrodes(text: str, sites: list[Site]) -> Channel:
    first = sites[0].sort
    if first == "eye":
        return _eyes(sites)
    if first == "scalp":
        reason = "EEG derivation" if len(sites) > 1 else "EEG electrode, its reference is not named"
        return _derivation(sites, role="eeg", modality="EEG", reason=reason)
    if sites[-1].sort == "reference":
        return _derivation(sites, role="other", modality="EEG", reason="reference: only ever subtracted")
    return _unclear(text, sites, None)


def _eyes(sites: list[Site]) -> Channel:
    named = any(site.sort in ("eye", "scalp") for site in sites)
    reason = "EOG electrode" if named else "EOG, its side is not named"
    channel = _derivation(sites, role="eog", modality="EOG", reason=reason)
    return channel if sites[0].sort != "scalp" else channel._replace(name=f"EOG {channel.name}")


def _unnamed(text: str, atoms: list[Atom], term: Term | None) -> Channel:
    if term is None:
        return Channel(text, text, reason="the label says nothing that the vocabulary knows")
    name = f"EEG{number_of(atoms)}"
    return Channel(text, name, "eeg", modality="EEG", reason="EEG, its derivation is not named")


def _named(atoms: list[Atom], sites: list[Site], term: Term) -> Channel:
    reason = f"the label says: {term.name}"
    if term.paired:
        return _derivation(sites, role=term.role, modality=term.modality, reason=reason)
    number = number_of(atoms)
    name = f"{term.name}{' ' * term.name[-1].isdigit() if number else ''}{number}"
    return Channel("", name, term.role, term.kind, term.modality, reason=reason)


def _derivation(sites: list[Site], *, role: str, modality: str, reason: str) -> Channel:
    values = [site.value for site in sites]
    if len(values) == 1 and values[0] in load_vocabulary().terms:
        return Channel("", values[0], role, modality=modality, reason=reason)
    electrode, reference = [*values, ""][:2]
    name, side = "-".join(values), _side(sites)
    return Channel("", name, role, "signal", modality, electrode, reference, side, reason)


def _side(sites: list[Site]) -> str:
    """Return the side: of an electrode by its number (odd is left), of a place by its letter (LegL)."""
    if sites[0].sort != "place":
        number = re.fullmatch(r"[A-Za-z]+([0-9]+)", sites[0].value)
        return "RL"[int(number[1]) % 2] if number else ""
    sides = {match[1] for site in sites if (match := re.search(r"[a-zG]([LRZ]?)[0-9]*$", site.value))}
    return "".join(sides - {"Z"}) if len(sides) == 1 else ""
