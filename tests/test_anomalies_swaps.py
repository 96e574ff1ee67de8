"""Swapped leads: two channels exchanged for a while are named, other changes are not taken for it."""

import numpy as np
import pandas as pd
import pytest
from anomaly_helpers import SFREQ, pink, raw_of

from sleeplab.anomalies._ledger import Finding, Inputs
from sleeplab.anomalies.artefacts import find_artefacts
from sleeplab.features import fit_mask

N_EPOCHS = 100
N = N_EPOCHS * 30 * SFREQ
T = np.arange(N) / SFREQ
INSIDE = (T >= 1500) & (T < 2100)  # epochs 50 to 70


def head() -> dict[str, np.ndarray]:
    """Three EEG channels that differ: much of the eye in front, much alpha at the back."""
    rng = np.random.default_rng(5)
    eye, alpha = 3 * pink(50, N), np.sin(2 * np.pi * 10 * T) * np.repeat(rng.uniform(8, 16, N_EPOCHS), 3000)
    common = pink(51, N)
    share = {"F4-M1": (0.5, 0.2), "C4-M1": (0.2, 0.5), "O2-M1": (0.05, 1.0)}
    x = {
        name: (common + pink(k, N)) / 2**0.5 + e * eye + a * alpha
        for k, (name, (e, a)) in enumerate(share.items())
    }
    return x | {"E1-M2": eye + pink(60, N)}


def swaps(channels: dict[str, np.ndarray]) -> list[Finding]:
    recording = raw_of(channels)
    stages = np.array(["N2"] * (recording.n_times // 3000))
    inputs = Inputs(recording, stages, fit_mask(recording, None), pd.DataFrame())
    return [finding for finding in find_artefacts(inputs) if finding.kind == "swapped leads"]


def exchanged(a: str, b: str) -> dict[str, np.ndarray]:
    x = head()
    return x | {a: np.where(INSIDE, x[b], x[a]), b: np.where(INSIDE, x[a], x[b])}


@pytest.mark.parametrize("pair", [("F4-M1", "O2-M1"), ("F4-M1", "C4-M1"), ("C4-M1", "O2-M1")])
def test_two_leads_that_are_exchanged_are_named(pair: tuple[str, str]) -> None:
    (finding,) = swaps(exchanged(*pair))
    assert finding.ch_names == pair
    assert (finding.onset_s, finding.duration_s) == (1500, 600)
    assert finding.score == pytest.approx(np.log2(21))
    assert finding.evidence.startswith(f"{pair[0]} and {pair[1]} look exchanged for 10 min")


def test_what_is_not_an_exchange_is_none() -> None:
    assert swaps(head()) == []
    for change in (-1.0, 3.0, 0.1):  # inverted, too large, too small
        x = head()
        assert swaps(x | {"O2-M1": np.where(INSIDE, change * x["O2-M1"], x["O2-M1"])}) == []
    x = head()
    assert swaps(x | {"F4-M1": np.where(INSIDE, x["O2-M1"], x["F4-M1"])}) == []  # the same signal twice
    for times in (6.0, 1 / 6):  # exchanged and of another size
        x = exchanged("F4-M1", "O2-M1")
        assert swaps(x | {"F4-M1": np.where(INSIDE, times, 1.0) * x["F4-M1"]}) == []


def test_half_of_the_way_is_no_exchange() -> None:
    x = head()
    mean = (x["F4-M1"] + x["C4-M1"]) / 2
    both = {
        name: np.where(INSIDE, mean + pink(k, N, 5.0), x[name]) for k, name in ((70, "F4-M1"), (71, "C4-M1"))
    }
    assert swaps(x | both) == []


def test_channels_that_do_not_differ_cannot_be_exchanged() -> None:
    common = pink(51, N)
    assert swaps({name: common + pink(k, N) for k, name in enumerate(("C3-M2", "C4-M1", "O2-M1"))}) == []


def test_what_is_usual_must_be_known() -> None:
    assert swaps({name: x[40 * 3000 : 95 * 3000] for name, x in exchanged("F4-M1", "O2-M1").items()}) == []
