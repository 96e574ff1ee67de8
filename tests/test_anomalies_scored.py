"""What a human scored is taken over once, and findings about one moment become one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yasa
from anomaly_helpers import SFREQ, gate_of, night_of, pink, raw_of

from sleeplab.anomalies import KINDS, Known, find_anomalies
from sleeplab.anomalies._ledger import Finding, Inputs
from sleeplab.anomalies._merge import merge_related
from sleeplab.anomalies.scored import SCORED, take_over_scored
from sleeplab.features import epoch_features
from sleeplab.scoring import Scoring, read_scoring

STAGES = np.array(["N2"] * 960)  # 8 h of sleep


def scoring_of(rows: list[tuple[float, float, str]], hypnogram: yasa.Hypnogram | None = None) -> Scoring:
    events = pd.DataFrame(rows, columns=["onset_s", "duration_s", "kind"]).assign(channel="SpO2", scorer="")
    return Scoring(hypnogram, events, pd.DataFrame({"kind": ["apnea_seen_by_Jean"]}))


def ours(kind: str, onset_s: float, duration_s: float) -> Finding:
    return Finding(kind, onset_s, duration_s, (), 1.0, "Ours.")


def test_every_kind_is_in_the_ledger_s_table() -> None:
    assert set(SCORED) <= set(KINDS)
    assert {name for scored in SCORED.values() for name in scored.detected} <= set(KINDS)


def test_events_of_one_kind_are_one_finding_until_an_hour_passes() -> None:
    rows = [(100.0, 20.0, "apnea_obstructive"), (200.0, 30.0, "hypopnea"), (300.0, 10.0, "apnea_obstructive")]
    late = [(310 + 3601.0, 15.0, "hypopnea")]
    first, second = take_over_scored([], scoring_of(rows + late), STAGES, ["SpO2", "C4-M1"])
    assert (first.kind, first.onset_s, first.duration_s) == ("scored breathing events", 100.0, 210.0)
    assert first.ch_names == ("SpO2",)
    assert first.score == pytest.approx(2.0)  # log2(1 + 3)
    # four events in 8 h of sleep
    assert first.evidence.startswith(
        "3 scored in 3.5 min: 2 apnea obstructive, 1 hypopnea (N2 3), 0.5 per hour of sleep"
    )
    assert (second.onset_s, second.duration_s) == (3911.0, 15.0)
    assert second.evidence.startswith("1 scored in 15 s (N2 1), 0.5 per hour")


def test_our_finding_of_a_scored_event_is_dropped() -> None:
    scored = scoring_of([(100.0, 10.0, "arousal_limb")])
    left = take_over_scored([ours("arousal-like shift", 104.0, 5.0)], scored, STAGES)
    assert [finding.kind for finding in left] == ["scored arousals"]


def test_our_finding_of_what_was_not_scored_stays_and_says_so() -> None:
    scored = scoring_of([(100.0, 10.0, "arousal")])
    kept, _ = take_over_scored([ours("arousal-like shift", 120.0, 5.0)], scored, STAGES)
    assert kept.evidence == "Ours. No scored counterpart."


def test_a_series_of_which_little_was_scored_stays_and_says_so() -> None:
    scored = scoring_of([(1000.0, 20.0, "desaturation"), (1200.0, 20.0, "desaturation")])
    whole = ours("desaturation series", 990.0, 240.0)
    partly = ours("desaturation series", 990.0, 1230.0)  # nothing scored from 1220 to 2220 s, and 5 s
    (left, _) = take_over_scored([whole, partly], scored, STAGES)
    assert left == partly._replace(evidence="Ours. Nothing scored in 16.8 min of it.")


def test_a_kind_that_was_not_scored_says_nothing_about_ours() -> None:
    mine = ours("leg movement series", 100.0, 60.0)
    assert mine in take_over_scored([mine], scoring_of([(100.0, 60.0, "arousal")]), STAGES)


def test_other_kinds_and_people_s_own_words_are_not_taken() -> None:
    rows = [(1.0, 1.0, "position_left"), (2.0, 1.0, "apnea_seen_by_Jean"), (3.0, 1.0, "plmx")]
    assert take_over_scored([], scoring_of(rows), STAGES) == []


def test_the_ledger_of_a_night_with_scored_desaturations() -> None:
    """Two true falls of SpO2: one scored. Without a scoring both are found; with it none twice."""
    n = 30 * 40
    spo2 = np.full(n, 96.0)
    spo2[300:340], spo2[900:940] = 88.0, 88.0
    raw = raw_of({"C4-M1": pink(1, n * SFREQ), "SpO2": np.repeat(spo2, SFREQ)})
    night = night_of("2" * 40)
    features = epoch_features(raw, night)

    def kinds(known: Known) -> list[tuple[str, float]]:
        ledger = find_anomalies(raw, gate_of(raw), night, features, known=known)
        falls = ledger[ledger["kind"].str.contains("desaturation")]
        return list(zip(falls["kind"], falls["onset_s"].round(-1), strict=True))

    assert kinds(Known()) == [("desaturation", 300.0), ("desaturation", 900.0)]
    known = Known(scoring=scoring_of([(302.0, 35.0, "desaturation")]))
    assert kinds(known) == [("scored desaturations", 300.0), ("desaturation", 900.0)]
    ledger = find_anomalies(raw, gate_of(raw), night, features, known=known)
    scored = ledger[ledger["kind"] == "scored desaturations"].iloc[0]
    assert (scored["level"], scored["reference"]) == ("event", "scored by a human")


def test_a_real_noxturnal_scoring_is_taken_over(shared_data: Callable[[str], Path]) -> None:
    """Every arousal, apnea, hypopnea and desaturation of the real night is in exactly one finding."""
    scoring = read_scoring(shared_data("nox/scoring_night2.csv"))
    assert scoring.hypnogram is not None
    stages = scoring.hypnogram.hypno.astype(str).to_numpy().astype(str)
    findings = take_over_scored([], scoring, stages)
    families = scoring.events["kind"].str.split("_").str[0]
    for kind, names in (
        ("scored arousals", ["arousal"]),
        ("scored desaturations", ["desaturation"]),
        ("scored breathing events", ["apnea", "hypopnea"]),
    ):
        n = int(families.isin(names).sum())
        assert n > 0
        taken = [round(2**finding.score - 1) for finding in findings if finding.kind == kind]
        assert sum(taken) == n
    assert {finding.kind for finding in findings} <= set(SCORED)


def inputs_of(unfit: dict[str, list[int]]) -> Inputs:
    """Ten epochs of three EEG channels and a chin; the epochs of `unfit` are refused."""
    raw = raw_of({name: np.zeros(10 * 30 * SFREQ) for name in ("C3-M2", "C4-M1", "O2-M1", "Chin")})
    fit = {name: ~np.isin(np.arange(10), unfit.get(name, [])) for name in raw.ch_names}
    return Inputs(raw, np.array(["N2"] * 10), fit, pd.DataFrame())


def unusual(onset_s: float, duration_s: float = 30.0) -> Finding:
    return Finding("unusual EEG", onset_s, duration_s, ("C3-M2",), 5.0, "Unlike the others.", 1e-5)


def test_an_unusual_epoch_and_what_lies_in_it_are_one() -> None:
    shift = Finding("arousal-like shift", 70.0, 8.0, ("C4-M1",), 1.2, "Faster.")
    later = unusual(150.0)
    merged = merge_related([unusual(60.0), shift, later], inputs_of({}))
    assert merged == [
        shift._replace(evidence="Faster. Unlike the others.", ch_names=("C4-M1", "C3-M2")),
        later,
    ]


def test_a_series_does_not_swallow_an_epoch() -> None:
    findings = [unusual(60.0), Finding("arousal-like series", 0.0, 300.0, (), 3.0, "Many.")]
    assert merge_related(findings, inputs_of({})) == findings


def test_lost_electrodes_explain_that_the_others_are_unusual() -> None:
    two = inputs_of({"C4-M1": [2, 3], "O2-M1": [2, 3]})
    assert merge_related([unusual(60.0, 60.0), unusual(150.0)], two) == [unusual(150.0)]
    assert merge_related([unusual(60.0)], inputs_of({"O2-M1": [2, 3]})) == [unusual(60.0)]
    assert merge_related([unusual(30.0, 120.0)], two) == [unusual(30.0, 120.0)]  # half of it only
    shift = Finding("arousal-like shift", 70.0, 8.0, ("C3-M2",), 1.2, "Faster.")
    assert merge_related([shift], two) == [shift]
