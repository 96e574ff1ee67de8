"""Sound recordings: every sample, unit, rate, clock and gap comes out as it went in."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import edfio
import mne
import numpy as np
import pytest
from edf_helpers import START, RawSignal, dreams_to_edf, edf_bytes, tal_digital, write_edf
from scipy.signal import resample_poly

from sleeplab.recording import Header, iter_blocks, night_id, read_header, read_recording
from sleeplab.recording._open import open_source

# The pass band of the resampling filter (Kaiser window, beta 5) ripples by 53 dB = 2.2e-3 of the amplitude.
RIPPLE = 2.2e-3


def sine(hertz: float, sfreq: float, seconds: float, amplitude: float = 100.0) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(round(sfreq * seconds)) / sfreq)


def half_step(amplitude: float) -> float:
    """Half a digital step where 16 bits are spread over ±amplitude, as `write_edf` does."""
    return 1.01 * amplitude / 65535


# --- real files, against independent readers ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "n_channels"), [("sleep-edf/SC4001E0_first5min.edf", 7), ("nox/nox_a1_2min.edf", 89)]
)
def test_every_sample_of_a_real_file_is_that_of_edfio(shared_data, name, n_channels):
    path = shared_data(name)
    reference = edfio.read_edf(path, header_encoding="utf-8")
    source = open_source(path)
    assert len(source.tracks) == len(reference.signals) == n_channels
    for i, (track, signal) in enumerate(zip(source.tracks, reference.signals, strict=True)):
        assert (track.label, track.unit) == (signal.label, signal.physical_dimension)
        assert float(track.sfreq) == signal.sampling_frequency
        digital = source.digital(i, 0, len(signal.digital))
        np.testing.assert_array_equal(digital, signal.digital)
        # float64 arithmetic on either side, written differently: a few rounding errors of the largest term
        rounding = 1e-12 * max(map(abs, signal.physical_range))
        np.testing.assert_allclose(
            digital.astype(float) * track.gain + track.offset, signal.data, 0, rounding
        )


def test_sleep_edf_at_its_own_rate_is_what_mne_and_edfio_read(shared_data):
    path = shared_data("sleep-edf/SC4001E0_first5min.edf")
    raw = read_recording(path)
    by_mne = mne.io.read_raw_edf(path, verbose="error")
    by_edfio = edfio.read_edf(path)
    for name, label in [("Fpz-Cz", "EEG Fpz-Cz"), ("Pz-Oz", "EEG Pz-Oz"), ("EOG", "EOG horizontal")]:
        ours = raw.get_data([name])[0]
        np.testing.assert_allclose(ours, by_edfio.get_signal(label).data * 1e-6, rtol=0, atol=1e-15)
        np.testing.assert_allclose(ours, by_mne.get_data([label])[0], rtol=0, atol=1e-15)
    flow = by_edfio.get_signal("Resp oro-nasal").data  # 1 Hz, no unit
    np.testing.assert_allclose(raw.get_data(["Flow"])[0], np.repeat(flow, 100), rtol=0, atol=1e-9)
    assert raw.info["meas_date"] == datetime(1989, 4, 24, 16, 13, tzinfo=UTC)
    assert (raw.info["sfreq"], raw.n_times) == (100.0, 30000)


def test_nox_export_at_200_hz_is_what_edfio_reads_and_at_100_hz_what_scipy_makes_of_it(shared_data):
    path = shared_data("nox/nox_a1_2min.edf")
    reference = edfio.read_edf(path, header_encoding="utf-8")
    native, staged = read_recording(path, sfreq=200.0), read_recording(path)
    assert {"C3-M2", "C4-M1", "E1-M2", "ECG", "SpO2"} <= set(staged.ch_names)
    for name in ("C3-M2", "C4-M1", "F3-M2", "F4-M1", "O1-M2", "O2-M1", "E1-M2", "ECG"):
        signal = reference.get_signal(name)
        np.testing.assert_allclose(native.get_data([name])[0], signal.data, rtol=0, atol=1e-15)
        expected = resample_poly(signal.data, 1, 2, padtype="edge")
        step = (signal.physical_max - signal.physical_min) / (signal.digital_max - signal.digital_min)
        # sums of 41 float32 products of up to 32768 steps: 41 * 6e-8 * 32768 = 0.08 steps
        np.testing.assert_allclose(staged.get_data([name])[0], expected, rtol=0, atol=0.08 * step)
    assert staged.info["meas_date"] == datetime(2018, 2, 6, 1, 36, 50, tzinfo=UTC)
    assert staged.n_times == 12000


@pytest.mark.parametrize(("name", "sfreq"), [("excerpt1", 100.0), ("excerpt2", 200.0)])
def test_dreams_excerpt_comes_back_in_volts(shared_data, tmp_path, name, sfreq):
    expected = np.loadtxt(shared_data(f"dreams/{name}.txt"), skiprows=1)
    raw = read_recording(dreams_to_edf(name, tmp_path), sfreq=sfreq)
    step = np.ptp(expected) / 65535
    np.testing.assert_allclose(raw.get_data()[0] * 1e6, expected, rtol=0, atol=0.51 * step)


# --- rates -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sfreq", [100, 128, 200, 250, 256, 500, 512, 1000, 1024, 90])
def test_a_sine_stays_the_sine_at_100_hz(tmp_path, sfreq):
    path = write_edf(tmp_path / "a.edf", {"C3-M2": (sine(11, sfreq, 20), sfreq, "uV")})
    raw = read_recording(path)
    assert raw.n_times == 2000
    inner = slice(100, 1900)  # beyond its ends the signal is continued by a constant, not by the sine
    expected = sine(11, 100, 20)
    error = np.abs(raw.get_data()[0] * 1e6 - expected)[inner].max()
    # rounding errors of half a step pass through at most 2.5 as large: the sum of the filter's absolute taps
    assert error < 100 * RIPPLE + 2.5 * half_step(100)


@pytest.mark.parametrize("record_s", ["0.976563", "1.0001", "0.999", "1.000123"])
def test_rates_that_are_no_ratio_of_small_numbers_keep_time_for_hours(tmp_path, record_s):
    sfreq, n_records = 200 / float(record_s), 7200
    t = np.arange(200 * n_records) / sfreq
    digital = np.round(10000 * np.sin(2 * np.pi * 7 * t))
    path = tmp_path / "a.edf"
    path.write_bytes(
        edf_bytes([RawSignal("C3-M2", digital, 200)], n_records=n_records, header={"record_s": record_s})
    )
    raw = read_recording(path)
    assert raw.n_times == int(n_records * float(record_s) * 100)
    last = slice(raw.n_times - 2000, raw.n_times - 100)
    expected = 1000 * np.sin(2 * np.pi * 7 * np.arange(raw.n_times) / 100)
    # a drift of one sample in these two hours would be an error of 1000 * 2 pi 7 / 100 = 440 µV
    assert np.abs(raw.get_data()[0] * 1e6 - expected)[last].max() < 1000 * (RIPPLE + 1e-4) + 2.5 * 0.05


@pytest.mark.parametrize(("sfreq", "hertz"), [(256, 70), (512, 70), (512, 190), (200, 90), (1999, 300)])
def test_what_100_hz_cannot_hold_is_removed_not_folded_down(tmp_path, sfreq, hertz):
    path = write_edf(tmp_path / "a.edf", {"C3-M2": (sine(hertz, sfreq, 20), sfreq, "uV")})
    found = read_recording(path).get_data()[0][100:-100] * 1e6
    assert np.abs(found).max() < 100 * RIPPLE + 2.5 * half_step(100)


@pytest.mark.parametrize("native", [1, 4, 25, 200])
def test_readings_are_held_until_the_next_and_never_overshoot(tmp_path, native):
    spo2 = np.array([97.0, 97, 80, 80, 95, 95, 95, 95, 60, 60])
    signals = {
        "C3-M2": (sine(10, 200, 10), 200, "uV"),
        "SpO2": (np.repeat(spo2, native), native, "%"),
    }
    raw = read_recording(write_edf(tmp_path / "a.edf", signals))
    assert raw.get_channel_types(["SpO2"]) == ["misc"]
    np.testing.assert_allclose(raw.get_data(["SpO2"])[0], np.repeat(spo2, 100), rtol=0, atol=37 / 65535)


def test_a_wave_slower_than_the_output_is_interpolated(tmp_path):
    breath = sine(0.25, 25, 60, 1.0)
    signals = {"C3-M2": (sine(10, 200, 60), 200, "uV"), "Flow": (breath, 25, "L/s")}
    raw = read_recording(write_edf(tmp_path / "a.edf", signals))
    found = raw.get_data(["Flow"])[0][100:-100]
    np.testing.assert_allclose(found, sine(0.25, 100, 60, 1.0)[100:-100], rtol=0, atol=RIPPLE + 2.5 / 65535)


def test_a_constant_offset_has_no_transient_at_the_ends(tmp_path):
    level = np.full(2560, 300.0)
    level[0], level[1] = 301, 299  # edfio wants a range
    raw = read_recording(write_edf(tmp_path / "a.edf", {"C3-M2": (level, 256, "uV")}))
    assert np.abs(raw.get_data()[0] * 1e6 - 300).max() < 1.1


def test_all_channels_have_floor_of_duration_times_rate_samples(tmp_path):
    path = tmp_path / "a.edf"
    signals = [
        RawSignal("C3-M2", np.arange(37 * 50) % 1000, 50),
        RawSignal("Flow", np.arange(37 * 8) % 1000, 8, "L/s"),
        RawSignal("SpO2", np.full(37, 95), 1, "%"),
    ]
    path.write_bytes(edf_bytes(signals, n_records=37, header={"record_s": "0.333"}))
    header, raw = read_header(path), read_recording(path)
    assert header.duration_s == pytest.approx(12.321)
    assert raw.n_times == 1232
    assert header.channels["n_samples"].tolist() == [1850, 296, 37]


@pytest.mark.parametrize("bad", [0.0, -100.0, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(tmp_path, bad):
    path = write_edf(tmp_path / "a.edf", {"C3-M2": (sine(10, 200, 10), 200, "uV")})
    with pytest.raises(ValueError, match=r"sfreq must be a positive number of Hz, but it is"):
        read_recording(path, sfreq=bad)


def test_eeg_at_50_hz_is_refused_not_interpolated(tmp_path):
    path = write_edf(tmp_path / "a.edf", {"C3-M2": (sine(10, 50, 10), 50, "uV")})
    with pytest.raises(ValueError, match=r"'C3-M2' is sampled at 50 Hz and staging needs more than 80 Hz"):
        read_recording(path)
    assert read_recording(path, sfreq=50.0).n_times == 500


def test_one_slow_channel_is_left_out_and_said_so(tmp_path):
    signals = {"C3-M2": (sine(10, 200, 10), 200, "uV"), "C4-M1": (sine(10, 64, 10), 64, "uV")}
    raw = read_recording(write_edf(tmp_path / "a.edf", signals))
    assert raw.ch_names == ["C3-M2"]
    (problem,) = raw.info["temp"]["problems"]
    assert "Channel 'C4-M1' (eeg) is left out: 'C4-M1' is sampled at 64 Hz" in problem


# --- units and derivations ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "per_volt"),
    [
        *[(u, 1e6) for u in ("uV", "µV".encode(), "µV".encode("latin-1"), "μV", "UV", "uv", "uVolt")],
        *[("mV", 1e3), ("V", 1.0), ("Volts", 1.0), ("nV", 1e9)],
    ],
)
def test_units_become_volts(tmp_path, unit, per_volt):
    digital = np.round(sine(10, 100, 10, 30000))
    full_scale = float(f"{100e-6 * per_volt:.6g}")
    signal = RawSignal("C3-M2", digital, 100, unit, (-full_scale, full_scale), (-32767, 32767))
    path = tmp_path / "a.edf"
    path.write_bytes(edf_bytes([signal], n_records=10))
    np.testing.assert_allclose(read_recording(path).get_data()[0], digital / 32767 * 100e-6, rtol=1e-6)


def test_values_without_a_unit_are_taken_as_microvolts_and_said_so(tmp_path):
    raw = read_recording(write_edf(tmp_path / "a.edf", {"C3-M2": (sine(25, 100, 10), 100, "")}))
    assert raw.get_data().max() == pytest.approx(100e-6, rel=1e-4)
    assert raw.info["temp"]["problems"] == (
        "Channel 'C3-M2' (eeg) names no unit; its values are taken as µV.",
    )


def test_an_eeg_in_ohm_is_left_out_and_alone_is_refused(tmp_path):
    eeg, other = (sine(10, 100, 10), 100, "mmHg"), (sine(10, 100, 10), 100, "uV")
    raw = read_recording(write_edf(tmp_path / "a.edf", {"C3-M2": eeg, "C4-M1": other}))
    assert raw.ch_names == ["C4-M1"]
    with pytest.raises(ValueError, match=r"the unit of 'C3-M2' must be a voltage, and is mmHg"):
        read_recording(write_edf(tmp_path / "b.edf", {"C3-M2": eeg}))


def test_electrode_minus_mastoid_in_another_unit(tmp_path):
    signals = {
        "C4": (sine(10, 256, 20, 80) + 20, 256, "uV"),
        "M1": (sine(10, 256, 20, 0.030), 256, "mV"),
    }
    raw = read_recording(write_edf(tmp_path / "a.edf", signals))
    assert raw.ch_names == ["C4-M1"]
    expected = sine(10, 100, 20, 50) + 20
    error = np.abs(raw.get_data()[0] * 1e6 - expected)[100:-100].max()
    assert error < 110 * RIPPLE + 2.5 * (half_step(80) + half_step(30))
    assert np.isnan(raw.info["temp"]["native"]["C4-M1"]["step"])


def test_native_step_and_rails_are_kept_for_the_gate(tmp_path):
    signal = RawSignal("C3-M2", np.arange(1000), 100, "mV", (2, -2), (-2048, 2047))
    path = tmp_path / "a.edf"
    path.write_bytes(edf_bytes([signal], n_records=10))
    native = read_recording(path).info["temp"]["native"]["C3-M2"]
    assert native == pytest.approx({"sfreq": 100, "step": 4e-3 / 4095, "low": -2e-3, "high": 2e-3})


def test_inverted_physical_range_turns_the_signal_round(tmp_path):
    digital = np.tile([1000, 0, -1000, 0], 250)
    path = tmp_path / "a.edf"
    path.write_bytes(
        edf_bytes([RawSignal("C3-M2", digital, 100, "uV", (100, -100), (-10000, 10000))], n_records=10)
    )
    np.testing.assert_allclose(read_recording(path).get_data()[0], digital * -1e-8, rtol=1e-9, atol=1e-20)
    assert read_header(path).problems == ()


def test_roles_and_named_eeg_choose_what_is_read(tmp_path):
    signals = {
        "C3-M2": (sine(10, 200, 10), 200, "uV"),
        "C4-M1": (sine(10, 200, 10, 50), 200, "uV"),
        "E1-M2": (sine(1, 200, 10), 200, "uV"),
        "SpO2": (np.linspace(90, 97, 10), 1, "%"),
    }
    path = write_edf(tmp_path / "a.edf", signals)
    assert set(read_recording(path).ch_names) == {"C3-M2", "C4-M1", "E1-M2", "SpO2"}
    assert read_recording(path, roles=("spo2",)).ch_names == ["SpO2"]
    assert read_recording(path, eeg=("c4-m1",), roles=("eeg",)).ch_names == ["C4-M1"]
    assert read_recording(path, roles=("eog",)).get_channel_types() == ["eog"]
    with pytest.raises(ValueError, match=r"roles must be among eeg, .*, but 'brain' is asked for"):
        read_recording(path, roles=("brain",))
    with pytest.raises(
        ValueError, match=r"No channel has a role among ecg; this recording has eeg, eog, spo2"
    ):
        read_recording(path, roles=("ecg",))


# --- clock and gaps ----------------------------------------------------------------------------------------


def discontinuous(onsets: list[str], reserved: str = "EDF+D") -> bytes:
    """Make records of 1 s at 200 Hz; record i holds the value 100 * (i + 1), in steps of 0.1 µV."""
    n = len(onsets)
    eeg = RawSignal("C3-M2", np.repeat(100 * np.arange(1, n + 1), 200), 200)
    spo2 = RawSignal("SpO2", 90 + np.arange(n), 1, "%", (-32768, 32767))
    notes = RawSignal("EDF Annotations", tal_digital([f"{t}\x14\x14\0" for t in onsets], 30), 15)
    return edf_bytes([eeg, notes, spo2], n_records=n, header={"reserved": reserved})


@pytest.mark.parametrize("reserved", ["EDF+D", "EDF+C"])
def test_gaps_hold_zeros_are_marked_and_keep_the_times_right(tmp_path, reserved):
    path = tmp_path / "a.edf"
    path.write_bytes(discontinuous(["+0", "+1", "+2", "+7", "+8", "+20.5"], reserved))
    header, raw = read_header(path), read_recording(path)
    assert header.format == "EDF+D"
    assert header.gaps == ((3.0, 4.0), (9.0, 11.5))
    assert header.duration_s == 21.5
    assert raw.n_times == 2150
    found = [(a["onset"], a["duration"], a["description"]) for a in raw.annotations]
    assert found == [(3.0, 4.0, "BAD_gap"), (9.0, 11.5, "BAD_gap")]
    eeg, spo2 = raw.get_data() * [[1e6], [1]]
    for onset_s, level, saturation in [(7, 40, 93), (20.5, 60, 95)]:
        inner = slice(round(onset_s * 100) + 20, round(onset_s * 100) + 80)  # 20 samples: the filter's reach
        assert np.abs(eeg[inner] - level).max() < level * RIPPLE + 0.1
        assert np.abs(spo2[inner] - saturation).max() < 1e-3
    for gap in (slice(300, 700), slice(900, 2050)):
        assert not raw.get_data()[:, gap].any()
    # the signal before a gap is not smeared into it: constant to its last sample
    assert abs(eeg[899] - 50) < 50 * RIPPLE + 0.1


def test_a_header_that_denies_its_gaps_is_reported(tmp_path):
    path = tmp_path / "a.edf"
    path.write_bytes(discontinuous(["+0", "+1", "+9"], "EDF+C"))
    assert "says that the recording has no gap, but its record times have" in read_header(path).problems[0]


def test_records_of_edf_d_that_follow_each_other_make_no_gap(tmp_path):
    path = tmp_path / "a.edf"
    path.write_bytes(discontinuous(["+0", "+1.002", "+1.999", "+3"]))
    header = read_header(path)
    assert (header.gaps, header.problems, header.duration_s) == ((), (), 4.0)


@pytest.mark.parametrize("reserved", ["EDF+D", "EDF+C"])
@pytest.mark.parametrize("drift", [0.002, -0.002])
def test_a_clock_that_drifts_makes_no_gap(tmp_path, drift, reserved):
    path = tmp_path / "a.edf"
    path.write_bytes(discontinuous([f"{i * (1 + drift):+.3f}" for i in range(40)], reserved))
    header = read_header(path)
    assert (header.gaps, header.problems, header.duration_s) == ((), (), 40.0)


def test_records_all_equally_far_apart_contradict_their_duration(tmp_path):
    path = tmp_path / "a.edf"
    path.write_bytes(discontinuous(["+0", "+10", "+20", "+30"], "EDF+C"))
    with pytest.raises(
        ValueError, match=r"as long as the header says, 1 s, but each starts 10 s after the one"
    ):
        read_header(path)


def test_record_times_that_run_back_are_refused(tmp_path):
    path = tmp_path / "a.edf"
    path.write_bytes(discontinuous(["+0", "+1", "+1.5", "+3"]))
    with pytest.raises(ValueError, match=r"record 3 starts at 1.50 s and the one before ends at 2.00 s"):
        read_header(path)


def test_a_record_of_another_day_is_refused(tmp_path):
    path = tmp_path / "a.edf"
    path.write_bytes(discontinuous(["+0", "+1", "+86405"]))
    with pytest.raises(
        ValueError, match=r"less than a day, but data record 3 starts 24.0 h after the one before"
    ):
        read_header(path)


def test_a_record_without_a_readable_time_follows_the_one_before(tmp_path):
    path = tmp_path / "a.edf"
    path.write_bytes(discontinuous(["+0", "oops", "+2", "+9"]))
    header = read_header(path)
    assert header.gaps == ((3.0, 6.0),)
    assert header.problems == ("1 of 4 data records hold no readable time; each follows the one before.",)


def test_the_first_record_may_start_a_fraction_of_a_second_late(tmp_path):
    path = tmp_path / "a.edf"
    path.write_bytes(discontinuous(["+0.25", "+1.25", "+5.25"]))
    header = read_header(path)
    assert header.start == START + timedelta(seconds=0.25)
    assert header.gaps == ((2.0, 3.0),)


def test_edf_d_without_record_times_is_read_as_one_stretch_and_said_so(tmp_path):
    path = tmp_path / "a.edf"
    path.write_bytes(
        edf_bytes([RawSignal(digital=np.arange(300))], n_records=3, header={"reserved": "EDF+D"})
    )
    header = read_header(path)
    assert header.duration_s == 3.0
    assert "may have gaps (EDF+D) but has no record times" in header.problems[0]


@pytest.mark.parametrize(
    ("fields", "start"),
    [
        ({"date": "14.03.20", "time": "22.15.00"}, datetime(2020, 3, 14, 22, 15)),
        ({"date": "01.02.89", "recording": "", "time": "23:59:58"}, datetime(1989, 2, 1, 23, 59, 58)),
        ({"date": "01.02.84", "recording": ""}, datetime(2084, 2, 1, 22, 15)),
        ({"date": "01.01.85", "recording": "Startdate X X X X"}, datetime(1985, 1, 1, 22, 15)),
        ({"date": "14.03.yy", "recording": "Startdate 14-MAR-2091 X X X"}, datetime(2091, 3, 14, 22, 15)),
        ({"date": " 4-03-20", "recording": "", "time": " 7:05:09"}, datetime(2020, 3, 4, 7, 5, 9)),
    ],
)
def test_start_of_the_recording(tmp_path, fields, start):
    path = tmp_path / "a.edf"
    path.write_bytes(edf_bytes([RawSignal(digital=np.arange(300))], n_records=3, header=fields))
    assert read_header(path).start == start
    assert read_header(path).problems == ()
    assert read_recording(path).info["meas_date"] == start.replace(tzinfo=UTC)


# --- other formats -----------------------------------------------------------------------------------------


def test_bdf_keeps_all_24_bits(tmp_path):
    digital = np.array([-8388608, -1, 0, 1, 8388607, 65536, -65537, 255] * 40)
    signal = RawSignal("C3-M2", digital, 160, "uV", (-262144, 262143), (-8388608, 8388607))
    notes = RawSignal(
        "BDF Annotations", tal_digital(["+0\x14\x14\0", "+2\x14\x14\0"], 30, sample_bytes=3), 10
    )
    version = {"version": b"\xffBIOSEMI", "reserved": "BDF+C", "record_s": 1.6}
    path = tmp_path / "a.bdf"
    path.write_bytes(edf_bytes([signal, notes], n_records=2, header=version))
    header = read_header(path)
    assert (header.format, header.duration_s, header.gaps) == ("BDF+D", 3.6, ((1.6, 0.4),))
    raw = read_recording(path)
    steps = raw.get_data()[0] * 1e6 / ((262143 + 262144) / (2**24 - 1))
    offset = -262144 + 8388608 * (262143 + 262144) / (2**24 - 1)
    expected = digital[:160] + offset / ((262143 + 262144) / (2**24 - 1))
    np.testing.assert_allclose(steps[:160], expected, rtol=0, atol=1e-6)


def test_fif_comes_back_through_mne_with_its_gaps(tmp_path):
    first = tmp_path / "a.edf"
    first.write_bytes(discontinuous(["+0", "+1", "+7", "+8"]))
    raw = read_recording(first)
    raw.save(tmp_path / "night_raw.fif", verbose="error")
    again = read_recording(tmp_path / "night_raw.fif")
    header = read_header(tmp_path / "night_raw.fif")
    assert (header.format, header.gaps, header.start) == ("FIF", ((2.0, 5.0),), START)
    # FIF stores float32: 24 bits of the largest value
    for name in ("C3-M2", "SpO2"):
        expected = raw.get_data([name])
        np.testing.assert_allclose(again.get_data([name]), expected, rtol=2**-24, atol=1e-15)
    assert [a["description"] for a in again.annotations] == ["BAD_gap"]


def test_brainvision_is_read_through_mne(tmp_path):
    counts = np.round([sine(10, 500, 20, 1000), sine(1, 500, 20, 500)]).astype("<i2")
    (tmp_path / "n.eeg").write_bytes(counts.T.tobytes())
    (tmp_path / "n.vmrk").write_text(
        "Brain Vision Data Exchange Marker File, Version 1.0\n\n[Common Infos]\nCodepage=UTF-8\n"
        "DataFile=n.eeg\n\n[Marker Infos]\nMk1=New Segment,,1,1,0,20200314221500000000\n",
        encoding="utf-8",
    )
    (tmp_path / "n.vhdr").write_text(
        "Brain Vision Data Exchange Header File Version 1.0\n\n[Common Infos]\nCodepage=UTF-8\n"
        "DataFile=n.eeg\nMarkerFile=n.vmrk\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\nNumberOfChannels=2\n"
        "SamplingInterval=2000\n\n[Binary Infos]\nBinaryFormat=INT_16\n\n[Channel Infos]\n"
        "Ch1=C3-M2,,0.1,µV\nCh2=E1-M2,,0.1,µV\n",
        encoding="utf-8",
    )
    raw = read_recording(tmp_path / "n.vhdr")
    assert raw.ch_names == ["C3-M2", "E1-M2"]
    assert read_header(tmp_path / "n.vhdr").format == "BrainVision"
    assert raw.info["meas_date"] == START.replace(tzinfo=UTC)
    error = np.abs(raw.get_data()[0] * 1e6 - sine(10, 100, 20))[100:-100].max()
    assert error < 100 * RIPPLE + 2.5 * 0.05
    before = night_id(tmp_path / "n.vhdr")
    (tmp_path / "n.eeg").write_bytes(counts.T.tobytes()[:-2] + b"\1\1")
    assert night_id(tmp_path / "n.vhdr") != before


# --- blocks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block_s", [7.3, 60.0, 1e6])
def test_blocks_side_by_side_are_the_recording(tmp_path, block_s):
    rng = np.random.default_rng(4)
    signals = [
        RawSignal("C3-M2", rng.integers(-2000, 2000, 150 * 256), 256),
        RawSignal("C4", rng.integers(-2000, 2000, 150 * 512), 512),
        RawSignal("M1", rng.integers(-2000, 2000, 150 * 512), 512),
        RawSignal("Flow", rng.integers(-2000, 2000, 150 * 32), 32, "L/s"),
        RawSignal("SpO2", rng.integers(80, 100, 150), 1, "%"),
        RawSignal(
            "EDF Annotations", tal_digital([f"+{i + 9 * (i > 70)}\x14\x14\0" for i in range(150)], 20), 10
        ),
    ]
    path = tmp_path / "a.edf"
    path.write_bytes(edf_bytes(signals, n_records=150, header={"reserved": "EDF+D"}))
    whole = read_recording(path)
    blocks = list(iter_blocks(path, block_s=block_s))
    assert whole.ch_names == blocks[0].ch_names
    assert [b.first_samp for b in blocks] == list(range(0, whole.n_times, int(block_s * 100)))
    together = np.concatenate([b.get_data() for b in blocks], axis=1)
    assert together.shape == whole.get_data().shape
    # The same float32 products, in an order that may depend on the size of the matrix: 200 roundings of
    # 2**-24 of 2000 steps of 0.1 µV (C4-M1: of two such).
    per_unit = np.array([1e-6 if t == "eeg" else 1.0 for t in whole.get_channel_types()])[:, None]
    assert (np.abs(together - whole.get_data()) <= 2 * 200 * 2**-24 * 200 * per_unit).all()
    gap_s = sum(a["duration"] for b in blocks for a in b.annotations)
    assert gap_s == pytest.approx(9.0)
    for block in blocks:
        for note in block.annotations:
            start = block.time_as_index(note["onset"] - block.first_time + 0.005)[0]
            assert not block.get_data()[:, start].any()


@pytest.mark.parametrize("block_s", [0.0, -1.0, 0.001, float("nan"), float("inf")])
def test_a_block_of_nothing_is_refused(tmp_path, block_s):
    path = write_edf(tmp_path / "a.edf", {"C3-M2": (sine(10, 200, 10), 200, "uV")})
    with pytest.raises(ValueError, match=r"block_s must be at least one sample \(0.01 s\), but it is"):
        next(iter_blocks(path, block_s=block_s))


# --- header, identity, person ------------------------------------------------------------------------------


def test_header_has_a_row_per_signal_and_none_per_annotation_track(shared_data):
    header = read_header(shared_data("nox/nox_a1_2min.edf"))
    assert isinstance(header, Header)
    assert (len(header.channels), header.format, header.duration_s) == (89, "EDF+C", 120.0)
    assert (header.gaps, header.problems, header.start) == ((), (), datetime(2018, 2, 6, 1, 36, 50))
    row = header.channels.set_index("label").loc["C3 Impédance"]
    assert (row["sfreq"], row["n_samples"], row["unit"], row["problem"]) == (1.0, 120, "Ohm", "")
    assert row["kind"] == "impedance"


def test_the_person_stays_in_the_file(tmp_path):
    secret = {
        "patient": "MCH-0234567 F 02-MAY-1951 Durand_Jeanne",
        "recording": "Startdate 14-MAR-2020 X Tech_Paul SN4711",
    }
    notes = tal_digital(["+0\x14\x14Jeanne Durand calls\x14\0", "+1\x14\x14\0", "+2\x14\x14\0"], 40)
    signals = [RawSignal(digital=np.arange(300)), RawSignal("EDF Annotations", notes, 20)]
    path = tmp_path / "Durand_Jeanne.edf"
    path.write_bytes(edf_bytes(signals, n_records=3, header={**secret, "reserved": "EDF+C"}))
    raw, header = read_recording(path), read_header(path)
    shown = (
        f"{raw!r} {raw.info!r} {raw.info['temp']} {raw.annotations} {header} {night_id(path)} {raw.filenames}"
    )
    for word in ("Durand", "Jeanne", "0234567", "1951", "Paul", "4711"):
        assert word not in shown
    for key in ("subject_info", "device_info", "description", "experimenter"):
        assert raw.info[key] is None


def test_night_id_depends_on_the_bytes_only(tmp_path):
    path = write_edf(tmp_path / "a.edf", {"C3-M2": (sine(10, 200, 600), 200, "uV")})
    copy = tmp_path / "b.edf"
    content = path.read_bytes()
    copy.write_bytes(content)
    assert night_id(path) == night_id(copy)
    assert len(night_id(path)) == 12
    copy.write_bytes(content[:-1])
    assert night_id(path) != night_id(copy)
    copy.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert night_id(path) != night_id(copy)
    with pytest.raises(FileNotFoundError, match=r"There is no recording at .*c\.edf"):
        night_id(tmp_path / "c.edf")


def test_the_recording_can_be_copied_cropped_and_saved(tmp_path: Path):
    raw = read_recording(write_edf(tmp_path / "a.edf", {"C3-M2": (sine(10, 200, 10), 200, "uV")}))
    part = raw.copy().crop(2, 4).pick(["eeg"])
    assert part.info["temp"]["native"]["C3-M2"]["sfreq"] == 200.0
    part.save(tmp_path / "b_raw.fif", verbose="error")


def test_stretches_of_several_signals_are_right_in_whatever_order_they_are_asked_for(tmp_path):
    rng = np.random.default_rng(0)
    whole = [np.round(rng.uniform(-3000, 3000, 60 * sfreq)) for sfreq in (100, 32)]
    path = write_edf(tmp_path / "night.edf", {"A": (whole[0], 100, "uV"), "B": (whole[1], 32, "uV")})
    source = open_source(path)
    for track, start_s, stop_s in ((0, 30, 40), (1, 29, 41), (0, 30, 40), (1, 0, 5), (0, 50, 60), (1, 0, 60)):
        sfreq = int(source.tracks[track].sfreq)
        there = slice(start_s * sfreq, stop_s * sfreq)
        found = source.digital(track, there.start, there.stop) * source.tracks[track].gain
        step = source.tracks[track].gain  # edfio rounds to its own digital range
        np.testing.assert_allclose(found + source.tracks[track].offset, whole[track][there], atol=step)
