"""The novelty detector: scikit-learn's contract, known outliers, the stated rate of false alarms."""

import numpy as np
import pytest
from anomaly_helpers import SFREQ, night_of, pink, raw_of
from sklearn.utils.estimator_checks import check_estimator

from sleeplab.anomalies._ledger import Finding, Inputs
from sleeplab.anomalies.novelty import NoveltyDetector, find_unusual_epochs
from sleeplab.features import epoch_features, fit_mask


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")  # optional array libraries
def test_scikit_learns_contract_holds() -> None:
    check_estimator(NoveltyDetector())


def test_z_values_by_hand() -> None:
    rows = np.array([[0.0], [1.0], [2.0], [3.0], [4.0]])  # median 2, MAD 1
    detector = NoveltyDetector().fit(rows)
    assert detector.z_values([[2.0], [3.4826], [-0.9652]])[:, 0] == pytest.approx([0, 1, -2])


def test_distance_of_independent_features_is_the_sum_of_squared_z() -> None:
    rows = np.random.default_rng(0).normal(size=(20000, 3))
    detector = NoveltyDetector().fit(rows)
    point = np.array([[1.0, -2.0, 2.0]])
    # 9; a correlation learned from 20 000 rows is within 1/sqrt(20000) = 0.7 % of none
    assert np.exp(detector.novelty_score(point))[0] == pytest.approx(9.0, rel=0.05)


def test_correlated_features_that_disagree_are_further_out_than_ones_that_agree() -> None:
    rng = np.random.default_rng(1)
    common = rng.normal(size=(2000, 1))
    detector = NoveltyDetector().fit(common + 0.2 * rng.normal(size=(2000, 2)))
    agree, disagree = detector.novelty_score([[2.0, 2.0], [2.0, -2.0]])
    assert disagree > agree + np.log(5)


def test_up_is_more_unusual_and_p_goes_down() -> None:
    detector = NoveltyDetector().fit(np.random.default_rng(2).normal(size=(500, 4)))
    points = np.arange(1, 9)[:, None] * np.ones(4)
    assert (np.diff(detector.novelty_score(points)) > 0).all()
    assert (np.diff(detector.p_value(points)) < 0).all()
    assert detector.score_samples(points) == pytest.approx(-detector.novelty_score(points))


def test_a_tenth_of_gross_outliers_does_not_move_what_is_usual() -> None:
    rows = np.random.default_rng(3).normal(size=(500, 3))
    rows[:50] += 50
    detector = NoveltyDetector(alpha=1e-3).fit(rows)
    assert np.abs(detector.center_).max() < 0.3  # a shift of 10 % of the rows moves a median by 0.13 σ
    assert (detector.predict(rows[:50]) == -1).all()
    assert (detector.predict(rows[50:]) == 1).mean() > 0.98


def test_the_limit_is_at_the_stated_p_value() -> None:
    rows = np.random.default_rng(4).normal(size=(1000, 6))
    detector = NoveltyDetector(alpha=0.01).fit(rows)
    assert (detector.predict(rows) == -1).tolist() == (detector.p_value(rows) < 0.01).tolist()


def test_nights_of_normal_rows_alarm_at_most_at_the_stated_rate() -> None:
    rng = np.random.default_rng(4)
    nights = [rng.normal(size=(300, 16)) for _ in range(100)]
    alarmed = np.mean([NoveltyDetector().fit(rows).p_value(rows).min() < 0.05 / 300 for rows in nights])
    assert alarmed <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)


def night_with(changes: dict[int, float], *, seed: int = 0) -> list[tuple[float, float, str]]:
    """Pink noise in N2 and N3, with a 25-Hz rhythm added in some epochs; the unusual EEG that is found."""
    n_epochs = 120
    x = pink(seed, n_epochs * 30 * SFREQ)
    x[60 * 30 * SFREQ :] *= 2  # N3 is twice as high, and no anomaly for it
    t = np.arange(30 * SFREQ) / SFREQ
    for epoch, amplitude in changes.items():
        x[epoch * 30 * SFREQ : (epoch + 1) * 30 * SFREQ] += amplitude * np.sin(2 * np.pi * 25 * t)
    found = unusual(x, "2" * 60 + "3" * 60)
    return [(finding.onset_s, finding.duration_s, finding.evidence) for finding in found]


def unusual(x: np.ndarray, stages: str) -> list[Finding]:
    raw, hypnogram = raw_of({"C4-M1": x}), night_of(stages)
    names = hypnogram.hypno.astype(str).to_numpy().astype(str)
    found = find_unusual_epochs(Inputs(raw, names, fit_mask(raw, None), epoch_features(raw, hypnogram)))
    return sorted(found, key=lambda finding: finding.onset_s)


def test_a_stage_twice_as_high_is_usual_for_itself() -> None:
    # at a stated rate of 5 %, three alarms or more in ten nights have a chance of 1 %
    assert sum(len(night_with({}, seed=seed)) > 0 for seed in range(10)) <= 2


def test_what_is_usual_in_one_stage_is_unusual_in_another() -> None:
    n = 30 * SFREQ
    x = pink(1, 120 * n)
    for epoch in (*range(1, 120, 2), 60):  # N3, every other epoch, is twice as high; so is one epoch of N2
        x[epoch * n : (epoch + 1) * n] *= 2
    found = [finding for finding in unusual(x, "23" * 60) if "other N2 epochs" in finding.evidence]
    assert [finding.onset_s for finding in found] == [1800.0]


def test_planted_epochs_are_found_merged_and_explained() -> None:
    found = night_with({20: 15.0, 21: 15.0, 90: 30.0})
    assert [(onset, duration) for onset, duration, _ in found] == [(600.0, 60.0), (2700.0, 30.0)]
    assert "other N2 epochs" in found[0][2]
    assert "other N3 epochs" in found[1][2]
    assert all("beta" in evidence for _, _, evidence in found)


def test_too_few_epochs_of_a_stage_are_not_judged() -> None:
    n = 10 * 30 * SFREQ
    x = pink(0, n)
    x[: 30 * SFREQ] *= 20
    assert unusual(x, "2" * 10) == []
