"""The gate: what each channel is fit for, epoch by epoch, before anything is staged or measured.

A stager answers WAKE, with confidence, to a dead electrode. So the signal is judged first, and only what is
fit goes on. Each verdict carries the measured value and the limit behind it; all limits stand in `LIMITS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sleeplab.channels import parse_label
from sleeplab.quality._limits import LIMITS, Limit
from sleeplab.quality._measures import (
    CHIN_HZ,
    STAGED_HZ,
    Beats,
    find_beats,
    measure_brain,
    measure_other,
    measure_shared,
    off_scale_uv,
)

if TYPE_CHECKING:
    import mne
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["GATE_COLUMNS", "LIMITS", "Limit", "check_quality"]

EPOCH_S = 30
GATE_COLUMNS = ("epoch", "onset_s", "ch_name", "fit", "reason", "value", "limit", "unit")
BRAIN_ROLES = ("eeg", "eog", "chin")
VOLT_ROLES = (*BRAIN_ROLES, "ecg", "leg", "emg")


def check_quality(recording: mne.io.BaseRaw) -> pd.DataFrame:
    """Judge every channel of a recording in every whole 30-s epoch.

    EEG, EOG and chin are judged for staging: finite, recorded, in the right unit, not hum, not flat, enough
    bits, not clipped, not the heart's, not swamped, still connected. Other channels: finite, recorded, not
    flat, and SpO2 between 50 and 100 %. The first limit that does not hold is the reason.

    Parameters
    ----------
    recording
        Volts, canonical channel names (`sleeplab.read_recording`). Gaps are its ``BAD_gap`` annotations.

    Returns
    -------
    pandas.DataFrame
        One row per channel and epoch, channels one after the other: `epoch`, `onset_s` (from the start of the
        recording), `ch_name`, `fit`, `reason` ("" when fit), and the `value` that was measured, its `limit`
        and `unit` (NaN, NaN, "" when fit).

    Raises
    ------
    ValueError
        If a channel that is staged is sampled at 60 Hz or less: its 0.4 to 30 Hz cannot be judged.

    Notes
    -----
    `LIMITS` names the source of every value. Luna's relative limits (Hjorth parameters beyond 3 SD of the
    night) are not used: they refuse the unusual but readable epochs that a reviewer should see. Nor is its
    200 µV: the slow waves of the young pass it. Hum is judged against what is left between 0.4 and 30 Hz, the
    band that is staged: hum on a good EEG is filtered out later, hum alone is refused. An EEG or EOG against
    a mastoid must share some activity with another one; this is judged where there are at least three of
    them, so an open input that imitates an EEG goes unnoticed in a recording of one or two.

    Examples
    --------
    One minute of an electrode whose plug falls out after 30 s:

    >>> import mne, numpy as np
    >>> volts = np.random.default_rng(0).standard_normal((1, 6000)).cumsum(axis=1) * 1e-6
    >>> volts[:, 3000:] = 0
    >>> info = mne.create_info(["C4-M1"], 100.0, "eeg", verbose=False)
    >>> gate = check_quality(mne.io.RawArray(volts, info, verbose=False))
    >>> gate[["epoch", "ch_name", "fit", "reason", "value", "limit", "unit"]]
       epoch ch_name    fit reason  value  limit unit
    0      0   C4-M1   True           NaN    NaN
    1      1   C4-M1  False   flat    0.0    1.0   µV
    """
    import pandas as pd

    sfreq = float(recording.info["sfreq"])
    roles = {name: parse_label(name).role for name in recording.ch_names}
    _check_rate(roles, sfreq)
    n_times = round(EPOCH_S * sfreq)
    n_epochs = int(recording.n_times // n_times)
    gap_s = _gap_seconds(recording, n_epochs)
    beats = _beats(recording, roles, n_times)
    shared = _shared(recording, roles, n_times)
    nothing = np.full(n_epochs, np.nan)
    tables = []
    for name, role in roles.items():
        measures = _measure(_epochs(recording, name, n_times), role, sfreq, beats)
        measures |= {"gap_s": gap_s, "shared": shared.get(name, nothing)}
        tables.append(_verdict(name, role, measures))
    return pd.concat(tables, ignore_index=True)


def _epochs(recording: mne.io.BaseRaw, name: str, n_times: int) -> NDArray[np.float64]:
    """One channel, shape (n_epochs, n_times)."""
    n_epochs = recording.n_times // n_times
    x: NDArray[np.float64] = recording.get_data(picks=[name])[0, : n_epochs * n_times]
    return x.reshape(n_epochs, n_times)


def _finite(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(x), x, 0.0)


def _shared(recording: mne.io.BaseRaw, roles: dict[str, str], n_times: int) -> dict[str, NDArray[np.float64]]:
    """Measure what each EEG or EOG channel against a mastoid has in common with the others."""
    names = [
        name
        for name, role in roles.items()
        if role in ("eeg", "eog") and parse_label(name).reference in ("M1", "M2")
    ]
    signals = {name: _finite(_epochs(recording, name, n_times)) * 1e6 for name in names}
    return measure_shared(signals, float(recording.info["sfreq"]))


def _check_rate(roles: dict[str, str], sfreq: float) -> None:
    if sfreq <= 2 * STAGED_HZ[1] and any(role in BRAIN_ROLES for role in roles.values()):
        msg = (
            f"EEG, EOG and chin must be sampled above 60 Hz to be judged, but these have {sfreq:g} Hz. "
            "Read it at 100 Hz (read_recording does), or leave these channels out."
        )
        raise ValueError(msg)


def _measure(
    volts: NDArray[np.float64], role: str, sfreq: float, beats: Beats | None
) -> dict[str, NDArray[np.float64]]:
    """Measure one channel; samples that are not finite count as 0 once they are counted."""
    x = _finite(volts) * (1e6 if role in VOLT_ROLES else 1.0)
    measures = {"not_finite": (~np.isfinite(volts)).mean(axis=1)}
    if role not in BRAIN_ROLES:
        return measures | measure_other(x)
    band = (CHIN_HZ[0], min(CHIN_HZ[1], sfreq / 2)) if role == "chin" else STAGED_HZ
    measures |= measure_brain(x, sfreq, band=band, beats=beats)
    low, high = (lim.value for lim in LIMITS if lim.role == role and lim.reason == "unit")
    return measures | {"off_scale_uv": off_scale_uv(measures, low, high)}


def _verdict(name: str, role: str, measures: dict[str, NDArray[np.float64]]) -> pd.DataFrame:
    """Hold the measures of one channel against the limits of its role; the first one broken is the reason."""
    import pandas as pd

    n_epochs = len(measures["gap_s"])
    epochs = np.arange(n_epochs)
    table = pd.DataFrame(
        {
            "epoch": epochs,
            "onset_s": epochs * float(EPOCH_S),
            "ch_name": name,
            "fit": np.ones(n_epochs, bool),
            "reason": "",
            "value": np.nan,
            "limit": np.nan,
            "unit": "",
        }
    )
    for limit in LIMITS:
        if limit.role != role:
            continue
        value = measures[limit.measure]
        broken = value > limit.value if limit.bound == "at most" else value < limit.value
        new = broken & table["fit"].to_numpy()
        table.loc[new, ["fit", "reason", "limit", "unit"]] = [False, limit.reason, limit.value, limit.unit]
        table.loc[new, "value"] = value[new]
    return table.astype({"fit": bool})


def _gap_seconds(recording: mne.io.BaseRaw, n_epochs: int) -> NDArray[np.float64]:
    """Seconds of each epoch that the reader marked as not recorded."""
    starts = np.arange(n_epochs) * float(EPOCH_S)
    gap_s = np.zeros(n_epochs)
    marks = recording.annotations
    for onset, duration, text in zip(marks.onset, marks.duration, marks.description, strict=True):
        if text == "BAD_gap":
            first = onset - recording.first_time
            shared = np.minimum(starts + EPOCH_S, first + duration) - np.maximum(starts, first)
            gap_s += np.clip(shared, 0.0, None)
    return gap_s


def _beats(recording: mne.io.BaseRaw, roles: dict[str, str], n_times: int) -> Beats | None:
    """Heartbeats from the first ECG channel, if there is one."""
    name = next((name for name, role in roles.items() if role == "ecg"), None)
    if name is None or recording.n_times < n_times:
        return None
    ecg = _finite(recording.get_data(picks=[name])[0])
    return find_beats(ecg, float(recording.info["sfreq"]), n_times)
