"""What is measured on every sample, against the plain way of doing it."""

import mne
import numpy as np
import pytest
from scipy.signal import find_peaks

from sleeplab.anomalies import _samples
from sleeplab.anomalies._ledger import Inputs
from sleeplab.anomalies._samples import high_peaks, short_powers
from sleeplab.anomalies.swaps import likeness


@pytest.mark.parametrize("decimals", [6, 0])  # rounded, so that plateaus and equal heights occur
@pytest.mark.parametrize("distance", [1, 7, 60])
@pytest.mark.parametrize("height", [0.5, 2.0, 9.0])
def test_high_peaks_are_those_of_scipy(height: float, distance: int, decimals: int) -> None:
    for seed in range(20):
        x = np.random.default_rng(seed).standard_normal(1000 + seed).cumsum()
        x = np.round(x - np.convolve(x, np.ones(25) / 25, "same"), decimals)
        expected, _ = find_peaks(x, height=height, distance=distance)
        np.testing.assert_array_equal(high_peaks(x, height, distance), expected)


def test_no_high_peak_in_nothing() -> None:
    assert high_peaks(np.zeros(0), 1.0, 10).tolist() == []
    assert high_peaks(np.array([5.0, 1.0, 5.0]), 4.0, 10).tolist() == []  # ends are no peaks


@pytest.mark.parametrize("block", [3, 10_000])
def test_each_power_is_that_of_its_own_window(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_samples, "BLOCK", block)
    x = np.random.default_rng(1).standard_normal(1030).astype(np.float32)
    powers = short_powers(x, 100.0, step_s=0.5, window_s=1.0, max_hz=45.0)
    assert powers.shape == (20, 46)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(100) / 100)
    around = np.concatenate([np.zeros(25), x, np.zeros(100)])  # from 0.25 s before a step to 0.75 s after
    for i in range(20):
        wave = around[50 * i : 50 * i + 100] * hann
        dft = wave @ np.exp(-2j * np.pi * np.outer(np.arange(100), np.arange(46)) / 100)
        expected = 2 * np.abs(dft) ** 2 / 100 / (hann**2).sum()
        np.testing.assert_allclose(powers[i], expected, rtol=1e-4, atol=1e-6)  # single precision


def test_frequencies_end_at_half_the_sampling_rate() -> None:
    assert short_powers(np.zeros(64, np.float32), 64.0, step_s=0.5, window_s=1.0, max_hz=45.0).shape == (
        2,
        33,
    )


def test_likeness_is_the_correlation_of_the_signals() -> None:
    rng = np.random.default_rng(2)
    spectra = [np.zeros((4, 151), dtype=np.complex64) for _ in range(3)]
    for own in spectra:
        own[:, 20:60] = rng.standard_normal((4, 40)) + 1j * rng.standard_normal((4, 40))
    spectra[2] += spectra[0]
    found = likeness([own[:, 20:60] for own in spectra])
    for epoch in range(4):
        signals = np.fft.irfft([own[epoch] for own in spectra], 300)
        np.testing.assert_allclose(found[epoch], np.corrcoef(signals), atol=1e-5)


def test_nothing_is_like_silence() -> None:
    silent, wave = np.zeros((2, 5), np.complex64), np.ones((2, 5), np.complex64)
    assert likeness([silent, wave])[0].tolist() == [[0.0, 0.0], [0.0, 1.0]]


def test_samples_are_microvolts_and_read_once() -> None:
    data = np.array([[1e-6, np.nan, -2e-6, np.inf]] * 2)
    raw = mne.io.RawArray(data.copy(), mne.create_info(["C4-M1", "ECG"], 100, ["eeg", "ecg"]), verbose=False)
    inputs = Inputs(raw, np.array([], dtype=str), {}, None)
    assert list(inputs.eeg_uv) == ["C4-M1"]
    np.testing.assert_allclose(inputs.eeg_uv["C4-M1"], [1, 0, -2, 0])
    assert inputs.eeg_uv is inputs.eeg_uv
    np.testing.assert_array_equal(raw.get_data(), data)
