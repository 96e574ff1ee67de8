"""The ledger of a night: what is unusual in it, against which rule, norm or fitted detector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sleeplab.anomalies._ledger import KINDS, LEDGER_COLUMNS, Kind, span

if TYPE_CHECKING:
    import mne
    import pandas as pd
    import yasa

__all__ = ["KINDS", "LEDGER_COLUMNS", "Kind", "find_anomalies", "span"]


def find_anomalies(
    recording: mne.io.BaseRaw,
    gate: pd.DataFrame,
    hypnogram: yasa.Hypnogram,
    features: pd.DataFrame,
    *,
    expert: yasa.Hypnogram | None = None,
) -> pd.DataFrame:
    """Find what deserves a human eye in one night.

    Parameters
    ----------
    recording
        Typed channels with canonical names, in volts (SpO2 in %).
    gate
        Table of `check_quality`.
    hypnogram
        One stage per 30-s epoch, best with probabilities.
    features
        Table of `epoch_features` for the same hypnogram.
    expert
        A human scoring of the same night; confident disagreement becomes level "label".

    Returns
    -------
    pandas.DataFrame
        The ledger: `LEDGER_COLUMNS`, sorted by onset. ``score``: up = more unusual, comparable within a kind;
        ``p_value`` is NaN where a rule decides. `KINDS` lists what can be found and by which rule.

    Raises
    ------
    ValueError
        When features or expert do not have one row per epoch of the hypnogram.

    Examples
    --------
    >>> import mne, numpy as np, yasa
    >>> from sleeplab import epoch_features, find_anomalies
    >>> noise = 1e-5 * np.random.default_rng(0).standard_normal((1, 12000))
    >>> raw = mne.io.RawArray(noise, mne.create_info(["C4-M1"], 100, "eeg"), verbose="error")
    >>> night = yasa.Hypnogram(["N2"] * 4)
    >>> import pandas as pd
    >>> gate = pd.DataFrame({"epoch": range(4), "ch_name": "C4-M1", "reason": "flat"})
    >>> gate["fit"] = gate["epoch"] < 3
    >>> find_anomalies(raw, gate, night, epoch_features(raw, night, gate))["kind"].to_list()
    ['unfit signal']
    """
    from sleeplab.anomalies._ledger import Inputs, make_ledger
    from sleeplab.anomalies.body import find_body_events
    from sleeplab.anomalies.labels import find_doubtful_scoring
    from sleeplab.anomalies.night import find_night_findings
    from sleeplab.anomalies.novelty import find_unusual_epochs
    from sleeplab.anomalies.shifts import find_arousals
    from sleeplab.anomalies.signal import find_signal_findings
    from sleeplab.anomalies.transients import find_transients
    from sleeplab.features import fit_mask

    if len(features) != hypnogram.n_epochs:
        msg = (
            f"features must have one row per epoch: {len(features)} rows, {hypnogram.n_epochs} epochs in the "
            "hypnogram. Make them with epoch_features(recording, hypnogram, gate)."
        )
        raise ValueError(msg)
    stages = hypnogram.hypno.astype(str).to_numpy().astype(str)
    inputs = Inputs(recording, stages, fit_mask(recording, gate), features)
    findings = find_signal_findings(recording, gate)
    for find in (find_unusual_epochs, find_transients, find_arousals, find_body_events):
        findings += find(inputs)
    findings += find_night_findings(hypnogram)
    if expert is not None:
        findings += find_doubtful_scoring(hypnogram, expert)
    return make_ledger(findings, stages)
