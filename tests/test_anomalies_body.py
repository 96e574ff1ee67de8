"""Oxygen, legs, heart and chin: the published rules at their limits."""

import numpy as np
import pandas as pd
import pytest
from anomaly_helpers import SFREQ, night_of, raw_of

from sleeplab.anomalies._ledger import Finding, Inputs
from sleeplab.anomalies.body import find_desaturations, find_heart_extremes, find_leg_series, find_rem_tone
from sleeplab.features import fit_mask

N_EPOCHS = 40
SECONDS = N_EPOCHS * 30


def inputs_of(
    channels: dict[str, np.ndarray], stages: str = "2" * N_EPOCHS, features: pd.DataFrame | None = None
) -> Inputs:
    raw = raw_of(channels)
    names = night_of(stages).hypno.astype(str).to_numpy().astype(str)
    return Inputs(raw, names, fit_mask(raw, None), pd.DataFrame() if features is None else features)


def spo2_of(*dips: tuple[float, float, float], base: float = 96.0) -> Inputs:
    """SpO2 with triangular dips (onset_s, seconds down and up, depth)."""
    t = np.arange(SECONDS, dtype=float)
    x = np.full(SECONDS, base)
    for onset, seconds, depth in dips:
        x -= np.interp(t, [onset, onset + seconds / 2, onset + seconds], [0, depth, 0], left=0, right=0)
    return inputs_of({"SpO2": np.repeat(np.round(x), SFREQ)})


def test_a_fall_of_3_percent_counts_and_of_2_does_not() -> None:
    (finding,) = find_desaturations(spo2_of((300, 40, 3.0)))
    assert finding.kind == "desaturation"
    assert "fell by 3.0 % to 93 %" in finding.evidence
    assert finding.onset_s == pytest.approx(300, abs=10)  # rounded to 1 %: begins when half a percent is lost
    assert find_desaturations(spo2_of((300, 40, 2.4))) == []


def test_a_fall_shorter_than_10_s_or_a_slow_drift_is_none() -> None:
    assert find_desaturations(spo2_of((300, 6, 6.0))) == []
    slow = np.repeat(np.round(np.linspace(98, 88, SECONDS)), SFREQ)  # 0.5 % per minute
    assert find_desaturations(inputs_of({"SpO2": slow})) == []


def test_many_falls_are_one_series_with_its_rate() -> None:
    (finding,) = find_desaturations(spo2_of(*((100.0 + 60 * k, 40, 6.0) for k in range(10))))
    assert finding.kind == "desaturation series"
    assert finding.evidence.startswith("10 desaturations in 9.")
    assert "mean fall 6.0 %, lowest 90 %" in finding.evidence


def test_a_lost_probe_is_no_desaturation() -> None:
    x = np.full(SECONDS, 96.0)
    x[300:330], x[600:640] = 0.0, 127.0
    assert find_desaturations(inputs_of({"SpO2": np.repeat(x, SFREQ)})) == []


def test_low_oxygen_needs_five_minutes() -> None:
    for seconds, expected in ((310, 1), (290, 0)):
        x = np.full(SECONDS, 89.0)
        x[400 : 400 + seconds] = 88.0
        found = find_desaturations(inputs_of({"SpO2": np.repeat(x, SFREQ)}))
        assert [f.kind for f in found] == ["low oxygen"] * expected


def legs_of(onsets: list[float], *, seconds: float = 2.0, uv: float = 40.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = 2.0 * rng.standard_normal(SECONDS * SFREQ)
    for onset in onsets:
        start, n = round(onset * SFREQ), round(seconds * SFREQ)
        x[start : start + n] += uv * rng.standard_normal(n)
    return x


def series(
    left: list[float], right: list[float] | None = None, stages: str = "2" * N_EPOCHS, **kwargs: float
) -> list[Finding]:
    channels = {"LegL": legs_of(left, **kwargs), "LegR": legs_of(right or [], seed=1)}
    return find_leg_series(inputs_of(channels, stages))


def every(interval_s: float, n: int, start: float = 100.0) -> list[float]:
    return [start + interval_s * k for k in range(n)]


def test_four_movements_30_s_apart_are_a_series() -> None:
    (finding,) = series(every(30, 4))
    assert finding.evidence == "4 leg movements, 30 s apart on average (N2 4)."
    assert finding.onset_s == pytest.approx(100, abs=0.3)  # envelope of 0.15 s
    assert finding.score == pytest.approx(2.0)
    assert series(every(30, 3)) == []


@pytest.mark.parametrize(("interval_s", "n_series"), [(8, 0), (12, 1), (85, 1), (95, 0)])
def test_intervals_are_10_to_90_s(interval_s: float, n_series: int) -> None:
    assert len(series(every(interval_s, 6))) == n_series


def test_an_interval_outside_ends_the_series_and_series_near_each_other_are_one_finding() -> None:
    (finding,) = series([*every(30, 4), *every(30, 5, 400.0)])  # 210 s from the last to the first
    assert finding.evidence == "9 leg movements in 2 series, 30 s apart on average (N2 9)."
    assert finding.onset_s + finding.duration_s == pytest.approx(520.5, abs=0.3)
    assert finding.score == pytest.approx(np.log2(9))
    assert series([*every(30, 3), *every(30, 3, 400.0)]) == []  # twice three is no series


def test_series_more_than_15_min_apart_are_two_findings() -> None:
    assert len(series([*every(30, 4), *every(30, 4, 1080.0)])) == 1  # 890 s from the last to the first
    assert len(series([*every(30, 4), *every(30, 4, 1095.0)])) == 2


def test_a_movement_in_a_short_awakening_neither_counts_nor_ends_the_series() -> None:
    stages = "2" * 6 + "W" + "2" * 33  # awake from 180 to 210 s
    (finding,) = series(every(30, 6), stages=stages)  # the fourth, at 190 s, lies in it
    assert finding.evidence == "5 leg movements, 38 s apart on average (N2 5)."  # 150 s in 4 intervals


def test_both_legs_together_are_one_movement_and_alternating_ones_a_series() -> None:
    (finding,) = series(every(30, 5), [at + 1 for at in every(30, 5)])
    assert finding.evidence.startswith("5 leg movements, 30 s")
    (finding,) = series(every(60, 3), every(60, 3, 130.0))
    assert finding.evidence.startswith("6 leg movements, 30 s")


@pytest.mark.parametrize(("seconds", "uv"), [(0.2, 40.0), (12.0, 40.0), (2.0, 6.0)])
def test_too_short_too_long_or_too_weak_is_no_movement(seconds: float, uv: float) -> None:
    assert series(every(40, 6), seconds=seconds, uv=uv) == []


def test_legs_that_move_awake_do_not_count() -> None:
    assert series(every(30, 6), stages="W" * N_EPOCHS) == []


def heart(rates: dict[int, float], stages: str = "2" * N_EPOCHS) -> list[Finding]:
    rate = np.full(N_EPOCHS, 60.0)
    for epoch, value in rates.items():
        rate[epoch] = value
    channels = {"ECG": np.zeros(SECONDS * SFREQ)}
    return find_heart_extremes(inputs_of(channels, stages, pd.DataFrame({"ecg_rate_bpm": rate})))


def test_heart_rate_limits_in_sleep() -> None:
    slow, fast = heart({3: 39.0, 4: 35.0, 10: 91.0, 20: 40.0, 21: 90.0})
    assert (slow.kind, slow.onset_s, slow.duration_s) == ("slow heart", 90.0, 60.0)
    assert (fast.kind, fast.onset_s, fast.duration_s) == ("fast heart", 300.0, 30.0)
    assert fast.evidence == "Heart rate 91/min for 30 s of sleep (limit 90/min)."
    assert heart({3: 39.0, 10: 120.0}, "W" * N_EPOCHS) == []
    assert heart({3: np.nan}) == []


def tone(active: dict[int, int]) -> list[Finding]:
    """Chin of 2 µV in N2 and 1 µV in REM (epochs 20-39), some REM epochs with 3-s pieces of 6 µV."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(SECONDS * SFREQ)
    x[: 20 * 30 * SFREQ] *= 2
    for epoch, n_pieces in active.items():
        x[epoch * 30 * SFREQ : (epoch * 30 + 3 * n_pieces) * SFREQ] *= 6
    return find_rem_tone(inputs_of({"Chin": x}, "2" * 20 + "R" * 20))


def test_rem_with_a_relaxed_chin_is_ordinary() -> None:
    assert tone({}) == []
    assert tone({20: 5, 30: 5}) == []  # 10 of 200 pieces


def test_rem_whose_chin_is_active_is_found_with_its_share() -> None:
    (finding,) = tone(dict.fromkeys(range(20, 40), 5))
    assert (finding.kind, finding.onset_s, finding.duration_s) == ("REM without atonia", 600.0, 600.0)
    assert "Chin active in 50 % of the 3-s pieces of 10 min of REM" in finding.evidence
    assert finding.score == pytest.approx(0.5 / 0.18)


def test_several_periods_are_one_finding_and_very_short_ones_do_not_count() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal(SECONDS * SFREQ)
    stages = "2" * 10 + "R" * 10 + "2" * 5 + "R" * 10 + "2" * 3 + "RR"  # the last is shorter than 1.5 min
    for epoch in (*range(10, 20), *range(25, 35), 38, 39):
        n_pieces = 4 if epoch < 20 else 2 if epoch < 35 else 10
        x[epoch * 30 * SFREQ : (epoch * 30 + 3 * n_pieces) * SFREQ] *= 6
    (finding,) = find_rem_tone(inputs_of({"Chin": x}, stages))
    assert (finding.onset_s, finding.duration_s) == (300.0, 750.0)
    assert "Chin active in 30 % of the 3-s pieces of 10 min of REM (limit 18 %" in finding.evidence
    assert finding.score == pytest.approx(0.3 / 0.18 * np.log2(3))


def test_a_chin_that_never_relaxes_in_rem_is_measured_against_the_other_stages() -> None:
    (finding,) = tone(dict.fromkeys(range(20, 40), 10))
    assert "Chin active in 100 % of the 3-s pieces" in finding.evidence


def test_no_rem_no_judgement() -> None:
    assert find_rem_tone(inputs_of({"Chin": np.ones(SECONDS * SFREQ)})) == []
