"""What is usual: the architecture of a night in healthy adults, by age and sex.

The numbers stand in ``norms.toml`` with their sources: means and standard deviations of 25 healthy nights
(DOD-H, mean age 35.3 years), moved by the changes with age and sex that were published.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sleeplab.features import night_statistics

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import yasa

__all__ = [
    "ADULT",
    "STATISTICS",
    "Norm",
    "Usual",
    "compare_with_norm",
    "fit_norms",
    "mean_age",
    "night_statistics",
    "read_norms",
    "usual_night",
]

STATISTICS = (
    "tst_min",
    "se_pct",
    "sol_min",
    "waso_min",
    "rem_latency_min",
    "awakenings_per_h",
    "shifts_per_h",
    "n3_breaks_per_h",
    "n1_pct",
    "n2_pct",
    "n3_pct",
    "rem_pct",
)
ADULT = 18.0  # years; for younger people there is no norm here
AGES = (20.0, 85.0)  # changes with age were measured in between; beyond, the nearest age counts


class Norm(NamedTuple):
    """What is usual for one statistic of a night.

    Attributes
    ----------
    mean, sd, n
        Over `n` healthy nights, in `unit`.
    unit
        "min", "%" or "1/h".
    meaning
        The statistic in words.
    per_decade
        Change of the mean with each ten years of age; 0 where none is known.
    per_decade_male, per_decade_female
        The same where the sexes differ; None where they do not.
    spread_per_decade
        Growth of the standard deviation with each ten years, as a share of it.
    change, change_by_sex
        Who published the changes.
    """

    mean: float
    sd: float
    n: int
    unit: str
    meaning: str
    per_decade: float = 0.0
    per_decade_male: float | None = None
    per_decade_female: float | None = None
    spread_per_decade: float = 0.0
    change: str = ""
    change_by_sex: str = ""


class Usual(NamedTuple):
    """What is usual for one person: mean, standard deviation, 95 % range of a night, and where it is from."""

    mean: float
    sd: float
    low: float
    high: float
    basis: str


@cache
def _table() -> dict[str, Any]:
    import tomllib
    from importlib.resources import files

    return tomllib.loads(files("sleeplab").joinpath("norms.toml").read_text(encoding="utf-8"))


@cache
def read_norms() -> dict[str, Norm]:
    """Read the norms that come with the package.

    Returns
    -------
    dict
        Norm of each name in `STATISTICS`.

    References
    ----------
    Means: Guillot et al. 2020, doi:10.1109/TNSRE.2020.3011181. Changes: Boulos et al. 2019,
    doi:10.1016/S2213-2600(19)30057-8; Walsleben et al. 2004, doi:10.1093/sleep/27.2.293; Mitterling et al.
    2015, doi:10.5665/sleep.4730. ``norms.toml`` says which is which, and how sure.

    Examples
    --------
    >>> read_norms()["tst_min"].unit
    'min'
    """
    return {name: Norm(n=_table()["n"], **_table()["norm"][name]) for name in STATISTICS}


def mean_age() -> float:
    """Mean age in years of the nights behind the norms.

    Examples
    --------
    >>> mean_age()
    35.3
    """
    return float(_table()["mean_age"])


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
    >>> fit_norms(nights).loc["sol_min"].round(2).to_list()
    [10.0, 7.07]
    """
    import pandas as pd

    if len(hypnograms) < 2:
        msg = f"norms need two nights or more, got {len(hypnograms)}. Give one hypnogram per healthy sleeper."
        raise ValueError(msg)
    table = pd.DataFrame([night_statistics(hypnogram) for hypnogram in hypnograms])
    return pd.DataFrame({"mean": table.mean(), "sd": table.std()})


def usual_night(name: str, *, age: float | None = None, sex: str | None = None) -> Usual:
    """Say what is usual for a person of this age and sex.

    Parameters
    ----------
    name
        One of `STATISTICS`.
    age
        In years; without it the norm stays at its mean age, whatever the sex.
    sex
        "female" or "male".

    Returns
    -------
    Usual
        The range holds 95 % of single nights: Student's t with n − 1 degrees of freedom times
        sd √(1 + 1/n), within what is possible (0 or more; 100 % or less).

    Raises
    ------
    ValueError
        For a statistic without a norm, or an age under 18 years.

    Examples
    --------
    Sleep gets shorter by 10.1 min with each ten years:

    >>> young, old = (usual_night("tst_min", age=age).mean for age in (35.3, 65.3))
    >>> round(young - old, 2)
    30.3
    """
    from scipy.stats import t

    if name not in STATISTICS:
        msg = f"there is a norm for {', '.join(STATISTICS)}, got {name!r}. Use one of these names."
        raise ValueError(msg)
    if age is not None and age < ADULT:
        msg = f"norms are those of adults of {ADULT:.0f} years or more, got an age of {age:g} years."
        raise ValueError(msg)
    norm = read_norms()[name]
    decades = 0.0 if age is None else (min(max(age, AGES[0]), AGES[1]) - mean_age()) / 10
    own = {"male": norm.per_decade_male, "female": norm.per_decade_female}.get(sex or "")
    mean = norm.mean + (norm.per_decade if own is None else own) * decades
    sd = norm.sd * (1 + norm.spread_per_decade * decades)
    half = float(t.ppf(0.975, df=norm.n - 1)) * sd * (1 + 1 / norm.n) ** 0.5
    high = min(mean + half, 100.0) if norm.unit == "%" else mean + half
    return Usual(mean, sd, max(mean - half, 0.0), high, _basis(norm, age, sex if own is not None else None))


def _basis(norm: Norm, age: float | None, sex: str | None) -> str:
    pool = f"{norm.n} healthy nights (DOD-H)"
    if age is None:
        return f"{pool}, mean age {mean_age():.0f}; age not given"
    who = {"male": "men of ", "female": "women of "}.get(sex or "", "")
    source = norm.change_by_sex if sex else norm.change
    return f"{pool}, moved to {who}{age:.0f} years ({source})" if source else f"{pool}, of all ages"


def compare_with_norm(
    name: str, value: float, *, age: float | None = None, sex: str | None = None
) -> tuple[float, float]:
    """How far a night is from what is usual.

    The p-value is two-sided, from the prediction interval for one new night after n nights: Student's t with
    n − 1 degrees of freedom of (value − mean) / (sd √(1 + 1/n)).

    Parameters
    ----------
    name
        One of `STATISTICS`.
    value
        In the unit of the norm.
    age, sex
        As for `usual_night`.

    Returns
    -------
    tuple of float
        z = (value − mean) / sd, and the p-value; NaN for people under 18 years, who have no norm here.

    Raises
    ------
    ValueError
        For a statistic without a norm.

    Examples
    --------
    >>> norm = read_norms()["se_pct"]
    >>> compare_with_norm("se_pct", norm.mean)
    (0.0, 1.0)
    """
    from scipy.stats import t

    if name in STATISTICS and age is not None and age < ADULT:
        return float("nan"), float("nan")
    usual = usual_night(name, age=age, sex=sex)
    z = (value - usual.mean) / usual.sd
    n = read_norms()[name].n
    return float(z), float(2 * t.sf(abs(z) / (1 + 1 / n) ** 0.5, df=n - 1))
