"""A label that the signal contradicts is a finding; one that it does not, none."""

from datetime import UTC, datetime

import mne
import numpy as np
import pytest
from edf_helpers import dreams_to_edf, write_edf
from scipy.signal import butter, sosfiltfilt

from sleeplab.recording import check_labels, read_recording

SFREQ, MINUTES = 100.0, 15
N_TIMES = round(SFREQ * 60 * MINUTES)


def recording(**signals: np.ndarray) -> mne.io.RawArray:
    """Make a recording; keys are canonical names with ``_`` for ``-``, values are in volts or as they are."""
    names = [name.replace("_", "-") for name in signals]
    types = [
        "eeg" if name[0] in "CFO" else "eog" if name[0] == "E" and name != "ECG" else "misc" for name in names
    ]
    info = mne.create_info(names, SFREQ, types)
    return mne.io.RawArray(np.array(list(signals.values())), info, verbose="error")


def noise(seed: int, band: tuple[float, float] = (0.5, 30.0), rms: float = 20e-6) -> np.ndarray:
    white = np.random.default_rng(seed).standard_normal(N_TIMES)
    shaped = sosfiltfilt(butter(2, band, "band", fs=SFREQ, output="sos"), white)
    return rms * shaped / shaped.std()


def beats(per_min: float = 62.0, uneven: float = 0.05) -> np.ndarray:
    """Make an ECG of 1 mV: a spike of 50 ms at every beat."""
    rng = np.random.default_rng(1)
    at = np.cumsum(60 / per_min * (1 + uneven * rng.standard_normal(round(per_min * MINUTES) + 50)))
    ecg = noise(9, rms=30e-6)
    for second in at[at < 60 * MINUTES - 1]:
        i = round(second * SFREQ)
        ecg[i : i + 5] += 1e-3 * np.array([-0.2, 0.6, 1.0, 0.3, -0.3])
    return ecg


def test_a_sound_recording_has_no_problem():
    eyes = noise(3, (0.3, 1.5), 60e-6)
    table = check_labels(
        recording(
            C3_M2=noise(0),
            E1_M2=eyes + noise(1),
            E2_M2=noise(2) - eyes,
            ECG=beats(),
            SpO2=np.full(N_TIMES, 96.0),
        )
    )
    assert table.empty
    assert table.columns.tolist() == ["ch_name", "problem", "value", "limit", "unit", "evidence"]


def test_a_real_export_and_a_real_eeg_have_no_problem(shared_data, tmp_path):
    assert check_labels(read_recording(shared_data("nox/nox_a1_2min.edf"))).empty
    assert check_labels(read_recording(shared_data("sleep-edf/SC4001E0_first5min.edf"))).empty
    assert check_labels(read_recording(dreams_to_edf("excerpt2", tmp_path))).empty


@pytest.mark.parametrize("level", [0.0, 37e-6])
def test_a_flat_eeg_is_found(level):
    (row,) = check_labels(recording(C3_M2=np.full(N_TIMES, level), C4_M1=noise(0))).itertuples()
    assert (row.ch_name, row.problem, row.value, row.limit, row.unit) == ("C3-M2", "flat", 100.0, 95.0, "%")
    assert row.evidence == "C3-M2 does not change in 100 % of 30 windows of 30 s."


def test_an_eeg_flat_for_half_the_time_is_the_gates_concern():
    half = np.concatenate([noise(0)[: N_TIMES // 2], np.zeros(N_TIMES - N_TIMES // 2)])
    assert check_labels(recording(C3_M2=half)).empty


@pytest.mark.parametrize(
    ("factor", "limit_uv", "remedy"),
    [(1e6, 5000, "1e-06"), (1e3, 5000, "0.001"), (1e-3, 1, "1000"), (1e-6, 1, "1e+06")],
)
def test_a_wrong_unit_is_found_and_the_signal_left_as_declared(factor, limit_uv, remedy):
    # 20 µV rms of Gaussian noise spans about 130 µV in 30 s
    raw = recording(C3_M2=factor * noise(0), C4_M1=noise(1))
    before = raw.get_data()
    (row,) = check_labels(raw).itertuples()
    assert (row.ch_name, row.problem, row.limit, row.unit) == (
        "C3-M2",
        "implausible amplitude",
        limit_uv,
        "µV",
    )
    expected = np.median(np.ptp(before[0].reshape(-1, 3000), axis=1)) * 1e6
    assert row.value == pytest.approx(expected)
    assert f"Multiplied by {remedy} it would be one: the unit in the file is wrong." in row.evidence
    np.testing.assert_array_equal(raw.get_data(), before)


def test_an_amplitude_that_no_unit_explains_is_said_so():
    (row,) = check_labels(recording(C3_M2=1e12 * noise(0))).itertuples()
    assert "No unit error explains it" in row.evidence


@pytest.mark.parametrize(("level", "limit"), [(0.96, 50.0), (0.0, 50.0), (127.0, 100.0), (-300.0, 50.0)])
def test_an_spo2_that_is_no_saturation_is_found(level, limit):
    (row,) = check_labels(recording(SpO2=np.full(N_TIMES, level))).itertuples()
    assert (row.problem, row.value, row.limit, row.unit) == ("no oxygen saturation", level, limit, "%")


def test_an_spo2_with_dropouts_is_one():
    spo2 = np.full(N_TIMES, 95.0)
    spo2[: N_TIMES // 3] = 0
    assert check_labels(recording(SpO2=spo2)).empty


@pytest.mark.parametrize("per_min", [40, 62, 110, 150])
@pytest.mark.parametrize("uneven", [0.03, 0.2])
def test_a_heart_is_seen_slow_fast_or_uneven(per_min, uneven):
    assert check_labels(recording(ECG=beats(per_min, uneven))).empty


@pytest.mark.parametrize("not_ecg", [noise(5), noise(6, (10, 40), 100e-6), noise(7, (0.3, 2), 1e-3)])
def test_an_ecg_without_a_beat_is_found(not_ecg):
    (row,) = check_labels(recording(ECG=not_ecg)).itertuples()
    assert (row.ch_name, row.problem, row.limit, row.unit) == ("ECG", "no heart beat", 10.0, "%")
    assert row.value < 10


@pytest.mark.parametrize("partner", ["same", "unrelated"])
def test_eyes_that_never_oppose_are_found(partner):
    # 0.3–2 Hz in 30 s are 100 independent values: by chance a correlation is below -0.3 once in 700 windows
    left = noise(3, (0.3, 2), 60e-6)
    right = left + noise(2, rms=10e-6) if partner == "same" else noise(4, (0.3, 2), 60e-6)
    (row,) = check_labels(recording(E1_M2=left, E2_M2=right)).itertuples()
    assert (row.ch_name, row.problem, row.value) == ("E1-M2, E2-M2", "eyes do not oppose", 0.0)
    assert (row.limit, row.unit) == (2.0, "%")


def test_eyes_that_oppose_only_now_and_then_are_eyes():
    shared, eyes = noise(3, (0.3, 2), 40e-6), np.zeros(N_TIMES)
    eyes[:6000] = noise(4, (0.3, 1.5), 100e-6)[:6000]  # one minute of fifteen
    assert check_labels(recording(E1_M2=shared + eyes, E2_M2=shared - eyes)).empty


def test_gaps_are_not_looked_at():
    signal = noise(0)
    signal[: round(0.97 * N_TIMES)] = 0
    raw = recording(C3_M2=signal)
    assert check_labels(raw)["problem"].tolist() == ["flat"]
    raw.set_annotations(mne.Annotations([0], [0.97 * 60 * MINUTES], "BAD_gap"))
    assert check_labels(raw).empty


@pytest.mark.parametrize("clock", [None, datetime(2020, 3, 14, 22, tzinfo=UTC)])
def test_gaps_are_found_in_a_recording_cut_out_of_a_night(clock):
    signal = noise(0)
    signal[30000:85000] = 0
    raw = recording(C3_M2=signal)
    raw.set_meas_date(clock)
    raw.set_annotations(mne.Annotations([300], [550], "BAD_gap", orig_time=clock))
    # what is left holds 2 s of signal that touch the gap, all the gap, and 50 s of signal
    assert check_labels(raw.crop(298, 900, include_tmax=False)).empty


def test_a_recording_of_ten_seconds_is_one_window():
    short = recording(C3_M2=np.zeros(N_TIMES)).crop(0, 10, include_tmax=False)
    assert "in 100 % of 1 windows" in check_labels(short)["evidence"].iloc[0]


def test_windows_with_a_nan_are_not_looked_at():
    signal = noise(0)
    signal[100] = np.nan
    assert check_labels(recording(C3_M2=signal, C4_M1=np.full(N_TIMES, np.nan))).empty


@pytest.mark.parametrize(("cut_uv", "found"), [(25.0, True), (200.0, False)])
def test_a_signal_too_large_for_its_converter_is_found(tmp_path, cut_uv, found):
    # 20 µV of noise cut at ±25 µV stands there for 21 % of the time; at ±200 µV it never does.
    eeg = np.clip(1e6 * noise(0), -cut_uv, cut_uv)
    eeg[:2] = [-cut_uv, cut_uv]  # edfio lets the range of the converter end where the signal does
    table = check_labels(read_recording(write_edf(tmp_path / "a.edf", {"EEG C3-A2": (eeg, SFREQ, "uV")})))
    assert table["problem"].tolist() == (["at the digital rails"] if found else [])
    if found:
        share = 100 * np.mean(np.abs(eeg) >= 0.99 * cut_uv)
        assert table["value"].iloc[0] == pytest.approx(share, abs=1.0)
        assert "(-25 and 25 µV)" in table["evidence"].iloc[0]


def test_rails_are_not_guessed_where_they_are_not_known():
    assert check_labels(recording(C3_M2=np.clip(noise(0), -25e-6, 25e-6))).empty
