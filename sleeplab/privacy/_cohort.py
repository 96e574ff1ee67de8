"""Who stands out in a cohort by what is left: k-anonymity."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


KNOWN_ELSEWHERE = ("age", "sex", "month", "date", "start", "site", "device")
"""Columns of a cohort that somebody could know of a person from elsewhere."""


def read_cohort(path: str | Path) -> pd.DataFrame:
    r"""Read of a table of nights only what could be known from elsewhere.

    Parameters
    ----------
    path : str or pathlib.Path
        CSV, or Parquet such as the ``nights.parquet`` of a cohort.

    Returns
    -------
    pandas.DataFrame
        Those of `KNOWN_ELSEWHERE` that the table has, one row per night; ages in whole years, starts as days.

    Raises
    ------
    FileNotFoundError
        If there is no such table.
    ValueError
        If it cannot be read or has none of these columns.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "nights.csv")
    ...     _ = path.write_text("night_id,age,start\na,40.7,2020-03-14T22:15\n")
    ...     read_cohort(path).values.tolist()
    [[40, '2020-03-14']]
    """
    import pandas as pd

    path = Path(path)
    if not path.is_file():
        msg = f"There is no table at {path}. Check the spelling and the folder."
        raise FileNotFoundError(msg)
    with path.open("rb") as file:
        is_parquet = file.read(4) == b"PAR1"
    try:
        table = pd.read_parquet(path) if is_parquet else pd.read_csv(path)
    except (ValueError, OSError) as error:
        msg = f"a cohort must be CSV or Parquet, and this file cannot be read ({type(error).__name__})."
        raise ValueError(msg) from None
    table = table[[name for name in KNOWN_ELSEWHERE if name in table.columns]]
    if table.columns.empty:
        msg = f"a cohort must have one of the columns {', '.join(KNOWN_ELSEWHERE)}; this table has none."
        raise ValueError(msg)
    if "age" in table.columns:
        years = pd.to_numeric(table["age"], errors="coerce") // 1
        table = table.assign(age=years.astype("Int64"))
    days = {name: table[name].astype("str").str[:10] for name in ("start", "date") if name in table.columns}
    return table.assign(**days)


def cohort_risk(cohort: pd.DataFrame, *, k: int = 5) -> pd.DataFrame:
    """Count who stands out: by all columns together, by all but one, and by each column alone.

    Parameters
    ----------
    cohort : pandas.DataFrame
        One row per person (a person with two nights counts twice, and looks safer than she is).
    k : int
        The smallest group that is large enough.

    Returns
    -------
    pandas.DataFrame
        ``columns, groups, smallest, rare, rare_pct``: which columns, how many different combinations, persons
        in the smallest, persons in groups of fewer than `k`.

    Examples
    --------
    >>> import pandas as pd
    >>> cohort_risk(pd.DataFrame({"age": [40, 40, 91], "sex": ["F", "F", "F"]}), k=2).values.tolist()
    [['age × sex', 2, 1, 1, 33.3], ['sex', 1, 3, 0, 0.0], ['age', 2, 1, 1, 33.3]]
    """
    import pandas as pd

    names = list(cohort.columns)
    but_one = [[name for name in names if name != left] for left in names]
    sets = [tuple(columns) for columns in [names, *but_one, *([name] for name in names)] if columns]
    rows = []
    for columns in dict.fromkeys(sets):
        counts = cohort.groupby(list(columns), dropna=False).size()
        rare = int(rare_groups(cohort, columns, k=k)["count"].sum())
        share = round(100 * rare / max(1, len(cohort)), 1)
        rows.append((" × ".join(columns), len(counts), int(counts.min()) if len(counts) else 0, rare, share))
    return pd.DataFrame(rows, columns=["columns", "groups", "smallest", "rare", "rare_pct"])


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
