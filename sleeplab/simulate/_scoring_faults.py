"""Faults of scorings: what goes wrong between a scorer's screen and the analysis."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from sleeplab.simulate._architecture import STAGES, draw_stages
from sleeplab.simulate._faults import TRUTH_COLUMNS
from sleeplab.simulate._subject import draw_subject, stream

if TYPE_CHECKING:
    import pandas as pd
    import yasa

Stages = npt.NDArray[np.str_]
SCORING_FAULTS = ("shifted_clock", "other_night", "relabelled", "merged_stages")
# What people take each stage for (Rosenberg & Van Hout 2013, doi:10.5664/jcsm.2350).
_NEIGHBOURS = {
    "WAKE": ("N1",),
    "N1": ("WAKE", "N2", "REM"),
    "N2": ("N1", "N3"),
    "N3": ("N2",),
    "REM": ("N1",),
}


class InjectedScoring(NamedTuple):
    """A changed copy of a hypnogram, and the truth table of what was changed."""

    hypnogram: "yasa.Hypnogram"
    truth: "pd.DataFrame"


def inject_scoring_fault(
    hypnogram: "yasa.Hypnogram", kind: str, *, severity: float = 1.0, seed: int = 0
) -> InjectedScoring:
    """Put a fault into a copy of a scoring.

    Parameters
    ----------
    hypnogram : yasa.Hypnogram
        The sound scoring, in epochs of 30 s; it is not changed.
    kind : str
        ``shifted_clock`` (10 epochs late, times severity; what is pushed out returns at the front),
        ``other_night`` (the file of someone else), ``relabelled`` (10 % of the epochs, times severity, take
        the name of a neighbouring stage) or ``merged_stages`` (N1 is called N2, as in an export that knows
        only light and deep sleep).
    severity : float
        1 is a typical fault of its kind.
    seed : int
        Which epochs, or which other night.

    Returns
    -------
    InjectedScoring
        `hypnogram`, the changed copy, and `truth`: one row per stretch whose stage is now wrong.

    Raises
    ------
    ValueError
        If `kind` is unknown.

    Examples
    --------
    >>> import yasa
    >>> from sleeplab.simulate import inject_scoring_fault
    >>> sound = yasa.Hypnogram(["WAKE", "N1", "N2", "N2"], freq="30s")
    >>> faulty, truth = inject_scoring_fault(sound, "merged_stages")
    >>> list(faulty.hypno), truth[["onset_s", "duration_s"]].values.tolist()
    (['WAKE', 'N2', 'N2', 'N2'], [[30.0, 30.0]])
    """
    import pandas as pd
    import yasa

    if kind not in SCORING_FAULTS:
        msg = f"kind must be one of {', '.join(SCORING_FAULTS)}, got {kind!r}."
        raise ValueError(msg)
    sound = hypnogram.hypno.to_numpy(dtype=str)
    changed = _change_stages(sound, kind, severity, seed)
    wrong = np.concatenate([[0], changed != sound, [0]])
    onsets, stops = np.flatnonzero(np.diff(wrong) == 1), np.flatnonzero(np.diff(wrong) == -1)
    rows = [
        (30.0 * a, 30.0 * (b - a), kind, "", "truth", severity) for a, b in zip(onsets, stops, strict=True)
    ]
    faulty = yasa.Hypnogram(list(changed), freq="30s", start=hypnogram.start, scorer=hypnogram.scorer)
    return InjectedScoring(faulty, pd.DataFrame(rows, columns=list(TRUTH_COLUMNS)))


def _change_stages(sound: Stages, kind: str, severity: float, seed: int) -> Stages:
    if kind == "shifted_clock":
        return np.roll(sound, round(10 * severity))
    if kind == "merged_stages":
        return np.where(sound == "N1", "N2", sound)
    if kind == "other_night":
        other = draw_stages(seed, draw_subject(seed, 35, "healthy"), len(sound))
        return np.array(STAGES)[other]
    rng = stream(seed, "relabelled")
    changed = sound.copy()
    scored = np.flatnonzero(np.isin(sound, list(_NEIGHBOURS)))
    for epoch in rng.permutation(scored)[: round(0.1 * severity * len(scored))]:
        changed[epoch] = rng.choice(_NEIGHBOURS[sound[epoch]])
    return changed
