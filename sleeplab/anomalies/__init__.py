"""The ledger of a night: what is unusual in it, against which rule, norm or fitted detector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sleeplab.anomalies._ledger import KINDS, LEDGER_COLUMNS, Kind, Known, span

if TYPE_CHECKING:
    import mne
    import pandas as pd
    import yasa

    from sleeplab.anomalies._ledger import Finding, Inputs
    from sleeplab.scoring import Scoring

__all__ = ["KINDS", "LEDGER_COLUMNS", "Kind", "Known", "find_anomalies", "span"]


def find_anomalies(
    recording: mne.io.BaseRaw,
    gate: pd.DataFrame,
    hypnogram: yasa.Hypnogram,
    features: pd.DataFrame,
    *,
    known: Known = Known(),  # noqa: B008  # a tuple cannot be changed
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
    known
        What is known beside the signals: age and sex (for the norms), a human scoring (its events are taken
        over; confident disagreement becomes level "label"), a reference of other nights (level "cohort").

    Returns
    -------
    pandas.DataFrame
        The ledger: `LEDGER_COLUMNS`, sorted by onset. ``score``: up = more unusual, comparable within a kind;
        ``p_value`` is NaN where a rule decides. `KINDS` lists what can be found and by which rule.

    Raises
    ------
    ValueError
        When the features or the human scoring do not have one row per epoch of the hypnogram.

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
    from sleeplab.anomalies._merge import merge_related
    from sleeplab.anomalies.night import find_night_findings
    from sleeplab.anomalies.signal import find_signal_findings
    from sleeplab.features import EPOCH_S, fit_mask, night_summary

    if len(features) != hypnogram.n_epochs:
        msg = (
            f"features must have one row per epoch: {len(features)} rows, {hypnogram.n_epochs} epochs in the "
            "hypnogram. Make them with epoch_features(recording, hypnogram, gate)."
        )
        raise ValueError(msg)
    stages = hypnogram.hypno.astype(str).to_numpy().astype(str)
    inputs = Inputs(recording, stages, fit_mask(recording, gate), features)
    findings = _find_events(inputs)
    if known.scoring is not None:
        findings = _with_scoring(findings, inputs, hypnogram, known.scoring)
    findings = find_signal_findings(recording, gate) + merge_related(findings, inputs)
    of_night = find_night_findings(hypnogram, known)
    if any(finding.kind == "no REM" for finding in of_night):  # the few minutes so staged are not believed
        findings = [finding for finding in findings if finding.kind != "REM without atonia"]
    findings += of_night
    if known.reference is not None:
        from sleeplab.anomalies.cohort import find_cohort_findings

        unlike = find_cohort_findings(night_summary(features, hypnogram), known.reference, known)
        findings += [finding._replace(duration_s=len(stages) * EPOCH_S) for finding in unlike]
    return make_ledger(findings, stages)


def _find_events(inputs: Inputs) -> list[Finding]:
    """Run the detectors of moments in the signals."""
    from sleeplab.anomalies.artefacts import find_artefacts
    from sleeplab.anomalies.body import find_body_events
    from sleeplab.anomalies.novelty import find_unusual_epochs
    from sleeplab.anomalies.rhythms import find_evolving_rhythms
    from sleeplab.anomalies.shifts import find_shifts
    from sleeplab.anomalies.transients import find_transients

    findings: list[Finding] = []
    for find in (
        find_unusual_epochs,
        find_transients,
        find_evolving_rhythms,
        find_shifts,
        find_body_events,
        find_artefacts,
    ):
        findings += find(inputs)
    return findings


def _with_scoring(
    findings: list[Finding], inputs: Inputs, hypnogram: yasa.Hypnogram, scoring: Scoring
) -> list[Finding]:
    """Take over what a human scored, and doubt it where the machine is sure."""
    from sleeplab.anomalies.labels import find_doubtful_scoring
    from sleeplab.anomalies.scored import take_over_scored

    if scoring.hypnogram is None:
        return take_over_scored(findings, scoring, inputs.stages, inputs.recording.ch_names)
    doubtful = find_doubtful_scoring(hypnogram, scoring.hypnogram, inputs.features)
    stages = scoring.hypnogram.hypno.astype(str).to_numpy().astype(str)
    return doubtful + take_over_scored(findings, scoring, stages, inputs.recording.ch_names)
