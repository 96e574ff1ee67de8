"""Norms: the numbers are recomputed from the real scorings; the comparison has a closed form."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from anomaly_helpers import night_of

from sleeplab.anomalies.night import find_night_findings
from sleeplab.norms import (
    STATISTICS,
    compare_with_norm,
    fit_norms,
    mean_age,
    night_statistics,
    read_norms,
    usual_night,
)
from sleeplab.scoring import read_hypnogram

SEXES = ("male", "female")


def test_the_norms_are_those_of_the_25_healthy_nights(shared_data: Callable[[str], Path]) -> None:
    """Each of 25 nights by five scorers; written with two decimals."""
    folder = shared_data("dod/dodh")
    paths = [path for k in range(1, 6) for path in sorted((folder / f"scorer_{k}").glob("*.json"))]
    table = fit_norms([read_hypnogram(path) for path in paths])
    for name, norm in read_norms().items():
        assert norm.n == len({path.name for path in paths}) == len(paths) / 5
        assert norm.mean == pytest.approx(table.loc[name, "mean"], abs=0.005)
        assert norm.sd == pytest.approx(table.loc[name, "sd"], abs=0.005)


def test_few_of_the_healthy_nights_alarm(shared_data: Callable[[str], Path]) -> None:
    """By design a healthy night has any unusual statistic in 5 % at most; these are the norm's own nights."""
    folder = shared_data("dod/dodh")
    alarms = [
        any(f.kind == "unusual architecture" for f in find_night_findings(read_hypnogram(path)))
        for path in sorted((folder / "scorer_2").glob("*.json"))
    ]
    assert len(alarms) == 25
    assert sum(alarms) <= 4  # 25 nights at 5 %: more than 4 in one of 100 cases


def test_changes_with_age_are_the_published_ones() -> None:
    boulos = {"tst_min": -10.1, "se_pct": -2.1, "waso_min": 9.7, "sol_min": 1.1, "n1_pct": 0.5}
    assert {name: read_norms()[name].per_decade for name in boulos} == boulos
    assert {read_norms()[name].change for name in boulos} == {"Boulos et al. 2019"}
    n3 = read_norms()["n3_pct"]
    assert (n3.per_decade_male, n3.per_decade_female) == (-1.9, 0.0)  # Walsleben et al. 2004
    # Mitterling et al. 2015: medians to 30 years and over 60, taken as 25 and 68 years
    assert n3.per_decade == pytest.approx((14.9 - 20.7) / 4.3, abs=0.06)
    assert read_norms()["rem_pct"].per_decade == pytest.approx((10.3 - 15.5) / 4.3, abs=0.06)


@pytest.mark.parametrize(
    ("name", "young", "old"),
    [
        ("tst_min", (345.6, 451.9), (216.0, 440.0)),
        ("se_pct", (71.9, 94.1), (44.5, 90.9)),
        ("waso_min", (1.9, 22.8), (6.3, 48.7)),  # % of the night there
        ("n3_pct", (15.2, 37.5), (2.4, 35.6)),
        ("rem_pct", (7.5, 23.6), (1.9, 21.9)),
    ],
)
def test_spread_grows_as_published(name: str, young: tuple[float, float], old: tuple[float, float]) -> None:
    at_25, at_68 = (usual_night(name, age=age).sd for age in (25, 68))
    assert at_68 / at_25 == pytest.approx((old[1] - old[0]) / (young[1] - young[0]), rel=0.05)


def test_night_statistics_by_hand() -> None:
    # 5 min unscored, 10 min awake, 60 min N2, 5 min awake, 20 min REM, 5 min awake
    stages = "U" * 10 + "W" * 20 + "2" * 120 + "W" * 10 + "R" * 40 + "W" * 10
    night = night_statistics(night_of(stages))
    assert np.isnan(night.pop("n3_breaks_per_h"))
    assert night == pytest.approx(
        {
            "tst_min": 80,
            "se_pct": 80,
            "sol_min": 10,
            "waso_min": 5,
            "rem_latency_min": 65,  # from sleep onset: 60 min of N2 and 5 min awake
            "awakenings_per_h": 1 / (80 / 60) * 2,  # two awakenings in 80 min of sleep
            "shifts_per_h": 1 / (80 / 60) * 2,
            "n1_pct": 0,
            "n2_pct": 75,
            "n3_pct": 0,
            "rem_pct": 25,
        }
    )


def test_breaks_of_n3_and_shifts_by_hand() -> None:
    # 60 epochs of N3 (30 min) left five times: to WAKE (twice), N1, N2 and the unscored
    stages = "3" * 12 + "W" + "3" * 12 + "W" + "3" * 12 + "1" + "3" * 12 + "2" + "3" * 12 + "U" + "2"
    night = night_statistics(night_of(stages))
    assert night["n3_breaks_per_h"] == pytest.approx(3 / 0.5)
    # and back: from N1 and N2 to N3; from WAKE is no shift of sleep
    assert night["shifts_per_h"] == pytest.approx(6 / (63 / 120))


def test_nothing_staged_gives_nan_everywhere() -> None:
    assert np.isnan(list(night_statistics(night_of("U" * 9)).values())).all()


def test_z_and_p_by_hand() -> None:
    norm = read_norms()["tst_min"]
    z, p_value = compare_with_norm("tst_min", norm.mean - 2 * norm.sd)
    assert z == pytest.approx(-2)
    # Student's t with 24 degrees of freedom: 2.0639 leaves 2.5 % on either side
    z, p_value = compare_with_norm("tst_min", norm.mean + 2.0639 * norm.sd * np.sqrt(1 + 1 / 25))
    assert p_value == pytest.approx(0.05, abs=1e-4)


def test_the_norm_moves_with_age() -> None:
    norm = read_norms()["tst_min"]
    z, _ = compare_with_norm("tst_min", norm.mean - 30.3, age=mean_age() + 30)
    assert z == pytest.approx(0, abs=1e-9)


def test_a_prediction_interval_keeps_its_promise() -> None:
    rng = np.random.default_rng(0)
    norm = read_norms()["se_pct"]
    past = rng.normal(size=(4000, 25))
    new = (rng.normal(size=4000) - past.mean(axis=1)) / past.std(axis=1, ddof=1)
    alarms = np.mean([compare_with_norm("se_pct", norm.mean + z * norm.sd)[1] < 0.05 for z in new])
    assert alarms == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 4000))


def test_fit_norms_by_hand() -> None:
    table = fit_norms([night_of("W" * 10 + "2" * 100), night_of("W" * 30 + "2" * 100)])
    assert table.loc["sol_min"].to_list() == pytest.approx([10, np.sqrt(50)])
    assert np.isnan(table.loc["rem_latency_min", "mean"])
    assert table.index.to_list() == list(STATISTICS)


def test_one_night_is_not_a_norm() -> None:
    with pytest.raises(ValueError, match="two nights or more, got 1"):
        fit_norms([night_of("22")])


def test_an_unknown_statistic_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"tst_min, se_pct, sol_min.*got 'TSS'"):
        compare_with_norm("TSS", 3.0)


def test_the_range_holds_95_percent_of_nights_and_stays_possible() -> None:
    norm, usual = read_norms()["n2_pct"], usual_night("n2_pct")
    assert usual.mean == norm.mean
    # 2.0639: Student's t with 24 degrees of freedom
    assert usual.high - usual.mean == pytest.approx(2.0639 * norm.sd * np.sqrt(1 + 1 / 25), rel=1e-4)
    assert (usual_night("sol_min").low, usual_night("se_pct").high) == (0.0, 100.0)


def test_the_basis_says_which_people_and_whose_change() -> None:
    assert usual_night("n3_pct").basis == "25 healthy nights (DOD-H), mean age 35; age not given"
    assert usual_night("n3_pct", age=60).basis.endswith("moved to 60 years (Mitterling et al. 2015)")
    assert usual_night("n3_pct", age=60, sex="male").basis.endswith(
        "moved to men of 60 years (Walsleben et al. 2004)"
    )
    assert usual_night("tst_min", age=60, sex="male").basis.endswith("moved to 60 years (Boulos et al. 2019)")
    assert usual_night("n2_pct", age=60).basis.endswith("of all ages")


def test_n3_falls_with_age_in_men_only() -> None:
    men, women = ([usual_night("n3_pct", age=age, sex=sex).mean for age in (35.3, 75.3)] for sex in SEXES)
    assert men[1] - men[0] == pytest.approx(-1.9 * 4)
    assert women[1] == women[0]


def test_beyond_the_ages_that_were_studied_the_nearest_counts() -> None:
    assert usual_night("tst_min", age=100) == usual_night("tst_min", age=85)._replace(
        basis=usual_night("tst_min", age=100).basis
    )


def test_children_have_no_norm_here() -> None:
    assert np.isnan(compare_with_norm("tst_min", 500.0, age=9)).all()
    with pytest.raises(ValueError, match="adults of 18 years or more, got an age of 9 years"):
        usual_night("tst_min", age=9)
