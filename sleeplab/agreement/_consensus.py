"""Several scorers: how far one agrees with the others, and the stage that most of them gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import yasa
    from numpy.typing import NDArray

STAGES = ("WAKE", "N1", "N2", "N3", "REM")
LABELS = (*STAGES, "ART", "UNS")


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
    codes = stage_codes([hypnogram, *others])
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
        Scorer "consensus"; `proba` is the share of the votes of each stage. Guillot et al. weigh an epoch by
        that of its consensus stage.

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

    codes = stage_codes(scorings)
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


def stage_codes(scorings: Sequence[yasa.Hypnogram]) -> NDArray[np.intp]:
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
