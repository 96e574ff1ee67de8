"""A panel of scorers: they agree where a night is clear, and disagree as people do where it is not."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sleeplab.simulate._architecture import STAGES
from sleeplab.simulate._subject import stream

if TYPE_CHECKING:
    import yasa

# Counted in 28 of the 55 nights of the Dreem Open Datasets, each scored by five experts (Guillot et al. 2020,
# doi:10.1109/TNSRE.2020.3011181); rows are the stage of the majority, in the order of STAGES.
# Share of epochs on which all five agree: amid epochs of the same stage, and beside another stage.
_CLEAR = np.array([[0.70, 0.37], [0.11, 0.12], [0.60, 0.20], [0.53, 0.11], [0.73, 0.23]])
# What one of the five says (WAKE N1 N2 N3 REM) where they do not all agree.
_DOUBTFUL = np.array(
    [
        [0.67, 0.17, 0.12, 0.01, 0.03],
        [0.14, 0.62, 0.19, 0.01, 0.04],
        [0.05, 0.09, 0.69, 0.13, 0.04],
        [0.01, 0.00, 0.28, 0.71, 0.00],
        [0.02, 0.09, 0.19, 0.00, 0.70],
    ]
)


def simulate_scorers(
    hypnogram: "yasa.Hypnogram", seed: int = 0, *, n_scorers: int = 5
) -> "list[yasa.Hypnogram]":
    """Simulate people who score the same night independently of each other.

    Parameters
    ----------
    hypnogram : yasa.Hypnogram
        The true stages, in epochs of 30 s. UNS and ART stay as they are for every scorer.
    seed : int
        Which panel; the same seed gives the same scorings.
    n_scorers : int
        How many people.

    Returns
    -------
    list of yasa.Hypnogram
        Scorers "scorer 1", "scorer 2" …

    Raises
    ------
    ValueError
        If there are fewer than two scorers.

    Notes
    -----
    An epoch is clear, and all see the truth, or doubtful, and each draws a stage by rates counted in nights
    that five experts scored; beside another stage more epochs are doubtful. On the 27 nights that were not
    counted, real pairs agree to a kappa of 0.73 (N1 0.40, N3 0.65), simulated ones to 0.70 (0.36, 0.65).
    Habits of one scorer (who always sees more N3) and doubts that last for minutes are not simulated: real
    panels differ more from each other than ours.

    References
    ----------
    Guillot et al. (2020), doi:10.1109/TNSRE.2020.3011181.

    Examples
    --------
    >>> import yasa
    >>> night = yasa.Hypnogram(["WAKE"] * 20 + ["N1"] * 4 + ["N2"] * 60)
    >>> panel = simulate_scorers(night, seed=1, n_scorers=3)
    >>> [(person.scorer, len(person)) for person in panel]
    [('scorer 1', 84), ('scorer 2', 84), ('scorer 3', 84)]
    """
    import yasa

    if n_scorers < 2:
        msg = f"A panel needs at least two scorers, got n_scorers={n_scorers}."
        raise ValueError(msg)
    truth = hypnogram.hypno.to_numpy(dtype=str)
    scored = np.flatnonzero(np.isin(truth, STAGES))
    stage = np.array([STAGES.index(name) for name in truth[scored]], dtype=int)
    rng = stream(seed, "scorers")
    clear = rng.random(len(scored)) < _CLEAR[stage, _beside_another(truth)[scored]]
    limits = _DOUBTFUL.cumsum(axis=1)[stage, :-1]
    panel = []
    for number in range(1, n_scorers + 1):
        drawn = (rng.random((len(scored), 1)) > limits).sum(axis=1)
        said = truth.astype(object)
        said[scored] = np.array(STAGES)[np.where(clear, stage, drawn)]
        name = f"scorer {number}"
        panel.append(yasa.Hypnogram(list(said), freq="30s", start=hypnogram.start, scorer=name))
    return panel


def _beside_another(truth: npt.NDArray[np.str_]) -> npt.NDArray[np.intp]:
    """1 where the epoch before or after has another stage, else 0."""
    change = truth[1:] != truth[:-1]
    beside: npt.NDArray[np.intp] = (np.append(change, False) | np.insert(change, 0, False)).astype(np.intp)
    return beside
