"""Agreement: by hand, against scikit-learn and YASA, and the published figures of five scorers."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yasa
from sklearn import metrics

from sleeplab.agreement import (
    HUMAN_ACCURACY,
    HUMAN_KAPPA,
    compare_nights,
    compare_scorings,
    consensus,
    soft_agreement,
)

STAGES = ("WAKE", "N1", "N2", "N3", "REM")
LABELS = (*STAGES, "ART", "UNS")

DOD_CODES = {-1: "UNS", 0: "WAKE", 1: "N1", 2: "N2", 3: "N3", 4: "REM"}


def hypnogram(stages: list[str] | np.ndarray, scorer: str = "one") -> yasa.Hypnogram:
    return yasa.Hypnogram(np.asarray(stages, dtype=object), scorer=scorer)


def random_pair(seed: int, n: int = 960) -> tuple[yasa.Hypnogram, yasa.Hypnogram]:
    """Two scorings that agree on about 70 % and hold every label."""
    rng = np.random.default_rng(seed)
    expert = rng.choice(LABELS, n)
    ours = np.where(rng.random(n) < 0.7, expert, rng.choice(LABELS, n))
    return hypnogram(ours, "ours"), hypnogram(expert, "expert")


def test_by_hand() -> None:
    expert = hypnogram(["WAKE", "WAKE", "N1", "N2", "N2", "N2", "ART", "REM"])
    ours = hypnogram(["WAKE", "N1", "N1", "N2", "N2", "REM", "WAKE", "UNS"])
    agreement = compare_scorings(ours, expert)
    assert agreement.n_epochs == 6
    assert agreement.accuracy == pytest.approx(4 / 6)
    chance = (2 * 1 + 1 * 2 + 3 * 2 + 0 * 1) / 36
    assert agreement.kappa == pytest.approx((4 / 6 - chance) / (1 - chance))
    # F1 = 2 · hits / (expert's epochs + ours)
    assert agreement.f1.drop("N3").tolist() == pytest.approx([2 / 3, 2 / 3, 4 / 5, 0])
    assert np.isnan(agreement.f1["N3"])
    assert agreement.confusion.loc["N2", "REM"] == 1
    assert agreement.confusion.loc["REM", "N2"] == 0
    assert np.isnan(agreement.kappa_interval).all()


@pytest.mark.parametrize("seed", range(5))
def test_against_scikit_learn(seed: int) -> None:
    ours, expert = random_pair(seed)
    agreement = compare_scorings(ours, expert)
    a, b = expert.hypno.to_numpy().astype(str), ours.hypno.to_numpy().astype(str)
    keep = np.isin(a, STAGES) & np.isin(b, STAGES)
    a, b = a[keep], b[keep]
    assert agreement.n_epochs == keep.sum()
    assert agreement.accuracy == pytest.approx(metrics.accuracy_score(a, b))
    assert agreement.kappa == pytest.approx(metrics.cohen_kappa_score(a, b))
    np.testing.assert_allclose(agreement.f1, metrics.f1_score(a, b, labels=STAGES, average=None))
    np.testing.assert_array_equal(agreement.confusion, metrics.confusion_matrix(a, b, labels=STAGES))
    by_stage = [metrics.cohen_kappa_score(a == stage, b == stage) for stage in STAGES]
    np.testing.assert_allclose(agreement.stage_kappa, by_stage)


def test_against_yasa() -> None:
    ours, expert = random_pair(7)
    theirs = expert.evaluate(ours).get_agreement()
    agreement = compare_scorings(ours, expert)
    assert agreement.kappa == pytest.approx(theirs["kappa"])
    assert agreement.accuracy * 100 == pytest.approx(theirs["accuracy"])
    assert agreement.mcc == pytest.approx(theirs["mcc"])


def test_interval_holds_the_figure_and_its_spread() -> None:
    """Independent epochs: the 95 % interval is about 4 standard errors of kappa wide (Cohen 1960, eq. 7)."""
    ours, expert = random_pair(3)
    agreement = compare_scorings(ours, expert)
    low, high = agreement.kappa_interval
    assert low < agreement.kappa < high
    p_chance = 1 - (1 - agreement.accuracy) / (1 - agreement.kappa)
    error = np.sqrt(agreement.accuracy * (1 - agreement.accuracy) / agreement.n_epochs) / (1 - p_chance)
    assert high - low == pytest.approx(3.92 * error, rel=0.3)  # 48 blocks: ± 10 % (1 SD) of the spread


def test_the_summary_puts_people_beside_the_machine() -> None:
    ours, expert = random_pair(4)
    agreement = compare_scorings(ours, expert)
    summary = agreement.summary
    assert summary.index.tolist() == ["accuracy", "kappa", "mcc", *(f"kappa {s}" for s in STAGES)]
    assert summary.loc["kappa N1", "value"] == agreement.stage_kappa["N1"]
    assert ((summary["low"] < summary["value"]) & (summary["value"] < summary["high"])).all()
    assert summary.loc["accuracy", "human"] == HUMAN_ACCURACY
    assert summary.loc["kappa N1", "human"] == HUMAN_KAPPA["N1"]
    assert np.isnan(summary.loc["mcc", "human"])


def test_several_nights_are_one_table_of_epochs() -> None:
    nights = [random_pair(seed, n=100 + 50 * seed) for seed in range(6)]
    pooled = compare_nights(nights)
    joined = [
        hypnogram(np.concatenate([pair[i].hypno.to_numpy(str) for pair in nights]), str(i)) for i in (0, 1)
    ]
    alone = compare_scorings(*joined)
    assert pooled.n_epochs == alone.n_epochs
    np.testing.assert_allclose(pooled.summary["value"], alone.summary["value"])


def test_the_interval_of_several_nights_is_about_nights() -> None:
    """Half of the nights agree fully, half not at all: the interval of a share p of n is 3.92 sqrt(pq/n)."""
    right = hypnogram(["N2", "N3"] * 50), hypnogram(["N2", "N3"] * 50)
    wrong = hypnogram(["N2", "N3"] * 50), hypnogram(["N3", "N2"] * 50)
    low, high = compare_nights([right] * 20 + [wrong] * 20).summary.loc["accuracy", ["low", "high"]]
    assert high - low == pytest.approx(3.92 * np.sqrt(0.25 / 40), rel=0.15)  # steps of 1/40 = 8 % of it
    assert np.isnan(compare_nights([right, wrong]).summary["low"]).all()


def test_nothing_in_common_gives_nan() -> None:
    agreement = compare_scorings(hypnogram(["UNS"] * 300), hypnogram(["N2"] * 300))
    assert agreement.n_epochs == 0
    figures = [agreement.accuracy, agreement.kappa, *agreement.kappa_interval, *agreement.f1]
    assert np.isnan(figures).all()


def test_one_stage_only_has_no_kappa() -> None:
    agreement = compare_scorings(hypnogram(["N2"] * 300), hypnogram(["N2"] * 300))
    assert agreement.accuracy == 1
    assert np.isnan(agreement.kappa)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match=r"same number of epochs .* lengths are \[2, 3\]"):
        compare_scorings(hypnogram(["N2"] * 3), hypnogram(["N2"] * 2))
    with pytest.raises(ValueError, match=r"At least two .* lengths are \[1\]"):
        consensus([hypnogram(["N2"])])
    with pytest.raises(ValueError, match=r"must have five stages, got \[5, 2\]"):
        compare_scorings(yasa.Hypnogram(["S", "W"], n_stages=2), hypnogram(["N2", "N2"]))
    with pytest.raises(ValueError, match="at least one night to compare, got none"):
        compare_nights([])
    with pytest.raises(ValueError, match="one weight per scoring, got 1 for 2"):
        consensus([hypnogram(["N2"]), hypnogram(["N1"])], weights=[1.0])


def test_consensus_by_hand() -> None:
    scorers = [
        ["WAKE", "N1", "N2", "N3", "UNS"],
        ["WAKE", "N2", "N2", "N2", "UNS"],
        ["WAKE", "N1", "N2", "N2", "N1"],
        ["WAKE", "N2", "N3", "N3", "UNS"],
    ]
    agreed = consensus([hypnogram(s) for s in scorers])
    # Epochs 2 and 4 are ties. Soft agreement over the epochs: first and second scorer 1 + 1/2 + 1 + 1/2 + 1,
    # third 1 + 1/2 + 1 + 1/2 + 0, fourth 1 + 1/2 + 0 + 1/2 + 1: the first of the best decides.
    assert agreed.hypno.tolist() == ["WAKE", "N1", "N2", "N3", "UNS"]
    assert agreed.proba.max(axis=1).tolist() == [1, 0.5, 0.75, 0.5, 0.75]
    assert agreed.scorer == "consensus"
    second = consensus([hypnogram(s) for s in scorers], weights=[0, 1, 0, 0])
    assert second.hypno.tolist() == ["WAKE", "N2", "N2", "N2", "UNS"]


def test_soft_agreement_bounds() -> None:
    others = [hypnogram(["N2"] * 4)] * 3
    assert soft_agreement(hypnogram(["N2"] * 4), others) == 1
    assert soft_agreement(hypnogram(["N1"] * 4), others) == 0
    split = [hypnogram([stage]) for stage in ("N1", "N1", "N2", "N3")]
    assert [soft_agreement(hypnogram([stage]), split) for stage in ("N1", "N2")] == [1, 0.5]


def read_nights(folder: Path) -> list[list[yasa.Hypnogram]]:
    """Five scorings per night, from the first to the last epoch that all five scored."""
    nights = []
    for file in sorted((folder / "scorer_1").glob("*.json")):
        files = [folder / f"scorer_{i}" / file.name for i in range(1, 6)]
        codes = np.array([json.loads(f.read_text(encoding="ascii")) for f in files])
        scored = [np.flatnonzero(row >= 0) for row in codes]
        span = slice(max(s[0] for s in scored), min(s[-1] for s in scored) + 1)
        nights.append([hypnogram([DOD_CODES[c] for c in row[span]]) for row in codes])
    return nights


def human_f1(scorings: list[yasa.Hypnogram]) -> list[float]:
    """F1 of each scorer against the consensus of the others, weighted as Guillot et al. do."""
    soft = [soft_agreement(s, [o for o in scorings if o is not s]) for s in scorings]
    figures = []
    for i, judged in enumerate(scorings):
        rest = [j for j in range(5) if j != i]
        agreed = consensus([scorings[j] for j in rest], weights=[soft[j] for j in rest])
        truth, ours = agreed.as_int().to_numpy(), judged.as_int().to_numpy()
        keep = truth >= 0
        weight = agreed.proba.max(axis=1).to_numpy()[keep]
        options = {"labels": range(5), "average": "weighted", "zero_division": 0}
        figures.append(metrics.f1_score(truth[keep], ours[keep], sample_weight=weight, **options))
    return figures


@pytest.mark.parametrize(("folder", "n", "f1"), [("dodh", 25, 0.868), ("dodo", 30, 0.848)])
def test_published_human_f1(folder: str, n: int, f1: float, shared_data: Callable[[str], Path]) -> None:
    """Abstract of Guillot et al. (2020): 86.8 % on 25 healthy, 84.8 % on 55 patients (we have 30).

    The tolerance is the rounding for the former; for the latter 2 standard errors: 2 · 0.08 / sqrt(30).
    """
    nights = read_nights(shared_data(f"dod/{folder}"))
    assert len(nights) == n
    mean = np.mean([human_f1(night) for night in nights])
    assert mean == pytest.approx(f1, abs=0.001 if n == 25 else 0.03)


def test_people_on_dod_are_near_the_pooled_ceiling(shared_data: Callable[[str], Path]) -> None:
    """Pairs of scorers: large studies found 0.66 (doi:10.5664/jcsm.9174) to 0.76 (pooled)."""
    nights = read_nights(shared_data("dod/dodh"))
    pairs = [(night[i], night[j]) for night in nights for i in range(5) for j in range(i)]
    assert compare_nights(pairs).kappa == pytest.approx(HUMAN_KAPPA["overall"], abs=0.1)
