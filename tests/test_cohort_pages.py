"""What is made of a cohort: the index, the reference, the page, the command line, notebooks per night."""

import json
import re
import shutil
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

pytest.importorskip("pyarrow", reason="the extra packages for cohorts are not installed")
pytest.importorskip("distributed", reason="the extra packages for cohorts are not installed")

from sleeplab import cohort
from sleeplab.cli import main
from sleeplab.cohort import _notebooks
from sleeplab.cohort._places import Item
from sleeplab.cohort._schemas import ARCHITECTURE, SCHEMAS, SUMMARY, arrow_schema, to_arrow
from sleeplab.recording import night_id
from sleeplab.simulate import write_simulated_edf


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    write_simulated_edf(folder / "Jeanne DUPONT.edf", 1, hours=0.1)
    write_simulated_edf(folder / "Paul MARTIN.edf", 2, hours=0.2)
    shutil.copy(folder / "Paul MARTIN.edf", folder / "copy.edf")
    (folder / "torn.edf").write_bytes(b"0       ")
    return folder


def fake_nights(folder: Path, n: int = 60) -> pd.DataFrame:
    """Write a table of nights from which one differs: it has far less deep sleep."""
    rng = np.random.default_rng(3)
    columns = dict.fromkeys(SCHEMAS["nights"], None)
    nights = pd.DataFrame([columns] * n)
    for name in SUMMARY:
        nights[name] = rng.normal(100, 10, n)
    nights["night_id"] = [f"{i:012x}" for i in range(n)]
    nights["site"] = np.where(np.arange(n) % 2, "north", "<b>south</b>")
    nights["montage"], nights["format"], nights["not_staged"] = "0a1b2c3d", "EDF+C", ""
    nights["month"] = [f"2026-{1 + i % 6:02d}" for i in range(n)]
    for name in ("duration_min", "unstaged_pct", "unfit_pct", "unfit_eeg_pct", "confidence"):
        nights[name] = rng.uniform(1, 20, n)
    for name in (name for name, kind in SCHEMAS["nights"].items() if kind == "int32"):
        nights[name] = 1
    nights.loc[7, list(ARCHITECTURE)] = 900.0
    folder.mkdir(exist_ok=True)
    cohort._store.write_parquet(to_arrow(nights, "nights"), folder / "nights.parquet")
    failures = pd.DataFrame(
        {"position": [9, 4], "night_id": None, "step": "read", "reason": "It is <empty>."}
    )
    cohort._store.write_parquet(to_arrow(failures, "failures"), folder / "failures.parquet")
    return nights


# The index


def test_the_index_says_what_is_there(archive: Path) -> None:
    told: list[tuple[int, int]] = []
    table = cohort.index_recordings([archive], on_done=lambda *now: told.append(now))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    anna, paul, copy, torn = table.to_dict("records")
    assert (anna["duration_min"], paul["duration_min"]) == (6.0, 12.0)
    assert anna["night_id"] == night_id(archive / "Jeanne DUPONT.edf")
    assert anna["montage"] == paul["montage"]
    assert anna["n_channels"] == 16
    assert anna["rates_hz"] == "256 32 1"
    assert "6×eeg" in anna["channels"]
    assert (copy["duplicate_of"], anna["duplicate_of"]) == (2, None) or np.isnan(anna["duplicate_of"])
    assert torn["reason"].startswith("A header must count")
    assert not re.search("DUPONT|MARTIN", table.to_json())


def test_the_index_on_the_screen_and_in_a_file(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out, names = tmp_path / "index.parquet", tmp_path / "names.csv"
    assert main(["index", str(archive), "--out", str(out), "--names", str(names)]) == 0
    shown = capsys.readouterr().out
    assert "4 recordings, 1 further copies, 1 that cannot be read." in shown
    assert "DUPONT" not in shown
    assert pd.read_parquet(out)["duplicate_of"].notna().sum() == 1
    assert set(pd.read_parquet(out)) == set(SCHEMAS["index"])
    lines = names.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# Names of files can tell names of patients")
    assert lines[3].endswith(str(archive / "Paul MARTIN.edf")) or "Paul MARTIN" in "".join(lines)
    assert names.stat().st_mode & 0o077 == 0


# The reference and the page


def test_a_reference_is_fitted_from_the_nights_that_could_be_staged(tmp_path: Path) -> None:
    nights = fake_nights(tmp_path / "c")
    nights.loc[:9, "unstaged_pct"] = 90.0
    cohort._store.write_parquet(to_arrow(nights, "nights"), tmp_path / "c" / "nights.parquet")
    reference = cohort.fit_reference(tmp_path / "c", description="healthy staff")
    assert len(reference.scores_) == 50
    assert [*SUMMARY, "age"] == list(reference.feature_names_in_)
    out = tmp_path / "reference.json"
    assert main(["cohort-reference", str(tmp_path / "c"), "--out", str(out), "--description", "staff"]) == 0
    assert "staff" in json.dumps(json.loads(out.read_text(encoding="utf-8")))


def test_a_reference_of_few_nights_is_refused_and_of_just_enough_knows_its_limit(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """Of 21 nights one could not be staged: 20 are left, and no p-value is below 1/21; of 20, 19 are left."""
    for n, folder in ((20, tmp_path / "few"), (21, tmp_path / "enough")):
        nights = fake_nights(folder, n=n)
        nights.loc[0, "unstaged_pct"] = 90.0
        cohort._store.write_parquet(to_arrow(nights, "nights"), folder / "nights.parquet")
    with pytest.raises(
        ValueError, match=r"20 nights or more.* got 19 \(of 20\): no p-value could be below 1/20"
    ):
        cohort.fit_reference(tmp_path / "few")
    assert main(["cohort-reference", str(tmp_path / "few"), "--out", str(tmp_path / "r.json")]) == 2
    assert "20 nights or more" in capsys.readouterr().err
    assert not (tmp_path / "r.json").exists()
    assert "Not judged" in cohort.cohort_page(tmp_path / "few").html
    reference = cohort.fit_reference(tmp_path / "enough")
    absurd = pd.DataFrame([{name: 1e9 for name in reference.feature_names_in_}])
    assert reference.p_value(absurd)[0] == 1 / 21


def test_no_cohort_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["cohort-reference", str(tmp_path), "--out", str(tmp_path / "r.json")]) == 2
    assert "There is no nights.parquet in" in capsys.readouterr().err


def test_the_page_shows_the_night_that_differs_first(tmp_path: Path) -> None:
    fake_nights(tmp_path)
    page = cohort.cohort_page(tmp_path).html
    first = re.search(r"<tbody>\s*<tr><td><code>(\w+)</code>", page)
    assert first is not None
    assert first[1] == "000000000007"
    assert "Compared with each other" in page
    assert re.search(r'0{11}7</code></td><td class="number">[\d.]+</td><td class="number">–</td>', page)
    assert re.search(r"Unlike 60 other nights, most in \w+", page)
    assert "By site" in page
    assert "Medians per month" in page
    assert re.search(r"<td class=\"number\">2</td><td class=\"number\">4</td><td>read</td>", page)


def test_the_page_gives_p_values_against_other_nights(tmp_path: Path) -> None:
    """Of 59 others none is as unusual as night 7: p is 1/60."""
    others = fake_nights(tmp_path / "others").drop(index=7)
    cohort._store.write_parquet(to_arrow(others, "nights"), tmp_path / "others" / "nights.parquet")
    fake_nights(tmp_path / "these")
    page = cohort.cohort_page(tmp_path / "these", reference=cohort.fit_reference(tmp_path / "others")).html
    assert "Compared with the reference" in page
    assert re.search(r'0{11}7</code></td><td class="number">[\d.]+</td><td class="number">0.017</td>', page)


def test_the_page_needs_nothing_and_runs_nothing(tmp_path: Path) -> None:
    fake_nights(tmp_path)
    page = cohort.cohort_page(tmp_path).html
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "default-src 'none'" in page
    assert "<b>south</b>" not in page
    assert "&lt;b&gt;south&lt;/b&gt;" in page


def test_few_nights_are_not_compared(tmp_path: Path) -> None:
    fake_nights(tmp_path, n=19)
    page = cohort.cohort_page(tmp_path).html
    assert "there are fewer than 20 nights" in page
    assert 'Novelty</th><th class="number">p<' not in page


def test_a_page_of_no_nights_can_be_made(tmp_path: Path) -> None:
    cohort._store.write_parquet(arrow_schema("nights").empty_table(), tmp_path / "nights.parquet")
    assert "<b>0</b>" in cohort.cohort_page(tmp_path).html


# Notebooks


def notebook(path: Path, code: str) -> Path:
    cells = [
        nbformat.v4.new_code_cell(
            'recording = "x.edf"\nlook_at_min = 1.0', metadata={"tags": ["parameters"]}
        ),
        nbformat.v4.new_code_cell(code),
    ]
    book = nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "P"}}
    )
    book.metadata["language_info"] = {"name": "python"}
    nbformat.write(book, path)
    return path


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_unknown_parameter_is_refused_before_anything_runs(tmp_path: Path, archive: Path) -> None:
    path = notebook(tmp_path / "n.ipynb", "1 + 1")
    with pytest.raises(
        ValueError, match=r"one of the notebook's \(recording, look_at_min\), got 'look_at_mn'"
    ):
        cohort.run_notebooks(path, [archive], tmp_path / "out", parameters={"look_at_mn": 2})
    assert not (tmp_path / "out").exists()
    with pytest.raises(FileNotFoundError, match="no notebook at"):
        cohort.run_notebooks(tmp_path / "none.ipynb", [archive], tmp_path / "out")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_notebook_runs_on_a_night_without_its_path(tmp_path: Path, archive: Path) -> None:
    code = (
        "from pathlib import Path\nnight = Path(recording)\nprint(look_at_min, night, night.stat().st_size)"
    )
    code += "\nnight.resolve()"
    path = notebook(tmp_path / "n.ipynb", code)
    night = archive / "Jeanne DUPONT.edf"
    done = _notebooks.execute(path.read_text(), Item(1, str(night)), night_id(night), {"look_at_min": 2.5})
    assert done.reason == ""
    assert f"2.5 {night_id(night)}.edf {night.stat().st_size}" in done.text
    assert "DUPONT" not in done.text
    assert str(archive) not in done.text
    assert "input_path" not in done.text
    assert (archive / "Jeanne DUPONT.edf").is_file()
    bad = _notebooks.execute(
        notebook(tmp_path / "n.ipynb", "raise KeyError(recording)").read_text(), Item(1, str(night)), "0f", {}
    )
    assert bad.reason == "The notebook stopped in cell 3 (KeyError)."
    assert "KeyError" in bad.text


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_one_executed_notebook_per_night_and_none_twice(tmp_path: Path, archive: Path) -> None:
    path = notebook(tmp_path / "n.ipynb", "print(recording)")
    out = tmp_path / "out"
    workers = ["--workers", "1"]
    assert (
        main(
            [
                "cohort-notebook",
                str(path),
                str(archive),
                "--out",
                str(out),
                "-p",
                "look_at_min",
                "3",
                *workers,
            ]
        )
        == 0
    )
    written = {p.stem: p.stat().st_mtime_ns for p in out.iterdir()}
    assert len(written) == 3, "two nights, one copy, one torn file that the notebook did not open"
    assert main(["cohort-notebook", str(path), str(archive), "--out", str(out), *workers]) == 0
    assert {p.stem: p.stat().st_mtime_ns for p in out.iterdir()} == written


# The command line


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_command_writes_tables_a_page_and_says_what_failed(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "out"
    assert main(["cohort", str(archive), "--out", str(out), "--workers", "1", "--reports"]) == 1
    shown = capsys.readouterr().out
    assert "4 recordings: 2 nights computed, 0 finished before, 1 further copies, 1 failed." in shown
    assert "Dashboard: http://127.0.0.1:" in shown
    assert "torn.edf: A header must count" in shown
    nights = pd.read_parquet(out / "nights.parquet")
    assert {p.stem for p in (out / "reports").iterdir()} == set(nights["night_id"])
    page = (out / "cohort.html").read_text(encoding="utf-8")
    for name in nights["night_id"]:
        assert f'href="reports/{name}.html"' in page or name not in page
    assert "DUPONT" not in page


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["nowhere"], "there is none"),
        (["{archive}", "--workers", "-1"], "--workers must be 0 or more"),
        (["{archive}", "--memory", "0"], "--memory above 0 GB"),
        (["{archive}", "--reference", "none.json"], "none.json"),
    ],
)
def test_what_cannot_be_is_said(options, message: str, archive: Path, tmp_path: Path, capsys) -> None:
    given = [option.format(archive=archive) for option in options]
    assert main(["cohort", *given, "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err


def test_missing_packages_are_named_with_the_command_that_installs_them(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    assert main(["cohort", str(archive), "--out", str(tmp_path / "out")]) == 2
    assert "pip install 'sleeplab[cohort]'" in capsys.readouterr().err
