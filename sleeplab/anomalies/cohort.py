"""Findings about a night among other nights: whether it is unlike them, and in what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sleeplab.anomalies._layout import AGE, Column, from_scale, layout_of
from sleeplab.anomalies._ledger import Finding, Known
from sleeplab.anomalies._reference_file import read_reference, write_reference
from sleeplab.anomalies._usual import Usual, learn_usual, log_rms, worst_block, z_values

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray
    from sklearn.utils import Tags

    Array = NDArray[np.floating[Any]]

__all__ = ["CohortReference", "find_cohort_findings", "load_reference"]

ALPHA = 0.05  # chance that a night like the others is reported
N_FOLDS = 20
MIN_SHARED = 0.5  # share of the reference's numbers that a night must have to be compared
N_NAMED = 3


class CohortReference(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """What nights are like, learned from a table of nights, and how far another one is from that.

    Each number becomes a robust z: distance from the median of the nights, moved with age where the table has
    a column ``age``, over 1.4826 MAD. Powers, amplitudes and times are compared as logarithms, and a feature
    of a stage with N2 of its own night, N2 with other nights. The numbers of one kind of channel, and those
    of the architecture, are a block: its root mean square z, as logarithm, becomes a robust z again. The
    largest block is the score.

    The p-value is conformal: the share of the nights, and this one, that score at least as high, each scored
    by a reference fitted without it (20 folds). For nights like those it is uniform, whatever their
    distribution, but for the difference between 95 % and all of the nights. It is never below 1 / (n + 1):
    under 20 nights nothing can be reported at 5 %.

    Parameters
    ----------
    alpha
        Nights with a p-value of this or less are predicted −1.

    Attributes
    ----------
    layout_ : Layout
        How the columns are compared.
    usual_ : Usual
        What is usual.
    scores_ : ndarray of shape (n_nights,)
        Score of each night out of its fold, sorted.
    description_ : str
        Which nights these are.

    Notes
    -----
    scikit-learn's contract holds: `score_samples` and `decision_function` fall with unusualness.
    `novelty_score` is their negative, up = more unusual, as in the ledger. Missing numbers are left out.

    References
    ----------
    Conformal p-values: Vovk, Gammerman & Shafer 2005, doi:10.1007/b106715; across folds: Vovk 2015,
    doi:10.1007/s10472-013-9368-4.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> nights = pd.DataFrame({"tst_min": rng.normal(420, 30, 99), "n3_pct": rng.normal(20, 5, 99)})
    >>> reference = CohortReference().fit(nights, description="99 invented nights")
    >>> odd = pd.DataFrame({"tst_min": [420.0, 100.0], "n3_pct": [20.0, 20.0]})
    >>> reference.predict(odd).tolist(), float(reference.p_value(odd)[1])
    ([1, -1], 0.01)
    """

    def __init__(self, *, alpha: float = ALPHA) -> None:
        self.alpha = alpha

    def fit(self, X: ArrayLike, y: object = None, *, description: str = "") -> Self:  # noqa: N803
        """Learn from nights, one row each: a table with the columns of `night_summary`, and ``age``, or not.

        Parameters
        ----------
        X, y
            Shape (n_nights, n_columns), one night per person, NaN where a number is missing; y is not used.
        description
            Which nights these are, in up to 500 characters.

        Returns
        -------
        CohortReference
            Itself.

        Raises
        ------
        ValueError
            If a column does not hold numbers.
        """
        _check_numbers(X)
        rows = validate_data(self, X, ensure_min_samples=2, dtype=float, ensure_all_finite="allow-nan")
        names = getattr(self, "feature_names_in_", [f"x{i}" for i in range(rows.shape[1])])
        self.layout_, self.description_ = layout_of([str(name) for name in names]), description
        values, ages = self.layout_.judged(rows), self.layout_.ages(rows)
        self.usual_ = learn_usual(values, ages, self.layout_)
        fold, scores = np.arange(len(rows)) % min(N_FOLDS, len(rows)), np.empty(len(rows))
        for k in range(fold.max() + 1):
            usual = learn_usual(values[fold != k], ages[fold != k], self.layout_)
            scores[fold == k] = worst_block(
                z_values(usual, values[fold == k], ages[fold == k]), usual, self.layout_
            )
        return self._calibrated(np.sort(scores))

    def _calibrated(self, scores: Array) -> Self:
        self.scores_ = scores
        self.offset_ = -float(np.quantile(scores, 1 - self.alpha, method="higher"))
        return self

    def z_values(self, X: ArrayLike) -> Array:  # noqa: N803
        """Robust z of each column but the age, shape (n_nights, n_columns)."""
        check_is_fitted(self)
        rows = validate_data(self, X, reset=False, dtype=float, ensure_all_finite="allow-nan")
        return z_values(self.usual_, self.layout_.judged(rows), self.layout_.ages(rows))

    def novelty_score(self, X: ArrayLike) -> Array:  # noqa: N803
        """Robust z of the most unusual block of each night, shape (n_nights,): up = more unusual."""
        return worst_block(self.z_values(X), self.usual_, self.layout_)

    def p_value(self, X: ArrayLike) -> Array:  # noqa: N803
        """Conformal p-value of each night, shape (n_nights,)."""
        above = len(self.scores_) - np.searchsorted(self.scores_, self.novelty_score(X), side="left")
        return np.asarray((1 + above) / (1 + len(self.scores_)))

    def score_samples(self, X: ArrayLike) -> Array:  # noqa: N803
        """Negative of `novelty_score`, as scikit-learn wants it: up = more usual."""
        return -self.novelty_score(X)

    def decision_function(self, X: ArrayLike) -> Array:  # noqa: N803
        """Return `score_samples` minus `offset_`: below zero = outlier."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: ArrayLike) -> NDArray[np.int_]:  # noqa: N803
        """Return −1 for nights beyond the limit, 1 for the others."""
        return np.where(self.decision_function(X) >= 0, 1, -1)

    def save(self, path: str | Path) -> None:
        """Write the reference as JSON: medians, spreads and scores, no night of its own.

        Parameters
        ----------
        path
            The file; written beside its place first.

        Raises
        ------
        ValueError
            If the reference was not fitted on a table with named columns.
        """
        check_is_fitted(self)
        write_reference(path, self)

    def __sklearn_tags__(self) -> Tags:
        """Say that numbers may be missing."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def load_reference(path: str | Path) -> CohortReference:
    """Read a reference that `CohortReference.save` wrote.

    It may come from someone else: nothing in the file is run, and whatever does not fit is refused.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    CohortReference
        As it was saved.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no such reference, of another version, of numbers that this version does not know, damaged,
        or over 20 MB.

    Examples
    --------
    >>> import pathlib, tempfile, numpy as np, pandas as pd
    >>> nights = pd.DataFrame({"tst_min": np.linspace(300, 500, 40)})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "reference.json")
    ...     CohortReference().fit(nights, description="invented").save(path)
    ...     load_reference(path).description_
    'invented'
    """
    content = read_reference(path)
    reference = CohortReference(alpha=content["alpha"])
    reference.feature_names_in_ = np.array(content["names"], dtype=object)
    reference.n_features_in_ = len(content["names"])
    reference.layout_, reference.description_ = layout_of(content["names"]), content["description"]
    reference.usual_ = Usual(**content["usual"])
    return reference._calibrated(content["scores"])


def _check_numbers(table: Any) -> None:
    """Refuse a table with words in it, without repeating them."""
    for name, kind in getattr(table, "dtypes", {}).items() if hasattr(table, "columns") else ():
        if kind.kind not in "fiub":
            msg = f"every column of the nights must hold numbers, but {name!r} does not. Leave it out."
            raise ValueError(msg)


def find_cohort_findings(
    summary: pd.Series[Any], reference: CohortReference, known: Known | None = None
) -> list[Finding]:
    """Say whether a night is unlike the nights of a reference.

    Parameters
    ----------
    summary
        Of `sleeplab.features.night_summary`.
    reference
        The other nights.
    known
        The age; without it the night is taken for one of the mean age, and the finding says so.

    Returns
    -------
    list of Finding
        One of kind "unlike other nights" when p is `reference.alpha` or less, with the three numbers of its
        most unusual block that stand out most; none when the night has less than half of the numbers.

    Raises
    ------
    ValueError
        When the reference judges numbers that the summary does not have.
    """
    import pandas as pd

    names = [str(name) for name in reference.feature_names_in_]
    unknown = set(names) - {AGE, *summary.index}
    if unknown:
        msg = (
            f"the reference must judge numbers that night_summary gives, {len(unknown)} of its {len(names)} "
            "are not. It was fitted on another table: fit it again."
        )
        raise ValueError(msg)
    age = known.age if known is not None and known.age is not None else np.nan
    night = pd.DataFrame([summary.astype(float)]).assign(**{AGE: age})[names]
    z, p_value = reference.z_values(night)[0], float(reference.p_value(night)[0])
    if np.isfinite(z).mean() < MIN_SHARED * (reference.usual_.scale > 0).mean() or p_value > reference.alpha:
        return []
    score = float(reference.novelty_score(night)[0])
    evidence = _evidence(night.to_numpy(dtype=float), z, reference)
    return [Finding("unlike other nights", 0.0, 0.0, (), score, evidence, p_value)]


def _evidence(night: Array, z: Array, reference: CohortReference) -> str:
    layout, usual, blocks = reference.layout_, reference.usual_, reference.layout_.blocks
    height = (log_rms(z[None], layout)[0] - usual.block_center) / usual.block_scale
    worst = list(dict.fromkeys(blocks.tolist()))[int(np.argmax(height))]
    telling = np.argsort(-np.where(blocks == worst, np.abs(np.nan_to_num(z)), -1.0))[:N_NAMED]
    values, ages = layout.scaled(night), layout.ages(night)
    years = float(np.nan_to_num(ages[0] - usual.age)) if layout.age is not None else 0.0
    expected = layout.levels(values)[0] + usual.center + usual.slope * years
    said = [
        f"{_say(layout.columns[i], values[0, i], expected[i])} (z {z[i]:+.1f})"
        for i in telling
        if blocks[i] == worst and np.isfinite(z[i])
    ]
    which = f" ({reference.description_})" if reference.description_ else ""
    unknown = f" Age not given: taken as {usual.age:.0f} years." if usual.age and np.isnan(ages[0]) else ""
    return (
        f"Unlike {len(reference.scores_)} other nights{which}, most in {worst}: {', '.join(said)}.{unknown}"
    )


def _say(column: Column, value: float, expected: float) -> str:
    """Say a number and what was expected, in its own unit."""
    unit = "" if column.unit in ("", "1") else f" {column.unit}"
    words = f"{column.feature} in {column.stage.upper()}" if column.feature else column.name
    value, expected = (from_scale(x, column.scale) for x in (value, expected))
    return f"{words} {value:.3g}{unit}, expected {expected:.3g}{unit}"
