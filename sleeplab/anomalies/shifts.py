"""Arousal-like shifts, where the EEG turns abruptly faster, and body movements, whose muscles drown it."""

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
from sleeplab.anomalies._samples import short_powers
from sleeplab.features import EPOCH_S, names_of_role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

# From lower to upper end (included), Hz; not the spindles' 12–16 Hz.
BANDS = {"delta": (1, 4), "theta": (5, 7), "alpha": (8, 11), "beta": (17, 30), "gamma": (31, 45)}
CHIN_BAND = (10, 45)
STEP_S, WINDOW_S = 0.5, 1.0
_STEPS = round(EPOCH_S / STEP_S)
SMOOTH_S = 4.0
BEFORE_S, HEART_S = 10.0, 5.0
MIN_S = 3.0
MIDDLE_TO_SD = 0.7706  # from the 35 % to the 65 % quantile of a normal distribution, in SD
LIMIT = 9.0  # of the evidence of EEG, chin and heart, in robust standard deviations of the night's sleep
EEG_CAP, SLOW_RANGE, CHIN_CAP, HEART_CAP = 12.0, (-1.0, 4.0), 6.0, 5.0
MIN_EEG = 3.0  # the chin and the heart alone are not enough
MIN_CHIN_REM = 2.0
SERIES_GAP_S = 180.0
MOVEMENT_TIMES, MOVEMENT_S, MOVEMENT_GAP_S = 16.0, 2.0, 900.0


class Shift(NamedTuple):
    """One shift: when, how far out, and how many times the power of the 10 s before."""

    onset_s: float
    duration_s: float
    height: float
    band: str
    times: float
    chin_times: float
    heart_bpm: float


def find_shifts(inputs: Inputs) -> list[Finding]:
    """Find arousal-like shifts and body movements."""
    levels = _levels(inputs, inputs.eeg_uv, BANDS)
    return find_arousals(inputs, levels) + find_movements(inputs, levels["gamma"])


def find_arousals(inputs: Inputs, levels: dict[str, Array]) -> list[Finding]:
    """Find abrupt shifts to faster activity of at least 3 s after at least 10 s of sleep.

    The rule of the AASM manual in our words: an abrupt change of EEG frequency (alpha, theta or above 16 Hz,
    spindles excepted) of 3 s or more, with 10 s of sleep before; in REM the chin rises too. Here the power of
    each band over 4 s is compared with the 10 s before, in robust standard deviations of all such rises of
    the night's sleep. The evidence is the largest rise of theta, alpha, beta or gamma, the fall of delta, the
    rise of the chin and the rise of the heart rate, each cut so that none decides alone. Nine is the limit,
    half of it must hold for 3 s. The first epoch of waking is searched too: most awakenings begin with an
    arousal. That the heart speeds up: Trinder et al. 2003, doi:10.1093/sleep/26.5.543.

    Shifts less than 3 min apart become one series: 10–20 per hour are normal in a healthy adult, so it is
    their number that matters. The score is the height over the limit (a series: plus log2 of its number).
    """
    shifts = _find_shifts(inputs, levels)
    onsets = np.array([s.onset_s for s in shifts])
    ends = np.array([s.onset_s + s.duration_s for s in shifts])
    return [_describe(shifts[group], inputs) for group in group_by_gap(onsets, ends, SERIES_GAP_S)]


def find_movements(inputs: Inputs, gamma: Array) -> list[Finding]:
    """Find body movements: 31–45 Hz, which is muscle, at 16 times the night's median for 2 s or more.

    The mean over the fit EEG channels is looked at, so that a single bad electrode is none. Everybody turns a
    few times an hour: movements less than 15 min apart are one finding, because their number matters. The
    score is log2(1 + number).

    Parameters
    ----------
    inputs
        The night.
    gamma
        Log2 of that power every 0.5 s.

    Returns
    -------
    list of Finding
        Kind "body movements".
    """
    if not np.isfinite(gamma).any():
        return []
    over = np.nan_to_num(gamma - np.nanmedian(gamma))
    found = np.array(runs(over >= np.log2(MOVEMENT_TIMES), bridge=4), dtype=float).reshape(-1, 2) * STEP_S
    starts, ends = found[found[:, 1] - found[:, 0] >= MOVEMENT_S].T
    names = names_of_role(inputs.recording, "eeg")
    findings = []
    for group in group_by_gap(starts, ends, MOVEMENT_GAP_S):
        onset, n = float(starts[group][0]), len(starts[group])
        total = float(ends[group][-1]) - onset
        longest = span(float((ends[group] - starts[group]).max()))
        counts = stage_counts(starts[group], inputs.stages)
        text = f"Body movements in the EEG: {n} in {span(total)} ({counts}), the longest {longest} "
        text += f"(limits: 31–45 Hz at {MOVEMENT_TIMES:.0f} times the usual, 2 s)."
        score = float(np.log2(1 + n))
        findings.append(Finding("body movements", onset, total, tuple(names), score, text))
    return findings


def _find_shifts(inputs: Inputs, levels: dict[str, Array]) -> list[Shift]:
    asleep = np.repeat(_near_sleep(inputs.stages), _STEPS)
    rem = np.repeat(inputs.stages == "REM", _STEPS)
    rises = {band: _rise(-level if band == "delta" else level) for band, level in levels.items()}
    chin = {name: inputs.samples_uv(name) for name in names_of_role(inputs.recording, "chin")}
    rises["chin"] = _rise(_levels(inputs, chin, {"chin": CHIN_BAND})["chin"])
    rises["heart"] = _heart_rise(inputs)
    z = {name: _robust_z(rise, asleep) for name, rise in rises.items()}
    faster = [z[band] for band in BANDS if band != "delta"]
    eeg = np.maximum.reduce(faster).clip(0, EEG_CAP) + z["delta"].clip(*SLOW_RANGE)
    height = eeg + z["chin"].clip(0, CHIN_CAP) + z["heart"].clip(0, HEART_CAP)
    height[~asleep] = 0.0
    enough = eeg >= MIN_EEG
    if np.isfinite(rises["chin"]).any():
        enough &= ~rem | (z["chin"] >= MIN_CHIN_REM)
    judged = np.where(enough, height, 0.0)
    shifts, last, before = [], 0, round(BEFORE_S / STEP_S)
    for start, stop in runs(height >= LIMIT / 2, bridge=2):
        top = start + int(np.argmax(judged[start:stop]))
        slept = start - last >= before and asleep[start - before : start].all()
        if judged[top] >= LIMIT and (stop - start) * STEP_S >= MIN_S and slept:
            shifts.append(_shift((start, stop, top), height, z, rises))
            last = stop
    return shifts


def _near_sleep(stages: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Mark sleep, and the first epoch of waking after it: an arousal may be why it was scored so."""
    asleep = np.isin(stages, SLEEP)
    return np.asarray(asleep | (np.append(False, asleep[:-1]) & (stages == "WAKE")))


def _shift(run: tuple[int, int, int], height: Array, z: dict[str, Array], rises: dict[str, Array]) -> Shift:
    start, stop, top = run
    band = max((name for name in BANDS if name != "delta"), key=lambda name: z[name][top])
    times, chin = 2 ** float(rises[band][top]), 2 ** float(np.nan_to_num(rises["chin"][top]))
    heart = float(np.nan_to_num(rises["heart"][top]))
    return Shift(start * STEP_S, (stop - start) * STEP_S, float(height[top]), band, times, chin, heart)


def _levels(
    inputs: Inputs, channels: Mapping[str, Array], bands: dict[str, tuple[int, int]]
) -> dict[str, Array]:
    """Log2 of the power (µV²) of each band every 0.5 s, mean over the fit channels; NaN where none is fit."""
    n_steps, sfreq = len(inputs.stages) * _STEPS, float(inputs.recording.info["sfreq"])
    levels: dict[str, list[Array]] = {band: [np.full(n_steps, np.nan)] for band in bands}
    top_hz = max(high for _, high in bands.values())
    for ch_name, x in channels.items():
        fit = np.repeat(inputs.fit[ch_name], _STEPS)
        power = short_powers(x, sfreq, step_s=STEP_S, window_s=WINDOW_S, max_hz=top_hz)[:n_steps]
        hz = np.arange(power.shape[1]) / WINDOW_S
        for band, (low, high) in bands.items():
            level = np.log2(power[:, (hz >= low) & (hz <= high)].sum(axis=1) + 1e-6)
            levels[band].append(np.where(fit, level.astype(float), np.nan))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Mean of empty slice")
        return {band: np.nanmean(own, axis=0) for band, own in levels.items()}


def _heart_rise(inputs: Inputs) -> Array:
    """Heart rate of the next 5 s minus that of the 10 s before, beats per minute; NaN without an ECG."""
    n_steps = len(inputs.stages) * _STEPS
    names = names_of_role(inputs.recording, "ecg")[:1]
    if not names:
        return np.full(n_steps, np.nan)
    beats = inputs.beats / float(inputs.recording.info["sfreq"])
    if len(beats) < 2:
        return np.full(n_steps, np.nan)
    rate = np.interp((np.arange(n_steps) + 0.5) * STEP_S, beats[1:], 60 / np.diff(beats))
    rise = _mean_of(rate, 0, HEART_S) - _mean_of(rate, -BEFORE_S, BEFORE_S)
    return np.where(np.repeat(inputs.fit[names[0]], _STEPS), rise, np.nan)


def _rise(level: Array) -> Array:
    """Median of the 4 s around each step minus the mean of the 10 s before them."""
    from scipy.ndimage import median_filter

    known = np.isfinite(level)
    filled = np.where(known, level, np.median(level[known]) if known.any() else 0.0)
    around = median_filter(filled, size=round(SMOOTH_S / STEP_S) + 1, mode="nearest")
    return np.where(known, around - _mean_of(level, -SMOOTH_S / 2 - BEFORE_S, BEFORE_S), np.nan)


def _mean_of(values: Array, start_s: float, length_s: float) -> Array:
    """Mean of the stretch that begins `start_s` after each step."""
    first, n = round(start_s / STEP_S), round(length_s / STEP_S)
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
    valid = np.concatenate([[0], np.cumsum(np.isfinite(values))])
    start = np.clip(np.arange(len(values)) + first, 0, len(values))
    stop = np.clip(start + n, 0, len(values))
    count = valid[stop] - valid[start]
    return np.where(count >= n / 2, (total[stop] - total[start]) / np.maximum(count, 1), np.nan)


def _robust_z(rise: Array, asleep: NDArray[np.bool_]) -> Array:
    """Rise in standard deviations of the sleeping steps, taken from their middle; 0 where there is none.

    Arousals raise the upper end, the seconds after them lower the other: with one a minute both would make
    them usual.
    """
    own = rise[asleep & np.isfinite(rise)]
    if len(own) == 0:
        return np.zeros(len(rise))
    low, middle, high = np.quantile(own, [0.35, 0.5, 0.65])
    spread = max(float(high - low) / MIDDLE_TO_SD, 0.05)
    return np.asarray(np.nan_to_num((rise - middle) / spread))


def _describe(shifts: list[Shift], inputs: Inputs) -> Finding:
    names = (*names_of_role(inputs.recording, "eeg"), *names_of_role(inputs.recording, "chin"))
    onset = shifts[0].onset_s
    total = shifts[-1].onset_s + shifts[-1].duration_s - onset
    top = max(shifts, key=lambda s: s.height)
    chin = f", chin {top.chin_times:.1f} times" if top.chin_times > 1 else ""
    heart = f", heart rate {top.heart_bpm:+.0f}/min" if top.heart_bpm >= 1 else ""
    rise = f"{top.band} power {top.times:.1f} times that of the 10 s before{chin}{heart}"
    if len(shifts) == 1:
        rise = rise[0].upper() + rise[1:]
        text = f"{rise}, for {span(top.duration_s)} (height {top.height:.1f}, limit {LIMIT:.0f})."
        return Finding("arousal-like shift", onset, total, names, top.height / LIMIT, text)
    counts = stage_counts([s.onset_s for s in shifts], inputs.stages)
    text = f"{len(shifts)} arousal-like shifts in {span(total)} ({counts}); the strongest: {rise}."
    score = top.height / LIMIT + float(np.log2(len(shifts)))
    return Finding("arousal-like series", onset, total, names, score, text)
