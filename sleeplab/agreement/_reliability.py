"""Whether a confidence of 0.8 means right in 8 of 10 epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike


def reliability_curve(confidence: ArrayLike, correct: ArrayLike, *, n_bins: int = 10) -> pd.DataFrame:
    """Set confidence beside accuracy, in bins of equally many epochs.

    Parameters
    ----------
    confidence
        Probability of the chosen stage, shape (n_epochs,); NaN where there is none.
    correct
        Whether the stage agrees with the reference, shape (n_epochs,).
    n_bins
        Bins; fewer where there are fewer epochs.

    Returns
    -------
    pandas.DataFrame
        One row per bin, from the least confident: mean `confidence`, `accuracy`, and `n` epochs.

    Raises
    ------
    ValueError
        If the lengths differ.

    Examples
    --------
    >>> reliability_curve([0.5, 0.5, 0.9, 0.9], [True, False, True, True], n_bins=2)
       confidence  accuracy  n
    0         0.5       0.5  2
    1         0.9       1.0  2
    """
    import pandas as pd

    sure, right = np.asarray(confidence, float), np.asarray(correct, bool)
    if sure.shape != right.shape:
        msg = (
            f"confidence and correct must have one value per epoch each, got {sure.shape} and {right.shape}."
        )
        raise ValueError(msg)
    known = np.flatnonzero(np.isfinite(sure))
    order = known[np.argsort(sure[known], kind="stable")]
    bins = [b for b in np.array_split(order, n_bins) if len(b)]
    rows = [(float(sure[b].mean()), float(right[b].mean()), len(b)) for b in bins]
    return pd.DataFrame(rows, columns=["confidence", "accuracy", "n"])


def expected_calibration_error(curve: pd.DataFrame) -> float:
    """Mean distance between confidence and accuracy over the bins, weighted by their epochs.

    Parameters
    ----------
    curve
        Table of `reliability_curve`.

    Returns
    -------
    float
        0 (confidence is accuracy) to 1; NaN for an empty curve. With few epochs it is above 0 even for
        perfect probabilities: about 0.3 / sqrt(epochs per bin).

    References
    ----------
    Naeini et al. (2015), doi:10.1609/aaai.v29i1.9602; Guo et al. (2017), doi:10.48550/arXiv.1706.04599. They
    cut the confidence into bins of equal width, which leaves some nearly empty; ours hold equally many.

    Examples
    --------
    >>> curve = reliability_curve([0.5, 0.5, 0.9, 0.9], [True, False, True, True], n_bins=2)
    >>> round(expected_calibration_error(curve), 3)
    0.05
    """
    if not len(curve):
        return float("nan")
    apart = (curve["confidence"] - curve["accuracy"]).abs()
    return float((apart * curve["n"]).sum() / curve["n"].sum())
