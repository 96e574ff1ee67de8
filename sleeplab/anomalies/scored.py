"""Events that a human has scored already: taken over into the ledger, not found a second time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sleeplab.anomalies._ledger import SLEEP, Finding, group_by_gap, span, stage_counts
from sleeplab.features import EPOCH_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from sleeplab.scoring import Scoring

GAP_S = 3600.0  # events of one kind further apart become two findings
UNSEEN_S = 300.0  # a stretch of a detector's finding this long without a scored event was not scored
TOLERANCE_S = 5.0


class Scored(NamedTuple):
    """One kind of finding made from scored events.

    Attributes
    ----------
    families
        First words of the kinds of events that it takes (``apnea`` takes ``apnea_central`` too).
    detected
        Kinds of our own findings that it replaces.
    usual
        What is usual per hour of sleep, for the evidence.
    """

    families: tuple[str, ...]
    detected: tuple[str, ...]
    usual: str = ""


SCORED: dict[str, Scored] = {
    "scored breathing events": Scored(
        ("apnea", "hypopnea", "rera", "hypoventilation", "cheyne_stokes", "periodic_breathing"),
        (),
        "healthy adults: median 1.7, 8 % of them over 15; Mitterling et al. 2015, doi:10.5665/sleep.4730",
    ),
    "scored desaturations": Scored(("desaturation",), ("desaturation", "desaturation series")),
    "scored arousals": Scored(
        ("arousal",),
        ("arousal-like shift", "arousal-like series"),
        "healthy people: mean 15 at 20-39 years, 18 at 40-59, 27 from 60; Boselli et al. 1998, Sleep 21:351",
    ),
    "scored leg movements": Scored(
        ("limb_movement", "plm"),
        ("leg movement series",),
        "periodic ones: over 15 counts in adults, ICSD-3-TR",
    ),
    "scored epileptiform activity": Scored(("spike", "seizure"), ("sharp transient", "sharp transients")),
    "scored heart events": Scored(
        ("bradycardia", "tachycardia", "asystole", "arrhythmia"), ("slow heart", "fast heart")
    ),
}


def take_over_scored(
    findings: Iterable[Finding],
    scoring: Scoring,
    stages: NDArray[np.str_],
    ch_names: Sequence[str] = (),
) -> list[Finding]:
    """Take scored events over, and drop our own findings of the same events.

    Scored events of one kind become one finding until an hour passes without any. A finding of ours of that
    kind is dropped where scored events fill it: one within 5 s of it, and no stretch of 5 min or more
    without. Where they do not, it stays and says so. What was not scored at all that night says nothing
    about ours.

    Parameters
    ----------
    findings
        Our own findings.
    scoring
        Aligned with the recording. Only kinds that the vocabulary knows are taken: others are a person's own
        words.
    stages
        One stage per 30-s epoch.
    ch_names
        Names of the recording's channels; others that the scoring names are left out.

    Returns
    -------
    list of Finding
        Score of a scored finding: log2(1 + number).

    Examples
    --------
    >>> import pandas as pd
    >>> from sleeplab.scoring import Scoring
    >>> events = pd.DataFrame({"onset_s": [60.0, 90.0], "duration_s": 3.0, "kind": "arousal", "channel": ""})
    >>> ours = [Finding("arousal-like shift", onset, 4.0, (), 1.0, "Up.") for onset in (61.0, 3000.0)]
    >>> stages = np.array(["N2"] * 120)
    >>> for finding in take_over_scored(ours, Scoring(None, events, pd.DataFrame()), stages):
    ...     print(finding.kind, finding.onset_s, finding.evidence[:45])
    arousal-like shift 3000.0 Up. No scored counterpart.
    scored arousals 60.0 2 scored in 33 s (N2 2), 2.0 per hour of slee
    """
    findings = list(findings)
    for kind, scored in SCORED.items():
        own = _of_families(scoring, scored.families)
        if len(own):
            findings = [kept for f in findings if (kept := _beside(f, own, scored)) is not None]
            findings += _clusters(kind, own, stages, tuple(ch_names))
    return findings


def _of_families(scoring: Scoring, families: tuple[str, ...]) -> pd.DataFrame:
    """Events whose kind is one of these, or begins with one of them and an underscore."""
    events, own_words = scoring.events, set(scoring.unknown.get("kind", ()))
    taken = [
        kind not in own_words and any(kind == name or kind.startswith(f"{name}_") for name in families)
        for kind in events["kind"].astype(str)
    ]
    return events[np.array(taken, dtype=bool)].sort_values("onset_s", kind="stable")


def _beside(finding: Finding, own: pd.DataFrame, scored: Scored) -> Finding | None:
    """Drop a finding of ours that scored events fill, else say what was not scored."""
    if finding.kind not in scored.detected:
        return finding
    start, stop = finding.onset_s - TOLERANCE_S, finding.onset_s + finding.duration_s + TOLERANCE_S
    onsets = own["onset_s"].to_numpy(dtype=float)
    ends = onsets + own["duration_s"].to_numpy(dtype=float)
    within = (onsets <= stop) & (ends >= start)
    if not within.any():
        return finding._replace(evidence=f"{finding.evidence} No scored counterpart.")
    before = np.append(onsets[within], stop) - np.append(start, np.maximum.accumulate(ends[within]))
    if before.max() < UNSEEN_S:
        return None
    return finding._replace(evidence=f"{finding.evidence} Nothing scored in {span(before.max())} of it.")


def _clusters(
    kind: str, own: pd.DataFrame, stages: NDArray[np.str_], ch_names: tuple[str, ...]
) -> list[Finding]:
    onsets = own["onset_s"].to_numpy(dtype=float)
    ends = onsets + own["duration_s"].to_numpy(dtype=float)
    slept_h = float(np.isin(stages, SLEEP).sum()) * EPOCH_S / 3600
    usual = SCORED[kind].usual
    night = f", {len(own) / slept_h:.1f} per hour of sleep in the whole night" if slept_h else ""
    night += f" ({usual})" if usual and night else ""
    found = []
    for group in group_by_gap(onsets, ends, GAP_S):
        part, total = own.iloc[group], float(ends[group].max() - onsets[group][0])
        counted = f"{len(part)} scored in {span(total)}{_kinds(part)}"
        text = f"{counted} ({stage_counts(onsets[group], stages)}){night}."
        marked = set(part["channel"].astype(str))
        channels = tuple(name for name in ch_names if name in marked)
        found.append(
            Finding(kind, float(onsets[group][0]), total, channels, float(np.log2(1 + len(part))), text)
        )
    return found


def _kinds(part: pd.DataFrame) -> str:
    """Say how many of which, for example ": 8 apnea obstructive, 4 hypopnea"; nothing where all are alike."""
    counts = part["kind"].astype(str).value_counts()
    kinds = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in counts.items())
    return f": {kinds}" if len(counts) > 1 else ""
