"""Unusual EEG: epochs unlike the night's other epochs of the same stage."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sleeplab.anomalies._ledger import Finding, Inputs, runs
from sleeplab.features import EPOCH_S, FEATURES, names_of_role

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.floating[Any]]

ALPHA = 0.01  # chance of any such finding in a night without anomalies, if the tail were log-normal
MIN_EPOCHS = 20  # of a stage, below which "usual" is not known
BULK = (0.75, 0.9)  # quantiles of log d² that its spread is taken from
MAD_TO_SD = 1.4826
Z_LIMIT = 4.0  # where z values are cut while the correlation is learned


class NoveltyDetector(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """Robust Mahalanobis distance with a p-value.

    Each feature becomes z = (x − median) / (1.4826 MAD). The correlation of the z, cut at ±4 and shrunk
    (Ledoit–Wolf), gives d² = zᵀ R⁻¹ z. Over the training rows log d² is taken as normal: its median, and as
    spread the larger of what its 75 % and 90 % quantiles give. The upper tail is the p-value. So a heavy tail
    makes the detector more careful, and up to a tenth of anomalies does not blind it.

    Parameters
    ----------
    alpha
        Rows with a smaller p-value are predicted −1.

    Attributes
    ----------
    center_, scale_ : ndarray of shape (n_features,)
        Median and 1.4826 MAD of the training rows.
    precision_ : ndarray of shape (n_features, n_features)
        Inverse of the shrunk correlation of the z values.
    offset_ : float
        `score_samples` at the limit.

    Notes
    -----
    scikit-learn's contract holds: `score_samples` and `decision_function` fall with unusualness.
    `novelty_score` is their negative, up = more unusual, as in the ledger.

    References
    ----------
    Ledoit & Wolf 2004, doi:10.1016/S0047-259X(03)00096-4.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.random.default_rng(0).normal(size=(500, 3))
    >>> detector = NoveltyDetector(alpha=0.001).fit(rows)
    >>> detector.predict([[0, 0, 0], [9, -9, 0]]).tolist()
    [1, -1]
    """

    def __init__(self, *, alpha: float = 0.05) -> None:
        self.alpha = alpha

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: N803
        """Learn what is usual from rows of shape (n_rows, n_features)."""
        from scipy.stats import norm
        from sklearn.covariance import ledoit_wolf

        rows = validate_data(self, X, ensure_min_samples=2, dtype=float)
        self.center_ = np.median(rows, axis=0)
        spread = MAD_TO_SD * np.median(np.abs(rows - self.center_), axis=0)
        self.scale_ = np.where(spread > 0, spread, np.where(rows.std(axis=0) > 0, rows.std(axis=0), 1.0))
        cut = np.clip(self._z(rows), -Z_LIMIT, Z_LIMIT)
        covariance, _ = ledoit_wolf(cut)
        self.precision_ = np.linalg.inv(covariance + 1e-6 * np.eye(len(covariance)))
        log_d2 = self._log_d2(rows)
        self.log_median_, *upper = np.quantile(log_d2, [0.5, *BULK])
        self.log_sd_ = max(float(np.max((np.array(upper) - self.log_median_) / norm.ppf(BULK))), 1e-9)
        self.offset_ = -float(self.log_median_ + self.log_sd_ * norm.isf(self.alpha))
        return self

    def _z(self, rows: Array) -> Array:
        return np.asarray((rows - self.center_) / self.scale_)

    def _log_d2(self, rows: Array) -> Array:
        z = self._z(rows)
        d2 = np.einsum("ij,jk,ik->i", z, self.precision_, z)
        return np.asarray(np.log(np.maximum(d2, 1e-12)))

    def novelty_score(self, X: ArrayLike) -> Array:  # noqa: N803
        """Log of the squared distance of each row, shape (n_rows,): up = more unusual."""
        check_is_fitted(self)
        return self._log_d2(np.asarray(validate_data(self, X, reset=False, dtype=float)))

    def score_samples(self, X: ArrayLike) -> Array:  # noqa: N803
        """Negative of `novelty_score`, as scikit-learn wants it: up = more usual."""
        return -self.novelty_score(X)

    def decision_function(self, X: ArrayLike) -> Array:  # noqa: N803
        """Return `score_samples` minus `offset_`: below zero = outlier."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: ArrayLike) -> NDArray[np.int_]:  # noqa: N803
        """Return −1 for rows beyond the limit, 1 for the others."""
        return np.where(self.decision_function(X) >= 0, 1, -1)

    def p_value(self, X: ArrayLike) -> Array:  # noqa: N803
        """Chance of a row at least as far out among usual rows, shape (n_rows,)."""
        from scipy.stats import norm

        return np.asarray(norm.sf((self.novelty_score(X) - self.log_median_) / self.log_sd_))

    def z_values(self, X: ArrayLike) -> Array:  # noqa: N803
        """Robust z of each feature, shape (n_rows, n_features): which features made a row unusual."""
        check_is_fitted(self)
        return self._z(validate_data(self, X, reset=False, dtype=float))


def find_unusual_epochs(inputs: Inputs) -> list[Finding]:
    """Find epochs whose EEG is unlike the night's other epochs of the same stage.

    A p-value of `NoveltyDetector` is reported when it stays below 0.01 after multiplication with the number
    of epochs judged (Bonferroni over the night: at most one alarm in 100 nights without anomalies, if the
    tail were as modelled). It is not quite: epochs have heavier tails and wrong stages, so that the measured
    rate is the one to trust (benchmarks/anomalies.py). Neighbouring findings of one stage are merged. The
    score is −log10 p.

    A robust distance was chosen by measurement: within the stages it ranks faults better than an isolation
    forest, ECOD, the reconstruction error of a PCA, or the distance to ten neighbours on either side.
    """
    names = [name for name, feature in FEATURES.items() if feature.role == "eeg"]
    values = _compress(inputs.features[names].to_numpy(dtype=float), names)
    known = np.isfinite(values).all(axis=1)
    p_values, z_values, n_judged = np.ones(len(values)), np.zeros(values.shape), 0
    for stage in np.unique(inputs.stages[known & ~np.isin(inputs.stages, ["UNS", "ART"])]):
        own = np.flatnonzero(known & (inputs.stages == stage))
        if len(own) >= MIN_EPOCHS:
            detector = NoveltyDetector().fit(values[own])
            p_values[own], z_values[own] = detector.p_value(values[own]), detector.z_values(values[own])
            n_judged += len(own)
    unusual = p_values < ALPHA / max(n_judged, 1)
    return [_describe(run, inputs, p_values, z_values) for run in _runs_by_stage(unusual, inputs.stages)]


def epoch_unusualness(features: pd.DataFrame) -> Array:
    """Measure how far each epoch's most unusual EEG feature is from the middle of the night.

    Parameters
    ----------
    features
        Table of `epoch_features`.

    Returns
    -------
    numpy.ndarray
        Largest absolute robust z over the EEG features, shape (n_epochs,); 0 where nothing is known.

    Examples
    --------
    >>> import pandas as pd
    >>> from sleeplab.features import FEATURES
    >>> table = pd.DataFrame({name: [1.0, 10.0, 0.1, 10.0, 1e6] for name in FEATURES})
    >>> epoch_unusualness(table).round(1).tolist()[:4]
    [0.7, 0.0, 1.3, 0.0]
    """
    names = [name for name, feature in FEATURES.items() if feature.role == "eeg"]
    values = _compress(features[names].to_numpy(dtype=float), names)
    known = np.where(np.isfinite(values), values, np.nan)
    away = np.abs(known - _median(known))
    return np.asarray(np.nan_to_num(away / np.maximum(MAD_TO_SD * _median(away), 1e-3)).max(axis=1))


def _median(values: Array) -> Array:
    """Median of each column over what is known; NaN where nothing is."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All-NaN slice encountered")
        return np.asarray(np.nanmedian(values, axis=0))


def _compress(values: Array, names: list[str]) -> Array:
    """Powers, variances and shares span decades: their logarithm is judged."""
    linear = np.array([name in ("eeg_slope", "eeg_mobility", "eeg_complexity") for name in names])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(linear, values, np.log10(values))


def _runs_by_stage(mask: NDArray[np.bool_], stages: NDArray[np.str_]) -> list[tuple[int, int]]:
    found = []
    for stage in np.unique(stages[mask]):
        found += runs(mask & (stages == stage), bridge=1)
    return found


def _describe(run: tuple[int, int], inputs: Inputs, p_values: Array, z_values: Array) -> Finding:
    start, stop = run
    worst = start + int(np.argmin(p_values[start:stop]))
    names = [name for name, feature in FEATURES.items() if feature.role == "eeg"]
    telling = np.argsort(-np.abs(z_values[worst]))[:3]
    said = []
    for i in telling:
        unit = FEATURES[names[i]].unit
        value = f"{inputs.features[names[i]].iloc[worst]:.3g}{'' if unit == '1' else ' ' + unit}"
        said.append(f"{_in_words(names[i])} {value} (z {z_values[worst][i]:+.1f})")
    p_value = float(p_values[worst])
    return Finding(
        kind="unusual EEG",
        onset_s=start * EPOCH_S,
        duration_s=(stop - start) * EPOCH_S,
        ch_names=tuple(name for name in names_of_role(inputs.recording, "eeg") if inputs.fit[name][worst]),
        score=float(-np.log10(max(p_value, 1e-300))),
        p_value=p_value,
        evidence=f"Unlike the night's other {inputs.stages[worst]} epochs: {', '.join(said)}.",
    )


def _in_words(name: str) -> str:
    words = name.removeprefix("eeg_").removesuffix("_uv2").removesuffix("_uv")
    return {"ptp": "peak-to-peak", "high_freq_ratio": "high-frequency ratio"}.get(
        words, words.replace("_rel", " share").replace("_", " ")
    )
