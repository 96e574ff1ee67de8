"""A reference of many nights, fitted from what a cohort's folder holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sleeplab.cohort._schemas import SUMMARY

if TYPE_CHECKING:
    import pandas as pd

    from sleeplab.anomalies.cohort import CohortReference

MOST_UNSTAGED_PCT = 25.0
"""A night of which more could not be staged says little of what nights are like, and is left out."""
MIN_NIGHTS = 20
"""With n nights no p-value is below 1 / (n + 1): with 20 a night must be more unusual than each of them to
get one below 0.05."""


def read_nights(folder: str | Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Return ``nights.parquet`` of a cohort, one row per finished night.

    Parameters
    ----------
    folder
        The folder that `run_cohort` filled.
    columns
        Which to read; all by default. Others are not read from disk.

    Returns
    -------
    pandas.DataFrame
        In the order of the pseudonyms.

    Raises
    ------
    FileNotFoundError
        If the folder holds no ``nights.parquet``.

    Examples
    --------
    >>> read_nights("nowhere")
    Traceback (most recent call last):
    FileNotFoundError: There is no nights.parquet in nowhere. Make it: sleeplab cohort SOURCE --out nowhere
    """
    import pandas as pd

    path = Path(folder) / "nights.parquet"
    if not path.is_file():
        msg = f"There is no nights.parquet in {folder}. Make it: sleeplab cohort SOURCE --out {folder}"
        raise FileNotFoundError(msg)
    return pd.read_parquet(path, columns=columns)


def fit_reference(folder: str | Path, *, description: str = "") -> CohortReference:
    """Learn from the nights of a cohort what nights are usually like.

    Only ``nights.parquet`` is read, 1 kB per night: the epochs of the archive are never in memory together.
    The p-values hold for one night per person.

    Parameters
    ----------
    folder
        The folder that `run_cohort` filled.
    description
        Who these people are; the findings of level ``cohort`` quote it.

    Returns
    -------
    CohortReference
        Fitted; its ``save`` writes JSON, which ``--reference`` takes.

    Raises
    ------
    FileNotFoundError
        If the folder holds no ``nights.parquet``.
    ValueError
        If fewer than `MIN_NIGHTS` nights could be staged.

    Examples
    --------
    >>> fit_reference("nowhere")
    Traceback (most recent call last):
    FileNotFoundError: There is no nights.parquet in nowhere. ...
    """
    from sleeplab.anomalies.cohort import CohortReference

    nights = read_nights(folder, [*SUMMARY, "age", "unstaged_pct"])
    staged = nights[nights["unstaged_pct"] <= MOST_UNSTAGED_PCT]
    if len(staged) < MIN_NIGHTS:
        msg = (
            f"A reference must be fitted on {MIN_NIGHTS} nights or more, each staged but for "
            f"{MOST_UNSTAGED_PCT:g} % or less, got {len(staged)} (of {len(nights)}): no p-value could be "
            f"below 1/{len(staged) + 1}. Add nights, or take a reference that others fitted."
        )
        raise ValueError(msg)
    return CohortReference().fit(staged[[*SUMMARY, "age"]], description=description)
