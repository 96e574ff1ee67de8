"""Findings about the whole night: its architecture against healthy people of the same age and sex."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sleeplab.anomalies._ledger import SLEEP, Finding, Known, runs, span
from sleeplab.features import EPOCH_S
from sleeplab.norms import ADULT, STATISTICS, compare_with_norm, night_statistics, read_norms, usual_night

if TYPE_CHECKING:
    import yasa
    from numpy.typing import NDArray

MIN_STAGED_H = 4.0
WHOLE_H = 6.0  # below, a short total sleep time says that the recording was short
MIN_COVER = 0.9  # share of epochs that must be staged before times, rates and efficiency are judged
NEED_COVER = frozenset(
    {"tst_min", "se_pct", "sol_min", "waso_min", "rem_latency_min", "awakenings_per_h", "shifts_per_h"}
)
NEED_ONSET = frozenset({"se_pct", "sol_min", "rem_latency_min"})  # the falling asleep must have been staged
BY_RULE = frozenset({"n3_breaks_per_h"})  # a published cut-off decides, not the norm
ALPHA = 0.05  # chance that a healthy night gets any "unusual architecture" (Bonferroni over the statistics)
SOREM_MIN = 15.0
SURE_REM_MIN = 2.5  # expected minutes of a piece; less is often waking that was staged wrongly
N3_BREAKS_PER_H = 6.8
UNITS = {"1/h": "/h", "%": " %", "min": " min"}


class Night(NamedTuple):
    """A night from its first to its last staged epoch, and what is missing in it."""

    values: dict[str, float]
    stages: NDArray[np.str_]
    sure_rem: NDArray[np.bool_]
    start_s: float
    duration_s: float
    known: Known

    @property
    def cover(self) -> float:
        """Share of the epochs that were staged."""
        return float((~np.isin(self.stages, ["UNS", "ART"])).mean())

    @property
    def onset_seen(self) -> bool:
        """Whether the person was awake in the epoch before the first sleep, as far as staged."""
        first = int(np.argmax(np.isin(self.stages, SLEEP)))
        return first > 0 and bool(self.stages[first - 1] == "WAKE")

    @property
    def lost(self) -> str:
        """What could not be staged, as the end of a sentence."""
        missing_s = (1 - self.cover) * len(self.stages) * EPOCH_S
        return f"; {span(missing_s)} of this night could not be staged" if self.cover < MIN_COVER else ""


def find_night_findings(hypnogram: yasa.Hypnogram, known: Known | None = None) -> list[Finding]:
    """Compare the architecture of a night with what is usual at this age.

    Only a night with 4 h of staged epochs is judged. Times, rates and efficiency are judged only where 90 %
    of the epochs were staged; total sleep time only from 6 h on; latencies and efficiency only where falling
    asleep was seen. People under 18 years have no norm here: only the rules are applied. "No N3" is left out
    where the norm for the age holds it for usual (one-sided p ≥ 0.05). The score of a norm is the absolute z.
    Where a machine staged, a piece of REM is believed when its probabilities add up to 2.5 min: "no REM", its
    latency and sleep-onset REM go by that. A human's REM is believed as it is.

    Parameters
    ----------
    hypnogram
        Stages of 30-s epochs.
    known
        Age and sex; without an age the norm is that of all adults, and the finding says so.

    Returns
    -------
    list of Finding
        Kinds "unusual architecture", "no REM", "no N3", "sleep-onset REM", "fragmented N3" and "incomplete
        night".

    References
    ----------
    Norms: `sleeplab.norms`. Sleep-onset REM: ICSD-3-TR, 2023. Breaks of N3: Lopez et al. 2018,
    doi:10.1002/ana.25153 (79 % of adults with sleepwalking or sleep terrors lie above 6.8 per hour, 18 % of
    healthy ones). They count arousals too, a hypnogram shows only changes to WAKE or N1: so we find fewer.
    Of the 25 healthy nights of DOD-H one lies above.
    """
    known = known or Known()
    stages = hypnogram.hypno.astype(str).to_numpy().astype(str)
    staged = np.flatnonzero(~np.isin(stages, ["UNS", "ART"]))
    if len(staged) * EPOCH_S < MIN_STAGED_H * 3600 or not np.isin(stages, SLEEP).any():
        return []
    judged = slice(staged[0], staged[-1] + 1)
    night = Night(
        values=night_statistics(hypnogram),
        stages=stages[judged],
        sure_rem=_sure_rem(hypnogram, stages)[judged],
        start_s=float(staged[0] * EPOCH_S),
        duration_s=len(stages) * EPOCH_S,
        known=known,
    )
    night.values["rem_latency_min"] = _rem_latency_min(night)
    adult = known.age is None or known.age >= ADULT
    findings = [
        *_incomplete(night),
        *_missing_stages(night),
        *_sleep_onset_rem(night),
        *_fragmented_n3(night),
    ]
    return findings + _unusual(night) if adult else findings


def _sure_rem(hypnogram: yasa.Hypnogram, stages: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Mark the epochs of REM that are long and probable enough to be believed; all where a human scored."""
    rem = stages == "REM"
    if hypnogram.proba is None:
        return np.asarray(rem)
    chance, sure = hypnogram.proba["REM"].to_numpy(dtype=float), np.zeros(len(rem), dtype=bool)
    for start, stop in runs(rem, bridge=1):
        expected_min = chance[start:stop].sum() * EPOCH_S / 60
        sure[start:stop] = rem[start:stop] & (expected_min >= SURE_REM_MIN)
    return sure


def _rem_latency_min(night: Night) -> float:
    """Minutes from sleep onset to the first REM that is believed; NaN without one."""
    if not night.sure_rem.any():
        return np.nan
    onset = int(np.argmax(np.isin(night.stages, SLEEP)))
    return float((np.argmax(night.sure_rem) - onset) * EPOCH_S / 60)


def _whole_night(night: Night, kind: str, score: float, evidence: str, p_value: float = np.nan) -> Finding:
    return Finding(kind, 0.0, night.duration_s, (), score, evidence + night.lost + ".", p_value)


def _incomplete(night: Night) -> list[Finding]:
    if night.cover >= MIN_COVER:
        return []
    length = span(len(night.stages) * EPOCH_S)
    evidence = (
        f"{100 * (1 - night.cover):.0f} % of {length} could not be staged: times, rates and efficiency "
        "are not judged, and shares of stages are those of the rest."
    )
    return [Finding("incomplete night", 0.0, night.duration_s, (), 10 * (1 - night.cover), evidence)]


def _judged(night: Night) -> list[str]:
    """Give the statistics that this night can be judged by."""
    names = [name for name in STATISTICS if np.isfinite(night.values[name]) and name not in BY_RULE]
    if night.cover < MIN_COVER:
        names = [name for name in names if name not in NEED_COVER]
    if not night.onset_seen:
        names = [name for name in names if name not in NEED_ONSET]
    if len(night.stages) * EPOCH_S < WHOLE_H * 3600:
        names = [name for name in names if name != "tst_min"]
    if not night.sure_rem.any():
        names = [name for name in names if name != "rem_pct"]
    return [name for name in names if not (name == "n3_pct" and night.values[name] == 0)]


def _unusual(night: Night) -> list[Finding]:
    names, found = _judged(night), []
    for name in names:
        value, norm = night.values[name], read_norms()[name]
        z, p_value = compare_with_norm(name, value, age=night.known.age, sex=night.known.sex)
        if p_value < ALPHA / len(names):
            evidence = f"{norm.meaning[0].upper()}{norm.meaning[1:]} {value:.1f}{UNITS[norm.unit]}; "
            evidence += f"{_expected(night, name)} (z {z:+.1f})"
            found.append(_whole_night(night, "unusual architecture", abs(z), evidence, p_value))
    return found


def _expected(night: Night, name: str) -> str:
    usual = usual_night(name, age=night.known.age, sex=night.known.sex)
    unit = UNITS[read_norms()[name].unit]
    return (
        f"expected {usual.mean:.1f}{unit}, 95 % between {usual.low:.1f} and {usual.high:.1f}: {usual.basis}"
    )


def _missing_stages(night: Night) -> list[Finding]:
    found = []
    slept = span(float(np.isin(night.stages, SLEEP).sum() * EPOCH_S))
    adult = night.known.age is None or night.known.age >= ADULT
    for name, stage in (("rem_pct", "REM"), ("n3_pct", "N3")):
        if night.sure_rem.any() if stage == "REM" else night.values[name] > 0:
            continue
        z, two_sided = compare_with_norm(name, 0.0, age=night.known.age, sex=night.known.sex)
        p_value = two_sided / 2  # less than nothing is not possible
        if stage == "N3" and p_value >= ALPHA:
            continue
        doubtful_s = float((night.stages == stage).sum() * EPOCH_S)
        but = f"; {span(doubtful_s)} were staged so in short or doubtful pieces" if doubtful_s else ""
        expected = f"; {_expected(night, name)}" if adult else ""
        score = abs(z) if adult else 1.0
        found.append(
            _whole_night(
                night, f"no {stage}", score, f"No {stage} in {slept} of sleep{but}{expected}", p_value
            )
        )
    return found


def _sleep_onset_rem(night: Night) -> list[Finding]:
    latency = night.values["rem_latency_min"]
    if not latency <= SOREM_MIN or not night.onset_seen:
        return []
    first = int(np.argmax(night.sure_rem))
    length = int(np.argmax(np.append(night.stages[first:], "end") != "REM"))
    score = 1 + (SOREM_MIN - latency) / SOREM_MIN
    evidence = f"REM {latency:.1f} min after sleep onset (limit {SOREM_MIN:.0f} min)."
    return [
        Finding("sleep-onset REM", night.start_s + first * EPOCH_S, length * EPOCH_S, (), score, evidence)
    ]


def _fragmented_n3(night: Night) -> list[Finding]:
    rate = night.values["n3_breaks_per_h"]
    if not rate > N3_BREAKS_PER_H:
        return []
    n3_min = (night.stages == "N3").sum() * EPOCH_S / 60
    evidence = (
        f"N3 broken off by WAKE or N1 {rate:.1f} times per hour of N3, in {n3_min:.0f} min of it (limit "
        f"{N3_BREAKS_PER_H}, frequent in sleepwalking and sleep terrors; "
        f"{read_norms()['n3_breaks_per_h'].n} healthy nights: {read_norms()['n3_breaks_per_h'].mean:.1f} ± "
        f"{read_norms()['n3_breaks_per_h'].sd:.1f})"
    )
    return [_whole_night(night, "fragmented N3", rate / N3_BREAKS_PER_H, evidence)]
