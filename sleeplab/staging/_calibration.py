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

from sleeplab.staging._features import BANDS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.floating]

FLOOR = 1e-6  # so that a probability of 0 can be flattened too
SHORTEST = 60  # epochs: nothing shorter was measured


def calibrate(proba: Array, log_power: Array) -> Array:
    """Turn the stager's probabilities into calibrated ones; the most probable stage stays the same.

    Parameters
    ----------
    proba
        Averaged over the derivations, shape (n_epochs, 5), rows sum to 1; rows of NaN or 0, where nothing was
        staged, stay as they are.
    log_power
        `log_power` of the derivations behind them, shape (n_derivations, n_epochs, n_bands); NaN where unfit.

    Returns
    -------
    numpy.ndarray, shape (n_epochs, 5)
        `soften` with 1 / temperatures brings the stager's own back.

    References
    ----------
    Temperature scaling: Guo et al. (2017), doi:10.48550/arXiv.1706.04599.
    """
    return soften(proba, temperatures(measure_distance(log_power), proba))


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


def log_power(features: pd.DataFrame) -> Array:
    """log10 of the µV² in each of YASA's bands, shape (n_epochs, n_bands), from the features of an EEG."""
    share = features[[f"eeg_{name}" for name in BANDS]].to_numpy(float)
    power = share * features["eeg_abspow"].to_numpy(float)[:, None]
    return np.asarray(np.log10(np.maximum(power, 1e-6)))


def measure_distance(log_power: Array) -> Array:
    """Distance of each epoch's spectrum from those the table was made on; mean over its fit derivations.

    A Mahalanobis distance over the `log_power`, with a covariance that is half diagonal (so that filters of
    other laboratories, which tilt neighbouring bands, count little), divided by the root of the number of
    bands. NaN where no derivation is fit.
    """
    table = load_table()["spectrum"]
    apart = log_power - np.array(table["mean"])
    squared = np.einsum("...i,ij,...j", apart, np.array(table["precision"]), apart)
    distance = np.sqrt(squared / len(BANDS))
    n_fit = (~np.isnan(distance)).sum(axis=0)
    return np.where(n_fit > 0, np.nansum(distance, axis=0) / np.maximum(n_fit, 1), np.nan)


def _staged(proba: Array) -> NDArray[np.bool_]:
    staged: NDArray[np.bool_] = np.nansum(proba, axis=1) > 0
    return staged


@functools.cache
def load_table() -> dict[str, Any]:
    """Read ``calibration.toml``."""
    return tomllib.loads(resources.files(__package__).joinpath("calibration.toml").read_text("utf-8"))
