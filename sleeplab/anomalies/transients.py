"""Epileptiform-like transients: short sharp waves that stand out, in clusters that a person confirms.

Full automation fails here (specificity 3–63 %); clusters found by a machine and confirmed by a person reach
93–97 % (Kural et al. 2022, doi:10.1111/epi.17206). So the detector is generous and its result small: one row
per group of channels and polarity, and a few examples.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sleeplab.anomalies._ledger import SLEEP, Finding, Inputs, span, stage_counts
from sleeplab.anomalies._samples import high_peaks, row_medians
from sleeplab.features import EPOCH_S, names_of_role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

SCALES_S = (0.012, 0.03)  # standard deviation of the smoothing: sharpest for waves of about 40 and 100 ms
PROMINENCE = 5.0  # curvature beyond that of its neighbours, in robust SD of the surrounding minutes
WITH_FIELD = 4.5  # enough where a second channel shows it too
ONLY_CHANNEL = 4.3  # enough in a recording of one EEG channel: fewer chances of a false one
NEIGHBOUR_S = (0.06, 0.25)  # spindles and alpha have neighbours as sharp as themselves; spike-waves have none
MIN_UV = 20.0  # of the wave against its feet
WIDTH_S = (0.01, 0.07)  # at half height: about half of the width at the foot
ABOVE = 0.5  # of its height, over the half second before: the upstroke of a slow wave starts from below
BEAT_S = (0.45, 1.4)  # a heart beat in the EEG: the same wave before and after
BEAT_SHARE, BEAT_JITTER = 0.4, 0.12
MUSCLE_RATIO = 4.0  # power above 30 Hz around the transient, against its usual value
ECG_WINDOW_S = 0.06
SAME_S = 0.1  # peaks of several channels within this time are one transient
SINGLE_PROMINENCE = 8.0  # a transient without companions must stand out more
MIN_CLUSTER = 8
MAX_MEMBERS = 3


class Transient(NamedTuple):
    """One sharp wave on the channel where it is sharpest."""

    time_s: float
    ch_name: str
    polarity: int
    prominence: float
    amplitude_uv: float
    width_s: float
    others: tuple[str, ...]


def find_transients(inputs: Inputs) -> list[Finding]:
    """Find sharp transients of about 20–150 ms in sleep and write them as clusters with a few members.

    The curvature of the smoothed EEG (two widths) is divided by its robust spread over the surrounding
    minutes. Its prominence is the curvature beyond the mean of the two sharpest waves of the same polarity
    within 0.25 s, of which spindles and alpha have as sharp ones. A transient has a prominence of 5 (4.5
    where a second channel shows it too, 4.3 in a recording of one EEG channel), is 10–70 ms wide at half
    height, which is about half of its width at the foot, 20 µV or more high, and rises by half of its height
    over the half second before, as the upstroke of a slow wave does not. Left out: waves with muscle around
    them, locked to the heart beat, and epochs that the gate refuses. Sharp waves of 150–200 ms are missed on
    purpose: by width and height alone they cannot be told from vertex waves and K-complexes. Vertex waves are
    what is left of false ones: five or so in a healthy night, so that eight make a cluster. The score is the
    largest prominence over the limit (a cluster: times log2 of its members).
    """
    findings: list[Finding] = []
    for members in _clusters(detect_transients(inputs)):
        members.sort(key=lambda t: -t.prominence)
        clustered = len(members) >= MIN_CLUSTER
        if clustered:
            findings.append(_describe_cluster(members, inputs))
        shown = [t for t in members if clustered or t.prominence >= SINGLE_PROMINENCE]
        findings += [_describe(t, inputs) for t in shown[:MAX_MEMBERS]]
    return findings


def detect_transients(inputs: Inputs) -> list[Transient]:
    """Detect every sharp transient, before they are grouped; see `find_transients`."""
    found = [t for ch_name in names_of_role(inputs.recording, "eeg") for t in _on_channel(inputs, ch_name)]
    return _join_channels(_without_heart(found, inputs), _limits(inputs))


def _clusters(transients: list[Transient]) -> list[list[Transient]]:
    """Group by polarity and field: the channel that shows most of them takes all of these, then the next."""
    clusters = []
    for polarity in (-1, 1):
        left = [t for t in transients if t.polarity == polarity]
        while left:
            counts = Counter(name for t in left for name in t.others)
            name = min(counts, key=lambda key: (-counts[key], key))
            clusters.append([t for t in left if name in t.others])
            left = [t for t in left if name not in t.others]
    return clusters


def _on_channel(inputs: Inputs, ch_name: str) -> list[Transient]:
    usable = np.isin(inputs.stages, SLEEP) & inputs.fit[ch_name]
    if not usable.any():
        return []
    sfreq = float(inputs.recording.info["sfreq"])
    n_times = len(usable) * round(EPOCH_S * sfreq)
    x = inputs.eeg_uv[ch_name][:n_times]
    curvature = _curvature(x.reshape(len(usable), -1), sfreq)
    asleep = np.where(usable[:, None], np.abs(curvature), 0).ravel()
    candidates = high_peaks(asleep, ONLY_CHANNEL, round(0.15 * sfreq))
    curvature = curvature.ravel()
    prominences = _prominences(curvature, candidates, sfreq)
    upright = {1: (x, -curvature), -1: (-x, curvature)}
    found = []
    for i, prominence in zip(candidates.tolist(), prominences.tolist(), strict=True):
        polarity = -1 if curvature[i] > 0 else 1
        wave, sharp = upright[polarity]
        if prominence < ONLY_CHANNEL or _beats(sharp, i, sfreq):
            continue
        height, width = _shape(wave, i, sfreq)
        if height >= MIN_UV and WIDTH_S[0] <= width <= WIDTH_S[1] and _is_above(wave, i, height, sfreq):
            found.append(Transient(i / sfreq, ch_name, polarity, prominence, height, width, (ch_name,)))
    quiet = _muscle_ratio(x, np.array([round(t.time_s * sfreq) for t in found]), sfreq) < MUSCLE_RATIO
    return [t for t, is_quiet in zip(found, quiet, strict=True) if is_quiet]


def _curvature(x: Array, sfreq: float) -> Array:
    """Second derivative at the sharpest width, in robust standard deviations; negative at a positive wave.

    Rows of `x` and of the result are epochs.
    """
    from scipy.ndimage import uniform_filter1d

    values = []
    for scale_s in SCALES_S:
        value = _second_derivative(x.ravel(), scale_s * sfreq).reshape(x.shape)
        spread = uniform_filter1d(1.4826 * row_medians(np.abs(value[:, ::4])), size=3, mode="nearest")
        values.append(value / np.maximum(spread, 1e-3)[:, None])
    narrow, wide = values
    # The sign of the sum is that of the larger one: ten times faster than `numpy.where` on noise.
    return np.asarray(np.copysign(np.maximum(np.abs(narrow), np.abs(wide)), narrow + wide))


def _second_derivative(x: Array, sigma: float) -> Array:
    """Second derivative of the smoothed signal, six times faster than `gaussian_filter1d` on the whole of it.

    A matrix makes 32 samples at once from those around them: the filter's answers to single samples.
    """
    from scipy.ndimage import gaussian_filter1d

    reach, n = int(4 * sigma + 0.5), 32
    answers = gaussian_filter1d(np.eye(n + 2 * reach, dtype=np.float32), sigma, order=2, mode="constant")
    padded = np.pad(x.astype(np.float32), (reach, reach + -len(x) % n), mode="symmetric")
    around = np.lib.stride_tricks.sliding_window_view(padded, n + 2 * reach)[::n]
    return np.asarray((np.ascontiguousarray(around) @ answers[:, reach:-reach]).ravel()[: len(x)])


def _muscle_ratio(x: Array, at: NDArray[np.intp], sfreq: float) -> Array:
    """Power above 30 Hz within ±0.5 s of some samples, over its usual value: that of three times an epoch.

    The transient itself holds little of it.
    """
    from scipy.signal import butter, sosfiltfilt

    sos = butter(4, 30, btype="highpass", fs=sfreq, output="sos")
    third, half = round(EPOCH_S * sfreq / 3), round(0.5 * sfreq)
    around = np.arange(-2 * half, 2 * half)
    samples = np.concatenate([at, np.arange(third // 2, len(x), third)]).astype(int)
    answers = sosfiltfilt(sos, np.eye(4 * half), axis=0)[half : 3 * half]  # the filter as a matrix
    high = x[(samples[:, None] + around).clip(0, len(x) - 1)] @ answers.T
    power = (high**2).mean(axis=1)
    return np.asarray(power[: len(at)] / max(float(np.median(power[len(at) :])), 1e-6))


def _shape(x: Array, i: int, sfreq: float) -> tuple[float, float]:
    """Height (µV) of the upward wave over the higher of its feet within 0.15 s, width (s) at half height."""
    reach = round(0.15 * sfreq)
    start = max(i - reach, 0)
    part = x[start : i + reach + 1]
    near = max(i - start - 3, 0)
    top = near + int(np.argmax(part[near : i - start + 4]))
    height = float(part[top] - max(part[: top + 1].min(), part[top:].min()))
    above = part > part[top] - height / 2
    left = int(np.argmin(above[: top + 1][::-1])) or top + 1
    right = int(np.argmin(above[top:])) or len(part) - top
    return height, (left + right - 1) / sfreq


def _is_above(x: Array, i: int, height: float, sfreq: float) -> bool:
    """Whether the top lies half of the height above the level of the half second before."""
    near = slice(max(i - 3, 0), i + 4)
    before = x[max(i - round(0.6 * sfreq), 0) : max(i - round(0.1 * sfreq), 1)]
    return bool(x[near].max() - np.median(before) >= ABOVE * height)


def _prominences(curvature: Array, at: NDArray[np.intp], sfreq: float) -> Array:
    """Sharpness of the waves at some samples beyond the mean of their two sharpest neighbours."""
    reach = round(NEIGHBOUR_S[1] * sfreq)
    away = np.arange(-reach, reach + 1)
    near = curvature[(at[:, None] + away).clip(0, len(curvature) - 1)] * np.sign(curvature[at])[:, None]
    is_top = (near[:, 1:-1] > near[:, :-2]) & (near[:, 1:-1] >= near[:, 2:])
    is_top &= np.abs(away[1:-1] / sfreq) > NEIGHBOUR_S[0]
    tops = np.sort(np.where(is_top, near[:, 1:-1], 0).clip(0), axis=1)
    return np.asarray(np.abs(curvature[at]) - tops[:, -2:].sum(axis=1) / 2)


def _beats(sharp: Array, i: int, sfreq: float) -> bool:
    """Whether nearly the same wave comes regularly before and after, like a heart beat."""
    reach = round(BEAT_S[1] * sfreq)
    start = max(i - reach, 0)
    part = sharp[start : i + reach + 1]
    tops = np.flatnonzero((part[1:-1] > part[:-2]) & (part[1:-1] >= part[2:])) + 1
    away = (tops + start - i) / sfreq
    beat = (np.abs(away) >= BEAT_S[0]) & (part[tops] > BEAT_SHARE * sharp[i])
    before, after = -away[beat & (away < 0)], away[beat & (away > 0)]
    return bool((np.abs(before[:, None] - after[None]) <= BEAT_JITTER * after[None]).any())


def _without_heart(found: list[Transient], inputs: Inputs) -> list[Transient]:
    """Drop transients at the heart beat from channels where they coincide more often than twice by chance."""
    if not found or len(inputs.beats) < 2:
        return found
    beats = inputs.beats / float(inputs.recording.info["sfreq"])
    chance = 2 * ECG_WINDOW_S / float(np.median(np.diff(beats)))
    times = np.array([t.time_s for t in found])
    after = np.clip(np.searchsorted(beats, times), 1, len(beats) - 1)
    near = np.minimum(np.abs(beats[after] - times), np.abs(times - beats[after - 1])) <= ECG_WINDOW_S
    names = np.array([t.ch_name for t in found])
    locked = {name for name in set(names) if near[names == name].mean() > 2 * chance}
    return [t for t, at_beat in zip(found, near, strict=True) if not (at_beat and t.ch_name in locked)]


def _limits(inputs: Inputs) -> tuple[float, float]:
    """Prominence that a transient needs on one channel, and on several."""
    alone = len(names_of_role(inputs.recording, "eeg")) == 1
    return (ONLY_CHANNEL, ONLY_CHANNEL) if alone else (PROMINENCE, WITH_FIELD)


def _join_channels(found: list[Transient], limits: tuple[float, float]) -> list[Transient]:
    """Join peaks of several channels within 0.1 s; the sharpest keeps its name, one alone must be sharper."""
    groups: list[list[Transient]] = []
    for transient in sorted(found):
        if groups and transient.time_s - groups[-1][0].time_s <= SAME_S:
            groups[-1].append(transient)
        else:
            groups.append([transient])
    joined = []
    for group in groups:
        best = max(group, key=lambda t: t.prominence)
        names = tuple(sorted({t.ch_name for t in group}))
        if best.prominence >= limits[len(names) > 1]:
            joined.append(best._replace(others=names))
    return joined


def _sign(polarity: int) -> str:
    return "positive" if polarity > 0 else "negative"


def _describe_cluster(members: list[Transient], inputs: Inputs) -> Finding:
    times = np.array([t.time_s for t in members])
    hours = np.isin(inputs.stages, SLEEP).sum() * EPOCH_S / 3600
    best = max(members, key=lambda t: t.prominence)
    width = 1000 * float(np.median([t.width_s for t in members]))
    height = float(np.median([t.amplitude_uv for t in members]))
    return Finding(
        kind="sharp transients",
        onset_s=float(times.min()) - 0.1,
        duration_s=float(np.ptp(times)) + 0.2,
        ch_names=tuple(sorted({name for t in members for name in t.others})),
        score=best.prominence / PROMINENCE * float(np.log2(len(members))),
        evidence=f"{len(members)} {_sign(best.polarity)} sharp transients, sharpest on {best.ch_name}, "
        f"{len(members) / hours:.1f} per hour of sleep ({stage_counts(times, inputs.stages)}), "
        f"within {span(float(np.ptp(times)))}; "
        f"median {height:.0f} µV, {width:.0f} ms at half height.",
    )


def _describe(t: Transient, inputs: Inputs) -> Finding:
    return Finding(
        kind="sharp transient",
        onset_s=t.time_s - 0.1,
        duration_s=0.2,
        ch_names=t.others,
        score=t.prominence / PROMINENCE,
        evidence=f"{_sign(t.polarity).capitalize()} transient of {t.amplitude_uv:.0f} µV and "
        f"{1000 * t.width_s:.0f} ms at half height on {t.ch_name}, sharper than its neighbours by "
        f"{t.prominence:.1f} times the usual spread (limit {_limits(inputs)[len(t.others) > 1]:.3g}).",
    )
