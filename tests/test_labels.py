"""The audit of a human scoring: planted errors are found, ordinary disagreement is not."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yasa

from sleeplab.anomalies import KINDS
from sleeplab.anomalies.labels import (
    AUDIT_COLUMNS,
    HUMAN_CONFUSION,
    KINDS_OF,
    RARE,
    audit_scoring,
    find_doubtful_scoring,
)

STAGES = ["WAKE", "N1", "N2", "N3", "REM"]


def night(letters: str) -> np.ndarray:
    names = {"W": "WAKE", "1": "N1", "2": "N2", "3": "N3", "R": "REM", "U": "UNS"}
    return np.array([names[letter] for letter in letters])


def machine(stages: np.ndarray, sure: float = 0.96) -> yasa.Hypnogram:
    """Stages with one confidence, the rest shared by the other stages."""
    proba = np.full((len(stages), 5), (1 - sure) / 4)
    for i, stage in enumerate(stages):
        proba[i] = 0.0 if stage == "UNS" else proba[i]
        if stage != "UNS":
            proba[i, STAGES.index(stage)] = sure
    table = pd.DataFrame(proba, columns=STAGES).assign(UNS=(stages == "UNS").astype(float))
    return yasa.Hypnogram(list(stages), proba=table)


def expert(stages: np.ndarray) -> yasa.Hypnogram:
    return yasa.Hypnogram(list(stages), scorer="expert")


CYCLES = night("WWWW11" + ("22222222223333333333" * 3 + "2222RRRRRRRRRR1222" + "W1") * 4 + "WWWW")


def test_a_scoring_that_agrees_has_nothing_to_look_at() -> None:
    audit = audit_scoring(machine(CYCLES), expert(CYCLES))
    assert audit.empty
    assert tuple(audit.columns) == AUDIT_COLUMNS


def test_the_odds_by_hand() -> None:
    """REM where the machine says N3 with 0.96: p = Σ p(stage) · P(human says REM | stage)."""
    ours, theirs = night("3333"), night("3RR3")
    row = audit_scoring(machine(ours), expert(theirs)).iloc[0]
    share = HUMAN_CONFUSION / HUMAN_CONFUSION.sum(axis=1, keepdims=True)
    odds = 0.96 * share[3, 4] + 0.01 * (share[0, 4] + share[1, 4] + share[2, 4] + share[4, 4])
    assert row["score"] == pytest.approx(-2 * np.log10(odds))
    assert (row["onset_s"], row["duration_s"]) == (30.0, 60.0)
    assert (row["reason"], row["expert"], row["machine"]) == ("unlikely stage", "REM", "N3")
    assert f"1 of {1 / odds:.0f} experts" in row["evidence"]


@pytest.mark.parametrize(("ours", "theirs"), [("2", "3"), ("3", "2"), ("1", "2"), ("W", "1"), ("1", "W")])
def test_what_experts_disagree_about_daily_is_left_alone(ours: str, theirs: str) -> None:
    assert audit_scoring(machine(night(ours * 20)), expert(night(theirs * 20))).empty


def test_an_unsure_machine_doubts_nothing() -> None:
    assert not audit_scoring(machine(night("3" * 8)), expert(night("R" * 8))).empty
    assert audit_scoring(machine(night("3" * 8), sure=0.4), expert(night("R" * 8))).empty


def test_unscored_epochs_are_not_judged() -> None:
    assert audit_scoring(machine(night("UUUU3333")), expert(night("RRRRUUUU"))).empty


def test_rare_transitions_are_named_once() -> None:
    theirs = night("22WW33RR22")
    audit = audit_scoring(machine(theirs, sure=0.5), expert(theirs))
    assert audit["reason"].tolist() == ["rare transition"] * 2
    assert audit["expert"].tolist() == ["WAKE→N3", "N3→REM"]
    assert audit["onset_s"].tolist() == [90.0, 150.0]
    assert audit["score"].tolist() == pytest.approx([4.0, -np.log10(0.7e-3)])
    doubted = audit_scoring(machine(night("22WWWWRR22")), expert(theirs))
    assert doubted["reason"].tolist() == ["unlikely stage"]  # it explains both transitions


@pytest.mark.parametrize("lag", [-40, -10, 3, 10, 60])
def test_a_shifted_clock_is_found_and_measured(lag: int) -> None:
    """Stretches of the night differ, so that only one shift fits."""
    rng = np.random.default_rng(0)
    truth = np.repeat(rng.choice(STAGES, 60), rng.integers(2, 30, 60))
    audit = audit_scoring(machine(truth), expert(np.roll(truth, lag)))
    assert audit["reason"].tolist() == ["shifted clock"]
    way = "earlier" if lag > 0 else "later"  # a scoring that came late fits earlier
    assert f"fits {abs(lag)} epochs" in audit["evidence"][0]
    assert f"{way}: κ 1.00 instead of" in audit["evidence"][0]
    assert audit["duration_s"][0] == 30.0 * len(truth)


def test_another_night_is_one_row() -> None:
    nights = []
    for seed in (1, 2):
        rng = np.random.default_rng(seed)
        nights.append(np.repeat(rng.choice(STAGES, 100), rng.integers(2, 16, 100))[:700])
    audit = audit_scoring(machine(nights[0]), expert(nights[1]))
    assert audit["reason"].tolist() == ["another night"]
    assert audit["score"][0] > 0.7  # 1 − κ, κ near 0


def test_less_than_an_hour_is_no_case_for_the_whole_file() -> None:
    truth = night("2222333322RR1122WW12" * 5)
    reasons = audit_scoring(machine(truth), expert(np.roll(truth, 10)))["reason"]
    assert "shifted clock" not in set(reasons)


def test_the_evidence_quotes_the_missing_slow_waves() -> None:
    ours, theirs = night("3333RRRR"), night("33333333")
    features = pd.DataFrame({"eeg_delta_power_uv2": [400.0] * 4 + [20.0] * 4, "chin_rms_uv": np.nan})
    evidence = audit_scoring(machine(ours), expert(theirs), features)["evidence"][0]
    assert "Its delta power is 20 µV²; in what the machine calls N3 it is 400." in evidence
    assert "chin tone" not in audit_scoring(machine(theirs), expert(ours), features)["evidence"][0]


def test_the_ledger_knows_every_reason() -> None:
    for reason, kind in KINDS_OF.items():
        assert KINDS[kind].level == "label", reason
    found = find_doubtful_scoring(machine(night("3333")), expert(night("3RR3")))
    audit = audit_scoring(machine(night("3333")), expert(night("3RR3")))
    assert [(f.kind, f.onset_s, f.duration_s, f.score, f.evidence) for f in found] == [
        ("doubtful scoring", 30.0, 60.0, audit["score"][0], audit["evidence"][0])
    ]
    assert find_doubtful_scoring(yasa.Hypnogram(["N3"]), expert(night("R"))) == []


def test_what_cannot_be_audited_is_refused() -> None:
    with pytest.raises(ValueError, match=r"it has 2 epochs, the machine's 3\. Align it first"):
        audit_scoring(machine(night("222")), expert(night("22")))
    with pytest.raises(ValueError, match="needs the machine's probabilities"):
        audit_scoring(yasa.Hypnogram(["N2"]), expert(night("2")))


def dod_codes(folder: Path) -> list[np.ndarray]:
    """Codes of five scorers, shape (5, n_epochs) per night, while all of them scored; -1 is not scored."""
    nights = []
    for file in sorted((folder / "scorer_1").glob("*.json")):
        paths = [folder / f"scorer_{i}" / file.name for i in range(1, 6)]
        codes = np.array([json.loads(p.read_text(encoding="ascii")) for p in paths])
        scored = [np.flatnonzero(row >= 0) for row in codes]
        nights.append(codes[:, max(s[0] for s in scored) : min(s[-1] for s in scored) + 1])
    return nights


def test_the_confusion_of_people_is_that_of_dod(shared_data: Callable[[str], Path]) -> None:
    counts = np.zeros((5, 5))
    for codes in dod_codes(shared_data("dod/dodo")):
        for i in range(5):
            votes = np.stack([(np.delete(codes, i, 0) == s).sum(axis=0) for s in range(5)])
            top = votes.max(axis=0)
            clear = ((votes == top).sum(axis=0) == 1) & (top > 0) & (codes[i] >= 0)
            np.add.at(counts, (votes.argmax(axis=0)[clear], codes[i][clear]), 1)
    measured = 100 * counts / counts.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(measured, HUMAN_CONFUSION, atol=0.006)  # half of its last digit, and a bit


def test_the_rare_transitions_are_those_of_dod(shared_data: Callable[[str], Path]) -> None:
    counts = np.zeros((5, 5))
    for codes in dod_codes(shared_data("dod/dodo")):
        before, after = codes[:, :-1].ravel(), codes[:, 1:].ravel()
        both = (before >= 0) & (after >= 0)
        np.add.at(counts, (before[both], after[both]), 1)
    rates = 1000 * counts / counts.sum(axis=1, keepdims=True)
    rare = {(STAGES[i], STAGES[j]): round(float(rates[i, j]), 1) for i, j in np.argwhere(rates < 1)}
    assert rare == RARE
    # Nearly: the next rare one is twice as frequent, so that the limit of 1 is no close call.
    assert np.sort(rates.ravel())[len(RARE)] > 2
