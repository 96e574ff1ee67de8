"""The ledger and what makes it: form, robustness, whole nights with known truth."""

import numpy as np
import pandas as pd
import pytest
import yasa
from anomaly_helpers import SFREQ, gate_of, night_of, pink, raw_of

from sleeplab.anomalies import KINDS, LEDGER_COLUMNS, Known, find_anomalies
from sleeplab.anomalies._ledger import Finding, group_by_gap, make_ledger, runs, span, stage_counts
from sleeplab.features import epoch_features
from sleeplab.scoring import Scoring
from sleeplab.scoring._model import events_table

NUMBERS = {"onset_s", "duration_s", "score", "p_value"}


def ledger_of(
    channels: dict[str, np.ndarray],
    stages: str,
    unfit: dict[tuple[str, int], str] | None = None,
    **kwargs: object,
) -> pd.DataFrame:
    raw, hypnogram = raw_of(channels), night_of(stages)
    gate = gate_of(raw, unfit)
    return find_anomalies(raw, gate, hypnogram, epoch_features(raw, hypnogram, gate), **kwargs)


def assert_is_a_ledger(ledger: pd.DataFrame) -> None:
    assert tuple(ledger.columns) == LEDGER_COLUMNS
    for name in LEDGER_COLUMNS:
        assert ledger[name].dtype == ("float64" if name in NUMBERS else "str"), name
    assert ledger["onset_s"].is_monotonic_increasing
    assert set(ledger["kind"]) <= set(KINDS)
    assert np.isfinite(ledger[["onset_s", "duration_s", "score"]]).all(axis=None)


def test_an_empty_ledger_has_the_columns_and_types() -> None:
    ledger = make_ledger([], ["N2"])
    assert len(ledger) == 0
    assert_is_a_ledger(ledger)


def test_findings_are_sorted_and_get_stage_level_and_reference() -> None:
    late = Finding("gap", 65.0, 5.0, (), 1.0, "b")
    early = Finding("slow heart", 31.0, 30.0, ("ECG",), 2.0, "a")
    night = Finding("no REM", 0.0, 90.0, (), 3.0, "c", 0.01)
    ledger = make_ledger([late, early, night], ["N1", "N2", "N3"])
    assert_is_a_ledger(ledger)
    assert ledger["kind"].to_list() == ["no REM", "slow heart", "gap"]
    assert ledger["stage"].to_list() == ["", "N2", "N3"]
    assert ledger["level"].to_list() == ["night", "event", "signal"]
    assert ledger["reference"].to_list() == [KINDS[kind].reference for kind in ledger["kind"]]
    assert ledger["p_value"].isna().to_list() == [False, True, True]


def test_a_moment_after_the_last_whole_epoch_is_uns() -> None:
    assert make_ledger([Finding("gap", 61.0, 1.0, (), 1.0, "x")], ["N2", "N2"])["stage"].to_list() == ["UNS"]


@pytest.mark.parametrize(
    "stages",
    ["UUUUUUUU", "WWWWWWWW", "22222222", "RRRRRRRR", "2R2R2R2R"],
    ids=["uns", "wake", "n2", "rem", "mixed"],
)
@pytest.mark.parametrize(
    "names", [("C4-M1",), ("C4-M1", "Chin", "ECG", "LegL", "SpO2"), ("Chin",), ("SpO2",)]
)
def test_short_and_poor_nights_never_raise(stages: str, names: tuple[str, ...]) -> None:
    n = 30 * SFREQ * len(stages)
    channels = {name: np.full(n, 96.0) if name == "SpO2" else pink(7, n) for name in names}
    assert_is_a_ledger(ledger_of(channels, stages))


@pytest.mark.parametrize("value", [0.0, np.nan], ids=["flat", "nan"])
def test_dead_channels_that_the_gate_refuses_give_signal_findings_only(value: float) -> None:
    n, names = 8 * 30 * SFREQ, ("C4-M1", "Chin", "ECG", "LegL", "SpO2")
    unfit = {(name, epoch): "flat" for name in names for epoch in range(8)}
    ledger = ledger_of({name: np.full(n, value) for name in names}, "22222222", unfit)
    assert_is_a_ledger(ledger)
    assert ledger["level"].to_list() == ["signal"]
    assert ledger["kind"].to_list() == ["unfit channel"]


def test_features_of_another_night_are_refused() -> None:
    raw, hypnogram = raw_of({"C4-M1": pink(0, 60 * SFREQ)}), night_of("22")
    features = epoch_features(raw, hypnogram)
    with pytest.raises(ValueError, match="1 rows, 2 epochs in the hypnogram"):
        find_anomalies(raw, gate_of(raw), hypnogram, features[:1])


def test_an_expert_of_another_length_is_refused() -> None:
    raw, hypnogram = raw_of({"C4-M1": pink(0, 60 * SFREQ)}), night_of("22")
    features = epoch_features(raw, hypnogram)
    with pytest.raises(ValueError, match="it has 3 epochs, the machine's 2"):
        find_anomalies(raw, gate_of(raw), hypnogram, features, known=scored_by(night_of("222")))


def scored_by(expert: yasa.Hypnogram) -> Known:
    """Return what is known when a human scored the stages and no event."""
    return Known(scoring=Scoring(expert, events_table([]), pd.DataFrame()))


def machine_of(stages: str, confidence: list[float]) -> yasa.Hypnogram:
    plain = night_of(stages)
    columns = ["WAKE", "N1", "N2", "N3", "REM"]
    proba = np.repeat((1 - np.array(confidence))[:, None] / 4, 5, axis=1)
    names = plain.hypno.astype(str).to_list()
    for epoch, stage in enumerate(names):
        proba[epoch, columns.index(stage)] = confidence[epoch]
    return yasa.Hypnogram(names, proba=pd.DataFrame(proba, columns=columns))


def test_doubtful_scoring_is_in_the_ledger() -> None:
    machine = machine_of("22333322", [0.95, 0.95, 0.98, 0.98, 0.98, 0.98, 0.95, 0.95])
    raw = raw_of({"C4-M1": pink(0, 8 * 30 * SFREQ)})
    known = scored_by(night_of("22RRRR22"))
    ledger = find_anomalies(raw, gate_of(raw), machine, epoch_features(raw, machine), known=known)
    doubtful = ledger[ledger["kind"] == "doubtful scoring"]
    assert doubtful[["onset_s", "duration_s", "level"]].to_numpy().tolist() == [[60.0, 120.0, "label"]]


def test_an_unsure_machine_doubts_nobody() -> None:
    machine = machine_of("2R", [0.95, 0.89])
    raw = raw_of({"C4-M1": pink(0, 60 * SFREQ)})
    known = scored_by(night_of("22"))
    ledger = find_anomalies(raw, gate_of(raw), machine, epoch_features(raw, machine), known=known)
    assert "label" not in set(ledger["level"])


def test_a_hypnogram_without_probabilities_doubts_nobody() -> None:
    raw, hypnogram = raw_of({"C4-M1": pink(0, 60 * SFREQ)}), night_of("22")
    features = epoch_features(raw, hypnogram)
    ledger = find_anomalies(raw, gate_of(raw), hypnogram, features, known=scored_by(night_of("WW")))
    assert "label" not in set(ledger["level"])


def test_runs_bridge_only_short_holes() -> None:
    mask = np.array([1, 0, 1, 0, 0, 1], dtype=bool)
    assert runs(mask) == [(0, 1), (2, 3), (5, 6)]
    assert runs(mask, bridge=1) == [(0, 3), (5, 6)]
    assert runs(mask, bridge=2) == [(0, 6)]
    assert runs(np.zeros(3, dtype=bool)) == []


def test_groups_count_pauses_from_the_latest_end() -> None:
    onsets, ends = np.array([0.0, 5.0, 40.0, 200.0]), np.array([100.0, 6.0, 41.0, 201.0])
    assert group_by_gap(onsets, ends, 30.0) == [slice(0, 3), slice(3, 4)]
    assert group_by_gap(np.zeros(0), np.zeros(0), 60.0) == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3.0, "3 s"), (59.9, "59.9 s"), (60, "1 min"), (3599, "60 min"), (7199, "2 h 00 min")],
)
def test_spans_in_words(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_stage_counts_most_frequent_first() -> None:
    assert stage_counts([1.0, 31.0, 61.0, 62.0], ["N1", "N2", "N3"]) == "N3 2, N1 1, N2 1"


@pytest.mark.parametrize(("p_rem", "believed"), [(0.4, False), (0.9, True)])
def test_a_chin_that_is_active_in_rem_is_told_only_where_there_is_rem(
    p_rem: float, *, believed: bool
) -> None:
    """Six epochs of REM in 5 h, the chin active in half of each: so looks waking that was staged as REM."""
    stages, n_times = "2" * 594 + "R" * 6, 30 * SFREQ
    chin = np.random.default_rng(0).standard_normal((600, n_times))
    chin[594:, : n_times // 2] *= 6
    raw, named = raw_of({"C4-M1": pink(7, 600 * n_times), "Chin": chin.ravel()}), night_of(stages)
    proba = pd.DataFrame((1 - p_rem) / 4, index=range(600), columns=["WAKE", "N1", "N2", "N3", "REM"])
    machine = yasa.Hypnogram(list(named.hypno.astype(str)), proba=proba.assign(REM=p_rem))
    gate = gate_of(raw)
    kinds = set(find_anomalies(raw, gate, machine, epoch_features(raw, machine, gate))["kind"])
    assert ("no REM" in kinds, "REM without atonia" in kinds) == (not believed, believed)
