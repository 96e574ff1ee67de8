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
    Spectrum,
    find_beats,
    measure_brain,
    measure_other,
    measure_shared,
    off_scale_uv,
    shared_spectrum,
)
from sleeplab.quality._signal import channel_signal

if TYPE_CHECKING:
    import mne
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.floating]

__all__ = ["GATE_COLUMNS", "LIMITS", "Limit", "check_quality"]

EPOCH_S = 30
MOVEMENT_EPOCHS = 4
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
    them, so an open input that imitates an EEG goes unnoticed in a recording of one or two. Where all EEG
    looks disconnected for two minutes or less, the reason is movement. Sweat and electrode pops are not
    refused, because a person would score such epochs; swapped and inverted leads cannot be seen here.

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
    beats: Beats | None = None
    measures: dict[str, dict[str, Array]] = {}
    spectra: dict[str, Spectrum] = {}
    for name, role in sorted(roles.items(), key=lambda item: item[1] != "ecg"):  # its beats judge the others
        x, not_finite = _epochs(recording, name, n_times)
        if role == "ecg" and beats is None:
            beats = find_beats(x, sfreq)
        measures[name] = _measure(x, role, sfreq, beats)
        measures[name] |= {"gap_s": gap_s, "not_finite": not_finite}
        if role in BRAIN_ROLES:
            _count_steps(recording, name, x, measures[name])
        if role in ("eeg", "eog") and parse_label(name).reference in ("M1", "M2"):
            spectra[name] = shared_spectrum(x, sfreq)
    nothing = np.full(n_epochs, np.nan)
    shared = measure_shared(spectra)
    for name in roles:
        measures[name]["shared"] = shared.get(name, nothing)
    gate = pd.concat(
        [_verdict(name, role, measures[name]) for name, role in roles.items()], ignore_index=True
    )
    return _tell_movements(gate, [name for name, role in roles.items() if role == "eeg"])


def _epochs(recording: mne.io.BaseRaw, name: str, n_times: int) -> tuple[Array, Array]:
    """One channel, shape (n_epochs, n_times), µV where it is a voltage; the share of it that is not finite.

    What is not finite is 0.
    """
    n_epochs = recording.n_times // n_times
    x = channel_signal(recording, name, 1e6 if parse_label(name).role in VOLT_ROLES else 1.0)
    x = x[: n_epochs * n_times].reshape(n_epochs, n_times)
    finite = np.isfinite(x)
    if finite.all():
        return x, np.zeros(n_epochs)
    x[~finite] = 0
    return x, 1 - finite.mean(axis=1)


def _check_rate(roles: dict[str, str], sfreq: float) -> None:
    if sfreq <= 2 * STAGED_HZ[1] and any(role in BRAIN_ROLES for role in roles.values()):
        msg = (
            f"EEG, EOG and chin must be sampled above 60 Hz to be judged, but these have {sfreq:g} Hz. "
            "Read it at 100 Hz (read_recording does), or leave these channels out."
        )
        raise ValueError(msg)


def _measure(x: Array, role: str, sfreq: float, beats: Beats | None) -> dict[str, Array]:
    """Measure one channel, shape (n_epochs, n_times), in µV where it is a voltage."""
    if role not in BRAIN_ROLES:
        return measure_other(x, {limit.measure for limit in LIMITS if limit.role == role})
    band = (CHIN_HZ[0], min(CHIN_HZ[1], sfreq / 2)) if role == "chin" else STAGED_HZ
    measures = measure_brain(x, sfreq, band=band, beats=beats)
    low, high = (lim.value for lim in LIMITS if lim.role == role and lim.reason == "unit")
    return measures | {"off_scale_uv": off_scale_uv(measures, low, high)}


def _count_steps(recording: mne.io.BaseRaw, name: str, x: Array, measures: dict[str, Array]) -> None:
    """Where the reader tells the digital step, count the steps: resampling makes new values between them."""
    native = (recording.info.get("temp") or {}).get("native", {}).get(name, {})
    step_uv = native.get("step", np.nan) * 1e6
    if step_uv > 0:
        measures["n_values"] = np.minimum(measures["n_values"], 1.0 + np.ptp(x, axis=1) / step_uv)


def _verdict(name: str, role: str, measures: dict[str, Array]) -> pd.DataFrame:
    """Hold the measures of one channel against the limits of its role; the first one broken is the reason."""
    import pandas as pd

    n_epochs = len(measures["gap_s"])
    fit = np.ones(n_epochs, bool)
    reason, unit = np.full(n_epochs, "", object), np.full(n_epochs, "", object)
    value, bound = np.full((2, n_epochs), np.nan)
    for limit in LIMITS:
        if limit.role != role:
            continue
        measured = measures[limit.measure]
        new = fit & (measured > limit.value if limit.bound == "at most" else measured < limit.value)
        fit[new], reason[new], unit[new] = False, limit.reason, limit.unit
        value[new], bound[new] = measured[new], limit.value
    epochs = np.arange(n_epochs)
    columns = (epochs, epochs * float(EPOCH_S), name, fit, reason, value, bound, unit)
    return pd.DataFrame(dict(zip(GATE_COLUMNS, columns, strict=True)))


def _tell_movements(gate: pd.DataFrame, eeg: list[str]) -> pd.DataFrame:
    """Call it movement where all EEG looks disconnected for two minutes or less: plugs stay out longer."""
    if len(eeg) < 3:
        return gate
    of_eeg = gate[gate["ch_name"].isin(eeg)]
    loose = of_eeg["reason"].isin(("disconnected", "movement", "amplitude")).groupby(of_eeg["epoch"]).all()
    lengths = loose.groupby((loose != loose.shift()).cumsum()).transform("size")
    brief = loose.index[loose & (lengths <= MOVEMENT_EPOCHS)]
    gate.loc[gate["epoch"].isin(brief) & (gate["reason"] == "disconnected"), "reason"] = "movement"
    return gate


def _gap_seconds(recording: mne.io.BaseRaw, n_epochs: int) -> Array:
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
