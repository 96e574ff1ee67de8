"""How far a night's stages will agree with a human scorer, before any human has looked at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sleeplab.agreement._compare import expected_figures
from sleeplab.agreement._consensus import STAGES
from sleeplab.staging._calibration import SHORTEST, load_table

if TYPE_CHECKING:
    import yasa


class ExpectedAgreement(NamedTuple):
    """Expected agreement with a human scorer, each figure with its 90 % prediction interval.

    Attributes
    ----------
    accuracy, low, high
        Share of the staged epochs with the same stage.
    kappa, kappa_low, kappa_high
        Cohen's kappa over the five stages.
    n_epochs
        Staged epochs behind the figures.
    """

    accuracy: float
    low: float
    high: float
    kappa: float
    kappa_low: float
    kappa_high: float
    n_epochs: int


def expected_agreement(hypnogram: yasa.Hypnogram) -> ExpectedAgreement:
    """Expect how far a human scorer will agree with a staged night.

    The calibrated probabilities say how often each epoch is right; their sum by stage is the confusion matrix
    to expect. The interval comes from how far nights departed from it, not from counting epochs: errors come
    in stretches, and one night is harder than its probabilities say, another easier.

    Parameters
    ----------
    hypnogram
        With calibrated probabilities, as `sleeplab.stage` returns it.

    Returns
    -------
    ExpectedAgreement
        NaN where no epoch was staged.

    Raises
    ------
    ValueError
        If the hypnogram has no probabilities.

    Notes
    -----
    Split conformal prediction (Lei et al. 2018, doi:10.1080/01621459.2017.1307116): 90 % of the nights of the
    fitting set, and 90 % of pieces of 30 min, lie within ± (long + short / n_epochs). These were simulated,
    and their truth stands for the human scorer; `benchmarks/calibration.py` tells how often the interval
    holds on other nights and on real excerpts.

    Examples
    --------
    Ten epochs of N2 with a probability of 0.8, and ten of REM with 0.6:

    >>> import pandas as pd, yasa
    >>> proba = pd.DataFrame({"N2": [0.8] * 10 + [0.4] * 10, "REM": [0.2] * 10 + [0.6] * 10})
    >>> expected = expected_agreement(yasa.Hypnogram(["N2"] * 10 + ["REM"] * 10, proba=proba))
    >>> round(expected.accuracy, 2), round(expected.kappa, 2), expected.n_epochs
    (0.7, 0.4, 20)
    """
    if hypnogram.proba is None:
        msg = (
            "Expected agreement needs a hypnogram with probabilities, but this one has none. Take stage()'s."
        )
        raise ValueError(msg)
    proba = hypnogram.proba.reindex(columns=list(STAGES), fill_value=0.0).to_numpy(float)
    ours = hypnogram.hypno.cat.codes.to_numpy()
    staged = ours < len(STAGES)
    counts = np.zeros((len(STAGES), len(STAGES)))
    np.add.at(counts.T, ours[staged], proba[staged])
    accuracy, kappa = (float(value) for value in expected_figures(counts)[:2])
    n = int(staged.sum())
    half = {
        name: row["long"] + row["short"] / max(n, SHORTEST) for name, row in load_table()["expected"].items()
    }
    return ExpectedAgreement(
        accuracy,
        *_interval(accuracy, half["accuracy"], 0.0),
        kappa,
        *_interval(kappa, half["kappa"], -1.0),
        n,
    )


def _interval(value: float, half: float, least: float) -> tuple[float, float]:
    return float(np.clip(value - half, least, 1.0)), float(np.clip(value + half, least, 1.0))
