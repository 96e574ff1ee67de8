"""Scorings without the person, whatever program wrote them; and both commands of the command line."""

from datetime import timedelta
from pathlib import Path

import edfio
import numpy as np
import pytest
from edf_helpers import RawSignal, edf_bytes
from privacy_files import NAMES, survivors

from sleeplab import read_header, read_scoring
from sleeplab.cli import main
from sleeplab.privacy import check_identity, deidentify, deidentify_scoring, new_key

PLANTED = [(name, name) for name in NAMES]
NOX = """Start,End,Event,Duration,
[],[],[],[s],
14/03/2020 22:15:00,14/03/2020 22:15:30,Éveil,30,
14/03/2020 22:15:30,14/03/2020 22:16:00,N1,30,
14/03/2020 22:16:00,14/03/2020 22:16:30,N2,30,
14/03/2020 22:16:30,14/03/2020 22:17:00,N2,30,
"""
PROFUSION = """<?xml version="1.0"?><CMPStudyConfig><EpochLength>30</EpochLength><Patient>{0}</Patient>
<ScoredEvents>
<ScoredEvent><Name>Obstructive Apnea</Name><Start>31</Start><Duration>12</Duration><Input>{0}</Input>
</ScoredEvent>
<ScoredEvent><Name>{0}</Name><Start>45</Start><Duration>1</Duration><Input>EEG C3-A2</Input></ScoredEvent>
</ScoredEvents>
<SleepStages><SleepStage>0</SleepStage><SleepStage>1</SleepStage></SleepStages></CMPStudyConfig>"""
NSRR = """<?xml version="1.0"?><PSGAnnotation><ScoredEvents>
<ScoredEvent><EventConcept>Recording Start Time</EventConcept><Start>0</Start><Duration>60</Duration>
<ClockTime>00.00.00 22.15.00</ClockTime></ScoredEvent>
<ScoredEvent><EventConcept>{0}</EventConcept><Start>3</Start><Duration>1</Duration></ScoredEvent>
<ScoredEvent><EventConcept>Stage 2 sleep|2</EventConcept><Start>0</Start><Duration>60</Duration></ScoredEvent>
</ScoredEvents></PSGAnnotation>"""


@pytest.fixture
def key(tmp_path: Path) -> Path:
    new_key(tmp_path / "key")
    return tmp_path / "key"


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """Write two minutes of a recording that begins on 14 March 2020 at 22:15."""
    path = tmp_path / "Quatremere.edf"
    signal = RawSignal("EEG C3-M2", np.arange(12000) % 50, 100)
    path.write_bytes(edf_bytes([signal], n_records=120, header={"patient": "4711 F 02-MAR-1951 Quatremere"}))
    return path


def test_noxturnal_keeps_clock_stages_and_the_shift_of_its_recording(
    tmp_path: Path, key: Path, night: Path
) -> None:
    source = tmp_path / "scoring.csv"
    source.write_bytes(
        (NOX + f"14/03/2020 22:15:40,14/03/2020 22:15:43,{NAMES[0]} tousse,3,\n").encode("utf-16")
    )
    recording = deidentify(night, tmp_path / "out", key=key)
    done = deidentify_scoring(source, tmp_path / "out", recording=night, key=key)
    assert done.path.name == recording.path.stem + ".scoring.edf"
    before, after = read_scoring(source), read_scoring(done.path)
    assert after.start - before.start == read_header(recording.path).start - read_header(night).start
    assert (after.start - before.start) % timedelta(weeks=1) == timedelta(0)
    assert after.hypnogram.hypno.tolist() == before.hypnogram.hypno.tolist() == ["WAKE", "N1", "N2", "N2"]
    assert after.events[["onset_s", "duration_s", "kind"]].values.tolist() == [[40.0, 3.0, "X"]]
    assert not survivors(done.path.read_bytes(), PLANTED)
    assert done.removed[["place", "count"]].values.tolist() == [["40.0 s", 1]]


def test_profusion(tmp_path: Path, key: Path, night: Path) -> None:
    source = tmp_path / "scoring.xml"
    source.write_text(PROFUSION.format(NAMES[1]), encoding="utf-8")
    done = deidentify_scoring(source, tmp_path / "out", recording=night, key=key)
    after = read_scoring(done.path)
    assert after.hypnogram.hypno.tolist() == ["WAKE", "N1"]
    assert after.events[["onset_s", "duration_s", "kind", "channel"]].values.tolist() == [
        [31.0, 12.0, "apnea_obstructive", ""],
        [45.0, 1.0, "X", "EEG C3-A2"],
    ]
    assert not survivors(done.path.read_bytes(), PLANTED)


def test_nsrr_keeps_a_clock_that_has_no_day(tmp_path: Path, key: Path, night: Path) -> None:
    source = tmp_path / "scoring.xml"
    source.write_text(NSRR.format(NAMES[2]), encoding="utf-8")
    done = deidentify_scoring(source, tmp_path / "out", recording=night, key=key)
    after = read_scoring(done.path)
    assert after.start == read_scoring(source).start
    assert after.hypnogram.hypno.tolist() == ["N2", "N2"]
    assert after.events["kind"].tolist() == ["recording_start", "X"]
    assert not survivors(done.path.read_bytes(), PLANTED)


def test_an_edf_scoring_goes_either_way(tmp_path: Path, key: Path, night: Path) -> None:
    source = tmp_path / "scoring.edf"
    notes = [edfio.EdfAnnotation(0, 30, "Sleep stage W"), edfio.EdfAnnotation(30, 30, "Sleep stage N2")]
    notes.append(edfio.EdfAnnotation(35, 2, f"vu par {NAMES[1]}"))
    edfio.Edf([], annotations=notes).write(source)
    rewritten = deidentify_scoring(source, tmp_path / "out", recording=night, key=key).path
    cleaned = deidentify(source, tmp_path / "out", key=key, patient="4711").path
    for path in (rewritten, cleaned):
        assert read_scoring(path).hypnogram.hypno.tolist() == ["WAKE", "N2"]
        assert read_scoring(path).events["kind"].tolist() == ["X"]
        assert not survivors(path.read_bytes(), PLANTED)
    pseudonym = deidentify(night, tmp_path / "out", key=key).path.name[:16]
    assert {path.name[:16] for path in (rewritten, cleaned)} == {pseudonym}


def test_xml_with_entities_is_refused(tmp_path: Path, key: Path, night: Path) -> None:
    source = tmp_path / "scoring.xml"
    source.write_text(
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><CMPStudyConfig>&b;</CMPStudyConfig>'
    )
    with pytest.raises(ValueError, match="without entities"):
        deidentify_scoring(source, tmp_path / "out", recording=night, key=key)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "name", ["nox/scoring_night1.csv", "nsrr/learn-nsrr01.xml", "sleep-edf/SC4001EC-Hypnogram.edf"]
)
def test_real_scorings(shared_data, tmp_path: Path, key: Path, night: Path, name: str) -> None:
    source = shared_data(name)
    done = deidentify_scoring(source, tmp_path / "out", recording=night, key=key)
    before, after = read_scoring(source), read_scoring(done.path)
    assert after.hypnogram.hypno.tolist() == before.hypnogram.hypno.tolist()
    assert len(after.events) == len(before.events)
    assert check_identity([done.path]).empty


def test_both_commands(tmp_path: Path, night: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scoring, names, who = (tmp_path / name for name in ("scoring.csv", "names.txt", "who.txt"))
    scoring.write_text(NOX, encoding="utf-8")
    names.write_text("Quatremère\n4711\n", encoding="utf-8")
    who.write_text("IPP 0815\n", encoding="utf-8")
    key, out = tmp_path / "keys", tmp_path / "out"
    command = ["deidentify", str(night), "--out", str(out), "--key", str(key), "--scoring", str(scoring)]
    assert main([*command, "--new-key", "--patient", str(who), "--keep", "sex"]) == 0
    said = capsys.readouterr()
    assert "told from others by: given" in said.out
    for secret in (key.read_text().strip(), "0815", "4711", "uatrem"):
        assert secret not in said.out + said.err
    written = sorted(out.iterdir())
    stem = written[0].stem
    assert [path.name for path in written] == [
        f"{stem}{end}" for end in (".edf", ".provenance.json", ".scoring.edf")
    ]
    assert b" F X X" in written[0].read_bytes()[:88]
    assert main(["check-identity", *map(str, written), "--names", str(names)]) == 0
    assert "0 findings in 3 files" in capsys.readouterr().out
    assert main(["check-identity", str(night), "--names", str(names)]) == 1
    said = capsys.readouterr()
    assert "name 1" in said.out
    assert "uatrem" not in said.out + said.err


def test_commands_on_bad_input(tmp_path: Path, night: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["deidentify", str(night), "--out", str(tmp_path / "out"), "--key", str(tmp_path / "none")]) == 2
    )
    assert "--new-key" in capsys.readouterr().err
    assert main(["check-identity", str(tmp_path / "none.edf")]) == 2
    assert "There is no file at" in capsys.readouterr().err
    assert main(["check-identity", str(night), "--names", str(tmp_path / "none.txt")]) == 2
    assert "There is no text file at" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    command = ["deidentify", str(night), "--out", str(tmp_path / "out"), "--key", str(tmp_path / "key")]
    assert main([*command, "--new-key", "--scoring", str(tmp_path / "none.csv")]) == 2
    assert list((tmp_path / "out").iterdir()) == []  # no recording without its scoring and its sidecar
    assert main(command) == 0
