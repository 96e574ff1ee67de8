"""Whole simulated nights: what was put in is found, and clean hours stay quiet."""

import pandas as pd
import pytest

from sleeplab.anomalies import find_anomalies
from sleeplab.features import epoch_features
from sleeplab.quality import check_quality
from sleeplab.review import SHOWS, match_events, plan_review
from sleeplab.simulate import simulate_night

ABNORMAL = frozenset().union(*SHOWS.values())


def ledger_and_truth(seed: int, patient: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    night = simulate_night(seed, patient=patient)
    gate = check_quality(night.recording)
    features = epoch_features(night.recording, night.hypnogram, gate)
    ledger = find_anomalies(night.recording, gate, night.hypnogram, features)
    return ledger, night.truth[night.truth["kind"].isin(ABNORMAL)].reset_index(drop=True)


def recall(findings: pd.DataFrame, truth: pd.DataFrame, *kinds: str) -> float:
    own = truth[truth["kind"].isin(kinds)]
    assert len(own) > 10
    return float((match_events(findings, own) >= 0).mean())


@pytest.mark.slow
def test_a_healthy_night_is_quiet() -> None:
    ledger, truth = ledger_and_truth(51, "healthy")
    events = ledger[ledger["level"] == "event"]
    false = sum((match_events(events.iloc[[i]], truth) < 0).all() for i in range(len(events)))
    assert false / 8 <= 2  # per hour; about one is usual
    assert not ledger["level"].isin(["night"]).any()
    assert len(ledger) < 120


@pytest.mark.slow
@pytest.mark.parametrize(
    ("patient", "kinds", "least"),
    [
        ("epilepsy", ("spike", "spike_wave"), 0.9),
        ("apnea", ("apnea", "hypopnea", "desaturation"), 0.8),
        ("rbd", ("rem_without_atonia",), 0.8),
        ("plm", ("leg_movement",), 0.7),
    ],
)
def test_what_a_patient_has_is_in_the_ledger(patient: str, kinds: tuple[str, ...], least: float) -> None:
    ledger, truth = ledger_and_truth(52, patient)
    assert recall(ledger, truth, *kinds) >= least
    assert recall(plan_review(ledger), truth, *kinds) > 0.3  # ten minutes of looking


@pytest.mark.slow
def test_a_night_without_rem_says_so() -> None:
    ledger, _ = ledger_and_truth(53, "no_rem")
    assert "no REM" in set(ledger["kind"])
