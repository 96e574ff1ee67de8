"""Doubtful scoring: where the expert's stage and the machine's differ and the machine is sure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from sleeplab.anomalies._ledger import Finding, runs, span
from sleeplab.features import EPOCH_S

if TYPE_CHECKING:
    from collections.abc import Iterable

    import yasa
    from numpy.typing import NDArray

MIN_CONFIDENCE = 0.9


def find_doubtful_scoring(hypnogram: yasa.Hypnogram, expert: yasa.Hypnogram) -> list[Finding]:
    """Find runs of epochs that the expert scored otherwise than a confident machine.

    Parameters
    ----------
    hypnogram
        The machine's stages with probabilities.
    expert
        The expert's stages, one per epoch of the same night; UNS and ART are not compared.

    Returns
    -------
    list of Finding
        Kind "doubtful scoring". The score is log2(1 + epochs) times the mean confidence.

    Raises
    ------
    ValueError
        When the two have different lengths.

    Examples
    --------
    >>> import numpy as np, pandas as pd, yasa
    >>> proba = pd.DataFrame(0.01, index=range(4), columns=["WAKE", "N1", "N2", "N3", "REM"]).assign(N2=0.96)
    >>> machine = yasa.Hypnogram(["N2"] * 4, proba=proba)
    >>> [f.onset_s for f in find_doubtful_scoring(machine, yasa.Hypnogram(["N2", "REM", "REM", "N2"]))]
    [30.0]
    """
    if expert.n_epochs != hypnogram.n_epochs:
        msg = (
            f"the expert's hypnogram must cover the same night: it has {expert.n_epochs} epochs, the "
            f"machine's {hypnogram.n_epochs}. Align it first."
        )
        raise ValueError(msg)
    if hypnogram.proba is None:
        return []
    ours, theirs = (h.hypno.astype(str).to_numpy() for h in (hypnogram, expert))
    sure = hypnogram.proba.max(axis=1).to_numpy(dtype=float)
    scored = ~np.isin(ours, ["UNS", "ART"]) & ~np.isin(theirs, ["UNS", "ART"])
    doubtful = scored & (ours != theirs) & (sure >= MIN_CONFIDENCE)
    return [
        _describe(start, zip(theirs[start:stop], ours[start:stop], strict=True), sure[start:stop])
        for start, stop in runs(doubtful, bridge=1)
    ]


def _describe(start: int, pairs: Iterable[tuple[str, str]], sure: NDArray[np.float64]) -> Finding:
    """Write one run, by its most frequent pair of stages (expert, machine)."""
    (theirs, ours), _ = Counter(pair for pair in pairs if pair[0] != pair[1]).most_common(1)[0]
    confidence, length = float(sure.mean()), len(sure) * EPOCH_S
    return Finding(
        kind="doubtful scoring",
        onset_s=start * EPOCH_S,
        duration_s=length,
        ch_names=(),
        score=float(np.log2(1 + len(sure))) * confidence,
        evidence=f"Expert {theirs}, machine {ours} with confidence {confidence:.2f}, for {span(length)}.",
    )
