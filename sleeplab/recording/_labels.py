"""Does each signal look like what its label says? A disagreement is a finding, never a crash."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sleeplab.recording._units import HIGHEST_V, LOWEST_V, is_plausible, plausible_factor

if TYPE_CHECKING:
    import mne
    import pandas as pd

Windows = NDArray[np.float64]
"""Signal cut into windows, shape (n_windows, n_times)."""

_WINDOW_S = 30
_MOST_WINDOWS = 60
_READINGS = frozenset({"spo2", "pulse", "position"})
_ROUNDING = 1e-5
"""A constant comes out of the resampling filter constant to within this share of its value (float32)."""
_QRS_HZ = (5.0, 20.0)
_LOWEST_SPO2, _HIGHEST_SPO2 = 50, 100
_FLAT_PERCENT = 95.0
_BEATS_PER_MIN = (30.0, 180.0)
_UNEVEN = 0.35
"""Robust spread of beat intervals over their median: under 0.2 in sinus rhythm, up to 0.3 in atrial
fibrillation, above 0.5 for the peaks of noise, EEG or muscle."""
_BEATING_PERCENT = 10.0
_OPPOSED = -0.3
_OPPOSED_PERCENT = 2.0
"""Eye movements are rare in deep sleep, but no night is without them."""
_EOG_MIN_WINDOWS = 20
_RAIL_PERCENT = 5.0
"""Of the samples; what Luna tolerates of clipped ones (doi:10.1038/ncomms15930)."""
_RAIL_EDGE = 0.005
"""Of the range: resampling ripples by less on a long stretch at a rail."""
_WAVES = frozenset({"eeg", "eog", "chin", "ecg", "leg", "emg"})


class Problem(NamedTuple):
    """One row of the table: a channel, what is wrong, the measured value, its limit and unit, a sentence."""

    ch_name: str
    problem: str
    value: float
    limit: float
    unit: str
    evidence: str


def check_labels(recording: mne.io.BaseRaw) -> pd.DataFrame:
    """Compare each channel's signal with what its name says it is.

    Found are: a signal that is flat throughout; an EEG or EOG whose amplitude no brain and no eye has (µV
    declared as V, and the like); an oximeter outside 50–100 %; an ECG without a beat; two EOG channels that
    never move against each other; a signal that stands at the limits of its converter. Gaps (``BAD_gap``)
    are not looked at. The signal is never changed.

    Parameters
    ----------
    recording : mne.io.BaseRaw
        Canonical names, volts, as from `read_recording`.

    Returns
    -------
    pandas.DataFrame
        One row per problem: ``ch_name, problem, value, limit, unit, evidence``; no row when all agree.

    Examples
    --------
    >>> import mne
    >>> info = mne.create_info(["C3-M2"], 100.0, "eeg")
    >>> check_labels(mne.io.RawArray(np.zeros((1, 6000)), info, verbose=False))["problem"].tolist()
    ['flat']
    """
    import pandas as pd

    from sleeplab.channels import parse_label

    sfreq = recording.info["sfreq"]
    found: list[Problem | None] = []
    eyes: list[tuple[str, Windows]] = []
    for name in recording.ch_names:
        role, windows = parse_label(name).role, _windows(recording, name)
        if not len(windows):
            continue
        flat = None if role in _READINGS else _flat(name, windows)
        own = [_CHECKS[role](name, windows, sfreq) if flat is None and role in _CHECKS else flat]
        own += [_at_rails(name, windows, recording)] if role in _WAVES and flat is None else []
        if role == "eog" and not any(own):
            eyes.append((name, windows))
        found += own
    if len(eyes) > 1:
        (left, a), (right, b) = eyes[:2]
        found.append(_not_opposed((left, right), (a, b), sfreq) if len(a) == len(b) else None)
    table = pd.DataFrame([p for p in found if p is not None], columns=Problem._fields)
    return table.astype({"value": float, "limit": float})


def _windows(recording: mne.io.BaseRaw, name: str) -> Windows:
    """Cut one channel into windows of 30 s (or one shorter window), those with a gap or NaN left out."""
    signal = recording.get_data(picks=[name])[0]
    n = min(round(_WINDOW_S * recording.info["sfreq"]), len(signal))
    whole = np.ones(len(signal), bool)
    for note in recording.annotations:
        if note["description"] == "BAD_gap":
            first, last = recording.time_as_index(
                [note["onset"], note["onset"] + note["duration"]], use_rounding=True
            )
            whole[max(0, first - recording.first_samp) : max(0, last - recording.first_samp)] = False
    used = len(signal) // n * n
    sound = (whole & np.isfinite(signal))[:used].reshape(-1, n).all(axis=1)
    cut: Windows = signal[:used].reshape(-1, n)
    return cut if sound.all() else cut[sound]


def _flat(name: str, windows: Windows) -> Problem | None:
    """Find a wave that does not change; readings such as SpO2 may stand still."""
    low, high = windows.min(axis=1), windows.max(axis=1)
    flat_percent = 100 * float(np.mean(high - low <= _ROUNDING * np.maximum(np.abs(low), np.abs(high))))
    if flat_percent <= _FLAT_PERCENT:
        return None
    evidence = f"{name} does not change in {flat_percent:.0f} % of {len(windows)} windows of {_WINDOW_S} s."
    return Problem(name, "flat", flat_percent, _FLAT_PERCENT, "%", evidence)


def _at_rails(name: str, windows: Windows, recording: mne.io.BaseRaw) -> Problem | None:
    """Find a signal that was too large for its converter; only `read_recording` knows the rails."""
    native = (recording.info.get("temp") or {}).get("native", {}).get(name)
    if native is None or not native["low"] < native["high"]:
        return None
    edge = _RAIL_EDGE * (native["high"] - native["low"])
    beyond = (windows >= native["high"] - edge) | (windows <= native["low"] + edge)
    percent = 100 * (np.count_nonzero(beyond) / beyond.size)
    if percent <= _RAIL_PERCENT:
        return None
    evidence = (
        f"{name} stands at the limits of its converter ({native['low'] * 1e6:.4g} and "
        f"{native['high'] * 1e6:.4g} µV) in {percent:.0f} % of the samples: its peaks are cut off."
    )
    return Problem(name, "at the digital rails", percent, _RAIL_PERCENT, "%", evidence)


def _implausible(name: str, windows: Windows, sfreq: float) -> Problem | None:
    """Find an EEG or EOG whose amplitude says that its unit is not the one declared."""
    del sfreq
    ptp_v = float(np.median(np.ptp(windows, axis=1)))
    if is_plausible(ptp_v):
        return None
    limit_v = LOWEST_V if ptp_v < LOWEST_V else HIGHEST_V
    factor = plausible_factor(ptp_v)
    advice = (
        f"Multiplied by {factor:g} it would be one: the unit in the file is wrong. Correct it at export."
        if factor
        else "No unit error explains it: look at the electrode and the gain."
    )
    evidence = (
        f"The median peak-to-peak amplitude of {_WINDOW_S} s is {ptp_v * 1e6:.3g} µV in {name}; "
        f"that of an EEG or EOG lies within {LOWEST_V * 1e6:g}–{HIGHEST_V * 1e6:g} µV. {advice}"
    )
    return Problem(name, "implausible amplitude", ptp_v * 1e6, limit_v * 1e6, "µV", evidence)


def _not_saturation(name: str, windows: Windows, sfreq: float) -> Problem | None:
    """Find an oximeter whose median is no oxygen saturation; single dropouts are the gate's concern."""
    del sfreq
    median = float(np.median(windows))
    if _LOWEST_SPO2 <= median <= _HIGHEST_SPO2:
        return None
    limit = _LOWEST_SPO2 if median < _LOWEST_SPO2 else _HIGHEST_SPO2
    within = f"{_LOWEST_SPO2}–{_HIGHEST_SPO2} %"
    evidence = f"The median of {name} is {median:.3g}; an oxygen saturation lies within {within}."
    return Problem(name, "no oxygen saturation", median, float(limit), "%", evidence)


def _beatless(name: str, windows: Windows, sfreq: float) -> Problem | None:
    """Find an ECG in which hardly any window shows evenly spaced beats."""
    if sfreq <= _QRS_HZ[1] * 2:
        return None
    from scipy.signal import butter, sosfiltfilt

    every = max(1, len(windows) // _MOST_WINDOWS)
    sos = butter(2, _QRS_HZ, "band", fs=sfreq, output="sos")
    energy = np.abs(sosfiltfilt(sos, windows[::every], axis=1))
    beating = 100 * float(np.mean([_is_beating(window, sfreq) for window in energy]))
    if beating >= _BEATING_PERCENT:
        return None
    evidence = f"{beating:.0f} % of {len(energy)} windows of {name} show an even beat of 30–180 per minute."
    return Problem(name, "no heart beat", beating, _BEATING_PERCENT, "%", evidence)


def _is_beating(energy: NDArray[np.float64], sfreq: float) -> bool:
    from scipy.signal import find_peaks

    peaks, _ = find_peaks(energy, height=4 * np.median(energy), distance=round(sfreq / 3))
    if len(peaks) < 4:
        return False
    intervals_s = np.diff(peaks) / sfreq
    middle = float(np.median(intervals_s))
    spread = 1.4826 * float(np.median(np.abs(intervals_s - middle))) / middle
    return spread <= _UNEVEN and _BEATS_PER_MIN[0] <= 60 / middle <= _BEATS_PER_MIN[1]


def _not_opposed(eyes: tuple[str, str], pair: tuple[Windows, Windows], sfreq: float) -> Problem | None:
    """Two EOG channels that hardly ever move against each other, as eyes that look about do (0.3–2 Hz)."""
    if len(pair[0]) < _EOG_MIN_WINDOWS:
        return None
    from scipy.signal import butter, sosfiltfilt

    sos = butter(2, (0.3, 2.0), "band", fs=sfreq, output="sos")
    r, opposed = np.ones(len(pair[0])), 0.0
    for first in range(0, len(r), _MOST_WINDOWS):  # half an hour often shows enough
        own = slice(first, first + _MOST_WINDOWS)
        left, right = (sosfiltfilt(sos, windows[own], axis=1) for windows in pair)
        power = np.sqrt((left**2).sum(axis=1) * (right**2).sum(axis=1))
        r[own] = np.divide((left * right).sum(axis=1), power, out=np.zeros_like(power), where=power > 0)
        opposed = 100 * float(np.mean(r <= _OPPOSED))
        if opposed >= _OPPOSED_PERCENT:
            return None
    evidence = (
        f"{eyes[0]} and {eyes[1]} move against each other (correlation {_OPPOSED:g} or less) in "
        f"{opposed:.1f} % of {len(r)} windows of {_WINDOW_S} s; the median correlation is {np.median(r):.2f}."
    )
    return Problem(", ".join(eyes), "eyes do not oppose", opposed, _OPPOSED_PERCENT, "%", evidence)


_CHECKS: dict[str, Callable[[str, Windows, float], Problem | None]] = {
    "eeg": _implausible,
    "eog": _implausible,
    "spo2": _not_saturation,
    "ecg": _beatless,
}
