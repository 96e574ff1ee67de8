"""The whole flow, from file to files, on simulated and on real recordings."""

import csv
import json
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import edfio
import numpy as np
import pandas as pd
import pytest
from edf_helpers import dreams_to_edf

from sleeplab import flow
from sleeplab.anomalies import LEDGER_COLUMNS
from sleeplab.provenance import PACKAGES
from sleeplab.scoring import EVENT_COLUMNS, read_hypnogram, write_events
from sleeplab.simulate import write_simulated_edf

FILES = {"report.html", "hypnogram.csv", "ledger.csv", "worklist.csv", "provenance.json"} | {
    *("findings.edf", "findings_events.tsv", "findings_events.json"),
}


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("night") / "Jeanne DUPONT 1961.edf"
    write_simulated_edf(path, 3, hours=0.5)
    return path


@pytest.fixture(scope="module")
def results(night: Path) -> flow.Results:
    return flow.process_night(night, minutes=5.0)


def test_steps_are_announced_in_order(night: Path) -> None:
    seen: list[str] = []
    flow.process_night(night, on_step=seen.append)
    assert tuple(seen) == flow.STEPS


def test_tables_fit_together(results: flow.Results) -> None:
    n_epochs = int(results.recording.duration // 30)
    assert len(results.hypnogram.hypno) == len(results.features) == n_epochs
    assert len(results.gate) == n_epochs * len(results.recording.ch_names)
    assert tuple(results.anomalies.columns) == LEDGER_COLUMNS
    assert results.worklist["cumulative_min"].max() <= 5.0 or results.worklist.empty


def test_files_are_written_and_read_back(results: flow.Results, tmp_path: Path) -> None:
    page = flow.write_results(results, tmp_path / "deep" / "out")
    assert page == tmp_path / "deep" / "out" / "report.html"
    assert {p.name for p in page.parent.iterdir()} == FILES
    written = read_hypnogram(page.with_name("hypnogram.csv"))
    assert list(written.hypno) == list(results.hypnogram.hypno)
    np.testing.assert_allclose(written.proba, results.hypnogram.proba, atol=1e-6)
    assert len(pd.read_csv(page.with_name("ledger.csv"))) == len(results.anomalies)
    versions = json.loads(page.with_name("provenance.json").read_text())["versions"]
    assert set(versions) == set(PACKAGES)


def test_findings_open_beside_the_recording(results: flow.Results, night: Path, tmp_path: Path) -> None:
    page = flow.write_results(results, tmp_path)
    findings, recorded = edfio.read_edf(page.with_name("findings.edf")), edfio.read_edf(night)
    assert (findings.startdate, findings.starttime) == (recorded.startdate, recorded.starttime)
    onsets = [a.onset for a in findings.annotations if not a.text.startswith("Scored by")]
    assert samples(onsets, results) == samples(results.anomalies["onset_s"], results)


def test_findings_are_bids_events(results: flow.Results, tmp_path: Path) -> None:
    page = flow.write_results(results, tmp_path)
    with page.with_name("findings_events.tsv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    described = json.loads(page.with_name("findings_events.json").read_text(encoding="utf-8"))
    assert list(rows[0])[:3] == ["onset", "duration", "trial_type"]  # as BIDS orders them
    assert set(rows[0]) <= set(described)
    onsets = [float(row["onset"]) for row in rows]
    assert onsets == sorted(onsets)
    assert samples(onsets, results) == samples(results.anomalies["onset_s"], results)
    assert sorted(row["trial_type"] for row in rows) == sorted(results.anomalies["kind"])
    assert "" not in {cell for row in rows for cell in row.values()}  # BIDS writes n/a


@pytest.mark.parametrize("year", [1951, 2085])
def test_a_year_that_edf_cannot_say_leaves_the_time_of_day(
    results: flow.Results, tmp_path: Path, year: int
) -> None:
    raw = results.recording.copy()
    raw.set_meas_date(raw.info["meas_date"].replace(year=year))
    page = flow.write_results(results._replace(recording=raw), tmp_path)
    written = edfio.read_edf(page.with_name("findings.edf"))
    assert written.startdate == date(1985, 1, 1)
    assert written.starttime == raw.info["meas_date"].time()


def test_what_a_scoring_lacks_is_said(night: Path, tmp_path: Path) -> None:
    """No clock in the recording but one in its scoring, and words that are not known."""
    content = bytearray(night.read_bytes())
    content[176:184] = b"        "
    (tmp_path / "night.edf").write_bytes(content)
    lines = (
        "Start Time,End Time,Event",
        *(f"1/1/2001 22:30:00,1/1/2001 22:31:00,{x}" for x in ("N2", "Eva")),
    )
    (tmp_path / "scoring.csv").write_text("\n".join(lines))
    known = flow.process_night(tmp_path / "night.edf", scoring=tmp_path / "scoring.csv", lang=None)
    assert known.context["header"].problems == (
        "The start time in the header is no time; the recording has no clock.",
        "The recording has no clock: its scoring is taken to start with it.",
        "Entries of the scoring in words that sleeplab does not know: 1.",
    )
    write_events(pd.DataFrame(columns=EVENT_COLUMNS), tmp_path / "empty.edf")
    with pytest.raises(ValueError, match="must hold stages or events, and this file has none"):
        flow.process_night(night, scoring=tmp_path / "empty.edf")


def samples(onsets: Iterable[float], results: flow.Results) -> list[int]:
    return sorted(round(onset * results.recording.info["sfreq"]) for onset in onsets)


def test_file_name_stands_nowhere(results: flow.Results, tmp_path: Path) -> None:
    flow.write_results(results, tmp_path)
    for path in tmp_path.iterdir():
        content = path.read_bytes().lower()
        assert b"dupont" not in content, path.name
        assert "dupont".encode("utf-16-le") not in content, path.name


def test_other_files_in_the_folder_are_left_alone(results: flow.Results, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    flow.write_results(results, tmp_path)
    flow.write_results(results, tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == FILES | {"notes.txt"}


def test_full_disk_leaves_nothing(
    results: flow.Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sleeplab.scoring.write_events", full)
    with pytest.raises(OSError, match=r"No space left on device\). Nothing is left behind. Free some space"):
        flow.write_results(results, tmp_path / "new" / "out")
    assert not list(tmp_path.iterdir())


def test_check_writable_leaves_nothing(tmp_path: Path) -> None:
    flow.check_writable(tmp_path / "a" / "b")
    assert not list(tmp_path.iterdir())
    flow.check_writable(tmp_path)
    assert tmp_path.is_dir()


def test_same_file_same_tables(night: Path, results: flow.Results) -> None:
    again = flow.process_night(night, minutes=5.0)
    pd.testing.assert_frame_equal(again.anomalies, results.anomalies)
    assert again.report.html == results.report.html


@pytest.mark.parametrize("name", ["excerpt1", "excerpt2", "excerpt4"])
def test_dreams_with_its_scoring(name: str, tmp_path: Path, shared_data: Callable[[str], Path]) -> None:
    scoring = shared_data(f"dreams/Hypnogram_{name}.txt")
    results = flow.process_night(dreams_to_edf(name, tmp_path), scoring=scoring)
    found = results.context["agreement"]
    assert found.n_epochs <= 60
    assert found.accuracy > 0.5  # better than naming the commonest stage would be a claim for a benchmark
    assert "0.76" in results.report.html  # the human ceiling stands beside it


def test_nox_is_too_short_to_stage_but_reported(shared_data: Callable[[str], Path]) -> None:
    results = flow.process_night(shared_data("nox/nox_a1_2min.edf"))
    assert set(results.hypnogram.hypno.astype(str)) == {"UNS"}
    assert "min" in results.context["not_staged"]
    assert results.context["not_staged"] in results.report.html
    assert len(results.context["channels"]) == 89
    assert len(results.gate)


def test_sleep_edf_excerpt(shared_data: Callable[[str], Path]) -> None:
    results = flow.process_night(shared_data("sleep-edf/SC4001E0_first5min.edf"))
    assert {"Fpz-Cz", "Pz-Oz"} <= set(results.recording.ch_names)
    assert len(results.hypnogram.hypno) == 10


def test_without_a_language_there_is_no_report(night: Path, results: flow.Results, tmp_path: Path) -> None:
    announced: list[str] = []
    bare = flow.process_night(night, minutes=5.0, lang=None, on_step=announced.append)
    assert announced == [*flow.STEPS[:-1]]
    assert bare.report is None
    pd.testing.assert_frame_equal(bare.worklist, results.worklist)
    with pytest.raises(ValueError, match="must hold a report to be written"):
        flow.write_results(bare, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_language_is_refused_before_the_night_is_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one of en, fr, got 'de'"):
        flow.process_night(tmp_path / "absent.edf", lang="de")
