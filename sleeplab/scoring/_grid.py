"""Stages of any length onto 30-s epochs."""

import itertools
import math

import numpy as np

from sleeplab.scoring._vocabulary import STAGES

EPOCH_S = 30.0
LONGEST_S = 7 * 86400.0  # an event a week away is a wrong date or unit, not a long night

SCORED = STAGES[:-1]  # unscored time is the same as a hole

Span = tuple[float, float, str]  # onset in s, duration in s, stage


def check_time(onset_s: float, duration_s: float, number: int) -> None:
    """Refuse an entry of a scoring that lies or lasts impossibly; a missing duration is NaN."""
    if not abs(onset_s) <= LONGEST_S or duration_s < 0 or duration_s > LONGEST_S:
        msg = (
            f"each entry must lie within {LONGEST_S:.0f} s of the start and last 0 s or more; entry {number} "
            f"starts at {onset_s} s and lasts {duration_s} s. Check its date and unit (s)."
        )
        raise ValueError(msg)


def fill_durations(spans: list[Span]) -> list[Span]:
    """Give marks without a duration one.

    Where one stage is marked twice in a row, there is one mark per epoch: it lasts the usual distance
    between marks. Otherwise the marks are changes of stage: each lasts until the next, the last 30 s.
    Single marks without a duration among others with one last until the next, at most 30 s.

    Examples
    --------
    >>> fill_durations([(0.0, 0.0, "WAKE"), (90.0, 0.0, "N1")])
    [(0.0, 90.0, 'WAKE'), (90.0, 30.0, 'N1')]
    """
    missing = [math.isnan(duration_s) or duration_s == 0 for _, duration_s, _ in spans]
    pairs = list(itertools.pairwise(spans))
    gaps = [after[0] - before[0] for before, after in pairs]
    usual_s, last_s = math.inf, EPOCH_S
    if not all(missing):
        usual_s = EPOCH_S
    elif any(before[2] == after[2] for before, after in pairs):
        usual_s = last_s = float(np.median(gaps))
    lengths = [*(min(gap, usual_s) for gap in gaps), last_s]
    return [
        (onset_s, length if gone else duration_s, stage)
        for (onset_s, duration_s, stage), length, gone in zip(spans, lengths, missing, strict=True)
    ]


def to_epochs(spans: list[Span], *, origin_s: float, n_epochs: int) -> list[str]:
    """Stage of each 30-s epoch: the one that fills most of it.

    A tie goes to the stage that starts first; unscored time, marked UNS or a hole, wins only with more than
    every stage.

    Parameters
    ----------
    spans : list of (onset_s, duration_s, stage)
        In order of onset.
    origin_s : float
        Start of epoch 0, s.
    n_epochs : int
        How many epochs.

    Returns
    -------
    list of str, length n_epochs

    Raises
    ------
    ValueError
        Where stages contradict each other over more than one epoch.

    Examples
    --------
    20-s epochs: the first 30 s hold 20 s of N1, the second 20 s of N2.

    >>> to_epochs([(0.0, 20.0, "N1"), (20.0, 20.0, "N2"), (40.0, 20.0, "N2")], origin_s=0.0, n_epochs=2)
    ['N1', 'N2']
    """
    seconds = np.zeros((n_epochs, len(SCORED)))
    first_s = np.full((n_epochs, len(SCORED)), np.inf)
    for onset_s, end_s, stage in _disjoint([span for span in spans if span[2] != "UNS"]):
        low = max(0, math.floor((onset_s - origin_s) / EPOCH_S))
        high = max(low, min(n_epochs, math.ceil((end_s - origin_s) / EPOCH_S)))
        edges = origin_s + EPOCH_S * np.arange(low, high)
        seconds[low:high, stage] += np.minimum(end_s, edges + EPOCH_S) - np.maximum(onset_s, edges)
        first_s[low:high, stage] = np.minimum(first_s[low:high, stage], onset_s)
    seconds = np.round(seconds, 6)  # clocks give microseconds; sums of them must tie exactly
    most = seconds.max(axis=1)
    winner = np.where(seconds == most[:, np.newaxis], first_s, np.inf).argmin(axis=1)
    is_scored = (most > 0) & (EPOCH_S - seconds.sum(axis=1) <= most)
    return [SCORED[i] if scored else "UNS" for i, scored in zip(winner, is_scored, strict=True)]


def _disjoint(spans: list[Span]) -> list[tuple[float, float, int]]:
    """Cut overlapping spans into disjoint ones; where two stages contradict, the later start wins."""
    cuts = np.unique([[onset_s, onset_s + duration_s] for onset_s, duration_s, _ in spans])
    lengths = np.diff(cuts)
    owner = np.full(len(lengths), -1)
    against_s, first_s = 0.0, math.nan
    for onset_s, duration_s, stage in spans:
        part = slice(*np.searchsorted(cuts, [onset_s, onset_s + duration_s]))
        clash = (owner[part] >= 0) & (owner[part] != SCORED.index(stage))
        if clash.any():
            first_s = onset_s if math.isnan(first_s) else first_s
            against_s += float(lengths[part][clash].sum())
        owner[part] = SCORED.index(stage)
    if against_s > EPOCH_S:
        msg = (
            f"one stage at a time is possible, but stages contradict each other during {against_s:.1f} s, "
            f"first at {first_s:.1f} s. The file may hold two scorings: export them one by one."
        )
        raise ValueError(msg)
    return [(cuts[i], cuts[i + 1], int(owner[i])) for i in np.flatnonzero(owner >= 0)]
