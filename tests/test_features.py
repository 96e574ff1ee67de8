"""The feature table: closed forms, invariances, the gate, an independent count of beats."""

import numpy as np
import pytest
from anomaly_helpers import SFREQ, gate_of, night_of, pink, raw_of

from sleeplab.features import BANDS, FEATURES, Block, epoch_features, find_r_peaks

T = np.arange(60 * SFREQ) / SFREQ


def sine(hz: float, amplitude: float) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hz * T)


def table_of(channels: dict[str, np.ndarray], stages: str = "22", **kwargs: object) -> dict[str, float]:
    return epoch_features(raw_of(channels), night_of(stages), **kwargs).iloc[0].to_dict()


@pytest.mark.parametrize(
    ("hz", "band"), [(2, "delta"), (6, "theta"), (8.5, "alpha"), (10, "alpha"), (14, "sigma"), (20, "beta")]
)
def test_a_sine_of_2_uv_has_power_2_uv2_in_its_band(hz: float, band: str) -> None:
    row = table_of({"C4-M1": sine(hz, 2.0)})
    assert row[f"eeg_{band}_power_uv2"] == pytest.approx(2.0, rel=1e-3)  # a²/2
    assert row[f"eeg_{band}_rel"] == pytest.approx(1.0, abs=1e-3)
    others = [row[f"eeg_{name}_power_uv2"] for name in BANDS if name != band]
    assert max(others) < 1e-3


def test_band_powers_add_up_to_the_variance_of_the_band() -> None:
    x = sine(2, 3.0) + sine(10, 4.0) + sine(20, 1.0)
    row = table_of({"C4-M1": x})
    total = sum(row[f"eeg_{name}_power_uv2"] for name in BANDS)
    assert total == pytest.approx((9 + 16 + 1) / 2, rel=1e-3)
    assert sum(row[f"eeg_{name}_rel"] for name in BANDS) == pytest.approx(1.0, abs=1e-9)


def test_hjorth_of_a_sine_is_known() -> None:
    row = table_of({"C4-M1": sine(5, 2.0)})
    assert row["eeg_activity_uv2"] == pytest.approx(2.0, rel=1e-6)
    # variance of the difference of a sine: a²/2 × (2 sin(ω/2))²
    assert row["eeg_mobility"] == pytest.approx(2 * np.sin(np.pi * 5 / SFREQ), rel=1e-3)
    assert row["eeg_complexity"] == pytest.approx(1.0, rel=1e-3)
    assert row["eeg_ptp_uv"] == pytest.approx(4.0, rel=1e-9)


def test_slope_is_0_for_white_and_minus_1_for_pink_noise() -> None:
    white = np.random.default_rng(0).standard_normal(30 * 60 * SFREQ)
    stages = "2" * 60
    flat = epoch_features(raw_of({"C4-M1": white}), night_of(stages))["eeg_slope"]
    falling = epoch_features(raw_of({"C4-M1": pink(0, 30 * 60 * SFREQ)}), night_of(stages))["eeg_slope"]
    assert flat.mean() == pytest.approx(0.0, abs=0.05)  # 60 epochs, each ± 0.1
    assert falling.mean() == pytest.approx(-1.0, abs=0.05)


def test_twice_the_amplitude_is_four_times_the_power_and_the_same_shape() -> None:
    x = pink(1, 60 * SFREQ)
    once, twice = table_of({"C4-M1": x}), table_of({"C4-M1": 2 * x})
    for name in FEATURES:
        if not name.startswith("eeg_"):
            continue
        factor = 4 if name.endswith("_uv2") else 2 if name.endswith("_uv") else 1
        assert twice[name] == pytest.approx(factor * once[name], rel=1e-9), name


def test_high_frequency_shows_muscle() -> None:
    row = table_of({"C4-M1": sine(10, 2.0) + sine(40, 1.0)})
    assert row["eeg_high_freq_ratio"] == pytest.approx(0.25, rel=1e-2)
    row = table_of({"Chin": sine(40, 2.0), "C4-M1": sine(10, 2.0)})
    assert row["chin_high_freq_uv"] == pytest.approx(np.sqrt(2), rel=1e-3)
    assert row["chin_rms_uv"] == pytest.approx(np.sqrt(2), rel=1e-6)


def test_a_column_is_the_median_over_the_fit_channels() -> None:
    channels = {"C4-M1": sine(10, 2.0), "C3-M2": sine(10, 4.0), "F4-M1": sine(10, 6.0)}
    raw = raw_of(channels)
    table = epoch_features(raw, night_of("22"), gate_of(raw, {("C4-M1", 1): "flat", ("C3-M2", 1): "flat"}))
    assert table["eeg_alpha_power_uv2"].to_list() == pytest.approx([8.0, 18.0], rel=1e-3)


def test_what_is_not_fit_or_not_there_is_nan() -> None:
    raw = raw_of({"C4-M1": sine(10, 2.0)})
    table = epoch_features(raw, night_of("2U"), gate_of(raw, {("C4-M1", 0): "mains"}))
    assert table["eeg_alpha_power_uv2"].isna().to_list() == [True, False]
    absent = [name for name in FEATURES if not name.startswith("eeg_")]
    assert table[absent].isna().all(axis=None)
    assert table["confidence"].isna().all()


def test_a_flat_channel_gives_nan_ratios_and_no_warning() -> None:
    row = table_of({"C4-M1": np.zeros(len(T)), "ECG": np.zeros(len(T))})
    assert row["eeg_alpha_power_uv2"] == 0
    assert np.isnan([row["eeg_alpha_rel"], row["eeg_mobility"], row["eeg_slope"], row["ecg_rate_bpm"]]).all()


def ecg_of(beats_s: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """R waves of 1 mV with a broad T wave, in 50 µV of noise."""
    x = 50 * np.random.default_rng(seed).standard_normal(len(T))
    for beat in beats_s:
        x += 1000 * np.exp(-0.5 * ((T - beat) / 0.012) ** 2)
        x += 300 * np.exp(-0.5 * ((T - beat - 0.28) / 0.05) ** 2)
    return x


def test_heart_rate_of_known_beats() -> None:
    beats = np.arange(0.5, 60, 0.8)
    row = table_of({"ECG": ecg_of(beats), "C4-M1": sine(10, 2.0)})
    assert row["ecg_rate_bpm"] == pytest.approx(75, abs=1)
    assert row["ecg_rate_range_bpm"] < 8  # one sample of 10 ms in 0.8 s is 0.94/min


def test_heart_rate_is_the_median_and_its_range_the_spread() -> None:
    beats = 0.5 + np.cumsum(np.tile([1.0, 1.0, 0.6], 22))  # two beats of three at 60/min, one at 100/min
    row = table_of({"ECG": ecg_of(beats), "C4-M1": sine(10, 2.0)})
    assert row["ecg_rate_bpm"] == pytest.approx(60, abs=1.5)
    assert row["ecg_rate_range_bpm"] == pytest.approx(40, abs=4)


@pytest.mark.parametrize("sign", [1, -1])
def test_all_beats_are_found_whatever_their_polarity(sign: int) -> None:
    beats = np.cumsum(np.random.default_rng(3).uniform(0.6, 1.2, 60))
    beats = beats[beats < 59.5]
    found = find_r_peaks(sign * ecg_of(beats), SFREQ) / SFREQ
    assert len(found) == len(beats)
    assert np.abs(found - beats).max() <= 0.02


def test_spo2_stays_in_percent() -> None:
    spo2 = np.full(len(T), 96.0)
    spo2[500:600] = 90.0
    row = table_of({"SpO2": spo2, "C4-M1": sine(10, 2.0)})
    assert row["spo2_min_pct"] == 90
    assert row["spo2_mean_pct"] == pytest.approx(96 - 6 * 100 / 3000)


def test_columns_are_built_from_the_table_by_name() -> None:
    raw = raw_of({"C4-M1": sine(10, 2.0)})
    table = epoch_features(raw, night_of("2W"))
    assert table.columns.to_list() == ["epoch", "onset_s", "stage", "confidence", *FEATURES]
    assert table["stage"].to_list() == ["N2", "WAKE"]
    assert table["onset_s"].to_list() == [0.0, 30.0]
    for name, feature in FEATURES.items():
        suffix = {"µV²": "_uv2", "µV": "_uv", "1/min": "_bpm", "%": "_pct"}.get(feature.unit, "")
        assert name.endswith(suffix), name
        assert feature.reference


def test_a_hypnogram_of_another_length_is_refused_with_the_numbers() -> None:
    raw = raw_of({"C4-M1": sine(10, 2.0)})
    with pytest.raises(ValueError, match=r"it has 3 epochs \(1\.5 min\), the recording 2 \(1\.0 min\)"):
        epoch_features(raw, night_of("222"))


def test_the_recording_is_left_as_it_was() -> None:
    raw = raw_of({"C4-M1": pink(2, len(T)), "SpO2": np.full(len(T), 95.0)})
    before = raw.get_data()
    epoch_features(raw, night_of("22"))
    np.testing.assert_array_equal(raw.get_data(), before)


def test_welch_density_of_white_noise_is_its_variance_over_the_bandwidth() -> None:
    noise = np.random.default_rng(5).standard_normal((200, 30 * SFREQ))
    freqs, density = Block(noise, SFREQ).psd
    inner = density[:, (freqs > 1) & (freqs < 49)]
    assert inner.mean() == pytest.approx(1 / (SFREQ / 2), rel=0.01)


@pytest.mark.parametrize("sfreq", [100.0, 128.0, 256.0])
def test_the_spectrum_is_that_of_scipy_from_half_a_hertz_on(sfreq: float) -> None:
    from scipy.signal import welch

    rng = np.random.default_rng(6)
    x = 1000 + 20 * rng.standard_normal((70, round(30 * sfreq))).cumsum(axis=1)  # more epochs than one part
    freqs, density = Block(x, sfreq).psd
    their_freqs, theirs = welch(x, sfreq, nperseg=round(4 * sfreq), axis=-1)
    np.testing.assert_allclose(freqs, their_freqs)
    np.testing.assert_allclose(density[:, freqs >= 0.5], theirs[:, freqs >= 0.5], rtol=1e-2, atol=1e-6)
    median_error = np.median(np.abs(density / theirs - 1)[:, freqs >= 0.5])
    assert median_error < 1e-5


def test_rates_are_the_percentiles_of_the_intervals_that_end_in_the_epoch() -> None:
    beats = np.concatenate([np.arange(1.0, 30, 1.5), np.arange(32.0, 59, 1.5)])  # 2.5 s over the boundary
    rates = Block(ecg_of(beats).reshape(2, -1), SFREQ).heart_rates
    np.testing.assert_allclose(rates[:, 0], 40, rtol=0.02)  # a beat may be found a sample beside
    np.testing.assert_allclose(rates[:, 1], np.quantile([24.0] + [40.0] * 17, [0.05, 0.5, 0.95]), rtol=0.02)


def test_four_beats_are_too_few_for_a_rate() -> None:
    few = Block(ecg_of(np.array([3.0, 10.0, 17.0, 24.0, *np.arange(31.0, 59)])).reshape(2, -1), SFREQ)
    assert np.isnan(few.heart_rates[:, 0]).all()
    assert np.isfinite(few.heart_rates[:, 1]).all()
