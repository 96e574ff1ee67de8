"""The command line on good and on bad input: one clear message, exit code 2, nothing half-written."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from edf_helpers import RawSignal, edf_bytes, write_edf

from sleeplab import provenance
from sleeplab.cli import build_parser, main
from sleeplab.cli._screen import clock
from sleeplab.flow import FILES
from sleeplab.simulate import SimulatedTruth, write_demo_edf, write_simulated_edf

SFREQ = 100


def noise(minutes: float, sfreq: float = SFREQ) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 20, int(minutes * 60 * sfreq))


def missing(folder: Path) -> Path:
    return folder / "night.edf"


def empty(folder: Path) -> Path:
    (folder / "night.edf").write_bytes(b"")
    return folder / "night.edf"


def not_edf(folder: Path) -> Path:
    (folder / "night.edf").write_bytes(b"\xff\xd8\xff\xe0 JFIF" + bytes(range(256)) * 40)
    return folder / "night.edf"


def truncated_header(folder: Path) -> Path:
    whole = edf_bytes([RawSignal(digital=np.zeros(100, int))], n_records=1)
    (folder / "night.edf").write_bytes(whole[:300])
    return folder / "night.edf"


def no_eeg(folder: Path) -> Path:
    return write_edf(folder / "night.edf", {"Bidule": (noise(6), SFREQ, "uV"), "SpO2": (noise(6, 1), 1, "%")})


def short(folder: Path) -> Path:
    return write_edf(folder / "night.edf", {"EEG C4-M1": (noise(0.3), SFREQ, "uV")})


def slow(folder: Path) -> Path:
    return write_edf(folder / "night.edf", {"EEG C4-M1": (noise(6, 50), 50, "uV")})


BAD = {
    missing: "night.edf",
    empty: "0 bytes",
    not_edf: "EDF",
    truncated_header: "header",
    no_eeg: "--eeg LABEL",
    short: "18.0 s",
    slow: "50",
}


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_bad_recording_is_one_message(
    make: Callable[[Path], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    night, out = make(tmp_path), tmp_path / "out"
    before = set(tmp_path.iterdir())
    assert main(["report", str(night), "--out", str(out)]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert BAD[make] in captured.err
    assert "Traceback" not in captured.err
    assert len(captured.err) < 700
    assert set(tmp_path.iterdir()) == before


def test_no_eeg_message_lists_what_was_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["report", str(no_eeg(tmp_path)), "--out", str(tmp_path / "out")])
    message = capsys.readouterr().err
    assert "Bidule" not in message  # a label can hold a name; `sleeplab channels` shows it
    assert "'Channel 1'" in message
    assert "SpO2" in message


def test_output_folder_that_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    night = write_edf(tmp_path / "night.edf", {"EEG C4-M1": (noise(6), SFREQ, "uV")})
    (tmp_path / "taken").write_text("mine")
    assert main(["report", str(night), "--out", str(tmp_path / "taken" / "out")]) == 2
    assert "the output folder must be writable" in capsys.readouterr().err
    assert (tmp_path / "taken").read_text() == "mine"


def test_what_the_system_refuses_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", str(tmp_path / "nowhere" / "night.edf"), "--hours", "0.2"]) == 2
    message = capsys.readouterr().err
    assert "must be there and open to you" in message
    assert str(tmp_path / "nowhere") in message


def test_what_lies_in_a_folder_is_not_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: object) -> int:
        raise PermissionError(13, "Permission denied", str(tmp_path / "Jeanne DUPONT.edf"))

    monkeypatch.setattr("sleeplab.cli.run_datasets", refused)
    monkeypatch.setattr("sleeplab.cli._cohort.run_index", refused)
    assert main(["index", str(tmp_path)]) == 2
    assert main(["datasets"]) == 2
    message = capsys.readouterr().err
    assert "DUPONT" not in message
    assert f"got {tmp_path} (Permission denied)" in message
    assert "got a file of sleeplab's own (Permission denied)" in message


def test_budget_must_be_positive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    night = write_edf(tmp_path / "night.edf", {"EEG C4-M1": (noise(6), SFREQ, "uV")})
    for minutes in ("-3", "nan", "ten", "7,5"):
        with pytest.raises(SystemExit, match="2"):
            main(["report", str(night), f"--minutes={minutes}", "--out", str(tmp_path / "out")])
        assert "--minutes: the review budget must be a number of minutes" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_channels_prints_each_track_and_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    night = write_edf(
        tmp_path / "night.edf", {"EEG C4-A1": (noise(1), SFREQ, "uV"), "Menton": (noise(1), SFREQ, "uV")}
    )
    assert main(["channels", str(night)]) == 0
    shown = capsys.readouterr().out
    for word in ("EEG C4-A1", "C4-M1", "Menton", "Chin"):
        assert word in shown


def test_channels_says_where_a_signal_belies_its_label(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signals = {"EEG C4-A1": (noise(1), SFREQ, "uV"), "SpO2": (np.linspace(10, 20, 60), 1, "%")}
    assert main(["channels", str(write_edf(tmp_path / "night.edf", signals))]) == 0
    assert "an oxygen saturation lies within 50–100 %" in capsys.readouterr().out


def test_channels_of_a_recording_without_eeg_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["channels", str(no_eeg(tmp_path))]) == 0
    shown = capsys.readouterr().out
    assert "Bidule" in shown
    assert "--eeg LABEL" in shown


def test_simulate_writes_beside_and_never_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    night = tmp_path / "night.edf"
    assert main(["simulate", str(night), "--hours", "0.2"]) == 0
    assert {p.name for p in tmp_path.iterdir()} == {"night.edf", "night.hypnogram.csv", "night.truth.csv"}
    before = night.read_bytes()
    assert main(["simulate", str(night), "--hours", "0.2"]) == 2
    assert "must not exist yet" in capsys.readouterr().err
    assert night.read_bytes() == before


def test_doctor_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 0
    monkeypatch.setattr("sleeplab.doctor.PACKAGES", ("mne", "no-such-package"))
    assert main(["doctor"]) == 1
    assert "not installed" in capsys.readouterr().out


def test_lab_without_notebooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["lab"]) == 2
    assert "Start this from the project's folder" in capsys.readouterr().err


def test_lab_starts_jupyterlab_on_the_lessons_for_this_computer_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("subprocess.call", lambda command: started.append(command) or 0)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exercises").mkdir()
    assert main(["lab", "--no-browser", "--port=8899"]) == 0
    assert started[0][1:] == [
        "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", "--ServerApp.root_dir=.",
        "--LabApp.default_url=/lab/tree/exercises", "--no-browser", "--port=8899"
    ]  # fmt: skip


def test_an_unknown_option_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["doctor", "--colour"])
    assert "unrecognized arguments: --colour" in capsys.readouterr().err


def test_every_command_has_help() -> None:
    for command in (
        "report",
        "demo",
        "simulate",
        "channels",
        "fetch",
        "datasets",
        "doctor",
        "lab",
        "deidentify",
        "check-identity",
    ):
        with pytest.raises(SystemExit, match="0"):
            build_parser().parse_args([command, "--help"])


def test_clock() -> None:
    assert clock(0) == "0:00:00"
    assert clock(3599.9) == "0:59:59"
    assert clock(36_000) == "10:00:00"


def short_night(path: Path, seed: int = 0) -> SimulatedTruth:
    return write_simulated_edf(path, seed, hours=0.25)


@pytest.mark.parametrize(
    "write", [short_night, pytest.param(write_demo_edf, marks=pytest.mark.slow)], ids=["15 min", "8 h"]
)
def test_the_demonstration_runs_as_it_is_called(
    write: Callable[..., SimulatedTruth],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What ``run.py demo`` calls; on the fly with a night of a quarter of an hour."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sleeplab.simulate.write_demo_edf", write)
    assert main(["demo"]) == 0
    out = tmp_path / "sleeplab-out/demo"
    assert {path.name for path in out.iterdir()} == {*FILES, "provenance.json", "night.edf", "truth.csv"}
    assert "what of it the report shows" in capsys.readouterr().out
    assert provenance.verify(out).empty
