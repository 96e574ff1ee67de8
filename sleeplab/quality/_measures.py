"""What is measured on each channel-epoch. Every measure is an array of shape (n_epochs,)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    Array = NDArray[np.floating]

STAGED_HZ = (0.4, 30.0)  # the band that YASA keeps
CHIN_HZ = (10.0, 50.0)  # below it a chin channel holds movement, not muscle tone
SLOW_HZ, FAST_HZ = (0.5, 4.0), (15.0, 30.0)
TONE_HZ, HUM_HZ = (5.0, 30.0), (30.0, np.inf)  # no rhythm of the brain is a single line of 1/30 Hz
SHARED_HZ = (4.0, 15.0)  # chance correlation over 30 s: 1/sqrt(2 · 11 Hz · 30 s) = 0.04
LINE_HALF_BINS = 2  # the main lobe of a Hann window
FLOOR_UV2 = 0.1**2  # power below that of an amplifier's own noise says nothing
EDGE_SHARE, STILL_SHARE = 0.05, 0.5  # of the epoch's range, of its mean step
ENOUGH_VALUES = 50
BLOCK = 60  # epochs that are measured at once
SEGMENT_S = 5.0
BEAT_HZ = (5.0, 20.0)
BEAT_WINDOW_S = (-0.25, 0.35)


class Beats(NamedTuple):
    """R peaks: their samples, and the epoch that each belongs to; only epochs with a plausible rate."""

    samples: NDArray[np.intp]
    epochs: NDArray[np.intp]


class Spectrum(NamedTuple):
    """Spectra of a channel between 4 and 15 Hz, of unit size, shape (n_epochs, n_segments, 2 · n_freqs).

    Real and imaginary parts are counted as two values.
    """

    segments: NDArray[np.float32]
    alive: NDArray[np.bool_]


def measure_brain(
    x: Array, sfreq: float, *, band: tuple[float, float], beats: Beats | None
) -> dict[str, Array]:
    """Measure an EEG, EOG or chin channel.

    Parameters
    ----------
    x
        Signal in µV, finite, shape (n_epochs, n_times).
    sfreq
        Sampling rate in Hz.
    band
        Band in Hz in which the amplitude is measured.
    beats
        R peaks of the recording, where an ECG is there.

    Returns
    -------
    dict of measure to array, shape (n_epochs,)
        `std_uv` in `band`, `total_uv` in all; `tone_db`, `hum_db` of the strongest line below, above 30 Hz;
        `slow_to_fast` (spectral density below 4 Hz over that above 15 Hz); `flat_seconds`, `over_500_uv`,
        `over_1000_uv` (share of seconds with such a range); `n_values`; `clipped`; `beat_share`.
    """
    blocks = [_measure_block(x[i : i + BLOCK], sfreq, band) for i in range(0, len(x), BLOCK)]
    empty = _measure_block(x[:0], sfreq, band)
    measures = {name: np.concatenate([empty[name], *(block[name] for block in blocks)]) for name in empty}
    return measures | {"beat_share": _beat_share(x, sfreq, beats)}


def _measure_block(x: Array, sfreq: float, band: tuple[float, float]) -> dict[str, Array]:
    """Measure a few epochs, which fit the processor's cache."""
    centred = x - x.mean(axis=1, keepdims=True)
    freqs, power = _spectrum(centred, sfreq)
    staged = _within(freqs, STAGED_HZ)
    staged_uv2 = power[:, staged].sum(axis=1)
    slow, fast = (power[:, _within(freqs, hz)].mean(axis=1) for hz in (SLOW_HZ, FAST_HZ))
    second_uv = _second_ranges(x, sfreq)
    flat_uv = 1.0 if band == STAGED_HZ else 0.05
    return {
        "std_uv": np.sqrt(power[:, _within(freqs, band)].sum(axis=1)),
        "total_uv": np.sqrt(np.vecdot(centred, centred) / x.shape[1]),
        "tone_db": _line_db(power, _within(freqs, TONE_HZ), staged, staged_uv2),
        "hum_db": _line_db(power, _within(freqs, HUM_HZ), staged, staged_uv2),
        "slow_to_fast": slow / (fast + 1e-12),
        "flat_seconds": (second_uv < flat_uv).mean(axis=1),
        "over_500_uv": (second_uv > 500.0).mean(axis=1),
        "over_1000_uv": (second_uv > 1000.0).mean(axis=1),
        "n_values": _count_values(x),
        "clipped": _clipped_share(x),
    }


def measure_other(x: Array, names: Collection[str]) -> dict[str, Array]:
    """Measure by these names a channel of any other role; `x` in its own unit (µV where it is a voltage)."""
    measures = {"range_uv": np.ptp(x, axis=1)}
    if "range_share" in names:
        low, high = np.quantile(x[:, ::10], [0.01, 0.99]) if x.size else (0.0, 0.0)
        measures["range_share"] = measures["range_uv"] / (high - low) if high > low else np.zeros(len(x))
    if "outside_50_100" in names:  # resampling overshoots a step of 1 % by less than 1 %
        measures["outside_50_100"] = ((x < 49.0) | (x > 101.0)).mean(axis=1)
    return measures


def off_scale_uv(measures: dict[str, Array], low_uv: float, high_uv: float) -> Array:
    """Median amplitude of a channel that is off by 10^3 or 10^6 throughout, else NaN.

    A channel is off only if nine tenths of its epochs lie on the same side of the plausible range and a
    factor of a thousand or a million brings its median inside. Too small: even with all its drifts
    (`total_uv`). Too large: even without them (`std_uv`).
    """
    total_uv, std_uv = (measures[name][measures["total_uv"] > 0] for name in ("total_uv", "std_uv"))
    median = np.nan
    if total_uv.size and np.quantile(total_uv, 0.9) < low_uv:
        median, factors = float(np.median(total_uv)), (1e3, 1e6)
    elif total_uv.size and np.quantile(std_uv, 0.1) > high_uv:
        median, factors = float(np.median(std_uv)), (1e-3, 1e-6)
    off = not np.isnan(median) and any(low_uv <= median * factor <= high_uv for factor in factors)
    return np.full(measures["std_uv"].shape, median if off else np.nan)


def shared_spectrum(x: Array, sfreq: float) -> Spectrum:
    """Prepare a channel for `measure_shared`.

    Segments of 5 s count alike, however loud: a movement of some seconds does not decide over an epoch.

    Parameters
    ----------
    x
        Signal in µV, finite, shape (n_epochs, n_times).
    sfreq
        Sampling rate in Hz.
    """
    from scipy.fft import rfft

    n = round(SEGMENT_S * sfreq)
    window = np.hanning(n).astype(np.float32)
    band = _within(np.arange(n // 2 + 1) * (sfreq / n), SHARED_HZ)
    segments = np.lib.stride_tricks.sliding_window_view(x, n, axis=1)[:, :: n // 2]
    spectrum = np.zeros((*segments.shape[:2], band.stop - band.start), np.complex64)
    for i in range(0, len(x), BLOCK):
        spectrum[i : i + BLOCK] = rfft(segments[i : i + BLOCK] * window)[..., band]
    values = spectrum.view(np.float32)
    size = np.linalg.norm(values, axis=2, keepdims=True)
    alive = (size[..., 0] ** 2).mean(axis=1) * 2 / (n * float((window**2).sum())) > FLOOR_UV2
    values /= np.maximum(size, np.finfo(np.float32).tiny)
    return Spectrum(values, alive)


def measure_shared(spectra: dict[str, Spectrum]) -> dict[str, Array]:
    """Measure how much of a channel is seen by any other: its largest correlation between 4 and 15 Hz.

    Electrodes on one head share brain activity through the skull; what an open input picks up is its own.
    NaN where fewer than two other channels are alive, for then it cannot be said which one is off.

    Parameters
    ----------
    spectra
        `shared_spectrum` of channels with a common kind of reference.

    Returns
    -------
    dict of channel to array, shape (n_epochs,)
        Absolute correlation, 0 to 1, of the mean over the segments of the epoch.
    """
    shared = {name: np.zeros(len(spectrum.alive)) for name, spectrum in spectra.items()}
    for (one, a), (other, b) in itertools.combinations(spectra.items(), 2):
        r = np.abs(np.einsum("esf,esf->e", a.segments, b.segments)) / a.segments.shape[1]
        shared[one] = np.maximum(shared[one], r * b.alive)
        shared[other] = np.maximum(shared[other], r * a.alive)
    n_alive = np.sum([spectrum.alive for spectrum in spectra.values()], axis=0)
    return {name: np.where(n_alive - spectra[name].alive >= 2, shared[name], np.nan) for name in spectra}


def find_beats(ecg: Array, sfreq: float) -> Beats:
    """Find R peaks in an ECG, shape (n_epochs, n_times); keep the epochs with 30 to 180 beats per minute."""
    n_epochs, n_times = ecg.shape
    blocks = [_find_peaks(ecg[i : i + BLOCK], sfreq) + i * n_times for i in range(0, n_epochs, BLOCK)]
    peaks = np.concatenate([np.zeros(0, int), *blocks])
    epochs = peaks // n_times
    per_minute = np.bincount(epochs, minlength=n_epochs) * 60.0 * sfreq / n_times
    keep = ((per_minute >= 30) & (per_minute <= 180))[epochs]
    return Beats(peaks[keep], epochs[keep])


def _find_peaks(ecg: Array, sfreq: float) -> NDArray[np.intp]:
    """Find where the energy between 5 and 20 Hz is largest, a third of a second or more apart."""
    from scipy.fft import irfft, rfft
    from scipy.signal import find_peaks

    n_times = ecg.shape[1]
    freqs = np.fft.rfftfreq(n_times, 1 / sfreq)
    spectrum = rfft(ecg, axis=1) * ((freqs >= BEAT_HZ[0]) & (freqs <= BEAT_HZ[1]))
    energy = irfft(spectrum, n_times, axis=1) ** 2
    high = np.quantile(np.sort(energy, axis=1), 0.98, axis=1, keepdims=True)  # sorted, it is twice as fast
    energy[energy < 0.3 * high] = 0
    peaks: NDArray[np.intp] = find_peaks(energy.ravel(), distance=max(1, round(sfreq / 3)))[0]
    return peaks


def _spectrum(centred: Array, sfreq: float) -> tuple[Array, Array]:
    """Return frequencies in Hz and power per bin in µV², which sums to the variance of each epoch."""
    from scipy.fft import rfft

    n_times = centred.shape[1]
    window = np.hanning(n_times).astype(centred.dtype)
    spectrum = rfft(centred * window, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    power *= 2.0 / (n_times * np.sum(window**2))
    freqs: Array = np.arange(n_times // 2 + 1) * (sfreq / n_times)
    return freqs, power


def _within(freqs: Array, band: tuple[float, float]) -> slice:
    """Return the bins from the lower edge of a band to below the upper one."""
    return slice(*np.searchsorted(freqs, band))


def _line_db(power: Array, band: slice, staged: slice, staged_uv2: Array) -> Array:
    """Power of the strongest single line in a band against everything else between 0.4 and 30 Hz."""
    n_freqs = power.shape[1]
    if band.start >= n_freqs:
        return np.full(len(power), -np.inf)
    peak = band.start + power[:, band].argmax(axis=1)
    near = peak[:, None] + np.arange(-LINE_HALF_BINS, LINE_HALF_BINS + 1)
    found = np.where(near < n_freqs, np.take_along_axis(power, np.minimum(near, n_freqs - 1), axis=1), 0)
    rest = staged_uv2 - (found * ((near >= staged.start) & (near < staged.stop))).sum(axis=1)
    ratio_db: Array = 10 * np.log10((found.sum(axis=1) + FLOOR_UV2) / (np.maximum(rest, 0) + FLOOR_UV2))
    return ratio_db


def _second_ranges(x: Array, sfreq: float) -> Array:
    """Range of each whole second, shape (n_epochs, n_seconds)."""
    n = round(sfreq)
    n_seconds = x.shape[1] // n
    samples = x[:, : n_seconds * n].reshape(-1, n).T.copy()  # side by side, seconds are compared at once
    ranges: Array = np.ptp(samples, axis=0).reshape(len(x), n_seconds)
    return ranges


def _count_values(x: Array) -> Array:
    """Count the distinct values of each epoch; where its first hundred samples have enough, only of these."""

    def count(some: Array) -> Array:
        ordered = np.sort(some, axis=1)
        n: Array = 1.0 + np.count_nonzero(np.diff(ordered, axis=1), axis=1)
        return n

    n_values = count(x[:, :100])
    few = n_values < ENOUGH_VALUES
    n_values[few] = count(x[few])
    return n_values


def _clipped_share(x: Array) -> Array:
    """Share of samples that stay at the epoch's highest or lowest value; 0 where these are no rails.

    At a rail the signal stands still, but for the ripple of resampling. On the crest of a slow drift the EEG
    goes on as elsewhere, so the steps there are as large as the others.
    """
    low, high = x.min(axis=1, keepdims=True), x.max(axis=1, keepdims=True)
    edge = EDGE_SHARE * (high - low)
    top, bottom = x >= high - edge, x <= low + edge
    stay = (top[:, 1:] & top[:, :-1]) | (bottom[:, 1:] & bottom[:, :-1])
    n_stay = np.count_nonzero(stay, axis=1)
    step = np.abs(np.diff(x, axis=1))
    step_there = (step * stay).sum(axis=1) / np.maximum(n_stay, 1)
    share: Array = np.where(step_there <= STILL_SHARE * step.mean(axis=1), n_stay / stay.shape[1], 0.0)
    return share


def _beat_share(x: Array, sfreq: float, beats: Beats | None) -> Array:
    """Share of the variance around the heartbeats that repeats with them; 0 without beats.

    It is corrected for chance: the mean over n windows of unrelated noise keeps 1/n of its variance.
    """
    share = np.zeros(len(x))
    if beats is None or not beats.samples.size:
        return share
    before, after = (round(seconds * sfreq) for seconds in BEAT_WINDOW_S)
    inside = (beats.samples + before >= 0) & (beats.samples + after <= x.size)
    first_sample, epochs = beats.samples[inside] + before, beats.epochs[inside]
    windows = np.lib.stride_tricks.sliding_window_view(x.ravel(), after - before)[first_sample]
    windows -= windows.mean(axis=1, keepdims=True)
    which, first, n = np.unique(epochs, return_index=True, return_counts=True)
    template = np.add.reduceat(windows, first) / n[:, None]
    total = np.add.reduceat(np.vecdot(windows, windows), first) / (n * windows.shape[1])
    locked = (template**2).mean(axis=1)
    share[which] = (locked - total / n) / (total * (1 - 1 / n) + 1e-12)
    return share
