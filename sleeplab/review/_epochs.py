"""How much each epoch deserves a look, from the findings and from the epoch itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sleeplab.review._prices import LOOK_S, PRICES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from sleeplab.review._prices import Price

HALF_Z = 8.0  # robust z of an epoch that is as good as a chance of one half


def score_epochs(
    anomalies: pd.DataFrame, features: pd.DataFrame, *, prices: Mapping[str, Price] = PRICES
) -> NDArray[np.floating[Any]]:
    """Score each epoch by the chance that something in it is real and matters.

    Two chances are joined as if they were independent. One is the `expected_value` of the best finding that
    touches the epoch; an event that lasts longer than the minute that a look shows is a series, whose members
    can be anywhere in it, so its value is shared out: times 60 s over its duration. Findings about the whole
    night do not count. The other is z / (z + 8) of the most unusual EEG feature (`epoch_unusualness`), which
    orders what no finding touches. Both rules were set on simulated nights.

    Parameters
    ----------
    anomalies
        The ledger.
    features
        Table of `epoch_features` of the same night.
    prices
        Price of each kind.

    Returns
    -------
    numpy.ndarray
        Shape (n_epochs,), 0–1, up = more worth a look.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from sleeplab.features import FEATURES
    >>> features = pd.DataFrame(1.0, index=range(4), columns=list(FEATURES))
    >>> row = {"kind": "gap", "level": "signal", "onset_s": 30.0, "duration_s": 30.0}
    >>> ledger = pd.DataFrame([row | {"score": 1.0, "p_value": np.nan}])
    >>> score_epochs(ledger, features).round(2).tolist()
    [0.0, 0.45, 0.0, 0.0]
    """
    import numpy as np

    from sleeplab.anomalies.novelty import epoch_unusualness
    from sleeplab.features import EPOCH_S
    from sleeplab.review import expected_value

    found = anomalies[anomalies["level"].isin(["signal", "event"])]
    value = expected_value(found, prices=prices)
    onset, duration = (found[name].to_numpy(dtype=float) for name in ("onset_s", "duration_s"))
    series = (found["level"] == "event").to_numpy() & (duration > LOOK_S)
    value = np.where(series, value * LOOK_S / np.maximum(duration, LOOK_S), value)
    best = np.zeros(len(features))
    starts, stops = onset // EPOCH_S, np.ceil((onset + duration) / EPOCH_S)
    for start, stop, chance in zip(starts.astype(int), stops.astype(int), value, strict=True):
        own = slice(start, max(stop, start + 1))
        best[own] = np.maximum(best[own], chance)
    z = epoch_unusualness(features)
    return np.asarray(1 - (1 - best) * (1 - z / (z + HALF_Z)))
