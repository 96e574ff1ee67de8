"""A simulated panel disagrees as often, and about the same, as the experts of the Dreem Open Datasets."""

import itertools

import numpy as np
import pytest
import yasa
from sklearn.metrics import cohen_kappa_score

from sleeplab.agreement import consensus
from sleeplab.scoring import read_hypnogram
from sleeplab.simulate import simulate_night, simulate_scorers

STAGES = ("WAKE", "N1", "N2", "N3", "REM")
# A clear rate of 0.11 to 0.73 and 3000 epochs: a standard error of at most 0.009; four of them.
TOLERANCE = 0.04


def stages_of(panel: list[yasa.Hypnogram]) -> np.ndarray:
    return np.stack([person.hypno.to_numpy(dtype=str) for person in panel])


def pair_figures(panels: list[np.ndarray]) -> np.ndarray:
    """Return accuracy, kappa, and kappa of N1 and of N3 against the rest; mean over the pairs of five."""
    nights = np.concatenate(panels, axis=1)  # scorers × epochs of all nights
    figures = []
    for a, b in itertools.combinations(nights[:, np.isin(nights, STAGES).all(axis=0)], 2):
        alone = [cohen_kappa_score(a == stage, b == stage) for stage in ("N1", "N3")]
        figures.append([(a == b).mean(), cohen_kappa_score(a, b), *alone])
    return np.mean(figures, axis=0)


def test_the_same_seed_gives_the_same_panel_and_another_seed_another() -> None:
    night = simulate_night(3, hours=0.5).hypnogram
    before = night.hypno.copy()
    first, again, other = (stages_of(simulate_scorers(night, seed)) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    assert (night.hypno == before).all()


@pytest.mark.parametrize(("stage", "clear"), [("WAKE", 0.70), ("N1", 0.11), ("N2", 0.60), ("REM", 0.73)])
def test_amid_a_stage_all_agree_as_often_as_the_experts(stage: str, clear: float) -> None:
    said = stages_of(simulate_scorers(yasa.Hypnogram([stage] * 3000), seed=4))
    on_doubtful = {"WAKE": 0.67, "N1": 0.62, "N2": 0.69, "REM": 0.70}[stage]
    by_chance = (1 - clear) * on_doubtful**5  # all five happen to say the same on a doubtful epoch
    assert (said == stage).all(axis=0).mean() == pytest.approx(clear + by_chance, abs=TOLERANCE)
    assert (said == stage).mean() == pytest.approx(clear + (1 - clear) * on_doubtful, abs=TOLERANCE)


def test_beside_another_stage_fewer_epochs_are_clear() -> None:
    said = stages_of(simulate_scorers(yasa.Hypnogram(["N2", "N2", "N2", "REM", "REM", "REM"] * 800), seed=5))
    unanimous = (said == said[0]).all(axis=0).reshape(-1, 6).mean(axis=0)
    assert unanimous[1] > 1.5 * unanimous[[0, 2]].max()  # amid N2 against its borders
    assert unanimous[4] > 1.5 * unanimous[[3, 5]].max()


def test_deep_sleep_is_taken_for_n2_and_never_for_rem() -> None:
    said = stages_of(simulate_scorers(yasa.Hypnogram(["N3"] * 3000), seed=6))
    assert (said == "N2").mean() == pytest.approx((1 - 0.53) * 0.28, abs=TOLERANCE)
    assert not (said == "REM").any()


def test_what_nobody_scored_stays_unscored_and_does_not_shift_the_others() -> None:
    night = yasa.Hypnogram(["UNS", "ART", *["N2"] * 40, "UNS"])
    panel = simulate_scorers(night, seed=7, n_scorers=3)
    assert [person.scorer for person in panel] == ["scorer 1", "scorer 2", "scorer 3"]
    for person in panel:
        assert person.hypno.tolist()[:2] == ["UNS", "ART"]
        assert person.hypno.tolist()[-1] == "UNS"
        assert set(person.hypno.tolist()[2:-1]) <= set(STAGES)


def test_a_night_that_nobody_scored_is_possible() -> None:
    panel = simulate_scorers(yasa.Hypnogram(["UNS"] * 3))
    assert stages_of(panel).tolist() == [["UNS"] * 3] * 5


def test_one_scorer_is_no_panel() -> None:
    with pytest.raises(ValueError, match="at least two scorers, got n_scorers=1"):
        simulate_scorers(yasa.Hypnogram(["N2"]), n_scorers=1)


@pytest.mark.slow
def test_pairs_agree_as_the_experts_whose_nights_were_not_counted(shared_data) -> None:
    folder = shared_data("dod")
    files = [path for part in ("dodh", "dodo") for path in sorted((folder / part / "scorer_1").iterdir())]
    real, ours = [], []
    for seed, file in enumerate(files[1::2]):  # the table was counted in files[::2]
        experts = [read_hypnogram(file.parents[1] / f"scorer_{k}" / file.name) for k in range(1, 6)]
        real.append(stages_of(experts))
        ours.append(stages_of(simulate_scorers(consensus(experts), seed)))
    apart = pair_figures(ours) - pair_figures(real)
    # Kappa of one night differs from that of another by more than 0.1; over 27 it is known to about 0.03.
    assert np.abs(apart).max() < 0.07
