"""De-identification: nothing planted survives, and nothing but the person is changed."""

import json
import os
import stat
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import edfio
import mne
import numpy as np
import pyedflib
import pytest
from edf_helpers import RawSignal, edf_bytes, tal_digital
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from privacy_files import IDENTIFIERS, KNOWN_TEXTS, PLACES, column_bytes, plant, survivors

from sleeplab import privacy
from sleeplab.cli import main
from sleeplab.privacy import check_identity, deidentify, new_key

KINDS = ("EDF", "EDF+C", "EDF+D", "BDF", "BDF+C")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "key"
    new_key(path)
    return path


plantings = st.lists(
    st.tuples(
        st.sampled_from(PLACES),
        st.sampled_from(IDENTIFIERS),
        st.sampled_from(["utf-8", "latin-1", "utf-16-le", "utf-16-be"]),
    ),
    min_size=1,
    max_size=len(PLACES),
    unique_by=lambda item: item[0],
)


@pytest.mark.slow
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=plantings, kind=st.sampled_from(KINDS), seed=st.integers(0, 2**31))
def test_nothing_planted_survives_in_200_recordings(where, kind, seed, tmp_path_factory, key) -> None:
    check_nothing_survives((where, kind, seed), tmp_path_factory, key)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=plantings, kind=st.sampled_from(KINDS), seed=st.integers(0, 2**31))
def test_nothing_planted_survives(where, kind, seed, tmp_path_factory, key) -> None:
    check_nothing_survives((where, kind, seed), tmp_path_factory, key)


def check_nothing_survives(
    recording: tuple[list[tuple[str, str, str]], str, int],
    tmp_path_factory: pytest.TempPathFactory,
    key: Path,
) -> None:
    where, kind, seed = recording
    folder = tmp_path_factory.mktemp("night")
    night = plant(where, kind=kind, seed=seed)
    source = night.write(folder)
    if {"after the header", "after the records"} <= {place for place, _ in night.planted}:
        with pytest.raises(ValueError, match="the size of the file confirms neither"):
            deidentify(source, folder / "out", key=key)
        return
    done = deidentify(source, folder / "out", key=key)
    data = done.path.read_bytes()
    assert not survivors(data, night.planted)
    assert not survivors(done.path.name.encode(), night.planted)
    assert not survivors(done.removed.to_csv().encode(), night.planted)
    assert [column_bytes(data, column) for column in (0, 1)] == night.signal_bytes
    assert source.read_bytes() == night.data
    assert check_identity([done.path], names=IDENTIFIERS).empty
    check_readable(done.path, kind, night.signal_bytes)


def check_readable(path: Path, kind: str, signal_bytes: list[bytes]) -> None:
    """MNE, edfio and pyEDFlib find the signals, the known annotation and no other text than X."""
    reader = mne.io.read_raw_bdf if kind.startswith("BDF") else mne.io.read_raw_edf
    raw = reader(path, preload=True, verbose="error")
    assert len(raw.ch_names) == 2
    if not kind.endswith("D"):  # MNE ignores gaps, and drops annotations after the end that it sees
        assert KNOWN_TEXTS[2] in set(raw.annotations.description)
    edf = edfio.read_bdf(path) if kind.startswith("BDF") else edfio.read_edf(path)
    assert edf.num_signals == 2
    assert {note.text for note in edf.annotations} <= {KNOWN_TEXTS[2], "X"}
    check_with_pyedflib(path, kind, signal_bytes)


def check_with_pyedflib(path: Path, kind: str, signal_bytes: list[bytes]) -> None:
    """Compare sample by sample with a reader in C that checks each field of the header."""
    if kind.endswith("D"):  # it refuses all files with gaps, and says so
        with pytest.raises(OSError, match="discontinuous"):
            pyedflib.EdfReader(str(path))
        return
    with pyedflib.EdfReader(str(path)) as reader:
        labels = reader.getSignalLabels()  # of plain EDF and BDF it takes the notes for signals
        columns = [i for i, label in enumerate(labels) if "Annotations" not in label]
        for i, expected in zip(columns, signal_bytes, strict=True):
            digital = reader.readSignal(i, digital=True).astype("<i4").view(np.uint8).reshape(-1, 4)
            assert digital[:, : 3 if kind.startswith("BDF") else 2].tobytes() == expected
        assert set(reader.readAnnotations()[2]) <= {KNOWN_TEXTS[2], "X"}
        said = {reader.getPatientName(), reader.getTechnician(), reader.getEquipment(), reader.getBirthdate()}
        assert said <= {"", "X"}


def test_the_search_of_this_test_finds_what_is_planted() -> None:
    where = [(place, IDENTIFIERS[i % len(IDENTIFIERS)], "utf-8") for i, place in enumerate(PLACES)]
    night = plant([item for item in where if item[0] not in ("unit", "file name")])
    assert survivors(night.data, night.planted) == night.planted


def simple(**header: object) -> bytes:
    signal = RawSignal("EEG C3-M2", np.arange(400) % 7, 100)
    return edf_bytes([signal], n_records=4, header=header)


def run(folder: Path, data: bytes, key: Path, **options: object) -> tuple[bytes, privacy.Deidentified]:
    source = folder / "night.edf"
    source.write_bytes(data)
    done = deidentify(source, folder / "out", key=key, **options)  # type: ignore[arg-type]
    result = done.path.read_bytes()
    done.path.unlink()
    return result, done


def start_of(data: bytes) -> datetime:
    return datetime.strptime(data[98:109].decode() + data[176:184].decode(), "%d-%b-%Y%H.%M.%S")


def test_clock_weekday_and_intervals_stay(tmp_path: Path, key: Path) -> None:
    nights = [datetime(2020, 2, 28, 22, 15), datetime(2020, 3, 1, 23, 50, 7), datetime(2021, 3, 28, 2, 30)]
    shifted = []
    for night in nights:
        header = {
            "patient": f"MRN-7 F 02-MAR-1951 Night_{night.day}",
            "recording": f"Startdate {night:%d-%b-%Y}".upper().replace("STARTDATE", "Startdate"),
            "date": f"{night:%d.%m.%y}",
            "time": f"{night:%H.%M.%S}",
        }
        data, done = run(tmp_path, simple(**header), key)
        assert done.identity_from == "patient code"
        assert data[168:176].decode() == f"{start_of(data):%d.%m.%y}"
        shifted.append(start_of(data))
    shifts = {after - before for before, after in zip(nights, shifted, strict=True)}
    assert len(shifts) == 1
    assert shifts.pop() % timedelta(weeks=1) == timedelta(0)
    assert shifted[0] != nights[0]


def test_another_person_or_another_key_gives_another_pseudonym_and_shift(tmp_path: Path, key: Path) -> None:
    other = tmp_path / "other"
    new_key(other)
    names, days = set(), set()
    for file, who in ((key, "A"), (key, "B"), (other, "A"), (key, " a")):
        data, done = run(tmp_path, simple(), file, patient=who)
        assert done.identity_from == "given"
        names.add(data[8:24])
        days.add(start_of(data))
    assert len(names) == 3  # " a" is A
    assert len(days) == 3


def test_persons_without_a_code_are_never_taken_for_one(tmp_path: Path, key: Path) -> None:
    first, done = run(tmp_path, simple(patient="X F X Female_33yr"), key)
    second, _ = run(tmp_path, simple(patient="X F X Female_33yr", time="22.16.00"), key)
    assert done.identity_from == "this file"
    assert first[8:24] != second[8:24]
    _, done = run(tmp_path, simple(patient="X F 02-MAR-1951 Jane_Smith"), key)
    assert done.identity_from == "name and birth date"


@pytest.mark.parametrize(
    ("born", "keep", "expected"),
    [
        ("15-MAR-1990", ["sex", "age"], "F X X Age_29"),  # the recording is on 14 March 2020
        ("14-MAR-1990", ["sex", "age"], "F X X Age_30"),
        ("14-MAR-1931", ["age"], "X X X Age_89"),
        ("14-MAR-1930", ["age"], "X X X Age_over_89"),
        ("14-MAR-1990", ["sex"], "F X X"),
        ("14-MAR-1990", [], "X X X"),
    ],
)
def test_sex_and_age_only_if_asked(
    tmp_path: Path, key: Path, born: str, keep: list[str], expected: str
) -> None:
    data, _ = run(tmp_path, simple(patient=f"MRN-7 F {born} Jane_Smith"), key, keep=keep)
    assert data[8:88].decode().split(" ", 1)[1].rstrip() == expected


def with_notes(texts: list[str]) -> bytes:
    raw = b"+0\x14\x14\0" + b"".join(b"+1\x14" + text.encode() + b"\x14\0" for text in texts)
    notes = RawSignal("EDF Annotations", tal_digital([raw], 400), 200, "", (-1, 1))
    return edf_bytes(
        [RawSignal(digital=np.zeros(100, int)), notes], n_records=1, header={"reserved": "EDF+C"}
    )


def notes_of(path: Path) -> list[str]:
    return sorted(note.text for note in edfio.read_edf(path).annotations)


def test_known_words_stay_and_the_rest_is_told_by_place(tmp_path: Path, key: Path) -> None:
    texts = [
        *KNOWN_TEXTS,
        "Mme Smith demande de l'eau",
        "Arousal|Smith",
        "toux",
        "Mme Smith demande de l'eau",
    ]
    source = tmp_path / "night.edf"
    source.write_bytes(with_notes(texts))
    done = deidentify(source, tmp_path / "out", key=key, keep=["toux"])
    assert notes_of(done.path) == sorted([*KNOWN_TEXTS, "X", "X", "toux", "X"])
    told = done.removed[done.removed["field"] == "annotation"]
    assert told[["place", "count", "done"]].values.tolist() == [
        ["1.0 s", 2, "replaced by X"],
        ["1.0 s", 1, "replaced by X"],
    ]


def test_gaps_and_times_stay(tmp_path: Path, key: Path) -> None:
    night = plant([("annotation", "Ngo Obrecht", "utf-8")], kind="EDF+D")
    source = night.write(tmp_path)
    done = deidentify(source, tmp_path / "out", key=key)
    import sleeplab

    assert sleeplab.read_header(done.path).gaps == sleeplab.read_header(source).gaps == ((2.0, 10.0),)
    kept = [(note.onset, note.duration) for note in edfio.read_edf(done.path).annotations]
    assert kept == [(12.25, 0.5), (12.5, 0.5)]


@pytest.mark.parametrize("field", ["physical", "digital_range"])
def test_a_name_in_a_number_field(tmp_path: Path, key: Path, field: str) -> None:
    signal = RawSignal("EEG C3-M2", np.zeros(100, int), 100, **{field: ("Smith", 100)})
    data, _ = run(tmp_path, edf_bytes([signal], n_records=1), key)
    assert b"Smith" not in data


def test_a_name_for_a_time_or_a_date(tmp_path: Path, key: Path) -> None:
    data, _ = run(tmp_path, simple(date="Smith", recording="by Smith", time="21.10.09"), key)
    assert b"Smith" not in data
    assert data[168:184] == b"01.01.8521.10.09"
    data, _ = run(tmp_path, simple(time="Smith"), key)
    assert data[176:184] == b"00.00.00"


def test_hidden_letters_between_known_words(tmp_path: Path, key: Path) -> None:
    """UTF-16 of letters that are each a known word: only the bytes between them tell."""
    signal = RawSignal("LILI".encode("utf-16-le"), np.zeros(100, int))
    data, _ = run(tmp_path, edf_bytes([signal], n_records=1), key)
    assert b"L\0I" not in data


def test_comma_and_wrong_counts_are_read_like_the_reader_does(tmp_path: Path, key: Path) -> None:
    import sleeplab

    signal = RawSignal("EEG C3-M2", np.arange(400), 100, physical=("-3276,8", "3276,7"))
    source = tmp_path / "night.edf"
    source.write_bytes(edf_bytes([signal], n_records=4, header={"n_records": -1}))
    done = deidentify(source, tmp_path / "out", key=key)
    before, after = (sleeplab.read_recording(path).get_data() for path in (source, done.path))
    assert np.array_equal(before, after)
    assert done.path.read_bytes()[236:244] == b"4       "


def test_dropped_tracks(tmp_path: Path, key: Path) -> None:
    labels = ["EEG C3-M2", "Audio Volume dB", "Light", "Voltage (battery", "Video", "Event Notes", "SpO2"]
    signals = [RawSignal(label, np.full(100, i), 100) for i, label in enumerate(labels)]
    data, done = run(tmp_path, edf_bytes(signals, n_records=1), key)
    assert [data[256 + 16 * i :][:16].strip() for i in range(int(data[252:256]))] == [
        b"EEG C3-M2",
        b"Channel 6",
        b"SpO2",
    ]
    assert (done.removed["field"] == "track").sum() == 4
    with pytest.raises(ValueError, match="must hold a track to keep"):
        run(tmp_path, edf_bytes(signals[1:2], n_records=1), key)


@pytest.mark.skipif(os.name != "posix", reason="rights of files are checked on POSIX only")
def test_key_rights(tmp_path: Path, key: Path) -> None:
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    shared = tmp_path / "shared"
    shared.write_bytes(key.read_bytes())
    shared.chmod(0o640)
    with pytest.raises(ValueError, match=r"rights 600.*640") as caught:
        run(tmp_path, simple(), shared)
    assert key.read_text().strip() not in str(caught.value)


def test_where_rights_cannot_be_checked_it_says_so(
    tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shared, source = tmp_path / "shared", tmp_path / "night.edf"
    shared.write_bytes(key.read_bytes())
    shared.chmod(0o644)
    source.write_bytes(simple())
    command = ["deidentify", str(source), "--key", str(shared), "--out"]
    assert main([*command, str(tmp_path / "a")]) == 2
    for module in ("sleeplab.privacy", "sleeplab.privacy._key"):
        monkeypatch.setattr(f"{module}.CHECKS_RIGHTS", False)
    assert main([*command, str(tmp_path / "b")]) == 0
    assert "cannot check who may read the key" in capsys.readouterr().out


def test_key_refused(tmp_path: Path, key: Path) -> None:
    with pytest.raises(ValueError, match="must not exist yet"):
        new_key(key)
    with pytest.raises(FileNotFoundError, match="There is no key at"):
        run(tmp_path, simple(), tmp_path / "none")
    short = tmp_path / "short"
    short.write_text("secret")
    short.chmod(0o600)
    with pytest.raises(ValueError, match="at least 32 bytes"):
        run(tmp_path, simple(), short)
    with pytest.raises(ValueError, match="must not lie in the output folder"):
        deidentify(tmp_path / "night.edf", key.parent.parent, key=key)


@pytest.mark.parametrize("data", [b"", b"0       ", simple()[:400], simple()[:520], b"PK\3\4" + bytes(600)])
def test_refused_files_leave_nothing(tmp_path: Path, key: Path, data: bytes) -> None:
    with pytest.raises(ValueError, match=r"must|only EDF"):
        run(tmp_path, data, key)
    assert [path.name for path in tmp_path.iterdir()] == ["night.edf"]


def test_an_existing_file_is_not_overwritten(tmp_path: Path, key: Path) -> None:
    source = tmp_path / "night.edf"
    source.write_bytes(simple())
    done = deidentify(source, tmp_path / "out", key=key)
    with pytest.raises(ValueError, match="must not exist yet"):
        deidentify(source, tmp_path / "out", key=key)
    assert list((tmp_path / "out").iterdir()) == [done.path]


def test_a_failure_half_way_leaves_nothing(
    tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sleeplab.privacy._edf.clean_annotations", fail)
    source = plant([]).write(tmp_path)
    with pytest.raises(OSError, match="No space left"):
        deidentify(source, tmp_path / "out", key=key)
    assert not list((tmp_path / "out").iterdir())


def test_a_year_that_edf_cannot_hold_loses_its_date(tmp_path: Path, key: Path) -> None:
    data, done = run(tmp_path, simple(date="14.03.84", recording="Startdate 14-MAR-2084"), key)
    assert data[88:168].strip() == b"Startdate X X X X"
    assert "beyond 2084" in done.removed["done"].str.cat()


def test_real_nox_export(shared_data, tmp_path: Path, key: Path) -> None:
    source = shared_data("nox/nox_a1_2min.edf")
    done = deidentify(source, tmp_path / "out", key=key)
    before, after = source.read_bytes(), done.path.read_bytes()
    assert b"992901397" in before
    assert b"992901397" not in after
    assert date.fromisoformat(done.path.name.split("_")[1]).weekday() == date(2018, 2, 6).weekday()
    n, m = int(before[252:256]), int(after[252:256])
    labels = {before[256 + 16 * i :][:16]: i for i in range(n)}
    assert n - m == 6
    told = done.removed["field"].value_counts().to_dict()
    assert told == {"track": 6, "patient": 1, "recording": 1}  # no label and no unit of this vendor is lost
    for j in range(m):
        label = after[256 + 16 * j :][:16]
        assert column_bytes(after, j) == column_bytes(before, labels[label])
    assert check_identity([done.path], names=["NoxMedical", "992901397"]).empty


def test_numbers_hidden_in_times_do_not_pass(tmp_path: Path, key: Path) -> None:
    raw = b"+0\x14\x14\0+285037511604211\x14Arousal\x14\0+1\x15285037511604211\x14Arousal\x14\0"
    raw += b"+2.285037511604211\x14Arousal\x14\0"
    notes = RawSignal("EDF Annotations", tal_digital([raw], 200), 100, "", (-1, 1))
    data, done = run(tmp_path, edf_bytes([RawSignal(digital=np.zeros(100, int)), notes], n_records=1), key)
    assert b"285037511604211" not in data
    assert b"+2.285037\x14Arousal\x14" in data  # to the microsecond
    assert done.removed["done"].tolist().count("emptied: its time is longer than a week") == 1


def test_no_free_text_in_sight_of_the_seams(tmp_path: Path, key: Path) -> None:
    """More than one block of records, with a note in each record: none is passed over."""
    n_records, per = 600, 4000
    texts = [f"+{i}\x14\x14\0+{i}.5\x14Mme Quatremere {i}\x14\0" for i in range(n_records)]
    signal = RawSignal("EEG C3-M2", np.arange(n_records * per) % 3000, per)
    notes = RawSignal("EDF Annotations", tal_digital(texts, 60), 30, "", (-1, 1))
    data, done = run(tmp_path, edf_bytes([signal, notes], n_records=n_records), key)
    assert b"uatremere" not in data
    assert column_bytes(data, 0) == (np.arange(n_records * per) % 3000).astype("<i2").tobytes()
    assert (done.removed["field"] == "annotation").sum() == n_records


def test_annotations_under_a_wrong_label_are_no_signal(tmp_path: Path, key: Path) -> None:
    raw = b"+0\x14\x14\0+1\x14Mme Quatremere\x14\0"
    notes = RawSignal("EDF Anotations", tal_digital([raw], 100), 50, "", (-1, 1))
    data, done = run(tmp_path, edf_bytes([RawSignal(digital=np.zeros(100, int)), notes], n_records=1), key)
    assert b"uatremere" not in data
    assert done.removed["done"].iloc[0] == "dropped: annotations under another label"


@pytest.mark.parametrize("kind", KINDS)
def test_long_records_are_copied_piece_by_piece(
    tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    where = [(place, IDENTIFIERS[i % 6], "utf-8") for i, place in enumerate(PLACES) if "after" not in place]
    night = plant(where, kind=kind)
    at_once, _ = run(tmp_path, night.data, key)
    monkeypatch.setattr("sleeplab.privacy._edf._BLOCK_BYTES", 50)
    assert run(tmp_path, night.data, key)[0] == at_once
    assert not survivors(at_once, night.planted)


@pytest.mark.slow
def test_benchmark_keeps_its_form() -> None:
    command = [sys.executable, Path(__file__).parents[1] / "benchmarks" / "privacy.py", "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    figures = json.loads(done.stdout.splitlines()[-1])
    assert {"planted", "left", "refused"} <= set(figures["survivors"])
    assert {"of_cp_speed", "peak_mb", "file_mb"} <= set(figures["speed"])
    assert sum(figures["survivors"]["left"]["sleeplab"].values()) == 0
    assert min(sum(figures["survivors"]["left"][tool].values()) for tool in ("mne", "edfio")) > 0
