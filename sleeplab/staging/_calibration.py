"""Probabilities that mean something: how often a stage of this probability is right.

The stages stay as they are: one temperature per epoch flattens or sharpens its five probabilities, which
keeps their order. It rises where the recording is short, because the stager scales its features over it, and
where the spectrum of an epoch is far from those that the table was made on. ``calibration.toml`` is written
by ``benchmarks/calibration.py --fit``.
"""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import mne
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

EPOCH_S, WELCH_S = 30, 4
BANDS_HZ = ((0.5, 1), (1, 2), (2, 4), (4, 8), (8, 12), (12, 16), (16, 22), (22, 30))
FLOOR = 1e-6  # so that a probability of 0 can be flattened too
SHORTEST = 60  # epochs: nothing shorter was measured


def calibrate(proba: Array, recording: mne.io.BaseRaw, fit: pd.DataFrame) -> Array:
    """Turn the stager's probabilities into calibrated ones; the most probable stage stays the same.

    Parameters
    ----------
    proba
        Averaged over the derivations, shape (n_epochs, 5), rows sum to 1; rows of NaN or 0, where nothing was
        staged, stay as they are.
    recording
        The night, in volts.
    fit
        Booleans, epochs × channels: one column for each EEG derivation that was staged, and no other channel.

    Returns
    -------
    numpy.ndarray, shape (n_epochs, 5)
        `soften` with 1 / temperatures brings the stager's own back.

    References
    ----------
    Temperature scaling: Guo et al. (2017), doi:10.48550/arXiv.1706.04599.
    """
    return soften(proba, temperatures(measure_distance(recording, fit), proba))


def soften(proba: Array, temperatures: Array) -> Array:
    """Raise each row to the power 1 / temperature and bring its sum back to 1.

    Examples
    --------
    >>> import numpy as np
    >>> soften(np.array([[0.9, 0.1], [0.9, 0.1], [0.0, 0.0]]), np.array([1.0, 2.0, 2.0]))
    array([[0.9 , 0.1 ],
           [0.75, 0.25],
           [0.  , 0.  ]])
    """
    out = np.array(proba, dtype=float)
    staged = _staged(out)
    powered = np.maximum(out[staged], FLOOR) ** (1 / temperatures[staged, None])
    out[staged] = powered / powered.sum(axis=1, keepdims=True)
    return out


def temperatures(distance: Array, proba: Array) -> Array:
    """Temperature of each epoch from the distance of its spectrum and the number of staged epochs."""
    table = load_table()["temperature"]
    n_epochs = max(int(_staged(proba).sum()), SHORTEST)
    strange = np.clip(np.nan_to_num(distance) - table["usual"], 0.0, table["most"])
    return np.asarray(np.exp(table["base"] + table["short"] / n_epochs + table["strange"] * strange))


def measure_distance(recording: mne.io.BaseRaw, fit: pd.DataFrame) -> Array:
    """Distance of each epoch's spectrum from those the table was made on; mean over its fit derivations.

    A Mahalanobis distance over the logarithms of the power in `BANDS_HZ`, with a covariance that is half
    diagonal (so that filters of other laboratories, which tilt neighbouring bands, count little), divided by
    the root of the number of bands. NaN where no derivation is fit.
    """
    total, n_fit = np.zeros(len(fit)), fit.to_numpy(bool).sum(axis=1)
    for name in fit.columns:
        epochs = np.flatnonzero(fit[name])
        if epochs.size:
            total[epochs] += spectral_distance(_log_power(recording, name, epochs))
    return np.where(n_fit > 0, total / np.maximum(n_fit, 1), np.nan)


def spectral_distance(log_power: Array) -> Array:
    """Distance of spectra, shape (…, n_bands), from the table's."""
    table = load_table()["spectrum"]
    apart = log_power - np.array(table["mean"])
    squared = np.einsum("...i,ij,...j", apart, np.array(table["precision"]), apart)
    return np.asarray(np.sqrt(squared / len(BANDS_HZ)))


def _log_power(recording: mne.io.BaseRaw, name: str, epochs: NDArray[np.intp]) -> Array:
    """log10 of the power density in µV²/Hz, shape (n_epochs, n_bands)."""
    from scipy.signal import welch

    sfreq = float(recording.info["sfreq"])
    n_times = round(EPOCH_S * sfreq)
    n_epochs = int(recording.n_times // n_times)
    volts = recording.get_data(picks=[name])[0, : n_epochs * n_times].reshape(n_epochs, n_times)[epochs]
    hz, density = welch(1e6 * volts, sfreq, nperseg=round(WELCH_S * sfreq), axis=-1)
    bands = [density[:, (hz >= low) & (hz < high)].mean(axis=1) for low, high in BANDS_HZ]
    return np.asarray(np.log10(np.maximum(np.stack(bands, axis=1), 1e-6)))


def _staged(proba: Array) -> NDArray[np.bool_]:
    staged: NDArray[np.bool_] = np.nansum(proba, axis=1) > 0
    return staged


@functools.cache
def load_table() -> dict[str, Any]:
    """Read ``calibration.toml``."""
    return tomllib.loads(resources.files(__package__).joinpath("calibration.toml").read_text("utf-8"))
