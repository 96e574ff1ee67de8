"""Who stands out in a cohort by what is left: k-anonymity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def rare_groups(cohort: pd.DataFrame, columns: Sequence[str], *, k: int = 5) -> pd.DataFrame:
    """Find the combinations of values that fewer than `k` persons of a cohort share.

    A cohort without such a row is k-anonymous for these columns [1]_. That says nothing of other columns,
    nor of what the persons of one group have in common, nor of the EEG.

    Parameters
    ----------
    cohort : pandas.DataFrame
        One row per person.
    columns : sequence of str
        What somebody could know of a person from elsewhere: age, sex, date, device … A missing value is a
        value of its own.
    k : int
        The smallest group that is large enough.

    Returns
    -------
    pandas.DataFrame
        The columns and ``count``, the rarest combination first; no row when none is rare.

    Raises
    ------
    ValueError
        If `columns` is empty or names a column that the cohort does not have.

    References
    ----------
    .. [1] Sweeney L. (2002), k-anonymity: a model for protecting privacy.
       https://doi.org/10.1142/S0218488502001648

    Examples
    --------
    >>> import pandas as pd
    >>> cohort = pd.DataFrame({"age": [40, 40, 91], "sex": ["F", "F", "F"]})
    >>> rare_groups(cohort, ["age", "sex"], k=2).values.tolist()
    [[91, 'F', 1]]
    """
    missing = [name for name in columns if name not in cohort.columns]
    if missing or not columns:
        msg = f"columns must be some of the cohort's; {len(missing)} of the {len(columns)} given are not."
        raise ValueError(msg)
    counts = cohort.groupby(list(columns), dropna=False).size().rename("count").reset_index()
    rare = counts[counts["count"] < k]
    return rare.sort_values("count", kind="stable", ignore_index=True)
