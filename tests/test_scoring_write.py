"""Scorings out, and back: nothing is lost, nothing is half written, no bytes break the reader."""

import contextlib
import json
import warnings
from datetime import datetime, timedelta
from pathlib import Path

import edfio
import mne
import numpy as np
import pandas as pd
import pytest
import yasa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sleeplab.scoring import (
    EVENT_COLUMNS,
    read_events,
    read_hypnogram,
    read_scoring,
    write_events,
    write_hypnogram,
)
from sleeplab.scoring._model import events_table
from sleeplab.scoring._vocabulary import STAGES, _vocabulary, find_kind, find_stage

QUICK = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SUFFIXES = [".csv", ".tsv", ".edf"]
START = datetime(2024, 3, 1, 22, 30)

# What an events table can hold: known kinds, or words that the vocabulary does not hold. "n/a" is BIDS for
# nothing; control characters and our own separators are refused by .edf (tested apart).
texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="|@"), min_size=1, max_size=12
)
plain_texts = texts.filter(lambda text: text == text.strip() != "n/a" and text != "")
words = plain_texts.filter(lambda text: not find_kind(text) and not find_stage(text, style="signs"))
kinds = st.one_of(st.sampled_from(sorted(_vocabulary()["events"])), words)
names = st.one_of(
    st.just(""), st.sampled_from(["C4-M1", "=1+1", "Mme É, 'x';\t"]).map(str.strip), plain_texts
)
seconds = st.floats(0, 86400, allow_subnormal=False)
events = st.lists(st.tuples(st.floats(-60, 86400), seconds, kinds, names, names), max_size=12).map(
    events_table
)
starts = st.one_of(
    st.none(),
    st.datetimes(datetime(1986, 1, 1), datetime(2084, 12, 1)).map(lambda t: t.replace(microsecond=0)),
)


hypnograms = st.builds(
    lambda stages, start, scorer: yasa.Hypnogram(
        stages, start=start, tz=None if start is None else "UTC", scorer=scorer or None
    ),
    st.lists(st.sampled_from(STAGES), min_size=1, max_size=40),
    starts,
    plain_texts | st.just(""),
)


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(table=events)
@QUICK
def test_events_come_back(tmp_path, suffix, table):
    path = tmp_path / f"events{suffix}"
    write_events(table, path)
    pd.testing.assert_frame_equal(read_events(path), table)


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(hypnogram=hypnograms)
@QUICK
def test_hypnograms_come_back(tmp_path, suffix, hypnogram):
    path = tmp_path / f"hypnogram{suffix}"
    write_hypnogram(hypnogram, path)
    back = read_hypnogram(path)
    assert back.hypno.tolist() == hypnogram.hypno.tolist()
    assert (back.start, back.scorer, back.freq) == (hypnogram.start, hypnogram.scorer, "30s")


@pytest.mark.parametrize("suffix", [".tsv", ".edf"])
def test_the_start_of_events_comes_back(tmp_path, suffix):
    table = events_table([(12.5, 3.0, "arousal", "C4-M1", "sleeplab"), (20.0, 0.0, "odd", "", "")])
    write_events(table, tmp_path / f"events{suffix}", start=START + timedelta(microseconds=250_000))
    back = read_scoring(tmp_path / f"events{suffix}")
    assert back.start == START + timedelta(microseconds=250_000)
    pd.testing.assert_frame_equal(back.events, table)


def test_probabilities_come_back_from_csv(tmp_path):
    proba = pd.DataFrame([[0.7, 0.1, 0.1, 0.05, 0.05, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]])
    proba.columns = ["WAKE", "N1", "N2", "N3", "REM", "UNS"]
    hypnogram = yasa.Hypnogram(["WAKE", "UNS"], start=START, scorer="sleeplab", proba=proba)
    write_hypnogram(hypnogram, tmp_path / "night.csv")
    back = read_hypnogram(tmp_path / "night.csv")
    pd.testing.assert_frame_equal(back.proba, hypnogram.proba)
    assert back.scorer == "sleeplab"


def test_what_yasa_writes_is_read(tmp_path):
    hypnogram = yasa.Hypnogram(
        ["WAKE", "N1", "REM", "UNS"], start="2024-03-01 22:30", tz="UTC", scorer="Expert"
    )
    hypnogram.hypno.to_csv(tmp_path / "words.csv")
    yasa.Hypnogram(["WAKE", "N1", "REM", "UNS"]).as_int().to_csv(tmp_path / "codes.csv")
    hypnogram.as_events().to_csv(tmp_path / "events.csv")
    for name in ("words.csv", "codes.csv", "events.csv"):
        assert read_hypnogram(tmp_path / name).hypno.tolist() == hypnogram.hypno.tolist()
    assert read_hypnogram(tmp_path / "words.csv").start == hypnogram.start
    assert read_hypnogram(tmp_path / "words.csv").scorer == "Expert"


@pytest.mark.parametrize(
    ("day", "plus", "start"),
    [
        (b"01.03.yy", b"Startdate 01-MAR-2090", datetime(2090, 3, 1, 22, 30)),  # as EDF+ wants it after 2084
        (b"31.02.24", b"Startdate X          ", datetime(1985, 1, 1, 22, 30)),
        (b"01.01.85", b"Startdate X          ", datetime(1985, 1, 1, 22, 30)),
    ],
)
def test_the_date_of_an_edf_scoring_is_read_as_that_of_a_recording(tmp_path, day, plus, start):
    path = tmp_path / "events.edf"
    write_events(events_table([]), path, start=START)
    content = bytearray(path.read_bytes())
    content[168:176], content[88 : 88 + len(plus)] = day, plus
    path.write_bytes(content)
    assert read_scoring(path).start == start


def test_an_edf_hypnogram_is_read_by_mne_and_edfio(tmp_path):
    path = tmp_path / "hypnogram.edf"
    write_hypnogram(yasa.Hypnogram(list(STAGES), start=START, tz="UTC", scorer="É. D."), path)
    texts = [
        "Sleep stage W",
        *(f"Sleep stage N{i}" for i in (1, 2, 3)),
        "Sleep stage R",
        "Sleep stage M",
        "Sleep stage ?",
    ]
    independent = mne.read_annotations(path)
    assert [text for text in independent.description if text.startswith("Sleep")] == texts
    assert independent.onset[-7:].tolist() == [0, 30, 60, 90, 120, 150, 180]
    assert set(independent.duration[-7:]) == {30.0}
    edf = edfio.read_edf(path)
    assert edf.startdatetime == START
    assert edf.num_signals == 0
    assert edf.patient.name == "X"


def test_edf_events_lie_beside_the_recording(tmp_path):
    """The recording and its events have one clock; MNE gives each event its place to the sample."""
    start = START + timedelta(microseconds=500_000)
    edfio.Edf(
        [edfio.EdfSignal(np.zeros(25600), 256, label="EEG C4-M1", physical_range=(-1, 1))],
        recording=edfio.Recording(startdate=start.date()),
        starttime=start.time(),
        annotations=[],
    ).write(tmp_path / "night.edf")
    table = events_table([(12.50390625, 3.0, "spindle", "C4-M1", "sleeplab")])  # sample 3201
    write_events(table, tmp_path / "events.edf", start=start)
    raw = mne.io.read_raw_edf(tmp_path / "night.edf", verbose="error")
    raw.set_annotations(mne.read_annotations(tmp_path / "events.edf"))
    found, ids = mne.events_from_annotations(raw, regexp="spindle", verbose="error")
    assert list(ids) == ["spindle@@C4-M1"]
    assert found[0, 0] == 3201
    assert (
        edfio.read_edf(tmp_path / "events.edf").startdatetime
        == edfio.read_edf(tmp_path / "night.edf").startdatetime
    )


def test_annotations_of_another_program_keep_words_and_channel(tmp_path):
    edf = edfio.Edf(
        [],
        recording=edfio.Recording(startdate=START.date(), equipment_code="OTHER"),
        starttime=START.time(),
        annotations=[
            edfio.EdfAnnotation(0.0, 30.0, "Stade 2"),
            edfio.EdfAnnotation(5.0, None, "Mouvement de jambe@@EMG JambeG"),
            edfio.EdfAnnotation(6.0, 1.0, "Mme Dupont | tousse"),
            edfio.EdfAnnotation(7.0, 1.0, "Scored by Dupont"),
        ],
    )
    edf.write(tmp_path / "other.edf")
    scoring = read_scoring(tmp_path / "other.edf")
    assert scoring.hypnogram.hypno.tolist() == ["N2"]
    assert scoring.events.to_numpy().tolist() == [
        [5.0, 0.0, "limb_movement", "EMG JambeG", ""],
        [6.0, 1.0, "Mme Dupont | tousse", "", ""],
        [7.0, 1.0, "Scored by Dupont", "", ""],
    ]
    assert scoring.unknown["count"].tolist() == [1, 1]


@pytest.mark.parametrize(("form", "suffix"), [("Edf", "edf"), ("Bdf", "bdf")])
def test_annotations_inside_a_recording(tmp_path, form, suffix):
    """Among signals, over several records, after a start with a fraction of a second."""
    start = START + timedelta(milliseconds=125)
    given = [
        (0.0, 30.0, "Sleep stage 2"),
        (2.5, 0.5, "spindle@@C4"),
        (31.75, None, "Éveil"),
        (99.0, 0.25, "Désat"),
    ]
    signal = getattr(edfio, f"{form}Signal")(np.zeros(1000), 10, label="EEG C4", physical_range=(-1, 1))
    getattr(edfio, form)(
        [signal],
        recording=edfio.Recording(startdate=start.date()),
        starttime=start.time(),
        data_record_duration=1,
        annotations=[edfio.EdfAnnotation(*annotation) for annotation in given],
    ).write(tmp_path / f"night.{suffix}")
    scoring = read_scoring(tmp_path / f"night.{suffix}")
    assert scoring.start == start
    assert scoring.hypnogram.hypno.tolist() == ["N2", "WAKE"]
    assert scoring.events[["onset_s", "duration_s", "kind", "channel"]].to_numpy().tolist() == [
        [2.5, 0.5, "spindle", "C4"],
        [99.0, 0.25, "desaturation", ""],
    ]


def test_annotation_bytes_that_are_no_list_are_reported(tmp_path):
    (tmp_path / "odd.edf").write_bytes(seeds()[0].replace(b"+30\x1530\x14", b"x30 Dupont "))
    scoring = read_scoring(tmp_path / "odd.edf")
    assert scoring.hypnogram.hypno.tolist() == ["WAKE"]
    assert scoring.unknown.to_numpy().tolist() == [["unreadable annotation", 1, 0.0]]


def test_bids_has_its_columns_described(tmp_path):
    write_events(events_table([(1.0, 2.0, "arousal", "", "")]), tmp_path / "events.tsv")
    header = (tmp_path / "events.tsv").read_text().splitlines()[0].split("\t")
    described = json.loads((tmp_path / "events.json").read_text())
    assert header[:3] == ["onset", "duration", "trial_type"]
    assert list(described) == header
    assert described["onset"]["Units"] == "s"


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ((0.0, 1.0, "a@@b", "", ""), r"event 1 has these signs"),
        ((0.0, 1.0, "a | b", "", "c"), r"event 1 has these signs"),
        ((0.0, 1.0, "Scored by Dupont", "", ""), r"event 1 has these signs"),
        ((0.0, 1.0, "a\x14b", "", ""), r"control characters 0, 20 and 21; 1 texts do"),
    ],
)
def test_text_that_edf_cannot_hold_is_refused_without_quoting_it(tmp_path, row, match):
    with pytest.raises(ValueError, match=match) as caught:
        write_events(events_table([row]), tmp_path / "events.edf")
    assert "Dupont" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    if "\x14" not in row[2]:
        write_events(events_table([row]), tmp_path / "events.csv")
        assert read_events(tmp_path / "events.csv")["kind"].tolist() == [row[2]]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"onset_s": np.nan}, r"entry 1 starts at nan s"),
        ({"duration_s": -1.0}, r"entry 1 starts at 0\.0 s and lasts -1\.0 s"),
        ({"duration_s": np.nan}, r"event 1 has nan s"),
        ({"kind": " "}, r"a kind of 0 characters"),
    ],
)
def test_impossible_events_are_refused(tmp_path, change, match):
    with pytest.raises(ValueError, match=match):
        write_events(events_table([(0.0, 1.0, "arousal", "", "")]).assign(**change), tmp_path / "events.csv")


def test_what_cannot_be_written_is_refused(tmp_path):
    hypnogram = yasa.Hypnogram(["WAKE"])
    with pytest.raises(ValueError, match=r"must end in \.csv, \.tsv or \.edf; got the suffix '\.xls'"):
        write_hypnogram(hypnogram, tmp_path / "night.xls")
    with pytest.raises(FileNotFoundError, match=r"the folder to write into must exist"):
        write_hypnogram(hypnogram, tmp_path / "absent" / "night.csv")
    with pytest.raises(ValueError, match=r"5 stages and epochs of 30 s; this one has 5 and 10s"):
        write_hypnogram(yasa.Hypnogram(["WAKE"], freq="10s"), tmp_path / "night.csv")
    with pytest.raises(ValueError, match=r"years from 1985 to 2084; the start is in 1970"):
        write_hypnogram(yasa.Hypnogram(["WAKE"], start="1970-01-02"), tmp_path / "night.edf")
    with pytest.raises(ValueError, match=r"events must have the columns .*; missing: scorer"):
        write_events(events_table([]).drop(columns="scorer"), tmp_path / "events.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file_and_nothing_beside(tmp_path, monkeypatch):
    path = tmp_path / "night.csv"
    write_hypnogram(yasa.Hypnogram(["WAKE"]), path)

    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match=r"No space left"):
        write_hypnogram(yasa.Hypnogram(["REM"]), path)
    monkeypatch.undo()
    assert [entry.name for entry in tmp_path.iterdir()] == ["night.csv"]
    assert read_hypnogram(path).hypno.tolist() == ["WAKE"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_events_table_comes_back(tmp_path, suffix):
    write_events(events_table([]), tmp_path / f"events{suffix}")
    back = read_events(tmp_path / f"events{suffix}")
    assert back.empty
    assert tuple(back.columns) == EVENT_COLUMNS


def test_real_scorings_come_back(tmp_path, shared_data):
    for name in ("nox/scoring_night2.csv", "nsrr/learn-nsrr01.xml", "sleep-edf/SC4001EC-Hypnogram.edf"):
        scoring = read_scoring(shared_data(name))
        for suffix in SUFFIXES:
            write_hypnogram(scoring.hypnogram, tmp_path / f"night{suffix}")
            back = read_hypnogram(tmp_path / f"night{suffix}")
            assert back.hypno.tolist() == scoring.hypnogram.hypno.tolist()
            assert back.start == scoring.hypnogram.start
            write_events(scoring.events, tmp_path / f"events{suffix}", start=scoring.start)
            pd.testing.assert_frame_equal(read_events(tmp_path / f"events{suffix}"), scoring.events)


# ---------------------------------------------------------------- bytes that no program wrote


NOXTURNAL = """Heure de début,Heure de fin,Événement,Durée,
[],[],[],[s],
25/07/2018 23:59:00,25/07/2018 23:59:30,N1,30,
"""
PROFUSION = """<CMPStudyConfig><EpochLength>30</EpochLength>
<ScoredEvents><ScoredEvent><Name>Hypopnea</Name><Start>1</Start><Duration>2</Duration></ScoredEvent></ScoredEvents>
<SleepStages><SleepStage>0</SleepStage></SleepStages></CMPStudyConfig>
"""


def seeds() -> list[bytes]:
    """One small file of each format."""
    head = b"0       " + b"X".ljust(80) + b"Startdate 01-MAR-2024 X X X".ljust(80) + b"01.03.2422.30.00"
    head += b"512".ljust(8) + b"EDF+C".ljust(44) + b"1".ljust(8) + b"0".ljust(8) + b"1   "
    signal = (
        b"EDF Annotations ".ljust(96) + b"".ljust(8) + b"-1".ljust(8) + b"1".ljust(8) + b"-32768  32767   "
    )
    signal += b"".ljust(80) + b"30".ljust(8) + b"".ljust(32)
    tals = b"+0\x14\x14\x00+0\x1530\x14Sleep stage W\x14\x00+30\x1530\x14R\xe9veil\x14\x00"
    return [
        head + signal + tals.ljust(60, b"\x00"),
        NOXTURNAL.encode("utf-16"),
        PROFUSION.encode(),
        b"[0, 1, 2, -1]",
        b"[Hypnogram]\n5\n5\n5\n5\n2\n2\n",
        b"N1\t.\t.\t23:59:30\t00:00:00\t.\nN2\t.\tC3\t00:01:00\t...\t.\n",
        b"onset\tduration\ttrial_type\n0\t30\tN1\n30\t3\tspindle\n",
        b"Time,Stage,WAKE,N1\n2024-03-01 22:30:00,WAKE,1,0\n",
        b"# 0=W 1=N1\n0\n1\n",
    ]


def test_the_seeds_of_the_fuzz_test_are_scorings(tmp_path):
    for content in seeds():
        (tmp_path / "seed").write_bytes(content)
        assert read_scoring(tmp_path / "seed").hypnogram is not None


edits = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 3), st.binary(max_size=8)), max_size=6)


@given(seed=st.sampled_from(seeds()), edits=edits, cut=st.integers(0, 2000))
@settings(QUICK, max_examples=100)
def test_damaged_files_are_read_or_refused(tmp_path, seed, edits, cut):
    content = bytearray(seed)
    for at, action, piece in edits:
        at %= len(content) + 1
        content[at : at + (len(piece) if action else 0)] = piece * (action or 1)
    (tmp_path / "damaged").write_bytes(content[: cut if cut < len(content) else None])
    with contextlib.suppress(ValueError):
        scoring = read_scoring(tmp_path / "damaged")
        assert np.isfinite(scoring.events[["onset_s", "duration_s"]].to_numpy()).all()
        assert scoring.unknown["count"].sum() <= len(scoring.events)


@given(content=st.binary(max_size=400))
@settings(QUICK, max_examples=100)
def test_random_bytes_are_read_or_refused(tmp_path, content):
    (tmp_path / "random").write_bytes(content)
    with contextlib.suppress(ValueError), warnings.catch_warnings():
        warnings.simplefilter("error")
        read_scoring(tmp_path / "random")


def test_a_truncated_annotation_file_is_refused(tmp_path):
    (tmp_path / "cut.edf").write_bytes(seeds()[0][:-20])
    with pytest.raises(
        ValueError, match=r"the 1 data records that its header declares; this one ends after 0"
    ):
        read_scoring(tmp_path / "cut.edf")
