"""What each fault does to samples: functions of volts within a span."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sleeplab.simulate._waveforms import spike, spike_wave

Array = npt.NDArray[np.float64]


class Span(NamedTuple):
    """The samples that a fault touches.

    Attributes
    ----------
    t : array, shape (n_times,)
        Time since the fault began, in seconds.
    duration_s : float
        Length of the fault.
    severity : float
        1 is a typical fault of its kind.
    rng : numpy.random.Generator
        The random stream of this fault.
    heart : array, shape (n_times,)
        The ECG of these samples, in volts.
    """

    t: Array
    duration_s: float
    severity: float
    rng: np.random.Generator
    heart: Array

    def fade(self, edge_s: float) -> Array:
        """Rise from 0 to 1 and fall back, so that a change does not step in."""
        edge = min(edge_s, self.duration_s / 2)
        return np.asarray(np.clip(np.minimum(self.t, self.duration_s - self.t) / edge, 0, 1))

    def noise(self, n_channels: int) -> Array:
        """Draw white noise of variance 1 for each channel."""
        return self.rng.standard_normal((n_channels, len(self.t)))


Change = Callable[[Array, Span], Array]  # volts, shape (n_channels, n_times) → volts of the same shape


def detach(signal: Array, span: Span) -> Array:
    """Replace the brain by what an open input picks up: hum, wander, jumps that decay."""
    from scipy.signal import lfilter

    n = len(span.t)
    step = 1 / 256 if n < 2 else float(span.t[1] - span.t[0])
    keep = np.exp(-step / 1.5)
    jumps = np.where(span.rng.random((len(signal), n)) < 0.15 * step, 250e-6 * span.noise(len(signal)), 0)
    wander = lfilter([1.0], [1.0, -keep], jumps + 40e-6 * np.sqrt(step) * span.noise(len(signal)), axis=1)
    hum = 25e-6 * np.sin(2 * np.pi * 49.98 * span.t)
    return np.asarray(0.03 * signal + span.severity * (wander + hum + 12e-6 * span.noise(len(signal))))


def flatten(signal: Array, span: Span) -> Array:
    """Leave a share of the signal; nothing but zeros at severity 1."""
    return signal * max(1 - span.severity, 0.0)


def clip(signal: Array, span: Span) -> Array:
    """Cut at 50 µV, divided by the severity, as an amplifier out of range does."""
    return np.clip(signal, -50e-6 / span.severity, 50e-6 / span.severity)


def hum(hz: float) -> Change:
    """Build the change that adds 30 µV of mains and a third harmonic, as the sampling rate shows them."""

    def add(signal: Array, span: Span) -> Array:
        phase = 2 * np.pi * (hz - 0.02) * span.t
        return signal + span.severity * 30e-6 * (np.sin(phase) + 0.2 * np.sin(3 * phase))

    return add


def sweat(signal: Array, span: Span) -> Array:
    """Add waves of 0.1 Hz to 0.5 Hz, some 120 µV high, which imitate slow waves."""
    drift = np.zeros_like(signal)
    channel = np.arange(len(signal))[:, None]
    for hz in (0.11, 0.17, 0.23, 0.37, 0.5):
        drift += np.sin(2 * np.pi * hz * span.t + 2.4 * channel)
    return signal + span.severity * 60e-6 * span.fade(20.0) * drift


def move(signal: Array, span: Span) -> Array:
    """Add sway below 2 Hz and muscle noise."""
    sway = np.zeros_like(signal)
    for _ in range(3):
        hz, phase = span.rng.uniform([[0.3], [0.0]], [[2.0], [2 * np.pi]], (2, len(signal)))
        sway += np.sin(2 * np.pi * np.outer(hz, span.t) + phase[:, None])
    muscle = 35e-6 * span.noise(len(signal))
    return signal + span.severity * span.fade(0.5) * (110e-6 * sway + muscle)


def pop(signal: Array, span: Span) -> Array:
    """Add one abrupt jump of some 280 µV that decays within a second."""
    size = span.rng.choice([-1, 1]) * span.rng.uniform(180e-6, 380e-6)
    return np.asarray(signal + span.severity * size * np.exp(-span.t / 0.25))


def leak_heart(signal: Array, span: Span) -> Array:
    """Add the ECG with a twentieth of its amplitude."""
    return signal + span.severity * 0.05 * span.heart


def swap(signal: Array, span: Span) -> Array:
    """Let each named channel hold the signal of the next one: plugs in the wrong sockets, or wrong labels."""
    return np.roll(signal, -1, axis=0)


def invert(signal: Array, span: Span) -> Array:
    """Exchange the two inputs of a channel."""
    return -signal


def mistake_unit(signal: Array, span: Span) -> Array:
    """Multiply by 1000 (µV read as mV), by 1/1000 at severity -1."""
    return np.asarray(signal * 1000.0**span.severity)


def lose(signal: Array, span: Span) -> Array:
    """Turn a share of the samples, all at severity 1, into NaN."""
    return np.where(span.rng.random(signal.shape) < span.severity, np.nan, signal)


def discharge(signal: Array, span: Span) -> Array:
    """Add one spike of 75 µV with its slow wave (Kane et al. 2017, doi:10.1016/j.cnp.2017.07.002)."""
    return signal + span.severity * 75e-6 * spike(span.t, span.duration_s, 0.0)


def discharge_in_runs(signal: Array, span: Span) -> Array:
    """Add spikes and waves at 3 Hz, 110 µV (Kane et al. 2017, doi:10.1016/j.cnp.2017.07.002)."""
    return signal + span.severity * 110e-6 * spike_wave(span.t, span.duration_s, 3.0)


def evolve(signal: Array, span: Span) -> Array:
    """Add a rhythm that grows to 70 µV and slows from 7 Hz to 2.5 Hz (seizure: Kane et al. 2017)."""
    phase = 2 * np.pi * (7.0 * span.t - 2.25 * span.t**2 / span.duration_s)
    growth = 0.15 + 0.85 * span.t / span.duration_s
    return signal + span.severity * 70e-6 * span.fade(1.0) * growth * (
        np.sin(phase) + 0.4 * np.sin(2 * phase)
    )


def remove_band(low: float, high: float) -> Change:
    """Build the change that takes a band (Hz) away, all of it at severity 1, with soft edges."""

    def remove(signal: Array, span: Span) -> Array:
        freqs = np.fft.rfftfreq(len(span.t), span.t[1] - span.t[0])
        band = np.clip(np.minimum(freqs - low, high - freqs) / 0.25 + 1, 0, 1)
        part = np.fft.irfft(np.fft.rfft(signal, axis=1) * band, len(span.t), axis=1)
        return signal - min(span.severity, 1.0) * span.fade(2.0) * part

    return remove


def wake_up(signal: Array, span: Span) -> Array:
    """Let slow activity give way to fast (arousal: Berry et al. 2012, doi:10.5664/jcsm.2172)."""
    calm = remove_band(0.3, 6.0)(signal, span._replace(severity=0.7 * min(span.severity, 1.0)))
    freqs = np.fft.rfftfreq(len(span.t), span.t[1] - span.t[0])
    band = np.exp(-0.5 * (freqs - 9.5) ** 2) + 0.35 * ((freqs > 16) & (freqs < 35))
    fast = np.fft.irfft(np.fft.rfft(span.noise(len(signal)), axis=1) * band, len(span.t), axis=1)
    return np.asarray(calm + span.severity * 14e-6 * span.fade(0.3) * fast / fast.std())
