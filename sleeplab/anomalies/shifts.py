"""Arousal-like shifts: the EEG turns abruptly faster, most often with a rise of the chin."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sleeplab.anomalies._ledger import (
    SLEEP,
    Finding,
    Inputs,
    group_by_gap,
    runs,
    span,
    stage_counts,
)
from sleeplab.features import EPOCH_S, names_of_role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

BANDS = {"theta": (4.0, 8.0), "alpha": (8.0, 12.0), "fast": (17.0, 45.0)}  # not the spindles' 12–16 Hz
STEP_S = 0.5
SMOOTH_S = 3.0
BEFORE_S = 10.0
MIN_S = 3.0
LIMIT = 7.0  # of the EEG's rise plus the chin's, each in robust standard deviations of the night's sleep
CHIN_CAP = 5.0  # so that the chin alone is not enough
MIN_CHIN_REM = 2.0
SERIES_GAP_S = 180.0


class Shift(NamedTuple):
    """One shift: when, how far out, and how many times the power of the 10 s before."""

    onset_s: float
    duration_s: float
    height: float
    band: str
    times: float
    chin_times: float


def find_arousals(inputs: Inputs) -> list[Finding]:
    """Find abrupt rises of theta, alpha or fast activity of at least 3 s after at least 10 s of sleep.

    The rule of the AASM manual in our words: an abrupt change of EEG frequency (alpha, theta or above 16 Hz,
    spindles excepted) of 3 s or more, with 10 s of sleep before; in REM the chin rises too. Here the power of
    each band over 3 s is compared with the 10 s before; the rise is taken in robust standard deviations of
    all such rises of the night's sleep, and the chin's own rise (up to 5) is added. Seven is the limit, half
    of it must hold for 3 s.

    Shifts less than 3 min apart become one series: 10–20 per hour are normal in a healthy adult, so it is
    their number that matters. The score is the height over the limit (a series: plus log2 of its number).
    """
    shifts = _find_shifts(inputs)
    onsets = np.array([s.onset_s for s in shifts])
    ends = np.array([s.onset_s + s.duration_s for s in shifts])
    return [_describe(shifts[group], inputs) for group in group_by_gap(onsets, ends, SERIES_GAP_S)]


def _find_shifts(inputs: Inputs) -> list[Shift]:
    steps = round(EPOCH_S / STEP_S)
    asleep = np.repeat(np.isin(inputs.stages, SLEEP), steps)
    rem = np.repeat(inputs.stages == "REM", steps)
    rises = {band: _rise(inputs, "eeg", limits) for band, limits in BANDS.items()}
    chin = _rise(inputs, "chin", (10.0, 45.0))
    z = {band: _robust_z(rise, asleep) for band, rise in rises.items()}
    z_chin = np.clip(_robust_z(chin, asleep), 0, CHIN_CAP)
    height = np.where(asleep, np.maximum.reduce(list(z.values())).clip(0) + z_chin, 0.0)
    if np.isfinite(chin).any():
        height[rem & (z_chin < MIN_CHIN_REM)] = 0.0
    shifts, last = [], -np.inf
    before = round(BEFORE_S / STEP_S)
    for start, stop in runs(height >= LIMIT / 2, bridge=1):
        top = start + int(np.argmax(height[start:stop]))
        slept = start >= before and asleep[start - before : start].all() and (start - last) >= before
        if height[top] >= LIMIT and (stop - start) * STEP_S >= MIN_S and slept:
            band = max(BANDS, key=lambda name: z[name][top])
            times = 2 ** float(rises[band][top]), 2 ** float(np.nan_to_num(chin[top]))
            shifts.append(Shift(start * STEP_S, (stop - start) * STEP_S, float(height[top]), band, *times))
            last = stop
    return shifts


def _rise(inputs: Inputs, role: str, band: tuple[float, float]) -> Array:
    """Log2 of power over 3 s against the 10 s before, every 0.5 s; median over the role's fit channels."""
    steps = round(EPOCH_S / STEP_S)
    rises = [np.full(len(inputs.stages) * steps, np.nan)]
    for ch_name in names_of_role(inputs.recording, role):
        level = _level(inputs, ch_name, band)
        rises.append(np.where(np.repeat(inputs.fit[ch_name], steps), level - _before(level), np.nan))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All-NaN slice encountered")
        return np.asarray(np.nanmedian(rises, axis=0))


def _level(inputs: Inputs, ch_name: str, band: tuple[float, float]) -> Array:
    """Log2 of the power in `band`, µV², in steps of 0.5 s, median of the 3 s around each."""
    from scipy.ndimage import median_filter
    from scipy.signal import butter, sosfiltfilt

    sfreq = float(inputs.recording.info["sfreq"])
    n, n_steps = round(STEP_S * sfreq), len(inputs.stages) * round(EPOCH_S / STEP_S)
    sos = butter(6, [band[0], min(band[1], 0.49 * sfreq)], btype="bandpass", fs=sfreq, output="sos")
    x = sosfiltfilt(sos, inputs.recording.get_data(picks=[ch_name])[0] * 1e6)
    power = (x[: n_steps * n].reshape(n_steps, n) ** 2).mean(axis=1)
    return np.asarray(median_filter(np.log2(power + 1e-6), size=round(SMOOTH_S / STEP_S) + 1, mode="nearest"))


def _before(level: Array) -> Array:
    """Median of the 10 s that end where the 3 s around each step begin."""
    from scipy.ndimage import median_filter

    n, away = round(BEFORE_S / STEP_S), round(SMOOTH_S / STEP_S / 2)
    trailing = median_filter(level, size=n, origin=(n - 1) // 2, mode="nearest")
    return np.concatenate([np.repeat(trailing[:1], away), trailing])[: len(level)]


def _robust_z(rise: Array, asleep: NDArray[np.bool_]) -> Array:
    """Rise in robust standard deviations of the sleeping steps; 0 where there is none."""
    own = rise[asleep & np.isfinite(rise)]
    if len(own) == 0:
        return np.zeros(len(rise))
    spread = 1.4826 * np.median(np.abs(own - np.median(own)))
    return np.nan_to_num((rise - np.median(own)) / max(float(spread), 0.05))


def _describe(shifts: list[Shift], inputs: Inputs) -> Finding:
    names = (*names_of_role(inputs.recording, "eeg"), *names_of_role(inputs.recording, "chin"))
    onset = shifts[0].onset_s
    total = shifts[-1].onset_s + shifts[-1].duration_s - onset
    top = max(shifts, key=lambda s: s.height)
    chin = f", chin {top.chin_times:.1f} times" if top.chin_times > 1 else ""
    rise = f"{top.band} power {top.times:.1f} times that of the 10 s before{chin}"
    if len(shifts) == 1:
        rise = rise[0].upper() + rise[1:]
        text = f"{rise}, for {span(top.duration_s)} (height {top.height:.1f}, limit {LIMIT:.0f})."
        return Finding("arousal-like shift", onset, total, names, top.height / LIMIT, text)
    counts = stage_counts([s.onset_s for s in shifts], inputs.stages)
    text = f"{len(shifts)} arousal-like shifts in {span(total)} ({counts}); the strongest: {rise}."
    score = top.height / LIMIT + float(np.log2(len(shifts)))
    return Finding("arousal-like series", onset, total, names, score, text)
