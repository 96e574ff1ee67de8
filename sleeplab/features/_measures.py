"""The measures behind the feature table: one number per epoch of one channel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

BANDS = {
    "delta": (0.5, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 12.0),
    "sigma": (12.0, 16.0),
    "beta": (16.0, 30.0),
}
BROAD = (0.5, 30.0)
WELCH_S = 4.0
MIN_BEATS = 5  # in an epoch: 10 per minute
PART = 60  # epochs: what is measured in one go fits the processor's cache


@dataclass(frozen=True)
class Block:
    """One channel cut into epochs, with its spectrum computed once for all features.

    Attributes
    ----------
    data
        Samples in µV (SpO2: %), shape (n_epochs, n_times).
    sfreq
        Sampling rate in Hz.
    """

    data: Array
    sfreq: float

    @cached_property
    def psd(self) -> tuple[Array, Array]:
        """Frequencies in Hz and density (n_epochs, n_freqs) in µV²/Hz: Welch, 4-s Hann, half overlap.

        In single precision and without the mean of the epoch: from 0.5 Hz on `scipy.signal.welch` to 1e-6.
        """
        from scipy.signal import get_window

        n = round(WELCH_S * self.sfreq)
        window = get_window("hann", n)
        power = np.concatenate([_segment_power(part, window.astype(np.float32)) for part in self._parts()])
        density = power.astype(float) / (self.sfreq * (window**2).sum())
        density[:, 1 : (n + 1) // 2] *= 2  # each but the first, and the last where n is even, stands for two
        return np.fft.rfftfreq(n, 1 / self.sfreq), density

    @cached_property
    def variances(self) -> Array:
        """Variance of the samples, of their differences and of the differences of these: (3, n_epochs)."""
        rows = []
        for part in self._parts():
            slope = np.diff(part, axis=1)
            rows.append([own.var(axis=1) for own in (part, slope, np.diff(slope, axis=1))])
        return np.concatenate(rows, axis=1)

    @cached_property
    def heart_rates(self) -> Array:
        """5th, 50th and 95th percentile of the beat-to-beat rate, 1/min: (3, n_epochs); an ECG's block."""
        import pandas as pd

        n_epochs, n_times = self.data.shape
        peaks = find_r_peaks(self.data.ravel(), self.sfreq)
        epochs, shares = peaks[1:] // n_times, [0.05, 0.5, 0.95]
        rates = pd.Series(60 * self.sfreq / np.diff(peaks)).groupby(epochs).quantile(shares)
        every = rates.reindex(pd.MultiIndex.from_product([range(n_epochs), shares])).to_numpy(dtype=float)
        enough = np.bincount(epochs, minlength=n_epochs) >= MIN_BEATS
        return np.where(enough, every.reshape(n_epochs, 3).T, np.nan)

    def _parts(self) -> list[Array]:
        return [self.data[first : first + PART] for first in range(0, len(self.data), PART)]

    def power(self, band: tuple[float, float]) -> Array:
        """Power in `band` (upper end excluded), µV²: sum of the density over its bins times the bin width."""
        freqs, density = self.psd
        inside = (freqs >= band[0]) & (freqs < band[1])
        return np.asarray(density[:, inside].sum(axis=1) * (freqs[1] - freqs[0]))


def hjorth_activity(block: Block) -> Array:
    """Variance of each epoch, µV²."""
    return np.asarray(block.variances[0])


def hjorth_mobility(block: Block) -> Array:
    """Root of (variance of the slope / variance), in rad per sample: the mean frequency."""
    return _ratio(block.variances[1], block.variances[0]) ** 0.5


def hjorth_complexity(block: Block) -> Array:
    """Mobility of the slope / mobility: 1 for a pure sine, more for a mixture."""
    return _ratio(_ratio(block.variances[2], block.variances[1]) ** 0.5, hjorth_mobility(block))


def peak_to_peak(block: Block) -> Array:
    """Largest minus smallest sample of each epoch."""
    return np.asarray(np.ptp(block.data, axis=1))


def root_mean_square(block: Block) -> Array:
    """Root of the mean square around the epoch's mean."""
    return np.asarray(block.data.std(axis=1))


def spectral_slope(block: Block) -> Array:
    """Slope of log10 density over log10 frequency, 2–30 Hz: −1 for 1/f noise, 0 for white noise."""
    freqs, density = block.psd
    inside = (freqs >= 2) & (freqs <= 30)
    x = np.log10(freqs[inside])
    with np.errstate(divide="ignore"):
        y = np.log10(density[:, inside])
    y[~np.isfinite(y).all(axis=1)] = np.nan
    return np.asarray((y @ (x - x.mean())) / ((x - x.mean()) ** 2).sum())


def relative_power(block: Block, band: tuple[float, float]) -> Array:
    """Power in `band` as a share of the power between 0.5 and 30 Hz."""
    return _ratio(block.power(band), block.power(BROAD))


def high_freq_ratio(block: Block) -> Array:
    """Power of 30–45 Hz, where muscle shows and sleep EEG is nearly silent, over that of 0.5–30 Hz."""
    return _ratio(block.power((30.0, 45.0)), block.power(BROAD))


def high_freq_rms(block: Block) -> Array:
    """Root of the power from 20 Hz to the end of the spectrum, µV: muscle without slow drift."""
    return np.asarray(block.power((20.0, np.inf)) ** 0.5)


def find_r_peaks(ecg: Array, sfreq: float) -> NDArray[np.intp]:
    """Find the heart beats of an ECG channel.

    The ECG is filtered to 5–25 Hz and rectified; a beat is a local maximum at least 0.3 s from a larger one
    and above half the usual height, which is the median over ten 3-s windows around it of the window maximum.

    Parameters
    ----------
    ecg
        Samples in any unit and polarity, shape (n_times,).
    sfreq
        Sampling rate in Hz, at least 60.

    Returns
    -------
    numpy.ndarray
        Sample indices of the beats.

    Examples
    --------
    >>> import numpy as np
    >>> ecg = np.zeros(6000)
    >>> ecg[50::100] = 1.0
    >>> len(find_r_peaks(ecg, 100.0))
    60
    """
    from scipy.ndimage import median_filter
    from scipy.signal import butter, find_peaks, sosfiltfilt

    window = round(3 * sfreq)
    sos = butter(2, [5, 25], btype="bandpass", fs=sfreq, output="sos")
    beat = np.abs(sosfiltfilt(sos, ecg))
    n_windows = max(len(beat) // window, 1)
    edges = np.arange(n_windows + 1) * len(beat) // n_windows
    usual = median_filter(np.maximum.reduceat(beat, edges[:-1]), size=10, mode="nearest")
    height = np.repeat(usual, np.diff(edges)) / 2
    floor = np.finfo(float).tiny  # a flat channel has no beat
    return np.asarray(find_peaks(beat, height=np.maximum(height, floor), distance=round(0.3 * sfreq))[0])


def heart_rate(block: Block) -> Array:
    """Median heart rate of each epoch, beats per minute."""
    return np.asarray(block.heart_rates[1])


def heart_rate_range(block: Block) -> Array:
    """Range of the beat-to-beat rate of each epoch (95th minus 5th percentile), beats per minute."""
    return np.asarray(block.heart_rates[2] - block.heart_rates[0])


def _segment_power(part: Array, window: Array) -> Array:
    """Mean power of the half overlapping segments of each epoch, shape (n_epochs, n_freqs)."""
    from scipy.fft import rfft

    n = len(window)
    centred = (part - part.mean(axis=1, keepdims=True)).astype(np.float32)
    segments = np.lib.stride_tricks.sliding_window_view(centred, n, axis=1)[:, :: n - n // 2]
    waves = rfft(segments * window)
    return np.asarray((waves.real**2 + waves.imag**2).mean(axis=1))


def _ratio(above: Array, below: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / below, np.nan)
