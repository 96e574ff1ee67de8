"""Findings about the whole night: its architecture against healthy sleepers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sleeplab.anomalies._ledger import SLEEP, Finding
from sleeplab.features import EPOCH_S
from sleeplab.norms import STATISTICS, compare_with_norm, night_statistics, read_norms

if TYPE_CHECKING:
    import yasa
    from numpy.typing import NDArray

MIN_STAGED_H = 4.0
MIN_COVER = 0.9  # share of epochs that must be staged before minutes and efficiency are judged
NEED_COVER = ("TST", "SE", "SOL", "WASO")
ALPHA = 0.05  # chance that a healthy night gets any "unusual architecture" (Bonferroni over the statistics)
SOREM_MIN = 15.0


def find_night_findings(hypnogram: yasa.Hypnogram) -> list[Finding]:
    """Compare the architecture of a night with what is usual.

    Only a night with 4 h of staged epochs is judged; minutes and efficiency only where 90 % of its epochs
    were staged. The score is the absolute z: the distance to the healthy mean in standard deviations.

    Parameters
    ----------
    hypnogram
        Stages of 30-s epochs.

    Returns
    -------
    list of Finding
        Kinds "unusual architecture", "no REM", "no N3" and "sleep-onset REM".
    """
    stages = hypnogram.hypno.astype(str).to_numpy()
    staged = ~np.isin(stages, ["UNS", "ART"])
    n_sleep = int(np.isin(stages, SLEEP).sum())
    if staged.sum() * EPOCH_S < MIN_STAGED_H * 3600 or n_sleep == 0:
        return []
    first, last = np.flatnonzero(staged)[[0, -1]]
    values = night_statistics(hypnogram)
    names = [n for n in STATISTICS if np.isfinite(values[n])]
    if staged[first : last + 1].mean() < MIN_COVER:
        names = [n for n in names if n not in NEED_COVER]
    missing = [n for n in ("%REM", "%N3") if values[n] == 0]
    duration_s = len(stages) * EPOCH_S
    findings = [_missing_stage(name, n_sleep, duration_s) for name in missing]
    unusual = [_unusual(n, values[n], duration_s, ALPHA / len(names)) for n in names if n not in missing]
    findings += [finding for finding in unusual if finding]
    if values["REM latency"] <= SOREM_MIN:
        findings.append(_sleep_onset_rem(values, stages, (int(first) * EPOCH_S)))
    return findings


def _unusual(name: str, value: float, duration_s: float, alpha: float) -> Finding | None:
    z, p_value = compare_with_norm(name, value)
    if p_value >= alpha:
        return None
    norm = read_norms()[name]
    unit = {"1/h": "/h", "%": " %", "min": " min"}[norm.unit]
    return Finding(
        kind="unusual architecture",
        onset_s=0.0,
        duration_s=duration_s,
        ch_names=(),
        score=abs(z),
        p_value=p_value,
        evidence=f"{norm.meaning[0].upper()}{norm.meaning[1:]} {value:.1f}{unit}; {norm.n} healthy nights: "
        f"{norm.mean:.1f} ± {norm.sd:.1f}{unit} (z {z:+.1f}).",
    )


def _missing_stage(name: str, n_sleep: int, duration_s: float) -> Finding:
    z, p_value = compare_with_norm(name, 0.0)
    norm = read_norms()[name]
    return Finding(
        kind=f"no {name[1:]}",
        onset_s=0.0,
        duration_s=duration_s,
        ch_names=(),
        score=abs(z),
        p_value=p_value,
        evidence=f"No {name[1:]} in {n_sleep * EPOCH_S / 60:.0f} min of sleep; {norm.n} healthy nights: "
        f"{norm.mean:.1f} ± {norm.sd:.1f} % of sleep.",
    )


def _sleep_onset_rem(values: dict[str, float], stages: NDArray[np.str_], start_s: float) -> Finding:
    latency, norm = values["REM latency"], read_norms()["REM latency"]
    onset_s = start_s + (values["SOL"] + latency) * 60
    length = int(np.argmax(np.append(stages[int(onset_s // EPOCH_S) :], "end") != "REM"))
    z, _ = compare_with_norm("REM latency", latency)
    return Finding(
        kind="sleep-onset REM",
        onset_s=onset_s,
        duration_s=length * EPOCH_S,
        ch_names=(),
        score=abs(z),
        evidence=f"REM {latency:.1f} min after sleep onset (limit {SOREM_MIN:.0f} min); "
        f"{norm.n} healthy nights: {norm.mean:.0f} ± {norm.sd:.0f} min.",
    )
