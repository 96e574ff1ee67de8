"""The fault injector: only the span changes, the input never does, and the truth says what happened."""

import mne
import numpy as np
import pytest
import yasa
from scipy.signal import welch

from sleeplab.simulate import FAULTS, SCORING_FAULTS, Fault, inject_faults, inject_scoring_fault

NAMES = ["C3-M2", "C4-M1", "Chin", "ECG"]


@pytest.fixture
def recording() -> mne.io.RawArray:
    """Five minutes of noise of 30 µV at 200 Hz, and a beat of 1 mV every second."""
    data = 30e-6 * np.random.default_rng(0).standard_normal((4, 60_000))
    data[3] = 1e-3 * (np.arange(60_000) % 200 == 100)
    return mne.io.RawArray(data, mne.create_info(NAMES, 200.0, ["eeg", "eeg", "emg", "ecg"]), verbose="error")


def sine(hz: float) -> mne.io.RawArray:
    wave = 1e-5 * np.sin(2 * np.pi * hz * np.arange(20_000) / 200)
    return mne.io.RawArray(wave[None], mne.create_info(["C4-M1"], 200.0, "eeg"), verbose="error")


@pytest.mark.parametrize("kind", [kind for kind in FAULTS if kind != "clock_gap"])
def test_only_the_span_of_the_copy_changes(recording: mne.io.RawArray, kind: str) -> None:
    before = recording.get_data()
    changed, truth = inject_faults(recording, [Fault(kind, 60, 30, ["C3-M2", "C4-M1"])])
    after = changed.get_data()
    np.testing.assert_array_equal(recording.get_data(), before)
    inside = np.s_[:2, 12_000:18_000]
    assert not np.array_equal(after[inside], before[inside])
    untouched = np.ones_like(before, dtype=bool)
    untouched[:, 12_000:18_000] = False
    np.testing.assert_array_equal(after[untouched], before[untouched])
    if kind != "gap":
        np.testing.assert_array_equal(after[2:], before[2:])
    assert list(truth.columns) == ["onset_s", "duration_s", "kind", "channel", "scorer", "severity"]
    assert set(truth["kind"]) == {kind}
    assert truth["onset_s"].between(60, 90).all()
    assert (truth["onset_s"] + truth["duration_s"] <= 90).all()


@pytest.mark.parametrize(
    "kind",
    [
        "mains_50hz",
        "sweat",
        "movement",
        "electrode_pop",
        "ecg_leak",
        "spike",
        "spike_wave",
        "evolving_rhythm",
        "flat",
    ],
)
def test_severity_scales(recording: mne.io.RawArray, kind: str) -> None:
    before = recording.get_data()[1]
    none, half, full = (
        inject_faults(recording, [Fault(kind, 60, 30, ["C4-M1"], severity)]).recording.get_data()[1] - before
        for severity in (0.0, 0.5, 1.0)
    )
    np.testing.assert_allclose(none, 0, atol=1e-18)
    np.testing.assert_allclose(half, full / 2, atol=1e-12)
    assert np.abs(full).max() > 1e-6


def test_same_fault_is_the_same_samples(recording: mne.io.RawArray) -> None:
    fault = Fault("electrode_off", 10, 20, ["C4-M1"])
    a, b = (inject_faults(recording, [fault]).recording.get_data() for _ in range(2))
    np.testing.assert_array_equal(a, b)


def test_no_channel_named_means_every_eeg(recording: mne.io.RawArray) -> None:
    changed, truth = inject_faults(recording, [Fault("flat", 100)])
    assert truth["channel"].tolist() == ["C3-M2,C4-M1"]
    assert truth["duration_s"].tolist() == [200.0]
    assert not changed.get_data()[:2, 20_000:].any()
    assert changed.get_data()[2, 20_000:].all()


def test_wiring_faults_are_exact(recording: mne.io.RawArray) -> None:
    before = recording.get_data()
    two = ["C4-M1", "Chin"]
    for kind, expected in [
        ("inverted", -before[[1, 2]]),
        ("swapped", before[[2, 1]]),
        ("unit_error", 1000 * before[[1, 2]]),
        ("ecg_leak", before[[1, 2]] + 0.05 * before[3]),
        ("clipping", np.clip(before[[1, 2]], -50e-6, 50e-6)),
    ]:
        after = inject_faults(recording, [Fault(kind, ch_names=two)]).recording.get_data()
        np.testing.assert_allclose(after[[1, 2]], expected, rtol=1e-12)


def test_unit_error_goes_both_ways(recording: mne.io.RawArray) -> None:
    small = inject_faults(recording, [Fault("unit_error", ch_names=["C4-M1"], severity=-1)]).recording
    np.testing.assert_allclose(small.get_data("C4-M1"), recording.get_data("C4-M1") / 1000, rtol=1e-12)


def test_missing_samples(recording: mne.io.RawArray) -> None:
    lost = inject_faults(recording, [Fault("missing", 60, 30, ["C4-M1"])]).recording.get_data("C4-M1")[0]
    assert np.isnan(lost[12_000:18_000]).all()
    half = inject_faults(recording, [Fault("missing", 0, 300, ["C4-M1"], 0.5)]).recording.get_data("C4-M1")[0]
    assert abs(np.isnan(half).mean() - 0.5) < 0.01  # 5 standard errors of 60,000 draws


def test_gap_is_zero_everywhere_and_annotated(recording: mne.io.RawArray) -> None:
    changed = inject_faults(recording, [Fault("gap", 60, 30)]).recording
    assert not changed.get_data()[:, 12_000:18_000].any()
    assert [(a["onset"], a["duration"], a["description"]) for a in changed.annotations] == [
        (60, 30, "BAD_gap")
    ]
    assert len(recording.annotations) == 0


def test_clock_gap_shifts_what_follows(recording: mne.io.RawArray) -> None:
    changed, truth = inject_faults(recording, [Fault("clock_gap", 60, 30)])
    assert changed.n_times == 54_000
    np.testing.assert_array_equal(changed.get_data()[:, 12_000:], recording.get_data()[:, 18_000:])
    assert truth[["onset_s", "duration_s"]].to_numpy().tolist() == [[60, 30]]


def test_mains_has_its_amplitude_and_frequency() -> None:
    """30 µV and a fifth of it at three times the frequency: 450 × 1.04 µV² over whole periods."""
    silent = mne.io.RawArray(
        np.zeros((1, 100_000)), mne.create_info(["C4-M1"], 1000.0, "eeg"), verbose="error"
    )
    hum = 1e6 * inject_faults(silent, [Fault("mains_50hz")]).recording.get_data()[0]
    np.testing.assert_allclose(hum.var(), 450 * 1.04, rtol=1e-3)
    freqs, density = welch(hum, 1000, nperseg=4000)
    assert freqs[density.argmax()] == 50


@pytest.mark.parametrize(
    ("kind", "gone", "kept"),
    [("spindle_loss", 13.0, 8.0), ("slow_wave_loss", 1.0, 4.0), ("spindle_loss", 14.5, 20.0)],
)
def test_loss_takes_its_band_only(kind: str, gone: float, kept: float) -> None:
    for hz, share in ((gone, 0.0), (kept, 1.0)):
        after = inject_faults(sine(hz), [Fault(kind)]).recording.get_data()[0, 1000:-1000]
        assert abs(after.std() / (1e-5 / np.sqrt(2)) - share) < 0.02


def test_evolving_rhythm_slows_and_grows() -> None:
    silent = mne.io.RawArray(np.zeros((1, 8000)), mne.create_info(["C4-M1"], 200.0, "eeg"), verbose="error")
    wave = inject_faults(silent, [Fault("evolving_rhythm")]).recording.get_data()[0]
    early, late = wave[400:2400], wave[5600:7600]
    peaks = [np.abs(np.fft.rfft(part))[1:].argmax() / 10 for part in (early, late)]
    assert 7 - 4.5 * 12 / 40 <= peaks[0] <= 7 - 4.5 * 2 / 40  # the rhythm has 7 - 4.5 t / 40 Hz
    assert 7 - 4.5 * 38 / 40 <= peaks[1] <= 7 - 4.5 * 28 / 40
    assert late.std() > 2 * early.std()


def test_spikes_are_where_the_truth_says() -> None:
    silent = mne.io.RawArray(np.zeros((1, 60_000)), mne.create_info(["C4-M1"], 200.0, "eeg"), verbose="error")
    changed, truth = inject_faults(silent, [Fault("spike")])
    wave = 1e6 * changed.get_data()[0]
    assert 15 < len(truth) < 50
    for onset in truth["onset_s"]:
        around = wave[round(200 * onset) : round(200 * (onset + 0.32))]
        assert -80 < around.min() < -65
        assert abs(around.argmin() / 200 - 0.06) < 0.011


def test_arousal_takes_slow_and_adds_fast(recording: mne.io.RawArray) -> None:
    after = inject_faults(recording, [Fault("arousal", 60, 10, ["C4-M1"])]).recording.get_data("C4-M1")[0]
    before = recording.get_data("C4-M1")[0]
    (freqs, old), (_, new) = (welch(x[12_000:14_000], 200, nperseg=400) for x in (before, after))
    slow, alpha = (freqs > 1) & (freqs < 5), (freqs > 8.5) & (freqs < 10.5)
    assert new[slow].sum() < 0.5 * old[slow].sum()
    assert new[alpha].sum() > 2 * old[alpha].sum()


def test_faults_add_up_in_order(recording: mne.io.RawArray) -> None:
    changed, truth = inject_faults(
        recording,
        [Fault("inverted", 0, 60, ["C4-M1"]), Fault("inverted", 0, 60, ["C4-M1"]), Fault("flat", 60, 60)],
    )
    np.testing.assert_array_equal(changed.get_data()[1, :12_000], recording.get_data()[1, :12_000])
    assert truth["kind"].tolist() == ["inverted", "inverted", "flat"]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault("gremlins"), "kind must be one of electrode_off.*got 'gremlins'"),
        (Fault("flat", 300), "onset_s must lie within the recording of 300 s, got 300 s"),
        (Fault("flat", -1), "got -1 s"),
        (Fault("flat", 0, 0), "duration_s must be positive, got 0 s"),
        (Fault("flat", 0, 1, ["Cz"]), "no channel Cz. Choose among: C3-M2, C4-M1, Chin, ECG"),
        (Fault("swapped", 0, 1, ["Chin"]), "needs more channels named for swapped"),
    ],
)
def test_impossible_fault_is_refused(recording: mne.io.RawArray, fault: Fault, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        inject_faults(recording, [fault])


def test_on_a_real_recording(shared_data) -> None:
    path = shared_data("sleep-edf/SC4001E0_first5min.edf")
    real = mne.io.read_raw_edf(path, include=["EEG Fpz-Cz", "EEG Pz-Oz"], preload=True, verbose="error")
    before = real.get_data()
    for kind in FAULTS:
        changed, truth = inject_faults(real, [Fault(kind, 30, 60)])
        assert len(truth)
        assert changed.n_times == real.n_times - 6000 * (kind == "clock_gap")
    np.testing.assert_array_equal(real.get_data(), before)


# scorings


@pytest.fixture
def scoring() -> yasa.Hypnogram:
    stages = ["WAKE"] * 40 + ["N1"] * 20 + ["N2"] * 80 + ["N3"] * 40 + ["REM"] * 20
    return yasa.Hypnogram(stages, freq="30s", scorer="expert")


@pytest.mark.parametrize("kind", SCORING_FAULTS)
def test_truth_rows_cover_exactly_the_wrong_epochs(scoring: yasa.Hypnogram, kind: str) -> None:
    sound = list(scoring.hypno)
    faulty, truth = inject_scoring_fault(scoring, kind)
    assert list(scoring.hypno) == sound
    wrong = np.array(sound) != np.array(list(faulty.hypno))
    covered = np.zeros(200, dtype=bool)
    for onset, duration in truth[["onset_s", "duration_s"]].to_numpy():
        covered[round(onset / 30) : round((onset + duration) / 30)] = True
    np.testing.assert_array_equal(covered, wrong)
    assert wrong.any()
    assert faulty.scorer == "expert"


def test_shifted_clock(scoring: yasa.Hypnogram) -> None:
    faulty = inject_scoring_fault(scoring, "shifted_clock", severity=2).hypnogram
    assert list(faulty.hypno)[20:] == list(scoring.hypno)[:-20]


@pytest.mark.parametrize(("severity", "count"), [(1.0, 20), (0.5, 10), (0.0, 0)])
def test_relabelled_share(scoring: yasa.Hypnogram, severity: float, count: int) -> None:
    faulty = inject_scoring_fault(scoring, "relabelled", severity=severity, seed=1).hypnogram
    assert int((faulty.hypno != scoring.hypno).sum()) == count


def test_unknown_scoring_fault_is_refused(scoring: yasa.Hypnogram) -> None:
    with pytest.raises(ValueError, match=r"kind must be one of shifted_clock.*got 'coffee'"):
        inject_scoring_fault(scoring, "coffee")
