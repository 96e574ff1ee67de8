"""Sleep staging behind the gate: YASA's models stage what is fit; the rest stays unscored.

YASA scales its features over all it is given, so unfit epochs are left out before. They come back as UNS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sleeplab.channels import parse_label
from sleeplab.staging._calibration import calibrate
from sleeplab.staging._features import EPOCH_S
from sleeplab.staging._yasa import MIN_EPOCHS, STAGES, Stager

if TYPE_CHECKING:
    import mne
    import pandas as pd
    import yasa
    from numpy.typing import NDArray

__all__ = ["STAGES", "NotStageableError", "confidence", "stage", "unstaged"]

MIN_SFREQ = 80.0  # exclusive: YASA resamples to 100 Hz
# AASM: central, frontal and occipital; YASA was trained on central ones, so these come first.
ELECTRODES = ("C4", "C3", "Cz", "F4", "F3", "Fz", "Fpz", "O2", "O1", "Oz", "Pz")


class NotStageableError(ValueError):
    """There is too little fit EEG to stage; the message says how much, and why."""


def stage(
    recording: mne.io.BaseRaw,
    gate: pd.DataFrame,
    *,
    age: float | None = None,
    sex: str | None = None,
    n_derivations: int = 1,
) -> yasa.Hypnogram:
    """Stage the fit epochs of a recording.

    Each epoch is staged on the first EEG derivation that is fit there, central ones first, with EOG and chin
    where these are fit. An epoch without a fit EEG is UNS.

    Parameters
    ----------
    recording
        Volts, canonical channel names, more than 80 Hz.
    gate
        Table of `sleeplab.check_quality` for this recording.
    age
        Age in years; used only when `sex` is known too.
    sex
        "female" or "male"; used only when `age` is known too.
    n_derivations
        How many fit derivations stage each epoch; their probabilities are averaged. A second one adds a third
        to the time and 0.003 to kappa; where an electrode is lost, fewer epochs change their stage.

    Returns
    -------
    yasa.Hypnogram
        One stage per whole 30-s epoch, scorer "sleeplab". `proba` has the columns WAKE N1 N2 N3 REM UNS; UNS
        is 1 where nothing was fit, 0 elsewhere.

    Raises
    ------
    NotStageableError
        If less than 5 min of EEG can be staged; it is a ValueError.
    ValueError
        If there is no EEG, the sampling rate is too low, the gate is that of another recording, or
        `n_derivations` is below 1.

    Notes
    -----
    Where all epochs are fit the stages are those of plain YASA; so are the probabilities before calibration.
    YASA's features "hours since the start" and "share of the night" count from the first to the last epoch
    with a fit EEG, EOG or chin. Its other features are scaled over the night; epochs that an EEG lost are
    counted as the epochs that resemble them most in the channels that remained.

    References
    ----------
    Vallat & Walker (2021), doi:10.7554/eLife.70092.

    Examples
    --------
    Two minutes are too short, whatever the signal:

    >>> import mne, numpy as np
    >>> from sleeplab.quality import check_quality
    >>> volts = np.random.default_rng(0).standard_normal((1, 12000)).cumsum(axis=1) * 1e-6
    >>> info = mne.create_info(["C4-M1"], 100.0, "eeg", verbose=False)
    >>> recording = mne.io.RawArray(volts, info, verbose=False)
    >>> stage(recording, check_quality(recording))
    Traceback (most recent call last):
    ...
    sleeplab.staging.NotStageableError: Staging needs at least 5.0 min of EEG, but ... lasts 2.0 min.
    """
    roles = {name: parse_label(name).role for name in recording.ch_names}
    eeg = _derivations(roles)
    _check_recording(recording)
    fit = _fit_table(recording, gate)
    if fit[eeg].sum().max() < MIN_EPOCHS:
        raise NotStageableError(_too_little(fit[eeg], gate))
    fit &= fit.sum() >= MIN_EPOCHS
    eog, chin = (_fittest(fit, [n for n in roles if roles[n] == role]) for role in ("eog", "chin"))
    metadata = None if age is None or sex is None else {"age": round(age), "male": _is_male(sex)}
    worn = fit[[name for name, role in roles.items() if role in ("eeg", "eog", "chin")]].any(axis=1)
    night = np.flatnonzero(worn)[[0, -1]]
    wanted = _wanted(fit[eeg], n_derivations)
    passes, log_power = Stager(recording, fit, night, metadata).stage(wanted, eog, chin)
    n_passes = (~np.isnan(passes)).sum(axis=0)
    proba = np.where(n_passes > 0, np.nansum(passes, axis=0) / np.maximum(n_passes, 1), np.nan)
    return _hypnogram(recording, calibrate(proba, log_power))


def unstaged(recording: mne.io.BaseRaw) -> yasa.Hypnogram:
    """Return a hypnogram of UNS only, for a recording that cannot be staged.

    Parameters
    ----------
    recording
        Its length sets the number of epochs.

    Returns
    -------
    yasa.Hypnogram
        As that of `stage`, with all epochs UNS.

    Examples
    --------
    >>> import mne, numpy as np
    >>> info = mne.create_info(["C4-M1"], 100.0, "eeg", verbose=False)
    >>> recording = mne.io.RawArray(np.zeros((1, 7000)), info, verbose=False)
    >>> unstaged(recording).hypno.tolist()
    ['UNS', 'UNS']
    """
    return _hypnogram(recording, np.full((_n_epochs(recording), len(STAGES)), np.nan))


def confidence(hypnogram: yasa.Hypnogram) -> NDArray[np.float64]:
    """Probability of the stage that was chosen.

    Parameters
    ----------
    hypnogram
        With stage probabilities, as `stage` returns it.

    Returns
    -------
    numpy.ndarray, shape (n_epochs,)
        Between 0.2 and 1; NaN where the epoch is UNS or ART.

    Raises
    ------
    ValueError
        If the hypnogram has no probabilities.

    Examples
    --------
    >>> import pandas as pd, yasa
    >>> proba = pd.DataFrame({"WAKE": [0.75, 0.0], "N1": [0.25, 0.0], "UNS": [0.0, 1.0]})
    >>> confidence(yasa.Hypnogram(["WAKE", "UNS"], proba=proba))
    array([0.75,  nan])
    """
    if hypnogram.proba is None:
        msg = "Confidence needs a hypnogram with probabilities, but this one has none. Take that of stage()."
        raise ValueError(msg)
    stages = [name for name in STAGES if name in hypnogram.proba.columns]
    best: NDArray[np.float64] = hypnogram.proba[stages].max(axis=1).to_numpy(float)
    return np.where(hypnogram.hypno.isin(STAGES).to_numpy(), best, np.nan)


def _hypnogram(recording: mne.io.BaseRaw, proba: NDArray[np.floating]) -> yasa.Hypnogram:
    """Name the most probable stage of each epoch; NaN, shape (n_epochs, 5), is UNS."""
    import pandas as pd
    import yasa

    staged = ~np.isnan(proba[:, 0])
    known = np.nan_to_num(proba)
    table = pd.DataFrame(known, columns=list(STAGES)).assign(UNS=(~staged).astype(float))
    values = np.where(staged, np.array(STAGES)[known.argmax(axis=1)], "UNS").astype(object)
    start = recording.info["meas_date"]
    start = None if start is None else pd.Timestamp(start) + pd.Timedelta(seconds=recording.first_time)
    return yasa.Hypnogram(values, start=start, scorer="sleeplab", proba=table)


def _derivations(roles: dict[str, str]) -> list[str]:
    """Return the EEG channels to stage, best first."""
    eeg = [name for name, role in roles.items() if role == "eeg"]
    if not eeg:
        msg = f"Staging needs an EEG channel, but the recording has: {', '.join(roles) or 'none'}."
        raise ValueError(msg)
    order = {name: i for i, name in enumerate(ELECTRODES)}
    return sorted(eeg, key=lambda name: order.get(parse_label(name).electrode, len(order)))


def _wanted(fit: pd.DataFrame, n_derivations: int) -> pd.DataFrame:
    """Name the derivations of each epoch: the first ones that are fit.

    Each costs as much as a whole night, so one that is second for a few epochs only is left out.
    """
    if n_derivations < 1:
        msg = f"n_derivations must be 1 or more, got {n_derivations}. Leave it out for the first fit one."
        raise ValueError(msg)
    wanted = fit & (fit.cumsum(axis=1) <= n_derivations)
    alone = wanted.sum(axis=1) == 1
    needed = (wanted.sum() >= MIN_EPOCHS) | wanted[alone].any()
    return wanted.loc[:, needed]


def _fittest(fit: pd.DataFrame, names: list[str]) -> str | None:
    """Return the channel with the most fit epochs, the first one in a tie."""
    return max(names, key=lambda name: int(fit[name].sum()), default=None)


def _check_recording(recording: mne.io.BaseRaw) -> None:
    sfreq = float(recording.info["sfreq"])
    if sfreq <= MIN_SFREQ:
        msg = f"Staging needs a sampling rate above {MIN_SFREQ:g} Hz, but the recording has {sfreq:g} Hz."
        raise ValueError(msg)
    if _n_epochs(recording) < MIN_EPOCHS:
        lasts = f"{recording.n_times / sfreq / 60:.1f}"
        msg = (
            f"Staging needs at least {_minutes(MIN_EPOCHS)} min of EEG, but the recording lasts {lasts} min."
        )
        raise NotStageableError(msg)


def _n_epochs(recording: mne.io.BaseRaw) -> int:
    return int(recording.n_times // round(EPOCH_S * recording.info["sfreq"]))


def _fit_table(recording: mne.io.BaseRaw, gate: pd.DataFrame) -> pd.DataFrame:
    """Turn the gate into a table of booleans: epochs × channels."""
    fit = gate.pivot_table(index="epoch", columns="ch_name", values="fit", aggfunc="all").astype(bool)
    n_epochs = _n_epochs(recording)
    missing = [name for name in recording.ch_names if name not in fit.columns]
    if len(fit) != n_epochs or missing:
        msg = (
            f"The gate must cover the {n_epochs} epochs of every channel of the recording, but it has "
            f"{len(fit)} epochs and lacks {len(missing)} channels. Use check_quality() of this recording."
        )
        raise ValueError(msg)
    return fit


def _too_little(fit: pd.DataFrame, gate: pd.DataFrame) -> str:
    best = fit.sum().idxmax()
    reasons = gate.loc[gate["ch_name"].isin(fit.columns) & ~gate["fit"], "reason"].value_counts()
    why = ", ".join(f"{reason} {n}" for reason, n in reasons.head(3).items())
    return (
        f"Staging needs at least {_minutes(MIN_EPOCHS)} min of fit EEG in one derivation, but the best "
        f"({best}) has {_minutes(fit[best].sum())} of {_minutes(len(fit))} min. Unfit channel-epochs: {why}. "
        "Look at the signal, or name another EEG channel."
    )


def _minutes(n_epochs: int) -> str:
    return f"{n_epochs * EPOCH_S / 60:.1f}"


def _is_male(sex: str) -> int:
    if sex not in ("female", "male"):
        msg = f"sex must be 'female' or 'male', got {sex!r}. Leave it out when it is not known."
        raise ValueError(msg)
    return int(sex == "male")
