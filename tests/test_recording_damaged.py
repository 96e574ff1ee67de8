"""Files that lie: what is sound is read and what is not is said, or the file is refused with the reason."""

import re
from datetime import datetime

import numpy as np
import pytest
from edf_helpers import START, RawSignal, edf_bytes, tal_digital
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sleeplab.recording import check_labels, iter_blocks, night_id, read_header, read_labels, read_recording

RAMP = np.arange(1000) % 500


def eeg(**fields: object) -> RawSignal:
    return RawSignal(**{"label": "C3-M2", "digital": RAMP, "per_record": 100, **fields})


@pytest.fixture
def write(tmp_path):
    def to_file(content: bytes, name: str = "night.edf"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return to_file


# --- no recording at all -----------------------------------------------------------------------------------


@pytest.mark.parametrize("read", [read_header, read_recording, night_id, lambda p: next(iter_blocks(p))])
def test_a_missing_file_is_named(tmp_path, read):
    with pytest.raises(
        FileNotFoundError, match=r"There is no recording at .*nowhere\.edf\. Check the spelling"
    ):
        read(tmp_path / "nowhere.edf")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"must be one file, but a folder was given"):
        read_header(tmp_path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "this file is empty (0 bytes)"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(900), "a JPEG picture"),
        (b"PK\x03\x04" + bytes(900), "a ZIP archive"),
        (b"Jeanne Durand slept badly. " * 40, "this file is a text"),
        (b"0" * 7, "of no known format|this file is a text"),
        (bytes(4096), "blank at its beginning"),
        (b"<?xml version='1.0'?><CMPStudyConfig/>", "an XML document"),
        (bytes(range(256)) * 8, "of no known format"),
    ],
)
def test_what_is_no_recording_is_refused_and_described(write, content, told):
    with pytest.raises(ValueError, match=r"must be EDF, EDF\+, BDF, FIF or BrainVision") as caught:
        read_header(write(content))
    assert re.search(told.replace("(", r"\(").replace(")", r"\)"), str(caught.value))
    assert "Jeanne" not in str(caught.value)


def test_a_damaged_fif_is_refused(write):
    with pytest.raises(ValueError, match=r"A FIF recording must be readable by MNE, but it fails"):
        read_header(write(b"\0\0\0\x64\0\0\0\x1f\0\0\0\x14\0\0\0\0" + bytes(200), "a.fif"))


def test_a_brainvision_header_without_its_data_is_refused(write):
    with pytest.raises(ValueError, match=r"A BrainVision recording must be readable by MNE, but it fails"):
        read_header(write(b"Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\n", "a.vhdr"))


# --- headers that cannot be read ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"n_signals": 0}, r"must count at least one signal, but this one has '0'"),
        ({"n_signals": -3}, r"must count at least one signal, but this one has '-3'"),
        ({"n_signals": "Eva"}, r"must count at least one signal, but this one has no number"),
        ({"n_signals": "1e9"}, r"announces 1000000000 signals .* but the file ends after"),
        ({"n_signals": 9999}, r"announces 9999 signals \(2559744 bytes\) but the file ends after"),
        ({"record_s": 0}, r"must last more than 0 s and less than a week; the header says '0'"),
        ({"record_s": -1}, r"must last more than 0 s .* says '-1'"),
        ({"record_s": "Durand"}, r"must last more than 0 s .* says no number"),
        ({"record_s": "nan"}, r"must last more than 0 s .* says no number"),
        ({"record_s": "1e99"}, r"must last more than 0 s .* says '1e99'"),
        ({"record_s": 99999}, r"must last less than a week, but 10 data records of 99999 s make 277.8 h"),
    ],
)
def test_a_header_without_sense_is_refused(write, fields, told):
    with pytest.raises(ValueError, match=told):
        read_header(write(edf_bytes([eeg()], n_records=10, header=fields)))


def test_a_header_that_ends_early_is_refused(write):
    content = edf_bytes([eeg()], n_records=10)
    with pytest.raises(ValueError, match=r"no number \(100 of its first 256 bytes are there\)"):
        read_header(write(content[:100]))
    with pytest.raises(
        ValueError, match=r"announces 1 signals \(256 bytes\) but the file ends after 44 of these"
    ):
        read_header(write(content[:300]))


@pytest.mark.parametrize("n_per_record", ["Eva", "-5", "1.5", ""])
def test_a_number_of_samples_that_is_none_is_refused(write, n_per_record):
    content = edf_bytes([eeg(per_record=n_per_record), eeg()], n_records=10)
    with pytest.raises(ValueError, match=r"a whole number of samples per data record, but 1 of 2 have none"):
        read_header(write(content))


def test_annotations_alone_are_no_recording(write):
    notes = RawSignal("EDF Annotations", tal_digital(["+0\x14\x14\0"] * 3, 20), 10)
    with pytest.raises(ValueError, match=r"at least one readable signal, but .* holds annotations only"):
        read_header(write(edf_bytes([notes], n_records=3, header={"reserved": "EDF+C"})))


# --- size and counts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        (-1, r"The recording was not closed: .* 10 \(0\.2 min\) are there and read"),
        (0, r"The header counts 0 data records; 10 \(0\.2 min\) are there and read"),
        ("many", r"The header does not count its data records; 10 \(0\.2 min\) are there and read"),
        (4, r"The header counts 4 data records; 10 \(0\.2 min\) are there and read"),
        (310, r"The file is cut: of 310 data records 10 \(0\.2 min\) are there, 5\.0 min are missing"),
    ],
)
def test_a_wrong_number_of_records_is_corrected_from_the_file(write, declared, told):
    path = write(edf_bytes([eeg()], n_records=10, header={"n_records": declared}))
    header = read_header(path)
    assert header.duration_s == 10.0
    assert len(header.problems) == 1
    assert re.search(told, header.problems[0])
    np.testing.assert_allclose(read_recording(path).get_data()[0] * 1e7, RAMP, rtol=0, atol=1e-6)


def test_a_record_cut_in_the_middle_is_left_out(write):
    path = write(edf_bytes([eeg()], n_records=10)[:-77])
    header = read_header(path)
    assert header.duration_s == 9.0
    assert header.problems == (
        "The 123 bytes at the end are no whole data record (200 bytes) and are ignored.",
        "The file is cut: of 10 data records 9 (0.1 min) are there, 1 s are missing.",
    )
    np.testing.assert_allclose(read_recording(path).get_data()[0] * 1e7, RAMP[:900], rtol=0, atol=1e-6)


def test_less_than_one_record_is_refused(write):
    content = edf_bytes([eeg()], n_records=10)
    with pytest.raises(
        ValueError, match=r"at least one whole data record \(200 bytes\), but 199 bytes follow"
    ):
        read_header(write(content[: 512 + 199]))
    with pytest.raises(ValueError, match=r"at least one whole data record \(200 bytes\), but 0 bytes follow"):
        read_header(write(content[:512]))


@pytest.mark.parametrize("declared", [256, 0, -1, "Eva", 768])
def test_a_wrong_header_size_does_not_shift_the_signal(write, declared):
    path = write(edf_bytes([eeg()], n_records=10, header={"header_bytes": declared}))
    assert re.search(r"where 1 signals need 512 bytes; the latter is used", read_header(path).problems[0])
    np.testing.assert_allclose(read_recording(path).get_data()[0] * 1e7, RAMP, rtol=0, atol=1e-6)


def test_a_padded_header_that_the_file_size_confirms_is_believed(write):
    content = edf_bytes([eeg()], n_records=10, header={"header_bytes": 1024})
    path = write(content[:512] + b" " * 512 + content[512:])
    assert "the size of the file confirms the former" in read_header(path).problems[0]
    np.testing.assert_allclose(read_recording(path).get_data()[0] * 1e7, RAMP, rtol=0, atol=1e-6)


# --- single channels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"physical": (5, 5)}, "its physical minimum equals its maximum (5)"),
        ({"digital_range": (0, 0)}, "its digital minimum equals its maximum (0)"),
        ({"physical": ("Eva", 5)}, "its physical or digital range is no number"),
        ({"digital_range": (-32768, "")}, "its physical or digital range is no number"),
        ({"per_record": 0, "digital": RAMP[:0]}, "its sampling rate is 0 Hz"),
    ],
)
def test_a_channel_without_a_scale_is_left_out_alone(write, fields, told):
    path = write(edf_bytes([eeg(label="C4-M1", **fields), eeg()], n_records=10))
    header = read_header(path)
    assert header.channels["problem"].tolist() == [told, ""]
    assert header.problems == (f"Channel 'C4-M1' is left out: {told}.",)
    raw = read_recording(path)
    assert raw.ch_names == ["C3-M2"]
    np.testing.assert_allclose(raw.get_data()[0] * 1e7, RAMP, rtol=0, atol=1e-6)


def test_no_channel_with_a_scale_is_refused(write):
    with pytest.raises(
        ValueError, match=r"at least one readable signal, .*signal 1: its physical minimum equals"
    ):
        read_header(write(edf_bytes([eeg(physical=(1, 1))], n_records=10)))


def test_duplicate_labels_are_numbered_and_the_first_is_read(write):
    path = write(edf_bytes([eeg(), eeg(digital=-RAMP), eeg(label="C4-M1"), eeg()], n_records=10))
    header = read_header(path)
    assert header.channels["label"].tolist() == ["C3-M2", "C3-M2 (2)", "C4-M1", "C3-M2 (3)"]
    assert re.search(
        r"3 channels are called 'C3-M2'; the later ones are read as 'C3-M2 \(2\)'", header.problems[0]
    )
    raw = read_recording(path, eeg=("C3-M2",))
    np.testing.assert_allclose(raw.get_data()[0] * 1e7, RAMP, rtol=0, atol=1e-6)
    second = read_recording(path, eeg=("C3-M2 (2)",))
    np.testing.assert_allclose(second.get_data()[0] * 1e7, -RAMP, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("3 Impédance".encode(), "3 Impédance"),
        ("3 Impédance".encode("latin-1"), "3 Impédance"),
        ("Température rectale".encode()[:16], "Température rec"),
        (b"abcdefghijklmno\xc3", "abcdefghijklmno"),
        (b"C3\0\0\0", "C3"),
    ],
)
def test_labels_in_any_encoding(write, label, shown):
    path = write(edf_bytes([eeg(), eeg(label=label)], n_records=10))
    assert read_labels(path)[1] == shown


def test_a_label_that_could_hold_a_name_is_not_in_the_header(write):
    path = write(edf_bytes([eeg(label="EEG C3-A2"), eeg(label="C4 Smith"), eeg(label="Smith")], n_records=10))
    assert read_header(path).channels["label"].tolist() == ["EEG C3-A2", "C4 X", "Channel 3"]
    assert read_labels(path) == ["EEG C3-A2", "C4 Smith", "Smith"]
    by_label, by_name = (read_recording(path, eeg=(words,)) for words in ("C4 Smith", "C4 X"))
    assert by_label.ch_names == by_name.ch_names == ["C4 X"]


def test_a_unit_that_could_be_a_name_is_not_in_the_header(write):
    path = write(
        edf_bytes([eeg(), eeg(label="SpO2", unit="Smith"), eeg(label="Flow", unit="l/s")], n_records=10)
    )
    assert read_header(path).channels["unit"].tolist() == ["uV", "an unknown unit", "l/s"]


def test_a_decimal_comma_is_understood_and_said(write):
    path = write(edf_bytes([eeg(physical=("-3276,8", "3276,7"))], n_records=10))
    assert read_header(path).problems == (
        "1 channels give their range with a decimal comma, read as a point.",
    )
    np.testing.assert_allclose(read_recording(path).get_data()[0] * 1e7, RAMP, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "fields",
    [{"time": "25.00.00"}, {"time": ""}, {"time": "10.00 PM"}, {"date": "bientôt", "time": ""}],
)
def test_a_time_of_nonsense_leaves_the_recording_without_a_clock(write, fields):
    path = write(edf_bytes([eeg()], n_records=10, header={"recording": "", **fields}))
    header = read_header(path)
    assert header.start is None
    assert header.problems == ("The start time in the header is no time; the recording has no clock.",)
    assert read_recording(path).info["meas_date"] is None


@pytest.mark.parametrize("day", ["31.02.20", "bientôt", "00.00.00", "03/15/20", ""])
def test_a_date_of_nonsense_leaves_the_time_of_day(write, day):
    """A scoring with a clock is then aligned by the time of day; the sound date of EDF+ is enough."""
    fields = {"date": day, "time": "22.15.00"}
    header = read_header(write(edf_bytes([eeg()], n_records=10, header={"recording": "", **fields})))
    assert header.start == datetime(1985, 1, 1, 22, 15)
    assert header.problems == ("The start date in the header is no date; only the time of day is known.",)
    plus = {"recording": "Startdate 02-MAR-2020 X X X", **fields}
    header = read_header(write(edf_bytes([eeg()], n_records=10, header=plus)))
    assert (header.start, header.problems) == (datetime(2020, 3, 2, 22, 15), ())


def test_two_dates_that_differ_are_reported(write):
    header = read_header(write(edf_bytes([eeg()], n_records=10, header={"date": "15.03.20"})))
    assert header.start == START
    assert "two start dates that differ" in header.problems[0]


def test_zeros_are_read_as_zeros(write):
    path = write(
        edf_bytes(
            [eeg(physical=(-3276.7, 3276.7), digital_range=(-32767, 32767), digital=0 * RAMP)], n_records=10
        )
    )
    assert not read_recording(path).get_data().any()


# --- fuzz --------------------------------------------------------------------------------------------------

BOUNDED = settings(
    max_examples=200,
    deadline=20_000,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
ONSETS = [0, 1, 2, 3, 4, 5, 15, 16, 17, 18]
PLUS_D = edf_bytes(
    [
        eeg(),
        RawSignal("E1-M2", RAMP, 100),
        RawSignal("SpO2", np.full(10, 95), 1, "%"),
        RawSignal("EDF Annotations", tal_digital([f"+{t}\x14\x14\0+3\x14N2\x14\0" for t in ONSETS], 40), 20),
    ],
    n_records=10,
    header={"reserved": "EDF+D"},
)  # fmt: skip
HEADER_BYTES, RECORD_BYTES = 256 * 5, 442


def read_or_refuse(path):
    """Read what can be read; the only error is the documented one, the length is what the header promises."""
    try:
        header = read_header(path)
        raw = read_recording(path)
    except ValueError as err:
        assert len(str(err)) > 40  # noqa: PT017 - a reason, not a stray failure of a library
        return
    assert raw.n_times == int(round(header.duration_s * 100, 6))
    assert raw.get_data().shape == (len(raw.ch_names), raw.n_times)
    assert np.isfinite(raw.get_data()).all()
    recorded_s = header.duration_s - sum(duration for _, duration in header.gaps)
    sound = header.channels[header.channels["problem"] == ""]
    np.testing.assert_allclose(sound["n_samples"], recorded_s * sound["sfreq"], rtol=0, atol=1)
    assert sound["n_samples"].sum() * 2 <= path.stat().st_size
    check_labels(raw)


@BOUNDED
@given(
    edits=st.lists(st.tuples(st.integers(0, HEADER_BYTES - 1), st.integers(0, 255)), min_size=1, max_size=12)
)
def test_fuzzed_header_bytes(write, edits):
    content = bytearray(PLUS_D)
    for place, value in edits:
        content[place] = value
    read_or_refuse(write(bytes(content)))


@BOUNDED
@given(
    field=st.sampled_from([(0, 8), (168, 8), (176, 8), (184, 8), (192, 44), (236, 8), (244, 8), (252, 4)]
    + [(256 + 4 * start + 8 * i, 8) for start in (96, 104, 112, 120, 128, 216) for i in range(4)]),
    text=st.sampled_from(["0", "-1", "1", "1e9", "-1e-9", "nan", "inf", "9" * 8, "1/3", "1_0", "EDF+D", "٣"])
    | st.text(max_size=8) | st.integers(-9999, 99999).map(str) | st.floats(0, 10).map(lambda x: f"{x:.6f}"),
)  # fmt: skip
def test_fuzzed_header_fields(write, field, text):
    begin, width = field
    value = text.encode("utf-8")[:width].ljust(width)
    read_or_refuse(write(PLUS_D[:begin] + value + PLUS_D[begin + width :]))


@BOUNDED
@given(
    record=st.integers(0, 9),
    tal=st.binary(max_size=40)
    | st.from_regex(rb"[+-]?[0-9]{0,6}(\.[0-9]{0,4})?\x14?\x14?\x00?", fullmatch=True)
    | st.floats(-1e7, 1e7).map(lambda x: f"{x:+.3f}\x14\x14\0".encode()),
)
def test_fuzzed_annotation_bytes(write, record, tal):
    begin = HEADER_BYTES + record * RECORD_BYTES + 402
    value = tal[:40].ljust(40, b"\0")
    path = write(PLUS_D[:begin] + value + PLUS_D[begin + 40 :])
    read_or_refuse(path)


@BOUNDED
@given(cut=st.integers(0, len(PLUS_D)))
def test_a_file_cut_anywhere_keeps_its_whole_records(write, cut):
    path = write(PLUS_D[:cut])
    n_whole = max(0, cut - HEADER_BYTES) // RECORD_BYTES
    if n_whole:
        header = read_header(path)
        assert header.channels["n_samples"].tolist() == [100 * n_whole, 100 * n_whole, n_whole]
        assert header.problems if n_whole < 10 or cut < len(PLUS_D) else not header.problems
    read_or_refuse(path)


@settings(max_examples=60, deadline=20_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=600),
    start=st.sampled_from([b"", b"0       ", b"\xffBIOSEMI", b"Brain Vision"]),
)
def test_any_bytes_are_refused_with_a_reason(write, content, start):
    read_or_refuse(write(start + content))
