"""A night as one row of numbers: its architecture, and what its signals are like in each stage."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import yasa
    from numpy.typing import NDArray

    Stages = NDArray[np.str_]

STAGES = ("WAKE", "N1", "N2", "N3", "REM")
SLEEP = STAGES[1:]
MIN_N3_H = 1 / 6  # below 10 min of N3 its breaks per hour say nothing
YASA_NAMES = {
    "tst_min": "TST",
    "se_pct": "SE",
    "sol_min": "SOL",
    "waso_min": "WASO",
    "awakenings_per_h": "SFI",
    "n1_pct": "%N1",
    "n2_pct": "%N2",
    "n3_pct": "%N3",
    "rem_pct": "%REM",
}


def night_statistics(hypnogram: yasa.Hypnogram) -> dict[str, float]:
    """Architecture of a night between the first and the last epoch that was staged.

    Times, shares and awakenings are those of `yasa.Hypnogram.sleep_statistics`. It differs in that what was
    not staged before and after the night is left out, and that the REM latency counts from sleep onset
    (AASM), where YASA's ``Lat_REM`` counts from the start. Shifts are changes from a stage of sleep to any
    other stage, per hour of sleep; N3 breaks are changes from N3 to WAKE or N1, per hour of N3.

    Parameters
    ----------
    hypnogram
        Stages of 30-s epochs.

    Returns
    -------
    dict
        ``tst_min, se_pct, sol_min, waso_min, rem_latency_min, awakenings_per_h, shifts_per_h,
        n3_breaks_per_h, n1_pct, n2_pct, n3_pct, rem_pct``; NaN where there is none (no REM, no sleep, under
        10 min of N3).

    Examples
    --------
    >>> import yasa
    >>> stages = ["UNS"] * 9 + ["WAKE"] * 20 + ["N2"] * 100 + ["REM"] * 20
    >>> night = night_statistics(yasa.Hypnogram(stages))
    >>> night["sol_min"], night["rem_latency_min"], night["tst_min"], night["shifts_per_h"]
    (10.0, 50.0, 60.0, 1.0)
    """
    import yasa

    stages = hypnogram.hypno.astype(str).to_numpy().astype(str)
    staged = np.flatnonzero(np.isin(stages, STAGES))
    names = [*list(YASA_NAMES)[:4], "rem_latency_min", "awakenings_per_h", "shifts_per_h", "n3_breaks_per_h"]
    names += list(YASA_NAMES)[5:]
    if len(staged) == 0:
        return dict.fromkeys(names, float("nan"))
    night = stages[staged[0] : staged[-1] + 1]
    known = yasa.Hypnogram(night.tolist()).sleep_statistics()
    values = {name: known[theirs] for name, theirs in YASA_NAMES.items()}
    values["rem_latency_min"] = known["Lat_REM"] - known["SOL"]
    return {name: float((values | _changes(night))[name]) for name in names}


def _changes(night: Stages) -> dict[str, float]:
    """Count changes of stage per hour of sleep, and breaks of N3 per hour of N3."""
    before, after = night[:-1], night[1:]
    sleep_h, n3_h = np.isin(night, SLEEP).sum() / 120, (night == "N3").sum() / 120
    shifts = (np.isin(before, SLEEP) & np.isin(after, STAGES) & (before != after)).sum()
    breaks = ((before == "N3") & np.isin(after, ["WAKE", "N1"])).sum()
    return {
        "shifts_per_h": shifts / sleep_h if sleep_h else np.nan,
        "n3_breaks_per_h": breaks / n3_h if n3_h >= MIN_N3_H else np.nan,
    }


def night_summary(features: pd.DataFrame, hypnogram: yasa.Hypnogram) -> pd.Series[Any]:
    """Sum a night up as one row of numbers, for a table of many nights.

    Parameters
    ----------
    features
        Table of `epoch_features`.
    hypnogram
        Stages of the same epochs.

    Returns
    -------
    pandas.Series
        The values of `night_statistics`, then the median of each column of `FEATURES` over the epochs of each
        stage, named like ``eeg_delta_rel_n2``; always all of them, in this order. NaN where a stage or a
        channel is absent.

    Raises
    ------
    ValueError
        When the features do not have one row per epoch of the hypnogram.

    Examples
    --------
    >>> import mne, numpy as np, yasa
    >>> from sleeplab.features import epoch_features
    >>> sine = 2e-6 * np.sin(2 * np.pi * 10 * np.arange(6000) / 100)
    >>> raw = mne.io.RawArray(sine[None], mne.create_info(["C4-M1"], 100, "eeg"), verbose="error")
    >>> night = yasa.Hypnogram(["N2", "N2"])
    >>> summary = night_summary(epoch_features(raw, night), night)
    >>> float(summary["tst_min"]), float(summary["eeg_alpha_power_uv2_n2"].round(3))
    (1.0, 2.0)
    """
    import pandas as pd

    from sleeplab.features import FEATURES

    if len(features) != hypnogram.n_epochs:
        msg = (
            f"features must have one row per epoch: {len(features)} rows, {hypnogram.n_epochs} epochs in the "
            "hypnogram. Make them with epoch_features(recording, hypnogram, gate)."
        )
        raise ValueError(msg)
    stages = hypnogram.hypno.astype(str).to_numpy()
    values = features[list(FEATURES)].to_numpy(dtype=float)
    row = night_statistics(hypnogram)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All-NaN slice encountered")
        for stage in STAGES:
            own = values[stages == stage]
            middle = np.nanmedian(own, axis=0) if len(own) else np.full(len(FEATURES), np.nan)
            row |= {f"{name}_{stage.lower()}": float(v) for name, v in zip(FEATURES, middle, strict=True)}
    return pd.Series(row, name="night", dtype=float)
