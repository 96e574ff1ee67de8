"""Findings about the signal itself: what the gate refused, merged into episodes, and gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sleeplab.anomalies._ledger import Finding, runs, span
from sleeplab.features import EPOCH_S

if TYPE_CHECKING:
    from collections.abc import Iterable

    import mne
    import pandas as pd

BRIDGE = 1  # epochs
WHOLE = 0.95  # of the epochs: the channel is unfit altogether
SHORT = 2  # epochs: longer episodes always keep their own row
MANY = 5  # short episodes of one reason: from here on one row says it
# What the gate's units without a dimension mean.
MEANINGS = {
    "correlation": "correlation with other channels",
    "times": "slow over fast power",
    "of samples": "share of the samples",
    "of seconds": "share of the seconds",
    "of variance": "share of the variance that beats with the heart",
    "of its range": "share of the channel's usual range",
    "values": "different values",
}


class Episode(NamedTuple):
    """Epochs `start` to `stop` (excluded) that the gate refuses for one reason, on one or more channels."""

    start: int
    stop: int
    ch_names: tuple[str, ...]


def find_signal_findings(recording: mne.io.BaseRaw, gate: pd.DataFrame) -> list[Finding]:
    """Merge the refused rows of the gate into episodes; add the gaps, and labels that the signal belies.

    Parameters
    ----------
    recording
        Gaps are its annotations called ``BAD_gap``.
    gate
        Table of `check_quality`.

    Returns
    -------
    list of Finding
        Kinds "unfit channel" (refused in 95 % of the epochs or more), "unfit signal", "gap" and "doubtful
        label". The score is log2(1 + epochs × channels), 1 for a label.
    """
    unfit = gate[~gate["fit"].astype(bool) & (gate["reason"] != "gap")]
    n_epochs = int(gate["epoch"].max()) + 1 if len(gate) else 0
    findings = []
    for reason, rows in unfit.groupby("reason"):
        episodes = merge_channels(
            Episode(start, stop, (str(name),))
            for name, own in rows.groupby("ch_name")
            for start, stop in runs(np.isin(np.arange(n_epochs), own["epoch"]), bridge=BRIDGE)
        )
        short = [e for e in episodes if e.stop - e.start <= SHORT and e.stop - e.start < WHOLE * n_epochs]
        if len(short) > MANY:
            findings.append(_describe_many(short, str(reason), rows))
            episodes = [e for e in episodes if e not in short]
        findings += [_describe(episode, str(reason), rows, n_epochs) for episode in episodes]
    said = {name for finding in findings if finding.kind == "unfit channel" for name in finding.ch_names}
    return findings + _gaps(recording) + _labels(recording, said)


def merge_channels(episodes: Iterable[Episode]) -> list[Episode]:
    """Join episodes of different channels that share at least half of the time that either of them covers."""
    merged: list[Episode] = []
    for episode in sorted(episodes):
        for i, other in enumerate(merged):
            shared = min(episode.stop, other.stop) - max(episode.start, other.start)
            union = max(episode.stop, other.stop) - min(episode.start, other.start)
            if shared >= union / 2 and episode.ch_names[0] not in other.ch_names:
                start, stop = min(episode.start, other.start), max(episode.stop, other.stop)
                merged[i] = Episode(start, stop, other.ch_names + episode.ch_names)
                break
        else:
            merged.append(episode)
    return merged


def _describe(episode: Episode, reason: str, rows: pd.DataFrame, n_epochs: int) -> Finding:
    """Write one episode as a finding."""
    n = episode.stop - episode.start
    whole = n >= WHOLE * n_epochs
    when = "throughout the recording" if whole else f"for {span(n * EPOCH_S)}"
    own = rows[
        rows["epoch"].between(episode.start, episode.stop - 1) & rows["ch_name"].isin(episode.ch_names)
    ]
    return Finding(
        kind="unfit channel" if whole else "unfit signal",
        onset_s=episode.start * EPOCH_S,
        duration_s=n * EPOCH_S,
        ch_names=episode.ch_names,
        score=float(np.log2(1 + n * len(episode.ch_names))),
        evidence=f"{_names(episode.ch_names)}: {reason} {when}{_measured(own)}.",
    )


def _describe_many(short: list[Episode], reason: str, rows: pd.DataFrame) -> Finding:
    """Write many short episodes of one reason as one finding."""
    start, stop = min(e.start for e in short), max(e.stop for e in short)
    names = tuple(dict.fromkeys(name for e in short for name in e.ch_names))
    n = sum((e.stop - e.start) * len(e.ch_names) for e in short)
    return Finding(
        kind="unfit signal",
        onset_s=start * EPOCH_S,
        duration_s=(stop - start) * EPOCH_S,
        ch_names=names,
        score=float(np.log2(1 + n)),
        evidence=f"{_names(names)}: {reason} in {len(short)} short episodes "
        f"within {span((stop - start) * EPOCH_S)}{_measured(rows[rows['ch_name'].isin(names)])}.",
    )


def _measured(rows: pd.DataFrame) -> str:
    """Say the median measured value and its limit, where the gate gives them."""
    value = rows["value"].dropna().median() if "value" in rows else np.nan
    if not np.isfinite(value):
        return ""
    limit, unit = rows["limit"].iloc[0], str(rows["unit"].iloc[0])
    if unit in MEANINGS:
        return f" (median {value:.2g}, limit {limit:.2g}: {MEANINGS[unit]})"
    return f" (median {value:.3g} {unit}, limit {limit:.3g} {unit})"


def _names(ch_names: tuple[str, ...]) -> str:
    return (
        ", ".join(ch_names)
        if len(ch_names) <= 6
        else f"{', '.join(ch_names[:5])} and {len(ch_names) - 5} others"
    )


def _gaps(recording: mne.io.BaseRaw) -> list[Finding]:
    """Return the gaps that the reader marked."""
    marks = recording.annotations
    return [
        Finding(
            kind="gap",
            onset_s=float(onset - recording.first_time),
            duration_s=float(duration),
            ch_names=(),
            score=float(np.log2(1 + duration / EPOCH_S)),
            evidence=f"Nothing was recorded for {span(float(duration))}.",
        )
        for onset, duration, text in zip(marks.onset, marks.duration, marks.description, strict=True)
        if text == "BAD_gap"
    ]


def _labels(recording: mne.io.BaseRaw, said: set[str]) -> list[Finding]:
    """Return the labels that the signal belies, but for channels of which it is said already."""
    from sleeplab.recording import check_labels

    return [
        Finding(
            kind="doubtful label",
            onset_s=0.0,
            duration_s=float(recording.duration),
            ch_names=tuple(row.ch_name.split(", ")),
            score=1.0,
            evidence=row.evidence,
        )
        for row in check_labels(recording).itertuples()
        if not said.issuperset(row.ch_name.split(", "))
    ]
