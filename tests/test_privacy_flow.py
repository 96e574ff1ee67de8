"""Everything that the flow writes and says, from a recording full of identifiers: bytes searched for them."""

import csv
import json
import logging
import re
from collections.abc import Callable
from pathlib import Path

import edfio
import numpy as np
import pytest
from edf_helpers import RawSignal, edf_bytes, write_edf
from privacy_files import survivors

from sleeplab import flow, simulate
from sleeplab.cli import main
from sleeplab.privacy import check_identity
from sleeplab.recording import read_header, read_recording
from sleeplab.scoring import read_scoring

NAME, SERIAL, BORN, PHONE = "Élodie Quatremère", "SN2342817", "02-MAR-1951", "06 71 82 93 05"
IN_LABELS = ("Wojciechowski", "Obrecht", "0671829305")
PLANTED = [(words, words) for words in (NAME, SERIAL, BORN, PHONE, *IN_LABELS)]


def planted_night(folder: Path, minutes: int) -> Path:
    """Write a simulated night; plant in its name, all fields that hold text, and after the records."""
    plain = folder / "plain.edf"
    simulate.write_simulated_edf(plain, seed=3, hours=minutes / 60)
    edf = edfio.read_edf(plain)
    edf.add_annotations([edfio.EdfAnnotation(60, 5, f"{NAME} tousse"), edfio.EdfAnnotation(90, None, PHONE)])
    edf.write(plain)
    data = bytearray(plain.read_bytes())
    plain.unlink()
    n = int(data[252:256])
    data[8:88] = f"4711 F {BORN} {NAME}".encode().ljust(80)[:80]
    data[110:168] = f"{NAME} {SERIAL}".encode("latin-1").ljust(58)
    for offset, width in ((16, 80), (136, 80), (224, 32)):  # transducer, prefilter, reserved
        for signal in range(n - 1):
            begin = 256 + offset * n + width * signal
            data[begin : begin + width] = f"{NAME} {SERIAL}".encode().ljust(width)[:width]
    labels = [bytes(data[256 + 16 * i :][:16]).decode().strip() for i in range(n)]
    eeg, leg = labels.index("EEG C4-M1"), labels.index("EMG Leg L")
    for signal, label in ((eeg, "C4 Wojciechowski"), (leg, "Obrecht"), (n - 3, "EEG 0671829305")):
        data[256 + 16 * signal : 272 + 16 * signal] = label.encode().ljust(16)[:16]
    begin = 256 + 96 * n + 8 * (n - 2)  # the unit of a track that is no voltage
    data[begin : begin + 8] = b"Obrecht "
    path = folder / f"{NAME} {PHONE}.edf"
    path.write_bytes(bytes(data) + f"{NAME} {PHONE}".encode("utf-16-le"))
    return path


def scoring_of(folder: Path, minutes: int) -> Path:
    """Write a human scoring with names in its comments, channels and scorers, and in its own name."""
    path = folder / f"scoring {NAME}.csv"
    rows = [f"{30 * i},30,Sleep stage {'W' if i % 3 == 0 else 'N2'},,{NAME}" for i in range(2 * minutes)]
    rows += [f"61,3,{NAME} tousse,,{NAME}", f"95,12,Arousal,C4 Wojciechowski,{NAME}", f"99,5,{PHONE},,"]
    path.write_text("\n".join(["onset,duration,description,channel,scorer", *rows]), encoding="utf-8")
    return path


def check_written(folder: Path) -> None:
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.name for path in written} == {*flow.FILES, "provenance.json"}
    for path in written:
        assert not survivors(path.read_bytes(), PLANTED), path.name
        assert not survivors(str(path.relative_to(folder)).encode(), PLANTED)
    found = check_identity(written, names=[NAME, SERIAL, BORN, *IN_LABELS])
    assert not found["kind"].str.startswith(("name", "phone", "number", "e-mail", "serial")).any()


@pytest.mark.slow
def test_nothing_that_the_flow_writes_or_says_names_the_person(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    night, scoring = planted_night(tmp_path, 10), scoring_of(tmp_path, 10)
    assert len(survivors(night.read_bytes(), PLANTED)) == len(PLANTED)
    results = flow.process_night(night, scoring=scoring)
    flow.write_results(results, tmp_path / "out")
    check_written(tmp_path / "out")
    tables = [results.gate, results.features, results.context["channels"], results.context["header"].channels]
    held = "".join(table.to_csv() for table in tables) + repr(results.context) + repr(results.recording.info)
    assert not survivors(held.encode(), PLANTED)
    said = caplog.text + "".join(capsys.readouterr())
    assert not survivors(said.encode(), PLANTED)  # a warning would have been an error


def test_free_words_of_a_scoring_do_not_enter_the_flow(tmp_path: Path) -> None:
    read = read_scoring(scoring_of(tmp_path, 3))
    assert survivors(read.events.to_csv().encode(), PLANTED)
    (tmp_path / "night.edf").write_bytes(signals("EEG C3-M2", n_records=180))
    raw = read_recording(tmp_path / "night.edf")
    context = {"header": read_header(tmp_path / "night.edf")}
    kept = flow._scored(tmp_path / f"scoring {NAME}.csv", raw, context)
    assert kept.events[["onset_s", "kind", "channel"]].to_numpy().tolist() == [
        [61.0, "unnamed", ""],
        [95.0, "arousal", "C4 X"],
        [99.0, "unnamed", ""],
    ]
    assert not survivors((kept.events.to_csv() + kept.unknown.to_csv()).encode(), PLANTED)


@pytest.mark.slow
def test_the_command_line_says_no_more_than_the_path_that_was_typed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    night, scoring = planted_night(tmp_path, 6), scoring_of(tmp_path, 6)
    command = ["report", str(night), "--out", str(tmp_path / "out"), "--eeg", "C4 Wojciechowski"]
    assert main([*command, "--scoring", str(scoring)]) == 0
    check_written(tmp_path / "out")
    assert json.loads((tmp_path / "out" / "provenance.json").read_text())["parameters"]["eeg"] == ["C4 X"]
    assert main(["verify", str(tmp_path / "out"), "--recording", str(night), "--scoring", str(scoring)]) == 0
    assert main(["check-identity", str(night)]) == 1
    said = "".join(capsys.readouterr()) + caplog.text
    assert not survivors(said.replace(str(night), "").replace(str(scoring), "").encode(), PLANTED)
    assert main(["channels", str(night)]) == 0  # the one place where labels are shown: the user's own screen
    assert "Wojciechow" in re.sub(r"\s+", "", capsys.readouterr().out)


@pytest.mark.slow
def test_an_executed_lesson_holds_no_person(tmp_path: Path) -> None:
    papermill = pytest.importorskip("papermill")
    lesson = Path(__file__).parents[1] / "notebooks" / "01_load_a_recording.ipynb"
    done = tmp_path / "done.ipynb"
    night = planted_night(tmp_path, 30)
    plain = tmp_path / "night.edf"
    night.rename(plain)
    parameters = {"recording": str(plain)}
    papermill.execute_notebook(lesson, done, parameters, progress_bar=False, log_output=False)
    times = rb'"(start_time|end_time|duration)": [^\n]*'  # 0.195103 s is no year of birth
    written = re.sub(times, b"", done.read_bytes())
    assert b"sleeplab" in written
    assert not survivors(written, PLANTED)
    found = check_identity([done], names=[NAME, SERIAL, BORN, *IN_LABELS])
    assert not found["kind"].str.startswith("name").any()


@pytest.mark.parametrize("label", ["=EEG 1+1", "EEG <b>"])
def test_labels_are_neither_formulas_nor_tags(tmp_path: Path, label: str) -> None:
    """Signs that are no words stay in the name of a channel."""
    night = tmp_path / "night.edf"
    noise = np.random.default_rng(0).normal(0, 20, 60 * 100)
    write_edf(night, {label: (noise, 100, "uV")})
    results = flow.process_night(night, eeg=[label])
    name = results.recording.ch_names[0]
    ledger = results.anomalies.assign(ch_names=label)  # as if the name had been kept
    worklist = results.worklist.assign(ch_names=label)
    flow.write_results(results._replace(anomalies=ledger, worklist=worklist), tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "EEG <b>" not in page
    assert name in page.replace("&lt;", "<").replace("&gt;", ">")
    for table in ("ledger.csv", "worklist.csv"):
        cells = csv.reader((tmp_path / "out" / table).read_text(encoding="utf-8").splitlines())
        assert not [cell for row in cells for cell in row if cell[:1] in ("=", "@", "+")]


def test_a_script_typed_into_a_label_is_no_word_that_is_known(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 20, 60 * 100)
    write_edf(tmp_path / "night.edf", {"EEG <script>x": (noise, 100, "uV")})
    assert flow.process_night(tmp_path / "night.edf").recording.ch_names == ["EEG <X>"]


def with_field(data: bytes, at: int, words: bytes) -> bytes:
    return data[:at] + words + data[at + len(words) :]


def signals(*labels: str, unit: str = "uV", per_record: int = 100, n_records: int = 60) -> bytes:
    made = [RawSignal(x, np.arange(per_record * n_records) % 97, per_record, unit) for x in labels]
    header = {"patient": f"4711 F {BORN} {NAME}", "recording": f"Startdate 14-MAR-2020 {NAME} {SERIAL}"}
    return edf_bytes(made, n_records=n_records, header=header)


FAILURES: dict[str, Callable[[], bytes]] = {
    "no recording": lambda: f"{NAME} {PHONE}".encode(),
    "cut in the header": lambda: signals("EEG C3-M2")[:300],
    "cut before the data": lambda: signals("EEG C3-M2")[:513],
    "a name for the number of signals": lambda: with_field(signals("C3"), 252, b"Obre"),
    "a name for the size of the header": lambda: with_field(signals("C3"), 184, b"Obrecht ")[:400],
    "a name for the duration": lambda: with_field(signals("C3"), 244, b"Obrecht "),
    "a name for the samples": lambda: with_field(signals("C3"), 256 + 216, b"Obrecht "),
    "a name for the range": lambda: with_field(signals("EEG Obrecht"), 256 + 104, b"Obrecht "),
    "no EEG": lambda: signals("Wojciechowski", "Obrecht"),
    "EEG that is slow": lambda: signals("EEG Obrecht", per_record=50),
    "EEG in a unit that is none": lambda: signals("EEG Obrecht", unit="Obrecht"),
    "too short": lambda: signals("EEG Obrecht", n_records=9),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_failures_do_not_name_the_person(
    tmp_path: Path, failure: str, capsys: pytest.CaptureFixture[str]
) -> None:
    night = tmp_path / f"{NAME}.edf"
    night.write_bytes(FAILURES[failure]())
    assert main(["report", str(night), "--out", str(tmp_path / "out")]) == 2
    said = "".join(capsys.readouterr())
    assert "error: " in said
    assert not survivors(said.encode(), PLANTED)


@pytest.mark.parametrize("label", ["Obrecht", "EEG Wojciechowski"])
def test_a_wrong_eeg_is_refused_without_its_words(
    tmp_path: Path, label: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "night.edf").write_bytes(signals("EEG C3-M2", "Quatremère"))
    assert main(["report", str(tmp_path / "night.edf"), "--eeg", label]) == 2
    said = "".join(capsys.readouterr())
    assert "label 1 that was given is none" in said
    assert not survivors(said.encode(), PLANTED)


SCORINGS = {
    "unknown format": f"{NAME}\n{PHONE} {NAME}\n",
    "stage codes without a meaning": "0671829305\n2342817\n",
    "JSON": f'["{NAME}"]',
    "XML": f"<?xml version='1.0'?><{NAME.split()[1]}/>",
    "broken XML": f"<?xml version='1.0'?><CMPStudyConfig>{NAME}",
    "Profusion numbers": f"<CMPStudyConfig><EpochLength>{NAME}</EpochLength></CMPStudyConfig>",
    "times": f"onset,duration,description\n{NAME},30,Sleep stage W\n",
    "columns": f"onset,duration,description\n1,30,{NAME},{NAME},{PHONE}\n",
    "no stages at all": f"onset,duration,description\n1,30,{NAME}\n",
    "another night": "onset,duration,description\n90000,30,Sleep stage W\n",
    "Noxturnal": f"Start,End,Event,Duration,\n[],[],[],[s],\n{NAME},{NAME},Éveil,30,\n",
}


@pytest.mark.parametrize("kind", SCORINGS)
def test_failures_of_a_scoring_do_not_name_the_person(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "night.edf").write_bytes(signals("EEG C3-M2"))
    scoring = tmp_path / f"{NAME}.txt"
    scoring.write_text(SCORINGS[kind], encoding="utf-8")
    code = main(
        ["report", str(tmp_path / "night.edf"), "--scoring", str(scoring), "--out", str(tmp_path / "o")]
    )
    said = "".join(capsys.readouterr())
    assert not survivors(said.encode(), PLANTED)
    assert ("error: " in said) == (code == 2)
    for path in (tmp_path / "o").glob("*"):
        assert not survivors(path.read_bytes(), PLANTED), path.name
