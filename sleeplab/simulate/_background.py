"""The ongoing EEG: noise whose spectrum follows the night, window by window."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sleeplab.simulate._course import Course
from sleeplab.simulate._subject import Site, Subject, draw_site, stream
from sleeplab.simulate._waveforms import EEG_EOG

Array = npt.NDArray[np.float64]
HOP_S = 2  # windows of 4 s, half overlapping

# Power spectral density of the background (µV²/Hz) of a central derivation; events and alpha come on top.
# Levels after Aeschbach & Borbély 1993 (doi:10.1111/j.1365-2869.1993.tb00065.x), slopes after Lendner et al.
# 2020 (doi:10.7554/eLife.55092).
_KNOTS_HZ = (0.25, 0.5, 1, 2, 4, 6, 8, 10, 12, 14, 18, 24, 32, 45, 64, 128)
_LEVELS = {
    "WAKE": (10, 12, 10, 5.0, 2.4, 2.0, 1.8, 1.5, 1.1, 0.9, 0.55, 0.38, 0.30, 0.22, 0.14, 0.06),
    "N1": (8, 12, 13, 10, 6.0, 4.3, 3.0, 2.1, 1.3, 0.85, 0.46, 0.28, 0.18, 0.11, 0.07, 0.03),
    "N2": (16, 42, 50, 38, 17, 8.6, 5.5, 4.2, 2.6, 1.6, 0.42, 0.19, 0.12, 0.07, 0.04, 0.02),
    "N3": (45, 170, 200, 108, 31, 11.5, 7.0, 5.0, 3.0, 1.8, 0.40, 0.17, 0.10, 0.06, 0.04, 0.02),
    "REM": (7, 11, 11, 8.0, 4.8, 3.8, 2.6, 1.9, 1.2, 0.75, 0.48, 0.32, 0.18, 0.11, 0.07, 0.03),
}
# Share of the background power, and amplitude of alpha (µV RMS), in each of EEG_EOG.
_POWER = np.array([1.0, 1.0, 1.0, 1.0, 0.8, 0.8, 0.45, 0.45])
_ALPHA_UV = np.array([3.2, 3.2, 4.0, 4.0, 9.0, 9.0, 2.0, 2.0])
# How much of the whole-brain, left, right, frontal, central and occipital source each derivation shares, in
# power; what is missing to 1 is its own. Neighbouring electrodes share most of their EEG by volume conduction
# (Nunez et al. 1997, doi:10.1016/S0013-4694(97)00066-7).
_SHARED = np.sqrt(
    [
        [0.45, 0.15, 0.00, 0.20, 0.00, 0.00],
        [0.45, 0.00, 0.15, 0.20, 0.00, 0.00],
        [0.50, 0.15, 0.00, 0.00, 0.15, 0.00],
        [0.50, 0.00, 0.15, 0.00, 0.15, 0.00],
        [0.30, 0.15, 0.00, 0.00, 0.00, 0.35],
        [0.30, 0.00, 0.15, 0.00, 0.00, 0.35],
        [0.35, 0.15, 0.00, 0.25, 0.00, 0.00],
        [0.35, 0.00, 0.05, 0.25, 0.00, 0.00],
    ]
)
_OWN = np.sqrt(1 - (_SHARED**2).sum(axis=1))


class Background(NamedTuple):
    """The spectra of one night, ready to be turned into noise.

    Attributes
    ----------
    spectra : array, shape (5, n_freqs)
        Power spectral density per stage, µV²/Hz.
    mix : array, shape (n_windows, 5)
        Weight of each stage per window.
    alpha : array, shape (n_windows,)
        Power of the alpha rhythm per window (1 = eyes closed, relaxed).
    peak : array, shape (n_freqs,)
        Spectrum of the alpha rhythm, of power 1.
    drift : array, shape (n_windows, 6)
        Slow spontaneous change of level in six bands, natural logarithm of power.
    bands : array, shape (6, n_freqs)
        Shape of those bands.
    """

    spectra: Array
    mix: Array
    alpha: Array
    peak: Array
    drift: Array
    bands: Array


def prepare_background(seed: int, subject: Subject, course: Course, sfreq: float) -> Background:
    """Draw the spectra of one person's night at one sampling rate."""
    rng = stream(seed, "background")
    freqs = np.asarray(np.fft.rfftfreq(int(2 * HOP_S * sfreq), 1 / sfreq), dtype=np.float64)
    knots = np.log(_KNOTS_HZ)
    log_freqs = np.log(np.maximum(freqs, 0.1))
    levels = np.log(np.array(list(_LEVELS.values())))
    own = rng.normal(0, 0.22, len(knots)) + rng.normal(0, 0.14, levels.shape)
    own[:, 10:] += 2 * np.log(subject.beta_gain)
    own[3, :5] += 2 * np.log(subject.slow_gain)
    spectra = np.exp([np.interp(log_freqs, knots, row) for row in levels + own]) * subject.eeg_gain**2
    spectra *= _passed(draw_site(seed), freqs)
    n_windows = len(course.state) // HOP_S
    mix = course.weights.reshape(n_windows, HOP_S, -1).mean(axis=1)
    peak = np.exp(-0.5 * ((freqs - subject.alpha_hz) / 0.6) ** 2)
    bands = np.exp(-0.5 * ((log_freqs - np.log([[0.7], [2.5], [6.0], [10.0], [20.0], [40.0]])) / 0.45) ** 2)
    alpha = _alpha_course(stream(seed, "alpha"), subject, mix)
    drift = _drift(stream(seed, "drift"), (n_windows, len(bands)))
    return Background(spectra, mix, alpha, peak / peak.sum() * 2 * HOP_S, drift, bands)


def _drift(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Draw the waxing and waning of each band over seconds, tens of seconds and minutes."""
    fast, slow, night = (_smooth(rng, shape, scale) for scale in (1.0, 6.0, 120.0))
    return 0.33 * fast + 0.25 * slow + 0.22 * night


def _passed(site: Site, freqs: Array) -> Array:
    """Share of the power that the amplifier lets through: Butterworth filters of second and fourth order."""
    high = (freqs / site.highpass_hz) ** 4
    return np.asarray(high / (1 + high) / (1 + (freqs / site.lowpass_hz) ** 8))


def _alpha_course(rng: np.random.Generator, subject: Subject, mix: Array) -> Array:
    """Draw alpha, there when eyes are closed; some adults have hardly any.

    Berry et al. 2017, doi:10.5664/jcsm.6576.
    """
    closed = _smooth(rng, (len(mix), 1), 15.0)[:, 0] > -0.3
    waxing = np.exp(_smooth(rng, (len(mix), 1), 2.0)[:, 0] * 0.5)
    drive = mix @ np.array([1.0, 0.12, 0.05, 0.03, 0.08])
    drive[~closed] -= 0.85 * mix[~closed, 0]
    return np.asarray(np.clip(drive, 0, None) * waxing * subject.alpha_gain**2)


def _smooth(rng: np.random.Generator, shape: tuple[int, int], scale: float) -> Array:
    """Draw smooth unit-variance noise along the first axis."""
    from scipy.ndimage import gaussian_filter1d

    noise = gaussian_filter1d(rng.standard_normal(shape), scale, axis=0, mode="wrap")
    return np.asarray(noise * np.sqrt(2 * scale * np.sqrt(np.pi)))


def render_background(
    background: Background, windows: slice, sources: "list[np.random.Generator]", sfreq: float
) -> Array:
    """Turn some windows of the night into noise frames, shape (8, n_windows, window length), µV."""
    psd = background.mix[windows] @ background.spectra
    psd *= np.exp(background.drift[windows] @ background.bands)
    alpha = background.alpha[windows, None] * background.peak
    shape = psd.shape
    noise = [_complex_noise(rng, shape) for rng in sources]
    shared = len(sources) - len(EEG_EOG)
    frames = []
    for i in range(len(EEG_EOG)):
        mixed = _OWN[i] * noise[shared + i]
        for weight, source in zip(_SHARED[i], noise[:shared], strict=True):
            if weight:
                mixed += weight * source
        mixed *= np.sqrt(_POWER[i] * psd + _ALPHA_UV[i] ** 2 * alpha)
        frames.append(np.fft.irfft(mixed, axis=1))
    return np.asarray(np.stack(frames) * np.sqrt(sfreq * 2 * HOP_S * sfreq / 2))


def eeg_sources(seed: int) -> "list[np.random.Generator]":
    """Open the random streams of the shared sources, then of each derivation's own noise."""
    shared = ("whole", "left", "right", "frontal", "central", "occipital")
    return [stream(seed, f"source {name}") for name in (*shared, *EEG_EOG)]


def _complex_noise(rng: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.complex128]:
    pairs = rng.standard_normal((*shape, 2)) * np.sqrt(0.5)
    return np.asarray(pairs.view(np.complex128)[..., 0])


def overlap_add(frames: Array, tail: Array) -> tuple[Array, Array]:
    """Join half-overlapping frames; give the signal and what spills into the next block.

    The window is the square root of Hann's, whose squares add up to 1: the variance stays what was drawn.
    """
    n = frames.shape[-1]
    half = n // 2
    windowed = frames * np.sin(np.pi * (np.arange(n) + 0.5) / n)
    late = np.concatenate([tail[:, None], windowed[:, :-1, half:]], axis=1)
    signal = windowed[:, :, :half] + late
    return signal.reshape(len(frames), -1), windowed[:, -1, half:]
