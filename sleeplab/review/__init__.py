"""What to look at first: the ledger ranked and cut to a budget of minutes, and what that budget finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sleeplab.review._epochs import score_epochs
from sleeplab.review._prices import ANYTHING, LOOK_S, PRICES, SHOWS, Price
from sleeplab.review._recall import say_recall

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

PER_TURN = 3  # findings of one kind before the other kinds have had their turn
TOLERANCE_S = 2.0

__all__ = [
    "PRICES",
    "SHOWS",
    "Price",
    "count_found",
    "expected_value",
    "match_events",
    "plan_review",
    "recall_curve",
    "say_recall",
    "score_epochs",
]


def expected_value(anomalies: pd.DataFrame, *, prices: Mapping[str, Price] = PRICES) -> NDArray[np.float64]:
    """Chance that each finding is real and matters, from its kind and score.

    Parameters
    ----------
    anomalies
        The ledger.
    prices
        Price of each kind.

    Returns
    -------
    numpy.ndarray
        worth × score / (score + half_score), shape (n_findings,); with a p-value, times (1 − p).

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"kind": "low oxygen", "score": 1.0, "p_value": float("nan")}
    >>> expected_value(pd.DataFrame([row])).tolist()
    [0.45]
    """
    import numpy as np

    worth = anomalies["kind"].map(lambda kind: prices[kind].worth).to_numpy(dtype=float)
    half = anomalies["kind"].map(lambda kind: prices[kind].half_score).to_numpy(dtype=float)
    score = np.maximum(anomalies["score"].to_numpy(dtype=float), 0.0)
    sure = 1 - np.nan_to_num(anomalies["p_value"].to_numpy(dtype=float))
    return np.asarray(worth * score / (score + half) * sure)


def plan_review(
    anomalies: pd.DataFrame, *, minutes: float = 10.0, prices: Mapping[str, Price] = PRICES
) -> pd.DataFrame:
    """Rank the ledger and cut it to a budget.

    Findings are taken by expected value per second of looking; of each kind three, then every other kind has
    its turn before the next three. What no longer fits into the budget is left out, cheaper ones further down
    may still fit.

    Parameters
    ----------
    anomalies
        The ledger of `find_anomalies`.
    minutes
        The budget of human time.
    prices
        Seconds and worth of each kind, see `Price`.

    Returns
    -------
    pandas.DataFrame
        The ledger's columns and ``rank`` (from 1), ``review_s``, ``cumulative_min``.

    Raises
    ------
    ValueError
        For a negative budget, or a kind without a price.

    Examples
    --------
    >>> from sleeplab.anomalies import LEDGER_COLUMNS
    >>> import pandas as pd
    >>> row = dict.fromkeys(LEDGER_COLUMNS, "") | {"onset_s": 60.0, "duration_s": 5.0}
    >>> row |= {"score": 1.0, "p_value": float("nan")}
    >>> ledger = pd.DataFrame([row | {"kind": "gap"}, row | {"kind": "low oxygen"}])
    >>> plan_review(ledger, minutes=0.1)[["kind", "rank", "review_s"]].values.tolist()
    [['gap', 1, 5.0]]
    """
    import numpy as np

    if not minutes >= 0:
        msg = f"the review budget must be 0 min or more, got {minutes} min. Give the minutes a person has."
        raise ValueError(msg)
    unpriced = sorted(set(anomalies["kind"]) - set(prices))
    if unpriced:
        names = ", ".join(unpriced)
        msg = f"every kind of finding needs a price, there is none for {names}. Add it to `prices`."
        raise ValueError(msg)
    plan = anomalies.copy()
    plan["review_s"] = [float(prices[kind].review_s) for kind in plan["kind"]]
    rate = expected_value(plan, prices=prices) / plan["review_s"].to_numpy(dtype=float)
    plan = plan.iloc[np.argsort(-rate, kind="stable")]
    turn = plan.groupby("kind").cumcount() // PER_TURN
    plan = plan.iloc[np.argsort(turn.to_numpy(), kind="stable")]
    plan = plan[_fits(plan["review_s"].to_numpy(dtype=float), 60 * minutes)].reset_index(drop=True)
    plan.insert(len(anomalies.columns), "rank", np.arange(1, len(plan) + 1))
    plan["cumulative_min"] = plan["review_s"].cumsum() / 60
    return plan


def _fits(seconds: NDArray[np.float64], budget_s: float) -> NDArray[np.bool_]:
    """Go down the list and mark what still fits."""
    import numpy as np

    kept, used = np.zeros(len(seconds), dtype=bool), 0.0
    for i, cost in enumerate(seconds.tolist()):
        kept[i] = used + cost <= budget_s + 1e-9
        used += cost * kept[i]
    return kept


def match_events(
    findings: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    shows: Mapping[str, Collection[str]] = SHOWS,
    tolerance_s: float = TOLERANCE_S,
) -> NDArray[np.intp]:
    """For each true event the first finding that shows it.

    A finding shows an event when both overlap, give or take `tolerance_s`, and looking at that kind of
    finding lets a person see that kind of event (`shows`, `ANYTHING`; otherwise the kinds must be the same).
    A series shows all its events, what is looked at once for anything shows its first minute.

    Parameters
    ----------
    findings
        Ledger or worklist, in the order in which it is looked at.
    truth
        Events table: ``onset_s, duration_s, kind``.
    shows
        For each kind of finding the kinds of events that it shows beside its own.
    tolerance_s
        In seconds.

    Returns
    -------
    numpy.ndarray
        Position of the finding for each event, −1 where there is none; shape (n_events,).

    Examples
    --------
    >>> import pandas as pd
    >>> findings = pd.DataFrame({"onset_s": [10.0], "duration_s": [5.0], "kind": ["gap"]})
    >>> truth = pd.DataFrame({"onset_s": [14.0, 30.0], "duration_s": [1.0, 1.0], "kind": ["gap", "gap"]})
    >>> match_events(findings, truth).tolist()
    [0, -1]
    """
    import numpy as np

    onset, end = _limits(findings)
    end = np.where(findings["kind"].isin(ANYTHING), np.minimum(end, onset + LOOK_S), end)
    true_onset, true_end = _limits(truth)
    shown = (onset[None] - tolerance_s <= true_end[:, None]) & (
        end[None] + tolerance_s >= true_onset[:, None]
    )
    kinds = {
        kind: np.array([_shows(found, kind, shows) for found in findings["kind"]], dtype=bool)
        for kind in set(truth["kind"])
    }
    shown &= np.array([kinds[kind] for kind in truth["kind"]], dtype=bool).reshape(shown.shape)
    if shown.shape[1] == 0:
        return np.full(len(truth), -1)
    return np.where(shown.any(axis=1), shown.argmax(axis=1), -1)


def _shows(found: str, kind: str, shows: Mapping[str, Collection[str]]) -> bool:
    return found == kind or found in ANYTHING or kind in shows.get(found, ())


def _limits(events: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    onset = events["onset_s"].to_numpy(dtype=float)
    return onset, onset + events["duration_s"].to_numpy(dtype=float)


def recall_curve(
    worklist: pd.DataFrame, truth: pd.DataFrame, *, shows: Mapping[str, Collection[str]] = SHOWS
) -> pd.DataFrame:
    """How much of what is true has been seen after each item of a worklist.

    Parameters
    ----------
    worklist
        Table of `plan_review`.
    truth
        Events that ought to be found: ``onset_s, duration_s, kind``.
    shows
        As for `match_events`.

    Returns
    -------
    pandas.DataFrame
        ``minutes, recall``, from (0, 0); one row per item. Recall is NaN when there is nothing to find.

    Examples
    --------
    >>> import pandas as pd
    >>> columns = ["onset_s", "duration_s", "kind", "cumulative_min"]
    >>> worklist = pd.DataFrame([[0.0, 9.0, "gap", 0.5], [50.0, 9.0, "gap", 1.0]], columns=columns)
    >>> recall_curve(worklist, worklist)["recall"].to_list()
    [0.0, 0.5, 1.0]
    """
    import numpy as np
    import pandas as pd

    first = match_events(worklist, truth, shows=shows)
    found = np.array([(first[first >= 0] < seen).sum() for seen in range(len(worklist) + 1)])
    recall = found / len(truth) if len(truth) else np.full(len(found), np.nan)
    return pd.DataFrame({"minutes": [0.0, *worklist["cumulative_min"]], "recall": recall})


def count_found(
    truth: pd.DataFrame,
    anomalies: pd.DataFrame,
    worklist: pd.DataFrame,
    *,
    shows: Mapping[str, Collection[str]] = SHOWS,
) -> pd.DataFrame:
    """Count, by kind, what is true, and what of it the ledger and the worklist show.

    Parameters
    ----------
    truth
        Events table: ``onset_s, duration_s, kind``.
    anomalies
        The ledger.
    worklist
        Table of `plan_review`.
    shows
        As for `match_events`.

    Returns
    -------
    pandas.DataFrame
        One row per kind of truth: ``kind, n_true, in_ledger, in_worklist``.

    Examples
    --------
    >>> import pandas as pd
    >>> columns = ["onset_s", "duration_s", "kind"]
    >>> truth = pd.DataFrame([[10.0, 5.0, "gap"], [90.0, 5.0, "gap"]], columns=columns)
    >>> count_found(truth, truth, truth.head(1)).values.tolist()
    [['gap', 2, 2, 1]]
    """
    seen = truth[["kind"]].assign(
        n_true=1,
        in_ledger=match_events(anomalies, truth, shows=shows) >= 0,
        in_worklist=match_events(worklist, truth, shows=shows) >= 0,
    )
    return seen.groupby("kind", as_index=False).sum()
