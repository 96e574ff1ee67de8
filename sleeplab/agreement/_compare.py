"""Two hypnograms of a night, or of many nights: figures of agreement with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sleeplab.agreement._consensus import STAGES, stage_codes
from sleeplab.agreement._human import HUMAN_ACCURACY, HUMAN_KAPPA

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import yasa
    from numpy.typing import ArrayLike, NDArray

# 10 min: neighbouring epochs are scored alike, so they are resampled together.
BLOCK_EPOCHS = 20
MIN_BLOCKS, MIN_NIGHTS = 12, 5
N_RESAMPLES = 1000
FIGURES = ("accuracy", "kappa", "mcc", *(f"kappa {stage}" for stage in STAGES))


@dataclass(frozen=True)
class Agreement:
    """How far a hypnogram agrees with an expert's.

    Attributes
    ----------
    n_epochs
        Epochs that both gave a stage.
    accuracy
        Share of them with the same stage, 0 to 1.
    kappa, mcc
        Cohen's kappa and Matthews' correlation over the five stages.
    f1, stage_kappa
        By stage: F1 score, and kappa of this stage against all others. NaN for a stage that neither scored.
    confusion
        Epochs: expert's stage (rows) × hypnogram's stage (columns).
    summary
        One row per figure (accuracy, kappa, mcc, "kappa WAKE" …): `value`, its 95 % interval `low` to `high`,
        and `human`, what people reach among each other (NaN where nobody measured it). The interval comes
        from 1000 bootstraps: of nights where there are several (NaN below five), else of this night's blocks
        of 10 min (NaN below 2 h). The latter says how far the figure hangs on single stretches of this
        night, not how other nights would do.
    """

    n_epochs: int
    accuracy: float
    kappa: float
    mcc: float
    f1: pd.Series
    stage_kappa: pd.Series
    confusion: pd.DataFrame
    summary: pd.DataFrame

    @property
    def kappa_interval(self) -> tuple[float, float]:
        """The 95 % interval of kappa."""
        low, high = self.summary.loc["kappa", ["low", "high"]]
        return float(low), float(high)


def compare_scorings(hypnogram: yasa.Hypnogram, expert: yasa.Hypnogram) -> Agreement:
    """Compare a hypnogram with an expert's, epoch by epoch.

    Epochs that either of them left unscored (UNS) or called an artefact (ART) are dropped.

    Parameters
    ----------
    hypnogram
        The scoring that is judged.
    expert
        The reference, of the same length and epochs.

    Returns
    -------
    Agreement
        All figures NaN and `n_epochs` 0 where no epoch was scored by both.

    Raises
    ------
    ValueError
        If the lengths differ.

    Notes
    -----
    The figures are those of `yasa.EpochByEpochAgreement`; they are counted here because the intervals need
    them a thousand times.

    References
    ----------
    Cohen (1960), doi:10.1177/001316446002000104. Gorodkin (2004), doi:10.1016/j.compbiolchem.2004.09.006.

    Examples
    --------
    Three of four epochs agree; by chance it would be (1 · 2 + 3 · 2) / 16 = 0.5, so kappa is 0.25 / 0.5.

    >>> import yasa
    >>> ours = yasa.Hypnogram(["WAKE", "N2", "N2", "N2", "UNS"])
    >>> expert = yasa.Hypnogram(["WAKE", "WAKE", "N2", "N2", "N2"])
    >>> agreement = compare_scorings(ours, expert)
    >>> agreement.n_epochs, agreement.accuracy, agreement.kappa
    (4, 0.75, 0.5)
    """
    pairs = _pairs(hypnogram, expert)
    n_blocks = max(len(pairs) // BLOCK_EPOCHS, 1)
    block = np.minimum(np.arange(len(pairs)) // BLOCK_EPOCHS, n_blocks - 1)
    return _agreement(_count(pairs, block, n_blocks), MIN_BLOCKS)


def compare_nights(pairs: Sequence[tuple[yasa.Hypnogram, yasa.Hypnogram]]) -> Agreement:
    """Compare hypnograms with experts' over several nights, as one table of epochs.

    Parameters
    ----------
    pairs
        For each night the scoring that is judged and the reference, as in `compare_scorings`.

    Returns
    -------
    Agreement
        Figures over all epochs; intervals from resampled nights, for nights differ more than epochs do.

    Raises
    ------
    ValueError
        If there is no night, or the two lengths of a night differ.

    Examples
    --------
    >>> import yasa
    >>> first = yasa.Hypnogram(["N2", "N2"]), yasa.Hypnogram(["N2", "N3"])
    >>> second = yasa.Hypnogram(["REM"] * 6), yasa.Hypnogram(["REM"] * 6)
    >>> compare_nights([first, second]).accuracy
    0.875
    """
    if not pairs:
        msg = "There must be at least one night to compare, got none. Give pairs (hypnogram, expert)."
        raise ValueError(msg)
    codes = [_pairs(*pair) for pair in pairs]
    night = np.repeat(np.arange(len(codes)), [len(c) for c in codes])
    return _agreement(_count(np.concatenate(codes), night, len(codes)), MIN_NIGHTS)


def expected_figures(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """`FIGURES` of a confusion matrix, shape (…, 5, 5) → (…, 8); its counts may be probabilities."""
    n = counts.sum(axis=(-2, -1))
    truth, ours = counts.sum(axis=-1), counts.sum(axis=-2)
    hits = np.trace(counts, axis1=-2, axis2=-1)
    same = (truth * ours).sum(axis=-1)
    spread = (n**2 - (truth**2).sum(axis=-1)) * (n**2 - (ours**2).sum(axis=-1))
    stages = [_kappa(_one_against_all(counts, i)) for i in range(len(STAGES))]
    mcc = _ratio(hits * n - same, np.sqrt(np.maximum(spread, 0)))
    return np.stack([_ratio(hits, n), _kappa(counts), mcc, *stages], axis=-1)


def _pairs(hypnogram: yasa.Hypnogram, expert: yasa.Hypnogram) -> NDArray[np.intp]:
    """Expert's code × 5 + ours, one per epoch; -1 where not both gave a stage."""
    theirs, ours = stage_codes([expert, hypnogram])
    both = (theirs < len(STAGES)) & (ours < len(STAGES))
    return np.where(both, theirs * len(STAGES) + ours, -1)


def _count(pairs: NDArray[np.intp], unit: NDArray[np.intp], n_units: int) -> NDArray[np.float64]:
    """Count pairs by unit (block or night), shape (n_units, 25)."""
    both = pairs >= 0
    counts = np.bincount(unit[both] * 25 + pairs[both], minlength=25 * n_units)
    return counts.reshape(n_units, 25).astype(float)


def _agreement(by_unit: NDArray[np.float64], min_units: int) -> Agreement:
    import pandas as pd

    counts = by_unit.sum(axis=0).reshape(5, 5)
    hits, either = np.diag(counts), counts.sum(axis=0) + counts.sum(axis=1)
    names, stages = list(FIGURES), list(STAGES)
    low, high = _bootstrap(by_unit, min_units)
    human = {"accuracy": HUMAN_ACCURACY, "kappa": HUMAN_KAPPA["overall"]}
    human |= {f"kappa {stage}": HUMAN_KAPPA[stage] for stage in STAGES}
    value = pd.Series(expected_figures(counts), index=names)
    summary = pd.DataFrame({"value": value, "low": low, "high": high}, index=names)
    return Agreement(
        n_epochs=int(counts.sum()),
        accuracy=float(value["accuracy"]),
        kappa=float(value["kappa"]),
        mcc=float(value["mcc"]),
        f1=pd.Series(_ratio(2 * hits, either), index=stages, name="f1"),
        stage_kappa=pd.Series(value.to_numpy()[3:], index=stages, name="kappa"),
        confusion=pd.DataFrame(
            counts.astype(int),
            index=pd.Index(STAGES, name="expert"),
            columns=pd.Index(STAGES, name="hypnogram"),
        ),
        summary=summary.assign(human=pd.Series(human)),
    )


def _ratio(part: ArrayLike, whole: ArrayLike) -> NDArray[np.float64]:
    """Divide; NaN where the whole is 0."""
    below = np.asarray(whole, float)
    quotient: NDArray[np.float64] = np.full(below.shape, np.nan)
    np.divide(np.asarray(part, float), below, out=quotient, where=below != 0)
    return quotient


def _kappa(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cohen's kappa of confusion matrices, shape (…, n, n); NaN where chance alone explains everything."""
    n = counts.sum(axis=(-2, -1))
    observed = _ratio(np.trace(counts, axis1=-2, axis2=-1), n)
    expected = _ratio((counts.sum(axis=-1) * counts.sum(axis=-2)).sum(axis=-1), n**2)
    return _ratio(observed - expected, 1.0 - expected)


def _one_against_all(counts: NDArray[np.float64], i: int) -> NDArray[np.float64]:
    """Confusion of one stage against all others, shape (…, 2, 2)."""
    both = counts[..., i, i]
    truth, ours = counts[..., i, :].sum(axis=-1), counts[..., i].sum(axis=-1)
    neither = counts.sum(axis=(-2, -1)) - truth - ours + both
    return np.stack([np.stack([both, truth - both], -1), np.stack([ours - both, neither], -1)], -2)


def _bootstrap(by_unit: NDArray[np.float64], min_units: int) -> NDArray[np.float64]:
    """95 % percentile intervals of `FIGURES` over resampled units, shape (2, 8); NaN with too few of them."""
    import warnings

    n = len(by_unit)
    if n < min_units:
        return np.full((2, len(FIGURES)), np.nan)
    chosen = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=N_RESAMPLES)
    figures = expected_figures((chosen @ by_unit).reshape(-1, 5, 5))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All-NaN slice encountered")
        interval: NDArray[np.float64] = np.nanquantile(figures, [0.025, 0.975], axis=0)
    return interval
