"""Evolving rhythms: a rhythm that lasts and changes its frequency or grows, as seizures do."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sleeplab.anomalies._ledger import Finding, Inputs, runs
from sleeplab.anomalies._samples import row_medians, short_powers
from sleeplab.features import EPOCH_S, names_of_role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

STEP_S, WINDOW_S = 1.0, 2.0
RHYTHM_HZ = (2.0, 10.0)  # what is strongest below is movement or slow waves
BROAD_HZ = (1.0, 20.0)
ALPHA_HZ = 7.5  # a rhythm that stays above it is alpha, whose growth means nothing
TIMES = 4.0  # power at the peak, against the night's epochs of the same stage
SHARE = 0.3  # of the power of 1–20 Hz that lies within 1 Hz of the peak
JUMP_HZ = 1.5  # from one second to the next
MIN_S = 10.0
MIN_UV = 17.0  # RMS, at the end that is larger
CHANGE_HZ, GROWTH, TREND = 1.0, 2.0, 0.6


class Track(NamedTuple):
    """The strongest rhythm of each second: frequency, times the usual power, share of the power, RMS."""

    hz: Array
    times: Array
    share: Array
    uv: Array


def find_evolving_rhythms(inputs: Inputs) -> list[Finding]:
    """Find rhythms of 2–10 Hz that evolve over 10 s or more.

    After the ACNS terminology of critical care EEG (Hirsch et al. 2021, doi:10.1097/WNP.0000000000000806), in
    our words: a seizure-like rhythm lasts 10 s or more and evolves in frequency, form or place. Here the
    spectrum of 2-s windows, averaged over the fit EEG channels, is divided by its median over the night's
    seconds of the same stage. A rhythm has a peak of 4 times the usual power, 30 % of the power of 1–20 Hz
    within 1 Hz of it, and no jump of more than 1.5 Hz. It evolves when its frequency changes by 1 Hz or its
    amplitude by a factor of 2, from the first to the last third, with a steady trend (rank correlation with
    time 0.6). What stays above 7.5 Hz (alpha) or below 17 µV RMS is left out. The score is log2 of the mean
    rise times the duration in units of 10 s.
    """
    track = _track(inputs)
    rhythmic = (track.hz >= RHYTHM_HZ[0]) & (track.times >= TIMES) & (track.share >= SHARE)
    stretches = [
        (start, Track(*(own[start:stop] for own in track))) for start, stop in _unbroken(rhythmic, track.hz)
    ]
    return [_describe(start, own, inputs) for start, own in stretches if _evolves(own)]


def _evolves(track: Track) -> bool:
    (hz, last_hz), (uv, last_uv) = _ends(track.hz), _ends(track.uv)
    if min(hz, last_hz) >= ALPHA_HZ or max(uv, last_uv) < MIN_UV:
        return False
    bends = abs(last_hz - hz) >= CHANGE_HZ and _is_steady(track.hz)
    grows = max(last_uv / uv, uv / last_uv) >= GROWTH and _is_steady(track.uv)
    return bends or grows


def _is_steady(values: Array) -> bool:
    from scipy.stats import spearmanr

    return bool(abs(spearmanr(np.arange(len(values)), values).statistic) >= TREND)


def _ends(values: Array) -> tuple[float, float]:
    """Median of the first and of the last third."""
    third = max(len(values) // 3, 1)
    return float(np.median(values[:third])), float(np.median(values[-third:]))


def _track(inputs: Inputs) -> Track:
    steps = round(EPOCH_S / STEP_S)
    stages, n = np.repeat(inputs.stages, steps), len(inputs.stages) * steps
    sfreq = float(inputs.recording.info["sfreq"])
    hz = np.arange(round(BROAD_HZ[1] * WINDOW_S) + 1) / WINDOW_S
    ratio, power, count = np.zeros((n, len(hz))), np.zeros((n, len(hz))), np.zeros((n, 1))
    for ch_name, x in inputs.eeg_uv.items():
        fit = np.repeat(inputs.fit[ch_name], steps)
        own = short_powers(x, sfreq, step_s=STEP_S, window_s=WINDOW_S, max_hz=BROAD_HZ[1])[:n]
        own[~fit] = 0.0
        ratio += own / _usual(own, stages, fit)
        power += own
        count += fit[:, None]
    ratio, power = ratio / np.maximum(count, 1), power / np.maximum(count, 1)
    low = slice(1, int(np.searchsorted(hz, RHYTHM_HZ[1], "right")))
    peak = 1 + np.argmax(ratio[:, low] * power[:, low], axis=1)  # by the ratio alone it is often a harmonic
    at_peak = (power * (np.abs(hz - hz[peak][:, None]) <= 1.0)).sum(axis=1)
    broad = power[:, (hz >= BROAD_HZ[0]) & (hz <= BROAD_HZ[1])].sum(axis=1)
    return Track(hz[peak], ratio[np.arange(n), peak], at_peak / np.maximum(broad, 1e-12), np.sqrt(at_peak))


def _usual(power: Array, stages: NDArray[np.str_], fit: NDArray[np.bool_]) -> Array:
    """Median spectrum of the stage of each second, shape (n_steps, n_freqs)."""
    usual = np.ones_like(power)
    for stage in np.unique(stages[fit]):
        own = (stages == stage) & fit
        usual[own] = np.maximum(row_medians(power[own].T), 1e-6)
    return usual


def _unbroken(rhythmic: NDArray[np.bool_], hz: Array) -> list[tuple[int, int]]:
    """Stretches of 10 s or more; a hole of one second is closed, a jump of the frequency ends them."""
    found = []
    for start, stop in runs(rhythmic, bridge=1):
        if (stop - start) * STEP_S < MIN_S:
            continue
        jumps = start + 1 + np.flatnonzero(np.abs(np.diff(hz[start:stop])) > JUMP_HZ)
        found += [(int(a), int(b)) for a, b in pairwise([start, *jumps, stop]) if (b - a) * STEP_S >= MIN_S]
    return found


def _describe(start: int, track: Track, inputs: Inputs) -> Finding:
    length = len(track.hz) * STEP_S
    epoch = int(start * STEP_S // EPOCH_S)
    (hz, last_hz), (uv, last_uv), times = _ends(track.hz), _ends(track.uv), float(track.times.mean())
    return Finding(
        kind="evolving rhythm",
        onset_s=start * STEP_S,
        duration_s=length,
        ch_names=tuple(n for n in names_of_role(inputs.recording, "eeg") if inputs.fit[n][epoch]),
        score=float(np.log2(times) * length / MIN_S),
        evidence=f"Rhythm of {length:.0f} s that goes from {hz:.1f} to {last_hz:.1f} Hz and from {uv:.0f} to "
        f"{last_uv:.0f} µV RMS; {times:.0f} times the usual power of {inputs.stages[epoch]} at its peak "
        f"(limit {TIMES:.0f}).",
    )
