"""Calibration: the stages stay, strange epochs and short recordings lose confidence; expected agreement."""

import numpy as np
import pandas as pd
import pytest
import yasa

from sleeplab.agreement import (
    compare_scorings,
    expected_agreement,
    expected_calibration_error,
    reliability_curve,
)
from sleeplab.plotting import plot_reliability
from sleeplab.staging._calibration import (
    calibrate,
    load_table,
    log_power,
    measure_distance,
    soften,
    temperatures,
)
from sleeplab.staging._features import BANDS, channel_features

STAGES = ["WAKE", "N1", "N2", "N3", "REM"]
SFREQ = 100


def random_proba(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(5, 0.4), n)


def ordinary(n_epochs: int, seed: int = 0) -> np.ndarray:
    """Noise in µV whose power in every band is the table's mean."""
    rng, n = np.random.default_rng(seed), n_epochs * 30 * SFREQ
    hz = np.fft.rfftfreq(n, 1 / SFREQ)
    density = np.zeros_like(hz)
    for (low, high), mean in zip(BANDS.values(), load_table()["spectrum"]["mean"], strict=True):
        density[(hz >= low) & (hz < high)] = 10**mean / (high - low)
    # One-sided density S gives |X| = sqrt(S · sfreq · n / 2).
    phases = np.exp(2j * np.pi * rng.random(len(hz)))
    return np.fft.irfft(np.sqrt(density * SFREQ * n / 2) * phases, n)


def spectra(*derivations: np.ndarray) -> np.ndarray:
    """Log powers of signals in µV, shape (n_derivations, n_epochs, n_bands)."""
    return np.stack([log_power(channel_features(signal, "eeg")) for signal in derivations])


@pytest.mark.parametrize("temperature", [0.3, 1.0, 8.0])
def test_stages_do_not_change_and_the_original_comes_back(temperature: float) -> None:
    proba = random_proba(500)
    soft = soften(proba, np.full(500, temperature))
    np.testing.assert_array_equal(soft.argmax(axis=1), proba.argmax(axis=1))
    np.testing.assert_allclose(soft.sum(axis=1), 1)
    if temperature >= 1:  # sharpened, what was below the floor of 1e-6 is lost
        back = soften(soft, np.full(500, 1 / temperature))
        np.testing.assert_allclose(back, proba, atol=2e-5)  # five classes, each up to the floor


def test_temperature_one_changes_nothing_and_more_flattens() -> None:
    proba = np.array([[0.7, 0.1, 0.1, 0.05, 0.05]])
    np.testing.assert_allclose(soften(proba, np.ones(1)), proba)
    tops = [soften(proba, np.array([t])).max() for t in (1.0, 2.0, 5.0, 1e6)]
    assert tops == sorted(tops, reverse=True)
    assert tops[-1] == pytest.approx(0.2, abs=1e-4)


def test_unstaged_rows_stay() -> None:
    proba = np.array([[0.6, 0.4, 0, 0, 0], [np.nan] * 5, [0.0] * 5])
    out = calibrate(proba, spectra(ordinary(3)))
    assert np.isnan(out[1]).all()
    assert (out[2] == 0).all()
    assert out[0].argmax() == 0
    np.testing.assert_array_equal(proba[0], [0.6, 0.4, 0, 0, 0])


def test_the_power_of_white_noise_goes_with_the_width_of_the_band() -> None:
    """1 µV up to 50 Hz is 0.02 µV²/Hz. A bin is known to 36 %, the 1500 and more of a band to 1.2 %."""
    white = np.random.default_rng(2).standard_normal(100 * 30 * SFREQ)
    power = (10 ** spectra(white)[0]).mean(axis=0)
    inner = dict(zip(BANDS, power, strict=True))  # the edges at 0.4 and 30 Hz are filtered
    for name in ("fdelta", "theta", "alpha", "sigma"):
        low, high = BANDS[name]
        assert inner[name] == pytest.approx(0.02 * (high - low), rel=0.05)


def test_the_distance_of_the_mean_spectrum_is_zero_and_grows_by_the_precision() -> None:
    table = load_table()["spectrum"]
    mean, precision = np.array(table["mean"]), np.array(table["precision"])
    assert measure_distance(mean[None, None]) == 0
    for band in range(len(BANDS)):
        shifted = mean + 2 * np.eye(len(BANDS))[band]
        by_hand = np.sqrt(4 * precision[band, band] / len(BANDS))
        assert measure_distance(shifted[None, None]) == pytest.approx(by_hand)
    np.testing.assert_allclose(precision, precision.T, atol=1e-9)
    assert (np.linalg.eigvalsh(precision) > 0).all()


def test_a_spectrum_of_known_power_is_near_and_hum_alone_is_far() -> None:
    eeg = ordinary(4)
    hum = 20 * np.sin(2 * np.pi * 12 * np.arange(len(eeg)) / SFREQ)
    # The narrow bands' log power has an error of about 0.2; a typical epoch lies at 0.7.
    assert (measure_distance(spectra(eeg)) < load_table()["temperature"]["usual"]).all()
    assert (measure_distance(spectra(hum)) > load_table()["temperature"]["usual"] + 2).all()


def test_only_fit_derivations_count() -> None:
    power = spectra(ordinary(2), 50 * ordinary(2))
    near, far = (measure_distance(power[i : i + 1]) for i in range(2))
    np.testing.assert_allclose(measure_distance(power), (near + far) / 2)
    power[1] = np.nan
    np.testing.assert_allclose(measure_distance(power), near)
    power[0, 1] = np.nan
    assert np.isnan(measure_distance(power)).tolist() == [False, True]


def test_strange_epochs_and_short_recordings_are_hotter() -> None:
    usual = load_table()["temperature"]["usual"]
    long, short = (temperatures(np.full(n, usual), random_proba(n)) for n in (960, 60))
    assert short[0] > long[0]
    strange = temperatures(usual + np.array([0.0, 0.5, 1.0, 50.0, 99.0, np.nan]), random_proba(6))
    assert strange[0] < strange[1] < strange[2] < strange[3] == strange[4]
    assert strange[5] == strange[0]


def test_an_epoch_unlike_eeg_loses_confidence_and_keeps_its_stage() -> None:
    eeg = ordinary(6)
    strange = eeg.copy()
    strange[: 30 * SFREQ] = 80 * np.sign(np.sin(2 * np.pi * 3 * np.arange(30 * SFREQ) / SFREQ))
    proba = np.tile([0.9, 0.04, 0.03, 0.02, 0.01], (6, 1))
    out = calibrate(proba, spectra(strange))
    assert out[0, 0] < 0.5 < out[1, 0]
    assert (out.argmax(axis=1) == 0).all()


def test_reliability_by_hand() -> None:
    confidence = [0.3, 0.9, np.nan, 0.5, 0.7]
    curve = reliability_curve(confidence, [False, True, True, False, True], n_bins=2)
    np.testing.assert_allclose(curve.to_numpy(), [[0.4, 0.0, 2], [0.8, 1.0, 2]])
    assert expected_calibration_error(curve) == pytest.approx(0.5 * 0.4 + 0.5 * 0.2)
    assert np.isnan(expected_calibration_error(curve[:0]))
    with pytest.raises(ValueError, match=r"one value per epoch each, got \(1,\) and \(2,\)"):
        reliability_curve([0.5], [True, False])


def test_true_probabilities_have_a_small_error() -> None:
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.2, 1, 20000)
    curve = reliability_curve(confidence, rng.random(20000) < confidence)
    assert expected_calibration_error(curve) < 0.3 / np.sqrt(2000) * 3  # three times its typical size


def test_the_reliability_figure_shows_the_curve() -> None:
    from matplotlib import pyplot as plt

    curve = pd.DataFrame({"confidence": [0.5, 0.9], "accuracy": [0.4, 0.95], "n": [10, 30]})
    ax = plot_reliability(curve)
    drawn = [line.get_xydata().tolist() for line in ax.get_lines()]
    assert [[0, 0], [1, 1]] in drawn
    assert [[0.5, 0.4], [0.9, 0.95]] in drawn
    plt.close("all")


def hypnogram(proba: np.ndarray) -> yasa.Hypnogram:
    return yasa.Hypnogram(
        np.array(STAGES, object)[proba.argmax(axis=1)], proba=pd.DataFrame(proba, columns=STAGES)
    )


def test_expected_agreement_is_what_true_probabilities_give() -> None:
    """Draw 30 experts from the probabilities: their mean agreement is the expected one."""
    proba = random_proba(400, seed=3)
    machine, rng = hypnogram(proba), np.random.default_rng(4)
    figures = []
    for _ in range(30):
        drawn = (proba.cumsum(axis=1) > rng.random((400, 1))).argmax(axis=1)
        expert = yasa.Hypnogram(np.array(STAGES, object)[drawn], scorer="expert")
        agreement = compare_scorings(machine, expert)
        figures.append((agreement.accuracy, agreement.kappa))
    expected = expected_agreement(machine)
    # Standard error of the mean of 30 experts: at most sqrt(0.25 / 400 / 30) = 0.0046; 3 of them.
    np.testing.assert_allclose(np.mean(figures, axis=0), [expected.accuracy, expected.kappa], atol=0.014)
    assert expected.low < expected.accuracy < expected.high
    assert expected.kappa_low < expected.kappa < expected.kappa_high
    assert expected.n_epochs == 400


def test_unscored_epochs_do_not_count_and_short_nights_have_wider_intervals() -> None:
    proba = pd.DataFrame(random_proba(200, seed=5), columns=STAGES).assign(UNS=0.0)
    proba.iloc[100:] = [0, 0, 0, 0, 0, 1.0]
    stages = np.r_[np.array(STAGES, object)[proba[STAGES][:100].to_numpy().argmax(axis=1)], ["UNS"] * 100]
    half = expected_agreement(yasa.Hypnogram(stages, proba=proba))
    whole = expected_agreement(hypnogram(random_proba(800, seed=5)))
    assert half.n_epochs == 100
    assert half.accuracy == pytest.approx(proba[STAGES][:100].max(axis=1).mean())
    assert half.high - half.low > whole.high - whole.low
    nothing = expected_agreement(yasa.Hypnogram(["UNS"] * 3, proba=pd.DataFrame({"UNS": [1.0] * 3})))
    assert nothing.n_epochs == 0
    assert np.isnan(nothing.accuracy)


def test_expected_agreement_needs_probabilities() -> None:
    with pytest.raises(ValueError, match="needs a hypnogram with probabilities"):
        expected_agreement(yasa.Hypnogram(["N2"] * 3))
