"""Doubtful scoring: which epochs of a human scoring deserve a second look, and why.

Experts disagree without being wrong. So a stage is doubted only where, the signal being as the machine sees
it, hardly any expert would have given it: N2 instead of N3 never, REM instead of N3 at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sleeplab.anomalies._ledger import Finding, runs, span
from sleeplab.features import EPOCH_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    import yasa
    from numpy.typing import NDArray

    Stages = NDArray[np.intp]

__all__ = ["AUDIT_COLUMNS", "audit_scoring", "find_doubtful_scoring"]

AUDIT_COLUMNS = ("onset_s", "duration_s", "reason", "expert", "machine", "score", "evidence")
STAGES = ("WAKE", "N1", "N2", "N3", "REM")

# What one of DOD-O's five scorers gives (columns) where most of the other four gave this stage (rows), in %.
# Guillot et al. 2020, doi:10.1109/TNSRE.2020.3011181; recomputed from their scorings in the tests.
HUMAN_CONFUSION = np.array(
    [
        [90.39, 5.08, 3.72, 0.15, 0.66],
        [18.31, 51.08, 26.37, 0.47, 3.77],
        [1.75, 4.12, 84.88, 7.27, 1.98],
        [0.09, 0.12, 26.29, 73.47, 0.03],
        [0.78, 2.24, 5.73, 0.09, 91.15],
    ]
)
# Transitions made less than once per 1,000 epochs of the first stage: how often, in the same 150 scorings.
RARE = {("WAKE", "N3"): 0.1, ("N1", "N3"): 0.4, ("N3", "REM"): 0.7, ("REM", "N3"): 0.1}

MAX_EPOCH_P, MAX_RUN_P = 0.05, 0.01
MIN_WHOLE, MAX_LAG = 120, 240  # epochs: 1 h to judge a whole file, a clock wrong by 2 h at most
MIN_GAIN, MIN_SHIFTED_KAPPA = 0.05, 0.4
SIGNS = {"N3": ("eeg_delta_power_uv2", "delta power", "µV²"), "REM": ("chin_rms_uv", "chin tone", "µV")}
KINDS_OF = {
    "unlikely stage": "doubtful scoring",
    "rare transition": "rare transition",
    "shifted clock": "shifted scoring",
    "another night": "scoring of another night",
}


class Doubt(NamedTuple):
    """One row of the audit."""

    onset_s: float
    duration_s: float
    reason: str
    expert: str
    machine: str
    score: float
    evidence: str


def audit_scoring(
    hypnogram: yasa.Hypnogram, expert: yasa.Hypnogram, features: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Find the epochs of a human scoring that deserve a second look.

    Parameters
    ----------
    hypnogram
        The machine's stages with calibrated probabilities (`sleeplab.stage`).
    expert
        The human scoring, one stage per epoch of the same night; UNS and ART are not judged.
    features
        Table of `epoch_features`; with it the evidence quotes delta power or chin tone.

    Returns
    -------
    pandas.DataFrame
        `AUDIT_COLUMNS`, in order of onset. ``reason``:

        - "shifted clock": the scoring fits the signal earlier or later, one row for the whole file;
        - "another night": it fits no clock, and the present one not best; one row for the whole file;
        - "unlikely stage": a run of epochs, each of which fewer than 1 of 20 scorers would have named so, and
          the run fewer than 1 of 100 (were epochs independent);
        - "rare transition": one that people make less than once per 1,000 epochs, outside of such runs.

        ``score`` is −log10 of these odds for epochs, 1 − κ for whole files: up = more doubtful. `expert` and
        `machine` are the most frequent stages of the row.

    Raises
    ------
    ValueError
        If the numbers of epochs differ, or the machine's hypnogram has no probabilities.

    Notes
    -----
    How likely an expert gives a stage is the machine's probabilities times `HUMAN_CONFUSION`. Mistakes
    between neighbouring stages (N1 and N2, N2 and N3) are therefore not found: experts make them daily. Whole
    files are judged from 1 h on.

    Examples
    --------
    >>> import pandas as pd, yasa
    >>> proba = pd.DataFrame(0.01, index=range(4), columns=["WAKE", "N1", "N2", "N3", "REM"]).assign(N3=0.96)
    >>> machine = yasa.Hypnogram(["N3"] * 4, proba=proba)
    >>> audit = audit_scoring(machine, yasa.Hypnogram(["N3", "REM", "REM", "N2"]))
    >>> audit[["onset_s", "duration_s", "reason", "expert"]].values.tolist()
    [[30.0, 60.0, 'unlikely stage', 'REM']]
    """
    import pandas as pd

    if expert.n_epochs != hypnogram.n_epochs:
        msg = (
            f"the expert's hypnogram must cover the same night: it has {expert.n_epochs} epochs, the "
            f"machine's {hypnogram.n_epochs}. Align it first (align_hypnogram)."
        )
        raise ValueError(msg)
    if hypnogram.proba is None:
        msg = "an audit needs the machine's probabilities, but its hypnogram has none. Take that of stage()."
        raise ValueError(msg)
    ours, theirs = (h.hypno.cat.codes.to_numpy(np.intp) for h in (hypnogram, expert))
    whole = _judge_file(ours, theirs)
    if whole is None:
        unlikely = _unlikely_mask(hypnogram, ours, theirs)
        doubts = [*_unlikely(unlikely, ours, theirs, features), *_rare(unlikely, ours, theirs)]
    else:
        doubts = [whole]
    return pd.DataFrame(sorted(doubts), columns=list(AUDIT_COLUMNS))


def find_doubtful_scoring(
    hypnogram: yasa.Hypnogram, expert: yasa.Hypnogram, features: pd.DataFrame | None = None
) -> list[Finding]:
    """Turn the audit of a human scoring into findings of the ledger.

    Parameters
    ----------
    hypnogram, expert, features
        As for `audit_scoring`.

    Returns
    -------
    list of Finding
        Kinds "doubtful scoring", "rare transition", "shifted scoring", "scoring of another night"; none where
        the machine's hypnogram has no probabilities.

    Raises
    ------
    ValueError
        If the numbers of epochs differ.

    Examples
    --------
    >>> import pandas as pd, yasa
    >>> proba = pd.DataFrame(0.01, index=range(4), columns=["WAKE", "N1", "N2", "N3", "REM"]).assign(N3=0.96)
    >>> machine = yasa.Hypnogram(["N3"] * 4, proba=proba)
    >>> [f.onset_s for f in find_doubtful_scoring(machine, yasa.Hypnogram(["N3", "REM", "REM", "N3"]))]
    [30.0]
    """
    if hypnogram.proba is None and expert.n_epochs == hypnogram.n_epochs:
        return []
    return [
        Finding(KINDS_OF[row.reason], row.onset_s, row.duration_s, (), row.score, row.evidence)
        for row in audit_scoring(hypnogram, expert, features).itertuples()
    ]


def _judge_file(ours: Stages, theirs: Stages) -> Doubt | None:
    """Look for another clock; where another one fits better but none well, it is another night."""
    if min((ours < 5).sum(), (theirs < 5).sum()) < MIN_WHOLE:
        return None
    most = min(MAX_LAG, len(ours) // 4)
    kappas = {lag: _kappa(*_shifted(ours, theirs, lag)) for lag in range(-most, most + 1)}
    best, now = max(kappas, key=lambda lag: (kappas[lag], -abs(lag))), kappas[0]
    if kappas[best] - now < MIN_GAIN:
        return None
    if kappas[best] < MIN_SHIFTED_KAPPA:
        reason = "another night"
        text = f"The scoring fits at no clock: κ {now:.2f}, at best {kappas[best]:.2f} ({best:+d} epochs)."
    else:
        reason, way = "shifted clock", "later" if best > 0 else "earlier"
        shift = f"{abs(best)} epochs ({span(abs(best) * EPOCH_S)})"
        text = f"The scoring fits {shift} {way}: κ {kappas[best]:.2f} instead of {now:.2f}."
    return Doubt(0.0, len(ours) * EPOCH_S, reason, "", "", 1 - now, text)


def _shifted(ours: Stages, theirs: Stages, lag: int) -> tuple[Stages, Stages]:
    """Both where the expert's epoch i is laid on our epoch i + lag."""
    n = len(ours)
    return ours[max(lag, 0) : n + min(lag, 0)], theirs[max(-lag, 0) : n - max(lag, 0)]


def _kappa(ours: Stages, theirs: Stages) -> float:
    both = (ours < 5) & (theirs < 5)
    counts = np.bincount(5 * theirs[both] + ours[both], minlength=25).reshape(5, 5) / max(both.sum(), 1)
    chance = counts.sum(axis=0) @ counts.sum(axis=1)
    return float((np.trace(counts) - chance) / (1 - chance)) if chance < 1 else 0.0


def _unlikely_mask(hypnogram: yasa.Hypnogram, ours: Stages, theirs: Stages) -> NDArray[np.float64]:
    """−log10 of the odds that a human gives the expert's stage, 0 where these are ordinary."""
    proba = hypnogram.proba.reindex(columns=list(STAGES), fill_value=0.0).to_numpy(float)
    human = np.nan_to_num(proba) @ (HUMAN_CONFUSION / HUMAN_CONFUSION.sum(axis=1, keepdims=True))
    judged = (ours < 5) & (theirs < 5)
    given = np.where(judged, human[np.arange(len(ours)), np.minimum(theirs, 4)], 1.0)
    return np.where(given < MAX_EPOCH_P, -np.log10(np.maximum(given, 1e-6)), 0.0)


def _unlikely(
    doubt: NDArray[np.float64], ours: Stages, theirs: Stages, features: pd.DataFrame | None
) -> Iterator[Doubt]:
    for start, stop in runs(doubt > 0):
        score = float(doubt[start:stop].sum())
        if score < -np.log10(MAX_RUN_P):
            continue
        expert, machine = (_most_frequent(codes[start:stop]) for codes in (theirs, ours))
        one_in = round(10 ** (score / (stop - start)))
        text = (
            f"Scored {expert} for {span((stop - start) * EPOCH_S)} where the machine sees {machine}: 1 of "
            f"{one_in} experts would.{_sign(expert, slice(start, stop), ours, features)}"
        )
        yield Doubt(start * EPOCH_S, (stop - start) * EPOCH_S, "unlikely stage", expert, machine, score, text)


def _sign(stage: str, rows: slice, ours: Stages, features: pd.DataFrame | None) -> str:
    """Quote what is missing: slow waves in N3, a slack chin in REM."""
    if features is None or stage not in SIGNS:
        return ""
    column, words, unit = SIGNS[stage]
    values = features[column].to_numpy(float)
    usual = values[(ours == STAGES.index(stage)) & np.isfinite(values)]
    if not usual.size or not np.isfinite(values[rows]).any():
        return ""
    here = np.nanmedian(values[rows])
    return (
        f" Its {words} is {here:.3g} {unit}; in what the machine calls {stage} it is {np.median(usual):.3g}."
    )


def _rare(doubt: NDArray[np.float64], ours: Stages, theirs: Stages) -> Iterator[Doubt]:
    """Rare transitions of the expert that no doubtful epoch explains."""
    for i in range(len(theirs) - 1):
        if max(theirs[i], theirs[i + 1]) > 4 or doubt[i : i + 2].any():
            continue
        pair = STAGES[theirs[i]], STAGES[theirs[i + 1]]
        if pair in RARE:
            text = (
                f"{pair[0]} turns into {pair[1]} at once; experts do so {RARE[pair]:g} times per 1,000 "
                f"epochs of {pair[0]}."
            )
            score = -float(np.log10(RARE[pair] / 1000))
            machine = _most_frequent(ours[i : i + 2])
            yield Doubt(i * EPOCH_S, 2 * EPOCH_S, "rare transition", "→".join(pair), machine, score, text)


def _most_frequent(codes: Stages) -> str:
    return (*STAGES, "ART", "UNS")[int(np.bincount(codes, minlength=7).argmax())]
