"""A night as a table: one row per 30-s epoch, one column per entry of `FEATURES`.

Volts end here. From this module on amplitudes are µV, and every column that has a unit carries it in its
name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sleeplab.channels import parse_label
from sleeplab.features import _measures as measures
from sleeplab.features._measures import BANDS, Block, find_r_peaks
from sleeplab.features._night import night_statistics, night_summary
from sleeplab.features._waves import count_slow_waves, count_spindles

if TYPE_CHECKING:
    import mne
    import pandas as pd
    import yasa
    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

__all__ = [
    "BANDS",
    "EPOCH_S",
    "FEATURES",
    "Block",
    "Feature",
    "channel_block",
    "count_slow_waves",
    "count_spindles",
    "epoch_features",
    "find_r_peaks",
    "fit_mask",
    "n_whole_epochs",
    "names_of_role",
    "night_statistics",
    "night_summary",
]

EPOCH_S = 30.0
SCALE = {"spo2": 1.0}  # the others are volts and become µV
VOLT_TO_UV = 1e6


class Feature(NamedTuple):
    """How one column of the feature table is made."""

    function: Callable[[Block], Array]
    unit: str
    reference: str
    role: str


def _band_features() -> dict[str, Feature]:
    welch = "Welch 1967, doi:10.1109/TAU.1967.1161901"
    absolute = {
        f"eeg_{name}_power_uv2": Feature(partial(Block.power, band=band), "µV²", welch, "eeg")
        for name, band in BANDS.items()
    }
    relative = {
        f"eeg_{name}_rel": Feature(partial(measures.relative_power, band=band), "1", welch, "eeg")
        for name, band in BANDS.items()
    }
    return absolute | relative


HJORTH = "Hjorth 1970, doi:10.1016/0013-4694(70)90143-4"
FEATURES: dict[str, Feature] = _band_features() | {
    "eeg_slope": Feature(measures.spectral_slope, "1", "Lendner et al. 2020, doi:10.7554/eLife.55092", "eeg"),
    "eeg_activity_uv2": Feature(measures.hjorth_activity, "µV²", HJORTH, "eeg"),
    "eeg_mobility": Feature(measures.hjorth_mobility, "rad/sample", HJORTH, "eeg"),
    "eeg_complexity": Feature(measures.hjorth_complexity, "1", HJORTH, "eeg"),
    "eeg_ptp_uv": Feature(measures.peak_to_peak, "µV", "largest minus smallest sample", "eeg"),
    "eeg_high_freq_ratio": Feature(
        measures.high_freq_ratio, "1", "Brunner et al. 1996, doi:10.1046/j.1365-2869.1996.00009.x", "eeg"
    ),
    "eog_rms_uv": Feature(measures.root_mean_square, "µV", "root mean square", "eog"),
    "eog_ptp_uv": Feature(measures.peak_to_peak, "µV", "largest minus smallest sample", "eog"),
    "chin_rms_uv": Feature(measures.root_mean_square, "µV", "root mean square", "chin"),
    "chin_high_freq_uv": Feature(measures.high_freq_rms, "µV", "root of the power above 20 Hz", "chin"),
    "ecg_rate_bpm": Feature(measures.heart_rate, "1/min", "median beat-to-beat rate", "ecg"),
    "ecg_rate_range_bpm": Feature(
        measures.heart_rate_range, "1/min", "95th − 5th percentile of the rate", "ecg"
    ),
    "spo2_mean_pct": Feature(lambda block: np.asarray(block.data.mean(axis=1)), "%", "mean", "spo2"),
    "spo2_min_pct": Feature(lambda block: np.asarray(block.data.min(axis=1)), "%", "smallest sample", "spo2"),
}


def epoch_features(
    recording: mne.io.BaseRaw, hypnogram: yasa.Hypnogram, gate: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Turn a night into one row per 30-s epoch.

    A column is the median over the channels of its role that the gate finds fit in that epoch; NaN where
    there is none.

    Parameters
    ----------
    recording
        Typed channels with canonical names, in volts (SpO2 in %).
    hypnogram
        One stage per 30-s epoch of the recording.
    gate
        Table of `check_quality`; without it every channel counts as fit.

    Returns
    -------
    pandas.DataFrame
        ``epoch, onset_s, stage, confidence``, then the columns of `FEATURES`.

    Raises
    ------
    ValueError
        When the hypnogram and the recording have different numbers of epochs.

    Examples
    --------
    >>> import mne, numpy as np, yasa
    >>> sine = 2e-6 * np.sin(2 * np.pi * 10 * np.arange(6000) / 100)
    >>> raw = mne.io.RawArray(sine[None], mne.create_info(["C4-M1"], 100, "eeg"), verbose="error")
    >>> table = epoch_features(raw, yasa.Hypnogram(["N2", "N2"]))
    >>> float(table["eeg_alpha_power_uv2"].iloc[0].round(3))
    2.0
    """
    import pandas as pd

    n_epochs = n_whole_epochs(recording)
    if hypnogram.n_epochs != n_epochs:
        msg = (
            f"hypnogram must cover the recording: it has {hypnogram.n_epochs} epochs "
            f"({hypnogram.n_epochs / 2} min), the recording {n_epochs} ({n_epochs / 2} min). "
            "Align it first, or pad it with UNS."
        )
        raise ValueError(msg)
    proba = hypnogram.proba
    stages = hypnogram.hypno.astype(str).to_numpy()
    confidence = np.full(n_epochs, np.nan) if proba is None else proba.max(axis=1).to_numpy(dtype=float)
    table: dict[str, Any] = {
        "epoch": np.arange(n_epochs),
        "onset_s": np.arange(n_epochs) * EPOCH_S,
        "stage": stages,
        "confidence": np.where(stages == "UNS", np.nan, confidence),
    }
    fit = fit_mask(recording, gate)
    for role in dict.fromkeys(feature.role for feature in FEATURES.values()):
        table |= _role_columns(recording, role, fit)
    return pd.DataFrame(table)


def _role_columns(
    recording: mne.io.BaseRaw, role: str, fit: dict[str, NDArray[np.bool_]]
) -> dict[str, Array]:
    """Median over the role's fit channels of each of its features."""
    import warnings

    n_epochs = n_whole_epochs(recording)
    names = [name for name, feature in FEATURES.items() if feature.role == role]
    values = [np.full((len(names), n_epochs), np.nan)]
    for ch_name in names_of_role(recording, role):
        block = channel_block(recording, ch_name)
        own = np.array([FEATURES[name].function(block) for name in names])
        values.append(np.where(fit[ch_name], own, np.nan))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All-NaN slice encountered")
        return dict(zip(names, np.nanmedian(values, axis=0), strict=True))


def names_of_role(recording: mne.io.BaseRaw, role: str) -> list[str]:
    """Names of the channels that serve as `role`, for example "eeg" or "leg"."""
    return [name for name in recording.ch_names if _role(name) == role]


@lru_cache(maxsize=1024)
def _role(ch_name: str) -> str:
    return parse_label(ch_name).role


def n_whole_epochs(recording: mne.io.BaseRaw) -> int:
    """Count the whole 30-s epochs of a recording."""
    return int(recording.n_times / recording.info["sfreq"] / EPOCH_S + 1e-9)


def channel_block(recording: mne.io.BaseRaw, ch_name: str) -> Block:
    """One channel in µV (SpO2: %), cut into whole 30-s epochs."""
    sfreq = float(recording.info["sfreq"])
    n_epochs, n_times = n_whole_epochs(recording), round(EPOCH_S * sfreq)
    scale = SCALE.get(_role(ch_name), VOLT_TO_UV)
    data = recording.get_data(picks=[ch_name], stop=n_epochs * n_times)[0] * scale
    return Block(data.reshape(n_epochs, n_times), sfreq)


def fit_mask(recording: mne.io.BaseRaw, gate: pd.DataFrame | None) -> dict[str, NDArray[np.bool_]]:
    """For each channel the epochs that the gate finds fit, shape (n_epochs,); all of them without a gate."""
    n_epochs = n_whole_epochs(recording)
    mask = {name: np.ones(n_epochs, dtype=bool) for name in recording.ch_names}
    if gate is not None:
        unfit = gate[~gate["fit"].astype(bool) & (gate["epoch"] < n_epochs)]
        for ch_name, rows in unfit.groupby("ch_name"):
            if ch_name in mask:
                mask[str(ch_name)][rows["epoch"].to_numpy()] = False
    return mask
