"""Agreement between scorers, human or not: two hypnograms compared, several brought to a consensus.

A machine is read beside the human ceiling: people agree with each other to a kappa of 0.76, on N1 of 0.24.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import yasa
    from numpy.typing import ArrayLike, NDArray

__all__ = ["HUMAN_KAPPA", "HUMAN_SOURCE", "Agreement", "compare_scorings", "consensus", "soft_agreement"]

STAGES = ("WAKE", "N1", "N2", "N3", "REM")
LABELS = (*STAGES, "ART", "UNS")
BLOCK_EPOCHS, MIN_BLOCKS = (
    20,
    12,
)  # 10 min: neighbouring epochs are scored alike, so they are resampled together
N_RESAMPLES = 1000

HUMAN_KAPPA = {"overall": 0.76, "WAKE": 0.70, "N1": 0.24, "N2": 0.57, "N3": 0.57, "REM": 0.69}
"""Cohen's kappa between human scorers, 11 studies pooled (Lee et al. 2022; overall 95 % CI 0.71 to 0.81)."""
HUMAN_SOURCE = "Lee et al. 2022, doi:10.5664/jcsm.9538"


@dataclass(frozen=True)
class Agreement:
    """How far a hypnogram agrees with an expert's.

    Attributes
    ----------
    n_epochs
        Epochs that both gave a stage.
    accuracy
        Share of them with the same stage, 0 to 1.
    kappa, kappa_interval
        Cohen's kappa over the five stages, and its 95 % interval from 1000 bootstraps of this night's blocks
        of 10 min (NaN below 2 h). It says how far the figure hangs on single stretches of this night, not how
        other nights would do.
    f1, stage_kappa
        By stage: F1 score, and kappa of this stage against all others. NaN for a stage that neither scored.
    confusion
        Epochs: expert's stage (rows) × hypnogram's stage (columns).
    """

    n_epochs: int
    accuracy: float
    kappa: float
    kappa_interval: tuple[float, float]
    f1: pd.Series
    stage_kappa: pd.Series
    confusion: pd.DataFrame


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

    References
    ----------
    Cohen (1960), doi:10.1177/001316446002000104.

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
    import pandas as pd

    expert_codes, codes = _codes([expert, hypnogram])
    both = (expert_codes < len(STAGES)) & (codes < len(STAGES))
    pairs = expert_codes * len(STAGES) + codes
    counts = np.bincount(pairs[both], minlength=25).reshape(5, 5)
    binary = np.stack([_one_against_all(counts, i) for i in range(5)])
    hits, either = np.diag(counts), counts.sum(axis=0) + counts.sum(axis=1)
    return Agreement(
        n_epochs=int(counts.sum()),
        accuracy=float(_ratio(hits.sum(), counts.sum())),
        kappa=float(_kappa(counts)),
        kappa_interval=_bootstrap(pairs, both),
        f1=pd.Series(_ratio(2 * hits, either), index=list(STAGES), name="f1"),
        stage_kappa=pd.Series(_kappa(binary), index=list(STAGES), name="kappa"),
        confusion=pd.DataFrame(
            counts, index=pd.Index(STAGES, name="expert"), columns=pd.Index(STAGES, name="hypnogram")
        ),
    )


def soft_agreement(hypnogram: yasa.Hypnogram, others: Sequence[yasa.Hypnogram]) -> float:
    """Agreement of one scorer with several others, without forcing these to one stage per epoch.

    An epoch counts as the number of votes for the scorer's stage over the votes for the most frequent stage.

    Parameters
    ----------
    hypnogram
        The scoring that is judged.
    others
        Scorings of the same epochs, without `hypnogram` itself.

    Returns
    -------
    float
        Mean over all epochs, 0 to 1. UNS and ART are votes like any stage.

    Raises
    ------
    ValueError
        If there are no others, or the lengths differ.

    References
    ----------
    Guillot et al. (2020), doi:10.1109/TNSRE.2020.3011181.

    Examples
    --------
    The scorer joins the majority once; in the second epoch N1 has one vote, N2 two:

    >>> import yasa
    >>> others = [yasa.Hypnogram(s) for s in (["N2", "N2"], ["N2", "N2"], ["N2", "N1"])]
    >>> soft_agreement(yasa.Hypnogram(["N2", "N1"]), others)
    0.75
    """
    codes = _codes([hypnogram, *others])
    votes = _votes(codes[1:])
    return float((votes[codes[0], np.arange(len(codes[0]))] / votes.max(axis=0)).mean())


def consensus(
    scorings: Sequence[yasa.Hypnogram], *, weights: Sequence[float] | None = None
) -> yasa.Hypnogram:
    """Majority stage of several scorers; a tie goes to the scorer who agrees best with the others.

    Parameters
    ----------
    scorings
        At least two scorings of the same epochs.
    weights
        How far each scorer is trusted in a tie; where not given, the soft agreement with the other scorings.

    Returns
    -------
    yasa.Hypnogram
        Scorer "consensus"; `proba` is the share of the votes of each stage, its largest value the weight that
        Guillot et al. give to the epoch.

    Raises
    ------
    ValueError
        If there are fewer than two scorings, the lengths differ, or there is not one weight per scoring.

    Notes
    -----
    As in Guillot et al. (2020), doi:10.1109/TNSRE.2020.3011181: a tie takes the stage of the scorer with the
    highest soft agreement, even where that scorer alone holds it. To judge one of five scorers, they take
    the consensus of the other four, but weigh these by the agreement with all five; pass such `weights` to
    reproduce their tables. Without them the judged scorer has no say, and agrees a little less.

    Examples
    --------
    The third epoch is a tie of three; the second scorer agrees best with the others over the night.

    >>> import yasa
    >>> night = [["N2", "N2", "N1"], ["N2", "N2", "N2"], ["N2", "N1", "WAKE"]]
    >>> consensus([yasa.Hypnogram(scorer) for scorer in night]).hypno.tolist()
    ['N2', 'N2', 'N1']
    """
    import pandas as pd
    import yasa

    codes = _codes(scorings)
    if weights is None:
        weights = [soft_agreement(s, [o for o in scorings if o is not s]) for s in scorings]
    elif len(weights) != len(scorings):
        msg = f"There must be one weight per scoring, got {len(weights)} for {len(scorings)} scorings."
        raise ValueError(msg)
    votes = _votes(codes)
    best = votes.argmax(axis=0)
    tied = (votes == votes.max(axis=0)).sum(axis=0) > 1
    best[tied] = codes[int(np.argmax(weights))][tied]
    proba = pd.DataFrame(votes.T / len(codes), columns=list(LABELS))
    start = scorings[0].start
    return yasa.Hypnogram(np.array(LABELS, object)[best], start=start, scorer="consensus", proba=proba)


def _codes(scorings: Sequence[yasa.Hypnogram]) -> NDArray[np.intp]:
    """Positions in LABELS, shape (n_scorings, n_epochs)."""
    lengths = [len(s) for s in scorings]
    if len(scorings) < 2 or len(set(lengths)) > 1:
        msg = (
            "At least two scorings with the same number of epochs must be given, "
            f"but the lengths are {lengths}. Align them first (align_hypnogram)."
        )
        raise ValueError(msg)
    if any(tuple(s.labels) != LABELS for s in scorings):
        msg = f"Scorings must have five stages, got {[s.n_stages for s in scorings]} stages."
        raise ValueError(msg)
    return np.stack([s.hypno.cat.codes.to_numpy(np.intp) for s in scorings])


def _votes(codes: NDArray[np.intp]) -> NDArray[np.intp]:
    """Count the votes, shape (n_labels, n_epochs)."""
    return np.stack([(codes == i).sum(axis=0) for i in range(len(LABELS))])


def _ratio(part: ArrayLike, whole: ArrayLike) -> NDArray[np.float64]:
    """Divide; NaN where the whole is 0."""
    below = np.asarray(whole, float)
    quotient: NDArray[np.float64] = np.full(below.shape, np.nan)
    np.divide(np.asarray(part, float), below, out=quotient, where=below != 0)
    return quotient


def _kappa(counts: NDArray[np.intp]) -> NDArray[np.float64]:
    """Cohen's kappa of confusion matrices, shape (…, n, n); NaN where chance alone explains everything."""
    n = counts.sum(axis=(-2, -1))
    observed = _ratio(np.trace(counts, axis1=-2, axis2=-1), n)
    expected = _ratio((counts.sum(axis=-1) * counts.sum(axis=-2)).sum(axis=-1), n**2)
    return _ratio(observed - expected, 1.0 - expected)


def _one_against_all(counts: NDArray[np.intp], i: int) -> NDArray[np.intp]:
    both, one, other = counts[i, i], counts[i].sum(), counts[:, i].sum()
    return np.array([[both, one - both], [other - both, counts.sum() - one - other + both]])


def _bootstrap(pairs: NDArray[np.intp], both: NDArray[np.bool_]) -> tuple[float, float]:
    """95 % percentile interval of kappa over resampled blocks of the night; NaN with fewer than 12 blocks."""
    n_blocks = len(pairs) // BLOCK_EPOCHS
    if n_blocks < MIN_BLOCKS:
        return (float("nan"), float("nan"))
    block = np.minimum(np.arange(len(pairs)) // BLOCK_EPOCHS, n_blocks - 1)
    counts = np.bincount(block[both] * 25 + pairs[both], minlength=25 * n_blocks).reshape(n_blocks, 25)
    chosen = np.random.default_rng(0).multinomial(n_blocks, np.full(n_blocks, 1 / n_blocks), size=N_RESAMPLES)
    kappas = _kappa((chosen @ counts).reshape(-1, 5, 5))
    kappas = kappas[~np.isnan(kappas)]
    if not kappas.size:
        return (float("nan"), float("nan"))
    low, high = np.quantile(kappas, [0.025, 0.975])
    return (float(low), float(high))
