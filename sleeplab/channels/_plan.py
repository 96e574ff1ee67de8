"""Which tracks of a file to read, and what to subtract from them."""

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from sleeplab.channels._choice import (
    Choice,
    Track,
    can_subtract,
    difference,
    direct,
    find_reference,
    is_raw,
    signal_tracks,
)
from sleeplab.channels._eeg import choose_eeg, choose_named_eeg, no_eeg_message
from sleeplab.channels._vocabulary import load_vocabulary

if TYPE_CHECKING:
    import pandas as pd


def plan_channels(table: "pd.DataFrame", *, eeg: Sequence[str] = ()) -> "pd.DataFrame":
    """Choose the channels to read from a file, the first choice of the AASM first.

    Parameters
    ----------
    table : pandas.DataFrame
        What `channel_table` returns.
    eeg : sequence of str
        Labels that the user names: exactly these are the EEG, in upper or lower case. Empty: the best six.

    Returns
    -------
    pandas.DataFrame
        One row per channel to make: ``name, role, label, minus, reason, track, minus_track``. ``minus`` is
        the label to subtract, empty when there is none; ``track`` and ``minus_track`` are the rows of `table`
        (-1: none), because labels may repeat. Names are unique: the EEG, the eyes, ``Chin``, ``ECG``,
        ``LegL``, ``LegR``, ``Flow``, ``Thorax``, ``Abdomen``, ``SpO2``, as far as the file has them.

    Raises
    ------
    ValueError
        When there is no EEG, or a label of `eeg` is no signal of the file.

    Notes
    -----
    Only signals are chosen, never impedance, calibration or audio tracks. A referenced derivation is
    preferred to a raw electrode; where there are only raw electrodes and mastoids, the derivation is made
    (C4 minus M1). Nasal pressure is preferred to a thermistor, the belts to what is computed from them.

    References
    ----------
    Berry R. B. et al. (2017), AASM Scoring Manual Updates for 2017 (Version 2.4). https://doi.org/10.5664/jcsm.6576

    Examples
    --------
    >>> from sleeplab.channels import channel_table
    >>> plan = plan_channels(channel_table(["C4", "M1", "E1-M2", "C4 Imp", "Menton"]))
    >>> plan[["name", "label", "minus"]].values.tolist()
    [['C4-M1', 'C4', 'M1'], ['E1-M2', 'E1-M2', ''], ['Chin', 'Menton', '']]
    """
    import pandas as pd

    tracks = signal_tracks(table)
    chosen = choose_named_eeg(tracks, eeg) if eeg else choose_eeg(tracks)
    if not chosen:
        raise ValueError(no_eeg_message(tracks))
    taken = {choice.track for choice in chosen}
    rest = [track for track in tracks if track.track not in taken]
    for choose in (_choose_eyes, _choose_chin, _choose_ecg, _choose_legs, _choose_breathing):
        chosen = chosen + choose(rest)
    return pd.DataFrame(chosen, columns=Choice._fields)


def _choose_eyes(tracks: Sequence[Track]) -> list[Choice]:
    """Choose both eyes, each against M2 where that is possible; without sides up to two channels."""
    eyes = [track for track in tracks if track.role == "eog"]
    sided = [_choose_eye([t for t in eyes if t.electrode == eye], tracks) for eye in ("E1", "E2")]
    found = [choice for choice in sided if choice]
    return found or [direct(track) for track in sorted(eyes, key=_rank)[:2]]


def _choose_eye(eye: Sequence[Track], tracks: Sequence[Track]) -> Choice | None:
    """Choose a ready derivation, else make it from the raw electrode, else read that as it is."""
    best = ("M2", "M1", "M1M2")
    ready = [track for track in eye if not is_raw(track)]
    if ready:
        rank = {reference: place for place, reference in enumerate(best)}
        return direct(min(ready, key=lambda track: rank.get(track.reference, len(best))))
    made = (difference(t, minus) for t in eye if (minus := find_reference(t, tracks, best)))
    return next(made, None) or next(map(direct, eye), None)


def _choose_chin(tracks: Sequence[Track]) -> list[Choice]:
    return _choose_bipolar([track for track in tracks if track.role == "chin"], name="Chin")


def _choose_ecg(tracks: Sequence[Track]) -> list[Choice]:
    return _choose_bipolar([track for track in tracks if track.role == "ecg"], name="ECG")


def _choose_legs(tracks: Sequence[Track]) -> list[Choice]:
    legs = [track for track in tracks if track.role == "leg"]
    left, right = ([track for track in legs if track.side == side] for side in "LR")
    sided = _choose_bipolar(left, name="LegL") + _choose_bipolar(right, name="LegR")
    return sided or [direct(track) for track in legs[:2]]


def _choose_bipolar(tracks: Sequence[Track], *, name: str) -> list[Choice]:
    """Choose a derivation, else a track that names no electrode, else make it from two electrodes."""
    derivations = [track for track in tracks if track.electrode and not is_raw(track)]
    ready = derivations or [track for track in tracks if track.electrode in ("", name)]
    if ready:
        best = min(ready, key=lambda track: not track.reference.endswith("Z"))
        return [direct(best, name=name)]
    midline_last = sorted(tracks, key=lambda track: track.electrode.endswith("Z"))
    pairs = [pair for pair in combinations(midline_last, 2) if can_subtract(*pair)]
    if pairs:
        track, minus = min(pairs, key=lambda pair: not pair[1].electrode.endswith("Z"))
        return [difference(track, minus, name=name)]
    return [direct(track, name=name) for track in tracks[:1]]


def _choose_breathing(tracks: Sequence[Track]) -> list[Choice]:
    """Choose flow, the two belts and oxygen saturation, each the first in the order of the vocabulary."""
    groups = {
        "Flow": [track for track in tracks if track.role == "flow"],
        "Thorax": [track for track in tracks if track.role == "effort" and track.name.startswith("Thorax")],
        "Abdomen": [track for track in tracks if track.role == "effort" and track.name.startswith("Abdomen")],
        "SpO2": [track for track in tracks if track.role == "spo2"],
    }
    best = {name: min(group, key=_rank) for name, group in groups.items() if group}
    return [direct(track, name=name) for name, track in best.items()]


def _rank(track: Track) -> tuple[int, bool, int, int]:
    """Order by the vocabulary, measured before computed, plain names before numbered ones, then the file."""
    order = [(term.role, term.modality) for term in load_vocabulary().terms.values()]
    return order.index((track.role, track.modality)), track.kind != "signal", len(track.name), track.track
