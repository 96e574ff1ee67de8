"""What is usual: the architecture of a night in healthy sleepers, by age.

The numbers stand in ``norms.toml``: means and standard deviations of 25 healthy nights (DOD-H, mean age 35.3
years), changes per decade of age as published from 5273 healthy adults.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import yasa

STATISTICS = ("TST", "SE", "SOL", "WASO", "REM latency", "SFI", "%N1", "%N2", "%N3", "%REM")


class Norm(NamedTuple):
    """What is usual for one statistic of a night.

    Attributes
    ----------
    mean, sd, n
        Over `n` healthy nights, in `unit`.
    unit
        "min", "%" or "1/h".
    per_decade
        Change of the mean with each ten years of age; 0 where none is published.
    meaning
        The statistic in words.
    """

    mean: float
    sd: float
    n: int
    unit: str
    per_decade: float
    meaning: str


@cache
def read_norms() -> dict[str, Norm]:
    """Read the norms that come with the package.

    Returns
    -------
    dict
        Norm of each name in `STATISTICS`.

    References
    ----------
    Means: Guillot et al. 2020, doi:10.1109/TNSRE.2020.3011181. Change with age: Boulos et al. 2019,
    doi:10.1016/S2213-2600(19)30057-8.

    Examples
    --------
    >>> read_norms()["TST"].unit
    'min'
    """
    import tomllib
    from importlib.resources import files

    table = tomllib.loads(files("sleeplab").joinpath("norms.toml").read_text(encoding="utf-8"))
    return {name: Norm(n=table["n"], **table["norm"][name]) for name in STATISTICS}


def mean_age() -> float:
    """Mean age in years of the nights behind the norms.

    Examples
    --------
    >>> mean_age()
    35.3
    """
    import tomllib
    from importlib.resources import files

    return float(
        tomllib.loads(files("sleeplab").joinpath("norms.toml").read_text(encoding="utf-8"))["mean_age"]
    )


def night_statistics(hypnogram: yasa.Hypnogram) -> dict[str, float]:
    """Architecture of a night: YASA's statistics between the first and the last epoch that was staged.

    It differs from `yasa.Hypnogram.sleep_statistics` in two points: what was not staged before and after the
    night is left out, and "REM latency" counts from sleep onset (AASM), where YASA's ``Lat_REM`` counts from
    the start.

    Parameters
    ----------
    hypnogram
        Stages of 30-s epochs.

    Returns
    -------
    dict
        Value of each name in `STATISTICS`, in the unit of its norm; NaN where there is none (no REM, no
        sleep).

    Examples
    --------
    >>> import yasa
    >>> stages = ["UNS"] * 9 + ["WAKE"] * 20 + ["N2"] * 100 + ["REM"] * 20
    >>> night = night_statistics(yasa.Hypnogram(stages))
    >>> float(night["SOL"]), float(night["REM latency"]), float(night["TST"])
    (10.0, 50.0, 60.0)
    """
    import numpy as np
    import yasa

    stages = hypnogram.hypno.astype(str).to_numpy()
    staged = np.flatnonzero(~np.isin(stages, ["UNS", "ART"]))
    if len(staged) == 0:
        return dict.fromkeys(STATISTICS, float("nan"))
    values = yasa.Hypnogram(stages[staged[0] : staged[-1] + 1].tolist()).sleep_statistics()
    values["REM latency"] = values["Lat_REM"] - values["SOL"]
    return {name: float(values[name]) for name in STATISTICS}


def fit_norms(hypnograms: Sequence[yasa.Hypnogram]) -> pd.DataFrame:
    """Compute means and standard deviations over nights, one per person.

    Parameters
    ----------
    hypnograms
        Two or more nights. A statistic that a night does not have (REM latency without REM) is left out of
        that mean.

    Returns
    -------
    pandas.DataFrame
        One row per name in `STATISTICS`; columns ``mean`` and ``sd`` (n − 1 in the denominator).

    Raises
    ------
    ValueError
        With fewer than two nights.

    Examples
    --------
    >>> import yasa
    >>> nights = [yasa.Hypnogram(["WAKE"] * n + ["N2"] * 100) for n in (10, 30)]
    >>> fit_norms(nights).loc["SOL"].round(2).to_list()
    [10.0, 7.07]
    """
    import pandas as pd

    if len(hypnograms) < 2:
        msg = f"norms need two nights or more, got {len(hypnograms)}. Give one hypnogram per healthy sleeper."
        raise ValueError(msg)
    table = pd.DataFrame([night_statistics(hypnogram) for hypnogram in hypnograms])
    return pd.DataFrame({"mean": table.mean(), "sd": table.std()})


def compare_with_norm(name: str, value: float, *, age: float | None = None) -> tuple[float, float]:
    """How far a night is from what is usual.

    The p-value is two-sided, from the prediction interval for one new night after n nights: Student's t with
    n − 1 degrees of freedom of (value − mean) / (sd √(1 + 1/n)).

    Parameters
    ----------
    name
        One of `STATISTICS`.
    value
        In the unit of the norm.
    age
        In years; the mean of the norm moves by its published change per decade. Without it the norm stays at
        its mean age.

    Returns
    -------
    tuple of float
        z = (value − mean) / sd, and the p-value.

    Raises
    ------
    ValueError
        For a statistic without a norm.

    Examples
    --------
    >>> norm = read_norms()["SE"]
    >>> compare_with_norm("SE", norm.mean)
    (0.0, 1.0)
    """
    from scipy.stats import t

    if name not in STATISTICS:
        msg = f"there is a norm for {', '.join(STATISTICS)}, got {name!r}. Use one of these names."
        raise ValueError(msg)
    norm = read_norms()[name]
    usual = norm.mean if age is None else norm.mean + norm.per_decade * (age - mean_age()) / 10
    z = (value - usual) / norm.sd
    return float(z), float(2 * t.sf(abs(z) / (1 + 1 / norm.n) ** 0.5, df=norm.n - 1))
