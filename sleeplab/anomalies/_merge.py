"""Findings of several detectors about the same moment become one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sleeplab.anomalies._ledger import KINDS, Finding, Inputs
from sleeplab.features import EPOCH_S, names_of_role

if TYPE_CHECKING:
    from collections.abc import Iterable

GENERAL = "unusual EEG"
MOMENT_S = 60.0  # a longer finding is a series or a state: it does not say what was at one moment of it


def merge_related(findings: Iterable[Finding], inputs: Inputs) -> list[Finding]:
    """Merge what several detectors say of one moment, and drop what an unfit signal explains.

    "Unusual EEG" says that something was there, not what. Where another event of up to a minute lies in it,
    that event stays and takes the words along. Where more than half of the EEG channels are unfit for most of
    it, the unfit signal, which is in the ledger, explains that the others are unusual too.

    Parameters
    ----------
    findings
        Of all detectors.
    inputs
        The night.

    Returns
    -------
    list of Finding
        In the order of `findings`.
    """
    kept = [finding for finding in findings if not _explained(finding, inputs)]
    general = [finding for finding in kept if finding.kind == GENERAL]
    merged: set[int] = set()
    result = []
    for finding in kept:
        if finding.kind != GENERAL and _is_moment(finding):
            same = [other for other in general if _overlap(finding, other) and _is_moment(other)]
            merged |= {id(other) for other in same}
            finding = _with_words(finding, same)
        result.append(finding)
    return [finding for finding in result if id(finding) not in merged]


def _is_moment(finding: Finding) -> bool:
    return KINDS[finding.kind].level == "event" and finding.duration_s <= MOMENT_S


def _overlap(a: Finding, b: Finding) -> bool:
    return a.onset_s < b.onset_s + b.duration_s and b.onset_s < a.onset_s + a.duration_s


def _with_words(finding: Finding, same: list[Finding]) -> Finding:
    if not same:
        return finding
    words = " ".join(dict.fromkeys(other.evidence for other in same))
    names = tuple(dict.fromkeys([*finding.ch_names, *(name for other in same for name in other.ch_names)]))
    return finding._replace(evidence=f"{finding.evidence} {words}", ch_names=names)


def _explained(finding: Finding, inputs: Inputs) -> bool:
    """Whether most EEG channels are unfit in most epochs of a finding that says no more than unusual."""
    if finding.kind != GENERAL:
        return False
    start = int(finding.onset_s // EPOCH_S)
    stop = max(int(np.ceil((finding.onset_s + finding.duration_s) / EPOCH_S)), start + 1)
    fit = np.array([inputs.fit[name][start:stop] for name in names_of_role(inputs.recording, "eeg")])
    return bool(((~fit).mean(axis=0) > 0.5).mean() > 0.5)
