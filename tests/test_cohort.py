"""Cohorts without a cluster: where recordings are, what is kept of a night, and how it survives."""

import errno
import json
import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import numpy as np
import pandas as pd
import pytest

pytest.importorskip("pyarrow", reason="the extra packages for cohorts are not installed")
pytest.importorskip("distributed", reason="the extra packages for cohorts are not installed")

import pyarrow as pa
import pyarrow.parquet as pq

from sleeplab import cohort, flow, quality
from sleeplab.cohort import _fetch, _store
from sleeplab.cohort._night import Outcome, check_unchanged, montage_id, process, why
from sleeplab.cohort._places import Item, list_recordings, shown
from sleeplab.cohort._run import keeping
from sleeplab.cohort._schemas import DATASETS, LEVELS, SCHEMAS, SUMMARY, arrow_schema, to_arrow
from sleeplab.cohort._store import Store, pack
from sleeplab.recording import night_id, read_header
from sleeplab.simulate import write_simulated_edf

SECRET = "c2VjcmV0LXNpZ25hdHVyZQ=="  # noqa: S105  # what must never be shown


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("night") / "Jeanne DUPONT 1961.edf"
    write_simulated_edf(path, 3, hours=0.11)
    return path


@pytest.fixture(scope="module")
def outcome(night: Path) -> Outcome:
    from sleeplab import __version__

    item = Item(1, str(night), age=44.0, sex="female", site="north")
    return process(item, night_id(night), cohort.Settings(reports=True), __version__)


@pytest.fixture(scope="module")
def tables(outcome: Outcome, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    """Read back what was kept of the night."""
    store = Store(tmp_path_factory.mktemp("store"))
    store.write_night("aa-1", outcome.packed)
    return {name: store.read_night("aa-1", name) for name in (*DATASETS, "nights")}


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    fs = fsspec.filesystem("memory")
    yield fs
    fs.rm("/", recursive=True)


# Where recordings are


def test_a_folder_a_pattern_and_a_list_are_expanded_in_order(tmp_path: Path) -> None:
    for name in ("b/2.edf", "a/1.EDF", "a/notes.txt", "c [old]/3.bdf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "list.txt").write_text("a/1.EDF\n\nsimulated:nap\n", encoding="utf-8")

    def names(*sources: str) -> list[str]:
        return [Path(item.place).name for item in list_recordings(sources)]

    (tmp_path / "b" / "._2.edf").write_bytes(b"left by macOS")
    assert names(str(tmp_path)) == ["1.EDF", "2.edf", "3.bdf"]
    assert names(str(tmp_path / "*/*.edf")) == ["2.edf"]
    assert names(str(tmp_path / "c [old]")) == ["3.bdf"], "a bracket in a folder is no pattern"
    assert names(str(tmp_path / "list.txt"), str(tmp_path / "b")) == ["1.EDF", "simulated:nap", "2.edf"]
    assert [i.position for i in list_recordings([str(tmp_path)])] == [1, 2, 3]


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(",", "utf-8"), (";", "cp1252"), (";", "utf-8-sig"), ("\t", "utf-8")]
)
def test_a_table_says_who_it_is(tmp_path: Path, delimiter: str, encoding: str) -> None:
    """As spreadsheets save it, in France with semicolons and in the code page of Windows."""
    table = "recording,age,sex,site\nété.edf,44,F,Besançon\ny.edf,n/a,,\n".replace(",", delimiter)
    (tmp_path / "nights.csv").write_text(table, encoding=encoding)
    first, second = list_recordings([tmp_path / "nights.csv"])
    assert first.place == str(tmp_path / "été.edf")
    assert (first.age, first.sex, first.site) == (44.0, "female", "Besançon")
    assert (second.age, second.sex, second.site) == (None, None, "")
    (tmp_path / "bad.csv").write_text("file\nx.edf\n", encoding="utf-8")
    with pytest.raises(ValueError, match="must have a column named 'recording'"):
        list_recordings([tmp_path / "bad.csv"])
    with pytest.raises(FileNotFoundError, match="no list of recordings at"):
        list_recordings([tmp_path / "none.csv"])


def test_a_bids_data_set_says_who_where_and_with_what(tmp_path: Path) -> None:
    for subject in ("sub-01", "sub-02"):
        folder = tmp_path / subject / "ses-1" / "eeg"
        folder.mkdir(parents=True)
        (folder / f"{subject}_ses-1_task-sleep_eeg.edf").write_bytes(b"")
        (folder / f"{subject}_ses-1_task-sleep_events.edf").write_bytes(b"")
    (tmp_path / "dataset_description.json").write_text("{}")
    people = "participant_id\tage\tsex\tsite\tdevice\nsub-02\t61\tM\tnorth\tn/a\n"
    (tmp_path / "participants.tsv").write_text(people)
    one, two = list_recordings([tmp_path])
    assert (one.age, one.sex, one.site) == (None, None, "")
    assert (two.age, two.sex, two.site, two.device) == (61.0, "male", "north", "")


def test_nothing_there_is_an_error_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is none"):
        list_recordings([tmp_path])
    with pytest.raises(FileNotFoundError, match="there is none"):
        list_recordings([tmp_path / "typo"])


def test_a_place_is_never_part_of_a_representation() -> None:
    item = Item(1, f"https://host/Jeanne%20DUPONT.edf?sig={SECRET}")
    assert "DUPONT" not in repr(item)
    assert SECRET not in repr(item)


@pytest.mark.parametrize(
    "text",
    [
        f"https://account.blob.example/box/night.edf?sv=2024&sig={SECRET}",
        f"abfs://box@account/night.edf?sig={SECRET}",
        f"https://user:{SECRET}@host/box",
        f"AccountName=a;AccountKey={SECRET};EndpointSuffix=x",
        f"failed at https://host/a.edf?sig={SECRET}, and sig={SECRET}&x",
    ],
)
def test_what_grants_access_is_not_shown(text: str) -> None:
    assert SECRET not in shown(text)
    assert shown("https://host/a.edf") == "https://host/a.edf"


def test_a_url_that_does_not_answer_says_so_without_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object, path: str, **_: object) -> None:
        msg = f"403 for {path}?sig={SECRET}"
        raise PermissionError(msg)

    monkeypatch.setattr("fsspec.implementations.memory.MemoryFileSystem.find", refuse)
    with pytest.raises(
        ConnectionError, match=r"must be reachable, and it is not \(PermissionError\)"
    ) as error:
        list_recordings([f"memory://box/?sig={SECRET}"])
    assert SECRET not in str(error.value)
    assert error.value.__suppress_context__
    monkeypatch.setattr("fsspec.implementations.memory.MemoryFileSystem.info", refuse)
    with (
        pytest.raises(ConnectionError, match="must be reachable"),
        _fetch.local_copy(f"memory://box/a.edf?sig={SECRET}"),
    ):
        pass


# What comes from a URL


def test_a_copy_is_whole_neutral_and_gone_afterwards(night: Path, memory: fsspec.AbstractFileSystem) -> None:
    memory.pipe("/box/Jeanne DUPONT.edf", night.read_bytes())
    with cohort._fetch.local_copy("memory://box/Jeanne DUPONT.edf") as path:
        assert path.read_bytes() == night.read_bytes()
        assert "DUPONT" not in str(path)
        folder = path.parent
    assert not folder.exists()
    copies: list[Path] = []

    def stop() -> None:
        with _fetch.local_copy("memory://box/Jeanne DUPONT.edf") as path:
            copies.append(path)
            raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        stop()
    assert not copies[0].parent.exists()


def test_a_copy_is_bounded(
    night: Path, memory: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.pipe("/box/a.edf", night.read_bytes())
    with (
        pytest.raises(ValueError, match=r"at most 0\.001 GB, and this one has 0\.00"),
        _fetch.local_copy("memory://box/a.edf", most_bytes=1e6),
    ):
        pass
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with (
        pytest.raises(ValueError, match="temporary folder must have room for a recording of 2 MB"),
        _fetch.local_copy("memory://box/a.edf"),
    ):
        pass


def test_a_copy_that_is_not_of_the_announced_size_is_refused(
    memory: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.pipe("/box/a.edf", b"0" * 1000)
    monkeypatch.setattr(type(memory), "get_file", lambda _, __, path: Path(path).write_bytes(b"0" * 1003))
    with (
        pytest.raises(ValueError, match="changed while it was fetched: of 1000 bytes 1003 came"),
        _fetch.local_copy("memory://box/a.edf"),
    ):
        pass


def test_a_sketch_has_the_identity_and_the_header_of_the_whole(
    night: Path, memory: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.pipe("/box/a.edf", night.read_bytes())
    asked: list[int] = []
    whole = memory.cat_ranges

    def counted(paths: list[str], starts: list[int], ends: list[int]) -> list[bytes]:
        asked.extend(end - start for start, end in zip(starts, ends, strict=True))
        return whole(paths, starts, ends)

    monkeypatch.setattr(type(memory), "cat_ranges", staticmethod(counted))
    with _fetch.sketch("memory://box/a.edf") as path:
        assert night_id(path) == night_id(night)
        here, there = read_header(path), read_header(night)
        assert here.duration_s == there.duration_s
        pd.testing.assert_frame_equal(here.channels, there.channels)
    assert sum(asked) == 16 * 65536 < night.stat().st_size


def test_a_small_file_is_sketched_too(memory: fsspec.AbstractFileSystem, tmp_path: Path) -> None:
    (tmp_path / "a.edf").write_bytes(b"0 " * 500)
    memory.pipe("/box/a.edf", b"0 " * 500)
    with _fetch.sketch("memory://box/a.edf") as path:
        assert path.read_bytes() == b"0 " * 500
        assert night_id(path) == night_id(tmp_path / "a.edf")


def test_three_files_behind_a_url_are_refused(memory: fsspec.AbstractFileSystem) -> None:
    with (
        pytest.raises(ValueError, match="must be one file, and BrainVision is three"),
        _fetch.sketch("memory://a.vhdr"),
    ):
        pass


# One night


def test_a_night_becomes_tables_in_their_schemas(outcome: Outcome, tables: dict[str, pa.Table]) -> None:
    assert outcome.reason == ""
    for name, table in tables.items():
        assert table.schema == arrow_schema(name)
        assert set(table["night_id"].to_pylist()) <= {outcome.night_id}
    n_epochs = int(0.11 * 120)
    assert tables["hypnogram"].num_rows == tables["features"].num_rows == n_epochs
    (row,) = tables["nights"].to_pylist()
    assert row["n_epochs"] == n_epochs
    assert row["duration_min"] == pytest.approx(6.5)
    assert (row["age"], row["sex"], row["month"]) == (44.0, "female", "2001-01")
    assert row["seconds"] > 0
    assert outcome.report.startswith("<!doctype html>")


def test_the_tables_say_what_the_flow_says(tables: dict[str, pa.Table], night: Path) -> None:
    results = flow.process_night(night, age=44.0, sex="female")
    kept = {name: table.to_pandas() for name, table in tables.items()}
    assert kept["hypnogram"]["stage"].tolist() == results.hypnogram.hypno.astype(str).tolist()
    np.testing.assert_array_equal(kept["features"]["eeg_ptp_uv"], results.features["eeg_ptp_uv"])
    assert kept["ledger"]["evidence"].tolist() == results.anomalies["evidence"].tolist()
    assert len(kept["gate"]) == len(results.gate)
    (row,) = kept["nights"].to_dict("records")
    for level in LEVELS:
        assert row[f"n_{level}"] == (results.anomalies["level"] == level).sum()
    eeg = results.gate[results.gate["ch_name"].str.fullmatch(r"[FCO][34]?[12]?-M[12]")]
    assert row["unfit_eeg_pct"] == pytest.approx(100 * (~eeg["fit"]).mean())
    from sleeplab.features import night_summary

    summary = night_summary(results.features, results.hypnogram)
    assert tuple(summary.index) == SUMMARY
    np.testing.assert_array_equal([row[name] for name in SUMMARY], summary.to_numpy())


def test_the_schemas_hold_all_that_the_flow_gives(night: Path) -> None:
    from sleeplab.anomalies import LEDGER_COLUMNS
    from sleeplab.features import FEATURES
    from sleeplab.quality import GATE_COLUMNS

    assert set(SCHEMAS["ledger"]) == {"night_id", *LEDGER_COLUMNS}
    assert set(SCHEMAS["gate"]) == {"night_id", *GATE_COLUMNS}
    assert set(FEATURES) < set(SCHEMAS["features"])
    assert set(read_header(night).channels) - set(SCHEMAS["channels"]) <= {"label"}


def test_no_name_and_no_path_is_kept(
    outcome: Outcome, tables: dict[str, pa.Table], night: Path, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    store.write_night("k-1", outcome.packed, outcome.report)
    for path in tmp_path.rglob("*.*"):
        with_path = path.read_bytes()
        assert b"DUPONT" not in with_path
        assert str(night.parent).encode() not in with_path
    for table in tables.values():
        text = json.dumps(table.to_pylist())
        assert "DUPONT" not in text
        assert str(night.parent) not in text


@pytest.mark.parametrize(
    ("make", "step", "reason"),
    [
        (lambda p: p.write_bytes(b""), "read", "empty .0 bytes."),
        (lambda p: p.write_bytes(b"%PDF-1.7"), "read", "a PDF document"),
        (lambda p: p.unlink(), "read", "There is no such file any more"),
    ],
)
def test_a_bad_file_is_a_failure_with_step_and_reason(tmp_path: Path, make, step: str, reason: str) -> None:
    path = tmp_path / "Jeanne DUPONT.edf"
    path.write_bytes(b"")
    make(path)
    name = night_id(path) if path.exists() else "0" * 12
    failed = process(Item(7, str(path)), name, cohort.Settings(), cohort_version())
    assert (failed.position, failed.packed, failed.step) == (7, b"", step)
    assert pd.Series([failed.reason]).str.contains(reason).all()
    assert "DUPONT" not in failed.reason


def cohort_version() -> str:
    from sleeplab import __version__

    return __version__


def test_a_recording_that_grows_while_it_is_read_is_a_failure(
    night: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "grows.edf"
    shutil.copy(night, path)
    name = night_id(path)
    judge = quality.check_quality

    def grows(raw: object) -> pd.DataFrame:
        with path.open("ab") as file:
            file.write(b"\0" * 8192)
        return judge(raw)

    monkeypatch.setattr(quality, "check_quality", grows)
    failed = process(Item(1, str(path)), name, cohort.Settings(), cohort_version())
    assert failed.packed == b""
    assert "must not change while it is read" in failed.reason
    with pytest.raises(ValueError, match="must not change while it is read"):
        check_unchanged(path, name)


def test_a_worker_of_another_version_refuses(night: Path) -> None:
    failed = process(Item(1, str(night)), night_id(night), cohort.Settings(), "0.0.0")
    assert failed.reason.startswith("A worker must run sleeplab 0.0.0 as the command does")
    assert failed.step == "start"


def test_reasons_hold_no_words_of_strangers() -> None:
    assert why(ValueError("cannot parse Jeanne DUPONT"), "a.edf") == "unexpected ValueError"
    assert why(PermissionError(errno.EACCES, "Permission denied", "/DUPONT"), "a") == (
        "The file could not be read (Permission denied)."
    )


def test_a_montage_has_one_name() -> None:
    table = pd.DataFrame({"name": ["C4-M1", "Chin"], "sfreq": 256.0, "unit": "uV"})
    assert montage_id(table) == montage_id(table.iloc[::-1])
    assert montage_id(table) != montage_id(table.assign(sfreq=128.0))
    assert montage_id(table) != montage_id(table.assign(unit="mV"))


def test_all_that_shapes_a_result_is_in_its_key() -> None:
    plain, item = cohort.Settings(), Item(1, "a.edf")
    keys = {
        plain.key("0" * 12, item),
        plain.key("1" * 12, item),
        plain.key("0" * 12, Item(1, "a.edf", age=30.0)),
        plain.key("0" * 12, Item(1, "a.edf", sex="male")),
        plain._replace(eeg=("C4-M1",)).key("0" * 12, item),
        plain._replace(reference_hash="f").key("0" * 12, item),
    }
    assert len(keys) == 6
    assert plain.key("0" * 12, item) == plain._replace(reports=True, most_bytes=1).key(
        "0" * 12, Item(9, "b.edf")
    )


# What is kept


def small(name: str, night: str, value: float = 1.0) -> pa.Table:
    row = {column: None for column in SCHEMAS[name]} | {"night_id": night}
    return pa.Table.from_pylist([row], schema=arrow_schema(name))


def packed(night: str) -> bytes:
    return pack({name: small(name, night) for name in (*DATASETS, "nights")})


def test_a_night_is_finished_when_its_archive_is_whole(tmp_path: Path) -> None:
    store = Store(tmp_path / "deep" / "out")
    assert not store.is_finished("aa-1")
    store.write_night("aa-1", packed("aa"))
    assert store.is_finished("aa-1")
    assert not store.is_finished("aa-1", with_report=True)
    store.write_night("aa-1", packed("aa"), "<p>")
    assert store.is_finished("aa-1", with_report=True)
    whole = store.path("aa-1").read_bytes()
    for cut in (0, len(whole) // 2, len(whole) - 1):
        store.path("aa-1").write_bytes(whole[:cut])
        assert not store.is_finished("aa-1")
    with zipfile.ZipFile(store.path("aa-1"), "w") as archive:
        archive.writestr("nights.arrow", b"")
    assert not store.is_finished("aa-1")


def test_an_archive_has_the_same_bytes_whenever_it_is_made(tmp_path: Path) -> None:
    tables = {name: small(name, "aa") for name in (*DATASETS, "nights")}
    assert pack(tables) == pack(dict(reversed(tables.items())))
    (tmp_path / "aa.zip").write_bytes(pack(tables))
    with zipfile.ZipFile(tmp_path / "aa.zip") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    store.write_night("aa-1", packed("aa"))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"must take what is found, and writing failed \(No space"), keeping():
        store.write_night("bb-1", packed("bb"))
    assert [p.name for p in store.nights.iterdir()] == ["aa-1.zip"]
    monkeypatch.undo()
    store.write_night("bb-1", packed("bb"))
    assert store.is_finished("bb-1")


SMALL_DISK = """
import contextlib, errno, pathlib, sys
from sleeplab.cohort._run import keeping
from sleeplab.cohort._store import Store

archive, disk = pathlib.Path(sys.argv[1]).read_bytes(), pathlib.Path(sys.argv[2])
store, keys = Store(disk), []
try:
    while len(keys) < 1000:
        with keeping():
            store.write_night(f"{len(keys):03x}-1", archive)
        keys.append(f"{len(keys):03x}-1")
except OSError as error:
    print(errno.errorcode[error.errno], error)
print("kept", all(map(store.is_finished, keys)), len(keys) == len(list(store.nights.iterdir())))
with (disk / "of others").open("wb", buffering=0) as file, contextlib.suppress(OSError):
    while file.write(bytes(4096)):
        pass
try:
    with keeping():
        store.gather(keys)
except OSError as error:
    print(errno.errorcode[error.errno], error)
print("left", [p.name for p in disk.rglob("*") if ".part-" in p.name])
(disk / "of others").unlink()
store.path(keys.pop()).unlink()
store.gather(keys)
print("then", len(list(disk.rglob("*/part=p0/nights.parquet"))))
"""


@pytest.mark.skipif(
    shutil.which("unshare") is None or os.geteuid() != 0, reason="only root can mount a small disk (Linux)"
)
def test_a_disk_that_is_full_for_real_keeps_what_is_finished(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "night").write_bytes(packed("aa"))
    (tmp_path / "fill.py").write_text(SMALL_DISK, encoding="utf-8")
    mount = f"mount -t tmpfs -o size=1m tmpfs {shlex.quote(str(tmp_path / 'disk'))} || exit 99"
    line = shlex.join([sys.executable, *(str(tmp_path / name) for name in ("fill.py", "night", "disk"))])
    command = ["unshare", "--mount", "sh", "-c", f"{mount}; {line}"]  # the disk is gone with the process
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if run.returncode in (1, 99) and not run.stdout:
        pytest.skip("this system does not let root mount a small disk")
    nights, kept, tables, left, then = run.stdout.splitlines()
    for full in (nights, tables):
        assert full.startswith("ENOSPC")
        assert "writing failed (No space left on device). What is finished is kept." in full
    assert (kept, left, then) == ("kept True True", "left []", f"then {len(DATASETS)}")


def test_what_a_killed_command_left_is_cleared_away(tmp_path: Path) -> None:
    store = Store(tmp_path)
    old, fresh = store.nights / ".part-old", store.nights / ".part-fresh"
    old.write_bytes(b"x")
    fresh.write_bytes(b"x")
    os.utime(old, (0, 0))
    Store(tmp_path)
    assert not old.exists()
    assert fresh.exists(), "another command may be writing it"


def test_data_sets_hold_these_nights_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_store, "NIGHTS_PER_GROUP", 2)
    store = Store(tmp_path)
    nights = ["a1", "a2", "a3", "b1"]
    for night in nights:
        store.write_night(f"{night}-1", packed(night))
    store.gather(f"{night}-1" for night in reversed(nights))
    assert pq.read_table(tmp_path / "gate")["night_id"].to_pylist() == nights
    assert {p.parent.name for p in (tmp_path / "gate").rglob("*.parquet")} == {"part=pa", "part=pb"}
    before = {p: p.read_bytes() for p in tmp_path.glob("*/part=*/*.parquet")}
    store.gather(["a1-1", "a3-1"])
    assert pq.read_table(tmp_path / "gate")["night_id"].to_pylist() == ["a1", "a3"]
    store.gather(f"{night}-1" for night in nights)
    assert {p: p.read_bytes() for p in tmp_path.glob("*/part=*/*.parquet")} == before


def test_an_unchanged_part_is_not_written_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write_night("a1-1", packed("a1"))
    store.gather(["a1-1"])
    part = tmp_path / "ledger" / "part=pa" / "nights.parquet"
    os.utime(part, (0, 0))
    store.gather(["a1-1"])
    assert part.stat().st_mtime == 0


def test_pandas_polars_and_duckdb_read_the_same(tmp_path: Path, tables: dict[str, pa.Table]) -> None:
    duckdb, polars = pytest.importorskip("duckdb"), pytest.importorskip("polars")
    store = Store(tmp_path)
    keys = []
    for first in "0f":
        own = {
            name: table.set_column(0, "night_id", pa.array([first * 12] * table.num_rows))
            for name, table in tables.items()
        }
        keys.append(f"{first * 12}-1")
        store.write_night(keys[-1], pack(own))
    store.gather(keys)
    for name in DATASETS:
        n_rows = 2 * tables[name].num_rows
        pattern = str(tmp_path / name / "**" / "*.parquet")
        assert len(pd.read_parquet(tmp_path / name)) == n_rows
        assert (
            polars.scan_parquet(pattern, hive_partitioning=True).select(polars.len()).collect().item()
            == n_rows
        )
        query = "select count(*), count(distinct night_id) from read_parquet(?, hive_partitioning = true)"
        assert duckdb.execute(query, [pattern]).fetchone() == (n_rows, 2 if n_rows else 0)
    mean = duckdb.execute(
        "select avg(eeg_ptp_uv) from read_parquet(?)", [str(tmp_path / "features" / "*" / "*.parquet")]
    ).fetchone()
    assert mean[0] == pytest.approx(tables["features"].to_pandas()["eeg_ptp_uv"].mean())


def test_a_missing_column_is_an_error() -> None:
    with pytest.raises(KeyError, match="reason"):
        to_arrow(pd.DataFrame({"position": [1], "night_id": ["a"], "step": ["read"]}), "failures")
