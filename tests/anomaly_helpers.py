"""Small nights made by hand for the tests of features and anomalies."""

import mne
import numpy as np
import pandas as pd
import yasa

SFREQ = 100
TYPES = {"Chin": "emg", "ECG": "ecg", "LegL": "emg", "LegR": "emg", "SpO2": "misc", "E1-M2": "eog"}


def raw_of(channels: dict[str, np.ndarray]) -> mne.io.RawArray:
    """Make a recording from samples in µV (SpO2 in %)."""
    scale = {name: 1.0 if name == "SpO2" else 1e-6 for name in channels}
    data = np.array([values * scale[name] for name, values in channels.items()])
    types = [TYPES.get(name, "eeg") for name in channels]
    return mne.io.RawArray(data, mne.create_info(list(channels), SFREQ, types), verbose="error")


def gate_of(raw: mne.io.RawArray, unfit: dict[tuple[str, int], str] | None = None) -> pd.DataFrame:
    """Make a gate table; `unfit` names the reason for a channel and epoch."""
    unfit = unfit or {}
    rows = [
        (epoch, 30.0 * epoch, name, (name, epoch) not in unfit, unfit.get((name, epoch), ""), 0.1, 1.0, "µV")
        for name in raw.ch_names
        for epoch in range(int(raw.n_times // (30 * SFREQ)))
    ]
    columns = ["epoch", "onset_s", "ch_name", "fit", "reason", "value", "limit", "unit"]
    return pd.DataFrame(rows, columns=columns)


def pink(seed: int, n: int, rms_uv: float = 15.0) -> np.ndarray:
    """Noise whose power falls with 1/f from 0.5 Hz on, with the given RMS."""
    rng = np.random.default_rng(seed)
    freqs = np.fft.rfftfreq(n, 1 / SFREQ)
    spectrum = np.fft.rfft(rng.standard_normal(n)) / np.sqrt(np.maximum(freqs, 0.5))
    x = np.fft.irfft(spectrum, n)
    return rms_uv * x / x.std()


def night_of(stages: str) -> yasa.Hypnogram:
    """Make a hypnogram from letters: W 1 2 3 R U."""
    names = {"W": "WAKE", "1": "N1", "2": "N2", "3": "N3", "R": "REM", "U": "UNS"}
    return yasa.Hypnogram([names[letter] for letter in stages])
