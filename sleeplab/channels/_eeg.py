"""The choice of EEG derivations."""

import re
from collections.abc import Sequence
from itertools import count

from sleeplab.channels._choice import Choice, Track, difference, direct, find_reference, is_raw
from sleeplab.channels._grammar import parse_label
from sleeplab.channels._words import repair_text

MAX_EEG = 6
"""The AASM asks for three derivations and a backup of each."""

_REGIONS = ("C", "F", "O", "FC", "CP", "Fp", "P", "AF", "PO", "T", "FT", "TP", "I", "N")
_COLUMNS = ("4", "3", "2", "1", "z", "6", "5", "8", "7", "10", "9")
_AASM = ("C4", "C3", "F4", "F3", "O2", "O1")


def choose_eeg(tracks: Sequence[Track]) -> list[Choice]:
    """Choose up to six different derivations.

    Mastoid-referenced ones come first (central, frontal, occipital: the recommended right side, then its
    backup; then other electrodes), then those between two scalp electrodes, then electrodes whose reference
    is common or not named, then EEG that names no electrode.
    """
    return _derivations(tracks)[:MAX_EEG]


def choose_named_eeg(tracks: Sequence[Track], eeg: Sequence[str]) -> list[Choice]:
    """Choose exactly the EEG that the user names: by label, by name, or a derivation that can be made."""
    made = {choice.name.casefold(): choice for choice in _derivations(tracks)}
    by_name = {track.name.casefold(): direct(track) for track in tracks}
    by_label = {repair_text(track.label).casefold(): direct(track) for track in reversed(tracks)}
    known = {**made, **by_name, **by_label}
    chosen: dict[int, Choice] = {}
    for place, label in enumerate(eeg, start=1):
        wanted = repair_text(label).casefold()
        if wanted not in known:
            raise ValueError(_no_such(place, tracks))
        choice = known[wanted]
        chosen[choice.track] = choice._replace(reason="named by the user")
    return _as_eeg(list(chosen.values()))


def _as_eeg(choices: list[Choice]) -> list[Choice]:
    """Give what is EEG by the user's word only a name that says EEG."""
    used = {choice.name for choice in choices}
    free = (name for name in map("EEG{}".format, count(1)) if name not in used)
    return [c if c.role == "eeg" else c._replace(name=next(free), role="eeg") for c in choices]


def _derivations(tracks: Sequence[Track]) -> list[Choice]:
    """Return all different derivations, the best first; a raw electrode only where it has no derivation."""
    eeg = sorted((t for t in tracks if t.role == "eeg"), key=lambda track: track.name.endswith(")"))
    ready = {track.electrode for track in eeg if track.electrode and not is_raw(track)}
    choices = [_with_reference(t, tracks) for t in eeg if not (is_raw(t) and t.electrode in ready)]
    different = {_derivation(choice.name): choice for choice in reversed(choices)}
    return sorted(different.values(), key=_preference)


def no_eeg_message(tracks: Sequence[Track]) -> str:
    """Say that there is no EEG, what there is, and what to do."""
    return (
        f"A recording needs an EEG channel, but no label says EEG. {_found(tracks)} Name it: --eeg LABEL. "
        "Without an EEG (a respiratory polygraphy) sleep cannot be staged."
    )


def _no_such(place: int, tracks: Sequence[Track]) -> str:
    return (
        f"--eeg must name a signal of the recording; label {place} that was given is none. {_found(tracks)}"
    )


def _found(tracks: Sequence[Track]) -> str:
    names = ", ".join(repr(track.name) for track in tracks) or "none"
    return f"Signals found: {names}; `sleeplab channels FILE` shows their labels."


def _derivation(name: str) -> str:
    """Return what makes two choices the same: the derivation, where the name is one."""
    channel = parse_label(name)
    return f"{channel.electrode}-{channel.reference}" if channel.electrode else name


def _with_reference(track: Track, tracks: Sequence[Track]) -> Choice:
    """Subtract a mastoid from a raw electrode: the opposite one, else both linked, else that of its side."""
    best = ("M2", "M1M2", "M1") if track.side == "L" else ("M1", "M1M2", "M2")
    mastoid = find_reference(track, tracks, best)
    return difference(track, mastoid) if mastoid else direct(track)


def _preference(choice: Choice) -> tuple[int, ...]:
    """Order by kind of reference, the six electrodes of the AASM first, then region, right before left."""
    channel = parse_label(choice.name)
    electrode, reference = channel.electrode, channel.reference
    if not electrode:
        return 3, int(re.sub(r"[^0-9]", "", choice.name) or 0), choice.track
    kind = 0 if reference in ("M1", "M2", "M1M2") else 2 if reference in ("", "Ref", "Avg") else 1
    row, column = re.sub(r"z$|[0-9]+$", "", electrode), re.sub(r"[^z0-9]", "", electrode)
    same_side = parse_label(reference).side == channel.side
    place = (_REGIONS.index(row), _COLUMNS.index(column), same_side)
    return kind, electrode not in _AASM, *place, choice.track
