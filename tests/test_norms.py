"""Norms: the numbers are recomputed from the real scorings; the comparison has a closed form."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yasa
from anomaly_helpers import night_of

from sleeplab.norms import (
    STATISTICS,
    compare_with_norm,
    fit_norms,
    mean_age,
    night_statistics,
    read_norms,
)

STAGES = ["WAKE", "N1", "N2", "N3", "REM"]


def consensus(votes: np.ndarray) -> yasa.Hypnogram:
    """Majority of the scorers; ties to the one who agrees most with the others. -1 is no vote."""
    chosen = np.stack([votes == code for code in range(5)])
    agreement = []
    for k in range(len(votes)):
        others = np.delete(chosen, k, axis=1).sum(axis=1)
        most = others.max(axis=0)
        with_k = np.array([others[code, i] if code >= 0 else 0 for i, code in enumerate(votes[k])])
        judged = (votes[k] >= 0) & (most > 0)
        agreement.append((with_k[judged] / most[judged]).mean())
    best = votes[int(np.argmax(agreement))]
    counts = chosen.sum(axis=1).astype(float)
    counts[best[best >= 0], np.flatnonzero(best >= 0)] += 0.5
    codes = np.where(counts.max(axis=0) > 0, counts.argmax(axis=0), -1)
    return yasa.Hypnogram(["UNS" if code < 0 else STAGES[code] for code in codes])


def test_the_norms_are_those_of_the_25_healthy_nights(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("dod/dodh")
    names = sorted(path.name for path in (folder / "scorer_1").glob("*.json"))
    nights = []
    for name in names:
        votes = [json.loads((folder / f"scorer_{k}" / name).read_text()) for k in range(1, 6)]
        nights.append(consensus(np.array(votes)))
    table = fit_norms(nights)
    for name, norm in read_norms().items():
        assert norm.n == len(names)
        assert norm.mean == pytest.approx(table.loc[name, "mean"], abs=0.005)  # written with two decimals
        assert norm.sd == pytest.approx(table.loc[name, "sd"], abs=0.005)


def test_changes_with_age_are_the_published_ones() -> None:
    published = {"TST": -10.1, "SE": -2.1, "WASO": 9.7, "SOL": 1.1, "%N1": 0.5}
    assert {name: read_norms()[name].per_decade for name in published} == published


def test_night_statistics_by_hand() -> None:
    # 5 min unscored, 10 min awake, 60 min N2, 5 min awake, 20 min REM, 5 min awake
    stages = "U" * 10 + "W" * 20 + "2" * 120 + "W" * 10 + "R" * 40 + "W" * 10
    night = night_statistics(night_of(stages))
    assert night == pytest.approx(
        {
            "TST": 80,
            "SE": 80,
            "SOL": 10,
            "WASO": 5,
            "REM latency": 65,  # from sleep onset: 60 min of N2 and 5 min awake
            "SFI": 1 / (80 / 60) * 2,  # two awakenings in 80 min of sleep
            "%N1": 0,
            "%N2": 75,
            "%N3": 0,
            "%REM": 25,
        }
    )


def test_nothing_staged_gives_nan_everywhere() -> None:
    assert np.isnan(list(night_statistics(night_of("U" * 9)).values())).all()


def test_z_and_p_by_hand() -> None:
    norm = read_norms()["TST"]
    z, p_value = compare_with_norm("TST", norm.mean - 2 * norm.sd)
    assert z == pytest.approx(-2)
    # Student's t with 24 degrees of freedom: 2.0639 leaves 2.5 % on either side
    z, p_value = compare_with_norm("TST", norm.mean + 2.0639 * norm.sd * np.sqrt(1 + 1 / 25))
    assert p_value == pytest.approx(0.05, abs=1e-4)


def test_the_norm_moves_with_age() -> None:
    norm = read_norms()["TST"]
    z, _ = compare_with_norm("TST", norm.mean - 30.3, age=mean_age() + 30)
    assert z == pytest.approx(0, abs=1e-9)


def test_a_prediction_interval_keeps_its_promise() -> None:
    rng = np.random.default_rng(0)
    norm = read_norms()["SE"]
    past = rng.normal(size=(4000, 25))
    new = (rng.normal(size=4000) - past.mean(axis=1)) / past.std(axis=1, ddof=1)
    alarms = np.mean([compare_with_norm("SE", norm.mean + z * norm.sd)[1] < 0.05 for z in new])
    assert alarms == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 4000))


def test_fit_norms_by_hand() -> None:
    table = fit_norms([night_of("W" * 10 + "2" * 100), night_of("W" * 30 + "2" * 100)])
    assert table.loc["SOL"].to_list() == pytest.approx([10, np.sqrt(50)])
    assert np.isnan(table.loc["REM latency", "mean"])
    assert table.index.to_list() == list(STATISTICS)


def test_one_night_is_not_a_norm() -> None:
    with pytest.raises(ValueError, match="two nights or more, got 1"):
        fit_norms([night_of("22")])


def test_an_unknown_statistic_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"TST, SE, SOL.*got 'TSS'"):
        compare_with_norm("TSS", 3.0)
